"""The structs of rfm.h."""

from __future__ import annotations

from ctypes import (
    POINTER,
    Structure,
    c_char,
    c_char_p,
    c_double,
    c_int32,
    c_int64,
    c_uint8,
    c_uint32,
    c_uint64,
)

from ._structs_base import pmkt_allocator, pmkt_zone

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
