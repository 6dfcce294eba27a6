"""Models of intent, against dictionaries of tuples and dense systems of NumPy."""

from __future__ import annotations

import math
from collections import Counter, defaultdict
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


def test_answers() -> None:
    paths, bought, dwell = make_sessions(7)
    model = pmkt.IntentModel().fit_paths(paths, bought, dwell)
    answers = model.ask(["view > cart", [], ["view", 9999]])
    np.testing.assert_allclose(answers.goal + answers.leave, 1)
    assert answers.context.tolist() == [3, 1, 0]
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
        lambda: pmkt.IntentModel.load("x", map=True),
        lambda: pmkt.IntentModel.merge([]),
    ],
)
def test_what_makes_no_sense_is_refused(make: Any) -> None:
    with pytest.raises(pmkt.InvalidInput):
        make()


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
