"""The state that orders go into."""

from __future__ import annotations

import ctypes
from dataclasses import dataclass
from typing import Any, Iterable, Optional, Set

import numpy as np

from . import _constants as c
from . import errors
from ._access import Access, joining
from ._dictionary import Ids, check_ids
from ._events import Events
from ._files import PathLike, Saved
from ._ids import ids_of_texts
from ._library import Handle, borrow, call, lib, pointer
from ._options import (
    COLLAPSES,
    FREQUENCIES,
    MONETARIES,
    SCHEMES,
    ScoreOptions,
    Segments,
    Tiers,
    choice,
)
from ._report import Report
from ._run import Progress, Running, whole
from ._scores import RFMScores
from ._structs import (
    new,
    pmkt_rfm,
    pmkt_rfm_columns,
    pmkt_rfm_counters,
    pmkt_rfm_options,
    pmkt_rfm_scores,
)
from ._users import Users
from ._zones import Zone, ZoneLike, format_ms, instant, make_zone

_MODES = {"history": c.RFM_HISTORY, "summary": c.RFM_SUMMARY}


@dataclass(frozen=True)
class Stats:
    """What a state holds.

    Attributes:
        mode: ``"history"`` or ``"summary"``.
        generation: rises with every call that changed the state.
        rows_accepted, rows_rejected, rows_ignored: over all adds, and those of merged states.
        rows_pending: accepted rows that are not yet compacted.
        customers: compacted customers; pending rows may hold more.
        orders: compacted entries: orders and refunds (history), orders (summary).
        forgotten: users who were forgotten.
        bytes: memory of the state (without Python's table of text users).
        first_event_ms, last_event_ms: over all accepted rows, or None.
        currency: as the batches named it, or None.
    """

    mode: str
    generation: int
    rows_accepted: int
    rows_rejected: int
    rows_ignored: int
    rows_pending: int
    customers: int
    orders: int
    forgotten: int
    bytes: int
    first_event_ms: Optional[int]
    last_event_ms: Optional[int]
    currency: Optional[str]


class RFM(Saved):
    """Recency, frequency and monetary value of customers: takes orders, tells who is worth what.

    Takes batches of events in any order, as often as there are some; :meth:`score` answers as of a
    date. Any thread may call: those that ask (score, stats, save) run at once, those that change
    the state alone. From its own progress callback a state can be asked at most, and only if the
    call does not change it.

    A file has ids only. For the way back to texts keep them beside it:
    ``rfm.user_ids().save("shop.ids")``, and
    ``pmkt.RFM.load("shop.pmkt", ids=pmkt.Ids.load("shop.ids"))``. A state that is loaded without
    them gives its users as ids (uint64), though texts still find theirs, for the hash is the same
    everywhere. Pickling keeps the texts.

    Args:
        mode: ``"history"`` keeps every order, and answers for any date. ``"summary"`` keeps sums
            only, 48 bytes a customer: it sees lines as one order only if they are neighbors in
            one batch, cannot undo orders, and answers only for dates after the last event.
        tz, tz_offset_minutes: the zone in which days are counted: an IANA name or a tzinfo, or a
            fixed offset. Default UTC.
        max_bytes: refuse what would make the state larger (LimitReached); 0 = no limit.
        unpriced: orders have no amounts; they count unless canceled.
        threads: for every call, at most; 0 = as many as this process may use.
    """

    _file = "rfm"

    report: Optional[Report] = None
    """What became of the rows of the last :meth:`add`."""

    def __init__(
        self,
        mode: str = "history",
        *,
        tz: ZoneLike = None,
        tz_offset_minutes: int = 0,
        max_bytes: int = 0,
        unpriced: bool = False,
        threads: int = 0,
    ) -> None:
        if not isinstance(mode, str) or mode not in _MODES:
            raise errors.InvalidInput(f"mode is {mode!r}; expected 'history' or 'summary'")
        self._zone = make_zone(tz, tz_offset_minutes)
        self._threads = whole("threads", threads, 0, 1024)
        self._users = Users()
        self._forgotten: Set[int] = set()  # only of text users, whose texts are to go as well
        self._exponent: Optional[int] = None
        self._access = Access("state")
        options = new(
            pmkt_rfm_options,
            mode=_MODES[mode],
            zone=ctypes.pointer(self._zone.struct),
            max_bytes=whole("max_bytes", max_bytes, 0, 2**63 - 1),
            unpriced=1 if unpriced else 0,
        )
        state = ctypes.POINTER(pmkt_rfm)()
        call(lib.pmkt_rfm_new, ctypes.byref(options), ctypes.byref(state))
        self._handle = Handle(state, lib.pmkt_rfm_free)

    def _own(self, state: Any, threads: int) -> None:
        """Of a file: how its users came in is not known here."""
        self._handle = Handle(state, lib.pmkt_rfm_free)
        self._access = Access("state")
        self._threads = threads
        self._users = Users.of_file()
        self._forgotten = set()
        made = new(pmkt_rfm_options)
        call(lib.pmkt_rfm_settings, state, ctypes.byref(made))
        self._zone = Zone.of_struct(made.zone.contents)
        counters = self._stats(state)
        self._exponent = counters.currency_exponent if counters.currency else None

    @classmethod
    def load(
        cls,
        path: PathLike,
        *,
        ids: Optional[Ids] = None,
        map: bool = False,
        max_bytes: int = 0,
        threads: int = 0,
        progress: Progress = None,
    ) -> "RFM":
        """Reads a file that :meth:`save` wrote.

        Args:
            ids: the texts of the users, as :meth:`user_ids` gave them. Results then give users back
                as texts, if it knows all of them. What the dictionary learns later is not seen.
            map, max_bytes, threads, progress: and what is raised, as of :meth:`Ids.load`.
        """
        check_ids(ids)
        state = super().load(path, map=map, max_bytes=max_bytes, threads=threads, progress=progress)
        return state._with_texts(ids)

    @classmethod
    def from_bytes(
        cls,
        data: Any,
        *,
        ids: Optional[Ids] = None,
        max_bytes: int = 0,
        threads: int = 0,
        progress: Progress = None,
    ) -> "RFM":
        """Reads what :meth:`to_bytes` or :meth:`save` made; see :meth:`load`."""
        check_ids(ids)
        state = super().from_bytes(data, max_bytes=max_bytes, threads=threads, progress=progress)
        return state._with_texts(ids)

    def _with_texts(self, ids: Optional[Ids]) -> "RFM":
        if ids is None:
            return self
        numbers = ids.ids
        texts = [text or "" for text in ids.decode(numbers)]
        # Of bytes that are no UTF-8 no str leads back to the id: they are as good as unknown.
        same = (ids_of_texts(texts) == numbers).tolist()
        self._users = Users.of_file(
            {number: text for number, text, leads in zip(numbers.tolist(), texts, same) if leads}
        )
        return self

    # ---------------------------------------------------------------------------- changing

    def add(self, *events: Events, progress: Progress = None) -> "RFM":
        """Takes batches of events, each wholly or (on an error) not at all. Returns the state.

        :attr:`report` then tells what became of the rows; of several batches, in their order. If
        one of several fails, those before it have been taken.
        """
        total: Optional[Report] = None
        for batch in events:
            if not isinstance(batch, Events):
                raise errors.InvalidInput(
                    f"add takes Events, not {type(batch).__name__}; see Events.from_frame"
                )
        with self._access.writing():
            for batch in events:
                report = self._add_one(batch, progress)
                total = report if total is None else total + report
                self.report = total
        return self

    def _add_one(self, batch: Events, progress: Progress) -> Report:
        self._users.check(batch._users)
        exponent = batch._money_exponent
        self._check_exponent(exponent)
        with Running(self._threads, progress, "adding") as run:
            state = self._handle.pointer
            report = batch._deliver(lambda rows, out: call(lib.pmkt_rfm_add, state, rows, run, out))
            self._users.absorb(batch._users)
            self._exponent = self._exponent if exponent is None else exponent
            self._drop_texts(self._forgotten.intersection(batch._users.names))
        return report

    def _check_exponent(self, exponent: Optional[int]) -> None:
        if None not in (exponent, self._exponent) and exponent != self._exponent:
            raise errors.Mismatch(
                f"amounts with {exponent} decimals cannot join amounts with {self._exponent}"
            )

    def merge(self, other: "RFM", progress: Progress = None) -> "RFM":
        """Adds all that another state knows; the other stays as it is. Returns this state.

        The result equals a state that took every batch itself. Whoever is forgotten in either
        is forgotten here.

        Raises:
            Mismatch: for another mode, zone or currency.
        """
        if not isinstance(other, RFM):
            raise errors.InvalidInput(f"merge takes another RFM, not {type(other).__name__}")
        if other is self:
            raise errors.InvalidInput("a state cannot be merged into itself")
        with joining(self._access, other._access):
            self._users.check(other._users)
            self._check_exponent(other._exponent)
            with Running(self._threads, progress, "merging") as run:
                call(lib.pmkt_rfm_merge, self._handle.pointer, other._handle.pointer, run)
                self._users.absorb(other._users)
                if self._exponent is None:
                    self._exponent = other._exponent
                self._forgotten |= other._forgotten
                self._drop_texts(self._forgotten.intersection(self._users.names))
        return self

    def forget(self, users: Any, when: Any = None) -> int:
        """Forgets users: erases what is known of them from before ``when``.

        A dated tombstone stays, so that no old batch and no merge brings them back; what they do
        from ``when`` on is of a new customer. Texts of forgotten users are dropped too.

        Args:
            users: one user or [n], as they came in. Unknown ones get a tombstone as well.
            when: a date or time as in :meth:`score`; None: just after the last event that
                the state has seen, so that all it knows of them goes.

        Returns:
            how many different users had something to forget.
        """
        with self._access.writing():
            state = self._handle.pointer
            if when is None:
                when_ms = self._stats(state).last_event_ms + 1
                if when_ms <= c.TIME_MIN:
                    raise errors.InvalidInput("the state has seen no event; say when=")
            else:
                when_ms = instant(when, self._zone, "when")
            found = ctypes.c_int64()
            ids = self._users.encode(users, "users", skip=False)  # last: it settles their kind
            call(lib.pmkt_rfm_forget, state, pointer(ids), len(ids), when_ms, ctypes.byref(found))
            if self._users.is_text:
                self._forgotten.update(ids.tolist())
                self._drop_texts(self._forgotten.intersection(self._users.names))
        return found.value

    def _drop_texts(self, candidates: Iterable[int]) -> None:
        """Drops the texts of those forgotten users of whom the state knows nothing anymore."""
        ids = np.array(list(candidates), np.uint64)
        if not len(ids):
            return
        everyone = self._everyone()
        if everyone is None:
            self._users.drop(ids.tolist())
            return
        rows = np.empty(len(ids), np.int64)
        call(lib.pmkt_rfm_scores_find, everyone.pointer, pointer(ids), len(ids), pointer(rows))
        self._users.drop(ids[rows < 0].tolist())

    def _everyone(self) -> Optional[Handle]:
        """Scores of all of whom the state knows something, or None if that is nobody."""
        last_ms = self._stats(self._handle.pointer).last_event_ms
        if last_ms == c.TIME_NULL:
            return None
        scores = ctypes.POINTER(pmkt_rfm_scores)()
        as_of = last_ms + 1  # at most TIME_MAX, which is a date to ask as of
        call(lib.pmkt_rfm_score, self._handle.pointer, as_of, None, None, ctypes.byref(scores))
        return Handle(scores, lib.pmkt_rfm_scores_free)

    def compact(self, progress: Progress = None) -> "RFM":
        """Folds recent rows into the compact form and gives spare memory back. Answers do not
        change. A state does this by itself; call it before a long rest."""
        with self._access.writing(), Running(self._threads, progress, "compacting") as run:
            call(lib.pmkt_rfm_compact, self._handle.pointer, run)
        return self

    # ---------------------------------------------------------------------------- asking

    def _stats(self, state: Any) -> pmkt_rfm_counters:
        counters = new(pmkt_rfm_counters)
        call(lib.pmkt_rfm_stats, state, ctypes.byref(counters))
        return counters

    @property
    def stats(self) -> Stats:
        """What the state holds now."""
        with self._access.reading():
            raw = self._stats(self._handle.pointer)
        modes = {number: name for name, number in _MODES.items()}
        same = (
            "generation rows_accepted rows_rejected rows_ignored rows_pending customers orders "
            "forgotten bytes"
        ).split()
        return Stats(
            mode=modes[raw.mode],
            first_event_ms=None if raw.first_event_ms == c.TIME_NULL else raw.first_event_ms,
            last_event_ms=None if raw.last_event_ms == c.TIME_NULL else raw.last_event_ms,
            currency=raw.currency.decode() or None,
            **{name: getattr(raw, name) for name in same},
        )

    def score(
        self,
        as_of: Any,
        scheme: str = "threshold",
        *,
        bins: Optional[int] = None,
        collapse: Optional[str] = None,
        frequency: Optional[str] = None,
        monetary: Optional[str] = None,
        active_days: Optional[int] = None,
        dormant_days: Optional[int] = None,
        f_high: Optional[float] = None,
        f_low: Optional[float] = None,
        m_high: Optional[int] = None,
        m_low: Optional[int] = None,
        month_days: Optional[int] = None,
        f_window_days: Optional[int] = None,
        growth_days: Optional[int] = None,
        mature_days: Optional[int] = None,
        churn_days: Optional[int] = None,
        at_risk_days: Optional[int] = None,
        loyal_orders: Optional[int] = None,
        tier_days: Optional[int] = None,
        tiers: Optional[Tiers] = None,
        segments: Optional[Segments] = None,
        previous: Optional[RFMScores] = None,
        progress: Progress = None,
    ) -> RFMScores:
        """What every customer is worth as of a date.

        Args:
            as_of: exclusive: what happened at or after it is not seen. A text such as
                ``"2011-12-10"`` (its 00:00 in the state's zone) or ``"2011-12-10T08:26+01:00"``, a
                date, datetime or datetime64 (without an offset: of the state's zone), or integer
                milliseconds since 1970 UTC.
            scheme: ``"threshold"``: fixed bands and eight classes; ``"quantile"``: scores 1 to
                ``bins`` by equal shares of the customers, and named segments.
            bins: scores of the quantile scheme, 2 to 100 (5).
            collapse: how middle bands fall into the eight classes: ``"strict"`` (the default: high
                only from the high threshold on), ``"middle_high"``, ``"mean"``, ``"median"`` or
                ``"hysteresis"`` (as ``previous`` said).
            frequency: what F measures: ``"per_month"`` (default of threshold) or ``"orders"``
                (default of quantile).
            monetary: what M measures: ``"average"`` (default of threshold), in minor units an
                order, or ``"revenue"`` (default of quantile).
            active_days, dormant_days: R: active if the last order is at most so many days ago (30),
                dormant from so many on (90); cooling between.
            f_high, f_low: F: high from (3.0) on, low up to (1.0).
            m_high, m_low: M in minor units: high from here on (200 units of the currency), low up
                to here (50 units).
            month_days: the month of "orders per month" (30).
            f_window_days: 0 (default): orders a month between first and last order. Else the orders
                of the last so many days a month.
            growth_days, mature_days: age from which a new customer grows (7), is mature (90).
            churn_days, at_risk_days: churned after so many days without an order (180), at risk
                from so many on (90).
            loyal_orders: loyal buyers ordered so often (2) and are not churned.
            tier_days: the spend of the last so many days decides the tier (365).
            tiers: ascending (name, minor units) rows, the first from 0; by default silver, and gold
                from 5,000 units of the currency.
            segments: of the quantile scheme: (name, r, f, m) rows, or dicts with these keys; each
                of r, f, m is a range (low, high) with both ends included, one score, or None for
                any; None as an end is open. The first row that fits wins; the rest is "other".
            previous: earlier scores of the threshold scheme, for ``collapse="hysteresis"``.

        None is always the default, and 0 is 0.

        Raises:
            InvalidInput: for options that do not fit.
            Unsupported: in summary mode, for an ``as_of`` not after the last event.
        """
        given = dict(locals())
        numbers = {
            name: given[name]
            for name in (
                "bins active_days dormant_days f_high f_low m_high m_low month_days f_window_days "
                "growth_days mature_days churn_days at_risk_days loyal_orders tier_days"
            ).split()
        }
        if scheme is None:
            raise errors.InvalidInput("scheme is None; expected 'threshold' or 'quantile'")
        choices = {
            "scheme": choice("scheme", scheme, SCHEMES),
            "collapse": choice("collapse", collapse, COLLAPSES),
            "frequency": choice("frequency", frequency, FREQUENCIES),
            "monetary": choice("monetary", monetary, MONETARIES),
        }
        if previous is not None and not isinstance(previous, RFMScores):
            raise errors.InvalidInput(f"previous is a {type(previous).__name__}; expected scores")
        before = None if previous is None else previous._handle
        options = ScoreOptions(numbers, choices, tiers, segments, before)
        as_of_ms = instant(as_of, self._zone, "as_of")
        scores = ctypes.POINTER(pmkt_rfm_scores)()
        with self._access.reading(), Running(self._threads, progress, "scoring") as run:
            state = self._handle.pointer
            call(lib.pmkt_rfm_score, state, as_of_ms, options.pointer, run, ctypes.byref(scores))
            handle = Handle(scores, lib.pmkt_rfm_scores_free)
            return RFMScores(handle, self._users, self._zone, self._exponent)

    def user_ids(self, *, partial: bool = False) -> Ids:
        """The texts of the users, for a file beside the state's: ``rfm.user_ids().save(...)``.

        Args:
            partial: leave out users whose texts are not known.

        Raises:
            InvalidInput: the texts of some users are not known. Those of users who are numbers
                never are; and a state from a file knows those that :meth:`load` was given, that
                came with later events, or with states that were merged.
        """
        with self._access.reading():
            everyone, names = self._everyone(), self._users.names
            numbers = np.empty(0, np.uint64)
            if everyone is not None:
                columns = new(pmkt_rfm_columns)
                call(lib.pmkt_rfm_scores_columns, everyone.pointer, ctypes.byref(columns))
                numbers = borrow(columns.user, (columns.rows,), np.uint64, everyone)
            ids = Ids([names[number] for number in numbers.tolist() if number in names])
            are_numbers = self._users.kind is int
        missing = int(len(numbers) - np.count_nonzero(ids.contains(numbers)))
        if missing and not partial:
            raise errors.InvalidInput(
                "the users are numbers, which are their own ids: there are no texts to keep"
                if are_numbers
                else f"the texts of {missing:,} of {len(numbers):,} users are not known; load the "
                "state with RFM.load(path, ids=pmkt.Ids.load(...)), or ask for "
                "user_ids(partial=True); users who are numbers have no texts"
            )
        return ids

    def __repr__(self) -> str:
        stats = self.stats
        if stats.first_event_ms is None or stats.last_event_ms is None:
            return f"RFM({stats.mode} mode, {self._zone.name}, empty)"
        span = (stats.first_event_ms, stats.last_event_ms)
        first, last = (format_ms(ms, self._zone) for ms in span)
        return (
            f"RFM({stats.mode} mode, {self._zone.name}, {stats.rows_accepted:,} events "
            f"from {first} to {last}, {stats.bytes / 1e6:,.1f} MB)"
        )

    def __reduce__(self) -> Any:
        """Pickling and copying keep what this package knows besides, such as the users' texts."""
        with self._access.reading():
            users, forgotten = self._users.copy(), set(self._forgotten)
            beside = (self._threads, users, forgotten, self._exponent, self._zone.name)
            data = self.to_bytes()
        return _of_pickle, (data, beside)


def _of_pickle(data: bytes, beside: Any) -> RFM:
    rfm = RFM.from_bytes(data, threads=beside[0])
    _, rfm._users, rfm._forgotten, rfm._exponent, rfm._zone.name = beside
    return rfm
