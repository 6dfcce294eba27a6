"""From events, or a matrix, to the data of a model."""

from __future__ import annotations

import gc
import math
from datetime import timedelta
from typing import Any, Dict, Optional, Tuple

import numpy as np
import pytest
from conftest import needed

import pmkt

scipy_sparse = needed("scipy.sparse")

DAY = 86_400_000
Entries = Dict[Tuple[Any, Any], float]


def some_events(rows: int = 5000, seed: int = 1, users: int = 200, items: int = 80) -> Any:
    dice = np.random.default_rng(seed)
    return dict(
        user=dice.integers(1, users + 1, rows),
        item=dice.integers(1, items + 1, rows) * 1000,
        time=dice.integers(1, 90 * DAY, rows),
        kind_column=dice.choice(["view", "cart", "order", "refund", "impression", "pay"], rows),
    )


def entries_of(data: pmkt.CFData) -> Entries:
    """The matrix as a dict, by ids as they came in."""
    users, items, (indptr, indices, weights) = data.user_ids, data.item_ids, data.by_user
    return {
        (users[u], items[indices[at]]): float(weights[at])
        for u in range(data.shape[0])
        for at in range(indptr[u], indptr[u + 1])
    }


def by_hand(
    columns: Any,
    weights: Dict[str, float],
    as_of: Optional[int] = None,
    since: int = 0,
    half_life: Optional[float] = None,
    users: Any = None,
) -> Entries:
    found: Entries = {}
    end = max(columns["time"]) + 1 if as_of is None else as_of
    for user, item, time, kind in zip(
        *(np.asarray(columns[name]).tolist() for name in ("user", "item", "time", "kind_column"))
    ):
        weight = weights.get(kind, 0)
        if weight and since <= time < end and (users is None or user in users):
            age = 1 if half_life is None else 2 ** (-(end - time) / half_life)
            found[user, item] = found.get((user, item), 0) + weight * age
    return found


DEFAULTS = {"view": 1, "cart": 4, "order": 10, "refund": -10, "impression": 0.1}


def same(a: Entries, b: Entries) -> None:
    assert a.keys() == b.keys()
    keys = list(a)
    np.testing.assert_allclose([a[key] for key in keys], [b[key] for key in keys], 1e-5, 1e-5)


def test_default_weights() -> None:
    weights = {kind: pmkt.default_weight(kind) for kind in pmkt.kind_names()}
    assert weights["impression"] < weights["view"] < weights["search"] < weights["favorite"]
    assert weights["favorite"] < weights["cart"] < weights["order"]
    assert weights["refund"] == -weights["order"] and weights["pay"] == 0
    assert pmkt.default_weight(3) == weights["view"] == 1
    with pytest.raises(pmkt.InvalidInput):
        pmkt.default_weight("purchase")


def test_events_become_a_matrix() -> None:
    columns = some_events()
    data = pmkt.CFData(pmkt.Events(**columns))
    same(entries_of(data), by_hand(columns, DEFAULTS))
    stats = data.stats
    assert (stats.users, stats.items) == data.shape
    assert stats.no_weight == np.count_nonzero(columns["kind_column"] == "pay")
    assert stats.rows + stats.no_weight == 5000 and stats.as_of_ms == max(columns["time"]) + 1
    assert stats.negative == np.count_nonzero(data.by_user.data < 0) > 0
    assert data.report is not None and data.report.accepted == stats.rows
    assert repr(data) == f"<pmkt.CFData of 200 users, 80 items, {stats.entries:,} entries>"


def test_every_option() -> None:
    columns = some_events()
    events = pmkt.Events(**columns)
    half = pmkt.CFData(events, half_life="10d")
    same(entries_of(half), by_hand(columns, DEFAULTS, half_life=10 * DAY))
    for duration in (timedelta(days=10), np.timedelta64(240, "h"), "240h", "864000s", "14400min"):
        assert pmkt.CFData(events, half_life=duration).stats.hash == half.stats.hash
    only = pmkt.CFData(events, weights={"order": 2, 3: 0.5}, only_weights=True)
    same(entries_of(only), by_hand(columns, {"order": 2, "view": 0.5}))
    more = pmkt.CFData(events, weights={"pay": 7, "cart": 0})
    same(entries_of(more), by_hand(columns, {**DEFAULTS, "pay": 7, "cart": 0}))
    time = pmkt.CFData(events, since="1970-01-11", as_of="1970-03-01T00:00")
    same(entries_of(time), by_hand(columns, DEFAULTS, since=10 * DAY, as_of=59 * DAY))
    east = pmkt.CFData(events, as_of="1970-03-01 08:00", since="1970-01-11 08:00", tz=480)
    assert east.stats.hash == time.stats.hash
    log = pmkt.CFData(events, scale="log")
    linear = by_hand(columns, DEFAULTS)
    same(
        entries_of(log),
        {key: math.copysign(math.log1p(abs(w)), w) for key, w in linear.items()},
    )
    for users in (range(1, 50), {*range(1, 50)}, np.arange(1, 50), pmkt.IdSet(range(1, 50))):
        consent = pmkt.CFData(events, users=users)
        same(entries_of(consent), by_hand(columns, DEFAULTS, users=range(1, 50)))
    assert consent.stats.no_consent + consent.stats.rows + consent.stats.no_weight == 5000


def test_caps() -> None:
    events = pmkt.Events(**some_events())
    whole = entries_of(pmkt.CFData(events))
    capped = pmkt.CFData(events, max_items_per_user=5)
    assert np.diff(capped.by_user.indptr).max() == 5
    assert capped.stats.capped == len(whole) - capped.stats.entries
    kept = entries_of(capped)
    for user in capped.user_ids[:20].tolist():
        mine = {key: weight for key, weight in whole.items() if key[0] == user}
        least = min(abs(weight) for key, weight in kept.items() if key[0] == user)
        assert all(abs(mine[key]) <= least + 1e-6 for key in mine.keys() - kept.keys())
    popular = pmkt.CFData(events, max_users_per_item=7)
    assert np.diff(popular.by_item.indptr).max() == 7


def test_by_item_is_the_transpose() -> None:
    data = pmkt.CFData(pmkt.Events(**some_events()))
    matrix = data.to_scipy()
    by_item = scipy_sparse.csr_matrix(data.by_item[::-1], shape=data.shape[::-1])
    assert (matrix.T != by_item).nnz == 0
    assert np.array_equal(data.user_ids, np.sort(data.user_ids))


def test_batches_count_as_one() -> None:
    columns = some_events()
    parts = [{name: values[i::3] for name, values in columns.items()} for i in range(3)]
    one = pmkt.CFData(pmkt.Events(**columns), half_life="30d")
    many = pmkt.CFData(*(pmkt.Events(**part) for part in parts), half_life="30d")
    assert one.stats.hash == many.stats.hash and many.report is not None
    assert many.report.rows == 5000
    with pytest.raises(
        pmkt.InvalidInput, match="users given as numbers cannot join users given as texts"
    ):
        pmkt.CFData(
            pmkt.Events(user=["a"], item=[1], time=[0]), pmkt.Events(user=[1], item=[1], time=[0])
        )
    with pytest.raises(
        pmkt.InvalidInput, match="items given as numbers cannot join items given as texts"
    ):
        pmkt.CFData(
            pmkt.Events(user=[1], item=["a"], time=[0]), pmkt.Events(user=[1], item=[1], time=[0])
        )
    with pytest.raises(pmkt.InvalidInput, match="no events"):
        pmkt.CFData()


def test_ids_come_back_as_they_came() -> None:
    data = pmkt.CFData(
        pmkt.Events(
            user=["ann", "bob", "ann"],
            item=["tea", "cup", "cup"],
            time=[0, 1, 2],
            category=["drink", "ware", "ware"],
        )
    )
    assert set(data.user_ids) == {"ann", "bob"} and set(data.item_ids) == {"tea", "cup"}
    assert data.category is not None and np.count_nonzero(data.category) == 2
    floats = pmkt.CFData(
        pmkt.Events(user=[1.0, np.nan], item=[7.0, 8.0], time=[0, 1], on_bad="skip")
    )
    assert floats.user_ids.dtype == np.float64 and floats.item_ids.tolist() == [7.0]
    small = pmkt.CFData(pmkt.Events(user=np.array([3], np.int32), item=[2**63 + 1], time=[0]))
    assert small.user_ids.dtype == np.int32 and small.item_ids.tolist() == [2**63 + 1]


@pytest.mark.parametrize("maker", ["pandas", "polars", "pyarrow", "duckdb", "dict"])
def test_texts_of_items_of_every_frame(maker: str) -> None:
    raw = {
        "u": ["ann", "bob", "ann"],
        "i": ["tea", "cup", "cup"],
        "c": ["drink", "ware", "ware"],
        "t": [1, 2, 3],
    }
    frame: Any = raw
    if maker == "duckdb":
        duckdb, pandas = needed("duckdb"), needed("pandas")
        table = pandas.DataFrame(raw)  # noqa: F841  # duckdb looks it up by its name
        connection = duckdb.connect()
        connection.register("raw_table", table)
        frame = connection.sql("from raw_table")
    elif maker == "pyarrow":
        frame = needed("pyarrow").table(raw)
    elif maker != "dict":
        frame = needed(maker).DataFrame(raw)
    events = pmkt.Events.from_frame(frame, user="u", item="i", time="t", category="c")
    data = pmkt.CFData(events)
    assert set(data.user_ids) == {"ann", "bob"} and set(data.item_ids) == {"tea", "cup"}
    model = pmkt.Popularity().fit(data)
    assert model.recommend("bob", category="drink").row(0).items.tolist() == ["tea"]


def test_texts_of_an_arrow_stream_by_a_dictionary() -> None:
    pyarrow = needed("pyarrow")
    table = pyarrow.table({"u": ["ann", "bob"], "i": ["tea", "cup"], "t": [1, 2]})
    columns = dict(user="u", item="i", time="t")
    known = pmkt.CFData(pmkt.Events.from_arrow(table, **columns, ids=pmkt.Ids()))
    assert set(known.item_ids) == {"tea", "cup"}
    unknown = pmkt.CFData(pmkt.Events.from_arrow(table, **columns))
    assert unknown.item_ids.dtype == np.uint64
    one_way = pmkt.CFData(pmkt.Events.from_frame(table, **columns, ids=pmkt.Ids(one_way=True)))
    assert one_way.item_ids.dtype == np.uint64
    assert np.array_equal(one_way._items.ids, known._items.ids)


# ---------------------------------------------------------------------------------- matrix


def test_a_matrix_is_taken_as_it_is() -> None:
    matrix = scipy_sparse.random(30, 20, 0.2, "csr", np.float32, random_state=1)
    data = pmkt.CFData.from_matrix(matrix)
    assert data.shape == (30, 20) and (data.to_scipy() != matrix).nnz == 0
    assert data.user_ids.tolist() == list(range(30)) and data.item_ids.tolist() == list(range(20))
    assert data.report is None and data.stats.as_of_ms is None
    for other in (matrix.tocsc(), matrix.tocoo(), matrix.astype(np.float64)):
        assert pmkt.CFData.from_matrix(other).stats.hash == data.stats.hash


def test_entries_that_come_twice_are_added() -> None:
    matrix = scipy_sparse.csr_matrix(
        (np.array([1.0, 2.0, 4.0], np.float32), np.array([3, 1, 3]), np.array([0, 3, 3])), (2, 5)
    )
    data = pmkt.CFData.from_matrix(matrix)
    assert data.by_user.indices.tolist() == [1, 3] and data.by_user.data.tolist() == [2, 5]
    assert data.shape == (2, 5)  # rows and columns without an entry stay


def test_a_matrix_with_ids() -> None:
    matrix = scipy_sparse.csr_matrix(np.array([[1, 0, 2], [0, 3, 0]], np.float32))
    data = pmkt.CFData.from_matrix(
        matrix, user_ids=["bob", "ann"], item_ids=[30, 10, 20], category=["x", None, "y"]
    )
    assert data.item_ids.tolist() == [10, 20, 30]
    assert entries_of(data) == {("bob", 30): 1, ("bob", 20): 2, ("ann", 10): 3}
    assert data.category is not None and (data.category == 0).tolist() == [True, False, False]


def test_events_and_their_matrix_are_the_same_data() -> None:
    from_events = pmkt.CFData(pmkt.Events(**some_events()))
    matrix = from_events.to_scipy()
    ids = dict(user_ids=from_events.user_ids, item_ids=from_events.item_ids)
    assert pmkt.CFData.from_matrix(matrix, **ids).stats.hash == from_events.stats.hash


def test_a_matrix_that_is_not_copied() -> None:
    dice = np.random.default_rng(3)
    m = scipy_sparse.random(50, 40, 0.2, "csr", np.float32, dice)
    m.sort_indices()
    copied, lent = pmkt.CFData.from_matrix(m), pmkt.CFData.from_matrix(m, copy=False)
    assert np.shares_memory(lent.by_user.data, m.data) and not np.shares_memory(
        copied.by_user.data, m.data
    )
    assert np.shares_memory(lent.by_user.indices, m.indices)
    assert copied.stats.bytes - lent.stats.bytes == 8 * m.nnz
    assert copied.stats.hash == lent.stats.hash
    values = m.data.copy()
    del m
    gc.collect()
    assert np.array_equal(lent.by_user.data, values)  # it keeps the arrays
    ids = dice.permutation(50) + 1
    m = scipy_sparse.csr_matrix((values, *lent.by_user[1::-1]), (50, 40))
    moved = pmkt.CFData.from_matrix(m, user_ids=ids, copy=False)  # rows move: a copy after all
    assert not np.shares_memory(moved.by_user.data, m.data)


def test_views_outlive_the_data() -> None:
    data = pmkt.CFData(pmkt.Events(**some_events()))
    view, copy = data.by_user.data, data.by_user.data.copy()
    ids = data._users.ids
    del data
    gc.collect()
    junk = [np.full(1000, 7.0) for _ in range(2000)]
    assert np.array_equal(view, copy) and ids[0] == 1 and len(junk) == 2000
    assert not view.flags.writeable
    with pytest.raises(ValueError):
        view[0] = 1


class Arrays:
    """A matrix of nobody's library."""

    def __init__(self, indptr: Any, indices: Any, data: Any, shape: Any) -> None:
        self.indptr, self.indices, self.data, self.shape = indptr, indices, data, shape


def test_anything_with_the_arrays_is_a_matrix() -> None:
    data = pmkt.CFData.from_matrix(Arrays([0, 1, 2], [1, 0], [2, 3], (2, 2)))
    assert data.to_scipy().toarray().tolist() == [[0, 2], [3, 0]]


@pytest.mark.parametrize(
    "matrix, message",
    [
        (Arrays([0, 1], [0], [1], (2, 2)), "indptr has 2 entries for 2 rows"),
        (Arrays([0, 1, 9], [0], [1], (2, 2)), "beyond the entries"),
        (Arrays([0, 5, 1], [0], [1], (2, 2)), None),
        (Arrays([1, 1, 1], [0], [1], (2, 2)), None),
        (Arrays([0, -1, 1], [0], [1], (2, 2)), None),
        (Arrays([0, 1, 1], [2], [1], (2, 2)), None),
        (Arrays([0, 1, 1], [-1], [1], (2, 2)), None),
        (Arrays([0, 1, 1], [2**40], [1], (2, 2)), "out of range"),
        (Arrays([0, 1, 1], [0], [np.nan], (2, 2)), None),
        (Arrays([0, 1, 1], [0], [np.inf], (2, 2)), None),
        (Arrays([0, 1, 1], [0], [1e300], (2, 2)), None),
        (Arrays([0, 1, 1], [0], ["a"], (2, 2)), "expected numbers"),
        (Arrays([0, 1, 1], [0], [1 + 2j], (2, 2)), "expected numbers"),
        (Arrays([0.0, 1, 1], [0], [1], (2, 2)), "whole numbers"),
        (Arrays([[0, 1, 1]], [0], [1], (2, 2)), "whole numbers"),
        (Arrays([0, 1, 1], [0], [1], (2,)), "two dimensions"),
        (Arrays([0, 1, 1], [0], [1], "ab"), "two dimensions"),
    ],
)
def test_hostile_matrices(matrix: Any, message: str) -> None:
    with pytest.raises(pmkt.InvalidInput, match=message):
        pmkt.CFData.from_matrix(matrix)


def test_hostile_ids() -> None:
    matrix = scipy_sparse.csr_matrix(np.eye(3, dtype=np.float32))
    for ids in ([1, 2], [1, 1, 2], [0, 1, 2], [-1, 1, 2], [1.5, 1, 2], ["a", "a", "b"], [None] * 3):
        with pytest.raises(pmkt.InvalidInput):
            pmkt.CFData.from_matrix(matrix, user_ids=ids)
        with pytest.raises(pmkt.InvalidInput):
            pmkt.CFData.from_matrix(matrix, item_ids=ids)


@pytest.mark.parametrize(
    "options",
    [
        dict(half_life="soon"),
        dict(half_life="-3d"),
        dict(half_life=90),
        dict(half_life=timedelta(0)),
        dict(half_life=np.timedelta64("NaT")),
        dict(half_life=np.timedelta64(1, "Y")),
        dict(weights={"purchase": 1}),
        dict(weights={"order": "much"}),
        dict(weights={"order": np.nan}),
        dict(weights={"order": 1e9}),
        dict(weights=[1, 2]),
        dict(scale="square"),
        dict(as_of="never"),
        dict(as_of="1970-01-01"),
        dict(max_items_per_user=0),
        dict(max_users_per_item=-1),
        dict(max_items_per_user=1.5),
        dict(users="ann"),
        dict(users=[1.5]),
        dict(tz="Mars/Phobos"),
        dict(threads=-1),
        dict(progress=3),
    ],
)
def test_hostile_options(options: Dict[str, Any]) -> None:
    events = pmkt.Events(user=[1], item=[1], time=[5])
    with pytest.raises(pmkt.InvalidInput):
        pmkt.CFData(events, **options)


def test_nothing_is_no_error() -> None:
    empty = pmkt.CFData(pmkt.Events(user=[], item=[], time=[]))
    assert empty.shape == (0, 0) and empty.stats.entries == 0 and empty.stats.as_of_ms is None
    unused = pmkt.CFData(pmkt.Events(user=[1], time=[5]))
    assert unused.shape == (0, 0) and unused.stats.no_item == 1
    assert pmkt.CFData.from_matrix(scipy_sparse.csr_matrix((0, 0), dtype=np.float32)).shape == (
        0,
        0,
    )
    assert pmkt.CFData.from_matrix(scipy_sparse.csr_matrix((3, 0), dtype=np.float32)).shape == (
        3,
        0,
    )


def test_data_can_be_neither_copied_nor_pickled() -> None:
    import copy
    import pickle

    data = pmkt.CFData(pmkt.Events(user=[1], item=[1], time=[5]))
    for attempt in (pickle.dumps, copy.copy, copy.deepcopy):
        with pytest.raises(TypeError, match="neither copied nor pickled"):
            attempt(data)
