"""Who may use an object of the library now."""

from __future__ import annotations

import threading
from contextlib import ExitStack, contextmanager
from typing import Iterator, List, Optional

from . import errors


class Access:
    """Any number of threads may ask at once; one that changes the object is alone with it.

    Whoever wants to change it waits for those who ask now, and those who come to ask wait for it. A
    progress callback may ask what its own call only reads; anything else would wait for itself for
    ever, and is an error.
    """

    def __init__(self, what: str) -> None:
        self._what = what
        self._changed = threading.Condition()
        self._readers: List[int] = []  # threads, each as often as it is in
        self._writer: Optional[int] = None
        self._waiting = 0  # writers

    @contextmanager
    def reading(self) -> Iterator[None]:
        """Keeps those out who change the object."""
        me = threading.get_ident()
        with self._changed:
            if self._writer == me:
                raise self._busy()
            if me not in self._readers:
                self._changed.wait_for(lambda: self._writer is None and not self._waiting)
            self._readers.append(me)
        try:
            yield
        finally:
            with self._changed:
                self._readers.remove(me)
                self._changed.notify_all()

    @contextmanager
    def writing(self) -> Iterator[None]:
        """Keeps everybody else out."""
        me = threading.get_ident()
        with self._changed:
            if self._writer == me or me in self._readers:
                raise self._busy()
            self._waiting += 1
            try:
                self._changed.wait_for(lambda: self._writer is None and not self._readers)
                self._writer = me
            finally:
                self._waiting -= 1
                self._changed.notify_all()
        try:
            yield
        finally:
            with self._changed:
                self._writer = None
                self._changed.notify_all()

    def _busy(self) -> errors.InvalidInput:
        return errors.InvalidInput(
            f"this {self._what} is busy: its progress callback may not call it"
        )


@contextmanager
def joining(into: Access, other: Access) -> Iterator[None]:
    """Writes to one object while it reads another.

    They are entered always in the same order, so that two threads that merge crosswise do not wait
    for each other.
    """
    with ExitStack() as both:
        for access in sorted((into, other), key=id):
            both.enter_context(access.writing() if access is into else access.reading())
        yield
