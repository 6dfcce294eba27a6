#!/usr/bin/env python3
"""Arrow in side by side: a table of orders to the columns that libpmkt counts with.

Users are a dictionary of strings, times microseconds with a zone, amounts decimal128(12, 2): what
a warehouse hands out. The library reads the stream; the others do what somebody without it would
write: compute kernels of pyarrow and NumPy, or pandas, to integer user codes, milliseconds and cents.
They are asked in turns, and their times and amounts are compared before anything is printed.
"""

from __future__ import annotations

import argparse
import statistics
import time
from typing import Any, Callable, Dict, List

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

import pmkt
from pmkt import _constants as constants

T = 1_640_995_200_000_000  # 2022-01-01 in microseconds


def make_table(rows: int, customers: int, chunks: int) -> pa.Table:
    rng = np.random.default_rng(1)
    names = pa.array([f"customer-{i:08d}" for i in range(customers)])
    users = pa.DictionaryArray.from_arrays(
        pa.array(rng.integers(0, customers, rows, dtype=np.int32)), names
    )
    times = pa.array(T + rng.integers(0, 63_072_000_000_000, rows), pa.timestamp("us", "UTC"))
    digits = np.zeros((rows, 2), np.int64)
    digits[:, 0] = rng.integers(1, 10_000_000, rows)
    amounts = pa.Array.from_buffers(pa.decimal128(12, 2), rows, [None, pa.py_buffer(digits)])
    table = pa.table({"user": users, "time": times, "amount": amounts})
    step = -(-rows // chunks)
    return pa.concat_tables([table.slice(at, step) for at in range(0, rows, step)])


def with_pmkt(table: pa.Table) -> Dict[str, np.ndarray]:
    events = pmkt.Events.from_arrow(table, user="user", time="time", amount="amount", on_bad="skip")
    assert events.report.accepted == table.num_rows
    return events._arrays


def with_pyarrow(table: pa.Table) -> Dict[str, np.ndarray]:
    """Codes of the dictionary are the users; a hash of 64 bits would cost extra."""
    user = table["user"].combine_chunks()
    cents = pc.multiply(table["amount"], pa.scalar(100, pa.decimal128(3, 0)))
    return {
        "user": np.asarray(user.indices).astype(np.uint64),
        # Cut, not rounded down: the same from 1970 on, and faster.
        "time": np.asarray(
            table["time"].cast(pa.timestamp("ms", "UTC"), safe=False).cast(pa.int64())
        ),
        "amount": np.asarray(cents.cast(pa.int64())),
    }


def with_pandas(table: pa.Table) -> Dict[str, np.ndarray]:
    """By way of floats, for Decimal objects would take minutes."""
    amounts = table["amount"].cast(pa.float64())
    frame = pa.table({"user": table["user"], "time": table["time"], "amount": amounts}).to_pandas()
    return {
        "user": frame["user"].cat.codes.to_numpy().astype(np.uint64),
        "time": frame["time"]
        .dt.tz_convert(None)
        .to_numpy()
        .astype("datetime64[ms]")
        .view(np.int64),
        "amount": np.rint(frame["amount"].to_numpy() * 100).astype(np.int64),
    }


FORMS: Dict[str, Callable[[pa.Table], Dict[str, Any]]] = {
    "libpmkt": with_pmkt,
    "pyarrow + numpy": with_pyarrow,
    "pandas": with_pandas,
}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rows", type=float, default=10e6)
    parser.add_argument("--customers", type=float, default=1e6)
    parser.add_argument("--chunks", type=int, default=1)
    parser.add_argument("--runs", type=int, default=5)
    options = parser.parse_args()
    rows = int(options.rows)
    table = make_table(rows, int(options.customers), options.chunks)
    first = {name: form(table) for name, form in FORMS.items()}
    for name, columns in first.items():
        for column in ("time", "amount"):
            assert np.array_equal(columns[column], first["libpmkt"][column]), (name, column)
        assert int((columns["user"] == constants.ID_NONE).sum()) <= rows
    del first
    taken: Dict[str, List[float]] = {name: [] for name in FORMS}
    for turn in range(options.runs):
        for name in FORMS if turn % 2 == 0 else reversed(list(FORMS)):
            start = time.perf_counter()
            columns = FORMS[name](table)
            taken[name].append(time.perf_counter() - start)
            del columns
    mine = statistics.median(taken["libpmkt"])
    print(f"{rows:,} rows in {options.chunks} chunks, {pmkt.default_threads()} threads")
    for name, seconds in taken.items():
        median = statistics.median(seconds)
        print(
            f"{name:16} median {median * 1e3:8.1f} ms  best {min(seconds) * 1e3:8.1f} ms"
            f"  {rows / median / 1e6:7.1f} M rows/s  {median / mine:5.2f} x libpmkt"
        )


if __name__ == "__main__":
    main()
