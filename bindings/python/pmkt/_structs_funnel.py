"""The structs of funnel.h."""

from __future__ import annotations

from ctypes import POINTER, Structure, c_double, c_int32, c_int64, c_uint32, c_uint64

from ._structs_base import pmkt_allocator, pmkt_zone


class pmkt_funnel(Structure):
    """Opaque."""


class pmkt_paths(Structure):
    """Opaque."""


class pmkt_funnel_step(Structure):
    _fields_ = [
        ("kinds", POINTER(c_int32)),
        ("n_kinds", c_int64),
        ("item", c_uint64),
        ("category", c_uint64),
        ("channel", c_uint64),
    ]


class pmkt_funnel_options(Structure):
    _fields_ = [
        ("struct_size", c_uint32),
        ("open", c_int32),
        ("strict", c_int32),
        ("hold", c_int32),
        ("count", c_int32),
        ("by_session", c_int32),
        ("window_ms", c_int64),
        ("gap_ms", c_int64),
        ("allocator", POINTER(pmkt_allocator)),
    ]


class pmkt_funnel_columns(Structure):
    _fields_ = [
        ("struct_size", c_uint32),
        ("reserved", c_int32),
        ("steps", c_int64),
        ("reached", POINTER(c_int64)),
        ("entered", POINTER(c_int64)),
        ("continued", POINTER(c_int64)),
        ("lost", POINTER(c_int64)),
        ("conversion", POINTER(c_double)),
        ("overall", POINTER(c_double)),
        ("p25_ms", POINTER(c_double)),
        ("median_ms", POINTER(c_double)),
        ("p75_ms", POINTER(c_double)),
        ("n_next", c_int64),
        ("next_step", POINTER(c_int32)),
        ("next_kind", POINTER(c_int32)),
        ("next_n", POINTER(c_int64)),
        ("attempts", c_int64),
        ("user", POINTER(c_uint64)),
        ("first", POINTER(c_int32)),
        ("last", POINTER(c_int32)),
        ("begin_ms", POINTER(c_int64)),
        ("units", c_int64),
    ]


class pmkt_paths_options(Structure):
    _fields_ = [
        ("struct_size", c_uint32),
        ("top", c_int32),
        ("max_length", c_int32),
        ("collapse", c_int32),
        ("goal", c_int32),
        ("page", c_int32),
        ("top_pages", c_int32),
        ("by_session", c_int32),
        ("user_hours", c_int32),
        ("reserved", c_int32),
        ("gap_ms", c_int64),
        ("soon_ms", c_int64),
        ("zone", POINTER(pmkt_zone)),
        ("allocator", POINTER(pmkt_allocator)),
    ]


class pmkt_paths_columns(Structure):
    _fields_ = [
        ("struct_size", c_uint32),
        ("reserved", c_int32),
        ("sessions", c_int64),
        ("users", c_int64),
        ("converted", c_int64),
        ("distinct", c_int64),
        ("n", c_int64),
        ("at", POINTER(c_int64)),
        ("kind", POINTER(c_int32)),
        ("count", POINTER(c_int64)),
        ("path_users", POINTER(c_int64)),
        ("conversions", POINTER(c_int64)),
        ("n_moves", c_int64),
        ("from", POINTER(c_int32)),
        ("to", POINTER(c_int32)),
        ("moves", POINTER(c_int64)),
        ("share", POINTER(c_double)),
        ("move_ms", POINTER(c_double)),
        ("n_pages", c_int64),
        ("page", POINTER(c_uint64)),
        ("stays", POINTER(c_int64)),
        ("exits", POINTER(c_int64)),
        ("soon", POINTER(c_int64)),
        ("stay_ms", POINTER(c_double)),
        ("hours", POINTER(c_int64)),
        ("n_user_hours", c_int64),
        ("hour_user", POINTER(c_uint64)),
        ("hour", POINTER(c_int32)),
        ("hour_events", POINTER(c_int64)),
    ]
