"""The network whose weights come with a package: read as data, never imported, never fetched."""

import pytest
import torch
from torch import nn
from torch.nn import functional as F

from latentwalk.features.imagenet import PACKAGE, WEIGHTS, EfficientNetLite0, _Same, enlarged, imagenet_features


@pytest.fixture
def package(tmp_path, monkeypatch):
    """A package of that name, whose code must not run; returns where its weights belong."""
    folder = tmp_path / PACKAGE
    (folder / WEIGHTS.parent).mkdir(parents=True)
    (folder / "__init__.py").write_text("raise AssertionError('nothing of it is imported')")
    monkeypatch.syspath_prepend(tmp_path)
    return folder / WEIGHTS


def test_weights_are_read_from_the_package(package) -> None:
    network = EfficientNetLite0().eval()
    torch.save(network.state_dict(), package)
    features = imagenet_features()
    images = torch.rand(2, 3, 64, 64, generator=torch.Generator().manual_seed(0)) * 2 - 1
    assert torch.allclose(features.network(images), network(images), atol=1e-4)
    maps = features.maps(images)
    assert [tuple(layer.shape[1:]) for layer in maps] == [
        (16, 64, 64),
        (24, 32, 32),
        (40, 16, 16),
        (112, 8, 8),
        (320, 4, 4),
    ]
    assert features.vectors(maps).shape == (2, 320)


def test_it_has_the_size_of_the_paper() -> None:
    assert sum(weight.numel() for weight in EfficientNetLite0().parameters()) == 4_652_008


def test_without_the_package_the_way_to_it_is_told(monkeypatch) -> None:
    monkeypatch.setattr("latentwalk.features.imagenet.find_spec", lambda name: None)
    with pytest.raises(ValueError, match=r"not installed: use pip install latentwalk\[features\]"):
        imagenet_features()


def test_an_empty_package_counts_as_none(package) -> None:
    with pytest.raises(ValueError, match="not installed"):
        imagenet_features()


@pytest.mark.parametrize("content", [b"nothing", b""])
def test_damaged_weights_are_refused(package, content) -> None:
    package.write_bytes(content)
    with pytest.raises(ValueError, match="holds no weights of EfficientNet-Lite0: install"):
        imagenet_features()


def test_a_file_that_would_run_something_runs_nothing(package) -> None:
    class Harmful:
        def __reduce__(self):
            return print, ("this ran",)

    torch.save({"_fc.bias": Harmful()}, package)
    with pytest.raises(ValueError, match="holds no weights"):
        imagenet_features()


@pytest.mark.parametrize(("kernel", "stride"), [(3, 1), (5, 1), (3, 2), (5, 2)])
@pytest.mark.parametrize("side", [8, 9])
def test_padding_is_that_of_tensorflow(kernel, stride, side) -> None:
    """ceil(side / stride) pixels; where the padding is odd, the last row and column have it."""
    layer = _Same(1, 1, kernel, stride, bias=False)
    nn.init.constant_(layer.weight, 1.0)
    out = layer(torch.ones(1, 1, side, side))[0, 0]
    assert out.shape == (-(-side // stride), -(-side // stride))
    total = max((out.shape[0] - 1) * stride + kernel - side, 0)
    first, last = kernel - total // 2, kernel - (total - total // 2)
    assert out[0, 0] == first**2
    assert out[-1, -1] == last**2
    if total % 2 == 0:
        same = F.conv2d(torch.ones(1, 1, side, side), layer.weight, stride=stride, padding=total // 2)
        assert torch.equal(out, same[0, 0])


def test_small_and_grey_pictures_are_made_to_fit() -> None:
    assert enlarged(torch.zeros(2, 1, 16, 32)).shape == (2, 3, 128, 256)
    big = torch.rand(1, 3, 150, 140)
    assert torch.equal(enlarged(big), big)
