"""Threads, progress and Ctrl-C of one heavy call."""

from __future__ import annotations

import ctypes
import operator
import signal
import sys
import threading
from types import TracebackType
from typing import Any, Callable, Optional, Type, Union

import numpy as np

from . import errors
from ._structs import PROGRESS, new, pmkt_progress, pmkt_run

Progress = Union[None, bool, Callable[[float, str], Any]]
"""None or False: silent. True: a bar on stderr. A callable gets ``(done, stage)``, with ``done``
from 0 to 1, on the thread that made the call; a true answer cancels."""


def whole(name: str, value: Any, low: int, high: int) -> int:
    """An option that has to be a whole number within bounds, as an int."""
    found = value
    if type(value) is not int:
        try:
            found = None if isinstance(value, (bool, np.bool_)) else operator.index(value)
        except TypeError:
            found = None
    if found is not None and low <= found <= high:
        return found
    raise errors.InvalidInput(f"{name} is {value!r}; expected a whole number, {low} to {high}")


def threads_of(threads: Any) -> int:
    """The option of that name."""
    return whole("threads", threads, 0, 1024)


class _Line:
    """A bar for terminals without tqdm: one line on stderr that is written over."""

    def __init__(self, title: str) -> None:
        self._title = title
        self._shown = -1

    def __call__(self, done: float, stage: str) -> None:
        percent = int(done * 100)
        if percent != self._shown and sys.stderr is not None:
            self._shown = percent
            sys.stderr.write(f"\r{self._title}: {percent:3d} % {stage:<20.20}")
            sys.stderr.flush()

    def close(self) -> None:
        if self._shown >= 0 and sys.stderr is not None:
            sys.stderr.write("\n")
            sys.stderr.flush()


class _Bar:
    """The same with tqdm."""

    def __init__(self, tqdm: Any, title: str) -> None:
        self._bar = tqdm(
            total=1.0, desc=title, bar_format="{l_bar}{bar}| {elapsed}<{remaining}{postfix}"
        )

    def __call__(self, done: float, stage: str) -> None:
        self._bar.set_postfix_str(stage, refresh=False)
        self._bar.update(done - self._bar.n)

    def close(self) -> None:
        self._bar.close()


def _display(title: str) -> Any:
    try:
        from tqdm.auto import tqdm
    except ImportError:
        return _Line(title)
    return _Bar(tqdm, title)


class Running:
    """The ``pmkt_run`` of one call: ``with Running(...) as run: call(..., run, ...)``.

    The callback is always there, even if nobody wants to see progress, because it is where Ctrl-C
    is noticed. An interrupt must not raise inside the callback: where Python enters a function
    it may raise before any ``try``, and ctypes would drop the exception. So for the duration of the
    call the default handler is replaced by one that takes a note, as asyncio does. A handler of
    the program's own is left alone.
    """

    def __init__(self, threads: int, progress: Progress, title: str) -> None:
        threads = threads_of(threads)
        if not (progress is None or isinstance(progress, bool) or callable(progress)):
            raise errors.InvalidInput("progress is neither None, True, nor a callable")
        self._report = progress if callable(progress) else None
        self._close: Optional[Callable[[], None]] = None
        self._show = progress is True
        self._title = title
        self._error: Optional[BaseException] = None
        self._interrupted = False
        self._watching = False
        self.beside = ""  # what a bar shows besides the stage
        self._callback = PROGRESS(self._step)
        self._run = new(pmkt_run, threads=threads, progress=pmkt_progress(self._callback, None))

    def _step(self, _ctx: Any, done: float, stage: Optional[bytes]) -> int:
        try:
            if self._interrupted:
                return 1
            if self._report is None:
                return 0
            said = (stage or b"").decode("utf-8", "replace")
            return 1 if self._report(done, said + self.beside if self._show else said) else 0
        except BaseException as error:  # goes to the caller, once C has returned
            self._error = error
            return 1

    def heed(self, callback: Callable[..., Any], *arguments: Any) -> int:
        """Calls another callback of the same call of C: 1 for a true answer. What it raises goes to
        the caller as well."""
        try:
            return 1 if self._interrupted or callback(*arguments) else 0
        except BaseException as error:
            self._error = error
            return 1

    def _note(self, _signum: int, _frame: Any) -> None:
        self._interrupted = True

    def __enter__(self) -> Any:
        if self._show:
            shown = _display(self._title)
            self._report, self._close = shown, shown.close
        if (
            threading.current_thread() is threading.main_thread()
            and signal.getsignal(signal.SIGINT) is signal.default_int_handler
        ):
            signal.signal(signal.SIGINT, self._note)
            self._watching = True
        return ctypes.byref(self._run)

    def __exit__(
        self,
        kind: Optional[Type[BaseException]],
        error: Optional[BaseException],
        trace: Optional[TracebackType],
    ) -> None:
        if self._watching:
            signal.signal(signal.SIGINT, signal.default_int_handler)
        if self._close is not None:
            self._close()
        if self._interrupted:
            raise KeyboardInterrupt from None
        if self._error is not None and (kind is None or kind is errors.Canceled):
            raise self._error from None
