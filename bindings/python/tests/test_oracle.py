"""Thousands of small random histories, scored by the library and by the oracle."""

from __future__ import annotations

import random
from dataclasses import dataclass
from datetime import datetime, timedelta, timezone
from typing import Any, Callable, Dict, List, Optional, Tuple
from zoneinfo import ZoneInfo

import numpy as np
import oracle
import pytest
from oracle import DAY_MS, Row

import pmkt
from pmkt import _constants as c

EPOCH = datetime(1970, 1, 1, tzinfo=timezone.utc)
START = int((datetime(2024, 3, 1, tzinfo=timezone.utc) - EPOCH).total_seconds()) * 1000
DAYS = 70  # from 1 March 2024 on: the clocks of London, Berlin and New York change in between

KINDS = [kind for kind in range(1, c.KIND_COUNT_)] + [c.KIND_CUSTOM, 65535]


def calendar(zone: Optional[ZoneInfo]) -> Callable[[int], int]:
    """Days since 1970 of an instant in a zone."""

    def day(ms: int) -> int:
        moment = EPOCH + timedelta(milliseconds=ms)
        local = moment.astimezone(zone) if zone else moment
        return (local.date() - EPOCH.date()).days

    return day


@dataclass
class World:
    """One random setting: a zone, a mode, and how to make rows."""

    dice: random.Random
    zone: Optional[str]
    summary: bool
    unpriced: bool

    @property
    def day(self) -> Callable[[int], int]:
        return calendar(ZoneInfo(self.zone) if self.zone else None)

    def rfm(self) -> pmkt.RFM:
        mode = "summary" if self.summary else "history"
        return pmkt.RFM(mode, tz=self.zone, unpriced=self.unpriced, threads=1)

    def state(self) -> oracle.State:
        return oracle.State(self.day, self.summary, self.unpriced)

    def time(self) -> int:
        """Any instant, often one at or beside a midnight of some zone."""
        dice = self.dice
        if dice.random() < 0.5:
            return START + dice.randrange(DAYS * DAY_MS)
        hours = dice.choice([0, 1, 2, 4, 5, 22, 23])
        edge = START + dice.randrange(DAYS) * DAY_MS + hours * 3_600_000
        return edge + dice.choice([-1, 0, 1])

    def amount(self) -> Optional[int]:
        dice = self.dice
        if self.unpriced and dice.random() < 0.7:
            return None
        common = dice.choice([0, 1, 50, 99, 100, 101, 300, 5_000])
        return common if dice.random() < 0.7 else dice.randrange(1_000)

    def order_rows(self, number: int) -> List[Row]:
        """An order of a few lines, and perhaps what became of it."""
        dice = self.dice
        user, time = dice.randrange(1, 8), self.time()
        lines = dice.choice([1, 1, 1, 2, 3])
        order = number if lines > 1 or dice.random() < 0.8 else 0
        rows: List[Row] = [(user, time, c.KIND_ORDER, order, self.amount()) for _ in range(lines)]
        while dice.random() < 0.3:
            kind = dice.choice([c.KIND_REFUND, c.KIND_CANCEL])
            amount = self.amount()
            if amount is not None and dice.random() < 0.5:
                amount = -amount
            if kind == c.KIND_CANCEL and dice.random() < 0.5:
                amount = None
            of = order if dice.random() < 0.8 else 0
            rows.append((user, self.time(), kind, of, amount))
        return rows

    def other_row(self) -> Row:
        kind = self.dice.choice([k for k in KINDS if k not in oracle.BACK | {c.KIND_ORDER}])
        return (self.dice.randrange(1, 11), self.time(), kind, 0, None)

    def bad_row(self) -> Row:
        time = self.time()
        return self.dice.choice(
            [
                (0, time, c.KIND_VIEW, 0, None),
                (1, c.TIME_NULL, c.KIND_VIEW, 0, None),
                (1, c.TIME_MAX, c.KIND_VIEW, 0, None),
                (1, time, c.KIND_NONE, 0, None),
                (1, time, c.KIND_VIEW, 0, c.AMOUNT_MAX + 1),
                (1, time, c.KIND_VIEW, 0, -1),
                (1, time, c.KIND_CANCEL, 0, None),
            ]
        )

    def batches(self) -> List[List[Row]]:
        """A history, cut into batches whose rows are shuffled where the mode allows it."""
        dice = self.dice
        groups = [self.order_rows(number) for number in range(1, dice.randrange(2, 25))]
        if dice.random() < 0.6:
            groups += [[self.other_row()] for _ in range(dice.randrange(12))]
        if dice.random() < 0.3:
            groups += [[self.bad_row()] for _ in range(dice.randrange(1, 4))]
        dice.shuffle(groups)
        if not self.summary and dice.random() < 0.5:  # lines of one order in any place
            rows = [[row] for group in groups for row in group]
            dice.shuffle(rows)
            groups = rows
        cuts = sorted(dice.randrange(len(groups) + 1) for _ in range(dice.randrange(4)))
        parts = [groups[a:b] for a, b in zip([0, *cuts], [*cuts, len(groups)])]
        return [[row for group in part for row in group] for part in parts]


def events(rows: List[Row]) -> pmkt.Events:
    user, time, kind, order, amount = zip(*rows) if rows else ([], [], [], [], [])
    amounts = [c.AMOUNT_NULL if value is None else value for value in amount]
    return pmkt.Events(
        user=np.array(user, np.uint64),
        time=np.array(time, np.int64),
        kind_column=np.array(kind, np.uint16),
        order=np.array(order, np.uint64),
        amount=np.array(amounts, np.int64),
        on_bad="skip",
    )


def options(dice: random.Random, summary: bool) -> Dict[str, Any]:
    """Random options, near enough to the data that every bound is met exactly now and then."""
    chosen: Dict[str, Any] = {}

    def maybe(name: str, value: Any) -> None:
        if dice.random() < 0.5:
            chosen[name] = value

    def pair(low_name: str, high_name: str, low: Any, high: Any) -> None:
        if dice.random() < 0.6:
            chosen[low_name], chosen[high_name] = low, high

    first = dice.randrange(0, 30)
    pair("active_days", "dormant_days", first, first + dice.randrange(1, 30))
    f_low = dice.choice([0.0, 0.5, 1.0, 1.5, 2.0])
    pair("f_low", "f_high", f_low, f_low + dice.choice([0.25, 0.5, 1.0]))
    m_low = dice.choice([0, 50, 99, 100, 200])
    pair("m_low", "m_high", m_low, m_low + dice.choice([1, 50, 100]))
    growth = dice.randrange(0, 20)
    pair("growth_days", "mature_days", growth, growth + dice.randrange(1, 30))
    risk = dice.randrange(0, 30)
    pair("at_risk_days", "churn_days", risk, risk + dice.randrange(1, 30))
    maybe("month_days", dice.choice([1, 7, 10, 28, 31]))
    if not summary:
        maybe("f_window_days", dice.choice([0, 1, 10, 30, 90]))
    maybe("loyal_orders", dice.randrange(1, 5))
    maybe("tier_days", dice.choice([1, 20, 40, 365]))
    maybe("tiers", [("a", 0), ("b", 100), ("c", 101), ("d", 400)][: dice.randrange(1, 5)])
    maybe("frequency", dice.choice(["per_month", "orders"]))
    maybe("monetary", dice.choice(["average", "revenue"]))
    return chosen


def segments(dice: random.Random, bins: int) -> List[Tuple[Any, ...]]:
    def bounds() -> Tuple[int, int]:
        low = dice.randrange(0, bins + 1)
        return low, dice.choice([0, dice.randrange(max(low, 1), bins + 1)])

    return [(f"s{i}", bounds(), bounds(), bounds()) for i in range(dice.randrange(1, 6))]


def compare(scores: pmkt.RFMScores, expected: Dict[int, oracle.Customer]) -> None:
    """Every column of every customer, exactly."""
    assert sorted(scores.user_id.tolist()) == sorted(expected), "other customers"
    what = "band" if scores.scheme == "threshold" else "score"
    got = {
        name: getattr(scores, name).tolist()
        for name in (
            "recency_days orders orders_per_month average_order_minor revenue_minor tenure_days "
            "segment activity lifecycle brand_stage tier flags tier_spend_minor to_next_tier_minor "
            f"r_{what} f_{what} m_{what}"
        ).split()
    }
    for row, user in enumerate(scores.user_id.tolist()):
        one = expected[user]
        want = {
            "recency_days": one.recency_days,
            "orders": one.orders,
            "orders_per_month": float(one.frequency),
            "average_order_minor": oracle.half_away(one.average),
            "revenue_minor": one.revenue,
            "tenure_days": one.tenure_days,
            "segment": one.segment,
            "activity": one.activity,
            "lifecycle": one.lifecycle,
            "brand_stage": one.brand_stage,
            "tier": one.tier,
            "flags": one.flags,
            "tier_spend_minor": one.tier_spend,
            "to_next_tier_minor": one.to_next_tier,
            f"r_{what}": one.r,
            f"f_{what}": one.f,
            f"m_{what}": one.m,
        }
        if one.is_segment_open:
            del want["segment"]
        mine = {name: got[name][row] for name in want}
        different = {k: (mine[k], want[k]) for k in want if mine[k] != want[k]}
        assert not different, f"user {user}: (library, oracle) {different}"


def segments_of(scores: pmkt.RFMScores) -> Dict[int, int]:
    return dict(zip(scores.user_id.tolist(), scores.segment.tolist()))


def check_cuts(scores: pmkt.RFMScores, expected: Dict[int, oracle.Customer], opts: Any) -> None:
    """The promise of the header: who is above a cut, and nobody else, has the higher score."""
    by_user = {user: oracle.axes(one, "quantile", opts) for user, one in expected.items()}
    rows = [row for row in range(len(scores)) if scores.orders[row]]
    for cut in range(scores.bins - 1):
        for row in rows:
            recency, frequency, monetary = by_user[int(scores.user_id[row])]
            three = (scores.r_score, scores.f_score, scores.m_score)
            above = [score[row] > cut + 1 for score in three]
            r_cut, f_cut, m_cut = (axis[cut] for axis in scores.cuts)
            told = [-recency < r_cut, float(frequency) > f_cut, float(monetary) > m_cut]
            assert above == told, f"cut {cut}: {scores.cuts}, row {row}"


def check_scores(world: World, rfm: pmkt.RFM, state: oracle.State) -> None:
    """Both schemes with random options, as of a random date."""
    dice = world.dice
    as_of = world.time() + dice.choice([0, 0, 10, 40]) * DAY_MS
    if world.summary:
        as_of = max(as_of, (state.last_event or START) + 1)
    if dice.random() < 0.5:  # a midnight of the zone
        text = (EPOCH + timedelta(days=world.day(as_of) + 1)).date()
        scores = rfm.score(str(text), **options(random.Random(1), world.summary))
        assert world.day(scores.as_of_ms - 1) < world.day(scores.as_of_ms)
        as_of = scores.as_of_ms
    opts = options(dice, world.summary)
    opts["collapse"] = dice.choice(["strict", "middle_high", "mean", "median"])
    earlier = rfm.score(as_of, **opts)
    before = state.score(as_of, **opts)
    compare(earlier, before)
    again = {**opts, **options(dice, world.summary)}
    again["collapse"] = "hysteresis"
    compare(
        rfm.score(as_of, previous=earlier, **again),
        state.score(as_of, **{**again, "previous": segments_of(earlier)}),
    )
    bins = dice.choice([2, 3, 4, 5, 10])
    opts.update(bins=bins, segments=segments(dice, bins))
    del opts["collapse"]
    expected = state.score(as_of, "quantile", **opts)
    scores = rfm.score(as_of, "quantile", **opts)
    compare(scores, expected)
    check_cuts(scores, expected, {**oracle.DEFAULTS, **opts})


def fill(world: World, rfm: pmkt.RFM, state: oracle.State, batches: List[List[Row]]) -> None:
    for rows in batches:
        rfm.add(events(rows))
        counts = (rfm.report.accepted, rfm.report.rejected, rfm.report.ignored)
        assert counts == state.add(rows)


ZONES = [None, None, "Europe/London", "Europe/Berlin", "America/New_York", "Asia/Shanghai"]


def worlds(seed: int, count: int, **fixed: Any) -> List[World]:
    dice = random.Random(seed)
    return [
        World(
            random.Random(dice.random()),
            dice.choice(ZONES),
            fixed.get("summary", False),
            fixed.get("unpriced", False),
        )
        for _ in range(count)
    ]


@pytest.mark.parametrize("summary", [False, True])
@pytest.mark.parametrize("unpriced", [False, True])
def test_adding(summary: bool, unpriced: bool) -> None:
    for world in worlds(1, 500, summary=summary, unpriced=unpriced):
        rfm, state = world.rfm(), world.state()
        fill(world, rfm, state, world.batches())
        check_scores(world, rfm, state)
        rfm.compact()
        check_scores(world, rfm, state)


@pytest.mark.parametrize("summary", [False, True])
def test_merging(summary: bool) -> None:
    for world in worlds(2, 400, summary=summary):
        rfm, state = world.rfm(), world.state()
        other_rfm, other_state = world.rfm(), world.state()
        for rows in world.batches():
            if world.dice.random() < 0.5:
                fill(world, rfm, state, [rows])
            else:
                fill(world, other_rfm, other_state, [rows])
        rfm.merge(other_rfm)
        state.merge(other_state)
        check_scores(world, rfm, state)


def forgettable(world: World) -> Tuple[List[int], int]:
    users = [world.dice.randrange(1, 12) for _ in range(world.dice.randrange(1, 5))]
    return users, world.time()


def apart(batches: List[List[Row]], when: int) -> List[List[Row]]:
    """Moves what follows an order to the order's side of a date, for an order that straddles the
    date of a forgetting is told from a new one only while the state still has both."""
    first: Dict[Tuple[int, int], int] = {}
    for rows in batches:
        for user, time, kind, order, _ in rows:
            if kind == c.KIND_ORDER and order:
                first[user, order] = min(time, first.get((user, order), time))

    def moved(row: Row) -> Row:
        user, time, kind, order, amount = row
        began = first.get((user, order))
        if began is not None and (time < when) != (began < when) and time >= c.TIME_MIN:
            time = began
        return (user, time, kind, order, amount)

    return [[moved(row) for row in rows] for rows in batches]


@pytest.mark.parametrize("summary", [False, True])
def test_forgetting(summary: bool) -> None:
    for world in worlds(3, 400, summary=summary):
        rfm, state = world.rfm(), world.state()
        fill(world, rfm, state, world.batches())
        users, when = forgettable(world)
        assert rfm.forget(users, when) == state.forget(users, when)
        check_scores(world, rfm, state)


@pytest.mark.parametrize("summary", [False, True])
def test_forgotten_stay_so(summary: bool) -> None:
    """Adds and merges after a forgetting, in any order, do not bring anybody back."""
    for world in worlds(4, 400, summary=summary):
        users, when = forgettable(world)
        batches = apart(world.batches(), when)
        rfm, state = world.rfm(), world.state()
        other_rfm, other_state = world.rfm(), world.state()
        where = world.dice.randrange(len(batches))
        fill(world, rfm, state, batches[:where])
        assert rfm.forget(users, when) == state.forget(users, when)
        for rows in batches[where:]:
            if world.dice.random() < 0.5:
                fill(world, rfm, state, [rows])
            else:
                fill(world, other_rfm, other_state, [rows])
        rfm.merge(other_rfm)
        state.merge(other_state)
        check_scores(world, rfm, state)
