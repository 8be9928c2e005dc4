"""Seeds in words."""

import pytest

from latentwalk.seeds import format_seeds, parse_seeds, seed_name


@pytest.mark.parametrize(
    ("text", "seeds"),
    [("3", [3]), ("0-3", [0, 1, 2, 3]), ("7, 1,2,3", [7, 1, 2, 3]), ("5-5", [5]), ("1,1", [1, 1])],
)
def test_ranges_have_both_ends_and_the_order_is_kept(text, seeds):
    assert parse_seeds(text) == seeds


@pytest.mark.parametrize("seeds", [[0], [3, 4, 5], [9, 1, 2, 3, 3, 8], [2, 1, 0]])
def test_what_is_written_is_read_back(seeds):
    assert parse_seeds(format_seeds(seeds)) == seeds


def test_a_run_is_written_short():
    assert format_seeds(range(1000)) == "0-999"


@pytest.mark.parametrize("text", ["", "a", "1-", "-1", "1..5", "1,,2", "0x3"])
def test_what_is_no_seed_is_refused_with_an_example(text):
    with pytest.raises(ValueError, match="expected whole numbers and ranges such as 0-15"):
        parse_seeds(text)


def test_ranges_that_run_backwards_or_are_endless_are_refused():
    with pytest.raises(ValueError, match="runs backwards: expected 3-9"):
        parse_seeds("9-3")
    with pytest.raises(ValueError, match="too many or too large"):
        parse_seeds("0-99999999999")
    with pytest.raises(ValueError, match="too many or too large"):
        parse_seeds(str(2**63))


def test_seeds_of_numpy_keep_their_name() -> None:
    seeds = parse_seeds("3,numpy:85-87,4,numpy:0")
    assert seeds == [3, ~85, ~86, ~87, 4, ~0]
    assert format_seeds(seeds) == "3,numpy:85-87,4,numpy:0"
    assert [seed_name(seed) for seed in seeds[:2]] == ["3", "numpy:85"]
    with pytest.raises(ValueError, match=r"below 2\*\*32"):
        parse_seeds(f"numpy:{2**32}")
