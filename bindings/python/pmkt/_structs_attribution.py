"""The structs of attribution.h."""

from __future__ import annotations

from ctypes import POINTER, Structure, c_double, c_int32, c_int64, c_uint32, c_uint64

from ._structs_base import pmkt_allocator, pmkt_idset


class pmkt_attribution(Structure):
    """Opaque."""


class pmkt_attribution_data(Structure):
    """Opaque."""


class pmkt_attribution_paths(Structure):
    _fields_ = [
        ("struct_size", c_uint32),
        ("reserved", c_int32),
        ("paths", c_int64),
        ("at", POINTER(c_int64)),
        ("channel", POINTER(c_uint64)),
        ("time", POINTER(c_int64)),
        ("conversions", POINTER(c_double)),
        ("values", POINTER(c_double)),
        ("nulls", POINTER(c_double)),
    ]


class pmkt_attribution_options(Structure):
    _fields_ = [
        ("struct_size", c_uint32),
        ("model", c_int32),
        ("order", c_int32),
        ("ignore_nulls", c_int32),
        ("first_share", c_double),
        ("last_share", c_double),
        ("half_life_ms", c_int64),
        ("half_life_touches", c_double),
        ("bootstrap", c_int32),
        ("reserved", c_int32),
        ("level", c_double),
        ("seed", c_uint64),
        ("allocator", POINTER(pmkt_allocator)),
    ]


class pmkt_attribution_table(Structure):
    _fields_ = [
        ("struct_size", c_uint32),
        ("model", c_int32),
        ("order", c_int32),
        ("bootstrap", c_int32),
        ("rows", c_int64),
        ("channel", POINTER(c_uint64)),
        ("conversions", POINTER(c_double)),
        ("value", POINTER(c_double)),
        ("removal_effect", POINTER(c_double)),
        ("value_removal_effect", POINTER(c_double)),
        ("low", POINTER(c_double)),
        ("high", POINTER(c_double)),
        ("value_low", POINTER(c_double)),
        ("value_high", POINTER(c_double)),
        ("touches", POINTER(c_int64)),
        ("paths", POINTER(c_int64)),
        ("total_conversions", c_double),
        ("total_value", c_double),
        ("total_nulls", c_double),
        ("unattributed_conversions", c_double),
        ("unattributed_value", c_double),
        ("n_paths", c_int64),
        ("n_touches", c_int64),
        ("states", c_int64),
        ("transitions", c_int64),
    ]


class pmkt_attribution_order_options(Structure):
    _fields_ = [
        ("struct_size", c_uint32),
        ("max_order", c_int32),
        ("folds", c_int32),
        ("ignore_nulls", c_int32),
        ("seed", c_uint64),
        ("allocator", POINTER(pmkt_allocator)),
    ]


class pmkt_attribution_orders(Structure):
    _fields_ = [
        ("struct_size", c_uint32),
        ("best", c_int32),
        ("transitions", c_double),
        ("log_likelihood", c_double * 5),
    ]


class pmkt_attribution_data_options(Structure):
    _fields_ = [
        ("struct_size", c_uint32),
        ("conversion", c_int32),
        ("touch_kinds", POINTER(c_int32)),
        ("n_touch_kinds", c_int64),
        ("window_ms", c_int64),
        ("same_touch_ms", c_int64),
        ("as_of_ms", c_int64),
        ("merge", c_int32),
        ("reserved", c_int32),
        ("users", POINTER(pmkt_idset)),
        ("allocator", POINTER(pmkt_allocator)),
    ]
