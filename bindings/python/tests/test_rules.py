"""Rules from Python: the built-in set, texts of one's own, what a slow Python says."""

from __future__ import annotations

import pickle
import random
from typing import Any, List, Tuple

import numpy as np
import pytest
from conftest import needed

import pmkt

MINUTE = 60_000


def events(rows: List[Tuple[Any, int, str, Any]], **more: Any) -> pmkt.Events:
    """Rows of user, time, kind, item."""
    user, time, kind, item = zip(*rows)
    return pmkt.Events(
        user=list(user), time=list(time), kind_column=list(kind), item=list(item), **more
    )


def fired(matches: pmkt.Matches) -> List[Tuple[Any, int, str, Any]]:
    times = matches["time"].astype(np.int64).tolist()
    return list(zip(matches["user"], times, matches["intent"], matches["cause"]))


# ------------------------------------------------------------------------------- built-in


def test_the_builtin_rules() -> None:
    rules = pmkt.Rules()
    assert rules.text == pmkt.rules.builtin() and len(rules) == rules.info.rules
    named = set(zip(rules.rules["intent"], rules.rules["cause"]))
    assert {("hesitating", None), ("preparing", None), ("comparing", None)} <= named
    assert {("abandoning", cause) for cause in ("price", "stock", "process", None)} <= named
    first = next(iter(rules.rules))
    assert first["suggestions"] == ("live expert", "buyers' reviews")
    assert first["strength"] == 0.7 and first["cooldown_ms"] == 30 * MINUTE
    assert first["text"].startswith("intent hesitating {") and first["text"].endswith("}")
    lines = rules.text.split("\n")
    assert lines[first["line"] - 1] == "intent hesitating {"
    assert "hesitating" in repr(rules) and "<table>" in rules._repr_html_()


def test_the_words_of_the_requirement() -> None:
    rows = [("ann", i * MINUTE, "search", "dress") for i in range(3)]
    rows += [("bob", 0, "search", "shoes"), ("bob", MINUTE, "favorite", "shoes")]
    rows += [("cyn", 0, "cart", "tea"), ("cyn", MINUTE, "checkout", None)]
    rows += [("dan", 0, "cart", "tea"), ("dan", MINUTE, "view", "tea")]
    matches = pmkt.Rules().match(events(rows), until=40 * MINUTE)
    assert fired(matches)[:2] == [
        ("bob", MINUTE, "preparing", None),
        ("ann", 2 * MINUTE, "hesitating", None),
    ]
    assert sorted(fired(matches)[2:]) == [  # at one time, by the user's id
        ("cyn", 31 * MINUTE, "abandoning", "process"),
        ("dan", 31 * MINUTE, "abandoning", "price"),
    ]
    assert matches["since"].astype(np.int64).tolist()[:2] == [0, 0]
    assert matches["row"].tolist()[:2] == [4, 2] and matches["row"].tolist()[2:] == [-1, -1]
    assert matches["suggestions"][0] == ("coupon", "size guide")
    assert matches.users == 4 and matches.dropped == 0
    assert "hesitating" in repr(matches)
    assert matches["time"].dtype == np.dtype("datetime64[ms]")


def test_columns_of_the_batch() -> None:
    pa = needed("pyarrow")
    table = pa.table(
        {
            "user": ["ann", "ann", "bob", "bob"],
            "time": [0, MINUTE, 0, MINUTE],
            "kind": ["cart", "view", "cart", "click"],
            "item": ["tea", "tea", "tea", None],
            "stock": pa.array([3, 0, 3, None], pa.int64()),
            "page": [None, None, None, "coupon"],
        }
    )
    batch = pmkt.Events.from_arrow(
        table, user="user", time="time", kind_column="kind", item="item", extra=["stock", "page"]
    )
    matches = pmkt.Rules().match(batch, until=40 * MINUTE)
    assert sorted(row[3] for row in fired(matches)) == ["price", "stock"]


# ---------------------------------------------------------------------- against slow Python


def slow(rows: List[Tuple[Any, int, str, Any]], within: int, wait: int, until: int) -> List[Any]:
    """`when view then cart then no order for <wait> same item within <within>`, item by item."""
    out = []
    for user, item in {(row[0], row[3]) for row in rows if row[3]}:
        mine = sorted(
            (time, i, kind)
            for i, (who, time, kind, what) in enumerate(rows)
            if who == user and (what == item or (what is None and kind == "order"))
        )
        begun: Any = None  # the last view, as the later one is the better
        waits: Any = None  # when a wait began
        for time, _, kind in [*mine, (until, 0, "")]:
            if waits is not None and waits + wait < time:
                out.append((user, waits + wait, "a", None))
                begun = waits = None
            if kind == "order":
                begun = waits = None
            elif kind == "view":
                begun = time
            elif kind == "cart" and begun is not None and time - begun <= within and waits is None:
                waits = time
    return sorted(out, key=str)


@pytest.mark.parametrize("threads", [1, 2])
def test_random_events(threads: int) -> None:
    chance = random.Random(3)
    for turn in range(60):
        n = chance.randrange(1, 400)
        rows = [
            (
                f"u{chance.randrange(5)}",
                chance.randrange(2000),
                chance.choice(["view", "cart", "order", "search"]),
                chance.choice(["a", "b", "c", None]),
            )
            for _ in range(n)
        ]
        until = 2000 + chance.randrange(200)
        within, wait = chance.randrange(1, 300), chance.randrange(1, 200)
        rules = pmkt.Rules(
            f"intent a {{ when view then cart then no order for {wait} ms same item "
            f"within {within} ms }}"
        )
        matches = rules.match(events(rows), until=until, threads=threads)
        want = slow(rows, within, wait, until)
        assert sorted(set(want), key=str) == sorted(fired(matches), key=str), turn
        assert len(want) == len(matches) + matches.outranked  # two items at one time are one
        assert matches.suppressed == 0 and matches.dropped == 0


# ---------------------------------------------------------------------------------- texts


@pytest.mark.parametrize(
    ("text", "message", "where"),
    [
        ("intent a { when vieww }", "line 1, column 17: expected a kind", 16),
        (
            "# é\nintent a {\n  when view where (x > 1) }",
            'line 3, column 20: there is no field "x"',
            35,
        ),
        ("intent a { when view strength 2 }", "expected a number from 0 to 1", 30),
    ],
)
def test_mistakes(text: str, message: str, where: int) -> None:
    with pytest.raises(pmkt.ParseError) as caught:
        pmkt.rules.check(text)
    assert message in str(caught.value)
    assert caught.value.where == where and caught.value.where_kind == "byte"


def test_limits() -> None:
    with pytest.raises(pmkt.LimitReached, match="more than 250 rules"):
        pmkt.rules.check("intent a { when view } " * 251)
    with pytest.raises(pmkt.LimitReached, match="1048576 are the most"):
        pmkt.rules.check(" " * (1 << 21))


def test_bad_calls() -> None:
    rules = pmkt.Rules("intent a { when view }")
    batch = events([(1, 5, "view", 1)])
    with pytest.raises(pmkt.InvalidInput, match="before the last event"):
        rules.match(batch, until=4)
    with pytest.raises(pmkt.InvalidInput, match="partials"):
        rules.match(batch, partials=0)
    with pytest.raises(pmkt.InvalidInput, match="Events"):
        rules.match([1, 2])  # type: ignore[arg-type]
    with pytest.raises(pmkt.InvalidInput, match="text is int"):
        pmkt.Rules(3)  # type: ignore[arg-type]
    with pytest.raises(pmkt.ParseError, match="UTF-8"):
        pmkt.Rules("# \ud800")


def test_what_is_empty() -> None:
    assert len(pmkt.rules.check("")) == 0
    assert len(pmkt.Rules("").match(events([(1, 5, "view", 1)]))) == 0
    matches = pmkt.Rules("intent a { when cart }").match(events([(1, 5, "view", 1)]))
    assert len(matches) == 0 and matches["intent"].tolist() == []


def test_text_and_zone() -> None:
    text = "intent tägli cause größe { when view where (time >= date '1970-01-02') }"
    batch = events([(1, 23 * 60 * MINUTE, "view", 1)])
    assert len(pmkt.Rules(text).match(batch)) == 0
    rules = pmkt.Rules(text, tz="Asia/Shanghai")
    for copy in (rules, pickle.loads(pickle.dumps(rules))):
        assert fired(copy.match(batch)) == [(1, 23 * 60 * MINUTE, "tägli", "größe")]
    assert rules.info.intents == 1 and rules.info.bytes > 0


def test_counts() -> None:
    batch = events([(1, t, "view", 1) for t in (0, 10, 20)])
    matches = pmkt.Rules("intent a { when view cooldown 15 ms } intent a { when event }").match(
        batch
    )
    assert matches["rule"].tolist() == [0, 0] and matches["row"].tolist() == [0, 2]
    assert matches.suppressed == 2 and matches.outranked == 2
    few = pmkt.Rules("intent a { when view then cart same item }")
    batch = events([(1, 0, "view", 1), (1, 1, "view", 2), (1, 2, "cart", 1)])
    assert few.match(batch, partials=1).dropped == 1


def test_cancel() -> None:
    n = 50_000
    batch = pmkt.Events(user=np.arange(n) % 999 + 1, time=np.arange(n), kind="view")
    with pytest.raises(pmkt.Canceled):
        pmkt.Rules().match(batch, progress=lambda done, stage: done < 0.5)
