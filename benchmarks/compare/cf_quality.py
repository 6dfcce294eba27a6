"""How good are the recommendations: pmkt beside implicit and irspack, EASE and popularity.

Each contender draws as many settings at random from its space and keeps those with the best NDCG@10 on
the validation data; then it is fitted to all training data with several seeds and judged on the test
data, over the full catalogue, by one function in float64 (cf_judge.py). Contenders with the same
space draw the same settings. pmkt.evaluate must agree with that function.

    cf_quality.py --library build-bench/libpmkt.so            all, an hour or two
    cf_quality.py --library build-bench/libpmkt.so --quick    minutes

Exit status 1 if pmkt is worse than the best of implicit and irspack by more than 0.002 in either figure,
if learning from all behaviors is no better than from orders, or if two judges disagree.
"""

from __future__ import annotations

import argparse
import os
import sys
import time
from pathlib import Path
from typing import Any, Dict, List, Tuple

# Models have threads of their own; threads of BLAS under these only get in their way.
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

import numpy as np

import cf_data
import cf_judge
import cf_models
import report

FIGURES = ("ndcg@10", "recall@20")
ALLOWED = 0.002  # how much worse than the best peer is no loss
VALID_USERS = 5000  # are enough to choose between settings

CLASSIC = "ALS, classic loss"  # what follows "pmkt" where it minimizes implicit's loss
Result = Dict[str, List[float]]


def judged(scores: Any, seen: Any, truth: Any, most: int = 0) -> Dict[str, float]:
    users = cf_judge.who(truth, seen, most)
    return cf_judge.metrics(cf_judge.answers(scores, users, seen, 20), users, truth)


def tune(one: Any, task: cf_data.Task, trials: int, threads: int) -> Dict[str, Any]:
    """The best of so many settings."""
    if not one.space:
        return {}
    rng = np.random.default_rng(1)
    found: List[Tuple[float, Dict[str, Any]]] = []
    trials = min(trials, one.most_trials)
    for trial in range(trials):
        settings = one.draw(rng)
        m = one.matrix(task.fit, task.behaviors, settings)
        got = judged(one.fit(m, settings, 1, threads), task.fit, task.valid, VALID_USERS)
        found.append((got["ndcg@10"], settings))
        print(f"... {one.name} {trial + 1}/{trials}: {got['ndcg@10']:.4f}", file=sys.stderr)
    return max(found, key=lambda pair: pair[0])[1]


def agree(model: Any, task: cf_data.Task, ours: Dict[str, float], threads: int) -> bool:
    """pmkt.evaluate says the same. Ranks between scores that differ in the last digits may.

    Users without training data are rows of the matrix, so that pmkt counts them as missed; this
    judge asks only for users with a past.
    """
    import pmkt

    known = cf_data.sp.diags((np.diff(task.train.indptr) > 0).astype(np.float64))
    test = (known @ task.test).tocsr()
    test.eliminate_zeros()
    theirs = pmkt.evaluate(
        model,
        task.train.astype(np.float32),
        test.astype(np.float32),
        k=(10, 20),
        bootstrap=0,
        threads=threads,
    )
    worst = max(abs(theirs[name] - ours[name]) for name in FIGURES)
    if worst > 1e-4:
        print(f"pmkt.evaluate differs by {worst:.6f}: {dict(theirs)} against {ours}")
    return worst <= 1e-4


def contend(one: Any, task: cf_data.Task, args: argparse.Namespace) -> Tuple[Result, str, bool]:
    start = time.perf_counter()
    settings = tune(one, task, args.trials, args.threads)
    m = one.matrix(task.train, task.behaviors, settings)
    result: Result = {name: [] for name in FIGURES}
    good = True
    for seed in range(1, args.seeds + 1 if one.seeded else 2):
        got = judged(one.fit(m, settings, seed, args.threads), task.train, task.test)
        for name in FIGURES:
            result[name].append(got[name])
        if seed == 1 and getattr(one, "model", None) is not None:
            good = agree(one.model, task, got, args.threads)
    took = time.perf_counter() - start
    shown = ", ".join(
        f"{key} {value:.3g}" if isinstance(value, float) else f"{key} {value}"
        for key, value in settings.items()
    )
    print(f"... {one.name}: {took:.0f} s", file=sys.stderr)
    return result, shown, good


def text(values: List[float]) -> str:
    return f"{np.mean(values):.4f}" + (f" ±{np.std(values):.4f}" if len(values) > 1 else "")


def verdict(results: Dict[str, Result], ours: str, peers: List[str]) -> bool:
    """Prints how ours does against the best of the peers; False if worse than allowed.

    The peers have one loss each and pmkt both, so that on either side the better of two counts.
    """
    there = [name for name in peers if name in results]
    both = [name for name in (ours, ours.replace("ALS", CLASSIC)) if name in results]
    if not both or not there:
        return True
    good = True
    for name in FIGURES:

        def mean(who: str, name: str = name) -> float:
            return float(np.mean(results[who][name]))

        mine, best = max(both, key=mean), max(there, key=mean)
        ahead = mean(mine) - mean(best)
        good = good and ahead >= -ALLOWED
        print(f"- {mine}, {name}: {ahead:+.4f} against the best peer ({best})")
    return good


def compare(task: cf_data.Task, args: argparse.Namespace) -> bool:
    print(f"\n### {task.about()}\n", flush=True)
    kinds = [cf_models.CONTENDERS[name] for name in args.contenders.split(",")]
    if task.behaviors:
        kinds += [kind for key, kind in cf_models.FED.items() if key in args.contenders.split(",")]
    results: Dict[str, Result] = {}
    rows = []
    good = True
    for kind in kinds:
        result, settings, same = contend(kind(args.factors), task, args)
        results[kind.name] = result
        good = good and same
        rows.append([kind.name, settings, *(text(result[name]) for name in FIGURES)])
    print(report.table(["contender", "settings", "NDCG@10", "Recall@20"], rows, left=2) + "\n")
    good = verdict(results, "pmkt ALS", ["implicit ALS", "irspack iALS"]) and good
    fed = "pmkt ALS, all behaviors"
    if fed in results:
        peers = ["implicit ALS, all behaviors", "irspack iALS, all behaviors"]
        good = verdict(results, fed, peers) and good
        for name in FIGURES:
            gain = np.mean(results[fed][name]) - np.mean(results["pmkt ALS"][name])
            good = good and gain > 0
            print(f"- all behaviors, {name}: {gain:+.4f} against orders only")
    sys.stdout.flush()
    return bool(good)


def parse() -> argparse.Namespace:
    p = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    p.add_argument("--data", default=",".join(cf_data.DATASETS), help="data sets (all)")
    p.add_argument("--contenders", default=",".join(cf_models.CONTENDERS), help="who (all)")
    p.add_argument("--factors", type=int, default=64, help="of every factor model (64)")
    p.add_argument("--trials", type=int, default=16, help="settings that each tries (16)")
    p.add_argument("--seeds", type=int, default=5, help="of the test (5)")
    p.add_argument("--threads", type=int, default=2, help="of the models (2)")
    p.add_argument("--quick", action="store_true", help="two data sets, 3 trials, 1 seed, no EASE")
    p.add_argument(
        "--library",
        type=Path,
        metavar="FILE",
        help="libpmkt.so to measure ($PMKT_LIBRARY, else the installed package's)",
    )
    args = p.parse_args()
    if args.quick:
        args.data, args.trials, args.seeds = "jd,retail", 3, 1
        args.contenders = "pmkt,classic,defaults,irspack,implicit,popularity"
    return args


def main() -> None:
    args = parse()
    report.use_library(args.library)
    machine = report.machine()
    versions = report.versions("pmkt", "implicit", "irspack", "numpy", "scipy")
    print(
        f"{machine['cpu']}, {machine['cores']} cores, {machine['os']}, Python {machine['python']}; "
        f"{versions}; {args.factors} factors, {args.trials} trials, {args.seeds} seeds; "
        f"{machine['date']}"
    )
    good = [compare(cf_data.DATASETS[name](), args) for name in args.data.split(",")]
    raise SystemExit(0 if all(good) else 1)


if __name__ == "__main__":
    main()
