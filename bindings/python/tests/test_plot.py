"""Pictures: what stands on them, not only that there is one."""

from __future__ import annotations

import subprocess
import sys
from typing import Any, List

import numpy as np
import pytest
from conftest import needed
from test_scores import shop

import pmkt

matplotlib = needed("matplotlib")
matplotlib.use("Agg")


@pytest.fixture
def pyplot() -> Any:
    from matplotlib import pyplot

    yield pyplot
    pyplot.close("all")


@pytest.fixture(scope="module")
def rfm() -> pmkt.RFM:
    return shop(currency="EUR")


def texts(ax: Any) -> List[str]:
    return [text.get_text() for text in ax.texts if text.get_text()]


def numbers(ax: Any) -> List[int]:
    return [int(text.replace(",", "")) for text in texts(ax)]


@pytest.mark.parametrize("scheme", ["threshold", "quantile"])
def test_heatmap_of_customers(rfm: pmkt.RFM, pyplot: Any, scheme: str) -> None:
    scores = rfm.score("1970-10-01", scheme)
    ax = pmkt.plot.rfm_heatmap(scores)
    buyers = int((scores.orders > 0).sum())
    assert sum(numbers(ax)) == buyers
    shades = ax.images[0].get_array()
    size = 3 if scheme == "threshold" else 5
    assert shades.shape == (size, size) and shades.sum() == buyers
    r, f = (scores._axes[axis] for axis in "rf")
    assert shades[0, size - 1] == ((r == size) & (f == size)).sum(), "the best at the top right"
    labels = [tick.get_text() for tick in ax.get_yticklabels()]
    assert labels[0] == ("active" if scheme == "threshold" else "5")
    assert (ax.get_xlabel(), ax.get_ylabel()) == ("frequency", "recency")
    ax.figure.canvas.draw()


def test_heatmap_of_money(rfm: pmkt.RFM, pyplot: Any) -> None:
    scores = rfm.score("1970-10-01", "quantile", bins=10)
    ax = pmkt.plot.rfm_heatmap(scores, value="revenue")
    assert ax.images[0].get_array().sum() == pytest.approx(scores.revenue_minor.sum() / 100)
    assert "EUR" in ax.get_title()
    average = pmkt.plot.rfm_heatmap(scores, value="average_revenue")
    cell = (scores.r_score == 10) & (scores.f_score == 10)
    assert average.images[0].get_array()[0, 9] == pytest.approx(
        scores.revenue_minor[cell].mean() / 100
    )
    with pytest.raises(pmkt.InvalidInput, match="value is 'money'"):
        pmkt.plot.rfm_heatmap(scores, value="money")


def test_class_shares(rfm: pmkt.RFM, pyplot: Any) -> None:
    scores = rfm.score("1970-10-01")
    _, given = pyplot.subplots()
    ax = pmkt.plot.class_shares(scores, ax=given)
    assert ax is given
    customers, revenue = ax.containers
    table = scores.summary()
    used = table["customers"] > 0
    for bars, column in ((customers, "customer_share"), (revenue, "revenue_share")):
        widths = [bar.get_width() for bar in bars]
        assert np.allclose(widths, 100 * table[column][used])
        assert sum(widths) == pytest.approx(100)
    shown = [tick.get_text() for tick in ax.get_yticklabels()]
    assert shown == table["segment"][used].tolist()
    assert f"{table['revenue_share'][used][0]:.1%}" in texts(ax)
    assert [text.get_text() for text in ax.get_legend().get_texts()] == [
        "of customers",
        "of revenue",
    ]
    assert "lifecycle" in pmkt.plot.class_shares(scores, "lifecycle").get_title()


def test_migration_heatmap(rfm: pmkt.RFM, pyplot: Any) -> None:
    moved = pmkt.migration(rfm.score("1970-05-01"), rfm.score("1970-10-01"), "lifecycle")
    ax = pmkt.plot.migration_heatmap(moved)
    assert sum(numbers(ax)) == moved.matrix.sum()
    shades = ax.images[0].get_array()
    rows = shades.sum(axis=1)
    assert np.allclose(rows[rows > 0], 1), "a row shows where its customers went"
    before = [tick.get_text() for tick in ax.get_yticklabels()]
    assert before == [tick.get_text() for tick in ax.get_xticklabels()]
    assert set(before) <= set(moved.names) and ax.get_xlabel() == "after"


def test_texts_stand_out_from_their_cells(rfm: pmkt.RFM, pyplot: Any) -> None:
    ax = pmkt.plot.rfm_heatmap(rfm.score("1970-10-01", "quantile"))
    image = ax.images[0]
    for text in ax.texts:
        column, row = text.get_position()
        red, green, blue, _ = image.cmap(image.norm(image.get_array()[row, column]))
        light = 0.299 * red + 0.587 * green + 0.114 * blue
        assert (text.get_color() == "white") == (light < 0.5)


def test_nothing_to_draw(rfm: pmkt.RFM, pyplot: Any) -> None:
    empty = rfm.score("1960-01-01")
    assert texts(pmkt.plot.rfm_heatmap(empty)) == []
    assert texts(pmkt.plot.class_shares(empty)) == []
    with pytest.raises(pmkt.InvalidInput, match="nothing to draw"):
        pmkt.plot.migration_heatmap(pmkt.migration(empty, empty))


def test_what_cannot_be_drawn(rfm: pmkt.RFM) -> None:
    scores = rfm.score("1970-10-01")
    for draw, bad in (
        (pmkt.plot.rfm_heatmap, rfm),
        (pmkt.plot.class_shares, "scores"),
        (pmkt.plot.migration_heatmap, scores),
        (pmkt.plot.transition_graph, scores),
        (pmkt.plot.funnel_bars, "view"),
        (pmkt.plot.calibration_curve, {"n": [1]}),
    ):
        with pytest.raises(pmkt.InvalidInput, match="draws"):
            draw(bad)
    with pytest.raises(pmkt.InvalidInput, match="by is"):
        pmkt.plot.class_shares(scores, "class")


def chains() -> pmkt.IntentModel:
    paths = [["view", "view", "cart"], ["view"], ["view", "cart", 1007], ["search", "view"]]
    return pmkt.IntentModel(order=2).fit_paths(paths, bought=[True, False, True, False])


def arrows(ax: Any) -> int:
    return sum(type(patch).__name__ == "FancyArrowPatch" for patch in ax.patches)


def test_transition_graph(pyplot: Any) -> None:
    model = chains()
    steps = model.transitions()
    ax = pmkt.plot.transition_graph(model, least=0)
    shown = texts(ax)
    states = {"START", "GOAL\norder", "LEAVE", "view", "cart", "search", "1007"}
    assert states <= set(shown) and len(shown) == len(states) + len(steps)
    assert arrows(ax) == len(steps)
    widths = sorted(patch.get_linewidth() for patch in ax.patches)
    assert np.allclose(widths, 0.8 + 5 * np.sort(steps["probability"]))
    assert sorted(set(shown) - states) == sorted({f"{p:.0%}" for p in steps["probability"]})
    ax.figure.canvas.draw()


def drawn(model: pmkt.IntentModel, least: float) -> int:
    return sum(s["probability"] >= least or s["to"] == "GOAL" for s in model.transitions())


def test_arrows_to_the_goal_are_always_drawn(pyplot: Any) -> None:
    paths = [["view"]] * 199 + [["view"]]
    model = pmkt.IntentModel(order=1).fit_paths(paths, bought=[False] * 199 + [True])
    ax = pmkt.plot.transition_graph(model, least=1)
    rare = [s["probability"] for s in model.transitions() if s["to"] == "GOAL"]
    assert arrows(ax) == drawn(model, 1) >= 1
    assert len(rare) == 1 and rare[0] < 0.01 and f"{rare[0]:.1%}" in texts(ax)
    assert all(text.get_fontsize() >= 9 for text in ax.texts)


def test_transition_graph_of_the_likely_and_the_frequent(pyplot: Any) -> None:
    model = chains()
    _, given = pyplot.subplots()
    ax = pmkt.plot.transition_graph(model, least=0.5, ax=given)
    assert ax is given and arrows(ax) == drawn(model, 0.5)
    ax = pmkt.plot.transition_graph(model, actions=1)
    assert "view" in texts(ax) and "cart" not in texts(ax)
    assert "3 rarer actions are not shown" in ax.get_title()
    for bad in ({"least": 2}, {"least": float("nan")}, {"actions": 0}):
        with pytest.raises(pmkt.InvalidInput, match=next(iter(bad))):
            pmkt.plot.transition_graph(model, **bad)


def funnel_events() -> pmkt.Events:
    rows = [(1, "view"), (1, "cart"), (1, "order"), (2, "view"), (2, "cart"), (3, "view")]
    user, kind = zip(*rows, (4, "search"))
    return pmkt.Events(user=user, time=np.arange(len(user)) * 1000, kind_column=kind)


def test_funnel_bars(pyplot: Any) -> None:
    found = pmkt.funnel(funnel_events(), ["view", "cart", "order"])
    ax = pmkt.plot.funnel_bars(found)
    assert [tick.get_text() for tick in ax.get_yticklabels()] == found.steps
    on, lost = ([bar.get_width() for bar in bars] for bars in ax.containers)
    assert on == [2, 1, 1] and lost == [1, 1, 0]
    assert texts(ax) == [
        "3  \u22121",
        "2  (66.7% of the step before)  \u22121",
        "1  (50.0% of the step before)",
    ]
    assert ax.get_xlabel() == "of 4 with any event, 3 tried"


def test_funnel_that_nobody_entered(pyplot: Any) -> None:
    ax = pmkt.plot.funnel_bars(pmkt.funnel(funnel_events(), ["review", "share"]))
    assert texts(ax) == ["0", "0"]
    ax.figure.canvas.draw()


def groups(**columns: Any) -> pmkt.Table:
    return pmkt.Table({name: np.array(values) for name, values in columns.items()}, {})


def test_calibration_curve(pyplot: Any) -> None:
    predicted, observed = [0.1, 0.4], [0.2, 0.3]
    table = groups(
        predicted=predicted, observed=observed, low=[0.1, 0.2], high=[0.35, 0.45], n=[50, 40]
    )
    ax = pmkt.plot.calibration_curve(table)
    diagonal, curve = ax.lines[:2]
    assert (diagonal.get_xdata() == diagonal.get_ydata()).all()
    assert curve.get_xdata().tolist() == predicted and curve.get_ydata().tolist() == observed
    bounds = ax.containers[0].lines[2][0].get_segments()
    assert np.allclose([[low, high] for (_, low), (_, high) in bounds], [[0.1, 0.35], [0.2, 0.45]])
    assert "90 predictions" in ax.get_title()
    (below,) = ax.child_axes
    counts = [segment[1] for segment in below.collections[0].get_segments()]
    assert np.allclose(counts, [[0.1, 50], [0.4, 40]])
    ax.figure.canvas.draw()
    with pytest.raises(pmkt.InvalidInput, match="no column 'high'"):
        pmkt.plot.calibration_curve(groups(predicted=[0.1], observed=[0.1], low=[0], n=[1]))
    with pytest.raises(pmkt.InvalidInput, match="nothing to draw"):
        pmkt.plot.calibration_curve(groups(predicted=[], observed=[], low=[], high=[], n=[]))


def test_without_matplotlib() -> None:
    program = (
        "import sys; sys.modules['matplotlib'] = None\n"
        "import pmkt\n"
        "scores = pmkt.RFM().score('2020-01-01')\n"
        "try:\n    pmkt.plot.class_shares(scores)\n"
        "except ImportError as error:\n    print(error)\n"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True)
    assert done.stdout == "pmkt.plot needs matplotlib: pip install 'pmkt[plot]'\n", done.stderr
