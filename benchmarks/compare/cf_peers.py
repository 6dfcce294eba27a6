"""The speed comparison's two sides: implicit, and pmkt through Python and as a C call."""

from __future__ import annotations

import contextlib
import ctypes
import time
from typing import Any, Callable, Dict, Iterator, List, Tuple

import numpy as np
import scipy.sparse as sp

import cf_judge

Matrix = sp.csr_matrix


@contextlib.contextmanager
def blas(threads: int) -> Iterator[None]:
    """So many threads of BLAS; 0 = as the peer has it by default."""
    import threadpoolctl

    if threads:
        with threadpoolctl.threadpool_limits(limits=threads, user_api="blas"):
            yield
    else:
        yield


def kernels() -> str:
    """Which BLAS kernels the peer runs with here."""
    import threadpoolctl

    return ", ".join(
        sorted(
            {
                f"{pool['internal_api']} {pool.get('version')} {pool.get('architecture', '?')}"
                for pool in threadpoolctl.threadpool_info()
                if pool["user_api"] == "blas"
            }
        )
    )


def first_factors(m: Matrix, factors: int, seed: int = 1) -> Tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(seed)
    shape = np.float32(0.1 / np.sqrt(factors))
    return tuple((rng.standard_normal((n, factors), dtype=np.float32) * shape) for n in m.shape)


# ------------------------------------------------------------------------ training


class Training:
    """The classic loss on a matrix that both get, from the same first factors.

    implicit's confidence of an entry v is alpha * v, pmkt's is 1 + alpha * w: with alpha = 1 both, and
    v = 1 + w, they are the same, and so is the regularization.
    """

    regularization = 0.01

    def __init__(self, m: Matrix, factors: int, cholesky: bool, threads: int) -> None:
        self.ours, self.theirs = m.astype(np.float32), m.astype(np.float32)
        self.theirs.data += 1.0
        self.factors, self.cholesky, self.threads = factors, cholesky, threads
        self.first = first_factors(m, factors)

    def implicit(self, iterations: int) -> Any:
        from implicit.cpu.als import AlternatingLeastSquares

        model = AlternatingLeastSquares(
            factors=self.factors,
            regularization=self.regularization,
            alpha=1.0,
            iterations=iterations,
            use_cg=not self.cholesky,
            num_threads=self.threads,
        )
        model.user_factors, model.item_factors = self.first[0].copy(), self.first[1].copy()
        model.fit(self.theirs, show_progress=False)
        return model

    def pmkt(self, iterations: int, threads: int = 0) -> Any:
        import pmkt

        model = pmkt.ALS(
            factors=self.factors,
            loss="classic",
            nu=0.0,
            regularization=self.regularization,
            alpha=1.0,
            iterations=iterations,
            solver="cholesky" if self.cholesky else "cg",
            cg_steps=3,
            threads=threads or self.threads,
        )
        return model.fit(self.ours, first_users=self.first[0], first_items=self.first[1])

    def loss(self, model: Any) -> float:
        x, y = np.array(model.user_factors), np.array(model.item_factors)
        return cf_judge.classic_loss(self.ours, x, y, 1.0, self.regularization)

    def equal(self, most: int) -> Tuple[int, float, float]:
        """pmkt's iterations until its loss is implicit's after `most`, or lower; both losses.

        A millionth more is the same: factors in float differ in that digit by the order of sums.
        """
        target = self.loss(self.implicit(most))
        loss = float("inf")
        for iterations in range(max(1, most - 2), most + 6):
            loss = self.loss(self.pmkt(iterations))
            if loss <= target * (1 + 1e-6):
                return iterations, loss, target
        raise SystemExit(f"cf.py: pmkt stays above implicit's loss: {loss:.9g} > {target:.9g}")


# ------------------------------------------------------------------------- serving


def peer_of(x: np.ndarray, y: np.ndarray, threads: int, regularization: float = 0.01) -> Any:
    from implicit.cpu.als import AlternatingLeastSquares

    model = AlternatingLeastSquares(
        factors=x.shape[1], regularization=regularization, num_threads=threads
    )
    model.user_factors, model.item_factors = x, y
    return model


class Serving:
    """Top ten of the same factors, nothing left out, by both."""

    def __init__(self, x: np.ndarray, y: np.ndarray, threads: int) -> None:
        import pmkt

        self.x, self.y = x, y
        self.peer = peer_of(x, y, threads)
        self.model = pmkt.ALS.from_factors(x, y, loss="classic", threads=threads)
        self.nothing = sp.csr_matrix((len(x), len(y)), dtype=np.float32)

    def theirs(self, users: np.ndarray) -> Any:
        return self.peer.recommend(
            users, self.nothing[users], N=10, filter_already_liked_items=False
        )

    def ours(self, users: np.ndarray) -> Any:
        return self.model.recommend(users, k=10, exclude_seen=False)

    def check(self, users: np.ndarray) -> float:
        """The share of pmkt's answers that float64 has among its ten best, up to a rounding."""
        scores = self.x[users].astype(np.float64) @ self.y.T.astype(np.float64)
        tenth = -np.sort(-scores, axis=1)[:, 9]
        found = self.ours(users).items.astype(np.int64)
        got = np.take_along_axis(scores, found, axis=1)
        return float((got >= (tenth - 1e-6 * np.abs(tenth))[:, None]).mean())


class OneUser:
    """pmkt_cf_recommend for one user, with prepared arguments and a warm scratch, as C calls it."""

    def __init__(self, model: Any, k: int = 10) -> None:
        from pmkt import _library, _structs
        from pmkt._structs import new

        self.lib, self.handle = _library.lib, model._handle
        self.scratch = ctypes.POINTER(_structs.pmkt_cf_scratch)()
        self.lib.pmkt_cf_scratch_new(None, ctypes.byref(self.scratch), None)
        self.ids, self.scores = np.zeros(k, np.uint64), np.zeros(k, np.float32)
        self.count, self.user = np.zeros(1, np.int32), np.zeros(1, np.uint64)
        point = _library.pointer
        answer = {"ids": self.ids, "scores": self.scores, "counts": self.count}
        self.answer = new(
            _structs.pmkt_cf_answer, **{name: point(array) for name, array in answer.items()}
        )
        self.query = new(_structs.pmkt_cf_query, k=k, keep_seen=1, scratch=self.scratch)
        self.arguments = (
            self.handle.pointer,
            point(self.user),
            1,
            ctypes.byref(self.query),
            None,
            ctypes.byref(self.answer),
            None,
        )

    def __call__(self, row: int) -> None:
        self.user[0] = row + 1  # rows of a matrix have the ids from 1
        if self.lib.pmkt_cf_recommend(*self.arguments) != 0:
            raise RuntimeError("pmkt_cf_recommend failed")


class FoldIn:
    """pmkt_cf_fold_in of one history, likewise."""

    def __init__(self, model: Any, length: int) -> None:
        from pmkt import _library, _structs
        from pmkt._structs import new

        self.lib, self.handle = _library.lib, model._handle
        self.scratch = ctypes.POINTER(_structs.pmkt_cf_scratch)()
        self.lib.pmkt_cf_scratch_new(None, ctypes.byref(self.scratch), None)
        self.items, self.at = np.zeros(length, np.uint64), np.array([0, length], np.int64)
        self.factors = np.zeros(model.item_factors.shape[1], np.float32)
        point = _library.pointer
        self.history = new(
            _structs.pmkt_cf_history, rows=1, at=point(self.at), items=point(self.items)
        )
        self.arguments = (
            self.handle.pointer,
            ctypes.byref(self.history),
            self.scratch,
            None,
            point(self.factors),
            None,
        )

    def __call__(self, history: np.ndarray) -> None:
        self.items[:] = history + 1
        if self.lib.pmkt_cf_fold_in(*self.arguments) != 0:
            raise RuntimeError("pmkt_cf_fold_in failed")


def gaussian(users: int, items: int, factors: int) -> Tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(7)
    return tuple(rng.standard_normal((n, factors), dtype=np.float32) for n in (users, items))


def histories(items: int, length: int, n: int) -> List[np.ndarray]:
    rng = np.random.default_rng(8)
    return [np.sort(rng.choice(items, length, replace=False)) for _ in range(n)]


Ask = Callable[[Any], Any]


def latencies(
    asks: Dict[str, Ask], what: List[Any], one_blas: Tuple[str, ...] = (), block: int = 25
) -> Dict[str, np.ndarray]:
    """Seconds of every single question; contenders change every `block` questions.

    Those in `one_blas` run with one thread of BLAS, which is set outside of the clock.
    """
    took: Dict[str, List[float]] = {name: [] for name in asks}
    names = list(asks)
    for start in range(0, len(what), block):
        for name in names if start // block % 2 == 0 else names[::-1]:
            with blas(1 if name in one_blas else 0):
                for one in what[start : start + block]:
                    begin = time.perf_counter()
                    asks[name](one)
                    took[name].append(time.perf_counter() - begin)
    return {name: np.array(values) for name, values in took.items()}
