"""The structs of intent.h."""

from __future__ import annotations

from ctypes import (
    POINTER,
    Structure,
    c_char_p,
    c_double,
    c_int32,
    c_int64,
    c_uint8,
    c_uint32,
    c_uint64,
)

from ._structs_base import pmkt_allocator


class pmkt_intent(Structure):
    """Opaque."""


class pmkt_intent_options(Structure):
    _fields_ = [
        ("struct_size", c_uint32),
        ("order", c_int32),
        ("gap_ms", c_int64),
        ("goal", c_uint32),
        ("by_session", c_int32),
        ("allocator", POINTER(pmkt_allocator)),
        ("classes", POINTER(c_uint64)),
        ("n_classes", c_int64),
        ("class_column", c_char_p),
    ]


class pmkt_intent_paths(Structure):
    _fields_ = [
        ("struct_size", c_uint32),
        ("reserved", c_uint32),
        ("n", c_int64),
        ("at", POINTER(c_int64)),
        ("action", POINTER(c_uint32)),
        ("dwell", POINTER(c_int64)),
        ("bought", POINTER(c_uint8)),
    ]


class pmkt_intent_facts(Structure):
    _fields_ = [
        ("struct_size", c_uint32),
        ("order", c_int32),
        ("gap_ms", c_int64),
        ("goal", c_uint32),
        ("actions", c_int32),
        ("sessions", c_int64),
        ("buyers", c_int64),
        ("counted", c_int64),
        ("contexts", c_int64),
        ("transitions", c_int64),
        ("bytes", c_int64),
        ("residual", c_double),
        ("classes", c_int64),
    ]


class pmkt_intent_answers(Structure):
    _fields_ = [
        ("struct_size", c_uint32),
        ("reserved", c_uint32),
        ("goal", POINTER(c_double)),
        ("leave", POINTER(c_double)),
        ("steps", POINTER(c_double)),
        ("time_ms", POINTER(c_double)),
        ("log_all", POINTER(c_double)),
        ("log_buyer", POINTER(c_double)),
        ("log_other", POINTER(c_double)),
        ("next", POINTER(c_uint32)),
        ("next_p", POINTER(c_double)),
        ("context", POINTER(c_int32)),
    ]


class pmkt_intent_table(Structure):
    _fields_ = [
        ("struct_size", c_uint32),
        ("reserved", c_uint32),
        ("room", c_int64),
        ("from", POINTER(c_uint32)),
        ("to", POINTER(c_uint32)),
        ("count", POINTER(c_int64)),
        ("buyers", POINTER(c_int64)),
        ("probability", POINTER(c_double)),
        ("median_ms", POINTER(c_double)),
    ]
