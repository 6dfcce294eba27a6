"""The way back from ids to the texts that they were made of."""

from __future__ import annotations

import ctypes
from typing import Any, Iterator, List, NamedTuple, Optional, Tuple

import numpy as np

from . import errors
from ._access import Access, joining
from ._arrow import Stream
from ._files import Saved
from ._ids import ids_of_texts, numbers_of
from ._library import Handle, call, lib, pointer
from ._run import Progress, Running, whole
from ._strings import listed, text_table, to_strings, to_texts
from ._structs import new, pmkt_ids, pmkt_ids_counters, pmkt_ids_options
from ._zones import instant, make_zone


class IdsStats(NamedTuple):
    """What a dictionary holds; ``bytes_mapped`` of the file that it uses in place."""

    generation: int
    strings: int
    string_bytes: int
    forgotten: int
    bytes: int
    bytes_mapped: int


class Forgotten(NamedTuple):
    """What a dictionary has forgotten, ascending by id."""

    ids: np.ndarray
    """[n] uint64"""

    when: np.ndarray
    """[n] datetime64[ms], UTC"""


class Ids(Saved):
    """A dictionary of texts: gives each its 64-bit id, and gives the text of an id back.

    The id of a text is a frozen hash, the same in every process, language and release. Two texts
    with the same id (a chance of 3 in a million at 10 million texts) are a :class:`Collision`.

    Any thread may call: those that ask (decode, contains, save) run at once, those that change the
    dictionary (encode, merge, forget) alone.

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

    _file = "ids"

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
        self._access = Access("dictionary")

    # ---------------------------------------------------------------------------- changing

    def encode(self, texts: Any, progress: Progress = None) -> np.ndarray:
        """[n] uint64: the ids of texts, which are remembered from then on.

        Args:
            texts: a list, an array, or a column of pandas, polars or pyarrow; all str or all
                bytes. What is missing gets 0, which is no id.

        Raises:
            Collision: a text has the id of a different one; nothing was learned (of a column that
            Arrow keeps in chunks: nothing from that chunk on).
        """
        table = text_table(texts)
        if table is not None:
            if not self.stats.forgotten:
                return self._encode_stream(Stream(table), len(texts), progress)
            texts = listed(texts)  # a stream would leave the forgotten forgotten
        strings = to_strings(texts, "texts")
        ids = np.empty(strings.n, np.uint64)
        where = (strings.bytes, pointer(strings.offsets), strings.n)
        with self._access.writing(), Running(self._threads, progress, "encoding") as run:
            call(lib.pmkt_ids_encode, self._handle.pointer, *where, run, pointer(ids))
        if strings.rows is None:
            return ids
        everywhere = np.zeros(strings.n_rows, np.uint64)
        everywhere[strings.rows] = ids
        return everywhere

    def _encode_stream(self, stream: Stream, rows: int, progress: Progress) -> np.ndarray:
        ids, n = np.empty(rows, np.uint64), ctypes.c_int64()
        out = (pointer(ids), rows, ctypes.byref(n))
        with self._access.writing(), Running(self._threads, progress, "encoding") as run:
            call(lib.pmkt_arrow_ids, stream.pointer, None, self._handle.pointer, run, *out)
        return ids

    def merge(self, other: "Ids", progress: Progress = None) -> "Ids":
        """Adds all that another dictionary knows; what either has forgotten is unknown here.
        Returns this one."""
        if not isinstance(other, Ids):
            raise errors.InvalidInput(f"merge takes another Ids, not {type(other).__name__}")
        if other is self:
            raise errors.InvalidInput("a dictionary cannot be merged with itself")
        with joining(self._access, other._access):
            with Running(self._threads, progress, "merging") as run:
                call(lib.pmkt_ids_merge, self._handle.pointer, other._handle.pointer, run)
        return self

    def forget(self, ids: Any, when: Any) -> int:
        """Forgets texts: their bytes are overwritten now. A dated tombstone stays for each id, so
        that neither merging an old dictionary nor reading an old table (:meth:`Events.from_arrow`)
        brings them back; encoding them does, and so does an event that is not older.

        Args:
            ids: ids, or the texts themselves; unknown ones get a tombstone as well.
            when: the date or time (UTC) of the forgetting: now, for the library does not look.

        Returns:
            how many different ones were known.
        """
        numbers = self._numbers(ids)
        when_ms = instant(when, make_zone(None, 0), "when")
        found = ctypes.c_int64()
        with self._access.writing():
            call(
                lib.pmkt_ids_forget,
                self._handle.pointer,
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
        with self._access.reading():
            offsets, known = self._measure(numbers)
            content = (ctypes.c_char * max(int(offsets[-1]), 1))()
            call(
                lib.pmkt_ids_decode,
                self._handle.pointer,
                pointer(numbers),
                len(numbers),
                content,
                len(content),
                pointer(offsets),
                None,
            )
        return to_texts(bytes(memoryview(content)[: int(offsets[-1])]), offsets, known, raw)

    def _measure(self, numbers: np.ndarray) -> Tuple[np.ndarray, np.ndarray]:
        """Where the text of each id would lie, and whether it is known."""
        offsets, known = np.empty(len(numbers) + 1, np.int64), np.empty(len(numbers), np.uint8)
        where, out = (pointer(numbers), len(numbers)), (pointer(offsets), pointer(known))
        call(lib.pmkt_ids_decode, self._handle.pointer, *where, None, 0, *out)
        return offsets, known

    def contains(self, ids: Any) -> np.ndarray:
        """[n] bool, whether ids, or texts, are known."""
        numbers = self._numbers(ids)
        with self._access.reading():
            return self._measure(numbers)[1].view(bool)

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
        with self._access.reading():
            handle = self._handle.pointer
            call(lib.pmkt_ids_list, handle, None, 0, ctypes.byref(n))
            numbers = np.empty(n.value, np.uint64)
            call(lib.pmkt_ids_list, handle, pointer(numbers), n.value, ctypes.byref(n))
        return numbers

    def forgotten(self) -> Forgotten:
        """The tombstones: ids, and when each was forgotten, to show an erasure or to forget the
        same elsewhere.

        >>> ids = pmkt.Ids(["ann"])
        >>> ids.forget("ann", "2026-05-01")
        1
        >>> ids.forgotten().when.tolist()
        [datetime.datetime(2026, 5, 1, 0, 0)]
        """
        n = ctypes.c_int64()
        with self._access.reading():
            handle = self._handle.pointer
            call(lib.pmkt_ids_forgotten, handle, None, None, 0, ctypes.byref(n))
            ids, when = np.empty(n.value, np.uint64), np.empty(n.value, np.int64)
            out = (pointer(ids), pointer(when), n.value, ctypes.byref(n))
            call(lib.pmkt_ids_forgotten, handle, *out)
        return Forgotten(ids, when.view("datetime64[ms]"))

    def __iter__(self) -> Iterator[str]:
        """The texts, in the order of their ids."""
        return iter(self.decode(self.ids))

    def _counters(self) -> pmkt_ids_counters:
        counters = new(pmkt_ids_counters)
        with self._access.reading():
            call(lib.pmkt_ids_stats, self._handle.pointer, ctypes.byref(counters))
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

    def __reduce__(self) -> Tuple[Any, ...]:
        return _restore, (self.to_bytes(), self._threads)


def check_ids(ids: Any) -> Optional[Ids]:
    """A dictionary that an argument named ``ids`` gives, or None."""
    if ids is not None and not isinstance(ids, Ids):
        raise errors.InvalidInput(f"ids is a {type(ids).__name__}; expected pmkt.Ids")
    return ids


def _restore(content: bytes, threads: int) -> Ids:
    return Ids.from_bytes(content, threads=threads)
