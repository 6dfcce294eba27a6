"""Batches: what the columns of many producers become, and what is said of bad rows."""

from __future__ import annotations

from decimal import Decimal
from typing import Any, Dict, List

import numpy as np
import pytest
from conftest import optional

import pmkt
from pmkt import _constants as c

DAY = 86_400_000


def column(events: pmkt.Events, name: str) -> List[Any]:
    return events._arrays[name].tolist()


# ------------------------------------------------------------------------------- arrays


def test_arrays_of_the_right_type_are_used_as_they_are() -> None:
    user = np.array([1, 2, 3], np.uint64)
    time = np.array([0, DAY, 2 * DAY])
    amount = np.array([100, 200, 300])
    kind = np.full(3, c.KIND_ORDER, np.uint16)
    events = pmkt.Events(user=user, time=time, kind_column=kind, order=user, amount=amount)
    for name, given in (("user", user), ("time", time), ("kind", kind), ("amount", amount)):
        assert np.shares_memory(events._arrays[name], given), name
    assert len(events) == 3
    assert events.report.accepted == 3 and events.report.first_bad is None


def test_signed_users_cross_without_a_copy() -> None:
    user = np.array([1, 2, 3], np.int64)
    events = pmkt.Events(user=user, time=np.zeros(3, np.int64))
    assert np.shares_memory(events._arrays["user"], user)


def test_a_batch_keeps_its_arrays_alive() -> None:
    def make() -> pmkt.Events:
        rows = np.arange(1, 100_001)
        return pmkt.Events(user=rows + 0, time=rows + 1, amount=rows + 2)

    events = [make() for _ in range(5)]
    for batch in events:
        assert pmkt.RFM().add(batch).report.accepted == 100_000


def test_no_rows() -> None:
    events = pmkt.Events(user=[], time=[])
    assert len(events) == 0 and events.report.rows == 0
    assert len(pmkt.RFM().add(events).score("2020-01-01")) == 0


def test_arrays_of_any_layout() -> None:
    """Not contiguous, of other widths, of the other byte order, read-only, misaligned."""
    plain = np.arange(1, 6, dtype=np.int64)
    raw = np.zeros(5 * 8 + 1, np.uint8)
    misaligned = raw[1:].view(np.int64)
    misaligned[:] = plain
    frozen = plain.copy()
    frozen.flags.writeable = False
    forms = [
        np.arange(1, 11)[::2] // 2 + 1,
        np.repeat(plain, 2)[::2],
        plain[::-1][::-1],
        plain.astype(np.int16),
        plain.astype(np.uint32),
        plain.astype(">i8"),
        plain.astype(">u4"),
        frozen,
        misaligned,
        plain.astype(object),
        plain.tolist(),
        tuple(plain.tolist()),
        plain.astype(np.float32),
    ]
    for form in forms:
        events = pmkt.Events(user=form, time=form, order=form, amount=form, quantity=form)
        for name in ("user", "time", "order", "amount", "quantity"):
            assert column(events, name) == [1, 2, 3, 4, 5], (name, form)


def test_masked_arrays() -> None:
    user = np.ma.array([1, 2, 3], mask=[False, True, False])
    events = pmkt.Events(user=user, time=[0, 0, 0], on_bad="skip")
    assert events.report.by_reason == {"no user": 1}
    assert events.report.rejected_rows().tolist() == [1]


# ------------------------------------------------------------------------------- frames


ROWS: Dict[str, List[Any]] = {
    "who": [7, 7, 8, None, 9],
    "name": ["ann", "ann", "bob", None, "cyd"],
    "when": [
        "2024-03-30 23:30:00",
        "2024-03-31 01:30:00",  # does not exist in London
        "2024-10-27 01:30:00",  # happens twice there
        "2024-06-01 12:00:00",
        None,
    ],
    "number": ["a", "a", "b", "c", "d"],
    "total": [1.005, 20.0, 0.29, 4.0, 5.0],
    "what": ["buy", "buy", "pv", "buy", "buy"],
    "count": [1, 2, 3, 4, 5],
}


def frames() -> List[Any]:
    """The same rows from every producer that is installed, in all its own types."""
    made: List[Any] = [{**ROWS}]
    made.append({**ROWS, "when": np.array(ROWS["when"], "datetime64[s]")})
    pandas = optional("pandas")
    if pandas is not None:
        frame = pandas.DataFrame(ROWS)
        made.append(frame)
        nullable = frame.convert_dtypes()
        nullable["when"] = pandas.to_datetime(frame["when"])
        made.append(nullable)
        made.append(
            frame.assign(
                when=frame["when"].astype("datetime64[ns]"),
                name=frame["name"].astype("category"),
                what=frame["what"].astype("category"),
                number=frame["number"].astype("string"),
            )
        )
        made.append(frame.iloc[::-1].iloc[::-1].assign(who=frame["who"].astype("Int64")))
    polars = optional("polars")
    if polars is not None:
        frame = polars.DataFrame(ROWS)
        made.append(frame)
        made.append(
            frame.with_columns(
                polars.col("when").str.to_datetime(),
                polars.col("name").cast(polars.Categorical),
                polars.col("what").cast(polars.Enum(["buy", "pv"])),
                polars.col("total").cast(polars.Decimal(12, 3)),
            )
        )
        made.append(polars.concat([frame[:2], frame[2:]], rechunk=False))
    pyarrow = optional("pyarrow")
    if pyarrow is not None:
        table = pyarrow.table(ROWS)
        made.append(table)
        made.append(table.to_batches()[0])
        made.append(pyarrow.concat_tables([table.slice(0, 3), table.slice(3)]))
        names = table["name"].dictionary_encode()
        made.append(table.set_column(1, "name", names))
        moments = pyarrow.array(
            [
                None if t is None else np.datetime64(t).astype("datetime64[us]").item()
                for t in ROWS["when"]
            ],
            pyarrow.timestamp("us"),
        )
        made.append(table.set_column(2, "when", moments))
        if pandas is not None:
            made.append(table.to_pandas(types_mapper=pandas.ArrowDtype))
    return made


def read(frame: Any, **more: Any) -> pmkt.Events:
    arguments: Dict[str, Any] = dict(
        user="who",
        time="when",
        order="number",
        amount="total",
        kind_column="what",
        kinds={"buy": "order", "pv": "view"},
        tz="Europe/London",
        on_bad="skip",
    )
    return pmkt.Events.from_frame(frame, **{**arguments, **more})


def test_every_producer_gives_the_same_batch() -> None:
    made = frames()
    assert len(made) >= 2
    first = read(made[0])
    assert column(first, "user")[:3] == [7, 7, 8]
    assert first.report.by_reason == {
        "no user": 1,
        list(first.report.by_reason)[1]: 1,
    }
    assert first.report.rejected_rows().tolist() == [3, 4]
    # 23:30 GMT; 01:30 that does not exist moves on to 02:30 BST; the first 01:30, BST.
    assert [np.datetime64(ms, "ms").item().isoformat() for ms in column(first, "time")[:3]] == [
        "2024-03-30T23:30:00",
        "2024-03-31T01:30:00",
        "2024-10-27T00:30:00",
    ]
    assert column(first, "amount") == [100, 2000, 29, 400, 500]
    for frame in made[1:]:
        other = read(frame)
        for name in first._arrays:
            if name == "amount":  # 1.005 is a double below that in some, a decimal in others
                decimal = "Decimal" in str(getattr(frame, "schema", ""))
                assert column(other, name)[0] == (101 if decimal else 100)
                assert column(other, name)[1:] == column(first, name)[1:]
            else:
                assert column(other, name) == column(first, name), (type(frame), name)
        assert other.report.by_reason == first.report.by_reason


def test_text_users_of_every_producer() -> None:
    for frame in frames():
        events = read(frame, user="name")
        scores = pmkt.RFM().add(events).score("2025-01-01")
        assert sorted(scores.user.tolist()) == ["ann", "bob"]
        assert scores.user.dtype == object


def test_instants_with_a_zone_need_no_tz() -> None:
    pandas, polars, pyarrow = optional("pandas"), optional("polars"), optional("pyarrow")
    moment = np.array(["2024-07-01T00:00", "NaT"], "datetime64[ns]")
    made: List[Any] = []
    if pandas is not None:
        series = pandas.Series(moment).dt.tz_localize("Asia/Shanghai")
        made += [pandas.DataFrame({"t": series, "u": [1, 2]})]
        made += [
            pandas.DataFrame({"t": series.astype("datetime64[s, Asia/Shanghai]"), "u": [1, 2]})
        ]
    if polars is not None:
        column_of = polars.Series("t", moment).dt.replace_time_zone("Asia/Shanghai")
        made += [polars.DataFrame({"t": column_of, "u": [1, 2]})]
    if pyarrow is not None:
        kind = pyarrow.timestamp("ms", tz="Asia/Shanghai")
        stamps = pyarrow.array([1719763200000, None], kind)  # counts are UTC
        made += [pyarrow.table({"t": stamps, "u": [1, 2]})]
    for frame in made:
        events = pmkt.Events.from_frame(frame, user="u", time="t", kind="view", on_bad="skip")
        assert column(events, "time") == [1719763200000, c.TIME_NULL], type(frame)


def cut(frame: Any, rows: int) -> Any:
    """The first rows of any producer's frame."""
    if isinstance(frame, dict):
        return {name: values[:rows] for name, values in frame.items()}
    return frame.slice(0, rows) if type(frame).__module__.startswith("pyarrow") else frame[:rows]


def test_frames_without_rows() -> None:
    for frame in frames():
        for user in ("who", "name"):
            events = read(cut(frame, 0), user=user)
            assert len(events) == 0 and events.report.rows == 0
            assert len(pmkt.RFM().add(events).score("2025-01-01")) == 0


def test_columns_with_nothing_in_them() -> None:
    nothing = {"u": [None, None], "t": [None, None], "o": [None, None], "a": [None, None]}
    made: List[Any] = [nothing]
    pandas, polars, pyarrow = optional("pandas"), optional("polars"), optional("pyarrow")
    if pandas is not None:
        made.append(pandas.DataFrame(nothing))
        for kind in ("string", "category", "Int64", "float64"):
            made.append(pandas.DataFrame(nothing).astype({"u": kind, "o": kind}))
    if polars is not None:
        made.append(polars.DataFrame(nothing))
        for kind in (polars.String, polars.Categorical, polars.Int64, polars.Float64):
            made.append(polars.DataFrame(nothing).with_columns(polars.col("u", "o").cast(kind)))
    if pyarrow is not None:
        made.append(pyarrow.table(nothing))
        for kind in (pyarrow.string(), pyarrow.large_string(), pyarrow.int64(), pyarrow.float64()):
            array = pyarrow.array([None, None], kind)
            made.append(pyarrow.table({"u": array, "t": nothing["t"], "o": array, "a": array}))
    for frame in made:
        amount = None if type(frame).__module__.startswith("pyarrow") else "a"
        events = pmkt.Events.from_frame(
            frame, user="u", time="t", order="o", amount=amount, tz="UTC", on_bad="skip"
        )
        assert events.report.by_reason == {"no user": 2}, type(frame)
        with pytest.raises(pmkt.BadRow):
            pmkt.Events.from_frame(frame, user="u", time="t", tz="UTC")


def test_unknown_columns_are_named_with_those_there_are() -> None:
    with pytest.raises(pmkt.InvalidInput, match="no column 'User'; the frame has: who, name"):
        read(ROWS, user="User")
    with pytest.raises(pmkt.InvalidInput, match="amount is 3; expected the name"):
        read(ROWS, amount=3)


def test_what_is_no_frame() -> None:
    for frame in ([1, 2], "orders.csv", None, np.zeros(3), 5):
        with pytest.raises(pmkt.InvalidInput, match="a frame cannot be"):
            read(frame)
    polars = optional("polars")
    if polars is not None:
        with pytest.raises(pmkt.InvalidInput, match="collect"):
            read(polars.DataFrame(ROWS).lazy())


def test_one_name_for_two_columns() -> None:
    pandas = optional("pandas")
    if pandas is not None:
        frame = pandas.DataFrame(ROWS)
        with pytest.raises(pmkt.InvalidInput, match="more than one column 'who'"):
            read(pandas.concat([frame, frame], axis=1))


# ------------------------------------------------------------------------------- money


def amounts(values: Any, exponent: int = 2, on_bad: str = "fail", **more: Any) -> List[int]:
    frame = {"u": np.ones(len(values), np.int64), "t": np.zeros(len(values), np.int64), "a": values}
    events = pmkt.Events.from_frame(
        frame, user="u", time="t", amount="a", exponent=exponent, on_bad=on_bad, **more
    )
    return column(events, "amount")


def test_major_units_in_every_form() -> None:
    assert amounts([12.99, 0.005, 1e10, float("nan"), 0]) == [
        1299,
        1,
        10**12,
        c.AMOUNT_NULL,
        0,
    ]
    assert amounts(np.array([1, 2])) == [100, 200]
    assert amounts(np.array([1.5, 2.25], np.float32)) == [150, 225]
    assert amounts([Decimal("12.345"), Decimal("1E+2"), Decimal("NaN"), None]) == [
        1235,
        10000,
        c.AMOUNT_NULL,
        c.AMOUNT_NULL,
    ]
    assert amounts(["12.345", " 7 ", "+0.10", "", None]) == [
        1235,
        700,
        10,
        c.AMOUNT_NULL,
        c.AMOUNT_NULL,
    ]
    assert amounts(["1.5"], exponent=0) == [2]
    assert amounts(["1.2345675"], exponent=6) == [1234568]
    # Exactly, where no double holds the number.
    assert amounts(["90071992547409.91"]) == [c.AMOUNT_MAX]
    assert amounts([Decimal("0.285")], 2) == [29]


def test_refunds_keep_their_sign() -> None:
    assert amounts([-12.345, 3.0], kind="refund") == [-1235, 300]


@pytest.mark.parametrize(
    "bad",
    [
        float("inf"),
        float("-inf"),
        1e300,
        "12,50",
        "1e5",
        "abc",
        "--1",
        Decimal("Infinity"),
        10**400,
    ],
)
def test_what_is_no_amount(bad: Any) -> None:
    with pytest.raises(pmkt.BadRow, match="row 1: amount is .*no amount") as caught:
        amounts([type(bad)(1), bad])
    assert caught.value.where == 1 and caught.value.where_kind == "row"
    frame = {"u": [1, 2], "t": [0, 0], "a": [type(bad)(1), bad]}
    events = pmkt.Events.from_frame(frame, user="u", time="t", amount="a", on_bad="skip")
    assert events.report.by_reason == {"amount: not an amount": 1}
    # Nor does a handle take the row for one without an amount: a CANCEL would cancel all.
    for kind in ("order", "cancel", "view"):
        events = pmkt.Events.from_frame(
            frame, user="u", time="t", amount="a", order="u", kind=kind, on_bad="skip"
        )
        assert pmkt.RFM().add(events).report.accepted == 1


def test_minor_units_are_taken_as_they_are() -> None:
    frame = {"u": [1, 2, 3], "t": [0, 0, 0], "a": np.array([1299.0, np.nan, 5.0])}
    events = pmkt.Events.from_frame(frame, user="u", time="t", amount_minor="a")
    assert column(events, "amount") == [1299, c.AMOUNT_NULL, 5]
    frame["a"] = np.array([1299.5, 1, 2])
    with pytest.raises(pmkt.BadRow, match="row 0: amount is 1299.5; expected a whole number"):
        pmkt.Events.from_frame(frame, user="u", time="t", amount_minor="a")
    with pytest.raises(pmkt.BadRow):
        pmkt.Events(user=[1], time=[0], amount=np.array([2**63], np.uint64))


def test_price_times_quantity() -> None:
    frame = {
        "u": [1, 2, 3, 4],
        "t": [0, 0, 0, 0],
        "p": [2.55, 0.1, np.nan, 3.0],
        "q": [6, 3, 1, -2],
    }
    events = pmkt.Events.from_frame(
        frame, user="u", time="t", price="p", quantity="q", kind="refund"
    )
    assert column(events, "amount") == [1530, 30, c.AMOUNT_NULL, -600]
    kilos = {**frame, "q": [0.5, 1.25, 1.0, 2.0], "p": ["1.10", "2", "3", "4"]}
    events = pmkt.Events.from_frame(kilos, user="u", time="t", price="p", quantity="q")
    assert column(events, "amount") == [55, 250, 300, 800]
    with pytest.raises(pmkt.BadRow, match="row 1: price is 'x', which is no number"):
        pmkt.Events.from_frame({**kilos, "p": ["1", "x", "1", "1"]}, user="u", time="t", price="p")


def test_two_ways_of_saying_the_amount() -> None:
    with pytest.raises(pmkt.InvalidInput, match="give one of amount and price"):
        read(ROWS, price="total")


def test_negative_amounts_need_a_refund() -> None:
    frame = {"u": [1, 2], "t": [0, 0], "a": [5.0, -5.0]}
    with pytest.raises(pmkt.BadRow) as caught:
        pmkt.Events.from_frame(frame, user="u", time="t", amount="a")
    assert caught.value.where == 1
    events = pmkt.Events.from_frame(frame, user="u", time="t", amount="a", on_bad="skip")
    assert events.report.rejected == 1 and "negative" in next(iter(events.report.by_reason))


def test_amounts_out_of_range() -> None:
    with pytest.raises(pmkt.BadRow):
        pmkt.Events(user=[1], time=[0], amount=[c.AMOUNT_MAX + 1])
    assert pmkt.Events(user=[1], time=[0], amount=[c.AMOUNT_MAX]).report.accepted == 1


def test_orders_without_amount_are_told_by_the_state() -> None:
    events = pmkt.Events(user=[1, 2], time=[0, 0], amount=[5, c.AMOUNT_NULL], on_bad="skip")
    assert events.report.accepted == 2
    report = pmkt.RFM().add(events).report
    assert report.accepted == 1 and report.rejected_rows().tolist() == [1]
    assert "amount" in next(iter(report.by_reason))
    with pytest.raises(pmkt.BadRow, match='on_bad="skip"'):
        pmkt.RFM().add(pmkt.Events(user=[1], time=[0]))
    assert pmkt.RFM(unpriced=True).add(pmkt.Events(user=[1], time=[0])).report.accepted == 1


# ------------------------------------------------------------------------------- kinds


def test_kinds_by_name_number_and_map() -> None:
    assert "order" in pmkt.kind_names() and "register" in pmkt.kind_names()
    one = dict(user=[1, 2], time=[0, 0])
    assert pmkt.Events(**one, kind="view")._struct.every_kind == c.KIND_VIEW
    assert pmkt.Events(**one, kind=300)._struct.every_kind == 300
    assert column(pmkt.Events(**one, kind_column=["cart", "view"]), "kind") == [7, 3]
    assert column(pmkt.Events(**one, kind_column=[7, 65535]), "kind") == [7, 65535]
    assert column(pmkt.Events(**one, kind_column=np.array([7.0, 3.0])), "kind") == [7, 3]
    mapped = pmkt.Events(**one, kind_column=[0, 1], kinds={0: "view", 1: 256, 2: "order"})
    assert column(mapped, "kind") == [3, 256]


@pytest.mark.parametrize(
    "bad", ["buy", "", "ORDER", "order\0", -1, 0, 18, 255, 65536, True, 1.5, None]
)
def test_what_is_no_kind(bad: Any) -> None:
    if bad is not None:
        with pytest.raises(pmkt.InvalidInput):
            pmkt.Events(user=[1], time=[0], kind=bad)
    with pytest.raises(pmkt.InvalidInput):
        pmkt.Events(user=[1], time=[0], kind_column=[bad])
    with pytest.raises(pmkt.InvalidInput):
        pmkt.Events(user=[1], time=[0], kind_column=["x"], kinds={"x": bad})


def test_unknown_kinds_are_listed() -> None:
    values = ["pv", "buy", "fav", "cart"]
    given: Dict[str, Any] = dict(
        user=[1, 2, 3, 4], time=[0] * 4, kinds={"buy": "order", "pv": "view"}
    )
    with pytest.raises(pmkt.BadRow, match="known kind: 'cart', 'fav'|known kind: 'fav', 'cart'"):
        pmkt.Events(**given, kind_column=values)
    events = pmkt.Events(**given, kind_column=values, on_bad="skip")
    assert events.report.by_reason == {"kind_column: unknown kind": 2}
    assert events.report.rejected_rows().tolist() == [2, 3]


def test_kind_arguments_that_contradict() -> None:
    with pytest.raises(pmkt.InvalidInput, match="either kind or kind_column"):
        pmkt.Events(user=[1], time=[0], kind="order", kind_column=["view"])
    with pytest.raises(pmkt.InvalidInput, match="kind_column"):
        pmkt.Events(user=[1], time=[0], kinds={"a": "order"})


# ------------------------------------------------------------------------------- reports


def test_reasons_are_told_apart_and_counted_once() -> None:
    events = pmkt.Events.from_frame(
        {
            "u": [1, -5, 0, 4, 5, 6, 7],
            "t": ["2024-01-01", "2024-01-01", "no", "no", "1500-01-01", "2024-01-01", "2024-01-01"],
            "o": [1, 2, 3, 4, 5, 1.5, 7],
            "a": ["1", "x", "1", "x", "1", "1", "x"],
        },
        user="u",
        time="t",
        order="o",
        amount="a",
        tz="UTC",
        on_bad="skip",
    )
    report = events.report
    assert report.by_reason == {
        "no user": 1,
        "user: not an id": 1,
        "time: not a time": 2,
        "order: not an id": 1,
        "amount: not an amount": 1,
    }
    assert (report.rows, report.accepted, report.rejected, report.ignored) == (7, 1, 6, 0)
    assert report.rejected_rows().tolist() == [1, 2, 3, 4, 5, 6] and report.first_bad == 1
    assert not report.rejected_rows().flags.writeable
    assert pmkt.RFM().add(events).report.by_reason == report.by_reason
    assert "7 rows: 1 accepted, 6 rejected (1 no user; " in repr(events)


def test_columns_of_other_lengths() -> None:
    with pytest.raises(pmkt.InvalidInput, match="order has 3 rows and user has 2"):
        pmkt.Events(user=[1, 2], time=[0, 0], order=[1, 2, 3])
    with pytest.raises(pmkt.InvalidInput, match="time has 1 rows"):
        pmkt.Events(user=[1, 2], time=[0])


@pytest.mark.parametrize(
    "more",
    [
        {"on_bad": "ignore"},
        {"on_bad": None},
        {"exponent": 7},
        {"exponent": -1},
        {"exponent": 2.0},
        {"exponent": True},
        {"currency": "EURO"},
        {"currency": "€"},
        {"currency": 978},
        {"tz": "Europe/Nowhere"},
        {"tz": "../etc/passwd"},
        {"tz": 10_000},
        {"tz": 1.5},
        {"tz": True},
        {"time_unit": "minutes"},
    ],
)
def test_arguments_that_do_not_fit(more: Dict[str, Any]) -> None:
    with pytest.raises(pmkt.InvalidInput):
        pmkt.Events(user=[1], time=[0], **more)


def test_an_error_is_of_both_families() -> None:
    with pytest.raises(ValueError) as caught:
        pmkt.Events(user=[0], time=[0])
    assert isinstance(caught.value, pmkt.PmktError)
    assert caught.value.code == c.E_BAD_ROW
    assert (caught.value.where, caught.value.where_kind) == (0, "row")


def test_what_is_shown_has_the_range_of_dates() -> None:
    seconds = [1_420_070_400, 0, 1_420_156_800]
    wrong = pmkt.Events(user=[1, 2, 3], time=seconds)
    assert "; 1970-01-01 to 1970-01-17 10:29:16.800 UTC; 3 rows" in repr(wrong)
    right = pmkt.Events(user=[1, 2], time=seconds[::2], time_unit="s")
    assert "; 2015-01-01 to 2015-01-02 UTC; 2 rows" in repr(right)
    gone = pmkt.Events(user=[1, 2], time=[None, 10**17], on_bad="skip")
    assert "UTC" not in repr(gone) and "UTC" not in repr(pmkt.Events(user=[], time=[]))


def test_a_batch_is_not_copied_by_accident() -> None:
    import copy
    import pickle

    events = pmkt.Events(user=[1], time=[0])
    with pytest.raises(TypeError, match="copied"):
        copy.copy(events)
    with pytest.raises(TypeError, match="pickled"):
        pickle.dumps(events)
