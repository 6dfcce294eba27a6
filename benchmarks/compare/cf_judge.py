"""The one judge of all contenders, in float64: metrics of ranked answers, and losses of factors."""

from __future__ import annotations

from typing import Callable, Dict, Iterator, Tuple

import numpy as np
import scipy.sparse as sp

Matrix = sp.csr_matrix
Scores = Callable[[np.ndarray], np.ndarray]  # rows of users -> users x items


def answers(score: Scores, users: np.ndarray, seen: Matrix, k: int, chunk: int = 512) -> np.ndarray:
    """The k best items of each user that they have not seen, best first; equal: the lower first."""
    found = np.empty((len(users), k), np.int64)
    for start in range(0, len(users), chunk):
        some = users[start : start + chunk]
        table = np.array(score(some))
        rows = seen[some]
        table[np.repeat(np.arange(len(some)), np.diff(rows.indptr)), rows.indices] = -np.inf
        best = np.sort(np.argpartition(-table, k, axis=1)[:, :k], axis=1)
        values = np.take_along_axis(table, best, axis=1)
        order = np.argsort(-values, axis=1, kind="stable")
        found[start : start + len(some)] = np.take_along_axis(best, order, axis=1)
        left_out = np.isneginf(np.take_along_axis(values, order, axis=1))
        found[start : start + len(some)][left_out] = -1
    return found


def metrics(found: np.ndarray, users: np.ndarray, truth: Matrix) -> Dict[str, float]:
    """NDCG@10 and Recall@20 as cf_evaluate.h defines them, means over users with something right."""
    rows = truth[users]
    relevant = np.diff(rows.indptr)
    assert relevant.min() > 0
    n = truth.shape[1]
    right = np.repeat(np.arange(len(users), dtype=np.int64), relevant) * n + rows.indices
    place = np.arange(len(users), dtype=np.int64)[:, None] * n + found
    hit = np.isin(place, right) & (found >= 0)
    gain = 1.0 / np.log2(2.0 + np.arange(10))
    ideal = np.concatenate([[0.0], np.cumsum(gain)])[np.minimum(relevant, 10)]
    return {
        "ndcg@10": float(((hit[:, :10] * gain).sum(axis=1) / ideal).mean()),
        "recall@20": float((hit[:, :20].sum(axis=1) / relevant).mean()),
    }


def who(truth: Matrix, seen: Matrix, most: int = 0, seed: int = 0) -> np.ndarray:
    """Users who can be judged: known and with something right; `most` of them at random."""
    users = np.flatnonzero((np.diff(truth.indptr) > 0) & (np.diff(seen.indptr) > 0))
    if most and len(users) > most:
        users = np.sort(np.random.default_rng(seed).choice(users, most, replace=False))
    return users


# ---------------------------------------------------------------------- losses


def chunks(n: int, size: int) -> Iterator[Tuple[int, int]]:
    for start in range(0, n, size):
        yield start, min(n, start + size)


def squared(m: Matrix, x: np.ndarray, y: np.ndarray) -> np.ndarray:
    """x.y of every entry of the matrix, in its order, in float64."""
    rows = np.repeat(np.arange(m.shape[0]), np.diff(m.indptr))
    dots = np.empty(m.nnz)
    for a, b in chunks(m.nnz, 1 << 18):
        dots[a:b] = np.einsum("ij,ij->i", x[rows[a:b]], y[m.indices[a:b]])
    return dots


def classic_loss(
    m: Matrix, x: np.ndarray, y: np.ndarray, alpha: float, regularization: float
) -> float:
    """The loss of PMKT_CF_CLASSIC with nu 0, for entries above zero."""
    x, y = x.astype(np.float64), y.astype(np.float64)
    dots = squared(m, x, y)
    everywhere = float(((x.T @ x) * (y.T @ y)).sum())
    c = 1.0 + alpha * m.data
    entries = float((c * (1.0 - dots) ** 2 - dots**2).sum())
    return everywhere + entries + regularization * float((x * x).sum() + (y * y).sum())


def ials_loss(
    m: Matrix,
    x: np.ndarray,
    y: np.ndarray,
    alpha: float,
    unobserved: float,
    regularization: float,
    nu: float,
) -> float:
    """The loss of PMKT_CF_IALS, for entries above zero."""
    x, y = x.astype(np.float64), y.astype(np.float64)
    dots = squared(m, x, y)
    everywhere = unobserved * float(((x.T @ x) * (y.T @ y)).sum())
    entries = float((alpha * m.data * (1.0 - dots) ** 2).sum())
    of_user, of_item = np.diff(m.indptr), np.bincount(m.indices, minlength=m.shape[1])
    weight_u = (of_user + unobserved * m.shape[1]) ** nu
    weight_i = (of_item + unobserved * m.shape[0]) ** nu
    size = float((weight_u * (x * x).sum(axis=1)).sum() + (weight_i * (y * y).sum(axis=1)).sum())
    return everywhere + entries + regularization * size
