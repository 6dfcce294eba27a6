#!/usr/bin/env python3
"""Are those the fires that the rules mean? Four of them once more, slowly, in plain Python.

usage: benchmarks/compare/cep_slow.py --library FILE --simulate PROGRAM [--customers N] [--seed N]

No automaton and no state: at every event, or at the end of every wait, all ways to match are tried
that the user's events so far give. Prints how often each rule fires here and at libpmkt, and exits
1 if they differ; cep.py compares libpmkt with the peers.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from collections import defaultdict
from pathlib import Path
from typing import Any, Dict, List, NamedTuple, Sequence

from cep import AFTERWARDS_MS, batch_of, counted, plain, simulate
from report import use_library

MINUTE, DAY = 60_000, 86_400_000
VIEW, SEARCH, FAVORITE, CART, ORDER, PAY = 3, 4, 5, 7, 10, 11


class Event(NamedTuple):
    time: int
    kind: int
    item: int
    category: int


def hesitating(events: Sequence[Event], until: int) -> int:
    """3 search, same item, in a row, unless order."""
    fired, used = 0, defaultdict(lambda: -1)
    for c, last in enumerate(events):
        if last.kind != SEARCH:
            continue
        earlier = [i for i in range(c) if events[i].kind == SEARCH][-2:]
        if len(earlier) < 2 or any(events[i].item != last.item for i in earlier):
            continue
        ordered = any(e.kind == ORDER and e.item == last.item for e in events[earlier[0] : c])
        if not ordered and earlier[0] > used[last.item]:
            fired, used[last.item] = fired + 1, c
    return fired


def preparing(events: Sequence[Event], until: int) -> int:
    """Search, favorite, same item, unless order, within 1 day."""
    fired, used = 0, defaultdict(lambda: -1)
    for b, last in enumerate(events):
        if last.kind != FAVORITE:
            continue
        for a in range(used[last.item] + 1, b):
            first = events[a]
            if first.kind != SEARCH or first.item != last.item or last.time - first.time > DAY:
                continue
            if not any(e.kind == ORDER and e.item == last.item for e in events[a:b]):
                fired, used[last.item] = fired + 1, b
                break
    return fired


def comparing(events: Sequence[Event], until: int) -> int:
    """3 view, same category, different item, unless order, within 30 min."""
    fired, used = 0, defaultdict(lambda: -1)
    for c, last in enumerate(events):
        if last.kind != VIEW:
            continue
        key = last.category
        place = [i for i in range(used[key] + 1, c) if events[i].category == key]
        views = [i for i in place if events[i].kind == VIEW]
        if any(
            events[a].item != events[b].item != last.item
            and last.time - events[a].time <= 30 * MINUTE
            and not any(events[i].kind == ORDER for i in place if i > a)
            for a in views
            for b in views
            if a < b
        ):
            fired, used[key] = fired + 1, c
    return fired


def silence(events: Sequence[Event], until: int) -> int:
    """Cart, then no order or pay for 1 h, same item."""
    fired, used = 0, defaultdict(lambda: -1)
    ends = ((e.time + 60 * MINUTE, e) for e in events if e.kind == CART)
    for end, cart in sorted(ends, key=lambda wait: wait[0]):
        said = [e.kind for e in events if cart.time < e.time <= end and e.item == cart.item]
        bought = ORDER in said or PAY in said
        if end < until and cart.time > used[cart.item] and not bought:
            fired, used[cart.item] = fired + 1, end
    return fired


SLOW = {f.__name__: f for f in (hesitating, preparing, comparing, silence)}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--library", type=Path)
    parser.add_argument("--simulate", type=Path, required=True)
    parser.add_argument("--customers", type=int, default=2_000)
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    use_library(options.library)
    import pmkt

    with tempfile.TemporaryDirectory() as home:
        stream = simulate(options.simulate, options.customers, options.seed, Path(home))
    users: Dict[int, List[Event]] = defaultdict(list)
    for user, at, kind, item, category in zip(*(c.tolist() for c in stream.columns[:5])):
        users[user].append(Event(at, kind, item, category))
    until = int(stream.columns[1][-1]) + AFTERWARDS_MS
    found: Any = pmkt.Rules(plain(tuple(SLOW))).match(batch_of(stream), until, partials=1024)
    wanted = counted(found)
    bad = False
    for name, slow in SLOW.items():
        n = sum(slow(events, until) for events in users.values())
        print(f"{name}: {n} here, {wanted.get(name, 0)} at libpmkt")
        bad |= n != wanted.get(name, 0)
    sys.exit(1 if bad else 0)


if __name__ == "__main__":
    main()
