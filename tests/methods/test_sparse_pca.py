import pytest
import torch
from torch import nn

from latentwalk.methods.ganspace import GANSpace
from latentwalk.methods.sparse_pca import SparsePCA
from latentwalk.samples import Samples
from toys import AXES, SIZE, ToyGenerator

PARTS = 4


class Parts(nn.Module):
    """Four coordinates of the code, each painted on four values of its own, all equally strong, with a little noise."""

    def forward(self, z: torch.Tensor) -> torch.Tensor:
        coordinates = z @ AXES
        strong = coordinates[:, :PARTS].repeat_interleave(SIZE // PARTS, 1)
        return 3 + strong + 0.1 * coordinates


@pytest.fixture(scope="module")
def parts() -> ToyGenerator:
    generator = ToyGenerator()
    generator.entry = Parts()
    return generator


@pytest.fixture(scope="module")
def samples(parts) -> Samples:
    return Samples.unscored(parts.sample(range(2000)))


def closest(found) -> torch.Tensor:
    vectors = torch.stack([direction.vector for direction in found])
    return (vectors @ AXES[:, :PARTS]).abs().amax(0)


def test_parts_of_equal_strength_are_told_apart_where_pca_mixes_them(parts, samples) -> None:
    found = SparsePCA(PARTS, "entry").fit(parts, samples)
    assert (closest(found) > 0.97).all()
    assert (closest(GANSpace(PARTS, "entry").fit(parts, samples)) > 0.97).sum() < PARTS
    for figures in found.origin.figures.values():
        assert figures["weights"] == 4 / 16
        assert figures["R"] > 0.99


def test_a_larger_penalty_leaves_fewer_weights(toy) -> None:
    codes = Samples.unscored(toy.sample(range(500)))
    kept = []
    for penalty in (1e-6, 0.5, 1.0):
        found = SparsePCA(4, penalty=penalty).fit(toy, codes)
        kept.append(sum(figures["weights"] for figures in found.origin.figures.values()))
    assert kept[0] == 4
    assert kept[0] > kept[1] > kept[2] > 0


def test_of_codes_the_directions_are_as_sparse_as_the_components(toy) -> None:
    found = SparsePCA(4).fit(toy, Samples.unscored(toy.sample(range(500))))
    for direction in found:
        share = float((direction.vector != 0).float().mean())
        assert share == found.origin.figures[direction.name]["weights"] < 1
        assert float(direction.vector.gather(0, direction.vector.abs().argmax(0, keepdim=True))) > 0


def test_with_next_to_no_penalty_the_variance_is_that_of_pca(parts, samples) -> None:
    sparse, plain = SparsePCA(1, "entry", penalty=1e-6).fit(parts, samples), GANSpace(1, "entry").fit(parts, samples)
    assert sparse.origin.figures["sparse-pca 1"]["sigma"] == pytest.approx(
        plain.origin.figures["ganspace 1"]["sigma"], rel=1e-3
    )


def test_the_largest_variance_comes_first(toy) -> None:
    found = SparsePCA(6, "entry").fit(toy, Samples.unscored(toy.sample(range(2000))))
    sigma = [figures["sigma"] for figures in found.origin.figures.values()]
    assert sigma == sorted(sigma, reverse=True)


def test_a_penalty_that_leaves_nothing_is_refused(toy) -> None:
    with pytest.raises(ValueError, match="a penalty of 100 leaves nothing of 4 of 4 components: lower it"):
        SparsePCA(4, penalty=100).fit(toy, Samples.unscored(toy.sample(range(50))))
    with pytest.raises(ValueError, match="the penalty of weights is above 0, got -1"):
        SparsePCA(4, penalty=-1)
