"""Scores: columns and their types, memory, names, summaries, and options that do not fit."""

from __future__ import annotations

import copy
import gc
import pickle
import re
import weakref
from typing import Any, Dict, List

import numpy as np
import pytest
from conftest import needed

import pmkt
from pmkt import _constants as c

DAY = 86_400_000
DTYPES = {
    "user_id": np.uint64,
    "recency_days": np.int32,
    "orders": np.int64,
    "orders_per_month": np.float64,
    "average_order_minor": np.int64,
    "revenue_minor": np.int64,
    "tenure_days": np.int32,
    "segment": np.uint8,
    "activity": np.uint8,
    "lifecycle": np.uint8,
    "brand_stage": np.uint8,
    "tier": np.uint8,
    "flags": np.uint8,
    "tier_spend_minor": np.int64,
    "to_next_tier_minor": np.int64,
}


def shop(rows: int = 3000, seed: int = 3, **more: Any) -> pmkt.RFM:
    dice = np.random.default_rng(seed)
    events = pmkt.Events(
        user=dice.integers(1, 400, rows),
        time=dice.integers(0, 300 * DAY, rows),
        order=dice.integers(1, 2000, rows),
        amount=dice.integers(0, 50_000, rows),
        **more,
    )
    views = pmkt.Events(user=[1, 9001], time=[0, 5 * DAY], kind_column=["view", "register"])
    return pmkt.RFM().add(events, views)


@pytest.fixture(scope="module")
def scores() -> pmkt.RFMScores:
    return shop().score("1970-10-01")


@pytest.fixture(scope="module")
def quintiles() -> pmkt.RFMScores:
    return shop().score("1970-10-01", "quantile")


def test_columns_and_their_types(scores: pmkt.RFMScores, quintiles: pmkt.RFMScores) -> None:
    for one, axes in (
        (scores, ["r_band", "f_band", "m_band"]),
        (quintiles, ["r_score", "f_score", "m_score"]),
    ):
        for name, dtype in {**DTYPES, **dict.fromkeys(axes, np.uint8)}.items():
            values = getattr(one, name)
            assert values.dtype == dtype and values.shape == (len(one),), name
            assert not values.flags.writeable, name
            with pytest.raises(ValueError):
                values[0] = 1
        assert one.user.dtype == np.int64 and len(one) > 300
        assert (one.scheme, one.bins) == (("threshold", 0) if one is scores else ("quantile", 5))
        assert set(one.to_dict()) - {"user"} == {*DTYPES, *axes} - {"user_id"}
        assert set(axes) | {"segment_name", "tier_names"} <= set(dir(one))
    assert np.array_equal(np.sort(scores.user), np.unique(scores.user))
    assert scores.as_of_ms == 273 * DAY


def test_a_scheme_has_its_own_columns(scores: pmkt.RFMScores, quintiles: pmkt.RFMScores) -> None:
    with pytest.raises(AttributeError, match="belongs to the quantile scheme"):
        scores.r_score  # noqa: B018
    with pytest.raises(AttributeError, match="belong to the quantile scheme"):
        scores.cuts  # noqa: B018
    with pytest.raises(AttributeError, match="belongs to the threshold scheme"):
        quintiles.m_band  # noqa: B018
    with pytest.raises(AttributeError, match="scores have no 'colour'"):
        scores.colour  # noqa: B018


def test_cuts_are_where_scores_change(quintiles: pmkt.RFMScores) -> None:
    buyers = quintiles.orders > 0
    cuts = quintiles.cuts
    assert [axis.shape for axis in cuts] == [(4,)] * 3 and not cuts.r.flags.writeable
    for j in range(4):
        r_above = quintiles.recency_days[buyers] < cuts.r[j]
        m_above = quintiles.revenue_minor[buyers] > cuts.m[j]
        assert np.array_equal(quintiles.r_score[buyers] > j + 1, r_above)
        assert np.array_equal(quintiles.m_score[buyers] > j + 1, m_above)


# ------------------------------------------------------------------------------- memory


def test_views_outlive_everything_else() -> None:
    """The memory lives as long as any view of it, and no longer."""
    rfm = shop()
    scores = rfm.score("1970-10-01", "quantile")
    truth = {name: np.array(values) for name, values in scores.to_dict().items()}
    views = scores.to_dict()
    cut = scores.cuts.m
    cut_truth = np.array(cut)
    handle = weakref.ref(scores._handle)
    del rfm, scores
    gc.collect()
    churn = [shop(seed=seed).score("1970-10-01") for seed in range(5)]
    assert all(np.array_equal(views[name], truth[name]) for name in truth)
    assert np.array_equal(cut, cut_truth)
    part = views["revenue_minor"][10:20][::2]
    del views, cut, churn
    gc.collect()
    assert handle() is not None and np.array_equal(part, truth["revenue_minor"][10:20][::2])
    del part
    gc.collect()
    assert handle() is None


def test_columns_are_views_and_not_copies(scores: pmkt.RFMScores) -> None:
    assert np.shares_memory(scores.user, scores.user_id)
    assert np.shares_memory(scores.revenue_minor, scores.to_dict()["revenue_minor"])


def test_scores_outlive_the_state() -> None:
    rfm = shop()
    scores = rfm.score("1970-10-01")
    truth = scores.summary().to_dict()
    rfm.forget(scores.user.tolist())
    del rfm
    gc.collect()
    for name, values in scores.summary().to_dict().items():
        assert np.array_equal(values, truth[name])


def test_scores_are_not_copied_by_accident(scores: pmkt.RFMScores) -> None:
    for refuse in (copy.copy, copy.deepcopy, pickle.dumps):
        with pytest.raises(TypeError, match="to_dict"):
            refuse(scores)


# ------------------------------------------------------------------------------- names


def test_names(scores: pmkt.RFMScores) -> None:
    assert scores.segment_names == (
        "active-high-high",
        "active-high-low",
        "active-low-high",
        "active-low-low",
        "dormant-high-high",
        "dormant-high-low",
        "dormant-low-high",
        "dormant-low-low",
        "no-order",
    )
    assert scores.lifecycle_names == ("new", "growth", "mature", "churned")
    assert scores.tier_names == ("silver", "gold", "unknown")
    assert scores.activity_names == ("no-order", "dormant", "cooling", "active")
    assert len(scores.cell_names) == 64 and "cooling-medium-high" in scores.cell_names
    assert scores.class_names_zh[:8] == (
        "重要价值",
        "一般价值",
        "重要发展",
        "一般发展",
        "重要保持",
        "一般保持",
        "重要挽留",
        "一般挽留",
    )
    for by in ("segment", "lifecycle", "tier", "brand_stage", "activity"):
        codes, names = getattr(scores, by), getattr(scores, f"{by}_names")
        rows = getattr(scores, f"{by}_name")
        assert rows.tolist() == [names[code] for code in codes], by
    for bad in ("class", None, 0):
        with pytest.raises(pmkt.InvalidInput, match="by is"):
            scores.names(bad)


def test_flags(scores: pmkt.RFMScores) -> None:
    row = scores.find(9001)[0]
    assert scores.is_prospect[row] and scores.is_registered[row] and scores.recency_days[row] == -1
    assert np.array_equal(scores.is_prospect, scores.orders == 0)
    assert scores.is_at_risk.sum() == ((scores.flags & c.RFM_FLAG_AT_RISK) > 0).sum()
    assert scores.segment_name[row] == "no-order" and scores.tenure_days[row] == 268


def test_own_tiers_and_segments() -> None:
    rfm = shop()
    tiers = rfm.score("1970-10-01", tiers=[("青铜", 0), ("白银", 100_000), ("黄金", 200_000)])
    assert tiers.tier_names[:3] == ("青铜", "白银", "黄金")
    edge = np.searchsorted([0, 100_000, 200_000], tiers.tier_spend_minor, side="right") - 1
    assert np.array_equal(tiers.tier, edge)
    assert np.array_equal(
        tiers.to_next_tier_minor,
        np.where(edge == 2, 0, np.array([100_000, 200_000, 0])[edge] - tiers.tier_spend_minor),
    )
    same = rfm.score("1970-10-01", tiers={"青铜": 0, "白银": 100_000, "黄金": 200_000})
    assert np.array_equal(same.tier, tiers.tier)
    table: List[Any] = [
        ("best", (5, 5), (5, None), 5),
        {"name": "good", "r": (4, None), "f": (None, None)},
        ("thrifty", None, None, (None, 2)),
    ]
    named = rfm.score("1970-10-01", "quantile", segments=table)
    assert named.segment_names == ("best", "good", "thrifty", "other", "no-order")
    r, f, m = named.r_score, named.f_score, named.m_score
    expected = np.select(
        [named.orders == 0, (r == 5) & (f == 5) & (m == 5), r >= 4, m <= 2], [4, 0, 1, 2], 3
    )
    assert np.array_equal(named.segment, expected)


def test_fewer_values_than_bins() -> None:
    users = np.arange(1, 101)
    events = pmkt.Events(user=users, time=np.zeros(100, np.int64), amount=np.full(100, 500))
    scores = pmkt.RFM().add(events).score("1970-01-02", "quantile", bins=10)
    assert set(scores.r_score) == set(scores.f_score) == set(scores.m_score) == {1}
    two = pmkt.Events(user=users, time=np.zeros(100, np.int64), amount=np.where(users > 60, 9, 1))
    scores = pmkt.RFM().add(two).score("1970-01-02", "quantile")
    assert sorted(set(scores.m_score.tolist())) == [1, 4]  # 60 of 100 are worse: 1 + 5 * 60 // 100


def test_exact_zero_is_not_the_default() -> None:
    rfm = pmkt.RFM().add(pmkt.Events(user=[1, 2], time=[0, 8 * DAY], amount=[100, 100]))
    assert rfm.score("1970-01-10").activity_name.tolist() == ["active", "active"]
    zero = rfm.score("1970-01-10", active_days=0, dormant_days=8)
    assert zero.activity[zero.find([1, 2])].tolist() == [1, 2]
    today = rfm.score("1970-01-09 12:00", active_days=0, dormant_days=8)
    assert today.activity[today.find([1, 2])].tolist() == [1, 3]
    assert rfm.score("1970-01-10", m_low=0, m_high=1).m_band.tolist() == [3, 3]
    assert rfm.score("1970-01-10", f_window_days=0).orders_per_month.tolist() == [1, 1]


def test_a_refusal_names_the_default_that_is_in_the_way() -> None:
    for option, says in (
        ({"m_high": 0}, "m_high is 0, but must be m_low (5000) to"),
        ({"dormant_days": 30}, "dormant_days is 30, but must be active_days + 1 (31) to"),
        ({"f_high": 0}, "f_low is 1 and f_high is 0, but"),
    ):
        with pytest.raises(pmkt.InvalidInput, match=re.escape(says)):
            pmkt.RFM().score("1970-01-10", **option)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    "options",
    [
        {"scheme": "quintile"},
        {"scheme": None},
        {"scheme": 1},
        {"collapse": "medium"},
        {"frequency": "monthly"},
        {"monetary": "sum"},
        {"active_days": -1},
        {"active_days": 1.5},
        {"active_days": True},
        {"active_days": 2**31},
        {"active_days": "30"},
        {"active_days": 90, "dormant_days": 30},
        {"f_high": -0.5},
        {"f_high": float("nan")},
        {"f_high": float("inf")},
        {"f_high": "high"},
        {"f_high": 1.0, "f_low": 2.0},
        {"m_high": 199.99},
        {"m_high": 2**63},
        {"m_high": 1, "m_low": 2},
        {"month_days": 0},
        {"scheme": "quantile", "bins": 1},
        {"scheme": "quantile", "bins": 0},
        {"scheme": "quantile", "bins": 101},
        {"scheme": "quantile", "bins": 5.0},
        {"tiers": []},
        {"tiers": [("silver", 1)]},
        {"tiers": [("silver", 0), ("gold", 0)]},
        {"tiers": [("silver", 0), ("gold", -5)]},
        {"tiers": [("silver", 0), ("gold", 99.5)]},
        {"tiers": [("silver", 0), ("gold", 2**63)]},
        {"tiers": [("silver", 0), ("x" * 64, 5)]},
        {"tiers": [("", 0)]},
        {"tiers": [(None, 0)]},
        {"tiers": [("a\0b", 0)]},
        {"tiers": ["silver"]},
        {"tiers": [(f"t{i}", i) for i in range(65)]},
        {"scheme": "quantile", "segments": ["best"]},
        {"scheme": "quantile", "segments": [("best", 5, 5)]},
        {"scheme": "quantile", "segments": [("best", 5, 5, (1, 2, 3))]},
        {"scheme": "quantile", "segments": [("best", 5, 5, "5")]},
        {"scheme": "quantile", "segments": [("best", 5, 5, (5, 4))]},
        {"scheme": "quantile", "segments": [("best", 5, 5, 6)]},
        {"scheme": "quantile", "segments": [("best", 5, 5, 300)]},
        {"scheme": "quantile", "segments": [{"name": "best", "recency": 5}]},
        {"scheme": "quantile", "segments": [(f"s{i}", 1, 1, 1) for i in range(201)]},
        {"previous": "yesterday"},
        {"collapse": "hysteresis"},
        {"threads": -5},
    ],
)
def test_options_that_do_not_fit(options: Dict[str, Any]) -> None:
    rfm = shop(100)
    with pytest.raises((pmkt.InvalidInput, TypeError)) as caught:
        rfm.score("1970-10-01", **options)
    if "threads" not in options:
        assert isinstance(caught.value, pmkt.InvalidInput)
        assert len(str(caught.value)) > 15


def test_hysteresis_needs_scores_of_the_same_scheme(quintiles: pmkt.RFMScores) -> None:
    with pytest.raises(pmkt.Mismatch):
        shop(100).score("1970-10-01", collapse="hysteresis", previous=quintiles)


def test_dates_before_the_data() -> None:
    rfm = shop()
    for scheme in ("threshold", "quantile"):
        empty = rfm.score("1969-01-01", scheme)
        assert len(empty) == 0 and empty.user.tolist() == [] and "0 customers" in repr(empty)
        assert empty.summary()["customers"].sum() == 0
        assert empty.find([1, 2]).tolist() == [-1, -1]
        assert empty.segment_name.tolist() == []
        assert len(pmkt.RFM().score("2020-01-01", scheme)) == 0


# ------------------------------------------------------------------------------- summaries


@pytest.mark.parametrize("by", ["segment", "lifecycle", "tier", "brand_stage", "activity", "cell"])
def test_summary_is_the_sum_of_the_rows(scores: pmkt.RFMScores, by: str) -> None:
    table = scores.summary(by)
    names = scores.names(by)
    assert table[by].tolist() == list(names) and table["code"].tolist() == list(range(len(names)))
    if by == "cell":
        codes = (scores.r_band.astype(int) * 4 + scores.f_band) * 4 + scores.m_band
    else:
        codes = getattr(scores, by).astype(int)
    size = len(names)
    customers = np.bincount(codes, minlength=size)
    revenue = np.bincount(codes, scores.revenue_minor, size).astype(np.int64)
    orders = np.bincount(codes, scores.orders, size).astype(np.int64)
    assert np.array_equal(table["customers"], customers)
    assert np.array_equal(table["revenue_minor"], revenue)
    assert np.array_equal(table["orders"], orders)
    assert np.allclose(table["customer_share"], customers / len(scores))
    assert np.allclose(table["revenue_share"], revenue / revenue.sum())
    assert np.allclose(table["revenue"] * 100, revenue)
    used = customers > 0
    assert np.allclose(table["average_revenue"][used] * 100, revenue[used] / customers[used])
    with_orders = orders > 0
    assert np.allclose(
        table["average_order"][with_orders] * 100, revenue[with_orders] / orders[with_orders]
    )
    buyers = scores.orders > 0
    for code in np.flatnonzero(with_orders):
        mine = buyers & (codes == code)
        assert table["average_recency_days"][code] == pytest.approx(
            scores.recency_days[mine].mean()
        )
        assert table["orders_per_month"][code] == pytest.approx(
            scores.orders_per_month[mine].mean()
        )
    assert (table["average_recency_days"][~with_orders] == -1).all()


def test_a_summary_reads_well(scores: pmkt.RFMScores) -> None:
    table = scores.summary()
    lines = repr(table).splitlines()
    assert lines[0] == f"{len(scores):,} customers as of 1970-10-01, threshold scheme"
    assert lines[1].split()[:3] == ["segment", "customers", "customer"]
    assert len(lines) == 2 + 9 and len({len(line) for line in lines[1:]}) == 1
    assert "without customers not shown" in repr(scores.summary("cell"))
    rows = list(table)
    assert rows[0]["segment"] == "active-high-high" and isinstance(rows[0]["customers"], int)
    assert len(table) == 9 and "revenue_share" in table.columns
    page = scores.summary("tier")._repr_html_()
    assert page.count("<tr>") == 1 + 3 and "<th>silver</th>" in page
    frame = needed("pandas") and table.to_pandas()
    assert list(frame.columns) == table.columns and len(frame) == 9


def test_wide_characters_are_aligned() -> None:
    scores = shop().score("1970-10-01", tiers=[("普通会员", 0), ("金", 100_000)])
    lines = repr(scores.summary("tier")).splitlines()
    at = [line.rstrip().rfind(" ") for line in lines[1:]]
    wide = [sum(ord(char) > 0x2E80 for char in line) for line in lines[1:]]
    ends = [len(line) + extra for line, extra in zip(lines[1:], wide)]
    assert len(set(ends)) == 1 and min(at) > 0


def test_scores_read_well(scores: pmkt.RFMScores) -> None:
    text = repr(scores)
    assert text.startswith(
        f"RFMScores: {len(scores):,} customers as of 1970-10-01, threshold scheme"
    )
    assert "segment" in text and "%" in text


def test_to_pandas(scores: pmkt.RFMScores) -> None:
    pandas = needed("pandas")
    frame = scores.to_pandas()
    assert len(frame) == len(scores)
    assert np.allclose(frame["revenue"], scores.revenue_minor / 100)
    assert np.array_equal(frame["revenue_minor"], scores.revenue_minor)
    assert isinstance(frame["segment"].dtype, pandas.CategoricalDtype)
    assert frame["segment"].astype(str).tolist() == scores.segment_name.tolist()
    assert frame["tier"].cat.categories.tolist() == ["silver", "gold", "unknown"]
    assert frame["is_prospect"].dtype == bool
    grouped = frame.groupby("segment", observed=False)["revenue_minor"].sum()
    assert grouped.tolist() == scores.summary()["revenue_minor"].tolist()
    frame.loc[0, "orders"] = 7  # a frame of one's own


def test_major_units_follow_the_exponent() -> None:
    for exponent, unit in ((0, 1), (3, 1000)):
        scores = shop(100, exponent=exponent, currency="JPY").score("1970-10-01")
        assert np.allclose(scores.summary()["revenue"] * unit, scores.summary()["revenue_minor"])
        assert scores.exponent == exponent and scores.currency == "JPY"
