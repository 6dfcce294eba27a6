"""Where the tests find what is not theirs."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[3]
HEADERS = ROOT / "include" / "pmkt"


def missing(what: str) -> None:
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


@pytest.fixture
def library(request: pytest.FixtureRequest) -> object:
    """An optional library of Python, named by an indirect parameter."""
    try:
        return __import__(request.param)
    except ImportError:
        missing(f"{request.param} is not installed")
        raise
