"""Questions: the best of all against float64 brute force, filters, and what is not known."""

from __future__ import annotations

import threading
from typing import Any, Dict, List

import numpy as np
import pytest
from cf_oracle import best, random_matrix
from conftest import needed

import pmkt

needed("scipy.sparse")
USERS, ITEMS = 60, 300


def adversarial(seed: int, factors: int) -> Any:
    """Factors with ties, zeros, huge norms and denormals, as ALS never makes them."""
    dice = np.random.default_rng(seed)
    users = dice.standard_normal((USERS, factors))
    items = dice.standard_normal((ITEMS, factors))
    items[10:60] = items[10]  # fifty equal ones
    items[60:80] = 0
    items[80:90] *= 1e15
    items[90:100] *= 1e-38
    items[100:140] = np.round(items[100:140])
    items[140:150] = -items[10]
    users[0] = 0
    users[1] *= 1e15
    users[2] *= 1e-40
    users[3:10] = np.round(users[3:10])
    return users.astype(np.float32), items.astype(np.float32)


@pytest.fixture(scope="module")
def seen() -> Any:
    return random_matrix(USERS, ITEMS, 0.05, 4, negative=0.1)


@pytest.fixture(scope="module")
def trained(seen: Any) -> pmkt.ALS:
    return pmkt.ALS(24, seed=2, iterations=8).fit(seen)


def check(answer: pmkt.Answers, row: int, expected: Any) -> None:
    items, scores = expected
    found = answer.row(row)
    assert found.items.tolist() == items
    assert found.scores.tolist() == scores
    assert answer.counts[row] == len(items)
    assert (answer.item_ids[row, len(items) :] == 0).all()
    assert np.isnan(answer.scores[row, len(items) :]).all()


@pytest.mark.parametrize("factors", [1, 3, 16, 64, 100])
@pytest.mark.parametrize("k", [1, 10, 37, 1000])
def test_best_of_all_against_brute_force(seen: Any, factors: int, k: int) -> None:
    users, items = adversarial(factors, factors)
    model = pmkt.ALS.from_factors(users, items, seen=seen)
    scores = users.astype(np.float64) @ items.astype(np.float64).T
    answer = model.recommend(np.arange(USERS), k)
    assert answer.items.shape == (USERS, min(k, ITEMS)) and answer.items.dtype == np.int64
    for user in range(USERS):
        allowed = np.ones(ITEMS, bool)
        allowed[seen[user].indices] = False
        if not users[user].any():  # has no factors to go by
            allowed[:] = False
        check(answer, user, best(scores[user], np.arange(ITEMS), k, allowed))
    assert answer.reasons.tolist() == [0 if user.any() else 3 for user in users]
    one = [model.recommend(user, k) for user in range(USERS)]
    assert np.array_equal(np.concatenate([a.item_ids for a in one]), answer.item_ids)
    assert np.array_equal(np.concatenate([a.scores for a in one]), answer.scores, equal_nan=True)


def test_the_same_on_any_number_of_threads(trained: pmkt.ALS) -> None:
    answers = [trained.set_params(threads=n).recommend(np.arange(USERS), 20) for n in (1, 2, 4, 0)]
    for other in answers[1:]:
        assert other.item_ids.tobytes() == answers[0].item_ids.tobytes()
        assert other.scores.tobytes() == answers[0].scores.tobytes()


def test_filters(seen: Any, trained: pmkt.ALS) -> None:
    scores = trained.user_factors.astype(np.float64) @ trained.item_factors.astype(np.float64).T
    ids, everybody = np.arange(ITEMS), np.arange(USERS)
    allow, deny = list(range(0, ITEMS, 3)), list(range(0, ITEMS, 5))
    exclude = [[user, user + 6, 10**9] for user in range(USERS)]
    least = float(np.float32(np.sort(scores[7])[-20]))
    for given in (
        dict(items=allow),
        dict(exclude_items=deny),
        dict(items=np.array(allow), exclude_items=set(deny), exclude=exclude),
        dict(items=[]),
        dict(items=[10**9, -3]),
        dict(exclude_items=ids),
        dict(exclude=exclude, exclude_seen=False),
        dict(min_score=least),
        dict(exclude_seen=False),
        dict(exclude=(np.arange(USERS + 1) * 3, np.array([one for row in exclude for one in row]))),
    ):
        answer = trained.recommend(everybody, 12, **given)
        for user in range(USERS):
            allowed = np.ones(ITEMS, bool)
            if given.get("exclude_seen", True):
                allowed[seen[user].indices] = False
            if "items" in given:
                allowed &= np.isin(ids, given["items"])
            allowed &= ~np.isin(ids, list(given.get("exclude_items", [])))
            if "exclude" in given:
                allowed &= ~np.isin(ids, exclude[user])
            if "min_score" in given:
                allowed &= scores[user].astype(np.float32) >= least
            check(answer, user, best(scores[user], ids, 12, allowed))


def test_one_flat_list_excludes_for_one_user(trained: pmkt.ALS) -> None:
    top = trained.recommend(4).row(0).items.tolist()
    assert trained.recommend(4, exclude=top[:3]).row(0).items.tolist()[:7] == top[3:]
    with pytest.raises(pmkt.InvalidInput, match="1 lists for 2 rows"):
        trained.recommend([4, 5], exclude=top[:3])


def test_sets_are_used_as_they_are() -> None:
    events = pmkt.Events(user=[1, 1, 2, 3], item=[10, 20, 20, 30], time=[1, 2, 3, 4])
    model = pmkt.ALS(4).fit(events)
    stock = pmkt.IdSet([20, 30])
    assert set(model.recommend(1, items=stock).row(0).items) == {30}
    stock.update(add=[10], remove=[30])
    assert model.recommend(1, items=stock).counts[0] == 0
    assert set(model.recommend(3, exclude_items=stock).row(0).items) == set()
    assert set(model.recommend(3, items={20}).row(0).items) == {20}


def test_sets_of_a_matrix_without_ids_are_refused(trained: pmkt.ALS) -> None:
    with pytest.raises(pmkt.InvalidInput, match="fitted to a matrix without ids"):
        trained.recommend(1, items=pmkt.IdSet([1]))


def test_categories_and_fallback() -> None:
    events = pmkt.Events(
        user=["a", "a", "b", "c", "c"],
        item=["x", "y", "x", "z", "x"],
        category=["new", "old", "new", "old", "new"],
        time=[1, 2, 3, 4, 5],
        kind_column=["order", "view", "order", "order", "order"],
    )
    for model in (pmkt.ALS(4), pmkt.Popularity(), pmkt.ItemKNN(5)):
        model.fit(events)
        old = model.recommend(["a", "b"], category="old", exclude_seen=False)
        assert set(old.row(1).items) <= {"y", "z"}
        nobody = model.recommend(["a", "nobody", None])
        if not isinstance(model, pmkt.Popularity):
            assert nobody.reason_names.tolist() == ["answered", "unknown", "unknown"]
            assert nobody.counts[1:].tolist() == [0, 0]
            assert nobody.items[1].tolist() == [None] * 3
        popular = model.recommend("nobody", fallback="popular")
        assert popular.row(0).items.tolist() == ["x", "z", "y"]
        assert popular.row(0).scores.tolist() == [30, 10, 1]
        if not isinstance(model, pmkt.Popularity):
            assert popular.reason_names.tolist() == ["popular"]
        few = model.recommend("nobody", fallback="popular", category="old", exclude_items=["z"])
        assert few.row(0).items.tolist() == ["y"]
        other = model.recommend("a", category="there is none")
        assert other.counts[0] == 0
    bare = pmkt.ALS(4).fit(pmkt.Events(user=[1], item=[1], time=[1]))
    with pytest.raises(pmkt.Unsupported):
        bare.recommend(1, category=5)


def test_history_needs_nobody_known(trained: pmkt.ALS) -> None:
    answer = trained.recommend_history([[1, 2, 3], [], [10**9], [4, 4]], k=5)
    assert answer.asked.tolist() == [0, 1, 2, 3]
    assert answer.counts.tolist() == [5, 0, 0, 5]
    assert answer.reason_names.tolist() == ["answered", "unknown", "unknown", "answered"]
    assert not {1, 2, 3} & set(answer.row(0).items)
    twice = trained.recommend_history([4], [2.0], k=5)
    assert np.array_equal(twice.row(0).items, answer.row(3).items)
    kept = trained.recommend_history([1, 2, 3], k=300, exclude_seen=False)
    assert kept.counts.tolist() == [300]
    popular = trained.recommend_history([[], [5]], k=3, fallback="popular")
    assert popular.reason_names.tolist() == ["popular", "answered"]
    filtered = trained.recommend_history([1], items=[7, 8], exclude=[8])
    assert filtered.row(0).items.tolist() == [7]


def test_similar_items_and_users_are_cosines(trained: pmkt.ALS) -> None:
    for factors, ask in (
        (trained.item_factors, trained.similar_items),
        (trained.user_factors, trained.similar_users),
    ):
        vectors = factors.astype(np.float64)
        norms = np.linalg.norm(vectors, axis=1, keepdims=True)
        unit = vectors / np.where(norms == 0, 1, norms)
        cosines = unit @ unit.T
        answer = ask(np.arange(20), 15)
        for row in range(20):
            if norms[row] == 0:
                continue
            found = answer.row(row)
            assert row not in found.items
            expected = np.sort(np.delete(cosines[row], row))[::-1][:15]
            np.testing.assert_allclose(found.scores, expected, atol=1e-5)
            np.testing.assert_allclose(cosines[row][found.items], found.scores, atol=1e-5)
    some = trained.similar_items(3, 50, among=range(20), exclude_items=[5], exclude=[[6]])
    assert set(some.row(0).items) <= set(range(20)) - {3, 5, 6}
    assert trained.similar_items(10**8).reason_names.tolist() == ["unknown"]


def test_rank(trained: pmkt.ALS) -> None:
    scores = trained.user_factors.astype(np.float64) @ trained.item_factors.astype(np.float64).T
    given = [7, 3, 3, 250, 10**9, 11]
    ranked = trained.rank([2, 5], given)
    assert ranked.items.shape == (2, 6) and ranked.counts.tolist() == [4, 4]
    allowed = np.isin(np.arange(ITEMS), given)
    for row, user in enumerate((2, 5)):
        check(ranked, row, best(scores[user], np.arange(ITEMS), 10, allowed))
    ragged = trained.rank([2, 5, 6], [[7, 3], [], [10**9, 4]])
    assert ragged.counts.tolist() == [2, 0, 1] and ragged.at.tolist() == [0, 2, 2, 4]
    assert (
        ragged.row(0).items.tolist()
        == ranked.row(0).items[np.isin(ranked.row(0).items, [3, 7])].tolist()
    )
    assert ragged.row(2).items.tolist() == [4] and ragged.items[3] == -1
    frame = ragged.to_dict()
    assert frame["user"].tolist() == [2, 2, 6] and frame["rank"].tolist() == [1, 2, 1]
    assert trained.rank(10**6, [1, 2]).reason_names.tolist() == ["unknown"]
    with pytest.raises(pmkt.InvalidInput, match="2 lists for 3 users"):
        trained.rank([1, 2, 3], [[1], [2]])


# ------------------------------------------------------------------------------------ shape


def test_answers_as_tables() -> None:
    pandas = needed("pandas")
    model = pmkt.Popularity().fit(
        pmkt.Events(user=["a", "b", "b"], item=["x", "x", "y"], time=[1, 2, 3])
    )
    answer = model.recommend(["a", "b", "zoe"], 2, fallback="popular")
    items, scores = answer
    assert items.tolist() == [["y", None], [None, None], ["x", "y"]]
    assert scores.dtype == np.float32 and answer.rows == 3
    frame = answer.to_pandas()
    expected = {
        "user": ["a", "zoe", "zoe"],
        "rank": [1, 1, 2],
        "item": ["y", "x", "y"],
        "score": [10, 20, 10],
    }
    assert frame.to_dict("list") == expected and isinstance(frame, pandas.DataFrame)
    assert answer.row(-1).items.tolist() == ["x", "y"]
    with pytest.raises(IndexError):
        answer.row(3)
    assert repr(answer).startswith("Answers: 3 rows\nuser  answers")
    assert "y (10)" in repr(answer)


def test_users_are_asked_for_in_any_form(trained: pmkt.ALS) -> None:
    pandas, polars, pyarrow = (needed(name) for name in ("pandas", "polars", "pyarrow"))
    expected = trained.recommend([3, 1, 3]).items
    for users in (
        (3, 1, 3),
        np.array([3, 1, 3], np.int16),
        np.array([3.0, 1.0, 3.0]),
        pandas.Series([3, 1, 3]),
        polars.Series([3, 1, 3]),
        pyarrow.array([3, 1, 3]),
    ):
        assert np.array_equal(trained.recommend(users).items, expected)
    assert np.array_equal(trained.recommend(np.int32(3)).items, expected[:1])
    gone = trained.recommend(np.array([3, np.nan, -1, 0.5]))
    assert gone.reason_names.tolist() == ["answered", "unknown", "unknown", "unknown"]
    assert trained.recommend([]).items.shape == (0, 10)


@pytest.mark.parametrize(
    "call",
    [
        lambda m: m.recommend(1, 0),
        lambda m: m.recommend(1, -1),
        lambda m: m.recommend(1, 2**31),
        lambda m: m.recommend(1, 1.5),
        lambda m: m.recommend(1, "ten"),
        lambda m: m.recommend("ann"),
        lambda m: m.recommend({"ann": 1}),
        lambda m: m.recommend(np.ones((2, 2))),
        lambda m: m.recommend([[1]]),
        lambda m: m.recommend(None),
        lambda m: m.recommend(1, items="ann"),
        lambda m: m.recommend(1, items=3),
        lambda m: m.recommend(1, items=["ann"]),
        lambda m: m.recommend(1, exclude_items={"ann"}),
        lambda m: m.recommend(1, exclude="abc"),
        lambda m: m.recommend([1, 2], exclude=[[1]]),
        lambda m: m.recommend([1, 2], exclude=[[1], 2]),
        lambda m: m.recommend(1, exclude=(np.array([0, 5]), np.array([1]))),
        lambda m: m.recommend([1, 2], exclude=(np.array([0, 2, 1]), np.array([1]))),
        lambda m: m.recommend(1, exclude=(np.array([0.0, 1.0]), np.array([1]))),
        lambda m: m.recommend(1, min_score=np.nan),
        lambda m: m.recommend(1, min_score="high"),
        lambda m: m.recommend(1, fallback="random"),
        lambda m: m.recommend(1, category=[1, 2]),
        lambda m: m.recommend(1, category=-1),
        lambda m: m.recommend_history([1], [np.nan]),
        lambda m: m.recommend_history([1], [1e300]),
        lambda m: m.recommend_history([1, 2], [1.0]),
        lambda m: m.recommend_history([[1], [2, 3]], [[1.0], [2.0]]),
        lambda m: m.recommend_history([1], ["much"]),
        lambda m: m.recommend_history(3),
        lambda m: m.recommend_history("items"),
        lambda m: m.recommend_history(random_matrix(3, 7, 0.5, 1)),
        lambda m: m.recommend_history(random_matrix(3, ITEMS, 0.5, 1), [1.0]),
        lambda m: m.rank(1, 2),
        lambda m: m.similar_items("ann"),
        lambda m: m.recommend(1, progress=3),
    ],
)
def test_hostile_questions(trained: pmkt.ALS, call: Any) -> None:
    with pytest.raises(pmkt.InvalidInput):
        call(trained)


def test_a_huge_k_takes_no_memory(trained: pmkt.ALS) -> None:
    answer = trained.recommend(range(3), 2**31 - 1)
    assert answer.items.shape == (3, ITEMS)
    assert (answer.counts < ITEMS).all() and (answer.counts > 0).all()


def test_cancel(trained: pmkt.ALS) -> None:
    with pytest.raises(pmkt.Canceled):
        trained.recommend(np.arange(USERS), progress=lambda done, stage: True)


def test_a_callback_may_ask_the_model(trained: pmkt.ALS) -> None:
    inner: List[Any] = []

    def ask(done: float, stage: str) -> None:
        inner.append(trained.recommend(5, 4).items.tolist())

    outer = trained.recommend(5, 4, progress=ask).items.tolist()
    trained.recommend(np.arange(USERS), progress=ask)
    assert inner and all(found == outer for found in inner)


def test_threads_ask_at_once(trained: pmkt.ALS) -> None:
    expected = trained.recommend(np.arange(USERS), 10)
    wrong: List[int] = []

    def ask(start: int) -> None:
        for i in range(300):
            user = (start + i) % USERS
            if trained.recommend(user, 10).item_ids.tobytes() != expected.item_ids[user].tobytes():
                wrong.append(user)

    threads = [threading.Thread(target=ask, args=(7 * n,)) for n in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not wrong


def test_dropped_seen(seen: Any) -> None:
    given: Dict[str, Any] = dict(exclude_seen=False)
    model = pmkt.ALS(4, drop_seen=True).fit(seen)
    assert not model.info.has_seen and model.recommend(1, 300, **given).counts.tolist() == [300]
    with pytest.raises(pmkt.Unsupported):
        model.recommend(1)
    assert model.recommend_history([1, 2], k=5).counts.tolist() == [5]
