"""The same for tracker.h."""

from __future__ import annotations

from ctypes import POINTER as P
from ctypes import c_char_p, c_int32, c_int64, c_size_t, c_uint32, c_uint64, c_void_p
from typing import List

from . import _structs as s
from ._signatures_cf import Signature

TRACKER_SIGNATURES: List[Signature] = [
    # ---------------------------------------------------------------- tracker.h
    # pmkt_status pmkt_tracker_new(const pmkt_purchase *model, const pmkt_rules *rules, const
    #                              pmkt_tracker_options *options, pmkt_tracker **tracker,
    #                              pmkt_error *err);
    (
        "pmkt_tracker_new",
        c_int32,
        [
            P(s.pmkt_purchase),
            P(s.pmkt_rules),
            P(s.pmkt_tracker_options),
            P(P(s.pmkt_tracker)),
            P(s.pmkt_error),
        ],
    ),
    # void pmkt_tracker_free(pmkt_tracker *tracker);
    ("pmkt_tracker_free", None, [P(s.pmkt_tracker)]),
    # pmkt_status pmkt_tracker_observe(pmkt_tracker *tracker, const pmkt_events *events,
    #                                  pmkt_report *report, pmkt_tracker_answers *out,
    #                                  pmkt_error *err);
    (
        "pmkt_tracker_observe",
        c_int32,
        [
            P(s.pmkt_tracker),
            P(s.pmkt_events),
            P(s.pmkt_report),
            P(s.pmkt_tracker_answers),
            P(s.pmkt_error),
        ],
    ),
    # pmkt_status pmkt_tracker_advance(pmkt_tracker *tracker, int64_t clock_ms, pmkt_tracker_fired
    #                                  *fired, int64_t room, int64_t *n, pmkt_error *err);
    (
        "pmkt_tracker_advance",
        c_int32,
        [
            P(s.pmkt_tracker),
            c_int64,
            P(s.pmkt_tracker_fired),
            c_int64,
            P(c_int64),
            P(s.pmkt_error),
        ],
    ),
    # pmkt_status pmkt_tracker_forget(pmkt_tracker *tracker, uint64_t user, int32_t *known,
    #                                 pmkt_error *err);
    ("pmkt_tracker_forget", c_int32, [P(s.pmkt_tracker), c_uint64, P(c_int32), P(s.pmkt_error)]),
    # pmkt_status pmkt_tracker_explain(pmkt_tracker *tracker, uint64_t user, const char *intent,
    #                                  pmkt_tracker_evidence *out, pmkt_error *err);
    (
        "pmkt_tracker_explain",
        c_int32,
        [
            P(s.pmkt_tracker),
            c_uint64,
            c_char_p,
            P(s.pmkt_tracker_evidence),
            P(s.pmkt_error),
        ],
    ),
    # pmkt_status pmkt_tracker_swap(pmkt_tracker *tracker, const pmkt_purchase *model, pmkt_error
    #                               *err);
    ("pmkt_tracker_swap", c_int32, [P(s.pmkt_tracker), P(s.pmkt_purchase), P(s.pmkt_error)]),
    # pmkt_status pmkt_tracker_swap_rules(pmkt_tracker *tracker, const pmkt_rules *rules, int64_t
    #                                     *ended, pmkt_error *err);
    (
        "pmkt_tracker_swap_rules",
        c_int32,
        [P(s.pmkt_tracker), P(s.pmkt_rules), P(c_int64), P(s.pmkt_error)],
    ),
    # pmkt_status pmkt_tracker_learn(pmkt_tracker *tracker, int64_t half_life_ms, const pmkt_run
    #                                *run, pmkt_purchase **model, pmkt_error *err);
    (
        "pmkt_tracker_learn",
        c_int32,
        [
            P(s.pmkt_tracker),
            c_int64,
            P(s.pmkt_run),
            P(P(s.pmkt_purchase)),
            P(s.pmkt_error),
        ],
    ),
    # pmkt_rules *pmkt_tracker_rules(pmkt_tracker *tracker, uint32_t *generation);
    ("pmkt_tracker_rules", P(s.pmkt_rules), [P(s.pmkt_tracker), P(c_uint32)]),
    # pmkt_purchase *pmkt_tracker_model(pmkt_tracker *tracker);
    ("pmkt_tracker_model", P(s.pmkt_purchase), [P(s.pmkt_tracker)]),
    # pmkt_status pmkt_tracker_stats(pmkt_tracker *tracker, pmkt_tracker_counts *out, pmkt_error
    #                                *err);
    (
        "pmkt_tracker_stats",
        c_int32,
        [P(s.pmkt_tracker), P(s.pmkt_tracker_counts), P(s.pmkt_error)],
    ),
    # pmkt_status pmkt_tracker_save(pmkt_tracker *tracker, const char *path, const
    #                               pmkt_save_options *options, const pmkt_run *run, pmkt_error
    #                               *err);
    (
        "pmkt_tracker_save",
        c_int32,
        [
            P(s.pmkt_tracker),
            c_char_p,
            P(s.pmkt_save_options),
            P(s.pmkt_run),
            P(s.pmkt_error),
        ],
    ),
    # pmkt_status pmkt_tracker_save_memory(pmkt_tracker *tracker, const pmkt_save_options *options,
    #                                      const pmkt_run *run, pmkt_buffer **buffer, pmkt_error
    #                                      *err);
    (
        "pmkt_tracker_save_memory",
        c_int32,
        [
            P(s.pmkt_tracker),
            P(s.pmkt_save_options),
            P(s.pmkt_run),
            P(P(s.pmkt_buffer)),
            P(s.pmkt_error),
        ],
    ),
    # pmkt_status pmkt_tracker_restore(pmkt_tracker *tracker, const char *path, const pmkt_run
    #                                  *run, pmkt_error *err);
    (
        "pmkt_tracker_restore",
        c_int32,
        [P(s.pmkt_tracker), c_char_p, P(s.pmkt_run), P(s.pmkt_error)],
    ),
    # pmkt_status pmkt_tracker_restore_memory(pmkt_tracker *tracker, const void *bytes, size_t size,
    #                                         const pmkt_run *run, pmkt_error *err);
    (
        "pmkt_tracker_restore_memory",
        c_int32,
        [P(s.pmkt_tracker), c_void_p, c_size_t, P(s.pmkt_run), P(s.pmkt_error)],
    ),
]
