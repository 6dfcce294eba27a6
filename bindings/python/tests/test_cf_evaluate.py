"""Splits, and metrics against a slow count and against ranx."""

from __future__ import annotations

import pickle
import warnings
from pathlib import Path
from typing import Any, Dict, List

import numpy as np
import pytest
from cf_oracle import Truth, gini, metrics, random_matrix
from conftest import needed

import pmkt

scipy_sparse = needed("scipy.sparse")
KS = (1, 5, 20)
MEANS = ("precision", "recall", "recall_capped", "ndcg", "map", "mrr", "hit")


def some_events(rows: int = 4000, seed: int = 1) -> Dict[str, Any]:
    dice = np.random.default_rng(seed)
    return dict(
        user=dice.integers(1, 150, rows),
        item=dice.integers(1, 60, rows),
        time=dice.integers(1, 10**9, rows),
        kind_column=dice.choice(["view", "order"], rows),
    )


# ----------------------------------------------------------------------------------- splits


def test_temporal() -> None:
    columns = some_events()
    events = pmkt.Events(**columns)
    train, test = pmkt.train_test_split(events)
    assert isinstance(train, pmkt.Events) and len(train) + len(test) == 4000
    assert abs(len(test) - 800) <= 2
    assert train._arrays["time"].max() < test._arrays["time"].min()
    cut = int(np.median(columns["time"]))
    parts = pmkt.train_test_split(events, since=cut)
    assert len(parts[1]) == np.count_nonzero(columns["time"] >= cut)


def test_temporal_of_a_kind() -> None:
    columns = some_events()
    train, test = pmkt.train_test_split(pmkt.Events(**columns), kind="order")
    assert (test._arrays["kind"] == 10).all() and (train._arrays["kind"] == 3).any()
    assert train._arrays["time"].max() < test._arrays["time"].min()


def test_leave_last() -> None:
    columns = some_events()
    train, test = pmkt.train_test_split(pmkt.Events(**columns), "leave_last", last=3)
    users, counts = np.unique(columns["user"], return_counts=True)
    assert len(test) == 3 * np.count_nonzero(counts > 3)
    for user in users[:30]:
        mine = train._arrays["time"][train._arrays["user"] == user]
        last = test._arrays["time"][test._arrays["user"] == user]
        assert len(last) == (3 if counts[users == user] > 3 else 0)
        if len(last) and len(mine):
            assert mine.max() <= last.min()


def test_random() -> None:
    events = pmkt.Events(**some_events())
    train, test = pmkt.train_test_split(events, "random", 0.3, seed=4)
    again, _ = pmkt.train_test_split(events, "random", 0.3, seed=4)
    other, _ = pmkt.train_test_split(events, "random", 0.3, seed=5)
    assert np.array_equal(train._arrays["time"], again._arrays["time"])
    assert not np.array_equal(train._arrays["time"], other._arrays["time"])
    pairs = [
        set(zip(p._arrays["user"].tolist(), p._arrays["item"].tolist())) for p in (train, test)
    ]
    assert not pairs[0] & pairs[1]
    assert len(pairs[1]) / (len(pairs[0]) + len(pairs[1])) == pytest.approx(0.3, abs=0.05)


def test_parts_go_back_as_they_came() -> None:
    events = pmkt.Events(
        user=["a", "b", "a", "b"],
        item=["x", "y", "y", None],
        time=[1, 2, 3, 4],
        amount=[5, 6, 7, 8],
    )
    train, test = pmkt.train_test_split(events, since=3)
    assert len(train) == 2 and len(test) == 1  # what has no item is in neither
    data = pmkt.CFData(test)
    assert data.user_ids.tolist() == ["a"] and data.item_ids.tolist() == ["y"]
    assert test._arrays["amount"].tolist() == [7]


@pytest.mark.parametrize("maker", ["pandas", "polars", "pyarrow", "dict"])
def test_frames_stay_frames(maker: str) -> None:
    raw: Dict[str, Any] = {
        "u": np.array([1, 1, 2, 2]),
        "i": np.array([5, 6, 5, 6]),
        "t": np.array([4, 1, 2, 3]),
        "beside": np.array(["a", "b", "c", "d"]),
    }
    frame: Any = raw
    if maker == "pandas":
        frame = needed("pandas").DataFrame(raw, index=[7, 7, 9, 9])
    elif maker == "polars":
        frame = needed("polars").DataFrame(raw)
    elif maker == "pyarrow":
        frame = needed("pyarrow").table(raw)
    train, test = pmkt.train_test_split(frame, since=3, user="u", item="i", time="t")
    assert type(train) is type(frame) and type(test) is type(frame)
    assert list(map(str, test["beside"])) == list(map(str, np.array(["a", "d"])))
    assert len(train["u"]) == 2
    again = pmkt.train_test_split(frame, since=3, user="u", item="i", time="t", kind="favorite")
    assert len(again[1]["u"]) == 2  # every row is of that kind


@pytest.mark.parametrize(
    "given",
    [
        dict(how="sideways"),
        dict(test=0),
        dict(test=1),
        dict(test=-0.1),
        dict(test=np.nan),
        dict(test="some"),
        dict(last=0, how="leave_last"),
        dict(seed=-1),
        dict(kind="purchase"),
        dict(since="never"),
        dict(user="u"),
    ],
)
def test_hostile_splits(given: Dict[str, Any]) -> None:
    with pytest.raises(pmkt.InvalidInput):
        pmkt.train_test_split(pmkt.Events(**some_events(50)), **given)


def test_hostile_frames() -> None:
    for frame in (3, None, [1, 2], {"u": [1]}):
        with pytest.raises(pmkt.InvalidInput):
            pmkt.train_test_split(frame, user="u", item="i", time="t")
    with pytest.raises(pmkt.InvalidInput, match="item= has to name"):
        pmkt.train_test_split({"u": [1], "t": [1]}, user="u", time="t")


def test_nothing_can_be_split() -> None:
    train, test = pmkt.train_test_split(pmkt.Events(user=[], item=[], time=[]))
    assert len(train) == len(test) == 0


# ---------------------------------------------------------------------------------- metrics


@pytest.fixture(scope="module")
def parts() -> Any:
    whole = random_matrix(90, 60, 0.25, 11, negative=0.1)
    dice = np.random.default_rng(2)
    held = dice.random(whole.shape) < 0.3
    held[np.arange(90), (whole > 0).argmax(axis=1).A1] = False  # everybody has something to go by
    test = whole.multiply(scipy_sparse.csr_matrix(held)).tocsr()
    train = (whole - test).tocsr()
    train.eliminate_zeros()
    test.eliminate_zeros()
    test[3] = 0  # has nothing to find
    test.eliminate_zeros()
    return train, test


def truths(answer: pmkt.Answers, train: Any, test: Any) -> List[Truth]:
    found = []
    for user in range(test.shape[0]):
        relevant = set(test[user].indices[test[user].data > 0]) - set(train[user].indices)
        if relevant:
            found.append(Truth(answer.row(user).items.tolist(), relevant))
    return found


def test_metrics_against_a_slow_count(parts: Any) -> None:
    train, test = parts
    model = pmkt.ALS(8, seed=1).fit(train)
    result = pmkt.evaluate(model, train, test, KS)
    answer = model.recommend(np.arange(90), max(KS))
    users = truths(answer, train, test)
    assert result.users == len(users) and result.unknown == result.cold_items == 0
    assert result.nothing_relevant == 90 - len(users) > 0
    for k in KS:
        of_user = [metrics(user, k) for user in users]
        for metric in MEANS:
            mean = np.mean([one[metric] for one in of_user])
            assert result[f"{metric}@{k}"] == pytest.approx(mean, rel=1e-9), metric
        counts = np.zeros(60)
        who = [
            u for u in range(90) if set(test[u].indices[test[u].data > 0]) - set(train[u].indices)
        ]
        for user in who:
            counts[answer.row(user).items[:k]] += 1
        assert result[f"coverage@{k}"] == pytest.approx(np.count_nonzero(counts) / 60)
        assert result[f"gini@{k}"] == pytest.approx(gini(counts), abs=1e-9)
        share = np.diff(train.tocsc().indptr) / 90
        novelty = [np.mean(-np.log2(share[answer.row(u).items[:k]])) for u in who]
        assert result[f"novelty@{k}"] == pytest.approx(np.mean(novelty), rel=1e-9)
    assert list(result)[:10] == [f"{name}@1" for name in pmkt.metric_names()]


def test_metrics_against_ranx(parts: Any) -> None:
    ranx = needed("ranx")
    train, test = parts
    model = pmkt.ItemKNN(20).fit(train)
    result = pmkt.evaluate(model, train, test, KS)
    answer = model.recommend(np.arange(90), max(KS))
    qrels, run = {}, {}
    for number, user in enumerate(truths(answer, train, test)):
        qrels[f"u{number}"] = {f"i{item}": 1 for item in user.relevant}
        run[f"u{number}"] = {f"i{item}": 100.0 - r for r, item in enumerate(user.answered)}
    theirs = {"ndcg": "ndcg", "map": "map", "mrr": "mrr", "hit": "hit_rate"}
    theirs.update(precision="precision", recall="recall")
    wanted = [f"{name}@{k}" for name in theirs.values() for k in KS]
    found = ranx.evaluate(ranx.Qrels(qrels), ranx.Run(run), wanted)
    for mine, name in theirs.items():
        for k in KS:
            assert result[f"{mine}@{k}"] == pytest.approx(found[f"{name}@{k}"], abs=1e-9)


def test_answers_from_elsewhere(parts: Any) -> None:
    train, test = parts
    model = pmkt.ALS(8, seed=1).fit(train)
    mine = pmkt.evaluate(model, train, test, KS, seed=3)
    answer = model.recommend(np.arange(90), 20)
    lists = [answer.row(user).items.tolist() for user in range(90)]
    for answers in (answer, answer.items, lists):
        other = pmkt.evaluate_answers(np.arange(90), answers, train, test, KS, seed=3)
        assert dict(other) == dict(mine) and other.intervals == mine.intervals
        assert other.users == mine.users
    few = pmkt.evaluate_answers([5, 7], [lists[5], lists[7]], train, test, KS)
    assert few.users == 2 and few.unknown == mine.users - 2
    with pytest.raises(pmkt.BadRow):
        pmkt.evaluate_answers([5, 5], [[1], [2]], train, test)
    with pytest.raises(pmkt.BadRow):
        pmkt.evaluate_answers([5, 6], [[1, 2], [2, 2]], train, test)
    with pytest.raises(pmkt.InvalidInput, match="2 answers for 1 users"):
        pmkt.evaluate_answers([5], [[1], [2]], train, test)


def test_groups_and_intervals(parts: Any) -> None:
    pandas = needed("pandas")
    train, test = parts
    model = pmkt.Popularity().fit(train)
    groups = {user: ("few", "many")[user % 2] for user in range(88)}
    result = pmkt.evaluate(model, train, test, 10, groups=groups, bootstrap=200, seed=1)
    assert set(result.groups) == {"few", "many"}
    few, many = result.groups["few"], result.groups["many"]
    assert few.users + many.users <= result.users
    part = test.copy().tolil()
    part[1::2] = 0
    part[88:] = 0
    alone = pmkt.evaluate(model, train, part.tocsr(), 10, bootstrap=0)
    assert few["ndcg@10"] == pytest.approx(alone["ndcg@10"]) and few.users == alone.users
    assert not alone.intervals
    for metric in ("ndcg@10", "recall@10", "map@10"):
        low, high = result.intervals[metric]
        assert low <= result[metric] <= high and low < high
    assert "gini@10" not in result.intervals
    intervals = [
        pmkt.evaluate(model, train, test, 10, seed=1, level=level).intervals["ndcg@10"]
        for level in (0.5, 0.9, 0.99)
    ]
    assert intervals[2].low < intervals[1].low < intervals[0].low
    assert intervals[2].high > intervals[1].high > intervals[0].high
    labels = [groups.get(user) for user in range(90)]
    for given in (pandas.Series(groups), labels, np.array(labels, object)):
        again = pmkt.evaluate(model, train, test, 10, groups=given, bootstrap=200, seed=1)
        assert dict(again.groups["few"]) == dict(few)
    frame = result.to_pandas()
    assert list(frame.columns) == ["group", "metric", "k", "value", "low", "high", "users"]
    assert set(frame["group"]) == {"all", "few", "many"} and len(frame) == 30
    assert "ndcg" in repr(result.table())


def test_users_one_by_one(parts: Any) -> None:
    train, test = parts
    model = pmkt.Popularity().fit(train)
    result = pmkt.evaluate(model, train, test, KS)
    users, values = result.by_user("ndcg", 5)
    assert len(users) == result.users and values.mean() == pytest.approx(result["ndcg@5"])
    answer = model.recommend(users, 5)
    for row, user in enumerate(users):
        relevant = set(test[user].indices[test[user].data > 0]) - set(train[user].indices)
        expected = metrics(Truth(answer.row(row).items.tolist(), relevant), 5)["ndcg"]
        assert values[row] == pytest.approx(expected)
    for metric, k in (("ndcg", 6), ("gini", 5), ("fame", 5)):
        with pytest.raises(pmkt.InvalidInput):
            result.by_user(metric, k)
    del result
    assert values.mean() >= 0  # the view keeps what it shows
    again = pickle.loads(pickle.dumps(pmkt.evaluate(model, train, test, 5)))
    assert isinstance(again, pmkt.Evaluation) and again["ndcg@5"] == pytest.approx(values.mean())
    with pytest.raises(pmkt.InvalidInput):
        again.by_user("ndcg", 5)


def test_events_are_evaluated_with_the_weights_of_the_model() -> None:
    events = pmkt.Events(**some_events())
    train, test = pmkt.train_test_split(events)
    model = pmkt.Popularity(weights={"view": 0}).fit(train)
    result = pmkt.evaluate(model, train, test)
    orders = pmkt.CFData(test, weights={"view": 0})
    again = pmkt.evaluate(model, pmkt.CFData(train, weights={"view": 0}), orders)
    assert dict(result) == dict(again) and "ndcg@100" in result
    assert dict(pmkt.evaluate(model, None, test)) == dict(result)  # the model knows who had what


def test_strangers_and_fallbacks(parts: Any) -> None:
    train, test = parts
    model = pmkt.ALS(8, seed=1).fit(train)
    told = pmkt.evaluate(model, train, test, 10, fold_in=True)
    assert told.users > 0 and told["ndcg@10"] > 0
    fewer = train[:50]
    ids = np.arange(1, 91)
    half = pmkt.ALS(8).fit(pmkt.CFData.from_matrix(fewer, user_ids=ids[:50], item_ids=ids[:60]))
    whole = [pmkt.CFData.from_matrix(m, user_ids=ids, item_ids=ids[:60]) for m in (train, test)]
    alone = pmkt.evaluate(half, None, whole[1], 10)
    assert alone.unknown > 0
    popular = pmkt.evaluate(half, None, whole[1], 10, fallback="popular")
    assert popular.users == alone.users + alone.unknown
    kept = pmkt.evaluate(model, train, train, 10, exclude_seen=False)
    assert kept.users == np.count_nonzero((train > 0).sum(axis=1))
    assert pmkt.evaluate(model, train, train, 10).users == 0  # all of it was seen
    few = pmkt.evaluate(model, train, test, 10, items=range(10))
    answer = model.recommend(np.arange(90), 10, items=range(10))
    same = pmkt.evaluate_answers(np.arange(90), answer, train, test, 10)
    assert few["ndcg@10"] == pytest.approx(same["ndcg@10"])


@pytest.mark.parametrize(
    "given",
    [
        dict(k=0),
        dict(k=()),
        dict(k=10_001),
        dict(k="ten"),
        dict(bootstrap=-1),
        dict(level=1.0),
        dict(level=-1),
        dict(seed=-1),
        dict(fallback="random"),
        dict(groups=[1, 2]),
        dict(groups={"ann": 1}),
        dict(items="ann"),
        dict(progress=3),
    ],
)
def test_hostile_evaluations(parts: Any, given: Dict[str, Any]) -> None:
    model = pmkt.Popularity().fit(parts[0])
    with pytest.raises(pmkt.InvalidInput):
        pmkt.evaluate(model, *parts, **given)


def test_what_cannot_be_compared(parts: Any) -> None:
    model = pmkt.Popularity().fit(parts[0])
    events = pmkt.Events(user=["a"], item=["x"], time=[1])
    for train, test in ((events, parts[1]), (parts[0], events), (None, None), (3, 4)):
        with pytest.raises(pmkt.InvalidInput):
            pmkt.evaluate(model, train, test)
    with pytest.raises(pmkt.InvalidInput, match="expected a Recommender"):
        pmkt.evaluate(None, *parts)  # type: ignore[arg-type]
    with pytest.raises(pmkt.NotFitted):
        pmkt.evaluate(pmkt.ALS(), *parts)
    with pytest.raises(pmkt.Canceled):
        pmkt.evaluate(model, *parts, progress=lambda done, stage: True)


@pytest.mark.parametrize("kind", [pmkt.ALS, pmkt.Popularity])
def test_matrices_of_other_shapes_are_refused(parts: Any, kind: Any) -> None:
    train, test = parts
    model = kind().fit(train)
    for given, message in (
        ((train, test[:80]), "train has 90 rows, test 80"),
        ((train[:80], test), "train has 80 rows, test 90"),
        ((train, test[:, :50]), "train has 60 columns, test 50"),
        ((train[:80], test[:80]), "test has 80 rows; the model was fitted to a matrix of 90"),
        ((train[:, :50], test[:, :50]), "test has 50 columns; the model .* of 60"),
        ((None, test[:, :50]), "test has 50 columns; the model .* of 60"),
    ):
        with pytest.raises(pmkt.InvalidInput, match=message):
            pmkt.evaluate(model, *given)
        with pytest.raises(pmkt.InvalidInput, match=message):
            pmkt.evaluate(
                model, *(None if m is None else pmkt.CFData.from_matrix(m) for m in given)
            )
    for test_of in (test[:80], test[:, :50]):
        with pytest.raises(pmkt.InvalidInput, match="train has"):
            pmkt.evaluate_answers([5], [[1]], train, test_of)
    ids = np.arange(1, 91)
    one, other = (
        pmkt.CFData.from_matrix(m, user_ids=ids[: m.shape[0]], item_ids=ids[:60])
        for m in (train, test[:80])
    )
    assert pmkt.evaluate(kind().fit(one), one, other).users > 0  # ids tell them apart


def test_strangers_are_other_rows(parts: Any) -> None:
    train, test = parts
    model = pmkt.ALS(8, seed=1).fit(train)
    some = pmkt.evaluate(model, train[:40], test[:40], 10, fold_in=True)
    groups = {user: "some" for user in range(40)}
    told = pmkt.evaluate(model, train, test, 10, fold_in=True, groups=groups).groups["some"]
    assert some.users == told.users > 0 and some["recall@10"] == pytest.approx(told["recall@10"])
    with pytest.raises(pmkt.InvalidInput, match="train has 40 rows, test 30"):
        pmkt.evaluate(model, train[:40], test[:30], fold_in=True)


def test_no_group_is_called_as_all_users_are(parts: Any) -> None:
    model = pmkt.Popularity().fit(parts[0])
    for groups in ({1: "all", 2: "few"}, ["all"] * 90):
        with pytest.raises(pmkt.InvalidInput, match="the label 'all', which is that of all users"):
            pmkt.evaluate(model, *parts, groups=groups)


def test_weights_that_a_file_has_lost_are_missed(tmp_path: Path) -> None:
    train, test = pmkt.train_test_split(pmkt.Events(**some_events()))
    weights = {"view": 0, "order": 5}
    model = pmkt.Popularity(weights=weights).fit(train)
    model.save(tmp_path / "m.pmkt")
    loaded = pmkt.Popularity.load(tmp_path / "m.pmkt")
    truth = dict(pmkt.evaluate(model, train, test))
    for one in (
        loaded,
        pickle.loads(pickle.dumps(loaded)),
        pmkt.Recommender.load(tmp_path / "m.pmkt"),
    ):
        with pytest.warns(UserWarning, match="does not keep weights") as told:
            wrong = pmkt.evaluate(one, train, test)
        assert len(told) == 1 and told[0].filename == __file__
        assert dict(wrong) != truth
    data = [pmkt.CFData(part, weights=weights) for part in (train, test)]
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert dict(pmkt.evaluate(loaded, train, test, weights=weights)) == truth
        assert dict(pmkt.evaluate(loaded, [train], test, weights=weights)) == truth
        assert dict(pmkt.evaluate(loaded, *data)) == truth
        assert dict(pmkt.evaluate(loaded, train, test, weights={})) == dict(wrong)
        assert dict(pmkt.evaluate(pickle.loads(pickle.dumps(model)), train, test)) == truth
        loaded.set_params(weights=weights)
        assert dict(pmkt.evaluate(loaded, train, test)) == truth
        again = pmkt.Popularity.load(tmp_path / "m.pmkt").fit(train)
        pmkt.evaluate(again, train, test)  # the weights of this fit are known


def test_weights_that_nobody_gave_are_not_missed(tmp_path: Path) -> None:
    train, test = pmkt.train_test_split(pmkt.Events(**some_events()))
    model = pmkt.ALS(4, seed=1).fit(train)
    model.save(tmp_path / "m.pmkt")
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        found = pmkt.evaluate(pmkt.ALS.load(tmp_path / "m.pmkt"), train, test)
    assert dict(found) == dict(pmkt.evaluate(model, train, test))


def test_weights_of_an_evaluation(parts: Any) -> None:
    train, test = pmkt.train_test_split(pmkt.Events(**some_events()))
    model = pmkt.Popularity(weights={"view": 0}).fit(train)
    orders = dict(weights={"order": 1}, only_weights=True)
    by_hand = (pmkt.CFData(train, **orders), pmkt.CFData(test, **orders))  # type: ignore[arg-type]
    assert dict(pmkt.evaluate(model, train, test, **orders)) == dict(  # type: ignore[arg-type]
        pmkt.evaluate(model, *by_hand)
    )
    views = pmkt.evaluate(model, train, test, weights={"order": 0})
    assert dict(views) != dict(pmkt.evaluate(model, train, test))
    with pytest.raises(pmkt.InvalidInput, match="for events; there are none"):
        pmkt.evaluate(pmkt.Popularity().fit(parts[0]), *parts, weights={"view": 0})
