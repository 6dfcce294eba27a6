"""Sets of ids."""

from __future__ import annotations

import copy
import pickle
import random
import threading
from typing import Any, List

import numpy as np
import pytest
from conftest import needed

import pmkt

LAST = 2**64 - 1


def test_a_set_is_like_pythons() -> None:
    random.seed(1)
    for _ in range(30):
        a = {random.choice([random.randrange(1, 60), LAST]) for _ in range(random.randrange(40))}
        b = {random.choice([random.randrange(1, 60), LAST]) for _ in range(random.randrange(40))}
        one, two = pmkt.IdSet(a), pmkt.IdSet(list(b))
        assert list(one) == sorted(a)
        assert len(one) == len(a)
        assert set(one | two) == a | b
        assert set(one & two) == a & b
        assert set(one - two) == a - b
        assert (one | b) == a | b
        assert one == a and (one == two) == (a == b)
        assert [i in one for i in (5, LAST)] == [i in a for i in (5, LAST)]
        probe = np.array([1, 2, 3, 40, LAST, 0], np.uint64)
        assert one.contains(probe).tolist() == [int(i) in a for i in probe]
        one.update(remove=b, add=[7, 7])
        assert set(one) == a - b | {7}


def test_texts_stand_for_their_ids() -> None:
    ids = pmkt.Ids()
    numbers = ids.encode(["ann", "bob"])
    people = pmkt.IdSet(["ann", "bob", None])
    assert people.to_numpy().tolist() == sorted(numbers.tolist())
    assert "ann" in people and "eve" not in people and int(numbers[1]) in people
    assert people.contains(["bob", "eve"]).tolist() == [True, False]


def test_columns() -> None:
    pandas, polars = needed("pandas"), needed("polars")
    for column in (pandas.Series([3, 1, 3]), polars.Series([3, 1, None]), np.array([3, 1, 0])):
        assert list(pmkt.IdSet(column)) == [1, 3]


@pytest.mark.parametrize("bad", [[-1], [1.5], "ann", 5, [[1]], [2**64]])
def test_what_is_no_id_is_refused(bad: Any) -> None:
    numbers = pmkt.IdSet([1])
    with pytest.raises(pmkt.InvalidInput):
        pmkt.IdSet(bad)
    with pytest.raises(pmkt.InvalidInput):
        numbers.update(add=[2], remove=bad)
    assert list(numbers) == [1]


def test_other_things_are_not_in_it_and_cannot_join_it() -> None:
    numbers = pmkt.IdSet([1])
    assert None not in numbers and 1.5 not in numbers and -1 not in numbers and 0 not in numbers
    with pytest.raises(TypeError):
        numbers | [1]
    with pytest.raises(TypeError):
        hash(numbers)
    assert numbers != [1]


def test_copies() -> None:
    numbers = pmkt.IdSet(range(1, 1000))
    for again in (pickle.loads(pickle.dumps(numbers)), copy.copy(numbers), copy.deepcopy(numbers)):
        assert again == numbers
        again.update(remove=[5])
        assert 5 in numbers
    assert numbers.nbytes > 8 * 999
    assert repr(numbers) == "<pmkt.IdSet of 999 ids>"
    assert not pmkt.IdSet() and numbers


def test_readers_and_an_updater() -> None:
    steady = np.arange(1, 1001, dtype=np.uint64)
    numbers = pmkt.IdSet(steady)
    stop = threading.Event()
    problems: List[BaseException] = []

    def read() -> None:
        try:
            while not stop.is_set():
                assert numbers.contains(steady).all()
                assert 10**9 not in numbers
                assert set(steady.tolist()) <= set(numbers)
        except BaseException as error:
            problems.append(error)

    threads = [threading.Thread(target=read) for _ in range(3)]
    for thread in threads:
        thread.start()
    last: List[int] = []
    for round_ in range(200):
        come = list(range(2000 + round_ * 50, 2100 + round_ * 50))
        numbers.update(add=come, remove=last)
        last = come if round_ > 20 else []
    stop.set()
    for thread in threads:
        thread.join()
    assert not problems


def test_arrays_of_ids_are_taken_as_they_are() -> None:
    ids = np.arange(1, 21, dtype=np.uint64)
    for given in (
        ids,
        ids[::3],
        ids[::-1],
        ids.astype(">u8"),
        np.frombuffer(ids.tobytes(), np.uint64),  # read-only
        np.frombuffer(b"-" + ids.tobytes(), np.uint64, offset=1),  # not aligned
        ids[:0],
    ):
        assert pmkt.IdSet(given).to_numpy().tolist() == sorted(given.tolist())
    masked = np.ma.masked_array(ids, mask=ids > 3)
    assert pmkt.IdSet(masked).to_numpy().tolist() == [1, 2, 3]
    with pytest.raises(pmkt.InvalidInput, match="2 dimensions"):
        pmkt.IdSet(ids.reshape(4, 5))
