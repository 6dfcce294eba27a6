"""Texts to numbers: pmkt.Ids beside what pandas, polars and pyarrow have for it; and a set of ids
beside Python's and NumPy's.

Each pair of one peer and libpmkt reads the same column, in the peer's own form, in turns: peer, pmkt,
pmkt, peer, ... The ratio is that of the medians. pmkt.Ids compares the bytes of every text that it has
seen before, so that a collision of ids is an error; what it returns are ids that are the same in
every process, and it can give the texts back.
"""

from __future__ import annotations

import argparse
import gc
import os
import statistics
import sys
import time
from pathlib import Path
from typing import Any, Callable, Dict, List, Tuple

import numpy as np

import report

Task = Callable[[], Any]


def names_of(numbers: np.ndarray) -> Any:
    """The column of texts "user-<number>" as a polars Series; numbers are scattered first."""
    import polars as pl

    with np.errstate(over="ignore"):
        scattered = numbers * np.uint64(0x9E3779B97F4A7C15) % np.uint64(1_000_000_000_039)
    frame = pl.DataFrame({"x": scattered})
    return frame.select(pl.lit("user-") + pl.col("x").cast(pl.String)).to_series()


def columns(n: int, shape: str) -> Dict[str, Any]:
    """The same texts in the form of each peer."""
    import pandas as pd
    import pyarrow as pa

    numbers = np.arange(n, dtype=np.uint64)
    if shape == "zipf":
        u = np.random.default_rng(1).random(n)
        numbers = (np.power(float(n), u) - 1).astype(np.uint64)  # density 1 / x
    texts = names_of(numbers)
    arrow = texts.to_arrow().cast(pa.large_string())
    return {"polars": texts, "pyarrow": arrow, "pandas": pd.Series(arrow.to_pandas())}


def peers(column: Dict[str, Any]) -> List[Tuple[str, str, Task]]:
    """(whose column, what it is called, the task)"""
    import pandas as pd
    import polars as pl

    texts, arrow, series = column["polars"], column["pyarrow"], column["pandas"]
    found: List[Tuple[str, str, Task]] = [
        ("pandas", "pandas.factorize", lambda: pd.factorize(series)),
        ("pyarrow", "pyarrow dictionary_encode", arrow.dictionary_encode),
    ]
    if hasattr(pl, "Categories"):
        fresh = pl.Categories.random
        found.append(
            ("polars", "polars Categorical, new", lambda: texts.cast(pl.Categorical(fresh())))
        )
        kept = pl.Categorical(fresh())
        found.append(("polars", "polars Categorical, known", lambda: texts.cast(kept)))
    else:
        found.append(("polars", "polars Categorical", lambda: texts.cast(pl.Categorical)))
    return found


def timed(task: Task) -> float:
    gc.collect()
    start = time.perf_counter()
    result = task()
    took = time.perf_counter() - start
    del result
    return took


def turns(peer: Task, ours: Task, reps: int) -> Tuple[List[float], List[float]]:
    """Seconds of both, in turns."""
    theirs_s: List[float] = []
    ours_s: List[float] = []
    for turn in range(reps):
        order = [(peer, theirs_s), (ours, ours_s)]
        for task, samples in order if turn % 2 == 0 else order[::-1]:
            samples.append(timed(task))
    return theirs_s, ours_s


def span(samples: List[float]) -> str:
    low, high = report.seconds(min(samples)), report.seconds(max(samples))
    return f"{report.seconds(statistics.median(samples))} ({low}-{high})"


def compare_texts(
    pmkt: Any, n: int, shape: str, threads: int, reps: int, chosen: List[str]
) -> None:
    column = columns(n, shape)
    known = pmkt.Ids(column["polars"], threads=threads)
    print(f"\n### {n:,} texts, {len(known):,} different\n")
    rows = []
    for form, title, peer in peers(column):
        if form not in chosen:
            continue
        data = column[form]

        def ours(data: Any = data, known_ones: bool = title.endswith("known")) -> Any:
            return (known if known_ones else pmkt.Ids(threads=threads)).encode(data)

        if title.endswith("known"):
            peer()
        theirs_s, ours_s = turns(peer, ours, reps)
        ratio = statistics.median(theirs_s) / statistics.median(ours_s)
        rows.append([title, span(theirs_s), span(ours_s), f"{ratio:.2f}"])
        print(f"... {title}: {ratio:.2f}", file=sys.stderr, flush=True)
    print(report.table(["peer", "peer s (min-max)", "pmkt.Ids s (min-max)", "ratio"], rows))


def compare_sets(pmkt: Any, n: int, reps: int) -> None:
    rng = np.random.default_rng(2)
    members = rng.integers(1, 2**63, n, dtype=np.uint64)
    probes = np.where(
        rng.random(n) < 0.5, rng.permutation(members), rng.integers(1, 2**63, n, dtype=np.uint64)
    )
    ours_set, python_set, in_order = pmkt.IdSet(members), set(members.tolist()), np.sort(members)
    listed = probes.tolist()

    def by_search() -> np.ndarray:
        at = np.searchsorted(in_order, probes)
        return in_order[np.minimum(at, n - 1)] == probes

    def by_python() -> np.ndarray:
        return np.fromiter(map(python_set.__contains__, listed), bool, n)

    print(f"\n### {n:,} ids in a set, {n:,} asked, half of them in it\n")
    rows = []
    for title, peer in (
        ("Python set, one by one", by_python),
        ("NumPy searchsorted", by_search),
        ("NumPy isin", lambda: np.isin(probes, members)),
    ):
        theirs_s, ours_s = turns(peer, lambda: ours_set.contains(probes), reps)
        ratio = statistics.median(theirs_s) / statistics.median(ours_s)
        rows.append([title, span(theirs_s), span(ours_s), f"{ratio:.2f}"])
    if not np.array_equal(by_python(), ours_set.contains(probes)):
        raise SystemExit("ids.py: the set answers otherwise than Python's")
    print(report.table(["peer", "peer s (min-max)", "pmkt.IdSet s (min-max)", "ratio"], rows))


def parse() -> argparse.Namespace:
    p = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    p.add_argument("--n", type=float, default=1e7, help="texts (1e7)")
    p.add_argument("--set", type=float, default=1e6, help="ids in the set; 0: leave it out (1e6)")
    p.add_argument("--shapes", default="distinct,zipf", help="of the texts (distinct,zipf)")
    p.add_argument("--peers", default="pandas,pyarrow,polars", help="who takes part (all)")
    p.add_argument("--threads", type=int, default=2, help="of pmkt, polars and pyarrow (2)")
    p.add_argument("--reps", type=int, default=3, help="timed turns (3)")
    p.add_argument("--library", type=Path, metavar="FILE",
                   help="libpmkt.so to measure ($PMKT_LIBRARY, else the installed package's)")
    return p.parse_args()


def main() -> None:
    args = parse()
    os.environ["POLARS_MAX_THREADS"] = str(args.threads)
    if args.library:
        os.environ["PMKT_LIBRARY"] = str(args.library.resolve())
    if os.environ.get("PMKT_LIBRARY"):  # the binding of this tree
        sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "bindings" / "python"))
    import pandas
    import polars
    import pyarrow

    import pmkt

    pyarrow.set_cpu_count(args.threads)
    machine = report.machine()
    versions = ", ".join(
        f"{module.__name__} {module.__version__}" for module in (pmkt, pandas, polars, pyarrow, np)
    )
    print(
        f"{machine['cpu']}, {machine['cores']} cores, {machine['memory_gib']} GiB, {machine['os']}, "
        f"Python {machine['python']}; {versions}; {args.threads} threads (pandas uses 1), "
        f"{args.reps} turns, load average at the start {machine['load'][0]}; {machine['date']}"
    )
    for shape in args.shapes.split(","):
        chosen = args.peers.split(",")
        compare_texts(pmkt, int(args.n), shape, args.threads, args.reps, chosen)
    if args.set:
        compare_sets(pmkt, int(args.set), args.reps)


if __name__ == "__main__":
    main()
