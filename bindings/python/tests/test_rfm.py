"""The state: adding, merging, forgetting, limits, and calls that are refused."""

from __future__ import annotations

import threading
from typing import Any

import numpy as np
import pytest

import pmkt
from pmkt import _constants as c

DAY = 86_400_000


def batch(user: Any, day: Any, amount: Any, order: Any = None, **more: Any) -> pmkt.Events:
    return pmkt.Events(
        user=user, time=[int(d * DAY) for d in day], amount=amount, order=order, **more
    )


def some(seed: int, rows: int = 500) -> pmkt.Events:
    dice = np.random.default_rng(seed)
    return pmkt.Events(
        user=dice.integers(1, 60, rows),
        time=dice.integers(0, 300 * DAY, rows),
        order=dice.integers(1, 400, rows),
        amount=dice.integers(0, 50_000, rows),
    )


def same(a: pmkt.RFMScores, b: pmkt.RFMScores) -> bool:
    first, second = a.to_dict(), b.to_dict()
    return list(first) == list(second) and all(
        np.array_equal(first[name], second[name]) for name in first
    )


def test_lines_of_one_order_are_one_order_across_calls() -> None:
    rfm = pmkt.RFM().add(batch([1, 1], [0, 0], [100, 50], [7, 7]))
    rfm.add(batch([1, 1], [0, 3], [25, 1000], [7, 8]))
    scores = rfm.score("1970-01-10")
    assert scores.orders.tolist() == [2] and scores.revenue_minor.tolist() == [1175]
    assert scores.recency_days.tolist() == [6]
    assert scores.average_order_minor.tolist() == [588]


def test_several_batches_in_one_call() -> None:
    first = batch([1, 0], [0, 0], [1, 1], on_bad="skip")
    second = batch([0, 0, 2], [0, 0, 0], [1, 1, 1], on_bad="skip")
    rfm = pmkt.RFM()
    assert rfm.report is None
    assert rfm.add(first, second) is rfm
    assert (rfm.report.rows, rfm.report.accepted, rfm.report.rejected) == (5, 2, 3)
    assert rfm.report.rejected_rows().tolist() == [1, 2, 3]
    assert rfm.report.by_reason == {"no user": 3}
    rfm.add(first)
    assert rfm.report.rows == 2


def test_order_of_adding_and_merging_does_not_matter() -> None:
    batches = [some(seed) for seed in range(6)]
    one = pmkt.RFM().add(*batches)
    other = pmkt.RFM().add(*reversed(batches))
    left, right = pmkt.RFM().add(*batches[:2]), pmkt.RFM().add(*batches[2:])
    merged = left.merge(right)
    assert merged is left
    for scheme in ("threshold", "quantile"):
        truth = one.score("1970-12-01", scheme)
        assert same(other.score("1970-12-01", scheme), truth)
        assert same(merged.score("1970-12-01", scheme), truth)
        assert same(one.compact().score("1970-12-01", scheme), truth)


def test_threads_do_not_change_the_answer() -> None:
    batches = [some(seed, 40_000) for seed in range(3)]
    truth = pmkt.RFM(threads=1).add(*batches).score("1970-12-01")
    for threads in (0, 2, 3, 8):
        assert same(pmkt.RFM(threads=threads).add(*batches).score("1970-12-01"), truth)


def test_stats() -> None:
    rfm = pmkt.RFM()
    empty = rfm.stats
    assert (empty.mode, empty.rows_accepted, empty.first_event_ms) == ("history", 0, None)
    rfm.add(batch([1, 2, 0], [1, 3, 2], [1, 2, 3], currency="eur", on_bad="skip"))
    stats = rfm.stats
    assert (stats.rows_accepted, stats.rows_rejected, stats.rows_ignored) == (2, 1, 0)
    assert (stats.first_event_ms, stats.last_event_ms) == (DAY, 3 * DAY)
    assert stats.currency == "EUR" and stats.generation > empty.generation and stats.bytes > 0
    rfm.compact()
    assert rfm.stats.rows_pending == 0 and rfm.stats.customers == 2 and rfm.stats.orders == 2
    assert "2 events from 1970-01-02 to 1970-01-04" in repr(rfm)
    assert "empty" in repr(pmkt.RFM("summary", tz="Europe/London"))


# ------------------------------------------------------------------------------- refused


def test_sums_that_overflow() -> None:
    rfm = pmkt.RFM().add(batch([1], [0], [1]))
    before = rfm.stats
    rows = 1025
    huge = pmkt.Events(
        user=np.ones(rows, np.int64),
        time=np.zeros(rows, np.int64),
        amount=np.full(rows, c.AMOUNT_MAX),
    )
    with pytest.raises(pmkt.Overflow) as caught:
        rfm.add(huge)
    assert isinstance(caught.value, OverflowError) and caught.value.where_kind == "row"
    assert rfm.stats == before
    fits = pmkt.Events(
        user=np.ones(1023, np.int64),
        time=np.zeros(1023, np.int64),
        amount=np.full(1023, c.AMOUNT_MAX),
    )
    assert rfm.add(fits).score("1971-01-01").revenue_minor.tolist() == [1023 * c.AMOUNT_MAX + 1]


def test_two_currencies() -> None:
    rfm = pmkt.RFM().add(batch([1], [0], [1], currency="EUR"))
    with pytest.raises(pmkt.Mismatch) as caught:
        rfm.add(batch([1], [0], [1], currency="USD"))
    assert isinstance(caught.value, ValueError)
    with pytest.raises(pmkt.Mismatch):
        rfm.merge(pmkt.RFM().add(batch([1], [0], [1], currency="USD")))
    rfm.add(batch([1], [0], [1]))
    assert rfm.stats.currency == "EUR" and rfm.score("1971-01-01").currency == "EUR"


def test_two_exponents() -> None:
    rfm = pmkt.RFM().add(batch([1], [0], [1], exponent=0))
    with pytest.raises(pmkt.Mismatch, match="2 decimals cannot join amounts with 0"):
        rfm.add(batch([1], [0], [1]))
    with pytest.raises(pmkt.Mismatch):
        rfm.merge(pmkt.RFM().add(batch([1], [0], [1])))
    rfm.add(pmkt.Events(user=[1], time=[0], kind="view"))  # no amounts, no decimals
    assert rfm.score("1971-01-01").exponent == 0


def test_states_that_do_not_go_together() -> None:
    for other in (
        pmkt.RFM("summary"),
        pmkt.RFM(tz="Europe/London"),
        pmkt.RFM(tz_offset_minutes=60),
        pmkt.RFM(unpriced=True),
    ):
        with pytest.raises(pmkt.Mismatch):
            pmkt.RFM().merge(other)
    rfm = pmkt.RFM()
    for bad in (rfm, None, "rfm", batch([1], [0], [1])):
        with pytest.raises(pmkt.InvalidInput):
            rfm.merge(bad)


def test_limits() -> None:
    rfm = pmkt.RFM(max_bytes=200_000)
    with pytest.raises(pmkt.LimitReached):
        rfm.add(
            pmkt.Events(
                user=np.arange(1, 100_001),
                time=np.zeros(100_000, np.int64),
                amount=np.ones(100_000, np.int64),
            )
        )
    assert rfm.stats.rows_accepted == 0
    assert rfm.add(batch([1], [0], [1])).report.accepted == 1


@pytest.mark.parametrize(
    "bad",
    [
        {"mode": "histroy"},
        {"mode": None},
        {"mode": 0},
        {"threads": -1},
        {"threads": 1025},
        {"threads": 1.0},
        {"threads": True},
        {"max_bytes": -1},
        {"max_bytes": 2**63},
        {"max_bytes": "1GB"},
        {"tz": "Mars/Olympus"},
    ],
)
def test_options_that_do_not_fit(bad: Any) -> None:
    with pytest.raises(pmkt.InvalidInput):
        pmkt.RFM(**bad)


def test_adding_what_are_no_events() -> None:
    rfm = pmkt.RFM()
    good = batch([1], [0], [1])
    for bad in (None, [good], {"user": [1]}, "events"):
        with pytest.raises(pmkt.InvalidInput, match="add takes Events"):
            rfm.add(good, bad)
    assert rfm.stats.rows_accepted == 0, "nothing is taken before all arguments are looked at"


def test_summary_mode() -> None:
    rfm = pmkt.RFM("summary").add(batch([1, 1, 1, 2], [0, 0, 5, 3], [1, 2, 3, 4], [7, 7, 8, 9]))
    scores = rfm.score("1970-01-10")
    assert scores.orders[scores.find([1, 2])].tolist() == [2, 1]
    with pytest.raises(pmkt.Unsupported):
        rfm.score("1970-01-03")
    with pytest.raises(pmkt.Unsupported):
        rfm.score("1970-01-10", f_window_days=30)
    old = rfm.score("1980-01-10")
    assert old.tier.tolist() == [c.RFM_TIER_UNKNOWN] * 2
    assert old.tier_name.tolist() == ["unknown", "unknown"]
    assert old.tier_names[-1] == "unknown" and old.to_next_tier_minor.tolist() == [0, 0]


def test_unpriced_orders() -> None:
    events = pmkt.Events(
        user=[1, 1, 1],
        time=[0, DAY, 2 * DAY],
        order=[1, 2, 2],
        kind_column=["order", "order", "cancel"],
    )
    scores = pmkt.RFM(unpriced=True).add(events).score("1970-02-01")
    assert scores.orders.tolist() == [1] and scores.revenue_minor.tolist() == [0]


# ------------------------------------------------------------------------------- forgetting


def test_forgetting_all_that_is_known() -> None:
    rfm = pmkt.RFM().add(batch([1, 1, 2], [0, 40, 50], [1, 2, 3]))
    assert rfm.forget([1, 1, 99]) == 1
    assert rfm.score("1971-01-01").user.tolist() == [2]
    assert rfm.stats.forgotten == 2
    rfm.add(batch([1], [50], [5]))  # not after the last event that had been seen
    assert rfm.report.ignored == 1
    rfm.add(batch([1], [51], [5]))
    assert sorted(rfm.score("1971-01-01").user.tolist()) == [1, 2]


def test_forgetting_as_of_a_date_of_the_zone() -> None:
    rfm = pmkt.RFM(tz="Asia/Shanghai").add(batch([1, 2], [9.5, 9.7], [1, 1]))
    assert rfm.forget([1, 2], when="1970-01-11") == 1  # begins at 16:00 UTC of the 10th
    assert rfm.score("1971-01-01").user.tolist() == [2]


def test_forgetting_needs_somebody_and_some_time() -> None:
    with pytest.raises(pmkt.InvalidInput, match="say when="):
        pmkt.RFM().forget([1])
    rfm = pmkt.RFM().add(batch([1], [0], [1]))
    for users in ([-1], [1.5], [None, "a"], [True]):
        with pytest.raises(pmkt.InvalidInput):
            rfm.forget(users)
    with pytest.raises(pmkt.InvalidInput):
        rfm.forget([1], when="never")
    assert rfm.forget([]) == 0
    assert rfm.score("1971-01-01").user.tolist() == [1]


# ------------------------------------------------------------------------------- many threads


def test_many_threads_may_use_one_state() -> None:
    rfm = pmkt.RFM(threads=1)
    problems = []

    def work(seed: int) -> None:
        try:
            for step in range(10):
                rfm.add(some(seed * 100 + step))
                rfm.score("1970-12-01")
                rfm.stats  # noqa: B018
        except BaseException as error:
            problems.append(error)

    threads = [threading.Thread(target=work, args=(seed,)) for seed in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not problems
    assert rfm.stats.rows_accepted == 4 * 10 * 500
    truth = pmkt.RFM().add(*(some(seed * 100 + step) for seed in range(4) for step in range(10)))
    assert same(rfm.score("1970-12-01"), truth.score("1970-12-01"))


def test_merging_crosswise_does_not_lock_up() -> None:
    a, b = pmkt.RFM(), pmkt.RFM()
    done = []

    def work(into: pmkt.RFM, other: pmkt.RFM) -> None:
        for _ in range(20):
            into.merge(other)
        done.append(True)

    threads = [threading.Thread(target=work, args=pair) for pair in ((a, b), (b, a))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert done == [True, True]
