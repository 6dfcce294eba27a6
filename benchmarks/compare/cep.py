#!/usr/bin/env python3
"""The built-in rules beside Esper and Siddhi, on the same events.

usage: benchmarks/compare/cep.py --library FILE --simulate PROGRAM [--customers N] [--rounds N]
           [--siddhi-customers N] [--sets all,each] [--floor 5]

Needs a JDK (17 or newer) and Maven (Debian: default-jdk-headless, maven), which fetches both peers;
NumPy and pyarrow; and examples/simulate_shop, which makes the events: seeded, in the order of time.

libpmkt is the live tracker, one call of observe and one of advance; libpmkt-batch the matcher of a
whole batch. One thread each, in turns. The peers run in one JVM, warmed by whole passes; every pass has an
engine of its own, deployed before the clock starts, and takes events that lie in memory as it likes
them. Their clock is that of the events. Forms, of which the fastest counts:

- esper: a user's next event is found by its index of filters; esper-context: a context by user,
  but for the rules that are match_recognize, which are partitioned anyhow;
- siddhi: a partition by user; siddhi-flat: but for the rules that wait. Its playback asks every
  partition's clock at every event, and what is not partitioned is searched from end to end: its
  time grows with events x users. So it gets fewer users.

What the rules ask of the past besides events (dwell, the amount of the latest cart) is a column for
the peers, made beforehand, and work of libpmkt in its time. So are cooldowns and the strongest of
an intent: neither peer has a word for them, and nothing of it is in their time. So `all` is the
rules as they are built in at libpmkt, which does more; a rule alone is without its cooldown.

Before cooldowns and outranking each rule must fire as often at the peers as at libpmkt, but for one
in a thousand; so far it is exactly as often. (cep_slow.py asks whether libpmkt is right.) What the
peers cannot say, and how the words in cep/src/main/resources get round it:

- events are used once: both go on from events that a fire has used. Peer.java drops such fires
  after the clock has stopped. So several waits of one kind may run where libpmkt has one;
- the latest cart counts: `every` keeps all, so another cart ends what waits for the second step;
- `in a row` with other kinds between: Esper's match_recognize knows neighbors alone, so orders of
  something else are named and passed; in Siddhi a search of something else ends it;
- "at most so long" with the end included: both end theirs at the instant itself; 1 ms is added,
  and Siddhi, whose `within` is about a whole pattern, compares times in its conditions;
- an order without an item, which ends everything: left out. These events have none.
"""

from __future__ import annotations

import argparse
import json
import re
import statistics
import subprocess
import sys
import tempfile
import time
from functools import partial
from pathlib import Path
from typing import Any, Callable, Dict, List, NamedTuple, Sequence

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv
from report import machine, use_library

HERE = Path(__file__).resolve().parent / "cep"
# The built-in rules, in the order of their text.
RULES = ("hesitating", "preparing", "stock", "process", "price", "cheaper", "coupon", "silence")
RULES += ("comparing", "browsing")
KINDS = {"view": 3, "search": 4, "favorite": 5, "cart": 7, "checkout": 9, "order": 10, "pay": 11}
OTHER = 15  # a kind that no rule names
AFTERWARDS_MS = 2 * 3_600_000  # the clock goes on, so that every wait ends
NEVER = 2**62
Counts = Dict[str, int]


class Turn(NamedTuple):
    seconds: float
    cpu: float  # of the thread that sends: garbage is collected by others
    heap_mb: float  # of the peers: what the engine holds at the end
    counts: Counts


# ------------------------------------------------------------------ events


class Stream(NamedTuple):
    table: pa.Table  # as libpmkt takes it
    columns: List[np.ndarray]  # as Peer.java takes it


def simulate(program: Path, customers: int, seed: int, home: Path) -> Stream:
    log = home / "log.csv"
    told = [str(program), "--seed", str(seed), "--customers", str(customers), "--out", str(log)]
    subprocess.run(told, check=True)
    text = pa.csv.ConvertOptions(
        column_types={"time": pa.timestamp("ms"), "amount": pa.decimal128(18, 2)}
    )
    raw = pa.csv.read_csv(log, convert_options=text)

    def number(name: str) -> np.ndarray:
        return raw[name].combine_chunks().dictionary_encode().indices.to_numpy() + np.int64(1)

    def filled(values: Any, missing: int) -> np.ndarray:
        return pc.fill_null(values.cast(pa.int64()), missing).to_numpy().astype(np.int64)

    user, item, category = number("customer"), number("product"), number("category")
    at = raw["time"].cast(pa.int64()).to_numpy()
    kind = np.array([KINDS.get(k, OTHER) for k in raw["event"].to_pylist()], np.int64)
    amount = pc.multiply(raw["amount"], pa.scalar(100)).cast(pa.int64(), safe=False)
    coupon = pc.equal(raw["page"], "coupon").cast(pa.int64())
    table = pa.table(
        {
            "user": user.astype(np.uint64),
            "time": raw["time"],
            "kind": kind.astype(np.uint16),
            "item": item.astype(np.uint64),
            "category": category.astype(np.uint64),
            "amount": amount,
            "stock": raw["stock"].cast(pa.int64()),
            "page": raw["page"],
        }
    )
    dwell, cart = of_user(user, at, kind, filled(amount, -1))
    known = filled(amount, NEVER)
    stock = np.minimum(filled(raw["stock"], 2**30), 2**30)
    columns = [user, at, kind, item, category, known, cart, dwell, stock, filled(coupon, 0)]
    return Stream(table, columns)


def of_user(user: Any, at: Any, kind: Any, amount: Any) -> Any:
    """The time since the user's event before, and the amount of their latest cart."""
    order = np.argsort(user, kind="stable")
    first = np.r_[True, user[order][1:] != user[order][:-1]]
    waited = np.where(first, NEVER, np.diff(at[order], prepend=0))
    places = np.arange(len(order))
    begin = np.maximum.accumulate(np.where(first, places, 0))
    latest = np.maximum.accumulate(np.where(kind[order] == KINDS["cart"], places, -1))
    cart = np.where(latest >= begin, amount[order][latest], -NEVER)
    dwell_of, cart_of = np.empty_like(waited), np.empty_like(cart)
    dwell_of[order], cart_of[order] = waited, cart
    return dwell_of, cart_of


# ----------------------------------------------------------------- contenders


class Peers:
    """The JVM with both."""

    def __init__(self, events: Path) -> None:
        build = ["mvn", "-q", "-B", "compile", "dependency:copy-dependencies"]
        subprocess.run(build + ["-DoutputDirectory=target/lib"], cwd=HERE, check=True)
        classes = f"{HERE}/target/classes:{HERE}/target/lib/*"
        self.process = subprocess.Popen(
            ["java", "-Xms8g", "-Xmx8g", "-XX:+UseParallelGC", "-cp", classes, "Peer", str(events)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )

    def run(self, engine: str, rules: Sequence[str]) -> Turn:
        assert self.process.stdin and self.process.stdout
        self.process.stdin.write(f"{engine} {','.join(rules)}\n")
        self.process.stdin.flush()
        for line in self.process.stdout:  # what the engines log comes between
            if line.startswith("= "):
                return Turn(**json.loads(line[2:]))
        raise SystemExit(f"{engine}: the JVM ended with {self.process.wait()}")

    def close(self) -> None:
        assert self.process.stdin
        self.process.stdin.close()
        self.process.wait()


def batch_of(stream: Stream) -> Any:
    import pmkt

    columns = {name: name for name in ("user", "time", "item", "category")}
    return pmkt.Events.from_arrow(
        stream.table,
        **columns,
        kind_column="kind",
        amount_minor="amount",
        tz="UTC",
        extra=("stock", "page"),
    )


def plain(rules: Sequence[str]) -> str:
    """Those of the built-in rules, each an intent of its own, without a cooldown."""
    import pmkt

    head, *parts = re.split(r"(?m)^intent ", pmkt.rules.builtin())
    assert len(parts) == len(RULES)
    for name, part in zip(RULES, parts):
        if name in rules:
            head += f"intent {name} " + re.sub(r"(?m)^ *cooldown .*\n", "", part[part.index("{") :])
    return head


def live(batch: Any, rules: Any, until: int) -> Turn:
    """The tracker's turn, which takes events as the peers do: in the order of time, of all users."""
    import pmkt

    with pmkt.Tracker(rules=rules, history=0, capacity=len(batch) // 20, tz="UTC") as tracker:
        start, cpu = time.perf_counter(), time.process_time()
        fired = [tracker.observe(batch, columns=[]).fired, tracker.advance(until)]
        seconds, cpu = time.perf_counter() - start, time.process_time() - cpu
        counts: Counts = {}
        for part in fired:
            for name, n in counted(part).items():
                counts[name] = counts.get(name, 0) + n
        return Turn(seconds, cpu, 0.0, counts)


def whole(batch: Any, rules: Any, until: int) -> Turn:
    """The batch matcher's, which orders them by user first."""
    start, cpu = time.perf_counter(), time.process_time()
    found = rules.match(batch, until, threads=1)
    return Turn(time.perf_counter() - start, time.process_time() - cpu, 0.0, counted(found))


def counted(found: Any) -> Counts:
    names, numbers = np.unique(found["intent"].astype(str), return_counts=True)
    return dict(zip(names.tolist(), numbers.tolist()))


# ----------------------------------------------------------------------- main


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--library", type=Path)
    parser.add_argument("--simulate", type=Path, required=True)
    parser.add_argument("--customers", type=int, default=50_000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--warm", type=int, default=2)
    parser.add_argument("--siddhi-customers", type=int, default=1_000, help="0: without Siddhi")
    parser.add_argument("--sets", default="all,each")
    parser.add_argument("--floor", type=float, default=5.0)
    options = parser.parse_args()
    use_library(options.library)
    sets: Dict[str, Sequence[str]] = {}
    for name in options.sets.split(","):
        sets.update({"all": RULES} if name == "all" else {rule: [rule] for rule in RULES})
    bad = False
    for customers, names in (
        (options.customers, ("esper", "esper-context")),
        (options.siddhi_customers, ("siddhi", "siddhi-flat")),
    ):
        if not customers:
            continue
        with tempfile.TemporaryDirectory() as home:
            stream = simulate(options.simulate, customers, options.seed, Path(home))
            file = Path(home) / "events"
            np.concatenate(stream.columns).tofile(file)
            peers = Peers(file)
            try:
                bad |= compare(stream, peers, names, sets, options)
            finally:
                peers.close()
    sys.exit(1 if bad else 0)


def compare(
    stream: Stream, peers: Peers, names: Sequence[str], sets: Dict[str, Sequence[str]], options: Any
) -> bool:
    """Prints what each found and how fast; True: that is not good enough."""
    import pmkt

    batch = batch_of(stream)
    until = int(stream.columns[1][-1]) + AFTERWARDS_MS
    n = len(stream.table)
    print(f"{n:,} events, {len(np.unique(stream.columns[0])):,} users; {machine()}")
    bad = False
    for name, rules in sets.items():
        # All at once as they are built in; a rule alone without its cooldown.
        timed = pmkt.Rules() if rules == RULES else pmkt.Rules(plain(rules))
        wanted = counted(pmkt.Rules(plain(rules)).match(batch, until, partials=1024))
        engines: Dict[str, Callable[[], Turn]] = {
            "libpmkt": partial(live, batch, timed, until),
            "libpmkt-batch": partial(whole, batch, timed, until),
        }
        for peer in names:
            engines[peer] = partial(peers.run, peer, rules)
        turns: Dict[str, List[Turn]] = {engine: [] for engine in engines}
        for turn in range(options.warm + options.rounds):
            for engine, run in engines.items():
                taken = run()
                if turn >= options.warm:
                    turns[engine].append(taken)
        # The floor is about all rules at once; how each alone fares is told.
        bad |= tell(name, n, turns, wanted, options.floor if name == "all" else 0.0)
    return bad


def tell(name: str, n: int, turns: Dict[str, List[Turn]], wanted: Counts, floor: float) -> bool:
    def speed(who: str, clock: str) -> float:
        return n / statistics.median(getattr(turn, clock) for turn in turns[who])

    bad = False
    for who, taken in turns.items():
        line = f"{name}: {who} {speed(who, 'seconds'):,.0f} events/s"
        line += f", {speed(who, 'cpu'):,.0f} a CPU second"
        if not who.startswith("libpmkt"):
            wall, cpu = (speed("libpmkt", c) / speed(who, c) for c in ("seconds", "cpu"))
            line += f", holds {taken[-1].heap_mb:,.0f} MB; libpmkt {wall:.1f} x, by CPU {cpu:.1f} x"
            differ = {
                rule: (count, wanted.get(rule, 0))
                for rule, count in taken[-1].counts.items()
                if count != wanted.get(rule, 0)
            }
            line += f"; fires that differ (peer, libpmkt): {differ}" if differ else "; same fires"
            # By CPU, which a busy machine does not disturb.
            bad |= cpu < floor or not agree(differ)
        print(line, flush=True)
    print(f"{name}: fires {wanted}", flush=True)
    return bad


def agree(differ: Dict[str, Any]) -> bool:
    return all(abs(theirs - wanted) <= 0.001 * wanted for theirs, wanted in differ.values())


if __name__ == "__main__":
    main()
