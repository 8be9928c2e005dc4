"""A person's own network as a generator: `wrap(module, latent_dim=...)`.

What is kept is a copy in evaluation mode, so training may go on with the original. Everything else is found by making
two pictures: whether codes are [n, d] or [n, d, 1, 1], the shape of a picture, the layers in the order in which they
work, and the first affine map that a code meets.
"""

import copy
from collections.abc import Callable
from itertools import chain
from typing import NamedTuple

import torch
from jaxtyping import Float
from torch import Tensor, nn
from torch.nn import functional as F

from latentwalk.generator import Generator
from latentwalk.latents import Latents, LatentSpace
from latentwalk.options import RenderOptions
from latentwalk.stages import Stage

AFFINE = (nn.Linear, nn.ConvTranspose2d)
"""Modules that take a code to the first features; the second where the code is a map of one pixel."""


class Probe(NamedTuple):
    """What two pictures have shown. layers: names in order. entry: the first affine module, or None."""

    image_shape: tuple[int, int, int]
    layers: tuple[str, ...]
    entry: str | None


def wrap(
    module: nn.Module, latent_dim: int, image_shape: tuple[int, int, int] | None = None, name: str | None = None
) -> "Wrapped":
    """A generator from any network that makes pictures.

    module: takes standard normal codes [n, latent_dim] or [n, latent_dim, 1, 1] (found by trying), gives images
    [n, c, h, w] with values in [-1, 1], or [n, c * h * w] where `image_shape` is given.
    image_shape: (channels, height, width), where it is to be checked. name: for receipts, by itself that of the class.
    Raises ValueError when the network cannot be copied or used, or gives another picture of the same code each time.
    """
    if latent_dim < 1:
        raise ValueError(f"a code has at least 1 number, got latent_dim {latent_dim}")
    try:
        inner = copy.deepcopy(module)
    except Exception as error:  # anything may be inside
        raise ValueError(f"the network cannot be copied ({_line(error)}): wrap one that copy.deepcopy takes") from error
    inner.eval().requires_grad_(False)
    codes = torch.randn(2, latent_dim, generator=torch.Generator().manual_seed(0)).to(_anchor(inner))
    failures: list[str] = []
    for pixel in (False, True):
        try:
            probe = _probe(inner, codes[:, :, None, None] if pixel else codes, image_shape)
        except _Unusable as error:
            raise ValueError(str(error)) from error
        except Exception as error:  # the network says in its own way that it takes other codes
            failures.append(f"{'[n, d, 1, 1]' if pixel else '[n, d]'}: {_line(error)}")
        else:
            wrapped = Wrapped(inner, latent_dim, pixel, probe)
            wrapped.freeze()
            wrapped.source = name or type(module).__name__
            return wrapped
    raise ValueError(f"the network gives no picture from codes of {latent_dim} numbers ({'; '.join(failures)})")


class _Unusable(Exception):
    """What a network gives is no picture, so that other codes need not be tried."""


def _probe(module: nn.Module, codes: Tensor, image_shape: tuple[int, int, int] | None) -> Probe:
    """What pictures of the codes show. Raises whatever the network raises for them."""
    order: list[str] = []
    entries: list[str] = []

    def watch(name: str) -> Callable[..., None]:
        def hook(layer: nn.Module, inputs: tuple[object, ...], output: object) -> None:
            if isinstance(output, Tensor) and name not in order:
                order.append(name)
            if isinstance(layer, AFFINE) and inputs and _same_way(inputs[0], codes):
                entries.append(name)

        return hook

    leaves = {n: layer for n, layer in module.named_modules(prefix="module") if not any(layer.children())}
    handles = [layer.register_forward_hook(watch(name)) for name, layer in leaves.items()]
    try:
        with torch.no_grad():
            images, again = module(codes), module(codes)
    finally:
        for handle in handles:
            handle.remove()
    shape = _shape(images, len(codes), image_shape)
    if not torch.equal(images, again):
        raise _Unusable("the network gives another picture of the same code each time: give it a fixed noise, or none")
    return Probe(shape, tuple(order), entries[0] if entries else None)


def _same_way(taken: object, codes: Tensor) -> bool:
    """Whether what a layer takes are the codes, in any shape and of any length."""
    if not isinstance(taken, Tensor) or taken.numel() != codes.numel() or len(taken) != len(codes):
        return False
    return bool((F.cosine_similarity(taken.flatten(1), codes.flatten(1)) > 0.999).all())


def _shape(images: object, count: int, wanted: tuple[int, int, int] | None) -> tuple[int, int, int]:
    """The shape of one picture. Raises _Unusable for everything else."""
    expected = "images [n, c, h, w]" if wanted is None else f"images [n, {', '.join(map(str, wanted))}]"
    if not isinstance(images, Tensor):
        raise _Unusable(f"the network gives a {type(images).__name__}: expected {expected}; wrap one that returns them")
    numbers, flat = tuple(images.shape), wanted is not None and images.ndim == 2
    fits = numbers[:1] == (count,) and (len(numbers) == 4 or (flat and torch.Size(wanted or ()).numel() == numbers[1]))
    if not fits or not images.is_floating_point() or (wanted is not None and not flat and numbers[1:] != wanted):
        raise _Unusable(f"the network gives {images.dtype} of the shape {list(numbers)}: expected {expected}")
    if not bool(torch.isfinite(images).all()):
        raise _Unusable("the network gives NaN or infinite values: expected images with values in [-1, 1]")
    channels, height, width = wanted if wanted is not None else numbers[1:]
    return channels, height, width


def _anchor(module: nn.Module) -> Tensor:
    """A tensor of the type and on the device of the network."""
    tensors = chain(module.parameters(), module.buffers())
    return next((tensor for tensor in tensors if tensor.is_floating_point()), torch.empty(0))


def _line(error: Exception) -> str:
    return next(iter(str(error).splitlines()), "") or type(error).__name__


class Wrapped(Generator):
    """z [d] -> image by a network of somebody's own, see `wrap`. Truncation shortens the code: z * truncation.

    pixel: whether the network takes codes as maps of one pixel. probe: what was found out about it.
    """

    def __init__(self, module: nn.Module, latent_dim: int, pixel: bool, probe: Probe) -> None:
        super().__init__()
        self.module, self.pixel, self.probe = module, pixel, probe
        self.spaces = {"z": LatentSpace("z", (latent_dim,))}
        self.image_shape = probe.image_shape

    @property
    def device(self) -> torch.device:
        return _anchor(self.module).device

    @property
    def dtype(self) -> torch.dtype:
        return _anchor(self.module).dtype

    @property
    def layer_names(self) -> tuple[str, ...]:
        return self.probe.layers

    def stages(self, latents: Latents, options: RenderOptions) -> list[Stage]:
        z = self.map(latents, "z", options).values
        z = z[:, :, None, None] if self.pixel else z
        return [Stage((z,), lambda _: self.module(z).reshape(-1, *self.image_shape))]

    def entry_weights(self, space: str) -> dict[str, Float[Tensor, "out d"]]:
        """The weight of the first affine module that a code meets. Raises ValueError when there is none to be seen."""
        self.check_space(space)
        if self.probe.entry is None:
            raise ValueError(
                "no Linear or ConvTranspose2d takes the code of this network, so its first weights are not known: "
                "use a method that needs pictures or activations, or let the network begin with such a module"
            )
        entry = self.get_submodule(self.probe.entry)
        weight = entry.get_parameter("weight").detach()
        if isinstance(entry, nn.ConvTranspose2d):
            weight = weight.permute(1, 2, 3, 0).flatten(0, 2)
        return {self.probe.entry: weight}
