"""The Arrow C stream interface: tables of any library in, tables for any library out.

Only ctypes is needed: whoever makes or takes a table brings Arrow along, or does without.
"""

from __future__ import annotations

import ctypes
from typing import Any, Callable, List, Mapping, Optional

from . import _constants as c
from . import errors
from ._kinds import kind_number
from ._structs import ArrowArrayStream, pmkt_kind_label

_NAME = b"arrow_array_stream"

_python = ctypes.pythonapi
_python.PyCapsule_GetPointer.restype = ctypes.c_void_p
_python.PyCapsule_GetPointer.argtypes = [ctypes.py_object, ctypes.c_char_p]
_python.PyCapsule_New.restype = ctypes.py_object
_python.PyCapsule_New.argtypes = [ctypes.c_void_p, ctypes.c_char_p, ctypes.c_void_p]

# A destructor gets the capsule when its count is zero already: it must not become an object.
_get_pointer = ctypes.PYFUNCTYPE(ctypes.c_void_p, ctypes.c_void_p, ctypes.c_char_p)(
    ("PyCapsule_GetPointer", _python)
)

UNITS = {
    "ms": c.UNIT_MILLISECONDS,
    "s": c.UNIT_SECONDS,
    "us": c.UNIT_MICROSECONDS,
    "ns": c.UNIT_NANOSECONDS,
}


# ------------------------------------------------------------------------------------ in


def has_stream(source: Any) -> bool:
    """Whether a table can be asked for a stream."""
    return type(source).__name__ == "PyCapsule" or hasattr(source, "__arrow_c_stream__")


class Stream:
    """A producer's stream, until the library takes it; it must be kept alive until then."""

    def __init__(self, source: Any) -> None:
        if not has_stream(source):
            raise errors.InvalidInput(
                f"{type(source).__name__} has no __arrow_c_stream__; expected a table of pyarrow, "
                "polars, DuckDB, pandas 2.2 or newer, or the like"
            )
        self._capsule = source
        if hasattr(source, "__arrow_c_stream__"):
            try:
                self._capsule = source.__arrow_c_stream__()
            except ImportError as error:
                raise errors.InvalidInput(
                    f"{type(source).__name__} cannot hand out a stream: {error} "
                    "(Events.from_frame does without)"
                ) from error
        try:
            address = _python.PyCapsule_GetPointer(self._capsule, _NAME)
        except ValueError as error:
            raise errors.InvalidInput(f"this capsule holds no Arrow stream: {error}") from error
        self.pointer = ctypes.cast(address, ctypes.POINTER(ArrowArrayStream))


def column_name(name: Any, argument: str) -> Optional[bytes]:
    """The name of a column for C, or None."""
    if name is None:
        return None
    if not isinstance(name, str) or not name or "\0" in name:
        raise errors.InvalidInput(f"{argument} is {name!r}; expected the name of a column")
    return name.encode("utf-8")


def decimals_of(exponent: int) -> int:
    """An exponent of 0 to 6 as C's ``decimals``, where 0 is the default of 2."""
    return exponent if exponent else c.DECIMALS_NONE


def name_array(names: List[str], argument: str) -> Any:
    """Names for C as an array of strings, or None."""
    if not names:
        return None
    return (ctypes.c_char_p * len(names))(*(column_name(name, argument) for name in names))


def kind_labels(kinds: Optional[Mapping[Any, Any]]) -> Any:
    """What the values of a kind column mean, for C; or None."""
    if not kinds:
        return None
    labels = []
    for value, kind in kinds.items():
        number = kind_number(kind)
        if isinstance(value, str) and "\0" not in value:
            labels.append(pmkt_kind_label(text=value.encode("utf-8"), kind=number))
        elif isinstance(value, int) and -(2**63) <= value < 2**63:
            labels.append(pmkt_kind_label(number=value, kind=number))
        else:
            raise errors.InvalidInput(f"kinds: {value!r} is neither a text nor a whole number")
    return (pmkt_kind_label * len(labels))(*labels)


# ----------------------------------------------------------------------------------- out


def _destroy(capsule: Optional[int]) -> None:
    """Releases a stream that nobody took, and the memory of the struct."""
    address = _get_pointer(capsule, _NAME)
    if not address:
        return
    stream = ctypes.cast(address, ctypes.POINTER(ArrowArrayStream))
    if stream.contents.release:
        stream.contents.release(stream)
    _given.pop(address, None)


# The interpreter calls it with the lock held, unlike a callback of a foreign thread.
_destroyer = ctypes.PYFUNCTYPE(None, ctypes.c_void_p)(_destroy)
_given: dict = {}  # address to the struct, while a capsule holds it


def capsule_of(fill: Callable[[Any], None]) -> Any:
    """A capsule with the stream that ``fill`` writes."""
    stream = ArrowArrayStream()
    fill(ctypes.byref(stream))
    address = ctypes.addressof(stream)
    _given[address] = stream
    return _python.PyCapsule_New(address, _NAME, ctypes.cast(_destroyer, ctypes.c_void_p))
