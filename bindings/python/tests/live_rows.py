"""Streams of events for the tests of the tracker, in the order of time."""

from __future__ import annotations

import csv
import lzma
from typing import Any, List, Tuple

import numpy as np
from conftest import ROOT, data_file

import pmkt

SECOND, MINUTE, HOUR, DAY = 1000, 60_000, 3_600_000, 86_400_000

Row = Tuple[Any, int, str, Any, Any]  # user, time, kind, item, category

EAGER = 'intent eager { when 2 view same item within 10 min strength 0.8 suggest "coupon", "chat" }'
SILENT = "intent silent cause doubt { when cart then no order for 30 min }"


def events(rows: List[Row], **more: Any) -> pmkt.Events:
    user, time, kind, item, category = zip(*rows)
    return pmkt.Events(
        user=list(user),
        time=list(time),
        kind_column=list(kind),
        item=list(item),
        category=list(category),
        **more,
    )


def one(tracker: pmkt.Tracker, row: Row, **more: Any) -> pmkt.Observed:
    user, time, kind, item, category = row
    return tracker.observe(user=user, time=time, kind=kind, item=item, category=category, **more)


def make_rows(seed: int, users: int = 40, n: int = 3000, texts: bool = True) -> List[Row]:
    """In the order of time, with equal times, gaps of sessions, and things missing."""
    rng = np.random.default_rng(seed)
    time, rows = 1_700_000_000_000, []
    for _ in range(n):
        time += int(
            rng.choice([0, 500, 20_000, 3 * MINUTE, 31 * MINUTE], p=[0.2, 0.4, 0.3, 0.08, 0.02])
        )
        user, item = int(rng.integers(users)), int(rng.integers(0, 9))
        kind = str(rng.choice(["view", "search", "favorite", "cart", "checkout", "order"]))
        rows.append(
            (
                f"u{user}" if texts else user + 1,
                time,
                kind,
                None if item == 0 else f"i{item}" if texts else item,
                None if item == 0 else f"c{item % 3}" if texts else item % 3 + 1,
            )
        )
    return rows


def shop() -> List[Row]:
    """A shop that does not exist."""
    with open(ROOT / "examples" / "data" / "shop_events.csv", newline="", encoding="utf-8") as file:
        rows = [
            (e["customer"], e["time"], e["event"], e["product"] or None, e["category"] or None)
            for e in csv.DictReader(file)
        ]
    ms = {at: int(np.datetime64(at.rstrip("Z"), "ms").astype(np.int64)) for _, at, *_ in rows}
    timed: List[Row] = [(user, ms[at], *rest) for user, at, *rest in rows]  # type: ignore[misc]
    return sorted(timed, key=lambda row: row[1])


def taobao() -> List[Row]:
    names = {"pv": "view", "cart": "cart", "fav": "favorite", "buy": "order"}
    with lzma.open(data_file("taobao_behaviour.csv.xz"), "rt") as file:
        rows = [
            (
                int(e["user"]),
                int(e["time"]) * 1000,
                names[e["kind"]],
                int(e["item"]),
                int(e["category"]),
            )
            for e in csv.DictReader(file)
        ]
    return sorted(rows, key=lambda row: row[1])


def fired(table: Any) -> List[Tuple[Any, ...]]:
    names = ("user", "time", "since", "intent", "cause", "strength", "suggestions", "rule")
    return list(zip(*(table[name].tolist() for name in names)))


def in_batch(rules: pmkt.Rules, batch: pmkt.Events, until: int) -> List[Tuple[Any, ...]]:
    return sorted(fired(rules.match(batch, until=until)), key=repr)
