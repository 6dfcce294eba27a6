"""Real orders, scored by the library and by a pandas group-by side by side."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from conftest import ROOT, data_file, missing, needed

import pmkt

pandas = needed("pandas")


def check(scores: pmkt.RFMScores, orders: Any, as_of: Any) -> None:
    """
    Scores against a frame of one row an order: customer, day, net (minor units). The frame is
    grouped here, by other means.
    """
    kept = orders[orders["net"] > 0]
    by_customer = kept.groupby("customer")
    rows = scores.find(by_customer.size().index.to_numpy())
    assert (rows >= 0).all() and (scores.orders > 0).sum() == len(rows)
    assert np.array_equal(scores.orders[rows], by_customer.size())
    last = (as_of - by_customer["day"].max()).dt.days
    assert np.array_equal(scores.recency_days[rows], last)
    revenue = (
        orders[orders["customer"].isin(by_customer.size().index)].groupby("customer")["net"].sum()
    )
    assert np.array_equal(scores.revenue_minor[rows], revenue)
    span = (by_customer["day"].max() - by_customer["day"].min()).dt.days
    pace = by_customer.size() * 30 / np.maximum(30, span)
    assert np.array_equal(scores.orders_per_month[rows], pace)
    average = revenue / by_customer.size()
    rounded = np.sign(average) * np.floor(np.abs(average) + 0.5)
    assert np.array_equal(scores.average_order_minor[rows], rounded)
    r_band = np.select([last <= 30, last >= 90], [3, 1], 2)
    f_band = np.select([pace >= 3, pace <= 1], [3, 1], 2)
    m_band = np.select([average >= 20_000, average <= 5_000], [3, 1], 2)
    assert np.array_equal(scores.r_band[rows], r_band)
    assert np.array_equal(scores.f_band[rows], f_band)
    assert np.array_equal(scores.m_band[rows], m_band)
    segment = 4 * (r_band < 3) + 2 * (f_band < 3) + (m_band < 3)
    assert np.array_equal(scores.segment[rows], segment)


def check_quintiles(scores: pmkt.RFMScores) -> None:
    """1 + floor(5 * share of those strictly worse), by ranks of pandas."""
    buyers = scores.orders > 0
    count = int(buyers.sum())
    for score, values in (
        (scores.r_score, -scores.recency_days),
        (scores.f_score, scores.orders),
        (scores.m_score, scores.revenue_minor),
    ):
        worse = pandas.Series(values[buyers]).rank(method="min").to_numpy().astype(np.int64) - 1
        assert np.array_equal(score[buyers], 1 + 5 * worse // count)
        assert not score[~buyers].any()


def test_cdnow() -> None:
    path = data_file("cdnow_sample.txt")
    frame = pandas.read_csv(
        path,
        sep=r"\s+",
        names=["master", "customer", "date", "cds", "dollars"],
        dtype={"date": str},
    )
    assert len(frame) == 6919
    events = pmkt.Events.from_frame(frame, user="customer", time="date", amount="dollars", tz="UTC")
    scores = pmkt.RFM().add(events).score("1998-07-01")
    assert len(scores) == 2357 and scores.orders.sum() + (frame["dollars"] == 0).sum() == 6919
    orders = pandas.DataFrame(
        {
            "customer": frame["customer"],
            "day": pandas.to_datetime(frame["date"]),
            "net": (frame["dollars"] * 100).round().astype(np.int64),
        }
    )
    check(scores, orders, pandas.Timestamp("1998-07-01"))
    check_quintiles(pmkt.RFM().add(events).score("1998-07-01", "quantile"))
    summary = pmkt.RFM("summary").add(events).score("1998-07-01")
    for name in ("user", "orders", "revenue_minor", "segment", "lifecycle"):
        assert np.array_equal(getattr(summary, name), getattr(scores, name)), name


def test_the_example_data_are_the_same_orders() -> None:
    path = ROOT / "examples" / "data" / "cdnow_orders.csv"
    if not path.is_file():
        missing(f"{path} is missing")
    frame = pandas.read_csv(path)
    assert list(frame.columns) == ["customer", "date", "cds", "dollars"] and len(frame) == 6919
    events = pmkt.Events.from_frame(frame, user="customer", time="date", amount="dollars", tz="UTC")
    assert pmkt.RFM().add(events).score("1998-07-01").revenue_minor.sum() == round(
        frame["dollars"].sum() * 100
    )


@pytest.fixture(scope="module")
def retail() -> Any:
    path = data_file("online_retail.csv.xz")
    return pandas.read_csv(path, dtype={"InvoiceNo": str, "StockCode": str})


def test_online_retail(retail: Any) -> None:
    """Invoices as orders, C... invoices as refunds of their own, customers as floats with gaps."""
    frame = retail.assign(
        cents=(retail["UnitPrice"] * 1000).round().astype(np.int64) * retail["Quantity"] / 10,
        kind=np.where(retail["InvoiceNo"].str.startswith("C"), "refund", "order"),
    )
    frame["amount"] = frame["Quantity"] * frame["UnitPrice"]
    events = pmkt.Events.from_frame(
        frame,
        user="CustomerID",
        time="InvoiceDate",
        order="InvoiceNo",
        price="UnitPrice",
        quantity="Quantity",
        kind_column="kind",
        tz="Europe/London",
        on_bad="skip",
    )
    assert events.report.rows == 541_909
    assert events.report.by_reason["no user"] == 135_080
    rfm = pmkt.RFM(tz="Europe/London").add(events)
    scores = rfm.score("2011-12-10")
    assert scores.user.dtype == np.float64

    known = frame.dropna(subset=["CustomerID"])
    sign = np.where(known["kind"] == "refund", -1, 1)
    size = np.floor(np.abs(known["Quantity"] * known["UnitPrice"] * 100) + 0.5).astype(np.int64)
    lines = pandas.DataFrame(
        {
            "customer": known["CustomerID"],
            "invoice": known["InvoiceNo"],
            "time": pandas.to_datetime(known["InvoiceDate"]),
            "net": sign * size,
        }
    )
    invoices = lines.groupby(["customer", "invoice"]).agg(time=("time", "min"), net=("net", "sum"))
    orders = invoices.reset_index().assign(day=lambda f: f["time"].dt.normalize())
    check(scores, orders, pandas.Timestamp("2011-12-10"))
    check_quintiles(rfm.score("2011-12-10", "quantile"))
    # Purchase days collapse nothing here: these have more orders than days with one.
    days = orders[orders["net"] > 0].groupby("customer")["day"].nunique()
    assert (scores.orders[scores.find(days.index.to_numpy())] > days.to_numpy()).sum() > 600


def test_online_retail_from_other_producers(retail: Any) -> None:
    polars = needed("polars")
    columns = dict(
        user="CustomerID",
        time="InvoiceDate",
        order="InvoiceNo",
        price="UnitPrice",
        quantity="Quantity",
        tz="Europe/London",
        on_bad="skip",
    )
    one = pmkt.Events.from_frame(retail, **columns)
    frame = polars.from_pandas(retail).with_columns(
        polars.col("InvoiceDate").str.to_datetime(), polars.col("CustomerID").cast(polars.Int64)
    )
    other = pmkt.Events.from_frame(frame, **columns)
    assert other.report.by_reason == one.report.by_reason
    first = pmkt.RFM().add(one).score("2011-12-10")
    second = pmkt.RFM().add(other).score("2011-12-10")
    assert second.user.dtype == np.int64
    for name, values in first.to_dict().items():
        assert np.array_equal(second.to_dict()[name], values), name


def test_taobao_behavior() -> None:
    """Actions without prices: unpriced orders, seconds as times, kinds of the file's own."""
    path = data_file("taobao_behaviour.csv.xz")
    frame = pandas.read_csv(path)
    events = pmkt.Events.from_frame(
        frame,
        user="user",
        time="time",
        time_unit="s",
        item="item",
        category="category",
        kind_column="kind",
        kinds={"pv": "view", "cart": "cart", "fav": "favorite", "buy": "order"},
        on_bad="skip",
    )
    assert events.report.accepted == len(frame)
    scores = pmkt.RFM(tz="Asia/Shanghai", unpriced=True).add(events).score("2017-12-04")
    buys = frame[frame["kind"] == "buy"].groupby("user").size()
    assert np.array_equal(scores.orders[scores.find(buys.index.to_numpy())], buys)
    assert len(scores) == frame["user"].nunique() and scores.orders.sum() == buys.sum()
    stages = scores.summary("brand_stage")
    assert stages["customers"][scores.brand_stage_names.index("not-observed")] == 0
    assert stages["customers"].sum() == len(scores)
