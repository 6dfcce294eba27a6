"""Files: what is saved comes back, and what is damaged is said to be."""

from __future__ import annotations

import copy
import mmap
import os
import pickle
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from conftest import optional

import pmkt
from pmkt._library import lib

DAY = 86_400_000
HAS_ZSTD = True
try:
    pmkt.RFM().to_bytes(compression=1)
except pmkt.Unsupported:
    HAS_ZSTD = False
zstd = pytest.mark.skipif(not HAS_ZSTD, reason="the library was built without zstd")


def events_of(rows: int, seed: int, users: Any = None, **more: Any) -> pmkt.Events:
    rng = np.random.default_rng(seed)
    user = rng.integers(1, 200, rows, np.uint64)
    return pmkt.Events(
        user=user if users is None else [users(int(number)) for number in user],
        time=rng.integers(0, 1000, rows) * DAY // 10,
        order=rng.integers(1, 500, rows),
        amount=rng.integers(1, 10000, rows),
        **more,
    )


def a_state(**more: Any) -> pmkt.RFM:
    rfm = pmkt.RFM(**more).add(events_of(2000, 1, currency="GBP"))
    rfm.forget([3, 4, 5], "1970-02-01")
    return rfm


def same_scores(a: pmkt.RFM, b: pmkt.RFM) -> None:
    x, y = a.score("1980-01-01").to_dict(), b.score("1980-01-01").to_dict()
    assert x.keys() == y.keys()
    for name in x:
        np.testing.assert_array_equal(x[name], y[name], name)


@pytest.mark.parametrize("mode", ["history", "summary"])
@pytest.mark.parametrize("mapped", [False, True])
def test_a_state_comes_back(tmp_path: Path, mode: str, mapped: bool) -> None:
    rfm = a_state(mode=mode, tz="Europe/London")
    path = tmp_path / "state.pmkt"
    assert rfm.save(path) is rfm
    again = pmkt.RFM.load(path, map=mapped, threads=1, max_bytes=10**9)
    same_scores(rfm, again)
    assert again.to_bytes() == rfm.to_bytes() == path.read_bytes()
    assert again.stats.rows_accepted == 2000 and again.stats.forgotten == 3
    assert again.stats.currency == "GBP"
    assert again.verify() is again
    # It goes on like the other, dates in its own zone.
    for state in (rfm, again):
        state.add(events_of(500, 2, currency="GBP")).merge(a_state(mode=mode, tz="Europe/London"))
        state.forget([7])
    same_scores(rfm, again)
    assert again.to_bytes() == rfm.to_bytes()
    with pytest.raises(pmkt.Mismatch):
        again.merge(pmkt.RFM(mode))


def test_paths_of_every_kind(tmp_path: Path) -> None:
    rfm = pmkt.RFM()
    for name in ("plain", "mit Leerzeichen", "中文", "ümläut"):
        rfm.save(str(tmp_path / name), sync=False)
        rfm.save(os.fsencode(tmp_path / name), sync=False)
        assert pmkt.RFM.load(tmp_path / name).stats.customers == 0
    for bad in (None, 7, "a\0b", object()):
        with pytest.raises(pmkt.InvalidInput):
            rfm.save(bad)  # type: ignore[arg-type]
        with pytest.raises(pmkt.InvalidInput):
            pmkt.RFM.load(bad)  # type: ignore[arg-type]
        with pytest.raises(pmkt.InvalidInput):
            pmkt.inspect(bad)  # type: ignore[arg-type]


@zstd
def test_compression(tmp_path: Path) -> None:
    rfm, path = a_state(), tmp_path / "packed"
    rfm.save(path, compression=9)
    info = pmkt.inspect(path)
    assert info.kind == "rfm" and info.compressed >= 2 and info.bytes < info.bytes_unpacked
    same_scores(rfm, pmkt.RFM.load(path))
    assert pmkt.RFM.from_bytes(rfm.to_bytes(compression=1)).to_bytes() == rfm.to_bytes()
    with pytest.raises(pmkt.Unsupported, match="compressed"):
        pmkt.RFM.load(path, map=True)
    for bad in (-1, 20, 1.5, "9", None):
        with pytest.raises(pmkt.InvalidInput):
            rfm.save(path, compression=bad)  # type: ignore[arg-type]


def test_inspect_and_verify(tmp_path: Path) -> None:
    path = tmp_path / "state"
    a_state().save(path)
    info = pmkt.inspect(path)
    assert info == pmkt.FileInfo("rfm", 1, 1, 5, 0, path.stat().st_size, info.bytes_unpacked)
    stages = []
    pmkt.verify(path, progress=lambda done, stage: stages.append(stage))
    assert stages[-1] == "verifying"
    with pytest.raises(pmkt.Canceled):
        pmkt.verify(path, progress=lambda done, stage: True)


def test_bytes_of_every_kind(tmp_path: Path) -> None:
    rfm = a_state()
    data = rfm.to_bytes()
    path = tmp_path / "state"
    path.write_bytes(data)
    with open(path, "rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as view:
        for form in (data, bytearray(data), memoryview(data), np.frombuffer(data, np.uint8), view):
            same_scores(rfm, pmkt.RFM.from_bytes(form))
    for bad in (None, 7, "text", [1, 2]):
        with pytest.raises(pmkt.InvalidInput):
            pmkt.RFM.from_bytes(bad)
    for nothing in (b"", b"PK"):
        with pytest.raises(pmkt.BadFormat):
            pmkt.RFM.from_bytes(nothing)


def test_failures_are_named(tmp_path: Path) -> None:
    rfm, path = a_state(), tmp_path / "state"
    with pytest.raises(FileNotFoundError) as missing:
        pmkt.RFM.load(path)
    assert isinstance(missing.value, pmkt.FileError) and "state" in str(missing.value)
    with pytest.raises(pmkt.FileMissing):
        pmkt.RFM.load(path, map=True)
    with pytest.raises(pmkt.FileError) as wrong:
        rfm.save(tmp_path)
    assert wrong.value.errno and isinstance(wrong.value, OSError)
    assert wrong.value.filename == str(tmp_path) and wrong.value.strerror
    for read in (pmkt.RFM.load, pmkt.Ids.load, pmkt.inspect, pmkt.verify):
        with pytest.raises(pmkt.FileMissing, match="^[^\\[]*state") as missing:
            read(path)
        assert (missing.value.errno, missing.value.filename) == (2, str(path))
    path.write_text("user,amount\n1,2\n" * 20)
    for read in (pmkt.RFM.load, pmkt.inspect, pmkt.verify):
        with pytest.raises(pmkt.BadFormat, match="no file of libpmkt"):
            read(path)
    data = bytearray(rfm.to_bytes())
    data[200] ^= 1
    path.write_bytes(data)
    for read in (pmkt.RFM.load, pmkt.verify):
        with pytest.raises(pmkt.Corrupt) as damage:
            read(path)
        assert damage.value.where_kind == "byte" and 0 <= damage.value.where < len(data)
    with pytest.raises(pmkt.Corrupt):
        pmkt.RFM.from_bytes(data)
    with pytest.raises(pmkt.Corrupt):
        pmkt.RFM.load(path, map=True).verify()
    rfm.save(path)
    with pytest.raises(pmkt.LimitReached):
        pmkt.RFM.load(path, max_bytes=1000)
    with pytest.raises(pmkt.Canceled):
        rfm.save(path, progress=lambda done, stage: True)
    with pytest.raises(pmkt.Canceled):
        pmkt.RFM.load(path, progress=lambda done, stage: True)
    assert os.listdir(tmp_path) == ["state"]


def test_texts_join_a_loaded_state_and_come_back_as_ids(tmp_path: Path) -> None:
    path = tmp_path / "state"
    named = pmkt.RFM().add(events_of(500, 3, "user {}".format))
    named.save(path)
    again = pmkt.RFM.load(path)
    scores = again.score("1980-01-01")
    assert scores.user.dtype == np.uint64
    ids = [lib.pmkt_id_of_bytes(b"user 7", 6), lib.pmkt_id_of_bytes(b"user 8", 6)]
    assert scores.user[scores.find(["user 7", "user 8"])].tolist() == ids
    again.add(events_of(500, 4, "user {}".format))
    assert again.forget("user 7") == 1
    assert again.score("1980-01-01").find(["user 7"]).tolist() == [-1]
    with pytest.raises(pmkt.InvalidInput):
        again.add(events_of(10, 5))  # numbers, after texts


def day_of(number: int, *users: str) -> pmkt.Events:
    """Orders of some users on one day."""
    rows = range(1, len(users) + 1)
    return pmkt.Events(
        list(users),
        [number * DAY] * len(users),
        order=[100 * number + row for row in rows],
        amount=[100] * len(users),
    )


def test_names_last_from_day_to_day(tmp_path: Path) -> None:
    state, names = tmp_path / "shop.pmkt", tmp_path / "shop.ids"
    rfm = pmkt.RFM().add(day_of(0, "ann", "bob"))
    for day, new in enumerate(("cyd", "dan", "eve"), 1):
        rfm.user_ids().save(names)
        rfm.save(state)
        ids = pmkt.Ids.load(names)
        if day == 2:
            rfm = pmkt.RFM.from_bytes(state.read_bytes(), ids=ids)
        else:
            rfm = pmkt.RFM.load(state, ids=ids, map=day == 3)
        rfm.add(day_of(day, new, "ann"))
    whole = pmkt.RFM().add(day_of(0, "ann", "bob"))
    for day, new in enumerate(("cyd", "dan", "eve"), 1):
        whole.add(day_of(day, new, "ann"))
    same_scores(rfm, whole)
    assert sorted(rfm.user_ids()) == ["ann", "bob", "cyd", "dan", "eve"]
    again = pickle.loads(pickle.dumps(rfm))
    assert sorted(again.user_ids()) == sorted(rfm.user_ids())
    moved = pmkt.migration(rfm.score("1970-01-02"), rfm.score("1970-01-05"))
    codes = range(len(moved.names))
    new = np.concatenate([moved.users("absent", code) for code in codes])
    assert sorted(new) == ["cyd", "dan", "eve"]


def test_names_that_are_not_known_are_not_lost_in_silence(tmp_path: Path) -> None:
    path = tmp_path / "shop.pmkt"
    pmkt.RFM().add(day_of(0, "ann", "bob")).save(path)
    rfm = pmkt.RFM.load(path)
    with pytest.raises(pmkt.InvalidInput, match=r"2 of 2 users.*RFM.load\(path, ids="):
        rfm.user_ids()
    assert len(rfm.user_ids(partial=True)) == 0
    rfm.add(day_of(1, "cyd", "ann"))
    assert rfm.score("1980-01-01").user.dtype == np.uint64
    with pytest.raises(pmkt.InvalidInput, match="1 of 3 users"):
        rfm.user_ids()
    assert sorted(rfm.user_ids(partial=True)) == ["ann", "cyd"]
    rfm.add(day_of(2, "bob"))  # now all are known
    assert sorted(rfm.user_ids()) == ["ann", "bob", "cyd"]
    assert sorted(rfm.score("1980-01-01").user) == ["ann", "bob", "cyd"]
    assert pmkt.RFM().user_ids().stats.strings == 0, "nobody is missing where nobody is"
    for wrong in ({}, "shop.ids", ["ann"]):
        with pytest.raises(pmkt.InvalidInput, match="expected pmkt.Ids"):
            pmkt.RFM.load(path, ids=wrong)  # type: ignore[arg-type]
        with pytest.raises(pmkt.InvalidInput, match="expected pmkt.Ids"):
            pmkt.RFM.from_bytes(path.read_bytes(), ids=wrong)  # type: ignore[arg-type]


def test_users_who_are_numbers_have_no_names(tmp_path: Path) -> None:
    path = tmp_path / "shop.pmkt"
    rfm = pmkt.RFM().add(events_of(5, 5)).save(path)
    with pytest.raises(pmkt.InvalidInput, match="users are numbers"):
        rfm.user_ids()
    assert len(rfm.user_ids(partial=True)) == 0
    for ids in (None, pmkt.Ids(), pmkt.Ids(one_way=True)):
        again = pmkt.RFM.load(path, ids=ids)
        with pytest.raises(pmkt.InvalidInput, match="users who are numbers"):
            again.user_ids()
        with pytest.raises(pmkt.InvalidInput, match="users are numbers"):
            again.add(events_of(5, 6)).user_ids()
        assert again.score("1980-01-01").user.dtype == np.uint64


def test_merging_unites_what_both_know(tmp_path: Path) -> None:
    path = tmp_path / "shop.pmkt"
    pmkt.RFM().add(day_of(0, "ann", "bob")).save(path)
    ids = pmkt.Ids(["ann", "bob", "nobody"])
    for known in (None, ids):
        rfm = pmkt.RFM().add(day_of(1, "cyd")).merge(pmkt.RFM.load(path, ids=known))
        wanted = ["cyd"] if known is None else ["ann", "bob", "cyd"]
        assert sorted(rfm.user_ids(partial=True)) == wanted
        assert (rfm.score("1980-01-01").user.dtype == object) == (known is not None)
        rfm = pmkt.RFM.load(path, ids=known).merge(pmkt.RFM().add(day_of(1, "cyd")))
        assert sorted(rfm.user_ids(partial=True)) == wanted
    part = pmkt.RFM.load(path, ids=pmkt.Ids(["ann"]))
    part.merge(pmkt.RFM.load(path, ids=pmkt.Ids(["bob"])))
    assert sorted(part.user_ids()) == ["ann", "bob"]
    with pytest.raises(pmkt.InvalidInput, match="numbers cannot join users given as texts"):
        part.merge(pmkt.RFM().add(events_of(5, 5)))
    assert sorted(part.user_ids()) == ["ann", "bob"]


def test_names_of_those_who_were_forgotten_stay_away(tmp_path: Path) -> None:
    path = tmp_path / "shop.pmkt"
    rfm = pmkt.RFM().add(day_of(0, "ann", "bob"))
    old = rfm.user_ids()
    rfm.forget("ann")
    rfm.save(path)
    again = pmkt.RFM.load(path, ids=old).add(day_of(0, "ann"))
    assert again.report is not None and again.report.ignored == 1
    assert sorted(again.user_ids()) == ["bob"]
    assert again.forget("bob") == 1 and len(again.user_ids()) == 0
    again.add(day_of(3, "ann"))  # a new customer
    assert sorted(again.user_ids()) == ["ann"]


def test_bytes_that_are_no_text_stay_ids(tmp_path: Path) -> None:
    path = tmp_path / "shop.pmkt"
    rfm = pmkt.RFM().add(pmkt.Events([b"ann", b"\xff"], [0, 0], amount=[1, 2])).save(path)
    ids = rfm.user_ids()
    again = pmkt.RFM.load(path, ids=ids)
    assert again.score("1980-01-01").user.dtype == np.uint64
    assert list(again.user_ids(partial=True)) == ["ann"]
    with pytest.raises(pmkt.InvalidInput, match="1 of 2"):
        again.user_ids()
    assert b"ann" in pmkt.RFM.load(path).add(pmkt.Events([b"ann"], [DAY], amount=[1])).user_ids(
        partial=True
    )


def test_a_migration_of_names_and_ids_gives_ids() -> None:
    rfm = pmkt.RFM().add(day_of(0, "ann", "bob"), day_of(500, "bob"))
    loaded = pmkt.RFM.from_bytes(rfm.to_bytes())
    named, ids = rfm.score("1971-06-01"), loaded.score("1971-06-01")
    for before, after in ((named, ids), (ids, named)):
        moved = pmkt.migration(before, after)
        codes = range(len(moved.names))
        users = [moved.users(one, two) for one in codes for two in codes]
        assert {part.dtype for part in users} == {np.dtype(np.uint64)}
        assert sorted(np.concatenate(users)) == sorted(rfm.user_ids().ids)
    nobody = pmkt.RFM().score("1970-01-01")
    moved = pmkt.migration(nobody, named)
    users = [moved.users("absent", code) for code in range(len(moved.names))]
    assert sorted(np.concatenate(users)) == ["ann", "bob"]


def test_a_dictionary_that_knows_nobody_is_refused() -> None:
    scores = pmkt.RFM.from_bytes(pmkt.RFM().add(day_of(0, "ann", "bob")).to_bytes()).score(
        "1980-01-01"
    )
    ways = [scores.to_dict]
    for way, library in (
        (scores.to_pandas, "pandas"),
        (scores.to_polars, "polars"),
        (scores.to_arrow, "pyarrow"),
    ):
        if optional(library):
            ways.append(way)
    for to in ways:
        for wrong, count in (pmkt.Ids(), 0), (pmkt.Ids(["cyd"]), 1), (pmkt.Ids(one_way=True), 0):
            with pytest.raises(pmkt.InvalidInput, match=f"{count} texts, knows none of the 2"):
                to(ids=wrong)
        assert len(to(ids=pmkt.Ids(["bob"]))["user"])
    nobody = pmkt.RFM().score("1980-01-01")
    assert len(nobody.to_dict(ids=pmkt.Ids())["user"]) == 0


@pytest.mark.parametrize(
    "again", [copy.copy, copy.deepcopy, lambda x: pickle.loads(pickle.dumps(x))]
)
def test_pickles_keep_the_texts(again: Any) -> None:
    rfm = pmkt.RFM(tz="Europe/London", threads=2).add(events_of(500, 6, "user {}".format))
    rfm.forget("user 3")
    twin = again(rfm)
    assert twin.score("1980-01-01").user.tolist() == rfm.score("1980-01-01").user.tolist()
    assert repr(twin) == repr(rfm)
    twin.add(events_of(5, 7, "new {}".format))
    assert not any("new" in user for user in rfm.score("1980-01-01").user)
    assert twin.to_bytes() != rfm.to_bytes()
    numbers = again(pmkt.RFM().add(pmkt.Events(user=np.array([1], "int8"), time=[0], amount=[1])))
    assert numbers.score("1980-01-01").user.dtype == "int8"


def test_dictionaries_and_states_are_saved_alike(tmp_path: Path) -> None:
    path = tmp_path / "file"
    for made in (a_state(), pmkt.Ids(["ann", "bob"])):
        kind = type(made)
        assert made.save(path, sync=False) is made
        for again in (kind.load(path), kind.load(path, map=True, max_bytes=10**6, threads=1)):
            assert again.verify() is again and again.to_bytes() == path.read_bytes()
        for form in (bytearray(path.read_bytes()), memoryview(path.read_bytes())):
            assert kind.from_bytes(form).to_bytes() == path.read_bytes()
        other = pmkt.Ids if kind is pmkt.RFM else pmkt.RFM
        with pytest.raises(pmkt.BadFormat):
            other.load(path)
        with pytest.raises(pmkt.LimitReached):
            kind.load(path, max_bytes=10)
        for bad in ({"threads": -1}, {"max_bytes": -1}, {"max_bytes": 1.5}):
            with pytest.raises(pmkt.InvalidInput):
                kind.load(path, **bad)
        with pytest.raises(pmkt.InvalidInput):
            made.save(b"a\0b")
        with pytest.raises(pmkt.InvalidInput):
            kind.from_bytes("text")


def test_texts_are_kept_beside_a_state(tmp_path: Path) -> None:
    rfm = pmkt.RFM().add(events_of(500, 3, "user {}".format))
    rfm.forget("user 3")
    ids = rfm.user_ids()
    assert "user 7" in ids and "user 3" not in ids
    rfm.save(tmp_path / "shop.pmkt")
    ids.save(tmp_path / "shop.ids")
    ids = pmkt.Ids.load(tmp_path / "shop.ids", map=True)
    expected = rfm.score("1980-01-01")
    scores = pmkt.RFM.load(tmp_path / "shop.pmkt").score("1980-01-01")
    assert scores.to_dict()["user"].dtype == np.uint64
    assert scores.to_dict(ids=ids)["user"].tolist() == expected.user.tolist()
    ids.forget("user 7", 0)
    named = scores.to_dict(ids=ids)["user"].tolist()
    row = int(scores.find(["user 7"])[0])
    assert named[row] is None and named.count(None) == 1
    pandas, polars = optional("pandas"), optional("polars")
    if pandas:
        assert scores.to_pandas(ids=ids)["user"].isna().sum() == 1
    if polars:
        assert scores.to_polars(ids=ids)["user"].to_list() == named
        assert polars.DataFrame(expected)["user"].to_list() == expected.user.tolist()
        assert scores.to_polars()["user"].to_list() == scores.user_id.tolist()
        assert scores.to_polars(raw=True, ids=ids)["segment"].dtype == polars.UInt8
    if optional("pyarrow"):
        assert scores.to_arrow(ids=ids)["user"].to_pylist() == named
        assert expected.to_arrow(raw=True)["user"].to_pylist() == expected.user_id.tolist()
    for wrong in (ids.ids, "shop.ids", {}):
        for to in (scores.to_dict, scores.to_pandas, scores.to_arrow, scores.to_polars):
            with pytest.raises(pmkt.InvalidInput, match="expected pmkt.Ids"):
                to(ids=wrong)
