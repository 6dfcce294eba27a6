"""The live tracker as something that is kept: swaps, files, threads, processes."""

from __future__ import annotations

import copy
import os
import pickle
import threading
from pathlib import Path
from typing import Any, Callable, Dict, List, Optional

import numpy as np
import pytest
from live_rows import (
    DAY,
    EAGER,
    HOUR,
    SILENT,
    Row,
    events,
    fired,
    make_rows,
    one,
)

import pmkt


@pytest.fixture(scope="module")
def model() -> pmkt.IntentModel:
    return pmkt.IntentModel().fit(events(make_rows(1, n=20_000)))


# ------------------------------------------------------------------------------- swaps


def test_swapping_rules() -> None:
    tracker = pmkt.Tracker(rules=f"{EAGER} {SILENT}")
    one(tracker, ("ann", 0, "view", "tea", None))
    one(tracker, ("bob", 0, "cart", "tea", None))
    assert tracker.swap_rules("# none of them\n" + EAGER) == 1
    assert tracker.rules is not None and len(tracker.rules) == 1 and tracker.stats.generation == 2
    out = one(tracker, ("ann", 1, "view", "tea", None))  # goes on where it was
    assert out["intent"].tolist() == ["eager"] and out.fired["generation"].tolist() == [2]
    assert tracker.evidence("ann").line == 2
    assert len(tracker.advance(HOUR)) == 0  # the wait is gone
    rules = pmkt.Rules(SILENT)
    tracker.swap_rules(rules)
    assert tracker.rules is rules
    tracker.swap_rules(None)
    assert tracker.rules is not None and tracker.rules.text == pmkt.rules.builtin()
    tracker.swap_rules(False)
    assert tracker.rules is None and "no rules" in repr(tracker)
    assert len(one(tracker, ("ann", 2, "view", "tea", None))) == 1
    before = tracker.stats.generation
    with pytest.raises(pmkt.ParseError):
        tracker.swap_rules("intent")
    with pytest.raises(pmkt.InvalidInput):
        tracker.swap_rules(3)  # type: ignore[arg-type]
    assert tracker.stats.generation == before == 5


def test_swapping_models(model: pmkt.IntentModel) -> None:
    rows = make_rows(8, n=2000)
    other = pmkt.IntentModel(order=1).fit(events(make_rows(9, n=5000)))
    tracker = model.tracker(ttl="1000d")
    tracker.observe(events(rows))
    assert tracker.swap(other) is tracker and tracker.model is not other
    assert tracker.model is not None and repr(tracker.model) == repr(other)
    later: List[Row] = [(u, t + 30 * DAY, *rest) for u, t, *rest in rows]  # type: ignore[misc]
    out, scores = tracker.observe(events(later)), other.score(events(rows + later))
    for name in ("p_order", "next", "next_p"):
        np.testing.assert_array_equal(out[name], scores[name][len(rows) :])
    text = repr(tracker.model)
    other.fit(events(make_rows(10, n=50)))  # a new fit of the object is nothing to the tracker
    assert repr(tracker.model) == text != repr(other)
    with pytest.raises(pmkt.InvalidInput, match="expected pmkt.IntentModel"):
        tracker.swap(None)  # type: ignore[arg-type]
    with pytest.raises(pmkt.NotFitted):
        tracker.swap(pmkt.IntentModel())
    with pytest.raises(pmkt.Unsupported):
        pmkt.Tracker(rules=EAGER).swap(model)
    visits = pmkt.Events(user=[1, 1], time=[0, 1], kind="view", session=[1, 2])
    with pytest.raises(pmkt.Mismatch):
        tracker.swap(pmkt.IntentModel(by_session=True).fit(visits))


def test_learning_on(model: pmkt.IntentModel) -> None:
    rows = make_rows(17, n=6000)
    tracker = model.tracker(learn=True, rules=False)
    tracker.observe(events(rows))
    counted = tracker.stats.learned
    assert counted > 0 and tracker.stats.unlearned == 0
    learned: Any = tracker.learn()
    assert isinstance(learned, pmkt.IntentModel) and learned.actions == model.actions
    assert learned.info.sessions == model.info.sessions + counted
    assert learned.order == model.order and learned.tz == model.tz and learned.report is None
    assert repr(tracker.model) == repr(learned) != repr(model)
    later: List[Row] = [(f"new {u}", t + DAY, *rest) for u, t, *rest in rows]  # type: ignore[misc]
    out, scores = tracker.observe(events(later)), learned.score(events(later))
    for name in ("p_order", "next", "next_p"):
        np.testing.assert_array_equal(out[name], scores[name])
    counted = tracker.stats.learned
    tracker.advance(max(t for _, t, *_ in rows) + 3 * DAY)  # by which all sessions are over
    faded: Any = tracker.learn(half_life="1d")
    assert faded.info.sessions > counted and tracker.stats.learned == 0
    assert faded.info.sessions < learned.info.sessions + len(rows) // 2
    whole: Any = pmkt.IntentModel(order=model.order).fit(events(later))
    assert faded.info.sessions - whole.info.sessions in range(1, learned.info.sessions)
    with pytest.raises(pmkt.Canceled):
        tracker.learn(progress=lambda done, stage: True)
    assert repr(tracker.model) == repr(faded)
    with pytest.raises(pmkt.InvalidInput, match="half_life"):
        tracker.learn(5)  # type: ignore[arg-type]
    for other in (model.tracker(), pmkt.Tracker(rules=EAGER)):
        with pytest.raises(pmkt.Unsupported):
            other.learn()


def test_classes_in_names() -> None:
    rows = make_rows(11, n=3000)
    batch = events(rows)
    plain = pmkt.IntentModel().fit(batch)
    crossed = pmkt.IntentModel(classes=["c1", "c2"]).fit(batch)
    tracker = plain.tracker(actions=64)
    for each in (plain, crossed, plain):
        tracker.swap(each)
        fresh = each.tracker(actions=64)
        np.testing.assert_array_equal(fresh.observe(batch)["next"], each.score(batch)["next"])
    tracker.swap(crossed)
    assert "view:c1" in set(crossed.tracker().observe(batch)["next"].tolist())
    with pytest.raises(pmkt.LimitReached):
        wide = pmkt.IntentModel(classes=["c0", "c1", "c2"]).fit(batch)
        pmkt.IntentModel().fit(events(rows[:50])).tracker(rules=False).swap(wide)


# ------------------------------------------------------------------------------- files


def test_a_snapshot_is_not_noticed(model: pmkt.IntentModel, tmp_path: Path) -> None:
    rows = make_rows(12, n=4000)
    path = tmp_path / "live.pmkt"
    tracker = model.tracker(rules=f"{SILENT}\n{EAGER}")
    first = tracker.observe(events(rows[:2000]))
    assert len(first.fired) > 0
    assert tracker.save(path) is tracker
    content = tracker.to_bytes()
    assert path.read_bytes() == content and pmkt.inspect(path).kind == "tracker"
    assert tracker.to_bytes(compression=3) != content
    tracker.texts().save(tmp_path / "live.ids")
    options: Dict[str, Any] = {"rules": f"{SILENT}\n{EAGER}", "shards": 2}
    ids = pmkt.Ids.load(tmp_path / "live.ids")
    copies = [
        pmkt.Tracker.load(path, model, ids=ids, **options),
        pmkt.Tracker.from_bytes(bytearray(content), model, ids=ids, **options),
        pmkt.Tracker.from_bytes(tracker.to_bytes(compression=3), model, ids=ids, **options),
    ]
    user = rows[1999][0]
    for other in copies:
        assert other.to_bytes() == content and len(other) == len(tracker)
        assert repr(other.evidence(user)) == repr(tracker.evidence(user))
    end = rows[-1][1] + DAY
    out, waits = tracker.observe(events(rows[2000:])), tracker.advance(end)
    assert len(waits) > 0
    for other in copies:
        same = other.observe(events(rows[2000:]))
        for name in out.columns:
            np.testing.assert_array_equal(out[name], same[name])
        assert fired(same.fired) == fired(out.fired) and fired(other.advance(end)) == fired(waits)
        assert other.to_bytes() == tracker.to_bytes()


def test_without_texts(tmp_path: Path) -> None:
    """Who comes from a file is a number until he is seen again."""
    tracker = pmkt.Tracker(rules=SILENT)
    tracker.observe(events([("ann", 0, "cart", "tea", None), ("bob", 1, "cart", "tea", None)]))
    again = pmkt.Tracker.from_bytes(tracker.to_bytes(), rules=SILENT)
    ann, bob = (int(n) for n in pmkt.Ids().encode(["ann", "bob"]))
    assert again.evidence("ann").events["item"].tolist() == [int(pmkt.Ids().encode(["tea"])[0])]
    again.observe(user="bob", time=2, kind="view")
    assert again.advance(HOUR)["user"].tolist() == [ann, "bob"]
    assert len(again.evidence(ann).events) == 1 and again.forget(ann)
    numbers = pmkt.Tracker(rules=SILENT)
    numbers.observe(user=2**40, time=0, kind="cart")
    again = pmkt.Tracker.from_bytes(numbers.to_bytes(), rules=SILENT)
    again.observe(pmkt.Events(user=np.array([7], np.int32), time=[1], kind="cart"))
    assert again.advance(HOUR)["user"].tolist() == [2**40, 7]
    assert isinstance(again.texts(), pmkt.Ids) and len(again.texts()) == 0


def test_bad_files(model: pmkt.IntentModel, tmp_path: Path) -> None:
    tracker = pmkt.Tracker(rules=EAGER)
    one(tracker, ("ann", 0, "view", "tea", None))
    content = tracker.to_bytes()
    with pytest.raises(pmkt.FileMissing) as caught:
        pmkt.Tracker.load(tmp_path / "none", rules=EAGER)
    assert caught.value.filename == str(tmp_path / "none")
    with pytest.raises(pmkt.BadFormat):
        pmkt.Tracker.from_bytes(model.to_bytes(), rules=EAGER)
    with pytest.raises(pmkt.BadFormat):
        pmkt.IntentModel.from_bytes(content)
    with pytest.raises(pmkt.Unsupported):
        pmkt.Tracker.from_bytes(content, model, EAGER)
    for cut in (content[:-9], content[:70], content[:-1] + bytes([content[-1] ^ 1])):
        with pytest.raises((pmkt.Corrupt, pmkt.BadFormat)):
            pmkt.Tracker.from_bytes(cut, rules=EAGER)
    with pytest.raises(pmkt.InvalidInput, match="expected bytes"):
        pmkt.Tracker.from_bytes("text", rules=EAGER)
    with pytest.raises(pmkt.Canceled):
        tracker.save(tmp_path / "live", progress=lambda done, stage: True)
    assert not (tmp_path / "live").exists()
    assert len(pmkt.Tracker.from_bytes(content, rules=EAGER)) == 1


def test_copies() -> None:
    tracker = pmkt.Tracker(rules=EAGER)
    for copier in (pickle.dumps, copy.copy, copy.deepcopy):
        with pytest.raises(TypeError, match="save it"):
            copier(tracker)


def test_close() -> None:
    with pmkt.Tracker(rules=EAGER) as tracker:
        one(tracker, ("ann", 0, "view", "tea", None))
        assert "1 users; no model; 1 rules" in repr(tracker) and bool(tracker)
    assert repr(tracker) == "<pmkt.Tracker, closed>"
    tracker.close()
    calls: List[Callable[[], Any]] = [
        lambda: one(tracker, ("ann", 0, "view", "tea", None)),
        lambda: tracker.advance(0),
        lambda: tracker.evidence("ann"),
        lambda: tracker.stats,
        lambda: tracker.to_bytes(),
        lambda: tracker.swap_rules(""),
    ]
    for attempt in calls:
        with pytest.raises(pmkt.InvalidInput, match="closed"):
            attempt()


# ------------------------------------------------------------------- threads and processes


def in_threads(works: List[Callable[[], None]]) -> None:
    failures: List[BaseException] = []

    def run(work: Callable[[], None]) -> None:
        try:
            work()
        except BaseException as error:
            failures.append(error)

    threads = [threading.Thread(target=run, args=(work,)) for work in works]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    if failures:
        raise failures[0]


def test_threads(model: pmkt.IntentModel) -> None:
    """Each has users of its own; together they are as one."""
    rows = make_rows(13, users=60, n=8000)
    batch = events(rows)
    expected = model.tracker().observe(batch)
    tracker, told = model.tracker(shards=4), []
    p = np.full(len(rows), np.nan)

    def work(mine: int) -> Callable[[], None]:
        at = [i for i, row in enumerate(rows) if int(row[0][1:]) % 4 == mine]

        def run() -> None:
            for begin in range(0, len(at), 97):
                part = at[begin : begin + 97]
                out = tracker.observe(events([rows[i] for i in part]))
                p[part] = out["p_order"]
                told.extend(fired(out.fired))
                tracker.evidence(rows[part[0]][0])
                assert tracker.stats.users > 0

        return run

    in_threads([work(mine) for mine in range(4)])
    np.testing.assert_array_equal(p, expected["p_order"])
    assert sorted(told, key=repr) == sorted(fired(expected.fired), key=repr)


def test_swaps_under_load(model: pmkt.IntentModel) -> None:
    """Names are those of the rules and the model of the time, whoever swaps them meanwhile."""
    other = pmkt.IntentModel(classes=["c1", "c2"]).fit(events(make_rows(9, n=5000)))
    tracker, done = model.tracker(rules="intent g1 { when event }", actions=64, shards=4), []
    rows = make_rows(14, n=3000)
    known = {*map(str, model.actions), *map(str, other.actions), "GOAL", "LEAVE", ""}

    def observes() -> None:
        batch = events([(row[0] + threading.current_thread().name, *row[1:]) for row in rows])
        seen = set()
        while not done or not seen:
            tables = [tracker.observe(batch), one(tracker, ("ann", 10**13, "view", "i1", "c1"))]
            for out in tables:
                names = out.fired["intent"].tolist()
                generations = out.fired["generation"].tolist()
                assert names == [f"g{g}" for g in generations]
                at = out.fired["row"]
                assert out["intent"][at].tolist() == names
                seen.update(generations)
                assert set(out["next"].tolist()) <= known
            why = tracker.evidence("ann")
            assert why.intent is None or why.rule == f"intent {why.intent} {{ when event }}"

    def swaps() -> None:
        try:
            for generation in range(2, 60):
                tracker.swap_rules(f"intent g{generation} {{ when event }}")
                tracker.swap(other if generation % 2 else model)
        finally:
            done.append(True)

    in_threads([observes, observes, swaps])
    assert tracker.stats.generation == 59


def forked(work: Callable[[], Optional[str]]) -> None:
    """Runs work in a forked child; what it returns is what went wrong."""
    read, write = os.pipe()
    child = os.fork()
    if child == 0:
        said = "it ended"
        try:
            said = work() or ""
        except BaseException as error:
            said = repr(error)
        finally:
            os.write(write, said.encode())
            os._exit(0)
    os.close(write)
    with os.fdopen(read) as file:
        said = file.read()
    os.waitpid(child, 0)
    assert said == ""


@pytest.mark.filterwarnings("ignore:This process:DeprecationWarning")
def test_a_forked_child_has_no_use_for_it(model: pmkt.IntentModel) -> None:
    tracker, done = model.tracker(rules=EAGER), []
    batch = events(make_rows(15, n=500))

    def load() -> None:
        while not done:
            tracker.observe(batch)

    busy = threading.Thread(target=load)
    busy.start()

    def child() -> Optional[str]:
        calls: Dict[str, Callable[[], Any]] = {
            "observe": lambda: tracker.observe(batch),
            "one": lambda: one(tracker, ("ann", 0, "view", "tea", None)),
            "advance": lambda: tracker.advance(0),
            "evidence": lambda: tracker.evidence("u1"),
            "forget": lambda: tracker.forget("u1"),
            "swap": lambda: tracker.swap(model),
            "swap_rules": lambda: tracker.swap_rules(EAGER),
            "learn": lambda: tracker.learn(),
            "stats": lambda: tracker.stats,
            "save": lambda: tracker.save("/dev/null"),
            "to_bytes": lambda: tracker.to_bytes(),
        }
        for name, attempt in calls.items():
            try:
                attempt()
            except pmkt.Forked as error:
                if error.code != 14:
                    return f"{name}: {error.code}"
            else:
                return f"{name} did not fail"
        fresh = pmkt.Tracker(rules=EAGER)  # a new one is fine
        return None if len(fresh) == 0 else "not empty"

    try:
        for _ in range(5):
            forked(child)
    finally:
        done.append(True)
        busy.join()
    assert tracker.stats.users > 0
