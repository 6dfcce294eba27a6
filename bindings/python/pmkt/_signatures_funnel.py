"""The same for funnel.h."""

from __future__ import annotations

from ctypes import POINTER as P
from ctypes import c_int32, c_int64
from typing import List

from . import _structs as s
from ._signatures_cf import Signature

FUNNEL_SIGNATURES: List[Signature] = [
    # ----------------------------------------------------------------- funnel.h
    # pmkt_status pmkt_funnel_new(const pmkt_events *events, const pmkt_funnel_step *steps,
    #     int64_t n_steps, const pmkt_funnel_options *options, const pmkt_run *run, pmkt_report
    #     *report, pmkt_funnel **funnel, pmkt_error *err);
    (
        "pmkt_funnel_new",
        c_int32,
        [
            P(s.pmkt_events),
            P(s.pmkt_funnel_step),
            c_int64,
            P(s.pmkt_funnel_options),
            P(s.pmkt_run),
            P(s.pmkt_report),
            P(P(s.pmkt_funnel)),
            P(s.pmkt_error),
        ],
    ),
    # void pmkt_funnel_free(pmkt_funnel *funnel);
    ("pmkt_funnel_free", None, [P(s.pmkt_funnel)]),
    # pmkt_status pmkt_funnel_columns_of(const pmkt_funnel *funnel, pmkt_funnel_columns *out,
    #     pmkt_error *err);
    (
        "pmkt_funnel_columns_of",
        c_int32,
        [P(s.pmkt_funnel), P(s.pmkt_funnel_columns), P(s.pmkt_error)],
    ),
    # pmkt_status pmkt_paths_new(const pmkt_events *events, const pmkt_paths_options *options,
    #     const pmkt_run *run, pmkt_report *report, pmkt_paths **paths, pmkt_error *err);
    (
        "pmkt_paths_new",
        c_int32,
        [
            P(s.pmkt_events),
            P(s.pmkt_paths_options),
            P(s.pmkt_run),
            P(s.pmkt_report),
            P(P(s.pmkt_paths)),
            P(s.pmkt_error),
        ],
    ),
    # void pmkt_paths_free(pmkt_paths *paths);
    ("pmkt_paths_free", None, [P(s.pmkt_paths)]),
    # pmkt_status pmkt_paths_columns_of(const pmkt_paths *paths, pmkt_paths_columns *out,
    #     pmkt_error *err);
    ("pmkt_paths_columns_of", c_int32, [P(s.pmkt_paths), P(s.pmkt_paths_columns), P(s.pmkt_error)]),
]
