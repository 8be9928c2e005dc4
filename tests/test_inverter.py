"""What came of inverting: a batch can be cut, joined and read."""

import math

import pytest
import torch

from latentwalk.inverter import Inversion, mean_square, read_mask
from latentwalk.latents import Latents


def inversion(count: int, steps: int, masked: bool = False, seed: int = 0) -> Inversion:
    random = torch.Generator().manual_seed(seed)
    images, targets = torch.rand(2, count, 3, 4, 5, generator=random)
    losses = torch.rand(steps, count, generator=random)
    mask = (torch.rand(count, 1, 4, 5, generator=random) > 0.5).float() if masked else None
    reached, looks = torch.arange(count) % 2 == 0, torch.full((count,), steps)
    return Inversion(
        Latents(torch.randn(count, 6, generator=random)), images, targets, mask, reached, losses, looks, 1.5
    )


def test_cut_and_joined_it_is_the_same() -> None:
    whole = inversion(5, 7, masked=True)
    again = Inversion.concatenate([whole[:2], whole[2], whole[3:]])
    assert torch.equal(again.latents.values, whole.latents.values)
    for name in ("images", "targets", "mask", "reached", "losses", "evaluations", "mse", "norms"):
        assert torch.equal(getattr(again, name), getattr(whole, name)), name
    assert len(whole[-1]) == 1 and torch.equal(whole[-1].images, whole.images[4:])


def test_parts_of_other_lengths_and_without_a_mask_join() -> None:
    joined = Inversion.concatenate([inversion(2, 3, masked=True), inversion(1, 5)])
    assert joined.losses.shape == (5, 3) and joined.losses[3:, :2].isnan().all() and joined.seconds == 3
    assert joined.mask is not None and (joined.mask[2] == 1).all()


def test_errors_are_those_of_a_direct_formula() -> None:
    found = inversion(3, 2, masked=True)
    assert found.mask is not None
    for i in range(3):
        known = found.mask[i, 0] > 0
        square = (found.images[i] - found.targets[i])[:, known].square().mean()
        assert found.mse[i] == pytest.approx(float(square))
        assert found.psnr[i] == pytest.approx(20 * math.log10(2 / math.sqrt(square)), rel=1e-5)


def test_norms_compare_between_spaces() -> None:
    w = torch.randn(2, 8)
    rest = (torch.zeros(2, 1, 4, 4),) * 2
    tail = (None, torch.ones(2, dtype=torch.bool), torch.zeros(1, 2), torch.ones(2, dtype=torch.long))
    layered = Inversion(Latents(w[:, None].expand(2, 5, 8), "w+"), *rest, *tail)
    slots = Inversion(Latents(w.view(2, 2, 4), "z+"), *rest, *tail)
    assert torch.allclose(layered.norms, w.norm(dim=1)) and torch.allclose(slots.norms, w.norm(dim=1))


def test_a_mask_weighs_pixels_and_is_given_once_or_for_each() -> None:
    images = torch.rand(2, 3, 4, 4)
    once = read_mask(torch.eye(4), images)
    assert once is not None and torch.equal(once, read_mask(torch.eye(4, dtype=torch.bool).expand(2, 1, 4, 4), images))
    weighted = torch.full((2, 1, 4, 4), 0.5)
    assert torch.allclose(mean_square(images, weighted), mean_square(images))
    assert read_mask(None, images) is None


class Mean:
    """Sees the mean colour of a picture."""

    name = "mean"

    def maps(self, images: torch.Tensor) -> list[torch.Tensor]:
        return [images.mean((2, 3))]

    def distance(self, first: list[torch.Tensor], second: list[torch.Tensor]) -> torch.Tensor:
        return (first[0] - second[0]).abs().sum(1)


def test_distances_have_names_and_are_cut_and_joined_as_all_else() -> None:
    whole = inversion(40, 2).measured([Mean()])
    expected = (whole.images.mean((2, 3)) - whole.targets.mean((2, 3))).abs().sum(1)
    assert list(whole.distances) == ["mean"] and torch.allclose(whole.distances["mean"], expected)
    again = Inversion.concatenate([whole[:2], whole[2], whole[3:]])
    assert torch.equal(again.distances["mean"], whole.distances["mean"])
    assert not Inversion.concatenate([whole[:2], inversion(1, 2)]).distances, "some were not measured"


def test_distances_do_not_see_what_is_unknown() -> None:
    found = inversion(3, 2, masked=True)
    assert found.mask is not None
    garbage = torch.where(found.mask > 0, found.targets, 7)
    other = Inversion(found.latents, found.images, garbage, found.mask, found.reached, found.losses, found.evaluations)
    assert torch.equal(found.measured([Mean()]).distances["mean"], other.measured([Mean()]).distances["mean"])
