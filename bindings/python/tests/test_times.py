"""Instants: zones, clocks that change, dates in every form."""

from __future__ import annotations

from datetime import date, datetime, timedelta, timezone, tzinfo
from typing import Any, List, Optional
from zoneinfo import ZoneInfo

import numpy as np
import pytest
from conftest import optional

import pmkt
from pmkt import _constants as c
from pmkt._zones import Zone, format_ms, instant, make_zone

EPOCH = datetime(1970, 1, 1, tzinfo=timezone.utc)
LONDON = make_zone("Europe/London")


def ms_of(moment: datetime) -> int:
    return (moment - EPOCH) // timedelta(milliseconds=1)


def times(values: Any, **more: Any) -> List[int]:
    events = pmkt.Events(user=np.ones(len(values), np.int64), time=values, kind="view", **more)
    return events._arrays["time"].tolist()


def offset_by_table(zone: Zone, ms: int) -> int:
    """Minutes east of UTC, as C reads the table."""
    offset = zone.struct.offset_minutes
    for i in range(zone.struct.n_transitions):
        if zone.struct.transitions[i].from_ms <= ms:
            offset = zone.struct.transitions[i].offset_minutes
    return offset


@pytest.mark.parametrize(
    "name",
    [
        "Europe/London",
        "America/New_York",
        "Asia/Shanghai",
        "Asia/Kolkata",
        "Australia/Lord_Howe",  # half an hour of daylight saving
        "Africa/Casablanca",  # clocks change with Ramadan
        "Pacific/Apia",  # skipped a whole day
        "America/Caracas",
        "UTC",
    ],
)
def test_the_probed_table_is_the_zone(name: str) -> None:
    zone, truth = make_zone(name), ZoneInfo(name)
    moment = datetime(1950, 1, 1, 11, 7, tzinfo=timezone.utc)
    for _ in range(1400):
        moment += timedelta(days=37, hours=5)
        expected = moment.astimezone(truth).utcoffset()
        assert expected is not None
        assert offset_by_table(zone, ms_of(moment)) * 60 == expected.total_seconds(), moment
    for i in range(zone.struct.n_transitions):
        at = zone.struct.transitions[i].from_ms
        before, after = (
            (EPOCH + timedelta(milliseconds=at + d)).astimezone(truth) for d in (-1, 0)
        )
        assert before.utcoffset() != after.utcoffset(), "a transition where nothing changes"


class Odd(tzinfo):
    """A tzinfo of the program's own, which cannot be hashed."""

    __hash__ = None  # type: ignore[assignment]

    def utcoffset(self, moment: Optional[datetime]) -> timedelta:
        return timedelta(hours=5, minutes=45)

    def dst(self, moment: Optional[datetime]) -> timedelta:
        return timedelta(0)


def test_every_form_of_a_zone() -> None:
    local = ["2024-07-01 12:00"]
    noon = ms_of(datetime(2024, 7, 1, 12, tzinfo=timezone.utc))
    for tz, hours in (
        ("Asia/Shanghai", 8),
        (ZoneInfo("Asia/Shanghai"), 8),
        (timezone(timedelta(hours=8)), 8),
        (480, 8),
        (np.int64(-90), -1.5),
        (Odd(), 5.75),
        ("UTC", 0),
        (timezone.utc, 0),
    ):
        assert times(local, tz=tz) == [noon - int(hours * 3_600_000)], tz


def test_clocks_that_change() -> None:
    local = np.array(
        ["2024-03-31T00:59:59.999", "2024-03-31T01:30", "2024-03-31T02:00", "2024-10-27T01:30"],
        "datetime64[ms]",
    )
    got = [np.datetime64(ms, "ms").item() for ms in times(local, tz="Europe/London")]
    assert got == [
        datetime(2024, 3, 31, 0, 59, 59, 999000),
        datetime(2024, 3, 31, 1, 30),  # there was no 1:30, so 2:30 in summer time
        datetime(2024, 3, 31, 1, 0),
        datetime(2024, 10, 27, 0, 30),  # the first of two
    ]


def test_every_unit_of_datetime64() -> None:
    for unit in ("D", "h", "m", "s", "ms", "us", "ns", "M", "Y", "W"):
        stamps = np.array(["2024-01-04", "NaT"], "datetime64[D]").astype(f"datetime64[{unit}]")
        expected = stamps[:1].astype("datetime64[ms]").astype(np.int64).tolist() + [c.TIME_NULL]
        assert times(stamps, tz="UTC", on_bad="skip") == expected, unit
    old = np.array(["1969-12-31T23:59:59.9999999"], "datetime64[ns]")
    assert times(old, tz="UTC") == [-1]


def test_times_that_no_millisecond_count_holds() -> None:
    """They are out of range; they do not wrap around to some other date."""
    for unit in ("Y", "M", "D", "h", "s", "ms", "us"):
        for count in (2**62, 2**40 * 2**20, -(2**62)):
            stamps = np.array([count], np.int64).view(f"datetime64[{unit}]")
            events = pmkt.Events(user=[1], time=stamps, tz="UTC", on_bad="skip")
            if unit != "us":
                assert events.report.rejected == 1, (unit, count)
    for value in (2**62, -(2**62), 1e18):
        assert pmkt.Events(user=[1], time=[value], on_bad="skip").report.rejected == 1
        array = np.array([value])
        assert pmkt.Events(user=[1], time=array, on_bad="skip").report.rejected == 1
    huge = np.array([2**64 - 1, 2**63], np.uint64)
    assert pmkt.Events(user=[1, 1], time=huge, on_bad="skip").report.rejected == 2


def test_integer_times_of_other_units() -> None:
    assert times([1511544070], time_unit="s") == [1511544070000]
    assert times(np.array([1511544070]), time_unit="s") == [1511544070000]
    assert times(np.array([1511544070123456]), time_unit="us") == [1511544070123]
    assert times([1511544070123456789], time_unit="ns") == [1511544070123]
    assert times(np.array([5.0, np.nan]), on_bad="skip") == [5, c.TIME_NULL]
    assert times([2.0], time_unit="s") == [2000]
    # Microseconds that were passed as milliseconds are caught, not scored.
    with pytest.raises(pmkt.BadRow):
        times([1511544070123456])


def test_fractions_are_no_times() -> None:
    for form in ([1.5], np.array([1.5]), np.array([np.inf])):
        with pytest.raises(pmkt.BadRow, match="row 0: time is"):
            times(form)


@pytest.mark.parametrize(
    "naive",
    [
        np.array(["2024-01-01"], "datetime64[D]"),
        ["2024-01-01"],
        ["2024-01-01 12:00"],
        ["20240101"],
        [date(2024, 1, 1)],
        [datetime(2024, 1, 1)],
        [np.datetime64("2024-01-01")],
    ],
)
def test_naive_times_need_a_zone(naive: Any) -> None:
    for on_bad in ("fail", "skip"):  # skipping every row of a column would hide the mistake
        with pytest.raises(pmkt.InvalidInput, match="pass tz="):
            times(naive, on_bad=on_bad)
    assert times(naive, tz="UTC")[0] >= 1704067200000


def test_naive_frames_need_a_zone() -> None:
    pandas, polars = optional("pandas"), optional("polars")
    moments = [datetime(2024, 1, 1), datetime(2024, 1, 2)]
    for module in (pandas, polars):
        if module is not None:
            frame = module.DataFrame({"t": moments, "u": [1, 2]})
            with pytest.raises(pmkt.InvalidInput, match="pass tz="):
                pmkt.Events.from_frame(frame, user="u", time="t")


def test_texts_with_an_offset_need_none() -> None:
    assert times(["1970-01-01T00:00:01Z", "1970-01-01 08:00:02+08:00"]) == [1000, 2000]
    with pytest.raises(pmkt.InvalidInput, match="pass tz="):
        times(["1970-01-01T00:00:01Z", "1970-01-01 00:00:01"])


def test_texts_that_are_no_times() -> None:
    for bad in ("yesterday", "2024-02-30", "01/02/2024", "2024-01-01 25:00", "", "1500-01-01"):
        with pytest.raises(pmkt.BadRow) as caught:
            times(["2024-01-01", bad], tz="UTC")
        assert caught.value.where == 1
        assert times(["2024-01-01", bad], tz="UTC", on_bad="skip")[1] == c.TIME_NULL


def test_objects_that_are_no_times() -> None:
    for bad in (object(), True, b"2024-01-01", 1 + 2j):
        with pytest.raises(pmkt.BadRow):
            times([bad], tz="UTC")
    with pytest.raises(pmkt.InvalidInput, match="neither number nor text"):
        times([[1, 2]], tz="UTC")


# ------------------------------------------------------------------------------- as of


@pytest.mark.parametrize(
    "value",
    [
        "2024-07-01",
        "2024-07-01 00:00",
        "20240701",
        "2024-06-30T23:00Z",
        "2024-07-01T01:00:00+02:00",
        date(2024, 7, 1),
        datetime(2024, 7, 1),
        datetime(2024, 6, 30, 23, tzinfo=timezone.utc),
        datetime(2024, 7, 1, tzinfo=ZoneInfo("Europe/London")),
        np.datetime64("2024-07-01"),
        np.datetime64("2024-07-01T00:00:00.000000000"),
        1719788400000,
        np.int64(1719788400000),
    ],
)
def test_every_form_of_a_date(value: Any) -> None:
    assert instant(value, LONDON, "as_of") == 1719788400000  # 23:00 UTC: summer time


def test_pandas_dates() -> None:
    pandas = optional("pandas")
    if pandas is not None:
        assert instant(pandas.Timestamp("2024-07-01"), LONDON, "as_of") == 1719788400000
        aware = pandas.Timestamp("2024-07-01", tz="Europe/London")
        assert instant(aware, None, "as_of") == 1719788400000
        with pytest.raises(pmkt.InvalidInput):
            instant(pandas.NaT, LONDON, "as_of")


@pytest.mark.parametrize(
    "bad",
    [
        None,
        1.5,
        True,
        float("nan"),
        "soon",
        "",
        "2024-13-01",
        np.datetime64("NaT"),
        10**18,
        -(10**18),
        [1],
        b"2024",
    ],
)
def test_what_is_no_date(bad: Any) -> None:
    with pytest.raises(pmkt.InvalidInput):
        pmkt.RFM().score(bad)


def test_dates_are_shown_in_the_zone() -> None:
    assert format_ms(1719788400000, LONDON) == "2024-07-01"
    assert format_ms(1719788400001, LONDON) == "2024-07-01 00:00:00.001"
    assert format_ms(1719788400000, make_zone(None)) == "2024-06-30 23:00:00"


def test_a_zone_is_given_once() -> None:
    with pytest.raises(pmkt.InvalidInput, match="either tz or tz_offset_minutes"):
        pmkt.RFM(tz="Europe/London", tz_offset_minutes=60)
    for bad in (1441, -1441, 1.5, "60", None):
        with pytest.raises(pmkt.InvalidInput):
            pmkt.RFM(tz_offset_minutes=bad)


@pytest.mark.parametrize(
    "far", [np.datetime64(213503982349601, "D"), np.datetime64(584554090, "Y")]
)
def test_datetime64_beyond_its_unit_does_not_wrap(far: np.datetime64) -> None:
    with pytest.raises(pmkt.InvalidInput, match="year"):
        pmkt.RFM().score(far)


def test_a_span_is_no_date() -> None:
    with pytest.raises(pmkt.InvalidInput):
        pmkt.RFM().score(np.timedelta64(5, "ns"))


def test_a_failed_forget_settles_nothing() -> None:
    rfm = pmkt.RFM()
    with pytest.raises(pmkt.PmktError):
        rfm.forget("a", when="no date")
    numbers = pmkt.Events(user=np.array([1], np.uint64), time=np.array([0]), kind="view")
    assert rfm.add(numbers).score("2000-01-01").user.tolist() == [1]
