"""An encoder and its file: what was written comes back, and anything else is refused in one line."""

import json
from dataclasses import replace

import pytest
import torch
from safetensors import safe_open
from safetensors.torch import save_file

from latentwalk.image_encoder import ImageEncoder, ImageEncoderSizes, beside

SIZES = ImageEncoderSizes((3, 8, 8), (4, 6), z=5, labels=3, groups=2)


@pytest.fixture
def encoder() -> ImageEncoder:
    with torch.random.fork_rng():
        torch.manual_seed(0)
        return ImageEncoder(SIZES, "0123456789abcdef")


def said(encoder: ImageEncoder, images: torch.Tensor) -> tuple[torch.Tensor, ...]:
    return encoder.codes(images), encoder.labels(images)


def changed(path, header=None, tensors=None):
    """The same file with another header or other tensors."""
    with safe_open(str(path), framework="pt") as file:
        old = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118 - not iterable
        metadata = file.metadata()
    save_file(old | (tensors or {}), path, metadata | (header or {}))


def test_what_was_written_comes_back(encoder, tmp_path):
    encoder.save(tmp_path / "my.encoder.safetensors")
    again = ImageEncoder.load(tmp_path / "my.encoder.safetensors")
    images = torch.randn(4, 3, 8, 8, generator=torch.Generator().manual_seed(1))
    assert again.sizes == SIZES and again.base == "0123456789abcdef"
    assert all(torch.equal(old, new) for old, new in zip(said(encoder, images), said(again, images), strict=True))
    assert not any(weight.requires_grad for weight in again.parameters())


def test_every_picture_is_seen_by_itself(encoder):
    images = torch.randn(4, 3, 8, 8, generator=torch.Generator().manual_seed(1))
    alone = [said(encoder, image[None]) for image in images]
    for part, together in enumerate(said(encoder, images)):
        assert torch.allclose(torch.cat([each[part] for each in alone]), together, atol=1e-5)


def test_labels_are_conditions_or_one_class(encoder):
    images = torch.randn(4, 3, 8, 8, generator=torch.Generator().manual_seed(1))
    assert torch.equal(encoder.labels(images), encoder.reader(images).sigmoid())
    one = ImageEncoder(replace(SIZES, exclusive=True))
    assert torch.allclose(one.labels(images).sum(1), torch.ones(4))
    none = ImageEncoder(replace(SIZES, labels=0))
    assert none.labels(images).shape == (4, 0) and not hasattr(none, "reader")


def test_the_file_lies_beside_that_of_the_generator(tmp_path):
    assert beside(tmp_path / "my.safetensors") == tmp_path / "my.encoder.safetensors"


@pytest.mark.parametrize(
    ("header", "message"),
    [
        ({"kind": "latentwalk.generator"}, "holds no encoder"),
        ({"version": "2"}, "expected at most 1"),
        ({"version": "x"}, "has the version 'x'"),
        ({"sizes": "{}"}, "sizes in its header are damaged"),
        ({"sizes": " " * 70_000}, "take 70000 characters"),
        ({"sizes": json.dumps({"picture": [3, 8, 8], "widths": [10**9], "z": 5, "labels": 3, "groups": 2})}, "tensors"),
        ({"sizes": json.dumps({"picture": [3, 8, 8], "widths": [4], "z": 5, "labels": 3, "groups": 3})}, "3 groups"),
        ({"sizes": json.dumps({"picture": [3, 8, 8], "widths": [], "z": 5, "labels": 3, "extra": 1})}, "have also"),
        ({"fingerprint": "0" * 16}, "not those that were written"),
    ],
)
def test_another_header_is_refused(encoder, tmp_path, header, message):
    path = tmp_path / "my.encoder.safetensors"
    encoder.save(path)
    changed(path, header)
    with pytest.raises(ValueError, match=message) as error:
        ImageEncoder.load(path)
    assert "\n" not in str(error.value) and "my.encoder" in str(error.value)


@pytest.mark.parametrize(
    "tensors",
    [
        {"reader.score.1.bias": torch.zeros(2)},
        {"more": torch.zeros(1)},
        {"reader.score.1.bias": torch.full((3,), torch.nan)},
    ],
)
def test_other_tensors_are_refused(encoder, tmp_path, tensors):
    path = tmp_path / "my.encoder.safetensors"
    encoder.save(path)
    changed(path, tensors=tensors)
    with pytest.raises(ValueError, match=r"damaged") as error:
        ImageEncoder.load(path)
    assert "\n" not in str(error.value)


def test_what_is_no_file_of_ours_is_refused(tmp_path):
    (tmp_path / "a.txt").write_text("hello")
    save_file({"x": torch.zeros(1)}, tmp_path / "x.safetensors")
    for name in ("a.txt", "x.safetensors", "none.safetensors"):
        with pytest.raises(ValueError, match=name):
            ImageEncoder.load(tmp_path / name)


@pytest.mark.parametrize(
    ("sizes", "message"),
    [
        ({"z": 0}, "sizes above 0"),
        ({"labels": -1}, "sizes above 0"),
        ({"picture": (3, 6, 8)}, "cannot be halved 2 times"),
        ({"widths": (4, 5)}, "multiples of 2 groups"),
    ],
)
def test_sizes_that_cannot_be_are_refused(sizes, message):
    with pytest.raises(ValueError, match=message):
        ImageEncoderSizes(**{"picture": (3, 8, 8), "widths": (4, 6), "z": 5, "labels": 3, "groups": 2, **sizes})
