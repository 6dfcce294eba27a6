"""Batches of events: what goes in."""

from __future__ import annotations

import ctypes
from contextlib import ExitStack
from typing import Any, Callable, Dict, Mapping, Optional

import numpy as np

from . import _constants as c
from . import errors
from ._arrow import UNITS, Stream, column_name, decimals_of, has_stream, kind_labels
from ._columns import Column, column_names, take_column, to_column
from ._convert import Rejects
from ._dictionary import Ids
from ._ids import to_ids
from ._kinds import kind_number, to_kinds
from ._library import Handle, borrow, call, lib, pointer
from ._money import to_integers, to_minor, to_product
from ._report import Report, ReportBuffer
from ._run import whole
from ._structs import new, pmkt_arrow_columns, pmkt_arrow_events, pmkt_events
from ._times import to_times
from ._users import Users
from ._zones import ZoneLike, make_zone

_ON_BAD = {"fail": c.ON_BAD_FAIL, "skip": c.ON_BAD_SKIP}
_IDS = ("order", "item", "category", "session", "channel", "event_id")
_DTYPES = {"time": np.int64, "kind": np.uint16, "amount": np.int64, "quantity": np.int64}


class Events:
    """A batch of events, one row an event: who did what, when, for how much.

    ``Events(...)`` takes arrays, with times as instants and money in minor units, and uses those of
    the right type as they are, without a copy: do not change them while the batch is in use.
    :meth:`from_frame` reads the columns of a dataframe, with times and money as people write them.
    Either way every row is checked at once; :attr:`report` tells what was found.

    Args:
        user: [rows] ids: whole numbers above 0 (of any integer type, or as floats, where NaN is
            missing) or texts. Results give them back as they came.
        time: [rows] integer milliseconds since 1970 UTC, or datetime64, datetimes or texts (these
            need ``tz`` unless they carry an offset of their own).
        kind: what happened in every row, such as ``"order"`` (the default), by name or number;
            see :func:`pmkt.kind_names`.
        kind_column: [rows] instead of ``kind``: what happened in each.
        kinds: what the values of ``kind_column`` mean, such as ``{"pv": "view", "buy": "order"}``.
        order: [rows] ids; lines with one order id are one order. Missing: an order of its own.
        amount: [rows] integer minor units (cents).
        quantity: [rows] integers.
        item, category, session, channel, event_id: [rows] ids.
        currency: an ISO 4217 code such as ``"CNY"``; states refuse another one afterwards.
        exponent: decimals of the currency, 0 to 6. Where they are not 2, name the currency too, for
            the default thresholds of scoring count in its units.
        tz: the zone of times without one: an IANA name, a tzinfo, or minutes east of UTC.
        time_unit: what integer times count: ``"s"``, ``"ms"``, ``"us"`` or ``"ns"``.
        on_bad: ``"fail"``: the first bad row is an error; ``"skip"``: bad rows are left out, and
            counted in :attr:`report`.

    Raises:
        InvalidInput: for arguments that do not fit, and (as BadRow) for a bad row.
    """

    report: Report
    """What the check of the rows found. What only some receivers need, such as an amount, is
    checked when the batch is added."""

    def __init__(
        self,
        user: Any,
        time: Any,
        *,
        kind: Any = None,
        kind_column: Any = None,
        kinds: Optional[Mapping[Any, Any]] = None,
        order: Any = None,
        amount: Any = None,
        quantity: Any = None,
        item: Any = None,
        category: Any = None,
        session: Any = None,
        channel: Any = None,
        event_id: Any = None,
        currency: Optional[str] = None,
        exponent: int = 2,
        tz: ZoneLike = None,
        time_unit: str = "ms",
        on_bad: str = "fail",
    ) -> None:
        given = {
            "user": user,
            "time": time,
            "kind_column": kind_column,
            "amount_minor": amount,
            "quantity": quantity,
            **dict(zip(_IDS, (order, item, category, session, channel, event_id))),
        }
        columns = {
            name: to_column(data, "amount" if name == "amount_minor" else name)
            for name, data in given.items()
            if data is not None or name in ("user", "time")
        }
        self._build(columns, kind, kinds, currency, exponent, tz, time_unit, on_bad)

    @classmethod
    def from_frame(
        cls,
        frame: Any,
        *,
        user: str,
        time: str,
        kind: Any = None,
        kind_column: Optional[str] = None,
        kinds: Optional[Mapping[Any, Any]] = None,
        order: Optional[str] = None,
        amount: Optional[str] = None,
        amount_minor: Optional[str] = None,
        price: Optional[str] = None,
        quantity: Optional[str] = None,
        item: Optional[str] = None,
        category: Optional[str] = None,
        session: Optional[str] = None,
        channel: Optional[str] = None,
        event_id: Optional[str] = None,
        currency: Optional[str] = None,
        exponent: int = 2,
        tz: ZoneLike = None,
        time_unit: str = "ms",
        on_bad: str = "fail",
    ) -> "Events":
        """Events from a DataFrame of pandas or polars, a pyarrow Table, a relation of DuckDB, or a
        dict of arrays.

        Column arguments are names of columns. Money comes in one of three ways:

        - ``amount``: major units (12.99), as floats, integers, ``Decimal`` or text;
        - ``amount_minor``: minor units (1299), as integers;
        - ``price`` (major units), times ``quantity`` if there is one.

        Everything is rounded half away from zero to the ``exponent`` of the currency. The other
        arguments are those of :class:`Events`.
        """
        named = {
            "user": user,
            "time": time,
            "kind_column": kind_column,
            "amount": amount,
            "amount_minor": amount_minor,
            "price": price,
            "quantity": quantity,
            **dict(zip(_IDS, (order, item, category, session, channel, event_id))),
        }
        if type(frame).__module__.lstrip("_").startswith("duckdb") and has_stream(frame):
            kept: Dict[str, Any] = {**named, "ids": Ids()}
            return cls.from_arrow(
                frame,
                kind=kind,
                kinds=kinds,
                currency=currency,
                exponent=exponent,
                tz=tz,
                time_unit=time_unit,
                on_bad=on_bad,
                **kept,
            )
        column_names(frame)  # says first of all if this is no frame
        columns = {
            argument: take_column(frame, name, argument)
            for argument, name in named.items()
            if name is not None or argument in ("user", "time")
        }
        self = cls.__new__(cls)
        self._build(columns, kind, kinds, currency, exponent, tz, time_unit, on_bad)
        return self

    @classmethod
    def from_arrow(
        cls,
        source: Any,
        *,
        user: str,
        time: str,
        kind: Any = None,
        kind_column: Optional[str] = None,
        kinds: Optional[Mapping[Any, Any]] = None,
        order: Optional[str] = None,
        amount: Optional[str] = None,
        amount_minor: Optional[str] = None,
        price: Optional[str] = None,
        quantity: Optional[str] = None,
        item: Optional[str] = None,
        category: Optional[str] = None,
        session: Optional[str] = None,
        channel: Optional[str] = None,
        event_id: Optional[str] = None,
        currency: Optional[str] = None,
        exponent: int = 2,
        tz: ZoneLike = None,
        time_unit: str = "ms",
        on_bad: str = "fail",
        ids: Optional[Ids] = None,
    ) -> "Events":
        """Events from anything that hands out an Arrow stream, read by C; pyarrow is not needed.

        ``source`` has ``__arrow_c_stream__`` (tables of pyarrow and polars, relations of DuckDB,
        DataFrames of pandas 2.2 or newer with pyarrow) or is such a capsule; it is read to its end.
        Columns whose type matches are used where they lie, and stay alive as long as the batch.

        The arguments are those of :meth:`from_frame`, but that times are timestamps, dates or
        integers, never texts. An integer or decimal is exact, however many digits it has.

        Args:
            ids: a dictionary that remembers the texts of all id columns; results then give users
                back as texts. Without it, users that are texts become their ids, ``uint64``, and
                stay so.
        """
        self = cls.__new__(cls)
        self.exponent = whole("exponent", exponent, 0, 6)
        self.currency = currency_code(currency)
        named = {
            "user": user,
            "time": time,
            "kind": kind_column,
            "amount": amount,
            "amount_minor": amount_minor,
            "price": price,
            "quantity": quantity,
            **dict(zip(_IDS, (order, item, category, session, channel, event_id))),
        }
        self._read(source, named, kind, kinds, tz, time_unit, on_bad, ids)
        self.report = self._deliver(
            lambda events, report: call(lib.pmkt_events_check, events, report)
        )
        return self

    def _read(
        self,
        source: Any,
        named: Dict[str, Any],
        kind: Any,
        kinds: Optional[Mapping[Any, Any]],
        tz: ZoneLike,
        time_unit: str,
        on_bad: str,
        ids: Optional[Ids],
    ) -> None:
        if ids is not None and not isinstance(ids, Ids):
            raise errors.InvalidInput(f"ids is a {type(ids).__name__}; expected pmkt.Ids")
        if on_bad not in _ON_BAD:
            raise errors.InvalidInput(f"on_bad is {on_bad!r}; expected 'fail' or 'skip'")
        if time_unit not in UNITS:
            raise errors.InvalidInput(
                f"time_unit is {time_unit!r}; expected one of {', '.join(UNITS)}"
            )
        if named["kind"] is None and kinds is not None:
            raise errors.InvalidInput("kinds= says what the values of kind_column= mean")
        if named["kind"] is not None and kind is not None:
            raise errors.InvalidInput("give either kind or kind_column")
        every_kind = c.KIND_NONE
        if named["kind"] is None:
            every_kind = kind_number("order" if kind is None else kind)
        zone = None if tz is None else make_zone(tz)
        labels = kind_labels(kinds)
        columns = new(
            pmkt_arrow_columns,
            on_bad=_ON_BAD[on_bad],
            every_kind=every_kind,
            time_unit=UNITS[time_unit],
            decimals=decimals_of(self.exponent),
            currency=(self.currency or "").encode(),
            kinds=labels,
            n_kinds=0 if labels is None else len(labels),
            **{name: column_name(given, name) for name, given in named.items()},
        )
        if zone is not None:
            columns.zone = ctypes.pointer(zone.struct)
        with ExitStack() as held:
            if ids is not None:
                held.enter_context(ids._access.writing())
                columns.users = columns.names = ids._handle.pointer
            stream = Stream(source)
            reader = ctypes.POINTER(pmkt_arrow_events)()
            call(
                lib.pmkt_arrow_events_open,
                stream.pointer,
                ctypes.byref(columns),
                None,
                ctypes.byref(reader),
            )
            self._reader = Handle(reader, lib.pmkt_arrow_events_free)  # the columns' memory
            batch = ctypes.POINTER(pmkt_events)()
            call(lib.pmkt_arrow_events_all, reader, None, ctypes.byref(batch))
        self._struct = batch.contents
        self._unreadable: Dict[str, int] = {}
        present = ["user", "time", "kind", *_IDS, "amount", "quantity"]
        money = any(named[way] for way in ("amount", "amount_minor", "price"))
        self._arrays = {
            name: borrow(
                getattr(self._struct, name),
                (len(self),),
                _DTYPES.get(name, np.uint64),
                self._reader,
            )
            for name in present
            if (money if name == "amount" else named[name])
        }
        self._users = _users_of(self._arrays["user"], ids)

    # --------------------------------------------------------------------------- building

    def _build(
        self,
        columns: Dict[str, Column],
        kind: Any,
        kinds: Optional[Mapping[Any, Any]],
        currency: Optional[str],
        exponent: int,
        tz: ZoneLike,
        time_unit: str,
        on_bad: str,
    ) -> None:
        rows = _common_length(columns)
        if on_bad not in _ON_BAD:
            raise errors.InvalidInput(f"on_bad is {on_bad!r}; expected 'fail' or 'skip'")
        self.exponent = whole("exponent", exponent, 0, 6)
        self.currency = currency_code(currency)
        rejects = Rejects(rows, on_bad == "skip")
        arrays: Dict[str, np.ndarray] = {}
        zone = None if tz is None else make_zone(tz)
        arrays["user"], self._users = to_ids(columns["user"], "user", rejects)
        arrays["time"] = to_times(columns["time"], "time", zone, time_unit, rejects)
        every_kind = self._kinds(columns, kind, kinds, arrays, rejects)
        for name in _IDS:
            if name in columns:
                arrays[name], _ = to_ids(columns[name], name, rejects)
        self._money(columns, arrays, rejects)
        self._unreadable = {}
        if rejects.mask is not None:
            # These rows go on without a user, so that whoever reads the batch rejects them.
            self._unreadable = rejects.by_reason(arrays["user"])
            arrays["user"] = np.where(rejects.mask, np.uint64(c.ID_NONE), arrays["user"])
        self._arrays = arrays  # the struct only borrows them
        self._struct = new(
            pmkt_events,
            on_bad=_ON_BAD[on_bad],
            rows=rows,
            every_kind=every_kind,
            currency_exponent=self.exponent if self.currency else 0,
            currency=(self.currency or "").encode(),
            **{name: pointer(array) for name, array in arrays.items()},
        )
        self.report = self._deliver(
            lambda events, report: call(lib.pmkt_events_check, events, report)
        )

    @staticmethod
    def _kinds(
        columns: Dict[str, Column],
        kind: Any,
        kinds: Optional[Mapping[Any, Any]],
        arrays: Dict[str, np.ndarray],
        rejects: Rejects,
    ) -> int:
        """Fills the column of kinds, or returns the kind of every row."""
        if "kind_column" not in columns:
            if kinds is not None:
                raise errors.InvalidInput("kinds= says what the values of kind_column= mean")
            return kind_number("order" if kind is None else kind)
        if kind is not None:
            raise errors.InvalidInput("give either kind or kind_column")
        arrays["kind"] = to_kinds(columns["kind_column"], "kind_column", kinds, rejects)
        return c.KIND_NONE

    def _money(
        self, columns: Dict[str, Column], arrays: Dict[str, np.ndarray], rejects: Rejects
    ) -> None:
        ways = [name for name in ("amount", "amount_minor", "price") if name in columns]
        if len(ways) > 1:
            raise errors.InvalidInput(f"give one of {' and '.join(ways)}, not both")
        quantity = columns.get("quantity")
        if "price" in columns:
            # A fractional quantity (kilograms) may price a row, but no column holds it.
            arrays["amount"] = to_product(columns["price"], quantity, self.exponent, rejects)
            return
        if "amount" in columns:
            arrays["amount"] = to_minor(columns["amount"], "amount", self.exponent, rejects)
        elif "amount_minor" in columns:
            arrays["amount"] = to_integers(columns["amount_minor"], "amount", rejects)
        if quantity is not None:
            arrays["quantity"] = to_integers(quantity, "quantity", rejects)

    # --------------------------------------------------------------------------- using

    @property
    def _money_exponent(self) -> Optional[int]:
        """The decimals of the amounts, or None if there are no amounts."""
        return self.exponent if "amount" in self._arrays else None

    def _deliver(self, function: Callable[[Any, Any], None]) -> Report:
        """Hands the struct and a fresh report to a function, and returns what it reported."""
        buffer = ReportBuffer(len(self))
        function(ctypes.byref(self._struct), buffer.pointer)
        return buffer.report(self._unreadable)

    def __len__(self) -> int:
        return int(self._struct.rows)

    def __repr__(self) -> str:
        kind = lib.pmkt_kind_name(self._struct.every_kind) if self._struct.every_kind else None
        what = f"all {kind.decode()}" if kind else "of several kinds"
        money = f", in {self.currency}" if self.currency else ""
        columns = ", ".join(self._arrays)
        return f"Events({what}{money}; columns {columns}; {self.report!r})"

    def __reduce__(self) -> Any:
        raise TypeError("a batch of events can be neither copied nor pickled; copy its arrays")


def _users_of(users: np.ndarray, ids: Optional[Ids]) -> Users:
    """How users go back: as the texts that a dictionary has just learned, if they are texts."""
    if ids is not None:
        different = np.unique(users)
        different = different[different != c.ID_NONE]
        texts = ids.decode(different)
        if any(text is not None for text in texts):
            return Users.of_texts(different, texts)
    return Users.of_numbers(np.dtype(np.uint64))


def _common_length(columns: Dict[str, Column]) -> int:
    for name, column in columns.items():
        if column.rows != columns["user"].rows:
            raise errors.InvalidInput(
                f"{name} has {column.rows:,} rows and user has {columns['user'].rows:,}"
            )
    return columns["user"].rows


def currency_code(code: Optional[str]) -> Optional[str]:
    if code is None:
        return None
    if not (isinstance(code, str) and len(code) == 3 and code.isascii() and code.isalpha()):
        raise errors.InvalidInput(f"currency is {code!r}; expected a code such as 'CNY'")
    return code.upper()
