"""Features of Inception-V3 (Szegedy et al., 2016), where its weights are on this machine already: nothing is fetched.

The network and the weights are torchvision's. The FID of papers (Heusel et al., 2017) is the Frechet distance on
another port of the same network, and differs from the one on these weights: they are named for what they are.
"""

from pathlib import Path

import torch
from jaxtyping import Float
from torch import Tensor
from torch.nn import functional as F

from latentwalk.features.network import NetworkFeatures

SIDE = 299
"""Pixels of a side that the network was trained on."""

READ = ("Conv2d_2b_3x3", "Conv2d_4a_3x3", "Mixed_5d", "Mixed_6e", "Mixed_7c")
"""The last layer at every size; the mean of the deepest over its places has 2,048 numbers."""


def prepared(images: Float[Tensor, "n c h w"]) -> Float[Tensor, "n 3 299 299"]:
    """Colour pictures in [-1, 1] of the size that the network knows."""
    if images.shape[1] != 3:
        images = images[:, :1].expand(-1, 3, -1, -1)
    return F.interpolate(images, (SIDE, SIDE), mode="bilinear", align_corners=False, antialias=True)


def weights_file() -> Path:
    """Where torchvision keeps the weights, whether they are there or not."""
    from torchvision.models import Inception_V3_Weights

    return Path(torch.hub.get_dir()) / "checkpoints" / Inception_V3_Weights.IMAGENET1K_V1.url.split("/")[-1]


def inception_features(device: torch.device | str = "cpu") -> NetworkFeatures:
    """Features of Inception-V3, many times as slow as a judge. Raises ValueError when its weights are not there."""
    file = weights_file()
    if not file.is_file():
        raise ValueError(
            f"the weights of Inception-V3 are not on this machine: put torchvision's {file.name} into {file.parent}, "
            "or look at other features"
        )
    from torchvision.models import inception_v3  # takes seconds, and few need it

    network = inception_v3(weights=None, init_weights=False, transform_input=False)
    try:
        network.load_state_dict(torch.load(file, map_location="cpu", weights_only=True))
    except Exception as error:  # whatever a damaged file brings about
        raise ValueError(f"{file} holds no weights of Inception-V3: put torchvision's file there again") from error
    network.eval().requires_grad_(False).to(device)
    return NetworkFeatures("Inception-V3 (torchvision)", network, READ, prepared)
