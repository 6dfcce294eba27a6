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
    ):
        with pytest.raises(pmkt.InvalidInput, match="draws"):
            draw(bad)
    with pytest.raises(pmkt.InvalidInput, match="by is"):
        pmkt.plot.class_shares(scores, "class")


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
