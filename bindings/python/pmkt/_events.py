"""Batches of events: what goes in."""

from __future__ import annotations

import ctypes
from contextlib import ExitStack
from typing import Any, Callable, Dict, Mapping, NamedTuple, Optional, Sequence, Union

import numpy as np

from . import _constants as c
from . import errors
from ._arrow import UNITS, Stream, column_name, decimals_of, kind_labels, name_array
from ._columns import Column, to_column
from ._convert import Rejects
from ._dictionary import Ids, check_ids
from ._frames import (
    Readable,
    as_table,
    column_names,
    is_relation,
    readable,
    select_column,
    take_column,
)
from ._ids import to_ids
from ._kinds import kind_number, to_kinds
from ._library import Handle, borrow, call, lib, pointer
from ._money import to_integers, to_minor, to_product
from ._report import Report, ReportBuffer
from ._run import Progress, Running, whole
from ._structs import new, pmkt_arrow_columns, pmkt_arrow_events, pmkt_events
from ._times import to_times
from ._users import Users
from ._zones import UTC, ZoneLike, format_ms, make_zone

_ON_BAD = {"fail": c.ON_BAD_FAIL, "skip": c.ON_BAD_SKIP}
_IDS = ("order", "item", "category", "session", "channel", "event_id")
_EXTRA = {c.TYPE_INT64: np.int64, c.TYPE_UINT64: np.uint64, c.TYPE_DOUBLE: np.float64}
_FORMS = ("item", "category", "channel")  # whose ids go back as they came, as users do
_DTYPES = {"time": np.int64, "kind": np.uint16, "amount": np.int64, "quantity": np.int64}


class _Options(NamedTuple):
    """What every way of making a batch is told besides its columns."""

    kind: Any
    kinds: Optional[Mapping[Any, Any]]
    currency: Optional[str]
    exponent: int
    tz: ZoneLike
    time_unit: str
    on_bad: str


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
        time_unit: what integer times count: ``"s"``, ``"ms"``, ``"us"`` or ``"ns"``. The range of
            dates that ``repr`` shows tells at once if it was another.
        on_bad: ``"fail"``: the first bad row is an error; ``"skip"``: bad rows are left out, and
            counted in :attr:`report`.

    Raises:
        InvalidInput: for arguments that do not fit, and (as BadRow) for a bad row.
    """

    report: Report
    """What the check of the rows found. What only some receivers need, such as an amount, is
    checked when the batch is added."""

    _forms: Dict[str, Union[Users, Callable[[], Users]]]

    extra: Mapping[str, np.ndarray] = {}
    """Further columns of :meth:`from_arrow`, read-only: [rows] int64 (missing: its smallest),
    uint64 ids (missing: 0) or float64 (missing: NaN)."""

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
        self._build(columns, _Options(kind, kinds, currency, exponent, tz, time_unit, on_bad))
        self._check()

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
        ids: Optional[Ids] = None,
    ) -> "Events":
        """Events from a DataFrame of pandas or polars, a pyarrow Table, a relation of DuckDB, or a
        dict of arrays.

        Column arguments are names of columns. Money comes in one of three ways:

        - ``amount``: major units (12.99), as floats, integers, ``Decimal`` or text;
        - ``amount_minor``: minor units (1299), as integers;
        - ``price`` (major units), times ``quantity`` if there is one.

        Everything is rounded half away from zero to the ``exponent`` of the currency. The other
        arguments are those of :class:`Events`.

        Tables of polars, pyarrow, DuckDB and pandas' Arrow types are read by C as
        :meth:`from_arrow` does, but that times without a zone need ``tz``, and users go back as
        they came. If there is a type or a value that C does not read (times as texts, a date that
        is none), the whole frame is read through NumPy, which reads more and tells more; for
        DuckDB that takes pyarrow.

        ``ids`` is a dictionary that learns the texts of all id columns, for :meth:`Ids.decode`; it
        may learn some even if the call fails. Users go back as they came with or without it, but
        that those of a one-way dictionary stay ids.
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
        given: Dict[str, Any] = {
            argument: name
            for argument, name in named.items()
            if name is not None or argument in ("user", "time")
        }
        check_ids(ids)
        column_names(frame)  # says first of all if this is no frame
        self = cls.__new__(cls)
        options = _Options(kind, kinds, currency, exponent, tz, time_unit, on_bad)
        source = readable(frame, given, tz is not None)
        if source is None or not self._read_frame(source, given, options, ids):
            self, table = cls.__new__(cls), as_table(frame)
            columns = {
                argument: take_column(table, name, argument) for argument, name in given.items()
            }
            self._build(columns, options, ids)
        if ids is not None and ids.one_way:
            self._users = Users() if self._users.names else self._users
            self._forms = {}
        self._check()
        return self

    def _read_frame(
        self, source: Readable, named: Mapping[str, Any], options: _Options, ids: Optional[Ids]
    ) -> bool:
        """Whether C could read everything; what it could not is told by those who read again."""
        texts = source.dtype is None
        known = Ids() if texts and ids is None else ids
        try:
            self._read(source.source, named, options, known, (), others=ids is not None)
        except (errors.InvalidInput, errors.FileError):
            if source.again:
                return False
            raise
        if self._struct.reject and source.again:
            return False
        self._users = Users() if source.dtype is None else Users.of_numbers(source.dtype)
        if source.again:
            self._forms = {
                name: _late_form(source.source, named[name], name)
                for name in _FORMS
                if name in named
            }
        if texts and known is not None and not known.one_way:
            numbers = known.ids if ids is None else _different(self._arrays["user"])
            if len(numbers):
                self._users = Users.of_texts(numbers, known.decode(numbers, source.raw))
        return True

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
        extra: Sequence[str] = (),
        threads: int = 0,
        progress: Progress = None,
    ) -> "Events":
        """Events from anything that hands out an Arrow stream, read by C; pyarrow is not needed.

        ``source`` has ``__arrow_c_stream__`` (tables of pyarrow and polars, relations of DuckDB,
        DataFrames of pandas 2.2 or newer with pyarrow) or is such a capsule; it is read to its end.
        Columns whose type matches are used where they lie, and stay alive as long as the batch.

        The arguments are those of :meth:`from_frame`, but that times are timestamps, dates or
        integers, never texts. An integer or decimal is exact, however many digits it has.

        Args:
            ids: a dictionary that learns the texts of all id columns; results then give users back
                as texts. Without it, users that are texts become their ids, ``uint64``, and stay
                so, as numbers of every type do. It may learn some even if the call fails. What it
                has forgotten it learns again only from an event at or after the forgetting; users
                that it does not know go back as None.
            extra: names of further columns, for :attr:`extra`; texts become ids.
            threads, progress: as of :class:`pmkt.RFM` and its methods.
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
        self = cls.__new__(cls)
        options = _Options(kind, kinds, currency, exponent, tz, time_unit, on_bad)
        self._read(source, named, options, ids, extra, threads, progress, others=True)
        self._users = _users_of(self._arrays["user"], ids)
        if ids is not None:
            arrays = {name: self._arrays[name] for name in _FORMS if name in self._arrays}
            self._forms = {name: _known_form(ids, arrays[name], name) for name in arrays}
        self._check()
        return self

    def _read(
        self,
        source: Any,
        named: Mapping[str, Any],
        options: _Options,
        ids: Optional[Ids],
        extra: Sequence[str],
        threads: int = 0,
        progress: Progress = None,
        others: bool = False,
    ) -> None:
        """Fills the batch from a stream. ``ids`` learns the texts of users, and of ``others``."""
        check_ids(ids)
        self._begin(options)
        if options.time_unit not in UNITS:
            raise errors.InvalidInput(
                f"time_unit is {options.time_unit!r}; expected one of {', '.join(UNITS)}"
            )
        every_kind = _every_kind(named.get("kind_column"), options)
        zone = None if options.tz is None else make_zone(options.tz)
        labels = kind_labels(options.kinds)
        columns = new(
            pmkt_arrow_columns,
            on_bad=_ON_BAD[options.on_bad],
            every_kind=every_kind or c.KIND_NONE,
            time_unit=UNITS[options.time_unit],
            decimals=decimals_of(self.exponent),
            currency=(self.currency or "").encode(),
            kinds=labels,
            n_kinds=0 if labels is None else len(labels),
            extra=name_array(list(extra), "extra"),
            n_extra=len(extra),
            **{
                name if name != "kind_column" else "kind": column_name(given, name)
                for name, given in named.items()
            },
        )
        if zone is not None:
            columns.zone = ctypes.pointer(zone.struct)
        reader, batch = ctypes.POINTER(pmkt_arrow_events)(), ctypes.POINTER(pmkt_events)()
        how, out = ctypes.byref(columns), ctypes.byref(reader)
        with ExitStack() as held:
            if ids is not None:
                held.enter_context(ids._access.writing())
                columns.users = ids._handle.pointer
                columns.names = ids._handle.pointer if others else None
            run = held.enter_context(Running(threads, progress, "reading"))
            stream = Stream(source)
            call(lib.pmkt_arrow_events_open, stream.pointer, how, None, out)
            self._reader = Handle(reader, lib.pmkt_arrow_events_free)  # the columns' memory
            call(lib.pmkt_arrow_events_all, reader, run, ctypes.byref(batch))
        self._struct = batch.contents
        self._unreadable: Dict[str, int] = {}
        money = any(named.get(way) for way in ("amount", "amount_minor", "price"))
        present = {**named, "amount": money, "kind": named.get("kind_column")}
        self._arrays = {
            name: self._column(getattr(self._struct, name), _DTYPES.get(name, np.uint64))
            for name in ("user", "time", "kind", *_IDS, "amount", "quantity")
            if present.get(name)
        }
        self.extra = {
            column.name.decode("utf-8"): self._column(column.data, _EXTRA[column.type])
            for column in self._struct.extra[: self._struct.n_extra]
        }

    def _column(self, at: Any, dtype: Any) -> np.ndarray:
        return borrow(at, (len(self),), dtype, self._reader)

    # --------------------------------------------------------------------------- building

    def _build(
        self, columns: Dict[str, Column], options: _Options, ids: Optional[Ids] = None
    ) -> None:
        rows = _common_length(columns)
        self._begin(options)
        rejects = Rejects(rows, options.on_bad == "skip")
        arrays: Dict[str, np.ndarray] = {}
        zone = None if options.tz is None else make_zone(options.tz)
        arrays["user"], self._users = to_ids(columns["user"], "user", rejects)
        arrays["time"] = to_times(columns["time"], "time", zone, options.time_unit, rejects)
        every_kind = self._kinds(columns, options, arrays, rejects)
        forms = [self._users]
        for name in _IDS:
            if name in columns:
                arrays[name], form = to_ids(columns[name], name, rejects)
                forms.append(form)
                if name in _FORMS:
                    self._forms[name] = _named(form, name)
        if ids is not None:
            for form in forms:
                ids.encode(list(form.names.values()))
        self._money(columns, arrays, rejects)
        self._unreadable = {}
        if rejects.mask is not None:
            # These rows go on without a user, so that whoever reads the batch rejects them.
            self._unreadable = rejects.by_reason(arrays["user"])
            arrays["user"] = np.where(rejects.mask, np.uint64(c.ID_NONE), arrays["user"])
        self._arrays = arrays  # the struct only borrows them
        self._struct = new(
            pmkt_events,
            on_bad=_ON_BAD[options.on_bad],
            rows=rows,
            every_kind=every_kind,
            currency_exponent=self.exponent if self.currency else 0,
            currency=(self.currency or "").encode(),
            **{name: pointer(array) for name, array in arrays.items()},
        )

    def _begin(self, options: _Options) -> None:
        if options.on_bad not in _ON_BAD:
            raise errors.InvalidInput(f"on_bad is {options.on_bad!r}; expected 'fail' or 'skip'")
        self.exponent = whole("exponent", options.exponent, 0, 6)
        self.currency = currency_code(options.currency)
        self._forms = {}

    def _check(self) -> None:
        self.report = self._deliver(
            lambda events, report: call(lib.pmkt_events_check, events, report)
        )

    @staticmethod
    def _kinds(
        columns: Dict[str, Column],
        options: _Options,
        arrays: Dict[str, np.ndarray],
        rejects: Rejects,
    ) -> int:
        """Fills the column of kinds, or returns the kind of every row."""
        every_kind = _every_kind(columns.get("kind_column"), options)
        if every_kind is None:
            arrays["kind"] = to_kinds(columns["kind_column"], "kind_column", options.kinds, rejects)
        return every_kind or c.KIND_NONE

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

    def _form(self, name: str) -> Users:
        """How the ids of a column (users, items, categories, channels) go back to what came."""
        if name == "user":
            return self._users
        form = self._forms.get(name)
        if form is None:
            return _named(Users(), name)
        if not isinstance(form, Users):
            form = self._forms[name] = form()
        return form

    def _part(self, keep: np.ndarray) -> "Events":
        """The rows of a mask, as a batch of its own."""
        part = Events.__new__(Events)
        part.exponent, part.currency = self.exponent, self.currency
        part._users, part._forms, part._unreadable = self._users, dict(self._forms), {}
        part._arrays = {name: array[keep] for name, array in self._arrays.items()}
        part.extra = {name: array[keep] for name, array in self.extra.items()}
        part._struct = new(
            pmkt_events,
            on_bad=self._struct.on_bad,
            rows=len(part._arrays["user"]),
            every_kind=self._struct.every_kind,
            currency_exponent=self._struct.currency_exponent,
            currency=self._struct.currency,
            **{name: pointer(array) for name, array in part._arrays.items()},
        )
        part._check()
        return part

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
        return f"Events({what}{money}; columns {columns}; {self._range()}{self.report!r})"

    def _range(self) -> str:
        """From when to when: seconds that were read as milliseconds are days of January 1970."""
        time = self._arrays["time"]
        known = time[(time >= c.TIME_MIN) & (time <= c.TIME_MAX)]
        if not len(known):
            return ""
        first, last = (format_ms(int(ms), UTC) for ms in (known.min(), known.max()))
        return f"{first} to {last} UTC; "

    def __reduce__(self) -> Any:
        raise TypeError("a batch of events can be neither copied nor pickled; copy its arrays")


def _named(form: Users, name: str) -> Users:
    form.what = {"item": "items", "category": "categories", "channel": "channels"}[name]
    return form


def _late_form(frame: Any, name: str, argument: str) -> Callable[[], Users]:
    """The form of a column that C has read, looked for when somebody asks for it."""

    def form() -> Users:
        source = as_table(select_column(frame, name)) if is_relation(frame) else frame
        column = take_column(source, name, argument)
        return _named(to_ids(column, argument, Rejects(column.rows, True))[1], argument)

    return form


def _known_form(ids: Ids, numbers: np.ndarray, argument: str) -> Callable[[], Users]:
    """The same of a column whose texts a dictionary has learned."""
    return lambda: _named(_users_of(numbers, ids), argument)


def _different(users: np.ndarray) -> np.ndarray:
    """[n] the different users of a column, without the missing one."""
    different = np.unique(users)
    return different[different != c.ID_NONE]


def _users_of(users: np.ndarray, ids: Optional[Ids]) -> Users:
    """How users go back: as the texts that a dictionary has just learned, if they are texts."""
    if ids is not None:
        different = _different(users)
        texts = ids.decode(different)
        known = np.fromiter((text is not None for text in texts), bool, len(texts))
        # If none is known, they are numbers, unless all are texts that were forgotten.
        if known.any() or (len(texts) and np.isin(different, ids.forgotten().ids).all()):
            return Users.of_texts(different[known], [text for text in texts if text is not None])
    return Users.of_numbers(np.dtype(np.uint64))


def _every_kind(column: Any, options: _Options) -> Optional[int]:
    """The kind of every row, or None if a column says it."""
    if column is None:
        if options.kinds is not None:
            raise errors.InvalidInput("kinds= says what the values of kind_column= mean")
        return kind_number("order" if options.kind is None else options.kind)
    if options.kind is not None:
        raise errors.InvalidInput("give either kind or kind_column")
    return None


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
