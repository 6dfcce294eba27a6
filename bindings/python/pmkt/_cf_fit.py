"""The models that are fitted."""

from __future__ import annotations

import ctypes
from typing import Any, Callable, Dict, List, Optional

import numpy as np

from . import _constants as c
from . import errors
from ._cf_data import CFData, Weights, data_of, number
from ._cf_ids import Rows, ids_for, to_lists
from ._cf_model import BY, LOSSES, SIMILARITIES, SOLVERS, Fitted, Recommender, name_of
from ._cf_query import call_rows, give_back, history_of, take_desk
from ._convert import plain
from ._durations import HalfLife
from ._library import Handle, borrow, call, lib, pointer
from ._options import choice
from ._run import Progress, Running, whole
from ._structs import (
    WATCH,
    new,
    pmkt_cf,
    pmkt_cf_als_options,
    pmkt_cf_factors,
    pmkt_cf_facts,
    pmkt_cf_knn_options,
    pmkt_cf_popularity_options,
    pmkt_cf_watch,
)
from ._users import Users
from ._zones import ZoneLike

DEFAULT_FACTORS = 64

Callback = Callable[[int, float], Any]


def _real(name: str, value: Any) -> float:
    """A number of the options: None is the default, an explicit 0 is C's PMKT_CF_ZERO."""
    if value is None:
        return 0.0
    real = number(name, value)
    if not 0 <= real < float("inf"):
        raise errors.InvalidInput(f"{name} is {value!r}; expected 0 or more")
    return real or c.CF_ZERO


def _count(name: str, value: Any, high: int = 2**31 - 1) -> int:
    """A whole number of the options: None is the default."""
    return 0 if value is None else whole(name, value, 1, high)


class ALS(Recommender):
    """Matrix factorization for implicit feedback by alternating least squares.

    >>> model = pmkt.ALS(factors=2, seed=1).fit(
    ...     pmkt.Events(user=["ann", "ann", "bob"], item=[5, 8, 5], time=[0, 1, 2])
    ... )
    >>> model.recommend("bob").row(0).items.tolist()
    [8]

    Args:
        factors: 1 to 1,024 (64).
        regularization: None: 0.03 ("ials"), 0.01 ("classic").
        alpha: an entry w has the weight alpha |w|; None: 1 / the mean |w|, so that the other
            defaults suit entries of any scale.
        iterations: each solves for all users, then for all items.
        solver: ``"cg"``: ``cg_steps`` steps (3) of conjugate gradient; ``"cholesky"``: exactly.
        loss: ``"ials"``: with a weight ``unobserved`` (0.1) of all pairs, and a regularization that
            grows with the entries of a user or item to the power ``nu`` (0.5); ``"classic"``:
            confidence 1 + alpha |w|, and ``nu`` 0. See cf.h for the formulas.
        sigma: the first factors are normal with deviation sigma / sqrt(factors) (0.1).
        seed: of the first factors.
        half_life, weights, only_weights, scale, since, as_of, max_items_per_user,
            max_users_per_item, users, tz: how events become a matrix, as of :class:`pmkt.CFData`.
        drop_seen: do not keep who had what, and leave nothing out as seen.
        threads: for every call, at most; 0 = as many as this process may use. Results do not depend
            on it.
    """

    _kind = c.CF_ALS

    def __init__(
        self,
        factors: Optional[int] = DEFAULT_FACTORS,
        *,
        regularization: Optional[float] = None,
        alpha: Optional[float] = None,
        iterations: int = 15,
        solver: str = "cg",
        cg_steps: Optional[int] = None,
        loss: str = "ials",
        unobserved: Optional[float] = None,
        nu: Optional[float] = None,
        sigma: Optional[float] = None,
        seed: int = 0,
        half_life: HalfLife = None,
        weights: Optional[Weights] = None,
        only_weights: bool = False,
        scale: Optional[str] = None,
        since: Any = None,
        as_of: Any = None,
        max_items_per_user: Optional[int] = None,
        max_users_per_item: Optional[int] = None,
        users: Any = None,
        tz: ZoneLike = None,
        drop_seen: bool = False,
        threads: int = 0,
    ) -> None:
        self.factors = factors
        self.regularization, self.alpha = regularization, alpha
        self.iterations, self.solver, self.cg_steps = iterations, solver, cg_steps
        self.loss, self.unobserved, self.nu, self.sigma = loss, unobserved, nu, sigma
        self.seed, self.drop_seen = seed, drop_seen
        self._begin(locals())

    def _options(self) -> pmkt_cf_als_options:
        reals = "regularization alpha unobserved nu sigma".split()
        return new(
            pmkt_cf_als_options,
            factors=_count("factors", self.factors, 1024) or DEFAULT_FACTORS,
            iterations=_count("iterations", self.iterations),
            cg_steps=_count("cg_steps", self.cg_steps),
            loss=choice("loss", self.loss, LOSSES),
            solver=choice("solver", self.solver, SOLVERS),
            seed=whole("seed", self.seed, 0, 2**64 - 1),
            drop_seen=1 if self.drop_seen else 0,
            **{name: _real(name, getattr(self, name)) for name in reals},
        )

    def fit(
        self,
        data: Any,
        *,
        user_ids: Any = None,
        item_ids: Any = None,
        category: Any = None,
        first_users: Any = None,
        first_items: Any = None,
        callback: Optional[Callback] = None,
        progress: Progress = None,
    ) -> "ALS":
        """Fits the model. Returns it.

        Args:
            data, user_ids, item_ids, category, progress: as of :meth:`Recommender.fit`. A bar shows
                the loss too.
            first_users, first_items: [users, factors] and [items, factors] to start from, in the
                order of a CFData's ``user_ids`` and ``item_ids``.
            callback: gets ``(iteration, loss)`` after each, from 1; a true answer says that this is
                enough: the model is as it is then.
        """
        if callback is not None and not callable(callback):
            raise errors.InvalidInput("callback is not callable")
        source = self._source(data, user_ids, item_ids, category, progress)
        options = self._options()
        losses: List[float] = []
        firsts = (("first_users", first_users), ("first_items", first_items))
        kept = []
        for (name, given), rows in zip(firsts, source.shape):
            if given is not None:
                kept.append(_matrix(name, given, (rows, options.factors)))
                setattr(options, name, pointer(kept[-1]))
        running = Running(self.threads, progress, "fitting")

        def each(_ctx: Any, iteration: int, loss: float) -> int:
            losses.append(loss)
            running.beside = f", loss {loss:.6g}"
            return 0 if callback is None else running.heed(callback, iteration, loss)

        watch = WATCH(each)
        options.each = pmkt_cf_watch(watch, None)
        made = ctypes.POINTER(pmkt_cf)()
        with running as run:
            out = ctypes.byref(made)
            call(lib.pmkt_cf_als_fit, source._handle.pointer, ctypes.byref(options), run, out)
        return self._adopt(made, source, losses)

    @staticmethod
    def _params_of(facts: pmkt_cf_facts) -> Dict[str, Any]:
        ials = facts.loss == c.CF_IALS
        return {
            "factors": facts.factors,
            "iterations": facts.iterations or 15,
            "loss": name_of(LOSSES, facts.loss),
            "solver": name_of(SOLVERS, facts.solver),
            "cg_steps": facts.cg_steps or None,
            "regularization": facts.regularization,
            "alpha": facts.alpha,
            "unobserved": facts.unobserved if ials else None,
            "nu": facts.nu,
            "sigma": facts.sigma or None,
            "seed": facts.seed,
            "drop_seen": not facts.has_seen,
        }

    @classmethod
    def from_factors(
        cls,
        user_factors: Any,
        item_factors: Any,
        *,
        user_ids: Any = None,
        item_ids: Any = None,
        seen: Any = None,
        progress: Progress = None,
        **params: Any,
    ) -> "ALS":
        """A model of factors that were made elsewhere, such as by Spark.

        Args:
            user_factors: [users, factors], which may have no rows: then the model answers for
                histories and items only.
            item_factors: [items, factors].
            user_ids, item_ids: ids of the rows, in any order; None: users and items are rows,
                counted from 0.
            seen: who had what: :class:`pmkt.CFData`, :class:`pmkt.Events`, or a sparse matrix with
                the same rows and columns. Without it nothing can be left out as seen, and nothing
                is popular.
            params: of the model; ``regularization``, ``alpha``, ``loss``, ``unobserved`` and ``nu``
                say how histories are folded in.
        """
        users, items = (
            _matrix(name, given, None)
            for name, given in (("user_factors", user_factors), ("item_factors", item_factors))
        )
        if users.shape[1] != items.shape[1] and len(users):
            raise errors.InvalidInput(
                f"user_factors has {users.shape[1]} columns, item_factors {items.shape[1]}"
            )
        self = cls(**{**params, "factors": items.shape[1]})
        forms: List[Users] = [Rows(), Rows()]
        struct = new(
            pmkt_cf_factors,
            factors=items.shape[1],
            users=len(users),
            items=len(items),
            user_factors=pointer(users),
            item_factors=pointer(items),
        )
        kept = []
        given = (("user_id", user_ids, len(users)), ("item_id", item_ids, len(items)))
        for i, (name, ids, rows) in enumerate(given):
            if ids is not None:
                numbers, forms[i] = ids_for(ids, rows, f"{name}s")
                kept.append(numbers)
                setattr(struct, name, pointer(numbers))
            forms[i].what = ("users", "items")[i]
        source = None if seen is None else self._seen(seen, user_ids, item_ids, forms)
        made, options = ctypes.POINTER(pmkt_cf)(), self._options()
        with Running(self.threads, progress, "taking factors") as run:
            call(
                lib.pmkt_cf_from_factors,
                ctypes.byref(struct),
                None if source is None else source._handle.pointer,
                ctypes.byref(options),
                run,
                ctypes.byref(made),
            )
        categories = Users() if source is None else source._categories
        self._fitted = Fitted(Handle(made, lib.pmkt_cf_release), forms[0], forms[1], categories)
        return self

    def _seen(self, seen: Any, user_ids: Any, item_ids: Any, forms: List[Users]) -> CFData:
        if hasattr(seen, "tocsr") or hasattr(seen, "indptr"):
            return data_of(seen, None, self.threads, None, user_ids, item_ids)
        source = data_of(seen, self._data_params(), self.threads)
        for form, names in zip(forms, (source._users, source._items)):
            if isinstance(form, Rows) != isinstance(names.form, Rows):
                raise errors.InvalidInput("seen has other ids than the factors")
            form.check(names.form)
        return source

    # ---------------------------------------------------------------------------- factors

    def _factors(self) -> pmkt_cf_factors:
        found = new(pmkt_cf_factors)
        call(lib.pmkt_cf_get_factors, self._handle.pointer, ctypes.byref(found))
        return found

    @property
    def user_factors(self) -> np.ndarray:
        """[users, factors] float32, a view of the model's memory, in the order of
        :attr:`user_ids`."""
        handle, found = self._handle, self._factors()
        shape = (int(found.users), int(found.factors))
        return borrow(found.user_factors, shape, np.float32, handle)

    @property
    def item_factors(self) -> np.ndarray:
        """[items, factors] float32, likewise in the order of :attr:`item_ids`."""
        handle, found = self._handle, self._factors()
        shape = (int(found.items), int(found.factors))
        return borrow(found.item_factors, shape, np.float32, handle)

    @property
    def losses(self) -> np.ndarray:
        """[iterations] float64: the loss after each; of a model from a file only the last is
        known, as :attr:`final_loss`."""
        return np.array(self._state().losses, np.float64)

    @property
    def final_loss(self) -> float:
        """The loss after the last iteration."""
        return float(self._state().facts.final_loss)

    def fold_in(
        self, history: Any, weights: Any = None, *, progress: Progress = None
    ) -> np.ndarray:
        """[rows, factors] float32: the factors of histories, as of
        :meth:`Recommender.recommend_history`; zeros for one of which no item is known."""
        state = self._state()
        lists = to_lists(history, state.items, "history", weights)
        struct = history_of(lists)
        found = np.empty((lists.rows, state.facts.factors), np.float32)
        desk = take_desk() if lists.rows == 1 else None
        before, out = (state.handle.pointer, ctypes.byref(struct)), pointer(found)
        how = (self.threads, progress, "folding in")
        call_rows(desk, lib.pmkt_cf_fold_in, before, None, out, *how)
        if desk is not None:
            give_back(desk)
        return found


def _matrix(name: str, given: Any, shape: Any) -> np.ndarray:
    """[rows, columns] float32, as C takes it."""
    array = np.asarray(given)
    if array.dtype.kind not in "iuf" or array.ndim != 2 or shape not in (None, array.shape):
        expected = "two dimensions" if shape is None else f"shape {shape}"
        raise errors.InvalidInput(
            f"{name} is {array.dtype} of shape {array.shape}; expected numbers, of {expected}"
        )
    with np.errstate(over="ignore"):
        return plain(array.astype(np.float32, copy=False), np.float32)


class ItemKNN(Recommender):
    """Item-based nearest neighbors, by brute force: a user's score of an item is the sum, over what
    they have, of weight times similarity.

    Args:
        similarity: ``"cosine"``, ``"tfidf"`` or ``"bm25"``; see cf.h for the formulas.
        neighbors: the most similar items that each item keeps, 1 to 10,000 (100).
        shrinkage: similarities are divided by 1 + shrinkage / (users in common) (0).
        k1, b: of BM25 (1.2, 0.75).
        drop_seen: as of :class:`ALS`; then it has no recommendations for known users.

    The other arguments are those of :class:`ALS`.
    """

    _kind = c.CF_KNN

    def __init__(
        self,
        neighbors: int = 100,
        *,
        similarity: str = "cosine",
        shrinkage: Optional[float] = None,
        k1: Optional[float] = None,
        b: Optional[float] = None,
        half_life: HalfLife = None,
        weights: Optional[Weights] = None,
        only_weights: bool = False,
        scale: Optional[str] = None,
        since: Any = None,
        as_of: Any = None,
        max_items_per_user: Optional[int] = None,
        max_users_per_item: Optional[int] = None,
        users: Any = None,
        tz: ZoneLike = None,
        drop_seen: bool = False,
        threads: int = 0,
    ) -> None:
        self.neighbors, self.similarity = neighbors, similarity
        self.shrinkage, self.k1, self.b, self.drop_seen = shrinkage, k1, b, drop_seen
        self._begin(locals())

    def _options(self) -> pmkt_cf_knn_options:
        shrinkage = _real("shrinkage", self.shrinkage)
        return new(
            pmkt_cf_knn_options,
            similarity=choice("similarity", self.similarity, SIMILARITIES),
            neighbors=_count("neighbors", self.neighbors, 10_000),
            shrinkage=max(shrinkage, 0.0),  # 0 is the default
            k1=_positive("k1", self.k1),
            b=_real("b", self.b),
            drop_seen=1 if self.drop_seen else 0,
        )

    def _make(self, source: CFData, run: Any, out: Any) -> None:
        options = ctypes.byref(self._options())
        call(lib.pmkt_cf_knn_fit, source._handle.pointer, options, run, out)

    @staticmethod
    def _params_of(facts: pmkt_cf_facts) -> Dict[str, Any]:
        bm25 = facts.similarity == c.CF_BM25
        return {
            "similarity": name_of(SIMILARITIES, facts.similarity),
            "neighbors": facts.neighbors,
            "shrinkage": facts.shrinkage,
            "k1": facts.k1 or None if bm25 else None,
            "b": facts.b if bm25 else None,
            "drop_seen": not facts.has_seen,
        }


def _positive(name: str, value: Any) -> float:
    real = _real(name, value)
    if real < 0:
        raise errors.InvalidInput(f"{name} is 0; expected more")
    return real


class Popularity(Recommender):
    """The same items for everybody: the most popular ones, of all time, or recently with a short
    ``half_life`` or ``since``, or of a category if the question names it.

    Args:
        by: ``"weight"``: the sum of an item's entries above zero; ``"users"``: how many they are.
        drop_seen: as of :class:`ALS`.

    The other arguments are those of :class:`ALS`.
    """

    _kind = c.CF_POPULARITY

    def __init__(
        self,
        by: str = "weight",
        *,
        half_life: HalfLife = None,
        weights: Optional[Weights] = None,
        only_weights: bool = False,
        scale: Optional[str] = None,
        since: Any = None,
        as_of: Any = None,
        max_items_per_user: Optional[int] = None,
        max_users_per_item: Optional[int] = None,
        users: Any = None,
        tz: ZoneLike = None,
        drop_seen: bool = False,
        threads: int = 0,
    ) -> None:
        self.by, self.drop_seen = by, drop_seen
        self._begin(locals())

    def _options(self) -> pmkt_cf_popularity_options:
        return new(
            pmkt_cf_popularity_options,
            by=choice("by", self.by, BY),
            drop_seen=1 if self.drop_seen else 0,
        )

    def _make(self, source: CFData, run: Any, out: Any) -> None:
        options = ctypes.byref(self._options())
        call(lib.pmkt_cf_popularity_fit, source._handle.pointer, options, run, out)

    @staticmethod
    def _params_of(facts: pmkt_cf_facts) -> Dict[str, Any]:
        return {"by": name_of(BY, facts.by), "drop_seen": not facts.has_seen}
