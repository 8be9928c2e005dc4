"""Sums do not depend on who was ready first."""

import pytest

from latentwalk.scale.tree import tree_sum


def written(count: int) -> str:
    return tree_sum(map(str, range(count)), lambda a, b: f"({a}+{b})")


def test_the_order_is_that_of_a_binary_tree_over_the_numbers():
    assert [written(n) for n in (1, 2, 3, 4)] == ["0", "(0+1)", "((0+1)+2)", "((0+1)+(2+3))"]
    assert written(7) == "(((0+1)+(2+3))+((4+5)+6))"


@pytest.mark.parametrize("count", [1, 2, 3, 5, 8, 13, 100, 257])
def test_every_part_is_added_once_in_its_place(count):
    assert written(count).replace("(", "").replace(")", "") == "+".join(map(str, range(count)))


def test_whole_blocks_can_be_added_before_the_rest_comes():
    """So that a sum over the first 64 parts is a step of the sum over 100."""
    assert written(64) in written(100)


def test_nothing_is_no_sum():
    with pytest.raises(ValueError, match="at least one part"):
        tree_sum([], lambda a, b: a + b)
