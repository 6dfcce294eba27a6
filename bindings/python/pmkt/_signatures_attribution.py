"""The same for attribution.h."""

from __future__ import annotations

from ctypes import POINTER as P
from ctypes import c_char_p, c_double, c_int32, c_int64
from typing import Any, List, Tuple

from . import _structs as s

Signature = Tuple[str, Any, List[Any]]

ATTRIBUTION_SIGNATURES: List[Signature] = [
    # ------------------------------------------------------------ attribution.h
    # const char *pmkt_attribution_model_name(int32_t model);
    ("pmkt_attribution_model_name", c_char_p, [c_int32]),
    # pmkt_status pmkt_attribution_compute(const pmkt_attribution_paths *paths,
    #                                      const pmkt_attribution_options *options,
    #                                      const pmkt_run *run, pmkt_attribution **attribution,
    #                                      pmkt_error *err);
    (
        "pmkt_attribution_compute",
        c_int32,
        [
            P(s.pmkt_attribution_paths),
            P(s.pmkt_attribution_options),
            P(s.pmkt_run),
            P(P(s.pmkt_attribution)),
            P(s.pmkt_error),
        ],
    ),
    # void pmkt_attribution_free(pmkt_attribution *attribution);
    ("pmkt_attribution_free", None, [P(s.pmkt_attribution)]),
    # pmkt_status pmkt_attribution_columns(const pmkt_attribution *attribution,
    #                                      pmkt_attribution_table *out, pmkt_error *err);
    (
        "pmkt_attribution_columns",
        c_int32,
        [P(s.pmkt_attribution), P(s.pmkt_attribution_table), P(s.pmkt_error)],
    ),
    # pmkt_status pmkt_attribution_touches(const pmkt_attribution *attribution,
    #                                      const double **conversions, const double **values,
    #                                      int64_t *n, pmkt_error *err);
    (
        "pmkt_attribution_touches",
        c_int32,
        [P(s.pmkt_attribution), P(P(c_double)), P(P(c_double)), P(c_int64), P(s.pmkt_error)],
    ),
    # pmkt_status pmkt_attribution_order(const pmkt_attribution_paths *paths,
    #                                    const pmkt_attribution_order_options *options,
    #                                    const pmkt_run *run, pmkt_attribution_orders *out,
    #                                    pmkt_error *err);
    (
        "pmkt_attribution_order",
        c_int32,
        [
            P(s.pmkt_attribution_paths),
            P(s.pmkt_attribution_order_options),
            P(s.pmkt_run),
            P(s.pmkt_attribution_orders),
            P(s.pmkt_error),
        ],
    ),
    # pmkt_status pmkt_attribution_data_from_events(const pmkt_events *events,
    #                                               const pmkt_attribution_data_options *options,
    #                                               const pmkt_run *run, pmkt_report *report,
    #                                               pmkt_attribution_data **data,
    #                                               pmkt_error *err);
    (
        "pmkt_attribution_data_from_events",
        c_int32,
        [
            P(s.pmkt_events),
            P(s.pmkt_attribution_data_options),
            P(s.pmkt_run),
            P(s.pmkt_report),
            P(P(s.pmkt_attribution_data)),
            P(s.pmkt_error),
        ],
    ),
    # void pmkt_attribution_data_free(pmkt_attribution_data *data);
    ("pmkt_attribution_data_free", None, [P(s.pmkt_attribution_data)]),
    # pmkt_status pmkt_attribution_data_paths(const pmkt_attribution_data *data,
    #                                         pmkt_attribution_paths *out, pmkt_error *err);
    (
        "pmkt_attribution_data_paths",
        c_int32,
        [P(s.pmkt_attribution_data), P(s.pmkt_attribution_paths), P(s.pmkt_error)],
    ),
]
