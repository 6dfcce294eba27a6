"""The structs of the public headers for ctypes, under their C names.

A test compares every field with the headers, and with a compiler's offsets.
"""

from __future__ import annotations

from ctypes import (
    CFUNCTYPE,
    POINTER,
    Structure,
    c_char,
    c_char_p,
    c_double,
    c_float,
    c_int,
    c_int32,
    c_int64,
    c_uint8,
    c_uint16,
    c_uint32,
    c_uint64,
    c_void_p,
)

from . import _constants as c
from ._structs_base import ALLOCATE as ALLOCATE
from ._structs_base import PROGRESS as PROGRESS
from ._structs_base import new as new
from ._structs_base import pmkt_allocator as pmkt_allocator
from ._structs_base import pmkt_error as pmkt_error
from ._structs_base import pmkt_progress as pmkt_progress
from ._structs_base import pmkt_run as pmkt_run
from ._structs_intent import pmkt_intent as pmkt_intent
from ._structs_intent import pmkt_intent_answers as pmkt_intent_answers
from ._structs_intent import pmkt_intent_facts as pmkt_intent_facts
from ._structs_intent import pmkt_intent_options as pmkt_intent_options
from ._structs_intent import pmkt_intent_paths as pmkt_intent_paths
from ._structs_intent import pmkt_intent_table as pmkt_intent_table

WATCH = CFUNCTYPE(c_int, c_void_p, c_int32, c_double)


# ----------------------------------------------------------------------------------------- time.h


class pmkt_transition(Structure):
    _fields_ = [("from_ms", c_int64), ("offset_minutes", c_int32), ("reserved", c_int32)]


class pmkt_zone(Structure):
    _fields_ = [
        ("struct_size", c_uint32),
        ("offset_minutes", c_int32),
        ("transitions", POINTER(pmkt_transition)),
        ("n_transitions", c_int64),
    ]


# --------------------------------------------------------------------------------------- events.h


class pmkt_column(Structure):
    _fields_ = [("name", c_char_p), ("data", c_void_p), ("type", c_int32), ("reserved", c_int32)]


class pmkt_events(Structure):
    _fields_ = [
        ("struct_size", c_uint32),
        ("on_bad", c_int32),
        ("rows", c_int64),
        ("user", POINTER(c_uint64)),
        ("time", POINTER(c_int64)),
        ("kind", POINTER(c_uint16)),
        ("item", POINTER(c_uint64)),
        ("category", POINTER(c_uint64)),
        ("order", POINTER(c_uint64)),
        ("session", POINTER(c_uint64)),
        ("channel", POINTER(c_uint64)),
        ("event_id", POINTER(c_uint64)),
        ("amount", POINTER(c_int64)),
        ("quantity", POINTER(c_int64)),
        ("extra", POINTER(pmkt_column)),
        ("n_extra", c_int64),
        ("every_kind", c_int32),
        ("currency_exponent", c_int32),
        ("currency", c_char * 8),
        ("reject", POINTER(c_uint8)),
    ]


class pmkt_report(Structure):
    _fields_ = [
        ("struct_size", c_uint32),
        ("reserved", c_uint32),
        ("rows", c_int64),
        ("accepted", c_int64),
        ("rejected", c_int64),
        ("ignored", c_int64),
        ("first_bad", c_int64),
        ("by_reason", c_int64 * c.BAD_REASONS),
        ("rejected_bits", POINTER(c_uint8)),
    ]


# ----------------------------------------------------------------------------------------- file.h


class pmkt_save_options(Structure):
    _fields_ = [
        ("struct_size", c_uint32),
        ("compression", c_int32),
        ("unsynced", c_int32),
        ("reserved", c_int32),
    ]


class pmkt_load_options(Structure):
    _fields_ = [
        ("struct_size", c_uint32),
        ("reserved", c_uint32),
        ("allocator", POINTER(pmkt_allocator)),
        ("max_bytes", c_int64),
    ]


class pmkt_buffer(Structure):
    """Opaque."""


class pmkt_file_info(Structure):
    _fields_ = [
        ("struct_size", c_uint32),
        ("kind", c_int32),
        ("format", c_int32),
        ("min_reader", c_int32),
        ("sections", c_int32),
        ("compressed", c_int32),
        ("bytes", c_int64),
        ("bytes_unpacked", c_int64),
    ]


# ------------------------------------------------------------------------------------------ rfm.h


class pmkt_rfm(Structure):
    """Opaque."""


class pmkt_rfm_scores(Structure):
    """Opaque."""


class pmkt_rfm_migration(Structure):
    """Opaque."""


class pmkt_rfm_options(Structure):
    _fields_ = [
        ("struct_size", c_uint32),
        ("mode", c_int32),
        ("zone", POINTER(pmkt_zone)),
        ("allocator", POINTER(pmkt_allocator)),
        ("max_bytes", c_int64),
        ("unpriced", c_int32),
        ("reserved", c_int32),
    ]


class pmkt_rfm_counters(Structure):
    _fields_ = [
        ("struct_size", c_uint32),
        ("mode", c_int32),
        ("generation", c_int64),
        ("rows_accepted", c_int64),
        ("rows_rejected", c_int64),
        ("rows_ignored", c_int64),
        ("rows_pending", c_int64),
        ("customers", c_int64),
        ("orders", c_int64),
        ("forgotten", c_int64),
        ("bytes", c_int64),
        ("first_event_ms", c_int64),
        ("last_event_ms", c_int64),
        ("currency", c_char * 8),
        ("currency_exponent", c_int32),
        ("reserved", c_int32),
    ]


class pmkt_rfm_tier(Structure):
    _fields_ = [("name", c_char_p), ("from_minor", c_int64)]


class pmkt_rfm_segment(Structure):
    _fields_ = [
        ("name", c_char_p),
        ("r_min", c_uint8),
        ("r_max", c_uint8),
        ("f_min", c_uint8),
        ("f_max", c_uint8),
        ("m_min", c_uint8),
        ("m_max", c_uint8),
        ("reserved", c_uint8 * 2),
    ]


class pmkt_rfm_score_options(Structure):
    _fields_ = [
        ("struct_size", c_uint32),
        ("scheme", c_int32),
        ("bins", c_int32),
        ("collapse", c_int32),
        ("frequency", c_int32),
        ("monetary", c_int32),
        ("active_days", c_int32),
        ("dormant_days", c_int32),
        ("f_high", c_double),
        ("f_low", c_double),
        ("m_high", c_int64),
        ("m_low", c_int64),
        ("month_days", c_int32),
        ("f_window_days", c_int32),
        ("growth_days", c_int32),
        ("mature_days", c_int32),
        ("churn_days", c_int32),
        ("at_risk_days", c_int32),
        ("loyal_orders", c_int32),
        ("tier_days", c_int32),
        ("tiers", POINTER(pmkt_rfm_tier)),
        ("n_tiers", c_int64),
        ("segments", POINTER(pmkt_rfm_segment)),
        ("n_segments", c_int64),
        ("previous", POINTER(pmkt_rfm_scores)),
    ]


class pmkt_rfm_columns(Structure):
    _fields_ = [
        ("struct_size", c_uint32),
        ("scheme", c_int32),
        ("rows", c_int64),
        ("as_of_ms", c_int64),
        ("user", POINTER(c_uint64)),
        ("recency_days", POINTER(c_int32)),
        ("orders", POINTER(c_int64)),
        ("orders_per_month", POINTER(c_double)),
        ("average_order", POINTER(c_int64)),
        ("revenue", POINTER(c_int64)),
        ("tenure_days", POINTER(c_int32)),
        ("r", POINTER(c_uint8)),
        ("f", POINTER(c_uint8)),
        ("m", POINTER(c_uint8)),
        ("segment", POINTER(c_uint8)),
        ("activity", POINTER(c_uint8)),
        ("lifecycle", POINTER(c_uint8)),
        ("brand_stage", POINTER(c_uint8)),
        ("tier", POINTER(c_uint8)),
        ("flags", POINTER(c_uint8)),
        ("tier_spend", POINTER(c_int64)),
        ("to_next_tier", POINTER(c_int64)),
        ("bins", c_int32),
        ("currency_exponent", c_int32),
        ("currency", c_char * 8),
        ("r_cuts", POINTER(c_double)),
        ("f_cuts", POINTER(c_double)),
        ("m_cuts", POINTER(c_int64)),
    ]


class pmkt_rfm_group(Structure):
    _fields_ = [
        ("code", c_int32),
        ("reserved", c_int32),
        ("customers", c_int64),
        ("orders", c_int64),
        ("revenue", c_int64),
        ("customer_share", c_double),
        ("order_share", c_double),
        ("revenue_share", c_double),
        ("average_order", c_double),
        ("average_revenue", c_double),
        ("average_recency", c_double),
        ("orders_per_month", c_double),
    ]


class pmkt_rfm_rates(Structure):
    _fields_ = [
        ("struct_size", c_uint32),
        ("reserved", c_uint32),
        ("customers", c_int64),
        ("moved", c_int64),
        ("dormant_before", c_int64),
        ("dormant_to_active", c_int64),
        ("active_before", c_int64),
        ("active_to_dormant", c_int64),
        ("buyers_before", c_int64),
        ("churned_before", c_int64),
        ("newly_churned", c_int64),
        ("moved_rate", c_double),
        ("dormant_to_active_rate", c_double),
        ("active_to_dormant_rate", c_double),
        ("churn_rate", c_double),
    ]


# ------------------------------------------------------------------------------------------ ids.h


class pmkt_ids(Structure):
    """Opaque."""


class pmkt_ids_options(Structure):
    _fields_ = [
        ("struct_size", c_uint32),
        ("one_way", c_int32),
        ("allocator", POINTER(pmkt_allocator)),
        ("max_bytes", c_int64),
    ]


class pmkt_ids_counters(Structure):
    _fields_ = [
        ("struct_size", c_uint32),
        ("one_way", c_int32),
        ("generation", c_int64),
        ("strings", c_int64),
        ("string_bytes", c_int64),
        ("forgotten", c_int64),
        ("bytes", c_int64),
        ("bytes_mapped", c_int64),
    ]


# ---------------------------------------------------------------------------------------- idset.h


class pmkt_idset(Structure):
    """Opaque."""


# ---------------------------------------------------------------------------------------- items.h


class pmkt_items(Structure):
    _fields_ = [
        ("struct_size", c_uint32),
        ("on_bad", c_int32),
        ("rows", c_int64),
        ("item", POINTER(c_uint64)),
        ("category", POINTER(c_uint64)),
        ("brand", POINTER(c_uint64)),
        ("price", POINTER(c_int64)),
        ("stock", POINTER(c_int64)),
        ("vector", POINTER(c_float)),
        ("dimensions", c_int64),
        ("extra", POINTER(pmkt_column)),
        ("n_extra", c_int64),
        ("reserved", c_int32),
        ("currency_exponent", c_int32),
        ("currency", c_char * 8),
        ("reject", POINTER(c_uint8)),
    ]


# ---------------------------------------------------------------------------------------- arrow.h


class ArrowArrayStream(Structure):
    """Of the Arrow C stream interface. Whoever holds one calls its ``release`` once."""


ArrowArrayStream._fields_ = [
    ("get_schema", c_void_p),
    ("get_next", c_void_p),
    ("get_last_error", c_void_p),
    ("release", CFUNCTYPE(None, POINTER(ArrowArrayStream))),
    ("private_data", c_void_p),
]


class pmkt_arrow_events(Structure):
    """Opaque."""


class pmkt_arrow_items(Structure):
    """Opaque."""


class pmkt_kind_label(Structure):
    _fields_ = [
        ("text", c_char_p),
        ("number", c_int64),
        ("kind", c_int32),
        ("reserved", c_int32),
    ]


class pmkt_arrow_columns(Structure):
    _fields_ = [
        ("struct_size", c_uint32),
        ("on_bad", c_int32),
        ("user", c_char_p),
        ("time", c_char_p),
        ("kind", c_char_p),
        ("item", c_char_p),
        ("category", c_char_p),
        ("order", c_char_p),
        ("session", c_char_p),
        ("channel", c_char_p),
        ("event_id", c_char_p),
        ("amount", c_char_p),
        ("amount_minor", c_char_p),
        ("price", c_char_p),
        ("quantity", c_char_p),
        ("extra", POINTER(c_char_p)),
        ("n_extra", c_int64),
        ("kinds", POINTER(pmkt_kind_label)),
        ("n_kinds", c_int64),
        ("every_kind", c_int32),
        ("time_unit", c_int32),
        ("decimals", c_int32),
        ("reserved", c_int32),
        ("currency", c_char * 8),
        ("zone", POINTER(pmkt_zone)),
        ("users", POINTER(pmkt_ids)),
        ("names", POINTER(pmkt_ids)),
    ]


class pmkt_arrow_item_columns(Structure):
    _fields_ = [
        ("struct_size", c_uint32),
        ("on_bad", c_int32),
        ("item", c_char_p),
        ("category", c_char_p),
        ("brand", c_char_p),
        ("price", c_char_p),
        ("price_minor", c_char_p),
        ("stock", c_char_p),
        ("vector", c_char_p),
        ("extra", POINTER(c_char_p)),
        ("n_extra", c_int64),
        ("decimals", c_int32),
        ("reserved", c_int32),
        ("currency", c_char * 8),
        ("items", POINTER(pmkt_ids)),
        ("names", POINTER(pmkt_ids)),
    ]


class pmkt_arrow_options(Structure):
    _fields_ = [("struct_size", c_uint32), ("raw", c_int32), ("ids", POINTER(pmkt_ids))]


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


# Those of further headers, which build on the ones above.
from ._structs_funnel import *  # noqa: E402, F403
