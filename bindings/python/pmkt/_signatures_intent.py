"""The same for intent.h."""

from __future__ import annotations

from ctypes import POINTER as P
from ctypes import c_char_p, c_double, c_int32, c_int64, c_size_t, c_uint32, c_uint64, c_void_p
from typing import List

from . import _structs as s
from ._signatures_cf import Signature

INTENT_SIGNATURES: List[Signature] = [
    # pmkt_status pmkt_intent_fit(const pmkt_events *events, const pmkt_intent_options *options,
    #                             const pmkt_run *run, pmkt_report *report, pmkt_intent **model,
    #                             pmkt_error *err);
    (
        "pmkt_intent_fit",
        c_int32,
        [
            P(s.pmkt_events),
            P(s.pmkt_intent_options),
            P(s.pmkt_run),
            P(s.pmkt_report),
            P(P(s.pmkt_intent)),
            P(s.pmkt_error),
        ],
    ),
    # pmkt_status pmkt_intent_fit_paths(const pmkt_intent_paths *paths,
    #                                   const pmkt_intent_options *options, const pmkt_run *run,
    #                                   pmkt_intent **model, pmkt_error *err);
    (
        "pmkt_intent_fit_paths",
        c_int32,
        [
            P(s.pmkt_intent_paths),
            P(s.pmkt_intent_options),
            P(s.pmkt_run),
            P(P(s.pmkt_intent)),
            P(s.pmkt_error),
        ],
    ),
    # pmkt_status pmkt_intent_merge(const pmkt_intent *const *models, int64_t n,
    #                               const pmkt_run *run, pmkt_intent **model, pmkt_error *err);
    (
        "pmkt_intent_merge",
        c_int32,
        [P(P(s.pmkt_intent)), c_int64, P(s.pmkt_run), P(P(s.pmkt_intent)), P(s.pmkt_error)],
    ),
    # pmkt_intent *pmkt_intent_retain(const pmkt_intent *model);
    ("pmkt_intent_retain", P(s.pmkt_intent), [P(s.pmkt_intent)]),
    # void pmkt_intent_release(const pmkt_intent *model);
    ("pmkt_intent_release", None, [P(s.pmkt_intent)]),
    # pmkt_status pmkt_intent_info(const pmkt_intent *model, pmkt_intent_facts *out,
    #                              pmkt_error *err);
    ("pmkt_intent_info", c_int32, [P(s.pmkt_intent), P(s.pmkt_intent_facts), P(s.pmkt_error)]),
    # pmkt_status pmkt_intent_actions(const pmkt_intent *model, const uint32_t **actions,
    #                                 int64_t *n, pmkt_error *err);
    (
        "pmkt_intent_actions",
        c_int32,
        [P(s.pmkt_intent), P(P(c_uint32)), P(c_int64), P(s.pmkt_error)],
    ),
    # pmkt_status pmkt_intent_classes(const pmkt_intent *model, const uint64_t **classes,
    #                                 int64_t *n, pmkt_error *err);
    (
        "pmkt_intent_classes",
        c_int32,
        [P(s.pmkt_intent), P(P(c_uint64)), P(c_int64), P(s.pmkt_error)],
    ),
    # pmkt_status pmkt_intent_ask(const pmkt_intent *model, const pmkt_intent_paths *paths,
    #                             const pmkt_run *run, const pmkt_intent_answers *out,
    #                             pmkt_error *err);
    (
        "pmkt_intent_ask",
        c_int32,
        [
            P(s.pmkt_intent),
            P(s.pmkt_intent_paths),
            P(s.pmkt_run),
            P(s.pmkt_intent_answers),
            P(s.pmkt_error),
        ],
    ),
    # pmkt_status pmkt_intent_next(const pmkt_intent *model, const pmkt_intent_paths *paths,
    #                              const int64_t *waited_ms, const pmkt_run *run, double *p,
    #                              pmkt_error *err);
    (
        "pmkt_intent_next",
        c_int32,
        [
            P(s.pmkt_intent),
            P(s.pmkt_intent_paths),
            P(c_int64),
            P(s.pmkt_run),
            P(c_double),
            P(s.pmkt_error),
        ],
    ),
    # pmkt_status pmkt_intent_explain(const pmkt_intent *model, const pmkt_intent_paths *paths,
    #                                 const pmkt_run *run, double *log_odds, pmkt_error *err);
    (
        "pmkt_intent_explain",
        c_int32,
        [P(s.pmkt_intent), P(s.pmkt_intent_paths), P(s.pmkt_run), P(c_double), P(s.pmkt_error)],
    ),
    # pmkt_status pmkt_intent_transitions(const pmkt_intent *model, const pmkt_intent_table *out,
    #                                     pmkt_error *err);
    (
        "pmkt_intent_transitions",
        c_int32,
        [P(s.pmkt_intent), P(s.pmkt_intent_table), P(s.pmkt_error)],
    ),
    # pmkt_status pmkt_intent_save(const pmkt_intent *model, const char *path,
    #                              const pmkt_save_options *options, const pmkt_run *run,
    #                              pmkt_error *err);
    (
        "pmkt_intent_save",
        c_int32,
        [P(s.pmkt_intent), c_char_p, P(s.pmkt_save_options), P(s.pmkt_run), P(s.pmkt_error)],
    ),
    # pmkt_status pmkt_intent_save_memory(const pmkt_intent *model,
    #                                     const pmkt_save_options *options, const pmkt_run *run,
    #                                     pmkt_buffer **buffer, pmkt_error *err);
    (
        "pmkt_intent_save_memory",
        c_int32,
        [
            P(s.pmkt_intent),
            P(s.pmkt_save_options),
            P(s.pmkt_run),
            P(P(s.pmkt_buffer)),
            P(s.pmkt_error),
        ],
    ),
    # pmkt_status pmkt_intent_load(const char *path, const pmkt_load_options *options,
    #                              const pmkt_run *run, pmkt_intent **model, pmkt_error *err);
    (
        "pmkt_intent_load",
        c_int32,
        [c_char_p, P(s.pmkt_load_options), P(s.pmkt_run), P(P(s.pmkt_intent)), P(s.pmkt_error)],
    ),
    # pmkt_status pmkt_intent_load_memory(const void *bytes, size_t size,
    #                                     const pmkt_load_options *options, const pmkt_run *run,
    #                                     pmkt_intent **model, pmkt_error *err);
    (
        "pmkt_intent_load_memory",
        c_int32,
        [
            c_void_p,
            c_size_t,
            P(s.pmkt_load_options),
            P(s.pmkt_run),
            P(P(s.pmkt_intent)),
            P(s.pmkt_error),
        ],
    ),
]
