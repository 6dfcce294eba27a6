"""Questions about one user or item, which go a shorter way: they are answered as any other."""

from __future__ import annotations

import os
import threading
import weakref
from typing import Any, Callable, Dict, List

import numpy as np
import pytest
from cf_oracle import random_matrix
from conftest import needed

import pmkt
from pmkt import _cf_query

needed("scipy.sparse")
USERS, ITEMS = 40, 500  # more items than a thread keeps room for

IDS: Dict[str, Callable[[str, int], Any]] = {
    "rows": lambda what, n: None,
    "ints": lambda what, n: np.arange(n) * 3 + 7,
    "wide": lambda what, n: np.arange(n, dtype=np.uint64) + np.uint64(2**63),
    "texts": lambda what, n: [f"{what} {i}é" for i in range(n)],
}


class Case:
    """A model, and its users and items as they are given one by one."""

    def __init__(self, kind: str) -> None:
        dice = np.random.default_rng(5)
        users, items = IDS[kind]("user", USERS), IDS[kind]("item", ITEMS)
        self.model = pmkt.ALS.from_factors(
            dice.standard_normal((USERS, 8)),
            dice.standard_normal((ITEMS, 8)),
            user_ids=users,
            item_ids=items,
            seen=random_matrix(USERS, ITEMS, 0.05, 6),
        )
        self.users: List[Any] = _list(users, USERS)
        self.items: List[Any] = _list(items, ITEMS)


def _list(ids: Any, n: int) -> List[Any]:
    return list(range(n)) if ids is None else np.asarray(ids).tolist()


@pytest.fixture(scope="module", params=list(IDS))
def case(request: Any) -> Case:
    return Case(request.param)


def same_row(one: pmkt.Answers, many: pmkt.Answers, row: int) -> None:
    """One row is that of a question for many, and of the same types."""
    assert one.rows == 1
    for name in ("item_ids", "scores", "counts", "reasons", "asked", "items"):
        a, b = getattr(one, name), getattr(many, name)
        assert (a.dtype, a.ndim, a.shape[1:]) == (b.dtype, b.ndim, b.shape[1:]), name
        assert a.flags.writeable or not b.flags.writeable
        if a.dtype == object:
            assert a[0:1].tolist() == b[row : row + 1].tolist()
        else:
            nan = a.dtype.kind == "f"
            assert np.array_equal(a[0:1], b[row : row + 1], equal_nan=nan), name


@pytest.mark.parametrize("k", [1, 10, _cf_query.ROOM, _cf_query.ROOM + 1, 10**6])
def test_one_is_answered_as_in_a_batch(case: Case, k: int) -> None:
    model = case.model
    for given, ask in (
        (case.users, model.recommend),
        (case.users, model.similar_users),
        (case.items[:USERS], model.similar_items),
    ):
        many = ask(given, k)
        most = USERS if ask == model.similar_users else ITEMS
        assert many.scores.shape == (USERS, min(k, most))
        for row in (0, 3, USERS - 1):
            same_row(ask(given[row], k), many, row)
            same_row(ask([given[row]], k), many, row)


def test_histories_lists_and_factors_of_one(case: Case) -> None:
    model, items = case.model, case.items
    histories = [items[3:6], [items[7]], items[20:40], [items[9], items[9]]]
    weights = [np.arange(1, len(history) + 1) / 2 for history in histories]
    answers = model.recommend_history(histories, weights, 20)
    factors = model.fold_in(histories, weights)
    ranked = model.rank(case.users[:4], histories)
    flat = model.rank(case.users, items[:30])
    for row, (history, weight) in enumerate(zip(histories, weights)):
        one = model.recommend_history(history, weight, 20)
        assert one.asked.tolist() == [0]
        one.asked = answers.asked[row : row + 1]  # the number of the row
        same_row(one, answers, row)
        assert np.array_equal(model.fold_in(history, weight), factors[row : row + 1])
        one = model.rank(case.users[row], history)
        assert one.items.shape == one.scores.shape == (1, len(history))
        assert one.at is None and one.counts[0] == len(set(history))
        for a, b in zip(one.row(0), ranked.row(row)):
            assert a.tolist() == b.tolist()
        assert (one.item_ids[0, one.counts[0] :] == 0).all()
        assert np.isnan(one.scores[0, one.counts[0] :]).all()
        same_row(model.rank(case.users[row], items[:30]), flat, row)
        jagged = model.rank(case.users[row], [history])
        assert jagged.at is not None and jagged.at.tolist() == [0, len(history)]
        assert jagged.row(0).items.tolist() == one.row(0).items.tolist()
    assert model.recommend_history([]).reasons.tolist() == [1]
    assert model.rank(case.users[0], []).items.shape == (1, 0)


def test_filters_of_one(case: Case) -> None:
    model, items = case.model, case.items
    top = model.recommend(case.users, 30)
    least = float(np.median(top.scores[:, 9]))
    gone = [top.items[i, ::2].tolist() for i in range(USERS)]
    filters: List[Dict[str, Any]] = [
        dict(items=items[::3]),
        dict(items=items[::3], exclude_items=items[::2]),
        dict(exclude_items=set(items[::2])),
        dict(exclude_seen=False),
        dict(min_score=least),
        dict(items=[]),
        dict(exclude=gone),
        dict(fallback="popular"),
    ]
    for given in filters:
        many = model.recommend(case.users, 12, **given)
        for row in (1, 5):
            if "exclude" in given:
                given = dict(exclude=gone[row])
            same_row(model.recommend(case.users[row], 12, **given), many, row)


def test_who_is_unknown(case: Case) -> None:
    texts = isinstance(case.users[0], str)
    for nobody in ["nobody", ""] if texts else [10**6, 2**40, -1, -(2**70), 2**64, 2**70]:
        one = case.model.recommend(nobody, 3)
        assert one.reasons.tolist() == [1] and one.counts.tolist() == [0]
        assert one.item_ids.tolist() == [[0, 0, 0]] and np.isnan(one.scores).all()
        assert one.asked.tolist() == [nobody]
        known = case.model.recommend([nobody, case.users[2]], 3)
        same_row(case.model.recommend(case.users[2], 3), known, 1)
        same_row(one, known, 0)
        one = case.model.recommend(nobody, 3, fallback="popular")
        assert one.reasons.tolist() == [2] and one.counts.tolist() == [3]
        assert case.model.similar_items(nobody).counts.tolist() == [0]
        assert not case.model.fold_in([nobody]).any()
        assert case.model.rank(case.users[2], [nobody, case.items[4]]).counts.tolist() == [1]


def test_what_numbers_may_come_as(case: Case) -> None:
    user = case.users[2]
    if isinstance(user, str):
        assert case.model.recommend(np.str_(user)).asked.tolist() == [user]
        return
    expected = case.model.recommend(user)
    for kind in (np.int64, np.uint64, np.int8, float, np.float64):
        if user > np.iinfo(np.int8).max and kind is not np.uint64:
            continue
        one = case.model.recommend(kind(user))
        assert one.item_ids.tolist() == expected.item_ids.tolist()
        assert [type(who) for who in one.asked] == [kind]
        assert case.model.recommend([kind(user)]).item_ids.tolist() == expected.item_ids.tolist()
    with pytest.raises(pmkt.InvalidInput):
        case.model.recommend(True)
    with pytest.raises(pmkt.InvalidInput):
        case.model.recommend(np.timedelta64(7, "s"))


def test_other_kinds_are_refused_as_ever(case: Case) -> None:
    wrong = 5 if isinstance(case.users[0], str) else "ann"
    message = "rows and columns only" if case.users[0] == 0 else "cannot join"
    for one, many in ((wrong, [wrong, wrong]), (b"ann", [b"ann", b"bob"])):
        with pytest.raises(pmkt.InvalidInput, match=message) as of_one:
            case.model.recommend(one)
        with pytest.raises(pmkt.InvalidInput) as of_many:
            case.model.recommend(many)
        assert type(of_one.value) is type(of_many.value)
    with pytest.raises(pmkt.InvalidInput, match=message):
        case.model.similar_items(wrong)
    with pytest.raises(pmkt.InvalidInput, match=message):
        case.model.recommend_history([wrong])
    with pytest.raises(pmkt.InvalidInput):
        case.model.recommend_history([case.items[0], None, {}])


def test_the_other_arguments_are_checked() -> None:
    model = Case("ints").model
    for bad, message in (
        (dict(k=0), "k is 0; expected a whole number, 1 to"),
        (dict(k=True), "k is True"),
        (dict(k=2.0), "k is 2.0"),
        (dict(fallback="x"), "fallback is 'x'"),
        (dict(min_score="x"), "min_score is 'x'"),
        (dict(min_score=float("nan")), "min_score is not a number"),
        (dict(exclude=[[1], [2]]), "2 lists for 1 rows"),
        (dict(items=5), "items is 5; expected many"),
        (dict(progress=5), "progress is neither"),
    ):
        with pytest.raises(pmkt.InvalidInput, match=message):
            model.recommend(7, **bad)
        assert model.recommend(7).counts.tolist() == [10]
    with pytest.raises(pmkt.Unsupported):
        model.recommend(7, category=3)
    for threads in (-1, 1025, True, 1.0, None):
        model.threads = threads  # type: ignore[assignment]
        for ask in (
            lambda: model.recommend(7),
            lambda: model.recommend([7, 10]),
            lambda: model.fold_in([7]),
        ):
            with pytest.raises(pmkt.InvalidInput, match=f"threads is {threads}; expected"):
                ask()
    with pytest.raises(pmkt.NotFitted):
        pmkt.ALS().recommend(7)


def test_texts_with_one_id_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    case = Case("texts")
    monkeypatch.setattr("pmkt._ids.id_of_text", lambda text: 77)
    with pytest.raises(pmkt.InvalidInput, match="have the same id"):
        case.model.recommend(["x", "y"])
    assert case.model.recommend(["x", "x"]).reasons.tolist() == [1, 1]


def test_answers_are_not_written_over(case: Case) -> None:
    first = case.model.recommend(case.users[1])
    kept = [array.copy() for array in (first.item_ids, first.scores, first.counts, first.reasons)]
    case.model.recommend(case.users[2], 200)
    case.model.rank(case.users[3], case.items[:50])
    case.model.recommend("nobody" if isinstance(case.users[0], str) else 10**9)
    now = (first.item_ids, first.scores, first.counts, first.reasons)
    assert all(np.array_equal(a, b) for a, b in zip(kept, now))
    first.item_ids[:], first.scores[:] = 1, 1  # nor do they write over others
    again = case.model.recommend(case.users[1])
    assert np.array_equal(again.item_ids, kept[0]) and np.array_equal(again.scores, kept[1])


def test_who_asks_amid_a_question_has_a_desk_of_their_own() -> None:
    first = _cf_query.take_desk()
    second = _cf_query.take_desk()
    assert first is not second and first.place is not second.place
    _cf_query.give_back(first)
    assert _cf_query.take_desk() is first
    case = Case("ints")  # also if a callback of another call asks

    def ask(done: float, stage: str) -> None:
        assert case.model.recommend(7).row(0).items.tolist() == expected

    expected = case.model.recommend(7).row(0).items.tolist()
    many = case.model.recommend(case.users * 3, progress=ask)
    assert many.row(0).items.tolist() == expected


def test_a_model_is_freed_after_questions() -> None:
    model = Case("ints").model
    model.recommend(7, exclude=[7, 10], items=[7, 10, 13])
    handle = weakref.ref(model._state().handle)
    assert handle() is not None
    del model
    assert handle() is None


def test_many_threads_ask_while_one_fits() -> None:
    data = [random_matrix(USERS, 60, 0.2, seed) for seed in (1, 2)]
    model = pmkt.ALS(8, seed=1, iterations=2, threads=1)
    answers = []
    for matrix in data:
        model.fit(matrix)
        answers.append([model.recommend(np.arange(USERS)).item_ids[i] for i in range(USERS)])
    wrong: List[Any] = []
    done = threading.Event()

    def ask(seed: int) -> None:
        dice = np.random.default_rng(seed)
        try:
            while not done.is_set():
                user = int(dice.integers(USERS))
                found = model.recommend(user).item_ids[0]
                if not any(np.array_equal(found, known[user]) for known in answers):
                    wrong.append((user, found))
                model.fold_in([user])
        except BaseException as error:
            wrong.append(error)

    threads = [threading.Thread(target=ask, args=(seed,)) for seed in range(4)]
    for thread in threads:
        thread.start()
    for _ in range(4):
        for matrix in data:
            model.fit(matrix)
    done.set()
    for thread in threads:
        thread.join()
    assert not wrong


@pytest.mark.skipif(not hasattr(os, "fork"), reason="no fork")
@pytest.mark.filterwarnings("ignore::DeprecationWarning")
def test_a_forked_process_asks_on() -> None:
    model = Case("ints").model
    expected = model.recommend(7).item_ids.tolist()
    child = os.fork()
    if child == 0:
        good = model.recommend(7).item_ids.tolist() == expected
        os._exit(0 if good else 1)
    assert os.waitpid(child, 0)[1] == 0
    assert model.recommend(7).item_ids.tolist() == expected
