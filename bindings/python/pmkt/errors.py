"""The exceptions of pmkt. Every one is a :class:`PmktError`."""

from __future__ import annotations

import errno
import os
from typing import Dict, Optional, Type

from . import _constants as c
from ._structs import pmkt_error


class PmktError(Exception):
    """A call that failed; nothing has changed.

    Attributes:
        code: the ``PMKT_E_...`` number of the failure.
        where: the row of the batch, or the byte of the text or file, from 0; None if there is no
            such place.
        where_kind: what ``where`` counts: ``"row"``, ``"byte"`` or None.
    """

    code: int = c.E_INVALID

    def __init__(
        self,
        message: str,
        *,
        code: Optional[int] = None,
        where: Optional[int] = None,
        where_kind: Optional[str] = None,
    ) -> None:
        super().__init__(message)
        if code is not None:
            self.code = code
        self.where = where
        self.where_kind = where_kind


class InvalidInput(PmktError, ValueError):
    """The call is malformed, or a row of it is."""


class BadRow(InvalidInput):
    """A row is bad and ``on_bad="fail"`` was asked for; ``where`` is the row."""

    code = c.E_BAD_ROW


class ParseError(InvalidInput):
    """A text cannot be read; ``where`` is the byte."""

    code = c.E_PARSE


class NotFitted(InvalidInput, AttributeError):
    """The model has not been fitted yet."""


class OutOfMemory(PmktError, MemoryError):
    """There is not enough memory."""

    code = c.E_NOMEM


class Overflow(PmktError, OverflowError):
    """A sum would leave 64 bits."""

    code = c.E_OVERFLOW


class Mismatch(PmktError, ValueError):
    """Two things do not go together: their currency, mode, zone or names differ."""

    code = c.E_MISMATCH


class Unsupported(PmktError):
    """This object cannot answer that, by its mode or its build."""

    code = c.E_UNSUPPORTED


class LimitReached(PmktError):
    """A limit that the caller set, such as ``max_bytes``."""

    code = c.E_LIMIT


class Canceled(PmktError):
    """The progress callback asked to stop."""

    code = c.E_CANCELED


class FileError(PmktError, OSError):
    """The system could not read or write a file: ``filename``, and ``errno`` says why."""

    code = c.E_IO

    def __str__(self) -> str:
        return str(self.args[0])  # not OSError's own, of errno and filename


class FileMissing(FileError, FileNotFoundError):
    """There is no such file or directory."""


class Corrupt(PmktError, ValueError):
    """A file, or bytes in memory, are damaged; ``where`` is the byte."""

    code = c.E_CORRUPT


class BadFormat(PmktError, ValueError):
    """No file of libpmkt, or one of another kind or of a newer release."""

    code = c.E_FORMAT


class Collision(InvalidInput):
    """Two different texts have the same id, by chance; ``where`` is the row of the second."""

    code = c.E_COLLISION


class Forked(PmktError):
    """An object with locks, in a process that was forked from its own: make one there."""

    code = c.E_FORKED


_BY_CODE: Dict[int, Type[PmktError]] = {
    c.E_INVALID: InvalidInput,
    c.E_NOMEM: OutOfMemory,
    c.E_BAD_ROW: BadRow,
    c.E_OVERFLOW: Overflow,
    c.E_MISMATCH: Mismatch,
    c.E_UNSUPPORTED: Unsupported,
    c.E_LIMIT: LimitReached,
    c.E_CANCELED: Canceled,
    c.E_PARSE: ParseError,
    c.E_IO: FileError,
    c.E_CORRUPT: Corrupt,
    c.E_FORMAT: BadFormat,
    c.E_COLLISION: Collision,
    c.E_FORKED: Forked,
}
_WHERE = {c.WHERE_ROW: "row", c.WHERE_BYTE: "byte"}


def of_status(status: int, error: pmkt_error) -> PmktError:
    """The exception of a status and the details that came with it."""
    kind = _WHERE.get(error.where_kind)
    message = error.message.decode("utf-8", "replace") or f"status {status}"
    missing = status == c.E_IO and error.sys_errno == errno.ENOENT
    exception = (FileMissing if missing else _BY_CODE.get(status, PmktError))(
        message.replace("PMKT_ON_BAD_SKIP", 'on_bad="skip"'),
        code=status,
        where=error.where if kind else None,
        where_kind=kind,
    )
    if isinstance(exception, OSError):
        exception.errno, exception.strerror = error.sys_errno, os.strerror(error.sys_errno)
    return exception
