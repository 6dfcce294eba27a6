"""Which channels brought the orders."""

from __future__ import annotations

import ctypes
from itertools import chain
from typing import (
    Any,
    Callable,
    Dict,
    Iterable,
    Iterator,
    List,
    NamedTuple,
    Optional,
    Sequence,
    Tuple,
    Union,
)

import numpy as np

from . import _constants as c
from . import errors
from ._cf_data import number
from ._columns import Column, to_column
from ._convert import Rejects
from ._durations import HalfLife, duration_ms
from ._events import Events
from ._ids import to_ids
from ._idset import IdSet
from ._kinds import kind_number
from ._library import Handle, borrow, call, lib, pointer
from ._report import Report
from ._run import Progress, Running, whole
from ._structs import (
    new,
    pmkt_attribution,
    pmkt_attribution_data,
    pmkt_attribution_data_options,
    pmkt_attribution_options,
    pmkt_attribution_order_options,
    pmkt_attribution_orders,
    pmkt_attribution_paths,
    pmkt_attribution_table,
)
from ._table import Table
from ._times import to_times
from ._users import Users
from ._zones import UTC, ZoneLike, instant, make_zone


def attribution_models() -> List[str]:
    """The names of the models of attribution."""
    found = map(lib.pmkt_attribution_model_name, range(c.ATTRIBUTION_MODELS_))
    return [name.decode() for name in found if name]


# ------------------------------------------------------------------------------------ paths


class AttributionPaths:
    """Paths of customers, as attribution takes them: from :func:`attribution_paths`.

    Attributes:
        at: [paths + 1] int64: path ``i`` has the touches from ``at[i]`` up to ``at[i + 1]``.
        channel_ids: [touches] uint64, oldest first in each path.
        times: [touches] int64 milliseconds UTC, or None.
        conversions, values, nulls: [paths] float64, or None. Values are minor units of money.
        report: what became of the events, or None.
    """

    def __init__(
        self,
        form: Users,
        at: np.ndarray,
        channel_ids: np.ndarray,
        times: Optional[np.ndarray],
        counts: Sequence[Optional[np.ndarray]],
        report: Optional[Report] = None,
    ) -> None:
        self._form = form
        self.at = at
        self.channel_ids = channel_ids
        self.times = times
        self.conversions, self.values, self.nulls = counts
        self.report = report
        arrays = {
            "at": at,
            "channel": channel_ids,
            "time": times,
            "conversions": self.conversions,
            "values": self.values,
            "nulls": self.nulls,
        }
        given = {name: pointer(array) for name, array in arrays.items() if array is not None}
        self._struct = new(pmkt_attribution_paths, paths=len(at) - 1, **given)

    @property
    def channels(self) -> np.ndarray:
        """[touches] the channels, as they came in."""
        return self._form.decode(self.channel_ids)

    def __len__(self) -> int:
        return len(self.at) - 1

    def __getitem__(self, i: int) -> List[Any]:
        """The channels of a path."""
        row = range(len(self))[i]
        return self._form.decode(self.channel_ids[self.at[row] : self.at[row + 1]]).tolist()

    def __repr__(self) -> str:
        total = 0 if self.conversions is None else self.conversions.sum()
        return (
            f"AttributionPaths({len(self):,} paths, {len(self.channel_ids):,} touches, "
            f"{total:,.0f} conversions)"
        )

    def __reduce__(self) -> Any:
        raise TypeError("paths can be neither copied nor pickled; copy their arrays")


def attribution_paths(
    events: Events,
    *,
    conversion: Any = "order",
    touches: Optional[Sequence[Any]] = None,
    window: HalfLife = None,
    same_touch: Union[HalfLife, bool] = None,
    as_of: Any = None,
    users: Optional[IdSet] = None,
    merge: bool = False,
    tz: ZoneLike = None,
    progress: Progress = None,
) -> AttributionPaths:
    """Paths from events with a column ``channel``, in any order; those of one user and instant
    stand in the order of the rows.

    A conversion ends a path of the touches that came at most ``window`` before it, and a new one
    begins. Lines of one order are one conversion, worth the sum of their amounts. Touches that no
    conversion ends are paths in vain.

    Args:
        conversion: the kind that converts.
        touches: kinds that touch, if they have a channel: impression, click, view and search.
        window: such as ``"30d"``, which is the default.
        same_touch: a touch sooner than this after one of the same channel, with no other between,
            is that one still: ``"30min"``, the default; False: each is a touch.
        as_of: later events are left out.
        users: only these.
        merge: equal paths become one, without times: less memory, and faster.
        tz: the zone of ``as_of``.
    """
    if not isinstance(events, Events):
        raise errors.InvalidInput(f"events is a {type(events).__name__}; expected pmkt.Events")
    if not events._struct.channel:
        raise errors.InvalidInput(
            "the events have no column of channels; make them with channel=, such as "
            "Events.from_frame(frame, ..., channel='source')"
        )
    if users is not None and not isinstance(users, IdSet):
        raise errors.InvalidInput(f"users is a {type(users).__name__}; expected pmkt.IdSet")
    gap = -1 if same_touch is False else duration_ms("same_touch", _duration(same_touch))
    options = new(
        pmkt_attribution_data_options,
        conversion=kind_number(conversion),
        window_ms=duration_ms("window", window),
        same_touch_ms=gap,
        as_of_ms=0
        if as_of is None
        else instant(as_of, UTC if tz is None else make_zone(tz), "as_of"),
        merge=1 if merge else 0,
    )
    kinds = np.array([kind_number(kind) for kind in touches or ()], np.int32)
    if touches is not None:
        options.touch_kinds, options.n_touch_kinds = pointer(kinds), len(kinds)
    if users is not None:
        options.users = users._handle.pointer
    made = ctypes.POINTER(pmkt_attribution_data)()
    running = Running(1, progress, "paths")

    def make(batch: Any, report: Any) -> None:
        with running as run:
            given = (batch, ctypes.byref(options), run, report, ctypes.byref(made))
            call(lib.pmkt_attribution_data_from_events, *given)

    report = events._deliver(make)
    handle = Handle(made, lib.pmkt_attribution_data_free)
    return _paths_of(handle, events._form("channel"), report)


def _duration(value: Union[HalfLife, bool]) -> HalfLife:
    if isinstance(value, bool):
        raise errors.InvalidInput(
            "same_touch is True; expected False or a duration such as '30min'"
        )
    return value


def _paths_of(handle: Handle, form: Users, report: Report) -> AttributionPaths:
    out = new(pmkt_attribution_paths)
    call(lib.pmkt_attribution_data_paths, handle.pointer, ctypes.byref(out))
    paths = int(out.paths)
    at = borrow(out.at, (paths + 1,), np.int64, handle)
    touches = int(at[-1])
    times = borrow(out.time, (touches,), np.int64, handle) if out.time else None
    counts = [
        borrow(array, (paths,), np.float64, handle) if array else None
        for array in (out.conversions, out.values, out.nulls)
    ]
    channel_ids = borrow(out.channel, (touches,), np.uint64, handle)
    return AttributionPaths(form, at, channel_ids, times, counts, report)


def _numbers(name: str, given: Any, paths: int) -> Optional[np.ndarray]:
    """[paths] float64 of a column; what is missing is NaN, which C refuses by its row."""
    if given is None:
        return None
    column = to_column(given, name)
    if column.rows != paths:
        raise errors.InvalidInput(f"{name} has {column.rows:,} rows for {paths:,} paths")
    if column.codes is None:
        if column.values.dtype.kind == "M":
            raise errors.InvalidInput(f"{name} holds times; expected numbers")
        found = np.array(column.values, np.float64)
        return found if column.missing is None else np.where(column.missing, np.nan, found)
    of_entry = [number(f"an entry of {name}", value) for value in column.values.tolist()]
    return np.append(np.array(of_entry, np.float64), np.nan)[column.entries]


def _split(path: Any, row: int, separator: str) -> Sequence[Any]:
    if isinstance(path, str):
        parts = [part.strip() or None for part in path.split(separator)]
        return [] if parts == [None] else parts
    if isinstance(path, (bytes, dict, set)) or not hasattr(path, "__len__"):
        raise errors.BadRow(
            f"path {row} is {path!r:.60}; expected a list of channels, or a text such as 'a > b'",
            where=row,
            where_kind="row",
        )
    return path


def _borders(counts: Iterable[int], paths: int) -> np.ndarray:
    at = np.zeros(paths + 1, np.int64)
    np.cumsum(np.fromiter(counts, np.int64, paths), out=at[1:])
    return at


def _split_all(texts: List[str], separator: str) -> Tuple[np.ndarray, Column]:
    """Borders and touches of texts, by an ASCII character: as :func:`_split`, but no part becomes
    an object; each different one is looked at once. UTF-8 has the character nowhere else."""
    at = _borders((text.count(separator) + 1 for text in texts), len(texts))
    raw = (separator.join(texts) + separator).encode("utf-8", "surrogatepass")
    borders = np.zeros(at[-1] + 1, np.int64)
    borders[1:] = np.flatnonzero(np.frombuffer(raw, np.uint8) == ord(separator)) + 1
    keys = np.empty(at[-1], np.uint64)
    call(lib.pmkt_ids_of_strings, raw, pointer(borders), len(keys), pointer(keys))
    different = np.unique(keys)
    of_part = np.searchsorted(different, keys)
    where = np.zeros(len(different), np.int64)
    where[of_part] = np.arange(len(keys))
    index: Dict[str, int] = {"": -1}
    codes = [
        index.setdefault(part.strip(), len(index) - 1)
        for part in (
            raw[borders[i] : borders[i + 1] - 1].decode("utf-8", "surrogatepass") for i in where
        )
    ]
    of_touch = np.array(codes, np.int64)[of_part]
    return _without_blank(at, Column(np.array(list(index)[1:], object), codes=of_touch))


def _without_blank(at: np.ndarray, touches: Column) -> Tuple[np.ndarray, Column]:
    """A path of nothing but blanks is one without a touch."""
    blank = (np.diff(at) == 1) & (touches.entries[at[:-1]] < 0)
    if not blank.any():
        return at, touches
    codes = np.delete(touches.entries, at[:-1][blank])
    return _borders(np.diff(at) - blank, len(blank)), Column(touches.values, codes=codes)


def _flat(paths: Any, separator: str) -> Tuple[np.ndarray, Column]:
    """Borders of paths, and the touches of all."""
    if not separator or not isinstance(separator, str):
        raise errors.InvalidInput(f"separator is {separator!r}; expected a text such as '>'")
    if isinstance(paths, (str, bytes, dict)) or not hasattr(paths, "__len__"):
        raise errors.InvalidInput(f"paths is {paths!r:.60}; expected a list of paths, or Events")
    paths = list(paths)
    texts_only = len(paths) > 0 and set(map(type, paths)) <= {str, np.str_}
    if texts_only and len(separator) == 1 and separator.isascii():
        return _split_all(paths, separator)
    lists = [_split(path, row, separator) for row, path in enumerate(paths)]
    touches = list(chain.from_iterable(lists))
    return _borders(map(len, lists), len(lists)), to_column(touches, "channel")


def _times(times: Any, at: np.ndarray, tz: ZoneLike, unit: str) -> Optional[np.ndarray]:
    if times is None:
        return None
    lengths = [len(row) for row in times]
    if lengths != np.diff(at).tolist():
        raise errors.InvalidInput("times has another shape than paths; expected one for each touch")
    flat = [time for row in times for time in row]
    column = to_column(flat, "times")
    zone = None if tz is None else make_zone(tz)
    return to_times(column, "times", zone, unit, Rejects(column.rows, False))


def _to_paths(
    paths: Any,
    counts: Dict[str, Any],
    separator: str = ">",
    times: Any = None,
    tz: ZoneLike = None,
    time_unit: str = "ms",
) -> AttributionPaths:
    """Whatever paths came as; ``counts`` of conversions, values and nulls."""
    if isinstance(paths, Events):
        paths = attribution_paths(paths)
    if isinstance(paths, AttributionPaths):
        given = [name for name, value in {**counts, "times": times}.items() if value is not None]
        if given:
            raise errors.InvalidInput(f"{given[0]}= is for lists of paths; these know their own")
        return paths
    at, column = _flat(paths, separator)
    ids, form = to_ids(column, "channel", Rejects(column.rows, False))
    form.what = "channels"
    if (ids == c.ID_NONE).any():
        row = int(np.searchsorted(at, np.argmax(ids == c.ID_NONE), side="right")) - 1
        raise errors.BadRow(
            f"path {row} has a touch without a channel", where=row, where_kind="row"
        )
    arrays = [_numbers(name, counts[name], len(at) - 1) for name in counts]
    return AttributionPaths(
        form, at, np.require(ids, np.uint64, ["C", "A"]), _times(times, at, tz, time_unit), arrays
    )


# ------------------------------------------------------------------------------ attribution


class Attribution:
    """Credit of channels, most conversions first:
    ``channel, conversions, value, removal_effect, low, high = result``.

    What a model or a call does not give (values, effects, intervals) is NaN there, and is not among
    :attr:`columns`.

    Attributes:
        channel: [channels] as they came in; ``channel_ids``: the same as uint64 ids.
        conversions, value: [channels] credit.
        removal_effect, value_removal_effect: [channels] of the Markov chain.
        low, high, value_low, value_high: [channels] bounds of the bootstrap intervals.
        touches, paths: [channels] touches of the channel, and paths that hold it.
        touch_conversions, touch_values: [touches] credit of each touch, path by path; the latter
            None without values.
        model, order: how it was computed; order 0 where there is no chain.
        total_conversions, total_value, total_nulls: of all paths.
        unattributed_conversions, unattributed_value: of paths without a touch.
        states, transitions: size of the chain.
    """

    _FLOATS = (
        *("conversions", "value", "removal_effect", "value_removal_effect"),
        *("low", "high", "value_low", "value_high"),
    )
    _NUMBERS = (
        *("total_conversions", "total_value", "total_nulls", "unattributed_conversions"),
        *("unattributed_value", "states", "transitions"),
    )

    def __init__(self, handle: Handle, form: Users) -> None:
        out = new(pmkt_attribution_table)
        call(lib.pmkt_attribution_columns, handle.pointer, ctypes.byref(out))
        rows = (int(out.rows),)
        self.channel_ids = borrow(out.channel, rows, np.uint64, handle)
        self.channel = form.decode(self.channel_ids)
        self._known: Dict[str, np.ndarray] = {"channel": self.channel}
        for name in self._FLOATS:
            at = getattr(out, name)
            array = borrow(at, rows, np.float64, handle) if at else np.full(rows, np.nan)
            setattr(self, name, array)
            if at:
                self._known[name] = array
        for name in ("touches", "paths"):
            self._known[name] = borrow(getattr(out, name), rows, np.int64, handle)
            setattr(self, name, self._known[name])
        self.model = attribution_models()[out.model]
        for name in self._NUMBERS:
            setattr(self, name, getattr(out, name))
        self.order, self.bootstrap = int(out.order), int(out.bootstrap)
        self._read_touches(handle)

    conversions: np.ndarray
    value: np.ndarray
    removal_effect: np.ndarray
    value_removal_effect: np.ndarray
    low: np.ndarray
    high: np.ndarray
    value_low: np.ndarray
    value_high: np.ndarray
    touches: np.ndarray
    paths: np.ndarray
    total_conversions: float
    total_value: float
    total_nulls: float
    unattributed_conversions: float
    unattributed_value: float
    states: int
    transitions: int

    def _read_touches(self, handle: Handle) -> None:
        conversions, values = (ctypes.POINTER(ctypes.c_double)() for _ in range(2))
        n = ctypes.c_int64()
        out = (ctypes.byref(conversions), ctypes.byref(values), ctypes.byref(n))
        call(lib.pmkt_attribution_touches, handle.pointer, *out)
        self.touch_conversions = borrow(conversions, (n.value,), np.float64, handle)
        self.touch_values = borrow(values, (n.value,), np.float64, handle) if values else None

    @property
    def columns(self) -> List[str]:
        return list(self._known)

    def __getitem__(self, column: str) -> np.ndarray:
        return self._known[column]

    def __len__(self) -> int:
        return len(self.channel_ids)

    def __iter__(self) -> Iterator[np.ndarray]:
        names = ("channel", "conversions", "value", "removal_effect", "low", "high")
        return iter([getattr(self, name) for name in names])

    def to_dict(self) -> Dict[str, np.ndarray]:
        """Names of columns to arrays, of those that there are."""
        return dict(self._known)

    def to_pandas(self) -> Any:
        """A DataFrame of :meth:`to_dict`."""
        import pandas

        return pandas.DataFrame(self.to_dict())

    def table(self) -> Table:
        """The columns, to be printed."""
        formats: Dict[str, Callable[[Any], str]] = {"channel": str}
        for name in self._known:
            if name in ("removal_effect", "value_removal_effect"):
                formats[name] = "{:.4f}".format
            elif name != "channel":
                formats[name] = "{:,}".format if name in ("touches", "paths") else "{:,.1f}".format
        order = f", order {self.order}" if self.order else ""
        title = f"{self.model}{order}: {self.total_conversions:,.0f} conversions"
        if self.unattributed_conversions:
            title += f", {self.unattributed_conversions:,.0f} of them without a touch"
        return Table(self._known, formats, title=title)

    def plot(self, ax: Optional[Any] = None) -> Any:
        """Bars of the conversions; see :func:`pmkt.plot.attribution_bars`."""
        from . import plot

        return plot.attribution_bars(self, ax=ax)

    def __repr__(self) -> str:
        return repr(self.table())

    def _repr_html_(self) -> str:
        return self.table()._repr_html_()

    def __reduce__(self) -> Any:
        raise TypeError("an attribution can be neither copied nor pickled; take its to_dict()")


def _shares(position: Any) -> Tuple[float, float]:
    if position is None:
        return 0.0, 0.0
    try:
        first, last = position
    except (TypeError, ValueError):
        raise errors.InvalidInput(
            f"position is {position!r}; expected the shares of the first and last touch"
        ) from None
    return number("position", first), number("position", last)


def _half_life(half_life: Any) -> Dict[str, Any]:
    if isinstance(half_life, (int, float, np.integer, np.floating)):
        return {"half_life_touches": number("half_life", half_life)}
    return {"half_life_ms": duration_ms("half_life", half_life)}


def attribution(
    paths: Any,
    conversions: Any = None,
    values: Any = None,
    nulls: Any = None,
    model: str = "markov",
    order: int = 1,
    *,
    times: Any = None,
    separator: str = ">",
    ignore_nulls: bool = False,
    position: Optional[Tuple[float, float]] = None,
    half_life: Union[HalfLife, float] = None,
    bootstrap: int = 0,
    level: Optional[float] = None,
    seed: int = 0,
    tz: ZoneLike = None,
    time_unit: str = "ms",
    threads: int = 0,
    progress: Progress = None,
) -> Attribution:
    """Which channels brought the conversions, exactly: nothing is simulated but the intervals.

    >>> result = pmkt.attribution(["ad > mail", "mail", "ad"], [3, 1, 0], nulls=[0, 2, 4])
    >>> result.channel.tolist(), result.conversions.round(4).tolist()
    (['mail', 'ad'], [2.6667, 1.3333])

    Args:
        paths: lists of channels, oldest touch first, or texts such as ``"ad > mail"``; or
            :class:`AttributionPaths`, or :class:`pmkt.Events` (by the defaults of
            :func:`attribution_paths`), which bring their own counts. A path may stand for many
            customers; an empty one is a conversion without a touch.
        conversions: [paths] how many converted; None: 1 each.
        values: [paths] what these conversions were worth together.
        nulls: [paths] how many went this way without converting.
        model: one of :func:`attribution_models`: ``"markov"``, ``"first"``, ``"last"``,
            ``"linear"``, ``"position"``, ``"time_decay"``, ``"shapley"`` (of the chain: at most
            16 channels) or ``"shapley_paths"`` (of the paths: any number).
        order: Markov: how many touches a state remembers, 1 to 4; see :func:`attribution_order`.
        times: lists of times like ``paths``; only ``"time_decay"`` looks at them.
        separator: of channels in texts.
        ignore_nulls: as if there were no ``nulls``.
        position: of the model of that name: shares of the first and last touch, (0.4, 0.4).
        half_life: time decay: such as ``"7d"``, the default; without times a number of touches, 1.
        bootstrap: resamples for intervals; 0: none. ``level`` (0.95) and ``seed`` are theirs.
        tz, time_unit: of ``times``, as of :class:`pmkt.Events`.

    Raises:
        LimitReached: ``"shapley"`` with more than 16 channels.
        BadRow: negative or missing counts; ``where`` is the path.
    """
    counts = {"conversions": conversions, "values": values, "nulls": nulls}
    found = _to_paths(paths, counts, separator, times, tz, time_unit)
    names = attribution_models()
    if model not in names:
        raise errors.InvalidInput(f"model is {model!r}; expected one of {', '.join(names)}")
    _check_options(model, order, position, half_life)
    first, last = _shares(position)
    options = new(
        pmkt_attribution_options,
        model=names.index(model),
        order=whole("order", order, 1, 4),
        ignore_nulls=1 if ignore_nulls else 0,
        first_share=first,
        last_share=last,
        bootstrap=whole("bootstrap", bootstrap, 0, 1_000_000),
        level=_level(level),
        seed=whole("seed", seed, 0, 2**64 - 1),
        **_half_life(half_life),
    )
    made = ctypes.POINTER(pmkt_attribution)()
    with Running(threads, progress, "attribution") as run:
        given = (ctypes.byref(found._struct), ctypes.byref(options), run, ctypes.byref(made))
        call(lib.pmkt_attribution_compute, *given)
    return Attribution(Handle(made, lib.pmkt_attribution_free), found._form)


def _check_options(model: str, order: int, position: Any, half_life: Any) -> None:
    """Options that the model does not look at are a mistake."""
    whole("order", order, 1, 4)
    for name, given, owner in (
        ("order", order != 1, "markov"),
        ("position", position is not None, "position"),
        ("half_life", half_life is not None, "time_decay"),
    ):
        if given and model != owner:
            raise errors.InvalidInput(f"{name}= is for model={owner!r}; this is {model!r}")


def _level(level: Optional[float]) -> float:
    if level is None:
        return 0.0
    share = number("level", level)
    if not 0 < share < 1:
        raise errors.InvalidInput(f"level is {level!r}; expected a share between 0 and 1")
    return share


class AttributionOrder(NamedTuple):
    """How well each order of a chain foretells paths that it has not seen."""

    best: int
    """The order with the greatest likelihood; 0 without paths."""

    log_likelihood: np.ndarray
    """[max_order + 1] mean of a step by order; that of 0 does not look at the last touch either."""

    transitions: float
    """Steps that were foretold."""


def attribution_order(
    paths: Any,
    conversions: Any = None,
    nulls: Any = None,
    *,
    max_order: int = 4,
    folds: int = 5,
    seed: int = 0,
    separator: str = ">",
    ignore_nulls: bool = False,
    threads: int = 0,
    progress: Progress = None,
) -> AttributionOrder:
    """Chooses the order of a Markov chain by cross-validation: the customers of each fold are
    foretold by those of the others.

    Args:
        paths, conversions, nulls, separator, ignore_nulls: as of :func:`attribution`.
        max_order: up to 4.
        folds: 2 to 20; ``seed``: which customers belong to which.
    """
    counts = {"conversions": conversions, "values": None, "nulls": nulls}
    found = _to_paths(paths, counts, separator)
    options = new(
        pmkt_attribution_order_options,
        max_order=whole("max_order", max_order, 1, 4),
        folds=whole("folds", folds, 2, 20),
        ignore_nulls=1 if ignore_nulls else 0,
        seed=whole("seed", seed, 0, 2**64 - 1),
    )
    out = new(pmkt_attribution_orders)
    with Running(threads, progress, "orders") as run:
        given = (ctypes.byref(found._struct), ctypes.byref(options), run, ctypes.byref(out))
        call(lib.pmkt_attribution_order, *given)
    known = np.array(out.log_likelihood[: max_order + 1])
    return AttributionOrder(int(out.best), known, float(out.transitions))
