"""Funnels and paths against a slow obvious Python."""

from __future__ import annotations

import csv
import lzma
import random
from collections import Counter, defaultdict
from datetime import timedelta
from itertools import islice
from typing import Any, Dict, List, Optional, Tuple

import numpy as np
import pytest
from conftest import data_file

import pmkt

GAP = 50  # milliseconds
KINDS = ["view", "cart", "order", "search"]
Row = Tuple[int, str, int]  # time, kind, item


def random_rows(rng: random.Random) -> List[Tuple[int, int, str, int]]:
    """(user, time, kind, item)"""
    users, span = rng.randint(1, 6), rng.choice([50, 500, 3000])
    return [
        (rng.randint(1, users), rng.randint(0, span), rng.choice(KINDS), rng.randint(1, 3))
        for _ in range(rng.randint(0, 90))
    ]


def events_of(rows: List[Tuple[int, int, str, int]]) -> pmkt.Events:
    user, time, kind, item = (list(column) for column in zip(*rows)) if rows else ([],) * 4
    return pmkt.Events(
        user=np.array(user, np.uint64),
        time=np.array(time, np.int64),
        kind_column=np.array([pmkt.kind_names().index(k) + 1 for k in kind], np.uint16),
        item=np.array(item, np.uint64),
    )


def by_user(rows: List[Tuple[int, int, str, int]]) -> Dict[int, List[Row]]:
    found: Dict[int, List[Row]] = defaultdict(list)
    for user, time, kind, item in rows:
        found[user].append((time, kind, item))
    return {user: sorted(mine, key=lambda row: row[0]) for user, mine in found.items()}


def sessions_of(mine: List[Row]) -> List[List[Row]]:
    sessions: List[List[Row]] = []
    for row in mine:
        if not sessions or row[0] - sessions[-1][-1][0] > GAP:
            sessions.append([])
        sessions[-1].append(row)
    return sessions


# --------------------------------------------------------------------------------- funnels


def attempt(
    mine: List[Row], i: int, first: int, steps: List[str], window: Optional[int], strict: bool
) -> List[int]:
    """The rows of the attempt that begins at row i with a step: the first later event that matches
    the next step, and so on, within the window."""
    at = [i]
    for step in steps[first + 1 :]:
        later = range(at[-1] + 1, len(mine))
        found = [j for j in later if mine[j][1] == step]
        if strict:
            found = [j for j in found if j == at[-1] + 1]
        if not found or (window is not None and mine[found[0]][0] - mine[i][0] > window):
            break
        at.append(found[0])
    return at


def best(
    mine: List[Row],
    steps: List[str],
    window: Optional[int],
    closed: bool,
    strict: bool,
    same_item: bool,
) -> Any:
    """The attempt that reaches furthest; among those that which began at the earliest step; among
    those the one that began first: (first, last, times, what came right after)."""
    tried = []
    items = {item for _, _, item in mine} if same_item else {None}
    for held in items:
        places = [i for i, row in enumerate(mine) if held is None or row[2] == held]
        seen = [mine[i] for i in places]
        for i, row in enumerate(seen):
            for first in range(1 if closed else len(steps)):
                if row[1] != steps[first]:
                    continue
                at = attempt(seen, i, first, steps, window, strict)
                last, end = first + len(at) - 1, places[at[-1]] + 1
                after = mine[end][1] if end < len(mine) else "nothing more"
                times = [seen[b][0] - seen[a][0] for a, b in zip(at, at[1:])]
                tried.append(((-last, first, places[i]), (first, last, times, after)))
    return min(tried)[1] if tried else None


def check_funnel(found: pmkt.Funnel, expected: List[Any], steps: List[str]) -> None:
    attempts = [one for one in expected if one]
    assert found.units == len(expected)
    assert found.attempts == len(attempts)
    for k in range(len(steps)):
        reached = [one for one in attempts if one[0] <= k <= one[1]]
        times = [one[2][k - 1 - one[0]] for one in reached if one[0] < k]
        assert found.reached[k] == len(reached)
        assert found.continued[k] == len(times)
        assert found.entered[k] == len(reached) - len(times)
        lost = [one for one in attempts if one[1] == k and k < len(steps) - 1]
        assert found.lost[k] == len(lost)
        if times:
            quartiles = np.percentile(times, [25, 50, 75])
            made = [found.p25_ms[k], found.median_ms[k], found.p75_ms[k]]
            np.testing.assert_allclose(made, quartiles, rtol=1e-12)
            before = [one for one in attempts if one[0] <= k - 1 <= one[1]]
            assert found.conversion[k] == len(times) / len(before)
        else:
            assert np.isnan(found.median_ms[k])
        counts = Counter(one[3] for one in lost)
        table = [row for row in found.next() if row["step"] == steps[k]]
        if len(set(steps)) == len(steps):
            assert {row["next"]: row["count"] for row in table} == counts
            assert [row["count"] for row in table] == sorted(counts.values(), reverse=True)


@pytest.mark.parametrize("seed", range(60))
def test_funnels_are_as_by_the_slow_way(seed: int) -> None:
    rng = random.Random(seed)
    rows = random_rows(rng)
    steps = rng.sample(KINDS, rng.randint(1, 4))
    window = rng.choice([None, 20, 200])
    flags = {name: rng.random() < 0.5 for name in ("closed", "strict", "same_item")}
    count = rng.choice(["users", "sessions"])
    within = None if window is None else f"{window}ms"
    found = pmkt.funnel(
        events_of(rows), steps, within, count=count, session_gap=f"{GAP}ms", **flags
    )
    units = []
    for mine in by_user(rows).values():
        units += sessions_of(mine) if count == "sessions" else [mine]
    expected = [best(unit, steps, window, **flags) for unit in units]
    check_funnel(found, expected, steps)


def test_a_funnel_by_hand() -> None:
    ev = pmkt.Events(
        user=["ann", "ann", "ann", "bob", "bob", "cyn"],
        time=[0, 60_000, 120_000, 0, 60_000, 0],
        kind_column=["view", "cart", "order", "view", "search", "view"],
    )
    found = pmkt.funnel(ev, ["view", "cart", "order"], window="1d")
    assert found.reached.tolist() == [3, 1, 1]
    assert found.lost.tolist() == [2, 0, 0]
    assert found.median_ms[1:].tolist() == [60_000, 60_000]
    assert dict(zip(found.user, found.last.tolist())) == {"ann": 2, "bob": 0, "cyn": 0}
    assert list(found.next()) == [
        {"step": "view", "next": "nothing more", "count": 1},
        {"step": "view", "next": "search", "count": 1},
    ]
    assert "33.3%" in repr(found)
    assert "1.0 min" in repr(found)
    assert found.to_pandas()["reached"].tolist() == [3, 1, 1]


def test_steps_take_several_kinds_and_ids() -> None:
    ev = pmkt.Events(
        user=[1, 1, 2, 2],
        time=[0, 1, 0, 1],
        kind_column=["search", "order", "view", "order"],
        item=["a", "b", "a", "a"],
    )
    found = pmkt.funnel(ev, [("view", "search"), {"kind": "order", "item": "b"}])
    assert found.reached.tolist() == [2, 1]
    assert found.steps == ["view/search", "order item=b"]
    assert pmkt.funnel(ev, [{}, "order"], same_item=True).reached.tolist() == [2, 1]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (dict(steps=[]), "n_steps"),
        (dict(steps="view"), "expected a list"),
        (dict(steps=["viewed"]), "viewed"),
        (dict(steps=["view"], window="1 fortnight"), "window"),
        (dict(steps=["view"], window=0), "window is 0; expected a text such as"),
        (dict(steps=["view"], window=60_000), "m or min"),
        (dict(steps=["view"], session_gap=1800), "session_gap"),
        (dict(steps=["view"], count="people"), "count"),
        (dict(steps=["view"], same_item=True), "item"),
        (dict(steps=["view"], same_item=True, same_category=True), "not both"),
        (dict(steps=[{"page": 1}]), "keys"),
    ],
)
def test_what_cannot_be_followed_is_refused(arguments: Any, message: str) -> None:
    ev = pmkt.Events(user=[1], time=[0], kind="view")
    with pytest.raises(pmkt.InvalidInput, match=message):
        pmkt.funnel(ev, **arguments)
    with pytest.raises(pmkt.InvalidInput, match="Events"):
        pmkt.funnel({"user": [1]}, ["view"])  # type: ignore[arg-type]


def test_what_paths_cannot_be_asked_is_refused() -> None:
    ev = pmkt.Events(user=[1], time=[0], kind="view")
    for name in ("soon", "session_gap"):
        with pytest.raises(pmkt.InvalidInput, match=f"{name} is 10; expected a text"):
            pmkt.paths(ev, **{name: 10})


def test_a_window_can_be_a_timedelta() -> None:
    ev = pmkt.Events(user=[1, 1], time=[0, 5000], kind_column=["view", "cart"])
    for window, reached in ((timedelta(seconds=5), 1), ("4s", 0), (np.timedelta64(6, "s"), 1)):
        assert pmkt.funnel(ev, ["view", "cart"], window).reached[1] == reached


# ----------------------------------------------------------------------------------- paths


@pytest.mark.parametrize("seed", range(40))
def test_paths_are_as_by_the_slow_way(seed: int) -> None:
    rng = random.Random(seed)
    rows = random_rows(rng)
    length, collapse = rng.randint(1, 6), rng.random() < 0.5
    found = pmkt.paths(
        events_of(rows),
        10_000,
        max_length=length,
        collapse=collapse,
        session_gap=f"{GAP}ms",
        soon="10ms",
    )
    count: Counter = Counter()
    users: Dict[Tuple[str, ...], set] = defaultdict(set)
    goals: Counter = Counter()
    moves: Dict[Tuple[str, str], List[int]] = defaultdict(list)
    stays: Dict[str, List[Optional[int]]] = defaultdict(list)
    for user, mine in by_user(rows).items():
        for session in sessions_of(mine):
            kinds = [kind for _, kind, _ in session]
            kept = [
                i for i in range(len(kinds)) if not collapse or i == 0 or kinds[i] != kinds[i - 1]
            ]
            path = tuple(kinds[i] for i in kept[:length])
            count[path] += 1
            users[path].add(user)
            goals[path] += "order" in kinds
            moves["start", kinds[0]].append(0)
            moves[kinds[-1], "end"].append(0)
            for i in kept[1:]:
                moves[kinds[i - 1], kinds[i]].append(session[i][0] - session[i - 1][0])
            runs = [i for i in range(len(kinds)) if i == 0 or kinds[i] != kinds[i - 1]]
            for i, end in zip(runs, [*runs[1:], None]):
                stays[kinds[i]].append(None if end is None else session[end][0] - session[i][0])
    assert found.sessions == sum(count.values())
    assert found.distinct == len(count) == len(found.table())
    for row in found.table():
        path = row["path"]
        assert (row["sessions"], row["users"], row["conversions"]) == (
            count[path],
            len(users[path]),
            goals[path],
        )
    table = list(found.transitions())
    assert {(row["source"], row["target"]): row["count"] for row in table} == {
        move: len(times) for move, times in moves.items()
    }
    for row in table:
        if row["source"] != "start" and row["target"] != "end":
            assert row["median_ms"] == np.median(moves[row["source"], row["target"]])
    for row in found.pages():
        times = [time for time in stays[row["kind"]] if time is not None]
        assert row["stays"] == len(stays[row["kind"]])
        assert row["exits"] == row["stays"] - len(times)
        assert row["soon"] == sum(time <= 10 for time in times)


def test_active_hours_are_of_the_zone() -> None:
    ev = pmkt.Events(
        user=["ann", "ann", "bob"],
        time=["2024-05-01 20:10", "2024-05-03 21:40", "2024-05-03 21:50"],
        kind="view",
        tz="Asia/Shanghai",
    )
    found = pmkt.paths(ev, tz="Asia/Shanghai", user_hours=True)
    assert found.hours[2, 20] == 1
    assert found.hours[4, 21] == 2
    assert found.hours.sum() == 3
    mine = [row for row in found.user_hours() if row["user"] == "ann"]
    assert [(row["weekday"], row["hour"]) for row in mine] == [("Wed", 20), ("Fri", 21)]


def test_pages_can_be_items() -> None:
    ev = pmkt.Events(user=[1, 1, 1], time=[0, 5, 20_000], kind="view", item=["a", "b", "a"])
    rows = list(pmkt.paths(ev, page="item").pages())
    assert [(row["item"], row["stays"], row["exits"], row["soon"]) for row in rows] == [
        ("a", 2, 1, 1),
        ("b", 1, 0, 0),
    ]
    assert "view > view > view" in repr(pmkt.paths(ev))


# ------------------------------------------------------------------- sessions and bad rows


def test_a_column_may_end_sessions_too() -> None:
    ev = pmkt.Events(
        user=[1, 1, 1], time=[0, 10, 20], kind_column=["view", "cart", "order"], session=[1, 2, 2]
    )
    steps = ["view", "cart"]
    for by_column in (False, True):
        found = pmkt.funnel(ev, steps, count="sessions", session_column=by_column)
        assert found.last.tolist() == [0 if by_column else 1]
        taken = pmkt.paths(ev, session_column=by_column).table()["path"]
        one, two = [("view", "cart", "order")], [("view",), ("cart", "order")]
        assert sorted(taken) == sorted(two if by_column else one)
    without = pmkt.Events(user=[1], time=[0], kind="view")
    with pytest.raises(pmkt.InvalidInput, match="by_column"):
        pmkt.funnel(without, steps, session_column=True)
    with pytest.raises(pmkt.InvalidInput, match="by_column"):
        pmkt.paths(without, session_column=True)


def test_bad_rows_are_left_out() -> None:
    bad = dict(user=[1, 0, 1, 1, 2], time=[0, 5, 10, 15, 3])
    kinds = np.array([3, 3, 7, 99, 3], np.uint16)
    ev = pmkt.Events(**bad, kind_column=kinds, on_bad="skip")
    good = pmkt.Events(user=[1, 1, 2], time=[0, 10, 3], kind_column=["view", "cart", "view"])
    assert ev.report.rejected == 2
    steps = ["view", "cart"]
    assert pmkt.funnel(ev, steps).user.tolist() == pmkt.funnel(good, steps).user.tolist()
    assert pmkt.funnel(ev, steps).last.tolist() == pmkt.funnel(good, steps).last.tolist()
    found, want = pmkt.paths(ev), pmkt.paths(good)
    assert list(found.table()) == list(want.table())
    assert repr(found.transitions()) == repr(want.transitions())
    with pytest.raises(pmkt.BadRow):
        pmkt.Events(**bad, kind_column=kinds)


# ------------------------------------------------------------------------------ real events


def test_real_events_are_as_by_the_slow_way() -> None:
    source = data_file("taobao_behaviour.csv.xz")
    names = {"pv": "view", "fav": "favorite", "cart": "cart", "buy": "order"}
    rows = []
    with lzma.open(source, "rt") as file:
        for row in islice(csv.DictReader(file), 60_000):
            rows.append(
                (int(row["user"]), int(row["time"]) * 1000, names[row["kind"]], int(row["item"]))
            )
    ev = events_of(rows)
    steps = ["view", "cart", "order"]
    day = 86_400_000
    for same_item in (False, True):
        found = pmkt.funnel(ev, steps, "1d", same_item=same_item, threads=2)
        reached = []
        for mine in by_user(rows).values():
            if len(mine) <= 60:  # the slow way takes the square of it
                reached.append(best(mine, steps, day, True, False, same_item))
        small = {user for user, mine in by_user(rows).items() if len(mine) <= 60}
        lasts = [k for user, k in zip(found.user.tolist(), found.last.tolist()) if user in small]
        assert Counter(lasts) == Counter(one[1] for one in reached if one)
