"""Small networks with random weights, from their sizes; one or more of every family."""

from collections.abc import Callable
from dataclasses import replace

import torch

from latentwalk.generator import Generator
from latentwalk.generators.biggan import BigGAN, BigGANSizes
from latentwalk.generators.biggan_deep import BigGANDeep, BigGANDeepSizes
from latentwalk.generators.biggan_deep import BlockSizes as DeepBlock
from latentwalk.generators.dcgan import DCGAN, BlockSizes, DCGANSizes
from latentwalk.generators.layers import resample_filter
from latentwalk.generators.pggan import PGGAN, PGGANSizes
from latentwalk.generators.stylegan import StyleGAN, StyleGANSizes
from latentwalk.generators.stylegan2 import StyleGAN2, StyleGAN2Sizes
from latentwalk.generators.stylegan3 import StyleGAN3, StyleGAN3Sizes

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


def filled(generator: Generator) -> Generator:
    """The network with random weights of a sensible size, frozen."""
    random = torch.Generator().manual_seed(0)
    for name, tensor in sorted(generator.state_dict().items()):
        normal = torch.randn(tensor.shape, generator=random)
        if name.endswith(("_filter", "blur")):
            tensor.fill_(1 / tensor[0].numel() if tensor.ndim > 1 else 1 / len(tensor))
        elif name.endswith(("var", "magnitude")):
            tensor.copy_(1 + normal.abs())
        elif name.endswith("transform"):
            tensor.copy_(torch.eye(3))
        else:
            tensor.copy_((30 if name.startswith("mapping.layers") else 0.3) * normal)
    return generator.freeze()


DCGAN_BLOCKS = DCGANSizes((BlockSizes(8, 12, 4, 1, 0), BlockSizes(12, 6, 4, 2, 1), BlockSizes(6, 3, 4, 2, 1)))
ODD_BLOCKS = DCGANSizes((BlockSizes(5, 6, 3, 2, 0), BlockSizes(6, 4, 3, 2, 0), BlockSizes(4, 1, 4, 2, 0)), tanh=False)
GROWN = PGGANSizes(z=6, widths=(6, 5, 4))
STYLE = StyleGANSizes(mapping=(6, 5, 7), w=7, widths=(6, 5, 4))
WAVES = StyleGAN3Sizes(z=6, w=8, resolution=16, channel_base=48, channel_max=6, num_layers=5, margin_size=4)
CLASSY = BigGANSizes(
    classes=4, embedding=5, chunk=3, hierarchical=True, bottom=4, channels=(16, 8, 8), attention=frozenset({0, 1})
)
DEEP = BigGANDeepSizes(
    classes=4, z=6, embedding=5, blocks=(DeepBlock(False, 16, 16), DeepBlock(True, 16, 8)), attention=frozenset({1}),
    rows=11,
)  # fmt: skip

NETWORKS: dict[str, Callable[[], Generator]] = {
    "dcgan": lambda: filled(DCGAN(DCGAN_BLOCKS.empty())),
    "dcgan-odd": lambda: filled(DCGAN(ODD_BLOCKS.empty(), tanh=False)),
    "pggan": lambda: filled(PGGAN(GROWN)),
    "pggan-growing": lambda: filled(PGGAN(replace(GROWN, fade=0.25, enlarge=1, tanh=True, slope=0.1))),
    "stylegan": lambda: filled(StyleGAN(STYLE)),
    "stylegan-classes": lambda: filled(StyleGAN(replace(STYLE, classes=3, embedding=4, averages=6, fade=0.5))),
    "stylegan-per-layer": lambda: filled(StyleGAN(replace(STYLE, mapping=(6, 5, 42), average_estimated=True))),
    "stylegan2": random_stylegan2,
    "stylegan2-resnet": lambda: random_stylegan2(replace(SIZES, architecture="resnet", classes=3, embedding=4)),
    "stylegan2-orig": lambda: random_stylegan2(
        replace(SIZES, architecture="orig", clamp=2.5, average_per_layer=True, noise=False, lr_multiplier=0.1)
    ),
    "stylegan3-t": lambda: filled(StyleGAN3(WAVES)),
    "stylegan3-r": lambda: filled(
        StyleGAN3(replace(WAVES, classes=3, embedding=8, conv_kernel=1, use_radial_filters=True, clamp=None))
    ),
    "biggan": lambda: filled(BigGAN(CLASSY)),
    "biggan-flat": lambda: filled(BigGAN(replace(CLASSY, embedding=0, hierarchical=False, chunk=6))),
    "biggan-deep": lambda: filled(BigGANDeep(DEEP)),
}
"""Every family, in the variants that its sizes can say."""
