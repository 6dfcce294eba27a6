"""The structs of rules.h."""

from __future__ import annotations

from ctypes import POINTER, Structure, c_char_p, c_double, c_int32, c_int64, c_uint32, c_uint64

from ._structs_base import pmkt_allocator, pmkt_zone


class pmkt_rules(Structure):
    """Opaque."""


class pmkt_rules_matches(Structure):
    """Opaque."""


class pmkt_rules_options(Structure):
    _fields_ = [
        ("struct_size", c_uint32),
        ("reserved", c_int32),
        ("zone", POINTER(pmkt_zone)),
        ("allocator", POINTER(pmkt_allocator)),
    ]


class pmkt_rules_facts(Structure):
    _fields_ = [
        ("struct_size", c_uint32),
        ("rules", c_int32),
        ("intents", c_int32),
        ("columns", c_int32),
        ("partials", c_int32),
        ("reserved", c_int32),
        ("bytes", c_int64),
        ("hash", c_uint64),
    ]


class pmkt_rule(Structure):
    _fields_ = [
        ("struct_size", c_uint32),
        ("line", c_int32),
        ("intent", c_char_p),
        ("cause", c_char_p),
        ("strength", c_double),
        ("cooldown_ms", c_int64),
        ("suggestions", POINTER(c_char_p)),
        ("n_suggestions", c_int64),
        ("text", c_char_p),
        ("length", c_int64),
        ("at", c_int64),
    ]


class pmkt_rules_match_options(Structure):
    _fields_ = [
        ("struct_size", c_uint32),
        ("partials", c_int32),
        ("until_ms", c_int64),
        ("allocator", POINTER(pmkt_allocator)),
    ]


class pmkt_rules_matches_columns(Structure):
    _fields_ = [
        ("struct_size", c_uint32),
        ("reserved", c_int32),
        ("n", c_int64),
        ("row", POINTER(c_int64)),
        ("user", POINTER(c_uint64)),
        ("time", POINTER(c_int64)),
        ("rule", POINTER(c_int32)),
        ("strength", POINTER(c_double)),
        ("users", c_int64),
        ("suppressed", c_int64),
        ("outranked", c_int64),
        ("dropped", c_int64),
        ("since", POINTER(c_int64)),
    ]
