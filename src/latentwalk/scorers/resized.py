"""A scorer that sees pictures of any size as large as those that it learned from."""

from dataclasses import dataclass

from jaxtyping import Float
from torch import Tensor
from torch.nn import functional as F

from latentwalk.scores import Scorer


@dataclass(frozen=True, eq=False)
class Resized:
    """The scorer, whose pictures become `side` pixels high and wide first; differentiable where it is."""

    scorer: Scorer
    side: int

    @property
    def attributes(self) -> tuple[str, ...]:
        return tuple(self.scorer.attributes)

    @property
    def source(self) -> str:
        return getattr(self.scorer, "source", "")

    @property
    def fingerprint(self) -> str:
        return getattr(self.scorer, "fingerprint", "")

    def __call__(self, images: Float[Tensor, "n c h w"], /) -> Float[Tensor, "n a"]:
        return self.scorer(resized(images, self.side))


def resized(images: Float[Tensor, "n c h w"], side: int) -> Float[Tensor, "n c side side"]:
    """The pictures in this size, without steps where they become smaller; as they are when they already have it."""
    if tuple(images.shape[2:]) == (side, side):
        return images
    return F.interpolate(images, (side, side), mode="bilinear", antialias=True, align_corners=False)
