"""The structs of cf.h and cf_evaluate.h."""

from __future__ import annotations

from ctypes import (
    CFUNCTYPE,
    POINTER,
    Structure,
    c_double,
    c_float,
    c_int,
    c_int32,
    c_int64,
    c_uint8,
    c_uint32,
    c_uint64,
    c_void_p,
)

from ._structs_base import pmkt_allocator, pmkt_idset

WATCH = CFUNCTYPE(c_int, c_void_p, c_int32, c_double)

# -------------------------------------------------------------------------------------------- cf.h


class pmkt_cf_data(Structure):
    """Opaque."""


class pmkt_cf_builder(Structure):
    """Opaque."""


class pmkt_cf(Structure):
    """Opaque."""


class pmkt_cf_scratch(Structure):
    """Opaque."""


class pmkt_cf_live(Structure):
    """Opaque."""


class pmkt_cf_weight(Structure):
    _fields_ = [
        ("kind", c_int32),
        ("reserved", c_int32),
        ("weight", c_double),
    ]


class pmkt_cf_data_options(Structure):
    _fields_ = [
        ("struct_size", c_uint32),
        ("scale", c_int32),
        ("as_of_ms", c_int64),
        ("since_ms", c_int64),
        ("half_life_ms", c_int64),
        ("weights", POINTER(pmkt_cf_weight)),
        ("n_weights", c_int64),
        ("only_weights", c_int32),
        ("reserved", c_int32),
        ("max_items_per_user", c_int64),
        ("max_users_per_item", c_int64),
        ("users", POINTER(pmkt_idset)),
        ("allocator", POINTER(pmkt_allocator)),
    ]


class pmkt_cf_matrix(Structure):
    _fields_ = [
        ("struct_size", c_uint32),
        ("borrow", c_int32),
        ("users", c_int64),
        ("items", c_int64),
        ("at", POINTER(c_int64)),
        ("item", POINTER(c_int32)),
        ("weight", POINTER(c_float)),
        ("user_id", POINTER(c_uint64)),
        ("item_id", POINTER(c_uint64)),
        ("category", POINTER(c_uint64)),
    ]


class pmkt_cf_data_counts(Structure):
    _fields_ = [
        ("struct_size", c_uint32),
        ("reserved", c_int32),
        ("users", c_int64),
        ("items", c_int64),
        ("entries", c_int64),
        ("negative", c_int64),
        ("rows", c_int64),
        ("no_item", c_int64),
        ("no_consent", c_int64),
        ("out_of_time", c_int64),
        ("no_weight", c_int64),
        ("capped", c_int64),
        ("as_of_ms", c_int64),
        ("bytes", c_int64),
        ("hash", c_uint64),
    ]


class pmkt_cf_watch(Structure):
    _fields_ = [
        ("fn", WATCH),
        ("ctx", c_void_p),
    ]


class pmkt_cf_als_options(Structure):
    _fields_ = [
        ("struct_size", c_uint32),
        ("factors", c_int32),
        ("iterations", c_int32),
        ("loss", c_int32),
        ("solver", c_int32),
        ("cg_steps", c_int32),
        ("regularization", c_double),
        ("alpha", c_double),
        ("unobserved", c_double),
        ("nu", c_double),
        ("sigma", c_double),
        ("seed", c_uint64),
        ("first_users", POINTER(c_float)),
        ("first_items", POINTER(c_float)),
        ("each", pmkt_cf_watch),
        ("drop_seen", c_int32),
        ("reserved", c_int32),
        ("allocator", POINTER(pmkt_allocator)),
    ]


class pmkt_cf_knn_options(Structure):
    _fields_ = [
        ("struct_size", c_uint32),
        ("similarity", c_int32),
        ("neighbors", c_int32),
        ("drop_seen", c_int32),
        ("shrinkage", c_double),
        ("k1", c_double),
        ("b", c_double),
        ("allocator", POINTER(pmkt_allocator)),
    ]


class pmkt_cf_popularity_options(Structure):
    _fields_ = [
        ("struct_size", c_uint32),
        ("by", c_int32),
        ("drop_seen", c_int32),
        ("reserved", c_int32),
        ("allocator", POINTER(pmkt_allocator)),
    ]


class pmkt_cf_factors(Structure):
    _fields_ = [
        ("struct_size", c_uint32),
        ("factors", c_int32),
        ("users", c_int64),
        ("items", c_int64),
        ("user_id", POINTER(c_uint64)),
        ("item_id", POINTER(c_uint64)),
        ("user_factors", POINTER(c_float)),
        ("item_factors", POINTER(c_float)),
    ]


class pmkt_cf_facts(Structure):
    _fields_ = [
        ("struct_size", c_uint32),
        ("kind", c_int32),
        ("users", c_int64),
        ("items", c_int64),
        ("entries", c_int64),
        ("as_of_ms", c_int64),
        ("data_hash", c_uint64),
        ("bytes", c_int64),
        ("mapped", c_int64),
        ("has_seen", c_int32),
        ("factors", c_int32),
        ("iterations", c_int32),
        ("loss", c_int32),
        ("solver", c_int32),
        ("cg_steps", c_int32),
        ("regularization", c_double),
        ("alpha", c_double),
        ("unobserved", c_double),
        ("nu", c_double),
        ("sigma", c_double),
        ("seed", c_uint64),
        ("final_loss", c_double),
        ("similarity", c_int32),
        ("neighbors", c_int32),
        ("shrinkage", c_double),
        ("k1", c_double),
        ("b", c_double),
        ("by", c_int32),
        ("reserved", c_int32),
    ]


class pmkt_cf_query(Structure):
    _fields_ = [
        ("struct_size", c_uint32),
        ("k", c_int32),
        ("keep_seen", c_int32),
        ("fallback", c_int32),
        ("allow", POINTER(pmkt_idset)),
        ("deny", POINTER(pmkt_idset)),
        ("category", c_uint64),
        ("exclude_at", POINTER(c_int64)),
        ("exclude", POINTER(c_uint64)),
        ("has_min_score", c_int32),
        ("min_score", c_float),
        ("scratch", POINTER(pmkt_cf_scratch)),
    ]


class pmkt_cf_answer(Structure):
    _fields_ = [
        ("struct_size", c_uint32),
        ("reserved", c_int32),
        ("ids", POINTER(c_uint64)),
        ("scores", POINTER(c_float)),
        ("counts", POINTER(c_int32)),
        ("reasons", POINTER(c_uint8)),
    ]


class pmkt_cf_history(Structure):
    _fields_ = [
        ("struct_size", c_uint32),
        ("reserved", c_int32),
        ("rows", c_int64),
        ("at", POINTER(c_int64)),
        ("items", POINTER(c_uint64)),
        ("weights", POINTER(c_float)),
    ]


# ----------------------------------------------------------------------------------- cf_evaluate.h


class pmkt_cf_evaluation(Structure):
    """Opaque."""


class pmkt_cf_split_options(Structure):
    _fields_ = [
        ("struct_size", c_uint32),
        ("how", c_int32),
        ("test", c_double),
        ("from_ms", c_int64),
        ("last", c_int64),
        ("seed", c_uint64),
        ("kind", c_int32),
        ("reserved", c_int32),
        ("allocator", POINTER(pmkt_allocator)),
    ]


class pmkt_cf_evaluate_options(Structure):
    _fields_ = [
        ("struct_size", c_uint32),
        ("n_k", c_int32),
        ("k", POINTER(c_int32)),
        ("train", POINTER(pmkt_cf_data)),
        ("keep_seen", c_int32),
        ("fold_in", c_int32),
        ("fallback", c_int32),
        ("n_groups", c_int32),
        ("group", POINTER(c_int32)),
        ("bootstrap", c_int32),
        ("reserved", c_int32),
        ("level", c_double),
        ("seed", c_uint64),
        ("allow", POINTER(pmkt_idset)),
        ("allocator", POINTER(pmkt_allocator)),
    ]


class pmkt_cf_figures(Structure):
    _fields_ = [
        ("struct_size", c_uint32),
        ("reserved", c_int32),
        ("rows", c_int64),
        ("group", POINTER(c_int32)),
        ("k", POINTER(c_int32)),
        ("metric", POINTER(c_int32)),
        ("value", POINTER(c_double)),
        ("low", POINTER(c_double)),
        ("high", POINTER(c_double)),
        ("users", POINTER(c_int64)),
        ("evaluated", c_int64),
        ("unknown", c_int64),
        ("nothing_relevant", c_int64),
        ("cold_items", c_int64),
    ]
