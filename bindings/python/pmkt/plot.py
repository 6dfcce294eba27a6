"""Pictures of scores, migrations and attributions, with matplotlib.

Each function draws on the Axes that it is given, or on a new figure, and returns the Axes.
"""

from __future__ import annotations

from typing import Any, Optional

import numpy as np

from ._attribution import Attribution
from ._migration import Migration
from ._scores import RFMScores
from .errors import InvalidInput


def _axes(ax: Any, width: float, height: float) -> Any:
    try:
        from matplotlib import pyplot
    except ImportError as error:
        raise ImportError("pmkt.plot needs matplotlib: pip install 'pmkt[plot]'") from error
    return ax if ax is not None else pyplot.subplots(figsize=(width, height), layout="tight")[1]


def _annotated(ax: Any, shade: np.ndarray, texts: Any, cmap: str) -> Any:
    """A grid of colored cells with a text in each, dark on light and light on dark."""
    image = ax.imshow(shade, cmap=cmap, aspect="auto", vmin=0, vmax=max(float(shade.max()), 1e-12))
    for row in range(shade.shape[0]):
        for column in range(shade.shape[1]):
            red, green, blue, _ = image.cmap(image.norm(shade[row, column]))
            dark = 0.299 * red + 0.587 * green + 0.114 * blue < 0.5
            ax.text(
                column,
                row,
                texts[row][column],
                ha="center",
                va="center",
                fontsize=8,
                color="white" if dark else "black",
            )
    ax.set_xticks(range(shade.shape[1]))
    ax.set_yticks(range(shade.shape[0]))
    return image


def _check(value: Any, kind: type, function: str) -> None:
    if not isinstance(value, kind):
        raise InvalidInput(f"{function} draws {kind.__name__}, not {type(value).__name__}")


def rfm_heatmap(scores: RFMScores, *, value: str = "customers", ax: Optional[Any] = None) -> Any:
    """Recency against frequency, over all customers with orders.

    Args:
        scores: of either scheme.
        value: what a cell shows: ``"customers"``, ``"revenue"`` (the sum, in major units) or
            ``"average_revenue"`` (a customer).
        ax: Axes to draw on.
    """
    _check(scores, RFMScores, "rfm_heatmap")
    if value not in ("customers", "revenue", "average_revenue"):
        raise InvalidInput(
            f"value is {value!r}; expected 'customers', 'revenue' or 'average_revenue'"
        )
    top = scores.bins if scores.scheme == "quantile" else 3
    size = max(5.0, 0.8 * top)
    ax = _axes(ax, size + 1.5, size)
    # Cell (R, F), without the zeros of those who never ordered; the best stand at the top right.
    cell = scores._axes["r"].astype(np.int64) * (top + 1) + scores._axes["f"]
    shape = (top + 1, top + 1)
    customers = np.bincount(cell, minlength=shape[0] * shape[1]).reshape(shape)[1:, 1:][::-1]
    revenue = np.bincount(cell, scores.revenue_minor / 10**scores.exponent, shape[0] * shape[1])
    revenue = revenue.reshape(shape)[1:, 1:][::-1]
    grid = {
        "customers": customers,
        "revenue": revenue,
        "average_revenue": revenue / np.maximum(customers, 1),
    }[value]
    texts = [
        [f"{cell:,.0f}" if count else "" for cell, count in zip(*lines)]
        for lines in zip(grid, customers)
    ]
    image = _annotated(ax, np.maximum(grid, 0).astype(float), texts, "YlGnBu")
    if scores.scheme == "threshold":
        f_labels, r_labels = ["low", "medium", "high"], ["dormant", "cooling", "active"]
    else:
        f_labels = r_labels = [str(score) for score in range(1, top + 1)]
    ax.set_xticks(range(top), f_labels)
    ax.set_yticks(range(top), r_labels[::-1])
    ax.set_xlabel("frequency")
    ax.set_ylabel("recency")
    money = f" ({scores.currency})" if scores.currency and value != "customers" else ""
    label = {
        "customers": "customers",
        "revenue": f"revenue{money}",
        "average_revenue": f"revenue a customer{money}",
    }[value]
    ax.set_title(f"Recency × frequency: {label}")
    ax.figure.colorbar(image, ax=ax, label=label)
    return ax


def class_shares(scores: RFMScores, by: str = "segment", *, ax: Optional[Any] = None) -> Any:
    """The share of the customers and of the revenue that each group has, as bars."""
    _check(scores, RFMScores, "class_shares")
    table = scores.summary(by)
    shown = np.flatnonzero(table["customers"])
    names = table[by][shown]
    ax = _axes(ax, 8, 1.2 + 0.55 * max(len(shown), 1))
    at = np.arange(len(shown))
    for column, offset, color, label in (
        ("customer_share", -0.2, "#9bb7d4", "of customers"),
        ("revenue_share", 0.2, "#1f4e79", "of revenue"),
    ):
        bars = ax.barh(at + offset, 100 * table[column][shown], 0.38, color=color, label=label)
        texts = [f"{share:.1%}" for share in table[column][shown]]
        ax.bar_label(bars, texts, padding=3, fontsize=8)
    ax.set_yticks(at, names)
    ax.invert_yaxis()
    ax.margins(x=0.12)
    ax.spines[["top", "right"]].set_visible(False)
    ax.set_xlabel("share (%)")
    ax.set_title(f"Who brings the revenue, by {by.replace('_', ' ')}")
    ax.legend(loc="lower right", frameon=False)
    return ax


def migration_heatmap(migration: Migration, *, ax: Optional[Any] = None) -> Any:
    """Customers that went from (row) to (column); the color is the share of the row."""
    _check(migration, Migration, "migration_heatmap")
    matrix = migration.matrix
    used = np.flatnonzero(matrix.any(axis=0) | matrix.any(axis=1))
    counts = matrix[np.ix_(used, used)]
    if not len(used):
        raise InvalidInput("neither of the two scorings has customers; there is nothing to draw")
    share = counts / np.maximum(counts.sum(axis=1, keepdims=True), 1)
    size = 2.5 + 0.75 * len(used)
    ax = _axes(ax, size + 1.5, size)
    texts = [[f"{count:,}" if count else "" for count in row] for row in counts]
    image = _annotated(ax, share, texts, "Oranges")
    names = [migration.names[code] for code in used]
    ax.set_xticks(range(len(used)), names, rotation=35, ha="right")
    ax.set_yticks(range(len(used)), names)
    ax.set_xlabel("after")
    ax.set_ylabel("before")
    ax.set_title(f"Migration by {migration.by.replace('_', ' ')}")
    ax.figure.colorbar(image, ax=ax, label="share of the row")
    return ax


def attribution_bars(attribution: Attribution, *, ax: Optional[Any] = None) -> Any:
    """The conversions that each channel has credit for, as bars, with their intervals if there are
    some."""
    _check(attribution, Attribution, "attribution_bars")
    names = [str(name) for name in attribution.channel]
    credit = attribution.conversions
    ax = _axes(ax, 8, 1.2 + 0.4 * max(len(names), 1))
    at = np.arange(len(names))
    bars = ax.barh(at, credit, 0.7, color="#9bb7d4")
    whiskers = None
    if "low" in attribution.columns:
        # A percentile interval need not hold the credit itself.
        sides = [credit - attribution.low, attribution.high - credit]
        whiskers = np.maximum(np.array(sides), 0)
        ax.errorbar(credit, at, xerr=whiskers, fmt="none", ecolor="#1f4e79", capsize=3)
    padding = 3 if whiskers is None else 12
    ax.bar_label(bars, [f"{one:,.1f}" for one in credit], padding=padding, fontsize=8)
    ax.set_yticks(at, names)
    ax.invert_yaxis()
    ax.margins(x=0.12)
    ax.spines[["top", "right"]].set_visible(False)
    ax.set_xlabel("conversions")
    order = f", order {attribution.order}" if attribution.order else ""
    ax.set_title(f"Which channels brought the orders ({attribution.model}{order})")
    return ax
