"""Logistic regression, calibration and its judges, against slow obvious versions."""

from __future__ import annotations

import copy
import math
import pickle
import pydoc
from pathlib import Path
from typing import Any, Dict, List, Optional, Tuple

import numpy as np
import pytest
from conftest import needed

import pmkt


def make(seed: int, n: int = 400, columns: int = 4) -> Tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Columns of different sizes, outcomes, and groups that share a whim."""
    rng = np.random.default_rng(seed)
    x = rng.normal(size=(n, columns)) * 10.0 ** np.arange(-1, columns - 1) + np.arange(columns)
    group = rng.integers(1, n // 5, n)
    whim = rng.normal(size=n)[group]
    z = (x - x.mean(0)) / x.std(0) @ rng.normal(size=columns) + whim - 0.7
    return x, rng.random(n) < sigmoid(z), group


def sigmoid(z: np.ndarray) -> np.ndarray:
    return 1 / (1 + np.exp(-z))


class Slow:
    """Newton's method of the whole problem at once, and the sandwich, as logistic.h says them."""

    def __init__(
        self,
        x: np.ndarray,
        y: np.ndarray,
        l2: float,
        weight: Optional[np.ndarray] = None,
        group: Optional[np.ndarray] = None,
    ) -> None:
        n, columns = x.shape
        w = np.ones(n) if weight is None else weight
        self.mean = w @ x / w.sum()
        self.deviation = np.sqrt(w @ (x - self.mean) ** 2 / w.sum())
        scale = np.where(self.deviation > 0, self.deviation, 1)
        s = np.column_stack([(x - self.mean) / scale, np.ones(n)])
        penalty = np.diag([l2] * columns + [0.0])
        beta = np.zeros(columns + 1)
        for _ in range(50):
            p = sigmoid(s @ beta)
            gradient = s.T @ (w * (p - y)) + penalty @ beta
            hessian = (s.T * (w * p * (1 - p))) @ s + penalty
            beta = beta - np.linalg.solve(hessian, gradient)
        p = sigmoid(s @ beta)
        hessian = (s.T * (w * p * (1 - p))) @ s + penalty
        slopes = s * (w * (p - y))[:, None]
        of: Dict[Any, np.ndarray] = {}
        for key, slope in zip(range(n) if group is None else group.tolist(), slopes):
            of[key] = of.get(key, 0) + slope
        outer = sum(np.outer(g, g) for g in of.values())
        inverse = np.linalg.inv(hessian)
        covariance = inverse @ outer @ inverse
        # From standardized columns to those that came.
        back = np.zeros((columns + 1, columns + 1))
        back[:columns, :columns] = np.diag(1 / scale)
        back[columns, :columns] = -self.mean / scale
        back[columns, columns] = 1
        self.coefficient = back @ beta
        self.error = np.sqrt(np.diag(back @ covariance @ back.T))
        self.log_loss = -(w @ np.where(y, np.log(p), np.log1p(-p))) / w.sum()
        self.clusters = len(of)


@pytest.mark.parametrize("l2", [0.01, 1.0, 50.0])
@pytest.mark.parametrize("weighted, grouped", [(False, False), (True, False), (True, True)])
def test_minimum_and_errors(l2: float, weighted: bool, grouped: bool) -> None:
    x, y, group = make(1)
    weight = np.random.default_rng(2).random(len(x)) * 3 if weighted else None
    groups = group if grouped else None
    slow = Slow(x, y, l2, weight, groups)
    for threads in (1, 2):
        model = pmkt.LogisticRegression(l2, calibration=None, threads=threads)
        model.fit(x, y, weight, groups)
        table = model.coefficients()
        np.testing.assert_allclose(table["coefficient"], slow.coefficient, rtol=1e-8, atol=1e-9)
        np.testing.assert_allclose(table["standard_error"], slow.error, rtol=1e-7)
        np.testing.assert_allclose(table["mean"][:-1], slow.mean, rtol=1e-12)
        np.testing.assert_allclose(table["deviation"][:-1], slow.deviation, rtol=1e-12)
        info = model.info
        assert (info.rows, info.positives, info.columns) == (len(x), y.sum(), 4)
        assert info.clusters == slow.clusters and info.gradient < 1e-9
        assert info.log_loss == pytest.approx(slow.log_loss, rel=1e-10)
        p = model.predict_proba(x)
        expected = sigmoid(x @ slow.coefficient[:-1] + slow.coefficient[-1])
        np.testing.assert_allclose(p[:, 1], expected, rtol=1e-7)
        np.testing.assert_allclose(p.sum(axis=1), 1)
        assert np.array_equal(model.predict(x), p[:, 1] >= 0.5)
        assert np.array_equal(model.coef_[0], table["coefficient"][:-1])
        assert np.array_equal(model.intercept_, table["coefficient"][-1:])
        assert np.array_equal(model.standard_errors_, table["standard_error"])


def test_errors_are_those_of_repeated_samples() -> None:
    """What the sandwich says of one sample is how far estimates of many lie apart."""
    estimates, said = [], []
    for seed in range(200):
        rng = np.random.default_rng(seed)
        group = np.repeat(np.arange(1, 101), 5)
        x = np.repeat(rng.normal(size=(100, 1)), 5, axis=0)
        y = rng.random(500) < sigmoid(x[:, 0] + np.repeat(rng.normal(size=100), 5))
        model = pmkt.LogisticRegression(0.01, calibration=None, threads=1).fit(x, y, groups=group)
        estimates.append(model.coef_[0, 0])
        said.append(model.standard_errors_[0])
    assert np.mean(said) == pytest.approx(np.std(estimates), rel=0.15)


def test_a_general_minimizer_finds_the_same() -> None:
    optimize = needed("scipy.optimize")
    x, y, _ = make(3)
    s = (x - x.mean(0)) / x.std(0)

    def loss(beta: np.ndarray) -> float:
        z = s @ beta[:-1] + beta[-1]
        return float(np.logaddexp(0, z).sum() - z[y].sum() + beta[:-1] @ beta[:-1])

    best = optimize.minimize(loss, np.zeros(5), method="BFGS", options={"gtol": 1e-7}).x
    model = pmkt.LogisticRegression(2.0, calibration=None).fit(x, y)
    np.testing.assert_allclose(model.coef_[0] * x.std(0), best[:-1], atol=1e-5)
    theirs = needed("sklearn.linear_model").LogisticRegression(C=0.5, tol=1e-10).fit(s, y)
    ours = pmkt.LogisticRegression(2.0, calibration=None).fit(s, y)
    np.testing.assert_allclose(ours.coef_, theirs.coef_, atol=1e-5)
    np.testing.assert_allclose(ours.intercept_, theirs.intercept_, atol=1e-5)
    np.testing.assert_allclose(ours.predict_proba(s), theirs.predict_proba(s), atol=1e-5)


def test_columns_that_say_nothing_or_the_same() -> None:
    """A constant has no coefficient, a column twice shares it, outcomes may be separable."""
    x, y, _ = make(6, columns=2)
    both = np.column_stack([x, x[:, 0], np.full(len(x), 7.0)])
    model = pmkt.LogisticRegression(calibration=None).fit(both, y)
    found = model.coef_[0]
    assert found[3] == 0 and found[0] == pytest.approx(found[2], rel=1e-6)
    line = np.arange(100.0)[:, None]
    apart = pmkt.LogisticRegression(1e-6, calibration=None).fit(line, line[:, 0] > 50)
    assert np.isfinite(apart.coef_).all() and apart.coef_[0, 0] > 1
    p = apart.predict_proba(line)[:, 1]
    assert (p[:50] < 0.01).all() and (p[52:] > 0.99).all()


# ---------------------------------------------------------------------------- calibration


def slow_platt(z: np.ndarray, y: np.ndarray) -> Tuple[float, float]:
    """By Newton's method, with targets not quite 0 and 1; one that falls is flat instead."""
    yes = int(y.sum())
    t = np.where(y, (yes + 1) / (yes + 2), 1 / (len(y) - yes + 2))
    s, beta = np.column_stack([z, np.ones(len(z))]), np.array([1.0, 0.0])
    for _ in range(100):
        p = sigmoid(s @ beta)
        beta = beta - np.linalg.solve((s.T * (p * (1 - p))) @ s, s.T @ (p - t))
    if beta[0] < 0:
        return 0.0, float(np.log(t.mean() / (1 - t.mean())))
    return float(beta[0]), float(beta[1])


def slow_isotonic(z: np.ndarray, y: np.ndarray) -> Tuple[List[float], List[float]]:
    """The least squares curve that rises, by its minimax formula: z and p of its corners."""
    keys = np.unique(z)
    yes = np.array([y[z == key].sum() for key in keys], float)
    n = np.array([(z == key).sum() for key in keys], float)
    sums, counts = np.append(0, np.cumsum(yes)), np.append(0, np.cumsum(n))
    share = (sums[None, 1:] - sums[:-1, None]) / np.maximum(counts[None, 1:] - counts[:-1, None], 1)
    level = [
        max(min(share[i, k] for k in range(j, len(keys))) for i in range(j + 1))
        for j in range(len(keys))
    ]
    corners: Dict[float, List[int]] = {}
    for j, value in enumerate(level):
        corners.setdefault(round(value, 12), []).append(j)
    least = 1 / (len(z) + 2)
    at = [float((keys[js] * n[js]).sum() / n[js].sum()) for js in corners.values()]
    return at, [min(max(value, least), 1 - least) for value in corners]


@pytest.mark.parametrize("columns", [2, 6])
def test_platt_is_what_it_says(columns: int) -> None:
    """Two groups are two folds, so that the opinions of each are those of the other's model."""
    x, y, _ = make(4, n=600, columns=columns)
    group = groups_of_two_folds(x, y)
    model = pmkt.LogisticRegression(folds=2).fit(x, y, groups=group)
    z, seen = held_out(x, y, group)
    slope, shift = slow_platt(z, seen)
    info = model.info
    assert (info.slope, info.shift) == pytest.approx((slope, shift), rel=1e-6)
    assert (slope > 0) == (columns > 2)
    plain = pmkt.LogisticRegression(calibration=None).fit(x, y, groups=group).predict_proba(x)
    odds = np.log(plain[:, 1] / plain[:, 0])
    np.testing.assert_allclose(
        model.predict_proba(x)[:, 1], sigmoid(slope * odds + shift), rtol=1e-6
    )


def test_isotonic_is_the_best_curve_that_rises() -> None:
    x, y, _ = make(5, n=300, columns=2)
    x = np.round(x, 1)  # so that some log-odds are the same
    group = groups_of_two_folds(x, y)
    model = pmkt.LogisticRegression(calibration="isotonic", folds=2).fit(x, y, groups=group)
    z, seen = held_out(x, y, group)
    at, level = slow_isotonic(z, seen)
    assert model.info.curve_size == len(at) > 3
    plain = pmkt.LogisticRegression(calibration=None).fit(x, y, groups=group).predict_proba(x)
    odds = np.log(plain[:, 1] / plain[:, 0])
    expected = np.interp(odds, at, level)
    np.testing.assert_allclose(model.predict_proba(x)[:, 1], expected, atol=1e-6)


def groups_of_two_folds(x: np.ndarray, y: np.ndarray) -> np.ndarray:
    """Two groups that fall into different folds of two. A hash says who does, so they are looked
    for: what is all in one fold cannot be calibrated, and stays as it is."""
    half = np.arange(len(x)) % 2 == 0
    for other in range(2, 50):
        group = np.where(half, 1, other)
        if pmkt.LogisticRegression(folds=2).fit(x, y, groups=group).info.slope != 1:
            return group
    raise AssertionError("all groups are of one fold")


def held_out(x: np.ndarray, y: np.ndarray, group: np.ndarray) -> Tuple[np.ndarray, np.ndarray]:
    """What a model of each group thinks of the other one, with the columns' scale of all."""
    mean, deviation = x.mean(0), x.std(0)
    s = np.column_stack([(x - mean) / deviation, np.ones(len(x))])
    z = np.empty(len(x))
    for key in np.unique(group):
        mine, others = group == key, group != key
        beta, penalty = np.zeros(s.shape[1]), np.diag([1.0] * x.shape[1] + [0.0])
        for _ in range(50):
            p = sigmoid(s[others] @ beta)
            slope = s[others].T @ (p - y[others]) + penalty @ beta
            beta = beta - np.linalg.solve(
                (s[others].T * (p * (1 - p))) @ s[others] + penalty, slope
            )
        z[mine] = s[mine] @ beta
    return z, y


def test_calibrated_means_calibrated() -> None:
    """Of outcomes that no line can tell, an isotonic curve still says how often they happen."""
    rng = np.random.default_rng(7)
    x = rng.uniform(-3, 3, (20_000, 1))
    truth = 0.1 + 0.6 * (x[:, 0] > 1)
    y = rng.random(len(x)) < truth
    error = {}
    for calibration in (None, "platt", "isotonic"):
        model = pmkt.LogisticRegression(calibration=calibration).fit(x, y)
        p = model.predict_proba(x)[:, 1]
        error[calibration] = float(np.abs(p - truth).mean())
    assert error["isotonic"] < 0.02 < error["platt"] and error["platt"] <= error[None] + 0.01


# ------------------------------------------------------------------------------- evaluation


def slow_figures(y: np.ndarray, p: np.ndarray, bins: int = 10) -> Dict[str, float]:
    yes, no = p[y], p[~y]
    wins = (yes[:, None] > no[None, :]).sum() + 0.5 * (yes[:, None] == no[None, :]).sum()
    kept = np.clip(np.where(y, p, 1 - p), 2.0**-52, None)
    order = np.lexsort([np.arange(len(p)), p])
    n, gaps, chance = len(p), 0.0, 0.0
    share = np.array([y[p == one].mean() for one in p])  # rows of equal p count as their mean
    for rows in np.array_split(order, bins):
        gaps += abs((share[rows] - p[rows]).sum())
        chance += math.sqrt(2 / math.pi) * math.sqrt((p[rows] * (1 - p[rows])).sum())
    return {
        "auc": wins / (len(yes) * len(no)),
        "ap": float(np.mean([y[p >= one].mean() for one in yes])),
        "brier": float(((p - y) ** 2).mean()),
        "log_loss": float(-np.log(kept).mean()),
        "ece": gaps / n,
        "ece_debiased": max(0.0, gaps - chance) / n,
    }


def figures(table: pmkt.Table, part: str = "value") -> Dict[str, float]:
    return {row["figure"]: row[part] for row in table}


@pytest.mark.parametrize("seed", range(4))
@pytest.mark.parametrize("bins", [2, 10, 37])
def test_figures_are_by_the_book(seed: int, bins: int) -> None:
    rng = np.random.default_rng(seed)
    n = int(rng.integers(40, 400))
    p = rng.random(n) if seed % 2 else np.round(rng.random(n), 1)  # with ties, and 0 and 1
    y = rng.random(n) < p**1.5
    other = rng.random(n)
    table = pmkt.binary_metrics(y, p, rival=other, bins=bins)
    assert table.columns == ["figure", "value", "low", "high"]
    assert np.isnan(table["low"]).all() and np.isnan(table["high"]).all()
    found, mine, theirs = figures(table), slow_figures(y, p, bins), slow_figures(y, other, bins)
    for name, value in mine.items():
        assert found[name] == pytest.approx(value, rel=1e-11, abs=1e-13), name
    for name in ("auc", "ap", "brier", "log_loss"):
        assert found[f"rival_{name}"] == pytest.approx(theirs[name], rel=1e-11)
        gain = mine[name] - theirs[name]
        gain = gain if name in ("auc", "ap") else -gain
        assert found[f"{name}_gain"] == pytest.approx(gain, rel=1e-9, abs=1e-12)
    assert list(figures(pmkt.binary_metrics(y, p))) == list(mine)


def test_intervals() -> None:
    rng = np.random.default_rng(8)
    p = rng.random(3000)
    y = rng.random(3000) < p
    one = pmkt.binary_metrics(y, p, resamples=1000, level=0.9, seed=3, threads=1)
    two = pmkt.binary_metrics(y, p, resamples=1000, level=0.9, seed=3, threads=2)
    for part in ("value", "low", "high"):
        np.testing.assert_array_equal(one[part], two[part])
    low, value, high = figures(one, "low"), figures(one), figures(one, "high")
    error = ((p - y) ** 2).std() / math.sqrt(len(p))
    assert high["brier"] - low["brier"] == pytest.approx(2 * 1.645 * error, rel=0.1)
    assert all(low[k] < value[k] < high[k] for k in ("auc", "ap", "brier", "log_loss"))
    # Rows that stand there twice are no news if they are one group.
    group = np.arange(1, 3001)
    again = [np.concatenate([part, part]) for part in (y, p, group)]
    twice = pmkt.binary_metrics(*again, resamples=200, seed=5)
    once = pmkt.binary_metrics(y, p, group, resamples=200, seed=5)
    for part in ("low", "high"):
        np.testing.assert_allclose(twice[part][:4], once[part][:4], rtol=1e-12)
    texts = pmkt.binary_metrics(y, p, [f"user {g}" for g in group], resamples=200, seed=5)
    assert texts["low"][0] != once["low"][0]  # other ids, other draws
    assert texts["low"][0] == pytest.approx(once["low"][0], abs=0.01)
    same = figures(pmkt.binary_metrics(y, p, rival=p, resamples=50), "high")
    assert same["auc_gain"] == 0 and same["log_loss_gain"] == 0
    assert "3,000 rows" in repr(one) and "low" in repr(one)
    assert "low" not in repr(pmkt.binary_metrics(y, p))


def test_reliability() -> None:
    rng = np.random.default_rng(9)
    p = rng.random(1003)
    y = rng.random(1003) < p
    table = pmkt.reliability(y, p, bins=7)
    order = np.argsort(p, kind="stable")
    for b, rows in enumerate(np.array_split(order, 7)):
        n, share, z = len(rows), y[rows].mean(), 1.959963984540054
        middle = (share + z * z / (2 * n)) / (1 + z * z / n)
        half = z / (1 + z * z / n) * math.sqrt(share * (1 - share) / n + z * z / (4 * n * n))
        assert table["n"][b] == n
        assert table["predicted"][b] == pytest.approx(p[rows].mean(), rel=1e-12)
        assert table["observed"][b] == pytest.approx(share, rel=1e-12)
        assert table["low"][b] == pytest.approx(middle - half, rel=1e-9)
        assert table["high"][b] == pytest.approx(middle + half, rel=1e-9)
    few = pmkt.reliability([1, 0], [0.9, 0.2], bins=5)
    assert few["n"].sum() == 2 and np.isnan(few["predicted"][few["n"] == 0]).all()


def test_a_diagram_is_drawn() -> None:
    matplotlib = needed("matplotlib")
    matplotlib.use("Agg")
    rng = np.random.default_rng(9)
    p = rng.random(500)
    ax = pmkt.plot.calibration_curve(pmkt.reliability(rng.random(500) < p, p))
    assert "500 predictions" in ax.get_title()
    few = pmkt.plot.calibration_curve(pmkt.reliability([0, 1, 1], [0.1, 0.5, 0.9]))  # empty bins
    assert np.isfinite(few.get_xlim()).all()


def test_what_cannot_be_told() -> None:
    table = figures(pmkt.binary_metrics([1, 1], [0.5, 0.9]))
    assert np.isnan(table["auc"]) and table["ap"] == 1
    empty = figures(pmkt.binary_metrics([], []))
    assert all(np.isnan(value) for value in empty.values())
    assert pmkt.reliability([], [])["n"].sum() == 0


# ------------------------------------------------------------------------------------ forms


def test_forms_that_tables_and_outcomes_have() -> None:
    pandas = needed("pandas")
    x, y, group = make(10)
    plain = pmkt.LogisticRegression().fit(x, y, groups=group)
    frame = pandas.DataFrame(x, columns=["a", "b", "c", "d"])
    for table, truths, groups in (
        (frame, pandas.Series(y), pandas.Series(group)),
        (x.tolist(), y.astype(float), group.tolist()),
        (np.asfortranarray(x), y.astype(np.int8), group.astype(np.uint32)),
        (frame, y.astype(object), group),
    ):
        model = pmkt.LogisticRegression().fit(table, truths, groups=groups)
        assert np.array_equal(model.coef_, plain.coef_)
        assert np.array_equal(model.predict_proba(table), plain.predict_proba(x))
    assert model.coefficients()["feature"].tolist() == ["a", "b", "c", "d", "intercept"]
    assert model.feature_names_in_.tolist() == ["a", "b", "c", "d"] and model.n_features_in_ == 4
    assert plain.coefficients()["feature"].tolist()[0] == "x0"
    assert plain.coefficients(["p", "q", "r", "s"])["feature"].tolist()[3] == "s"
    model.fit(x, y)
    assert not hasattr(model, "feature_names_in_")
    texts = pmkt.LogisticRegression().fit(x, y, groups=[f"g{g}" for g in group])
    np.testing.assert_allclose(texts.standard_errors_, plain.standard_errors_, rtol=1e-9)


def test_not_finite_has_nan_and_threads_change_nothing() -> None:
    x, y, _ = make(11, n=20_000)
    one = pmkt.LogisticRegression(threads=1).fit(x, y)
    two = pmkt.LogisticRegression(threads=2).fit(x, y)
    assert np.array_equal(one.coef_, two.coef_) and one.info == two.info
    assert np.array_equal(one.standard_errors_, two.standard_errors_)
    x[3, 1], x[5, 0] = np.nan, np.inf
    p = two.predict_proba(x)
    assert np.array_equal(one.predict_proba(x), p, equal_nan=True)
    assert np.flatnonzero(np.isnan(p).any(axis=1)).tolist() == [3, 5]
    assert one.predict_proba(np.empty((0, 4))).shape == (0, 2)


def test_parameters() -> None:
    model = pmkt.LogisticRegression(2.0, "isotonic", folds=3)
    assert model.get_params() == {"l2": 2.0, "calibration": "isotonic", "folds": 3, "threads": 0}
    assert model.set_params(l2=4).l2 == 4 and "not fitted" in repr(model)
    for wrong in ({"l2": -1}, {"fold": 2}, {"folds": 1}):
        with pytest.raises(pmkt.InvalidInput):
            model.set_params(**wrong)
    assert model.l2 == 4
    x, y, _ = make(12)
    assert "400 rows" in repr(model.fit(x, y)) and model.info.curve_size > 1
    assert model.info.calibration == "isotonic" and model.info.l2 == 4
    twin = needed("sklearn.base").clone(model)
    assert twin.get_params() == model.get_params() and "not fitted" in repr(twin)
    for ask in (lambda m: m.coef_, lambda m: m.predict_proba(x), lambda m: m.info):
        with pytest.raises(pmkt.NotFitted):
            ask(pmkt.LogisticRegression())


@pytest.mark.parametrize("calibration", ["platt", "isotonic", None])
def test_a_file_has_the_model(tmp_path: Path, calibration: Optional[str]) -> None:
    x, y, group = make(14)
    model = pmkt.LogisticRegression(3.0, calibration, folds=4).fit(x, y, groups=group)
    path = tmp_path / "m.pmkt"
    assert model.save(path) is model and model.to_bytes() == path.read_bytes()
    assert pmkt.inspect(path).kind == "logistic"
    from_bytes = pmkt.LogisticRegression.from_bytes(model.to_bytes(), threads=2)
    for again in (pmkt.LogisticRegression.load(path), from_bytes):
        assert np.array_equal(again.predict_proba(x), model.predict_proba(x))
        assert again.info == model.info and again.to_bytes() == model.to_bytes()
        assert list(again.coefficients()) == list(model.coefficients())
        assert (again.l2, again.calibration, again.n_features_in_) == (3.0, calibration, 4)
        assert again.verify() is again and not hasattr(again, "feature_names_in_")
    assert from_bytes.threads == 2
    with pytest.raises(pmkt.InvalidInput, match="cannot be mapped"):
        pmkt.LogisticRegression.load(path, map=True)
    with pytest.raises(pmkt.FileMissing):
        pmkt.LogisticRegression.load(tmp_path / "none")
    with pytest.raises(pmkt.BadFormat):
        pmkt.RFM.load(path)
    with pytest.raises(pmkt.Corrupt):
        pmkt.LogisticRegression.from_bytes(model.to_bytes()[:-1])
    with pytest.raises(pmkt.LimitReached):
        pmkt.LogisticRegression.load(path, max_bytes=10)
    with pytest.raises(pmkt.Canceled):
        pmkt.LogisticRegression.load(path, progress=lambda done, stage: True)
    with pytest.raises(pmkt.NotFitted):
        pmkt.LogisticRegression().save(tmp_path / "unfitted")


@pytest.mark.parametrize(
    "again", [copy.copy, copy.deepcopy, lambda m: pickle.loads(pickle.dumps(m))]
)
def test_pickles_keep_what_files_have_not(again: Any) -> None:
    pandas = needed("pandas")
    x, y, _ = make(15)
    table = pandas.DataFrame(x, columns=["a", "b", "c", "d"])
    model = pmkt.LogisticRegression(2.0, "isotonic", folds=3, threads=2).fit(table, y)
    twin = again(model)
    assert twin.get_params() == model.get_params() and repr(twin) == repr(model)
    assert twin.feature_names_in_.tolist() == ["a", "b", "c", "d"]
    assert list(twin.coefficients()) == list(model.coefficients())
    assert np.array_equal(twin.predict_proba(table), model.predict_proba(table))
    fresh = again(pmkt.LogisticRegression(folds=7))
    assert fresh.folds == 7 and "not fitted" in repr(fresh)


GOOD = np.array([[0.0], [1.0], [2.0], [3.0]])


@pytest.mark.parametrize(
    "make_it",
    [
        lambda: pmkt.LogisticRegression(l2=0),
        lambda: pmkt.LogisticRegression(l2=float("inf")),
        lambda: pmkt.LogisticRegression(calibration="beta"),
        lambda: pmkt.LogisticRegression(folds=21),
        lambda: pmkt.LogisticRegression().fit(GOOD, [0, 0, 0, 0]),
        lambda: pmkt.LogisticRegression().fit(GOOD, [0, 1, 2, 1]),
        lambda: pmkt.LogisticRegression().fit(GOOD, [0, 1, np.nan, 1]),
        lambda: pmkt.LogisticRegression().fit(GOOD, ["n", "y", "n", "y"]),
        lambda: pmkt.LogisticRegression().fit(GOOD, [0, 1, 0]),
        lambda: pmkt.LogisticRegression().fit(GOOD[:, 0], [0, 1, 0, 1]),
        lambda: pmkt.LogisticRegression().fit(GOOD[:0], []),
        lambda: pmkt.LogisticRegression().fit(GOOD[:, :0], [0, 1, 0, 1]),
        lambda: pmkt.LogisticRegression().fit([["a"], ["b"]], [0, 1]),
        lambda: pmkt.LogisticRegression().fit(GOOD / 0, [0, 1, 0, 1]),
        lambda: pmkt.LogisticRegression().fit(GOOD, [0, 1, 0, 1], [1, 1, 1]),
        lambda: pmkt.LogisticRegression().fit(GOOD, [0, 1, 0, 1], [1, 1, 1, -1]),
        lambda: pmkt.LogisticRegression().fit(GOOD, [0, 1, 0, 1], [0, 0, 0, 0]),
        lambda: pmkt.LogisticRegression().fit(GOOD, [0, 1, 0, 1], groups=[1, 2, 3]),
        lambda: pmkt.LogisticRegression().fit(np.zeros((4, 1025)), [0, 1, 0, 1]),
        lambda: pmkt.LogisticRegression().fit(GOOD, [0, 1, 0, 1]).predict_proba([[1, 2]]),
        lambda: pmkt.LogisticRegression().fit(GOOD, [0, 1, 0, 1]).coefficients("a"),
        lambda: pmkt.LogisticRegression().fit(GOOD, [0, 1, 0, 1]).coefficients(["a", "b"]),
        lambda: pmkt.binary_metrics([0, 1], [0.5]),
        lambda: pmkt.binary_metrics([0, 1], [0.5, 1.1]),
        lambda: pmkt.binary_metrics([0, 1], [0.5, np.nan]),
        lambda: pmkt.binary_metrics([0, 3], [0.5, 0.5]),
        lambda: pmkt.binary_metrics([0, 1], [0.5, 0.5], rival=[0.5]),
        lambda: pmkt.binary_metrics([0, 1], [0.5, 0.5], rival=[0.5, -1]),
        lambda: pmkt.binary_metrics([0, 1], [0.5, 0.5], bins=1),
        lambda: pmkt.binary_metrics([0, 1], [0.5, 0.5], level=1),
        lambda: pmkt.binary_metrics([0, 1], [0.5, 0.5], level=0),
        lambda: pmkt.binary_metrics([0, 1], [0.5, 0.5], seed=-1),
        lambda: pmkt.reliability([0, 1], [0.5, 0.5], bins=0),
        lambda: pmkt.reliability([0, 1], [[0.5, 0.5]]),
    ],
)
def test_what_makes_no_sense_is_refused(make_it: Any) -> None:
    with np.errstate(divide="ignore", invalid="ignore"), pytest.raises(pmkt.InvalidInput):
        make_it()


def test_where_it_is_wrong() -> None:
    with pytest.raises(pmkt.InvalidInput) as caught:
        pmkt.LogisticRegression().fit([[1.0], [np.nan], [2.0]], [0, 1, 1])
    assert (caught.value.where, caught.value.where_kind) == (1, "row")
    with pytest.raises(pmkt.InvalidInput, match="row 2: y is 5") as caught:
        pmkt.reliability([0, 1, 5], [0, 0, 0])
    assert caught.value.where == 2
    with pytest.raises(pmkt.Overflow):
        pmkt.LogisticRegression().fit([[1e300], [-1e300], [0]], [0, 1, 1])


@pytest.mark.parametrize(
    ("x", "y", "more", "said"),
    [
        ([[1.0], [np.nan]], [0, 1], {}, r"^X\[1\]\[0\] is not finite$"),
        ([[1.0], [2.0]], [1, 1], {}, "^y is the same in every row"),
        (np.zeros((2, 0)), [0, 1], {}, "^the number of columns of X is 0; "),
        ([[1.0], [2.0]], [0, 1], {"sample_weight": [-1, 1]}, r"^sample_weight\[0\] is negative"),
        ([[1.0], [2.0]], [0, 1], {"sample_weight": [1e300, 1]}, "^the sum of sample_weight is"),
        ([[1e308], [-1e308]], [0, 1], {}, "^column 0 of X has numbers too large"),
    ],
)
def test_errors_name_the_arguments(x: Any, y: Any, more: Any, said: str) -> None:
    with pytest.raises(pmkt.PmktError, match=said):
        pmkt.LogisticRegression().fit(x, y, **more)


def test_help_is_of_the_model() -> None:
    text = pydoc.render_doc(pmkt.LogisticRegression)
    assert "ndarray(shape" not in text and pmkt.LogisticRegression().classes_.tolist() == [0, 1]


def test_calls_can_be_canceled() -> None:
    x, y, _ = make(13, n=5000)
    model = pmkt.LogisticRegression().fit(x, y)
    before = model.coef_
    with pytest.raises(pmkt.Canceled):
        model.fit(x, y, progress=lambda done, stage: True)
    assert np.array_equal(model.coef_, before)
    p = model.predict_proba(x)[:, 1]
    with pytest.raises(pmkt.Canceled):
        pmkt.binary_metrics(y, p, resamples=1000, progress=lambda done, stage: done > 0.1)
    seen: List[float] = []
    model.fit(x, y, progress=lambda done, stage: seen.append(done))
    assert seen[-1] > 0.9 and min(np.diff(seen)) > -1e-9
