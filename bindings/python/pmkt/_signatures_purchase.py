"""The same for logistic.h, binary.h and purchase.h."""

from __future__ import annotations

from ctypes import POINTER as P
from ctypes import c_char_p, c_double, c_int32, c_int64, c_size_t, c_uint8, c_void_p
from typing import List

from . import _structs as s
from ._signatures_cf import Signature

PURCHASE_SIGNATURES: List[Signature] = [
    # pmkt_status pmkt_logistic_fit(const pmkt_logistic_data *data, const pmkt_logistic_options
    #                               *options, const pmkt_run *run, pmkt_logistic **model, pmkt_error
    #                               *err);
    (
        "pmkt_logistic_fit",
        c_int32,
        [
            P(s.pmkt_logistic_data),
            P(s.pmkt_logistic_options),
            P(s.pmkt_run),
            P(P(s.pmkt_logistic)),
            P(s.pmkt_error),
        ],
    ),
    # pmkt_logistic *pmkt_logistic_retain(const pmkt_logistic *model);
    ("pmkt_logistic_retain", P(s.pmkt_logistic), [P(s.pmkt_logistic)]),
    # void pmkt_logistic_release(const pmkt_logistic *model);
    ("pmkt_logistic_release", None, [P(s.pmkt_logistic)]),
    # pmkt_status pmkt_logistic_predict(const pmkt_logistic *model, const double *x, int64_t n,
    #                                   const pmkt_run *run, double *p, pmkt_error *err);
    (
        "pmkt_logistic_predict",
        c_int32,
        [P(s.pmkt_logistic), P(c_double), c_int64, P(s.pmkt_run), P(c_double), P(s.pmkt_error)],
    ),
    # pmkt_status pmkt_logistic_info(const pmkt_logistic *model, pmkt_logistic_facts *out,
    #                                pmkt_error *err);
    (
        "pmkt_logistic_info",
        c_int32,
        [P(s.pmkt_logistic), P(s.pmkt_logistic_facts), P(s.pmkt_error)],
    ),
    # pmkt_status pmkt_logistic_coefficients(const pmkt_logistic *model, const pmkt_logistic_table
    #                                        *out, pmkt_error *err);
    (
        "pmkt_logistic_coefficients",
        c_int32,
        [P(s.pmkt_logistic), P(s.pmkt_logistic_table), P(s.pmkt_error)],
    ),
    # pmkt_status pmkt_logistic_save(const pmkt_logistic *model, const char *path, const
    #                                pmkt_save_options *options, const pmkt_run *run, pmkt_error
    #                                *err);
    (
        "pmkt_logistic_save",
        c_int32,
        [P(s.pmkt_logistic), c_char_p, P(s.pmkt_save_options), P(s.pmkt_run), P(s.pmkt_error)],
    ),
    # pmkt_status pmkt_logistic_save_memory(const pmkt_logistic *model, const pmkt_save_options
    #                                       *options, const pmkt_run *run, pmkt_buffer **buffer,
    #                                       pmkt_error *err);
    (
        "pmkt_logistic_save_memory",
        c_int32,
        [
            P(s.pmkt_logistic),
            P(s.pmkt_save_options),
            P(s.pmkt_run),
            P(P(s.pmkt_buffer)),
            P(s.pmkt_error),
        ],
    ),
    # pmkt_status pmkt_logistic_load(const char *path, const pmkt_load_options *options, const
    #                                pmkt_run *run, pmkt_logistic **model, pmkt_error *err);
    (
        "pmkt_logistic_load",
        c_int32,
        [c_char_p, P(s.pmkt_load_options), P(s.pmkt_run), P(P(s.pmkt_logistic)), P(s.pmkt_error)],
    ),
    # pmkt_status pmkt_logistic_load_memory(const void *bytes, size_t size, const pmkt_load_options
    #                                       *options, const pmkt_run *run, pmkt_logistic **model,
    #                                       pmkt_error *err);
    (
        "pmkt_logistic_load_memory",
        c_int32,
        [
            c_void_p,
            c_size_t,
            P(s.pmkt_load_options),
            P(s.pmkt_run),
            P(P(s.pmkt_logistic)),
            P(s.pmkt_error),
        ],
    ),
    # pmkt_status pmkt_binary_evaluate(const uint8_t *y, const double *p, int64_t n, const
    #                                  pmkt_binary_options *options, const pmkt_run *run,
    #                                  pmkt_binary_result *out, pmkt_error *err);
    (
        "pmkt_binary_evaluate",
        c_int32,
        [
            P(c_uint8),
            P(c_double),
            c_int64,
            P(s.pmkt_binary_options),
            P(s.pmkt_run),
            P(s.pmkt_binary_result),
            P(s.pmkt_error),
        ],
    ),
    # pmkt_status pmkt_binary_reliability(const uint8_t *y, const double *p, int64_t n, const
    #                                     pmkt_allocator *allocator, const pmkt_binary_diagram *out,
    #                                     pmkt_error *err);
    (
        "pmkt_binary_reliability",
        c_int32,
        [
            P(c_uint8),
            P(c_double),
            c_int64,
            P(s.pmkt_allocator),
            P(s.pmkt_binary_diagram),
            P(s.pmkt_error),
        ],
    ),
    # pmkt_status pmkt_purchase_fit(const pmkt_events *events, const pmkt_intent_options *chains,
    #                               const pmkt_purchase_options *options, const pmkt_run *run,
    #                               pmkt_report *report, pmkt_purchase **model, pmkt_error *err);
    (
        "pmkt_purchase_fit",
        c_int32,
        [
            P(s.pmkt_events),
            P(s.pmkt_intent_options),
            P(s.pmkt_purchase_options),
            P(s.pmkt_run),
            P(s.pmkt_report),
            P(P(s.pmkt_purchase)),
            P(s.pmkt_error),
        ],
    ),
    # pmkt_purchase *pmkt_purchase_retain(const pmkt_purchase *model);
    ("pmkt_purchase_retain", P(s.pmkt_purchase), [P(s.pmkt_purchase)]),
    # void pmkt_purchase_release(const pmkt_purchase *model);
    ("pmkt_purchase_release", None, [P(s.pmkt_purchase)]),
    # const pmkt_intent *pmkt_purchase_chains(const pmkt_purchase *model);
    ("pmkt_purchase_chains", P(s.pmkt_intent), [P(s.pmkt_purchase)]),
    # const pmkt_logistic *pmkt_purchase_logistic(const pmkt_purchase *model, int32_t which);
    ("pmkt_purchase_logistic", P(s.pmkt_logistic), [P(s.pmkt_purchase), c_int32]),
    # pmkt_status pmkt_purchase_info(const pmkt_purchase *model, pmkt_purchase_facts *out,
    #                                pmkt_error *err);
    (
        "pmkt_purchase_info",
        c_int32,
        [P(s.pmkt_purchase), P(s.pmkt_purchase_facts), P(s.pmkt_error)],
    ),
    # pmkt_status pmkt_purchase_settings(const pmkt_purchase *model, pmkt_purchase_options *options,
    #                                    pmkt_intent_options *chains, pmkt_error *err);
    (
        "pmkt_purchase_settings",
        c_int32,
        [
            P(s.pmkt_purchase),
            P(s.pmkt_purchase_options),
            P(s.pmkt_intent_options),
            P(s.pmkt_error),
        ],
    ),
    # const char *pmkt_purchase_feature(const pmkt_purchase *model, int32_t i);
    ("pmkt_purchase_feature", c_char_p, [P(s.pmkt_purchase), c_int32]),
    # pmkt_status pmkt_purchase_score(const pmkt_purchase *model, const pmkt_events *events, const
    #                                 pmkt_run *run, pmkt_report *report, const pmkt_purchase_scores
    #                                 *out, pmkt_error *err);
    (
        "pmkt_purchase_score",
        c_int32,
        [
            P(s.pmkt_purchase),
            P(s.pmkt_events),
            P(s.pmkt_run),
            P(s.pmkt_report),
            P(s.pmkt_purchase_scores),
            P(s.pmkt_error),
        ],
    ),
    # pmkt_status pmkt_purchase_explain(const pmkt_purchase *model, int32_t which, const pmkt_events
    #                                   *events, const int64_t *row, int64_t n, const pmkt_run *run,
    #                                   double *value, double *log_odds, pmkt_error *err);
    (
        "pmkt_purchase_explain",
        c_int32,
        [
            P(s.pmkt_purchase),
            c_int32,
            P(s.pmkt_events),
            P(c_int64),
            c_int64,
            P(s.pmkt_run),
            P(c_double),
            P(c_double),
            P(s.pmkt_error),
        ],
    ),
    # pmkt_status pmkt_purchase_save(const pmkt_purchase *model, const char *path, const
    #                                pmkt_save_options *options, const pmkt_run *run, pmkt_error
    #                                *err);
    (
        "pmkt_purchase_save",
        c_int32,
        [P(s.pmkt_purchase), c_char_p, P(s.pmkt_save_options), P(s.pmkt_run), P(s.pmkt_error)],
    ),
    # pmkt_status pmkt_purchase_save_memory(const pmkt_purchase *model, const pmkt_save_options
    #                                       *options, const pmkt_run *run, pmkt_buffer **buffer,
    #                                       pmkt_error *err);
    (
        "pmkt_purchase_save_memory",
        c_int32,
        [
            P(s.pmkt_purchase),
            P(s.pmkt_save_options),
            P(s.pmkt_run),
            P(P(s.pmkt_buffer)),
            P(s.pmkt_error),
        ],
    ),
    # pmkt_status pmkt_purchase_load(const char *path, const pmkt_load_options *options, const
    #                                pmkt_run *run, pmkt_purchase **model, pmkt_error *err);
    (
        "pmkt_purchase_load",
        c_int32,
        [c_char_p, P(s.pmkt_load_options), P(s.pmkt_run), P(P(s.pmkt_purchase)), P(s.pmkt_error)],
    ),
    # pmkt_status pmkt_purchase_load_memory(const void *bytes, size_t size, const pmkt_load_options
    #                                       *options, const pmkt_run *run, pmkt_purchase **model,
    #                                       pmkt_error *err);
    (
        "pmkt_purchase_load_memory",
        c_int32,
        [
            c_void_p,
            c_size_t,
            P(s.pmkt_load_options),
            P(s.pmkt_run),
            P(P(s.pmkt_purchase)),
            P(s.pmkt_error),
        ],
    ),
]
