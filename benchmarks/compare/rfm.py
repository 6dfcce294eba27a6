#!/usr/bin/env python3
"""RFM side by side: libpmkt, DuckDB, polars and pandas on the same columns in memory.

Per customer: number of orders, their sum, the time of the last, and quintile scores of recency,
frequency and revenue. Each engine has a process of its own, all map the same data, and they are
asked in turns, forth and back, so that a disturbance meets all alike. Every answer is compared
with the others, customer by customer, before anything is printed.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import signal
import statistics
import sys
import tempfile
from pathlib import Path
from typing import Any, Dict, List, NamedTuple, Optional, Tuple

import numpy as np

import report
from rfm_data import BYTES_PER_ORDER, save_columns
from rfm_engines import FORMS
from worker import CHECKED, Worker

PEERS = ("duckdb", "polars", "pandas")
SOURCES = {"duckdb": ("duckdb-native", "duckdb-arrow"), "polars": ("polars",), "pandas": ("pandas",)}
COUNTS = {"distinct": "COUNT(DISTINCT order)", "rows": "COUNT(*)"}
PILOT_ORDERS = 10_000_000  # at most; beyond, some forms do not fit into memory
PILOT_RUNS = 2
ALIVE_ORDERS = 20_000_000  # up to here the processes stay alive between turns
BYTES_PER_CUSTOMER = 35  # id, orders, revenue and time of 8 bytes, three scores of 1


class Contender(NamedTuple):
    """Who takes part in the turns: an engine's process and the form in which it is asked."""

    title: str
    peer: str  # pmkt, duckdb, polars, pandas
    engine: str
    form: str
    count: str  # distinct, rows; for libpmkt the mode


# ------------------------------------------------------------------- checking


class Checker:
    """Holds the first answer and lets pass only what equals it."""

    def __init__(self, folder: Path) -> None:
        self.kept = tempfile.TemporaryDirectory(dir=folder)  # goes with the checker
        self.digest: Optional[str] = None
        self.name = ""

    def full(self, worker: Worker, name: str, digest: str) -> None:
        """Compares every value of every customer."""
        folder = Path(tempfile.mkdtemp(dir=self.kept.name))
        worker.ask("dump", home=str(folder))
        got = {file.stem: np.load(file, mmap_mode="r") for file in folder.glob("*.npy")}
        if self.digest is None:
            self.digest, self.name, self.answer = digest, name, got
            return
        for column in (*CHECKED, "last"):
            if column in got and column in self.answer:
                self.compare(column, got, name)
        if "last" in got:  # libpmkt answers in days; the peers' instants are compared as well
            self.answer.setdefault("last", np.array(got["last"]))
        shutil.rmtree(folder)
        self.quick(name, digest)

    def compare(self, column: str, got: Dict[str, np.ndarray], name: str) -> None:
        ours, theirs = self.answer[column], got[column]
        if len(ours) != len(theirs):
            raise SystemExit(
                f"WRONG: {name} has {len(theirs):,} customers, {self.name} {len(ours):,}"
            )
        wrong = np.flatnonzero(np.asarray(ours) != np.asarray(theirs))
        if len(wrong):
            i = wrong[0]
            raise SystemExit(
                f"WRONG: {column} differs for {len(wrong):,} customers; user {got['user'][i]}: "
                f"{name} says {theirs[i]}, {self.name} {ours[i]}"
            )

    def quick(self, name: str, digest: str) -> None:
        """Compares the digest over all customers, in every turn."""
        if self.digest is None or digest != self.digest:
            raise SystemExit(f"WRONG: {name} does not answer what {self.name or 'the others'} did")


# ---------------------------------------------------------------------- pilot


def pilot_engine(
    engine: str, home: Path, threads: int, checker: Checker
) -> Tuple[Dict[str, Tuple[str, float]], Dict[str, float], str]:
    """The times of all forms of an engine: {form: (count, seconds)}, other scorings, version."""
    times: Dict[str, Tuple[str, float]] = {}
    forms = FORMS[engine]
    with Worker(engine, threads) as worker:
        worker.ask("load", home=str(home), form=forms[0].name)
        for form in forms:
            name = f"{engine}, {form.name}"
            checker.full(worker, name, worker.ask("run", form=form.name)["digest"])
            runs = [worker.ask("run", form=form.name) for _ in range(PILOT_RUNS)]
            for run in runs:
                checker.quick(name, run["digest"])
            times[form.name] = (form.count, min(run["wall"] for run in runs))
        return times, worker.ask("usual"), worker.ask("version")


class Pilot(NamedTuple):
    orders: int
    rows: List[Tuple[str, str, float]]  # name, count, seconds
    usual: List[Tuple[str, float]]
    versions: Dict[str, str]
    best: List[Contender]


def run_pilot(orders: int, peers: List[str], threads: int, folder: Path) -> Pilot:
    """Tries every form of every peer and keeps the fastest for each way to count."""
    home = save_columns(orders, folder)
    checker = Checker(folder)
    rows: List[Tuple[str, str, float]] = []
    usual: List[Tuple[str, float]] = []
    versions: Dict[str, str] = {}
    best: List[Contender] = []
    for peer in peers:
        found: Dict[str, Tuple[float, str, str]] = {}
        for engine in SOURCES[peer]:
            say(f"pilot: {engine}, {orders:,} orders")
            times, others, versions[peer] = pilot_engine(engine, home, threads, checker)
            for form, (count, took) in times.items():
                rows.append((f"{engine}: {form}", count, took))
                if count not in found or took < found[count][0]:
                    found[count] = (took, engine, form)
            usual += [(f"{engine}: {name}", took) for name, took in others.items()]
        for count, (_, engine, form) in found.items():
            best.append(Contender(f"{peer} {COUNTS[count]}", peer, engine, form, count))
    return Pilot(orders, rows, usual, versions, best)


# ---------------------------------------------------------------------- turns


def measure(
    contenders: List[Contender], orders: int, reps: int, threads: int, folder: Path, alive: bool
) -> Dict[str, List[Dict[str, Any]]]:
    """The timed runs of every contender, taken in turns A B C C B A."""
    home = save_columns(orders, folder)
    checker = Checker(folder)
    runs: Dict[str, List[Dict[str, Any]]] = {c.title: [] for c in contenders}
    workers: Dict[str, Worker] = {}

    def begin(c: Contender, check: bool) -> Worker:
        worker = Worker(c.engine, threads)
        worker.ask("load", home=str(home), form=c.form)
        if check:
            first = worker.ask("run", form=c.form)
            checker.full(worker, c.title, first["digest"])
            runs[c.title].append({**first, "first": True})
        return worker

    try:
        if alive:
            for c in contenders:
                say(f"{orders:,} orders: checking {c.title}")
                workers[c.title] = begin(c, check=True)
        for turn in range(reps):
            for c in contenders if turn % 2 == 0 else contenders[::-1]:
                say(f"{orders:,} orders: turn {turn + 1} of {reps}: {c.title}")
                worker = workers.get(c.title) or begin(c, check=False)
                run = worker.ask("run", form=c.form)
                if alive:
                    checker.quick(c.title, run["digest"])
                else:
                    checker.full(worker, c.title, run["digest"])
                    worker.close()
                runs[c.title].append({**run, "first": not alive})
    finally:
        for worker in workers.values():
            worker.close()
    return runs


def summarize(c: Contender, runs: List[Dict[str, Any]], alive: bool) -> Dict[str, Any]:
    """Medians of the timed runs; the peak of memory is that of runs in a fresh process."""
    timed = [run for run in runs if not (alive and run["first"])]
    fresh = [run for run in runs if run["first"]]
    return {
        **c._asdict(),
        "wall": statistics.median(run["wall"] for run in timed),
        "wall_min": min(run["wall"] for run in timed),
        "wall_max": max(run["wall"] for run in timed),
        "cpu": statistics.median(run["cpu"] for run in timed),
        "peak": statistics.median(run["peak"] for run in fresh),
        "phases": {
            name: statistics.median(run["phases"][name][0] for run in timed)
            for name in timed[0]["phases"]
        },
        "customers": int(timed[0]["digest"].split("-")[0]),
        "runs": runs,
    }


# ------------------------------------------------------------------- printing


def ratio(theirs: Optional[float], ours: Optional[float]) -> str:
    return f"{theirs / ours:.2f}" if theirs and ours else "-"


def print_size(orders: int, results: List[Dict[str, Any]], width: Optional[Dict[str, float]]) -> None:
    by_count = {r["count"]: r["wall"] for r in results if r["peer"] == "pmkt"}
    summary, history = by_count.get("summary"), by_count.get("history")
    customers = results[0]["customers"]
    header = ["engine", "wall s (min-max)", "CPU s", "peak MiB", "x summary", "x history", "phases s"]
    rows = []
    for r in results:
        phases = ", ".join(f"{name} {report.seconds(t)}" for name, t in r["phases"].items())
        span = f"{report.seconds(r['wall_min'])}-{report.seconds(r['wall_max'])}"
        rows.append([
            r["title"], f"{report.seconds(r['wall'])} ({span})", report.seconds(r["cpu"]),
            report.mebibytes(r["peak"]), ratio(r["wall"], summary), ratio(r["wall"], history), phases,
        ])
    print(f"\n### {orders:,} orders, {customers:,} customers\n")
    print(report.table(header, rows))
    print_headlines(results)
    if width:
        print_bandwidth(orders, customers, results, width)


def print_headlines(results: List[Dict[str, Any]]) -> None:
    """libpmkt against the faster, and the leaner, of DuckDB and polars."""
    print()
    for ours in (r for r in results if r["peer"] == "pmkt"):
        for count, way in COUNTS.items():
            rivals = [r for r in results if r["peer"] in ("duckdb", "polars") and r["count"] == count]
            if not rivals or (ours["count"] == "history" and count == "rows"):
                continue  # COUNT(*) is not what history mode does
            fast = min(rivals, key=lambda r: r["wall"])
            lean = min(rivals, key=lambda r: r["peak"])
            print(
                f"- {ours['title']} against {way}: {fast['wall'] / ours['wall']:.2f} times as fast as "
                f"the faster peer ({fast['peer']}), with {ours['peak'] / max(lean['peak'], 1):.2f} "
                f"times the peak memory of the leaner ({lean['peer']})"
            )


def print_bandwidth(
    orders: int, customers: int, results: List[Dict[str, Any]], width: Dict[str, float]
) -> None:
    least = orders * BYTES_PER_ORDER + customers * BYTES_PER_CUSTOMER
    print(
        f"\nAt least {least / 1e9:.3f} GB must be moved ({BYTES_PER_ORDER} bytes an order read, "
        f"{BYTES_PER_CUSTOMER} a customer written); memory reads at {width['read']:.1f} GB/s and "
        f"copies at {width['copy']:.1f} GB/s here. Share of the read bandwidth:\n"
    )
    for r in results:
        print(f"- {r['title']}: {100 * least / 1e9 / r['wall'] / width['read']:.1f} %")


def print_pilot(pilot: Pilot) -> None:
    chosen = {(c.engine, c.form) for c in pilot.best}
    print(f"\n### Forms tried, {pilot.orders:,} orders (best of {PILOT_RUNS} after a first run)\n")
    rows = []
    for name, count, took in sorted(pilot.rows, key=lambda row: (row[1], row[2])):
        engine, form = name.split(": ", 1)
        mark = "takes part" if (engine, form) in chosen else ""
        rows.append([name, COUNTS[count], report.seconds(took), mark])
    print(report.table(["engine: form", "counts by", "wall s", ""], rows, left=2))
    print("\nOther ways to score, for information (the scoring alone):\n")
    print(report.table(["engine: way", "wall s"], [[n, report.seconds(t)] for n, t in pilot.usual]))


def print_machine(machine: Dict[str, Any], versions: Dict[str, str], args: Any) -> None:
    print(
        f"{machine['cpu']}, {machine['cores']} cores, {machine['memory_gib']} GiB, {machine['os']}, "
        f"kernel {machine['kernel']}, Python {machine['python']}; "
        + ", ".join(f"{name} {version}" for name, version in versions.items())
        + f"; {args.threads} threads each (pandas uses 1), {args.reps} turns, load average at the "
        f"start {machine['load'][0]}; {machine['date']}"
    )


def say(text: str) -> None:
    print(f"... {text}", file=sys.stderr, flush=True)


# -------------------------------------------------------------------- options


def sizes(text: str) -> List[int]:
    found = []
    for part in text.split(","):
        try:
            value = float(part)
        except ValueError:
            value = 0.0
        if not 1000 <= value <= 1e10 or value != int(value):
            raise argparse.ArgumentTypeError(f"{part}: expected whole numbers from 1e3 to 1e10")
        found.append(int(value))
    return found


def names(text: str) -> List[str]:
    found = text.split(",")
    for name in found:
        if name not in ("pmkt", *PEERS):
            raise argparse.ArgumentTypeError(f"{name}: expected some of pmkt,{','.join(PEERS)}")
    return found


def parse() -> argparse.Namespace:
    here = Path(__file__).resolve().parents[2]
    p = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    p.add_argument("--orders", type=sizes, default="1e6,1e7", help="sizes, e.g. 1e6,1e7,1e8 (1e6,1e7)")
    p.add_argument("--threads", type=int, default=2, help="threads of each engine (2)")
    p.add_argument("--reps", type=int, default=5, help="timed turns (5)")
    p.add_argument("--engines", type=names, default=f"pmkt,{','.join(PEERS)}",
                   help="who takes part (all)")
    p.add_argument("--process", choices=("auto", "alive", "fresh"), default="auto",
                   help="alive: the processes live through all turns, after an untimed run each;\n"
                   "fresh: a new process a turn; auto: alive up to 20 million orders")
    p.add_argument("--library", type=Path, metavar="FILE",
                   help="libpmkt.so to measure ($PMKT_LIBRARY, else the installed package's)")
    p.add_argument("--bench-rfm", type=Path, metavar="PROGRAM",
                   help="bench_rfm, to measure memory bandwidth with; without it no shares are told")
    p.add_argument("--data", type=Path, metavar="FOLDER",
                   help="where to keep the columns, 32 bytes an order (a temporary folder)")
    p.add_argument("--json", type=Path, metavar="OUT", help="write everything there as well")
    args = p.parse_args()
    if args.threads < 1 or args.reps < 1:
        p.error("--threads and --reps must be at least 1")
    if args.library:
        os.environ["PMKT_LIBRARY"] = str(args.library.resolve())
    binding = here / "bindings" / "python"
    if os.environ.get("PMKT_LIBRARY"):  # the binding of this tree
        path = os.environ.get("PYTHONPATH")
        os.environ["PYTHONPATH"] = f"{binding}{os.pathsep}{path}" if path else str(binding)
    return args


def ours(args: argparse.Namespace) -> List[Contender]:
    if "pmkt" not in args.engines:
        return []
    return [
        Contender("libpmkt summary", "pmkt", "pmkt", "summary", "summary"),
        Contender("libpmkt history", "pmkt", "pmkt", "history", "history"),
    ]


def compare(args: argparse.Namespace, folder: Path) -> Dict[str, Any]:
    machine = report.machine()
    width = report.bandwidth(str(args.bench_rfm), args.threads) if args.bench_rfm else None
    peers = [name for name in args.engines if name != "pmkt"]
    pilots: Dict[int, Pilot] = {}
    results: Dict[int, List[Dict[str, Any]]] = {}
    versions: Dict[str, str] = {}
    if "pmkt" in args.engines:
        with Worker("pmkt", args.threads) as worker:
            versions["libpmkt"] = worker.ask("version")
    for orders in args.orders:
        size = min(orders, PILOT_ORDERS)
        if size not in pilots:
            pilots[size] = run_pilot(size, peers, args.threads, folder)
        versions.update(pilots[size].versions)
        contenders = ours(args) + pilots[size].best
        alive = args.process == "alive" or (args.process == "auto" and orders <= ALIVE_ORDERS)
        runs = measure(contenders, orders, args.reps, args.threads, folder, alive)
        results[orders] = [summarize(c, runs[c.title], alive) for c in contenders]
    print_machine(machine, versions, args)
    for orders in args.orders:
        print_size(orders, results[orders], width)
    for pilot in pilots.values():
        if pilot.rows:
            print_pilot(pilot)
    return {
        "machine": machine, "versions": versions, "threads": args.threads, "reps": args.reps,
        "bandwidth_gb_s": width, "results": results,
        "pilots": {n: pilot._asdict() for n, pilot in pilots.items()},
    }


def main() -> None:
    args = parse()
    # Ended from outside, the program still takes its gigabytes of columns away.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    if args.data:
        args.data.mkdir(parents=True, exist_ok=True)
        found = compare(args, args.data)
    else:
        # Shared memory where there is some: a file system may write back in the middle of a turn.
        shared = Path("/dev/shm")
        with tempfile.TemporaryDirectory(dir=shared if shared.is_dir() else None) as folder:
            found = compare(args, Path(folder))
    if args.json:
        args.json.write_text(json.dumps(found, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
