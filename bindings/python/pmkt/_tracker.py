"""What is everybody about to do, now: the live state of each user, read at every event."""

from __future__ import annotations

import copy
import ctypes
import os
import threading
from contextlib import nullcontext
from typing import Any, ContextManager, Dict, Iterable, List, Mapping, NamedTuple, Optional, Tuple

import numpy as np

from . import _constants as c
from . import errors
from ._access import Access
from ._dictionary import Ids, check_ids
from ._durations import HalfLife, duration_ms
from ._events import Events
from ._files import PathLike, Saving, bytes_of, encode_path, named
from ._intent_actions import action_codes
from ._library import Handle, call, lib, pointer
from ._purchase import Scoring, batch_of, chains_of
from ._report import ReportBuffer
from ._run import Progress, Running, threads_of, whole
from ._structs import (
    new,
    pmkt_purchase,
    pmkt_tracker,
    pmkt_tracker_answers,
    pmkt_tracker_counts,
    pmkt_tracker_event,
    pmkt_tracker_evidence,
    pmkt_tracker_fired,
    pmkt_tracker_options,
)
from ._tracker_answers import (
    COLUMNS,
    EVENT,
    FIRED,
    MODEL,
    NEXT,
    NEXT_P,
    RULES,
    Evidence,
    Fired,
    Forms,
    Observed,
    RulesOf,
    columns_of,
    event_table,
    row_words,
)
from ._tracker_event import one_event
from ._tracker_names import InForce, Names, RulesLike, rules_of
from ._zones import UTC, ZoneLike, instant, make_zone
from .rules import Rules

_ROOM = 256  # for what fires, at first; rules have at most 250 intents
_EVIDENCE = 64  # events, the longest history
_NAMES = 1 << 20  # texts of items, categories or channels that are remembered, about


class TrackerStats(NamedTuple):
    """What happened since a tracker was made.

    Attributes:
        users: known now; who has expired may still be among them.
        bytes: memory of the library, but for model and rules.
        clock: of the last :meth:`Tracker.advance`; NaT before the first.
        generation: of the rules: 1, and one more after every swap.
        events, bad, late: taken; rows rejected; events ignored, for being late.
        clocks_back: clocks that were behind.
        fired: rules that fired; ``unheard`` of them, where nobody asked.
        suppressed: matches besides, in a cooldown.
        outranked: matches besides, of an intent that fired by a stronger rule.
        dropped: partial matches and cooldowns that had to make room: give more ``partials``.
        ended: partial matches that a swap of rules ended.
        evicted, expired, forgotten: users, for ``max_bytes``, after ``ttl``, and by
            :meth:`Tracker.forget`.
        waiting: users for whom something waits.
        learned: sessions counted, for the next :meth:`Tracker.learn`; ``unlearned``, those that
            could not be counted, for want of memory.
    """

    users: int
    bytes: int
    clock: np.datetime64
    generation: int
    events: int
    bad: int
    late: int
    clocks_back: int
    fired: int
    unheard: int
    suppressed: int
    outranked: int
    dropped: int
    ended: int
    evicted: int
    expired: int
    forgotten: int
    waiting: int
    learned: int
    unlearned: int


class _Model:
    """A model as it was when the tracker got it: its object may be fitted anew."""

    def __init__(self, model: Any) -> None:
        if not isinstance(model, Scoring):
            raise errors.InvalidInput(
                f"model is {type(model).__name__}; expected pmkt.IntentModel, or None"
            )
        self.shown = copy.copy(model)
        self.scorer = self.shown._scoring
        self.calibrated = self.shown.calibrated
        codes = action_codes(chains_of(self.scorer))
        self.names = self.shown._crossed.lookup(codes)


class Tracker(Saving):
    """Everybody's live state: a learned model, and rules that a marketer edits, at every event.

    >>> tr = pmkt.Tracker(rules='intent eager { when 2 view same item suggest "coupon" }')
    >>> tr.observe(user="ann", time=0, kind="view", item="tea")["intent"].tolist()
    [None]
    >>> tr.observe(user="ann", time=60_000, kind="view", item="tea")["intent"].tolist()
    ['eager']

    What it says of an event is what :meth:`IntentModel.score` and :meth:`Rules.match` say of it in
    a batch of all that the tracker has seen. Events of a user come in the order of time.

    Any thread may call anything at any time; the GIL is released meanwhile. After a fork the child
    has no use for a tracker: every call is :class:`Forked` there.

    Args:
        model: a fitted :class:`IntentModel`; None: rules alone. What becomes of the object later,
            such as another fit, does not matter: :meth:`swap` it.
        rules: :class:`Rules`, or a text; None: the built-in ones; False: none.
        capacity: users for whom memory is taken at once.
        max_bytes: of memory, but for model and rules; 0: no limit. Somebody new then takes the
            place of who was seen least lately, about.
        ttl: so long after the last event a user is unknown again.
        late: an event may be older than the user's latest by so much, and is then taken as of the
            time of that; what is older is ignored and counted. None: not at all.
        history: events kept of a user for :meth:`evidence`, to 64; 0: none.
        shards: a power of two, to 1,024: threads that are inside at a time, at most.
        partials: partial matches and cooldowns kept of a user, to 1,024.
        actions: of the model, and of those that it may be swapped for; 0: as many as this one has,
            rounded up to 16, 32, 48 or 64.
        learn: count what sessions do, for :meth:`learn`.
        tz: the zone of times without one, and of those in texts (None: UTC, and times need one).
        ids: a dictionary that knows texts that the tracker does not: those of a file.
        threads: for saving, loading and learning, at most; 0 = as many as this process may
            use.

    Texts of ids are remembered, so that they go back as they came: of users about as long as the
    users are, of items, categories and channels about a million each.

    Raises:
        LimitReached: ``max_bytes`` is too little for a few users, or for ``capacity``.
    """

    _file = "tracker"

    columns: Tuple[str, ...] = COLUMNS
    """All that :meth:`observe` can be asked for."""

    def __init__(
        self,
        model: Optional[Scoring] = None,
        rules: RulesLike = None,
        *,
        capacity: int = 0,
        max_bytes: int = 0,
        ttl: HalfLife = "30d",
        late: HalfLife = None,
        history: int = 8,
        shards: int = 64,
        partials: int = 32,
        actions: int = 0,
        learn: bool = False,
        tz: ZoneLike = None,
        ids: Optional[Ids] = None,
        threads: int = 0,
    ) -> None:
        self._made: Optional[Handle] = None
        self._history = whole("history", history, 0, _EVIDENCE)
        options = new(
            pmkt_tracker_options,
            partials=whole("partials", partials, 1, 1024),
            capacity=whole("capacity", capacity, 0, 2**63 - 1),
            max_bytes=whole("max_bytes", max_bytes, 0, 2**63 - 1),
            ttl_ms=duration_ms("ttl", ttl),
            late_ms=duration_ms("late", late),
            history=self._history or -1,
            shards=whole("shards", shards, 1, 1024),
            actions=whole("actions", actions, 0, 2**31 - 1),
            learn=1 if learn else 0,
        )
        self.tz, self._threads = tz, threads_of(threads)
        self._zone = None if tz is None else make_zone(tz)
        ids = check_ids(ids)
        whats = ("users", "items", "categories", "channels")
        self._forms = Forms(*(Names(what, ids) for what in whats))
        self._model = None if model is None else _Model(model)
        begins = rules_of(rules)
        made = ctypes.POINTER(pmkt_tracker)()
        given = self._scorer, _rules_pointer(begins), ctypes.byref(options)
        call(lib.pmkt_tracker_new, *given, ctypes.byref(made))
        self._made, self._pid = Handle(made, lib.pmkt_tracker_free), os.getpid()
        self._entered = Access("tracker")  # C is synchronized: for names of models, and to close
        self._swapping = threading.Lock()
        self._modeling = Access("tracker")  # one swap of models after the other
        self._now = InForce(begins, self._generation())

    # ----------------------------------------------------------------------------- within

    @property
    def _handle(self) -> Handle:  # type: ignore[override]
        made = self._made
        if made is None:
            raise errors.InvalidInput("this tracker is closed")
        if os.getpid() != self._pid:  # locks of Python may be held there for ever: C refuses
            call(lib.pmkt_tracker_stats, made.pointer, ctypes.byref(new(pmkt_tracker_counts)))
        return made

    @property
    def _access(self) -> Access:  # type: ignore[override]
        return self._entered if self._handle else self._entered

    @property
    def _scorer(self) -> Any:
        return None if self._model is None else self._model.scorer.pointer

    def _generation(self) -> int:
        """The generation of the rules in force."""
        handle, generation = self._handle, ctypes.c_uint32()
        lib.pmkt_rules_release(lib.pmkt_tracker_rules(handle.pointer, ctypes.byref(generation)))
        return generation.value

    def _rules_since(self, then: InForce) -> RulesOf:
        """The rules of each generation from one on."""
        swapping = self._swapping

        def of(generation: int) -> Optional[Rules]:
            try:
                return then.of(generation)
            except KeyError:
                with swapping:  # they fire already, and are about to be noted
                    return then.of(generation)

        return of

    # ------------------------------------------------------------------------------ events

    def observe(
        self,
        events: Optional[Events] = None,
        *,
        columns: Optional[Iterable[str]] = None,
        user: Any = None,
        time: Any = None,
        kind: Any = None,
        item: Any = None,
        category: Any = None,
        channel: Any = None,
        session: Any = None,
        order: Any = None,
        amount: Optional[int] = None,
        quantity: Optional[int] = None,
        extra: Optional[Mapping[str, Any]] = None,
    ) -> Observed:
        """Takes events, and says of each what is likely now, and what fired.

        Either a batch, or one event: ``tr.observe(user="ann", time=ms, kind="cart", item="tea")``.

        Args:
            events: :class:`pmkt.Events`, in the order of time of each user. Columns that rules
                declare come with :meth:`pmkt.Events.from_arrow`.
            columns: which of :attr:`columns` are wanted: others are not computed. None: p_order,
                next and next_p if there is a model, intent and strength if there are rules.
            user, time, kind, item, category, channel, session, order, amount, quantity: of one
                event, as an entry of the columns of :class:`pmkt.Events`.
            extra: columns that rules declare, of one event: ``{"stock": 0, "page": "coupon"}``.
                Integers, floats, and texts, which are ids, as NumPy's uint64 are.

        Raises:
            Unsupported: the model has no such column, or there is none.
            OutOfMemory: rows before ``where`` are taken, the others are not.
        """
        one = {"user": user, "time": time, "kind": kind, "item": item, "category": category}
        one.update(channel=channel, session=session, order=order, amount=amount, quantity=quantity)
        if events is None:
            batch = one_event(one, extra, self._zone)
        elif extra or any(value is not None for value in one.values()):
            raise errors.InvalidInput("give either a batch of events, or the columns of one event")
        else:
            batch = batch_of(events)
        handle, then = self._handle, self._now
        usual = [] if self._model is None else ["p_order", "next", "next_p"]
        usual += [] if then.rules is None else ["intent", "strength"]
        wanted = columns_of(columns, tuple(usual))
        self._learn(batch)
        # A swap of the model waits, so that names are those of one model.
        of_model = any(name in MODEL for name in wanted)
        with self._entered.reading() if of_model else _nothing():
            asked = _Asked(len(batch), wanted, self._model)
            raw, report = _all_rows(handle, batch, asked.struct)
            data = asked.columns(raw, self._rules_since(then))
        self._forms.user.trim(lambda: 2 * self.stats.users)
        users, unreadable = batch._users.decode(_plain(raw, "user")), batch._unreadable
        fired = Fired(raw, users, self._rules_since(then)) if len(raw) else None
        return Observed(data, len(batch), fired, lambda: report.report(unreadable, "too late"))

    def _learn(self, batch: Events) -> None:
        """Remembers texts."""
        self._forms.user.learn(batch._users, alike=True)
        if self._history:
            for name in ("item", "category", "channel"):
                if name in batch._arrays:
                    names: Names = getattr(self._forms, name)
                    names.learn(batch._form(name))
                    names.trim(lambda: _NAMES)

    def advance(self, clock: Any) -> Fired:
        """Sets the clock, and fires the waits of everybody that are over before it: by time, then
        user. A clock that is behind is counted, and changes nothing.

        Args:
            clock: a text (which needs ``tz``, or its own offset), date, datetime, datetime64, or
                integer milliseconds.
        """
        ms = instant(clock, self._zone, "clock")
        handle, then, room = self._handle, self._now, _ROOM
        parts, n = [], ctypes.c_int64(1)
        while n.value:
            fired = np.empty(room, FIRED)
            out = _at(fired, pmkt_tracker_fired), room, ctypes.byref(n)
            call(lib.pmkt_tracker_advance, handle.pointer, ms, *out)
            parts.append(fired[: n.value])
            room = min(2 * room, 1 << 20)
        raw = np.concatenate(parts)
        if len(parts) > 2:  # each call is in order by itself; the last one told nothing
            raw = raw[np.lexsort((raw["rule"], raw["user"], raw["time"]))]
        users = self._forms.user.decode(_plain(raw, "user"))
        return Fired(raw, users, self._rules_since(then))

    def forget(self, user: Any) -> bool:
        """Removes a user at once, and the text of the id; not from what was saved before. Returns
        whether the user was known."""
        handle, known = self._handle, ctypes.c_int32()
        number = self._forms.user.encode(user, "user")
        call(lib.pmkt_tracker_forget, handle.pointer, number, ctypes.byref(known))
        self._forms.user.drop(number)
        return bool(known.value)

    def evidence(self, user: Any, intent: Optional[str] = None) -> Evidence:
        """Why an intent fired, and what is known of a user: prints as a text to read. Of somebody
        unknown there are no events.

        Args:
            intent: the name of one of the latest 4 of the user; None: whichever fired last.

        Raises:
            Unsupported: ``history`` is 0.
        """
        if intent is not None and not (isinstance(intent, str) and "\0" not in intent):
            raise errors.InvalidInput(f"intent is {intent!r:.60}; expected a name, or None")
        handle, then = self._handle, self._now
        number = self._forms.user.encode(user, "user")
        events = np.empty(_EVIDENCE, EVENT)
        found = new(pmkt_tracker_evidence, event=_at(events, pmkt_tracker_event), room=len(events))
        name = None if intent is None else intent.encode("utf-8", "surrogatepass")
        call(lib.pmkt_tracker_explain, handle.pointer, number, name, ctypes.byref(found))
        rule: Dict[str, Any] = dict.fromkeys(("intent", "cause", "strength", "text", "line"))
        times: List[Any] = [None, None]
        if found.rule >= 0:
            rules = self._rules_since(then)(found.generation)
            if rules is not None:
                rule = {name: rules.rules[name][found.rule] for name in rules.rules.columns}
            times = [np.datetime64(ms, "ms") for ms in (found.time, found.since)]
        zone = self._zone or UTC
        return Evidence(
            user=user,
            intent=rule["intent"],
            cause=rule["cause"],
            strength=None if rule["strength"] is None else float(rule["strength"]),
            suggestions=rule.get("suggestions", ()),
            time=times[0],
            since=times[1],
            rule=rule["text"],
            line=None if rule["line"] is None else int(rule["line"]),
            events=event_table(events[: found.n], self._forms, zone),
            session=found.session,
            evidence=found.evidence,
            _zone=zone,
        )

    # ------------------------------------------------------------------------------- swaps

    def swap(self, model: Scoring) -> "Tracker":
        """Goes on with another model, such as one that was fitted anew, while others observe.
        Returns the tracker. What was counted for :meth:`learn` is gone: the model knows it.

        Raises:
            Unsupported: the tracker began without a model.
            LimitReached: it has more actions than there is room for; see ``actions``.
            Mismatch: only one of the two has ``by_session``.
        """
        fresh = _Model(model)
        handle = self._handle
        with self._modeling.writing(), self._entered.writing():
            call(lib.pmkt_tracker_swap, handle.pointer, fresh.scorer.pointer)
            self._model = fresh
        return self

    def learn(self, half_life: HalfLife = None, *, progress: Progress = None) -> Scoring:
        """Learns on: a model whose chains have also counted what the sessions did that ended since
        the last call. The tracker goes on with it, as if swapped; returns it.

        A session ends with an order or with the user's next session, when the user expires, or at
        this call, if the clock of :meth:`advance` is past its gap: so set the clock, or those who
        come back are counted, and those who do not only after ``ttl``.

        What is not learned anew is how chains become probabilities: fit a model again now and then.

        Args:
            half_life: what was counted before weighs less by and by, half as much for every such
                time of the events; None: never.

        Raises:
            Unsupported: there is no model, or ``learn`` was not asked for.
        """
        ms, handle = duration_ms("half_life", half_life), self._handle
        made = ctypes.POINTER(pmkt_purchase)()
        with self._modeling.writing(), Running(self._threads, progress, "learning") as run:
            call(lib.pmkt_tracker_learn, handle.pointer, ms, run, ctypes.byref(made))
            assert self._model is not None  # or C had refused
            fresh: Any = copy.copy(self._model.shown)
            fresh._hold(made)
            fresh.report = None
            self._model = _Model(fresh)  # it has the same actions, so that names are the same
        return fresh

    def swap_rules(self, rules: RulesLike) -> int:
        """Goes on with other rules, while others observe. A rule whose text is the same keeps its
        partial matches; those of a rule that is gone, or was edited, end; cooldowns stay.

        Args:
            rules: as of a new tracker.

        Returns:
            how many partial matches ended.
        """
        fresh, ended = rules_of(rules), ctypes.c_int64()
        handle = self._handle
        with self._swapping:
            given = handle.pointer, _rules_pointer(fresh), ctypes.byref(ended)
            try:
                call(lib.pmkt_tracker_swap_rules, *given)
            finally:  # also if Ctrl-C comes in between
                generation = self._generation()
                if generation != self._now.generation:
                    self._now.then = InForce(fresh, generation)
                    self._now = self._now.then
        return ended.value

    @property
    def rules(self) -> Optional[Rules]:
        """The rules in force, or None."""
        return self._now.rules

    @property
    def model(self) -> Optional[Scoring]:
        """The model in force, as it was when the tracker got it, or None."""
        return None if self._model is None else self._model.shown

    @property
    def stats(self) -> TrackerStats:
        """What happened so far."""
        handle, counts = self._handle, new(pmkt_tracker_counts)
        call(lib.pmkt_tracker_stats, handle.pointer, ctypes.byref(counts))
        same = (name for name in TrackerStats._fields if name != "clock")
        clock = np.int64(counts.clock_ms).view("datetime64[ms]")
        return TrackerStats(clock=clock, **{name: getattr(counts, name) for name in same})

    # ------------------------------------------------------------------------------- files

    def texts(self) -> Ids:
        """The texts of all ids that it remembers, to keep beside a file: files have ids alone.
        ``tr.texts().save("live.ids")``, and later ``Tracker.load("live.pmkt", model,
        ids=pmkt.Ids.load("live.ids"))``."""
        known = Ids()
        for names in self._forms:
            texts = names.texts()
            for kind in (str, bytes):
                known.encode([text for text in texts if isinstance(text, kind)])
        return known

    @classmethod
    def load(
        cls,
        path: PathLike,
        model: Optional[Scoring] = None,
        rules: RulesLike = None,
        *,
        progress: Progress = None,
        **options: Any,
    ) -> "Tracker":
        """A tracker that knows everybody whom :meth:`save` wrote into a file. With the same model
        and rules it is as if nothing had happened; with others, as if they had been swapped.

        Args:
            model, rules, options: as of a new tracker; they are not in the file. Who has no room
                below ``max_bytes`` is left out, and counted as evicted.

        Raises:
            FileError, BadFormat, Corrupt: as :meth:`RFM.load`.
            Unsupported: only one of the two trackers has a model.
            LimitReached: it had more actions than there is room for.
        """
        encoded, self = encode_path(path), cls(model, rules, **options)
        with named(path), Running(self._threads, progress, "loading") as run:
            call(lib.pmkt_tracker_restore, self._handle.pointer, encoded, run)
        return self._restored()

    @classmethod
    def from_bytes(
        cls,
        data: Any,
        model: Optional[Scoring] = None,
        rules: RulesLike = None,
        *,
        progress: Progress = None,
        **options: Any,
    ) -> "Tracker":
        """The same of what :meth:`to_bytes` or :meth:`save` made; see :meth:`load`."""
        view, self = bytes_of(data), cls(model, rules, **options)
        with Running(self._threads, progress, "loading") as run:
            where = view.ctypes.data, len(view)
            call(lib.pmkt_tracker_restore_memory, self._handle.pointer, *where, run)
        return self._restored()

    def _restored(self) -> "Tracker":
        self._now = InForce(self._now.rules, self._generation())
        for names in self._forms:
            names.of_file()
        return self

    def close(self) -> None:
        """Frees the memory, once no other thread is inside; later calls are errors. What nobody
        refers to any more is closed by itself."""
        with self._entered.writing():
            self._made = None

    def __enter__(self) -> "Tracker":
        return self

    def __exit__(self, *error: Any) -> None:
        self.close()

    def __len__(self) -> int:
        return self.stats.users

    def __bool__(self) -> bool:
        return True

    def __repr__(self) -> str:
        if self._made is None:
            return "<pmkt.Tracker, closed>"
        parts = [f"{self.stats.users:,} users"]
        parts += ["no model" if self._model is None else repr(self._model.shown)]
        parts += ["no rules" if self.rules is None else f"{len(self.rules)} rules"]
        return f"<pmkt.Tracker: {'; '.join(parts)}>"

    def __reduce__(self) -> Any:
        raise TypeError(
            "a tracker is live, and can be neither copied nor pickled; save it, or use to_bytes, "
            "and load it with its model and rules"
        )


# ------------------------------------------------------------------------------- within


def _nothing() -> ContextManager[None]:
    return nullcontext()


def _plain(raw: np.ndarray, name: str) -> np.ndarray:
    return np.ascontiguousarray(raw[name])


def _at(array: np.ndarray, struct: Any) -> Any:
    """A pointer at structs."""
    return ctypes.cast(array.ctypes.data, ctypes.POINTER(struct))


def _rules_pointer(rules: Optional[Rules]) -> Any:
    return None if rules is None else rules._handle.pointer


class _Asked:
    """What is asked of a batch, and the arrays for it."""

    def __init__(self, rows: int, wanted: Tuple[str, ...], model: Optional[_Model]) -> None:
        self._wanted, self._model = wanted, model
        self.struct = new(pmkt_tracker_answers)
        self._reals: Dict[str, np.ndarray] = {
            name: np.empty(rows, np.float64)
            for name in ("p_order", "p_cart", "time_ms")
            if name in wanted
        }
        for name, array in self._reals.items():
            if name == "p_order" and model is not None and not model.calibrated:
                array.fill(np.nan)
            else:
                setattr(self.struct, "p_goal" if name == "p_order" else name, pointer(array))
        self._codes = self._chances = self._rule = np.empty(0)
        if any(name in wanted for name in NEXT):
            self._codes = np.empty((rows, c.INTENT_TOP), np.uint32)
            self.struct.next = pointer(self._codes)
        if any(name in wanted for name in NEXT_P):
            self._chances = np.empty((rows, c.INTENT_TOP), np.float64)
            self.struct.next_p = pointer(self._chances)
        if any(name in wanted for name in RULES):
            self._rule = np.empty(rows, np.int32)
            self.struct.rule = pointer(self._rule)

    def columns(self, fired: np.ndarray, rules_of: RulesOf) -> Dict[str, np.ndarray]:
        """The answers, in the order that was asked for."""
        found = dict(self._reals)
        if self.struct.next and self._model is not None:
            names = self._model.names(self._codes)
            found.update((name, names[:, k]) for k, name in enumerate(NEXT))
        if self.struct.next_p:
            found.update((name, self._chances[:, k]) for k, name in enumerate(NEXT_P))
        if self.struct.rule:
            found.update(row_words(self._wanted, self._rule, fired, rules_of))
        return {name: found[name] for name in self._wanted}


def _all_rows(
    handle: Handle, batch: Events, answers: pmkt_tracker_answers
) -> Tuple[np.ndarray, ReportBuffer]:
    """Observes a whole batch; all that fired, and what became of the rows."""
    rows, room, parts = len(batch), _ROOM, []
    total: Optional[ReportBuffer] = None
    while True:
        part = ReportBuffer(rows)
        given = ctypes.byref(batch._struct), part.pointer, ctypes.byref(answers)
        fired = np.empty(room, FIRED)
        answers.fired, answers.room = _at(fired, pmkt_tracker_fired), room
        try:
            call(lib.pmkt_tracker_observe, handle.pointer, *given)
        except errors.OutOfMemory as error:
            error.where, error.where_kind = answers.done, "row"
            raise
        parts.append(fired[: answers.n_fired])
        if total is not None:
            part.add(total)
        total = part
        if answers.done >= rows:
            break
        setattr(answers, "from", answers.done)
        room = min(2 * room, 1 << 20)
    return parts[0] if len(parts) == 1 else np.concatenate(parts), total
