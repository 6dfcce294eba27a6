"""Real data: books that readers rated, and what people viewed and ordered."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from conftest import data_file, needed

import pmkt

pandas = needed("pandas")
needed("scipy.sparse")


@pytest.fixture(scope="module")
def books() -> Any:
    """Ratings of 4 and 5, of every fourth reader; some stand there twice."""
    frame = pandas.read_csv(data_file("goodbooks_ratings.csv.xz"))
    assert len(frame) == 981_756
    liked = frame[(frame["rating"] >= 4) & (frame["user_id"] % 4 == 0)]
    return liked.assign(
        reader="reader " + liked["user_id"].astype(str), book="book " + liked["book_id"].astype(str)
    )


def test_books(books: Any) -> None:
    columns = dict(user="reader", item="book", time="rating", kind="favorite")
    train, test = pmkt.train_test_split(books, "random", 0.2, seed=1, **columns)
    assert len(train) + len(test) == len(books)
    events = [pmkt.Events.from_frame(part, **columns) for part in (train, test)]
    als = pmkt.ALS(32, iterations=8, seed=1, weights={"favorite": 1}).fit(events[0])
    knn = pmkt.ItemKNN(100, similarity="tfidf").fit(events[0])
    popular = pmkt.Popularity().fit(events[0])
    found = {
        model: pmkt.evaluate(model, *events, k=(10, 20), bootstrap=100)
        for model in (als, knn, popular)
    }
    ndcg = [found[model]["ndcg@10"] for model in (als, knn, popular)]
    assert ndcg[0] > 2 * ndcg[2] and ndcg[1] > 2 * ndcg[2] and ndcg[2] > 0
    assert found[als].intervals["ndcg@10"].low > found[popular].intervals["ndcg@10"].high
    assert found[popular]["gini@10"] > found[als]["gini@10"]
    assert found[als]["coverage@10"] > 5 * found[popular]["coverage@10"]
    answer = als.recommend(["reader 4", "reader 8", "somebody"], 10)
    assert all(item.startswith("book ") for item in answer.row(0).items)
    mine = set(train[train["reader"] == "reader 4"]["book"])
    assert not mine & set(answer.row(0).items)
    assert answer.reason_names[2] == "unknown"
    read = train[train["reader"] == "reader 4"]["book"].tolist()
    told = als.recommend_history([read], k=10)
    assert len(set(told.row(0).items) & set(answer.row(0).items)) >= 6


def test_views_help_to_find_orders() -> None:
    parts = []
    for name, kind in (
        ("trn_buy.txt.xz", "order"),
        ("trn_pv.txt.xz", "view"),
        ("trn_fav.txt.xz", "favorite"),
        ("tst_buy.txt.xz", "order"),
    ):
        path = data_file(f"jd/{name}")
        frame = pandas.read_csv(path, sep=r"\s+", header=None, usecols=[0, 1])
        parts.append(
            pmkt.Events(
                user=frame[0].to_numpy() + 1,
                item=frame[1].to_numpy() + 1,
                time=np.ones(len(frame), np.int64),
                kind=kind,
            )
        )
    orders, views, favorites, test = parts
    weights = {"order": 3, "view": 0.3, "favorite": 1}
    one = pmkt.ALS(64, seed=1, weights=weights).fit(orders)
    many = pmkt.ALS(64, seed=1, weights=weights).fit([orders, views, favorites])
    kept = dict(k=20, exclude_seen=False, bootstrap=0)
    alone = pmkt.evaluate(one, None, test, **kept)
    together = pmkt.evaluate(many, None, test, **kept)
    assert together["recall@20"] > 1.05 * alone["recall@20"] > 0.1
    assert together["ndcg@20"] > alone["ndcg@20"]
