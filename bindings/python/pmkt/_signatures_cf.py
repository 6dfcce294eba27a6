"""The same for cf.h and cf_evaluate.h."""

from __future__ import annotations

from ctypes import POINTER as P
from ctypes import (
    c_char_p,
    c_double,
    c_float,
    c_int32,
    c_int64,
    c_size_t,
    c_uint8,
    c_uint64,
    c_void_p,
)
from typing import Any, List, Tuple

from . import _structs as s

Signature = Tuple[str, Any, List[Any]]

CF_SIGNATURES: List[Signature] = [
    # --------------------------------------------------------------------- cf.h
    # double pmkt_cf_default_weight(int32_t kind);
    ("pmkt_cf_default_weight", c_double, [c_int32]),
    # pmkt_status pmkt_cf_data_from_events(const pmkt_events *events,
    #                                      const pmkt_cf_data_options *options,
    #                                      const pmkt_run *run, pmkt_report *report,
    #                                      pmkt_cf_data **data, pmkt_error *err);
    (
        "pmkt_cf_data_from_events",
        c_int32,
        [
            P(s.pmkt_events),
            P(s.pmkt_cf_data_options),
            P(s.pmkt_run),
            P(s.pmkt_report),
            P(P(s.pmkt_cf_data)),
            P(s.pmkt_error),
        ],
    ),
    # pmkt_status pmkt_cf_builder_new(const pmkt_allocator *allocator, int64_t max_bytes,
    #                                 pmkt_cf_builder **builder, pmkt_error *err);
    (
        "pmkt_cf_builder_new",
        c_int32,
        [P(s.pmkt_allocator), c_int64, P(P(s.pmkt_cf_builder)), P(s.pmkt_error)],
    ),
    # void pmkt_cf_builder_free(pmkt_cf_builder *builder);
    ("pmkt_cf_builder_free", None, [P(s.pmkt_cf_builder)]),
    # pmkt_status pmkt_cf_builder_add(pmkt_cf_builder *builder, const pmkt_events *events,
    #                                 const pmkt_run *run, pmkt_report *report, pmkt_error *err);
    (
        "pmkt_cf_builder_add",
        c_int32,
        [P(s.pmkt_cf_builder), P(s.pmkt_events), P(s.pmkt_run), P(s.pmkt_report), P(s.pmkt_error)],
    ),
    # int64_t pmkt_cf_builder_bytes(const pmkt_cf_builder *builder);
    ("pmkt_cf_builder_bytes", c_int64, [P(s.pmkt_cf_builder)]),
    # pmkt_status pmkt_cf_builder_build(const pmkt_cf_builder *builder,
    #                                   const pmkt_cf_data_options *options, const pmkt_run *run,
    #                                   pmkt_cf_data **data, pmkt_error *err);
    (
        "pmkt_cf_builder_build",
        c_int32,
        [
            P(s.pmkt_cf_builder),
            P(s.pmkt_cf_data_options),
            P(s.pmkt_run),
            P(P(s.pmkt_cf_data)),
            P(s.pmkt_error),
        ],
    ),
    # pmkt_status pmkt_cf_data_from_matrix(const pmkt_cf_matrix *matrix,
    #                                      const pmkt_allocator *allocator, const pmkt_run *run,
    #                                      pmkt_cf_data **data, pmkt_error *err);
    (
        "pmkt_cf_data_from_matrix",
        c_int32,
        [
            P(s.pmkt_cf_matrix),
            P(s.pmkt_allocator),
            P(s.pmkt_run),
            P(P(s.pmkt_cf_data)),
            P(s.pmkt_error),
        ],
    ),
    # pmkt_cf_data *pmkt_cf_data_retain(const pmkt_cf_data *data);
    ("pmkt_cf_data_retain", P(s.pmkt_cf_data), [P(s.pmkt_cf_data)]),
    # void pmkt_cf_data_release(const pmkt_cf_data *data);
    ("pmkt_cf_data_release", None, [P(s.pmkt_cf_data)]),
    # pmkt_status pmkt_cf_data_matrix(const pmkt_cf_data *data, pmkt_cf_matrix *by_user,
    #                                 pmkt_cf_matrix *by_item, pmkt_error *err);
    (
        "pmkt_cf_data_matrix",
        c_int32,
        [P(s.pmkt_cf_data), P(s.pmkt_cf_matrix), P(s.pmkt_cf_matrix), P(s.pmkt_error)],
    ),
    # pmkt_status pmkt_cf_data_info(const pmkt_cf_data *data, pmkt_cf_data_counts *out,
    #                               pmkt_error *err);
    ("pmkt_cf_data_info", c_int32, [P(s.pmkt_cf_data), P(s.pmkt_cf_data_counts), P(s.pmkt_error)]),
    # pmkt_status pmkt_cf_als_fit(const pmkt_cf_data *data, const pmkt_cf_als_options *options,
    #                             const pmkt_run *run, pmkt_cf **model, pmkt_error *err);
    (
        "pmkt_cf_als_fit",
        c_int32,
        [
            P(s.pmkt_cf_data),
            P(s.pmkt_cf_als_options),
            P(s.pmkt_run),
            P(P(s.pmkt_cf)),
            P(s.pmkt_error),
        ],
    ),
    # pmkt_status pmkt_cf_knn_fit(const pmkt_cf_data *data, const pmkt_cf_knn_options *options,
    #                             const pmkt_run *run, pmkt_cf **model, pmkt_error *err);
    (
        "pmkt_cf_knn_fit",
        c_int32,
        [
            P(s.pmkt_cf_data),
            P(s.pmkt_cf_knn_options),
            P(s.pmkt_run),
            P(P(s.pmkt_cf)),
            P(s.pmkt_error),
        ],
    ),
    # pmkt_status pmkt_cf_popularity_fit(const pmkt_cf_data *data,
    #                                    const pmkt_cf_popularity_options *options,
    #                                    const pmkt_run *run, pmkt_cf **model, pmkt_error *err);
    (
        "pmkt_cf_popularity_fit",
        c_int32,
        [
            P(s.pmkt_cf_data),
            P(s.pmkt_cf_popularity_options),
            P(s.pmkt_run),
            P(P(s.pmkt_cf)),
            P(s.pmkt_error),
        ],
    ),
    # pmkt_status pmkt_cf_from_factors(const pmkt_cf_factors *factors, const pmkt_cf_data *seen,
    #                                  const pmkt_cf_als_options *options, const pmkt_run *run,
    #                                  pmkt_cf **model, pmkt_error *err);
    (
        "pmkt_cf_from_factors",
        c_int32,
        [
            P(s.pmkt_cf_factors),
            P(s.pmkt_cf_data),
            P(s.pmkt_cf_als_options),
            P(s.pmkt_run),
            P(P(s.pmkt_cf)),
            P(s.pmkt_error),
        ],
    ),
    # pmkt_status pmkt_cf_get_factors(const pmkt_cf *model, pmkt_cf_factors *out,
    #                                 pmkt_error *err);
    ("pmkt_cf_get_factors", c_int32, [P(s.pmkt_cf), P(s.pmkt_cf_factors), P(s.pmkt_error)]),
    # pmkt_status pmkt_cf_ids(const pmkt_cf *model, const uint64_t **users, int64_t *n_users,
    #                         const uint64_t **items, int64_t *n_items, pmkt_error *err);
    (
        "pmkt_cf_ids",
        c_int32,
        [P(s.pmkt_cf), P(P(c_uint64)), P(c_int64), P(P(c_uint64)), P(c_int64), P(s.pmkt_error)],
    ),
    # pmkt_cf *pmkt_cf_retain(const pmkt_cf *model);
    ("pmkt_cf_retain", P(s.pmkt_cf), [P(s.pmkt_cf)]),
    # void pmkt_cf_release(const pmkt_cf *model);
    ("pmkt_cf_release", None, [P(s.pmkt_cf)]),
    # pmkt_status pmkt_cf_info(const pmkt_cf *model, pmkt_cf_facts *out, pmkt_error *err);
    ("pmkt_cf_info", c_int32, [P(s.pmkt_cf), P(s.pmkt_cf_facts), P(s.pmkt_error)]),
    # pmkt_status pmkt_cf_scratch_new(const pmkt_allocator *allocator, pmkt_cf_scratch **scratch,
    #                                 pmkt_error *err);
    (
        "pmkt_cf_scratch_new",
        c_int32,
        [P(s.pmkt_allocator), P(P(s.pmkt_cf_scratch)), P(s.pmkt_error)],
    ),
    # void pmkt_cf_scratch_free(pmkt_cf_scratch *scratch);
    ("pmkt_cf_scratch_free", None, [P(s.pmkt_cf_scratch)]),
    # pmkt_status pmkt_cf_recommend(const pmkt_cf *model, const uint64_t *users, int64_t n,
    #                               const pmkt_cf_query *query, const pmkt_run *run,
    #                               const pmkt_cf_answer *answer, pmkt_error *err);
    (
        "pmkt_cf_recommend",
        c_int32,
        [
            P(s.pmkt_cf),
            P(c_uint64),
            c_int64,
            P(s.pmkt_cf_query),
            P(s.pmkt_run),
            P(s.pmkt_cf_answer),
            P(s.pmkt_error),
        ],
    ),
    # pmkt_status pmkt_cf_recommend_history(const pmkt_cf *model, const pmkt_cf_history *history,
    #                                       const pmkt_cf_query *query, const pmkt_run *run,
    #                                       const pmkt_cf_answer *answer, pmkt_error *err);
    (
        "pmkt_cf_recommend_history",
        c_int32,
        [
            P(s.pmkt_cf),
            P(s.pmkt_cf_history),
            P(s.pmkt_cf_query),
            P(s.pmkt_run),
            P(s.pmkt_cf_answer),
            P(s.pmkt_error),
        ],
    ),
    # pmkt_status pmkt_cf_fold_in(const pmkt_cf *model, const pmkt_cf_history *history,
    #                             pmkt_cf_scratch *scratch, const pmkt_run *run, float *factors,
    #                             pmkt_error *err);
    (
        "pmkt_cf_fold_in",
        c_int32,
        [
            P(s.pmkt_cf),
            P(s.pmkt_cf_history),
            P(s.pmkt_cf_scratch),
            P(s.pmkt_run),
            P(c_float),
            P(s.pmkt_error),
        ],
    ),
    # pmkt_status pmkt_cf_similar_items(const pmkt_cf *model, const uint64_t *items, int64_t n,
    #                                   const pmkt_cf_query *query, const pmkt_run *run,
    #                                   const pmkt_cf_answer *answer, pmkt_error *err);
    (
        "pmkt_cf_similar_items",
        c_int32,
        [
            P(s.pmkt_cf),
            P(c_uint64),
            c_int64,
            P(s.pmkt_cf_query),
            P(s.pmkt_run),
            P(s.pmkt_cf_answer),
            P(s.pmkt_error),
        ],
    ),
    # pmkt_status pmkt_cf_similar_users(const pmkt_cf *model, const uint64_t *users, int64_t n,
    #                                   const pmkt_cf_query *query, const pmkt_run *run,
    #                                   const pmkt_cf_answer *answer, pmkt_error *err);
    (
        "pmkt_cf_similar_users",
        c_int32,
        [
            P(s.pmkt_cf),
            P(c_uint64),
            c_int64,
            P(s.pmkt_cf_query),
            P(s.pmkt_run),
            P(s.pmkt_cf_answer),
            P(s.pmkt_error),
        ],
    ),
    # pmkt_status pmkt_cf_rank(const pmkt_cf *model, const uint64_t *users, int64_t n,
    #                          const int64_t *at, const uint64_t *items, pmkt_cf_scratch *scratch,
    #                          const pmkt_run *run, const pmkt_cf_answer *answer,
    #                          pmkt_error *err);
    (
        "pmkt_cf_rank",
        c_int32,
        [
            P(s.pmkt_cf),
            P(c_uint64),
            c_int64,
            P(c_int64),
            P(c_uint64),
            P(s.pmkt_cf_scratch),
            P(s.pmkt_run),
            P(s.pmkt_cf_answer),
            P(s.pmkt_error),
        ],
    ),
    # pmkt_status pmkt_cf_save(const pmkt_cf *model, const char *path,
    #                          const pmkt_save_options *options, const pmkt_run *run,
    #                          pmkt_error *err);
    (
        "pmkt_cf_save",
        c_int32,
        [P(s.pmkt_cf), c_char_p, P(s.pmkt_save_options), P(s.pmkt_run), P(s.pmkt_error)],
    ),
    # pmkt_status pmkt_cf_save_memory(const pmkt_cf *model, const pmkt_save_options *options,
    #                                 const pmkt_run *run, pmkt_buffer **buffer, pmkt_error *err);
    (
        "pmkt_cf_save_memory",
        c_int32,
        [P(s.pmkt_cf), P(s.pmkt_save_options), P(s.pmkt_run), P(P(s.pmkt_buffer)), P(s.pmkt_error)],
    ),
    # pmkt_status pmkt_cf_load(const char *path, const pmkt_load_options *options,
    #                          const pmkt_run *run, pmkt_cf **model, pmkt_error *err);
    (
        "pmkt_cf_load",
        c_int32,
        [c_char_p, P(s.pmkt_load_options), P(s.pmkt_run), P(P(s.pmkt_cf)), P(s.pmkt_error)],
    ),
    # pmkt_status pmkt_cf_load_memory(const void *bytes, size_t size,
    #                                 const pmkt_load_options *options, const pmkt_run *run,
    #                                 pmkt_cf **model, pmkt_error *err);
    (
        "pmkt_cf_load_memory",
        c_int32,
        [
            c_void_p,
            c_size_t,
            P(s.pmkt_load_options),
            P(s.pmkt_run),
            P(P(s.pmkt_cf)),
            P(s.pmkt_error),
        ],
    ),
    # pmkt_status pmkt_cf_map(const char *path, const pmkt_load_options *options, pmkt_cf **model,
    #                         pmkt_error *err);
    ("pmkt_cf_map", c_int32, [c_char_p, P(s.pmkt_load_options), P(P(s.pmkt_cf)), P(s.pmkt_error)]),
    # pmkt_status pmkt_cf_verify(const pmkt_cf *model, const pmkt_run *run, pmkt_error *err);
    ("pmkt_cf_verify", c_int32, [P(s.pmkt_cf), P(s.pmkt_run), P(s.pmkt_error)]),
    # pmkt_status pmkt_cf_live_new(const pmkt_cf *model, const pmkt_allocator *allocator,
    #                              pmkt_cf_live **live, pmkt_error *err);
    (
        "pmkt_cf_live_new",
        c_int32,
        [P(s.pmkt_cf), P(s.pmkt_allocator), P(P(s.pmkt_cf_live)), P(s.pmkt_error)],
    ),
    # void pmkt_cf_live_free(pmkt_cf_live *live);
    ("pmkt_cf_live_free", None, [P(s.pmkt_cf_live)]),
    # pmkt_cf *pmkt_cf_live_get(pmkt_cf_live *live);
    ("pmkt_cf_live_get", P(s.pmkt_cf), [P(s.pmkt_cf_live)]),
    # pmkt_status pmkt_cf_live_swap(pmkt_cf_live *live, const pmkt_cf *model, pmkt_error *err);
    ("pmkt_cf_live_swap", c_int32, [P(s.pmkt_cf_live), P(s.pmkt_cf), P(s.pmkt_error)]),
    # ------------------------------------------------------------ cf_evaluate.h
    # pmkt_status pmkt_cf_split(const pmkt_events *events, const pmkt_cf_split_options *options,
    #                           uint8_t *part, pmkt_error *err);
    (
        "pmkt_cf_split",
        c_int32,
        [P(s.pmkt_events), P(s.pmkt_cf_split_options), P(c_uint8), P(s.pmkt_error)],
    ),
    # const char *pmkt_cf_metric_name(int32_t metric);
    ("pmkt_cf_metric_name", c_char_p, [c_int32]),
    # pmkt_status pmkt_cf_evaluate(const pmkt_cf *model, const pmkt_cf_data *test,
    #                              const pmkt_cf_evaluate_options *options, const pmkt_run *run,
    #                              pmkt_cf_evaluation **evaluation, pmkt_error *err);
    (
        "pmkt_cf_evaluate",
        c_int32,
        [
            P(s.pmkt_cf),
            P(s.pmkt_cf_data),
            P(s.pmkt_cf_evaluate_options),
            P(s.pmkt_run),
            P(P(s.pmkt_cf_evaluation)),
            P(s.pmkt_error),
        ],
    ),
    # pmkt_status pmkt_cf_evaluate_answers(const uint64_t *users, int64_t n, const uint64_t *ids,
    #                                      const int32_t *counts, int64_t room,
    #                                      const pmkt_cf_data *test,
    #                                      const pmkt_cf_evaluate_options *options,
    #                                      const pmkt_run *run, pmkt_cf_evaluation **evaluation,
    #                                      pmkt_error *err);
    (
        "pmkt_cf_evaluate_answers",
        c_int32,
        [
            P(c_uint64),
            c_int64,
            P(c_uint64),
            P(c_int32),
            c_int64,
            P(s.pmkt_cf_data),
            P(s.pmkt_cf_evaluate_options),
            P(s.pmkt_run),
            P(P(s.pmkt_cf_evaluation)),
            P(s.pmkt_error),
        ],
    ),
    # void pmkt_cf_evaluation_free(pmkt_cf_evaluation *evaluation);
    ("pmkt_cf_evaluation_free", None, [P(s.pmkt_cf_evaluation)]),
    # pmkt_status pmkt_cf_evaluation_columns(const pmkt_cf_evaluation *evaluation,
    #                                        pmkt_cf_figures *out, pmkt_error *err);
    (
        "pmkt_cf_evaluation_columns",
        c_int32,
        [P(s.pmkt_cf_evaluation), P(s.pmkt_cf_figures), P(s.pmkt_error)],
    ),
    # pmkt_status pmkt_cf_evaluation_users(const pmkt_cf_evaluation *evaluation, int32_t k,
    #                                      int32_t metric, const uint64_t **users,
    #                                      const double **values, int64_t *n, pmkt_error *err);
    (
        "pmkt_cf_evaluation_users",
        c_int32,
        [
            P(s.pmkt_cf_evaluation),
            c_int32,
            c_int32,
            P(P(c_uint64)),
            P(P(c_double)),
            P(c_int64),
            P(s.pmkt_error),
        ],
    ),
]
