#!/usr/bin/env python3
"""Funnels and the graph of moves, beside pandas (groupby and shift), on real events.

usage: benchmarks/compare/funnel.py [--library FILE] [--copies N] [--rounds N] [--order user|time]

The events of Taobao's users ($PMKT_DATA/taobao_behaviour.csv.xz) in as many copies, each with users
of its own, in the order of users, as the file has them, or of time, as a log has them. Engines take
turns; what is told is the median of each, and both must find the same.
"""

from __future__ import annotations

import argparse
import statistics
import time
from pathlib import Path
from typing import Any, Callable, Dict, List, Tuple

import numpy as np
import pandas as pd
from cf_data import home
from report import machine, use_library

GAP_MS = 30 * 60 * 1000
STEPS = ("view", "cart", "order")
NAMES = {"pv": "view", "fav": "favorite", "cart": "cart", "buy": "order"}


def read(copies: int, order: str = "user") -> pd.DataFrame:
    one = pd.read_csv(home() / "taobao_behaviour.csv.xz")
    one["kind"] = one["kind"].map(NAMES)
    one["time"] = one["time"] * 1000
    step = int(one["user"].max()) + 1
    parts = [one.assign(user=one["user"] + i * step) for i in range(copies)]
    frame = pd.concat(parts, ignore_index=True).astype({"kind": "category"})
    if order == "time":
        frame = frame.sort_values("time", kind="stable", ignore_index=True)
    return frame


def batch_of(frame: pd.DataFrame) -> Any:
    import pmkt

    codes = {name: number + 1 for number, name in enumerate(pmkt.kind_names())}
    return pmkt.Events(
        user=frame["user"].to_numpy(np.uint64),
        time=frame["time"].to_numpy(np.int64),
        kind_column=frame["kind"].map(codes).to_numpy(np.uint16),
    )


def pandas_funnel(events: pd.DataFrame) -> List[int]:
    """Without a window: the first view of each user, their first cart after it, and so on. (Equal
    times go by row, so that a step must be later in time or in the batch.)"""
    ordered = events.sort_values(["user", "time"], kind="stable")
    place = pd.Series(np.arange(len(ordered)), index=ordered.index)
    reached = []
    at = None
    for step in STEPS:
        rows = pd.DataFrame({"user": ordered["user"], "place": place})[ordered["kind"] == step]
        if at is not None:
            rows = rows[rows["user"].map(at) < rows["place"]]
        at = rows.groupby("user")["place"].min()
        reached.append(len(at))
    return reached


def pandas_moves(events: pd.DataFrame) -> Dict[Tuple[str, str], Tuple[int, float]]:
    ordered = events.sort_values(["user", "time"], kind="stable")
    user, when = ordered["user"], ordered["time"]
    waited = when.groupby(user).diff()
    session = (waited.isna() | (waited > GAP_MS)).cumsum()
    moves = pd.DataFrame(
        {
            "from": ordered["kind"],
            "to": ordered["kind"].groupby(session).shift(-1),
            "ms": when.groupby(session).diff().shift(-1),
        }
    )
    moves = moves[moves["to"].notna()]
    found = moves.groupby(["from", "to"], observed=True)["ms"].agg(["size", "median"])
    return {pair: (int(row["size"]), float(row["median"])) for pair, row in found.iterrows()}


Timed = Tuple[float, float]  # seconds by the clock, and of all threads


def timed(call: Callable[[], Any]) -> Tuple[Timed, Any]:
    begin, cpu = time.perf_counter(), time.process_time()
    found = call()
    return (time.perf_counter() - begin, time.process_time() - cpu), found


def told(slow: List[Timed], fast: List[Timed]) -> str:
    """Medians by the clock and, for on a busy machine the clock says little, of CPU time."""
    wall = [statistics.median(taken[0] for taken in times) for times in (slow, fast)]
    cpu = [statistics.median(taken[1] for taken in times) for times in (slow, fast)]
    return (
        f"{wall[0]:.3f} s against {wall[1]:.4f} s of pmkt: {wall[0] / wall[1]:.1f}x; "
        f"CPU {cpu[0]:.3f} s against {cpu[1]:.4f} s: {cpu[0] / cpu[1]:.1f}x"
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--library", type=Path)
    parser.add_argument("--copies", type=int, default=50)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--order", choices=("user", "time"), default="user")
    options = parser.parse_args()
    use_library(options.library)
    import pmkt

    frame = read(options.copies, options.order)
    batch = batch_of(frame)
    calls = {
        ("funnel", "pandas"): lambda: pandas_funnel(frame),
        ("funnel", "pmkt"): lambda: pmkt.funnel(batch, STEPS).reached.tolist(),
        ("moves", "pandas"): lambda: pandas_moves(frame),
        ("moves", "pmkt"): lambda: {
            (row["from"], row["to"]): (row["count"], row["median_ms"])
            for row in pmkt.paths(batch).transitions()
            if row["from"] != "start" and row["to"] != "end"
        },
    }
    times: Dict[Tuple[str, str], List[Timed]] = {key: [] for key in calls}
    found: Dict[Tuple[str, str], Any] = {}
    for _ in range(options.rounds):
        for key, run in calls.items():
            seconds, found[key] = timed(run)
            times[key].append(seconds)
    print(f"{len(frame):,} events, {frame['user'].nunique():,} users; {machine()}")
    for what in ("funnel", "moves"):
        if found[what, "pandas"] != found[what, "pmkt"]:
            raise SystemExit(f"{what}: the two do not agree")
        print(f"{what}: pandas {told(times[what, 'pandas'], times[what, 'pmkt'])}")


if __name__ == "__main__":
    main()
