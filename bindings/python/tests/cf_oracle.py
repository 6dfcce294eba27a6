"""Collaborative filtering once more, slowly: float64 NumPy, straight from the formulas of cf.h."""

from __future__ import annotations

from typing import Any, Dict, Iterator, List, NamedTuple, Optional, Sequence, Set, Tuple

import numpy as np


def random_matrix(users: int, items: int, share: float, seed: int, negative: float = 0.0) -> Any:
    """A sparse matrix with weights of 0.5 to 4, some of them negative; nobody has nothing good."""
    from scipy.sparse import csr_matrix

    dice = np.random.default_rng(seed)
    # Popular items and busy users, for nothing real is uniform.
    taste = np.outer(dice.random(users) ** 2 + 0.1, dice.random(items) ** 3 + 0.05)
    there = dice.random((users, items)) < share * taste / taste.mean()
    weights = np.round(dice.random((users, items)) * 3.5 + 0.5, 2)
    weights *= np.where(dice.random((users, items)) < negative, -1, 1)
    without = np.flatnonzero(~(there & (weights > 0)).any(axis=1))
    there[without, without % items], weights[without, without % items] = True, 2
    matrix = csr_matrix(np.where(there, weights, 0).astype(np.float32))
    matrix.sort_indices()
    return matrix


# ------------------------------------------------------------------------------------- ALS


class Als:
    """The loss of cf.h, and what minimizes it."""

    def __init__(
        self,
        matrix: Any,
        loss: str,
        regularization: float,
        alpha: float,
        unobserved: float,
        nu: float,
    ) -> None:
        self.w = matrix.toarray().astype(np.float64)
        self.a = alpha * np.abs(self.w)
        self.p = (self.w > 0).astype(np.float64)
        self.classic = loss == "classic"
        self.everywhere = 1.0 if self.classic else unobserved
        users, items = self.w.shape
        n_users, n_items = (self.w != 0).sum(axis=1), (self.w != 0).sum(axis=0)
        self.lambda_users = regularization * (n_users + self.everywhere * items) ** nu
        self.lambda_items = regularization * (n_items + self.everywhere * users) ** nu

    def loss(self, x: np.ndarray, y: np.ndarray) -> float:
        scores = x @ y.T
        if self.classic:
            fit = ((1 + self.a) * (self.p - scores) ** 2).sum()
        else:
            fit = (self.a * (self.p - scores) ** 2).sum() + self.everywhere * (scores**2).sum()
        ridge = (self.lambda_users * (x**2).sum(axis=1)).sum()
        return float(fit + ridge + (self.lambda_items * (y**2).sum(axis=1)).sum())

    def system(
        self, a: np.ndarray, p: np.ndarray, ridge: float, y: np.ndarray, gram: np.ndarray
    ) -> Tuple[np.ndarray, np.ndarray]:
        """The equations of one user or item."""
        left = gram + (y.T * a) @ y + ridge * np.eye(y.shape[1])
        weight = (1 + a) if self.classic else a
        return left, y.T @ (weight * p)

    def half(self, x: np.ndarray, y: np.ndarray, items: bool, cg_steps: Optional[int]) -> Any:
        """Solves for all users, or all items, given the others."""
        a, p = (self.a.T, self.p.T) if items else (self.a, self.p)
        ridges = self.lambda_items if items else self.lambda_users
        gram = self.everywhere * y.T @ y
        found = np.zeros_like(x)
        for i in range(len(x)):
            if p[i].any():  # without anything liked the right side is zero, and so is the solution
                left, right = self.system(a[i], p[i], ridges[i], y, gram)
                if cg_steps is None:
                    found[i] = np.linalg.solve(left, right)
                else:
                    found[i] = conjugate_gradient(left, right, x[i], cg_steps)
        return found

    def iterations(
        self, x: np.ndarray, y: np.ndarray, n: int, cg_steps: Optional[int]
    ) -> Iterator[Tuple[np.ndarray, np.ndarray, float]]:
        x, y = x.astype(np.float64), y.astype(np.float64)
        x[~self.a.any(axis=1)] = 0
        y[~self.a.any(axis=0)] = 0
        for _ in range(n):
            x = self.half(x, y, False, cg_steps)
            y = self.half(y, x, True, cg_steps)
            yield x, y, self.loss(x, y)

    def fold_in(
        self, weights: np.ndarray, y: np.ndarray, alpha: float, reg: float, nu: float
    ) -> Any:
        """The factors of a stranger, exactly."""
        a, p = alpha * np.abs(weights), (weights > 0).astype(np.float64)
        ridge = reg * ((weights != 0).sum() + self.everywhere * len(y)) ** nu
        left, right = self.system(a, p, ridge, y, self.everywhere * y.T @ y)
        return np.linalg.solve(left, right)


def conjugate_gradient(
    left: np.ndarray, right: np.ndarray, start: np.ndarray, steps: int
) -> np.ndarray:
    x = start.copy()
    residual = right - left @ x
    direction, size = residual.copy(), residual @ residual
    for _ in range(steps):
        if size < 1e-20:
            break
        image = left @ direction
        step = size / (direction @ image)
        x += step * direction
        residual -= step * image
        size, before = residual @ residual, size
        direction = residual + size / before * direction
    return x


# ----------------------------------------------------------------------------------- top-k


def best(
    scores: np.ndarray, ids: np.ndarray, k: int, allowed: np.ndarray
) -> Tuple[List[int], List[float]]:
    """The k best of what is allowed, between equal float32 scores the lower id first."""
    rounded = scores.astype(np.float32)
    order = sorted(np.flatnonzero(allowed), key=lambda i: (-rounded[i], ids[i]))[:k]
    return [int(ids[i]) for i in order], [float(rounded[i]) for i in order]


# ------------------------------------------------------------------------------------- kNN


def knn(
    matrix: Any,
    similarity: str,
    neighbors: int,
    shrinkage: float = 0.0,
    k1: float = 1.2,
    b: float = 0.75,
) -> np.ndarray:
    """[items, items] float64 similarities to the neighbors that each item keeps, else 0."""
    from scipy.sparse import csr_matrix

    w = csr_matrix(matrix, dtype=np.float64, copy=True)
    w.data[w.data < 0] = 0
    w.eliminate_zeros()
    users, items = w.shape
    entries_of_user = np.diff(w.indptr)
    there = w.copy()
    there.data[:] = 1
    if similarity != "cosine":
        idf = np.log(1 + items / np.maximum(entries_of_user, 1))
        per_entry = np.repeat(idf, entries_of_user)
        if similarity == "tfidf":
            w.data = np.sqrt(w.data) * per_entry
        else:
            length = np.asarray(w.sum(axis=0)).ravel()
            norm = (k1 * (1 - b + b * length / length.mean()))[w.indices]
            w.data = w.data * (k1 + 1) / (norm + w.data) * per_entry
    norms = np.sqrt(np.asarray(w.multiply(w).sum(axis=0)).ravel())
    norms[norms == 0] = 1
    dot = (w.T @ w).toarray() / np.outer(norms, norms)
    common = (there.T @ there).toarray()
    dot = np.where(common > 0, dot / (1 + shrinkage / np.maximum(common, 1)), 0)
    np.fill_diagonal(dot, 0)
    for row in dot:
        row[np.lexsort((np.arange(items), -row))[neighbors:]] = 0
    return dot


# --------------------------------------------------------------------------------- metrics


class Truth(NamedTuple):
    """What a user was answered, best first, and what is relevant for them."""

    answered: Sequence[int]
    relevant: Set[int]


def metrics(user: Truth, k: int) -> Dict[str, float]:
    """The metrics of cf_evaluate.h that are means over users, but for novelty."""
    ranks = [r for r, item in enumerate(user.answered[:k], 1) if item in user.relevant]
    hits, size = len(ranks), len(user.relevant)
    ideal = sum(1 / np.log2(1 + r) for r in range(1, min(k, size) + 1))
    return {
        "precision": hits / k,
        "recall": hits / size,
        "recall_capped": hits / min(k, size),
        "ndcg": sum(1 / np.log2(1 + r) for r in ranks) / ideal,
        "map": sum((i + 1) / r for i, r in enumerate(ranks)) / size,
        "mrr": 1 / ranks[0] if ranks else 0.0,
        "hit": float(hits > 0),
    }


def gini(counts: np.ndarray) -> float:
    """Of how often each item is answered: the area between the curve of Lorenz and the diagonal, as
    a share of what it is if all answers are one item."""
    counts = np.sort(counts.astype(np.float64))
    n = len(counts)
    return float((2 * np.arange(1, n + 1) - n - 1) @ counts / ((n - 1) * counts.sum()))
