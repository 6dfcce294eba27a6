"""One constructor for events and matrices; what models say of themselves; what is refused."""

from __future__ import annotations

import inspect
import warnings
from pathlib import Path
from typing import Any, Dict, List

import numpy as np
import pytest
from cf_oracle import random_matrix
from conftest import needed

import pmkt
from pmkt._structs import pmkt_cf_facts

needed("scipy.sparse")


@pytest.fixture(scope="module")
def matrix() -> Any:
    return random_matrix(30, 20, 0.3, 3)


def some_events() -> pmkt.Events:
    dice = np.random.default_rng(5)
    return pmkt.Events(
        user=dice.integers(1, 30, 500),
        item=dice.integers(1, 20, 500),
        time=dice.integers(1, 10**9, 500),
    )


EVENT_OPTIONS: Dict[str, Any] = dict(
    half_life="90d",
    weights={"order": 10},
    only_weights=True,
    scale="log",
    since="2020-01-01",
    as_of="2021-01-01",
    max_items_per_user=3,
    max_users_per_item=3,
    tz="UTC",
)


@pytest.mark.parametrize("kind", [pmkt.ALS, pmkt.ItemKNN, pmkt.Popularity])
def test_options_of_events_are_ignored_for_matrices_with_one_warning(
    kind: Any, matrix: Any
) -> None:
    plain = kind().fit(matrix)
    for data in (matrix, pmkt.CFData.from_matrix(matrix)):
        with pytest.warns(UserWarning, match="ignored for") as told:
            model = kind(**EVENT_OPTIONS).fit(data)
        assert len(told) == 1 and told[0].filename == __file__
        assert all(f"{name}=" in str(told[0].message) for name in EVENT_OPTIONS)
        assert model.to_bytes() == plain.to_bytes()
        with pytest.warns(UserWarning, match="^half_life=, weights=: ignored for"):
            kind(half_life="90d", weights={"order": 10}).fit(data)


def test_options_of_the_model_and_defaults_give_no_warning(matrix: Any) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        model = pmkt.ALS(4, alpha=2.0, nu=0, drop_seen=True, threads=1).fit(matrix)
        pmkt.ALS(half_life="90d", weights={"order": 10}).fit(some_events())
    assert model.info.alpha == 2.0


@pytest.mark.parametrize("users", [np.array([1, 2]), np.array([], np.int64), []])
def test_whatever_is_given_is_not_asked_whether_it_is_true(matrix: Any, users: Any) -> None:
    # Consent that does nothing would be worse than an error.
    with pytest.raises(pmkt.InvalidInput, match="^users= says who may be used of events"):
        pmkt.ALS(4, users=users).fit(matrix)


def test_what_a_matrix_has_is_no_option_of_events() -> None:
    with pytest.raises(pmkt.InvalidInput, match="item_ids= is for a sparse matrix"):
        pmkt.ALS(4).fit(some_events(), item_ids=[1])


# --------------------------------------------------------------------------- what it says


def test_info_has_all_that_c_has() -> None:
    facts = {name for name, *_ in pmkt_cf_facts._fields_} - {"struct_size", "reserved"}
    assert set(pmkt.ModelInfo.__dataclass_fields__) == facts


def test_info(matrix: Any, tmp_path: Path) -> None:
    given = dict(regularization=0.2, alpha=3.0, unobserved=0.3, nu=0.25, sigma=0.5, seed=9)
    model = pmkt.ALS(6, iterations=4, cg_steps=2, **given).fit(matrix)
    model.save(tmp_path / "als.pmkt")
    for one in (model, pmkt.ALS.load(tmp_path / "als.pmkt")):
        info = one.info
        assert {name: getattr(info, name) for name in given} == given
        assert (info.factors, info.iterations, info.cg_steps) == (6, 4, 2)
        assert (info.loss, info.solver, info.final_loss) == ("ials", "cg", model.losses[-1])
        assert info.similarity is info.neighbors is info.shrinkage is info.k1 is info.by is None
    stopped = pmkt.ALS(6, loss="classic", solver="cholesky").fit(
        matrix, callback=lambda i, loss: i == 2
    )
    assert (stopped.info.iterations, stopped.info.loss, stopped.info.solver) == (
        2,
        "classic",
        "cholesky",
    )
    mean = float(np.abs(matrix.data.astype(np.float64)).mean())
    assert stopped.info.alpha == pytest.approx(1 / mean)  # the parameter is None
    knn = pmkt.ItemKNN(7, similarity="bm25", shrinkage=5, k1=1.5, b=0.5).fit(matrix).info
    assert (knn.similarity, knn.neighbors, knn.shrinkage, knn.k1, knn.b) == ("bm25", 7, 5, 1.5, 0.5)
    assert knn.factors is knn.loss is knn.by is None
    popular = pmkt.Popularity("users").fit(matrix).info
    assert (popular.by, popular.alpha, popular.similarity) == ("users", None, None)


# --------------------------------------------------------------------------- what is refused


@pytest.mark.parametrize("name", ["alpha", "regularization", "unobserved", "nu", "sigma"])
@pytest.mark.parametrize("value", [10**400, -(10**400)], ids=["huge", "below"])
def test_numbers_beyond_a_float_are_refused_and_not_kept(name: str, value: int) -> None:
    model = pmkt.ALS()
    with pytest.raises(pmkt.InvalidInput, match=f"{name} is too large"):
        model.set_params(**{name: value})
    assert getattr(model, name) is None
    with pytest.raises(pmkt.InvalidInput, match="the weight of 'order' is too large"):
        model.set_params(weights={"order": value})


def test_no_error_of_any_kind_leaves_a_part_of_the_parameters() -> None:
    class Odd:
        def __float__(self) -> float:
            raise RuntimeError("odd")

    model = pmkt.ALS(alpha=2.0)
    with pytest.raises(RuntimeError):
        model.set_params(factors=8, alpha=Odd())
    assert (model.factors, model.alpha) == (64, 2.0)


def test_factors_of_none_are_the_default(matrix: Any) -> None:
    dice = np.random.default_rng(1)
    first: List[Any] = [dice.standard_normal((n, 64)).astype(np.float32) / 8 for n in matrix.shape]
    found = pmkt.ALS(factors=None).fit(matrix, first_users=first[0], first_items=first[1])
    named = pmkt.ALS(factors=64).fit(matrix, first_users=first[0], first_items=first[1])
    assert found.info.factors == pmkt.ALS(factors=None).fit(matrix).info.factors == 64
    assert found.to_bytes() == named.to_bytes()
    assert inspect.signature(pmkt.ALS.__init__).parameters["factors"].default == 64
    with pytest.raises(pmkt.InvalidInput, match=r"expected numbers, of shape \(30, 64\)"):
        pmkt.ALS(factors=None).fit(matrix, first_users=first[0][:, :3])
