"""Old data and what a dictionary has forgotten."""

from __future__ import annotations

from typing import List

import numpy as np
from conftest import needed

import pmkt
from pmkt._ids import ids_of_texts

T = 1_700_000_000_000


def test_an_old_table_does_not_bring_the_forgotten_back() -> None:
    pa = needed("pyarrow")
    ids = pmkt.Ids(["ann", "bob"])
    ids.forget("ann", T + 10)

    def read(users: List[str], *times: int) -> pmkt.Events:
        table = pa.table({"u": users, "t": list(times)})
        return pmkt.Events.from_arrow(table, user="u", time="t", ids=ids)

    old = read(["ann", "bob", "zoe"], T, T, T)
    assert sorted(ids) == ["bob", "zoe"] and ids.stats.forgotten == 1
    rfm = pmkt.RFM(unpriced=True).add(old)
    scores = rfm.score("2024-01-01")
    assert scores.user.dtype == np.uint64  # not all have a text, so none is shown with one
    assert sorted(scores.to_dict(ids=ids)["user"], key=str) == [None, "bob", "zoe"]
    rfm.add(read(["ann"], T + 9))  # a batch of nobody but the forgotten is one of texts
    assert "ann" not in ids
    rfm.add(read(["ann"], T + 10))
    assert sorted(ids) == ["ann", "bob", "zoe"] and ids.stats.forgotten == 0
    assert sorted(rfm.score("2024-01-01").user) == ["ann", "bob", "zoe"]


def test_who_encodes_a_column_learns_the_forgotten_anew() -> None:
    pa, pl, pd = needed("pyarrow"), needed("polars"), needed("pandas")
    texts = ["ann", None]
    for column in (
        pa.array(texts),
        pa.array(texts).dictionary_encode(),
        pa.chunked_array([["ann"], [None]], pa.string()),
        pl.Series(texts),
        pl.Series(texts, dtype=pl.Categorical),
        pd.Series(texts, dtype="string[pyarrow]"),
        pd.Series(texts, dtype="string[pyarrow]").array,
    ):
        ids = pmkt.Ids(["ann"])
        ids.forget("ann", T)
        assert ids.encode(column).tolist() == [ids_of_texts(["ann"])[0], 0]
        assert "ann" in ids and ids.stats.forgotten == 0
