"""Funnels and paths: how far people come, where they leave, what they do next, and when."""

from __future__ import annotations

import ctypes
from typing import Any, Callable, Dict, List, Mapping, Sequence

import numpy as np

from . import _constants as c
from . import errors
from ._durations import HalfLife, duration_ms
from ._events import Events
from ._ids import ids_of_texts
from ._kinds import kind_number
from ._library import Handle, borrow, call, lib
from ._options import choice
from ._run import Progress, Running, whole
from ._structs import (
    new,
    pmkt_funnel,
    pmkt_funnel_columns,
    pmkt_funnel_options,
    pmkt_funnel_step,
    pmkt_paths,
    pmkt_paths_columns,
    pmkt_paths_options,
)
from ._table import Table, percent
from ._zones import UTC, ZoneLike, make_zone

_COUNTS = {"users": c.FUNNEL_USERS, "sessions": c.FUNNEL_SESSIONS}
_PAGES = {"kind": c.PATHS_BY_KIND, "item": c.PATHS_BY_ITEM, "category": c.PATHS_BY_CATEGORY}
DAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")


def kind_label(kind: int) -> str:
    """The name of a kind; of the caller's own its number, as a text."""
    name = lib.pmkt_kind_name(int(kind)) if kind < c.KIND_CUSTOM else None
    return name.decode() if name else str(int(kind))


def _labels(kinds: np.ndarray, none: str) -> np.ndarray:
    names = {kind: kind_label(kind) if kind else none for kind in set(kinds.tolist())}
    return np.array([names[kind] for kind in kinds.tolist()], dtype=object)


def pretty(ms: float) -> str:
    """A time as people say it: "1.5 h"."""
    if ms != ms:
        return "-"
    for size, unit in ((86_400_000, "d"), (3_600_000, "h"), (60_000, "min"), (1000, "s")):
        if ms >= size:
            return f"{ms / size:.1f} {unit}"
    return f"{ms:.0f} ms"


def _share(value: float) -> str:
    return "-" if value != value else percent(value)


def _columns(handle: Handle, struct: Any, function: Callable[..., int]) -> Any:
    columns = new(struct)
    call(function, handle.pointer, ctypes.byref(columns))
    return columns


def _events(events: Any) -> Events:
    if isinstance(events, Events):
        return events
    raise errors.InvalidInput(f"expected pmkt.Events, not {type(events).__name__}")


# --------------------------------------------------------------------------------- funnels


class _Steps:
    """Steps for C, with what they point at."""

    def __init__(self, steps: Sequence[Any], events: Events) -> None:
        if isinstance(steps, (str, bytes)) or not hasattr(steps, "__iter__"):
            raise errors.InvalidInput(f"steps is {steps!r}; expected a list of kinds")
        self.names: List[str] = []
        given = list(steps)
        self.array = (pmkt_funnel_step * max(1, len(given)))()
        self._keep: List[Any] = []
        for step, to in zip(given, self.array):
            self._fill(step, to, events)

    def __len__(self) -> int:
        return len(self.names)

    def _fill(self, step: Any, to: pmkt_funnel_step, events: Events) -> None:
        rest: Dict[str, Any] = {}
        if isinstance(step, Mapping):
            unknown = set(step) - {"kind", "item", "category", "channel"}
            if unknown:
                raise errors.InvalidInput(
                    f"steps: {step!r}; the keys are kind, item, category and channel"
                )
            rest = {name: value for name, value in step.items() if name != "kind"}
            step = step.get("kind", ())
        many = isinstance(step, (list, tuple, set, frozenset))
        kinds = sorted(kind_number(kind) for kind in (step if many else [step]))
        if kinds:
            array = (ctypes.c_int32 * len(kinds))(*kinds)
            self._keep.append(array)
            to.kinds, to.n_kinds = array, len(kinds)
        for name, value in rest.items():
            setattr(to, name, _one_id(value, name))
        words = "/".join(map(kind_label, kinds)) or "anything"
        self.names.append(words + "".join(f" {name}={value}" for name, value in rest.items()))


def _one_id(value: Any, what: str) -> int:
    if isinstance(value, (str, bytes)):
        return int(ids_of_texts([value])[0])
    return whole(what, value, 1, 2**64 - 1)


class Funnel:
    """How far people came; made by :func:`pmkt.funnel`. Prints as a table.

    Attributes:
        steps: their names.
        reached, entered, continued, lost: [steps] int64; ``conversion``, ``overall``, ``p25_ms``,
            ``median_ms``, ``p75_ms``: [steps] float64. Read-only; see :func:`pmkt.funnel`.
        user: [attempts] who has an attempt; ``first``, ``last``: the steps at which it began and
            that it reached, from 0; ``begin_ms``: when it began.
        units: users or sessions there are, with and without an attempt.
    """

    def __init__(self, handle: Handle, steps: List[str], events: Events) -> None:
        found = _columns(handle, pmkt_funnel_columns, lib.pmkt_funnel_columns_of)
        n = (found.steps,)
        self.steps = steps
        self.units, self.attempts = found.units, found.attempts
        for name in ("reached", "entered", "continued", "lost"):
            setattr(self, name, borrow(getattr(found, name), n, np.int64, handle))
        for name in ("conversion", "overall", "p25_ms", "median_ms", "p75_ms"):
            setattr(self, name, borrow(getattr(found, name), n, np.float64, handle))
        attempts = (found.attempts,)
        self.user = events._users.decode(borrow(found.user, attempts, np.uint64, handle))
        self.first = borrow(found.first, attempts, np.int32, handle)
        self.last = borrow(found.last, attempts, np.int32, handle)
        self.begin_ms = borrow(found.begin_ms, attempts, np.int64, handle)
        rows = (found.n_next,)
        step = borrow(found.next_step, rows, np.int32, handle)
        self._next = {
            "step": np.array([steps[k] for k in step.tolist()], dtype=object),
            "next": _labels(borrow(found.next_kind, rows, np.int32, handle), "nothing more"),
            "count": borrow(found.next_n, rows, np.int64, handle),
        }

    reached: np.ndarray
    entered: np.ndarray
    continued: np.ndarray
    lost: np.ndarray
    conversion: np.ndarray
    overall: np.ndarray
    p25_ms: np.ndarray
    median_ms: np.ndarray
    p75_ms: np.ndarray

    def table(self) -> Table:
        """One row a step."""
        names = ("reached", "entered", "continued", "lost", "conversion", "overall")
        times = ("p25_ms", "median_ms", "p75_ms")
        data = {"step": np.array(self.steps, dtype=object)}
        data.update({name: getattr(self, name) for name in names + times})
        formats: Dict[str, Callable[[Any], str]] = {"step": str, "reached": "{:,}".format}
        formats.update({"lost": "{:,}".format, "conversion": _share, "overall": _share})
        return Table(data, {**formats, "median_ms": pretty})

    def next(self) -> Table:
        """What those who were lost did right after their last step: one row a step and kind, the
        most frequent first; "nothing more" among them."""
        return Table(self._next, {"step": str, "next": str, "count": "{:,}".format})

    def to_pandas(self) -> Any:
        """A DataFrame of :meth:`table`."""
        return self.table().to_pandas()

    def __repr__(self) -> str:
        return repr(self.table())

    def _repr_html_(self) -> str:
        return self.table()._repr_html_()


def funnel(
    events: Events,
    steps: Sequence[Any],
    window: HalfLife = None,
    *,
    same_item: bool = False,
    same_category: bool = False,
    closed: bool = True,
    strict: bool = False,
    count: str = "users",
    session_gap: HalfLife = "30m",
    session_column: bool = False,
    threads: int = 0,
    progress: Progress = None,
) -> Funnel:
    """How far people come in a funnel, where they are lost, and what they do then.

    An attempt begins at an event that matches a step (the first, or with ``closed=False`` any), and
    goes on with the first later event that matches the next step, and so on, while that lies within
    the window. Of all attempts of a user (or session) one counts: that which reaches furthest;
    among those the one that began at the earliest step; among those the one that began first.

    Args:
        events: :class:`pmkt.Events`, in any order; those of one user and time stand as their rows.
        steps: 1 to 32, each a kind such as ``"cart"``, several kinds ``("view", "search")``, or a
            dict with ``kind`` and an ``item``, ``category`` or ``channel``.
        window: all steps within so long of the attempt's first, such as ``"1d"`` or a timedelta;
            None: any time.
        same_item, same_category: an attempt's events all have the same; those without do
            not count.
        closed: False: an attempt may begin at any step.
        strict: True: no other event in between.
        count: ``"users"``, or ``"sessions"``, each on its own.
        session_gap: idle for longer than this ends a session.
        session_column: a session ends where the ``session`` of the events changes, too.

    The columns of the result: ``reached``: attempts with this step; of these, ``entered`` began
    here and ``continued`` came from the step before; ``lost`` got no further; ``conversion``:
    continued / reached of the step before; ``overall``: reached / attempts; quartiles of the time
    from the step before. The decision stages search, compare, buy and review are a funnel:

    >>> pmkt.funnel(ev, ["search", ("view", "favorite"), "order", "review"])  # doctest: +SKIP
    """
    batch = _events(events)
    made = _Steps(steps, batch)
    if same_item and same_category:
        raise errors.InvalidInput("give one of same_item and same_category, not both")
    options = new(
        pmkt_funnel_options,
        open=0 if closed else 1,
        strict=1 if strict else 0,
        hold=1 if same_item else 2 if same_category else 0,
        count=choice("count", count, _COUNTS),
        by_column=1 if session_column else 0,
        window_ms=duration_ms("window", window),
        gap_ms=duration_ms("session_gap", session_gap),
    )
    out = ctypes.POINTER(pmkt_funnel)()
    with Running(threads, progress, "funnel") as run:
        what = ctypes.byref(batch._struct), made.array, len(made), ctypes.byref(options)
        call(lib.pmkt_funnel_new, *what, run, None, ctypes.byref(out))
    return Funnel(Handle(out, lib.pmkt_funnel_free), made.names, batch)


# ----------------------------------------------------------------------------------- paths


class Paths:
    """What sessions look like; made by :func:`pmkt.paths`. Prints as a table of the top paths.

    Attributes:
        sessions, users: how many there are; ``converted``: sessions with the goal; ``distinct``:
            different paths.
        hours: [7, 24] int64, events by weekday from Monday, and hour.
    """

    def __init__(self, handle: Handle, page: str, events: Events) -> None:
        found = _columns(handle, pmkt_paths_columns, lib.pmkt_paths_columns_of)
        self.sessions, self.users = found.sessions, found.users
        self.converted, self.distinct = found.converted, found.distinct

        def column(name: str, n: int, kind: Any) -> np.ndarray:
            return borrow(getattr(found, name), (n,), kind, handle)

        at = column("at", found.n + 1, np.int64).tolist()
        words = _labels(column("kind", at[-1], np.int32), "").tolist()
        paths = np.empty(found.n, object)
        paths[:] = [tuple(words[at[i] : at[i + 1]]) for i in range(found.n)]
        counts = {"sessions": "count", "users": "path_users", "conversions": "conversions"}
        self._paths = {"path": paths}
        self._paths.update({k: column(v, found.n, np.int64) for k, v in counts.items()})
        n = found.n_moves
        self._moves = {
            "source": _labels(column("from", n, np.int32), "start"),
            "target": _labels(column("to", n, np.int32), "end"),
            "count": column("moves", n, np.int64),
            "share": column("share", n, np.float64),
            "median_ms": column("move_ms", n, np.float64),
        }
        n = found.n_pages
        pages = column("page", n, np.uint64)
        self._pages = {
            page: _labels(pages, "") if page == "kind" else events._form(page).decode(pages)
        }
        self._pages.update({k: column(k, n, np.int64) for k in ("stays", "exits", "soon")})
        self._pages["median_ms"] = column("stay_ms", n, np.float64)
        self.hours = column("hours", 168, np.int64).reshape(7, 24)
        n = found.n_user_hours
        hour = column("hour", n, np.int32)
        self._hours = {
            "user": events._users.decode(column("hour_user", n, np.uint64)),
            "weekday": np.array(DAYS, dtype=object)[hour // 24],
            "hour": hour % 24,
            "events": column("hour_events", n, np.int64),
        }

    def table(self) -> Table:
        """The most frequent paths: ``sessions`` that take each, ``users`` with one, and of the
        sessions the ``conversions``, which have the goal."""
        number = "{:,}".format
        formats: Dict[str, Callable[[Any], str]] = {"path": " > ".join, "sessions": number}
        return Table(self._paths, {**formats, "users": number, "conversions": number})

    def transitions(self) -> Table:
        """The graph of moves from action to action, with "start" and "end": ``count``, ``share`` of
        the moves from there, and the median time."""
        formats: Dict[str, Callable[[Any], str]] = {"source": str, "target": str}
        formats.update({"count": "{:,}".format, "share": _share, "median_ms": pretty})
        return Table(self._moves, formats)

    def pages(self) -> Table:
        """Pages by ``stays``; ``exits`` end the session; of the others ``soon`` are left within the
        time that was asked for, and ``median_ms`` is how long they last."""
        formats: Dict[str, Callable[[Any], str]] = {next(iter(self._pages)): str}
        formats.update(dict.fromkeys(("stays", "exits", "soon"), "{:,}".format))
        return Table(self._pages, {**formats, "median_ms": pretty})

    def user_hours(self) -> Table:
        """With ``user_hours=True``: one row a user, weekday and hour with events."""
        formats: Dict[str, Callable[[Any], str]] = {name: str for name in self._hours}
        return Table(self._hours, formats)

    def to_pandas(self) -> Any:
        """A DataFrame of :meth:`table`."""
        return self.table().to_pandas()

    def __repr__(self) -> str:
        return repr(self.table())

    def _repr_html_(self) -> str:
        return self.table()._repr_html_()


def paths(
    events: Events,
    top: int = 20,
    *,
    max_length: int = 10,
    collapse: bool = False,
    goal: Any = "order",
    page: str = "kind",
    top_pages: int = 100,
    soon: HalfLife = "10s",
    user_hours: bool = False,
    tz: ZoneLike = None,
    session_gap: HalfLife = "30m",
    session_column: bool = False,
    threads: int = 0,
    progress: Progress = None,
) -> Paths:
    """The most frequent paths of sessions, the moves from action to action, the pages that are
    left, and the hours at which people are there.

    Args:
        events: :class:`pmkt.Events`, in any order; those of one user and time stand as their rows.
        top: so many paths.
        max_length: of a session's actions the first so many are its path.
        collapse: an action that repeats is one.
        goal: a session with this kind converts.
        page: what a page is: ``"kind"``, ``"item"`` or ``"category"``; ``top_pages``: so many.
        soon: a page left within this time is left too soon.
        user_hours: the hours of each user, too.
        tz: the zone of the hours.
        session_gap, session_column: as of :func:`pmkt.funnel`.
    """
    batch = _events(events)
    zone = UTC if tz is None else make_zone(tz)
    options = new(
        pmkt_paths_options,
        top=whole("top", top, 1, 100_000),
        max_length=whole("max_length", max_length, 1, 1000),
        collapse=1 if collapse else 0,
        goal=kind_number(goal),
        page=choice("page", page, _PAGES),
        top_pages=whole("top_pages", top_pages, 1, 100_000),
        by_column=1 if session_column else 0,
        user_hours=1 if user_hours else 0,
        gap_ms=duration_ms("session_gap", session_gap),
        soon_ms=duration_ms("soon", soon),
    )
    options.zone = ctypes.pointer(zone.struct)
    out = ctypes.POINTER(pmkt_paths)()
    with Running(threads, progress, "paths") as run:
        what = ctypes.byref(batch._struct), ctypes.byref(options)
        call(lib.pmkt_paths_new, *what, run, None, ctypes.byref(out))
    return Paths(Handle(out, lib.pmkt_paths_free), page or "kind", batch)
