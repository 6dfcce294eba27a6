"""Arrow streams in and out: other libraries as producers and consumers, against a slow reader."""

from __future__ import annotations

import ctypes
import gc
import math
import random
import weakref
from datetime import datetime, timedelta
from decimal import ROUND_HALF_UP, Context, Decimal
from typing import Any, Callable, Dict, List, Optional, Tuple
from zoneinfo import ZoneInfo

import numpy as np
import pytest
from conftest import needed

import pmkt
from pmkt import _arrow
from pmkt import _constants as c
from pmkt._ids import ids_of_texts
from pmkt._structs import ArrowArrayStream

T = 1_700_000_000_000
NULL = -(2**63)
TOP = 2**53 - 1
ZONE = "Europe/London"
BAD = object()
ROUNDING = Context(prec=200, rounding=ROUND_HALF_UP)
EPOCH = datetime(1970, 1, 1)


# ----------------------------------------------------------------------- the slow reader


def slow_id(value: Any) -> Any:
    if value is None:
        return 0
    if isinstance(value, (str, bytes)):
        return int(ids_of_texts([value])[0])
    if isinstance(value, float):
        if value != value:
            return 0
        return int(value) if 1 <= value <= 2**53 and value == int(value) else BAD
    return value if value >= 0 else BAD


def slow_money(value: Any, exponent: int) -> Any:
    if value is None or value != value:
        return NULL
    if isinstance(value, float):
        scaled = value * 10.0**exponent
        if math.isinf(scaled) or abs(scaled) > TOP:
            return BAD
        value, exponent = Decimal(scaled), 0
    if isinstance(value, str):
        value = Decimal(value)
    minor = ROUNDING.scaleb(Decimal(value), exponent)
    minor = int(minor.quantize(Decimal(1), context=ROUNDING))
    return minor if abs(minor) <= TOP else BAD


def slow_minor(value: Optional[int]) -> Any:
    if value is None:
        return NULL
    return value if NULL < value < 2**63 else BAD


def slow_count(value: Any) -> Any:
    if value is None or value != value:
        return NULL
    if math.isinf(value) or value != int(value) or not NULL < value < 2**63:
        return BAD
    return int(value)


PER_MS = {"s": Decimal(1000), "ms": Decimal(1), "us": Decimal("1e-3"), "ns": Decimal("1e-6")}


def slow_time(count: Optional[int], unit: str, zone: Optional[str]) -> Any:
    """``count`` of a unit since 1970; of wall-clock time if there is a zone."""
    if count is None:
        return NULL
    if unit == "D":
        ms = count * 86_400_000
    else:
        ms = count * 1000 if unit == "s" else count // {"ms": 1, "us": 1000, "ns": 10**6}[unit]
    if zone is not None:
        try:
            local = EPOCH + timedelta(milliseconds=ms)
            aware = local.replace(tzinfo=ZoneInfo(zone))
            ms -= int(aware.utcoffset().total_seconds() * 1000)  # type: ignore[union-attr]
        except OverflowError:
            return BAD
    return ms if c.TIME_MIN <= ms < c.TIME_MAX else BAD


# ----------------------------------------------------------------------- random columns


def some(rng: random.Random, make: Callable[[], Any], rows: int, nulls: float) -> List[Any]:
    return [None if rng.random() < nulls else make() for _ in range(rows)]


def integer_of(rng: random.Random, bits: int, signed: bool) -> int:
    low, high = (-(2 ** (bits - 1)), 2 ** (bits - 1) - 1) if signed else (0, 2**bits - 1)
    if rng.random() < 0.05:
        return rng.choice([low, high, low + 1, 0, high - 1])
    return rng.randint(0, min(high, 1000))


def random_ids(pa: Any, rng: random.Random, rows: int, nulls: float) -> Any:
    kind = rng.choice(["i", "f", "t", "dt", "di"])
    if kind in ("i", "di"):
        bits, signed = rng.choice([8, 16, 32, 64]), rng.random() < 0.5
        kind_of = getattr(pa, f"{'' if signed else 'u'}int{bits}")()
        values = pa.array(some(rng, lambda: integer_of(rng, bits, signed), rows, nulls), kind_of)
        return values.dictionary_encode() if kind == "di" else values
    if kind == "f":
        odd = [0.5, -1.0, 0.0, math.nan, math.inf, 2.0**53, 2.0**53 + 2]
        make = lambda: rng.choice(odd) if rng.random() < 0.1 else float(rng.randint(1, 999))  # noqa: E731
        return pa.array(some(rng, make, rows, nulls), rng.choice([pa.float32(), pa.float64()]))
    text_types = [pa.string(), pa.large_string(), pa.binary(), pa.large_binary()]
    if hasattr(pa, "string_view"):
        text_types += [pa.string_view(), pa.binary_view()]
    text_type = rng.choice(text_types)
    words = ["", "a", "b€", "twelve bytes", "thirteen byte", "x" * 40]
    values = some(rng, lambda: rng.choice(words), rows, nulls)
    if kind == "t":
        return pa.array(values, pa.string()).cast(text_type)
    index = getattr(pa, rng.choice(["int8", "uint8", "int16", "int32", "uint32", "int64"]))()
    codes = [None if value is None else rng.randrange(len(words)) for value in values]
    entries = pa.array([*words[:-1], None if rng.random() < 0.3 else words[-1]])
    return pa.DictionaryArray.from_arrays(pa.array(codes, index), entries.cast(text_type))


def random_money(pa: Any, rng: random.Random, rows: int, nulls: float) -> Any:
    kind = rng.choice(["d", "f", "i", "t"])
    if kind == "d":
        precision = rng.randint(1, 38)
        scale = rng.randint(-3 if precision < 30 else 0, precision)
        digits = lambda: rng.randint(-(10**precision) + 1, 10**precision - 1) >> rng.choice([0, 9])  # noqa: E731
        make = lambda: ROUNDING.scaleb(Decimal(digits()), -scale)  # noqa: E731
        return pa.array(some(rng, make, rows, nulls), pa.decimal128(precision, scale))
    if kind == "f":
        odd = [math.nan, math.inf, -math.inf, 1e300, 0.125, -0.125, 2.675, 9.1e13]
        make = lambda: rng.choice(odd) if rng.random() < 0.1 else round(rng.uniform(-9, 999), 3)  # noqa: E731
        return pa.array(some(rng, make, rows, nulls), pa.float64())
    if kind == "i":
        bits, signed = rng.choice([8, 16, 32, 64]), rng.random() < 0.5
        kind_of = getattr(pa, f"{'' if signed else 'u'}int{bits}")()
        return pa.array(some(rng, lambda: integer_of(rng, bits, signed), rows, nulls), kind_of)
    texts = some(rng, lambda: f"{rng.randint(-99, 99)}.{rng.randint(0, 99999)}", rows, nulls)
    return pa.array(texts, pa.string())


def random_times(pa: Any, rng: random.Random, rows: int, nulls: float) -> Any:
    kind = rng.choice(["s", "ms", "us", "ns", "D", "D64", "i"])
    per = {"s": 1, "ms": 1000, "us": 10**6, "ns": 10**9}.get(kind, 1)

    def make() -> int:
        if rng.random() < 0.05 and kind not in ("D", "D64"):
            # Nanoseconds end in 2262, beyond the years that zones are read for.
            return rng.choice([-1, 0] if kind == "ns" else [-(2**63), 2**63 - 1, -1, 0])
        second = rng.randint(-2_190_000_000, 4_100_000_000)  # years that zones are read for
        if rng.random() < 0.5:  # around a change of the clocks
            second = rng.choice([1301189400, 1319937600, 1332639000]) + rng.randint(-7200, 7200)
        return second // 86400 if kind in ("D", "D64") else second * per + rng.randrange(per)

    counts = some(rng, make, rows, nulls)
    if kind == "i":
        return pa.array(counts, pa.int64())
    if kind == "D":
        return pa.array(counts, pa.int32()).cast(pa.date32())
    if kind == "D64":
        days = [None if count is None else count * 86_400_000 for count in counts]
        return pa.array(days, pa.int64()).cast(pa.date64())
    tz = rng.choice([None, "UTC", "Asia/Tokyo"])
    return pa.array(counts, pa.int64()).cast(pa.timestamp(kind, tz))


def cut(pa: Any, rng: random.Random, array: Any, before: int, after: int) -> Any:
    """The array without rows at its ends, so that it has an offset."""
    return array.slice(before, len(array) - before - after)


def table_of(pa: Any, rng: random.Random, makers: Dict[str, Callable[..., Any]]) -> Any:
    """Chunks of random columns, each with offsets of its own."""
    rows, nulls = rng.choice([0, 1, 7, 64, 300]), rng.choice([0.0, 0.0, 0.3, 1.0])
    arrays = {}
    for name, make in makers.items():
        before, after = rng.randint(0, 9), rng.randint(0, 9)
        arrays[name] = cut(pa, rng, make(pa, rng, rows + before + after, nulls), before, after)
    table = pa.table(arrays)
    if rng.random() < 0.5 or not rows:
        return table
    at = sorted(rng.randint(0, rows) for _ in range(rng.randint(1, 4)))
    parts = [table.slice(a, b - a) for a, b in zip([0, *at], [*at, rows])]
    return pa.concat_tables(parts)


def plain_values(pa: Any, column: Any) -> List[Any]:
    if pa.types.is_dictionary(column.type):
        entries = [chunk.dictionary.to_pylist() for chunk in column.chunks]
        codes = [chunk.indices.to_pylist() for chunk in column.chunks]
        return [
            None if code is None else entry[code]
            for entry, chunk in zip(entries, codes)
            for code in chunk
        ]
    return column.to_pylist()


def counts_of(pa: Any, column: Any) -> Tuple[List[Optional[int]], str, bool]:
    """Times as whole numbers; their unit; whether they are wall-clock times."""
    kind = column.type
    if pa.types.is_date32(kind):
        return column.cast(pa.int32()).to_pylist(), "D", True
    if pa.types.is_date64(kind):
        days = column.cast(pa.int64()).to_pylist()
        return [None if day is None else day // 86_400_000 for day in days], "D", True
    if pa.types.is_timestamp(kind):
        return column.cast(pa.int64()).to_pylist(), kind.unit, kind.tz is None
    return column.to_pylist(), "", False


def compare(events: pmkt.Events, want: Dict[str, Tuple[List[Any], int, int]]) -> None:
    """Columns, and for each row the reason of the first column that cannot be read."""
    rows = len(events)
    reject = [0] * rows
    for name, (values, null, reason) in want.items():
        mine = getattr(events._struct, name)[:rows] if rows else []
        for row, value in enumerate(values):
            assert mine[row] == (null if value is BAD else value), (name, row, value)
            if value is BAD and not reject[row]:
                reject[row] = 1 + reason
    found = events._struct.reject[:rows] if rows and events._struct.reject else [0] * rows
    assert list(found) == reject


@pytest.mark.parametrize("seed", range(400))
def test_random_arrays_against_the_slow_reader(seed: int) -> None:
    pa = needed("pyarrow")
    rng = random.Random(seed)
    exponent = rng.randint(0, 6)
    unit = rng.choice(list(PER_MS))
    makers: Dict[str, Callable[..., Any]] = {"u": random_ids, "t": random_times, "i": random_ids}
    makers["m"] = random_money
    table = table_of(pa, rng, makers)
    events = pmkt.Events.from_arrow(
        table, user="u", time="t", item="i", amount="m", tz=ZONE, time_unit=unit,
        exponent=exponent, on_bad="skip",
    )  # fmt: skip
    counts, own_unit, is_local = counts_of(pa, table["t"])
    zone = ZONE if is_local else None
    compare(
        events,
        {
            "user": ([slow_id(v) for v in plain_values(pa, table["u"])], 0, c.BAD_ID),
            "time": ([slow_time(v, own_unit or unit, zone) for v in counts], NULL, c.BAD_TIME),
            "item": ([slow_id(v) for v in plain_values(pa, table["i"])], 0, c.BAD_ID),
            "amount": (
                [slow_money(v, exponent) for v in table["m"].to_pylist()],
                NULL,
                c.BAD_AMOUNT_RANGE,
            ),
        },
    )


@pytest.mark.parametrize("seed", range(100))
def test_random_products_and_whole_numbers(seed: int) -> None:
    pa = needed("pyarrow")
    rng = random.Random(seed)

    def price(pa: Any, rng: random.Random, rows: int, nulls: float) -> Any:
        make = lambda: Decimal(rng.randint(-(10**9), 10**9)).scaleb(-4)  # noqa: E731
        return pa.array(some(rng, make, rows, nulls), pa.decimal128(20, 4))

    def quantity(pa: Any, rng: random.Random, rows: int, nulls: float) -> Any:
        if rng.random() < 0.5:
            return pa.array(some(rng, lambda: rng.randint(-99, 99), rows, nulls), pa.int16())
        make = lambda: Decimal(rng.randint(0, 3000)).scaleb(-2)  # noqa: E731
        return pa.array(some(rng, make, rows, nulls), pa.decimal128(9, 2))

    def minor(pa: Any, rng: random.Random, rows: int, nulls: float) -> Any:
        bits, signed = rng.choice([8, 16, 32, 64]), rng.random() < 0.5
        kind_of = getattr(pa, f"{'' if signed else 'u'}int{bits}")()
        return pa.array(some(rng, lambda: integer_of(rng, bits, signed), rows, nulls), kind_of)

    def count(pa: Any, rng: random.Random, rows: int, nulls: float) -> Any:
        odd = [0.5, math.nan, math.inf, -(2.0**63), 2.0**63, 2.0**62]
        make = lambda: rng.choice(odd) if rng.random() < 0.1 else float(rng.randint(-9, 9))  # noqa: E731
        return pa.array(some(rng, make, rows, nulls), pa.float64())

    def user(pa: Any, rng: random.Random, rows: int, nulls: float) -> Any:
        return pa.array(range(1, rows + 1), pa.uint64())

    table = table_of(pa, rng, {"u": user, "p": price, "q": quantity, "m": minor, "c": count})
    users = (table["u"].to_pylist(), 0, c.BAD_ID)
    common: Dict[str, Any] = dict(user="u", time="u", on_bad="skip")
    events = pmkt.Events.from_arrow(table, price="p", quantity="q", **common)
    pairs = zip(table["p"].to_pylist(), table["q"].to_pylist())
    values = [slow_money(None if None in (p, q) else p * q, 2) for p, q in pairs]
    compare(events, {"user": users, "amount": (values, NULL, c.BAD_AMOUNT_RANGE)})
    events = pmkt.Events.from_arrow(table, amount_minor="m", quantity="c", **common)
    compare(
        events,
        {
            "user": users,
            "amount": ([slow_minor(v) for v in table["m"].to_pylist()], NULL, c.BAD_AMOUNT_RANGE),
            "quantity": ([slow_count(v) for v in table["c"].to_pylist()], NULL, c.BAD_VALUE),
        },
    )


# ----------------------------------------------------------------------- producers


def orders(pa: Any) -> Any:
    return pa.table(
        {
            "customer": ["ann", "bob", None, "ann"],
            "at": pa.array([T, T + 1, T + 2, T + 3], pa.timestamp("ms", "UTC")),
            "total": pa.array(
                [Decimal("1.25"), Decimal("2.50"), Decimal("9.99"), None], pa.decimal128(10, 2)
            ),
            "what": ["buy", "buy", "buy", "look"],
        }
    )


def check_orders(source: Any) -> None:
    events = pmkt.Events.from_arrow(
        source, user="customer", time="at", amount="total", kind_column="what",
        kinds={"buy": "order", "look": "view"}, currency="EUR", on_bad="skip",
    )  # fmt: skip
    ann, bob = ids_of_texts(["ann", "bob"]).tolist()
    assert events._arrays["user"].tolist() == [ann, bob, 0, ann]
    assert events._arrays["time"].tolist() == [T, T + 1, T + 2, T + 3]
    assert events._arrays["amount"].tolist() == [125, 250, 999, NULL]
    assert events._arrays["kind"].tolist() == [10, 10, 10, 3]
    assert events.report.by_reason == {"no user": 1}
    scores = pmkt.RFM().add(events).score("2024-01-01")
    assert scores.orders[scores.find([ann, bob])].tolist() == [1, 1]
    assert scores.currency == "EUR"


def test_tables_of_pyarrow() -> None:
    pa = needed("pyarrow")
    table = orders(pa)
    check_orders(table)
    check_orders(table.to_reader(1))
    check_orders(table.__arrow_c_stream__())  # the capsule itself
    check_orders(pa.concat_tables([table.slice(0, 1), table.slice(1, 0), table.slice(1)]))


def test_frames_of_polars() -> None:
    polars = needed("polars")
    frame = polars.DataFrame(orders(needed("pyarrow")))
    check_orders(frame)
    check_orders(frame.with_columns(polars.col("customer", "what").cast(polars.Categorical)))


def test_relations_of_duckdb() -> None:
    duckdb = needed("duckdb")
    table = orders(needed("pyarrow"))
    connection = duckdb.connect()
    connection.execute("set timezone = 'UTC'")
    connection.register("orders", table)
    check_orders(connection.sql("select * from orders"))
    events = pmkt.Events.from_frame(
        connection.sql("select * from orders limit 2"), user="customer", time="at", amount="total"
    )
    scores = pmkt.RFM().add(events).score("2024-01-01")
    assert sorted(scores.user) == ["ann", "bob"]


def test_frames_of_pandas() -> None:
    pandas = needed("pandas")
    frame = orders(needed("pyarrow")).to_pandas()
    if not hasattr(frame, "__arrow_c_stream__"):
        pytest.skip("this pandas is older than 2.2")
    check_orders(frame)
    frame = pandas.DataFrame({"customer": [1.0, math.nan], "at": [0, 1], "total": [0.5, 1.0]})
    events = pmkt.Events.from_arrow(
        frame, user="customer", time="at", amount="total", on_bad="skip"
    )
    assert events._arrays["user"].tolist() == [1, 0]


# ----------------------------------------------------------------------- behavior


def test_a_dictionary_gives_users_back_as_texts() -> None:
    pa = needed("pyarrow")
    ids = pmkt.Ids()
    table = orders(pa).slice(0, 2)
    events = pmkt.Events.from_arrow(table, user="customer", time="at", item="what", ids=ids)
    assert sorted(ids) == ["ann", "bob", "buy"]
    assert sorted(pmkt.RFM(unpriced=True).add(events).score("2024-01-01").user) == ["ann", "bob"]
    numbers = pa.table({"u": [5, 6], "t": [T, T]})
    events = pmkt.Events.from_arrow(numbers, user="u", time="t", ids=ids)
    assert pmkt.RFM(unpriced=True).add(events).score("2024-01-01").user.dtype == np.uint64
    with pytest.raises(pmkt.InvalidInput, match="pmkt.Ids"):
        pmkt.Events.from_arrow(numbers, user="u", time="t", ids={})  # type: ignore[arg-type]


def test_matching_columns_are_not_copied_and_stay_alive() -> None:
    pa = needed("pyarrow")
    users = np.arange(1, 1001, dtype=np.uint64)
    times = np.arange(T, T + 1000, dtype=np.int64)
    alive = weakref.ref(users)
    table = pa.table({"u": users, "t": times, "m": times})
    events = pmkt.Events.from_arrow(table, user="u", time="t", amount_minor="m")
    assert events._arrays["user"].ctypes.data == users.ctypes.data
    assert events._arrays["amount"].ctypes.data == times.ctypes.data
    view = events._arrays["user"]
    del users, table, events
    gc.collect()
    assert alive() is not None
    assert view.sum() == 500500
    del view
    gc.collect()
    assert alive() is None


def test_a_bad_row_is_named() -> None:
    pa = needed("pyarrow")
    table = pa.table({"u": [1, 2, -3], "t": [T] * 3})
    with pytest.raises(pmkt.BadRow, match='"u".*on_bad="skip"') as caught:
        pmkt.Events.from_arrow(table, user="u", time="t")
    assert caught.value.where == 2
    table = pa.table({"u": [1, 2, None], "t": [T] * 3})
    with pytest.raises(pmkt.BadRow, match="no user") as caught:
        pmkt.Events.from_arrow(table, user="u", time="t")
    assert caught.value.where == 2


@pytest.mark.parametrize(
    "arguments, message",
    [
        (dict(user="nobody"), "no column"),
        (dict(user=5), "expected the name"),
        (dict(item="half"), '"half".*"e"'),
        (dict(item="ree"), '"ree".*\\+r'),
        (dict(time="naive"), "zone"),
        (dict(tz="Nowhere/Land"), "time zone"),
        (dict(time_unit="h"), "time_unit"),
        (dict(on_bad="drop"), "on_bad"),
        (dict(kinds={"a": "order"}), "kind_column"),
        (dict(kind="order", kind_column="u"), "either"),
        (dict(kind_column="u", kinds={1.5: "order"}), "kinds"),
        (dict(amount="u", price="u"), "more than one"),
        (dict(exponent=7), "exponent"),
        (dict(currency="EURO"), "currency"),
    ],
)
def test_arguments_that_do_not_fit(arguments: Dict[str, Any], message: str) -> None:
    pa = needed("pyarrow")
    table = pa.table(
        {
            "u": [1],
            "t": [T],
            "naive": pa.array([T], pa.timestamp("ms")),
            "half": pa.array([np.float16(1)], pa.float16()),
            "ree": pa.RunEndEncodedArray.from_arrays(pa.array([1], pa.int32()), pa.array([1])),
        }
    )
    with pytest.raises(pmkt.InvalidInput, match=message):
        pmkt.Events.from_arrow(table, **{"user": "u", "time": "t", **arguments})


@pytest.mark.parametrize("source", [None, 5, {"u": [1]}, [1, 2]])
def test_what_hands_out_no_stream(source: Any) -> None:
    with pytest.raises(pmkt.InvalidInput, match="__arrow_c_stream__"):
        pmkt.Events.from_arrow(source, user="u", time="t")


# ----------------------------------------------------------------------- exactly once


class _Schema(ctypes.Structure):
    pass


class _Array(ctypes.Structure):
    pass


_RELEASE_SCHEMA = ctypes.CFUNCTYPE(None, ctypes.POINTER(_Schema))
_RELEASE_ARRAY = ctypes.CFUNCTYPE(None, ctypes.POINTER(_Array))
_Schema._fields_ = [
    ("format", ctypes.c_char_p),
    ("name", ctypes.c_char_p),
    ("metadata", ctypes.c_char_p),
    ("flags", ctypes.c_int64),
    ("n_children", ctypes.c_int64),
    ("children", ctypes.POINTER(ctypes.POINTER(_Schema))),
    ("dictionary", ctypes.POINTER(_Schema)),
    ("release", _RELEASE_SCHEMA),
    ("private_data", ctypes.c_void_p),
]
_Array._fields_ = [
    ("length", ctypes.c_int64),
    ("null_count", ctypes.c_int64),
    ("offset", ctypes.c_int64),
    ("n_buffers", ctypes.c_int64),
    ("n_children", ctypes.c_int64),
    ("buffers", ctypes.POINTER(ctypes.c_void_p)),
    ("children", ctypes.POINTER(ctypes.POINTER(_Array))),
    ("dictionary", ctypes.POINTER(_Array)),
    ("release", _RELEASE_ARRAY),
    ("private_data", ctypes.c_void_p),
]
_GET_SCHEMA = ctypes.CFUNCTYPE(
    ctypes.c_int, ctypes.POINTER(ArrowArrayStream), ctypes.POINTER(_Schema)
)
_GET_NEXT = ctypes.CFUNCTYPE(ctypes.c_int, ctypes.POINTER(ArrowArrayStream), ctypes.POINTER(_Array))
_LAST_ERROR = ctypes.CFUNCTYPE(ctypes.c_void_p, ctypes.POINTER(ArrowArrayStream))
_RELEASE_STREAM = dict(ArrowArrayStream._fields_)["release"]


class Producer:
    """A stream of columns "u" and "t", of one number each, that counts what is released."""

    def __init__(self, chunks: List[int], fails_at: int = -1, format: bytes = b"l") -> None:
        self.chunks = chunks
        self.fails_at = fails_at
        self.released = {"stream": 0, "schema": 0, "array": 0}
        self.given = {"stream": 1, "schema": 0, "array": 0}
        self.next = 0
        self.keep: List[Any] = []
        self.format = format
        self.text = ctypes.create_string_buffer(b"gone fishing")
        self.callbacks = (
            _GET_SCHEMA(self._schema),
            _GET_NEXT(self._next),
            _LAST_ERROR(lambda _stream: ctypes.addressof(self.text)),
            _RELEASE_STREAM(self._release("stream", _RELEASE_STREAM)),
            _RELEASE_SCHEMA(self._release("schema", _RELEASE_SCHEMA)),
            _RELEASE_ARRAY(self._release("array", _RELEASE_ARRAY)),
        )
        address = [ctypes.cast(callback, ctypes.c_void_p).value for callback in self.callbacks[:3]]
        self.stream = ArrowArrayStream(*address, self.callbacks[3], None)

    def _release(self, what: str, kind: Any) -> Callable[[Any], None]:
        def release(struct: Any) -> None:
            self.released[what] += 1
            struct.contents.release = kind(0)

        return release

    def _schema(self, _stream: Any, out: Any) -> int:
        children = [
            _Schema(format=self.format, name=name, release=self.callbacks[4])
            for name in (b"u", b"t")
        ]
        pointers = (ctypes.POINTER(_Schema) * 2)(*map(ctypes.pointer, children))
        self.keep += [children, pointers]
        self.given["schema"] += 1
        out[0] = _Schema(
            format=b"+s", name=b"", n_children=2, children=pointers, release=self.callbacks[4]
        )
        return 0

    def _next(self, _stream: Any, out: Any) -> int:
        self.next += 1
        if self.next - 1 == self.fails_at:
            return 5
        if self.next > len(self.chunks):
            out[0] = _Array()
            return 0
        value = (ctypes.c_int64 * 1)(self.chunks[self.next - 1])
        buffers = (ctypes.c_void_p * 2)(None, ctypes.addressof(value))
        children = [
            _Array(length=1, n_buffers=2, buffers=buffers, release=self.callbacks[5])
            for _ in range(2)
        ]
        pointers = (ctypes.POINTER(_Array) * 2)(*map(ctypes.pointer, children))
        none = (ctypes.c_void_p * 1)(None)
        self.keep += [value, buffers, children, pointers, none]
        self.given["array"] += 1
        out[0] = _Array(
            length=1,
            n_buffers=1,
            n_children=2,
            buffers=none,
            children=pointers,
            release=self.callbacks[5],
        )
        return 0

    def __arrow_c_stream__(self, requested_schema: Any = None) -> Any:
        new = ctypes.pythonapi.PyCapsule_New
        return new(ctypes.addressof(self.stream), b"arrow_array_stream", None)

    def check(self) -> None:
        gc.collect()
        assert self.released == self.given
        assert not self.stream.release


def test_everything_is_released_exactly_once() -> None:
    producer = Producer([7, 8, 9])
    events = pmkt.Events.from_arrow(producer, user="u", time="t")
    assert events._arrays["user"].tolist() == [7, 8, 9]
    assert producer.released["stream"] == 1  # at its end
    del events
    producer.check()
    producer = Producer([7])
    events = pmkt.Events.from_arrow(producer, user="u", time="t")
    assert producer.released["array"] == 0  # it is used where it lies
    del events
    producer.check()


@pytest.mark.parametrize(
    "producer, arguments, error",
    [
        (Producer([1, 2, 3], fails_at=0), {}, "gone fishing"),
        (Producer([1, 2, 3], fails_at=2), {}, "gone fishing"),
        (Producer([1, -2, 3]), {}, "row 1"),
        (Producer([1, 2]), dict(user="v"), "no column"),
        (Producer([1, 2], format=b"tsu:"), {}, "format"),
        (Producer([1, 2]), dict(item="u", exponent=2, time="x"), "no column"),
    ],
)
def test_and_on_failure(producer: Producer, arguments: Dict[str, Any], error: str) -> None:
    with pytest.raises(pmkt.PmktError, match=error) as caught:
        pmkt.Events.from_arrow(producer, **{"user": "u", "time": "t", **arguments})
    del caught
    producer.check()


# ----------------------------------------------------------------------- items


def test_items_of_arrays_and_of_arrow() -> None:
    pa = needed("pyarrow")
    vectors = np.arange(8, dtype=np.float32).reshape(4, 2)
    items = pmkt.Items(
        ["a", "b", "c", "a"],
        brand=[1, 2, None, 4],
        price=[100, -5, 3, 4],
        stock=[1, 2, None, 3],
        vector=vectors,
        currency="EUR",
        on_bad="skip",
    )
    assert items.report.rejected_rows().tolist() == [1, 3]
    assert len(items.report.by_reason) == 2
    table = pa.table(
        {
            "name": ["a", "b", "c", "a"],
            "brand": [1, 2, None, 4],
            "price": [1.0, -0.05, 0.03, 0.04],
            "stock": [1, 2, None, 3],
            "vector": pa.array(vectors.tolist(), pa.list_(pa.float32())),
        }
    )
    ids = pmkt.Ids()
    read = pmkt.Items.from_arrow(
        table,
        item="name",
        brand="brand",
        price="price",
        stock="stock",
        vector="vector",
        currency="EUR",
        on_bad="skip",
        ids=ids,
    )
    assert sorted(ids) == ["a", "b", "c"]
    assert repr(read) == repr(items)
    for name, array in items._arrays.items():
        assert np.array_equal(read._arrays[name], array), name
    with pytest.raises(pmkt.BadRow) as caught:
        pmkt.Items.from_arrow(table, item="name")
    assert caught.value.where == 3
    with pytest.raises(pmkt.InvalidInput, match="both price"):
        pmkt.Items.from_arrow(table, item="name", price="price", price_minor="stock")
    with pytest.raises(pmkt.InvalidInput, match="shape"):
        pmkt.Items([1, 2], vector=vectors)


# ----------------------------------------------------------------------- scores out


@pytest.fixture
def scores() -> pmkt.RFMScores:
    return some_scores()


def some_scores() -> pmkt.RFMScores:
    events = pmkt.Events(
        user=[1, 1, 2, 3],
        time=[T, T + 86_400_000, T, T],
        amount=[30000, 1, 99, NULL],
        kind_column=["order", "order", "order", "view"],
        currency="EUR",
    )
    return pmkt.RFM().add(events).score("2024-02-01")


def check_scores(rows: List[Dict[str, Any]], scores: pmkt.RFMScores) -> None:
    assert len(rows) == len(scores) == 3
    for i, row in enumerate(rows):
        assert row["user"] == scores.user_id[i]
        assert row["revenue"] == Decimal(int(scores.revenue_minor[i])).scaleb(-2)
        assert row["orders"] == scores.orders[i]
        assert row["segment"] == scores.segment_name[i]
        assert row["tier"] == scores.tier_name[i]
        assert row["prospect"] == scores.is_prospect[i]
        days = scores.recency_days[i]
        assert row["recency_days"] == (None if days < 0 else days)


def test_scores_as_tables(scores: pmkt.RFMScores) -> None:
    pa = needed("pyarrow")
    table = pa.table(scores)
    table.validate(full=True)
    check_scores(table.to_pylist(), scores)
    check_scores(scores.to_arrow().to_pylist(), scores)
    raw = scores.to_arrow(raw=True)
    raw.validate(full=True)
    address = raw["orders"].chunk(0).buffers()[1].address
    assert address == scores.orders.ctypes.data
    assert raw["revenue"].to_pylist() == scores.revenue_minor.tolist()
    del scores
    gc.collect()
    assert table["orders"].to_pylist() == raw["orders"].to_pylist()


def test_scores_in_polars(scores: pmkt.RFMScores) -> None:
    polars = needed("polars")
    check_scores(polars.DataFrame(scores).to_dicts(), scores)


def test_users_that_are_no_utf8_are_binary() -> None:
    polars, pa = needed("polars"), needed("pyarrow")
    users = ["\ud800 lone", "zoë"]
    scores = pmkt.RFM().add(pmkt.Events(users, [0, 0], amount=[5, 6])).score("1980-01-01")
    raw = [user.encode("utf-8", "surrogatepass") for user in scores.user]
    assert polars.DataFrame(scores)["user"].to_list() == raw
    table = scores.to_arrow()
    table.validate(full=True)
    assert table["user"].type == pa.large_binary()
    known = scores.to_arrow(ids=pmkt.Ids(["zoë"]))
    assert sorted(known["user"].to_pylist(), key=str) == [None, "zoë"]


def test_scores_in_duckdb(scores: pmkt.RFMScores) -> None:
    duckdb = needed("duckdb")
    found = duckdb.sql("from scores")
    rows = [dict(zip(found.columns, row)) for row in found.fetchall()]
    check_scores(rows, scores)


def test_a_stream_that_nobody_takes_is_released() -> None:
    scores = some_scores()
    before = len(_arrow._given)
    capsule = scores.__arrow_c_stream__()
    address = next(reversed(_arrow._given))
    stream = _arrow._given[address]
    assert len(_arrow._given) == before + 1 and stream.release
    del capsule
    gc.collect()
    assert len(_arrow._given) == before and not stream.release


def test_what_goes_out_comes_in(scores: pmkt.RFMScores) -> None:
    events = pmkt.Events.from_arrow(scores, user="user", time="orders", amount="revenue")
    assert events._arrays["user"].tolist() == scores.user_id.tolist()
    assert events._arrays["amount"].tolist() == scores.revenue_minor.tolist()


def test_tables_are_arrow_too() -> None:
    polars, _ = needed("polars"), needed("pyarrow")
    table = pmkt.reliability([0, 1, 1, 1], [0.1, 0.3, 0.8, 0.8], bins=2)
    model = pmkt.IntentModel(order=1).fit_paths([["view", "cart"]])
    for one in (table, model.transitions()):
        for frame in (polars.DataFrame(one), polars.DataFrame(one.to_dict())):
            assert frame.columns == one.columns
            for name in one.columns:
                np.testing.assert_array_equal(frame[name].to_numpy(), one[name])
    mixed = pmkt.IntentModel(order=1).fit_paths([["view", 1007]]).transitions()
    assert set(polars.DataFrame(mixed)["from"]) == {"START", "view", "1007"}
    paths = pmkt.paths(pmkt.Events(user=[1, 1], time=[0, 1], kind_column=["view", "cart"]))
    assert polars.DataFrame(paths.table())["path"].to_list() == [["view", "cart"]]
