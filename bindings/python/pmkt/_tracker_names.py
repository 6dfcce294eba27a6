"""What a tracker remembers beside C: the texts of ids, and the rules by generation."""

from __future__ import annotations

import threading
from typing import Any, Callable, Dict, List, Optional, Tuple, Union

import numpy as np

from . import _constants as c
from . import errors
from ._dictionary import Ids
from ._ids import id_of_text, numbers_of
from ._users import Text, Users
from .rules import Rules

RulesLike = Union[None, bool, str, Rules]
"""Rules, or their text; None: the built-in ones; False: none."""


class Names:
    """The way back from ids to what came in, in bounded memory.

    Texts lie in two dictionaries. When the young one has become too large, it is the old one from
    then on, and what was the old one is gone: who was not seen for that long.

    Args:
        what: such as "users", for messages.
        ids: knows texts that are not here, or None.
    """

    def __init__(self, what: str, ids: Optional[Ids]) -> None:
        self._form = Users()
        self._form.what = what
        self._ids = ids
        self._texts: Tuple[Dict[int, Text], Dict[int, Text]] = {}, {}
        self._changing = threading.Lock()

    def learn(self, form: Users, alike: bool = False) -> None:
        """Takes over what a batch knows; with ``alike``, what is once given as texts, once as
        numbers, is an error."""
        if form.kind is None:
            return
        with self._changing:
            if alike:
                self._form.check(form.form())
            if form.is_text:
                self._form.kind = form.kind
                self._texts[0].update(form.names)
            elif not self._form.is_text:
                self._form.absorb(form.form())

    def trim(self, most: Callable[[], int]) -> None:
        """Keeps the young dictionary at ``most`` texts, about."""
        if len(self._texts[0]) > 1024 and len(self._texts[0]) > most():
            with self._changing:
                self._texts = {}, self._texts[0]

    def of_file(self) -> None:
        """Takes note that somebody is known of whom it is not known how they came in."""
        self._form.ids_only = True

    def drop(self, number: int) -> None:
        """Forgets a text."""
        with self._changing:
            for texts in self._texts:
                texts.pop(number, None)

    def decode(self, ids: np.ndarray) -> np.ndarray:
        """[n] uint64 to what came in. Who came as a text that is not known stays a number."""
        if self._form.kind is int:
            return self._form.decode(ids)
        found = self._known(ids.tolist())
        if not self._form.is_text and not any(isinstance(one, (str, bytes)) for one in found):
            return ids
        names = np.empty(len(ids), object)
        names[:] = found
        return names

    def _known(self, numbers: List[int]) -> List[Any]:
        young, old = self._texts
        found: List[Any] = [young.get(n, old.get(n)) for n in numbers]
        if self._ids is not None and None in found:
            unknown = [i for i, one in enumerate(found) if one is None]
            asked = np.array([numbers[i] for i in unknown], np.uint64)
            for i, text in zip(unknown, self._ids.decode(asked)):
                found[i] = text
        return [n if one is None else one for one, n in zip(found, numbers)]

    def objects(self, ids: np.ndarray) -> np.ndarray:
        """The same as an array of objects, None where there is no id."""
        names = np.empty(len(ids), object)
        names[:] = self.decode(ids).tolist()
        names[ids == np.uint64(c.ID_NONE)] = None
        return names

    def encode(self, one: Any, label: str) -> int:
        """The id of one that is given as it came; among texts a number is an id."""
        if isinstance(one, (str, bytes)) and self._form.kind is not int:
            return id_of_text(one)
        with self._changing:
            form = self._form.form()
        numbers = form.encode([one], label, False) if form.kind is int else numbers_of([one], label)
        if numbers[0] == c.ID_NONE:
            raise errors.InvalidInput(f"{label} is {one!r}, which is no id")
        return int(numbers[0])

    def texts(self) -> List[Text]:
        """All that are known here."""
        with self._changing:
            young, old = self._texts
            return list({**old, **young}.values())


def rules_of(rules: RulesLike) -> Optional[Rules]:
    """The argument of that name."""
    if rules is False:
        return None
    if rules is None or isinstance(rules, str):
        return Rules(rules)
    if isinstance(rules, Rules):
        return rules
    raise errors.InvalidInput(
        f"rules is {rules!r:.60}; expected pmkt.Rules, a text, None for the built-in ones, or False"
    )


class InForce:
    """Rules that are or were in force, and those that came after them: who holds one finds all that
    can have fired since, and what nobody holds any more is gone."""

    __slots__ = ("rules", "generation", "then")

    def __init__(self, rules: Optional[Rules], generation: int) -> None:
        self.rules, self.generation = rules, generation
        self.then: Optional[InForce] = None

    def of(self, generation: int) -> Optional[Rules]:
        """The rules of a generation, which came at this one or later."""
        one: Optional[InForce] = self
        while one is not None and one.generation != generation:
            one = one.then
        if one is None:
            raise KeyError(generation)
        return one.rules
