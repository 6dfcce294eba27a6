"""ALS against float64 NumPy; its fits, factors, files, and manner of scikit-learn."""

from __future__ import annotations

import copy
import gc
import os
import pickle
import signal
import threading
from pathlib import Path
from typing import Any, Dict, List, Tuple

import numpy as np
import pytest
from cf_oracle import Als, random_matrix
from conftest import needed

import pmkt

scipy_sparse = needed("scipy.sparse")


def defaults(matrix: Any, loss: str) -> Dict[str, float]:
    """Those of cf.h; alpha fits the scale of the entries."""
    alpha = 1 / np.abs(matrix.data.astype(np.float64)).mean()
    if loss == "ials":
        return dict(regularization=0.03, alpha=alpha, unobserved=0.1, nu=0.5)
    return dict(regularization=0.01, alpha=alpha, unobserved=0, nu=0)


@pytest.fixture(scope="module")
def matrix() -> Any:
    return random_matrix(150, 90, 0.1, 3, negative=0.1)


def first_factors(matrix: Any, factors: int, seed: int = 5) -> Tuple[np.ndarray, np.ndarray]:
    dice = np.random.default_rng(seed)
    return tuple(
        (dice.standard_normal((rows, factors)) * 0.1 / np.sqrt(factors)).astype(np.float32)
        for rows in matrix.shape
    )


def distance(a: np.ndarray, b: np.ndarray) -> float:
    return float(np.linalg.norm(a - b) / np.linalg.norm(b))


@pytest.mark.parametrize(
    "loss, solver, factors, given",
    [
        ("ials", "cholesky", 16, {}),
        ("ials", "cg", 16, {}),
        ("ials", "cg", 7, dict(cg_steps=1)),
        ("ials", "cg", 33, dict(cg_steps=6, alpha=3.0, unobserved=0.5, nu=0.5)),
        ("ials", "cholesky", 13, dict(regularization=0.1, alpha=0.5, unobserved=0.02, nu=0)),
        ("classic", "cholesky", 16, {}),
        ("classic", "cg", 16, dict(alpha=10.0)),
        ("classic", "cholesky", 64, dict(alpha=40.0, regularization=1.0, nu=1.0)),
        ("classic", "cg", 8, dict(regularization=0.05)),
        ("ials", "cholesky", 1, {}),
    ],
)
def test_every_iteration_against_numpy(
    matrix: Any, loss: str, solver: str, factors: int, given: Dict[str, Any]
) -> None:
    x, y = first_factors(matrix, factors)
    how = {**defaults(matrix, loss), **given}
    how.pop("cg_steps", None)
    steps = given.get("cg_steps", 3) if solver == "cg" else None
    reference = Als(matrix, loss, **how)
    for n, (users, items, expected) in enumerate(reference.iterations(x, y, 4, steps), 1):
        model = pmkt.ALS(factors, loss=loss, solver=solver, iterations=n, **given)
        model.fit(matrix, first_users=x, first_items=y)
        assert len(model.losses) == n
        assert model.losses[-1] == pytest.approx(expected, rel=1e-3)
        assert model.final_loss == model.losses[-1]
        assert distance(model.user_factors, users) < 1e-3
        assert distance(model.item_factors, items) < 1e-3


def test_the_loss_of_cholesky_never_rises(matrix: Any) -> None:
    for loss in ("ials", "classic"):
        model = pmkt.ALS(24, loss=loss, solver="cholesky", iterations=12, seed=2).fit(matrix)
        assert len(model.losses) == 12
        assert (np.diff(model.losses) <= 1e-6 * model.losses[0]).all()
        assert model.losses[-1] < model.losses[0]


def test_what_has_no_entry_has_no_factors() -> None:
    matrix = scipy_sparse.csr_matrix(([1.0, 0.0, 2.0], [0, 1, 2], [0, 1, 2, 3]), (3, 4))
    model = pmkt.ALS(4).fit(matrix)
    assert not model.user_factors[1].any() and not model.item_factors[[1, 3]].any()
    assert model.user_factors[[0, 2]].any(axis=1).all()
    answer = model.recommend([0, 1, 7])
    assert answer.reasons.tolist() == [0, 3, 1]
    assert answer.reason_names.tolist() == ["answered", "no factors", "unknown"]


def test_fits_are_the_same_on_any_number_of_threads(matrix: Any) -> None:
    for solver in ("cg", "cholesky"):
        one = pmkt.ALS(20, solver=solver, seed=4, threads=1).fit(matrix)
        for threads in (2, 4):
            many = pmkt.ALS(20, solver=solver, seed=4, threads=threads).fit(matrix)
            assert many.to_bytes() == one.to_bytes()
            assert np.array_equal(many.losses, one.losses)
    assert pmkt.ALS(20, seed=5).fit(matrix).to_bytes() != one.to_bytes()


def test_events_and_their_matrix_give_one_model() -> None:
    dice = np.random.default_rng(8)
    events = pmkt.Events(
        user=dice.integers(1, 100, 2000),
        item=dice.integers(1, 60, 2000),
        time=dice.integers(1, 10**9, 2000),
        kind_column=dice.choice(["view", "order"], 2000),
    )
    data = pmkt.CFData(events, half_life="1d")
    ids = dict(user_ids=data.user_ids, item_ids=data.item_ids)
    a = pmkt.ALS(8, half_life="1d", seed=1).fit(events)
    b = pmkt.ALS(8, seed=1).fit(data.to_scipy(), **ids)
    c = pmkt.ALS(8, seed=1).fit(data)
    assert np.array_equal(a.user_factors, b.user_factors)
    assert np.array_equal(a.item_factors, c.item_factors)
    answers = [m.recommend(a.user_ids, 5) for m in (a, b, c)]
    assert np.array_equal(answers[0].items, answers[1].items)
    assert np.array_equal(answers[0].items, answers[2].items)
    assert a.report is not None and a.report.accepted == 2000 and b.report is None


# ----------------------------------------------------------------------- progress, canceling


def test_callbacks(matrix: Any) -> None:
    heard: List[Tuple[int, float]] = []
    stages: List[Tuple[float, str]] = []
    model = pmkt.ALS(8, iterations=6).fit(
        matrix,
        callback=lambda iteration, loss: heard.append((iteration, loss)),
        progress=lambda done, stage: stages.append((done, stage)),
    )
    assert [iteration for iteration, _ in heard] == [1, 2, 3, 4, 5, 6]
    assert [loss for _, loss in heard] == model.losses.tolist()
    assert stages and all(0 <= done <= 1 for done, _ in stages)
    short = pmkt.ALS(8, iterations=6).fit(matrix, callback=lambda iteration, loss: iteration == 2)
    assert len(short.losses) == 2
    assert np.array_equal(short.item_factors, pmkt.ALS(8, iterations=2).fit(matrix).item_factors)


def test_what_a_callback_raises_reaches_the_caller(matrix: Any) -> None:
    for error in (RuntimeError("no"), KeyboardInterrupt(), SystemExit(3)):

        def fail(iteration: int, loss: float, error: BaseException = error) -> None:
            raise error

        model = pmkt.ALS(8)
        with pytest.raises(type(error)):
            model.fit(matrix, callback=fail)
        with pytest.raises(pmkt.NotFitted):
            model.recommend(1)


def test_cancel_and_ctrl_c(matrix: Any, ctrl_c: None) -> None:
    model = pmkt.ALS(8, iterations=500, seed=9).fit(matrix, callback=lambda i, loss: i == 1)
    before = model.to_bytes()
    with pytest.raises(pmkt.Canceled):
        model.fit(matrix, progress=lambda done, stage: True)

    def interrupt(iteration: int, loss: float) -> None:
        if iteration == 2:
            os.kill(os.getpid(), signal.SIGINT)

    with pytest.raises(KeyboardInterrupt):
        model.fit(matrix, callback=interrupt)
    assert model.to_bytes() == before
    assert signal.getsignal(signal.SIGINT) is signal.default_int_handler


def test_a_bar_shows_the_loss(matrix: Any, capsys: Any, monkeypatch: Any) -> None:
    import sys

    monkeypatch.setitem(sys.modules, "tqdm.auto", None)
    pmkt.ALS(8, iterations=3).fit(matrix, progress=True)
    shown = capsys.readouterr().err
    assert "fitting: " in shown and ", loss " in shown


# --------------------------------------------------------------------------------- factors


def test_factors_are_views_that_keep_the_model(matrix: Any) -> None:
    model = pmkt.ALS(16, seed=1).fit(matrix)
    users, items = model.user_factors, model.item_factors
    assert users.dtype == np.float32 and users.shape == (150, 16) and items.shape == (90, 16)
    assert not users.flags.writeable and np.shares_memory(users, model.user_factors)
    copies = users.copy(), items.copy()
    del model
    gc.collect()
    junk = [np.full((150, 16), 7, np.float32) for _ in range(500)]
    assert np.array_equal(users, copies[0]) and np.array_equal(items, copies[1]) and junk


def test_views_outlive_a_new_fit(matrix: Any) -> None:
    model = pmkt.ALS(16, seed=1).fit(matrix)
    view, copied = model.item_factors, model.item_factors.copy()
    model.set_params(seed=2).fit(matrix)
    gc.collect()
    assert np.array_equal(view, copied) and not np.array_equal(model.item_factors, copied)


def test_factors_come_from_elsewhere(matrix: Any) -> None:
    dice = np.random.default_rng(1)
    users, items = dice.standard_normal((150, 5)), dice.standard_normal((90, 5))
    model = pmkt.ALS.from_factors(users, items, seen=matrix)
    assert np.array_equal(model.user_factors, users.astype(np.float32)) and model.factors == 5
    mine = model.recommend(3, 90)
    assert int(mine.counts[0]) == 90 - matrix[3].nnz
    scores = items.astype(np.float32) @ users[3].astype(np.float32)
    np.testing.assert_allclose(mine.row(0).scores, scores[mine.row(0).items], 1e-4, 1e-5)
    named = pmkt.ALS.from_factors(
        users[:3], items[:2], user_ids=["c", "a", "b"], item_ids=[20, 10], regularization=0.5
    )
    assert named.regularization == 0.5
    row = named.user_ids.tolist().index("a")
    assert np.array_equal(named.user_factors[row], users[1].astype(np.float32))
    assert set(named.recommend("a", exclude_seen=False).row(0).items) == {10, 20}
    with pytest.raises(pmkt.Unsupported):
        named.recommend("a")
    strangers = pmkt.ALS.from_factors(np.empty((0, 5)), items)
    assert strangers.recommend_history([[1, 2]], k=3).counts.tolist() == [3]


@pytest.mark.parametrize(
    "users, items, given",
    [
        ([[np.nan, 1]], [[1, 1]], {}),
        ([[1, 1]], [[np.inf, 1]], {}),
        ([[1, 1]], [[1e300, 1]], {}),
        ([[1, 1]], [[1, 1, 1]], {}),
        ([1, 1], [[1, 1]], {}),
        ([["a", "b"]], [[1, 1]], {}),
        (np.ones((1, 1025)), np.ones((1, 1025)), {}),
        ([[1, 1], [2, 2]], [[1, 1]], dict(user_ids=[5, 5])),
        ([[1, 1], [2, 2]], [[1, 1]], dict(user_ids=[5])),
        ([[1, 1]], [[1, 1]], dict(item_ids=[0])),
        ([[1, 1]], [[1, 1]], dict(item_ids=[7], seen=pmkt.Events(user=[1], item=[7], time=[1]))),
        ([[1, 1]], [[1, 1]], dict(seen=3)),
    ],
)
def test_hostile_factors(users: Any, items: Any, given: Dict[str, Any]) -> None:
    with pytest.raises(pmkt.InvalidInput):
        pmkt.ALS.from_factors(users, items, **given)


@pytest.mark.parametrize("loss", ["ials", "classic"])
def test_fold_in_against_numpy(matrix: Any, loss: str) -> None:
    model = pmkt.ALS(12, loss=loss, alpha=2.0, iterations=5).fit(matrix)
    how = {**defaults(matrix, loss), "alpha": 2.0}
    reference = Als(matrix, loss, **how)
    y = model.item_factors.astype(np.float64)
    found = model.fold_in(matrix)
    assert found.shape == (150, 12) and found.dtype == np.float32
    for user in range(0, 150, 7):
        weights = matrix[user].toarray().ravel().astype(np.float64)
        if weights.any():
            expected = reference.fold_in(weights, y, 2.0, how["regularization"], how["nu"])
            assert distance(found[user], expected) < 1e-3
    lists = [matrix[u].indices.tolist() for u in range(150)]
    weights = [matrix[u].data.tolist() for u in range(150)]
    assert np.array_equal(model.fold_in(lists, weights), found)
    assert np.array_equal(model.fold_in(lists[0], weights[0]), found[:1])
    flat = np.concatenate([matrix[u].indices for u in range(150)])
    assert np.array_equal(model.fold_in((matrix.indptr, flat), matrix.data), found)
    assert not model.fold_in([]).any() and not model.fold_in([[], [10**6]]).any()


def test_histories_score_by_their_factors(matrix: Any) -> None:
    model = pmkt.ALS(12).fit(matrix)
    factors = model.fold_in(matrix[:10])
    answers = model.recommend_history(matrix[:10], k=90)
    for row in range(10):
        items, scores = answers.row(row)
        assert set(items) == set(range(90)) - set(matrix[row].indices)
        expected = model.item_factors[items].astype(np.float64) @ factors[row]
        np.testing.assert_allclose(scores, expected, 1e-4, 1e-6)


# ----------------------------------------------------------------------------------- files


@pytest.fixture()
def texts() -> pmkt.Events:
    dice = np.random.default_rng(2)
    return pmkt.Events(
        user=[f"user {i}" for i in dice.integers(0, 40, 600)],
        item=[f"item {i}" for i in dice.integers(0, 30, 600)],
        time=dice.integers(1, 10**9, 600),
        category=[f"kind {i}" for i in dice.integers(0, 3, 600)],
    )


@pytest.mark.parametrize("map", [False, True])
def test_files(texts: pmkt.Events, tmp_path: Path, map: bool) -> None:
    model = pmkt.ALS(8, alpha=2.0, unobserved=0, solver="cholesky", seed=7).fit(texts)
    answer = model.recommend("user 3", 5)
    model.save(tmp_path / "model.pmkt")
    model.texts().save(tmp_path / "model.ids")
    ids = pmkt.Ids.load(tmp_path / "model.ids")
    assert len(ids) == 70
    again = pmkt.ALS.load(tmp_path / "model.pmkt", ids=ids, map=map).verify()
    assert np.array_equal(again.recommend("user 3", 5).items, answer.items)
    assert np.array_equal(again.recommend("user 3", 5).scores, answer.scores)
    assert again.to_bytes() == model.to_bytes() == (tmp_path / "model.pmkt").read_bytes()
    assert again.alpha == 2.0 and again.solver == "cholesky" and again.seed == 7
    assert again.unobserved == 0 and again.nu == 0.5 and again.final_loss == model.final_loss
    assert (again.info.mapped > 0) is map
    assert again.info.data_hash == model.info.data_hash
    bare = pmkt.ALS.load(tmp_path / "model.pmkt", map=map)
    assert bare.user_ids.dtype == np.uint64
    assert np.array_equal(bare.recommend("user 3", 5).items, answer.item_ids)
    assert pmkt.inspect(tmp_path / "model.pmkt").kind == "cf"
    view = again.item_factors
    again.fit(texts)
    del again
    gc.collect()
    assert np.array_equal(view, model.item_factors)


def test_files_of_a_matrix_without_ids(matrix: Any, tmp_path: Path) -> None:
    model = pmkt.ALS(8).fit(matrix)
    model.save(tmp_path / "m")
    rows = pmkt.ALS.load(tmp_path / "m", rows=True)
    assert np.array_equal(rows.recommend([0, 5]).items, model.recommend([0, 5]).items)
    with pytest.raises(pmkt.InvalidInput, match="rows=True"):
        pmkt.ALS.load(tmp_path / "m").recommend(range(3))
    with pytest.raises(pmkt.InvalidInput, match="rows have no texts"):
        pmkt.ALS.load(tmp_path / "m", rows=True, ids=pmkt.Ids())


class Mine(pmkt.ALS):
    """Somebody's own."""


def test_a_class_of_ones_own(matrix: Any) -> None:
    model = Mine(4).fit(matrix)
    assert type(Mine.from_bytes(model.to_bytes())) is Mine
    assert type(pmkt.ALS.from_bytes(model.to_bytes())) is pmkt.ALS
    twin = pickle.loads(pickle.dumps(model))
    assert type(twin) is Mine and repr(twin) == repr(model)


def test_a_recommender_is_what_the_file_says(matrix: Any, tmp_path: Path) -> None:
    for model in (pmkt.ALS(4), pmkt.ItemKNN(5), pmkt.Popularity()):
        model.fit(matrix).save(tmp_path / "m")
        assert type(pmkt.Recommender.load(tmp_path / "m")) is type(model)
        assert type(pmkt.Recommender.from_bytes(model.to_bytes())) is type(model)
    with pytest.raises(pmkt.BadFormat, match="model of Popularity"):
        pmkt.ALS.load(tmp_path / "m")
    pmkt.RFM().save(tmp_path / "rfm")
    with pytest.raises(pmkt.BadFormat):
        pmkt.ALS.load(tmp_path / "rfm")
    with pytest.raises(pmkt.FileMissing):
        pmkt.ALS.load(tmp_path / "none")
    with pytest.raises(pmkt.InvalidInput, match="ids is a dict"):
        pmkt.ALS.load(tmp_path / "m", ids={})


def test_damaged_files(matrix: Any, tmp_path: Path) -> None:
    content = pmkt.ALS(4).fit(matrix).to_bytes()
    dice = np.random.default_rng(1)
    for _ in range(60):
        broken = bytearray(content)
        broken[dice.integers(0, len(content))] ^= 1 << dice.integers(0, 8)
        with pytest.raises((pmkt.Corrupt, pmkt.BadFormat)):
            pmkt.ALS.from_bytes(bytes(broken))
        (tmp_path / "broken").write_bytes(broken)
        with pytest.raises((pmkt.Corrupt, pmkt.BadFormat)):
            model = pmkt.ALS.load(tmp_path / "broken", map=True)
            model.recommend(range(1, 20), exclude_seen=True)
            model.verify()
    for end in (0, 1, 63, 64, 200, len(content) - 1):
        with pytest.raises((pmkt.Corrupt, pmkt.BadFormat)):
            pmkt.ALS.from_bytes(content[:end])
    with pytest.raises(pmkt.LimitReached):
        pmkt.ALS.from_bytes(content, max_bytes=100)


def test_pickles_and_copies(texts: pmkt.Events, matrix: Any) -> None:
    for model in (pmkt.ALS(4, weights={"order": 3}, seed=3).fit(texts), pmkt.ALS(4).fit(matrix)):
        user = model.user_ids[3]
        for twin in (pickle.loads(pickle.dumps(model)), copy.copy(model), copy.deepcopy(model)):
            assert twin.get_params() == model.get_params()
            assert np.array_equal(twin.recommend(user).items, model.recommend(user).items)
            assert np.array_equal(twin.losses, model.losses)
            assert np.array_equal(twin.user_ids, model.user_ids)
    category = pickle.loads(pickle.dumps(pmkt.ALS(4).fit(texts)))
    assert category.recommend("user 1", category="kind 1").counts[0] > 0
    bare = pickle.loads(pickle.dumps(pmkt.ALS(4, alpha=3)))
    assert bare.alpha == 3
    with pytest.raises(pmkt.NotFitted):
        bare.recommend(1)


# --------------------------------------------------------------- the manner of scikit-learn


def test_params() -> None:
    model = pmkt.ALS(32, alpha=2.5, weights={"order": 4})
    params = model.get_params()
    assert params["factors"] == 32 and params["alpha"] == 2.5 and params["regularization"] is None
    assert pmkt.ALS(**params).get_params() == params
    assert model.set_params(alpha=1.5, factors=8) is model
    assert model.alpha == 1.5 and model.factors == 8
    with pytest.raises(pmkt.InvalidInput, match="no parameter 'rank'"):
        model.set_params(rank=8)
    with pytest.raises(pmkt.InvalidInput):
        model.set_params(alpha=1.0, factors=0)
    assert model.alpha == 1.5 and model.factors == 8
    assert repr(model) == "ALS(factors=8, alpha=1.5, weights={'order': 4})"
    fitted = repr(model.fit(pmkt.Events(user=[1], item=[2], time=[3])))
    assert fitted == ("<ALS(factors=8, alpha=1.5, weights={'order': 4}) of 1 users and 1 items>")


def test_clones(matrix: Any) -> None:
    base = needed("sklearn.base")
    for model in (
        pmkt.ALS(8, half_life="9d", weights={"view": 1}, users=pmkt.IdSet([1, 2])),
        pmkt.ItemKNN(7, similarity="bm25"),
        pmkt.Popularity("users"),
    ):
        twin = base.clone(model)
        assert twin is not model and twin.get_params() == model.get_params()
        assert not twin.__sklearn_is_fitted__()
        twin.set_params(half_life=None, weights=None, users=None).fit(matrix)
        assert twin.__sklearn_is_fitted__() and not base.clone(twin).__sklearn_is_fitted__()


def test_not_fitted() -> None:
    model = pmkt.ALS()
    for ask in (
        lambda: model.recommend(1),
        lambda: model.similar_items(1),
        lambda: model.user_ids,
        lambda: model.info,
        lambda: model.save("nowhere"),
        lambda: model.to_bytes(),
        lambda: model.texts(),
        lambda: model.fold_in([1]),
    ):
        with pytest.raises(pmkt.NotFitted, match="not fitted yet") as caught:
            ask()
        assert isinstance(caught.value, (ValueError, AttributeError))
    assert not hasattr(model, "user_factors")


@pytest.mark.parametrize(
    "params",
    [
        dict(factors=0),
        dict(factors=1025),
        dict(factors="64"),
        dict(factors=True),
        dict(regularization=-1),
        dict(regularization=np.nan),
        dict(regularization=np.inf),
        dict(regularization="much"),
        dict(alpha=-0.5),
        dict(iterations=0),
        dict(iterations=2.5),
        dict(solver="gmres"),
        dict(solver=0),
        dict(loss="bpr"),
        dict(cg_steps=0),
        dict(nu=-1),
        dict(sigma=-1),
        dict(seed=-1),
        dict(seed=2**64),
        dict(threads=-1),
        dict(half_life="soon"),
        dict(weights={"purchase": 1}),
    ],
)
def test_hostile_params(params: Dict[str, Any]) -> None:
    with pytest.raises(pmkt.InvalidInput):
        pmkt.ALS(**params)


def test_hostile_fits(matrix: Any) -> None:
    model = pmkt.ALS(4)
    for data in (None, 3, "events", np.eye(3), [1, 2], [], {"user": [1]}):
        with pytest.raises(pmkt.InvalidInput):
            model.fit(data)
    for given in (
        dict(first_users=np.ones((150, 3))),
        dict(first_items=np.ones((3, 4))),
        dict(first_users=np.full((150, 4), np.nan)),
        dict(first_users="zeros"),
        dict(callback=3),
        dict(user_ids=[1]),
        dict(nu=2),
    ):
        with pytest.raises((pmkt.InvalidInput, TypeError)):
            model.fit(matrix, **given)
    with pytest.raises(pmkt.InvalidInput, match="user_ids= is for a sparse matrix"):
        model.fit(pmkt.Events(user=[1], item=[1], time=[1]), user_ids=[1])
    with pytest.raises(pmkt.InvalidInput):
        pmkt.ALS(4, nu=2).fit(matrix)


def test_small_and_empty(matrix: Any) -> None:
    for shape in ((0, 0), (3, 0), (0, 3), (2, 2)):
        model = pmkt.ALS(4).fit(scipy_sparse.csr_matrix(shape, dtype=np.float32))
        assert model.user_factors.shape == (shape[0], 4) and not model.user_factors.any()
        answer = model.recommend(np.arange(shape[0]))
        assert not answer.counts.any() and answer.to_dict()["score"].shape == (0,)
    one = pmkt.ALS(4).fit(scipy_sparse.csr_matrix([[1.0]]))
    assert one.recommend(0).counts[0] == 0
    assert one.recommend(0, exclude_seen=False).row(0).items.tolist() == [0]
    equal = pmkt.ALS(4).fit(scipy_sparse.csr_matrix(np.ones((20, 10), np.float32)))
    assert np.isfinite(equal.user_factors).all()
    negative = pmkt.ALS(4).fit(scipy_sparse.csr_matrix(-np.ones((5, 5), np.float32)))
    assert np.isfinite(negative.user_factors).all()


def test_too_large_a_weight_is_an_overflow_or_fits() -> None:
    huge = scipy_sparse.csr_matrix(np.full((5, 5), 1e30, np.float32))
    try:
        model = pmkt.ALS(4, alpha=1e30).fit(huge)
        assert np.isfinite(model.user_factors).all()
    except pmkt.Overflow:
        pass


def test_threads_ask_while_one_fits(matrix: Any) -> None:
    model = pmkt.ALS(8, seed=0, threads=1).fit(matrix)
    wrong: List[Any] = []
    stop = threading.Event()

    def ask() -> None:
        while not stop.is_set():
            items, scores = model.recommend(np.arange(20), 5)
            if items.shape != (20, 5) or (np.diff(scores, axis=1) > 0).any():
                wrong.append(items)

    askers = [threading.Thread(target=ask) for _ in range(4)]
    for thread in askers:
        thread.start()
    for seed in range(30):
        model.set_params(seed=seed).fit(matrix)
    stop.set()
    for thread in askers:
        thread.join()
    assert not wrong


def test_out_of_memory_is_a_memory_error() -> None:
    """Whatever of it C asks for first: a process that may have little of it is told so."""
    import subprocess
    import sys

    program = """
import resource, numpy as np, pmkt
from scipy.sparse import csr_matrix
users = 400_000
matrix = csr_matrix((np.ones(users, np.float32), np.arange(users) % 1000, np.arange(users + 1)))
data = pmkt.CFData.from_matrix(matrix)
used = int(open("/proc/self/statm").read().split()[0]) * resource.getpagesize()
resource.setrlimit(resource.RLIMIT_AS, (used + 200_000_000,) * 2)
try:
    pmkt.ALS(1024, iterations=1, threads=1).fit(data)
except MemoryError as error:
    print(type(error).__name__)
"""
    if not os.path.exists("/proc/self/statm"):
        pytest.skip("this system has no /proc")
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True)
    assert done.stdout == "OutOfMemory\n", done.stderr


def test_the_examples_of_the_docstrings() -> None:
    import doctest

    from pmkt import _cf_data, _cf_fit

    for module in (_cf_data, _cf_fit):
        done = doctest.testmod(module, extraglobs={"pmkt": pmkt})
        assert done.attempted > 0 and done.failed == 0
