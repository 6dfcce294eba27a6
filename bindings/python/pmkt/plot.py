"""Pictures of scores, migrations, attributions, chains, funnels and calibration, with matplotlib.

Each function draws on the Axes that it is given, or on a new figure, and returns the Axes.
"""

from __future__ import annotations

from typing import Any, Dict, List, Optional, Tuple

import numpy as np

from ._attribution import Attribution
from ._funnel import Funnel
from ._intent import IntentModel
from ._migration import Migration
from ._run import whole
from ._scores import RFMScores
from ._table import Table
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
    whiskers = None
    if "low" in attribution.columns:
        # A percentile interval need not hold the credit itself.
        sides = [credit - attribution.low, attribution.high - credit]
        whiskers = np.maximum(np.array(sides), 0)
    bars = ax.barh(at, credit, 0.7, xerr=whiskers, color="#9bb7d4", ecolor="#1f4e79", capsize=3)
    ax.bar_label(bars, [f"{one:,.1f}" for one in credit], padding=3, fontsize=8)
    ax.set_yticks(at, names)
    ax.invert_yaxis()
    ax.margins(x=0.12)
    ax.spines[["top", "right"]].set_visible(False)
    ax.set_xlabel("conversions")
    order = f", order {attribution.order}" if attribution.order else ""
    ax.set_title(f"Which channels brought the orders ({attribution.model}{order})")
    return ax


# ------------------------------------------------------------------------------ transitions

_Place = Tuple[float, float]
_ENDS: Dict[str, Tuple[_Place, str]] = {
    "START": ((-2.1, 0.0), "#e8e8e8"),
    "GOAL": ((2.1, 0.75), "#bcd9b4"),
    "LEAVE": ((2.1, -0.75), "#f0c4b4"),
}


def _places(actions: List[Any]) -> Dict[Any, _Place]:
    """START to the left, the ends to the right, the actions on an ellipse between them."""
    turns = np.pi / 2 - 2 * np.pi * np.arange(len(actions)) / max(len(actions), 1)
    places: Dict[Any, _Place] = {name: place for name, (place, _) in _ENDS.items()}
    for action, turn in zip(actions, turns):
        places[action] = (1.15 * float(np.cos(turn)), 1.1 * float(np.sin(turn)))
    return places


def _label_place(begin: Any, middle: Any, end: Any, taken: List[Any]) -> Any:
    """A place on a curve, a little behind its middle, so that two that cross have two labels, and
    out of the way of what stands there already."""
    best, most = begin, -np.inf
    for t in (0.55, 0.5, 0.6, 0.45, 0.65, 0.4, 0.7, 0.35, 0.3):
        at = (1 - t) ** 2 * begin + 2 * t * (1 - t) * middle + t**2 * end
        room = min(0.3, min(float(np.hypot(*(at - other))) for other in taken))
        if room > most:
            best, most = at, room
    return best


def _edge(ax: Any, a: _Place, b: _Place, probability: float, taken: List[Any]) -> None:
    """An arrow with its probability. It bends, so that there is one for each direction; that of a
    state to itself lies above it, or below it. ``taken`` are the places of texts, and gets one."""
    from matplotlib.patches import FancyArrowPatch

    begin, end = np.array(a), np.array(b)
    bend, shrink = 0.16, 19.0
    if a == b:
        side = 1 if begin[1] > -0.1 else -1
        begin, end = begin + [-0.1 * side, 0.12 * side], end + [0.1 * side, 0.12 * side]
        bend, shrink = -1.6, 0.0
    arrow = FancyArrowPatch(
        tuple(begin),
        tuple(end),
        connectionstyle=f"arc3,rad={bend}",
        arrowstyle="-|>,head_length=5,head_width=3",
        linewidth=0.8 + 5 * probability,
        shrinkA=shrink,
        shrinkB=shrink,
        color="#1f4e79",
        alpha=0.35 + 0.5 * probability,
        zorder=1,
    )
    ax.add_patch(arrow)
    across = np.array([end[1] - begin[1], begin[0] - end[0]])
    at = _label_place(begin, 0.5 * (begin + end) + bend * across, end, taken)
    taken.append(at)
    ax.text(
        float(at[0]),
        float(at[1]),
        f"{probability:.0%}" if probability >= 0.01 else f"{probability:.1%}",
        ha="center",
        va="center",
        fontsize=9,
        bbox={"boxstyle": "round,pad=0.1", "facecolor": "white", "edgecolor": "none", "alpha": 0.9},
        zorder=2,
    )


def transition_graph(
    model: IntentModel, *, least: float = 0.05, actions: int = 10, ax: Optional[Any] = None
) -> Any:
    """What follows what: the single steps of a model, from START to the GOAL or to LEAVE.

    Args:
        model: fitted; the probabilities are those of :meth:`IntentModel.transitions`.
        least: arrows below this probability are left out, but for those to the GOAL.
        actions: so many at most, those that come most often.
        ax: Axes to draw on.
    """
    _check(model, IntentModel, "transition_graph")
    if not 0 <= least <= 1:
        raise InvalidInput(f"least is {least!r}; expected a probability")
    whole("actions", actions, 1, 1000)
    steps = list(model.transitions())
    often: Dict[Any, int] = {}
    for step in steps:
        often[step["to"]] = often.get(step["to"], 0) + step["count"]
    known = sorted((name for name in often if name not in _ENDS), key=lambda name: -often[name])
    places = _places(known[:actions])
    ax = _axes(ax, 9, 6)
    taken: List[Any] = [np.array(place) for place in places.values()]
    for step in steps:
        begin, end, p = places.get(step["from"]), places.get(step["to"]), step["probability"]
        if begin and end and p > 0 and (p >= least or step["to"] == "GOAL"):
            _edge(ax, begin, end, p, taken)
    for name, place in places.items():
        color = _ENDS[name][1] if name in _ENDS else "#dbe7f3"
        label = f"GOAL\n{model.info.goal}" if name == "GOAL" else str(name)
        box = {"boxstyle": "round,pad=0.5", "facecolor": color, "edgecolor": "#1f4e79"}
        ax.text(*place, label, ha="center", va="center", fontsize=11, bbox=box, zorder=3)
    ax.set_xlim(-2.6, 2.6)
    heights = [y for _, y in places.values()]
    ax.set_ylim(min(heights) - 0.65, max(heights) + 0.65)
    ax.set_aspect("equal")
    ax.set_axis_off()
    hidden = len(known) - len(known[:actions])
    rest = f"; {hidden} rarer actions are not shown" if hidden else ""
    ax.set_title(f"What follows what (arrows from {least:.0%}, and all to the goal{rest})")
    return ax


# ---------------------------------------------------------------------------------- funnels


def funnel_bars(funnel: Funnel, *, ax: Optional[Any] = None) -> Any:
    """How many reach each step, what share of the step before that is, how many are lost there."""
    _check(funnel, Funnel, "funnel_bars")
    n = len(funnel.steps)
    at = np.arange(n)
    ax = _axes(ax, 8, 1.4 + 0.6 * n)
    lost = np.where(at + 1 < n, funnel.lost, 0)
    stayed = funnel.reached - lost
    ax.barh(at, stayed, 0.7, color="#1f4e79", label="went on" if n > 1 else "reached")
    bars = ax.barh(at, lost, 0.7, left=stayed, color="#c9d8e8", label="lost after it")
    texts = []
    for k in range(n):
        text = f"{funnel.reached[k]:,}"
        if k > 0 and funnel.conversion[k] == funnel.conversion[k]:
            text += f"  ({funnel.conversion[k]:.1%} of the step before)"
        texts.append(text + (f"  \u2212{lost[k]:,}" if lost[k] else ""))
    ax.bar_label(bars, texts, padding=4, fontsize=8)
    ax.set_yticks(at, funnel.steps)
    ax.invert_yaxis()
    ax.set_xlim(0, 1.45 * max(float(funnel.reached.max()), 1))
    ax.spines[["top", "right"]].set_visible(False)
    ax.set_xlabel(f"of {funnel.units:,} with any event, {funnel.attempts:,} tried")
    ax.set_title("How far they come")
    ax.legend(loc="lower right", frameon=False)
    return ax


# ------------------------------------------------------------------------------ calibration


def calibration_curve(table: Table, *, ax: Optional[Any] = None) -> Any:
    """What was predicted against what happened: on the diagonal, a probability means what it says.

    Args:
        table: a row for each group of predictions: ``predicted``, their mean; ``observed``, how
            many of them came true, with the bounds ``low`` and ``high``; ``n``, how many there are:
            what :func:`pmkt.reliability` makes. Groups of none are not drawn.
        ax: Axes to draw on; how many predictions lie where is drawn below it.
    """
    _check(table, Table, "calibration_curve")
    missing = {"predicted", "observed", "low", "high", "n"} - set(table.columns)
    if missing:
        raise InvalidInput(f"the table has no column {min(missing)!r}")
    shown = np.flatnonzero(table["n"])
    if not len(shown):
        raise InvalidInput("there are no predictions; there is nothing to draw")
    predicted, observed, low, high, n = (
        table[name][shown] for name in ("predicted", "observed", "low", "high", "n")
    )
    ax = _axes(ax, 6, 6.5)
    end = 1.05 * float(np.max([predicted.max(), high.max(), 1e-6]))
    ax.plot(
        [0, end], [0, end], color="#999999", linestyle="--", linewidth=1, label="as it should be"
    )
    sides = np.maximum(np.array([observed - low, high - observed]), 0)
    ax.errorbar(
        predicted, observed, yerr=sides, fmt="o-", color="#1f4e79", capsize=3, label="as it is"
    )
    ax.set_xlim(0, end)
    ax.set_ylim(0, end)
    ax.set_ylabel("came true")
    ax.tick_params(labelbottom=False)
    ax.spines[["top", "right"]].set_visible(False)
    ax.set_title(f"Are the probabilities right? ({int(n.sum()):,} predictions)")
    ax.legend(loc="upper left", frameon=False)
    below = ax.inset_axes([0, -0.28, 1, 0.22], sharex=ax)
    below.vlines(predicted, 0, n, color="#9bb7d4", linewidth=5)
    below.set_ylim(0, 1.1 * float(n.max()))
    below.set_ylabel("n")
    below.set_xlabel("predicted")
    below.tick_params(labelbottom=True)
    below.spines[["top", "right"]].set_visible(False)
    return ax
