"""Files that hold what was computed."""

from __future__ import annotations

import ctypes
import os
from dataclasses import dataclass
from typing import Any, Callable, Optional, Union

import numpy as np

from . import _constants as c
from . import errors
from ._library import Handle, call, lib
from ._run import Progress, Running, whole
from ._structs import (
    new,
    pmkt_allocator,
    pmkt_buffer,
    pmkt_file_info,
    pmkt_load_options,
    pmkt_save_options,
)

PathLike = Union[str, bytes, "os.PathLike[str]", "os.PathLike[bytes]"]

_KINDS = {c.FILE_RFM: "rfm", c.FILE_IDS: "ids"}


@dataclass(frozen=True)
class FileInfo:
    """What a file says about itself.

    Attributes:
        kind: ``"rfm"``, ``"ids"``, or the number of a kind of a later release.
        format: version of the format that the file is written in.
        min_reader: the oldest format version whose readers understand it.
        sections: parts that the file has.
        compressed: of them, by zstd; the file can be mapped if there are none.
        bytes: of the file.
        bytes_unpacked: of its sections, without compression.
    """

    kind: Union[str, int]
    format: int
    min_reader: int
    sections: int
    compressed: int
    bytes: int
    bytes_unpacked: int


def encode_path(path: PathLike) -> bytes:
    """A path as the system takes it."""
    try:
        encoded = os.fsencode(path)
    except TypeError:
        raise errors.InvalidInput(f"path is {path!r}; expected a text or a Path") from None
    if b"\0" in encoded:
        raise errors.InvalidInput(f"path is {path!r}; no file's name has a NUL")
    return encoded


def save_options(compression: Any, sync: Any = True) -> Any:
    """Pointer at the options of a save call."""
    return ctypes.byref(
        new(
            pmkt_save_options,
            compression=whole("compression", compression, 0, 19),
            unsynced=0 if sync else 1,
        )
    )


def load_options(max_bytes: Any) -> Any:
    """Pointer at the options of a load call."""
    return ctypes.byref(
        new(
            pmkt_load_options,
            allocator=ctypes.POINTER(pmkt_allocator)(),
            max_bytes=whole("max_bytes", max_bytes, 0, 2**63 - 1),
        )
    )


def take_buffer(save: Callable[[Any], None]) -> bytes:
    """The bytes that a _save_memory call made; ``save`` gets the place for its result."""
    made = ctypes.POINTER(pmkt_buffer)()
    save(ctypes.byref(made))
    handle = Handle(made, lib.pmkt_buffer_free)
    at, size = lib.pmkt_buffer_data(handle.pointer), lib.pmkt_buffer_size(handle.pointer)
    return ctypes.string_at(at, size)


def borrow_bytes(data: Any) -> np.ndarray:
    """Bytes, or whatever has them (bytearray, memoryview, mmap), as [n] uint8 without a copy."""
    try:
        return np.frombuffer(data, np.uint8) if len(data) else np.empty(0, np.uint8)
    except (TypeError, ValueError, BufferError):
        raise errors.InvalidInput(f"data is a {type(data).__name__}; expected bytes") from None


def inspect(path: PathLike) -> FileInfo:
    """Reads the header and the table of sections of a file, whatever its kind.

    Raises:
        FileError: the system cannot read it (a FileNotFoundError if it is not there).
        BadFormat: it is no file of libpmkt, or one that this release cannot read.
        Corrupt: it is damaged.
    """
    raw = new(pmkt_file_info)
    call(lib.pmkt_file_inspect, encode_path(path), ctypes.byref(raw))
    same = "format min_reader sections compressed bytes bytes_unpacked".split()
    return FileInfo(
        kind=_KINDS.get(raw.kind, raw.kind), **{name: getattr(raw, name) for name in same}
    )


def verify(path: PathLike, progress: Progress = None) -> None:
    """Reads a whole file, of any kind, and compares every checksum.

    Raises:
        Corrupt: it is damaged; and as :func:`inspect`.
    """
    encoded: Optional[bytes] = encode_path(path)
    with Running(0, progress, "verifying") as run:
        call(lib.pmkt_file_verify, encoded, run)
