"""Dictionaries of texts."""

from __future__ import annotations

import pickle
import random
import threading
from pathlib import Path
from typing import Any, List

import numpy as np
import pytest
from conftest import ROOT, needed, optional

import pmkt
from pmkt._ids import ids_of_texts

TEXTS = ["ann", "bob", "", "客户一", "ann", "x" * 1000, "a\0b", "\ud800 lone", "zoë"]


def test_texts_come_back() -> None:
    ids = pmkt.Ids()
    found = ids.encode(TEXTS)
    assert found.dtype == np.uint64
    assert found.tolist() == ids_of_texts(TEXTS).tolist()
    assert ids.decode(found) == TEXTS
    assert len(ids) == len(set(TEXTS))
    assert sorted(ids) == sorted(set(TEXTS))
    assert ids.ids.tolist() == sorted(set(found.tolist()))


def test_ascii_alone_takes_the_short_way_to_the_same_end() -> None:
    texts = ["ann", "bob", "", "ann"]
    ids = pmkt.Ids()
    assert ids.decode(ids.encode(texts)) == texts
    assert ids.encode(texts).tolist() == pmkt.Ids().encode([*texts, "é"]).tolist()[:-1]


def test_what_is_missing_is_no_id() -> None:
    ids = pmkt.Ids()
    found = ids.encode(["ann", None, float("nan"), "bob"])
    assert found[1] == found[2] == 0
    assert ids.decode(found) == ["ann", None, None, "bob"]
    assert len(ids) == 2
    assert ids.decode([12345]) == [None]
    assert ids.encode([]).tolist() == []
    assert ids.encode([None]).tolist() == [0]
    assert ids.decode([]) == []


def test_bytes_are_texts_of_their_own_kind() -> None:
    ids = pmkt.Ids([b"ann", b"\xff\xfe"])
    assert "ann" in ids
    assert ids.decode(ids_of_texts([b"\xff\xfe"]), raw=True) == [b"\xff\xfe"]
    (text,) = ids.decode(ids_of_texts([b"\xff\xfe"]))
    assert text.encode("utf-8", "surrogateescape") == b"\xff\xfe"
    assert len(ids.decode(ids.ids, raw=True)) == 2


def columns(texts: List[Any]) -> List[Any]:
    """The same texts in every form that can hold them."""
    made: List[Any] = [texts, tuple(texts), np.array(texts, object)]
    pandas, polars, pyarrow = optional("pandas"), optional("polars"), optional("pyarrow")
    if pandas:
        made += [pandas.Series(texts), pandas.Series(texts, dtype="category")]
        made += [pandas.Series(texts, dtype=object), pandas.Series(texts, dtype="string")]
    if polars:
        made += [polars.Series(texts), polars.Series(texts, dtype=polars.Categorical)]
    if pyarrow:
        for kind in (pyarrow.string(), pyarrow.large_string()):
            made.append(pyarrow.array(texts, kind))
            made.append(pyarrow.array(["no", *texts, "no"], kind)[1:-1])
            made.append(pyarrow.chunked_array([texts[:3], texts[3:]], kind))
        made.append(pyarrow.array(texts).dictionary_encode())
        made.append(pyarrow.chunked_array([], pyarrow.string()) if not texts else made[-1])
        if hasattr(pyarrow, "string_view"):
            made.append(pyarrow.array(texts, pyarrow.string_view()))
    return made


def test_every_kind_of_column_gives_the_same_ids() -> None:
    texts = ["ann", "bob", None, "客户一", "ann", "", None, "carl"]
    expected = pmkt.Ids().encode(texts).tolist()
    for column in columns(texts):
        ids = pmkt.Ids()
        assert ids.encode(column).tolist() == expected, type(column)
        assert len(ids) == 5, type(column)
    for column in columns([]):
        assert pmkt.Ids().encode(column).tolist() == [], type(column)


@pytest.mark.parametrize("bad", [[1, 2], ["a", b"b"], ["a", 1], "ann", 5, None, np.arange(3), [[]]])
def test_what_holds_no_texts_is_refused(bad: Any) -> None:
    ids = pmkt.Ids()
    with pytest.raises(pmkt.InvalidInput):
        ids.encode(bad)
    assert len(ids) == 0


def test_numbers_of_arrow_are_refused() -> None:
    pyarrow = needed("pyarrow")
    with pytest.raises(pmkt.InvalidInput, match="int64"):
        pmkt.Ids().encode(pyarrow.array([1, 2]))


def test_contains() -> None:
    ids = pmkt.Ids(["ann", "bob"])
    (ann,) = ids.encode(["ann"])
    assert "ann" in ids and ann in ids and int(ann) in ids
    assert "eve" not in ids and 5 not in ids and -1 not in ids and None not in ids
    assert ids.contains(["ann", "eve"]).tolist() == [True, False]
    assert ids.contains([ann, 0, 7]).tolist() == [True, False, False]


@pytest.mark.parametrize(
    "bad",
    [
        None,
        1.5,
        True,
        -1,
        2**64,
        [1.5],
        [True],
        [-1],
        [2**64],
        ["5", 3],
        [b"5", 3],
        [object()],
        object(),
        np.array([-5]),
        np.array([1.5]),
        np.array([True]),
        np.array([1 + 0j]),
        np.array([[1, 2]], np.uint64),
        np.array(3),
        {"ann": 1},
    ],
)
def test_what_is_no_id_is_never_taken_for_another(bad: Any) -> None:
    ids = pmkt.Ids(["ann"])
    with pytest.raises(pmkt.InvalidInput):
        ids.decode(bad)
    with pytest.raises(pmkt.InvalidInput):
        ids.contains(bad)
    with pytest.raises(pmkt.InvalidInput):
        ids.forget(bad, "2026-01-01")
    assert ids.stats.forgotten == 0 and len(ids) == 1


def test_ids_in_every_shape() -> None:
    ids = pmkt.Ids(["ann", "bob"])
    both = ids.encode(["ann", "bob"])
    for many in (both, both.tolist(), tuple(both), iter(both), both.astype(">u8"), ["ann", "bob"]):
        assert ids.decode(many) == ["ann", "bob"]
    assert sorted(ids.decode(set(both.tolist()))) == ["ann", "bob"]
    assert ids.decode(np.repeat(both, 2)[::2]) == ["ann", "bob"]
    assert ids.decode(both[0]) == ["ann"]
    assert ids.decode([None, 0]) == [None, None]
    assert True not in ids


def test_paths_that_are_none(tmp_path: Path) -> None:
    ids = pmkt.Ids(["ann"])
    for bad in (None, 5, [str(tmp_path)], f"{tmp_path}/a\0b"):
        with pytest.raises(pmkt.InvalidInput, match="path"):
            ids.save(bad)  # type: ignore[arg-type]
        with pytest.raises(pmkt.InvalidInput, match="path"):
            pmkt.Ids.load(bad)  # type: ignore[arg-type]
    assert not list(tmp_path.iterdir())


def test_only_bytes_are_read_as_bytes() -> None:
    content = pmkt.Ids(["ann"]).to_bytes()
    for good in (bytearray(content), memoryview(content), np.frombuffer(content, np.uint8)):
        assert "ann" in pmkt.Ids.from_bytes(good)
    for bad in (5, -1, 10**12, "ann", None, [1, 2], memoryview(content)[::2]):
        with pytest.raises(pmkt.InvalidInput):
            pmkt.Ids.from_bytes(bad)


def test_forgetting() -> None:
    ids = pmkt.Ids(["ann", "bob", "carl"])
    assert ids.forget(["ann", "eve"], "2024-05-01") == 1
    assert ids.forget("bob", 1_700_000_000_000) == 1
    assert ids.decode(ids_of_texts(["ann", "bob", "carl"])) == [None, None, "carl"]
    assert ids.stats.forgotten == 3
    gone = ids.forgotten()
    assert gone.ids.tolist() == sorted(ids_of_texts(["ann", "eve", "bob"]).tolist())
    dates = dict(zip(gone.ids.tolist(), gone.when.astype(str).tolist()))
    assert dates[ids_of_texts(["ann"])[0]] == "2024-05-01T00:00:00.000"
    assert dates[ids_of_texts(["bob"])[0]] == "2023-11-14T22:13:20.000"
    assert gone.when.dtype == "datetime64[ms]" and len(pmkt.Ids().forgotten().ids) == 0
    old = pmkt.Ids(["ann", "bob", "dora"])
    ids.merge(old)
    assert sorted(ids) == ["carl", "dora"]
    ids.encode(["ann"])
    assert "ann" in ids
    with pytest.raises(pmkt.InvalidInput):
        ids.forget(["ann"], None)
    with pytest.raises(pmkt.InvalidInput):
        ids.forget([-1], 0)


def test_merging() -> None:
    ids, other = pmkt.Ids(["ann", "bob"]), pmkt.Ids(["bob", "carl"])
    assert ids.merge(other) is ids
    assert sorted(ids) == ["ann", "bob", "carl"]
    assert sorted(other) == ["bob", "carl"]
    with pytest.raises(pmkt.InvalidInput):
        ids.merge(ids)
    with pytest.raises(pmkt.InvalidInput):
        ids.merge(["ann"])  # type: ignore[arg-type]
    with pytest.raises(pmkt.Mismatch):
        ids.merge(pmkt.Ids(one_way=True))


def test_one_way_keeps_nothing() -> None:
    ids = pmkt.Ids(one_way=True)
    assert ids.encode(["ann"]).tolist() == ids_of_texts(["ann"]).tolist()
    assert ids.one_way and len(ids) == 0 and ids.decode(ids_of_texts(["ann"])) == [None]
    assert pickle.loads(pickle.dumps(ids)).one_way


def test_a_limit() -> None:
    ids = pmkt.Ids(max_bytes=100_000)
    ids.encode(["ann"])
    with pytest.raises(pmkt.LimitReached):
        ids.encode([f"customer {i}" for i in range(10_000)])
    assert list(ids) == ["ann"]


def test_files(tmp_path: Path) -> None:
    texts = [f"customer {i}" for i in range(50_000)]
    ids = pmkt.Ids(texts, threads=2)
    ids.forget("customer 7", "2024-05-01")
    path = tmp_path / "ids.pmkt"
    ids.save(path, sync=False)
    content = path.read_bytes()
    assert content == ids.to_bytes()
    assert len(ids.to_bytes(compression=3)) < len(content)
    random.seed(1)
    random.shuffle(texts)
    other = pmkt.Ids(texts)
    other.forget("customer 7", "2024-05-01")
    assert other.to_bytes() == content
    for again in (
        pmkt.Ids.load(path),
        pmkt.Ids.load(path, map=True),
        pmkt.Ids.from_bytes(content),
        pmkt.Ids.from_bytes(ids.to_bytes(compression=3)),
        pickle.loads(pickle.dumps(ids)),
    ):
        again.verify()
        assert again.to_bytes() == content
        assert "customer 8" in again and "customer 7" not in again
        again.encode(["customer 7", "another"])
        assert "another" in again and len(again) == 50_001
    assert path.read_bytes() == content
    with pytest.raises(pmkt.Corrupt):
        pmkt.Ids.from_bytes(content[:-1] + bytes([content[-1] ^ 1]))
    with pytest.raises(pmkt.BadFormat):
        pmkt.Ids.from_bytes(b"what is this?" * 100)
    with pytest.raises(OSError) as failed:
        pmkt.Ids.load(tmp_path / "nowhere")
    assert isinstance(failed.value, pmkt.FileError) and failed.value.errno == 2


def test_a_golden_file() -> None:
    ids = pmkt.Ids.load(ROOT / "tests" / "golden" / "0.2" / "ids.pmkt")
    assert len(ids) == 90 and "thing-1" in ids and "thing-10" not in ids


def test_a_collision_names_both() -> None:
    # XXH3-64 does not tell them apart; tests/support/strings.c says how such pairs are made.
    one = bytes.fromhex("b93942ea7b7382673f5296093bbc56af")
    two = bytes.fromhex("b93942ea7b7382623a5296093bbc56af")
    assert ids_of_texts([one])[0] == ids_of_texts([two])[0]
    ids = pmkt.Ids([one])
    with pytest.raises(pmkt.Collision, match="have the same id") as failed:
        ids.encode([b"new", two])
    assert failed.value.where == 1
    assert "new" not in ids


def test_progress_can_cancel_and_may_not_call_back() -> None:
    texts = [f"customer {i}" for i in range(100_000)]
    ids = pmkt.Ids()
    with pytest.raises(pmkt.Canceled):
        ids.encode(texts, progress=lambda done, stage: done > 0.3)
    assert len(ids) == 0
    with pytest.raises(pmkt.InvalidInput, match="busy"):
        ids.encode(texts, progress=lambda done, stage: len(ids))


def test_threads_may_share_a_dictionary() -> None:
    ids = pmkt.Ids()
    problems: List[BaseException] = []

    def work(number: int) -> None:
        try:
            for i in range(50):
                texts = [f"{number}-{i}-{j}" for j in range(20)]
                assert ids.decode(ids.encode(texts)) == texts
        except BaseException as error:
            problems.append(error)

    threads = [threading.Thread(target=work, args=(number,)) for number in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not problems
    assert len(ids) == 4 * 50 * 20


def test_how_it_shows_itself() -> None:
    ids = pmkt.Ids(["ann", "bob"])
    assert repr(ids) == "<pmkt.Ids of 2 texts>"
    ids.forget("ann", 0)
    assert repr(ids) == "<pmkt.Ids of 1 texts, 1 forgotten>"
    assert ids.stats.string_bytes == 3
