"""Small networks with random weights, one of every family, from their sizes."""

import itertools
from collections.abc import Callable, Iterable
from dataclasses import replace

import torch
from torch import Tensor, nn

from latentwalk.generator import Generator
from latentwalk.generators.biggan import BigGAN, BigGANSizes
from latentwalk.generators.biggan_deep import BigGANDeep, BigGANDeepSizes, BlockSizes
from latentwalk.generators.conditional_dcgan import ConditionalDCGAN, ConditionalDCGANSizes
from latentwalk.generators.dcgan import DCGAN, Block, DCGANSizes
from latentwalk.generators.dcgan import BlockSizes as BlockOf
from latentwalk.generators.layers.styled import resample_filter
from latentwalk.generators.mlp import MLP, MLPSizes
from latentwalk.generators.pggan import PGGAN, PGGANSizes
from latentwalk.generators.stylegan import StyleGAN, StyleGANSizes
from latentwalk.generators.stylegan2 import StyleGAN2, StyleGAN2Sizes
from latentwalk.generators.stylegan2_bilinear import BilinearStyleGAN2, BilinearStyleGAN2Sizes
from latentwalk.generators.stylegan3 import StyleGAN3, StyleGAN3Sizes
from latentwalk.generators.vae import VAE, VAESizes
from latentwalk.generators.wrapped import wrap
from latentwalk.latents import Latents

SIZES = StyleGAN2Sizes(mapping=(7, 9, 6), widths=(8, 6, 5))
"""z [7] -> w [6] -> 3x16x16, with a channel count of its own for every resolution."""

PG = PGGANSizes(z=6, widths=(6, 5, 4))
STYLE = StyleGANSizes(mapping=(6, 5, 7), w=7, widths=(6, 5, 4))
BILINEAR = BilinearStyleGAN2Sizes(mapping=(6, 7, 5), start=7, widths=(8, 6, 5))
T = StyleGAN3Sizes(z=6, w=8, resolution=16, channel_base=48, channel_max=6, num_layers=5, margin_size=4)
R = StyleGAN3Sizes(
    z=6, w=8, resolution=16, classes=3, embedding=8, channel_base=48, channel_max=6, conv_kernel=1,
    use_radial_filters=True, num_layers=5, margin_size=4,
)  # fmt: skip
PLAIN = BigGANSizes(
    classes=4, embedding=5, chunk=3, hierarchical=True, bottom=4, channels=(16, 8, 8), attention=frozenset({0})
)
DEEP = BigGANDeepSizes(
    classes=4, z=6, embedding=5, blocks=(BlockSizes(False, 16, 16), BlockSizes(True, 16, 8)), attention=frozenset({1}),
    rows=11,
)  # fmt: skip


def codes(generator: Generator, seeds: Iterable[int], space: str | None = None) -> Latents:
    """Codes of the seeds, their classes in turn where there are some, in any space (None: where they are sampled)."""
    seeds = list(seeds)
    labels = [seed % generator.classes for seed in seeds] if generator.classes else None
    latents = generator.sample(seeds, labels)
    return latents if space is None else generator.map(latents, space)


def low_pass(shape: tuple[int, ...]) -> Tensor:
    """A filter [t] or [t, t] of sum one."""
    taps = torch.hann_window(shape[0] + 2, periodic=False)[1:-1]
    taps = torch.outer(taps, taps) if len(shape) == 2 else taps
    return taps / taps.sum()


def random_dcgan() -> DCGAN:
    """Three small layers: z [8] -> 3x16x16."""
    random = torch.Generator().manual_seed(0)
    widths = (8, 12, 6, 3)
    blocks = [
        Block(
            0.3 * torch.randn(inside, outside, 4, 4, generator=random),
            0.1 * torch.randn(outside, generator=random),
            stride=2 if i else 1,
            padding=1 if i else 0,
        )
        for i, (inside, outside) in enumerate(itertools.pairwise(widths))
    ]
    generator = DCGAN(blocks)
    generator.freeze()
    return generator


def random_odd_dcgan() -> DCGAN:
    """Sizes that no paper has: z [5] -> 1x19x19, without tanh at the end."""
    sizes = DCGANSizes((BlockOf(5, 6, 3, 2, 0), BlockOf(6, 4, 3, 2, 0), BlockOf(4, 1, 5, 2, 0)), tanh=False)
    generator, random = DCGAN(sizes.empty(), tanh=False), torch.Generator().manual_seed(0)
    for tensor in generator.state_dict().values():
        tensor.copy_(0.3 * torch.randn(tensor.shape, generator=random))
    generator.freeze()
    return generator


def random_leaky_dcgan() -> DCGAN:
    """Activations of two kinds, and pictures of four channels: z [6] -> 4x8x8."""
    sizes = DCGANSizes((BlockOf(6, 5, 4, 1, 0, 1.0), BlockOf(5, 4, 4, 2, 1, 0.2), BlockOf(4, 4, 3, 1, 1)))
    generator, random = DCGAN(sizes.empty()), torch.Generator().manual_seed(0)
    for name, tensor in generator.state_dict().items():
        if name != "slopes":
            tensor.copy_(0.3 * torch.randn(tensor.shape, generator=random))
    return generator.freeze()


def random_mlp() -> MLP:
    """z [5] -> 3x6x6, all of it linear layers."""
    generator, random = MLP(MLPSizes((5, 12, 9), (3, 6, 6))), torch.Generator().manual_seed(0)
    for name, tensor in generator.state_dict().items():
        if name != "slope":
            tensor.copy_(0.3 * torch.randn(tensor.shape, generator=random))
    generator.freeze()
    return generator


def random_conditional_dcgan() -> ConditionalDCGAN:
    """Noise [5] and one of three classes -> 3x16x16."""
    sizes = ConditionalDCGANSizes((BlockOf(8, 6, 4, 1, 0), BlockOf(6, 5, 4, 2, 1), BlockOf(5, 3, 4, 2, 1)), classes=3)
    generator, random = ConditionalDCGAN(sizes.empty(), sizes.classes), torch.Generator().manual_seed(0)
    for tensor in generator.state_dict().values():
        tensor.copy_(0.3 * torch.randn(tensor.shape, generator=random))
    return generator.freeze()


def random_vae() -> VAE:
    """Noise [5] and three conditions -> 3x16x16, in groups of two channels."""
    generator = VAE(VAESizes(z=5, classes=3, widths=(6, 4), groups=2))
    random = torch.Generator().manual_seed(0)
    for name, tensor in generator.state_dict().items():
        normal = torch.randn(tensor.shape, generator=random)
        tensor.copy_(1 + 0.3 * normal if name.endswith("norm.weight") else 0.3 * normal)
    return generator.freeze()


def random_pggan(sizes: PGGANSizes = PG) -> PGGAN:
    generator, random = PGGAN(sizes), torch.Generator().manual_seed(0)
    for tensor in generator.state_dict().values():
        tensor.copy_(0.3 * torch.randn(tensor.shape, generator=random))
    generator.freeze()
    return generator


def random_stylegan(sizes: StyleGANSizes = STYLE, seed: int = 0) -> StyleGAN:
    generator, random = StyleGAN(sizes), torch.Generator().manual_seed(seed)
    for name, tensor in generator.state_dict().items():
        tensor.copy_((50 if name.startswith("mapping.layers") else 0.5) * torch.randn(tensor.shape, generator=random))
    generator.freeze()
    return generator


def random_stylegan2(sizes: StyleGAN2Sizes = SIZES, taps: Tensor | None = None, seed: int = 0) -> StyleGAN2:
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


def random_bilinear_stylegan2(sizes: BilinearStyleGAN2Sizes = BILINEAR) -> BilinearStyleGAN2:
    generator, random = BilinearStyleGAN2(sizes), torch.Generator().manual_seed(0)
    for name, tensor in generator.state_dict().items():
        normal = torch.randn(tensor.shape, generator=random)
        if name.startswith("mapping.layers"):
            normal = 10 * normal
        elif name.endswith("affine.bias"):
            normal = 1 + 0.3 * normal
        tensor.copy_(0.3 * normal if name.endswith(("bias", "noise_strength")) else normal)
    generator.freeze()
    return generator


def random_stylegan3(sizes: StyleGAN3Sizes = T) -> StyleGAN3:
    generator, random = StyleGAN3(sizes), torch.Generator().manual_seed(0)
    for name, tensor in generator.state_dict().items():
        if name.endswith("_filter"):
            tensor.copy_(low_pass(tuple(tensor.shape)))
        elif name.endswith("magnitude"):
            tensor.fill_(0.7)
        elif name == "waves.transform":
            tensor.copy_(torch.eye(3))
        else:
            scale = 100 if name.startswith("mapping.layers") else 1
            tensor.copy_(scale * torch.randn(tensor.shape, generator=random))
    generator.freeze()
    return generator


def random_biggan(sizes: BigGANSizes | BigGANDeepSizes = PLAIN) -> Generator:
    generator = BigGAN(sizes) if isinstance(sizes, BigGANSizes) else BigGANDeep(sizes)
    random = torch.Generator().manual_seed(0)
    for name, tensor in generator.state_dict().items():
        draw = torch.randn(tensor.shape, generator=random)
        tensor.copy_(1 + draw.abs() if name.endswith("var") else 0.3 * draw)
    return generator.freeze()


def random_wrapped() -> Generator:
    """A network of somebody's own: codes [n, 8, 1, 1]."""
    network, random = (
        nn.Sequential(nn.ConvTranspose2d(8, 6, 4), nn.ReLU(), nn.ConvTranspose2d(6, 3, 4, 2, 1), nn.Tanh()),
        torch.Generator().manual_seed(0),
    )
    for tensor in network.state_dict().values():
        tensor.copy_(0.3 * torch.randn(tensor.shape, generator=random))
    return wrap(network, latent_dim=8)


NETWORKS: dict[str, Callable[[], Generator]] = {
    "dcgan": random_dcgan,
    "dcgan-odd": random_odd_dcgan,
    "dcgan-leaky": random_leaky_dcgan,
    "dcgan-conditional": random_conditional_dcgan,
    "mlp": random_mlp,
    "vae": random_vae,
    "pggan": random_pggan,
    "pggan-growing": lambda: random_pggan(replace(PG, fade=0.25, enlarge=1, tanh=True)),
    "stylegan": random_stylegan,
    "stylegan-fading": lambda: random_stylegan(replace(STYLE, fade=0.25, classes=2, embedding=3)),
    "stylegan-per-layer": lambda: random_stylegan(
        replace(STYLE, mapping=(6, 5, 42), averages=6, average_estimated=True)
    ),
    "stylegan-bias-first": lambda: random_stylegan(
        replace(STYLE, eps=1e-5, bias_first=True, average_estimated=True), seed=1
    ),
    "stylegan2": random_stylegan2,
    "stylegan2-resnet": lambda: random_stylegan2(replace(SIZES, architecture="resnet", classes=3, embedding=4)),
    "stylegan2-orig": lambda: random_stylegan2(replace(SIZES, architecture="orig", clamp=4.0)),
    "stylegan2-silent": lambda: random_stylegan2(
        replace(SIZES, average_per_layer=True, noise=False, lr_multiplier=0.1)
    ),
    "stylegan2-bilinear": random_bilinear_stylegan2,
    "stylegan2-wide": lambda: random_stylegan2(replace(SIZES, start=(3, 5), colors=4), seed=2),
    "stylegan3-t": random_stylegan3,
    "stylegan3-r": lambda: random_stylegan3(R),
    "biggan": random_biggan,
    "biggan-flat": lambda: random_biggan(replace(PLAIN, hierarchical=False, embedding=0)),
    "biggan-deep": lambda: random_biggan(DEEP),
}
"""Every family of weights, and more than once where its kinds take another way through the code."""

EVERY = {**NETWORKS, "wrapped": random_wrapped}

FAMILIES = (
    "dcgan-odd", "dcgan-conditional", "vae", "pggan-growing", "stylegan-per-layer", "stylegan2-resnet",
    "stylegan2-bilinear", "stylegan3-r", "biggan", "biggan-deep", "mlp", "wrapped",
)  # fmt: skip
"""One of each family: of its kinds the one that asks most of others, by classes, spaces and shapes."""
