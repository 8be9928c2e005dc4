"""Between directions."""

import pytest
import torch

from latentwalk.direction import Direction
from latentwalk.metrics.between import cosines, stability
from toys import AXES, ToyScorer

TRUTH = list(ToyScorer(entangled=True).directions)


def axes(*numbers: int, space: str = "z") -> list[Direction]:
    return [Direction(f"axis {abs(i)}", AXES[:, abs(i)] * (1 if i >= 0 else -1), space) for i in numbers]


def test_cosines_of_the_entangled_twin() -> None:
    expected = torch.tensor([[1, 0.6, 0.6], [0.6, 1, 0.36], [0.6, 0.36, 1]])
    assert torch.allclose(cosines(TRUTH, TRUTH), expected, atol=1e-5)


def test_spaces_do_not_compare() -> None:
    table = cosines(axes(0), [*axes(0), *axes(0, space="w"), Direction("small", torch.eye(3)[0])])
    assert table[0].isnan().tolist() == [False, True, True]


def test_stability_finds_partners_whatever_their_order_and_sign() -> None:
    assert stability(axes(0, 1, 2), axes(2, -0, -1)) == pytest.approx(1, abs=1e-5)
    assert stability(axes(0, 1, 2), axes(5, 1, 6)) == pytest.approx(1 / 3, abs=1e-5)


def test_the_best_matching_is_of_all_together() -> None:
    """The first has its best partner in a direction that the second needs more."""
    a, b = AXES[:, 0], AXES[:, 1]
    first = [Direction("1", (a + b) / 2**0.5), Direction("2", a)]
    second = [Direction("3", a), Direction("4", b)]
    assert stability(first, second) == pytest.approx((1 + 0.5**0.5) / 2, abs=1e-5)


def test_stability_by_name() -> None:
    assert stability(axes(0, 1), axes(1, 0), by_name=True) == pytest.approx(1, abs=1e-5)
    renamed = [Direction("axis 0", AXES[:, 1]), Direction("axis 1", AXES[:, 0])]
    assert stability(axes(0, 1), renamed, by_name=True) == pytest.approx(0, abs=1e-5)


@pytest.mark.parametrize("by_name", [True, False])
def test_nothing_to_compare_is_refused(by_name) -> None:
    with pytest.raises(
        ValueError, match="expected directions to compare on both sides, got 0 and 0" if by_name else "got 1 and 0"
    ):
        stability(axes(0), [], by_name)


def test_several_spaces_are_refused() -> None:
    with pytest.raises(ValueError, match="two sets of directions of one space"):
        stability(axes(0), axes(0, space="w"))
