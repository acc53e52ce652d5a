from __future__ import annotations

import pytest

from paragone.errors import UsageError
from paragone_cli import seeds


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("0", [0]),
        ("0,4-6", [0, 4, 5, 6]),
        (" 3 , 1-2 ", [3, 1, 2]),
        ("5-5", [5]),
        ("1,0-2,1", [1, 0, 2]),
        (str(2**63 - 1), [2**63 - 1]),
    ],
)
def test_seeds_are_read_in_order_and_once(text: str, expected: list[int]) -> None:
    assert seeds.parse(text) == expected


@pytest.mark.parametrize("text", ["", ",", "1,", "-3", "-3-5", "a", "1-2-3", "1.5", "1-", "٣", "0x10", "1e3", str(2**63), "9" * 5000])
def test_garbage_is_refused(text: str) -> None:
    with pytest.raises(UsageError, match="neither a seed nor a range") as caught:
        seeds.parse(text)
    assert "0,4-9" in str(caught.value)
    assert len(str(caught.value)) < 250


def test_a_reversed_range_is_refused_with_the_right_one() -> None:
    with pytest.raises(UsageError, match="Write 4-9"):
        seeds.parse("9-4")


@pytest.mark.parametrize("text", ["0-1000000", f"0-{2**63 - 1}", "0-600000,0-600000"])
def test_too_many_are_refused_before_they_take_memory(text: str) -> None:
    with pytest.raises(UsageError, match="too many"):
        seeds.parse(text)


def test_consecutive_seeds() -> None:
    assert seeds.consecutive(7, 3) == [7, 8, 9]
    assert seeds.consecutive(0, 1) == [0]
    with pytest.raises(UsageError, match="run past"):
        seeds.consecutive(seeds.LARGEST, 2)


def test_a_chosen_seed_differs_from_time_to_time() -> None:
    assert len({seeds.consecutive(None, 2)[0] for _ in range(20)}) > 1
