"""The live tracker from Python: the same as in batch, whatever comes in between."""

from __future__ import annotations

import doctest
from datetime import datetime, timedelta, timezone
from typing import Any, Callable, Dict, List

import numpy as np
import pytest
from conftest import needed
from live_rows import (
    DAY,
    EAGER,
    HOUR,
    MINUTE,
    SECOND,
    SILENT,
    Row,
    events,
    fired,
    in_batch,
    make_rows,
    one,
    shop,
    taobao,
)

import pmkt
from pmkt import _tracker

# ---------------------------------------------------------------------------------- live


@pytest.fixture(scope="module")
def model() -> pmkt.IntentModel:
    return pmkt.IntentModel().fit(events(make_rows(1, n=20_000)))


def test_what_the_documentation_shows() -> None:
    found = doctest.testmod(_tracker, extraglobs={"pmkt": pmkt})
    assert found.attempted > 2 and found.failed == 0


def test_six_actions_of_one_user(model: pmkt.IntentModel) -> None:
    actions: List[Row] = [
        ("ann", 0, "search", "dress", "clothes"),
        ("ann", 20 * SECOND, "search", "dress", "clothes"),
        ("ann", 50 * SECOND, "search", "dress", "clothes"),
        ("ann", 70 * SECOND, "favorite", "dress", "clothes"),
        ("ann", 90 * SECOND, "cart", "dress", "clothes"),
        ("ann", 95 * SECOND, "checkout", None, None),
    ]
    scores = model.score(events(actions))
    with model.tracker() as tracker:
        told = []
        for i, action in enumerate(actions):
            out = one(tracker, action)
            assert out.columns == ["p_order", "next", "next_p", "intent", "strength"]
            assert len(out) == 1 and out.report.accepted == 1
            assert out["p_order"][0] == scores["p_order"][i]
            assert out["next"][0] == scores["next"][i] and out["next_p"][0] == scores["next_p"][i]
            told.append(out["intent"][0])
            for row in out.fired:
                assert row["user"] == "ann" and row["row"] == 0 and row["generation"] == 1
                assert row["time"] == out.fired["time"][0].item() and row["since"] <= row["time"]
        assert told == [None, None, "hesitating", "preparing", None, None]
        assert len(tracker.advance(20 * MINUTE)) == 0
        silent = tracker.advance(95 * SECOND + 30 * MINUTE + 1)
        assert silent["user"].tolist() == ["ann"] and silent["row"].tolist() == [-1]
        assert silent["intent"][0] == "abandoning" and silent["cause"][0] == "process"
        assert silent["suggestions"][0] == ("shorter path",) or silent["suggestions"][0]
        why = tracker.evidence("ann", "hesitating")
        assert why.intent == "hesitating" and why.events["matched"].tolist()[:4] == [True] * 3 + [
            False
        ]
        assert tracker.evidence("ann").intent == "abandoning"
        stats = tracker.stats
        assert (stats.users, stats.events, stats.fired) == (1, 6, 3) and len(tracker) == 1
        assert stats.clock == np.datetime64(95 * SECOND + 30 * MINUTE + 1, "ms")


def test_a_batch_with_everything(model: pmkt.IntentModel) -> None:
    rows = make_rows(2, n=500)
    batch = events(rows)
    tracker = model.tracker(history=0)
    out = tracker.observe(batch, columns=tracker.columns)
    assert tuple(out.columns) == tracker.columns and len(out) == len(rows)
    scores = model.score(batch)
    for name in scores.columns:
        np.testing.assert_array_equal(out[name], scores[name], err_msg=name)
    rules = tracker.rules
    assert rules is not None
    for row, rule in enumerate(out["rule"].tolist()):
        if rule < 0:
            assert out["intent"][row] is None and out["cause"][row] is None
            assert np.isnan(out["strength"][row]) and out["suggestions"][row] is None
            continue
        for name in ("intent", "cause", "strength", "suggestions"):
            assert out[name][row] == rules.rules[name][rule], name
        here = [e for e in out.fired if e["row"] == row]
        assert max(e["strength"] for e in here) == out["strength"][row]
    assert (out["rule"] >= 0).any() and "abandoning" in repr(out.fired)
    assert "<table>" in out._repr_html_()
    pandas = needed("pandas")
    frame = out.to_pandas()
    assert isinstance(frame, pandas.DataFrame) and list(frame.columns) == list(tracker.columns)
    assert len(out.fired.to_pandas()) == len(out.fired)


def test_only_what_is_asked_for(model: pmkt.IntentModel) -> None:
    tracker = model.tracker(rules=EAGER)
    row: Row = ("ann", 0, "view", "tea", None)
    assert one(tracker, row, columns=["p_order"]).columns == ["p_order"]
    assert one(tracker, row, columns="intent")["intent"].tolist() == ["eager"]
    out = one(tracker, row, columns=["next_2", "next_3_p", "rule"])
    assert out.columns == ["next_2", "next_3_p", "rule"]
    nothing = one(tracker, row, columns=[])
    assert nothing.columns == [] and len(nothing) == 1 and "1 events" in repr(nothing)
    assert [e["intent"] for e in nothing.fired] == ["eager"] and list(nothing) == [{}]
    with pytest.raises(pmkt.InvalidInput, match="there is no column 'p'; there are p_order"):
        one(tracker, row, columns=["p"])
    with pytest.raises(pmkt.InvalidInput, match="a list of names"):
        one(tracker, row, columns=3)
    alone = pmkt.Tracker(rules=EAGER)
    assert one(alone, row).columns == ["intent", "strength"]
    with pytest.raises(pmkt.Unsupported):
        one(alone, row, columns=["p_order"])
    without = model.tracker(rules=False)
    assert without.rules is None and one(without, row).columns == ["p_order", "next", "next_p"]
    assert one(without, row, columns=["intent", "rule"])["rule"].tolist() == [-1]


def test_a_model_that_cannot_tell() -> None:
    """No session reaches the goal: there is no probability, as in batch."""
    batch = events([("a", i * SECOND, "view", "x", None) for i in range(9)])
    model = pmkt.IntentModel().fit(batch)
    out = model.tracker().observe(batch, columns=["p_order", "p_cart", "time_ms", "next"])
    scores = model.score(batch)
    for name in out.columns:
        np.testing.assert_array_equal(out[name], scores[name])
    with pytest.raises(pmkt.NotFitted):
        pmkt.IntentModel().tracker()
    with pytest.raises(pmkt.NotFitted, match="chains alone"):
        pmkt.IntentModel().fit_paths([["view"]]).tracker()


# ------------------------------------------------------------------------- as in batch


@pytest.mark.parametrize("source", [shop, taobao])
def test_the_same_as_in_batch(source: Callable[[], List[Row]]) -> None:
    rows = source()
    batch = events(rows)
    model, rules = pmkt.IntentModel(tz="Asia/Shanghai").fit(batch), pmkt.Rules()
    scores, until = model.score(batch), rows[-1][1] + DAY
    tracker = model.tracker(rules=rules, ttl="1000d")
    rng, at, told = np.random.default_rng(4), 0, []
    while at < len(rows):
        size = int(rng.choice([1, 7, 100, 5000]))
        out = tracker.observe(events(rows[at : at + size]), columns=tracker.columns)
        for name in scores.columns:
            np.testing.assert_array_equal(out[name], scores[name][at : at + size], err_msg=name)
        told += fired(out.fired)
        at += size
        if rng.random() < 0.2:
            told += fired(tracker.advance(rows[at - 1 if at <= len(rows) else -1][1]))
    told += fired(tracker.advance(until))
    assert len(told) > 100 and sorted(told, key=repr) == in_batch(rules, batch, until)
    matches, stats = rules.match(batch, until=until), tracker.stats
    assert (stats.suppressed, stats.outranked, stats.dropped) == (
        matches.suppressed,
        matches.outranked,
        matches.dropped,
    )
    assert stats.fired == len(matches) and stats.events == len(rows) and stats.unheard == 0
    whole = model.tracker(rules=rules, ttl="1000d", history=0)
    at_once = [whole.observe(batch, columns=[]).fired, whole.advance(until)]
    found = sorted(row for table in at_once for row in zip(table["row"].tolist(), table["time"]))
    assert found == sorted(zip(matches["row"].tolist(), matches["time"]))


def test_when_all_of_it_fires() -> None:
    """What fires takes many times the room that there is at first, in one event and in all."""
    text = "".join(f"intent a{i} {{ when event strength 0.{i:03} }}\n" for i in range(200))
    rules, rows = pmkt.Rules(text), make_rows(5, n=400)
    tracker = pmkt.Tracker(rules=rules, partials=1024)
    bad = [3, 100, 399]
    late = [200]
    user = [None if i in bad else row[0] for i, row in enumerate(rows)]
    time = [row[1] for row in rows]
    time[200] = 0
    user[200] = user[199]
    batch = pmkt.Events(user=user, time=time, kind="view", on_bad="skip")
    out = tracker.observe(batch, columns=["rule", "intent"])
    n = len(rows) - len(bad) - len(late)
    assert len(out.fired) == 200 * n and (np.diff(out.fired["row"]) >= 0).all()
    good = np.ones(len(rows), bool)
    good[bad + late] = False
    assert out["rule"].tolist() == [199 if ok else -1 for ok in good]
    assert out["intent"].tolist() == ["a199" if ok else None for ok in good]
    assert np.array_equal(np.unique(out.fired["row"]), np.flatnonzero(good))
    report = out.report
    assert (report.rows, report.accepted, report.rejected, report.ignored) == (400, n, 3, 1)
    assert report.rejected_rows().tolist() == bad and report.by_reason == {"no user": 3}
    assert "1 ignored (too late)" in repr(report)


def test_rows_that_no_batch_can_hold() -> None:
    user, time = [1, 1.5, None, 2], [0, 1, 2, -(2**62)]
    batch = pmkt.Events(user=user, time=time, kind="view", on_bad="skip")
    out = pmkt.Tracker(rules="intent a { when event }").observe(batch)
    assert out["intent"].tolist() == ["a", None, None, None]
    assert out.report.by_reason == batch.report.by_reason and out.report.accepted == 1
    assert out.report.rejected_rows().tolist() == [1, 2, 3]


def test_many_waits() -> None:
    tracker = pmkt.Tracker(rules=SILENT)
    tracker.observe(pmkt.Events(user=np.arange(5000) + 1, time=np.arange(5000), kind="cart"))
    assert tracker.stats.waiting == 5000
    out = tracker.advance(30 * MINUTE + 3000)
    assert len(out) == 3000 and (np.diff(out["time"].astype(np.int64)) >= 0).all()
    assert sorted(out["user"].tolist()) == list(range(1, 3001)) and (out["row"] == -1).all()
    assert (out["time"].astype(np.int64) - out["since"].astype(np.int64) == 30 * MINUTE).all()
    assert out["cause"].tolist() == ["doubt"] * 3000
    assert len(tracker.advance(30 * MINUTE)) == 0 and tracker.stats.clocks_back == 1
    assert len(tracker.advance(30 * MINUTE + 5001)) == 2000 and tracker.stats.waiting == 0


# ------------------------------------------------------------------------------- evidence


def test_evidence(model: pmkt.IntentModel) -> None:
    tracker = model.tracker(rules=f"{SILENT}\n{EAGER}", tz="Asia/Shanghai", history=4)
    rows: List[Row] = [
        ("ann", 0, "search", None, None),
        ("ann", MINUTE, "view", "tea", "drinks"),
        ("ann", 2 * MINUTE, "view", "nut", "food"),
        ("ann", 3 * MINUTE, "favorite", None, None),
        ("ann", 4 * MINUTE, "view", "tea", "drinks"),
    ]
    tracker.observe(events(rows))
    tracker.observe(user="ann", time=5 * MINUTE, kind="share", channel="mail")
    why = tracker.evidence("ann")
    assert (why.user, why.intent, why.cause, why.strength) == ("ann", "eager", None, 0.8)
    assert why.suggestions == ("coupon", "chat") and why.rule == EAGER and why.line == 2
    assert why.time == np.datetime64(4 * MINUTE, "ms") and why.since == np.datetime64(MINUTE, "ms")
    assert why.session == 6
    table = why.events
    assert table["kind"].tolist() == ["view", "favorite", "view", "share"]
    assert table["item"].tolist() == ["nut", None, "tea", None]
    assert table["category"].tolist() == ["food", None, "drinks", None]
    assert table["channel"].tolist() == [None, None, None, "mail"]
    assert table["matched"].tolist() == [False, False, True, False]
    steps = model.explain([row[2] for row in rows])["log_odds"]
    np.testing.assert_allclose(table["log_odds"], [*steps[2:], 0], rtol=1e-5)
    features = model.explain_events(events(rows))
    total = features.value[-1, features.features.index("evidence")]
    np.testing.assert_allclose(why.evidence, total, rtol=1e-5)
    text = repr(why)
    for part in ("ann: eager, strength 0.80", "1970-01-01 08:04:00", "suggested: coupon, chat"):
        assert part in text, text
    assert "    intent eager {" in text and "line 2" in text and "tea" in text and "mail" in text
    assert why._repr_html_().startswith("<pre>ann")
    assert len(why.to_pandas() if needed("pandas") else []) == 4
    with pytest.raises(AttributeError):
        why.user = "bob"  # type: ignore[misc]


def test_evidence_of_who_did_little() -> None:
    tracker = pmkt.Tracker(rules=EAGER)
    nobody = tracker.evidence("ann")
    assert nobody.intent is None and nobody.rule is None and nobody.suggestions == ()
    assert nobody.time is None and len(nobody.events) == 0 and repr(nobody) == "ann: not known"
    one(tracker, ("ann", 0, "view", "tea", None))
    little = tracker.evidence("ann", "eager")
    assert little.intent is None and len(little.events) == 1 and little.evidence == 0
    assert repr(little).startswith("ann: no intent fired\n")
    one(tracker, ("ann", 1, "view", "tea", None))
    assert tracker.evidence("ann", "eager").intent == "eager"
    assert tracker.evidence("ann", "größe").intent is None
    for bad in (3, "a\0b", b"eager"):
        with pytest.raises(pmkt.InvalidInput, match="intent is"):
            tracker.evidence("ann", bad)  # type: ignore[arg-type]
    with pytest.raises(pmkt.Unsupported):
        pmkt.Tracker(rules=EAGER, history=0).evidence("ann")


# -------------------------------------------------------------------------- what comes in


def test_users_come_back_as_they_came() -> None:
    for users in (
        ["ann", "bob"],
        [b"ann", b"bob"],
        [7, 8],
        np.array([7, 8], np.uint16),
        [7.0, 8.0],
    ):
        tracker = pmkt.Tracker(rules=f"{EAGER} {SILENT}", late="1h")
        for time in (0, 1):
            out = tracker.observe(
                pmkt.Events(user=users, time=[time, time], kind="view", item=[5, 5])
            )
        came = list(users)
        assert out.fired["user"].tolist() == came
        assert [type(u) for u in out.fired["user"].tolist()] == [
            type(u.item() if hasattr(u, "item") else u) for u in came
        ]
        for user in came:
            assert tracker.evidence(user).events["item"].tolist() == [5, 5]
        tracker.observe(pmkt.Events(user=users, time=[2, 2], kind="cart"))
        assert sorted(tracker.advance(HOUR)["user"].tolist()) == came
        assert tracker.forget(came[0]) and not tracker.forget(came[0]) and len(tracker) == 1
        with pytest.raises(pmkt.InvalidInput, match="users given as"):
            tracker.observe(
                user=5 if isinstance(came[0], (str, bytes)) else "x", time=9, kind="view"
            )
    wide = pmkt.Tracker(rules=SILENT)
    wide.observe(user=2**64 - 1, time=0, kind="cart")
    assert wide.advance(HOUR)["user"].tolist() == [2**64 - 1]


@pytest.mark.parametrize("library", ["pandas", "polars", "pyarrow", "dict"])
def test_frames(library: str, model: pmkt.IntentModel) -> None:
    rows = make_rows(6, n=300)
    names = ("user", "time", "kind", "item", "category")
    frame: Any = {name: list(column) for name, column in zip(names, zip(*rows))}
    if library != "dict":
        module = needed(library)
        frame = module.table(frame) if library == "pyarrow" else module.DataFrame(frame)
    columns = {"user": "user", "time": "time", "item": "item", "category": "category"}
    batch = pmkt.Events.from_frame(frame, kind_column="kind", **columns)
    tracker, other = model.tracker(), model.tracker()
    out, expected = tracker.observe(batch), other.observe(events(rows))
    for name in out.columns:
        np.testing.assert_array_equal(out[name], expected[name])
    assert fired(out.fired) == fired(expected.fired)
    user = rows[-1][0]
    assert repr(tracker.evidence(user)) == repr(other.evidence(user))
    assert set(tracker.evidence(user).events["item"].tolist()) <= {
        None,
        *(f"i{i}" for i in range(9)),
    }


def test_columns_that_rules_declare() -> None:
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
    tracker, single = pmkt.Tracker(), pmkt.Tracker()
    tracker.observe(batch)
    for row in table.to_pylist():
        more = {name: row.pop(name) for name in ("stock", "page")}
        single.observe(**row, extra=more)
    for each in (tracker, single):
        assert sorted(each.advance(HOUR)["cause"].tolist()) == ["price", "stock"]
    rich = pmkt.Tracker(
        rules="columns rate double, page id intent a { when view where (rate > 0.5) }"
    )
    for rate, page, told in ((0.25, np.uint64(5), 0), (np.float32(0.75), b"x", 1), (None, None, 0)):
        out = rich.observe(user=1, time=0, kind="view", extra={"rate": rate, "page": page})
        assert len(out.fired) == told
    for extra in (
        {"rate": 1},
        {"rate": True},
        {"": 0.5},
        {"a\0": 0.5},
        {3: 0.5},
        [1],
        {"rate": 2**70},
    ):
        with pytest.raises(pmkt.InvalidInput):
            rich.observe(user=1, time=0, kind="view", extra=extra)  # type: ignore[arg-type]


def test_one_event_is_a_batch_of_one() -> None:
    moment = datetime(2026, 3, 2, 12, tzinfo=timezone.utc)
    ms = int(moment.timestamp() * 1000)
    shanghai = pmkt.Tracker(rules=EAGER, tz="Asia/Shanghai")
    times = (
        ms,
        np.int64(ms),
        moment,
        moment + timedelta(0),
        "2026-03-02 20:00",
        "2026-03-02T12:00Z",
    )
    for time in (*times, np.datetime64("2026-03-02T20:00")):
        shanghai.observe(user="ann", time=time, kind="search")
    assert (shanghai.evidence("ann").events["time"].astype(np.int64) == ms).all()
    assert shanghai.stats.events == 7 and shanghai.stats.late == 0
    assert len(shanghai.advance("2026-03-03")) == 0
    assert shanghai.stats.clock == np.datetime64("2026-03-02T16:00")
    tracker = pmkt.Tracker(rules="intent a { when order where (amount = 5 and quantity = 2) }")
    full = {"order": "o1", "session": 3, "channel": "mail", "category": 9, "item": np.nan}
    out = tracker.observe(user=1, time=0, kind="order", amount=5, quantity=np.int32(2), **full)
    assert len(out.fired) == 1
    assert len(tracker.observe(user=1, time=0, kind=10, amount=5.0, quantity=2.0).fired) == 1
    assert tracker.evidence(1).events["item"].tolist() == [None, None]
    assert tracker.observe(user=1, time=0, kind=300).report.accepted == 1
    assert tracker.evidence(1).events["kind"].tolist()[-1] == "300"


def test_bad_input() -> None:
    tracker = pmkt.Tracker(rules=EAGER)
    good: Dict[str, Any] = {"user": "ann", "time": 0, "kind": "view", "item": "tea"}
    wrong: List[Dict[str, Any]] = [
        {"time": np.nan}, {"time": "yesterday"}, {"time": True}, {"time": -(2**63)}, {"time": 1.5},
        {"time": 2**62}, {"time": datetime(2026, 1, 1)}, {"user": np.nan}, {"user": 0},
        {"user": -1}, {"user": [1]}, {"user": True}, {"user": 1.5}, {"kind": "vieww"},
        {"kind": 99}, {"kind": "a\0"}, {"kind": 2**16}, {"item": [1, 2]}, {"item": 2**64},
        {"amount": "3"}, {"amount": 0.5}, {"quantity": True}, {"kind": "order", "amount": -1},
    ]  # fmt: skip
    for change in wrong:
        with pytest.raises(pmkt.InvalidInput):
            tracker.observe(**{**good, **change})
    for name in ("user", "time", "kind"):
        with pytest.raises(pmkt.InvalidInput, match="needs user=, time= and kind="):
            tracker.observe(**{**good, name: None})
    with pytest.raises(pmkt.InvalidInput, match="needs user="):
        tracker.observe()
    with pytest.raises(pmkt.InvalidInput, match="either"):
        tracker.observe(events(make_rows(1, n=2)), user="ann")
    with pytest.raises(pmkt.InvalidInput, match="expected Events"):
        tracker.observe([1, 2])  # type: ignore[arg-type]
    for user in (None, 0, np.nan, [1], True, 2**64, -5):
        with pytest.raises(pmkt.InvalidInput):
            tracker.evidence(user)
        with pytest.raises(pmkt.InvalidInput):
            tracker.forget(user)
    for clock in (None, np.nan, "yesterday", "2026-01-01", datetime(2026, 1, 1), 1.5, 2**62):
        with pytest.raises(pmkt.InvalidInput):
            tracker.advance(clock)
    stats = tracker.stats
    assert (stats.users, stats.events, stats.late) == (0, 0, 0) and np.isnat(stats.clock)


def test_nothing() -> None:
    tracker = pmkt.Tracker(rules=EAGER)
    out = tracker.observe(pmkt.Events(user=[], time=[], kind="view"), columns=["intent", "rule"])
    assert len(out) == 0 and len(out.fired) == 0 and out.fired.columns[0] == "user"
    assert out["intent"].tolist() == [] and out.report.rows == 0
    assert len(tracker.advance(0)) == 0 and tracker.stats.clock == np.datetime64(0, "ms")
    empty = pmkt.Tracker(rules="")
    assert len(one(empty, ("ann", 0, "view", None, None)).fired) == 0


def test_late_events() -> None:
    strict, lenient = pmkt.Tracker(rules=EAGER), pmkt.Tracker(rules=EAGER, late="10s")
    rows: List[Row] = [("ann", t * SECOND, "view", "tea", None) for t in (20, 10, 9, 20)]
    out = strict.observe(events(rows))
    assert (out.report.accepted, out.report.ignored, strict.stats.late) == (2, 2, 2)
    assert out["intent"].tolist() == [None, None, None, "eager"]
    out = lenient.observe(events(rows))
    assert (out.report.accepted, out.report.ignored) == (3, 1)
    assert out["intent"].tolist() == [None, "eager", None, None]
    assert out.fired["time"].tolist() == [datetime(1970, 1, 1, 0, 0, 20)]


def test_options() -> None:
    for bad in (
        {"history": 65}, {"history": -1}, {"shards": 3}, {"shards": 0}, {"shards": 2048},
        {"partials": 0}, {"partials": 1025}, {"capacity": -1}, {"capacity": 2**62},
        {"max_bytes": -1}, {"ttl": 5}, {"ttl": "5"}, {"ttl": "0d"}, {"late": 5}, {"late": "x"},
        {"actions": 300}, {"actions": -1}, {"tz": "Nowhere"}, {"ids": {}}, {"threads": -1},
        {"rules": 3}, {"rules": True}, {"model": 3}, {"rules": False},
    ):  # fmt: skip
        with pytest.raises(pmkt.InvalidInput):
            pmkt.Tracker(**{"rules": EAGER, **bad})
    with pytest.raises(TypeError):
        pmkt.Tracker(rule=EAGER)  # type: ignore[call-arg]
    with pytest.raises(pmkt.ParseError, match="line 1, column 1"):
        pmkt.Tracker(rules="when")
    for limit in ({"max_bytes": 1000}, {"max_bytes": 1 << 20, "capacity": 10**6}):
        with pytest.raises(pmkt.LimitReached):
            pmkt.Tracker(rules=EAGER, **limit)


def test_memory_is_bounded() -> None:
    tracker = pmkt.Tracker(rules=f"{EAGER} {SILENT}", max_bytes=4 << 20, shards=1)
    for start in range(0, 60_000, 10_000):
        users = [f"u{i}" for i in range(start, start + 10_000)]
        tracker.observe(pmkt.Events(user=users, time=[start] * 10_000, kind="cart"))
    stats = tracker.stats
    assert stats.bytes <= 4 << 20 and stats.users + stats.evicted == 60_000 and stats.evicted > 0
    assert len(tracker.texts()) < 60_000  # names go with the users
    waited = tracker.advance(HOUR)
    assert 0 < len(waited) <= stats.users
    assert all(isinstance(user, str) for user in waited["user"])
    roomy = pmkt.Tracker(rules=EAGER, capacity=10_000)
    assert roomy.stats.users == 0 and roomy.stats.bytes > 10_000 * 256


def test_room_grows(monkeypatch: pytest.MonkeyPatch, model: pmkt.IntentModel) -> None:
    """However little room there is at first, what is told is the same."""
    rows = make_rows(16, n=3000)
    rules = f"{SILENT}\n{EAGER}\nintent any {{ when event }}"
    batch, end = events(rows), rows[-1][1] + DAY
    told = []
    for room in (3, 4, 100, 100_000):
        monkeypatch.setattr(_tracker, "_ROOM", room)
        tracker = model.tracker(rules=rules)
        out = tracker.observe(batch, columns=tracker.columns)
        told.append(
            (out.to_dict(), fired(out.fired), fired(tracker.advance(end)), repr(out.report))
        )
    for other in told[1:]:
        for name, values in told[0][0].items():
            np.testing.assert_array_equal(values, other[0][name])
        assert other[1:] == told[0][1:]
