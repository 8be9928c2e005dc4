"""A decoder of noise and a condition: labels reach the picture, both are one code in zy, pictures are independent."""

import pytest
import torch
from torch.nn import functional as F

from latentwalk.checkpoints import own
from latentwalk.generators.vae import VAESizes
from latentwalk.safeload.reading import read_tree
from random_networks import random_vae

NETWORK = random_vae()


def test_pictures_are_those_of_plain_layers():
    """Written out once more with functions of torch alone."""
    codes = NETWORK.map(NETWORK.sample(4, [0, 1, 2, 0]), "zy")
    w = NETWORK.state_dict()
    x = F.linear(codes.values, w["layers.0.linear.weight"], w["layers.0.linear.bias"])
    x = x.view(4, 4, 4, 6).permute(0, 3, 1, 2)
    x = F.relu(F.group_norm(x, 2, w["layers.0.norm.weight"], w["layers.0.norm.bias"]))
    x = F.conv_transpose2d(x, w["layers.1.convolution.weight"], stride=2, padding=1)
    x = F.relu(F.group_norm(x, 2, w["layers.1.norm.weight"], w["layers.1.norm.bias"]))
    x = F.conv_transpose2d(x, w["layers.2.weight"], w["layers.2.bias"], stride=2, padding=1).tanh()
    assert torch.allclose(NETWORK.render(codes), x, atol=1e-5)


def test_a_picture_does_not_depend_on_the_rest_of_the_batch():
    codes = NETWORK.sample(6, [0, 1, 2, 0, 1, 2])
    assert torch.allclose(NETWORK.render(codes)[2:3], NETWORK.render(codes[2]), atol=1e-6)


def test_the_first_weights_are_those_that_a_code_meets():
    both, noise = (NETWORK.entry_weights(space)["layers.0"] for space in ("zy", "z"))
    assert both.shape == (96, 8) and torch.equal(noise, both[:, :5])
    with pytest.raises(ValueError, match="has the spaces z, zy, got 'w'"):
        NETWORK.entry_weights("w")


def test_a_file_holds_all_of_it(tmp_path):
    own.write(NETWORK, tmp_path / "vae.safetensors")
    again = own.read(read_tree(tmp_path / "vae.safetensors"), "vae")
    codes = NETWORK.sample(2, 1)
    assert again.sizes == NETWORK.sizes and again.fingerprint == NETWORK.fingerprint
    assert torch.equal(again.render(codes), NETWORK.render(codes))


@pytest.mark.parametrize(
    ("sizes", "message"),
    [
        ({"z": 0}, "of 1 or more"),
        ({"classes": 0}, "of 1 or more"),
        ({"widths": ()}, "of 1 or more"),
        ({"widths": (6, 5)}, r"multiples of 2 groups, got \[6, 5\]"),
    ],
)
def test_sizes_that_cannot_be_are_refused(sizes, message):
    with pytest.raises(ValueError, match=message) as error:
        VAESizes(**{"z": 5, "classes": 3, "widths": (6, 4), "groups": 2, **sizes})
    assert "\n" not in str(error.value)
