"""Migrations: the matrix against a count in Python, users of cells, lists, memory."""

from __future__ import annotations

import gc
from typing import Any, Tuple

import numpy as np
import pytest
from conftest import needed
from test_scores import DAY, shop

import pmkt


@pytest.fixture(scope="module")
def pair() -> Tuple[pmkt.RFMScores, pmkt.RFMScores]:
    rfm = shop(1500)
    return rfm.score("1970-05-01"), rfm.score("1970-10-01")


@pytest.mark.parametrize("by", ["segment", "lifecycle", "tier", "brand_stage", "activity"])
def test_the_matrix_counts_who_went_where(pair: Any, by: str) -> None:
    before, after = pair
    moved = pmkt.migration(before, after, by)
    names = before.names(by)
    assert moved.names == (*names, "absent") and moved.by == by
    old = dict(zip(before.user.tolist(), getattr(before, by).tolist()))
    new = dict(zip(after.user.tolist(), getattr(after, by).tolist()))
    absent = len(names)
    expected = np.zeros((absent + 1, absent + 1), np.int64)
    cells: dict = {}
    for user in old.keys() | new.keys():
        cell = old.get(user, absent), new.get(user, absent)
        expected[cell] += 1
        cells.setdefault(cell, set()).add(user)
    assert np.array_equal(moved.matrix, expected)
    assert moved.matrix.dtype == np.int64 and not moved.matrix.flags.writeable
    for i in range(absent + 1):
        for j in range(absent + 1):
            users = moved.users(i, j)
            assert set(users.tolist()) == cells.get((i, j), set()) and users.dtype == np.int64
            assert np.array_equal(users, moved.users(moved.names[i], moved.names[j]))


def test_cells(pair: Any) -> None:
    before, after = (s for s in pair)
    moved = pmkt.migration(before, after, "cell")
    assert len(moved.names) == 65 and moved.matrix.sum() == len(set(before.user) | set(after.user))


def test_rates_and_lists(pair: Any) -> None:
    before, after = pair
    moved = pmkt.migration(before, after)
    both = [(b, a) for a, b in enumerate(before.find(after.user)) if b >= 0]
    rates = moved.rates
    assert rates.customers == len(both)
    changed = sum(before.segment[b] != after.segment[a] for b, a in both)
    asleep = [(b, a) for b, a in both if before.activity[b] == 1]
    woken = [(b, a) for b, a in asleep if after.activity[a] == 3]
    awake = [(b, a) for b, a in both if before.activity[b] == 3]
    fallen = [(b, a) for b, a in awake if after.activity[a] == 1]
    assert (rates.moved, rates.dormant_before, rates.dormant_to_active) == (
        changed,
        len(asleep),
        len(woken),
    )
    assert (rates.active_before, rates.active_to_dormant) == (len(awake), len(fallen))
    assert rates.moved_rate == pytest.approx(changed / len(both))
    assert rates.dormant_to_active_rate == pytest.approx(len(woken) / len(asleep))
    buyers = [(b, a) for b, a in both if before.orders[b] > 0]
    churned = [(b, a) for b, a in buyers if before.lifecycle[b] == 3]
    newly = [(b, a) for b, a in buyers if before.lifecycle[b] != 3 and after.lifecycle[a] == 3]
    assert (rates.buyers_before, rates.churned_before, rates.newly_churned) == (
        len(buyers),
        len(churned),
        len(newly),
    )
    assert rates.churn_rate == pytest.approx(len(newly) / (len(buyers) - len(churned)))

    def by_revenue(rows: Any) -> list:
        return [
            int(after.user[a])
            for _, a in sorted(rows, key=lambda r: (-after.revenue_minor[r[1]], after.user[r[1]]))
        ]

    lost = [(b, a) for b, a in both if before.activity[b] in (2, 3) and after.activity[a] == 1]
    assert moved.win_back().tolist() == by_revenue(lost) and len(lost) > 0
    assert moved.won_back().tolist() == by_revenue(woken)


def test_views_outlive_the_migration(pair: Any) -> None:
    moved = pmkt.migration(*pair)
    matrix, users = moved.matrix, moved.win_back()
    truth = np.array(matrix), np.array(users)
    del moved
    gc.collect()
    churn = [pmkt.migration(*pair, "cell") for _ in range(5)]
    assert np.array_equal(matrix, truth[0]) and np.array_equal(users, truth[1]) and churn


def test_users_that_are_texts() -> None:
    def state(names: Any, days: Any) -> pmkt.RFM:
        times = [day * DAY for day in days]
        return pmkt.RFM().add(pmkt.Events(user=names, time=times, amount=[100] * len(names)))

    before = state(["ann", "bob", "cyd"], [0, 1, 2]).score("1970-01-10")
    rfm = state(["ann", "cyd", "dan"], [0, 100, 101])
    after = rfm.score("1970-04-20")
    rfm.forget(["ann"])
    moved = pmkt.migration(before, after)
    assert moved.users("active-low-low", "dormant-low-low").tolist() == ["ann"]
    assert moved.users("active-low-low", "absent").tolist() == ["bob"]
    assert moved.users("absent", "active-low-low").tolist() == ["dan"]
    assert moved.win_back().tolist() == ["ann"] and moved.won_back().tolist() == []


def test_what_does_not_go_together(pair: Any) -> None:
    before, after = pair
    rfm = shop(200)
    with pytest.raises(pmkt.Mismatch):
        pmkt.migration(before, rfm.score("1970-10-01", "quantile"))
    gold = rfm.score("1970-10-01", tiers=[("gold", 0)])
    with pytest.raises(pmkt.Mismatch):
        pmkt.migration(before, gold, "tier")
    assert pmkt.migration(before, gold, "segment").matrix.sum() > 0
    with pytest.raises(pmkt.InvalidInput):
        pmkt.migration(after, before)
    with pytest.raises(pmkt.Mismatch):
        pmkt.migration(before, shop(200, currency="EUR").score("1970-10-01"))
    for bad in ((before, None), (rfm, after), (before, "after")):
        with pytest.raises(pmkt.InvalidInput, match="two RFMScores"):
            pmkt.migration(*bad)
    with pytest.raises(pmkt.InvalidInput, match="by is 'class'"):
        pmkt.migration(before, after, "class")
    with pytest.raises(pmkt.InvalidInput):
        ten = rfm.score("1970-10-01", "quantile", bins=10)
        pmkt.migration(ten, ten, "cell")
    moved = pmkt.migration(before, after)
    for code in ("silver", 10, -1, 1.0, None, True):
        with pytest.raises(pmkt.InvalidInput, match="is no code here"):
            moved.users(code, 0)


def test_nobody_moves_when_there_is_nobody() -> None:
    rfm = shop(100)
    empty = rfm.score("1960-01-01")
    moved = pmkt.migration(empty, empty)
    assert moved.matrix.sum() == 0 and moved.rates.churn_rate == 0 and moved.win_back().size == 0
    assert "0 customers in both" in repr(moved)
    arrived = pmkt.migration(empty, rfm.score("1970-10-01"))
    assert arrived.matrix[-1].sum() == arrived.matrix.sum() > 0


def test_it_reads_well(pair: Any) -> None:
    moved = pmkt.migration(*pair)
    lines = repr(moved).splitlines()
    assert lines[0].startswith("Migration by segment: ") and "churned" in lines[0]
    assert lines[1].startswith("before \\ after")
    assert moved._repr_html_().count("<tr>") == len(lines) - 1
    odd = shop(100).score("1970-10-01", tiers=[("<b>", 0)])
    assert "&lt;b&gt;" in pmkt.migration(odd, odd, "tier")._repr_html_()
    frame = needed("pandas") and moved.to_pandas()
    assert np.array_equal(frame.to_numpy(), moved.matrix)
    assert frame.index.name == "before" and list(frame.columns) == list(moved.names)
    with pytest.raises(TypeError):
        __import__("copy").copy(moved)
