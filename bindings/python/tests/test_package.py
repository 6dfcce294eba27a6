"""The package itself: how it is loaded, what it needs, what it shows."""

from __future__ import annotations

import ctypes
import doctest
import inspect
import os
import pickle
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

import pmkt
from pmkt import _library, errors
from pmkt._structs import pmkt_error


def run(program: str, **environment: str) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(
        [sys.executable, "-c", program],
        capture_output=True,
        text=True,
        env={**os.environ, **environment},
    )


def test_only_numpy_is_imported() -> None:
    done = run(
        "import sys, pmkt\n"
        "optional = ('pandas', 'polars', 'pyarrow', 'matplotlib', 'tqdm')\n"
        "print([name for name in optional if name in sys.modules])"
    )
    assert done.stdout == "[]\n", done.stderr


def test_a_library_that_is_not_there(tmp_path: Path) -> None:
    done = run("import pmkt", PMKT_LIBRARY=str(tmp_path / "none.so"))
    assert done.returncode == 1 and "ImportError: PMKT_LIBRARY names" in done.stderr


def test_a_library_that_is_none(tmp_path: Path) -> None:
    file = tmp_path / "libpmkt.so"
    file.write_text("not a library")
    done = run("import pmkt", PMKT_LIBRARY=str(file))
    assert done.returncode == 1 and "cannot be used as libpmkt" in done.stderr
    other = ctypes.util.find_library("c") if hasattr(ctypes, "util") else "libc.so.6"
    found = [
        Path(folder) / (other or "libc.so.6")
        for folder in ("/lib/x86_64-linux-gnu", "/usr/lib", "/lib")
    ]
    for path in filter(Path.is_file, found):
        done = run("import pmkt", PMKT_LIBRARY=str(path))
        assert "cannot be used as libpmkt" in done.stderr


def test_another_release_is_refused(monkeypatch: Any) -> None:
    monkeypatch.setattr(_library, "MINOR", _library.MINOR + 1)
    with pytest.raises(ImportError, match="this package needs 0."):
        _library.load(_library.find())


def test_what_is_shown() -> None:
    assert pmkt.__version__.count(".") == 2 and "libpmkt" in pmkt.build_info()
    assert 1 <= pmkt.default_threads() <= (os.cpu_count() or 1)
    for name in pmkt.__all__:
        shown = getattr(pmkt, name)
        assert inspect.getdoc(shown), f"{name} has no docstring"
        if inspect.isclass(shown):
            for member, value in vars(shown).items():
                if not member.startswith("_") and callable(value):
                    assert inspect.getdoc(value), f"{name}.{member} has no docstring"
    assert doctest.testmod(pmkt).attempted > 0 and doctest.testmod(pmkt).failed == 0
    assert (Path(pmkt.__file__).parent / "py.typed").is_file()


def test_every_status_has_its_exception() -> None:
    expected = {
        "PMKT_E_INVALID": (pmkt.InvalidInput, ValueError),
        "PMKT_E_NOMEM": (pmkt.OutOfMemory, MemoryError),
        "PMKT_E_BAD_ROW": (pmkt.BadRow, pmkt.InvalidInput),
        "PMKT_E_OVERFLOW": (pmkt.Overflow, OverflowError),
        "PMKT_E_MISMATCH": (pmkt.Mismatch, ValueError),
        "PMKT_E_UNSUPPORTED": (pmkt.Unsupported, pmkt.PmktError),
        "PMKT_E_LIMIT": (pmkt.LimitReached, pmkt.PmktError),
        "PMKT_E_CANCELED": (pmkt.Canceled, pmkt.PmktError),
        "PMKT_E_PARSE": (pmkt.ParseError, pmkt.InvalidInput),
        "PMKT_E_IO": (pmkt.FileError, OSError),
        "PMKT_E_CORRUPT": (pmkt.Corrupt, ValueError),
        "PMKT_E_FORMAT": (pmkt.BadFormat, ValueError),
        "PMKT_E_COLLISION": (pmkt.Collision, pmkt.InvalidInput),
        "PMKT_E_FORKED": (pmkt.Forked, pmkt.PmktError),
    }
    found = {}
    for code in range(1, 100):
        name = _library.lib.pmkt_status_name(code).decode()
        if name == "PMKT_E_?":
            break
        found[name] = code
    assert set(found) == set(expected)
    for name, (kind, family) in expected.items():
        raw = pmkt_error(code=found[name], where_kind=1, where=7, message="it is so".encode())
        error = errors.of_status(found[name], raw)
        assert (
            type(error) is kind and isinstance(error, family) and isinstance(error, pmkt.PmktError)
        )
        assert (error.code, error.where, error.where_kind, str(error)) == (
            found[name],
            7,
            "row",
            "it is so",
        )
        again = pickle.loads(pickle.dumps(error))
        assert type(again) is kind and str(again) == "it is so" and again.where == 7


def test_only_plain_arrays_cross_into_c() -> None:
    import numpy as np

    with pytest.raises(AssertionError):
        _library.pointer(np.arange(10)[::2])
    with pytest.raises(KeyError):
        _library.pointer(np.zeros(3, np.complex128))


def test_handles_are_freed_once() -> None:
    freed = []
    handle = _library.Handle(5, freed.append)
    handle.__del__()
    del handle
    assert freed == [5]
    _library.Handle(None, freed.append)
    assert freed == [5]
