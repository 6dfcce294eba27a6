"""The way back from ids to the texts that they were made of."""

from __future__ import annotations

import ctypes
import threading
from contextlib import ExitStack, contextmanager
from typing import Any, Iterator, List, NamedTuple, Optional, Tuple

import numpy as np

from . import errors
from ._files import PathLike, borrow_bytes, encode_path
from ._ids import ids_of_texts, numbers_of
from ._library import Handle, call, lib, pointer
from ._run import Progress, Running, whole
from ._strings import to_strings, to_texts
from ._structs import (
    new,
    pmkt_buffer,
    pmkt_ids,
    pmkt_ids_counters,
    pmkt_ids_options,
    pmkt_load_options,
    pmkt_save_options,
)
from ._zones import instant, make_zone


class IdsStats(NamedTuple):
    """What a dictionary holds; ``bytes_mapped`` of the file that it uses in place."""

    generation: int
    strings: int
    string_bytes: int
    forgotten: int
    bytes: int
    bytes_mapped: int


class Ids:
    """A dictionary of texts: gives each its 64-bit id, and gives the text of an id back.

    The id of a text is a frozen hash, the same in every process, language and release. Two texts
    with the same id (a chance of 3 in a million at 10 million texts) are a :class:`Collision`.

    >>> ids = pmkt.Ids()
    >>> ids.encode(["ann", "bob", "ann"]).tolist()[0] == ids.encode(["ann"])[0]
    True
    >>> ids.decode(ids.encode(["bob", None]))
    ['bob', None]

    Args:
        texts: texts to begin with, as in :meth:`encode`.
        one_way: give ids, but remember nothing: there is no way back, and nothing to leak.
        max_bytes: refuse what would make the dictionary larger (LimitReached); 0 = no limit.
        threads: for every call, at most; 0 = as many as this process may use.
    """

    def __init__(
        self, texts: Any = None, *, one_way: bool = False, max_bytes: int = 0, threads: int = 0
    ) -> None:
        options = new(
            pmkt_ids_options,
            one_way=1 if one_way else 0,
            max_bytes=whole("max_bytes", max_bytes, 0, 2**63 - 1),
        )
        made = ctypes.POINTER(pmkt_ids)()
        call(lib.pmkt_ids_new, ctypes.byref(options), ctypes.byref(made))
        self._own(made, threads)
        if texts is not None:
            self.encode(texts)

    def _own(self, made: Any, threads: int) -> None:
        self._handle = Handle(made, lib.pmkt_ids_free)
        self._threads = whole("threads", threads, 0, 1024)
        self._lock = threading.Lock()
        self._busy_thread: Optional[int] = None

    @contextmanager
    def _alone(self) -> Iterator[Any]:
        """Keeps other threads out, for a call may change what another one reads."""
        me = threading.get_ident()
        if self._busy_thread == me:
            raise errors.InvalidInput("these ids are busy: their progress callback may not call")
        with self._lock:
            try:
                self._busy_thread = me
                yield self._handle.pointer
            finally:
                self._busy_thread = None

    # ---------------------------------------------------------------------------- changing

    def encode(self, texts: Any, progress: Progress = None) -> np.ndarray:
        """[n] uint64: the ids of texts, which are remembered from then on.

        Args:
            texts: a list, an array, or a column of pandas, polars or pyarrow; all str or all
                bytes. What is missing gets 0, which is no id.

        Raises:
            Collision: a text has the id of a different one; nothing was learned.
        """
        strings = to_strings(texts, "texts")
        ids = np.empty(strings.n, np.uint64)
        with self._alone() as handle, Running(self._threads, progress, "encoding") as run:
            call(
                lib.pmkt_ids_encode,
                handle,
                strings.bytes,
                pointer(strings.offsets),
                strings.n,
                run,
                pointer(ids),
            )
        if strings.rows is None:
            return ids
        everywhere = np.zeros(strings.n_rows, np.uint64)
        everywhere[strings.rows] = ids
        return everywhere

    def merge(self, other: "Ids", progress: Progress = None) -> "Ids":
        """Adds all that another dictionary knows; what one has forgotten is unknown in both.
        Returns this one."""
        if not isinstance(other, Ids):
            raise errors.InvalidInput(f"merge takes another Ids, not {type(other).__name__}")
        if other is self:
            raise errors.InvalidInput("a dictionary cannot be merged with itself")
        with ExitStack() as both:
            # Always in the same order, so that two threads that merge crosswise do not lock up.
            for one in sorted((self, other), key=id):
                both.enter_context(one._alone())
            with Running(self._threads, progress, "merging") as run:
                call(lib.pmkt_ids_merge, self._handle.pointer, other._handle.pointer, run)
        return self

    def forget(self, ids: Any, when: Any) -> int:
        """Forgets texts: their bytes are overwritten now. A dated tombstone stays for each id, so
        that merging an old dictionary does not bring them back; encoding them does.

        Args:
            ids: ids, or the texts themselves; unknown ones get a tombstone as well.
            when: the date or time (UTC) of the forgetting: now, for the library does not look.

        Returns:
            how many different ones were known.
        """
        numbers = self._numbers(ids)
        when_ms = instant(when, make_zone(None, 0), "when")
        found = ctypes.c_int64()
        with self._alone() as handle:
            call(
                lib.pmkt_ids_forget,
                handle,
                pointer(numbers),
                len(numbers),
                when_ms,
                ctypes.byref(found),
            )
        return found.value

    # ------------------------------------------------------------------------------ asking

    @staticmethod
    def _numbers(ids: Any) -> np.ndarray:
        """[n] uint64 of ids or texts, one or many."""
        if isinstance(ids, (str, bytes)):
            return ids_of_texts([ids])
        if isinstance(ids, (int, np.integer)):
            ids = [ids if isinstance(ids, bool) else int(ids)]
        return numbers_of(ids, "ids")

    def decode(self, ids: Any, raw: bool = False) -> List[Any]:
        """[n] the texts of ids, None where one is not known (or is 0).

        Args:
            raw: give bytes rather than str.
        """
        numbers = self._numbers(ids)
        offsets = np.empty(len(numbers) + 1, np.int64)
        known = np.empty(len(numbers), np.uint8)
        with self._alone() as handle:
            content = self._decode(handle, numbers, offsets, known)
        return to_texts(content, offsets, known, raw)

    @staticmethod
    def _decode(handle: Any, numbers: np.ndarray, offsets: np.ndarray, known: np.ndarray) -> bytes:
        where = (pointer(offsets), pointer(known))
        call(lib.pmkt_ids_decode, handle, pointer(numbers), len(numbers), None, 0, *where)
        room = int(offsets[-1])
        content = (ctypes.c_char * max(room, 1))()
        call(lib.pmkt_ids_decode, handle, pointer(numbers), len(numbers), content, room, *where)
        return bytes(memoryview(content)[:room])

    def contains(self, ids: Any) -> np.ndarray:
        """[n] bool, whether ids, or texts, are known."""
        numbers = self._numbers(ids)
        offsets = np.empty(len(numbers) + 1, np.int64)
        known = np.empty(len(numbers), np.uint8)
        with self._alone() as handle:
            call(
                lib.pmkt_ids_decode,
                handle,
                pointer(numbers),
                len(numbers),
                None,
                0,
                pointer(offsets),
                pointer(known),
            )
        return known.view(bool)

    def __contains__(self, one: Any) -> bool:
        if isinstance(one, bool) or not isinstance(one, (str, bytes, int, np.integer)):
            return False
        if isinstance(one, (int, np.integer)) and not 0 < int(one) < 2**64:
            return False
        return bool(self.contains(one)[0])

    def __len__(self) -> int:
        return self.stats.strings

    def __bool__(self) -> bool:
        return True

    @property
    def ids(self) -> np.ndarray:
        """[len] uint64, ascending: the ids of all texts that are known."""
        n = ctypes.c_int64()
        with self._alone() as handle:
            call(lib.pmkt_ids_list, handle, None, 0, ctypes.byref(n))
            numbers = np.empty(n.value, np.uint64)
            call(lib.pmkt_ids_list, handle, pointer(numbers), n.value, ctypes.byref(n))
        return numbers

    def __iter__(self) -> Iterator[str]:
        """The texts, in the order of their ids."""
        return iter(self.decode(self.ids))

    def _counters(self) -> pmkt_ids_counters:
        counters = new(pmkt_ids_counters)
        with self._alone() as handle:
            call(lib.pmkt_ids_stats, handle, ctypes.byref(counters))
        return counters

    @property
    def stats(self) -> IdsStats:
        counters = self._counters()
        return IdsStats(*(getattr(counters, name) for name in IdsStats._fields))

    @property
    def one_way(self) -> bool:
        return bool(self._counters().one_way)

    def __repr__(self) -> str:
        stats = self.stats
        gone = f", {stats.forgotten:,} forgotten" if stats.forgotten else ""
        return f"<pmkt.Ids of {stats.strings:,} texts{gone}>"

    # ------------------------------------------------------------------------------- files

    def save(
        self, path: PathLike, *, compression: int = 0, sync: bool = True, progress: Progress = None
    ) -> None:
        """Saves to a file, in one step: a reader sees the old file or the new one.

        Args:
            compression: 0 for none: equal dictionaries are equal bytes, and the file can be
                mapped. 1 to 19: a level of zstd.
            sync: wait for the disk.
        """
        options = self._saving(compression, sync)
        with self._alone() as handle, Running(self._threads, progress, "saving") as run:
            call(lib.pmkt_ids_save, handle, encode_path(path), ctypes.byref(options), run)

    @staticmethod
    def _saving(compression: int, sync: bool) -> pmkt_save_options:
        return new(
            pmkt_save_options,
            compression=whole("compression", compression, 0, 19),
            unsynced=0 if sync else 1,
        )

    def to_bytes(self, *, compression: int = 0) -> bytes:
        """What :meth:`save` would write."""
        options = self._saving(compression, True)
        buffer = ctypes.POINTER(pmkt_buffer)()
        with self._alone() as handle, Running(self._threads, None, "saving") as run:
            call(lib.pmkt_ids_save_memory, handle, ctypes.byref(options), run, ctypes.byref(buffer))
        owner = Handle(buffer, lib.pmkt_buffer_free)
        size = lib.pmkt_buffer_size(owner.pointer)
        return ctypes.string_at(lib.pmkt_buffer_data(owner.pointer), size)

    @classmethod
    def load(
        cls,
        path: PathLike,
        *,
        mmap: bool = False,
        max_bytes: int = 0,
        threads: int = 0,
        progress: Progress = None,
    ) -> "Ids":
        """Reads a file that :meth:`save` wrote.

        Args:
            mmap: use the file in place: ready at once whatever its size, and shared by all
                processes; see :meth:`verify`. It must never be written to or cut while in use.
        """
        options = new(pmkt_load_options, max_bytes=whole("max_bytes", max_bytes, 0, 2**63 - 1))
        made = ctypes.POINTER(pmkt_ids)()
        where, how, out = encode_path(path), ctypes.byref(options), ctypes.byref(made)
        if mmap:
            call(lib.pmkt_ids_map, where, how, out)
        else:
            with Running(threads, progress, "loading") as run:
                call(lib.pmkt_ids_load, where, how, run, out)
        return cls._of(made, threads)

    @classmethod
    def from_bytes(cls, content: Any, *, max_bytes: int = 0, threads: int = 0) -> "Ids":
        """Reads what :meth:`to_bytes` gave."""
        view = borrow_bytes(content)
        options = new(pmkt_load_options, max_bytes=whole("max_bytes", max_bytes, 0, 2**63 - 1))
        made = ctypes.POINTER(pmkt_ids)()
        with Running(threads, None, "loading") as run:
            call(
                lib.pmkt_ids_load_memory,
                view.ctypes.data,
                len(view),
                ctypes.byref(options),
                run,
                ctypes.byref(made),
            )
        return cls._of(made, threads)

    @classmethod
    def _of(cls, made: Any, threads: int) -> "Ids":
        ids = cls.__new__(cls)
        ids._own(made, threads)
        return ids

    def verify(self, progress: Progress = None) -> None:
        """Reads a mapped file whole and compares every checksum; what is loaded was verified.

        Raises:
            Corrupt: it is damaged.
        """
        with self._alone() as handle, Running(self._threads, progress, "verifying") as run:
            call(lib.pmkt_ids_verify, handle, run)

    def __reduce__(self) -> Tuple[Any, ...]:
        return _restore, (self.to_bytes(), self._threads)


def _restore(content: bytes, threads: int) -> Ids:
    return Ids.from_bytes(content, threads=threads)
