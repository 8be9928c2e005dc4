import pytest
import torch

from latentwalk.direction import Direction, Directions
from latentwalk.jobs.edit import edit
from latentwalk.jobs.replay import edit_again
from latentwalk.receipts import PictureRecipe, Receipt
from latentwalk.walk import Goal
from latentwalk.walks.fixed import FixedWalk
from random_networks import random_stylegan2
from toys import AXES, GAIN, ToyScorer

ONE = Direction("one", AXES[:, 0].contiguous(), offset=0.5)
TWO = Direction("two", AXES[:, 1].contiguous())


def test_every_code_moves_by_the_strengths_and_the_logits_tell(toy) -> None:
    codes = toy.sample(range(20))
    walk = FixedWalk(Directions((ONE, TWO)), (2.0, -1.0)).walk(toy, codes, ToyScorer())
    assert torch.allclose(walk.latents.values - codes.values, 2 * ONE.vector - TWO.vector, atol=1e-5)
    change = (walk.after - walk.before).mean(0)
    assert torch.allclose(change, torch.tensor([2 * GAIN, -GAIN, 0.0]), atol=1e-3)
    assert walk.reached.all()


def test_placed_codes_are_at_the_strength(toy) -> None:
    walk = FixedWalk(Directions((ONE,)), (1.5,), place=True).walk(toy, toy.sample(range(20)), ToyScorer())
    assert torch.allclose(ONE.distance(walk.latents), torch.tensor(1.5), atol=1e-5)


def test_paths_are_straight_from_start_to_end(toy) -> None:
    codes = toy.sample(range(3))
    walk = FixedWalk(Directions((ONE,)), (2.0,), frames=5).walk(toy, codes, ToyScorer(), keep_paths=True)
    assert walk.paths is not None
    for i, path in enumerate(walk.paths):
        assert torch.equal(path[0], codes.values[i])
        assert torch.allclose(path[-1], walk.latents.values[i], atol=1e-6)
        steps = path[1:] - path[:-1]
        assert torch.allclose(steps, steps[:1].expand_as(steps), atol=1e-5)


def test_an_edit_by_layers_can_be_done_again_from_its_receipt() -> None:
    """Codes of z are mapped to where the direction acts, and the receipt names them by their seeds."""
    generator = random_stylegan2()
    vector = torch.nn.functional.normalize(torch.ones(generator.spaces["w"].size), dim=0)
    walker = FixedWalk(Directions((Direction("w", vector, "w", unit=2.0).on_layers(1, 3),)), (1.5,))

    class Bright:
        attributes = ("bright",)

        def __call__(self, images: torch.Tensor, /) -> torch.Tensor:
            return images.mean((1, 2, 3))[:, None]

    done = edit(generator, generator.sample(range(3)), Bright(), walk=walker)
    assert done.latents.space == "w+"
    receipt = Receipt.model_validate_json(done.receipt.to_json())
    again = edit_again(receipt, receipt.recipe, PictureRecipe(kind="strip", show=3), generator, Bright())
    assert torch.equal(again.latents.values, done.latents.values)
    assert torch.equal(again.images, done.images)


def test_goals_are_for_walks_that_can_see_to_them(toy) -> None:
    walker = FixedWalk(Directions((ONE,)), (1.0,))
    with pytest.raises(ValueError, match="has no goals and holds nothing"):
        walker.walk(toy, toy.sample([0]), ToyScorer(), [Goal("one")])
    with pytest.raises(ValueError, match="at least one attribute to change, got none"):
        edit(toy, toy.sample([0]), ToyScorer())


@pytest.mark.parametrize(("directions", "strengths"), [((), ()), ((ONE,), ()), ((ONE,), (1.0, 2.0))])
def test_there_is_one_strength_for_each_direction(directions, strengths) -> None:
    with pytest.raises(ValueError, match="expected one strength for each of one or more directions"):
        FixedWalk(Directions(directions), strengths)


def test_a_sweep_knows_whose_walk_it_is(toy) -> None:
    walk = FixedWalk(Directions((ONE,)), (3.0,), begin=(-3.0,)).walk(toy, toy.sample([4, 9]), ToyScorer())
    assert walk.start.seeds is not None and walk.start.seeds.tolist() == [4, 9]
    assert torch.allclose(ONE.distance(walk.latents) - ONE.distance(walk.start), torch.full((2,), 6.0), atol=1e-4)
