"""How ids of users and items come in, and how they go back as they came."""

from __future__ import annotations

from typing import Any, Dict, Iterable, List, Optional, Union

import numpy as np

from .errors import InvalidInput

Text = Union[str, bytes]


class Users:
    """
    What a column of users, or a state with all its columns, knows of their original form.

    Numbers are their own ids, so only their type is kept. Texts become ids by a hash, so the way
    back is kept: one entry for each different text. A state from a file has ids (``ids_only``): how
    its users came in is not known, nor all of their texts, unless a dictionary tells them.
    """

    def __init__(self) -> None:
        self.kind: Optional[type] = None  # None: none seen yet; int, str or bytes
        self.dtype: np.dtype = np.dtype(np.uint64)
        self.names: Dict[int, Text] = {}
        self.ids_only = False
        self.what = "users"  # for messages

    @classmethod
    def of_file(cls, names: Optional[Dict[int, Text]] = None) -> "Users":
        """The users of a state that comes from a file, of some of whom the texts are known."""
        users = cls()
        users.ids_only = True
        users.names = names or {}
        users.kind = str if names else None
        return users

    @classmethod
    def of_numbers(cls, dtype: np.dtype) -> "Users":
        users = cls()
        users.kind = int
        users.dtype = np.dtype(np.float64) if dtype.kind == "f" else dtype.newbyteorder("=")
        return users

    @classmethod
    def of_texts(cls, ids: np.ndarray, texts: List[Text]) -> "Users":
        users = cls()
        users.kind = type(texts[0]) if texts else str
        if users.kind not in (str, bytes):  # a subclass, such as NumPy's
            users.kind = str if isinstance(texts[0], str) else bytes
        users._remember(zip(ids.tolist(), texts))
        return users

    @property
    def is_text(self) -> bool:
        """Whether they came as texts."""
        return self.kind in (str, bytes)

    def _remember(self, pairs: Iterable["tuple[int, Text]"]) -> None:
        for number, text in pairs:
            if self.names.setdefault(number, text) != text:
                raise InvalidInput(
                    f"the {self.what} {self.names[number]!r} and {text!r} have the same id "
                    f"{number:#x}, by chance; rename one of them, or number your {self.what}"
                )

    def check(self, other: "Users") -> None:
        """Raises if the users of ``other`` cannot live together with these."""
        if self.kind and other.kind and self.kind is not other.kind:
            raise InvalidInput(
                f"{self.what} given as {_KINDS[other.kind]} cannot join {self.what} given as "
                f"{_KINDS[self.kind]}: nobody could tell who is who"
            )
        small, large = sorted((self.names, other.names), key=len)
        for number, text in small.items():
            if large.get(number, text) != text:
                self._remember([(number, other.names[number])])

    def absorb(self, other: "Users") -> None:
        """Takes over what ``other`` knows; ``check`` came before."""
        if self.ids_only or other.ids_only:
            self.ids_only = True
            self.dtype = np.dtype(np.uint64)
        elif other.kind is int:
            self.dtype = other.dtype if self.kind is None else _common(self.dtype, other.dtype)
        self.kind = self.kind or other.kind
        self.names.update(other.names)

    def drop(self, ids: Iterable[int]) -> None:
        """Forgets the texts of ids."""
        for number in ids:
            self.names.pop(number, None)

    def decode(self, ids: np.ndarray) -> np.ndarray:
        """[n] uint64 to what came in; without a copy for uint64 and int64, and then read-only if
        ``ids`` is. Texts that are not all known do not come back at all: no user is to be None."""
        if self.is_text:
            found = [self.names.get(number) for number in ids.tolist()]
            if None in found:
                return ids
            texts = np.empty(len(ids), object)
            texts[:] = found
            return texts
        if self.dtype.itemsize == 8 and self.dtype.kind in "iu":
            return ids.view(self.dtype)
        return ids.astype(self.dtype)

    def copy(self) -> "Users":
        """The same, to go its own way."""
        users = self.form()
        users.names = dict(self.names)
        return users

    def form(self) -> "Users":
        """The same without the texts: enough to read a query."""
        users = type(self)()
        users.kind, users.dtype, users.ids_only = self.kind, self.dtype, self.ids_only
        users.what = self.what
        return users

    def only(self, ids: np.ndarray) -> "Users":
        """The same with the texts of these ids alone."""
        users = self.form()
        if self.is_text:
            texts = zip(ids.tolist(), map(self.names.get, ids.tolist()))
            users.names = {number: text for number, text in texts if text is not None}
        return users

    def encode(self, values: Any, what: str, skip: bool) -> np.ndarray:
        """
        Users as they came in, one or many, to [n] uint64. What can be no user at all is an error,
        or with ``skip`` PMKT_ID_NONE.
        """
        from ._columns import to_column
        from ._convert import Rejects
        from ._ids import to_ids

        if isinstance(values, (str, bytes, int, float, np.generic)):
            values = [values]
        column = to_column(values, what)
        rejects = Rejects(column.rows, skip)
        ids, form = to_ids(column, what, rejects)
        if column.rows:
            self.check(form.form())
        if self.kind is None:
            self.kind = form.kind
            self.dtype = self.dtype if self.ids_only else form.dtype
        return np.where(rejects.mask, np.uint64(0), ids) if rejects.mask is not None else ids


_KINDS = {int: "numbers", str: "texts", bytes: "bytes"}


def _common(a: np.dtype, b: np.dtype) -> np.dtype:
    """A type for the users of both; a float column is one of integers that had a gap."""
    if a.kind == "f" or b.kind == "f":
        return b if a.kind == "f" else a
    both = np.result_type(a, b)
    return np.dtype(np.uint64) if both.kind == "f" else both
