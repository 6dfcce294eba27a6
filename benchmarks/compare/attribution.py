"""Markov attribution beside ChannelAttribution (PyPI), which simulates walks over the same chain.

    python benchmarks/compare/attribution.py [--paths N] [--channels N] [--order K] [--turns N]
        [--threads N] [--precision CONV_PAR ...]

Both read the same paths and counts, each in the form that it takes: a DataFrame with a column of
texts for ChannelAttribution, lists of channels made into arrays once for libpmkt, and the texts
again, so that nobody wins by the reading of texts alone. How wrong the simulation is, is judged by
libpmkt's effects, which solve the linear system; the tests compare them with dense solves.
"""

from __future__ import annotations

import argparse
import contextlib
import gc
import io
import os
import statistics
import time
from functools import partial
from typing import Any, Callable, Dict, List, Tuple

import numpy as np
import pmkt


def make_paths(n: int, channels: int) -> Tuple[List[List[int]], np.ndarray]:
    """Paths of about four touches; where one goes next depends on where one is."""
    rng = np.random.default_rng(1)
    lengths = np.minimum(rng.geometric(0.25, n), 100)
    paths = []
    for length in lengths.tolist():
        u, again = rng.random(length), rng.random(length) < 0.3
        path = [int(channels * u[0] ** 2)]
        for k in range(1, length):
            power = 1.5 + path[-1] % 3 * 0.5
            path.append(path[-1] if again[k] else int(channels * u[k] ** power))
        paths.append([channel + 1 for channel in path])
    return paths, (rng.random(n) < 0.1).astype(float)


def simulated(frame: Any, order: int, precision: float) -> Dict[str, float]:
    import ChannelAttribution

    with contextlib.redirect_stdout(io.StringIO()):
        found = ChannelAttribution.markov_model(
            frame,
            "path",
            "conversions",
            var_null="nulls",
            order=order,
            out_more=True,
            conv_par=precision,
            ncore=os.cpu_count() or 1,
            seed=1,
            verbose=False,
            flg_pro=False,
        )
    effects = found["removal_effects"]
    return dict(zip(effects["channel_name"].astype(str), effects["removal_effect"]))


def median(task: Callable[[], Any], turns: int) -> float:
    spent = []
    for _ in range(turns):
        gc.collect()
        start = time.perf_counter()
        task()
        spent.append(time.perf_counter() - start)
    return statistics.median(spent)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--paths", type=int, default=100_000)
    parser.add_argument("--channels", type=int, default=20)
    parser.add_argument("--order", type=int, default=3)
    parser.add_argument("--turns", type=int, default=5)
    parser.add_argument("--threads", type=int, default=0)
    parser.add_argument("--precision", type=float, nargs="*", default=[0.05], help="conv_par")
    given = parser.parse_args()

    import pandas as pd

    lists, conversions = make_paths(given.paths, given.channels)
    nulls = 1 - conversions
    texts = [" > ".join(map(str, path)) for path in lists]
    frame = pd.DataFrame({"path": texts, "conversions": conversions, "nulls": nulls})
    counts = {"conversions": conversions, "values": None, "nulls": nulls}
    columns = pmkt._attribution._to_paths(lists, counts)

    def ours(paths: Any = columns, **options: Any) -> Any:
        known = {} if paths is columns else counts
        return pmkt.attribution(paths, **known, order=given.order, threads=given.threads, **options)

    result = ours()
    exact = dict(zip(map(str, result.channel.tolist()), result.removal_effect))
    print(
        f"{given.paths:,} paths, {len(columns.channel_ids):,} touches, {given.channels} channels, "
        f"order {given.order}: {result.states:,} states, {result.transitions:,} transitions; "
        f"load {os.getloadavg()[0]:.1f} on {os.cpu_count()} CPUs"
    )
    from_columns = median(ours, given.turns)
    print(f"libpmkt, from columns            {from_columns * 1e3:10.1f} ms  exact")
    print(
        f"libpmkt, from texts              {median(lambda: ours(texts), 3) * 1e3:10.1f} ms  exact"
    )
    resampled = median(lambda: ours(bootstrap=200), 1)
    print(f"libpmkt, with 200 resamples      {resampled * 1e3:10.1f} ms")
    for precision in given.precision:
        effects = simulated(frame, given.order, precision)
        errors = [abs(effects[name] / effect - 1) for name, effect in exact.items()]
        again = partial(simulated, frame, given.order, precision)
        spent = median(again, min(given.turns, 3))
        print(
            f"ChannelAttribution, conv_par={precision:<6}{spent * 1e3:10.1f} ms  effects off by up "
            f"to {max(errors):.1%}, {statistics.mean(errors):.1%} on average; "
            f"{spent / from_columns:.0f} times as long"
        )


if __name__ == "__main__":
    main()
