"""Files that hold what was computed."""

from __future__ import annotations

import ctypes
import os
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, Callable, ClassVar, Iterator, Tuple, Type, TypeVar, Union

import numpy as np

from . import _constants as c
from . import _structs, errors
from ._access import Access
from ._library import Handle, call, lib
from ._run import Progress, Running, whole
from ._structs import new, pmkt_buffer, pmkt_file_info, pmkt_load_options, pmkt_save_options

PathLike = Union[str, bytes, "os.PathLike[str]", "os.PathLike[bytes]"]

_S = TypeVar("_S", bound="Saved")
_W = TypeVar("_W", bound="Saving")

_KINDS = {
    c.FILE_RFM: "rfm",
    c.FILE_IDS: "ids",
    c.FILE_CF: "cf",
    c.FILE_INTENT: "intent",
    c.FILE_PURCHASE: "purchase",
    c.FILE_LOGISTIC: "logistic",
    c.FILE_TRACKER: "tracker",
}


@dataclass(frozen=True)
class FileInfo:
    """What a file says about itself.

    Attributes:
        kind: ``"rfm"``, ``"ids"``, ``"cf"``, ``"intent"``, ``"purchase"``, ``"logistic"``,
            ``"tracker"``, or the number of a kind of a later release.
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


@contextmanager
def named(path: PathLike) -> Iterator[None]:
    """An error of the system says of which file, as Python's own do."""
    try:
        yield
    except errors.FileError as error:
        error.filename = os.fspath(path)
        raise


def _save_options(compression: int, sync: bool) -> Any:
    return ctypes.byref(
        new(
            pmkt_save_options,
            compression=whole("compression", compression, 0, 19),
            unsynced=0 if sync else 1,
        )
    )


def _load_options(max_bytes: int) -> Any:
    return ctypes.byref(
        new(pmkt_load_options, max_bytes=whole("max_bytes", max_bytes, 0, 2**63 - 1))
    )


def bytes_of(data: Any) -> np.ndarray:
    """Bytes, or whatever has them (bytearray, memoryview, mmap), as [n] uint8 without a copy."""
    try:
        return np.frombuffer(data, np.uint8) if len(data) else np.empty(0, np.uint8)
    except (TypeError, ValueError, BufferError):
        raise errors.InvalidInput(f"data is a {type(data).__name__}; expected bytes") from None


class Saving:
    """What can be saved: the same methods for each class, for file.h has them the same for each.

    A class sets ``_file``, the word in the names of its C functions, and has ``_handle``,
    ``_access`` and ``_threads``.
    """

    _file: ClassVar[str]
    _handle: Handle
    _access: Access
    _threads: int

    @classmethod
    def _function(cls, what: str) -> Callable[..., int]:
        return getattr(lib, f"pmkt_{cls._file}_{what}")

    def _saving(self, what: str) -> Tuple[Callable[..., int], Any]:
        """The C function that saves it, and the state that the function takes."""
        return self._function(what), self._handle.pointer

    def save(
        self: _W,
        path: PathLike,
        *,
        compression: int = 0,
        sync: bool = True,
        progress: Progress = None,
    ) -> _W:
        """Saves everything, in one step: whoever reads the file sees the old one or the new one.
        Returns the object.

        Args:
            path: created readable by its owner only.
            compression: 0: none; equal contents are equal bytes, and the file can be mapped. 1 to
                19: a level of zstd; smaller, cannot be mapped.
            sync: False does not wait for the disk; for caches and tests.

        Raises:
            FileError: the system could not write it; what was there is as it was.
        """
        options, encoded = _save_options(compression, sync), encode_path(path)
        with self._access.reading(), named(path):
            with Running(self._threads, progress, "saving") as run:
                call(*self._saving("save"), encoded, options, run)
        return self

    def to_bytes(self, *, compression: int = 0, progress: Progress = None) -> bytes:
        """What :meth:`save` would write, for a database or a message."""
        options, made = _save_options(compression, True), ctypes.POINTER(pmkt_buffer)()
        with self._access.reading(), Running(self._threads, progress, "saving") as run:
            call(*self._saving("save_memory"), options, run, ctypes.byref(made))
        buffer = Handle(made, lib.pmkt_buffer_free)
        at, size = lib.pmkt_buffer_data(buffer.pointer), lib.pmkt_buffer_size(buffer.pointer)
        return ctypes.string_at(at, size)


class Saved(Saving):
    """What can be saved, and read again on its own: a class makes ``_own`` of a handle."""

    def _own(self, made: Any, threads: int) -> None:
        raise NotImplementedError

    @classmethod
    def _made_by(cls: Type[_S], make: Callable[..., int], *arguments: Any, threads: int = 0) -> _S:
        """A new object of what a C function makes, whose last argument is the place for it."""
        made = ctypes.POINTER(getattr(_structs, f"pmkt_{cls._file}"))()
        call(make, *arguments, ctypes.byref(made))
        self = cls.__new__(cls)
        self._own(made, threads)
        return self

    @classmethod
    def load(
        cls: Type[_S],
        path: PathLike,
        *,
        map: bool = False,
        max_bytes: int = 0,
        threads: int = 0,
        progress: Progress = None,
    ) -> _S:
        """Reads a file that :meth:`save` wrote.

        Args:
            map: False reads the file whole and verifies it. True uses it in place: ready at once
                whatever its size; parts are read and checked when needed, and shared by all
                processes. Changes stay in memory. Never write into a mapped file, replace it (as
                :meth:`save` does).
            max_bytes, threads: as of a new object.

        Raises:
            FileError: the system cannot read it (FileMissing, a FileNotFoundError, if it is not
                there).
            BadFormat: it is no file of libpmkt, of another kind, or of a newer release.
            Corrupt: it is damaged. If it is mapped also later, when it is read.
            Unsupported: a compressed file cannot be mapped.
        """
        options, encoded = _load_options(max_bytes), encode_path(path)
        with named(path), Running(threads, progress, "loading") as run:
            if map:
                return cls._made_by(cls._function("map"), encoded, options, threads=threads)
            return cls._made_by(cls._function("load"), encoded, options, run, threads=threads)

    @classmethod
    def from_bytes(
        cls: Type[_S],
        data: Any,
        *,
        max_bytes: int = 0,
        threads: int = 0,
        progress: Progress = None,
    ) -> _S:
        """Reads what :meth:`to_bytes` or :meth:`save` made; see :meth:`load`."""
        options, view = _load_options(max_bytes), bytes_of(data)
        with Running(threads, progress, "loading") as run:
            where = (view.ctypes.data, len(view))
            make = cls._function("load_memory")
            return cls._made_by(make, *where, options, run, threads=threads)

    def verify(self: _S, progress: Progress = None) -> _S:
        """Reads the whole file of what is mapped and compares every checksum; what was loaded has
        been verified. Returns the object.

        Raises:
            Corrupt: the file is damaged; ``where`` is the byte.
        """
        with self._access.reading(), Running(self._threads, progress, "verifying") as run:
            call(self._function("verify"), self._handle.pointer, run)
        return self


def inspect(path: PathLike) -> FileInfo:
    """Reads the header and the table of sections of a file, whatever its kind.

    Raises:
        FileError: the system cannot read it (FileMissing if it is not there).
        BadFormat: it is no file of libpmkt, or one that this release cannot read.
        Corrupt: it is damaged.
    """
    raw, encoded = new(pmkt_file_info), encode_path(path)
    with named(path):
        call(lib.pmkt_file_inspect, encoded, ctypes.byref(raw))
    same = "format min_reader sections compressed bytes bytes_unpacked".split()
    return FileInfo(
        kind=_KINDS.get(raw.kind, raw.kind), **{name: getattr(raw, name) for name in same}
    )


def verify(path: PathLike, progress: Progress = None) -> None:
    """Reads a whole file, of any kind, and compares every checksum.

    Raises:
        Corrupt: it is damaged; and as :func:`inspect`.
    """
    encoded = encode_path(path)
    with named(path), Running(0, progress, "verifying") as run:
        call(lib.pmkt_file_verify, encoded, run)
