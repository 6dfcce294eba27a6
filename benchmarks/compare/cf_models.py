"""The contenders of the quality comparison behind one face: fit on a matrix, score users.

A contender has a space from which its settings are drawn, `matrix(task, training, settings)` that it
learns from, and `fit(matrix, settings, seed, threads)` that returns a function from rows of users to
their scores of all items.
"""

from __future__ import annotations

import contextlib
import os
from typing import Any, Callable, Dict, Iterator

import numpy as np
import scipy.sparse as sp

from cf_judge import Scores

Matrix = sp.csr_matrix
Settings = Dict[str, Any]
Draw = Callable[[np.random.Generator], Any]


def between(low: float, high: float) -> Draw:
    """Logarithmically uniform."""
    return lambda rng: float(np.exp(rng.uniform(np.log(low), np.log(high))))


def among(*values: Any) -> Draw:
    return lambda rng: values[rng.integers(len(values))]


def uniform(low: float, high: float) -> Draw:
    return lambda rng: float(rng.uniform(low, high))


def dot(x: np.ndarray, y: np.ndarray) -> Scores:
    return lambda users: x[users] @ y.T


class Contender:
    name = ""
    space: Dict[str, Draw] = {}
    seeded = True  # fits from random first factors
    most_trials = 1000  # what is only printed beside need not try as much

    def __init__(self, factors: int) -> None:
        self.factors = factors

    def draw(self, rng: np.random.Generator) -> Settings:
        return {key: pick(rng) for key, pick in self.space.items()}

    def matrix(self, train: Matrix, behaviors: Dict[str, Matrix], settings: Settings) -> Matrix:
        return train

    def fit(self, m: Matrix, settings: Settings, seed: int, threads: int) -> Scores:
        raise NotImplementedError


IALS_SPACE: Dict[str, Draw] = {
    "regularization": between(1e-4, 1e-1),
    "unobserved": between(3e-3, 1.0),
    "nu": uniform(0.0, 1.0),
    "iterations": among(8, 12, 16, 24),
}


CLASSIC_SPACE: Dict[str, Draw] = {
    "regularization": between(1e-3, 1e2),
    "alpha": between(1.0, 100.0),
    "iterations": among(8, 12, 16, 24),
}


class Pmkt(Contender):
    name = "pmkt ALS"
    space = IALS_SPACE
    fixed: Settings = {"alpha": 1.0}  # as irspack has it; by default it depends on the entries
    model: Any = None  # the last one

    def fit(self, m: Matrix, settings: Settings, seed: int, threads: int) -> Scores:
        import pmkt

        model = pmkt.ALS(
            factors=self.factors, seed=seed, threads=threads, **self.fixed, **settings
        )
        self.model = model.fit(m.astype(np.float32))
        return dot(np.array(model.user_factors), np.array(model.item_factors))


class PmktClassic(Pmkt):
    """The other loss, from implicit's space."""

    name = "pmkt ALS, classic loss"
    space = CLASSIC_SPACE
    fixed = {"loss": "classic"}


class PmktDefaults(Pmkt):
    name = "pmkt ALS, defaults"
    space = {}
    fixed = {}


class PmktKnn(Contender):
    name = "pmkt ItemKNN"
    seeded = False
    space = {
        "neighbors": among(20, 50, 100, 200, 400),
        "similarity": among("cosine", "tfidf", "bm25"),
        "shrinkage": among(0.0, 1.0, 5.0, 20.0),
    }

    def fit(self, m: Matrix, settings: Settings, seed: int, threads: int) -> Scores:
        import pmkt

        model = pmkt.ItemKNN(threads=threads, **settings).fit(m.astype(np.float32))
        items = m.shape[1]

        def scores(users: np.ndarray) -> np.ndarray:
            found = model.recommend(users, k=items, exclude_seen=False)
            table = np.full((len(users), items), -np.inf)
            there = np.arange(items) < found.counts[:, None]
            rows = np.repeat(np.arange(len(users)), found.counts)
            table[rows, found.items[there].astype(np.int64)] = found.scores[there]
            return table

        return scores


@contextlib.contextmanager
def quiet() -> Iterator[None]:
    """Without the progress bar that a peer draws on stdout, whatever it is asked."""
    with open(os.devnull, "w", encoding="utf-8") as nowhere:
        with contextlib.redirect_stdout(nowhere), contextlib.redirect_stderr(nowhere):
            yield


class Irspack(Contender):
    """The same space as ours, for the loss is the same."""

    name = "irspack iALS"
    space = IALS_SPACE

    def fit(self, m: Matrix, settings: Settings, seed: int, threads: int) -> Scores:
        import irspack

        model = irspack.IALSRecommender(
            m.astype(np.float32),
            n_components=self.factors,
            alpha0=settings["unobserved"],
            reg=settings["regularization"],
            nu=settings["nu"],
            train_epochs=settings["iterations"],
            random_seed=seed,
            n_threads=threads,
        )
        with quiet():
            model.learn()
        x, y = model.get_user_embedding(), model.get_item_embedding()
        return dot(np.array(x), np.array(y))


class Implicit(Contender):
    name = "implicit ALS"
    space = CLASSIC_SPACE

    def fit(self, m: Matrix, settings: Settings, seed: int, threads: int) -> Scores:
        from implicit.cpu.als import AlternatingLeastSquares

        model = AlternatingLeastSquares(
            factors=self.factors, random_state=seed, num_threads=threads, **settings
        )
        model.fit(m.astype(np.float32), show_progress=False)
        return dot(np.array(model.user_factors), np.array(model.item_factors))


class Ease(Contender):
    """Steck, "Embarrassingly Shallow Autoencoders for Sparse Data", WWW 2019: closed form.

    Each trial inverts a matrix of all pairs of items, minutes of work for 13,000 of them.
    """

    name = "EASE"
    space = {"regularization": between(10.0, 2000.0)}
    seeded = False
    most_trials = 4

    def fit(self, m: Matrix, settings: Settings, seed: int, threads: int) -> Scores:
        from scipy.linalg import lapack

        gram = np.asfortranarray((m.T @ m).toarray(), dtype=np.float32)
        gram[np.diag_indices_from(gram)] += settings["regularization"]
        factor, _ = lapack.spotrf(gram, lower=1, overwrite_a=1)
        half, _ = lapack.spotri(factor, lower=1, overwrite_c=1)
        inverse = np.tril(half) + np.tril(half, -1).T
        b = inverse / -np.diag(inverse)
        np.fill_diagonal(b, 0.0)
        return lambda users: m[users].astype(np.float32) @ b


class Popularity(Contender):
    name = "popularity"
    seeded = False

    def fit(self, m: Matrix, settings: Settings, seed: int, threads: int) -> Scores:
        of_item = np.asarray(m.sum(axis=0)).ravel()
        return lambda users: np.broadcast_to(of_item, (len(users), len(of_item)))


def with_behaviors(kind: type) -> type:
    """The same contender fed with all behaviors: an entry is the sum of their weights, of an order 1."""

    class Fed(kind):  # type: ignore[misc, valid-type]
        name = kind.name + ", all behaviors"
        space = {**kind.space, "view": between(0.03, 1.0), "favorite": between(0.1, 1.0)}

        def matrix(self, train: Matrix, behaviors: Dict[str, Matrix], settings: Settings) -> Matrix:
            return sum((settings[name] * m for name, m in behaviors.items()), train).tocsr()

        def fit(self, m: Matrix, settings: Settings, seed: int, threads: int) -> Scores:
            own = {key: value for key, value in settings.items() if key in kind.space}
            return super().fit(m, own, seed, threads)

    return Fed


CONTENDERS = {
    "pmkt": Pmkt,
    "classic": PmktClassic,
    "defaults": PmktDefaults,
    "irspack": Irspack,
    "implicit": Implicit,
    "ease": Ease,
    "knn": PmktKnn,
    "popularity": Popularity,
}
FED = {name: with_behaviors(CONTENDERS[name]) for name in ("pmkt", "classic", "irspack", "implicit")}
