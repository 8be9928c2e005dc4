"""What identity, perceptual change and quality look at: a network's activations, or pixels where there is none."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Protocol, runtime_checkable

from jaxtyping import Float
from torch import Tensor, nn
from torch.nn import functional as F

from latentwalk.hooks import read_layers
from latentwalk.scores import Scorer

SIDE = 16
"""Pixels of a side that `PixelFeatures` keep."""


@runtime_checkable
class Features(Protocol):
    """Pictures [n, c, h, w] in [-1, 1] as numbers that mean something.

    name: what they are, for people: figures of different features do not compare.
    maps: activations, from the shallow to the deep. vectors: one embedding [n, f] per
    picture, from its maps. beside: a judge's logits and the maps of the same pictures.
    distance: how far two pictures are apart, from their maps; grows with the square of small changes.
    """

    @property
    def name(self) -> str: ...

    def maps(self, images: Float[Tensor, "n c h w"]) -> list[Tensor]: ...

    def beside(self, judge: Scorer, images: Float[Tensor, "n c h w"]) -> tuple[Float[Tensor, "n a"], list[Tensor]]: ...

    def vectors(self, maps: list[Tensor]) -> Float[Tensor, "n f"]: ...

    def distance(self, first: list[Tensor], second: list[Tensor]) -> Float[Tensor, "n"]: ...


@dataclass(frozen=True, eq=False)
class NetworkFeatures:
    """Activations of a fixed network.

    layers: names of the submodules that are read, from the shallow to the deep, each with an output [n, c, h, w].
    prepare: from pictures to what the network takes.

    An embedding is the mean of the deepest over its places. The distance is that of LPIPS (Zhang et al., 2018,
    equation 1) with all weights equal: activations scaled to norm 1 at every place, squared differences summed over
    channels, averaged over places and layers.
    """

    name: str
    network: nn.Module
    layers: Sequence[str]
    prepare: Callable[[Tensor], Tensor] = lambda images: images

    def maps(self, images: Float[Tensor, "n c h w"]) -> list[Tensor]:
        with read_layers(self.network, self.layers) as found:
            self.network(self.prepare(images))
        return [found[layer] for layer in self.layers]

    def beside(self, judge: Scorer, images: Float[Tensor, "n c h w"]) -> tuple[Float[Tensor, "n a"], list[Tensor]]:
        """In one pass where the judge is the network itself."""
        if judge is not self.network:
            return judge(images), self.maps(images)
        with read_layers(self.network, self.layers, stop=False) as found:
            logits = judge(images)
        return logits, [found[layer] for layer in self.layers]

    def vectors(self, maps: list[Tensor]) -> Float[Tensor, "n f"]:
        return maps[-1].mean((2, 3))

    def distance(self, first: list[Tensor], second: list[Tensor]) -> Float[Tensor, "n"]:
        apart = [
            (F.normalize(a, dim=1) - F.normalize(b, dim=1)).square().sum(1).mean((1, 2))
            for a, b in zip(first, second, strict=True)
        ]
        return sum(apart[1:], apart[0]) / len(apart)


@dataclass(frozen=True, eq=False)
class PixelFeatures:
    """The picture itself, at most 16 x 16: what is left where no network can be looked into. The distance is the mean
    squared difference of a pixel.
    """

    name: str = f"pixels at {SIDE}x{SIDE}"

    def maps(self, images: Float[Tensor, "n c h w"]) -> list[Tensor]:
        return [F.adaptive_avg_pool2d(images, (min(SIDE, images.shape[2]), min(SIDE, images.shape[3])))]

    def beside(self, judge: Scorer, images: Float[Tensor, "n c h w"]) -> tuple[Float[Tensor, "n a"], list[Tensor]]:
        return judge(images), self.maps(images)

    def vectors(self, maps: list[Tensor]) -> Float[Tensor, "n f"]:
        return maps[0].flatten(1)

    def distance(self, first: list[Tensor], second: list[Tensor]) -> Float[Tensor, "n"]:
        return (first[0] - second[0]).square().mean((1, 2, 3))
