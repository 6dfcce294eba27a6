"""The semantics of rfm.h once more: slow, in exact arithmetic, and written from the header alone.

Where the header leaves something open, the choice made here says "reading:".
"""

from __future__ import annotations

from dataclasses import dataclass, field
from fractions import Fraction
from typing import Callable, Dict, List, Optional, Tuple

from pmkt import _constants as c

INTERESTED = {c.KIND_FAVORITE, c.KIND_FOLLOW, c.KIND_CART, c.KIND_CHECKOUT}
BACK = {c.KIND_REFUND, c.KIND_CANCEL}
NOT_AWARE = INTERESTED | BACK | {c.KIND_ORDER, c.KIND_REGISTER}

Row = Tuple[int, int, int, int, Optional[int]]
"""user (0: none), time, kind, order id (0: none), amount in minor units (None: none)"""

DAY_MS = 86_400_000


@dataclass
class Fact:
    """An accepted row. ``order`` is a key that is unique to the order."""

    time: int
    kind: int
    order: object
    amount: Optional[int]


@dataclass
class Customer:
    """What the columns of scores say about one user, in exact numbers."""

    recency_days: int = -1
    orders: int = 0
    revenue: int = 0
    tenure_days: int = 0
    frequency: Fraction = Fraction(0)  # orders per month
    has_aware: bool = False
    has_interest: bool = False
    has_bought: bool = False  # an order, a refund or a cancellation was seen, counted or not
    is_registered: bool = False
    tier_spend: int = 0
    is_tier_known: bool = True
    is_segment_open: bool = False
    r: int = 0
    f: int = 0
    m: int = 0
    segment: int = 0
    activity: int = 0
    lifecycle: int = 0
    brand_stage: int = 0
    tier: int = 0
    to_next_tier: int = 0
    flags: int = 0

    @property
    def average(self) -> Fraction:
        return Fraction(self.revenue, self.orders) if self.orders else Fraction(0)


DEFAULTS = {
    "bins": 5,
    "collapse": "strict",
    "frequency": None,
    "monetary": None,
    "active_days": 30,
    "dormant_days": 90,
    "f_high": 3.0,
    "f_low": 1.0,
    "m_high": 20_000,
    "m_low": 5_000,
    "month_days": 30,
    "f_window_days": 0,
    "growth_days": 7,
    "mature_days": 90,
    "churn_days": 180,
    "at_risk_days": 90,
    "loyal_orders": 2,
    "tier_days": 365,
    "tiers": [("silver", 0), ("gold", 500_000)],
    "segments": None,
    "previous": None,
}


@dataclass
class State:
    """A state of rfm.h.

    Args:
        day: the calendar day of an instant.
    """

    day: Callable[[int], int]
    summary: bool = False
    unpriced: bool = False
    facts: Dict[int, List[Fact]] = field(default_factory=dict)
    tombstones: Dict[int, int] = field(default_factory=dict)
    last_event: Optional[int] = None
    calls: int = 0

    # ------------------------------------------------------------------------- changing

    def add(self, rows: List[Row]) -> Tuple[int, int, int]:
        """One call; returns how many rows were accepted, rejected, ignored."""
        self.calls += 1
        counts = [0, 0, 0]
        previous: object = None
        for position, (user, time, kind, order, amount) in enumerate(rows):
            group: object = (self.calls, position)
            if self.is_bad(user, time, kind, order, amount):
                counts[1] += 1
                continue
            if time < self.tombstones.get(user, c.TIME_MIN):
                counts[2] += 1
                continue
            counts[0] += 1
            if order and not self.summary:
                group = order
            elif order and kind == c.KIND_ORDER:
                # reading: rows that are rejected or ignored do not part two neighbors.
                if previous is not None and previous[:2] == (user, order):
                    group = previous[2]
            previous = (user, order, group) if kind == c.KIND_ORDER and order else None
            if kind in BACK and amount is not None:
                amount = abs(amount)
            key = group if kind == c.KIND_ORDER or order else None
            self.facts.setdefault(user, []).append(Fact(time, kind, key, amount))
            self.last_event = time if self.last_event is None else max(self.last_event, time)
        return counts[0], counts[1], counts[2]

    def is_bad(self, user: int, time: int, kind: int, order: int, amount: Optional[int]) -> bool:
        if user == 0 or not c.TIME_MIN <= time < c.TIME_MAX or kind == 0:
            return True
        if amount is not None and abs(amount) > c.AMOUNT_MAX:
            return True
        if amount is not None and amount < 0 and kind not in BACK:
            return True
        if self.unpriced:
            return kind in BACK and not order and not self.summary
        if kind in (c.KIND_ORDER, c.KIND_REFUND):
            return amount is None
        return kind == c.KIND_CANCEL and amount is None and (self.summary or not order)

    def merge(self, other: "State") -> None:
        theirs = {user: list(facts) for user, facts in other.facts.items()}
        for user, when in other.tombstones.items():
            self._forget_one(self.facts, user, when)
        for user, when in self.tombstones.items():
            self._forget_one(theirs, user, when)
        for user, when in other.tombstones.items():
            self.tombstones[user] = max(when, self.tombstones.get(user, when))
        self.calls += 1
        for user, facts in theirs.items():
            mine = self.facts.setdefault(user, [])
            for fact in facts:
                own = isinstance(fact.order, tuple)  # unique in the other, so to be kept apart
                key = (self.calls, fact.order) if own else fact.order
                mine.append(Fact(fact.time, fact.kind, key, fact.amount))
        if other.last_event is not None:
            self.last_event = max(other.last_event, self.last_event or other.last_event)

    def forget(self, users: List[int], when: int) -> int:
        found = 0
        for user in sorted(set(users) - {0}):
            before = len(self.facts.get(user, []))
            self._forget_one(self.facts, user, when)
            found += len(self.facts.get(user, [])) < before
            self.tombstones[user] = max(when, self.tombstones.get(user, when))
        return found

    def _forget_one(self, facts: Dict[int, List[Fact]], user: int, when: int) -> None:
        known = facts.get(user)
        if not known or min(fact.time for fact in known) >= when:
            return
        first: Dict[object, int] = {}
        for fact in known:
            for sort in self._sorts(fact):
                first[sort] = min(fact.time, first.get(sort, fact.time))
        kept = [
            fact
            for fact in known
            if first[self._sorts(fact)[0]] >= when
            and first.get(("order", fact.order), when) >= when  # a refund goes with its order
        ]
        if kept:
            facts[user] = kept
        else:
            del facts[user]

    def _sorts(self, fact: Fact) -> List[object]:
        """
        What a fact is known by the first of, and so forgotten with: the lines of an order, the
        whole cancellations of an order, all interest, all awareness; interest is awareness as well.
        A refund stands alone.
        """
        if fact.kind == c.KIND_REGISTER:
            return ["registered"]
        if self.summary:
            # reading: "all sums" are one with whatever else is known of the user.
            return ["sums"]
        if fact.kind == c.KIND_ORDER:
            return [("order", fact.order)]
        if fact.kind in BACK:
            whole = self.unpriced or fact.amount is None
            return [("whole", fact.order) if whole else ("back", id(fact))]
        return ["interested", "aware"] if fact.kind in INTERESTED else ["aware"]

    # ------------------------------------------------------------------------- scoring

    def score(self, as_of: int, scheme: str = "threshold", **given: object) -> Dict[int, Customer]:
        options = {**DEFAULTS, **given}
        customers = {}
        for user, facts in self.facts.items():
            if min(fact.time for fact in facts) < as_of:
                customers[user] = self._customer(facts, as_of, options)
        observed = any(one.has_aware or one.has_interest for one in customers.values())
        for one in customers.values():
            self._stages(one, observed, options)
        if scheme == "threshold":
            threshold(customers, options)
        else:
            quantile(customers, options)
        return customers

    def _orders(
        self, facts: List[Fact], as_of: int
    ) -> Tuple[List[Tuple[int, int, bool]], List[Tuple[int, int]]]:
        """([(time, worth, counted) of each order], [(time, amount) that was given back])."""
        groups: Dict[object, List[Fact]] = {}
        for fact in facts:
            if fact.kind == c.KIND_ORDER:
                groups.setdefault(fact.order, []).append(fact)
        orders, back = [], []
        paid_out: Dict[int, int] = {}  # by id(fact): what a refund pays of an earlier cancellation
        for key, lines in groups.items():
            time = min(line.time for line in lines)
            if time >= as_of:
                continue
            # reading: an order happens, whole, at its earliest line, whenever its lines were.
            worth = sum(line.amount or 0 for line in lines)
            taken = [
                fact
                for fact in facts
                if fact.kind in BACK and fact.order == key and fact.time < as_of
            ]
            if self.summary:
                taken = []
            if self.unpriced:
                orders.append((time, 0, not taken))
                continue
            given = sum(fact.amount or 0 for fact in taken)
            wholes = [fact.time for fact in taken if fact.amount is None]
            counted = not wholes and worth - given > 0
            if wholes:
                # A whole cancellation takes what refunds before it have left of the order; refunds
                # after it pay that out, and only what they give beyond it lowers the spend again.
                at = min(wholes)
                amounts = [fact for fact in taken if fact.amount is not None]
                owed = max(0, worth - sum(f.amount for f in amounts if f.time <= at))
                back.append((at, owed))
                late = (f for f in amounts if f.time > at)
                for fact in sorted(late, key=lambda f: f.time):
                    paid_out[id(fact)] = min(owed, fact.amount)
                    owed -= paid_out[id(fact)]
            orders.append((time, worth, counted))
        if not self.unpriced:
            back += [
                (fact.time, fact.amount - paid_out.get(id(fact), 0))
                for fact in facts
                if fact.kind in BACK and fact.amount is not None and fact.time < as_of
            ]
        return orders, back

    def _customer(self, facts: List[Fact], as_of: int, options: Dict[str, object]) -> Customer:
        one = Customer()
        today = self.day(as_of)
        seen = [fact for fact in facts if fact.time < as_of]
        registered = [fact.time for fact in seen if fact.kind == c.KIND_REGISTER]
        one.is_registered = bool(registered)
        one.tenure_days = today - self.day(
            min(registered) if registered else min(fact.time for fact in seen)
        )
        one.has_aware = any(fact.kind not in NOT_AWARE for fact in seen)
        one.has_interest = any(fact.kind in INTERESTED for fact in seen)
        orders, back = self._orders(facts, as_of)
        one.has_bought = any(fact.kind == c.KIND_ORDER or fact.kind in BACK for fact in seen)
        counted = [time for time, _, is_counted in orders if is_counted]
        one.revenue = sum(worth for _, worth, _ in orders) - sum(amount for _, amount in back)
        if counted:
            one.orders = len(counted)
            one.recency_days = today - self.day(max(counted))
            one.frequency = self._frequency(counted, one, today, options)
        tier_days = options["tier_days"]
        if self.summary:
            one.tier_spend = one.revenue
            if counted:
                one.is_tier_known = today - self.day(min(counted)) <= tier_days
        else:
            one.tier_spend = sum(
                worth for time, worth, _ in orders if today - self.day(time) <= tier_days
            ) - sum(amount for time, amount in back if today - self.day(time) <= tier_days)
        return one

    def _frequency(
        self, counted: List[int], one: Customer, today: int, options: Dict[str, object]
    ) -> Fraction:
        days = self.day(max(counted)) - self.day(min(counted))
        number, window = len(counted), options["f_window_days"]
        if window:
            number = sum(today - self.day(time) <= window for time in counted)
            # Orders may be older than the registration that the age counts from.
            days = min(window, max(one.tenure_days, today - self.day(min(counted))))
        return number / max(Fraction(1), Fraction(days, options["month_days"]))

    def _stages(self, one: Customer, observed: bool, options: Dict[str, object]) -> None:
        idle = one.recency_days if one.orders else one.tenure_days
        if idle >= options["churn_days"]:
            one.lifecycle = c.RFM_CHURNED
        elif one.tenure_days >= options["mature_days"]:
            one.lifecycle = c.RFM_MATURE
        elif one.tenure_days >= options["growth_days"]:
            one.lifecycle = c.RFM_GROWTH
        else:
            one.lifecycle = c.RFM_NEW
        one.flags = (
            (0 if one.orders else c.RFM_FLAG_PROSPECT)
            | (c.RFM_FLAG_REGISTERED if one.is_registered else 0)
            | (c.RFM_FLAG_AT_RISK if options["at_risk_days"] <= idle < options["churn_days"] else 0)
        )
        if one.orders:
            loyal = one.orders >= options["loyal_orders"] and one.lifecycle != c.RFM_CHURNED
            one.brand_stage = c.RFM_LOYAL if loyal else c.RFM_BUYER
        elif one.has_interest:
            one.brand_stage = c.RFM_INTERESTED
        elif one.has_aware or (observed and one.has_bought):
            # reading: without an order, and with no behavior of anybody seen, it is NOT_OBSERVED
            # even of one who gave all back.
            one.brand_stage = c.RFM_AWARE
        else:
            one.brand_stage = c.RFM_UNAWARE if observed else c.RFM_NOT_OBSERVED
        one.activity = r_band(one, options)
        bounds = [bound for _, bound in options["tiers"]]
        if not one.is_tier_known:
            one.tier = c.RFM_TIER_UNKNOWN
            return
        one.tier = max([0] + [i for i, bound in enumerate(bounds) if one.tier_spend >= bound])
        if one.tier + 1 < len(bounds):
            one.to_next_tier = bounds[one.tier + 1] - one.tier_spend


def r_band(one: Customer, options: Dict[str, object]) -> int:
    if not one.orders:
        return c.RFM_BAND_NONE
    if one.recency_days <= options["active_days"]:
        return c.RFM_BAND_HIGH
    return c.RFM_BAND_LOW if one.recency_days >= options["dormant_days"] else c.RFM_BAND_MIDDLE


def band(value: Fraction, high: object, low: object) -> int:
    if value >= Fraction(high):
        return c.RFM_BAND_HIGH
    return c.RFM_BAND_LOW if value <= Fraction(low) else c.RFM_BAND_MIDDLE


def axes(
    one: Customer, scheme: str, options: Dict[str, object], exact: bool = False
) -> Tuple[Fraction, ...]:
    """
    R, F and M of a buyer, each so that more is better.

    reading: where customers are compared with one another (quantiles, mean, median) and not with a
    bound, the average order is the one that the column shows, in whole minor units.
    """
    per_month = options["frequency"] or ("per_month" if scheme == "threshold" else "orders")
    monetary = options["monetary"] or ("average" if scheme == "threshold" else "revenue")
    average = one.average if exact else Fraction(half_away(one.average))
    return (
        Fraction(-one.recency_days),
        one.frequency if per_month == "per_month" else Fraction(one.orders),
        average if monetary == "average" else Fraction(one.revenue),
    )


def threshold(customers: Dict[int, Customer], options: Dict[str, object]) -> None:
    buyers = {user: one for user, one in customers.items() if one.orders}
    values = {user: axes(one, "threshold", options) for user, one in buyers.items()}
    for one in buyers.values():
        one.r = r_band(one, options)
        _, frequency, monetary = axes(one, "threshold", options, exact=True)
        one.f = band(frequency, options["f_high"], options["f_low"])
        one.m = band(monetary, options["m_high"], options["m_low"])
    for user, one in customers.items():
        if not one.orders:
            one.segment = c.RFM_NO_ORDER
            continue
        highs = [is_high(axis, user, one, values, options) for axis in range(3)]
        one.segment = sum(weight for weight, high in zip((4, 2, 1), highs) if not high)


def is_high(
    axis: int,
    user: int,
    one: Customer,
    values: Dict[int, Tuple[Fraction, ...]],
    options: Dict[str, object],
) -> bool:
    of_band = (one.r, one.f, one.m)[axis]
    policy = options["collapse"]
    column = sorted(value[axis] for value in values.values())
    if policy == "middle_high":
        return of_band >= c.RFM_BAND_MIDDLE
    if policy == "mean":
        mean = sum(column) / len(column)
        # F counts in steps of 2^-32 here; so near to the mean either answer is right.
        one.is_segment_open |= axis == 1 and abs(values[user][axis] - mean) < Fraction(1, 2**31)
        return values[user][axis] >= mean
    if policy == "median":
        middle = (column[(len(column) - 1) // 2] + column[len(column) // 2]) / 2
        return values[user][axis] >= middle
    if policy == "hysteresis" and of_band == c.RFM_BAND_MIDDLE:
        earlier = (options["previous"] or {}).get(user, c.RFM_NO_ORDER)
        return earlier != c.RFM_NO_ORDER and not earlier & (4, 2, 1)[axis]
    return of_band == c.RFM_BAND_HIGH


def quantile(customers: Dict[int, Customer], options: Dict[str, object]) -> None:
    buyers = [one for one in customers.values() if one.orders]
    values = [axes(one, "quantile", options) for one in buyers]
    table = options["segments"] or []
    for one in customers.values():
        one.segment = len(table) + 1
    for one, mine in zip(buyers, values):
        scores = []
        for axis in range(3):
            worse = sum(other[axis] < mine[axis] for other in values)
            scores.append(1 + options["bins"] * worse // len(buyers))
        one.r, one.f, one.m = scores
        fits = [
            number
            for number, (_, *ranges) in enumerate(table)
            if all(lo <= score <= (hi or score) for score, (lo, hi) in zip(scores, ranges))
        ]
        one.segment = fits[0] if fits else len(table)


def half_away(value: Fraction) -> int:
    """Rounded half away from zero."""
    size = (abs(value) * 2 + 1) // 2
    return int(size if value >= 0 else -size)
