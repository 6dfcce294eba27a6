"""The structs of what all modules share: of base.h to arrow.h."""

from __future__ import annotations

import ctypes
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
    c_size_t,
    c_uint8,
    c_uint16,
    c_uint32,
    c_uint64,
    c_void_p,
)
from typing import Any, Type, TypeVar

from . import _constants as c

_S = TypeVar("_S", bound=Structure)

ALLOCATE = CFUNCTYPE(c_void_p, c_void_p, c_void_p, c_size_t, c_size_t, c_size_t)
PROGRESS = CFUNCTYPE(c_int, c_void_p, c_double, c_char_p)


def new(kind: Type[_S], /, **fields: Any) -> _S:
    """A struct with its ``struct_size`` set, the given fields, and zero elsewhere."""
    return kind(struct_size=ctypes.sizeof(kind), **fields)


# ----------------------------------------------------------------------------------------- base.h


class pmkt_error(Structure):
    _fields_ = [
        ("code", c_int32),
        ("sys_errno", c_int32),
        ("where_kind", c_int32),
        ("reserved", c_int32),
        ("where", c_int64),
        ("message", c_char * 232),
    ]


class pmkt_allocator(Structure):
    _fields_ = [("fn", ALLOCATE), ("ctx", c_void_p)]


class pmkt_progress(Structure):
    _fields_ = [("fn", PROGRESS), ("ctx", c_void_p)]


class pmkt_run(Structure):
    _fields_ = [("struct_size", c_uint32), ("threads", c_int32), ("progress", pmkt_progress)]


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
