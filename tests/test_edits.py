import pytest
import torch

from latentwalk.direction import Direction
from latentwalk.edits import Across, Place, Shift, compose, moved
from latentwalk.latents import Latents
from random_networks import random_stylegan2

DIRECTION = Direction("one", torch.tensor([0.6, 0.8, 0.0], dtype=torch.float64), unit=2.0, offset=1.0)
CODES = Latents(torch.randn(20, 3, generator=torch.Generator().manual_seed(0), dtype=torch.float64))
BEFORE = DIRECTION.distance(CODES)


def close(a, b) -> bool:
    return torch.allclose(a, torch.as_tensor(b, dtype=a.dtype).expand_as(a), atol=1e-9)


def test_edits_do_what_the_direction_does() -> None:
    assert close(Shift(DIRECTION, 1.5)(CODES).values, DIRECTION.shift(CODES, 1.5).values)
    assert close(Place(DIRECTION, 1.5)(CODES).values, DIRECTION.place(CODES, 1.5).values)


def test_a_place_without_strength_is_the_boundary_itself() -> None:
    assert close(DIRECTION.distance(Place(DIRECTION)(CODES)), 0)


def test_across_is_a_mirror_that_leads_back() -> None:
    mirrored = Across(DIRECTION)(CODES)
    assert close(DIRECTION.distance(mirrored), -BEFORE)
    assert close(Across(DIRECTION)(mirrored).values, CODES.values)


def test_across_with_a_strength_goes_that_far_behind_the_boundary() -> None:
    after = DIRECTION.distance(Across(DIRECTION, 2.0)(CODES))
    assert (BEFORE > 0).any()
    assert (BEFORE < 0).any()
    assert close(after, -2 * BEFORE.sign())


def test_a_code_on_the_boundary_goes_to_the_positive_side() -> None:
    assert DIRECTION.distance(Across(DIRECTION, 1.0)(Latents(torch.tensor([[0.0, -1.25, 7.0]])))) == pytest.approx(1)


@pytest.mark.parametrize("edit", [Shift(DIRECTION, 3), Place(DIRECTION, 3), Across(DIRECTION), Across(DIRECTION, 3)])
def test_edits_move_along_the_direction_alone(edit) -> None:
    moved = edit(CODES).values - CODES.values
    assert close(moved - (moved @ DIRECTION.vector)[:, None] * DIRECTION.vector, 0)


def test_composed_edits_go_from_left_to_right() -> None:
    assert close(DIRECTION.distance(compose(Shift(DIRECTION, 1), Place(DIRECTION, 2))(CODES)), 2)
    assert close(DIRECTION.distance(compose(Place(DIRECTION, 2), Shift(DIRECTION, 1))(CODES)), 3)
    assert compose()(CODES) is CODES


def test_the_other_side_is_not_on_this_side() -> None:
    with pytest.raises(ValueError, match=r"the strength behind the boundary is above 0, got -1.0: use Place"):
        Across(DIRECTION, -1.0)


def test_moves_go_through_the_spaces_from_the_code_to_the_picture() -> None:
    """In whatever order they are named; within a space, whole or per layer, in theirs."""
    generator = random_stylegan2()
    size = {name: space.shape[-1] for name, space in generator.spaces.items()}
    first = Direction("first", torch.nn.functional.normalize(torch.ones(size["z"]), dim=0), "z")
    late = Direction("late", torch.nn.functional.normalize(torch.arange(1.0, size["w"] + 1), dim=0), "w", unit=0.5)
    fine = late.on_layers(1, 3)
    codes = generator.sample([3, 4])
    there = moved(generator, codes, [Shift(late, 2.0), Shift(first, -1.0), Shift(fine, 1.0)])
    through = generator.map(generator.map(first.shift(codes, -1.0), "w"), "w+")
    assert torch.allclose(there.values, fine.shift(late.shift(through, 2.0), 1.0).values, atol=1e-5)
    assert moved(generator, codes, []) is codes
