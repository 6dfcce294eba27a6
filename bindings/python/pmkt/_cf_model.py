"""What models have in common: parameters, questions, files."""

from __future__ import annotations

import ctypes
import inspect
from dataclasses import dataclass
from typing import Any, Callable, ClassVar, Dict, List, Optional, Type, TypeVar

import numpy as np

from . import _constants as c
from . import errors
from ._access import Access
from ._cf_answers import Answers
from ._cf_data import CFData, DataOptions, data_of
from ._cf_ids import Names, to_lists
from ._cf_query import Query, ask, history_of
from ._dictionary import Ids, check_ids
from ._files import PathLike, Saved
from ._library import Handle, borrow, call, lib, pointer
from ._run import Progress, Running, threads_of
from ._structs import new, pmkt_cf, pmkt_cf_facts
from ._users import Users

_M = TypeVar("_M", bound="Recommender")

DATA_PARAMS = (
    "half_life weights only_weights scale since as_of max_items_per_user max_users_per_item "
    "users tz"
).split()

KINDS = {c.CF_ALS: "als", c.CF_KNN: "knn", c.CF_POPULARITY: "popularity"}
LOSSES = {"ials": c.CF_IALS, "classic": c.CF_CLASSIC}
SOLVERS = {"cg": c.CF_CG, "cholesky": c.CF_CHOLESKY}
SIMILARITIES = {"cosine": c.CF_COSINE, "tfidf": c.CF_TFIDF, "bm25": c.CF_BM25}
BY = {"weight": c.CF_BY_WEIGHT, "users": c.CF_BY_USERS}


def name_of(choices: Dict[str, int], code: int) -> str:
    return next(name for name, n in choices.items() if n == code)


@dataclass(frozen=True)
class ModelInfo:
    """What a model is.

    Attributes:
        kind: ``"als"``, ``"knn"`` or ``"popularity"``.
        users, items, entries: of the data it was fitted to.
        as_of_ms: of that data, or None.
        data_hash: of that data: equal for equal data.
        bytes: memory, without a file that it has mapped; ``mapped``: bytes of that file.
        has_seen: it knows who had what.
        factors, iterations (that were run), loss, solver, cg_steps, regularization, alpha,
            unobserved, nu, sigma, seed, final_loss (after the last iteration): of :class:`ALS`, as
            they were used: numbers where the parameter was None; None of the others.
        similarity, neighbors, shrinkage, k1, b: of :class:`ItemKNN`, likewise.
        by: of :class:`Popularity`.
    """

    kind: str
    users: int
    items: int
    entries: int
    as_of_ms: Optional[int]
    data_hash: int
    bytes: int
    mapped: int
    has_seen: bool
    factors: Optional[int] = None
    iterations: Optional[int] = None
    loss: Optional[str] = None
    solver: Optional[str] = None
    cg_steps: Optional[int] = None
    regularization: Optional[float] = None
    alpha: Optional[float] = None
    unobserved: Optional[float] = None
    nu: Optional[float] = None
    sigma: Optional[float] = None
    seed: Optional[int] = None
    final_loss: Optional[float] = None
    similarity: Optional[str] = None
    neighbors: Optional[int] = None
    shrinkage: Optional[float] = None
    k1: Optional[float] = None
    b: Optional[float] = None
    by: Optional[str] = None


_OF_ALL = "users items entries data_hash bytes mapped".split()
_OF_KIND = {
    c.CF_ALS: "factors iterations loss solver cg_steps regularization alpha unobserved nu sigma "
    "seed final_loss",
    c.CF_KNN: "similarity neighbors shrinkage k1 b",
    c.CF_POPULARITY: "by",
}
_CHOICES = {"loss": LOSSES, "solver": SOLVERS, "similarity": SIMILARITIES, "by": BY}


def _fact(facts: pmkt_cf_facts, name: str) -> Any:
    value = getattr(facts, name)
    return name_of(_CHOICES[name], value) if name in _CHOICES else value


class Fitted:
    """A model of C's, and how ids go in and out; never changes."""

    def __init__(
        self,
        handle: Handle,
        users: Users,
        items: Users,
        categories: Users,
        losses: Optional[List[float]] = None,
        loaded: bool = False,
    ) -> None:
        self.handle = handle
        self.loaded = loaded  # from a file, which does not say how events became data
        self.categories = categories
        self.losses = losses or []
        self.facts = facts_of(handle)
        ids = ctypes.POINTER(ctypes.c_uint64)(), ctypes.POINTER(ctypes.c_uint64)()
        n = ctypes.c_int64(), ctypes.c_int64()
        places = [ctypes.byref(place) for pair in zip(ids, n) for place in pair]
        call(lib.pmkt_cf_ids, handle.pointer, *places)
        found = (borrow(i, (m.value,), np.uint64, handle) for i, m in zip(ids, n))
        self.user_ids, self.item_ids = found
        self.users, self.items = Names(self.user_ids, users), Names(self.item_ids, items)


def facts_of(handle: Handle) -> pmkt_cf_facts:
    facts = new(pmkt_cf_facts)
    call(lib.pmkt_cf_info, handle.pointer, ctypes.byref(facts))
    return facts


class Recommender(Saved):
    """A model that answers what somebody would like: :class:`ALS`, :class:`ItemKNN` or
    :class:`Popularity`. ``Recommender.load(path)`` reads whichever it is.

    Users and items are given as they came into the events or the matrix, and are answered so. Any
    number of threads may ask at once; a new :meth:`fit` takes the place of the old one when it is
    ready, and whoever asks meanwhile is answered by the old one.

    Answers are exact: the best of all items, the same for one user and for many, on any number of
    threads; between equal scores the lower id comes first.

    Parameters are those of the constructor; None is always the default. They can be read and set as
    attributes, and by :meth:`get_params` and :meth:`set_params` in the manner of scikit-learn; what
    is set counts from the next :meth:`fit` on.
    """

    _file = "cf"
    _kind: ClassVar[int] = 0
    _classes: ClassVar[Dict[int, Type["Recommender"]]] = {}
    _access: Access = Access("model")  # nobody ever writes: a fit makes a new model

    report: Any = None
    """What became of the rows of the events of the last :meth:`fit`; None of a matrix."""

    threads: int
    _fitted: Optional[Fitted] = None

    def __init_subclass__(cls) -> None:
        if "_kind" in vars(cls):
            Recommender._classes[cls._kind] = cls

    def __init__(self) -> None:
        raise TypeError("a Recommender is loaded; make an ALS, an ItemKNN or a Popularity")

    # ------------------------------------------------------------------------- parameters

    @classmethod
    def _param_names(cls) -> List[str]:
        return [name for name in inspect.signature(cls.__init__).parameters if name != "self"]

    def _begin(self, given: Dict[str, Any]) -> None:
        for name in self._param_names():
            setattr(self, name, given[name])
        self._check()

    def _check(self) -> None:
        """Raises for parameters that do not fit."""
        threads_of(self.threads)
        DataOptions(**self._data_params())
        self._options()

    def _data_params(self) -> Dict[str, Any]:
        return {name: getattr(self, name) for name in DATA_PARAMS}

    def _options(self) -> Any:
        raise NotImplementedError

    def get_params(self, deep: bool = True) -> Dict[str, Any]:
        """The parameters, by name."""
        return {name: getattr(self, name) for name in self._param_names()}

    def set_params(self: _M, **params: Any) -> _M:
        """Sets parameters, all or (on an error) none. Returns the model."""
        names, before = self._param_names(), self.get_params()
        for name in params:
            if name not in names:
                raise errors.InvalidInput(f"there is no parameter {name!r}; there are {names}")
        try:
            self.__dict__.update(params)
            self._check()
        except Exception:
            self.__dict__.update(before)
            raise
        return self

    # ---------------------------------------------------------------------------- fitting

    def fit(
        self: _M,
        data: Any,
        *,
        user_ids: Any = None,
        item_ids: Any = None,
        category: Any = None,
        progress: Progress = None,
    ) -> _M:
        """Fits the model. Returns it.

        Args:
            data: :class:`pmkt.Events`, a list of these, a :class:`pmkt.CFData`, or a sparse matrix
                with users in rows (of SciPy, or with ``indptr``, ``indices``, ``data``, ``shape``).
                One model may be fitted to events and to matrices in turn: parameters that say how
                events become a matrix (``half_life``, ``weights``, ``only_weights``, ``scale``,
                ``since``, ``as_of``, ``max_items_per_user``, ``max_users_per_item``, ``tz``) do
                nothing for a CFData or a matrix, all of whose entries are taken as they are, and
                one UserWarning names those that are set. ``users``, who may be used, is refused
                for these: leave the others out of the matrix.
            user_ids, item_ids, category: of a matrix, as of :meth:`CFData.from_matrix`.
            progress: True: a bar; a callable: gets ``(done, stage)``, a true answer cancels.
        """
        source = self._source(data, user_ids, item_ids, category, progress)
        made = ctypes.POINTER(pmkt_cf)()
        with Running(self.threads, progress, "fitting") as run:
            self._make(source, run, ctypes.byref(made))
        return self._adopt(made, source)

    def _source(
        self, data: Any, user_ids: Any, item_ids: Any, category: Any, progress: Progress
    ) -> CFData:
        self._check()
        params = self._data_params()
        return data_of(data, params, self.threads, progress, user_ids, item_ids, category)

    def _make(self, source: CFData, run: Any, out: Any) -> None:
        raise NotImplementedError

    def _adopt(self: _M, made: Any, source: CFData, losses: Optional[List[float]] = None) -> _M:
        forms = source._users.form, source._items.form, source._categories
        self._fitted = Fitted(Handle(made, lib.pmkt_cf_release), *forms, losses)
        self.report = source.report
        return self

    def _state(self) -> Fitted:
        if self._fitted is None:
            raise errors.NotFitted(f"this {type(self).__name__} is not fitted yet; call fit first")
        return self._fitted

    @property
    def _handle(self) -> Handle:  # type: ignore[override]
        return self._state().handle

    @property
    def _threads(self) -> int:  # type: ignore[override]
        return self.threads

    # ------------------------------------------------------------------------------ facts

    @property
    def info(self) -> ModelInfo:
        """What the model is, and what it was fitted to."""
        facts = facts_of(self._handle)
        names = _OF_ALL + _OF_KIND[facts.kind].split()
        return ModelInfo(
            kind=KINDS[facts.kind],
            as_of_ms=None if facts.as_of_ms == c.TIME_NULL else facts.as_of_ms,
            has_seen=bool(facts.has_seen),
            **{name: _fact(facts, name) for name in names},
        )

    @property
    def user_ids(self) -> np.ndarray:
        """[users] the users that the model knows, as they came in, in the order of their ids."""
        return self._state().users.values

    @property
    def item_ids(self) -> np.ndarray:
        """[items] the same of items."""
        return self._state().items.values

    # -------------------------------------------------------------------------- questions

    def recommend(
        self,
        users: Any,
        k: int = 10,
        exclude_seen: bool = True,
        items: Any = None,
        exclude_items: Any = None,
        *,
        exclude: Any = None,
        category: Any = None,
        min_score: Optional[float] = None,
        fallback: Optional[str] = None,
        progress: Progress = None,
    ) -> Answers:
        """The best items for each user: ``items, scores = model.recommend(users)``.

        Args:
            users: one or [rows].
            k: answers a row, any number; there are never more than the model has items.
            exclude_seen: leave out what a user has had.
            items: only these: an :class:`pmkt.IdSet` or a list; None: all.
            exclude_items: not these.
            exclude: a list of lists, one a row: not these for this user. Also a pair ``(at, ids)``
                of arrays: those of row i are from ``at[i]`` up to ``at[i + 1]``.
            category: only items of it.
            min_score: only scores of at least this.
            fallback: ``"popular"``: who is unknown is answered what is popular, through the same
                filters. None: nothing.

        Raises:
            Unsupported: the model does not know who had what (``exclude_seen=False`` does without),
                has no items of a category, or no popularity to fall back on.
        """
        state = self._state()
        ids, who = state.users.asked(users, "users")
        query = Query(
            state.items,
            len(ids),
            k,
            items,
            exclude_items,
            exclude,
            exclude_seen=exclude_seen,
            categories=state.categories,
            category=category,
            min_score=min_score,
            fallback=fallback,
        )
        before, labels = (state.handle.pointer, pointer(ids), len(ids)), ("user", "item")
        function = lib.pmkt_cf_recommend
        return ask(function, before, query, state.items, who, labels, self.threads, progress)

    def recommend_history(
        self,
        history: Any,
        weights: Any = None,
        k: int = 10,
        exclude_seen: bool = True,
        items: Any = None,
        exclude_items: Any = None,
        *,
        exclude: Any = None,
        category: Any = None,
        min_score: Optional[float] = None,
        fallback: Optional[str] = None,
        progress: Progress = None,
    ) -> Answers:
        """The best items for somebody whom the model need not know, by what they did.

        Args:
            history: items, of one (``[5, 8]``) or of many (``[[5, 8], [3]]``, a pair ``(at, ids)``
                of arrays, or a sparse matrix whose columns are those of :attr:`item_ids`). Items
                that the model does not know are passed over.
            weights: of the same lengths, as the entries of the matrix; None: all 1.
            exclude_seen: leave out what the history names.

        The other arguments are those of :meth:`recommend`.
        """
        state = self._state()
        lists = to_lists(history, state.items, "history", weights)
        query = Query(
            state.items,
            lists.rows,
            k,
            items,
            exclude_items,
            exclude,
            exclude_seen=exclude_seen,
            categories=state.categories,
            category=category,
            min_score=min_score,
            fallback=fallback,
        )
        struct, who = history_of(lists), np.arange(lists.rows)
        before, labels = (state.handle.pointer, ctypes.byref(struct)), ("row", "item")
        function = lib.pmkt_cf_recommend_history
        return ask(function, before, query, state.items, who, labels, self.threads, progress)

    def similar_items(
        self,
        items: Any,
        k: int = 10,
        *,
        among: Any = None,
        exclude_items: Any = None,
        exclude: Any = None,
        category: Any = None,
        min_score: Optional[float] = None,
        progress: Progress = None,
    ) -> Answers:
        """The items most similar to each item, without itself: by the cosine of the factors, or as
        :class:`ItemKNN` has it.

        Args:
            items: one or [rows].
            among: only these; the other arguments are those of :meth:`recommend`.
        """
        state = self._state()
        ids, who = state.items.asked(items, "items")
        query = Query(
            state.items,
            len(ids),
            k,
            among,
            exclude_items,
            exclude,
            ("among", "exclude_items"),
            categories=state.categories,
            category=category,
            min_score=min_score,
        )
        before, labels = (state.handle.pointer, pointer(ids), len(ids)), ("item", "similar")
        function = lib.pmkt_cf_similar_items
        return ask(function, before, query, state.items, who, labels, self.threads, progress)

    def similar_users(
        self,
        users: Any,
        k: int = 10,
        *,
        among: Any = None,
        exclude_users: Any = None,
        exclude: Any = None,
        min_score: Optional[float] = None,
        progress: Progress = None,
    ) -> Answers:
        """The same of users; :class:`ALS` only."""
        state = self._state()
        ids, who = state.users.asked(users, "users")
        query = Query(
            state.users,
            len(ids),
            k,
            among,
            exclude_users,
            exclude,
            ("among", "exclude_users"),
            min_score=min_score,
        )
        before, labels = (state.handle.pointer, pointer(ids), len(ids)), ("user", "similar")
        function = lib.pmkt_cf_similar_users
        return ask(function, before, query, state.users, who, labels, self.threads, progress)

    def rank(self, users: Any, items: Any, *, progress: Progress = None) -> Answers:
        """Given items, best first for each user, whatever they have seen.

        Args:
            users: one or [rows].
            items: a list for all of them, or a list of lists, one a user. Items that the model does
                not know are left out.
        """
        state = self._state()
        ids, who = state.users.asked(users, "users")
        lists = to_lists(items, state.items, "items")
        width = len(lists.ids)
        if lists.one and len(ids) != 1:
            lists = lists._replace(
                at=np.arange(len(ids) + 1, dtype=np.int64) * width, ids=np.tile(lists.ids, len(ids))
            )
        if lists.rows != len(ids):
            raise errors.InvalidInput(f"items has {lists.rows:,} lists for {len(ids):,} users")
        given = (pointer(ids), len(ids), pointer(lists.at), pointer(lists.ids))
        before = (state.handle.pointer, *given)
        labels = ("user", "item")
        how = (self.threads, progress, lists.at)
        ranked = ask(lib.pmkt_cf_rank, before, None, state.items, who, labels, *how)
        return ranked._rectangular(width) if lists.one else ranked

    # ------------------------------------------------------------------------------ files

    def texts(self) -> Ids:
        """The texts of all users and items, for a file beside the model's, which has ids only:
        ``model.texts().save("model.ids")``, and later
        ``ALS.load("model.pmkt", ids=pmkt.Ids.load("model.ids"))``."""
        state = self._state()
        found = Ids()
        for names in (state.users, state.items):
            if names.form.is_text and names.form.names:
                found.encode(list(names.form.names.values()))
        return found

    @classmethod
    def _made_by(cls: Type[_M], make: Callable[..., int], *arguments: Any, threads: int = 0) -> _M:
        made = ctypes.POINTER(pmkt_cf)()
        call(make, *arguments, ctypes.byref(made))
        handle = Handle(made, lib.pmkt_cf_release)
        kind = cls._classes[facts_of(handle).kind]
        if issubclass(cls, kind):
            kind = cls  # somebody's own
        if not issubclass(kind, cls):
            raise errors.BadFormat(
                f"this is a model of {kind.__name__}; {kind.__name__}.load reads it, or Recommender"
            )
        self = kind.__new__(kind)
        self.__init__(**self._params_of(facts_of(handle)), threads=threads)  # type: ignore[misc]
        forms = Users.of_file(), Users.of_file(), Users.of_file()
        self._fitted = Fitted(handle, *forms, loaded=True)
        return self

    @staticmethod
    def _params_of(facts: pmkt_cf_facts) -> Dict[str, Any]:
        raise NotImplementedError

    @classmethod
    def load(
        cls: Type[_M],
        path: PathLike,
        *,
        ids: Optional[Ids] = None,
        rows: bool = False,
        map: bool = False,
        max_bytes: int = 0,
        threads: int = 0,
        progress: Progress = None,
    ) -> _M:
        """Reads a file that :meth:`save` wrote.

        A file has the parameters of the model, but not those that say how events became its data:
        ``weights``, ``only_weights``, ``half_life`` and so on are back at their defaults, to be set
        before the next :meth:`fit`, or given to :func:`pmkt.evaluate`. A pickle keeps them.

        Args:
            ids: the texts of users and items, as :meth:`texts` gave them. Without it users and
                items are ids (uint64), though texts still find theirs.
            rows: the model was fitted to a matrix without ids: users and items are rows and
                columns from 0 again.
            map, max_bytes, threads, progress: and what is raised, as of :meth:`Ids.load`.
        """
        check_ids(ids)
        model = super().load(path, map=map, max_bytes=max_bytes, threads=threads, progress=progress)
        return model._named_by(ids, rows)

    @classmethod
    def from_bytes(
        cls: Type[_M],
        data: Any,
        *,
        ids: Optional[Ids] = None,
        rows: bool = False,
        max_bytes: int = 0,
        threads: int = 0,
        progress: Progress = None,
    ) -> _M:
        """Reads what :meth:`to_bytes` or :meth:`save` made; see :meth:`load`."""
        check_ids(ids)
        model = super().from_bytes(data, max_bytes=max_bytes, threads=threads, progress=progress)
        return model._named_by(ids, rows)

    def _named_by(self: _M, ids: Optional[Ids], rows: bool) -> _M:
        state = self._state()
        if rows and ids is not None:
            raise errors.InvalidInput("give either ids, or rows=True: rows have no texts")
        state.users = Names.of_file(state.user_ids, ids, rows, "users")
        state.items = Names.of_file(state.item_ids, ids, rows, "items")
        state.categories.what = "categories"
        return self

    def __sklearn_is_fitted__(self) -> bool:
        return self._fitted is not None

    def __repr__(self) -> str:
        defaults = inspect.signature(type(self).__init__).parameters
        shown = ", ".join(
            f"{name}={value!r}"
            for name, value in self.get_params().items()
            if not _same(value, defaults[name].default)
        )
        if self._fitted is None:
            return f"{type(self).__name__}({shown})"
        facts = self._fitted.facts
        return (
            f"<{type(self).__name__}({shown}) of {facts.users:,} users and {facts.items:,} items>"
        )

    def __reduce__(self) -> Any:
        """Pickling and copying keep what this package knows besides, such as texts."""
        beside = (self.get_params(), self.report)
        if self._fitted is None:
            return _of_pickle, (type(self), beside, None, None)
        state = self._fitted
        forms = (state.users.form, state.items.form, state.categories, state.losses, state.loaded)
        return _of_pickle, (type(self), beside, self.to_bytes(), forms)


def _same(value: Any, default: Any) -> bool:
    return type(value) is type(default) and value == default


def _of_pickle(kind: Type[_M], beside: Any, content: Optional[bytes], forms: Any) -> _M:
    if content is None:
        model = kind(**beside[0])
    else:
        model = kind.from_bytes(content, threads=beside[0]["threads"])
        model.__dict__.update(beside[0])
        model._fitted = Fitted(model._state().handle, *forms)
    model.report = beside[1]
    return model
