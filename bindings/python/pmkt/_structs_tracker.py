"""The structs of tracker.h."""

from __future__ import annotations

from ctypes import POINTER, Structure, c_double, c_int32, c_int64, c_uint32, c_uint64

from ._structs_base import pmkt_allocator


class pmkt_tracker(Structure):
    """Opaque."""


class pmkt_tracker_options(Structure):
    _fields_ = [
        ("struct_size", c_uint32),
        ("partials", c_int32),
        ("capacity", c_int64),
        ("max_bytes", c_int64),
        ("ttl_ms", c_int64),
        ("late_ms", c_int64),
        ("history", c_int32),
        ("shards", c_int32),
        ("actions", c_int32),
        ("learn", c_int32),
        ("allocator", POINTER(pmkt_allocator)),
    ]


class pmkt_tracker_fired(Structure):
    _fields_ = [
        ("user", c_uint64),
        ("time", c_int64),
        ("since", c_int64),
        ("row", c_int64),
        ("strength", c_double),
        ("rule", c_int32),
        ("generation", c_uint32),
    ]


class pmkt_tracker_answers(Structure):
    _fields_ = [
        ("struct_size", c_uint32),
        ("reserved", c_uint32),
        ("p_goal", POINTER(c_double)),
        ("p_cart", POINTER(c_double)),
        ("time_ms", POINTER(c_double)),
        ("next", POINTER(c_uint32)),
        ("next_p", POINTER(c_double)),
        ("rule", POINTER(c_int32)),
        ("fired", POINTER(pmkt_tracker_fired)),
        ("room", c_int64),
        ("from", c_int64),
        ("done", c_int64),
        ("n_fired", c_int64),
    ]


class pmkt_tracker_event(Structure):
    _fields_ = [
        ("time", c_int64),
        ("item", c_uint64),
        ("category", c_uint64),
        ("channel", c_uint64),
        ("log_odds", c_double),
        ("kind", c_int32),
        ("matched", c_int32),
    ]


class pmkt_tracker_evidence(Structure):
    _fields_ = [
        ("struct_size", c_uint32),
        ("rule", c_int32),
        ("event", POINTER(pmkt_tracker_event)),
        ("room", c_int64),
        ("n", c_int64),
        ("time", c_int64),
        ("since", c_int64),
        ("session", c_int64),
        ("evidence", c_double),
        ("generation", c_uint32),
        ("reserved", c_uint32),
    ]


class pmkt_tracker_counts(Structure):
    _fields_ = [
        ("struct_size", c_uint32),
        ("generation", c_uint32),
        ("users", c_int64),
        ("bytes", c_int64),
        ("clock_ms", c_int64),
        ("events", c_int64),
        ("bad", c_int64),
        ("late", c_int64),
        ("clocks_back", c_int64),
        ("fired", c_int64),
        ("unheard", c_int64),
        ("suppressed", c_int64),
        ("outranked", c_int64),
        ("dropped", c_int64),
        ("ended", c_int64),
        ("evicted", c_int64),
        ("expired", c_int64),
        ("forgotten", c_int64),
        ("waiting", c_int64),
        ("learned", c_int64),
        ("unlearned", c_int64),
    ]
