"""Attribution: against dense NumPy solves, and what it takes and refuses."""

from __future__ import annotations

import copy
from collections import defaultdict
from datetime import datetime, timedelta
from typing import Any, Dict, List, Tuple

import numpy as np
import pytest
from conftest import needed

import pmkt

Path = List[str]


def random_paths(seed: int, n: int = 200, channels: int = 5) -> Tuple[List[Path], Dict[str, Any]]:
    rng = np.random.default_rng(seed)
    names = [f"channel {i}" for i in range(channels)]
    paths = [list(rng.choice(names, rng.integers(0, 8))) for _ in range(n)]
    conversions = rng.integers(0, 4, n).astype(float)
    return paths, {
        "conversions": conversions,
        "values": np.where(conversions > 0, rng.uniform(0, 100, n), 0),
        "nulls": rng.integers(0, 5, n).astype(float),
    }


def dense_effects(
    paths: List[Path], counts: Dict[str, Any], order: int, of: str
) -> Dict[str, float]:
    """Delete and solve again: 1 - reward without a channel / reward, by linear systems."""
    states: Dict[Tuple[str, ...], int] = {(): 0}
    flow: Dict[Tuple[int, int], float] = defaultdict(float)
    reward: Dict[int, float] = defaultdict(float)
    out: Dict[int, float] = defaultdict(float)
    for i, path in enumerate(paths):
        weight = counts["conversions"][i] + counts["nulls"][i]
        if not path:
            continue
        at = 0
        for k in range(1, len(path) + 1):
            to = states.setdefault(tuple(path[max(0, k - order) : k]), len(states))
            flow[at, to] += weight
            out[at] += weight
            at = to
        out[at] += weight
        reward[at] += counts[of][i]
    n = len(states)
    q, r = np.zeros((n, n)), np.zeros(n)
    for (a, b), weight in flow.items():
        q[a, b] = weight / out[a] if out[a] else 0
    for a, worth in reward.items():
        r[a] = worth / out[a] if out[a] else 0
    whole = np.linalg.solve(np.eye(n) - q, r)[0]
    effects = {}
    for channel in sorted({touch for path in paths for touch in path}):
        without = q.copy()
        without[:, [i for state, i in states.items() if state and state[-1] == channel]] = 0
        effects[channel] = 1 - np.linalg.solve(np.eye(n) - without, r)[0] / whole
    return effects


@pytest.mark.parametrize("order", [1, 2, 3, 4])
def test_effects_are_those_of_dense_systems(order: int) -> None:
    for seed in range(8):
        paths, counts = random_paths(seed)
        result = pmkt.attribution(paths, **counts, order=order)
        conversions = dense_effects(paths, counts, order, "conversions")
        values = dense_effects(paths, counts, order, "values")
        assert sorted(result.channel) == sorted(conversions)
        for i, channel in enumerate(result.channel):
            assert result.removal_effect[i] == pytest.approx(conversions[channel], abs=1e-12)
            assert result.value_removal_effect[i] == pytest.approx(values[channel], abs=1e-12)
        given = result.total_conversions - result.unattributed_conversions
        shares = np.array([conversions[c] for c in result.channel])
        assert np.allclose(result.conversions, given * shares / shares.sum(), rtol=1e-12)
        assert (np.diff(result.conversions) <= 0).all()


def test_the_toy_of_one_fifth_and_two_fifths() -> None:
    result = pmkt.attribution(["a > a", "b", "c>c>c", "b"], [1, 2, 2, 0], nulls=[4, 0, 1, 7])
    effects = dict(zip(result.channel, result.removal_effect))
    assert effects == pytest.approx({"a": 0.2, "b": 0.4, "c": 0.4}, abs=1e-15)


def test_an_answer_that_simulation_only_comes_near() -> None:
    """Two channels of one path share its four conversions evenly, by symmetry: two each. Nobody
    converts without meeting both."""
    result = pmkt.attribution(["a > b > a > b", "b > a > b > a"], [2, 2], nulls=[5, 5])
    assert result.conversions.tolist() == [2.0, 2.0]


def test_forms_of_paths_are_the_same() -> None:
    counts: Dict[str, Any] = {"conversions": [1, 2, 1], "nulls": [0, 3, 1]}
    pandas = needed("pandas")
    lists = [["ad", "mail"], ["mail"], []]
    forms = [
        lists,
        [tuple(path) for path in lists],
        [np.array(path, object) for path in lists],
        ["ad > mail", " mail ", ""],
        pandas.Series(["ad>mail", "mail", ""]),
        pandas.Series(lists),
    ]
    results = [pmkt.attribution(form, **counts) for form in forms]
    results.append(pmkt.attribution(["ad|mail", "mail", ""], **counts, separator="|"))
    for result in results:
        assert result.channel.tolist() == results[0].channel.tolist()
        assert result.conversions.tolist() == results[0].conversions.tolist()
        assert result.unattributed_conversions == 1
    numbers = pmkt.attribution([[7, 9], [9], []], **counts)
    assert numbers.channel.tolist() == [9, 7]
    assert numbers.conversions.tolist() == results[0].conversions.tolist()


def test_texts_are_read_as_if_one_by_one() -> None:
    rng = np.random.default_rng(5)
    parts = [
        "a",
        " a",
        "a\t",
        "b c",
        "\u5fae\u4fe1",
        "\u3000\u5fae\u4fe1 ",
        "\udc80",
        "\n",
        "x\x00y",
    ]
    texts = [">".join(rng.choice(parts, rng.integers(1, 6))) for _ in range(300)]
    texts = [text for text in texts if "\n" not in text] + ["", "  ", "\u3000", "a"]
    one_by_one = [[part.strip() for part in text.split(">")] for text in texts]
    lists = [[] if touches == [""] else touches for touches in one_by_one]
    found, asked = pmkt.attribution(texts), pmkt.attribution(lists)
    assert found.channel.tolist() == asked.channel.tolist()
    assert found.conversions.tolist() == asked.conversions.tolist()
    assert found.unattributed_conversions == asked.unattributed_conversions == 3
    assert found.touch_conversions.tolist() == asked.touch_conversions.tolist()
    wider = pmkt.attribution([text.replace(">", "=>") for text in texts], separator="=>")
    assert wider.touch_conversions.tolist() == asked.touch_conversions.tolist()
    for bad in ("a >> b", "a >", "> a", ">"):
        with pytest.raises(pmkt.BadRow, match="path 1 has a touch without a channel"):
            pmkt.attribution(["a > b", bad])


@pytest.mark.parametrize("model", pmkt.attribution_models())
def test_every_model_gives_out_everything(model: str) -> None:
    paths, counts = random_paths(3)
    result = pmkt.attribution(paths, **counts, model=model)
    assert result.model == model
    given = result.total_conversions - result.unattributed_conversions
    assert result.conversions.sum() == pytest.approx(given)
    assert result.value.sum() == pytest.approx(result.total_value - result.unattributed_value)
    at = np.concatenate([[0], np.cumsum([len(path) for path in paths])])
    for i, path in enumerate(paths):
        credit = result.touch_conversions[at[i] : at[i + 1]].sum()
        assert credit == pytest.approx(counts["conversions"][i] if path else 0)
    assert ("removal_effect" in result.columns) == (model in ("markov", "shapley"))


def test_rules() -> None:
    def of(model: str, **options: Any) -> List[float]:
        result = pmkt.attribution(["a > b > c > d"], [10], model=model, **options)
        return [dict(zip(result.channel, result.conversions))[channel] for channel in "abcd"]

    assert of("first") == [10, 0, 0, 0]
    assert of("last") == [0, 0, 0, 10]
    assert of("linear") == [2.5] * 4
    assert of("position") == pytest.approx([4, 1, 1, 4])
    assert of("position", position=(0.5, 0.3)) == pytest.approx([5, 1, 1, 3])
    assert of("time_decay", half_life=2) == pytest.approx(
        np.array([0.5**1.5, 0.5, 0.5**0.5, 1]) / (0.5**1.5 + 1.5 + 0.5**0.5) * 10
    )
    day = datetime(2026, 1, 1)
    times = [[day + timedelta(days=d) for d in (0, 7, 14, 21)]]
    expected = np.array([1, 2, 4, 8]) / 15 * 10
    assert of("time_decay", times=times, tz="UTC") == pytest.approx(expected)
    expected = np.array([1, 2, 4, 8]) / 15 * 10
    ms = [[0, 1000, 2000, 3000]]
    assert of("time_decay", times=ms, half_life="1s") == pytest.approx(expected)


def test_intervals_and_threads() -> None:
    paths, counts = random_paths(5)
    one, two = (
        pmkt.attribution(paths, **counts, order=2, bootstrap=200, seed=4, threads=threads)
        for threads in (1, 2)
    )
    for name in ("low", "high", "value_low", "value_high"):
        assert getattr(one, name).tobytes() == getattr(two, name).tobytes()
    assert (one.low < one.conversions).all() and (one.conversions < one.high).all()
    half = pmkt.attribution(paths, **counts, order=2, bootstrap=200, seed=4, level=0.5)
    assert (one.low < half.low).all() and (half.high < one.high).all()
    plain = pmkt.attribution(paths, **counts)
    assert "low" not in plain.columns and np.isnan(plain.low).all()


def test_what_a_result_is() -> None:
    result = pmkt.attribution(["ad > mail", "mail", ""], [1, 2, 3], bootstrap=20)
    channel, conversions, value, effect, low, high = result
    assert channel.tolist() == ["mail", "ad"] and len(result) == 2
    assert conversions is result["conversions"] and np.isnan(value).all()
    assert effect.tolist() == result["removal_effect"].tolist()
    assert low.shape == high.shape == (2,)
    assert (result.touches.tolist(), result.paths.tolist()) == ([2, 1], [2, 1])
    assert (result.states, result.transitions, result.order) == (2, 3, 1)
    text = repr(result)
    assert text.startswith("markov, order 1: 6 conversions, 3 of them without a touch\nchannel")
    assert result._repr_html_().startswith("<table>")
    frame = needed("pandas").DataFrame(result.to_dict())
    assert result.to_pandas().equals(frame)
    with pytest.raises(TypeError, match="neither copied nor pickled"):
        copy.copy(result)
    empty = pmkt.attribution([])
    assert len(empty) == 0 and empty.total_conversions == 0 and repr(empty)


def test_bars() -> None:
    matplotlib = needed("matplotlib")
    matplotlib.use("Agg")
    result = pmkt.attribution(["ad > mail", "mail"], [1, 2], bootstrap=20)
    ax = result.plot()
    assert [bar.get_width() for bar in ax.patches] == result.conversions.tolist()
    assert [label.get_text() for label in ax.get_yticklabels()] == ["mail", "ad"]
    ax.figure.canvas.draw()
    assert pmkt.plot.attribution_bars(result, ax=ax) is ax
    with pytest.raises(pmkt.InvalidInput, match="draws Attribution"):
        pmkt.plot.attribution_bars("bars")  # type: ignore[arg-type]


# ------------------------------------------------------------------------------------ orders


def test_the_order_that_made_the_paths() -> None:
    rng = np.random.default_rng(1)
    paths = []
    for _ in range(2000):
        path = [int(rng.integers(1, 5)), int(rng.integers(1, 5))]
        while rng.random() < 0.8:
            path.append(path[-2] if rng.random() < 0.8 else int(rng.integers(1, 5)))
        paths.append(path)
    best, likelihood, transitions = pmkt.attribution_order(paths)
    assert best == 2 and likelihood.shape == (5,)
    assert transitions == sum(map(len, paths)) + len(paths)
    assert pmkt.attribution_order(paths, max_order=1).log_likelihood.shape == (2,)
    assert pmkt.attribution_order([]).best == 0


# ------------------------------------------------------------------------------------ events


def shop(**more: Any) -> pmkt.Events:
    return pmkt.Events(
        user=["ann", "ann", "ann", "bob", "bob", "cyd"],
        time=[1000, 9_000_000, 2000, 5000, 6000, 1],
        kind_column=["view", "order", "click", "cart", "view", "order"],
        channel=["ad", "shop", "mail", "ad", "seo", None],
        amount=[None, 700, None, None, None, 50],
        order=[None, "A", None, None, None, None],
        **more,
    )


def test_paths_from_events() -> None:
    paths: Any = pmkt.attribution_paths(shop())
    assert len(paths) == 3
    found = {tuple(paths[i]): i for i in range(3)}
    assert set(found) == {("ad", "mail"), ("seo",), ()}
    both = found["ad", "mail"]
    assert (paths.conversions[both], paths.values[both], paths.nulls[both]) == (1, 700, 0)
    assert paths.times[paths.at[both]] == 1000
    assert paths.conversions[found[()]] == 1 and paths.nulls[found["seo",]] == 1
    assert paths.report.accepted == 5 and paths.report.ignored == 1
    assert sorted(paths.channels) == ["ad", "mail", "seo"]
    assert repr(paths) == "AttributionPaths(3 paths, 3 touches, 2 conversions)"
    result, same = pmkt.attribution(paths), pmkt.attribution(shop())
    assert result.conversions.tolist() == same.conversions.tolist() == [0.5, 0.5, 0]
    assert result.total_value == 750 and result.unattributed_value == 50
    assert pmkt.attribution_order(paths).best > 0


def test_options_of_paths() -> None:
    short = pmkt.attribution_paths(shop(), window="1h")
    assert sorted(map(len, (short[i] for i in range(len(short))))) == [0, 0, 1, 2]
    carts = pmkt.attribution_paths(shop(), touches=["cart"], conversion="view")
    assert {tuple(carts[i]) for i in range(len(carts))} == {("ad",), ()}
    only = pmkt.attribution_paths(shop(), users=pmkt.IdSet(["bob"]), as_of="1970-01-02")
    assert len(only) == 1 and only[0] == ["seo"]
    twice = pmkt.Events(user=[1, 1], time=[0, 5], kind="view", channel=[3, 3])
    assert pmkt.attribution_paths(twice)[0] == [3]
    assert pmkt.attribution_paths(twice, same_touch=False)[0] == [3, 3]
    merged: Any = pmkt.attribution_paths(
        pmkt.Events(user=[1, 2], time=[0, 5], kind="view", channel=[3, 3]), merge=True
    )
    assert len(merged) == 1 and merged.nulls.tolist() == [2] and merged.times is None


def test_bad_rows_are_left_out() -> None:
    columns: Dict[str, Any] = dict(
        user=[1, 0, 1, 1], time=[0, 5, 10, 20], channel=[3, 4, 5, 0], on_bad="skip"
    )
    kinds = np.array([3, 3, 99, 10], np.uint16)  # nobody's view, and a kind that is none
    paths = pmkt.attribution_paths(pmkt.Events(**columns, kind_column=kinds))
    assert paths.report is not None
    assert (paths.report.accepted, paths.report.rejected) == (2, 2)
    assert list(paths.report.by_reason.values()) == [1, 1]
    assert pmkt.attribution(paths, model="last").channel.tolist() == [3]


def test_channels_of_frames_go_back_as_they_came() -> None:
    pandas = needed("pandas")
    frame = pandas.DataFrame(
        {"u": ["x", "x"], "t": [0, 1], "k": ["view", "order"], "c": ["mail", None]}
    )
    events = pmkt.Events.from_frame(frame, user="u", time="t", kind_column="k", channel="c")
    assert pmkt.attribution(events).channel.tolist() == ["mail"]


# ------------------------------------------------------------------------------------ refused


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ({"paths": "a > b"}, "expected a list of paths"),
        ({"paths": [["a"], None]}, "path 1 is None"),
        ({"paths": [["a"], ["b", None]]}, "path 1 has a touch without a channel"),
        ({"paths": ["b", "a > "]}, "path 1 has a touch without a channel"),
        ({"paths": ["a"], "conversions": [1, 2]}, "conversions has 2 rows for 1 paths"),
        ({"paths": ["a"], "conversions": [-1]}, "path 0 is bad"),
        ({"paths": ["a", "b"], "nulls": [1, float("nan")]}, "path 1 is bad"),
        ({"paths": ["a", "b"], "values": [1, float("inf")]}, "path 1 is bad"),
        ({"paths": ["a"], "conversions": ["many"]}, "expected a number"),
        ({"paths": ["a"], "model": "magic"}, "model is 'magic'"),
        ({"paths": ["a"], "order": 5}, "order is 5"),
        ({"paths": ["a"], "model": "first", "order": 2}, "order= is for model='markov'"),
        ({"paths": ["a"], "model": "position", "position": 3}, "position is 3"),
        ({"paths": ["a"], "model": "position", "position": (0.9, 0.9)}, "more than 1 together"),
        ({"paths": ["a"], "position": (0.4, 0.4)}, "position= is for model='position'; this is"),
        ({"paths": ["a"], "model": "linear", "half_life": "7d"}, "half_life= is for"),
        ({"paths": pmkt.Events(user=[1], time=[0])}, "no column of channels"),
        ({"paths": ["a"], "level": 2}, "level is 2"),
        ({"paths": ["a"], "bootstrap": -1}, "bootstrap is -1"),
        ({"paths": ["a"], "times": [[1, 2]]}, "times has another shape"),
        ({"paths": ["a"], "separator": ""}, "separator is ''"),
        ({"paths": ["a > b"], "times": [[2, 1]]}, "a touch before the one before it"),
        ({"paths": [["a", 1]]}, "not both"),
    ],
)
def test_bad_calls(arguments: Dict[str, Any], said: str) -> None:
    with pytest.raises(pmkt.InvalidInput, match=said):
        pmkt.attribution(**arguments)


def test_limits() -> None:
    many = [[i + 1] for i in range(10_000)]
    with pytest.raises(pmkt.LimitReached, match="10000 channels"):
        pmkt.attribution(many, model="shapley")
    result = pmkt.attribution(many)
    assert len(result) == 10_000 and np.allclose(result.removal_effect, 1e-4)
    with pytest.raises(pmkt.InvalidInput, match="these know their own"):
        pmkt.attribution(pmkt.attribution_paths(shop()), [1])
    with pytest.raises(pmkt.InvalidInput, match="expected pmkt.Events"):
        pmkt.attribution_paths([["a"]])  # type: ignore[arg-type]
    with pytest.raises(pmkt.InvalidInput, match="same_touch is True"):
        pmkt.attribution_paths(shop(), same_touch=True)


def test_cancel() -> None:
    paths, counts = random_paths(1)
    with pytest.raises(pmkt.Canceled):
        pmkt.attribution(paths, **counts, bootstrap=5, progress=lambda done, stage: True)
