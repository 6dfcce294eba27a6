"""Models of intent, against dictionaries of tuples and dense systems of NumPy."""

from __future__ import annotations

import math
import warnings
from collections import Counter, defaultdict
from datetime import timedelta
from itertools import product
from pathlib import Path
from typing import Any, Dict, List, Sequence, Tuple

import numpy as np
import pytest

import pmkt

NAMES = ["click", "view", "cart"]
Context = Tuple[str, ...]


def make_sessions(seed: int, n: int = 120) -> Tuple[List[List[str]], List[bool], List[List[int]]]:
    rng = np.random.default_rng(seed)
    paths, bought, dwell = [], [], []
    for _ in range(n):
        length = int(rng.integers(0, 8))
        path = [NAMES[k] for k in rng.choice(3, length, p=[0.3, 0.5, 0.2])]
        paths.append(path)
        dwell.append([int(ms) for ms in rng.integers(0, 60_000, length)])
        bought.append(bool(rng.random() < 0.1 + 0.5 * ("cart" in path)))
    return paths, bought, dwell


class Slow:
    """Interpolated Kneser-Ney with three discounts, by the book."""

    def __init__(self, paths: Sequence[Sequence[str]], ends: Sequence[str], order: int) -> None:
        self.order = order
        self.alphabet = [*NAMES, "LEAVE", "GOAL"]
        self.raw: List[Counter] = [Counter() for _ in range(order + 1)]
        for path, end in zip(paths, ends):
            steps = ["START", *path, end]
            for i in range(1, len(steps)):
                for k in range(min(order, i) + 1):
                    self.raw[k][(*steps[i - k : i], steps[i])] += 1
        self.counts: List[Dict[Context, Counter]] = []
        self.discounts = []
        for k in range(order + 1):
            level: Dict[Context, Counter] = defaultdict(Counter)
            for gram, count in self.raw[k].items():
                if k == order or gram[0] == "START" and k > 0:
                    level[gram[:-1]][gram[-1]] += count
            if k < order:
                for gram in self.raw[k + 1]:
                    level[gram[1:-1]][gram[-1]] += 1
            self.counts.append(level)
            of = Counter(count for after in level.values() for count in after.values())
            n1, n2, n3, n4 = (of[i] for i in (1, 2, 3, 4))
            d = [0.0, 0.0, 0.0]
            if n1 and n2 and n3 and n4:
                y = n1 / (n1 + 2 * n2)
                d = [1 - 2 * y * n2 / n1, 2 - 3 * y * n3 / n2, 3 - 4 * y * n4 / n3]
            if not all(0 < d[i] < i + 1 for i in range(3)):
                d = [0.5, 1.0, 1.5]
            self.discounts.append(d)

    def known(self, history: Context) -> Context:
        context = history[-self.order :]
        while context and not any(context == gram[:-1] for gram in self.raw[len(context)]):
            context = context[1:]
        return context

    def p(self, context: Context, step: str) -> float:
        shorter = self.p(context[1:], step) if context else 1 / len(self.alphabet)
        after = self.counts[len(context)].get(context)
        if not after:
            return shorter
        d = self.discounts[len(context)]
        total = sum(after.values())
        left = sum(d[min(count, 3) - 1] for count in after.values())
        own = after[step] - d[min(after[step], 3) - 1] if after[step] else 0
        return (own + left * shorter) / total

    def solve(self) -> Dict[Context, Tuple[float, float]]:
        """P(goal) and mean steps of every history of up to ``order`` steps."""
        states = [("START", *rest) for k in range(self.order) for rest in product(NAMES, repeat=k)]
        states += [tuple(rest) for rest in product(NAMES, repeat=self.order)]
        at = {state: i for i, state in enumerate(states)}
        q, goal = np.zeros((len(states), len(states))), np.zeros(len(states))
        for state, i in at.items():
            known = self.known(state)
            goal[i] = self.p(known, "GOAL")
            for step in NAMES:
                q[i, at[(*state, step)[-self.order :]]] += self.p(known, step)
        m = np.eye(len(states)) - q
        reached = np.linalg.solve(m, goal)
        steps = np.linalg.solve(m, reached) / reached
        return {state: (reached[i], steps[i]) for state, i in at.items()}


def ends_of(bought: Sequence[bool]) -> List[str]:
    return ["GOAL" if b else "LEAVE" for b in bought]


@pytest.mark.parametrize("order", [1, 2, 3])
def test_probabilities_and_ends(order: int) -> None:
    paths, bought, dwell = make_sessions(order)
    slow = Slow(paths, ends_of(bought), order)
    model = pmkt.IntentModel(order=order).fit_paths(paths, bought, dwell)
    assert model.actions == NAMES
    histories = [list(h) for k in range(order + 2) for h in product(NAMES, repeat=k)]
    table, solved = model.next(histories), slow.solve()
    assert table.columns == slow.alphabet
    goal, steps = model.purchase_probability(histories), model.expected_steps(histories)
    for i, history in enumerate(histories):
        steps_so_far = ("START", *history)
        known = slow.known(steps_so_far)
        for name in slow.alphabet:
            assert table[name][i] == pytest.approx(slow.p(known, name), abs=1e-13)
        expected = solved[steps_so_far[-order:]]
        assert goal[i] == pytest.approx(expected[0], abs=1e-12)
        assert steps[i] == pytest.approx(expected[1], rel=1e-11)


def test_explain_adds_up_to_the_ratio_of_the_chains() -> None:
    paths, bought, _ = make_sessions(4)
    model = pmkt.IntentModel().fit_paths(paths, bought)
    chains = [
        Slow(
            [p for p, b in zip(paths, bought) if b == want], ["GOAL" if want else "LEAVE"] * 120, 3
        )
        for want in (True, False)
    ]
    path = ["view", "cart", "view"]
    answers = model.ask([path])
    table = model.explain(path)
    assert table["action"].tolist() == path
    assert sum(table["log_odds"]) == pytest.approx(answers.log_buyer[0] - answers.log_other[0])
    for k in range(3):
        context = ("START", *path[:k])[-3:]
        if all(chain.known(context) == context for chain in chains):
            ratio = math.log(chains[0].p(context, path[k]) / chains[1].p(context, path[k]))
            assert table["log_odds"][k] == pytest.approx(ratio, abs=1e-12)


def test_events_are_cut_into_sessions() -> None:
    hour = 3_600_000
    events = pmkt.Events(
        user=["ann", "ann", "ann", "bob", "ann"],
        time=[0, 60_000, 61_000, 0, hour],
        kind_column=["view", "cart", "order", "view", "view"],
    )
    model = pmkt.IntentModel(order=2, session_gap="30m").fit(events)
    assert model.report is not None and model.report.accepted == 5
    info = model.info
    assert (info.sessions, info.buyers, info.actions, info.counted) == (3, 1, 2, 7)
    rows = {(r["from"], r["to"]): r for r in model.transitions()}
    assert rows["START", "view"]["count"] == 3 and rows["START", "view"]["buyers"] == 1
    assert rows["view", "LEAVE"]["probability"] == pytest.approx(2 / 3)
    assert rows["view", "cart"]["median_ms"] == pytest.approx(60_000, rel=1e-5)
    assert rows["cart", "GOAL"]["count"] == 1
    one = pmkt.IntentModel(order=2, session_gap="2h").fit(events).info
    assert one.sessions == 2


def test_a_column_may_end_sessions_too_and_bad_rows_are_left_out() -> None:
    events = pmkt.Events(
        user=[1, 1, 0, 1],
        time=[0, 10, 15, 20],
        kind_column=["view", "cart", "view", "order"],
        session=[1, 2, 2, 2],
        on_bad="skip",
    )
    for by_session in (False, True):
        model = pmkt.IntentModel(by_session=by_session).fit(events)
        assert model.info.sessions == 1 + by_session and model.info.buyers == 1
        assert model.report is not None and model.report.rejected == 1


def test_answers() -> None:
    paths, bought, dwell = make_sessions(7)
    model = pmkt.IntentModel().fit_paths(paths, bought, dwell)
    answers = model.ask(["view > cart", [], ["view", 9999]])
    np.testing.assert_allclose(answers.goal + answers.leave, 1)
    assert answers.context.tolist() == [3, 1, 2]  # an unknown action is passed over
    table = model.next(["view > cart", [], ["view", 9999]])
    for i in range(3):
        row = {name: table[name][i] for name in table.columns}
        best = sorted(row, key=lambda name: -row[name])[:3]
        assert answers.next[i].tolist() == best
        np.testing.assert_allclose(answers.next_p[i], [row[name] for name in best])
    assert (answers.time_ms > 0).all() and (answers.steps >= 1).all()
    np.testing.assert_array_equal(model.expected_time([[]]), answers.time_ms[1:2])
    waiting = model.next([["view"]] * 3, waited=[0, 60_000, 10_000_000])
    assert (np.diff(waiting["LEAVE"]) > 0).all()


def test_merged_is_whole(tmp_path: Path) -> None:
    paths, bought, dwell = make_sessions(9)
    whole = pmkt.IntentModel().fit_paths(paths, bought, dwell)
    parts = [
        pmkt.IntentModel().fit_paths(paths[a:b], bought[a:b], dwell[a:b])
        for a, b in ((0, 50), (50, 120))
    ]
    merged = pmkt.IntentModel.merge(parts)
    assert merged.to_bytes() == whole.to_bytes()
    whole.save(tmp_path / "m.pmkt")
    again = pmkt.IntentModel.load(tmp_path / "m.pmkt")
    assert again.to_bytes() == whole.to_bytes() and again.info == whole.info
    assert pmkt.inspect(tmp_path / "m.pmkt").kind == "intent"
    assert pmkt.IntentModel.from_bytes(whole.to_bytes()).verify().info == whole.info
    np.testing.assert_array_equal(
        again.purchase_probability(paths), whole.purchase_probability(paths)
    )
    assert "120 sessions" in repr(whole)


@pytest.mark.parametrize(
    "make",
    [
        lambda: pmkt.IntentModel(order=6),
        lambda: pmkt.IntentModel(session_gap="x"),
        lambda: pmkt.IntentModel(goal="nothing"),
        lambda: pmkt.IntentModel().fit([1]),
        lambda: pmkt.IntentModel().fit_paths("view"),
        lambda: pmkt.IntentModel().fit_paths([["wiev"]]),
        lambda: pmkt.IntentModel().fit_paths([[0]]),
        lambda: pmkt.IntentModel().fit_paths([["view"]], bought=[True, False]),
        lambda: pmkt.IntentModel().fit_paths([["view"]], dwell=[[1, 2]]),
        lambda: pmkt.IntentModel().fit_paths([["view"]]).next([["view"]], waited=[-1]),
        lambda: pmkt.IntentModel().fit_paths([["view"]]).next([["view"]], waited=[1, 2]),
        lambda: pmkt.IntentModel().fit_paths([["view"]]).next([["view"]], waited="soon"),
        lambda: pmkt.IntentModel().fit_paths([["view"]]).next([["view"]], waited=["5 m", None]),
        lambda: pmkt.IntentModel().fit_paths([["view"]]).next([["view"]], waited=[float("nan")]),
        lambda: pmkt.IntentModel().fit_paths([["view"]]).next([["view"]], waited=[True]),
        lambda: pmkt.IntentModel().fit_paths([["view"]]).next([["view"]], waited=[10**400]),
        lambda: pmkt.IntentModel().fit_paths([["view"]]).next([["view"]], waited=[[1]]),
        lambda: pmkt.IntentModel().fit_paths([["view"]]).next([["view"]], waited={"view": 1}),
        lambda: pmkt.IntentModel().fit_paths([["view"]], dwell=[["long"]]),
        lambda: pmkt.IntentModel().fit_paths([["view"]], dwell=[5]),
        lambda: pmkt.IntentModel().fit_paths([["view"]], dwell=["5"]),
        lambda: pmkt.IntentModel().fit_paths([["view"]], dwell=5),
        lambda: pmkt.IntentModel(session_gap=1800),
        lambda: pmkt.IntentModel.load("x", map=True),
        lambda: pmkt.IntentModel.merge([]),
    ],
)
def test_what_makes_no_sense_is_refused(make: Any) -> None:
    with pytest.raises(pmkt.InvalidInput):
        make()


def test_waiting_is_a_duration() -> None:
    paths, times = [["view", "cart"]] * 8, [[0, 60_000 * k] for k in range(8)]
    model = pmkt.IntentModel(order=1).fit_paths(paths, dwell=times)
    as_texts = [[None, f"{k}m"] for k in range(8)]
    assert pmkt.IntentModel(order=1).fit_paths(paths, dwell=as_texts).info == model.info
    asked = [["view"]] * 2
    expected = model.next(asked, waited=[300_000, 0])["cart"]
    assert expected[0] != expected[1]
    waits: List[Any] = [["5m", None], [timedelta(minutes=5), 0], (np.timedelta64(5, "m"), "0s")]
    waits += [np.array([300_000, 0]), np.array([3e5, 0.0]), ["5 min", 0.0]]
    waits += [np.array([300_000, 0], "timedelta64[ms]")]
    for waited in waits:
        np.testing.assert_array_equal(model.next(asked, waited=waited)["cart"], expected)
    for one in ("5m", 300_000, timedelta(minutes=5)):
        assert (model.next(asked, waited=one)["cart"] == expected[0]).all()


def test_classes_that_no_event_has_are_told() -> None:
    events = pmkt.Events(
        user=[1, 1, 2], time=[0, 1, 2], kind="view", category=["Shoes", "bags", "hats"]
    )
    with pytest.warns(UserWarning, match=r"no event has .*\(shoes, belts\) .*'category'"):
        pmkt.IntentModel(classes=["shoes", "belts"]).fit(events)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        pmkt.IntentModel(classes=["shoes", "bags"]).fit(events)
        pmkt.IntentModel(classes=["hats"], goal="view:hats").fit(events)
        pmkt.IntentModel(classes=["x"]).fit(pmkt.Events(user=[], time=[], category=[]))


def test_not_fitted() -> None:
    with pytest.raises(pmkt.NotFitted):
        pmkt.IntentModel().purchase_probability([[]])
    assert "not fitted" in repr(pmkt.IntentModel())


def test_a_fit_can_be_canceled() -> None:
    paths, bought, _ = make_sessions(1)
    model = pmkt.IntentModel()
    with pytest.raises(pmkt.Canceled):
        model.fit_paths(paths, bought, progress=lambda done, stage: True)
    with pytest.raises(pmkt.NotFitted):
        model.transitions()


# ------------------------------------------------------------------------------- classes

CLASSES = ["shoes", "bags", "a:b"]


def make_events(seed: int, texts: bool) -> Tuple[pmkt.Events, List[Tuple[str, int, str, Any]]]:
    """Events in any order, and their rows by user and time."""
    rng = np.random.default_rng(seed)
    rows = []
    for user in range(60):
        clock = 0
        for _ in range(int(rng.integers(1, 30))):
            clock += int(rng.integers(1, 200_000)) if rng.random() < 0.9 else 4_000_000
            kind = str(rng.choice(["view", "cart", "order", "search"], p=[0.6, 0.2, 0.1, 0.1]))
            category: Any = rng.choice(["shoes", "bags", "hats", "a:b", None]) if texts else None
            rows.append((f"u{user}", clock, kind, category))
    if not texts:
        rows = [(*row[:3], int(rng.integers(1, 6))) for row in rows]
    order = rng.permutation(len(rows))
    user, time, kinds, category = zip(*(rows[i] for i in order))
    events = pmkt.Events(
        user=list(user), time=list(time), kind_column=list(kinds), category=list(category)
    )
    return events, rows


def slow_steps(
    rows: Sequence[Tuple[str, int, str, Any]], names: Sequence[Any]
) -> Tuple[Counter, Dict[Tuple[str, ...], Tuple[int, int]]]:
    """How often each action follows another; how often each whole session was seen."""
    steps: Counter = Counter()
    sessions: List[List[str]] = []
    last_user, last_time = "", 0
    for user, time, kind, category in rows:
        if user != last_user or time - last_time > 1_800_000:
            sessions.append([])
        crossed = category in names and kind != "order"
        sessions[-1].append(f"{kind}:{category}" if crossed else kind)
        last_user, last_time = user, time
    paths: Dict[Tuple[str, ...], Tuple[int, int]] = defaultdict(lambda: (0, 0))
    for session in sessions:
        bought = "order" in session
        path = session[: session.index("order")] if bought else session
        steps.update(zip(["START", *path], [*path, "GOAL" if bought else "LEAVE"]))
        seen, buyers = paths[tuple(path)]
        paths[tuple(path)] = (seen + 1, buyers + bought)
    return steps, paths


@pytest.mark.parametrize("texts", [True, False])
def test_kinds_are_crossed_with_classes(texts: bool, tmp_path: Path) -> None:
    events, rows = make_events(3, texts)
    classes: List[Any] = CLASSES if texts else [4, 2]
    model = pmkt.IntentModel(order=2, classes=classes).fit(events)
    steps, paths = slow_steps(rows, classes)
    found = {(r["from"], r["to"]): r["count"] for r in model.transitions()}
    assert found == steps
    assert model.info.classes == len(classes) and model.classes == classes
    actions = {a for step in steps for a in step} - {"START", "LEAVE", "GOAL"}
    assert set(model.actions) == actions
    # The same counts as of the paths, by the names of their actions.
    whole = [list(path) for path, (n, _) in paths.items() for _ in range(n)]
    bought = [k < buyers for n, buyers in paths.values() for k in range(n)]
    same = pmkt.IntentModel(order=2, classes=classes).fit_paths(whole, bought)
    assert {(r["from"], r["to"]): r["count"] for r in same.transitions()} == steps
    asked = [["view", f"view:{classes[0]}"], f"view > view:{classes[1]}"]
    np.testing.assert_array_equal(
        model.purchase_probability(asked), same.purchase_probability(asked)
    )
    assert model.next(asked).columns == [*map(str, model.actions), "LEAVE", "GOAL"]
    assert model.explain(asked[1])["action"].tolist() == ["view", f"view:{classes[1]}"]
    assert set(model.ask(asked).next.ravel()) <= actions | {"LEAVE", "GOAL", ""}
    # A file has the ids of the classes only.
    model.save(tmp_path / "m.pmkt")
    again = pmkt.IntentModel.load(tmp_path / "m.pmkt")
    assert again.to_bytes() == model.to_bytes() and again.info == model.info
    if texts:
        assert again.classes == pmkt.Ids().encode(classes).tolist()
        with pytest.raises(pmkt.InvalidInput, match="classes of the model"):
            again.purchase_probability(asked)
        again.name_classes(classes)
    assert again.classes == classes and again.actions == model.actions
    np.testing.assert_array_equal(
        again.purchase_probability(asked), model.purchase_probability(asked)
    )
    merged = pmkt.IntentModel.merge([model, again])
    assert merged.actions == model.actions and merged.info.sessions == 2 * model.info.sessions
    assert again.fit(events).to_bytes() == model.to_bytes()


def test_a_goal_with_a_class() -> None:
    events, rows = make_events(5, True)
    model = pmkt.IntentModel(classes=CLASSES, goal="cart:bags").fit(events)
    assert model.info.goal == "cart:bags" and "order:bags" in model.actions
    reached = sum(1 for r in model.transitions() if r["to"] == "GOAL")
    assert reached > 0 and "cart:bags" not in model.actions


def test_an_extra_column_says_the_class() -> None:
    pa = pytest.importorskip("pyarrow")
    table = pa.table(
        {
            "user": ["a", "a", "b"],
            "time": pa.array([0, 1000, 0], pa.int64()),
            "kind": ["view", "cart", "view"],
            "page": pa.array([7, 8, None], pa.int64()),
        }
    )
    events = pmkt.Events.from_arrow(
        table, user="user", time="time", kind_column="kind", extra=["page"]
    )
    model = pmkt.IntentModel(classes=[8, 7], class_by="page").fit(events)
    assert model.actions == ["view", "cart:8", "view:7"]
    with pytest.raises(pmkt.InvalidInput, match="category"):
        pmkt.IntentModel(classes=[8, 7]).fit(events)
    with pytest.raises(pmkt.InvalidInput, match='"shelf"'):
        pmkt.IntentModel(classes=[8, 7], class_by="shelf").fit(events)


@pytest.mark.parametrize(
    "make",
    [
        lambda: pmkt.IntentModel(classes="shoes"),
        lambda: pmkt.IntentModel(classes=["a", 1]),
        lambda: pmkt.IntentModel(classes=[-1]),
        lambda: pmkt.IntentModel(classes=["a", "a"]).fit_paths([["view"]]),
        lambda: pmkt.IntentModel(classes=["a", None]).fit_paths([["view"]]),
        lambda: pmkt.IntentModel(class_by="page").fit_paths([["view"]]),
        lambda: pmkt.IntentModel(class_by=3),
        lambda: pmkt.IntentModel(classes=["a"]).fit_paths([["view:b"]]),
        lambda: pmkt.IntentModel(classes=["a"]).fit_paths([["wiev:a"]]),
        lambda: pmkt.IntentModel(classes=["a"], goal="view:b"),
        lambda: pmkt.IntentModel().fit_paths([["view:a"]]),
        lambda: pmkt.IntentModel(classes=["a"]).fit_paths([["view"]]).name_classes(["b"]),
    ],
)
def test_classes_that_make_no_sense_are_refused(make: Any) -> None:
    with pytest.raises(pmkt.InvalidInput):
        make()


def test_custom_kinds_are_crossed() -> None:
    model = pmkt.IntentModel(classes=["a"]).fit_paths([["300:a", 300, "view"]])
    assert model.actions == ["view", 300, "300:a"]
    code = 300 + 65536
    assert model.explain([code])["action"].tolist() == ["300:a"]
    plain = pmkt.IntentModel().fit_paths([[code]])
    assert plain.actions == [code] and plain.info.classes == 0
    with pytest.raises(pmkt.Mismatch):
        pmkt.IntentModel.merge([model, plain])
