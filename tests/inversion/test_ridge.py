"""The guess, and the metric: learned once, from what the generator draws."""

from pathlib import Path

import numpy as np
import pytest
import torch

from latentwalk.inversion.metric import inverse_hessian, metric
from latentwalk.inversion.problem import affordable
from latentwalk.inversion.ridge import Ridge, small
from latentwalk.inverter import mean_square
from latentwalk.kept import PLACE
from random_networks import EVERY
from toys import AMPLITUDE, AXES, SIZE, ToyGenerator


class Counting(ToyGenerator):
    """The toy, which counts the pictures that it draws."""

    drawn = 0

    def stages(self, latents, options):
        self.drawn += len(latents)
        return super().stages(latents, options)


def test_it_is_learned_once_for_every_setting(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv(PLACE, str(tmp_path))
    generator = Counting()
    first = Ridge(pairs=50).learn(generator)
    assert generator.drawn == 50
    again = Ridge(pairs=50).learn(generator)
    assert generator.drawn == 51 and torch.equal(first.weight, again.weight)
    Ridge(pairs=40).learn(generator)
    assert generator.drawn == 91


def test_what_was_kept_of_a_network_that_draws_otherwise_is_not_believed(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """Two functions may have the same weights."""
    monkeypatch.setenv(PLACE, str(tmp_path))

    class Negative(ToyGenerator):
        def stages(self, latents, options):
            return super().stages(latents.with_values(-latents.values), options)

    plain, negative = ToyGenerator(), Negative()
    assert plain.fingerprint == negative.fingerprint
    one, other = Ridge(pairs=50).learn(plain), Ridge(pairs=50).learn(negative)
    assert torch.allclose(one.weight, -other.weight, atol=1e-3)


def test_what_is_hidden_is_guessed_from_the_rest(toy) -> None:
    pictures = toy.render(toy.sample(range(8)))
    mask = torch.ones(8, 8)
    mask[:, 6:] = 0
    hole = (1 - mask).expand(8, 1, 8, 8)
    errors = [
        mean_square(Ridge(pairs=300, fills=fills).invert(toy, pictures, mask=mask).images - pictures, hole).mean()
        for fills in (0, 3, 30)
    ]
    assert errors[2] < errors[1] < errors[0] / 2


def test_small_pictures_are_means_of_what_is_known() -> None:
    images = torch.arange(16.0).view(1, 1, 4, 4)
    assert torch.equal(small(images, 2), torch.tensor([[2.5, 4.5, 10.5, 12.5]]))
    mask = torch.zeros(1, 1, 4, 4)
    mask[..., 0, 0] = mask[..., 3, 2:] = 1
    assert torch.equal(small(images, 2, mask), torch.tensor([[0.0, 0.0, 0.0, 14.5]]))
    assert small(torch.zeros(1, 3, 8, 4), 4).shape == (1, 3 * 4 * 2)


def test_every_class_is_guessed_with_a_bias_of_its_own() -> None:
    generator = EVERY["biggan"]()
    codes = generator.sample(range(2), [0, 1])
    pictures = generator.render(codes)
    guess = Ridge(pairs=40)
    right = guess.guess(generator, pictures, codes.labels)
    swapped = guess.guess(generator, pictures, codes.labels.flip(0))
    assert torch.equal(right.labels, codes.labels) and not torch.allclose(right.values, swapped.values)
    with pytest.raises(ValueError, match="without labels"):
        guess.guess(generator, pictures)


def test_the_metric_of_a_linear_generator_is_known(toy) -> None:
    waves = torch.stack([toy.synthesize(AXES[:, k][None])[0] for k in range(SIZE)])
    gram = torch.einsum("ichw,jchw->ij", waves, waves) / waves[0].numel()
    expected = AXES @ gram @ AXES.T
    found = metric(toy, "z", probes=4000)
    assert found.shape == (1, SIZE, SIZE)
    assert (found[0] - expected).norm() < 0.1 * expected.norm()
    assert float(expected.diagonal().max()) < AMPLITUDE**2


def test_its_inverse_is_that_of_numpy() -> None:
    root = np.random.default_rng(0).normal(size=(2, 5, 5))
    m = root @ root.transpose(0, 2, 1)
    mean = np.trace(m, axis1=1, axis2=2)[:, None, None] / 5
    expected = np.linalg.inv(m + (0.1 * mean + 0.3) * np.eye(5)) / 2
    assert np.allclose(inverse_hessian(torch.from_numpy(m), 0.3).numpy(), expected)


def test_large_pictures_teach_in_smaller_numbers(toy) -> None:
    class Large(ToyGenerator):
        def __init__(self, side: int) -> None:
            super().__init__()
            self.image_shape = (3, side, side)

    assert [affordable(Large(side), 5000, 500) for side in (8, 128, 256, 1024)] == [5000, 5000, 1250, 500]
