"""The orders that every engine gets: columns made from a fixed seed, kept as .npy files.

The files are memory-mapped by every engine's process, so that the data are in memory once,
whoever reads them.
"""

from __future__ import annotations

from pathlib import Path
from typing import Dict

import numpy as np

NAMES = ("user", "order", "time", "amount")
BYTES_PER_ORDER = 8 * len(NAMES)

DAY_MS = 86_400_000
FIRST_MS = 1_577_836_800_000  # 2020-01-01T00:00Z
AS_OF_MS = 1_640_995_200_000  # 2022-01-01T00:00Z, after the last order
SEED = 20261122
ORDERS_PER_CUSTOMER = 10
# Spread of the customers' buying rates: the median customer buys 5 times, the best percent more
# than 70 times, the best of a million about 1,300 times.
RATE_SIGMA = 1.2


def scatter(number: np.ndarray) -> np.ndarray:
    """Different numbers to different 64-bit ids without any order in them (splitmix64)."""
    x = number.astype(np.uint64)
    x += np.uint64(0x9E3779B97F4A7C15)
    for shift, factor in ((30, 0xBF58476D1CE4E5B9), (27, 0x94D049BB133111EB)):
        x ^= x >> np.uint64(shift)
        x *= np.uint64(factor)
    x ^= x >> np.uint64(31)
    return x


def orders_of_customers(rng: np.random.Generator, orders: int) -> np.ndarray:
    """How many orders each customer places: one at least, Poisson with log-normal rates."""
    customers = max(1, orders // ORDERS_PER_CUSTOMER)
    rate = rng.lognormal(0.0, RATE_SIGMA, customers)
    mean_more = (orders - customers) / customers
    counts = 1 + rng.poisson(mean_more * rate / rate.mean())
    missing = orders - int(counts.sum())
    while missing:  # the draw comes near the total; the rest is dealt out or taken back
        picked = np.unique(rng.integers(0, customers, abs(missing)))
        if missing < 0:
            picked = picked[counts[picked] > 1]
        counts[picked] += 1 if missing > 0 else -1
        missing = orders - int(counts.sum())
    return counts


def make_columns(orders: int) -> Dict[str, np.ndarray]:
    """One-line orders, as a log has them: in the order of time, customers mixed."""
    rng = np.random.default_rng(SEED)
    counts = orders_of_customers(rng, orders)
    user = np.repeat(scatter(np.arange(1, len(counts) + 1)), counts)
    rng.shuffle(user)
    time = rng.integers(FIRST_MS, AS_OF_MS, orders)
    time.sort()
    return {
        "user": user,
        "order": scatter(np.arange(orders) + (1 << 40)),
        "time": time,
        "amount": np.maximum(100, rng.lognormal(9.0, 0.9, orders)).astype(np.int64),
    }


def save_columns(orders: int, folder: Path) -> Path:
    """Writes the columns into a folder of their own, unless they are there already."""
    home = folder / f"orders-{orders}-{SEED}"
    if not (home / "complete").is_file():
        home.mkdir(parents=True, exist_ok=True)
        for name, column in make_columns(orders).items():
            np.save(home / f"{name}.npy", column)
        (home / "complete").touch()
    return home


def map_columns(home: Path) -> Dict[str, np.ndarray]:
    """Maps the columns and touches every page, so that no engine pays for the first access."""
    columns = {}
    for name in NAMES:
        column = np.asarray(np.load(home / f"{name}.npy", mmap_mode="r"))
        column[::512].sum()
        columns[name] = column
    return columns
