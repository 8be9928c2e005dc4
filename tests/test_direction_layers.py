"""A direction of w or z moves the layers that it is told to, on every family that has codes per layer."""

import pytest
import torch

from latentwalk.direction import Direction
from latentwalk.edits import codes_for
from latentwalk.generator import Generator
from latentwalk.latents import Latents
from random_networks import FAMILIES

LAYERS, WIDTH = 5, 8


def unit(size: int, seed: int = 3) -> torch.Tensor:
    return torch.nn.functional.normalize(torch.randn(size, generator=torch.Generator().manual_seed(seed)), dim=0)


W = Direction("w", unit(WIDTH), "w", unit=1.5, offset=0.4)
CODES = Latents(torch.randn(6, WIDTH, generator=torch.Generator().manual_seed(0)), "w")
LAYERED = Latents(CODES.values[:, None].repeat(1, LAYERS, 1), "w+")


def test_codes_of_all_layers_move_as_one_code_does() -> None:
    assert torch.allclose(W.shift(LAYERED, 2.0).values, W.shift(CODES, 2.0).values[:, None], atol=1e-6)
    assert torch.allclose(W.distance(LAYERED), W.distance(CODES), atol=1e-6)


def test_only_the_chosen_layers_move() -> None:
    moved = W.on_layers(1, 3).shift(LAYERED, 2.0).values
    assert torch.equal(moved[:, [0, 3, 4]], LAYERED.values[:, [0, 3, 4]])
    assert torch.allclose(moved[:, 1:3], W.shift(CODES, 2.0).values[:, None], atol=1e-6)


def test_ranges_that_share_no_layer_add_up_to_all_layers() -> None:
    parts = W.on_layers(2, 5).shift(W.on_layers(0, 2).shift(LAYERED, 1.5), 1.5)
    assert torch.allclose(parts.values, W.shift(LAYERED, 1.5).values, atol=1e-6)


@pytest.mark.parametrize("layers", [(0, 5), (1, 3), (4, 5)])
@pytest.mark.parametrize("size", [WIDTH, LAYERS * WIDTH])
def test_place_puts_codes_per_layer_at_the_strength(layers, size) -> None:
    direction = Direction("d", unit(size), "w", unit=1.5, offset=0.4).on_layers(*layers)
    assert torch.allclose(direction.distance(direction.place(LAYERED, 2.0)), torch.tensor(2.0), atol=1e-4)


def test_a_vector_for_all_layers_moves_each_by_its_own_part() -> None:
    whole = Direction("whole", unit(LAYERS * WIDTH), "w", unit=2.0)
    move = whole.on_layers(1, 3).shift(LAYERED, 1.0).values - LAYERED.values
    assert torch.allclose(
        move[:, 1:3], 2.0 * whole.vector.view(LAYERS, WIDTH)[None, 1:3].expand(6, 2, WIDTH), atol=1e-6
    )
    assert not move[:, [0, 3, 4]].any()


def test_it_says_which_codes_it_moves() -> None:
    assert W.acts_in == "w"
    assert W.on_layers(0, 2).acts_in == "w+"
    with pytest.raises(ValueError, match=r"moves w\+ codes by 8 numbers on the layers 0 to 1, got w codes .*map them"):
        W.on_layers(0, 2).shift(CODES, 1.0)


@pytest.mark.parametrize("layers", [(2, 2), (3, 1), (-1, 2)])
def test_a_range_of_no_layer_is_refused(layers) -> None:
    with pytest.raises(ValueError, match="layers are a range like"):
        W.on_layers(*layers)


def test_layers_that_a_generator_has_not_are_refused() -> None:
    with pytest.raises(ValueError, match="moves the layers 3 to 8, this generator has 5: 0 to 4"):
        W.on_layers(3, 9).shift(LAYERED, 1.0)


def test_a_part_with_nothing_in_it_is_refused() -> None:
    first = torch.zeros(LAYERS * WIDTH)
    first[0] = 1
    with pytest.raises(ValueError, match="'first' has nothing in the layers 2 to 3"):
        Direction("first", first, "w", layers=(2, 4)).shift(LAYERED, 1.0)


def sampled(generator: Generator) -> Latents:
    labels = torch.arange(3) % generator.classes if generator.classes else None
    return generator.sample(range(3), labels)


@pytest.mark.parametrize("generator", FAMILIES, indirect=True)
def test_every_family_draws_codes_that_move_in_their_first_layer_alone(generator) -> None:
    """The picture changes, and all layers together give what the whole code gives."""
    codes = sampled(generator)
    for base in [name for name in generator.spaces if name + "+" in generator.spaces]:
        direction = Direction("d", unit(generator.spaces[base].size), base)
        layers = generator.spaces[base + "+"].shape[0]
        first, every = direction.on_layers(0, 1), direction.on_layers(0, layers)
        start = codes_for(generator, codes, first)
        assert start.space == base + "+"
        before, after = (generator.render(each) for each in (start, first.shift(start, 3.0)))
        assert not torch.allclose(before, after)
        whole = codes_for(generator, codes, direction)
        assert whole.space == base
        expected = generator.render(direction.shift(whole, 1.0))
        assert torch.allclose(generator.render(every.shift(start, 1.0)), expected, atol=1e-4)


def test_directions_of_two_spaces_have_no_common_codes(generator) -> None:
    codes, strange = sampled(generator), Direction("v", unit(4), "v")
    here = Direction("d", unit(generator.input_space.size), generator.input_space.name)
    with pytest.raises(ValueError, match="move codes of the spaces v, z: combine directions of one space"):
        codes_for(generator, codes, here, strange)


def test_layers_of_another_width_are_refused() -> None:
    direction = Direction("d", unit(7), "w")
    with pytest.raises(ValueError, match=r"moves w codes by 7 numbers, got w\+ codes of the shape \[6, 5\]"):
        direction.shift(Latents(torch.zeros(2, 6, 5), "w+"), 1.0)
