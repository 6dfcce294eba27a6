"""Finds and loads libpmkt, and calls it."""

from __future__ import annotations

import ctypes
import os
import sys
from pathlib import Path
from typing import Any, Callable, Dict

import numpy as np

from . import errors
from ._signatures import bind
from ._structs import pmkt_error

# The release whose headers this package was written for. Before 1.0 a minor release may change
# the ABI, so another one is refused rather than risked.
MAJOR, MINOR = 0, 3

_FILE = "libpmkt.dylib" if sys.platform == "darwin" else "libpmkt.so"


def find() -> Path:
    """The library's file: what ``PMKT_LIBRARY`` names, else the one inside the package."""
    named = os.environ.get("PMKT_LIBRARY")
    path = Path(named) if named else Path(__file__).with_name(_FILE)
    if not path.is_file():
        raise ImportError(
            f"PMKT_LIBRARY names {path}, which is not a file"
            if named
            else f"{path} is missing; install the package with pip, or name a built library in "
            "the environment variable PMKT_LIBRARY"
        )
    return path.resolve()


def load(path: Path) -> ctypes.CDLL:
    """Loads and types the library. ctypes releases the GIL during every call of it."""
    try:
        library = ctypes.CDLL(str(path))
        bind(library)
    except (OSError, AttributeError) as error:
        raise ImportError(f"{path} cannot be used as libpmkt: {error}") from error
    number = library.pmkt_version_number()
    if number // 1000 != MAJOR * 1000 + MINOR:
        raise ImportError(
            f"{path} is libpmkt {library.pmkt_version().decode()}; "
            f"this package needs {MAJOR}.{MINOR}"
        )
    return library


lib = load(find())


def call(function: Callable[..., int], *arguments: Any) -> None:
    """Calls a function that returns a status; raises what the status means."""
    error = pmkt_error()
    status = function(*arguments, ctypes.byref(error))
    if status:
        raise errors.of_status(status, error)


_TYPES: Dict[np.dtype, Any] = {
    np.dtype(name): kind * 1
    for name, kind in (
        ("uint8", ctypes.c_uint8),
        ("uint16", ctypes.c_uint16),
        ("int32", ctypes.c_int32),
        ("uint32", ctypes.c_uint32),
        ("int64", ctypes.c_int64),
        ("uint64", ctypes.c_uint64),
        ("float32", ctypes.c_float),
        ("float64", ctypes.c_double),
    )
}


def pointer(array: np.ndarray) -> Any:
    """
    What crosses into C as a typed pointer at a C-contiguous array, whom the caller keeps alive.
    """
    flags, kind = array.flags, _TYPES[array.dtype]
    if flags.carray and array.size:  # its first element: several times as fast as its address
        return kind.from_buffer(array)
    if not (flags.c_contiguous and flags.aligned):
        raise AssertionError("only a contiguous, aligned array may cross into C")
    return ctypes.cast(array.ctypes.data, ctypes.POINTER(kind._type_))


class Handle:
    """Owns what a C constructor made, and frees it when the last user of it is gone; ``lent`` is
    what C reads until then.
    """

    __slots__ = ("pointer", "_free", "_lent", "__weakref__")

    def __init__(self, pointer: Any, free: Callable[[Any], None], lent: Any = None) -> None:
        self.pointer = pointer
        self._free = free
        self._lent = lent

    def __del__(self) -> None:
        if self.pointer:
            self._free(self.pointer)
            self.pointer = None

    def __reduce__(self) -> Any:
        raise TypeError("a handle of libpmkt can be neither copied nor pickled")


class _Borrowed:
    """Memory of a handle, as NumPy reads it; NumPy keeps this object, and this the handle."""

    __slots__ = ("__array_interface__", "owner")

    def __init__(self, address: int, shape: "tuple[int, ...]", dtype: np.dtype, owner: Any):
        self.owner = owner
        self.__array_interface__ = {
            "data": (address, True),
            "shape": shape,
            "typestr": dtype.str,
            "version": 3,
        }


def borrow(at: Any, shape: "tuple[int, ...]", dtype: Any, owner: Any) -> np.ndarray:
    """A read-only view of C memory without a copy, which keeps ``owner`` alive."""
    address = ctypes.cast(at, ctypes.c_void_p).value if at else None
    if not address or 0 in shape:
        empty = np.empty(shape, dtype)
        empty.flags.writeable = False
        return empty
    return np.asarray(_Borrowed(address, shape, np.dtype(dtype), owner))
