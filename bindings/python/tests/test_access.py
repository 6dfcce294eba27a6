"""Threads: those who ask do it at once, those who change something are alone."""

from __future__ import annotations

import threading
from typing import Any, Callable, List

import pytest

import pmkt
from pmkt._access import Access, joining


def begun(work: Callable[[], Any]) -> threading.Thread:
    thread = threading.Thread(target=work, daemon=True)
    thread.start()
    return thread


def test_readers_are_in_at_once_and_a_writer_is_alone() -> None:
    access, seen = Access("thing"), []  # type: ignore[var-annotated]
    both = threading.Barrier(2, timeout=30)

    def read() -> None:
        with access.reading():
            both.wait()  # passes only if the other one is in as well
            both.wait()
            seen.append("read")

    def write() -> None:
        with access.writing():
            seen.append("written")

    reader = begun(read)
    with access.reading():
        both.wait()
        writer = begun(write)
        while not access._waiting:
            pass
        late = begun(lambda: seen.append("late") if _enter(access) else None)
        with access.reading():  # who is in may ask again, though a writer waits
            assert seen == []
        both.wait()
        reader.join(30)
        assert seen == ["read"]
    writer.join(30)
    late.join(30)
    assert seen == ["read", "written", "late"]


def _enter(access: Access) -> bool:
    with access.reading():
        return True


def test_waiting_for_oneself_is_an_error() -> None:
    access = Access("thing")
    with access.writing():
        for way in (access.reading, access.writing):
            with pytest.raises(pmkt.InvalidInput, match="this thing is busy"):
                with way():
                    pass
    with access.reading():
        with pytest.raises(pmkt.InvalidInput, match="busy"):
            with access.writing():
                pass
    with access.writing():
        pass  # nobody was left in


def test_crosswise_merges_do_not_lock_up() -> None:
    a, b = pmkt.Ids(["ann"]), pmkt.Ids(["bob"])

    def merge(into: pmkt.Ids, other: pmkt.Ids) -> None:
        for _ in range(200):
            into.merge(other)

    threads = [begun(lambda: merge(a, b)), begun(lambda: merge(b, a))]
    for thread in threads:
        thread.join(60)
        assert not thread.is_alive()
    assert sorted(a) == sorted(b) == ["ann", "bob"]
    first, second = Access("first"), Access("second")
    with joining(first, second), second.reading():
        with pytest.raises(pmkt.InvalidInput, match="this first is busy"):
            with first.reading():
                pass


def test_progress_of_a_reader_may_ask() -> None:
    rfm = pmkt.RFM().add(pmkt.Events(user=[1, 2], time=[0, 1], amount=[5, 6]))
    heard: List[int] = []
    rfm.score("1970-02-01", progress=lambda done, stage: heard.append(rfm.stats.rows_accepted))
    assert heard and set(heard) == {2}
    with pytest.raises(pmkt.InvalidInput, match="this state is busy"):
        rfm.score("1970-02-01", progress=lambda done, stage: rfm.compact() and None)
    ids = pmkt.Ids(["ann"])
    heard.clear()
    ids.to_bytes(progress=lambda done, stage: heard.append(len(ids)))
    assert set(heard) == {1}
