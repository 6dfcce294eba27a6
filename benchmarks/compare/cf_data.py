"""The matrices of the comparisons: real ones, split into training, validation and test, and a generated one.

Real data is not part of the project: it is looked for in $PMKT_DATA, else in ../shared/data beside it.
"""

from __future__ import annotations

import os
from dataclasses import dataclass, field
from pathlib import Path
from typing import Dict, Tuple

import numpy as np
import scipy.sparse as sp

Matrix = sp.csr_matrix


def home() -> Path:
    beside = Path(__file__).resolve().parents[2].parent / "shared" / "data"
    return Path(os.environ.get("PMKT_DATA", beside))


@dataclass
class Task:
    """Who had what, and what is right. Answers leave out what the user had in the training data.

    `behaviors` holds what else users did, by name, in the shape of `train`: a model may use it, and
    what stands only there is not left out.
    """

    name: str
    train: Matrix
    valid: Matrix
    test: Matrix
    fit: Matrix  # what tuning learns from: the training data less `valid`
    behaviors: Dict[str, Matrix] = field(default_factory=dict)

    def about(self) -> str:
        users, items = self.train.shape
        asked = int((np.diff(self.test.indptr) > 0).sum())
        return (
            f"{self.name}: {users:,} users, {items:,} items, {self.train.nnz:,} entries; "
            f"test: {self.test.nnz:,} entries of {asked:,} users"
        )


def matrix(users: np.ndarray, items: np.ndarray, shape: Tuple[int, int], weight=None) -> Matrix:
    """Entries that come twice are added up."""
    values = np.ones(len(users)) if weight is None else weight
    made = sp.csr_matrix((values, (users, items)), shape=shape, dtype=np.float64)
    made.sum_duplicates()
    made.sort_indices()
    return made


def binary(m: Matrix) -> Matrix:
    made = m.copy()
    made.data[:] = 1.0
    return made


def less(m: Matrix, other: Matrix) -> Matrix:
    """The entries of `m` whose place `other` does not have."""
    coo = m.tocoo()
    place = coo.row.astype(np.int64) * m.shape[1] + coo.col
    there = other.tocoo()
    keep = ~np.isin(place, there.row.astype(np.int64) * m.shape[1] + there.col)
    return matrix(coo.row[keep], coo.col[keep], m.shape, coo.data[keep])


def per_user(m: Matrix, share: float, seed: int) -> Tuple[Matrix, Matrix]:
    """Splits each user's entries at random: (the rest, a share of them, rounded down)."""
    rng = np.random.default_rng(seed)
    users = np.repeat(np.arange(m.shape[0]), np.diff(m.indptr))
    order = np.lexsort((rng.random(m.nnz), users))
    rank = np.empty(m.nnz, np.int64)
    rank[order] = np.arange(m.nnz) - m.indptr[users[order]]
    out = rank < np.floor(share * np.diff(m.indptr))[users]
    return tuple(
        matrix(users[which], m.indices[which], m.shape, m.data[which]) for which in (~out, out)
    )


# ------------------------------------------------------------------ data sets


def goodbooks_all() -> Matrix:
    """Readers and the books that they rated 4 or 5, once each."""
    import pandas as pd

    r = pd.read_csv(home() / "goodbooks_ratings.csv.xz")
    r = r[r.rating >= 4].drop_duplicates(["user_id", "book_id"])
    users, u = np.unique(r.user_id.to_numpy(), return_inverse=True)
    items, i = np.unique(r.book_id.to_numpy(), return_inverse=True)
    return matrix(u, i, (len(users), len(items)))


def goodbooks() -> Task:
    """A random fifth of each reader's books is the test, a fifth of the others the validation.

    A smaller share would leave readers of few books out of it, who are most of those in the test.
    """
    train, test = per_user(goodbooks_all(), 0.2, 1)
    fit, valid = per_user(train, 0.2, 2)
    return Task("goodbooks", train, valid, test, fit)


def jd() -> Task:
    """Orders, split as published; views and favorites are other behaviors.

    The validation orders stay out of the training for the test too, as published.
    """
    import pandas as pd

    names = ("trn_buy", "trn_pv", "trn_fav", "vld_buy", "tst_buy")
    parts = {
        name: pd.read_csv(home() / "jd" / f"{name}.txt.xz", sep=" ", header=None).to_numpy()
        for name in names
    }
    users, u = np.unique(np.concatenate([p[:, 0] for p in parts.values()]), return_inverse=True)
    items, i = np.unique(np.concatenate([p[:, 1] for p in parts.values()]), return_inverse=True)
    cuts = np.cumsum([len(p) for p in parts.values()])[:-1]
    made = {
        name: binary(matrix(a, b, (len(users), len(items))))
        for name, a, b in zip(names, np.split(u, cuts), np.split(i, cuts))
    }
    others = {"view": made["trn_pv"], "favorite": made["trn_fav"]}
    train = made["trn_buy"]
    return Task("jd", train, made["vld_buy"], made["tst_buy"], train, others)


def retail() -> Task:
    """Customers and articles, entry = ln(1 + invoices); the last fifth of the lines is the test.

    Articles that a customer has bought before are not asked for again.
    """
    import pandas as pd

    r = pd.read_csv(home() / "online_retail.csv.xz", dtype={"InvoiceNo": str, "StockCode": str})
    r = r[(r.Quantity > 0) & r.CustomerID.notna() & ~r.InvoiceNo.str.startswith("C")]
    r = r.drop_duplicates(["InvoiceNo", "StockCode"])
    r = r.sort_values(["InvoiceDate", "InvoiceNo", "StockCode"], kind="stable")
    users, u = np.unique(r.CustomerID.to_numpy(), return_inverse=True)
    items, i = np.unique(r.StockCode.to_numpy(), return_inverse=True)
    shape, time = (len(users), len(items)), r.InvoiceDate.to_numpy()

    def cut(share: float) -> np.ndarray:  # lines of one minute are not parted
        return time < time[int(len(time) * share)]

    def part(which: np.ndarray) -> Matrix:
        made = matrix(u[which], i[which], shape)
        made.data = np.log1p(made.data)
        return made

    first, most = cut(0.7), cut(0.8)
    fit, train = part(first), part(most)
    return Task(
        "online retail",
        train,
        less(part(most & ~first), fit),
        less(part(~most), train),
        fit,
    )


DATASETS = {"goodbooks": goodbooks, "jd": jd, "retail": retail}


def generated(users: int, items: int, entries: int, seed: int = 1) -> Matrix:
    """A matrix with the long tails of a shop: popular items, busy users, tastes in 32 groups.

    Weights are 1 to 5, geometric. Duplicates are added up, so there are somewhat fewer entries.
    """
    rng = np.random.default_rng(seed)
    busy = rng.lognormal(0.0, 1.0, users)
    popular = 1.0 / np.arange(1, items + 1) ** 0.7
    count = rng.multinomial(entries, busy / busy.sum())
    u = np.repeat(np.arange(users), count)
    i = np.searchsorted(np.cumsum(popular / popular.sum()), rng.random(entries))
    i = np.minimum(i, items - 1)
    taste = rng.integers(0, 32, users)[u]
    own = rng.random(entries) < 0.5  # half of what a user takes is of their group
    i[own] = np.minimum((i[own] // 32) * 32 + taste[own], items - 1)
    i = rng.permutation(items)[i]
    made = matrix(u, i, (users, items))
    made.data = np.minimum(made.data, 5.0)
    return made
