"""Small tables that read well as text."""

from __future__ import annotations

import unicodedata
from html import escape
from typing import Any, Callable, Dict, Iterator, List, Optional, Sequence, Tuple

import numpy as np


def width(text: str) -> int:
    """Columns of a terminal that a text takes: wide East Asian characters take two."""
    return sum(2 if unicodedata.east_asian_width(char) in "WF" else 1 for char in text)


def aligned(header: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """Lines of a table: the first column to the left, the others to the right."""
    widths = [max(width(row[i]) for row in [header, *rows]) for i in range(len(header))]
    lines = []
    for row in [header, *rows]:
        cells = [" " * (w - width(cell)) + cell for cell, w in zip(row, widths)]
        cells[0] = row[0] + " " * (widths[0] - width(row[0]))
        lines.append("  ".join(cells).rstrip())
    return "\n".join(lines)


def html(header: Sequence[str], rows: Sequence[Sequence[str]], title: str = "") -> str:
    """The same for a notebook."""
    caption = f"<caption>{escape(title)}</caption>" if title else ""
    head = "".join(f"<th>{escape(cell)}</th>" for cell in header)
    body = "".join(
        "<tr><th>"
        + escape(row[0])
        + "</th>"
        + "".join(f"<td>{escape(cell)}</td>" for cell in row[1:])
        + "</tr>"
        for row in rows
    )
    return f"<table>{caption}<thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>"


_MOST = 60  # rows of a longer table are not all printed: 50 and the last 10 are


def percent(share: float) -> str:
    return f"{share:.1%}"


class Table:
    """A small table: ``table["column"]`` is an array, ``table.columns`` their names.

    Prints as aligned text, a long one in part; :meth:`to_pandas` makes a DataFrame, as does
    ``polars.DataFrame(table.to_dict())``, or with pyarrow ``polars.DataFrame(table)``.
    """

    def __init__(
        self,
        data: Dict[str, np.ndarray],
        formats: Dict[str, Callable[[Any], str]],
        hide: Optional[np.ndarray] = None,
        title: str = "",
    ) -> None:
        self._data = data
        self._formats = formats
        self._hide = hide
        self._title = title

    @property
    def columns(self) -> List[str]:
        return list(self._data)

    def __getitem__(self, column: str) -> np.ndarray:
        return self._data[column]

    def __len__(self) -> int:
        return len(next(iter(self._data.values())))

    def __iter__(self) -> Iterator[Dict[str, Any]]:
        """Rows, as dicts of Python values."""
        lists = {name: values.tolist() for name, values in self._data.items()}
        for row in range(len(self)):
            yield {name: values[row] for name, values in lists.items()}

    def to_dict(self) -> Dict[str, np.ndarray]:
        """Column names to arrays."""
        return dict(self._data)

    def to_pandas(self) -> Any:
        """A DataFrame with all columns."""
        import pandas

        return pandas.DataFrame(self._data)

    def __arrow_c_stream__(self, requested_schema: Any = None) -> Any:
        """All columns, for ``polars.DataFrame(table)`` and the like. It takes pyarrow."""
        import pyarrow

        columns = {}
        for name, values in self._data.items():
            try:
                columns[name] = pyarrow.array(values)
            except pyarrow.ArrowException:  # numbers among texts, such as actions of one's own
                texts = [None if value is None else str(value) for value in values.tolist()]
                columns[name] = pyarrow.array(texts)
        return pyarrow.table(columns).__arrow_c_stream__(requested_schema)

    def _cells(self) -> Tuple[List[str], List[List[str]]]:
        shown = np.arange(len(self)) if self._hide is None else np.flatnonzero(~self._hide)
        long = len(shown) > _MOST
        if long:
            shown = np.concatenate([shown[:50], shown[-10:]])
        cells = [[form(self._data[name][i]) for name, form in self._formats.items()] for i in shown]
        if long:
            cells.insert(50, ["..."] * len(self._formats))
        return [name.replace("_", " ") for name in self._formats], cells

    def _repr_html_(self) -> str:
        return html(*self._cells(), self._title)

    def __repr__(self) -> str:
        header, cells = self._cells()
        text = aligned(header, cells)
        hidden = 0 if self._hide is None else int(np.count_nonzero(self._hide))
        tail = f"\n({hidden} without customers not shown)" if hidden else ""
        if len(self) - hidden > _MOST:
            tail += f"\n({len(self) - hidden:,} rows)"
        return (f"{self._title}\n" if self._title else "") + text + tail
