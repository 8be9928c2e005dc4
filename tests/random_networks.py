"""Small networks with random weights, from their sizes."""

import torch

from latentwalk.generators.layers import resample_filter
from latentwalk.generators.stylegan2 import StyleGAN2, StyleGAN2Sizes

SIZES = StyleGAN2Sizes(mapping=(7, 9, 6), widths=(8, 6, 5))
"""z [7] -> w [6] -> 3x16x16, with a channel count of its own for every resolution."""


def random_stylegan2(sizes: StyleGAN2Sizes = SIZES, taps: torch.Tensor | None = None, seed: int = 0) -> StyleGAN2:
    """Every weight normal, scaled as it is stored; taps: of the resampling filter."""
    generator, random = StyleGAN2(sizes), torch.Generator().manual_seed(seed)
    for name, tensor in sorted(generator.state_dict().items()):
        normal = torch.randn(tensor.shape, generator=random)
        if name.endswith("kernel"):
            normal = resample_filter() if taps is None else resample_filter(taps)
        elif name.startswith("mapping.layers"):
            normal = normal / sizes.lr_multiplier
        elif name.endswith("affine.bias"):
            normal = 1 + 0.3 * normal
        elif name.endswith(("bias", "noise_strength")):
            normal = 0.3 * normal
        tensor.copy_(normal)
    return generator.freeze()
