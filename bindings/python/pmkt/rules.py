"""Rules as data: a text that says what people do before they hesitate, compare or leave, and what
to answer. rules.h documents the language.

>>> import pmkt
>>> rules = pmkt.Rules('intent eager { when 2 view same item within 10 min suggest "coupon" }')
>>> events = pmkt.Events(
...     user=["ann"] * 2, time=[0, 60_000], kind="view", item=["tea", "tea"]
... )
>>> rules.match(events)["intent"].tolist()
['eager']
"""

from __future__ import annotations

import ctypes
from typing import Any, Callable, Dict, NamedTuple, Optional, Tuple

import numpy as np

from . import errors
from ._events import Events
from ._library import Handle, borrow, call, lib
from ._run import Progress, Running, whole
from ._structs import (
    new,
    pmkt_rule,
    pmkt_rules,
    pmkt_rules_facts,
    pmkt_rules_match_options,
    pmkt_rules_matches,
    pmkt_rules_matches_columns,
    pmkt_rules_options,
)
from ._table import Table
from ._zones import UTC, ZoneLike, instant, make_zone

__all__ = ["Matches", "Rules", "RulesInfo", "builtin", "check"]


def builtin() -> str:
    """The text of the built-in rules: hesitating, preparing, abandoning (by price, stock, process
    or neither), comparing, browsing. Begin with a copy of it."""
    text: bytes = lib.pmkt_rules_builtin()
    return text.decode()


def check(text: str) -> Table:
    """The rules of a text, a row each; see :attr:`Rules.rules`.

    Raises:
        ParseError: the text is not of the grammar; the message begins with line and column, and
            ``where`` is the byte.
        LimitReached: the text has too much of something.
    """
    return Rules(text).rules


class RulesInfo(NamedTuple):
    """What rules are.

    Attributes:
        rules, intents, columns: how many; different intents; extra columns declared.
        partials: what all rules need for a user who is concerned with one key of each.
        bytes: memory.
        hash: of the text.
    """

    rules: int
    intents: int
    columns: int
    partials: int
    bytes: int
    hash: int


class Matches(Table):
    """What fired; made by :meth:`Rules.match`. A row each, by time, then user.

    The columns: ``row`` of the batch at which the rule fired, or -1: a wait ended; ``user``;
    ``time`` (datetime64[ms], UTC); ``intent``; ``cause`` (None: none); ``strength``;
    ``suggestions``, a tuple of texts; ``rule``, its row in :attr:`Rules.rules`; ``since``, the time
    of the first event of the match.

    Attributes:
        users: in the batch.
        suppressed: matches besides, in a cooldown.
        outranked: matches besides, of an intent that fired by a stronger rule.
        dropped: partial matches and cooldowns that had to make room; with more than 0, give
            more ``partials``.
    """

    users: int
    suppressed: int
    outranked: int
    dropped: int


class Rules:
    """Compiled rules: immutable, and shared by any number of threads.

    Args:
        text: in the language of rules.h; None: :func:`pmkt.rules.builtin`.
        tz: the zone of dates without one in conditions (None: UTC) and of ``until``.

    Raises:
        ParseError, LimitReached: as :func:`pmkt.rules.check`.
    """

    def __init__(self, text: Optional[str] = None, *, tz: ZoneLike = None) -> None:
        if text is not None and not isinstance(text, str):
            raise errors.InvalidInput(f"text is {type(text).__name__}, not a str")
        self.text = builtin() if text is None else text
        self.tz = tz
        zone = UTC if tz is None else make_zone(tz)
        options = new(pmkt_rules_options)
        options.zone = ctypes.pointer(zone.struct)
        content = self.text.encode("utf-8", "surrogatepass")
        out = ctypes.POINTER(pmkt_rules)()
        call(
            lib.pmkt_rules_parse,
            content,
            len(content),
            ctypes.byref(options),
            ctypes.byref(out),
        )
        self._handle = Handle(out, lib.pmkt_rules_release)
        self.rules: Table = self._table()

    @property
    def info(self) -> RulesInfo:
        facts = new(pmkt_rules_facts)
        call(lib.pmkt_rules_info, self._handle.pointer, ctypes.byref(facts))
        return RulesInfo(*(getattr(facts, name) for name in RulesInfo._fields))

    def _table(self) -> Table:
        """A row a rule: ``intent``, ``cause``, ``strength``, ``cooldown_ms``, ``suggestions``,
        the ``line`` on which it stands and its ``text``."""
        n = self.info.rules
        words = {name: np.empty(n, object) for name in ("intent", "cause", "suggestions", "text")}
        strength, line = np.empty(n, np.float64), np.empty(n, np.int64)
        cooldown = np.empty(n, np.int64)
        for i in range(n):
            rule = new(pmkt_rule)
            call(lib.pmkt_rules_rule, self._handle.pointer, i, ctypes.byref(rule))
            words["intent"][i] = rule.intent.decode()
            words["cause"][i] = None if rule.cause is None else rule.cause.decode()
            told = (rule.suggestions[k] or b"" for k in range(rule.n_suggestions))
            words["suggestions"][i] = tuple(text.decode() for text in told)
            words["text"][i] = rule.text[: rule.length].decode()
            strength[i], line[i], cooldown[i] = rule.strength, rule.line, rule.cooldown_ms
        data = {
            "intent": words["intent"],
            "cause": words["cause"],
            "strength": strength,
            "cooldown_ms": cooldown,
            "suggestions": words["suggestions"],
            "line": line,
            "text": words["text"],
        }
        shown: Dict[str, Callable[[Any], str]] = {
            "intent": str,
            "cause": _or_nothing,
            "strength": "{:.2f}".format,
            "suggestions": ", ".join,
            "line": str,
        }
        return Table(data, shown)

    def match(
        self,
        events: Events,
        until: Any = None,
        *,
        partials: int = 32,
        threads: int = 0,
        progress: Progress = None,
    ) -> Matches:
        """What would have fired: each user of a batch, from the beginning.

        Args:
            events: :class:`pmkt.Events`, in any order; extra columns that the text declares come
                with :meth:`pmkt.Events.from_arrow`.
            until: the clock at the end; rules that wait fire if it is past their wait. Not before
                the last event; None: the time of that. A text such as "2026-02-01" (which needs
                ``tz``), date, datetime, datetime64, or integer milliseconds.
            partials: partial matches and cooldowns kept of a user, to 1,024.
        """
        if not isinstance(events, Events):
            raise errors.InvalidInput(
                f"expected Events, not {type(events).__name__}; see Events.from_frame"
            )
        zone = None if self.tz is None else make_zone(self.tz)
        options = new(
            pmkt_rules_match_options,
            partials=whole("partials", partials, 1, 1024),
            until_ms=0 if until is None else instant(until, zone, "until"),
        )
        out = ctypes.POINTER(pmkt_rules_matches)()
        with Running(threads, progress, "rules") as run:
            given = self._handle.pointer, ctypes.byref(events._struct), ctypes.byref(options)
            call(lib.pmkt_rules_match, *given, run, None, ctypes.byref(out))
        return self._told(Handle(out, lib.pmkt_rules_matches_free), events)

    def _told(self, handle: Handle, events: Events) -> Matches:
        found = new(pmkt_rules_matches_columns)
        call(lib.pmkt_rules_matches_columns_of, handle.pointer, ctypes.byref(found))

        def column(name: str, kind: Any) -> np.ndarray:
            return borrow(getattr(found, name), (found.n,), kind, handle)

        rule = column("rule", np.int32)
        data = {
            "row": column("row", np.int64),
            "user": events._users.decode(column("user", np.uint64)),
            "time": column("time", np.int64).view("datetime64[ms]"),
            "intent": self.rules["intent"][rule],
            "cause": self.rules["cause"][rule],
            "strength": column("strength", np.float64),
            "suggestions": self.rules["suggestions"][rule],
            "rule": rule,
            "since": column("since", np.int64).view("datetime64[ms]"),
        }
        shown: Dict[str, Callable[[Any], str]] = {
            "user": str,
            "time": str,
            "intent": str,
            "cause": _or_nothing,
            "strength": "{:.2f}".format,
            "suggestions": ", ".join,
        }
        table = Matches(data, shown)
        for name in ("users", "suppressed", "outranked", "dropped"):
            setattr(table, name, getattr(found, name))
        return table

    def __len__(self) -> int:
        return len(self.rules)

    def __repr__(self) -> str:
        return repr(self.rules)

    def _repr_html_(self) -> str:
        return self.rules._repr_html_()

    def __reduce__(self) -> Tuple[Any, ...]:
        return _again, (self.text, self.tz)


def _again(text: str, tz: ZoneLike) -> Rules:
    return Rules(text, tz=tz)


def _or_nothing(value: Optional[str]) -> str:
    return value or ""
