"""What a tracker answers: tables of what is likely and of what fired, and why."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from html import escape
from typing import Any, Callable, Dict, List, NamedTuple, Optional, Tuple

import numpy as np

from . import errors
from ._funnel import kind_label
from ._report import Report
from ._structs import pmkt_tracker_event, pmkt_tracker_fired
from ._table import Table
from ._tracker_names import Names
from ._zones import Zone, format_ms
from .rules import Rules

RulesOf = Callable[[int], Optional[Rules]]

FIRED = np.dtype(pmkt_tracker_fired)
EVENT = np.dtype(pmkt_tracker_event)

# Columns of an answer: those that the model has, and those that rules have.
NEXT = ("next", "next_2", "next_3")
NEXT_P = ("next_p", "next_2_p", "next_3_p")
MODEL = ("p_order", "p_cart", "time_ms", *NEXT, *NEXT_P)
WORDS = ("intent", "cause", "strength", "suggestions")
RULES = (*WORDS, "rule")
COLUMNS = (*MODEL, *RULES)


def columns_of(columns: Any, usual: Tuple[str, ...]) -> Tuple[str, ...]:
    """The argument of that name."""
    if columns is None:
        return usual
    if isinstance(columns, str):
        columns = [columns]
    try:
        names = tuple(dict.fromkeys(columns))
        unknown = [name for name in names if name not in COLUMNS]
    except TypeError:
        raise errors.InvalidInput(f"columns is {columns!r:.60}; expected a list of names") from None
    if unknown:
        known = ", ".join(COLUMNS)
        raise errors.InvalidInput(f"there is no column {unknown[0]!r}; there are {known}")
    return names


class Fired(Table):
    """What fired, a row each: in the order of the events, or, when a clock was set, by time.

    The columns: ``user``; ``time`` (datetime64[ms], UTC) of the event, or of the last instant of a
    wait; ``since``, the time of the first event of the match; ``row`` of the batch, or -1: a wait
    ended; ``intent``; ``cause`` (None: none); ``strength``; ``suggestions``, a tuple of texts;
    ``rule``, its row in :attr:`Rules.rules`, of the rules of that ``generation``.
    """

    def __init__(self, raw: np.ndarray, users: np.ndarray, rules_of: RulesOf) -> None:
        words = _words(raw["rule"], raw["generation"], rules_of)
        data = {
            "user": users,
            "time": raw["time"].view("datetime64[ms]"),
            "since": raw["since"].view("datetime64[ms]"),
            "row": raw["row"],
            "intent": words["intent"],
            "cause": words["cause"],
            "strength": raw["strength"],
            "suggestions": words["suggestions"],
            "rule": raw["rule"],
            "generation": raw["generation"],
        }
        super().__init__(
            {name: np.ascontiguousarray(values) for name, values in data.items()},
            {
                "user": str,
                "time": str,
                "intent": str,
                "cause": _or_nothing,
                "strength": "{:.2f}".format,
                "suggestions": ", ".join,
            },
        )


def _words(rule: np.ndarray, generation: np.ndarray, rules_of: RulesOf) -> Dict[str, np.ndarray]:
    """What rules say, by their number and generation."""
    words = {name: np.empty(len(rule), object) for name in ("intent", "cause", "suggestions")}
    words["strength"] = np.empty(len(rule), np.float64)
    if not len(rule):
        return words
    for one in np.unique(generation).tolist():
        rules, those = rules_of(one), generation == one
        if rules is None:  # cannot be: without rules nothing fires
            raise AssertionError(f"a rule fired of generation {one}, which has none")
        for name, column in words.items():
            column[those] = rules.rules[name][rule[those]]
    return words


def row_words(
    wanted: Tuple[str, ...], rule: np.ndarray, fired: np.ndarray, rules_of: RulesOf
) -> Dict[str, np.ndarray]:
    """The same for the strongest rule of every row, -1 = none, of which ``fired`` knows more."""
    data: Dict[str, np.ndarray] = {}
    for name in wanted:
        if name == "rule":
            data[name] = rule
        elif name == "strength":
            data[name] = np.full(len(rule), np.nan)
        elif name in WORDS:
            data[name] = np.full(len(rule), None)
    if len(fired):
        rows = np.flatnonzero(rule >= 0)
        at_events = fired[fired["row"] >= 0]  # in the order of rows; a row is of one generation
        place = np.searchsorted(at_events["row"], rows)
        words = _words(rule[rows], at_events["generation"][place], rules_of)
        for name in data.keys() & words.keys():
            data[name][rows] = words[name]
    return data


class Observed(Table):
    """What a tracker said of each event: a row an event, in the order of the batch, and the columns
    that were asked for.

    ``p_order``, ``p_cart``, ``time_ms``, ``next``, ``next_2``, ``next_3`` and ``next_p``,
    ``next_2_p``, ``next_3_p`` are as of :meth:`IntentModel.score`. ``intent``, ``cause``,
    ``strength``, ``suggestions`` and ``rule`` are of the strongest rule that fired at the event;
    None, NaN and -1 where there is none. An event that is bad, or came too late, has none of all.

    Attributes:
        fired: all that fired, waits too.
        report: what became of the rows; those that came too late are ``ignored``.
    """

    def __init__(
        self,
        data: Dict[str, np.ndarray],
        rows: int,
        fired: Optional[Fired],
        report: Callable[[], Report],
    ) -> None:
        super().__init__(data, {name: _FORMATS[name] for name in data})
        self._rows, self._fired, self._make_report = rows, fired, report

    @cached_property
    def fired(self) -> Fired:  # as most single events fire nothing, that is not always made
        if self._fired is not None:
            return self._fired
        return Fired(np.empty(0, FIRED), np.empty(0, object), lambda generation: None)

    @cached_property
    def report(self) -> Report:
        return self._make_report()

    def __len__(self) -> int:
        return self._rows

    def __repr__(self) -> str:
        return super().__repr__() if self._data else f"{self._rows:,} events, without columns"

    def _repr_html_(self) -> str:
        return super()._repr_html_() if self._data else repr(self)


def _or_nothing(value: Optional[str]) -> str:
    return value or ""


def _percent(p: float) -> str:
    return "-" if np.isnan(p) else f"{p:.2%}"


def _whole(value: float) -> str:
    return "-" if np.isnan(value) else f"{value:,.0f}"


def _strength(value: float) -> str:
    return "" if np.isnan(value) else f"{value:.2f}"


def _listed(texts: Optional[Tuple[str, ...]]) -> str:
    return ", ".join(texts or ())


_FORMATS: Dict[str, Callable[[Any], str]] = {
    **{"p_order": _percent, "p_cart": _percent, "time_ms": _whole},
    **{name: str for name in NEXT},
    **{name: _percent for name in NEXT_P},
    **{"intent": _or_nothing, "cause": _or_nothing, "strength": _strength},
    **{"suggestions": _listed, "rule": str},
}


# ------------------------------------------------------------------------------- evidence


@dataclass(frozen=True, repr=False)
class Evidence:
    """Why an intent fired, and what is known of a user; prints as a text to read.

    Attributes:
        user: as asked for.
        intent, cause, strength, suggestions: of the rule that fired last; None, and () if none did,
            or so long ago that it is not remembered.
        time, since: when it fired, and the first event of its match, as datetime64[ms] in UTC;
            None likewise.
        rule: the text of the rule, and ``line``, where it stands.
        events: the latest events, the oldest first: ``time``, ``kind``, ``item``, ``category``,
            ``channel``, ``log_odds`` (what the event says for an order, above 0, or against it) and
            ``matched`` (True: a step of the match).
        session: events of the user's session so far, as the model sees sessions.
        evidence: what the session so far says for an order, or against it: log-odds. Both are 0
            without a model.
    """

    user: Any
    intent: Optional[str]
    cause: Optional[str]
    strength: Optional[float]
    suggestions: Tuple[str, ...]
    time: Optional[np.datetime64]
    since: Optional[np.datetime64]
    rule: Optional[str]
    line: Optional[int]
    events: Table
    session: int
    evidence: float
    _zone: Zone

    def to_pandas(self) -> Any:
        """A DataFrame of the events."""
        return self.events.to_pandas()

    def __repr__(self) -> str:
        lines = [f"{self.user}: {self._what()}"]
        if self.suggestions:
            lines.append(f"suggested: {', '.join(self.suggestions)}")
        if self.rule is not None:
            lines += ["", f"the rule, on line {self.line}:"]
            lines += [f"    {line}" for line in self.rule.splitlines()]
        if len(self.events):
            lines += ["", "the latest events (* = a step of the rule):"]
            lines += [f"    {line}" for line in repr(self.events).splitlines()]
        if self.session:  # without a model there are none
            lines += ["", f"the session so far: {self.session:,} events, evidence {self._odds()}"]
        return "\n".join(lines)

    def _what(self) -> str:
        if self.intent is None:
            return "no intent fired" if len(self.events) else "not known"
        cause = f", cause {self.cause}" if self.cause else ""
        return (
            f"{self.intent}{cause}, strength {self.strength:.2f}, "
            f"at {self._at(self.time)}, of events since {self._at(self.since)}"
        )

    def _odds(self) -> str:
        return f"{self.evidence:+.2f} (above 0: as those who order)"

    def _at(self, time: Any) -> str:
        return format_ms(int(time.astype(np.int64)), self._zone)

    def _repr_html_(self) -> str:
        return f"<pre>{escape(repr(self))}</pre>"


class Forms(NamedTuple):
    """How ids go back to what came in."""

    user: Names
    item: Names
    category: Names
    channel: Names


def event_table(raw: np.ndarray, forms: Forms, zone: Zone) -> Table:
    """The events that a tracker remembers of a user."""
    kinds = np.empty(len(raw), object)
    kinds[:] = [kind_label(kind) for kind in raw["kind"].tolist()]
    data = {
        "time": np.ascontiguousarray(raw["time"]).view("datetime64[ms]"),
        "kind": kinds,
        **{
            name: getattr(forms, name).objects(np.ascontiguousarray(raw[name]))
            for name in ("item", "category", "channel")
        },
        "log_odds": np.ascontiguousarray(raw["log_odds"]),
        "matched": raw["matched"] != 0,
    }

    def shown(name: str) -> List[Tuple[str, Callable[[Any], str]]]:
        there = any(one is not None for one in data[name].tolist())
        return [(name, lambda one: "" if one is None else str(one))] if there else []

    formats: Dict[str, Callable[[Any], str]] = {
        "matched": lambda yes: "*" if yes else "",
        "time": lambda time: format_ms(int(time.astype(np.int64)), zone),
        "kind": str,
        **dict(pair for name in ("item", "category", "channel") for pair in shown(name)),
        "log_odds": "{:+.2f}".format,
    }
    return Table(data, formats)
