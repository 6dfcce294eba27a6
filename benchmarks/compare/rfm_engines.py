"""How each engine answers the question, in the forms that a careful user of it would try.

The question: for every customer the number of orders, their sum and the time of the last one, and a
score of 1 to 5 for recency (in days), frequency and revenue, where

    score = 1 + floor(5 * (customers strictly worse) / customers).

A score exceeds j exactly if the value is greater than the k-th smallest one, k = ceil(j n / 5),
so four exact cuts by selection say the same as three rank() windows, and all peers get this faster
form. What people usually write (rank, ntile, qcut) is timed too, for information.

Two ways to count orders: "distinct", COUNT(DISTINCT order), is right whatever the data, as libpmkt's
history mode is; "rows", COUNT(*), is right where one knows that an order is one line, as its summary
mode supposes.
"""

from __future__ import annotations

import time
from contextlib import contextmanager
from typing import Any, Callable, Dict, Iterator, List, NamedTuple

import numpy as np

from rfm_data import AS_OF_MS, DAY_MS

BINS = 5
AS_OF_DAY = AS_OF_MS // DAY_MS


class Form(NamedTuple):
    """One way to ask: the name, and how orders are counted (or the mode of libpmkt)."""

    name: str
    count: str


class Phases:
    """Wall and CPU seconds of the named parts of a run."""

    def __init__(self) -> None:
        self.seconds: Dict[str, List[float]] = {}

    @contextmanager
    def __call__(self, name: str) -> Iterator[None]:
        wall, cpu = time.perf_counter(), time.process_time()
        yield
        self.seconds[name] = [time.perf_counter() - wall, time.process_time() - cpu]


Answer = Dict[str, np.ndarray]


class Engine:
    """What the worker asks of an engine. `result` is what the last run left in memory."""

    forms: "tuple[Form, ...]" = ()

    def __init__(self, threads: int) -> None:
        self.threads = threads
        self.result: Any = None

    def version(self) -> str:
        raise NotImplementedError

    def load(self, columns: Dict[str, np.ndarray]) -> None:
        """Brings the columns into the form in which the engine likes them; not timed."""
        raise NotImplementedError

    def run(self, form: str, phase: Phases) -> None:
        raise NotImplementedError

    def answer(self) -> Answer:
        """user, orders, revenue, last (ms; not from libpmkt), recency, r, f, m as NumPy columns."""
        raise NotImplementedError

    def usual(self) -> Dict[str, float]:
        """Seconds of other ways to score the customers, for information."""
        return {}

    def close(self) -> None:
        self.result = None


def seconds_of(call: Callable[[], Any]) -> float:
    start = time.perf_counter()
    call()
    return time.perf_counter() - start


# ------------------------------------------------------------------ libpmkt


class Pmkt(Engine):
    forms = (Form("summary", "summary"), Form("history", "history"))

    def __init__(self, threads: int) -> None:
        super().__init__(threads)
        import pmkt

        self.pmkt = pmkt

    def version(self) -> str:
        return str(self.pmkt.__version__)

    def load(self, columns: Dict[str, np.ndarray]) -> None:
        self.columns = columns

    def run(self, form: str, phase: Phases) -> None:
        c = self.columns
        with phase("add"):
            events = self.pmkt.Events(
                user=c["user"], time=c["time"], order=c["order"], amount=c["amount"], kind="order"
            )
            rfm = self.pmkt.RFM(mode=form, threads=self.threads).add(events)
        with phase("score"):
            scores = rfm.score(AS_OF_MS, scheme="quantile", bins=BINS)
        self.result = (rfm, scores)

    def answer(self) -> Answer:
        t = self.result[1]
        return {
            "user": t.user_id,
            "orders": t.orders,
            "revenue": t.revenue_minor,
            "recency": t.recency_days,
            "r": t.r_score,
            "f": t.f_score,
            "m": t.m_score,
        }


# ------------------------------------------------------------------- DuckDB

DUCKDB_COUNT = {
    "distinct": 'SELECT user, count(DISTINCT "order") AS orders, sum(amount)::BIGINT AS revenue, '
    "max(time) AS last FROM {source} GROUP BY user",
    "two-level": "SELECT user, count(*) AS orders, sum(a)::BIGINT AS revenue, max(t) AS last FROM "
    '(SELECT user, "order", sum(amount) AS a, min(time) AS t FROM {source} '
    'GROUP BY user, "order") GROUP BY user',
    "rows": "SELECT user, count(*) AS orders, sum(amount)::BIGINT AS revenue, max(time) AS last "
    "FROM {source} GROUP BY user",
}
AXES = (("r", "day"), ("f", "orders"), ("m", "revenue"))
DUCKDB_CUTS = ", ".join(f"quantile_disc({v}, [0.2, 0.4, 0.6, 0.8]) AS {a}_cut" for a, v in AXES)
DUCKDB_SCORES = ", ".join(
    "(1 + " + " + ".join(f"({v} > {a}_cut[{j}])::UTINYINT" for j in range(1, BINS)) + f") AS {a}"
    for a, v in AXES
)


class DuckDB(Engine):
    """`native`: from a table of its own; else straight from the Arrow columns, without a copy."""

    forms = tuple(
        Form(f"{count}, {shape}", "rows" if count == "rows" else "distinct")
        for count in DUCKDB_COUNT
        for shape in ("one query", "two steps")
    )

    def __init__(self, threads: int, native: bool) -> None:
        super().__init__(threads)
        import duckdb

        self.duckdb = duckdb
        self.native = native
        self.con = duckdb.connect()
        self.con.execute(f"SET threads = {threads}")
        self.con.execute("SET preserve_insertion_order = false")  # no order was asked for

    def version(self) -> str:
        return str(self.duckdb.__version__)

    def load(self, columns: Dict[str, np.ndarray]) -> None:
        import pyarrow as pa

        table = pa.table({name: pa.array(column) for name, column in columns.items()})
        self.con.register("arrow_orders", table)
        self.source = "arrow_orders"
        if self.native:
            self.con.execute("CREATE OR REPLACE TABLE orders AS SELECT * FROM arrow_orders")
            self.con.unregister("arrow_orders")
            self.source = "orders"

    def run(self, form: str, phase: Phases) -> None:
        count, shape = form.split(", ")
        counted = DUCKDB_COUNT[count].format(source=self.source)
        dated = f"SELECT *, last // {DAY_MS} AS day FROM ({counted})"
        scored = (
            f"cuts AS (SELECT {DUCKDB_CUTS} FROM customers) "
            f"SELECT user, orders, revenue, last, {DUCKDB_SCORES} FROM customers, cuts"
        )
        if shape == "one query":
            with phase("all"):
                query = f"WITH customers AS MATERIALIZED ({dated}), {scored}"
                self.result = self.con.sql(query).to_arrow_table()
            return
        with phase("aggregate"):
            self.con.execute(f"CREATE OR REPLACE TEMP TABLE customers AS {dated}")
        with phase("score"):
            self.result = self.con.sql(f"WITH {scored}").to_arrow_table()

    def answer(self) -> Answer:
        got = {name: self.result[name].to_numpy() for name in self.result.column_names}
        got["recency"] = AS_OF_DAY - got["last"] // DAY_MS
        return got

    def usual(self) -> Dict[str, float]:
        self.run("rows, two steps", Phases())
        n = self.con.execute("SELECT count(*) FROM customers").fetchall()[0][0]
        ways = {
            "rank() windows": f"1 + ({BINS} * (rank() OVER (ORDER BY {{v}}) - 1)) // {n}",
            "ntile(5) windows (splits equal values)": "ntile(5) OVER (ORDER BY {v})",
        }
        took = {}
        for name, way in ways.items():
            scores = ", ".join(f"{way.format(v=v)} AS {a}" for a, v in AXES)
            query = f"SELECT user, orders, revenue, last, {scores} FROM customers"
            took[name] = seconds_of(lambda q=query: self.con.sql(q).to_arrow_table())
        return took

    def close(self) -> None:
        super().close()
        self.con.execute("DROP TABLE IF EXISTS customers")


# ------------------------------------------------------------------- polars


class Polars(Engine):
    forms = tuple(
        Form(f"{count}, {engine}, {shape}", "rows" if count == "rows" else "distinct")
        for count in ("distinct", "two-level", "rows")
        for engine in ("in-memory", "streaming")
        for shape in ("one query", "two steps")
    )

    def __init__(self, threads: int) -> None:
        super().__init__(threads)  # the worker's environment limits the threads
        import polars

        self.pl = polars
        if polars.thread_pool_size() != threads:
            raise RuntimeError(f"polars took {polars.thread_pool_size()} threads, not {threads}")

    def version(self) -> str:
        return str(self.pl.__version__)

    def load(self, columns: Dict[str, np.ndarray]) -> None:
        import pyarrow as pa

        arrays = {name: pa.array(column) for name, column in columns.items()}
        self.frame = self.pl.from_arrow(pa.table(arrays))  # borrows the columns

    def counted(self, count: str) -> Any:
        pl, orders = self.pl, self.frame.lazy()
        revenue, last = pl.col("amount").sum(), pl.col("time").max()
        if count == "two-level":
            orders = orders.group_by("user", "order").agg(revenue, pl.col("time").min())
        number = pl.col("order").n_unique() if count == "distinct" else pl.len()
        customers = orders.group_by("user").agg(orders=number, revenue=revenue, last=last)
        return customers.with_columns(day=pl.col("last") // DAY_MS)

    def score(self, value: str, cuts: List[Any]) -> Any:
        passed = [(self.pl.col(value) > cut).cast(self.pl.UInt8) for cut in cuts]
        return sum(passed, self.pl.lit(1, self.pl.UInt8))

    def run(self, form: str, phase: Phases) -> None:
        pl = self.pl
        count, engine, shape = form.split(", ")
        customers = self.counted(count)
        if shape == "one query":
            with phase("all"):
                scores = {}
                for axis, value in AXES:
                    # "equiprobable" is the k-th smallest value, k = ceil(q n)
                    cuts = [
                        pl.col(value).quantile(j / BINS, interpolation="equiprobable")
                        for j in range(1, BINS)
                    ]
                    scores[axis] = self.score(value, cuts)
                self.result = customers.with_columns(**scores).collect(engine=engine)
            return
        with phase("aggregate"):
            frame = customers.collect(engine=engine)
        with phase("score"):
            self.result = self.scored(frame)

    def scored(self, frame: Any) -> Any:
        pl, n = self.pl, len(frame)
        kth = [-(-j * n // BINS) - 1 for j in range(1, BINS)]
        scores = {}
        for axis, value in AXES:
            ordered = pl.col(value).sort()
            scores[axis] = self.score(value, [ordered.get(k) for k in kth])
        return frame.lazy().with_columns(**scores).collect()

    def answer(self) -> Answer:
        got = {name: self.result[name].to_numpy() for name in self.result.columns}
        got["recency"] = AS_OF_DAY - got.pop("day")
        return got

    def usual(self) -> Dict[str, float]:
        pl = self.pl
        frame = self.counted("rows").collect(engine="streaming")
        ways = {
            "rank('min')": lambda v: 1
            + BINS * (pl.col(v).rank("min").cast(pl.Int64) - 1) // len(frame),
        }
        took = {}
        for name, way in ways.items():
            query = frame.lazy().with_columns(**{axis: way(value) for axis, value in AXES})
            took[name] = seconds_of(query.collect)
        return took


# ------------------------------------------------------------------- pandas


class Pandas(Engine):
    forms = (Form("distinct", "distinct"), Form("rows", "rows"))

    def __init__(self, threads: int) -> None:
        super().__init__(threads)  # pandas uses one
        import pandas

        self.pd = pandas

    def version(self) -> str:
        return str(self.pd.__version__)

    def load(self, columns: Dict[str, np.ndarray]) -> None:
        self.frame = self.pd.DataFrame(columns, copy=False)

    def run(self, form: str, phase: Phases) -> None:
        with phase("aggregate"):
            number = ("order", "nunique" if form == "distinct" else "size")
            customers = self.frame.groupby("user", sort=False).agg(
                orders=number, revenue=("amount", "sum"), last=("time", "max")
            )
            customers["day"] = customers["last"] // DAY_MS
        with phase("score"):
            n = len(customers)
            kth = [-(-j * n // BINS) - 1 for j in range(1, BINS)]
            for axis, value in AXES:
                column = customers[value].to_numpy()
                cuts = np.partition(column, kth)[kth]
                customers[axis] = (1 + np.searchsorted(cuts, column, side="left")).astype(np.uint8)
        self.result = customers

    def answer(self) -> Answer:
        got = {name: self.result[name].to_numpy() for name in self.result.columns}
        got["user"] = self.result.index.to_numpy()
        got["recency"] = AS_OF_DAY - got.pop("day")
        return got

    def usual(self) -> Dict[str, float]:
        self.run("rows", Phases())
        customers = self.result

        def rank() -> None:
            for _, value in AXES:
                1 + BINS * (customers[value].rank(method="min").astype("int64") - 1) // len(customers)

        return {"rank(method='min')": seconds_of(rank)}


ENGINES: Dict[str, Callable[[int], Engine]] = {
    "pmkt": Pmkt,
    "duckdb-native": lambda threads: DuckDB(threads, native=True),
    "duckdb-arrow": lambda threads: DuckDB(threads, native=False),
    "polars": Polars,
    "pandas": Pandas,
}
FORMS: Dict[str, "tuple[Form, ...]"] = {
    "duckdb-native": DuckDB.forms,
    "duckdb-arrow": DuckDB.forms,
    "polars": Polars.forms,
    "pandas": Pandas.forms,
}
