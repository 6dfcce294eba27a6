"""Item-kNN against SciPy, and popularity against counting."""

from __future__ import annotations

from typing import Any, Dict

import numpy as np
import pytest
from cf_oracle import best, knn, random_matrix
from conftest import needed

import pmkt

scipy_sparse = needed("scipy.sparse")
ITEMS = 70


@pytest.fixture(scope="module")
def matrix() -> Any:
    return random_matrix(120, ITEMS, 0.12, 6, negative=0.1)


@pytest.mark.parametrize("similarity", ["cosine", "tfidf", "bm25"])
@pytest.mark.parametrize(
    "given",
    [
        {},
        dict(neighbors=5),
        dict(neighbors=10_000, shrinkage=10.0),
        dict(neighbors=20, k1=2.0, b=0.3),
        dict(neighbors=20, b=0),
    ],
)
def test_against_scipy(matrix: Any, similarity: str, given: Dict[str, Any]) -> None:
    if similarity != "bm25":
        given = {name: value for name, value in given.items() if name not in ("k1", "b")}
    model = pmkt.ItemKNN(similarity=similarity, **given).fit(matrix)
    expected = knn(matrix, similarity, **{"neighbors": 100, **given})
    answer = model.similar_items(np.arange(ITEMS), ITEMS)
    for item in range(ITEMS):
        items, scores = answer.row(item)
        kept = np.flatnonzero(expected[item])
        np.testing.assert_allclose(scores, np.sort(expected[item][kept])[::-1], 1e-4, 1e-6)
        np.testing.assert_allclose(scores, expected[item][items], 1e-4, 1e-6)
    weights = matrix.toarray().astype(np.float64)  # a dislike counts against what is similar
    recommended = model.recommend(np.arange(120), 10)
    for user in range(120):
        had = matrix[user].indices
        scores = weights[user] @ expected
        allowed = (expected[had] > 0).any(axis=0)
        allowed[had] = False
        items, found = recommended.row(user)
        assert allowed[items].all()
        np.testing.assert_allclose(found, scores[items], 1e-4, 1e-5)
        _, reference = best(scores, np.arange(ITEMS), 10, allowed)
        np.testing.assert_allclose(found, reference, 1e-4, 1e-5)


def test_equal_similarities_keep_the_lower_id() -> None:
    matrix = scipy_sparse.csr_matrix(np.ones((3, 12), np.float32))
    model = pmkt.ItemKNN(4).fit(matrix)
    items, scores = model.similar_items([0, 6], 10)
    assert items[0, :4].tolist() == [1, 2, 3, 4] and items[1, :4].tolist() == [0, 1, 2, 3]
    np.testing.assert_allclose(scores[:, :4], 1, 1e-6)


def test_knn_of_histories(matrix: Any) -> None:
    model = pmkt.ItemKNN(20).fit(matrix)
    known = model.recommend(np.arange(120), 10)
    told = model.recommend_history(matrix, k=10)
    assert np.array_equal(told.item_ids, known.item_ids)
    assert np.array_equal(told.scores, known.scores, equal_nan=True)


def test_knn_is_no_als(matrix: Any) -> None:
    model = pmkt.ItemKNN(20).fit(matrix)
    with pytest.raises(pmkt.Unsupported):
        model.similar_users(1)
    dropped = pmkt.ItemKNN(20, drop_seen=True).fit(matrix)
    with pytest.raises(pmkt.Unsupported):
        dropped.recommend(1)
    with pytest.raises(pmkt.Unsupported):
        dropped.recommend(1, exclude_seen=False)
    with pytest.raises(pmkt.Unsupported):
        dropped.rank(1, [1])
    assert dropped.recommend_history([1, 2], k=3).counts.tolist() == [3]
    assert not hasattr(model, "user_factors")


def test_knn_files(matrix: Any) -> None:
    model = pmkt.ItemKNN(9, similarity="bm25", shrinkage=3, k1=2, b=0).fit(matrix)
    again = pmkt.ItemKNN.from_bytes(model.to_bytes(), rows=True)
    assert again.get_params()["neighbors"] == 9 and again.similarity == "bm25"
    assert (again.shrinkage, again.k1, again.b) == (3, 2, 0)
    everybody = np.arange(120)
    assert np.array_equal(again.recommend(everybody).items, model.recommend(everybody).items)


@pytest.mark.parametrize(
    "params",
    [
        dict(neighbors=0),
        dict(neighbors=10_001),
        dict(similarity="jaccard"),
        dict(shrinkage=-1),
        dict(k1=0),
        dict(b=-0.1),
        dict(b=np.nan),
    ],
)
def test_hostile_neighbors(params: Dict[str, Any]) -> None:
    with pytest.raises(pmkt.InvalidInput):
        pmkt.ItemKNN(**params)


def test_popularity_is_counting(matrix: Any) -> None:
    positive = np.where(matrix.toarray() > 0, matrix.toarray(), 0).astype(np.float64)
    for by, scores in (("weight", positive.sum(axis=0)), ("users", (positive > 0).sum(axis=0))):
        model = pmkt.Popularity(by).fit(matrix)
        answer = model.recommend(np.arange(120), 12)
        for user in range(120):
            allowed = np.ones(ITEMS, bool)
            allowed[matrix[user].indices] = False
            items, _ = best(scores, np.arange(ITEMS), 12, allowed)
            np.testing.assert_allclose(answer.row(user).scores, scores[items], 1e-5)
            np.testing.assert_allclose(scores[answer.row(user).items], scores[items], 1e-5)
    with pytest.raises(pmkt.Unsupported):
        model.similar_items(1)
    with pytest.raises(pmkt.InvalidInput):
        pmkt.Popularity("taste")


def test_recent_popularity() -> None:
    day = 86_400_000
    events = pmkt.Events(
        user=[1, 2, 3, 4, 5], item=[7, 7, 7, 8, 8], time=[day, day, day, 50 * day, 50 * day]
    )
    old, new = pmkt.Popularity(), pmkt.Popularity(half_life="2d")
    stranger = dict(users=9, fallback="popular")
    assert old.fit(events).recommend(k=1, **stranger).items.tolist() == [[7]]
    assert new.fit(events).recommend(k=1, **stranger).items.tolist() == [[8]]
    since = pmkt.Popularity(since="1970-02-01").fit(events)
    assert since.recommend(k=5, **stranger).counts.tolist() == [1]
