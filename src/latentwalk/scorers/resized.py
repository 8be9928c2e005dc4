"""A scorer that sees pictures of any size as large as those that it learned from."""

from jaxtyping import Float
from torch import Tensor
from torch.nn import functional as F

from latentwalk.scores import Scorer


class Resized:
    """The scorer, whose pictures become `side` pixels high and wide first; differentiable where it is."""

    def __init__(self, scorer: Scorer, side: int) -> None:
        self.scorer, self.side = scorer, side
        self.attributes = tuple(scorer.attributes)
        self.source: str = getattr(scorer, "source", "")
        self.fingerprint: str = getattr(scorer, "fingerprint", "")

    def __call__(self, images: Float[Tensor, "n c h w"], /) -> Float[Tensor, "n a"]:
        return self.scorer(resized(images, self.side))


def resized(images: Float[Tensor, "n c h w"], side: int) -> Float[Tensor, "n c side side"]:
    """The pictures in this size, without steps where they become smaller; as they are when they already have it."""
    if tuple(images.shape[2:]) == (side, side):
        return images
    return F.interpolate(images, (side, side), mode="bilinear", antialias=True, align_corners=False)
