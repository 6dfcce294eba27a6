"""Where the tests find what is not theirs."""

from __future__ import annotations

import importlib
import os
import signal
from pathlib import Path
from typing import Any, Iterator, NoReturn

import pytest

ROOT = Path(__file__).resolve().parents[3]
HEADERS = ROOT / "include" / "pmkt"


def missing(what: str) -> NoReturn:
    """Skips a test for want of something, or fails it where nothing may be wanting."""
    if os.environ.get("CI") == "true":
        pytest.fail(f"{what}, and on CI nothing may be skipped")
    pytest.skip(what)


def data_file(name: str) -> Path:
    """A file of the test data: in $PMKT_DATA, else in shared/data beside the project."""
    folder = Path(os.environ.get("PMKT_DATA") or ROOT.parent / "shared" / "data")
    path = folder / name
    if not path.is_file():
        missing(f"{path} is missing; PMKT_DATA names the folder of the test data")
    return path


def optional(name: str) -> Any:
    """A library that the binding can do without, or None; on CI every one has to be there."""
    try:
        return importlib.import_module(name)
    except ImportError:
        if os.environ.get("CI") == "true":
            pytest.fail(f"{name} is not installed, and on CI nothing may be skipped")
        return None


def needed(name: str) -> Any:
    """The same for a test that is nothing without it."""
    module = optional(name)
    if module is None:
        pytest.skip(f"{name} is not installed")
    return module


@pytest.fixture
def ctrl_c() -> Iterator[None]:
    """Ctrl-C as at a terminal: what a shell starts in the background is born ignoring it."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)
