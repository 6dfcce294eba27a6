"""Frames that C reads: the same as through NumPy, and what it does not read is read there."""

from __future__ import annotations

import random
import sys
from datetime import date, datetime, timezone
from decimal import Decimal
from typing import Any, Callable, Dict, Iterator, List

import numpy as np
import pytest
from conftest import needed
from test_arrow import ZONE, random_ids, random_money, random_times, table_of

import pmkt
from pmkt import _constants as c
from pmkt import _events

MOMENT = datetime(2024, 7, 1, tzinfo=timezone.utc)


def by_numpy(monkeypatch: pytest.MonkeyPatch, frame: Any, **arguments: Any) -> pmkt.Events:
    """What ``from_frame`` makes where C reads nothing."""
    with monkeypatch.context() as patch:
        patch.setattr(_events, "readable", lambda *_: None)
        return pmkt.Events.from_frame(frame, **arguments)


@pytest.fixture
def read_by_c(monkeypatch: pytest.MonkeyPatch) -> Iterator[List[bool]]:
    """For each frame that is offered to C, whether it read it."""
    found: List[bool] = []
    read = pmkt.Events._read_frame

    def watched(self: Any, *arguments: Any) -> bool:
        found.append(read(self, *arguments))
        return found[-1]

    monkeypatch.setattr(pmkt.Events, "_read_frame", watched)
    yield found


def same(a: pmkt.Events, b: pmkt.Events) -> None:
    assert list(a._arrays) == list(b._arrays)
    for name, array in a._arrays.items():
        np.testing.assert_array_equal(array, b._arrays[name], name)
    assert repr(a) == repr(b)
    assert a.report.by_reason == b.report.by_reason
    assert a.report.rejected_rows().tolist() == b.report.rejected_rows().tolist()
    assert (a._users.kind, a._users.dtype) == (b._users.kind, b._users.dtype)
    assert a._users.names == b._users.names


@pytest.mark.parametrize("seed", range(200))
def test_random_frames_are_read_as_by_numpy(
    seed: int, monkeypatch: pytest.MonkeyPatch, read_by_c: List[bool]
) -> None:
    pa = needed("pyarrow")
    rng = random.Random(seed)
    makers: Dict[str, Callable[..., Any]] = {"u": random_ids, "t": random_times, "i": random_ids}
    makers["m"] = random_money
    table = table_of(pa, rng, makers)
    arguments: Dict[str, Any] = dict(
        user="u", time="t", item="i", amount="m", tz=ZONE, time_unit=rng.choice(["s", "ms", "us"]),
        exponent=rng.randint(0, 6), on_bad="skip", kind="refund",
    )  # fmt: skip
    try:
        expected = by_numpy(monkeypatch, table, **arguments)
    except pmkt.InvalidInput:
        return  # such as a text that is a time for nobody
    same(pmkt.Events.from_frame(table, **arguments), expected)
    assert len(read_by_c) == 1


def test_most_frames_are_read_by_c(read_by_c: List[bool]) -> None:
    pa, polars, pandas = needed("pyarrow"), needed("polars"), needed("pandas")
    table = pa.table({"u": ["ann", "bob", None], "t": pa.array([MOMENT] * 3), "m": [1.5, 2, None]})
    frames = [table, table.to_batches()[0], polars.DataFrame(table)]
    if hasattr(pandas.DataFrame, "__arrow_c_stream__"):
        frames.append(table.to_pandas(types_mapper=pandas.ArrowDtype))
    for frame in frames:
        events = pmkt.Events.from_frame(frame, user="u", time="t", amount="m", on_bad="skip")
        assert sorted(events._users.names.values()) == ["ann", "bob"]
    assert read_by_c == [True] * len(frames)


def test_what_c_does_not_read_is_read_by_numpy(read_by_c: List[bool]) -> None:
    polars = needed("polars")
    moments = ["2024-07-01", "2024-07-02", "when?"]
    frame = polars.DataFrame({"u": [1, 2, 3], "t": moments, "f": [1.0, 2.0, 2.5]})
    events = pmkt.Events.from_frame(frame, user="u", time="t", tz="UTC", on_bad="skip")
    assert events.report.by_reason == {"time: not a time": 1}
    with pytest.raises(pmkt.BadRow, match="row 2: time is 'when\\?'"):
        pmkt.Events.from_frame(frame, user="u", time="t", tz="UTC")
    with pytest.raises(pmkt.BadRow, match="row 2: order is 2.5, which is no id"):
        pmkt.Events.from_frame(frame, user="u", time="u", order="f")
    assert read_by_c == [False] * 3
    frame = frame.with_columns(polars.Series("o", [1, "x", None], dtype=polars.Object))
    with pytest.raises(pmkt.InvalidInput, match="order holds int and str"):
        pmkt.Events.from_frame(frame, user="u", time="u", order="o")
    assert pmkt.Events.from_frame(frame, user="u", time="u").report.accepted == 3


def test_dates_and_wall_clocks_need_a_zone() -> None:
    pa, polars, duckdb = needed("pyarrow"), needed("polars"), needed("duckdb")
    for moment in (date(2024, 7, 1), datetime(2024, 7, 1)):
        table = pa.table({"u": [1], "t": [moment]})
        for frame in (table, polars.DataFrame(table), duckdb.from_arrow(table)):
            with pytest.raises(pmkt.InvalidInput, match="time holds times without.*pass tz="):
                pmkt.Events.from_frame(frame, user="u", time="t")
            events = pmkt.Events.from_frame(frame, user="u", time="t", tz="Europe/London")
            assert events._arrays["time"].tolist() == [1719788400000]


@pytest.mark.parametrize("kind", ["int8", "uint16", "int32", "int64", "uint64", "float64"])
def test_numbers_keep_their_type(kind: str, read_by_c: List[bool]) -> None:
    pa, polars, duckdb = needed("pyarrow"), needed("polars"), needed("duckdb")
    table = pa.table({"u": np.array([3, 5], kind), "t": [1, 2]})
    coded = table.set_column(0, "u", table["u"].dictionary_encode())
    for frame in (table, coded, polars.DataFrame(table), duckdb.from_arrow(table)):
        events = pmkt.Events.from_frame(frame, user="u", time="t", kind="view")
        assert pmkt.RFM().add(events).score("2000-01-01").user.dtype == kind, type(frame)
    assert read_by_c == [True] * 4


def test_bytes_stay_bytes(read_by_c: List[bool]) -> None:
    pa, polars, duckdb = needed("pyarrow"), needed("polars"), needed("duckdb")
    table = pa.table({"u": [b"ann", b"\xff"], "t": [1, 2]})
    for frame in (table, polars.DataFrame(table), duckdb.from_arrow(table)):
        events = pmkt.Events.from_frame(frame, user="u", time="t", kind="view")
        users = pmkt.RFM().add(events).score("2000-01-01").user
        assert sorted(users.tolist()) == [b"ann", b"\xff"]
    assert read_by_c == [True] * 3


def test_decimal_prices_are_exact() -> None:
    pa = needed("pyarrow")
    price = pa.array([Decimal("1.005"), Decimal("0.285")], pa.decimal128(9, 3))
    table = pa.table({"u": [1, 2], "t": [1, 2], "p": price, "q": [1, 3]})
    events = pmkt.Events.from_frame(table, user="u", time="t", price="p", quantity="q")
    assert events._arrays["amount"].tolist() == [101, 86]
    assert events._arrays["quantity"].tolist() == [1, 3]


def test_relations_of_duckdb() -> None:
    duckdb = needed("duckdb")
    relation = duckdb.sql(
        "select * from (values ('ann', '2024-07-01', 1.25), ('bob', 'never', 2.50)) "
        'as orders("the ""user""", "at", "total")'
    )
    arguments: Dict[str, Any] = dict(user='the "user"', time="at", amount="total", tz="UTC")
    with pytest.raises(pmkt.InvalidInput, match="no column 'TOTAL'; the frame has: the "):
        pmkt.Events.from_frame(relation, **{**arguments, "amount": "TOTAL"})
    needed("pyarrow")  # for times as texts
    events = pmkt.Events.from_frame(relation, **arguments, on_bad="skip")
    assert events._arrays["amount"].tolist() == [125, 250]
    assert events.report.by_reason == {"time: not a time": 1}
    kinds = {"pv": "view", "buy": "order"}
    relation = duckdb.sql("select 7::int as u, 5 as t, 'buy' as k union all select 8, 6, 'pv'")
    events = pmkt.Events.from_frame(relation, user="u", time="t", kind_column="k", kinds=kinds)
    assert sorted(events._arrays["kind"].tolist()) == [c.KIND_VIEW, c.KIND_ORDER]


def test_relations_without_pyarrow(monkeypatch: pytest.MonkeyPatch) -> None:
    duckdb = needed("duckdb")
    monkeypatch.setitem(sys.modules, "pyarrow", None)
    relation = duckdb.sql("select * from (values (1, 5), (-2, 6)) as orders(u, t)")
    with pytest.raises(pmkt.BadRow, match="row 1"):
        pmkt.Events.from_frame(relation, user="u", time="t")
    events = pmkt.Events.from_frame(relation, user="u", time="t", on_bad="skip")
    assert events.report.rejected_rows().tolist() == [1]
    assert events._users.dtype == np.int32


def test_further_columns() -> None:
    pa = needed("pyarrow")
    table = pa.table({"u": [1, 2], "t": [1, 2], "x": [0.5, None], "s": ["a", None], "n": [7, None]})
    stages: List[str] = []
    events = pmkt.Events.from_arrow(
        table, user="u", time="t", extra=["x", "s", "n"], threads=1,
        progress=lambda done, stage: stages.append(stage),
    )  # fmt: skip
    assert list(events.extra) == ["x", "s", "n"] and stages
    np.testing.assert_array_equal(events.extra["x"], [0.5, np.nan])
    assert events.extra["s"].tolist() == [pmkt.Ids().encode(["a"])[0], 0]
    assert events.extra["n"].tolist() == [7, -(2**63)]
    assert not events.extra["n"].flags.writeable
    with pytest.raises(pmkt.Canceled):
        pmkt.Events.from_arrow(table, user="u", time="t", progress=lambda done, stage: True)
    with pytest.raises(pmkt.InvalidInput):
        pmkt.Events.from_arrow(table, user="u", time="t", extra=["nobody"])
    assert not pmkt.Events([1], [1]).extra


def test_a_dictionary_learns_the_texts_of_all_ids(read_by_c: List[bool]) -> None:
    polars = needed("polars")
    data = {"u": ["ann", "bob", None], "t": [0, 1, 2], "i": ["cup", None, "tea"], "n": [1, 2, 3]}
    for frame in (data, polars.DataFrame(data)):
        ids = pmkt.Ids(["known"])
        events = pmkt.Events.from_frame(
            frame, user="u", time="t", item="i", order="n", on_bad="skip", ids=ids
        )
        assert sorted(ids) == ["ann", "bob", "cup", "known", "tea"]
        assert ids.decode(events._arrays["item"]) == ["cup", None, "tea"]
        assert sorted(events._users.names.values()) == ["ann", "bob"], "users and nobody else"
        events = pmkt.Events.from_frame(frame, user="n", time="t", item="i", ids=ids)
        assert (events._users.kind, events._users.dtype) == (int, np.int64)
        ids = pmkt.Ids(one_way=True)
        events = pmkt.Events.from_frame(frame, user="u", time="t", on_bad="skip", ids=ids)
        assert events._users.kind is None and not events._users.names
        scores = pmkt.RFM(unpriced=True).add(events).score("1980-01-01")
        assert scores.user.dtype == np.uint64 and scores.find(["bob"])[0] >= 0
        events = pmkt.Events.from_frame(frame, user="n", time="t", ids=ids)
        assert events._users.dtype == np.int64
        with pytest.raises(pmkt.InvalidInput, match="pmkt.Ids"):
            pmkt.Events.from_frame(frame, user="u", time="t", ids={})  # type: ignore[arg-type]
    assert read_by_c == [True] * 4


def test_a_dictionary_learns_of_nobody(read_by_c: List[bool]) -> None:
    polars = needed("polars")
    frame = polars.DataFrame(
        {"u": [None], "t": [0]}, schema={"u": polars.String, "t": polars.Int64}
    )
    ids = pmkt.Ids(["known"])
    events = pmkt.Events.from_frame(frame, user="u", time="t", on_bad="skip", ids=ids)
    assert events._users.kind is None and list(ids) == ["known"] and read_by_c == [True]
