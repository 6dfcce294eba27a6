"""How good recommendations are: splits and metrics."""

from __future__ import annotations

import ctypes
import warnings
from typing import (
    Any,
    Callable,
    Dict,
    Iterator,
    List,
    Mapping,
    NamedTuple,
    Optional,
    Sequence,
    Tuple,
    Union,
)

import numpy as np

from . import _constants as c
from . import errors
from ._cf_answers import Answers
from ._cf_data import CFData, Weights, data_of, number
from ._cf_ids import Names, Rows, to_lists
from ._cf_model import Fitted, Recommender
from ._cf_query import FALLBACKS
from ._columns import to_column
from ._events import Events
from ._frames import column_names, is_relation
from ._kinds import kind_number
from ._library import Handle, borrow, call, lib, pointer
from ._options import choice
from ._run import Progress, Running, whole
from ._structs import (
    new,
    pmkt_cf_evaluate_options,
    pmkt_cf_evaluation,
    pmkt_cf_figures,
    pmkt_cf_split_options,
)
from ._table import Table
from ._zones import UTC, ZoneLike, instant, make_zone

ALL = "all"
"""The label of the group of all users."""

HOW = {"temporal": c.CF_TEMPORAL, "leave_last": c.CF_LEAVE_LAST, "random": c.CF_RANDOM}


def metric_names() -> List[str]:
    """The names of the metrics."""
    found = map(lib.pmkt_cf_metric_name, range(c.CF_METRICS_))
    return [name.decode() for name in found if name]


# ----------------------------------------------------------------------------------- splits


def train_test_split(
    events: Any,
    how: str = "temporal",
    test: float = 0.2,
    *,
    since: Any = None,
    last: int = 1,
    seed: int = 0,
    kind: Any = None,
    tz: ZoneLike = None,
    **columns: Any,
) -> Tuple[Any, Any]:
    """Splits events into a training and a test part.

    Args:
        events: :class:`pmkt.Events`; or a frame, and then the further arguments are those of
            :meth:`Events.from_frame`, and the two parts are frames too.
        how: ``"temporal"``: the latest events of all are the test; ``"leave_last"``: the ``last``
            latest events of each user who has more than that; ``"random"``: of each user a share of
            their items, with all events of those.
        test: share of the events (temporal), or of each user's items (random).
        since: temporal: the test begins at this date or time, in place of ``test``.
        seed: of the random choice, which depends on it, the user and the item alone.
        kind: only events of this kind, such as ``"order"``, can be test; the others are training
            before the time of the test, and neither after it. Of a frame without ``kind_column`` it
            is the kind of every row.
        tz: the zone of ``since``, and of a frame's times.

    Returns:
        the two parts. Rows that are bad, or have no item, are in neither.
    """
    zone = UTC if tz is None else make_zone(tz)
    from_ms = 0 if since is None else instant(since, zone, "since")
    if since is not None and from_ms == 0:
        raise errors.InvalidInput("since is 1970-01-01 00:00 UTC, which cannot be said to C")
    share = number("test", test)
    if not 0 < share < 1:
        raise errors.InvalidInput(f"test is {test!r}; expected a share between 0 and 1")
    options = new(
        pmkt_cf_split_options,
        how=choice("how", how, HOW),
        test=share,
        from_ms=from_ms,
        last=whole("last", last, 1, 2**63 - 1),
        seed=whole("seed", seed, 0, 2**64 - 1),
        kind=c.KIND_NONE if kind is None else kind_number(kind),
    )
    frame = None
    if not isinstance(events, Events):
        every = {} if kind is None or "kind_column" in columns else {"kind": kind}
        given = {"tz": tz, "on_bad": "skip", **every, **columns}
        frame, events = events, _events_of(events, given)
    elif columns:
        raise errors.InvalidInput(f"{next(iter(columns))}= is for frames; these are Events")
    part = np.empty(len(events), np.uint8)
    call(lib.pmkt_cf_split, ctypes.byref(events._struct), ctypes.byref(options), pointer(part))
    masks = part == c.CF_TRAIN, part == c.CF_TEST
    if frame is None:
        return events._part(masks[0]), events._part(masks[1])
    return _rows_of(frame, masks[0]), _rows_of(frame, masks[1])


def _events_of(frame: Any, columns: Dict[str, Any]) -> Events:
    column_names(frame)  # says first of all if this is no frame
    if is_relation(frame):
        raise errors.InvalidInput(
            "the rows of a relation have no order; split its to_arrow_table()"
        )
    missing = [name for name in ("user", "time", "item") if name not in columns]
    if missing:
        raise errors.InvalidInput(f"{missing[0]}= has to name a column of the frame")
    return Events.from_frame(frame, **columns)


def _rows_of(frame: Any, mask: np.ndarray) -> Any:
    if isinstance(frame, Mapping):
        return {
            name: np.asarray(values)[mask] if not hasattr(values, "iloc") else values[mask]
            for name, values in frame.items()
        }
    module = type(frame).__module__.partition(".")[0]
    return frame[mask] if module == "pandas" else frame.filter(mask)


# ---------------------------------------------------------------------------------- metrics


class Interval(NamedTuple):
    """Bounds of a bootstrap interval."""

    low: float
    high: float


class UserValues(NamedTuple):
    """A metric of every user who counts."""

    users: np.ndarray
    values: np.ndarray


class Evaluation(Dict[str, float]):
    """Metrics by name and k, such as ``result["ndcg@10"]``.

    Attributes:
        intervals: the same keys to bootstrap intervals, where there are some.
        users: who count.
        groups: label to the Evaluation of that group, with ``users`` of its own.
        unknown: users with relevant items whom the model does not know.
        nothing_relevant: users of the test data without a relevant item.
        cold_items: relevant entries whose item the model does not know.
    """

    def __init__(self, users: int) -> None:
        super().__init__()
        self.users = users
        self.intervals: Dict[str, Interval] = {}
        self.groups: Dict[Any, "Evaluation"] = {}
        self.unknown = self.nothing_relevant = self.cold_items = 0
        self._rows: List[Tuple[Any, str, int, float, float, float, int]] = []
        self._by_user: Any = None

    def by_user(self, metric: str, k: int) -> UserValues:
        """A metric of every user who counts, to compare two models user by user."""
        names = metric_names()
        if metric not in names:
            raise errors.InvalidInput(f"metric is {metric!r}; expected one of {names}")
        if self._by_user is None:
            raise errors.InvalidInput("ask the evaluation of all users")
        handle, decode = self._by_user
        users, values = ctypes.POINTER(ctypes.c_uint64)(), ctypes.POINTER(ctypes.c_double)()
        n = ctypes.c_int64()
        where = (whole("k", k, 1, 2**31 - 1), names.index(metric))
        out = (ctypes.byref(users), ctypes.byref(values), ctypes.byref(n))
        call(lib.pmkt_cf_evaluation_users, handle.pointer, *where, *out)
        return UserValues(
            decode(borrow(users, (n.value,), np.uint64, handle)),
            borrow(values, (n.value,), np.float64, handle),
        )

    def table(self) -> Table:
        """One row a group, k and metric, with intervals and users."""
        names = ("group", "metric", "k", "value", "low", "high", "users")
        columns = list(zip(*self._rows)) or [()] * len(names)
        kinds = (object, object, np.int32, np.float64, np.float64, np.float64, np.int64)
        data = {}
        for name, values, kind in zip(names, columns, kinds):
            data[name] = np.empty(len(values), kind)
            data[name][:] = values
        formats: Dict[str, Callable[[Any], str]] = {n: str for n in ("group", "metric", "k")}
        formats.update({name: "{:.4f}".format for name in ("value", "low", "high")})
        return Table(data, {**formats, "users": "{:,}".format})

    def to_pandas(self) -> Any:
        """A DataFrame of :meth:`table`."""
        return self.table().to_pandas()

    def __reduce__(self) -> Any:
        fields = {name: value for name, value in self.__dict__.items() if name != "_by_user"}
        return _evaluation_of, (dict(self), {**fields, "_by_user": None})


def _evaluation_of(values: Dict[str, float], fields: Dict[str, Any]) -> Evaluation:
    found = Evaluation(0)
    found.update(values)
    found.__dict__.update(fields)
    return found


class _Options:
    """A ``pmkt_cf_evaluate_options`` and what it points at."""

    def __init__(
        self,
        test: CFData,
        train: Optional[CFData],
        catalogue: Names,
        k: Union[int, Sequence[int]],
        groups: Any,
        bootstrap: Optional[int],
        level: Optional[float],
        seed: int,
        items: Any,
        exclude_seen: bool = True,
        fold_in: bool = False,
        fallback: Optional[str] = None,
    ) -> None:
        self._keep: List[Any] = [test, train, catalogue.set_of(items, "items")]
        self.labels: List[Any] = []
        self.struct = new(
            pmkt_cf_evaluate_options,
            keep_seen=0 if exclude_seen else 1,
            fold_in=1 if fold_in else 0,
            fallback=choice("fallback", fallback, FALLBACKS),
            bootstrap=_resamples(bootstrap),
            level=_level(level),
            seed=whole("seed", seed, 0, 2**64 - 1),
        )
        ks = self._array(_ks(k), np.int32)
        self.struct.k, self.struct.n_k = pointer(ks), len(ks)
        if train is not None:
            self.struct.train = train._handle.pointer
        if self._keep[2] is not None:
            self.struct.allow = self._keep[2]._handle.pointer
        if groups is not None:
            codes, self.labels = group_codes(groups, test)
            self.struct.group = pointer(self._array(codes, np.int32))
            self.struct.n_groups = len(self.labels)

    def _array(self, values: Any, dtype: Any) -> np.ndarray:
        self._keep.append(np.ascontiguousarray(values, dtype))
        return self._keep[-1]

    @property
    def pointer(self) -> Any:
        return ctypes.byref(self.struct)


def _ks(k: Union[int, Sequence[int]]) -> List[int]:
    given = list(k) if hasattr(k, "__iter__") and not isinstance(k, str) else [k]
    found = sorted({whole("k", one, 1, 10_000) for one in given})
    if not found:
        raise errors.InvalidInput("k is empty; expected numbers such as (10, 20, 100)")
    return found


def _level(level: Optional[float]) -> float:
    if level is None:
        return 0.0
    share = number("level", level)
    if not 0 < share < 1:
        raise errors.InvalidInput(f"level is {level!r}; expected a share between 0 and 1")
    return share


def _resamples(bootstrap: Optional[int]) -> int:
    if bootstrap is None:
        return 0
    return whole("bootstrap", bootstrap, 0, 2**31 - 1) or -1


def group_codes(groups: Any, test: CFData) -> Tuple[np.ndarray, List[Any]]:
    """[users of the test data] codes of groups, -1 for none; and the labels of the codes."""
    if hasattr(groups, "index") and hasattr(groups, "to_dict"):  # a Series of pandas
        groups = groups.to_dict()
    if isinstance(groups, Mapping):
        users = list(groups)
        ids = test._users.encode(users, "groups") if users else np.empty(0, np.uint64)
        label_of = dict(zip(ids.tolist(), groups.values()))
        values = [label_of.get(number) for number in test._users.ids.tolist()]
    else:
        column = to_column(groups, "groups")
        if column.rows != test.shape[0]:
            raise errors.InvalidInput(
                f"groups has {column.rows:,} labels for {test.shape[0]:,} users of the test data; "
                "give a dict of users to labels"
            )
        values = [None if _gone(column, row) else column.at(row) for row in range(column.rows)]
    labels: Dict[Any, int] = {}
    codes = [-1 if label is None else labels.setdefault(label, len(labels)) for label in values]
    if ALL in labels:
        raise errors.InvalidInput(
            f"groups has the label {ALL!r}, which is that of all users in a table; rename it"
        )
    return np.array(codes, np.int32), list(labels)


def _gone(column: Any, row: int) -> bool:
    if column.codes is not None:
        return bool(column.codes[row] < 0)
    if column.missing is not None and column.missing[row]:
        return True
    return bool(column.values[row] != column.values[row])


def evaluate(
    model: Recommender,
    train: Any,
    test: Any,
    k: Union[int, Sequence[int]] = (10, 20, 100),
    *,
    groups: Any = None,
    bootstrap: Optional[int] = None,
    level: Optional[float] = None,
    seed: int = 0,
    exclude_seen: bool = True,
    fold_in: bool = False,
    fallback: Optional[str] = None,
    items: Any = None,
    weights: Optional[Weights] = None,
    only_weights: bool = False,
    threads: int = 0,
    progress: Progress = None,
) -> Evaluation:
    """How good a model's answers are, over the whole catalogue: a dict such as
    ``{"ndcg@10": 0.31, ...}`` with intervals and groups.

    Relevant for a user are the items of their test entries above zero, less those they had in
    training. Users without a relevant item do not count, nor users whom the model does not know,
    unless there is a ``fallback``; :class:`Evaluation` says how many.

    Args:
        train: who had what, to be left out of the answers: :class:`pmkt.Events`,
            :class:`pmkt.CFData` or a sparse matrix with the same rows and columns as the model's
            and the test's; None: as the model knows it. (With ``fold_in`` rows may be other users.)
        test: the same of the test. Events get the weights of the model's parameters, so that kinds
            that say nothing are not relevant; see ``kind`` of :func:`train_test_split`.
        k: cutoffs, each from 1 to 10,000.
        groups: user to label, as a dict or a Series; or [users of the test data] labels in the
            order of its ``user_ids``. None is in no group.
        bootstrap: resamples of the users for an interval (1,000); 0: none.
        level: of the intervals (0.95); ``seed``: of the resamples.
        exclude_seen: False: what a user had may be answered, and counts if it is relevant.
        fold_in: users are strangers, answered from their entries in ``train`` alone.
        fallback: ``"popular"``: for users the model does not know.
        items: of the catalogue only these are answered.
        weights, only_weights: of the events of ``train`` and ``test``, as of
            :class:`pmkt.CFData`, in place of the model's. A model from a file has lost its own (a
            pickle has not): without ``weights`` events then get the defaults, and a warning says so
            if what ``train`` becomes by them is not what the model was fitted to.
            ``weights={}``: the defaults, without a warning.
    """
    if not isinstance(model, Recommender):
        raise errors.InvalidInput(
            f"model is a {type(model).__name__}; expected a Recommender (evaluate_answers takes "
            "answers from elsewhere)"
        )
    state = model._state()
    own = {name: getattr(model, name) for name in ("weights", "only_weights")}
    given = {"weights": weights, "only_weights": only_weights}
    is_given = weights is not None or bool(only_weights)
    if is_given and not (_is_events(train) or _is_events(test)):
        raise errors.InvalidInput("weights= and only_weights= are for events; there are none")
    how = given if is_given else own
    data = [
        None if part is None else _data(part, how, state.users, state.items, threads)
        for part in (train, test)
    ]
    if data[1] is None:
        raise errors.InvalidInput("test is None")
    _check_shapes(data[0], data[1], state, fold_in)
    is_lost = state.loaded and how["weights"] is None and not how["only_weights"]
    if is_lost and _is_events(train) and data[0] is not None:
        _check_weights(data[0], state)
    options = _Options(
        data[1],
        data[0],
        state.items,
        k,
        groups,
        bootstrap,
        level,
        seed,
        items,
        exclude_seen,
        fold_in,
        fallback,
    )
    made = ctypes.POINTER(pmkt_cf_evaluation)()
    where = (state.handle.pointer, data[1]._handle.pointer, options.pointer)
    with Running(threads or model.threads, progress, "evaluating") as run:
        call(lib.pmkt_cf_evaluate, *where, run, ctypes.byref(made))
    return _result(made, options, data[1])


def evaluate_answers(
    users: Any,
    answers: Any,
    train: Any,
    test: Any,
    k: Union[int, Sequence[int]] = (10, 20, 100),
    *,
    groups: Any = None,
    bootstrap: Optional[int] = None,
    level: Optional[float] = None,
    seed: int = 0,
    threads: int = 0,
    progress: Progress = None,
) -> Evaluation:
    """The same of answers that came from elsewhere.

    Args:
        users: [rows] who was answered; others of the test data count as unknown.
        answers: items, best first: a list of lists, an array [rows, k] (where None, NaN, 0, or -1
            among rows of a matrix, end a row), or :class:`Answers`.
        train: who had what, and what the catalogue is; as ``test``, of the same rows and columns if
            they are sparse matrices. Events get the default weights; for others give CFData.

    The other arguments are those of :func:`evaluate`.
    """
    known = _data(train, {}, None, None, threads)
    data = _data(test, {}, known._users, known._items, threads)
    _check_shapes(known, data)
    who = known._users.encode(users, "users")
    ids, counts = _answered(answers, known._items, len(who))
    options = _Options(data, known, known._items, k, groups, bootstrap, level, seed, None)
    made = ctypes.POINTER(pmkt_cf_evaluation)()
    where = (pointer(who), len(who), pointer(ids), pointer(counts), ids.shape[1])
    with Running(threads, progress, "evaluating") as run:
        what = (data._handle.pointer, options.pointer)
        call(lib.pmkt_cf_evaluate_answers, *where, *what, run, ctypes.byref(made))
    return _result(made, options, data)


def _data(
    source: Any,
    weights: Dict[str, Any],
    users: Optional[Names],
    items: Optional[Names],
    threads: int,
) -> CFData:
    """Data whose users and items are of the same kind as others."""
    is_matrix = not isinstance(source, (CFData, Events, list, tuple))
    data = data_of(source, None if is_matrix or isinstance(source, CFData) else weights, threads)
    for names, other in ((users, data._users), (items, data._items)):
        if names is not None:
            if type(names.form) is not type(other.form):
                raise errors.InvalidInput(
                    "a matrix without ids cannot be compared with ids; give CFData.from_matrix "
                    "user_ids= and item_ids="
                )
            names.form.form().check(other.form.form())
    return data


def _is_events(source: Any) -> bool:
    """Whether it becomes data by weights."""
    return isinstance(source, (Events, list, tuple))


def _check_shapes(
    train: Optional[CFData], test: CFData, state: Optional[Fitted] = None, fold_in: bool = False
) -> None:
    """Raises for matrices whose rows and columns, which are all there is to tell users and items
    by, cannot be the same ones."""
    for side, (what, names) in enumerate((("rows", test._users), ("columns", test._items))):
        if not isinstance(names.form, Rows):
            continue
        n = test.shape[side]
        if train is not None and train.shape[side] != n:
            raise errors.InvalidInput(f"train has {train.shape[side]:,} {what}, test {n:,}")
        if state is None or (side == 0 and (fold_in or not len(state.user_ids))):
            continue
        known = len((state.user_ids, state.item_ids)[side])
        if n != known:
            raise errors.InvalidInput(
                f"test has {n:,} {what}; the model was fitted to a matrix of {known:,}"
            )


def _check_weights(train: CFData, state: Fitted) -> None:
    """Warns if events, by the default weights, are not what a model from a file was fitted to."""
    if train.stats.hash != state.facts.data_hash:
        warnings.warn(
            "the model comes from a file, which does not keep weights, and the default weights do "
            "not make of train what it was fitted to: if it was fitted with weights=, the metrics "
            "are wrong, for other kinds of events may count as relevant; it may also be that "
            "half_life=, scale= or another option, or other events, made the difference. Give "
            "evaluate the weights= of the fit ({} if it had none), or CFData",
            stacklevel=3,
        )


def _answered(answers: Any, items: Names, rows: int) -> Tuple[np.ndarray, np.ndarray]:
    """[rows, room] uint64 ids, and [rows] int32 how many."""
    if isinstance(answers, Answers):
        if answers.at is not None:
            raise errors.InvalidInput("answers are lists of different lengths; give their rows")
        ids, counts = answers.item_ids, answers.counts
    else:
        lists = to_lists(answers, items, "answers")
        lengths = np.diff(lists.at)
        room = max(int(lengths.max()), 1) if len(lengths) else 1
        ids = np.zeros((lists.rows, room), np.uint64)
        places = np.arange(len(lists.ids)) - np.repeat(lists.at[:-1], lengths)
        ids[np.repeat(np.arange(lists.rows), lengths), places] = lists.ids
        none = ids == c.ID_NONE
        counts = np.where(none.any(axis=1), none.argmax(axis=1), room).astype(np.int32)
    if len(ids) != rows:
        raise errors.InvalidInput(f"there are {len(ids):,} answers for {rows:,} users")
    return np.require(ids, np.uint64, ["C", "A"]), np.require(counts, np.int32, ["C", "A"])


def _result(made: Any, options: _Options, test: CFData) -> Evaluation:
    handle = Handle(made, lib.pmkt_cf_evaluation_free)
    raw = new(pmkt_cf_figures)
    call(lib.pmkt_cf_evaluation_columns, made, ctypes.byref(raw))
    found = Evaluation(int(raw.evaluated))
    found.unknown, found.nothing_relevant = int(raw.unknown), int(raw.nothing_relevant)
    found.cold_items = int(raw.cold_items)
    found._by_user = handle, test._users.decode
    for label in options.labels:
        found.groups[label] = Evaluation(0)
    for group, row in _rows(raw, options.labels, handle):
        part = found if group < 0 else found.groups[row[0]]
        key = f"{row[1]}@{row[2]}"
        part[key] = row[3]
        part.users = row[6]
        part._rows.append(row)
        if row[4] == row[4]:
            part.intervals[key] = Interval(row[4], row[5])
        if group >= 0:
            found._rows.append(row)
    return found


_FIGURES = {"metric": np.int32, "k": np.int32, "value": np.float64, "low": np.float64}
_FIGURES.update(high=np.float64, users=np.int64)


def _rows(raw: pmkt_cf_figures, labels: List[Any], handle: Handle) -> Iterator[Tuple[Any, ...]]:
    """(group or -1, (label, metric, k, value, low, high, users)) of each row."""
    names = metric_names()
    rows = (int(raw.rows),)
    groups = borrow(raw.group, rows, np.int32, handle).tolist()
    columns = (borrow(getattr(raw, n), rows, t, handle).tolist() for n, t in _FIGURES.items())
    for group, metric, *rest in zip(groups, *columns):
        yield group, (ALL if group < 0 else labels[group], names[metric], *rest)
