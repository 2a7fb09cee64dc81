"""Profiles and counts: exact, additive, small, and safe to read back."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from modelwright.engine.drift import (
    Counts,
    DriftDataError,
    DriftFormatError,
    Profile,
    ProfileMismatchError,
    drift_check,
)
from modelwright.engine.drift.numeric import NumericColumn

ANY_FLOAT = st.floats(allow_nan=True, allow_infinity=True, width=64)


def table(rows: int, seed: int = 0) -> dict[str, np.ndarray]:
    """Return a table with numbers of several kinds and with categories."""
    random = np.random.default_rng(seed)
    return {
        "normal": random.normal(size=rows),
        "skewed": random.lognormal(size=rows),
        "whole": random.poisson(4, rows),
        "often zero": np.where(random.random(rows) < 0.4, 0.0, random.gamma(2, size=rows)),
        "gaps": np.where(random.random(rows) < 0.1, np.nan, random.normal(size=rows)),
        "shift": random.choice(["day", "late", "night"], rows).astype(object),
    }


@settings(max_examples=60, deadline=None)
@given(
    arrays(np.float64, st.integers(1, 3000), elements=ANY_FLOAT),
    arrays(np.float64, st.integers(0, 4000), elements=ANY_FLOAT),
)
def test_cells_count_exactly_what_lies_below_at_and_between_the_edges(
    reference: np.ndarray, window: np.ndarray
) -> None:
    column = NumericColumn.fit("x", reference)
    counted = column.count(window)
    finite = window[np.isfinite(window)]
    edges = column.edges
    below = np.array([(finite < edge).sum() for edge in edges])
    at_most = np.array([(finite <= edge).sum() for edge in edges])
    assert counted[:-2].sum() == len(finite)
    assert np.array_equal(np.cumsum(counted[:-2])[:-1:2], below)
    assert np.array_equal(np.cumsum(counted[:-2])[1::2], at_most)
    assert counted[-2] == np.isnan(window).sum()
    assert counted[-1] == np.isinf(window).sum()


def test_no_cell_between_two_edges_holds_more_than_a_thousandth() -> None:
    profile = Profile.fit(table(50_000))
    for column in profile.columns:
        if isinstance(column, NumericColumn):
            assert column.reference[0:-2:2].max() <= 50_000 / 1023 + 1


def test_counts_add_up_and_can_be_taken_away_again() -> None:
    profile = Profile.fit(table(2000))
    rows = table(600, seed=1)
    parts = [
        profile.count({name: column[start : start + 100] for name, column in rows.items()})
        for start in range(0, 600, 100)
    ]
    whole = profile.count(rows)
    assert sum(parts) == whole == Counts.total(parts)
    assert whole - parts[0] == Counts.total(parts[1:])
    with pytest.raises(DriftDataError, match="no part of these"):
        _ = parts[0] - whole


def test_an_hour_with_one_reading_takes_a_few_dozen_bytes() -> None:
    profile = Profile.fit({f"channel {i}": np.arange(5000.0) + i for i in range(20)})
    one = profile.count({f"channel {i}": [2500.5] for i in range(20)})
    data = one.to_bytes()
    assert len(data) < 64
    assert Counts.from_bytes(data) == one


@settings(max_examples=60, deadline=None)
@given(st.integers(0, 400), st.integers(0, 2**32))
def test_counts_survive_being_stored(rows: int, seed: int) -> None:
    profile = Profile.fit(table(1500))
    counts = profile.count(table(rows, seed))
    assert Counts.from_bytes(counts.to_bytes()) == counts


@settings(max_examples=40, deadline=None)
@given(st.lists(st.integers(0, 60), min_size=1, max_size=12), st.integers(0, 2**32))
def test_counts_stored_together_are_those_stored_one_by_one(rows: list[int], seed: int) -> None:
    profile = Profile.fit(table(1500))
    many = [profile.count(table(count, seed + i)) for i, count in enumerate(rows)]
    stored = Counts.many_to_bytes(many)
    assert stored == [one.to_bytes() for one in many]
    assert Counts.many_from_bytes(stored) == many
    with pytest.raises(DriftFormatError):
        Counts.many_from_bytes([*stored, stored[0][:-1] + b"\x80"])


def test_a_profile_survives_being_stored_and_stays_small() -> None:
    profile = Profile.fit(table(100_000))
    data = profile.to_bytes()
    again = Profile.from_bytes(data)
    assert again.id == profile.id
    assert again.to_bytes() == data
    assert len(data) / len(profile.columns) < 20_000
    window = table(400, seed=3)
    first, second = profile.count(window), again.count(window)
    assert drift_check(again, first) == drift_check(profile, second)


def test_an_identifier_with_long_names_stays_small() -> None:
    names = [f"customer number {i} of the northern region" for i in range(60_000)]
    profile = Profile.fit({"customer": np.array(names * 2, dtype=object)})
    assert len(profile.to_bytes()) < 20_000


@settings(max_examples=200, deadline=None)
@given(st.data())
def test_damaged_bytes_are_refused(data: st.DataObject) -> None:
    profile = Profile.fit(table(300))
    for stored, read in (
        (profile.to_bytes(), Profile.from_bytes),
        (profile.count(table(50)).to_bytes(), Counts.from_bytes),
    ):
        place = data.draw(st.integers(0, len(stored) - 1))
        cut = data.draw(st.booleans())
        changed = bytes([stored[place] ^ data.draw(st.integers(1, 255))])
        broken = stored[:place] if cut else stored[:place] + changed + stored[place + 1 :]
        try:
            found = read(broken)
        except DriftFormatError:
            continue
        assert isinstance(found, Counts)  # a profile has a checksum, counts of an hour have none


def test_counts_of_another_profile_are_refused() -> None:
    first, second = Profile.fit({"x": [1.0, 2.0]}), Profile.fit({"x": [1.0, 3.0]})
    counts = first.count({"x": [1.0]})
    with pytest.raises(ProfileMismatchError):
        _ = counts + second.count({"x": [1.0]})
    with pytest.raises(ProfileMismatchError):
        drift_check(second, counts)


def test_odd_rows_are_counted_and_reported() -> None:
    profile = Profile.fit({"power": [1.0, 2.0, 3.0], "shift": ["day", "night", "day"]})
    counts = profile.count({"power": [1, None, "x", float("inf"), "2"], "other": [0] * 5})
    assert counts.notes == (
        "Column 'shift' is absent.",
        "Column 'other' is not in the profile.",
    )
    cells = counts.dense()
    power = cells[: profile.offsets[1]]
    assert (power[-2], power[-1], power.sum()) == (1, 2, 5)
    assert cells[profile.offsets[1] :].tolist() == [0, 0, 0, 5, 0]


def test_columns_of_pandas_are_read_with_their_missing_values() -> None:
    frame = pd.DataFrame(
        {
            "text": pd.Series(["a", "b", None, "a"] * 50, dtype="str"),
            "category": pd.Categorical(["x", "y", "x", None] * 50),
            "whole": pd.array([1, 2, None, 4] * 50, dtype="Int64"),
            "number": pd.Series([1.5, 2, np.nan, 4] * 50, dtype="Float64"),
            "yes": pd.array([True, False, None, True] * 50, dtype="boolean"),
        }
    )
    profile = Profile.fit(dict(frame.items()))
    assert [column.kind for column in profile.columns] == ["category"] * 2 + ["numeric"] * 3
    assert [int(column.reference[-2]) for column in profile.columns] == [50] * 5
    assert profile.count(frame).dense().tolist() == [
        int(rows) for column in profile.columns for rows in column.reference
    ]


@pytest.mark.parametrize(
    ("columns", "message"),
    [
        ({}, "nothing to profile"),
        ({"x": []}, "nothing to profile"),
        ({"x": [1], "y": [1, 2]}, "Column 'y' has 2 rows and 'x' has 1"),
        ({"x": np.zeros((2, 2))}, "2 dimensions"),
        ({"x": np.array(["2026-01-01"], dtype="datetime64[s]")}, "datetime64"),
    ],
)
def test_what_cannot_be_profiled_is_named(columns: dict[str, object], message: str) -> None:
    with pytest.raises(DriftDataError, match=message):
        Profile.fit(columns)
