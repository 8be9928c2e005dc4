import pytest
import torch
from torch import nn

from latentwalk.methods.ganspace import GANSpace
from latentwalk.methods.ica import ICA
from latentwalk.samples import Samples
from toys import AXES, SIZE, ToyGenerator

SOURCES = 4


class Mixed(nn.Module):
    """Four coordinates of the code, made far from Gaussian and then mixed so that all axes are equally long."""

    def __init__(self) -> None:
        super().__init__()
        turn = torch.randn(SIZE, SIZE, generator=torch.Generator().manual_seed(3))
        self.turn = nn.Parameter(torch.linalg.qr(turn)[0][:, :SOURCES])

    def forward(self, z: torch.Tensor) -> torch.Tensor:
        coordinates = z @ AXES[:, :SOURCES]
        return 7 + (coordinates.sign() * coordinates.abs() ** 1.5) @ self.turn.T


@pytest.fixture(scope="module")
def mixed() -> ToyGenerator:
    """The toy with planted sources in its entry layer."""
    generator = ToyGenerator()
    generator.entry = Mixed()
    generator.freeze()
    return generator


@pytest.fixture(scope="module")
def samples(mixed) -> Samples:
    return Samples.unscored(mixed.sample(range(2500)))


def closest(found) -> torch.Tensor:
    vectors = torch.stack([direction.vector for direction in found])
    return (vectors @ AXES[:, :SOURCES]).abs().amax(0)


def test_sources_that_pca_cannot_tell_apart_are_found(mixed, samples) -> None:
    found = ICA(SOURCES, "entry").fit(mixed, samples)
    assert (closest(found) > 0.97).all()
    assert (closest(GANSpace(SOURCES, "entry").fit(mixed, samples)) > 0.97).sum() < SOURCES
    assert found.origin.summary["converged"]
    for figures in found.origin.figures.values():
        assert figures["kurtosis"] > 1
        assert figures["R"] > 0.9


def test_the_sources_share_the_variance_of_the_principal_components(mixed, samples) -> None:
    found = ICA(SOURCES, "entry").fit(mixed, samples)
    shares = [figures["explained"] for figures in found.origin.figures.values()]
    assert sum(shares) == pytest.approx(1, abs=1e-9)
    assert shares == sorted(shares, reverse=True)


def test_a_part_of_the_codes_is_enough_for_the_rotation(mixed, samples) -> None:
    found = ICA(SOURCES, "entry", most=1500).fit(mixed, samples)
    assert (closest(found) > 0.97).all()
    for direction in found:  # the units are still those of all codes
        assert direction.distance(samples.latents).std() == pytest.approx(1, abs=1e-3)


def test_another_start_gives_the_same_order_and_signs(mixed, samples) -> None:
    one, other = (ICA(SOURCES, "entry", seed=seed).fit(mixed, samples) for seed in (0, 1))
    for mine, theirs in zip(one, other, strict=True):
        assert float(mine.vector @ theirs.vector) > 0.999


def test_sources_of_codes_themselves_are_found(mixed) -> None:
    """Codes that are mixed from Laplace numbers: the directions are the columns of the mixing."""
    uniform = torch.rand(3000, SIZE, generator=torch.Generator().manual_seed(0)) - 0.5
    laplace = -uniform.sign() * (1 - 2 * uniform.abs()).clamp(min=1e-6).log()
    codes = mixed.sample(range(3000)).with_values(laplace @ (AXES * torch.linspace(3, 1, SIZE)).T)
    found = ICA(SIZE).fit(mixed, Samples.unscored(codes))
    vectors = torch.stack([direction.vector for direction in found])
    assert ((vectors @ AXES).abs().amax(0) > 0.97).all()


def test_gaussian_codes_say_that_nothing_was_there_to_find(toy) -> None:
    found = ICA(4, "entry", iterations=5).fit(toy, Samples.unscored(toy.sample(range(2000))))
    assert not found.origin.summary["converged"]
    assert all(abs(figures["kurtosis"]) < 0.5 for figures in found.origin.figures.values())


def test_too_few_codes_for_the_rotation_are_refused() -> None:
    with pytest.raises(ValueError, match="5 components are learned from more codes than that, got 5"):
        ICA(5, most=5)
