"""The structs of base.h, which those of the other headers point at."""

from __future__ import annotations

import ctypes
from ctypes import (
    CFUNCTYPE,
    Structure,
    c_char,
    c_char_p,
    c_double,
    c_int,
    c_int32,
    c_int64,
    c_size_t,
    c_uint32,
    c_void_p,
)
from typing import Any, Type, TypeVar

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
