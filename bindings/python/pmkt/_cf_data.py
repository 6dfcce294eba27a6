"""What models are fitted to: who had to do with what, how strongly."""

from __future__ import annotations

import ctypes
import warnings
from dataclasses import dataclass
from typing import Any, Dict, List, Mapping, NamedTuple, Optional, Sequence, Tuple, Union

import numpy as np

from . import _constants as c
from . import errors
from ._cf_ids import Names, Rows, ids_for, is_sparse, to_sparse
from ._durations import HalfLife, duration_ms
from ._events import Events
from ._idset import IdSet
from ._kinds import kind_number
from ._library import Handle, borrow, call, lib, pointer
from ._options import choice
from ._report import Report
from ._run import Progress, Running, whole
from ._structs import (
    new,
    pmkt_cf_builder,
    pmkt_cf_data,
    pmkt_cf_data_counts,
    pmkt_cf_data_options,
    pmkt_cf_matrix,
    pmkt_cf_weight,
)
from ._users import Users
from ._zones import UTC, Zone, ZoneLike, instant, make_zone

SCALES = {"linear": c.CF_LINEAR, "log": c.CF_LOG}
_CAPS = ("max_items_per_user", "max_users_per_item")

Weights = Mapping[Any, float]  # by name or number of a kind


def default_weight(kind: Union[str, int]) -> float:
    """What an event of a kind says about a user's liking of its item, if nobody says otherwise."""
    return float(lib.pmkt_cf_default_weight(kind_number(kind)))


def number(name: str, value: Any) -> float:
    """An option that has to be a number, as a float."""
    try:
        if isinstance(value, (bool, np.bool_, str)):
            raise TypeError
        return float(value)
    except OverflowError:
        raise errors.InvalidInput(f"{name} is too large for a float") from None
    except (TypeError, ValueError):
        raise errors.InvalidInput(f"{name} is {value!r}; expected a number") from None


class DataOptions:
    """A ``pmkt_cf_data_options`` and what it points at."""

    def __init__(
        self,
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
    ) -> None:
        zone = UTC if tz is None else make_zone(tz)
        caps = zip(_CAPS, (max_items_per_user, max_users_per_item))
        self.struct = new(
            pmkt_cf_data_options,
            scale=choice("scale", scale, SCALES),
            as_of_ms=_moment("as_of", as_of, zone),
            since_ms=_moment("since", since, zone),
            half_life_ms=duration_ms("half_life", half_life),
            only_weights=1 if only_weights else 0,
            **{cap: 0 if n is None else whole(cap, n, 1, 2**63 - 1) for cap, n in caps},
        )
        if weights is not None:
            table = _weight_table(weights)
            self._weights = (pmkt_cf_weight * len(table))(*table)
            self.struct.weights, self.struct.n_weights = self._weights, len(table)
        if users is not None:
            self._users = users if isinstance(users, IdSet) else IdSet(users)
            self.struct.users = self._users._handle.pointer

    @property
    def pointer(self) -> Any:
        return ctypes.byref(self.struct)


def _moment(name: str, value: Any, zone: Zone) -> int:
    if value is None:
        return 0
    ms = instant(value, zone, name)
    if ms == 0:
        raise errors.InvalidInput(f"{name} is 1970-01-01 00:00 UTC, which cannot be said to C")
    return ms


def _weight_table(weights: Weights) -> List[pmkt_cf_weight]:
    if not isinstance(weights, Mapping):
        raise errors.InvalidInput(
            f"weights is {weights!r:.60}; expected a dict such as {{'order': 10, 'view': 1}}"
        )
    return [
        pmkt_cf_weight(kind=kind_number(kind), weight=number(f"the weight of {kind!r}", weight))
        for kind, weight in weights.items()
    ]


# ------------------------------------------------------------------------------------ data


class Compressed(NamedTuple):
    """A sparse matrix by rows or by columns: those of row ``i`` are from ``indptr[i]`` up to
    ``indptr[i + 1]``."""

    indptr: np.ndarray
    indices: np.ndarray
    data: np.ndarray


@dataclass(frozen=True)
class CFStats:
    """What went into data.

    Attributes:
        users, items, entries: of the matrix; ``negative``: entries below zero.
        rows: events that count; 0 from a matrix, as the next five.
        no_item, no_consent, out_of_time, no_weight: events left out, by reason.
        capped: entries left out by ``max_items_per_user`` and ``max_users_per_item``.
        as_of_ms: as it was used, or None.
        bytes: memory.
        hash: of ids and entries: equal for equal data.
    """

    users: int
    items: int
    entries: int
    negative: int
    rows: int
    no_item: int
    no_consent: int
    out_of_time: int
    no_weight: int
    capped: int
    as_of_ms: Optional[int]
    bytes: int
    hash: int


class CFData:
    """Who had to do with what, how strongly: a sparse matrix of users and items, which never
    changes, for any number of models and threads.

    ``CFData(events)`` adds up, for each user and item, the weights of their events; several batches
    count as one. :meth:`from_matrix` takes a matrix that is there already.

    >>> events = pmkt.Events(user=["ann", "ann", "bob"], item=[5, 8, 5], time=[0, 1, 2])
    >>> data = pmkt.CFData(events, weights={"order": 2})
    >>> data.shape, data.by_user.data.tolist()
    ((2, 2), [2.0, 2.0, 2.0])

    Args:
        events: one or more batches, with items.
        half_life: an event this old counts half: ``"90d"`` (ms, s, min, h, d, w) or a timedelta;
            None: age is nothing.
        weights: what an event of a kind says, in place of its default:
            ``{"order": 10, "view": 1}``; below zero it says dislike, 0 leaves the kind out. See
            :func:`pmkt.default_weight`.
        only_weights: kinds that ``weights`` does not name say nothing.
        scale: ``"linear"``, or ``"log"``: of the sum w the matrix has sign(w) ln(1 + |w|).
        since, as_of: earlier events, and those not before ``as_of`` (default: just after the last
            one), are left out; dates or times as of :meth:`pmkt.RFM.score`.
        max_items_per_user, max_users_per_item: keep the largest entries, so many.
        users: who may be used, an :class:`pmkt.IdSet` or ids; whoever is not in it is left out as
            one who did not consent. None: all.
        tz: the zone of ``since`` and ``as_of``.
        threads: at most; 0 = as many as this process may use.

    Attributes:
        report: what became of the rows of the events; None from a matrix.
        user_ids, item_ids: users and items as they came in, by row and column.
        by_user: indptr, indices and data of the matrix by rows; ``by_item``: by columns. Views of
            the library's memory.
        category: [items] uint64 id of the category of each item, 0 if none; None without any.
        shape: (users, items).
    """

    report: Optional[Report] = None

    def __init__(
        self,
        *events: Events,
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
        threads: int = 0,
        progress: Progress = None,
    ) -> None:
        options = DataOptions(
            half_life,
            weights,
            only_weights,
            scale,
            since,
            as_of,
            max_items_per_user,
            max_users_per_item,
            users,
            tz,
        )
        self._of_events(events, options, threads, progress)

    def _of_events(
        self, events: Sequence[Events], options: DataOptions, threads: int, progress: Progress
    ) -> None:
        forms = _forms_of(events)
        made = ctypes.POINTER(pmkt_cf_data)()
        out = ctypes.byref(made)
        with Running(threads, progress, "reading") as run:
            if len(events) == 1:
                self.report = events[0]._deliver(
                    lambda rows, report: call(
                        lib.pmkt_cf_data_from_events, rows, options.pointer, run, report, out
                    )
                )
            else:
                self.report = _build(events, options, run, out)
        self._own(made, *forms)

    @classmethod
    def from_matrix(
        cls,
        matrix: Any,
        *,
        user_ids: Any = None,
        item_ids: Any = None,
        category: Any = None,
        copy: bool = True,
        threads: int = 0,
        progress: Progress = None,
    ) -> "CFData":
        """Data of a sparse matrix of SciPy, users in rows, or of anything with ``indptr``,
        ``indices``, ``data`` and ``shape``. Entries that come twice are added up.

        Args:
            user_ids, item_ids: ids of the rows and columns, whole numbers above 0 or texts. Without
                them users and items are rows and columns, counted from 0, in everything that is
                asked and answered. (In a file they are ids from 1 on; see :meth:`ALS.load`.)
            category: [items] ids; missing: none.
            copy: False: ``indices`` and ``data`` are read where they lie if they can be (int32 and
                float32, in canonical order, ids ascending), and must not change while this lives.
        """
        sparse = to_sparse(matrix, "matrix")
        arrays: Dict[str, np.ndarray] = {
            "at": sparse.at,
            "item": sparse.columns,
            "weight": sparse.weights,
        }
        forms: List[Users] = [Rows(), Rows(), Users()]
        for i, (name, given, size) in enumerate(
            (
                ("user_id", user_ids, sparse.rows),
                ("item_id", item_ids, sparse.width),
                ("category", category, sparse.width),
            )
        ):
            if given is not None:
                arrays[name], forms[i] = ids_for(given, size, f"{name}s" if i < 2 else name)
        for form, what in zip(forms, ("users", "items", "categories")):
            form.what = what
        struct = new(
            pmkt_cf_matrix,
            users=sparse.rows,
            items=sparse.width,
            borrow=0 if copy else 1,
            **{name: pointer(array) for name, array in arrays.items()},
        )
        made = ctypes.POINTER(pmkt_cf_data)()
        with Running(threads, progress, "reading") as run:
            out = ctypes.byref(made)
            call(lib.pmkt_cf_data_from_matrix, ctypes.byref(struct), None, run, out)
        self = cls.__new__(cls)
        self._own(made, forms[0], forms[1], forms[2], None if copy else arrays)
        return self

    def _own(
        self, made: Any, users: Users, items: Users, categories: Users, lent: Any = None
    ) -> None:
        self._handle = Handle(made, lib.pmkt_cf_data_release, lent)
        by_user, by_item = new(pmkt_cf_matrix), new(pmkt_cf_matrix)
        call(lib.pmkt_cf_data_matrix, made, ctypes.byref(by_user), ctypes.byref(by_item))
        self.shape: Tuple[int, int] = (int(by_user.users), int(by_user.items))
        self.by_user = self._compressed(by_user)
        self.by_item = self._compressed(by_item)
        self._users = Names(self._view(by_user.user_id, self.shape[0], np.uint64), users)
        self._items = Names(self._view(by_user.item_id, self.shape[1], np.uint64), items)
        self._categories = categories
        self.category: Optional[np.ndarray] = None
        if by_user.category:
            self.category = self._view(by_user.category, self.shape[1], np.uint64)

    def _view(self, at: Any, n: int, dtype: Any) -> np.ndarray:
        return borrow(at, (n,), dtype, self._handle)

    def _compressed(self, matrix: pmkt_cf_matrix) -> Compressed:
        indptr = self._view(matrix.at, int(matrix.users) + 1, np.int64)
        entries = int(indptr[-1])
        return Compressed(
            indptr,
            self._view(matrix.item, entries, np.int32),
            self._view(matrix.weight, entries, np.float32)
            if matrix.weight
            else np.ones(entries, np.float32),
        )

    @property
    def user_ids(self) -> np.ndarray:
        return self._users.values

    @property
    def item_ids(self) -> np.ndarray:
        return self._items.values

    @property
    def stats(self) -> CFStats:
        """What went into it."""
        raw = new(pmkt_cf_data_counts)
        call(lib.pmkt_cf_data_info, self._handle.pointer, ctypes.byref(raw))
        fields = {name: getattr(raw, name) for name in CFStats.__dataclass_fields__}
        fields["as_of_ms"] = None if raw.as_of_ms == c.TIME_NULL else raw.as_of_ms
        return CFStats(**fields)

    def to_scipy(self) -> Any:
        """The matrix as a ``scipy.sparse.csr_matrix``."""
        from scipy.sparse import csr_matrix

        return csr_matrix((self.by_user.data, *self.by_user[1::-1]), self.shape)

    def __repr__(self) -> str:
        return (
            f"<pmkt.CFData of {self.shape[0]:,} users, {self.shape[1]:,} items, "
            f"{len(self.by_user.indices):,} entries>"
        )

    def __reduce__(self) -> Any:
        raise TypeError("data can be neither copied nor pickled; use to_scipy() and its ids")


def _forms_of(events: Sequence[Any]) -> "tuple[Users, Users, Users]":
    """How users, items and categories of batches go back."""
    if not events:
        raise errors.InvalidInput("there are no events")
    for batch in events:
        if not isinstance(batch, Events):
            raise errors.InvalidInput(
                f"expected Events or a sparse matrix, not {type(batch).__name__}; "
                "see Events.from_frame and CFData.from_matrix"
            )
    forms = []
    for name in ("user", "item", "category"):
        form = events[0]._form(name)
        if len(events) > 1:
            form = form.copy()
            for batch in events[1:]:
                form.check(batch._form(name))
                form.absorb(batch._form(name))
        forms.append(form)
    return forms[0], forms[1], forms[2]


def _build(events: Sequence[Events], options: DataOptions, run: Any, out: Any) -> Report:
    made = ctypes.POINTER(pmkt_cf_builder)()
    call(lib.pmkt_cf_builder_new, None, 0, ctypes.byref(made))
    builder = Handle(made, lib.pmkt_cf_builder_free)
    total: Optional[Report] = None
    for batch in events:
        report = batch._deliver(
            lambda rows, report: call(lib.pmkt_cf_builder_add, builder.pointer, rows, run, report)
        )
        total = report if total is None else total + report
    call(lib.pmkt_cf_builder_build, builder.pointer, options.pointer, run, out)
    assert total is not None
    return total


def data_of(
    source: Any,
    options: Optional[Dict[str, Any]] = None,
    threads: int = 0,
    progress: Progress = None,
    user_ids: Any = None,
    item_ids: Any = None,
    category: Any = None,
) -> CFData:
    """Data of whatever somebody gives for it: data, events, a list of these, a sparse matrix.

    ``options`` say how events become data. For what is data already they mean nothing, and a
    warning names those that are set. A matrix is borrowed, for the caller is done with it soon.
    """
    ids = {"user_ids": user_ids, "item_ids": item_ids, "category": category}
    given = [name for name, value in ids.items() if value is not None]
    if is_sparse(source):
        _ignore(options, "a sparse matrix")
        return CFData.from_matrix(source, **ids, copy=False, threads=threads, progress=progress)
    if given:
        raise errors.InvalidInput(
            f"{given[0]}= is for a sparse matrix; what is given has its own already"
        )
    if isinstance(source, CFData):
        _ignore(options, "CFData")
        return source
    batches = list(source) if isinstance(source, (list, tuple)) else [source]
    return CFData(*batches, **(options or {}), threads=threads, progress=progress)


def _ignore(options: Optional[Dict[str, Any]], what: str) -> None:
    """Warns whoever called ``fit`` or ``from_factors`` of options that do nothing, and refuses the
    one that must not be lost. They may be arrays, which are neither true nor false."""
    names = [n for n, v in (options or {}).items() if not (v is None or v is False)]
    if "users" in names:
        raise errors.InvalidInput(
            f"users= says who may be used of events; of {what} every user is used: leave the "
            "others out of it"
        )
    if names:
        warnings.warn(
            f"{', '.join(f'{name}=' for name in names)}: ignored for {what}, of which every entry "
            "is taken as it is; such options are for events",
            stacklevel=5,
        )
