"""The prototypes of libpmkt, one row a function, with the C line above it.

A test compares both the rows and the C lines with the headers.
"""

from __future__ import annotations

import ctypes
from ctypes import POINTER as P
from ctypes import (
    c_char,
    c_char_p,
    c_double,
    c_int32,
    c_int64,
    c_size_t,
    c_uint8,
    c_uint64,
    c_void_p,
)
from typing import List

from . import _structs as s
from ._signatures_attribution import ATTRIBUTION_SIGNATURES
from ._signatures_cf import CF_SIGNATURES, Signature
from ._signatures_funnel import FUNNEL_SIGNATURES
from ._signatures_intent import INTENT_SIGNATURES
from ._signatures_purchase import PURCHASE_SIGNATURES
from ._signatures_rules import RULES_SIGNATURES
from ._signatures_tracker import TRACKER_SIGNATURES

_CORE: List[Signature] = [
    # ------------------------------------------------------------------ base.h
    # const char *pmkt_status_name(pmkt_status status);
    ("pmkt_status_name", c_char_p, [c_int32]),
    # int32_t pmkt_default_threads(void);
    ("pmkt_default_threads", c_int32, []),
    # const char *pmkt_version(void);
    ("pmkt_version", c_char_p, []),
    # int32_t pmkt_version_number(void);
    ("pmkt_version_number", c_int32, []),
    # const char *pmkt_build_info(void);
    ("pmkt_build_info", c_char_p, []),
    # const char *pmkt_isa(void);
    ("pmkt_isa", c_char_p, []),
    # ------------------------------------------------------------------ time.h
    # pmkt_status pmkt_zone_days(const pmkt_zone *zone, const int64_t *ms, int64_t n,
    #                            int32_t *day, pmkt_error *err);
    ("pmkt_zone_days", c_int32, [P(s.pmkt_zone), P(c_int64), c_int64, P(c_int32), P(s.pmkt_error)]),
    # pmkt_status pmkt_zone_day_start(const pmkt_zone *zone, int32_t day, int64_t *ms,
    #                                 pmkt_error *err);
    ("pmkt_zone_day_start", c_int32, [P(s.pmkt_zone), c_int32, P(c_int64), P(s.pmkt_error)]),
    # pmkt_status pmkt_zone_to_utc(const pmkt_zone *zone, const int64_t *local_ms, int64_t n,
    #                              int64_t *ms, pmkt_error *err);
    (
        "pmkt_zone_to_utc",
        c_int32,
        [P(s.pmkt_zone), P(c_int64), c_int64, P(c_int64), P(s.pmkt_error)],
    ),
    # pmkt_status pmkt_time_parse(const char *text, size_t length, const pmkt_zone *zone,
    #                             int64_t *ms, pmkt_error *err);
    (
        "pmkt_time_parse",
        c_int32,
        [c_char_p, c_size_t, P(s.pmkt_zone), P(c_int64), P(s.pmkt_error)],
    ),
    # pmkt_status pmkt_time_format(int64_t ms, const pmkt_zone *zone, char text[32],
    #                              pmkt_error *err);
    ("pmkt_time_format", c_int32, [c_int64, P(s.pmkt_zone), P(c_char), P(s.pmkt_error)]),
    # ----------------------------------------------------------------- money.h
    # pmkt_status pmkt_money_from_double(const double *value, const double *quantity, int64_t n,
    #                                    int32_t exponent, int32_t on_bad, int64_t *minor,
    #                                    int64_t *n_bad, pmkt_error *err);
    (
        "pmkt_money_from_double",
        c_int32,
        [
            P(c_double),
            P(c_double),
            c_int64,
            c_int32,
            c_int32,
            P(c_int64),
            P(c_int64),
            P(s.pmkt_error),
        ],
    ),
    # pmkt_status pmkt_money_parse(const char *text, size_t length, int32_t exponent,
    #                              int64_t *minor, pmkt_error *err);
    ("pmkt_money_parse", c_int32, [c_char_p, c_size_t, c_int32, P(c_int64), P(s.pmkt_error)]),
    # ------------------------------------------------------------------- ids.h
    # uint64_t pmkt_id_of_bytes(const void *bytes, size_t length);
    ("pmkt_id_of_bytes", c_uint64, [c_void_p, c_size_t]),
    # pmkt_status pmkt_ids_of_strings(const char *bytes, const int64_t *offsets, int64_t n,
    #                                 uint64_t *id, pmkt_error *err);
    (
        "pmkt_ids_of_strings",
        c_int32,
        [c_char_p, P(c_int64), c_int64, P(c_uint64), P(s.pmkt_error)],
    ),
    # pmkt_status pmkt_ids_of_doubles(const double *value, int64_t n, int32_t on_bad,
    #                                 uint64_t *id, int64_t *n_bad, pmkt_error *err);
    (
        "pmkt_ids_of_doubles",
        c_int32,
        [P(c_double), c_int64, c_int32, P(c_uint64), P(c_int64), P(s.pmkt_error)],
    ),
    # pmkt_status pmkt_ids_new(const pmkt_ids_options *options, pmkt_ids **ids, pmkt_error *err);
    ("pmkt_ids_new", c_int32, [P(s.pmkt_ids_options), P(P(s.pmkt_ids)), P(s.pmkt_error)]),
    # void pmkt_ids_free(pmkt_ids *ids);
    ("pmkt_ids_free", None, [P(s.pmkt_ids)]),
    # pmkt_status pmkt_ids_encode(pmkt_ids *ids, const char *bytes, const int64_t *offsets,
    #                             int64_t n, const pmkt_run *run, uint64_t *id, pmkt_error *err);
    (
        "pmkt_ids_encode",
        c_int32,
        [P(s.pmkt_ids), c_char_p, P(c_int64), c_int64, P(s.pmkt_run), P(c_uint64), P(s.pmkt_error)],
    ),
    # const char *pmkt_ids_name(const pmkt_ids *ids, uint64_t id, size_t *length);
    ("pmkt_ids_name", c_char_p, [P(s.pmkt_ids), c_uint64, P(c_size_t)]),
    # pmkt_status pmkt_ids_decode(const pmkt_ids *ids, const uint64_t *id, int64_t n, char *bytes,
    #                             int64_t room, int64_t *offsets, uint8_t *known,
    #                             pmkt_error *err);
    (
        "pmkt_ids_decode",
        c_int32,
        [
            P(s.pmkt_ids),
            P(c_uint64),
            c_int64,
            P(c_char),
            c_int64,
            P(c_int64),
            P(c_uint8),
            P(s.pmkt_error),
        ],
    ),
    # pmkt_status pmkt_ids_list(const pmkt_ids *ids, uint64_t *id, int64_t room, int64_t *n,
    #                           pmkt_error *err);
    ("pmkt_ids_list", c_int32, [P(s.pmkt_ids), P(c_uint64), c_int64, P(c_int64), P(s.pmkt_error)]),
    # pmkt_status pmkt_ids_merge(pmkt_ids *into, const pmkt_ids *from, const pmkt_run *run,
    #                            pmkt_error *err);
    ("pmkt_ids_merge", c_int32, [P(s.pmkt_ids), P(s.pmkt_ids), P(s.pmkt_run), P(s.pmkt_error)]),
    # pmkt_status pmkt_ids_forget(pmkt_ids *ids, const uint64_t *id, int64_t n, int64_t when_ms,
    #                             int64_t *found, pmkt_error *err);
    (
        "pmkt_ids_forget",
        c_int32,
        [P(s.pmkt_ids), P(c_uint64), c_int64, c_int64, P(c_int64), P(s.pmkt_error)],
    ),
    # pmkt_status pmkt_ids_forgotten(const pmkt_ids *ids, uint64_t *id, int64_t *when_ms,
    #                                int64_t room, int64_t *n, pmkt_error *err);
    (
        "pmkt_ids_forgotten",
        c_int32,
        [P(s.pmkt_ids), P(c_uint64), P(c_int64), c_int64, P(c_int64), P(s.pmkt_error)],
    ),
    # pmkt_status pmkt_ids_stats(const pmkt_ids *ids, pmkt_ids_counters *out, pmkt_error *err);
    ("pmkt_ids_stats", c_int32, [P(s.pmkt_ids), P(s.pmkt_ids_counters), P(s.pmkt_error)]),
    # pmkt_status pmkt_ids_save(const pmkt_ids *ids, const char *path,
    #                           const pmkt_save_options *options, const pmkt_run *run,
    #                           pmkt_error *err);
    (
        "pmkt_ids_save",
        c_int32,
        [P(s.pmkt_ids), c_char_p, P(s.pmkt_save_options), P(s.pmkt_run), P(s.pmkt_error)],
    ),
    # pmkt_status pmkt_ids_save_memory(const pmkt_ids *ids, const pmkt_save_options *options,
    #                                  const pmkt_run *run, pmkt_buffer **buffer,
    #                                  pmkt_error *err);
    (
        "pmkt_ids_save_memory",
        c_int32,
        [
            P(s.pmkt_ids),
            P(s.pmkt_save_options),
            P(s.pmkt_run),
            P(P(s.pmkt_buffer)),
            P(s.pmkt_error),
        ],
    ),
    # pmkt_status pmkt_ids_load(const char *path, const pmkt_load_options *options,
    #                           const pmkt_run *run, pmkt_ids **ids, pmkt_error *err);
    (
        "pmkt_ids_load",
        c_int32,
        [c_char_p, P(s.pmkt_load_options), P(s.pmkt_run), P(P(s.pmkt_ids)), P(s.pmkt_error)],
    ),
    # pmkt_status pmkt_ids_load_memory(const void *bytes, size_t size,
    #                                  const pmkt_load_options *options, const pmkt_run *run,
    #                                  pmkt_ids **ids, pmkt_error *err);
    (
        "pmkt_ids_load_memory",
        c_int32,
        [
            c_void_p,
            c_size_t,
            P(s.pmkt_load_options),
            P(s.pmkt_run),
            P(P(s.pmkt_ids)),
            P(s.pmkt_error),
        ],
    ),
    # pmkt_status pmkt_ids_map(const char *path, const pmkt_load_options *options, pmkt_ids **ids,
    #                          pmkt_error *err);
    (
        "pmkt_ids_map",
        c_int32,
        [c_char_p, P(s.pmkt_load_options), P(P(s.pmkt_ids)), P(s.pmkt_error)],
    ),
    # pmkt_status pmkt_ids_verify(const pmkt_ids *ids, const pmkt_run *run, pmkt_error *err);
    ("pmkt_ids_verify", c_int32, [P(s.pmkt_ids), P(s.pmkt_run), P(s.pmkt_error)]),
    # ---------------------------------------------------------------- events.h
    # const char *pmkt_kind_name(int32_t kind);
    ("pmkt_kind_name", c_char_p, [c_int32]),
    # int32_t pmkt_kind_from_name(const char *name);
    ("pmkt_kind_from_name", c_int32, [c_char_p]),
    # const char *pmkt_bad_reason(int32_t reason);
    ("pmkt_bad_reason", c_char_p, [c_int32]),
    # pmkt_status pmkt_events_check(const pmkt_events *events, pmkt_report *report,
    #                               pmkt_error *err);
    ("pmkt_events_check", c_int32, [P(s.pmkt_events), P(s.pmkt_report), P(s.pmkt_error)]),
    # ------------------------------------------------------------------ file.h
    # const void *pmkt_buffer_data(const pmkt_buffer *buffer);
    ("pmkt_buffer_data", c_void_p, [P(s.pmkt_buffer)]),
    # size_t pmkt_buffer_size(const pmkt_buffer *buffer);
    ("pmkt_buffer_size", c_size_t, [P(s.pmkt_buffer)]),
    # void pmkt_buffer_free(pmkt_buffer *buffer);
    ("pmkt_buffer_free", None, [P(s.pmkt_buffer)]),
    # pmkt_status pmkt_file_inspect(const char *path, pmkt_file_info *info, pmkt_error *err);
    ("pmkt_file_inspect", c_int32, [c_char_p, P(s.pmkt_file_info), P(s.pmkt_error)]),
    # pmkt_status pmkt_file_verify(const char *path, const pmkt_run *run, pmkt_error *err);
    ("pmkt_file_verify", c_int32, [c_char_p, P(s.pmkt_run), P(s.pmkt_error)]),
    # ------------------------------------------------------------------- rfm.h
    # pmkt_status pmkt_rfm_new(const pmkt_rfm_options *options, pmkt_rfm **rfm, pmkt_error *err);
    ("pmkt_rfm_new", c_int32, [P(s.pmkt_rfm_options), P(P(s.pmkt_rfm)), P(s.pmkt_error)]),
    # void pmkt_rfm_free(pmkt_rfm *rfm);
    ("pmkt_rfm_free", None, [P(s.pmkt_rfm)]),
    # pmkt_status pmkt_rfm_add(pmkt_rfm *rfm, const pmkt_events *events, const pmkt_run *run,
    #                          pmkt_report *report, pmkt_error *err);
    (
        "pmkt_rfm_add",
        c_int32,
        [P(s.pmkt_rfm), P(s.pmkt_events), P(s.pmkt_run), P(s.pmkt_report), P(s.pmkt_error)],
    ),
    # pmkt_status pmkt_rfm_merge(pmkt_rfm *into, const pmkt_rfm *from, const pmkt_run *run,
    #                            pmkt_error *err);
    (
        "pmkt_rfm_merge",
        c_int32,
        [P(s.pmkt_rfm), P(s.pmkt_rfm), P(s.pmkt_run), P(s.pmkt_error)],
    ),
    # pmkt_status pmkt_rfm_forget(pmkt_rfm *rfm, const uint64_t *users, int64_t n,
    #                             int64_t when_ms, int64_t *found, pmkt_error *err);
    (
        "pmkt_rfm_forget",
        c_int32,
        [P(s.pmkt_rfm), P(c_uint64), c_int64, c_int64, P(c_int64), P(s.pmkt_error)],
    ),
    # pmkt_status pmkt_rfm_compact(pmkt_rfm *rfm, const pmkt_run *run, pmkt_error *err);
    ("pmkt_rfm_compact", c_int32, [P(s.pmkt_rfm), P(s.pmkt_run), P(s.pmkt_error)]),
    # pmkt_status pmkt_rfm_stats(const pmkt_rfm *rfm, pmkt_rfm_counters *out, pmkt_error *err);
    ("pmkt_rfm_stats", c_int32, [P(s.pmkt_rfm), P(s.pmkt_rfm_counters), P(s.pmkt_error)]),
    # pmkt_status pmkt_rfm_settings(const pmkt_rfm *rfm, pmkt_rfm_options *out, pmkt_error *err);
    ("pmkt_rfm_settings", c_int32, [P(s.pmkt_rfm), P(s.pmkt_rfm_options), P(s.pmkt_error)]),
    # pmkt_status pmkt_rfm_save(const pmkt_rfm *rfm, const char *path,
    #                           const pmkt_save_options *options, const pmkt_run *run,
    #                           pmkt_error *err);
    (
        "pmkt_rfm_save",
        c_int32,
        [P(s.pmkt_rfm), c_char_p, P(s.pmkt_save_options), P(s.pmkt_run), P(s.pmkt_error)],
    ),
    # pmkt_status pmkt_rfm_save_memory(const pmkt_rfm *rfm, const pmkt_save_options *options,
    #                                  const pmkt_run *run, pmkt_buffer **buffer,
    #                                  pmkt_error *err);
    (
        "pmkt_rfm_save_memory",
        c_int32,
        [
            P(s.pmkt_rfm),
            P(s.pmkt_save_options),
            P(s.pmkt_run),
            P(P(s.pmkt_buffer)),
            P(s.pmkt_error),
        ],
    ),
    # pmkt_status pmkt_rfm_load(const char *path, const pmkt_load_options *options,
    #                           const pmkt_run *run, pmkt_rfm **rfm, pmkt_error *err);
    (
        "pmkt_rfm_load",
        c_int32,
        [c_char_p, P(s.pmkt_load_options), P(s.pmkt_run), P(P(s.pmkt_rfm)), P(s.pmkt_error)],
    ),
    # pmkt_status pmkt_rfm_load_memory(const void *bytes, size_t size,
    #                                  const pmkt_load_options *options, const pmkt_run *run,
    #                                  pmkt_rfm **rfm, pmkt_error *err);
    (
        "pmkt_rfm_load_memory",
        c_int32,
        [
            c_void_p,
            c_size_t,
            P(s.pmkt_load_options),
            P(s.pmkt_run),
            P(P(s.pmkt_rfm)),
            P(s.pmkt_error),
        ],
    ),
    # pmkt_status pmkt_rfm_map(const char *path, const pmkt_load_options *options,
    #                          pmkt_rfm **rfm, pmkt_error *err);
    (
        "pmkt_rfm_map",
        c_int32,
        [c_char_p, P(s.pmkt_load_options), P(P(s.pmkt_rfm)), P(s.pmkt_error)],
    ),
    # pmkt_status pmkt_rfm_verify(const pmkt_rfm *rfm, const pmkt_run *run, pmkt_error *err);
    ("pmkt_rfm_verify", c_int32, [P(s.pmkt_rfm), P(s.pmkt_run), P(s.pmkt_error)]),
    # pmkt_status pmkt_rfm_score(const pmkt_rfm *rfm, int64_t as_of_ms,
    #                            const pmkt_rfm_score_options *options, const pmkt_run *run,
    #                            pmkt_rfm_scores **scores, pmkt_error *err);
    (
        "pmkt_rfm_score",
        c_int32,
        [
            P(s.pmkt_rfm),
            c_int64,
            P(s.pmkt_rfm_score_options),
            P(s.pmkt_run),
            P(P(s.pmkt_rfm_scores)),
            P(s.pmkt_error),
        ],
    ),
    # void pmkt_rfm_scores_free(pmkt_rfm_scores *scores);
    ("pmkt_rfm_scores_free", None, [P(s.pmkt_rfm_scores)]),
    # const char *pmkt_rfm_class_name_zh(int32_t segment);
    ("pmkt_rfm_class_name_zh", c_char_p, [c_int32]),
    # pmkt_status pmkt_rfm_scores_columns(const pmkt_rfm_scores *scores, pmkt_rfm_columns *out,
    #                                     pmkt_error *err);
    (
        "pmkt_rfm_scores_columns",
        c_int32,
        [P(s.pmkt_rfm_scores), P(s.pmkt_rfm_columns), P(s.pmkt_error)],
    ),
    # pmkt_status pmkt_rfm_scores_find(const pmkt_rfm_scores *scores, const uint64_t *users,
    #                                  int64_t n, int64_t *row, pmkt_error *err);
    (
        "pmkt_rfm_scores_find",
        c_int32,
        [P(s.pmkt_rfm_scores), P(c_uint64), c_int64, P(c_int64), P(s.pmkt_error)],
    ),
    # pmkt_status pmkt_rfm_scores_arrow(const pmkt_rfm_scores *scores,
    #                                   const pmkt_arrow_options *options,
    #                                   struct ArrowArrayStream *stream, pmkt_error *err);
    (
        "pmkt_rfm_scores_arrow",
        c_int32,
        [
            P(s.pmkt_rfm_scores),
            P(s.pmkt_arrow_options),
            P(s.ArrowArrayStream),
            P(s.pmkt_error),
        ],
    ),
    # int32_t pmkt_rfm_scores_codes(const pmkt_rfm_scores *scores, int32_t by);
    ("pmkt_rfm_scores_codes", c_int32, [P(s.pmkt_rfm_scores), c_int32]),
    # const char *pmkt_rfm_scores_name(const pmkt_rfm_scores *scores, int32_t by, int32_t code);
    ("pmkt_rfm_scores_name", c_char_p, [P(s.pmkt_rfm_scores), c_int32, c_int32]),
    # pmkt_status pmkt_rfm_summary(const pmkt_rfm_scores *scores, int32_t by,
    #                              pmkt_rfm_group *groups, size_t group_size, int64_t capacity,
    #                              pmkt_error *err);
    (
        "pmkt_rfm_summary",
        c_int32,
        [
            P(s.pmkt_rfm_scores),
            c_int32,
            P(s.pmkt_rfm_group),
            c_size_t,
            c_int64,
            P(s.pmkt_error),
        ],
    ),
    # pmkt_status pmkt_rfm_migrate(const pmkt_rfm_scores *before, const pmkt_rfm_scores *after,
    #                              int32_t by, const pmkt_run *run,
    #                              pmkt_rfm_migration **migration, pmkt_error *err);
    (
        "pmkt_rfm_migrate",
        c_int32,
        [
            P(s.pmkt_rfm_scores),
            P(s.pmkt_rfm_scores),
            c_int32,
            P(s.pmkt_run),
            P(P(s.pmkt_rfm_migration)),
            P(s.pmkt_error),
        ],
    ),
    # void pmkt_rfm_migration_free(pmkt_rfm_migration *migration);
    ("pmkt_rfm_migration_free", None, [P(s.pmkt_rfm_migration)]),
    # const int64_t *pmkt_rfm_migration_matrix(const pmkt_rfm_migration *migration,
    #                                          int32_t *codes);
    ("pmkt_rfm_migration_matrix", P(c_int64), [P(s.pmkt_rfm_migration), P(c_int32)]),
    # const char *pmkt_rfm_migration_name(const pmkt_rfm_migration *migration, int32_t code);
    ("pmkt_rfm_migration_name", c_char_p, [P(s.pmkt_rfm_migration), c_int32]),
    # const uint64_t *pmkt_rfm_migration_users(const pmkt_rfm_migration *migration, int32_t from,
    #                                          int32_t to, int64_t *n);
    (
        "pmkt_rfm_migration_users",
        P(c_uint64),
        [P(s.pmkt_rfm_migration), c_int32, c_int32, P(c_int64)],
    ),
    # pmkt_status pmkt_rfm_migration_rates(const pmkt_rfm_migration *migration,
    #                                      pmkt_rfm_rates *out, pmkt_error *err);
    (
        "pmkt_rfm_migration_rates",
        c_int32,
        [P(s.pmkt_rfm_migration), P(s.pmkt_rfm_rates), P(s.pmkt_error)],
    ),
    # const uint64_t *pmkt_rfm_migration_list(const pmkt_rfm_migration *migration, int32_t list,
    #                                         int64_t *n);
    ("pmkt_rfm_migration_list", P(c_uint64), [P(s.pmkt_rfm_migration), c_int32, P(c_int64)]),
    # ----------------------------------------------------------------- idset.h
    # pmkt_status pmkt_idset_new(const uint64_t *ids, int64_t n, const pmkt_allocator *allocator,
    #                            pmkt_idset **set, pmkt_error *err);
    (
        "pmkt_idset_new",
        c_int32,
        [P(c_uint64), c_int64, P(s.pmkt_allocator), P(P(s.pmkt_idset)), P(s.pmkt_error)],
    ),
    # void pmkt_idset_free(pmkt_idset *set);
    ("pmkt_idset_free", None, [P(s.pmkt_idset)]),
    # pmkt_status pmkt_idset_update(pmkt_idset *set, const uint64_t *remove, int64_t n_remove,
    #                               const uint64_t *add, int64_t n_add, pmkt_error *err);
    (
        "pmkt_idset_update",
        c_int32,
        [P(s.pmkt_idset), P(c_uint64), c_int64, P(c_uint64), c_int64, P(s.pmkt_error)],
    ),
    # int32_t pmkt_idset_contains(const pmkt_idset *set, uint64_t id);
    ("pmkt_idset_contains", c_int32, [P(s.pmkt_idset), c_uint64]),
    # pmkt_status pmkt_idset_contains_many(const pmkt_idset *set, const uint64_t *ids, int64_t n,
    #                                      uint8_t *in, pmkt_error *err);
    (
        "pmkt_idset_contains_many",
        c_int32,
        [P(s.pmkt_idset), P(c_uint64), c_int64, P(c_uint8), P(s.pmkt_error)],
    ),
    # int64_t pmkt_idset_count(const pmkt_idset *set);
    ("pmkt_idset_count", c_int64, [P(s.pmkt_idset)]),
    # pmkt_status pmkt_idset_list(const pmkt_idset *set, uint64_t *ids, int64_t room, int64_t *n,
    #                             pmkt_error *err);
    (
        "pmkt_idset_list",
        c_int32,
        [P(s.pmkt_idset), P(c_uint64), c_int64, P(c_int64), P(s.pmkt_error)],
    ),
    # pmkt_status pmkt_idset_union(const pmkt_idset *a, const pmkt_idset *b, pmkt_idset **set,
    #                              pmkt_error *err);
    (
        "pmkt_idset_union",
        c_int32,
        [P(s.pmkt_idset), P(s.pmkt_idset), P(P(s.pmkt_idset)), P(s.pmkt_error)],
    ),
    # pmkt_status pmkt_idset_intersect(const pmkt_idset *a, const pmkt_idset *b, pmkt_idset **set,
    #                                  pmkt_error *err);
    (
        "pmkt_idset_intersect",
        c_int32,
        [P(s.pmkt_idset), P(s.pmkt_idset), P(P(s.pmkt_idset)), P(s.pmkt_error)],
    ),
    # pmkt_status pmkt_idset_difference(const pmkt_idset *a, const pmkt_idset *b,
    #                                   pmkt_idset **set, pmkt_error *err);
    (
        "pmkt_idset_difference",
        c_int32,
        [P(s.pmkt_idset), P(s.pmkt_idset), P(P(s.pmkt_idset)), P(s.pmkt_error)],
    ),
    # int64_t pmkt_idset_bytes(const pmkt_idset *set);
    ("pmkt_idset_bytes", c_int64, [P(s.pmkt_idset)]),
    # ----------------------------------------------------------------- items.h
    # pmkt_status pmkt_items_check(const pmkt_items *items, pmkt_report *report,
    #                              pmkt_error *err);
    ("pmkt_items_check", c_int32, [P(s.pmkt_items), P(s.pmkt_report), P(s.pmkt_error)]),
    # ----------------------------------------------------------------- arrow.h
    # pmkt_status pmkt_arrow_events_open(struct ArrowArrayStream *stream,
    #                                    const pmkt_arrow_columns *columns,
    #                                    const pmkt_allocator *allocator,
    #                                    pmkt_arrow_events **reader, pmkt_error *err);
    (
        "pmkt_arrow_events_open",
        c_int32,
        [
            P(s.ArrowArrayStream),
            P(s.pmkt_arrow_columns),
            P(s.pmkt_allocator),
            P(P(s.pmkt_arrow_events)),
            P(s.pmkt_error),
        ],
    ),
    # pmkt_status pmkt_arrow_events_next(pmkt_arrow_events *reader, const pmkt_run *run,
    #                                    const pmkt_events **batch, pmkt_error *err);
    (
        "pmkt_arrow_events_next",
        c_int32,
        [P(s.pmkt_arrow_events), P(s.pmkt_run), P(P(s.pmkt_events)), P(s.pmkt_error)],
    ),
    # pmkt_status pmkt_arrow_events_all(pmkt_arrow_events *reader, const pmkt_run *run,
    #                                   const pmkt_events **batch, pmkt_error *err);
    (
        "pmkt_arrow_events_all",
        c_int32,
        [P(s.pmkt_arrow_events), P(s.pmkt_run), P(P(s.pmkt_events)), P(s.pmkt_error)],
    ),
    # void pmkt_arrow_events_free(pmkt_arrow_events *reader);
    ("pmkt_arrow_events_free", None, [P(s.pmkt_arrow_events)]),
    # pmkt_status pmkt_arrow_items_open(struct ArrowArrayStream *stream,
    #                                   const pmkt_arrow_item_columns *columns,
    #                                   const pmkt_allocator *allocator,
    #                                   pmkt_arrow_items **reader, pmkt_error *err);
    (
        "pmkt_arrow_items_open",
        c_int32,
        [
            P(s.ArrowArrayStream),
            P(s.pmkt_arrow_item_columns),
            P(s.pmkt_allocator),
            P(P(s.pmkt_arrow_items)),
            P(s.pmkt_error),
        ],
    ),
    # pmkt_status pmkt_arrow_items_next(pmkt_arrow_items *reader, const pmkt_run *run,
    #                                   const pmkt_items **batch, pmkt_error *err);
    (
        "pmkt_arrow_items_next",
        c_int32,
        [P(s.pmkt_arrow_items), P(s.pmkt_run), P(P(s.pmkt_items)), P(s.pmkt_error)],
    ),
    # pmkt_status pmkt_arrow_items_all(pmkt_arrow_items *reader, const pmkt_run *run,
    #                                  const pmkt_items **batch, pmkt_error *err);
    (
        "pmkt_arrow_items_all",
        c_int32,
        [P(s.pmkt_arrow_items), P(s.pmkt_run), P(P(s.pmkt_items)), P(s.pmkt_error)],
    ),
    # void pmkt_arrow_items_free(pmkt_arrow_items *reader);
    ("pmkt_arrow_items_free", None, [P(s.pmkt_arrow_items)]),
    # pmkt_status pmkt_arrow_ids(struct ArrowArrayStream *stream, const char *name,
    #                            pmkt_ids *ids, const pmkt_run *run, uint64_t *id, int64_t room,
    #                            int64_t *n, pmkt_error *err);
    (
        "pmkt_arrow_ids",
        c_int32,
        [
            P(s.ArrowArrayStream),
            c_char_p,
            P(s.pmkt_ids),
            P(s.pmkt_run),
            P(c_uint64),
            c_int64,
            P(c_int64),
            P(s.pmkt_error),
        ],
    ),
]

SIGNATURES: List[Signature] = (
    _CORE
    + CF_SIGNATURES
    + ATTRIBUTION_SIGNATURES
    + FUNNEL_SIGNATURES
    + INTENT_SIGNATURES
    + PURCHASE_SIGNATURES
    + RULES_SIGNATURES
    + TRACKER_SIGNATURES
)


def bind(library: ctypes.CDLL) -> None:
    """Types every function of the table; AttributeError if the library lacks one."""
    for name, result, arguments in SIGNATURES:
        function = getattr(library, name)
        function.restype = result
        function.argtypes = arguments
