"""What identity, perceptual change and quality look at."""

import itertools

import pytest
import torch
from torch import nn

from latentwalk.features.network import NetworkFeatures, PixelFeatures
from latentwalk.scorers.classifier import Classifier


@pytest.fixture(scope="module", params=["plain", "resnet18", "smooth"])
def judge(request):
    return Classifier.fresh(("one", "two"), request.param, 8, 3, 0).freeze()


@pytest.fixture(scope="module")
def images():
    return torch.rand(6, 3, 64, 64, generator=torch.Generator().manual_seed(0)) * 2 - 1


@pytest.fixture(params=["network", "pixels"])
def features(request, judge):
    return NetworkFeatures("judge", judge, judge.layer_names) if request.param == "network" else PixelFeatures()


def test_stages_shrink_as_they_get_deeper(judge, images) -> None:
    maps = NetworkFeatures("judge", judge, judge.layer_names).maps(images)
    assert len(maps) >= 4
    for shallow, deep in itertools.pairwise(maps):
        assert shallow.shape[2] >= deep.shape[2]
        assert shallow.shape[1] <= deep.shape[1]


def test_beside_gives_what_both_give_alone(judge, images, features) -> None:
    logits, maps = features.beside(judge, images)
    assert torch.allclose(logits, judge(images), atol=1e-6)
    for one, other in zip(maps, features.maps(images), strict=True):
        assert torch.allclose(one, other, atol=1e-6)


def test_one_pass_is_enough_for_both(judge, images) -> None:
    passes = []
    handle = judge.network[0].register_forward_hook(lambda *_: passes.append(1))
    NetworkFeatures("judge", judge, judge.layer_names).beside(judge, images)
    handle.remove()
    assert len(passes) == 1


def test_distance_is_0_for_the_same_and_symmetric(features, images) -> None:
    a, b = features.maps(images[:3]), features.maps(images[3:])
    assert torch.equal(features.distance(a, a), torch.zeros(3))
    assert torch.allclose(features.distance(a, b), features.distance(b, a))
    assert (features.distance(a, b) > 0).all()


def test_distance_grows_with_the_square_of_small_changes(features, images) -> None:
    step = 0.01 * torch.rand(images.shape, generator=torch.Generator().manual_seed(1))
    near, far = (features.distance(features.maps(images), features.maps(images + k * step)) for k in (1, 2))
    assert torch.allclose(far / near, torch.full((6,), 4.0), rtol=0.2)


def test_distance_of_a_network_is_its_formula() -> None:
    """One layer of two channels: activations (3, 4) and (4, 3) are 0.04 + 0.04 - apart at norm 1."""
    network = nn.Sequential(nn.Identity(), nn.Identity())
    features = NetworkFeatures("plain", network, ("0", "1"))
    a, b = (torch.tensor(values).view(1, 2, 1, 1).expand(1, 2, 5, 5) for values in ([3.0, 4.0], [4.0, 3.0]))
    assert features.distance(features.maps(a), features.maps(b)) == pytest.approx(0.08, abs=1e-6)
    assert features.distance(features.maps(a), features.maps(10 * a)) == pytest.approx(0, abs=1e-6)


def test_embeddings_are_one_row_a_picture(features, images) -> None:
    vectors = features.vectors(features.maps(images))
    assert vectors.shape[0] == 6
    assert vectors.ndim == 2
    assert torch.allclose(vectors[2:4], features.vectors(features.maps(images[2:4])), atol=1e-5)


def test_small_pictures_are_kept_as_they_are() -> None:
    images = torch.rand(2, 1, 8, 8)
    assert torch.equal(PixelFeatures().vectors(PixelFeatures().maps(images)), images.flatten(1))
