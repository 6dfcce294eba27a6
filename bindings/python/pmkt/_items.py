"""Batches of items: the catalogue."""

from __future__ import annotations

import ctypes
from contextlib import ExitStack
from typing import Any, Dict, Optional

import numpy as np

from . import _constants as c
from . import errors
from ._arrow import Stream, column_name, decimals_of
from ._columns import to_column
from ._convert import Rejects, plain
from ._dictionary import Ids, check_ids
from ._events import currency_code
from ._ids import to_ids
from ._library import Handle, borrow, call, lib, pointer
from ._money import to_integers
from ._report import Report, ReportBuffer
from ._run import Progress, Running, whole
from ._structs import new, pmkt_arrow_item_columns, pmkt_arrow_items, pmkt_items

_ON_BAD = {"fail": c.ON_BAD_FAIL, "skip": c.ON_BAD_SKIP}
_DTYPES = {"price": np.int64, "stock": np.int64}
_COLUMNS = ("item", "category", "brand", "price", "stock")


class Items:
    """A batch of items, one row an item; every row is checked at once.

    Args:
        item: [rows] ids, each once: whole numbers above 0, or texts.
        category, brand: [rows] ids.
        price: [rows] integer minor units, not negative.
        stock: [rows] integers, not negative; missing: not known.
        vector: [rows, dimensions] float32; a row that begins with NaN has none.
        currency, exponent: as in :class:`pmkt.Events`.
        on_bad: ``"fail"``: the first bad row is an error; ``"skip"``: bad rows are counted in
            :attr:`report`.

    Raises:
        InvalidInput: for arguments that do not fit, and (as BadRow) for a bad row.
    """

    report: Report
    _reader: Handle

    def __init__(
        self,
        item: Any,
        *,
        category: Any = None,
        brand: Any = None,
        price: Any = None,
        stock: Any = None,
        vector: Any = None,
        currency: Optional[str] = None,
        exponent: int = 2,
        on_bad: str = "fail",
    ) -> None:
        self._begin(currency, exponent, on_bad)
        given = dict(zip(_COLUMNS, (item, category, brand, price, stock)))
        columns = {
            name: to_column(data, name)
            for name, data in given.items()
            if data is not None or name == "item"
        }
        rows = columns["item"].rows
        rejects = Rejects(rows, on_bad == "skip")
        arrays: Dict[str, np.ndarray] = {}
        for name, column in columns.items():
            if column.rows != rows:
                raise errors.InvalidInput(f"{name} has {column.rows:,} rows and item has {rows:,}")
            if name in _DTYPES:
                arrays[name] = to_integers(column, name, rejects)
            else:
                arrays[name], _ = to_ids(column, name, rejects)
        dimensions = 0
        if vector is not None:
            vectors = plain(np.asarray(vector), np.float32)
            if vectors.ndim != 2 or len(vectors) != rows:
                raise errors.InvalidInput(
                    f"vector is of shape {vectors.shape}; expected ({rows}, dimensions)"
                )
            arrays["vector"], dimensions = vectors, vectors.shape[1]
        if rejects.mask is not None:
            arrays["reject"] = np.where(rejects.mask, 1 + c.BAD_VALUE, 0).astype(np.uint8)
        self._arrays = arrays
        self._struct = new(
            pmkt_items,
            on_bad=_ON_BAD[on_bad],
            rows=rows,
            dimensions=dimensions,
            currency_exponent=self.exponent if self.currency else 0,
            currency=(self.currency or "").encode(),
            **{name: pointer(array) for name, array in arrays.items()},
        )
        self._check()

    @classmethod
    def from_arrow(
        cls,
        source: Any,
        *,
        item: str,
        category: Optional[str] = None,
        brand: Optional[str] = None,
        price: Optional[str] = None,
        price_minor: Optional[str] = None,
        stock: Optional[str] = None,
        vector: Optional[str] = None,
        currency: Optional[str] = None,
        exponent: int = 2,
        on_bad: str = "fail",
        ids: Optional[Ids] = None,
        threads: int = 0,
        progress: Progress = None,
    ) -> "Items":
        """Items from anything that hands out an Arrow stream; see :meth:`pmkt.Events.from_arrow`.

        Arguments are names of columns; ``price`` is in major units and ``price_minor`` in minor
        ones; ``vector`` names lists of numbers, all of one length. ``ids`` remembers texts.
        """
        self = cls.__new__(cls)
        self._begin(currency, exponent, on_bad)
        check_ids(ids)
        named = dict(
            item=item, category=category, brand=brand, price=price, price_minor=price_minor
        )
        named.update(stock=stock, vector=vector)
        columns = new(
            pmkt_arrow_item_columns,
            on_bad=_ON_BAD[on_bad],
            decimals=decimals_of(self.exponent),
            currency=(self.currency or "").encode(),
            **{name: column_name(given, name) for name, given in named.items()},
        )
        reader = ctypes.POINTER(pmkt_arrow_items)()
        batch = ctypes.POINTER(pmkt_items)()
        with ExitStack() as held:
            if ids is not None:
                held.enter_context(ids._access.writing())
                columns.items = columns.names = ids._handle.pointer
            run = held.enter_context(Running(threads, progress, "reading"))
            stream = Stream(source)
            call(
                lib.pmkt_arrow_items_open,
                stream.pointer,
                ctypes.byref(columns),
                None,
                ctypes.byref(reader),
            )
            self._reader = Handle(reader, lib.pmkt_arrow_items_free)  # the columns' memory
            call(lib.pmkt_arrow_items_all, reader, run, ctypes.byref(batch))
        self._struct = batch.contents
        rows, dimensions = len(self), int(self._struct.dimensions)
        self._arrays = {
            name: borrow(
                getattr(self._struct, name), (rows,), _DTYPES.get(name, np.uint64), self._reader
            )
            for name in _COLUMNS
            if named[name] or (name == "price" and price_minor)
        }
        if dimensions:
            shape = (rows, dimensions)
            self._arrays["vector"] = borrow(self._struct.vector, shape, np.float32, self._reader)
        self._check()
        return self

    def _begin(self, currency: Optional[str], exponent: int, on_bad: str) -> None:
        if on_bad not in _ON_BAD:
            raise errors.InvalidInput(f"on_bad is {on_bad!r}; expected 'fail' or 'skip'")
        self.exponent = whole("exponent", exponent, 0, 6)
        self.currency = currency_code(currency)

    def _check(self) -> None:
        buffer = ReportBuffer(len(self))
        call(lib.pmkt_items_check, ctypes.byref(self._struct), buffer.pointer)
        self.report = buffer.report({})

    def __len__(self) -> int:
        return int(self._struct.rows)

    def __repr__(self) -> str:
        money = f"in {self.currency}; " if self.currency else ""
        return f"Items({money}columns {', '.join(self._arrays)}; {self.report!r})"

    def __reduce__(self) -> Any:
        raise TypeError("a batch of items can be neither copied nor pickled; copy its arrays")
