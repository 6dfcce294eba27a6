"""Calibrated probabilities at every event, against a slow obvious reading of purchase.h."""

from __future__ import annotations

import csv
import lzma
import math
import threading
from collections import OrderedDict
from datetime import datetime, timezone
from pathlib import Path
from typing import Any, Dict, List, NamedTuple, Optional, Tuple
from zoneinfo import ZoneInfo

import numpy as np
import pytest
from conftest import data_file, needed

import pmkt
from pmkt._zones import make_zone

KINDS = ["view", "cart", "uncart", "favorite", "search", "order"]
HOUR, MINUTE = 3_600_000, 60_000
GAP = 30 * MINUTE


class Event(NamedTuple):
    row: int
    user: Any
    time: int
    kind: str
    item: Optional[int]
    category: Optional[int]
    session: int


def make_rows(seed: int, users: int = 60, known: bool = True) -> List[Event]:
    """A stream of every boundary: gaps of exactly a session's, equal times, the goal first, things
    missing, more things than are remembered, kinds that a model may not know."""
    rng = np.random.default_rng(seed)
    rows: List[Event] = []
    kinds = KINDS if known else [*KINDS, "share", "review"]
    for user in range(1, users + 1):
        time, session = int(rng.integers(0, 10**12)), 1
        items, categories = int(rng.choice([2, 6, 40])), int(rng.choice([1, 4, 20]))
        for _ in range(int(rng.integers(1, 60))):
            time += int(rng.choice([0, 500, 1000, 1001, 40_000, GAP, GAP + 1, 7 * HOUR]))
            session += bool(rng.random() < 0.1)
            weights = np.array([6, 2, 1, 1, 2, 1, *([1] * (len(kinds) - 6))], float)
            rows.append(
                Event(
                    len(rows),
                    user,
                    time,
                    str(rng.choice(kinds, p=weights / weights.sum())),
                    None if rng.random() < 0.15 else int(rng.integers(1, items + 1)),
                    None if rng.random() < 0.15 else int(rng.integers(1, categories + 1)),
                    session,
                )
            )
    # In any order; events of one user at one time stay in theirs.
    keys = rng.permutation(len(rows)).tolist()
    by_moment: Dict[Tuple[int, int], List[int]] = {}
    for key, event in zip(keys, rows):
        by_moment.setdefault((event.user, event.time), []).append(key)
    taken = {moment: iter(sorted(all_keys)) for moment, all_keys in by_moment.items()}
    mixed = sorted((next(taken[event.user, event.time]), event) for event in rows)
    return [event._replace(row=row) for row, (_, event) in enumerate(mixed)]


def batch(rows: List[Event], texts: bool = False, **options: Any) -> pmkt.Events:
    return pmkt.Events(
        user=[f"user {e.user}" if texts else e.user for e in rows],
        time=[e.time for e in rows],
        kind_column=[e.kind for e in rows],
        item=[None if e.item is None else f"item {e.item}" for e in rows]
        if texts
        else [e.item or 0 for e in rows],
        category=[e.category or 0 for e in rows],
        session=[e.session for e in rows],
        **options,
    )


# ------------------------------------------------------------------------------- the oracle


class Memory:
    """The last four things of a user, the latest at the end."""

    def __init__(self) -> None:
        self.things: "OrderedDict[int, Dict[str, Any]]" = OrderedDict()
        self.different = self.repeats = 0

    def session(self) -> None:
        for thing in self.things.values():
            thing["before"] = min(255, thing["before"] + thing["here"])
            thing["here"] = 0
        self.different = self.repeats = 0

    def meet(self, key: Optional[int], kind: str) -> Dict[str, Any]:
        """What was known of it before."""
        nothing = {"here": 0, "before": 0, "cart": False, "favorite": False}
        if key is None:
            return nothing
        thing = self.things.pop(key, None) or dict(nothing)
        known = dict(thing)
        if known["here"]:
            self.repeats = min(255, self.repeats + 1)
        else:
            self.different = min(255, self.different + 1)
        thing["here"] = min(255, thing["here"] + 1)
        if kind == "order":
            thing["cart"] = thing["favorite"] = False
        elif kind == "cart":
            thing["cart"] = True
        elif kind == "uncart":
            thing["cart"] = False
        elif kind == "favorite":
            thing["favorite"] = True
        self.things[key] = thing
        if len(self.things) > 4:
            self.things.popitem(last=False)
        return known


def sessions_of(rows: List[Event], by_column: bool, gap: int = GAP) -> List[List[List[Event]]]:
    """Sessions of each user."""
    users: Dict[Any, List[List[Event]]] = {}
    last: Dict[Any, Event] = {}
    for e in sorted(rows, key=lambda e: (e.time, e.row)):
        before = last.get(e.user)
        fresh = before is None or e.time - before.time > gap
        if fresh or by_column and before is not None and e.session != before.session:
            users.setdefault(e.user, []).append([])
        users[e.user][-1].append(e)
        last[e.user] = e
    return list(users.values())


def ln1(n: float) -> float:
    return math.log(1 + n)


def slow_features(
    model: pmkt.IntentModel, rows: List[Event], zone: Any, by_column: bool = False
) -> Tuple[np.ndarray, List[str]]:
    """[rows, features], NaN at and past the goal; and the names that purchase.h lists."""
    actions = [str(action) for action in model.actions]
    names = ["evidence", "context", *(f"count:{action}" for action in actions)]
    names += ["first", "dwell", "dwell_mean", "elapsed"]
    names += ["hour_sin", "hour_cos", "weekday_sin", "weekday_cos"]
    names += ["sessions", "new", "since_session", "orders", "buys", "buying_rate"]
    names += ["since_order", "never"]
    names += ["item", "item_before", "item_cart", "item_favorite", "items", "item_repeats"]
    names += ["category", "category_before", "category_cart", "categories", "category_repeats"]
    found: Dict[int, Dict[str, float]] = {}
    paths: Dict[int, List[str]] = {}
    for sessions in sessions_of(rows, by_column):
        items, categories = Memory(), Memory()
        goals: List[int] = []
        bought, ended = 0, 0
        for number, session in enumerate(sessions):
            items.session()
            categories.session()
            past, path, dwells = False, [], []
            for place, e in enumerate(session):
                if place:
                    dwells.append(math.log(max(1.0, (e.time - session[place - 1].time) / 1000)))
                item, category = items.meet(e.item, e.kind), categories.meet(e.category, e.kind)
                if e.kind == "order":
                    goals.append(e.time)
                    past = True
                if past:
                    continue
                path.append(e.kind)
                paths[e.row] = list(path)
                local = datetime.fromtimestamp(e.time / 1000, timezone.utc).astimezone(zone)
                hour = 2 * math.pi * (local.hour * 60 + local.minute) / 1440
                week = 2 * math.pi * ((local.weekday() - 3) % 7) / 7  # 1970 began on a Thursday
                x = {
                    "first": place == 0,
                    "dwell": dwells[-1] if place else 0,
                    "dwell_mean": sum(dwells) / place if place else 0,
                    "elapsed": ln1((e.time - session[0].time) / 1000),
                    "hour_sin": math.sin(hour),
                    "hour_cos": math.cos(hour),
                    "weekday_sin": math.sin(week),
                    "weekday_cos": math.cos(week),
                    "sessions": ln1(number),
                    "new": number == 0,
                    "since_session": ln1((session[0].time - ended) / MINUTE) if number else 0,
                    "orders": ln1(len(goals)),
                    "buys": ln1(bought),
                    "buying_rate": math.log((bought + 0.5) / (number + 5)),
                    "since_order": ln1((e.time - goals[-1]) / MINUTE) if goals else 0,
                    "never": not goals,
                    "item_favorite": item["favorite"],
                    "items": ln1(items.different),
                    "categories": ln1(categories.different),
                    "item_repeats": ln1(items.repeats),
                    "category_repeats": ln1(categories.repeats),
                }
                for what, seen in (("item", item), ("category", category)):
                    x[what] = ln1(seen["here"])
                    x[f"{what}_before"] = ln1(seen["before"])
                    x[f"{what}_cart"] = seen["cart"]
                for action in actions:
                    x[f"count:{action}"] = ln1(min(255, path.count(action)))
                found[e.row] = x
            bought += past
            ended = session[-1].time
    order = sorted(found)
    asked = model.ask([paths[row] for row in order])
    table = np.full((len(rows), len(names)), np.nan)
    for row, buyer, other, goal in zip(order, asked.log_buyer, asked.log_other, asked.goal):
        found[row].update(evidence=buyer - other, context=math.log(goal / (1 - goal)))
        table[row] = [found[row][name] for name in names]
    return table, names


def sigmoid(z: np.ndarray) -> np.ndarray:
    return 1 / (1 + np.exp(-z))


# -------------------------------------------------------------------------------- features


@pytest.mark.parametrize(
    "seed, tz, by_column",
    [(1, None, False), (2, "Asia/Shanghai", False), (3, "Europe/London", True)],
)
def test_features_are_what_the_header_says(seed: int, tz: Any, by_column: bool) -> None:
    model = pmkt.IntentModel(order=2, by_session=by_column, tz=tz).fit(batch(make_rows(seed)))
    assert model.calibrated
    rows = make_rows(seed + 100, known=False)  # others, with actions that the model does not know
    found = model.explain_events(batch(rows))
    expected, names = slow_features(model, rows, ZoneInfo(tz or "UTC"), by_column)
    assert found.features == names == model.features
    assert np.isnan(expected).any() and not np.isnan(expected).all()
    for k, name in enumerate(names):
        np.testing.assert_allclose(
            found.value[:, k], expected[:, k], rtol=1e-11, atol=1e-9, err_msg=name
        )
    # The batch that it was fitted to, one by one, and in pieces of whole users.
    rows = make_rows(seed)
    found = model.explain_events(batch(rows))
    expected, _ = slow_features(model, rows, ZoneInfo(tz or "UTC"), by_column)
    np.testing.assert_allclose(found.value, expected, rtol=1e-11, atol=1e-9)


def test_counts_stop_and_memory_is_short() -> None:
    """300 views of one item; then five items in a circle, of which each has just been forgotten."""
    rows = [Event(i, 1, i * 1000, "view", 1, None, 1) for i in range(300)]
    rows += [Event(300 + i, 1, 10**6 + i * 1000, "view", 2 + i % 5, 1, 1) for i in range(30)]
    rows += [Event(330, 1, 10**8, "cart", 2, 1, 1)]
    model = pmkt.IntentModel().fit(batch(make_rows(5)))
    found = model.explain_events(batch(rows))
    expected, names = slow_features(model, rows, timezone.utc)
    np.testing.assert_allclose(found.value, expected, rtol=1e-11, atol=1e-9)
    last = dict(zip(names, found.value[329]))
    assert last["item"] == 0 and last["items"] == pytest.approx(ln1(31))
    assert max(found.value[:, names.index("count:view")]) == pytest.approx(ln1(255))


def test_a_goal_of_ones_own_and_one_that_comes_first() -> None:
    rows = make_rows(6)
    model = pmkt.IntentModel(goal="cart").fit(batch(rows))
    score = model.score(batch(rows))
    for sessions in sessions_of(rows, False):
        for session in sessions:
            past = False
            for e in session:
                past = past or e.kind == "cart"
                assert (score["p_order"][e.row] == 1) == past
                assert (score["next"][e.row] == "") == past
                assert np.isnan(score["p_cart"][e.row])
                assert score["time_ms"][e.row] == 0 if past else score["time_ms"][e.row] > 0
    assert "count:cart" not in model.features and "count:order" in model.features


# ---------------------------------------------------------------------------------- scores


def test_scores_are_the_sums_of_their_explanations() -> None:
    rows = make_rows(7)
    events = batch(rows)
    model = pmkt.IntentModel(cart_within="2d").fit(events)
    score = model.score(events)
    assert len(score) == len(rows)
    why = model.explain_events(events)
    before = ~np.isnan(why.value[:, 0])
    np.testing.assert_allclose(
        score["p_order"][before], sigmoid(why.log_odds[before].sum(axis=1)), rtol=1e-12
    )
    assert (score["p_order"][~before] == 1).all()
    table = model.coefficients()
    info = model.learned()
    assert table["feature"].tolist() == [*model.features, "intercept"]
    adds = info.slope * table["coefficient"][:-1] * (why.value - table["mean"][:-1])
    np.testing.assert_allclose(why.log_odds[:, :-1], adds, rtol=1e-9, atol=1e-12)
    assert info.calibration == "platt" and (table["standard_error"] >= 0).all()
    # Of carts the other probability.
    carts = np.array([e.kind == "cart" for e in rows]) & before
    assert np.array_equal(~np.isnan(score["p_cart"]), carts) and carts.any()
    cart = model.explain_events(events, which="cart")
    np.testing.assert_allclose(
        score["p_cart"][carts], sigmoid(cart.log_odds[carts].sum(axis=1)), rtol=1e-12
    )
    # Chosen rows, twice and in any order, and one row as a table.
    chosen = [5, 3, 5, len(rows) - 1]
    some = model.explain_events(events, chosen)
    np.testing.assert_array_equal(some.value, why.value[chosen])
    np.testing.assert_array_equal(some.log_odds, why.log_odds[chosen])
    row = int(np.flatnonzero(before)[5])
    one = model.explain_event(events, row)
    assert one.columns == ["feature", "value", "log_odds"] and len(one) == len(model.features) + 1
    np.testing.assert_array_equal(one["value"][:-1], why.value[row])
    np.testing.assert_array_equal(one["log_odds"], why.log_odds[row])
    assert "intercept" in repr(one) and len(model.explain_events(events, []).value) == 0


def test_what_comes_next_is_what_the_chains_say() -> None:
    rows = make_rows(8, known=False)
    events = batch(rows)
    model = pmkt.IntentModel().fit(events)
    score = model.score(events)
    assert model.score(events, next=False).columns == ["p_order", "p_cart", "time_ms"]
    for sessions in sessions_of(rows, False)[:20]:
        for session in sessions:
            kinds = [e.kind for e in session]
            end = kinds.index("order") if "order" in kinds else len(kinds)
            if not end:
                continue
            asked = model.ask([kinds[: k + 1] for k in range(end)])
            at = [e.row for e in session[:end]]
            for k, name in enumerate(("next", "next_2", "next_3")):
                assert score[name][at].tolist() == asked.next[:, k].tolist()
                np.testing.assert_array_equal(score[f"{name}_p"][at], asked.next_p[:, k])
            np.testing.assert_allclose(score["time_ms"][at], asked.time_ms, rtol=1e-12)
    shown = repr(score)
    assert "..." in shown and f"({len(rows):,} rows)" in shown and "nan" not in shown


def test_what_was_learned_from() -> None:
    rows = make_rows(9, users=120)
    model = pmkt.IntentModel(cart_within="8h").fit(batch(rows))
    events = positives = carts = led = 0
    end = max(e.time for e in rows)
    for sessions in sessions_of(rows, False):
        goals = [e for session in sessions for e in session if e.kind == "order"]
        ordered = [e for session in sessions for e in session]
        for session in sessions:
            kinds = [e.kind for e in session]
            until = kinds.index("order") if "order" in kinds else len(kinds)
            events += until
            positives += until if "order" in kinds else 0
            for e in session[:until]:
                if e.kind == "cart" and e.time <= end - 8 * HOUR:
                    carts += 1
                    later = [g for g in goals if ordered.index(g) > ordered.index(e)]
                    led += bool(later and later[0].time - e.time <= 8 * HOUR)
    info, cart = model.learned(), model.learned("cart")
    assert (info.rows, info.positives, info.clusters) == (events, positives, 120)
    assert (cart.rows, cart.positives) == (carts, led)
    # Of a sample of whole users; chains are of all.
    less = pmkt.IntentModel(learn_rows=1000).fit(batch(rows))
    assert 300 < less.learned().rows < 2000 and less.learned().clusters < 120
    assert less.info.sessions == model.info.sessions


def test_chains_are_those_of_a_fit_to_the_paths() -> None:
    rows = make_rows(10)
    model = pmkt.IntentModel().fit(batch(rows))
    paths, bought, dwell = [], [], []
    for sessions in sessions_of(rows, False):
        for session in sessions:
            kinds = [e.kind for e in session]
            end = kinds.index("order") if "order" in kinds else len(kinds)
            times = [e.time for e in session]
            steps = np.diff([times[0], *times]).tolist()
            paths.append(kinds[: end + 1])
            dwell.append(steps[: end + 1])
            bought.append(False)
    chains = pmkt.IntentModel().fit_paths(paths, bought, dwell)
    merged = pmkt.IntentModel.merge([model])
    assert merged.to_bytes() == chains.to_bytes()
    for one in (chains, merged):
        assert not one.calibrated and repr(one).endswith("; chains alone")
        with pytest.raises(pmkt.NotFitted, match="chains alone"):
            one.score(batch(rows))
        with pytest.raises(pmkt.NotFitted, match="fit it to events"):
            _ = one.features
    assert pmkt.IntentModel.from_bytes(chains.to_bytes()).info == chains.info


@pytest.mark.parametrize("calibration", ["isotonic", None])
def test_other_calibrations(calibration: Any) -> None:
    rows = make_rows(11, users=150)
    events = batch(rows)
    model = pmkt.IntentModel(calibration=calibration, l2=2.5).fit(events)
    info = model.learned()
    assert (info.calibration, info.slope, info.shift, info.l2) == (calibration, 1, 0, 2.5)
    assert (info.curve_size > 1) == (calibration == "isotonic")
    score, why = model.score(events), model.explain_events(events)
    before = ~np.isnan(why.value[:, 0])
    z, p = why.log_odds[before].sum(axis=1), score["p_order"][before]
    if calibration is None:
        np.testing.assert_allclose(p, sigmoid(z), rtol=1e-12)
    else:
        order = np.argsort(z)
        assert (np.diff(p[order]) >= -1e-12).all() and 0 < p.min() and p.max() < 1
        assert len(np.unique(p)) > 3


# ----------------------------------------------------------------------------- other forms


def test_too_small_a_sample_still_scores() -> None:
    rows = make_rows(9, users=120)
    events = batch(rows)
    whole, model = pmkt.IntentModel().fit(events), pmkt.IntentModel(learn_rows=1).fit(events)
    assert not model.calibrated and "without" not in repr(whole)
    score, expected = model.score(events), whole.score(events)
    assert np.isnan(score["p_order"]).all() and "nan" not in repr(score)
    for name in ("time_ms", "next", "next_p"):
        np.testing.assert_array_equal(score[name], expected[name])
    for one in (model, pmkt.IntentModel.from_bytes(model.to_bytes())):
        with pytest.raises(pmkt.NotFitted, match="in the sample .*learn_rows is 1"):
            one.coefficients()
        assert "in the sample" in repr(one)


def test_a_row_without_a_probability_is_not_explained() -> None:
    rows = make_rows(18)
    given = [e._replace(user=0) if e.row == 2 else e for e in rows]
    events = batch(given, on_bad="skip")
    model = pmkt.IntentModel().fit(events)
    past = int(np.flatnonzero(model.score(events)["p_order"] == 1)[0])
    for row in (past, 2):
        with pytest.raises(pmkt.InvalidInput, match=f"row {row} is the goal") as caught:
            model.explain_event(events, row)
        assert caught.value.where == row


def test_explanations_are_frames_too() -> None:
    needed("pandas")
    events = batch(make_rows(18))
    model = pmkt.IntentModel().fit(events)
    why = model.explain_events(events, [3, 5])
    assert repr(why) == f"Explained(2 rows, {len(model.features)} features)"
    frame = why.to_pandas()
    assert list(frame["log_odds"]) == [*model.features, "intercept"]
    np.testing.assert_array_equal(frame["log_odds"], why.log_odds)
    np.testing.assert_array_equal(frame["value"][model.features], why.value)


def test_outcomes_are_what_came_of_it() -> None:
    rows = make_rows(19)
    bad = {4, 40}
    given = [e._replace(user=0) if e.row in bad else e for e in rows]
    events = batch(given, on_bad="skip")
    model = pmkt.IntentModel().fit(events)
    assert "outcome" not in model.score(events).columns
    score = model.score(events, next=False, outcome=True)
    assert score.columns == ["p_order", "p_cart", "time_ms", "outcome"]
    expected = np.full(len(rows), np.nan)
    for sessions in sessions_of([e for e in given if e.row not in bad], False):
        for session in sessions:
            kinds = [e.kind for e in session]
            until = kinds.index("order") if "order" in kinds else len(kinds)
            for e in session[:until]:
                expected[e.row] = "order" in kinds
    np.testing.assert_array_equal(score["outcome"], expected)
    assert {0.0, 1.0} < set(expected.tolist()) and np.isnan(expected[list(bad)]).all()
    # They ask for no probability.
    none = pmkt.IntentModel(learn_rows=1).fit(events).score(events, outcome=True)
    np.testing.assert_array_equal(none["outcome"], expected)
    assert np.isnan(none["p_order"]).all() and "nan" not in repr(none)


def test_texts_are_ids_and_threads_change_nothing() -> None:
    rows = make_rows(12)
    numbers, texts = batch(rows), batch(rows, texts=True)
    a = pmkt.IntentModel(threads=1).fit(texts)
    b = pmkt.IntentModel(threads=2).fit(texts)
    assert a.to_bytes() == b.to_bytes()
    first, second = a.score(texts), b.score(texts)
    for name in first.columns:
        np.testing.assert_array_equal(first[name], second[name])
    # Folds of users are drawn by their ids, so the model of others differs; what it says does not.
    other = a.score(numbers)
    np.testing.assert_allclose(other["p_order"], first["p_order"], rtol=1e-12)


def test_classes_have_names() -> None:
    rows = make_rows(13)
    events = pmkt.Events(
        user=[e.user for e in rows],
        time=[e.time for e in rows],
        kind_column=[e.kind for e in rows],
        category=[f"c{e.category or 0}" for e in rows],
    )
    model = pmkt.IntentModel(classes=["c1", "c2"]).fit(events)
    assert {"count:view", "count:view:c1", "count:view:c2"} <= set(model.features)
    assert [f"count:{action}" for action in model.actions] == model.features[2 : -29 + 2]
    seen = set(model.score(events)["next"])
    assert "view:c1" in seen or "view:c2" in seen or "view" in seen
    again = pmkt.IntentModel.from_bytes(model.to_bytes()).name_classes(["c1", "c2"])
    assert again.features == model.features
    np.testing.assert_array_equal(again.score(events)["p_order"], model.score(events)["p_order"])
    with pytest.raises(pmkt.InvalidInput, match="category"):
        model.score(pmkt.Events(user=[1], time=[0], kind="view"))


def test_a_model_from_a_file_cuts_sessions_and_crosses_kinds_as_before() -> None:
    pyarrow = needed("pyarrow")
    rows = make_rows(21)
    table = pyarrow.table(
        {
            "user": pyarrow.array([e.user for e in rows], pyarrow.uint64()),
            "time": pyarrow.array([e.time for e in rows], pyarrow.int64()),
            "kind": [e.kind for e in rows],
            "session": pyarrow.array([e.session for e in rows], pyarrow.uint64()),
            "page": pyarrow.array([e.category or 0 for e in rows], pyarrow.uint64()),
        }
    )
    columns = {"user": "user", "time": "time", "kind_column": "kind", "session": "session"}
    events = pmkt.Events.from_arrow(table, **columns, extra=["page"])
    model = pmkt.IntentModel(classes=[1, 2], class_by="page", by_session=True).fit(events)
    again = pmkt.IntentModel.from_bytes(model.to_bytes())
    assert "count:view:1" in again.features
    for name in ("p_order", "next"):
        np.testing.assert_array_equal(again.score(events)[name], model.score(events)[name])
    with pytest.raises(pmkt.InvalidInput, match="page"):
        again.score(pmkt.Events.from_arrow(table, **columns))
    assert (again.by_session, again.class_by) == (True, "page")
    refitted = again.fit(events)
    assert refitted.to_bytes() == model.to_bytes()
    plain = pmkt.IntentModel(classes=[1, 2], class_by="page").fit(events)
    assert plain.info.sessions < model.info.sessions


def test_bad_rows_have_nothing() -> None:
    rows = make_rows(14)
    bad = {3, 50, len(rows) - 1}
    given = [e._replace(user=0) if e.row in bad else e for e in rows]
    events = batch(given, on_bad="skip")
    model = pmkt.IntentModel().fit(events)
    assert model.report is not None and model.report.rejected == 3
    score, why = model.score(events), model.explain_events(events)
    good = [e for e in given if e.row not in bad]
    clean = batch([e._replace(row=i) for i, e in enumerate(good)])
    expected = model.score(clean)
    at = [e.row for e in good]
    for name in score.columns:
        np.testing.assert_array_equal(score[name][at], expected[name])
    for row in bad:
        assert np.isnan(score["p_order"][row]) and score["next"][row] == ""
        assert np.isnan(why.value[row]).all() and np.isnan(why.log_odds[row]).all()


def test_many_may_score_at_once() -> None:
    rows = make_rows(15)
    events = batch(rows)
    model = pmkt.IntentModel(threads=1).fit(events)
    expected, wrong = model.score(events)["p_order"], []

    def ask() -> None:
        for _ in range(5):
            if not np.array_equal(model.score(events)["p_order"], expected):
                wrong.append(1)

    threads = [threading.Thread(target=ask) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not wrong


# ----------------------------------------------------------------------------------- files


def test_files(tmp_path: Path) -> None:
    rows = make_rows(16)
    events = batch(rows)
    model = pmkt.IntentModel(
        order=2, session_gap="45m", tz="Asia/Shanghai", cart_within="1d", l2=3.0
    ).fit(events)
    path = tmp_path / "m.pmkt"
    model.save(path)
    assert pmkt.inspect(path).kind == "purchase" and path.read_bytes() == model.to_bytes()
    pmkt.verify(path)
    changes = make_zone("Asia/Shanghai").struct.n_transitions
    again = pmkt.IntentModel.load(path)
    other = pmkt.IntentModel.from_bytes(model.to_bytes(compression=3))
    for one in (again, other):
        assert one.calibrated and one.to_bytes() == model.to_bytes() and one.info == model.info
        assert (one.l2, one.calibration, one.cart_within) == (3.0, "platt", "24h")
        assert (
            one.session_gap == "45m" and repr(one.tz) == f"<zone UTC+08:00 after {changes} changes>"
        )
        score, expected = one.score(events), model.score(events)
        for name in score.columns:
            np.testing.assert_array_equal(score[name], expected[name])
        assert one.purchase_probability([["view"]]) == model.purchase_probability([["view"]])
        assert one.coefficients().to_dict().keys() == model.coefficients().to_dict().keys()
        assert one.learned() == model.learned() and one.learned("cart") == model.learned("cart")


def test_damaged_files() -> None:
    model = pmkt.IntentModel().fit(batch(make_rows(17)))
    good = model.to_bytes()
    rng = np.random.default_rng(0)
    for at in [0, 9, 40, *rng.integers(0, len(good), 200).tolist()]:
        bad = bytearray(good)
        bad[at] ^= 1 << int(rng.integers(8))
        with pytest.raises((pmkt.Corrupt, pmkt.BadFormat)):
            pmkt.IntentModel.from_bytes(bad)
    for size in (0, 5, 100, len(good) - 1):
        with pytest.raises((pmkt.Corrupt, pmkt.BadFormat)):
            pmkt.IntentModel.from_bytes(good[:size])
    with pytest.raises(pmkt.BadFormat):
        pmkt.IntentModel.from_bytes(pmkt.RFM().to_bytes())
    with pytest.raises(pmkt.FileMissing):
        pmkt.IntentModel.load("/no/such/file")
    with pytest.raises(pmkt.LimitReached):
        pmkt.IntentModel.from_bytes(good, max_bytes=10)


# --------------------------------------------------------------------------------- refused


@pytest.mark.parametrize(
    "make",
    [
        lambda: pmkt.IntentModel(calibration="sigmoid"),
        lambda: pmkt.IntentModel(l2=0),
        lambda: pmkt.IntentModel(l2=float("nan")),
        lambda: pmkt.IntentModel(cart_within="soon"),
        lambda: pmkt.IntentModel(learn_rows=0),
        lambda: pmkt.IntentModel(learn_rows=1.5),
        lambda: pmkt.IntentModel(tz="Nowhere/City"),
        lambda: pmkt.IntentModel(cart_within="366d").fit(batch(make_rows(1))),
    ],
)
def test_options_that_make_no_sense(make: Any) -> None:
    with pytest.raises(pmkt.InvalidInput):
        make()


def test_questions_that_make_no_sense() -> None:
    events = batch(make_rows(18))
    model = pmkt.IntentModel()
    for ask in (lambda: model.score(events), model.coefficients, lambda: model.features):
        with pytest.raises(pmkt.NotFitted, match="call fit first"):
            ask()
    model.fit(events)
    for ask in (
        lambda: model.score([1]),
        lambda: model.coefficients("both"),
        lambda: model.explain_events(events, 3),
        lambda: model.explain_events(events, [0.5]),
        lambda: model.explain_events(events, [-1]),
        lambda: model.explain_events(events, [10**6]),
        lambda: model.explain_events(events, [[1]]),
        lambda: model.explain_event(events, -1),
        lambda: model.explain_event(events, 10**6),
    ):
        with pytest.raises(pmkt.InvalidInput):
            ask()


@pytest.mark.parametrize("kinds", [["view"], ["view", "order"], ["order"], []])
def test_models_of_little(kinds: List[str]) -> None:
    """One user, none who buys, all who buy, nothing at all."""
    events = pmkt.Events(
        user=[1] * len(kinds), time=[1000 * i for i in range(len(kinds))], kind_column=kinds
    )
    model = pmkt.IntentModel().fit(events)
    assert not model.calibrated and model.features
    score = model.score(events)
    assert np.isnan(score["p_order"]).all() and len(score) == len(kinds)
    before = [kind == "view" for kind in kinds]
    assert [name != "" for name in score["next"]] == before
    why = f"{'every' if 'order' in kinds else 'no'} session reaches the goal"
    assert repr(model).endswith(f"; without a probability, for {why}")
    with pytest.raises(pmkt.NotFitted, match=f"no part 'session': {why}"):
        model.coefficients()
    with pytest.raises(pmkt.NotFitted, match=why):
        model.explain_events(events)
    with pytest.raises(pmkt.NotFitted, match="no part 'cart'"):
        model.learned("cart")
    again = pmkt.IntentModel.from_bytes(model.to_bytes())
    assert again.to_bytes() == model.to_bytes() and not again.calibrated


def test_empty_batches_have_no_scores() -> None:
    model = pmkt.IntentModel().fit(batch(make_rows(19)))
    nothing = pmkt.Events(user=[], time=[], kind="view")
    score = model.score(nothing)
    assert len(score) == 0 and len(score.columns) == 9
    assert model.explain_events(nothing).value.shape == (0, len(model.features))
    with pytest.raises(pmkt.InvalidInput):
        model.explain_event(nothing, 0)


def test_a_fit_can_be_canceled_and_leaves_the_model() -> None:
    events = batch(make_rows(20))
    model = pmkt.IntentModel().fit(events)
    before, seen = model.to_bytes(), []
    with pytest.raises(pmkt.Canceled):
        model.fit(events, progress=lambda done, stage: True)
    assert model.to_bytes() == before
    model.fit(events, progress=lambda done, stage: seen.append(done))
    assert seen[-1] > 0.9 and min(np.diff(seen)) > -1e-9 and model.to_bytes() == before


# ------------------------------------------------------------------------------- real data


def taobao() -> List[Event]:
    names = {"pv": "view", "cart": "cart", "fav": "favorite", "buy": "order"}
    with lzma.open(data_file("taobao_behaviour.csv.xz"), "rt") as file:
        return [
            Event(
                row,
                int(e["user"]),
                int(e["time"]) * 1000,
                names[e["kind"]],
                int(e["item"]),
                int(e["category"]),
                0,
            )
            for row, e in enumerate(csv.DictReader(file))
        ]


def test_real_sessions_of_later_days() -> None:
    """Fitted to the earlier 70 % of sessions, asked about the others at every event."""
    rows = taobao()
    sessions = [session for user in sessions_of(rows, False) for session in user]
    sessions.sort(key=lambda session: session[0].time)
    cut = int(0.7 * len(sessions))
    train = sorted(e for session in sessions[:cut] for e in session)
    events = batch(train)
    model = pmkt.IntentModel(tz="Asia/Shanghai").fit(events)
    score = model.score(batch(rows), next=False)
    simple = pmkt.IntentModel(order=1).fit(events)
    kinds = ["view", "cart", "favorite"]
    of_last = dict(zip(kinds, simple.purchase_probability([[kind] for kind in kinds])))
    at, y, rival, user = [], [], [], []
    for session in sessions[cut:]:
        goals = [k for k, e in enumerate(session) if e.kind == "order"]
        for e in session[: goals[0] if goals else None]:
            at.append(e.row)
            y.append(bool(goals))
            rival.append(of_last[e.kind])
            user.append(e.user)
    table = pmkt.binary_metrics(y, score["p_order"][at], user, rival, resamples=100, seed=1)
    found = {row["figure"]: row for row in table}
    assert found["auc_gain"]["low"] > 0, table
    assert found["ece_debiased"]["value"] <= 0.02, table
    curve = pmkt.reliability(y, score["p_order"][at])
    assert curve["n"].sum() == len(y) and (np.diff(curve["predicted"]) >= 0).all()


def test_real_features() -> None:
    """Those of a tenth of the users, by the slow way."""
    rows = [e for e in taobao() if e.user % 10 == 0]
    rows = [e._replace(row=row) for row, e in enumerate(rows)]
    events = batch(rows)
    model = pmkt.IntentModel(tz="Asia/Shanghai").fit(events)
    expected, _ = slow_features(model, rows, ZoneInfo("Asia/Shanghai"))
    found = model.explain_events(events).value
    np.testing.assert_allclose(found, expected, rtol=1e-10, atol=1e-9)
