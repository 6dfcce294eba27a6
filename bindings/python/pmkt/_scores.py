"""What every customer is worth at one date."""

from __future__ import annotations

import ctypes
from contextlib import ExitStack
from typing import Any, Callable, Dict, NamedTuple, Optional, Tuple

import numpy as np

from . import _constants as c
from . import errors
from ._arrow import capsule_of
from ._dictionary import Ids, check_ids
from ._library import Handle, borrow, call, lib, pointer
from ._structs import new, pmkt_arrow_options, pmkt_rfm_columns, pmkt_rfm_group
from ._table import Table, aligned, percent
from ._users import Users
from ._zones import Zone, format_ms

GROUPINGS = {
    "segment": c.RFM_BY_SEGMENT,
    "lifecycle": c.RFM_BY_LIFECYCLE,
    "tier": c.RFM_BY_TIER,
    "brand_stage": c.RFM_BY_BRAND_STAGE,
    "activity": c.RFM_BY_ACTIVITY,
    "cell": c.RFM_BY_CELL,
}
_MONEY = ("average_order", "revenue", "tier_spend", "to_next_tier")
_NUMBERS = ("recency_days", "orders", "orders_per_month", "tenure_days")
_CODES = ("segment", "activity", "lifecycle", "brand_stage", "tier")


def grouping(by: Any) -> int:
    """The number of a grouping that is given by name."""
    if isinstance(by, str) and by in GROUPINGS:
        return GROUPINGS[by]
    raise errors.InvalidInput(f"by is {by!r}; expected one of {', '.join(map(repr, GROUPINGS))}")


class Cuts(NamedTuple):
    """The cuts of the quantile scheme, each [bins - 1]: float64, and int64 for M.

    A score is above ``j + 1`` exactly if the recency in days is below ``r[j]``; F above ``f[j]``;
    M, in minor units, above ``m[j]``.
    """

    r: np.ndarray
    f: np.ndarray
    m: np.ndarray


class _Source:
    """Scores in one of their two forms, as a table that others can ask for its stream."""

    def __init__(self, scores: "RFMScores", raw: bool, ids: Optional[Ids]) -> None:
        if ids is not None:
            scores._check_known(ids)
        self._stream = scores._stream, raw, ids

    def __arrow_c_stream__(self, requested_schema: Any = None) -> Any:
        stream, raw, ids = self._stream
        return stream(raw, ids)


class RFMScores:
    """What every customer is worth as of a date: one row a customer, in arrays of equal length.

    Rows stand in an order that depends on the user ids alone, so that two sets of scores line up;
    it is not the order of the ids. Arrays are read-only views of the library's memory, which lives
    as long as any of them. Money is in minor units. Scores never change, and threads may share
    them.

    Attributes:
        user: users as they came in; of a state from a file as texts if it knows those of all of
            them (see :meth:`pmkt.RFM.load`), else as their ids. ``user_id``: [rows] uint64, what C
            knows them by.
        recency_days: [rows] int32, calendar days since the last order; -1 = no order.
        orders: [rows] int64.
        orders_per_month: [rows] float64.
        average_order_minor, revenue_minor: [rows] int64.
        tenure_days: [rows] int32, days since registration, else since the first event.
        r_band, f_band, m_band: [rows] uint8, of the threshold scheme: 0 no order, 1 low
            (dormant), 2 middle, 3 high (active).
        r_score, f_score, m_score: [rows] uint8, of the quantile scheme: 1 to ``bins``, 0 no order.
        cuts: of the quantile scheme: where the scores change.
        segment: [rows] uint8, the class, or the row of the segment table. Likewise ``activity``,
            ``lifecycle``, ``brand_stage`` and ``tier`` (255: not known, in summary mode).
        segment_names: tuple, the name of each code; ``segment_name``: [rows] the name of each row.
            The same for the other four.
        tier_spend_minor, to_next_tier_minor: [rows] int64; 0 to the next: the highest, or unknown.
        flags: [rows] uint8 bits; ``is_prospect`` (no order), ``is_at_risk`` and ``is_registered``
            are [rows] bool.
        class_names_zh: the Chinese names of the eight classes and "no order", by code.
        as_of_ms: the date, in milliseconds UTC. ``scheme``, ``bins`` (0 in the threshold scheme),
            ``exponent`` and ``currency`` say what it says.
    """

    user_id: np.ndarray
    recency_days: np.ndarray
    orders: np.ndarray
    orders_per_month: np.ndarray
    average_order_minor: np.ndarray
    revenue_minor: np.ndarray
    tenure_days: np.ndarray
    segment: np.ndarray
    activity: np.ndarray
    lifecycle: np.ndarray
    brand_stage: np.ndarray
    tier: np.ndarray
    flags: np.ndarray
    tier_spend_minor: np.ndarray
    to_next_tier_minor: np.ndarray

    def __init__(self, handle: Handle, users: Users, zone: Zone, exponent: Optional[int]) -> None:
        columns = new(pmkt_rfm_columns)
        call(lib.pmkt_rfm_scores_columns, handle.pointer, ctypes.byref(columns))
        self._handle = handle
        self._rows = int(columns.rows)
        self._zone = zone
        self._users = users.form()
        self.as_of_ms = int(columns.as_of_ms)
        self.scheme = "quantile" if columns.scheme == c.RFM_QUANTILE else "threshold"
        self.bins = int(columns.bins)
        self.currency: Optional[str] = columns.currency.decode() or None
        # C knows the decimals of a currency that was named; else they are what the batches said.
        if self.currency:
            exponent = columns.currency_exponent
        self.exponent = 2 if exponent is None else int(exponent)
        self.user_id = self._view(columns.user, np.uint64)
        # Texts now, for the state may forget them later.
        self.user = users.decode(self.user_id)
        self._has_texts = self.user.dtype == object
        for name, dtype in zip(_NUMBERS, (np.int32, np.int64, np.float64, np.int32)):
            setattr(self, name, self._view(getattr(columns, name), dtype))
        for name in _MONEY:
            setattr(self, f"{name}_minor", self._view(getattr(columns, name), np.int64))
        for name in (*_CODES, "flags"):
            setattr(self, name, self._view(getattr(columns, name), np.uint8))
        self._axes = {axis: self._view(getattr(columns, axis), np.uint8) for axis in "rfm"}
        self._cuts = None
        if self.scheme == "quantile":
            size = (max(self.bins - 1, 0),)
            self._cuts = Cuts(
                borrow(columns.r_cuts, size, np.float64, handle),
                borrow(columns.f_cuts, size, np.float64, handle),
                borrow(columns.m_cuts, size, np.int64, handle),
            )

    def _view(self, at: Any, dtype: Any) -> np.ndarray:
        return borrow(at, (self._rows,), dtype, self._handle)

    def __getattr__(self, name: str) -> Any:
        """What depends on the scheme, and names of codes."""
        if name.startswith("_"):
            raise AttributeError(name)
        if name == "cuts":
            if self._cuts is None:
                raise AttributeError("cuts belong to the quantile scheme; this is the other")
            return self._cuts
        axis, _, what = name.partition("_")
        if axis in ("r", "f", "m") and what in ("band", "score"):
            scheme = "threshold" if what == "band" else "quantile"
            if scheme != self.scheme:
                raise AttributeError(f"{name} belongs to the {scheme} scheme; this is the other")
            return self._axes[axis]
        if name.endswith("_names") and name[:-6] in GROUPINGS:
            return self.names(name[:-6])
        if name.endswith("_name") and name[:-5] in _CODES:
            return self._row_names(name[:-5])
        raise AttributeError(f"scores have no {name!r}")

    def __dir__(self) -> Any:
        what = "band" if self.scheme == "threshold" else "score"
        names = [f"{code}_{tail}" for code in _CODES for tail in ("name", "names")]
        return sorted({*super().__dir__(), *names, *(f"{axis}_{what}" for axis in "rfm")})

    # ---------------------------------------------------------------------------- names

    def names(self, by: str = "segment") -> Tuple[str, ...]:
        """The names of the codes of a grouping: "segment", "lifecycle", "tier", "brand_stage",
        "activity" or "cell"."""
        number = grouping(by)
        count = lib.pmkt_rfm_scores_codes(self._handle.pointer, number)
        if count < 0:
            raise errors.InvalidInput(f"scores with {self.bins} bins cannot be grouped by {by}")
        found = (
            lib.pmkt_rfm_scores_name(self._handle.pointer, number, code) for code in range(count)
        )
        return tuple(name.decode("utf-8") for name in found)

    def _row_codes(self, by: str) -> Tuple[np.ndarray, Tuple[str, ...]]:
        """Codes that index the names given with them; the unknown tier is the last of them."""
        codes, names = getattr(self, by), self.names(by)
        if by == "tier":
            codes = np.minimum(codes, len(names) - 1)
        return codes, names

    def _row_names(self, by: str) -> np.ndarray:
        codes, names = self._row_codes(by)
        return np.array(names, object)[codes]

    @property
    def class_names_zh(self) -> Tuple[str, ...]:
        found = map(lib.pmkt_rfm_class_name_zh, range(c.RFM_NO_ORDER + 1))
        return tuple(name.decode("utf-8") for name in found if name is not None)

    @property
    def is_prospect(self) -> np.ndarray:
        return (self.flags & c.RFM_FLAG_PROSPECT) != 0

    @property
    def is_at_risk(self) -> np.ndarray:
        return (self.flags & c.RFM_FLAG_AT_RISK) != 0

    @property
    def is_registered(self) -> np.ndarray:
        return (self.flags & c.RFM_FLAG_REGISTERED) != 0

    # ---------------------------------------------------------------------------- answers

    def find(self, users: Any) -> np.ndarray:
        """[n] int64: the row of each user as they came in, or -1 for one who has none."""
        ids = np.require(self._users.form().encode(users, "users", skip=True), np.uint64, ["C"])
        return self._find_ids(ids)

    def _find_ids(self, ids: np.ndarray) -> np.ndarray:
        rows = np.empty(len(ids), np.int64)
        call(lib.pmkt_rfm_scores_find, self._handle.pointer, pointer(ids), len(ids), pointer(rows))
        return rows

    def summary(self, by: str = "segment") -> Table:
        """One row a group: customers, orders, revenue, their shares and averages.

        Columns ``revenue``, ``average_order`` and ``average_revenue`` are in major units, and those
        that end in ``_minor`` in minor units. ``average_recency_days`` is -1 without orders.
        """
        names = self.names(by)
        groups = (pmkt_rfm_group * len(names))()
        call(
            lib.pmkt_rfm_summary,
            self._handle.pointer,
            grouping(by),
            groups,
            ctypes.sizeof(pmkt_rfm_group),
            len(names),
        )
        raw = np.ctypeslib.as_array(groups)
        unit = 10**self.exponent
        data = {
            by: np.array(names, object),
            "code": raw["code"].copy(),
            "customers": raw["customers"].copy(),
            "customer_share": raw["customer_share"].copy(),
            "orders": raw["orders"].copy(),
            "order_share": raw["order_share"].copy(),
            "revenue": raw["revenue"] / unit,
            "revenue_minor": raw["revenue"].copy(),
            "revenue_share": raw["revenue_share"].copy(),
            "average_order": raw["average_order"] / unit,
            "average_revenue": raw["average_revenue"] / unit,
            "average_recency_days": raw["average_recency"].copy(),
            "orders_per_month": raw["orders_per_month"].copy(),
        }
        money = f"{{:,.{self.exponent}f}}".format
        formats: Dict[str, Callable[[Any], str]] = {
            by: str,
            "customers": "{:,}".format,
            "customer_share": percent,
            "orders": "{:,}".format,
            "revenue": money,
            "revenue_share": percent,
            "average_order": money,
            "average_revenue": money,
            "average_recency_days": lambda days: "-" if days < 0 else f"{days:.1f}",
            "orders_per_month": "{:.2f}".format,
        }
        hide = raw["customers"] == 0 if len(names) > 12 else None
        return Table(data, formats, hide, self._title())

    # ---------------------------------------------------------------------------- elsewhere

    def _named(self, ids: Optional[Ids]) -> np.ndarray:
        """[rows] users as they came in, or as the texts that a dictionary knows."""
        if ids is None:
            return self.user
        self._check_known(ids)
        texts = np.empty(self._rows, object)
        texts[:] = ids.decode(self.user_id)
        return texts

    def _check_known(self, ids: Ids) -> None:
        """Raises if a dictionary knows nobody here: then it is the wrong one."""
        if check_ids(ids) and self._rows and not ids.contains(self.user_id).any():
            raise errors.InvalidInput(
                f"ids, a dictionary of {len(ids):,} texts, knows none of the {self._rows:,} users; "
                "expected the one of their state (leave ids= out if users are numbers)"
            )

    def to_dict(self, *, ids: Optional[Ids] = None) -> Dict[str, np.ndarray]:
        """Column names to arrays, codes as numbers; without a copy.

        Args:
            ids: users as the texts that this dictionary knows, None where it does not; for the
                scores of a state that came from a file without it. Without it: as they came in.

        Raises:
            InvalidInput: the dictionary knows none of the users.
        """
        what = "band" if self.scheme == "threshold" else "score"
        return {
            "user": self._named(ids),
            **{name: getattr(self, name) for name in _NUMBERS},
            **{f"{name}_minor": getattr(self, f"{name}_minor") for name in _MONEY},
            **{f"{axis}_{what}": self._axes[axis] for axis in "rfm"},
            **{name: getattr(self, name) for name in (*_CODES, "flags")},
        }

    def to_pandas(self, *, ids: Optional[Ids] = None) -> Any:
        """A DataFrame, one row a customer: codes as ordered-by-code categoricals of their names,
        money in major units beside the ``*_minor`` columns, flags as booleans. ``ids``: as of
        :meth:`to_dict`."""
        import pandas

        data = self.to_dict(ids=ids)
        unit = 10**self.exponent
        frame: Dict[str, Any] = {}
        for name, values in data.items():
            if name in _CODES:
                codes, names = self._row_codes(name)
                values = pandas.Categorical.from_codes(codes.astype(np.int16), list(names))
            elif name.endswith("_minor"):
                frame[name[: -len("_minor")]] = values / unit
            elif name == "flags":
                frame.update(
                    is_prospect=self.is_prospect,
                    is_at_risk=self.is_at_risk,
                    is_registered=self.is_registered,
                )
                continue
            frame[name] = values
        return pandas.DataFrame(frame)

    def __arrow_c_stream__(self, requested_schema: Any = None) -> Any:
        """The scores as a capsule with an Arrow stream, for ``polars.DataFrame(scores)``,
        ``pyarrow.table(scores)``, DuckDB and others: names as dictionaries, money as decimals of
        the currency, flags as booleans, ``recency_days`` null without an order. Users are texts if
        :attr:`user` has texts, else their ``user_id``. The memory lives as long as what was made of
        it."""
        return self._stream(False, None)

    def _stream(self, raw: bool, ids: Optional[Ids]) -> Any:
        if ids is None and not raw and self._users.kind is str and self._has_texts:
            ids = Ids(self.user)
        options = new(pmkt_arrow_options, raw=int(raw))
        with ExitStack() as held:
            if ids is not None:
                held.enter_context(ids._access.reading())
                options.ids = ids._handle.pointer
            return capsule_of(
                lambda stream: call(
                    lib.pmkt_rfm_scores_arrow, self._handle.pointer, ctypes.byref(options), stream
                )
            )

    def to_arrow(self, raw: bool = False, *, ids: Optional[Ids] = None) -> Any:
        """A ``pyarrow.Table``.

        Args:
            raw: every column as it lies in memory, without a copy, with codes instead of names,
                money in minor units and users as their ``user_id``.
            ids: users as the texts that this dictionary knows, null where it does not; it has to
                know one of them.
        """
        import pyarrow

        return pyarrow.table(_Source(self, raw, ids))

    def to_polars(self, raw: bool = False, *, ids: Optional[Ids] = None) -> Any:
        """A DataFrame of polars; see :meth:`to_arrow`."""
        import polars

        return polars.DataFrame(_Source(self, raw, ids))

    def __len__(self) -> int:
        return self._rows

    def _title(self) -> str:
        return (
            f"{self._rows:,} customers as of {format_ms(self.as_of_ms, self._zone)}, "
            f"{self.scheme} scheme"
        )

    def __repr__(self) -> str:
        counts = np.bincount(self.segment, minlength=len(self.names()))
        rows = [
            [name, f"{count:,}", percent(count / self._rows)]
            for name, count in zip(self.names(), counts.tolist())
            if count
        ]
        table = aligned(["segment", "customers", "share"], rows) if rows else ""
        return f"RFMScores: {self._title()}" + (f"\n{table}" if table else "")

    def __reduce__(self) -> Any:
        raise TypeError("scores can be neither copied nor pickled; use to_dict() or to_pandas()")
