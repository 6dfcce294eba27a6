"""Actions of models of intent: names to numbers and back, with the classes of a model."""

from __future__ import annotations

import ctypes
from typing import Any, Callable, Dict, Iterable, List, Optional, Union

import numpy as np

from . import _constants as c
from . import errors
from ._ids import numbers_of
from ._kinds import kind_number
from ._library import Handle, borrow, call, lib
from ._run import whole

Action = Union[str, int]
"""The name of a kind of event, or a number: that of a kind, or of an action of your own. With
classes also a text such as ``"view:shoes"``: a kind, and one of the classes."""

_ENDS = {c.INTENT_START: "START", c.INTENT_LEAVE: "LEAVE", c.INTENT_GOAL: "GOAL", 0: ""}


class Classes:
    """What the kinds of a model are crossed with.

    Attributes:
        given: as the caller gave them; of a model from a file, their ids. None: there are none.
        ids: [n] uint64.
        names: what each is called.
    """

    def __init__(self, given: Optional[Iterable[Any]] = None) -> None:
        if isinstance(given, (str, bytes)):
            raise errors.InvalidInput(f"classes is {given!r:.60}; for one class write [class]")
        values = [] if given is None else list(given)
        self.given: Optional[List[Any]] = values or None
        self.ids = numbers_of(values, "classes") if values else np.empty(0, np.uint64)
        self.names = [_text(v, i) for v, i in zip(values, self.ids.tolist())]
        self._places: Dict[str, int] = {name: k for k, name in enumerate(self.names)}

    def code(self, action: Any) -> int:
        """The number of an action."""
        if not isinstance(action, str):
            return whole("an action", action, 1, c.INTENT_START - 1)
        kind, colon, name = action.partition(":")
        if not colon:
            return kind_number(action)
        place = self._places.get(name)
        if place is None:
            known = ", ".join(self.names[:20]) + (", ..." if len(self.names) > 20 else "")
            raise errors.InvalidInput(
                f"{action!r} is no action: "
                + (f"the classes of the model are {known}" if known else "the model has no classes")
            )
        number = kind_number(int(kind) if kind.isdigit() else kind)
        return number + c.INTENT_CLASS * (place + 1)

    def name(self, code: int) -> Action:
        """A kind's name where there is one, with the class; other numbers as they are."""
        if code in _ENDS:
            return _ENDS[code]
        place, kind = code // c.INTENT_CLASS - 1, code % c.INTENT_CLASS
        if 0 <= place < len(self.names):
            return f"{self.name(kind)}:{self.names[place]}"
        name = lib.pmkt_kind_name(code) if code < c.KIND_CUSTOM else None
        return name.decode() if name else code

    def all_names(self, codes: np.ndarray, known: Optional[np.ndarray] = None) -> np.ndarray:
        """The names of many, in the same shape; faster if all are among the ``known`` actions, or
        ends, or 0."""
        if known is not None:
            return self.lookup(known)(codes)
        entries, places = np.unique(codes, return_inverse=True)
        return self._names(entries)[places.reshape(codes.shape)]

    def lookup(self, known: np.ndarray) -> Callable[[np.ndarray], np.ndarray]:
        """The same of ``known`` actions, ends and 0, to be asked often."""
        entries = np.unique(np.append(known, np.array(list(_ENDS), np.uint32)))
        names = self._names(entries)
        return lambda codes: names[np.searchsorted(entries, codes)]

    def _names(self, codes: np.ndarray) -> np.ndarray:
        names = np.empty(len(codes), object)
        names[:] = [self.name(code) for code in codes.tolist()]
        return names


def _text(given: Any, number: int) -> str:
    """What a class is called: its text, or its number."""
    if isinstance(given, bytes):
        return given.decode("utf-8", "surrogateescape")
    return str(given) if isinstance(given, str) else str(number)


def action_codes(chains: Handle) -> np.ndarray:
    """[n] uint32 the actions that a pmkt_intent knows, ascending."""
    at, n = ctypes.POINTER(ctypes.c_uint32)(), ctypes.c_int64()
    call(lib.pmkt_intent_actions, chains.pointer, ctypes.byref(at), ctypes.byref(n))
    return borrow(at, (n.value,), np.uint32, chains)
