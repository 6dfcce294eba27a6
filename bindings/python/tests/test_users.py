"""Ids: what comes in goes back as it came."""

from __future__ import annotations

from typing import Any, List

import numpy as np
import pytest
from conftest import needed

import pmkt
from pmkt._library import lib
from pmkt._users import Users

DAY = 86_400_000


def rfm_of(users: Any, **more: Any) -> pmkt.RFM:
    rows = len(users)
    events = pmkt.Events(
        user=users,
        time=np.arange(rows) * DAY,
        order=np.arange(1, rows + 1),
        amount=np.arange(1, rows + 1) * 100,
        **more,
    )
    return pmkt.RFM().add(events)


def scored(users: Any, **more: Any) -> pmkt.RFMScores:
    return rfm_of(users, **more).score("1980-01-01")


@pytest.mark.parametrize(
    "dtype", ["int8", "int16", "int32", "int64", "uint8", "uint16", "uint32", "uint64", "float64"]
)
def test_numbers_keep_their_type(dtype: str) -> None:
    scores = scored(np.array([3, 1, 100, 3], dtype))
    assert scores.user.dtype == dtype
    assert sorted(scores.user.tolist()) == [1, 3, 100]
    assert scores.user_id.dtype == np.uint64
    assert sorted(scores.orders[scores.find([3, 1])].tolist()) == [1, 2]


def test_other_byte_orders_and_small_floats_come_back_plain() -> None:
    assert scored(np.array([1, 2], ">i4")).user.dtype == np.dtype("int32")
    assert scored(np.array([1, 2], np.float32)).user.dtype == np.float64


def test_the_largest_ids() -> None:
    for users in (
        np.array([2**63 - 1, 1], np.int64),
        np.array([2**64 - 1, 1], np.uint64),
        [2**64 - 1, 1],
        np.array([2**53, 1], np.float64),
    ):
        scores = scored(users)
        assert sorted(scores.user.tolist()) == sorted(int(user) for user in users)


@pytest.mark.parametrize(
    "users",
    [
        ["ann", "bob", "ann"],
        np.array(["ann", "bob", "ann"]),
        np.array(["ann", "bob", "ann"], object),
        np.array([b"ann", b"bob", b"ann"]),
        [b"ann", b"bob", b"ann"],
    ],
)
def test_texts_come_back(users: Any) -> None:
    scores = scored(users)
    wanted = sorted(set(np.asarray(users).tolist()))
    assert sorted(scores.user.tolist()) == wanted
    assert scores.orders[scores.find(wanted)].tolist() == [2, 1]
    assert scores.find(wanted[0]).tolist() == [scores.user.tolist().index(wanted[0])]
    assert scores.find([wanted[0][:1]]).tolist() == [-1]


def test_texts_of_any_script() -> None:
    names = ["王小明", "Zoë", "🛒", "", " ", "a\0b", "a" * 10_000, "\ud800"]
    scores = scored(names)
    assert sorted(scores.user.tolist()) == sorted(names)


def test_ids_of_texts_are_the_frozen_hash() -> None:
    names = ["ann", "王小明", ""]
    scores = scored(names)
    for name, number in zip(scores.user.tolist(), scores.user_id.tolist()):
        raw = name.encode()
        assert number == lib.pmkt_id_of_bytes(raw, len(raw))


def test_floats_with_gaps() -> None:
    scores = scored(np.array([17850.0, np.nan, 13047.0]), on_bad="skip")
    assert sorted(scores.user.tolist()) == [13047.0, 17850.0]
    assert scores.user.dtype == np.float64


@pytest.mark.parametrize(
    "bad",
    [[1.5], [-1.0], [0.0], [2.0**53 + 2], [np.inf], [-1], [2**64], [-(2**70)], np.array([-7])],
)
def test_what_is_no_id(bad: Any) -> None:
    with pytest.raises(pmkt.BadRow, match="row 0"):
        scored(bad)
    scores = scored([*bad, type(bad[0])(5)], on_bad="skip")
    assert scores.user.tolist() == [5]


@pytest.mark.parametrize(
    "bad",
    [
        np.array([True, False]),
        np.array([1 + 2j]),
        np.array(["2024-01-01"], "datetime64[D]"),
        np.array([1], "timedelta64[s]"),
        np.zeros(2, [("a", int)]),
        np.zeros((2, 2), np.int64),
        np.array(5),
        "ann",
        5,
        None,
        {"a": 1},
        [True, False],
        ["a", 1],
        [1, b"a"],
        ["a", b"a"],
        [object()],
        [np.timedelta64(5, "s")],
        [[1], [2]],
        [{}, {}],
    ],
)
def test_columns_that_make_no_ids(bad: Any) -> None:
    rows = len(bad) if hasattr(bad, "__len__") and np.ndim(bad) else 1
    for on_bad in ("fail", "skip"):
        with pytest.raises(pmkt.InvalidInput):
            pmkt.Events(user=bad, time=np.zeros(rows, np.int64), on_bad=on_bad)


def test_nothing_but_missing_users() -> None:
    for users in ([None, None], np.array([np.nan, np.nan]), np.array([0, 0])):
        with pytest.raises(pmkt.BadRow):
            scored(users)
        assert len(scored(users, on_bad="skip")) == 0


def test_numbers_and_texts_do_not_mix() -> None:
    rfm = rfm_of([1, 2])
    before = rfm.stats
    text = pmkt.Events(user=["1", "2"], time=[0, 0], amount=[1, 1])
    with pytest.raises(pmkt.InvalidInput, match="texts cannot join users given as numbers"):
        rfm.add(text)
    with pytest.raises(pmkt.InvalidInput):
        rfm.merge(rfm_of(["a"]))
    with pytest.raises(pmkt.InvalidInput):
        rfm.forget(["1"])
    with pytest.raises(pmkt.InvalidInput):
        rfm.score("1980-01-01").find(["1"])
    with pytest.raises(pmkt.InvalidInput):
        pmkt.migration(rfm.score("1980-01-01"), rfm_of(["a"]).score("1980-01-01"))
    assert rfm.stats == before


def test_integer_types_meet_in_one_that_holds_them() -> None:
    def met(*dtypes: str) -> np.dtype:
        rfm = pmkt.RFM()
        for dtype in dtypes:
            rfm.add(pmkt.Events(user=np.array([5], dtype), time=[0], amount=[1]))
        return rfm.score("1980-01-01").user.dtype

    assert met("int32", "int64") == np.int64
    assert met("uint8", "int16") == np.int16
    assert met("int64", "uint64") == np.uint64
    assert met("float64", "int64") == np.int64  # a chunk of a file that had a gap
    assert met("int64", "float64") == np.int64
    assert met("float64", "float64") == np.float64


def test_two_texts_with_one_id() -> None:
    """No two such texts are known, so the table is asked with made-up ids."""
    with pytest.raises(pmkt.InvalidInput, match="'ann' and 'bob' have the same id 0x7"):
        Users.of_texts(np.array([7, 7], np.uint64), ["ann", "bob"])
    known = Users.of_texts(np.array([7], np.uint64), ["ann"])
    for other in (["bob"], ["bob", "cyd"]):
        ids = np.arange(7, 7 + len(other), dtype=np.uint64)
        with pytest.raises(pmkt.InvalidInput, match="'ann' and 'bob' have the same id"):
            known.check(Users.of_texts(ids, other))
    known.check(Users.of_texts(np.array([7, 8], np.uint64), ["ann", "bob"]))


def test_merging_merges_the_way_back() -> None:
    rfm = rfm_of(["ann", "bob"]).merge(rfm_of(["bob", "cyd"]))
    scores = rfm.score("1980-01-01")
    assert sorted(scores.user.tolist()) == ["ann", "bob", "cyd"]
    empty = pmkt.RFM().merge(rfm_of(["dan"]))
    assert empty.score("1980-01-01").user.tolist() == ["dan"]


def texts_of(rfm: pmkt.RFM) -> List[Any]:
    return sorted(rfm._users.names.values())


def test_forgetting_forgets_the_texts() -> None:
    rfm = rfm_of(["ann", "bob", "cyd"])
    scores = rfm.score("1980-01-01")
    assert rfm.forget(["ann", "nobody"]) == 1
    assert texts_of(rfm) == ["bob", "cyd"]
    assert sorted(rfm.score("1980-01-01").user.tolist()) == ["bob", "cyd"]
    assert sorted(scores.user.tolist()) == ["ann", "bob", "cyd"], "scores never change"
    rfm.add(pmkt.Events(user=["ann"], time=[0], amount=[1]))  # an old batch
    assert rfm.report.ignored == 1 and texts_of(rfm) == ["bob", "cyd"]
    rfm.merge(rfm_of(["ann", "dan"]))  # an old state
    assert texts_of(rfm) == ["bob", "cyd", "dan"]
    rfm.add(pmkt.Events(user=["ann"], time=[10 * DAY], amount=[1]))  # a new customer
    assert texts_of(rfm) == ["ann", "bob", "cyd", "dan"]
    assert rfm.forget("ann", when=5 * DAY) == 0
    assert texts_of(rfm) == ["ann", "bob", "cyd", "dan"], "what is later stays"
    assert rfm.forget("ann") == 1 and texts_of(rfm) == ["bob", "cyd", "dan"]


def test_forgetting_before_anything_is_known() -> None:
    rfm = pmkt.RFM()
    assert rfm.forget(["ann"], when=5 * DAY) == 0
    rfm.add(pmkt.Events(user=["ann", "bob"], time=[0, 0], amount=[1, 1]))
    assert rfm.report.ignored == 1
    assert rfm.score("1980-01-01").user.tolist() == ["bob"] and texts_of(rfm) == ["bob"]
    with pytest.raises(pmkt.InvalidInput):
        rfm.add(pmkt.Events(user=[1], time=[0], amount=[1]))


def test_queries_in_every_form() -> None:
    scores = scored(np.array([10, 20, 30]))
    expected = [scores.user.tolist().index(20), -1]
    for query in (
        [20, 99],
        (20, 99),
        np.array([20, 99]),
        np.array([20, 99], np.uint8),
        np.array([20.0, 99.0]),
        np.array([20, 0, 99])[::2],
        [20, -5],
        [20, 1.5],
        [20, None],
    ):
        assert scores.find(query).tolist() == expected, query
    assert scores.find(20).tolist() == expected[:1]
    assert scores.find([]).tolist() == []
    pandas = needed("pandas")
    assert scores.find(pandas.Series([20, 99])).tolist() == expected


def test_mixed_columns_of_a_spreadsheet_are_named() -> None:
    with pytest.raises(pmkt.InvalidInput, match=r"order holds int and str.*astype\(str\)"):
        pmkt.Events(user=[1, 2], time=[0, 0], order=[536365, "C536379"])
