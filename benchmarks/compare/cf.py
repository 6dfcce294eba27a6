"""How fast is collaborative filtering: pmkt beside implicit, and beside pandas and SciPy.

Both get the same matrix, the same first factors, the same loss, steps and threads, in one process and
in turns; peers run with one thread of BLAS and with as many as they take by default, and the faster
of the two counts. Training is compared by the time to an equal loss, judged in float64.

    cf.py --library build-bench/libpmkt.so                    all, an hour
    cf.py --library build-bench/libpmkt.so --only one,fold    some
    cf.py --library build-bench/libpmkt.so --quick            small sizes, two minutes

Sections: als, cholesky, batch, one, fold, memory, scaling, knn, events.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import threading
from pathlib import Path
from typing import Any, Callable, Dict, List, Tuple

# What this machine sets for its own good would slow the peer down or speed it up: its default counts.
UNSET = [name for name in ("OPENBLAS_CORETYPE", "OPENBLAS_L2_SIZE") if os.environ.pop(name, None)]

import numpy as np
import scipy.sparse as sp

import cf_data
import cf_peers
import report
from cf_turns import Took, in_turns, number, rows, show

Args = argparse.Namespace


def matrices(args: Args) -> Dict[str, sp.csr_matrix]:
    if args.quick:
        return {"4k x 1.5k, 0.2 M": cf_data.generated(4_000, 1_500, 250_000)}
    return {
        "goodbooks": cf_data.goodbooks_all(),
        "40k x 15k, 5 M": cf_data.generated(40_000, 15_000, 6_600_000),
    }


def with_blas(threads: int, work: Callable[[], Any]) -> Callable[[], Any]:
    def run() -> Any:
        with cf_peers.blas(threads):
            return work()

    return run


def against(ours: Callable[[], Any], theirs: Callable[[], Any], reps: int) -> Dict[str, Took]:
    works = {
        "pmkt": ours,
        "implicit, BLAS 1": with_blas(1, theirs),
        "implicit, BLAS default": with_blas(0, theirs),
    }
    return in_turns(works, reps)


# ------------------------------------------------------------------------ training


def als(args: Args) -> None:
    found: List[List[str]] = []
    losses = []
    for name, m in matrices(args).items():
        for factors in args.factors:
            one = cf_peers.Training(m, factors, False, args.threads)
            ours, loss, target = one.equal(args.iterations)
            took = against(lambda: one.pmkt(ours), lambda: one.implicit(args.iterations), args.reps)
            found += rows(f"{name}, d = {factors}", took)
            losses.append(
                f"- {name}, d = {factors}: implicit {target:.8g} after {args.iterations} "
                f"iterations, pmkt {loss:.8g} after {ours}"
            )
    show("ALS, time to equal loss, conjugate gradient, 3 steps", "s", found)
    print("\n" + "\n".join(losses))


def cholesky(args: Args) -> None:
    found: List[List[str]] = []
    losses = []
    for name, m in matrices(args).items():
        for factors in args.factors:
            one = cf_peers.Training(m, factors, True, args.threads)
            pair = one.loss(one.pmkt(1)), one.loss(one.implicit(1))
            took = against(lambda: one.pmkt(1), lambda: one.implicit(1), args.reps)
            found += rows(f"{name}, d = {factors}", took)
            losses.append(f"- {name}, d = {factors}: implicit {pair[1]:.8g}, pmkt {pair[0]:.8g}")
    show("ALS, one exact iteration (Cholesky), preparation included", "s", found)
    print("\n" + "\n".join(losses))


# ------------------------------------------------------------------------- serving


def trained(items: int, factors: int, threads: int) -> Tuple[np.ndarray, np.ndarray]:
    """Factors of a generated shop of so many items."""
    import pmkt

    m = cf_data.generated(20_000, items, 40 * items if items < 100_000 else 4_000_000, 3)
    model = pmkt.ALS(
        factors=factors,
        iterations=4,
        loss="classic",
        nu=0.0,
        regularization=1.0,
        seed=1,
        threads=threads,
    ).fit(m.astype(np.float32))
    return np.array(model.user_factors), np.array(model.item_factors)


def factor_sets(args: Args, items: int, factors: int) -> Dict[str, Tuple[np.ndarray, np.ndarray]]:
    return {
        "Gaussian": cf_peers.gaussian(4_000, items, factors),
        "trained": trained(items, factors, args.threads),
    }


def batch(args: Args) -> None:
    found: List[List[str]] = []
    for items in args.items:
        for kind, (x, y) in factor_sets(args, items, 64).items():
            one = cf_peers.Serving(x, y, args.threads)
            users = np.arange(min(len(x), args.batch))
            right = one.check(users[:40])
            if right < 1.0:
                raise SystemExit(f"cf.py: {1 - right:.2%} of pmkt's answers are not among the best")
            took = against(lambda: one.ours(users), lambda: one.theirs(users), args.reps)
            found += rows(f"{items:,} items, {kind}", took, 1e3 / len(users))
    show(f"Top 10, a batch of {args.batch} users, d = 64", "ms a user", found)


def quantiles(what: str, took: Dict[str, np.ndarray], unit: float) -> List[List[str]]:
    ours = np.quantile(took["pmkt, C call"], 0.5)
    return [
        [
            what,
            name,
            *(number(float(q) * unit) for q in np.quantile(seconds, [0.5, 0.99])),
            "" if name.startswith("pmkt") else f"{np.quantile(seconds, 0.5) / ours:.2f}",
        ]
        for name, seconds in took.items()
    ]


def show_quantiles(title: str, unit: str, found: List[List[str]]) -> None:
    header = ["what", "who", f"p50 {unit}", f"p99 {unit}", "pmkt's C call is x as fast"]
    print(f"\n### {title}\n\n{report.table(header, found, left=2)}", flush=True)


def one(args: Args) -> None:
    found: List[List[str]] = []
    for items in (args.items[0], args.items[-1]):
        for factors in args.factors:
            for kind, (x, y) in factor_sets(args, items, factors).items():
                both = cf_peers.Serving(x, y, args.threads)
                direct = cf_peers.OneUser(both.model)
                users = np.random.default_rng(5).integers(0, len(x), args.questions).tolist()
                empty = both.nothing[0]

                def theirs(u: int, model: Any = both.peer, none: Any = empty) -> Any:
                    return model.recommend(u, none, N=10, filter_already_liked_items=False)

                took = cf_peers.latencies(
                    {
                        "pmkt, C call": direct,
                        "pmkt, Python": lambda u, model=both.model: model.recommend(
                            u, k=10, exclude_seen=False
                        ),
                        "implicit, BLAS 1": theirs,
                        "implicit, BLAS default": theirs,
                    },
                    users,
                    ("implicit, BLAS 1",),
                )
                found += quantiles(f"{items:,} items, d = {factors}, {kind}", took, 1e3)
    show_quantiles("Top 10, one user", "ms", found)


def fold(args: Args) -> None:
    import pmkt

    items = args.items[0]
    x, y = trained(items, 64, args.threads)
    model = pmkt.ALS.from_factors(
        x, y, loss="classic", nu=0.0, regularization=0.01, alpha=1.0, threads=1
    )
    peer = cf_peers.peer_of(x, y, 1)
    peer.alpha = 1.0
    direct = cf_peers.FoldIn(model, 85)
    asked = cf_peers.histories(items, 85, args.questions)

    def row(history: np.ndarray) -> sp.csr_matrix:  # implicit's confidence is 1 + pmkt's weight
        data = np.full(len(history), 2.0, np.float32)
        return sp.csr_matrix((data, history, [0, len(history)]), shape=(1, items))

    ready = {id(history): row(history) for history in asked}
    took = cf_peers.latencies(
        {
            "pmkt, C call": direct,
            "pmkt, Python": model.fold_in,
            "implicit": lambda h: peer.recalculate_user(0, ready[id(h)]),
        },
        asked,
    )
    direct(asked[0])
    theirs = np.asarray(peer.recalculate_user(0, ready[id(asked[0])])).ravel()
    away = float(np.abs(direct.factors - theirs).max() / np.abs(theirs).max())
    show_quantiles("Fold-in of 85 items, d = 64", "us", quantiles(f"{items:,} items", took, 1e6))
    print(f"\nThe two differ by {away:.1e} of the largest factor.")


# -------------------------------------------------------------------------- memory


def memory_of(args: Args) -> None:
    """In a process of its own: peak of one fit above what was there before."""
    name, factors = args.peak.rsplit(":", 1)
    m = list(matrices(args).values())[-1]
    small = cf_peers.Training(cf_data.generated(200, 100, 2_000), int(factors), False, args.threads)
    fit = {"pmkt": "pmkt", "implicit": "implicit"}[name]
    getattr(small, fit)(1)  # loads code, starts pools of threads
    task = cf_peers.Training(m, int(factors), False, args.threads)
    base = report.memory("VmRSS")
    report.reset_peak()
    getattr(task, fit)(2)
    print(report.memory("VmHWM") - base)


def memory(args: Args) -> None:
    found = []
    for factors in args.factors:
        peak = {}
        for name in ("pmkt", "implicit"):
            command = [sys.executable, __file__, "--peak", f"{name}:{factors}"]
            command += ["--quick"] if args.quick else []
            command += ["--threads", str(args.threads)]
            command += ["--library", str(args.library)] if args.library else []
            text = subprocess.run(command, check=True, capture_output=True, text=True).stdout
            peak[name] = int(text.split()[-1])
        found.append(
            [
                f"d = {factors}",
                *(report.mebibytes(p) for p in peak.values()),
                f"{peak['pmkt'] / peak['implicit']:.2f}",
            ]
        )
    print("\n### Peak memory of a fit above what was there, MiB (the larger matrix)\n")
    print(report.table(["", "pmkt", "implicit", "pmkt / implicit"], found), flush=True)


# ------------------------------------------------------------------------- scaling


def scaling(args: Args) -> None:
    found: List[List[str]] = []
    for name, m in matrices(args).items():
        for solver in ("cg", "cholesky"):
            task = cf_peers.Training(m, 64, solver == "cholesky", 1)
            took = in_turns(
                {"2 threads": lambda: task.pmkt(3, 2), "1 thread": lambda: task.pmkt(3, 1)},
                args.reps,
            )
            found += rows(f"{name}, {solver}", took, ours="2 threads")
    x, y = cf_peers.gaussian(4_000, args.items[0], 64)
    model = cf_peers.Serving(x, y, 1).model

    def ask(share: int) -> None:
        direct = cf_peers.OneUser(model)
        for u in range(10 * args.questions // share):
            direct(u % len(x))

    def crew() -> None:
        threads = [threading.Thread(target=ask, args=(2,)) for _ in range(2)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()

    took = in_turns({"2 threads": crew, "1 thread": lambda: ask(1)}, args.reps)
    found += rows(f"recommend, {10 * args.questions} single questions", took, ours="2 threads")
    header = ["what", "who", "wall s (min-max)", "CPU s", "2 threads are x as fast"]
    print(f"\n### pmkt on one and two threads\n\n{report.table(header, found, left=2)}", flush=True)


# ---------------------------------------------------------------- neighbors, events


def knn(args: Args) -> None:
    import pmkt
    from implicit import nearest_neighbours as peers

    kinds = {
        "cosine": peers.CosineRecommender,
        "tfidf": peers.TFIDFRecommender,
        "bm25": peers.BM25Recommender,
    }
    found: List[List[str]] = []
    for name, m in matrices(args).items():
        m = m.astype(np.float32)
        for similarity, peer in kinds.items():

            def theirs(kind: Any = peer) -> Any:
                made = kind(K=100, num_threads=args.threads)
                made.fit(m, show_progress=False)
                return made

            def ours(kind: str = similarity) -> Any:
                return pmkt.ItemKNN(100, similarity=kind, threads=args.threads).fit(m)

            found += rows(
                f"{name}, {similarity}", in_turns({"pmkt": ours, "implicit": theirs}, args.reps)
            )
    show("Item-kNN, 100 neighbors", "s", found)


def events(args: Args) -> None:
    import pandas as pd
    import pmkt

    n = 1_000_000 if args.quick else 20_000_000
    rng = np.random.default_rng(9)
    user = rng.integers(1, n // 50, n, dtype=np.uint64)
    item = (10_000 * rng.random(n) ** 2).astype(np.uint64) + np.uint64(1)
    kind = rng.choice(np.array([3, 3, 3, 3, 5, 7, 10], np.uint16), n)
    now, day = 1_767_225_600_000, 86_400_000
    when = now - rng.integers(1, 365 * day, n)
    weight = np.zeros(32)
    for number_of in (3, 5, 7, 10):
        weight[number_of] = pmkt.default_weight(number_of)
    batch_of = pmkt.Events(user=user, item=item, kind_column=kind, time=when)

    def ours() -> Any:
        return pmkt.CFData(batch_of, half_life="90d", threads=args.threads)

    def weights() -> np.ndarray:
        return weight[kind] * np.exp2((when - (when.max() + 1)) / (90 * day))

    def both_ways(u: np.ndarray, i: np.ndarray, w: np.ndarray) -> Any:
        made = sp.csr_matrix((w.astype(np.float32), (u, i)))
        made.sum_duplicates()
        return made, made.tocsc()

    def scipy() -> Any:
        u = np.unique(user, return_inverse=True)[1]
        i = np.unique(item, return_inverse=True)[1]
        return both_ways(u, i, weights())

    def pandas() -> Any:
        return both_ways(
            pd.factorize(user, sort=True)[0], pd.factorize(item, sort=True)[0], weights()
        )

    took = in_turns(
        {"pmkt": ours, "pandas factorize, SciPy": pandas, "NumPy unique, SciPy": scipy}, args.reps
    )
    made, _ = scipy()
    mine = ours().to_scipy()
    same = mine.shape == made.shape and np.allclose(mine.data, made.data, rtol=1e-4, atol=1e-6)
    if not same:
        raise SystemExit("cf.py: the two matrices differ")
    show(
        f"{n / 1e6:.0f} M events to a matrix by rows and by columns",
        "s",
        rows(f"{n / 1e6:.0f} M", took),
    )
    print(f"\npmkt: {n / took['pmkt'].median / 1e6:.1f} M events/s")


SECTIONS = {
    "als": als,
    "cholesky": cholesky,
    "batch": batch,
    "one": one,
    "fold": fold,
    "memory": memory,
    "scaling": scaling,
    "knn": knn,
    "events": events,
}


def parse() -> Args:
    p = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    p.add_argument("--only", default=",".join(SECTIONS), help="sections (all)")
    p.add_argument("--quick", action="store_true", help="small sizes, 3 turns")
    p.add_argument("--reps", type=int, default=5, help="timed turns (5)")
    p.add_argument("--threads", type=int, default=2, help="of both (2)")
    p.add_argument("--iterations", type=int, default=15, help="of implicit (15)")
    p.add_argument(
        "--library",
        type=Path,
        metavar="FILE",
        help="libpmkt.so to measure ($PMKT_LIBRARY, else the installed package's)",
    )
    p.add_argument("--peak", help=argparse.SUPPRESS)  # contender:factors, used by --only memory
    args = p.parse_args()
    args.factors, args.items = [64, 128], [50_000, 200_000, 1_000_000]
    args.batch, args.questions = 400, 500
    if args.quick:
        args.reps, args.items = min(args.reps, 3), [10_000, 50_000]
        args.batch, args.questions, args.iterations = 200, 200, min(args.iterations, 6)
    return args


def main() -> None:
    args = parse()
    report.use_library(args.library)
    if args.peak:
        memory_of(args)
        return
    import implicit  # noqa: F401  its BLAS must be there before it is described
    import pmkt
    from pmkt._library import lib

    machine = report.machine()
    print(
        f"{machine['cpu']}, {machine['cores']} cores, {machine['memory_gib']} GiB, {machine['os']}, "
        f"Python {machine['python']}; {report.versions('pmkt', 'implicit', 'numpy', 'scipy', 'pandas')}; "
        f"pmkt runs {lib.pmkt_isa().decode()}, BLAS: {cf_peers.kernels()}; unset for the peer: "
        f"{', '.join(UNSET) or 'nothing'}; {args.threads} threads, {args.reps} turns, load "
        f"{machine['load'][0]}; {machine['date']}"
    )
    del pmkt
    for name in args.only.split(","):
        SECTIONS[name](args)


if __name__ == "__main__":
    main()
