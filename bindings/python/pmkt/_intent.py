"""What are they about to do: chains of actions, and a calibrated probability at every event."""

from __future__ import annotations

import ctypes
import warnings
from dataclasses import dataclass
from typing import (
    Any,
    Callable,
    Dict,
    Iterable,
    List,
    NamedTuple,
    Optional,
    Sequence,
    Tuple,
    Type,
    TypeVar,
)

import numpy as np

from . import _constants as c
from . import errors
from ._access import Access
from ._durations import HalfLife, duration_ms, duration_text, wait_ms, waits_ms
from ._events import Events
from ._files import PathLike, Saved
from ._intent_actions import Action, Classes, action_codes
from ._library import Handle, borrow, call, lib, pointer
from ._purchase import Scoring, batch_of, chains_of
from ._report import Report
from ._run import Progress, Running, threads_of, whole
from ._structs import (
    new,
    pmkt_intent,
    pmkt_intent_answers,
    pmkt_intent_facts,
    pmkt_intent_options,
    pmkt_intent_paths,
    pmkt_intent_table,
    pmkt_purchase,
)
from ._table import Table, percent
from ._zones import ZoneLike

_M = TypeVar("_M", bound="IntentModel")


class _Paths:
    """Sequences as C takes them, and the arrays that they borrow."""

    def __init__(self, paths: Any, classes: Classes, dwell: Any = None, bought: Any = None) -> None:
        if isinstance(paths, str) or not hasattr(paths, "__iter__"):
            raise errors.InvalidInput("paths is not a list of paths; for one path write [path]")
        rows = [_split(path) for path in paths]
        self.n = len(rows)
        self.at = np.zeros(self.n + 1, np.int64)
        np.cumsum([len(row) for row in rows], out=self.at[1:])
        known: Dict[Any, int] = {}
        for row in rows:
            for action in row:
                if action not in known:
                    known[action] = classes.code(action)
        self.action = np.array([known[action] for row in rows for action in row], np.uint32)
        self.dwell = None if dwell is None else self._dwell(dwell)
        self.bought = None
        if bought is not None:
            self.bought = np.asarray(bought).astype(bool).astype(np.uint8)
            if self.bought.shape != (self.n,):
                raise errors.InvalidInput(f"bought is not one truth for each of {self.n} paths")
        self.struct = new(
            pmkt_intent_paths,
            n=self.n,
            at=pointer(self.at),
            action=pointer(self.action),
            dwell=None if self.dwell is None else pointer(self.dwell),
            bought=None if self.bought is None else pointer(self.bought),
        )

    def _dwell(self, dwell: Any) -> np.ndarray:
        rows = list(dwell) if hasattr(dwell, "__iter__") else [dwell]
        sizes = [
            -1 if isinstance(row, str) or not hasattr(row, "__len__") else len(row) for row in rows
        ]
        if sizes != np.diff(self.at).tolist():
            raise errors.InvalidInput("dwell is not one time for each action of each path")
        times = [wait_ms("dwell", time, -1) for row in rows for time in row]
        return np.array(times, np.int64)

    @property
    def pointer(self) -> Any:
        return ctypes.byref(self.struct)


def _split(path: Any) -> Sequence[Any]:
    """A path as a list: "view > cart" is one too."""
    if isinstance(path, str):
        return [step.strip() for step in path.split(">")] if path.strip() else []
    return path.tolist() if isinstance(path, np.ndarray) else list(path)


@dataclass(frozen=True)
class IntentInfo:
    """What a model of intent is.

    Attributes:
        order, session_gap_ms, goal: the options that it was fitted with.
        actions: different ones that it knows.
        sessions: that it counted, and how many of them are ``buyers``.
        counted: actions and ends of sessions.
        contexts: that it knows, of every length.
        transitions: rows of :meth:`IntentModel.transitions`.
        bytes: memory.
        residual: of its solved answers.
        classes: that kinds are crossed with.
    """

    order: int
    session_gap_ms: int
    goal: Action
    actions: int
    sessions: int
    buyers: int
    counted: int
    contexts: int
    transitions: int
    bytes: int
    residual: float
    classes: int


class IntentAnswers(NamedTuple):
    """Answers about paths, one a path; ``next`` and ``next_p`` are [paths, 3].

    Attributes:
        goal: P(the session reaches the goal); ``leave``: P(it ends without).
        steps: actions until the goal, if it is reached, the goal too.
        time_ms: mean time until then; NaN if the model knows no times.
        log_all, log_buyer, log_other: ln P(path) by the three chains.
        next: the likeliest next actions, best first; ``next_p``: their probabilities.
        context: how many of the last steps, START too, were looked at.
    """

    goal: np.ndarray
    leave: np.ndarray
    steps: np.ndarray
    time_ms: np.ndarray
    log_all: np.ndarray
    log_buyer: np.ndarray
    log_other: np.ndarray
    next: np.ndarray
    next_p: np.ndarray
    context: np.ndarray


class IntentModel(Scoring, Saved):
    """What users do in a session, and where that ends: variable-order Markov chains, and of events
    a calibrated probability of the goal.

    >>> model = pmkt.IntentModel(order=2).fit_paths(
    ...     [["view", "cart"], ["view"], ["view", "view"]], bought=[True, False, False]
    ... )
    >>> bool(model.purchase_probability([["view", "cart"]])[0] > 0.5)
    True

    Fitted to events, the model also scores events, :meth:`score`: a logistic model of what the
    chains say, and of what is known of the user, the item and the hour, calibrated. purchase.h has
    the features. Models of paths, and merged ones, have chains alone.

    >>> ev = pmkt.Events(user=[1, 1, 1, 2], time=[0, 9000, 30_000, 0], kind_column=[
    ...     "view", "cart", "order", "view"])
    >>> pmkt.IntentModel().fit(ev).score(ev)["p_order"][2:3].tolist()
    [1.0]

    That 1 is no forecast: **rows that are the goal, or follow it in their session, have p_order
    1**. Leave them out of every mean and maximum, and of the test whether p_order is right, which
    looks at sessions that the model has not seen, whole ones::

        past = began < np.datetime64("2026-05-01")  # [rows] of when each event's session began
        model = pmkt.IntentModel().fit(events_of(past))
        scores = model.score(events, outcome=True)
        test = ~past & ~np.isnan(scores["outcome"])  # later, and before their session's goal
        y, p = scores["outcome"][test], scores["p_order"][test]
        pmkt.binary_metrics(y, p, groups=users[test], resamples=200)
        pmkt.plot.calibration_curve(pmkt.reliability(y, p))

    A path is a session so far: a list of kinds of events by name or number, or a text such as
    ``"view > cart"``. See intent.h for the chains, their smoothing, and how they are solved.

    With ``classes=["shoes", "bags"]`` a view of an event whose category is shoes is the action
    ``"view:shoes"``, also in paths; one of any other category stays ``"view"``.

    Args:
        order: actions that the next one depends on, 1 to 5.
        session_gap: idle for longer than this ends a session: ``"30m"`` or a timedelta.
        goal: the action that one hopes for.
        by_session: events with another ``session`` begin a session too.
        classes: to cross kinds with, as they stand in the column: texts or ids. The goal is not
            crossed. If no event has one of them, :meth:`fit` warns.
        class_by: the column of the events that says the class: ``"category"``, or one of
            :attr:`Events.extra` that has whole numbers.
        tz: the zone of hours and weekdays; None: UTC. A model from a file has all its options
            again, but of a zone the offsets, not the name.
        calibration: ``"platt"``, ``"isotonic"`` (for many thousands of buyers) or None, as of
            :class:`LogisticRegression`; likewise ``l2``.
        cart_within: the horizon of ``p_cart``: P(the user reaches the goal so soon after a cart).
            Durations have the units ms, s, m or min, h, d and w.
        learn_rows: events, about, that the logistic models learn from: whole users, drawn by a
            hash. Chains are of all users.
        threads: for every call, at most; 0 = as many as this process may use.
    """

    _file = "intent"  # of chains alone; else "purchase"
    _access: Access = Access("model")  # nobody ever writes: a fit makes a new model
    _fitted: Optional[Handle] = None
    _crossed = Classes()  # of what is fitted

    report: Optional[Report] = None
    """What became of the rows of the events of the last :meth:`fit`."""

    def __init__(
        self,
        order: int = 3,
        session_gap: HalfLife = "30m",
        *,
        goal: Action = "order",
        by_session: bool = False,
        classes: Optional[Iterable[Any]] = None,
        class_by: str = "category",
        tz: ZoneLike = None,
        calibration: Optional[str] = "platt",
        l2: float = 1.0,
        cart_within: HalfLife = "72h",
        learn_rows: int = 250_000,
        threads: int = 0,
    ) -> None:
        self.order, self.session_gap, self.goal = order, session_gap, goal
        self.by_session, self.threads = by_session, threads_of(threads)
        self.classes, self.class_by = classes, class_by
        self.tz, self.calibration, self.l2 = tz, calibration, l2
        self.cart_within, self.learn_rows = cart_within, learn_rows
        self.classes = self._options()[1].given
        self._learning()

    def _options(self) -> Tuple[pmkt_intent_options, Classes]:
        """The options, and the classes, whose array they borrow."""
        classes = Classes(self.classes)
        if not isinstance(self.class_by, str) or "\0" in self.class_by:
            raise errors.InvalidInput(f"class_by is {self.class_by!r}; expected a column's name")
        options = new(
            pmkt_intent_options,
            order=whole("order", self.order, 1, c.INTENT_MAX_ORDER),
            gap_ms=duration_ms("session_gap", self.session_gap),
            goal=classes.code(self.goal),
            by_session=1 if self.by_session else 0,
            classes=pointer(classes.ids),
            n_classes=len(classes.ids),
            class_column=None if self.class_by == "category" else self.class_by.encode(),
        )
        return options, classes

    def _hold(self, made: Any) -> None:
        """Owns what C has made: chains, or a model with chains."""
        if made._type_ is pmkt_purchase:
            self._scorer = Handle(made, lib.pmkt_purchase_release)
            self._fitted = chains_of(self._scorer)
        else:
            self._scorer, self._fitted = None, Handle(made, lib.pmkt_intent_release)

    def _own(self, made: Any, threads: int) -> None:
        self._hold(made)
        self.threads = threads_of(threads)
        self.tz, self.calibration, self.l2 = None, "platt", 1.0
        self.cart_within, self.learn_rows = "72h", 250_000
        self.by_session, self.class_by = False, "category"
        if self._scorer is not None:
            self._learned(self._scorer)
        self._crossed = Classes(self._class_ids().tolist())
        self.classes, info = self._crossed.given, self.info
        self.order, self.goal = info.order, info.goal
        self.session_gap = duration_text(info.session_gap_ms)

    @property
    def _handle(self) -> Handle:  # type: ignore[override]
        if self._fitted is None:
            raise errors.NotFitted("this IntentModel is not fitted yet; call fit first")
        return self._fitted

    @property
    def _threads(self) -> int:  # type: ignore[override]
        return self.threads

    # ---------------------------------------------------------------------------- fitting

    def fit(self, events: Events, *, progress: Progress = None) -> "IntentModel":
        """Fits the model to events, in any order, but that those of one user and time stand as
        their rows do: the chains, and what :meth:`score` needs, where some sessions reach the goal
        and some do not. Returns it."""
        batch, (options, classes), (learning, _zone) = (
            batch_of(events),
            self._options(),
            self._learning(),
        )
        made = ctypes.POINTER(pmkt_purchase)()
        how = ctypes.byref(options), ctypes.byref(learning)
        with Running(self.threads, progress, "fitting") as run:
            report = batch._deliver(
                lambda rows, place: call(
                    lib.pmkt_purchase_fit, rows, *how, run, place, ctypes.byref(made)
                )
            )
        self._hold(made)
        self.report, self._crossed = report, classes
        self._warn_of_classes()
        return self

    def fit_paths(
        self, paths: Any, bought: Any = None, dwell: Any = None, *, progress: Progress = None
    ) -> "IntentModel":
        """Fits the model to whole sessions. Returns it.

        Args:
            paths: one list of actions a session; it ends at its first action that is the goal.
            bought: [sessions] True: the goal follows the last action.
            dwell: times since the action before, lists as ``paths`` is, given as ``waited`` of
                :meth:`next`; None = unknown.
        """
        (options, classes), made = self._options(), ctypes.POINTER(pmkt_intent)()
        given = _Paths(paths, classes, dwell, bought)
        how, out = ctypes.byref(options), ctypes.byref(made)
        with Running(self.threads, progress, "fitting") as run:
            call(lib.pmkt_intent_fit_paths, given.pointer, how, run, out)
        self._hold(made)
        self.report, self._crossed = None, classes
        return self

    @classmethod
    def merge(
        cls, models: Sequence["IntentModel"], *, threads: int = 0, progress: Progress = None
    ) -> "IntentModel":
        """The chains of all that several have seen, the same as of a model fitted to all of it, if
        all events of a user went to one of them. They have the same options and classes. A merged
        model has chains alone."""
        handles = [model._handle for model in models]
        place = ctypes.POINTER(pmkt_intent)
        array = (place * max(1, len(handles)))(*[handle.pointer for handle in handles])
        made = place()
        with Running(threads, progress, "merging") as run:
            call(lib.pmkt_intent_merge, array, len(handles), run, ctypes.byref(made))
        self = cls.__new__(cls)
        self._own(made, threads)
        return self.name_classes(models[0]._crossed.given)

    def _saving(self, what: str) -> Tuple[Callable[..., int], Any]:
        if self._scorer is None:
            return super()._saving(what)
        return getattr(lib, f"pmkt_purchase_{what}"), self._scorer.pointer

    @classmethod
    def _made_by(cls: Type[_M], make: Callable[..., int], *arguments: Any, threads: int = 0) -> _M:
        try:
            return super()._made_by(make, *arguments, threads=threads)
        except errors.BadFormat as error:
            made = ctypes.POINTER(pmkt_purchase)()
            other = make.__name__.replace("pmkt_intent_", "pmkt_purchase_")
            try:
                call(getattr(lib, other), *arguments, ctypes.byref(made))
            except errors.BadFormat:
                raise error from None
        self = cls.__new__(cls)
        self._own(made, threads)
        return self

    @classmethod
    def load(
        cls: Type[_M],
        path: PathLike,
        *,
        map: bool = False,
        max_bytes: int = 0,
        threads: int = 0,
        progress: Progress = None,
    ) -> _M:
        """Reads a file that :meth:`save` wrote, of chains alone (``"intent"``) or of all
        (``"purchase"``). ``map`` is refused: answers are solved anew.

        Raises:
            FileError, BadFormat, Corrupt: as :meth:`RFM.load`.
        """
        if map:
            raise errors.InvalidInput("a model of intent cannot be mapped; load it")
        return super().load(path, max_bytes=max_bytes, threads=threads, progress=progress)

    def name_classes(self, classes: Optional[Iterable[Any]]) -> "IntentModel":
        """Gives a model from a file its classes as texts, for the file has only their ids.
        Returns the model.

        Raises:
            InvalidInput: they are not those of the model, in their order.
        """
        named = Classes(classes)
        if not np.array_equal(named.ids, self._class_ids()):
            raise errors.InvalidInput("these are not the classes of the model, in their order")
        self._crossed, self.classes = named, named.given
        return self

    def verify(self, progress: Progress = None) -> "IntentModel":
        """Nothing to do: what was loaded has been verified. Returns the model."""
        del progress
        return self

    # ------------------------------------------------------------------------------ facts

    @property
    def info(self) -> IntentInfo:
        """What the model is, and what it was fitted to."""
        facts = new(pmkt_intent_facts)
        call(lib.pmkt_intent_info, self._handle.pointer, ctypes.byref(facts))
        same = "order actions sessions buyers counted contexts transitions bytes residual classes"
        names = same.split()
        if self._scorer is not None:
            facts.bytes = self._bytes
        return IntentInfo(
            session_gap_ms=facts.gap_ms,
            goal=self._crossed.name(facts.goal),
            **{name: getattr(facts, name) for name in names},
        )

    @property
    def actions(self) -> List[Action]:
        """The actions that the model knows, by number."""
        return self._actions(self._handle)

    def _actions(self, handle: Handle) -> List[Action]:
        return [self._crossed.name(code) for code in action_codes(handle).tolist()]

    def _warn_of_classes(self) -> None:
        """Classes that nothing belongs to are most likely spelled otherwise in the events."""
        codes = action_codes(self._handle)
        if not self._crossed.given or not len(codes) or (codes >= c.INTENT_CLASS).any():
            return
        if ":" in str(self.goal) and self.info.buyers:
            return  # the goal has one
        names = ", ".join(self._crossed.names[:5]) + (
            ", ..." if len(self._crossed.names) > 5 else ""
        )
        warnings.warn(
            f"no event has one of the classes ({names}) in the column {self.class_by!r}: they are "
            "compared as they stand there, texts with texts and numbers with numbers",
            stacklevel=3,
        )

    def _class_ids(self) -> np.ndarray:
        handle, at, n = self._handle, ctypes.POINTER(ctypes.c_uint64)(), ctypes.c_int64()
        call(lib.pmkt_intent_classes, handle.pointer, ctypes.byref(at), ctypes.byref(n))
        return borrow(at, (n.value,), np.uint64, handle)

    def transitions(self) -> Table:
        """Every single step that was seen: from, to, count, buyers, probability, median_ms."""
        handle = self._handle
        facts = new(pmkt_intent_facts)
        call(lib.pmkt_intent_info, handle.pointer, ctypes.byref(facts))
        n = facts.transitions
        codes = {name: np.empty(n, np.uint32) for name in ("from", "to")}
        counts = {name: np.empty(n, np.int64) for name in ("count", "buyers")}
        reals = {name: np.empty(n, np.float64) for name in ("probability", "median_ms")}
        every = {**codes, **counts, **reals}
        table = new(pmkt_intent_table, room=n)
        for name, array in every.items():
            setattr(table, name, pointer(array))
        call(lib.pmkt_intent_transitions, handle.pointer, ctypes.byref(table))
        named = {name: self._crossed.all_names(array) for name, array in codes.items()}
        return Table(
            {**named, **counts, **reals},
            {
                "from": str,
                "to": str,
                "count": "{:,}".format,
                "buyers": "{:,}".format,
                "probability": percent,
                "median_ms": "{:,.0f}".format,
            },
        )

    # -------------------------------------------------------------------------- questions

    def _asked(self, given: _Paths, wanted: Dict[str, np.ndarray]) -> None:
        out = new(pmkt_intent_answers)
        for name, array in wanted.items():
            setattr(out, name, pointer(array))
        with Running(self.threads, None, "asking") as run:
            handle = self._handle
            call(lib.pmkt_intent_ask, handle.pointer, given.pointer, run, ctypes.byref(out))

    def _one(self, paths: Any, what: str) -> np.ndarray:
        given = _Paths(paths, self._crossed)
        array = np.empty(given.n, np.float64)
        self._asked(given, {what: array})
        return array

    def purchase_probability(self, paths: Any) -> np.ndarray:
        """[paths] P(the session reaches the goal), given what it holds so far, by the chain of
        actions itself: solved exactly, but not calibrated, and blind to all but the actions. The
        probability to act upon is that of :meth:`score`."""
        return self._one(paths, "goal")

    def expected_steps(self, paths: Any) -> np.ndarray:
        """[paths] mean actions until the goal, the goal too, of those who reach it."""
        return self._one(paths, "steps")

    def expected_time(self, paths: Any) -> np.ndarray:
        """[paths] mean milliseconds until the goal of those who reach it; NaN without times."""
        return self._one(paths, "time_ms")

    def ask(self, paths: Any) -> IntentAnswers:
        """All answers about paths at once."""
        given = _Paths(paths, self._crossed)
        shapes = {"next": (given.n, c.INTENT_TOP), "next_p": (given.n, c.INTENT_TOP)}
        types = {"next": np.uint32, "context": np.int32}
        wanted = {
            name: np.empty(shapes.get(name, (given.n,)), types.get(name, np.float64))
            for name in IntentAnswers._fields
        }
        self._asked(given, wanted)
        return IntentAnswers(**{**wanted, "next": self._crossed.all_names(wanted["next"])})

    def next(self, paths: Any, waited: Any = None) -> Table:
        """What comes next after each path: a column for each action, then LEAVE and GOAL.

        Args:
            waited: [paths], or one for all: how long nothing has happened since the last action:
                ``"5m"``, a timedelta, or a number of milliseconds; None: nobody waited.
        """
        given, handle = _Paths(paths, self._crossed), self._handle
        columns = [*self._actions(handle), "LEAVE", "GOAL"]
        p = np.empty((given.n, len(columns)), np.float64)
        idle = None if waited is None else waits_ms("waited", waited, given.n)
        with Running(self.threads, None, "asking") as run:
            where = (handle.pointer, given.pointer, None if idle is None else pointer(idle))
            call(lib.pmkt_intent_next, *where, run, pointer(p))
        names = [str(name) for name in columns]
        return Table(
            {name: p[:, k] for k, name in enumerate(names)}, {name: percent for name in names}
        )

    def explain(self, path: Any) -> Table:
        """What each step of one path says for (above 0) or against the goal: the logarithm of how
        much likelier the step is in the chain of buyers."""
        given = _Paths([path], self._crossed)
        odds = np.empty(len(given.action), np.float64)
        with Running(self.threads, None, "asking") as run:
            handle = self._handle
            call(lib.pmkt_intent_explain, handle.pointer, given.pointer, run, pointer(odds))
        return Table(
            {"action": self._crossed.all_names(given.action), "log_odds": odds},
            {"action": str, "log_odds": "{:+.3f}".format},
        )

    def __repr__(self) -> str:
        if self._fitted is None:
            return f"IntentModel(order={self.order}), not fitted"
        info = self.info
        text = (
            f"IntentModel(order={info.order}): {info.sessions:,} sessions, {info.buyers:,} with "
            f"the goal, {info.actions} actions, {info.contexts:,} contexts"
        )
        if self._scorer is None:
            text += "; chains alone"
        elif not self.calibrated:
            text += f"; without a probability, for {self._why_no_session()}"
        return text
