#!/usr/bin/env python3
"""Funnels and moves beside retentioneering and markovclick, on real events.

usage: benchmarks/compare/intent.py [--library FILE] [--copies N] [--rounds N] [--order user|time]

The events of Taobao's users, as in funnel.py. Engines take turns; what is told is the median of
each, and all must find the same. The clock of retentioneering begins with a dataframe, that of
markovclick with lists of names, one a session, and once more with pandas, which makes them; that of
libpmkt with columns in any order.
"""

from __future__ import annotations

import argparse
import os
from pathlib import Path
from typing import Any, Callable, Dict, List, Tuple

import numpy as np
import pandas as pd
from funnel import GAP_MS, STEPS, Timed, batch_of, read, timed, told
from report import machine, use_library

os.environ["RETENTIONEERING_NO_TRACK"] = "1"  # before it is imported: it tells its makers else

Moves = Dict[Tuple[str, str], int]


def retentioneering_calls(frame: pd.DataFrame) -> Dict[str, Callable[[], Any]]:
    import retentioneering as rete

    events = pd.DataFrame(
        {
            "user_id": frame["user"],
            "event": frame["kind"].astype(str),
            "timestamp": pd.to_datetime(frame["time"], unit="ms"),
        }
    )

    def funnel() -> List[int]:
        found = rete.Eventstream(events.copy()).funnel_data(steps=list(STEPS))
        return [step["unique_paths"] for step in found["steps"]]

    def moves() -> Moves:
        stream = rete.Eventstream(events.copy()).split_sessions(timeout=f"{GAP_MS // 60000}m")
        table = stream.transition_graph_data(edge_weight="count", path_col="session_id")
        names = set(frame["kind"].unique())
        return {
            (source, target): int(n)
            for source, row in table.iterrows()
            for target, n in row.items()
            if n and source in names and target in names
        }

    return {"funnel": funnel, "moves": moves}


def sessions(frame: pd.DataFrame) -> List[List[str]]:
    ordered = frame.sort_values(["user", "time"], kind="stable")
    waited = ordered["time"].groupby(ordered["user"]).diff()
    begins = np.flatnonzero((waited.isna() | (waited > GAP_MS)).to_numpy())
    kinds = ordered["kind"].astype(str).to_numpy()
    return [list(part) for part in np.split(kinds, begins[1:])]


def markovclick_moves(streams: List[List[str]]) -> Moves:
    from markovclick.models import MarkovClickstream

    chain = MarkovClickstream(streams, prefixed=False)
    return {
        (a, b): int(chain.count_matrix[i, j])
        for i, a in enumerate(chain.pages)
        for j, b in enumerate(chain.pages)
        if chain.count_matrix[i, j]
    }


def pmkt_moves(batch: Any) -> Moves:
    import pmkt

    return {
        (row["from"], row["to"]): int(row["count"])
        for row in pmkt.paths(batch).transitions()
        if row["from"] != "start" and row["to"] != "end"
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--library", type=Path)
    parser.add_argument("--copies", type=int, default=10)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--order", choices=("user", "time"), default="user")
    options = parser.parse_args()
    use_library(options.library)
    import pmkt

    frame = read(options.copies, options.order)
    batch = batch_of(frame)
    streams = sessions(frame)
    peer = retentioneering_calls(frame)
    calls: Dict[Tuple[str, str], Callable[[], Any]] = {
        ("funnel", "retentioneering"): peer["funnel"],
        ("funnel", "pmkt"): lambda: pmkt.funnel(batch, STEPS).reached.tolist(),
        ("moves", "retentioneering"): peer["moves"],
        ("moves", "markovclick"): lambda: markovclick_moves(streams),
        ("moves", "markovclick after pandas"): lambda: markovclick_moves(sessions(frame)),
        ("moves", "pmkt"): lambda: pmkt_moves(batch),
    }
    times: Dict[Tuple[str, str], List[Timed]] = {key: [] for key in calls}
    found: Dict[Tuple[str, str], Any] = {}
    for _ in range(options.rounds):
        for key, run in calls.items():
            seconds, found[key] = timed(run)
            times[key].append(seconds)
    print(f"{len(frame):,} events, {frame['user'].nunique():,} users; {machine()}")
    for (what, who), taken in times.items():
        if who == "pmkt":
            continue
        if found[what, who] != found[what, "pmkt"]:
            raise SystemExit(f"{what}: {who} and pmkt do not agree")
        print(f"{what}: {who} {told(taken, times[what, 'pmkt'])}")


if __name__ == "__main__":
    main()
