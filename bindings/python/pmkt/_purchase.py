"""Will they buy, now: a calibrated probability at every event."""

from __future__ import annotations

import ctypes
import re
from typing import TYPE_CHECKING, Any, Callable, Dict, List, NamedTuple, Optional, Tuple, Union

import numpy as np

from . import _constants as c
from . import errors
from ._durations import HalfLife, duration_ms, duration_text
from ._events import Events
from ._intent_actions import Classes, action_codes
from ._library import Handle, call, lib, pointer
from ._logistic import (
    LogisticInfo,
    calibration_name,
    calibration_of,
    coefficient_table,
    logistic_info,
    penalty,
)
from ._options import choice
from ._run import Running, whole
from ._structs import (
    new,
    pmkt_intent_facts,
    pmkt_intent_options,
    pmkt_purchase_facts,
    pmkt_purchase_options,
    pmkt_purchase_scores,
)
from ._table import Table
from ._zones import Zone, ZoneLike, make_zone

if TYPE_CHECKING:
    from ._tracker import Tracker
    from ._tracker_names import RulesLike

_PARTS = {"session": c.PURCHASE_SESSION, "cart": c.PURCHASE_CART}


def batch_of(events: Any) -> Events:
    """The argument of that name."""
    if isinstance(events, Events):
        return events
    raise errors.InvalidInput(
        f"expected Events, not {type(events).__name__}; see Events.from_frame"
    )


class Explained(NamedTuple):
    """Why scores are what they are.

    What a feature adds is relative to its mean over the events that the model learned from: 0 says
    that it is as usual, not that it does not matter.

    Attributes:
        features: [features] their names.
        value: [rows, features] what each feature was.
        log_odds: [rows, features + 1] what each adds to the log-odds; last the intercept.
    """

    features: List[str]
    value: np.ndarray
    log_odds: np.ndarray

    def to_pandas(self) -> Any:
        """A DataFrame, a row a row; ``frame["value"]`` and ``frame["log_odds"]`` have a column a
        feature, the latter also ``"intercept"``."""
        import pandas

        names = [("value", name) for name in self.features]
        names += [("log_odds", name) for name in (*self.features, "intercept")]
        columns = pandas.MultiIndex.from_tuples(names, names=[None, "feature"])
        return pandas.DataFrame(np.hstack([self.value, self.log_odds]), columns=columns)

    def __repr__(self) -> str:
        return f"Explained({len(self.value):,} rows, {len(self.features)} features)"


class Scoring:
    """What an :class:`IntentModel` that was fitted to events can do, beside its chains."""

    tz: Union[ZoneLike, Zone]
    calibration: Optional[str]
    l2: float
    cart_within: HalfLife
    learn_rows: int
    by_session: bool
    class_by: str
    threads: int

    _fitted: Optional[Handle]
    _crossed: Classes
    _scorer: Optional[Handle] = None  # of a pmkt_purchase

    def _learning(self) -> Tuple[pmkt_purchase_options, Zone]:
        """The options, and the zone that they borrow."""
        zone = self.tz if isinstance(self.tz, Zone) else make_zone(self.tz)
        options = new(
            pmkt_purchase_options,
            calibration=calibration_of(self.calibration),
            l2=penalty(self.l2),
            rows=whole("learn_rows", self.learn_rows, 1, 2**62),
            cart_ms=duration_ms("cart_within", self.cart_within),
        )
        options.zone = ctypes.pointer(zone.struct)
        return options, zone

    def _learned(self, scorer: Handle) -> None:
        """Takes over what a model from a file was fitted with."""
        options, chains = _settings(scorer)
        self.calibration, self.l2 = calibration_name(options.calibration), options.l2
        self.cart_within, self.learn_rows = duration_text(options.cart_ms), options.rows
        self.tz = Zone.of_struct(options.zone.contents)
        self.by_session = bool(chains.by_session)
        self.class_by = chains.class_column.decode() if chains.class_column else "category"

    @property
    def _scoring(self) -> Handle:
        if self._scorer is not None:
            return self._scorer
        if self._fitted is None:
            raise errors.NotFitted("this IntentModel is not fitted yet; call fit first")
        raise errors.NotFitted(
            "this IntentModel has chains alone: it was fitted to paths, or merged, or comes from a "
            "file of such a model; fit it to events to score events"
        )

    def _part(self, which: str) -> Tuple[Handle, int, Any]:
        """The model, the number of one of its two parts, and the part."""
        scorer, code = self._scoring, choice("which", which, _PARTS)
        part = lib.pmkt_purchase_logistic(scorer.pointer, code)
        if part:
            return scorer, code, part
        few = (
            self._why_no_session()
            if code == c.PURCHASE_SESSION
            else "there were too few carts of which it is known what came of them"
        )
        raise errors.NotFitted(f"the model has no part {which!r}: {few}")

    def _why_no_session(self) -> str:
        facts = new(pmkt_intent_facts)
        call(lib.pmkt_intent_info, chains_of(self._scoring).pointer, ctypes.byref(facts))
        if not facts.buyers or facts.buyers == facts.sessions:
            which = "every" if facts.buyers else "no"
            return f"{which} session reaches the goal"
        return (
            "in the sample that it learned from no session, or every one, reaches the goal after "
            f"another action (learn_rows is {_settings(self._scoring)[0].rows:,})"
        )

    # ------------------------------------------------------------------------------ facts

    @property
    def _bytes(self) -> int:
        return int(_facts(self._scoring).bytes)

    @property
    def calibrated(self) -> bool:
        """Whether :meth:`score` has a probability of the goal: the model was fitted to events, of
        whose sessions some reach the goal, and some do not."""
        if self._scorer is None:
            return False
        return bool(lib.pmkt_purchase_logistic(self._scorer.pointer, c.PURCHASE_SESSION))

    @property
    def features(self) -> List[str]:
        """The names of the features that :meth:`score` looks at; purchase.h says what they are."""
        scorer = self._scoring
        count = _facts(scorer).features
        names = [lib.pmkt_purchase_feature(scorer.pointer, i).decode() for i in range(count)]
        return [self._with_class(name) for name in names]

    def _with_class(self, feature: str) -> str:
        """ "count:view:2" with the name of the second class."""
        crossed = re.fullmatch(r"(count:[^:]+):(\d+)", feature)
        if not crossed:
            return feature
        return f"{crossed[1]}:{self._crossed.names[int(crossed[2]) - 1]}"

    def learned(self, which: str = "session") -> LogisticInfo:
        """What the logistic model of ``"session"`` or ``"cart"`` is, and was fitted to."""
        return logistic_info(self._part(which)[2])

    def coefficients(self, which: str = "session") -> Table:
        """Feature, coefficient (log-odds a unit, before calibration), standard_error (clustered by
        user), mean and deviation of the feature; the last row is the intercept.

        Features that go together share what they say, in whatever way fits best: a coefficient is
        what one adds while all others stay, and no cause.

        Args:
            which: the model of ``"session"`` or ``"cart"``.
        """
        part = self._part(which)[2]
        return coefficient_table(part, self.features)

    # -------------------------------------------------------------------------------- live

    def tracker(self, capacity: int = 0, rules: RulesLike = None, **options: Any) -> "Tracker":
        """A :class:`Tracker` of this model, as it is now: the live state of each user.

        Args:
            capacity: users for whom memory is taken at once.
            rules: beside the model: :class:`Rules`, or a text; None: the built-in ones; False:
                none.
            options: as of :class:`Tracker`.
        """
        from ._tracker import Tracker

        return Tracker(self, rules, capacity=capacity, **options)

    # ------------------------------------------------------------------------------ scores

    def score(self, events: Events, *, next: bool = True, outcome: bool = False) -> Table:
        """What is likely to come, at every event: a row an event, in the order of the batch.

        A probability looks at the user's events of the batch up to its own (those of one user and
        time stand as their rows do), so give their history with them: as much as the fit saw,
        neither more nor less, for counts of sessions and orders grow with it.

        **An event that is the goal, or follows it in its session, is past it: p_order 1**, time 0,
        no next action. Leave these out of every mean, maximum and test. A bad row has NaN; and so
        has all of p_order if the model is not :attr:`calibrated`.

        Args:
            next: False leaves out the next actions, which take most of the time.
            outcome: True adds what came of it, by this batch.

        The columns: ``p_order``, the calibrated probability that the goal comes later in the
        session; ``p_cart``, of carts, that the user reaches the goal within ``cart_within``, else
        NaN; ``time_ms``, the mean time until the goal of those who reach it; ``next``, ``next_2``
        and ``next_3``, the likeliest next actions or ends, and ``next_p``, ``next_2_p`` and
        ``next_3_p``, their probabilities; ``outcome``, 1 if the goal comes later in the session, 0
        if not, NaN of rows that are past it, or bad: what to judge p_order by.
        """
        scorer, batch = self._scoring, batch_of(events)
        rows = len(batch)
        reals = {name: np.empty(rows, np.float64) for name in ("p_order", "p_cart", "time_ms")}
        out = new(
            pmkt_purchase_scores,
            p_cart=pointer(reals["p_cart"]),
            time_ms=pointer(reals["time_ms"]),
        )
        if self.calibrated:
            out.p_goal = pointer(reals["p_order"])
        else:
            reals["p_order"].fill(np.nan)
        shape = (rows if next else 0, c.INTENT_TOP)
        codes, chances = np.empty(shape, np.uint32), np.empty(shape, np.float64)
        if next:
            out.next, out.next_p = pointer(codes), pointer(chances)
        came = np.empty(rows if outcome else 0, np.float64)
        if outcome:
            out.outcome = pointer(came)
        place = ctypes.byref(out)
        with Running(self.threads, None, "scoring") as run:
            batch._deliver(
                lambda given, report: call(
                    lib.pmkt_purchase_score, scorer.pointer, given, run, report, place
                )
            )
        data: Dict[str, np.ndarray] = dict(reals)
        shown: Dict[str, Callable[[Any], str]] = {
            "p_order": lambda p: _known(p, ".2%"),
            "p_cart": lambda p: _known(p, ".2%"),
            "time_ms": lambda ms: _known(ms, ",.0f"),
        }
        chains = chains_of(scorer)
        names = self._crossed.all_names(codes, action_codes(chains))
        for k, name in enumerate(("next", "next_2", "next_3") if next else ()):
            data[name], data[f"{name}_p"] = names[:, k], chances[:, k]
            shown.update({name: str, f"{name}_p": "{:.1%}".format})
        if outcome:
            data["outcome"], shown["outcome"] = came, lambda y: _known(y, ".0f")
        return Table(data, shown)

    def explain_events(
        self, events: Events, rows: Any = None, *, which: str = "session"
    ) -> Explained:
        """Why events have the scores that they have.

        The log-odds of a row sum to ln p / (1 - p), before an isotonic curve. Each is relative to
        the mean of its feature: coefficient times (value - mean). Rows at and past the goal, and
        bad ones, have NaN.

        Args:
            rows: [n] which of the batch, from 0; None: all.
            which: of ``"session"``, or ``"cart"`` (of any event, as if it were a cart).
        """
        (scorer, code, _), batch = self._part(which), batch_of(events)
        chosen = None
        if rows is not None:
            chosen = np.asarray(rows)
            if chosen.ndim != 1 or chosen.dtype.kind not in "iu" and chosen.size:
                raise errors.InvalidInput("rows is not a list of whole numbers")
            chosen = np.require(chosen, np.int64, ["C", "A"])
        n, features = len(batch) if chosen is None else len(chosen), self.features
        value = np.empty((n, len(features)), np.float64)
        log_odds = np.empty((n, len(features) + 1), np.float64)
        where = None if chosen is None else pointer(chosen)
        with Running(self.threads, None, "explaining") as run:
            given = scorer.pointer, code, ctypes.byref(batch._struct), where, n, run
            call(lib.pmkt_purchase_explain, *given, pointer(value), pointer(log_odds))
        return Explained(features, value, log_odds)

    def explain_event(self, events: Events, row: int, *, which: str = "session") -> Table:
        """The same of one event: feature, value, log_odds; the last row is the intercept.

        Raises:
            InvalidInput: the row has no probability to explain: it is the goal, or comes after it
                in its session, or is bad.
        """
        batch = batch_of(events)
        one = whole("row", row, 0, max(len(batch) - 1, 0))
        found = self.explain_events(batch, [one], which=which)
        if np.isnan(found.log_odds[0, -1]):
            raise errors.InvalidInput(
                f"row {one} is the goal, or comes after it in its session, or is a bad row: there "
                "is no probability to explain",
                where=one,
                where_kind="row",
            )
        return Table(
            {
                "feature": np.array([*found.features, "intercept"], object),
                "value": np.append(found.value[0], 1.0),
                "log_odds": found.log_odds[0],
            },
            {"feature": str, "value": "{:.4g}".format, "log_odds": "{:+.3f}".format},
        )


def chains_of(scorer: Handle) -> Handle:
    """The chains of a pmkt_purchase, owned on their own."""
    chains = lib.pmkt_purchase_chains(scorer.pointer)
    return Handle(lib.pmkt_intent_retain(chains), lib.pmkt_intent_release)


def _known(value: float, form: str) -> str:
    return "-" if np.isnan(value) else format(value, form)


def _settings(scorer: Handle) -> Tuple[pmkt_purchase_options, pmkt_intent_options]:
    """What a model was fitted with, borrowed from it."""
    options, chains = new(pmkt_purchase_options), new(pmkt_intent_options)
    places = ctypes.byref(options), ctypes.byref(chains)
    call(lib.pmkt_purchase_settings, scorer.pointer, *places)
    return options, chains


def _facts(scorer: Handle) -> pmkt_purchase_facts:
    facts = new(pmkt_purchase_facts)
    call(lib.pmkt_purchase_info, scorer.pointer, ctypes.byref(facts))
    return facts
