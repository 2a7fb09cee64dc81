"""When schedules are due: around changes of daylight-saving time, forwards and backwards."""

import datetime as dt
from zoneinfo import ZoneInfo

import pytest
from cronsim import CronSim
from hypothesis import example, given, settings
from hypothesis import strategies as st

from modelwright.automation.cron import Cron, CronError

BERLIN = "Europe/Berlin"
# half an hour of change, changes in southern spring, and none
ZONES = (BERLIN, "America/New_York", "Australia/Lord_Howe", "Pacific/Auckland", "Asia/Kathmandu")
EXPRESSIONS = (
    "0 2 * * 0", "5 * * * *", "30 0 * * *", "15 * * * *", "30 2 * * *", "0 1,2,3 * * *",
    "*/20 2 * * *", "45 1 25,28 * *",
)  # fmt: skip
# nights in which these zones change, with the hours around them
CHANGES = (
    dt.datetime(2026, 10, 25, 1, tzinfo=dt.UTC),
    dt.datetime(2027, 3, 28, 1, tzinfo=dt.UTC),
    dt.datetime(2026, 11, 1, 6, tzinfo=dt.UTC),
    dt.datetime(2027, 3, 14, 7, tzinfo=dt.UTC),
    dt.datetime(2026, 10, 3, 15, tzinfo=dt.UTC),
    dt.datetime(2027, 4, 3, 15, tzinfo=dt.UTC),
    dt.datetime(2026, 9, 26, 14, tzinfo=dt.UTC),
)


def utc(text: str) -> dt.datetime:
    return dt.datetime.fromisoformat(text).replace(tzinfo=dt.UTC)


def times(expression: str, zone: str, begin: dt.datetime, end: dt.datetime) -> list[dt.datetime]:
    """Return all times of a while, counted forwards from a day on which nothing changes."""
    found = set()
    for due in CronSim(expression, begin.astimezone(ZoneInfo(zone))):
        moment = due.astimezone(dt.UTC)
        if moment > end:
            return sorted(found)
        found.add(moment)
    return sorted(found)


@settings(deadline=None, max_examples=100)
@given(
    st.sampled_from(EXPRESSIONS),
    st.sampled_from(ZONES),
    st.sampled_from(CHANGES),
    st.integers(-6 * 3600, 6 * 3600),
)
@example("30 2 * * *", BERLIN, CHANGES[0], 1200)  # 02:20 for the second time: 02:30 is over
def test_forwards_and_backwards_agree_around_a_change(
    expression: str, zone: str, change: dt.datetime, seconds: int
) -> None:
    moment = change + dt.timedelta(seconds=seconds)
    around = dt.timedelta(days=40)
    known = times(expression, zone, moment - around, moment + around)
    cron = Cron(expression, zone)
    assert cron.last_until(moment) == max(due for due in known if due <= moment)
    assert cron.next_after(moment) == min(due for due in known if due > moment)
    assert cron.next_after(cron.last_until(moment)) > moment  # type: ignore[arg-type]


def test_a_job_of_a_fixed_hour_runs_once_in_a_night_that_has_its_hour_twice() -> None:
    daily = times("30 2 * * *", BERLIN, utc("2026-10-24T12:00"), utc("2026-10-26T12:00"))
    assert daily == [utc("2026-10-25T00:30"), utc("2026-10-26T01:30")]


def test_a_job_whose_hour_is_left_out_runs_when_the_gap_is_over() -> None:
    assert Cron("0 2 * * 0", BERLIN).next_after(utc("2027-03-27T12:00")) == utc("2027-03-28T01:00")


def test_an_hourly_job_runs_every_hour_that_passes() -> None:
    hours = times("5 * * * *", BERLIN, utc("2026-10-24T22:00"), utc("2026-10-25T04:00"))
    assert [due.hour for due in hours] == [22, 23, 0, 1, 2, 3]


@pytest.mark.parametrize(
    ("expression", "zone", "says"),
    [
        ("", "UTC", "five fields"), ("* * * *", "UTC", "five fields"),
        ("0 0 2 * * 0", "UTC", "five fields"), ("60 * * * *", "UTC", "Bad minute"),
        ("0 2 * * x", "UTC", "Bad day-of-week"), ("0 0 31 2 *", "UTC", "Bad day-of-month"),
        ("0 " * 99, "UTC", "five fields"), ("0 2 * * 0", "Mars/Olympus", "Time zone"),
        ("0 2 * * 0", "../etc/passwd", "Time zone"), ("0 2 * * 0", "", "Time zone"),
        ("0 0 */20 * 1L", "UTC", "never comes"),
    ],
)  # fmt: skip
def test_times_that_cant_be_meant_say_what_to_write(expression: str, zone: str, says: str) -> None:
    with pytest.raises(CronError, match=says):
        Cron(expression, zone).check()


def test_times_are_said_in_words() -> None:
    assert Cron("0 2 * * 0", BERLIN).words() == "At 02:00 on Sunday (Europe/Berlin)"
