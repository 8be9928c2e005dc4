"""Critics of pairs: is this picture real, and is it one of this label?"""

import torch
from jaxtyping import Float
from torch import Tensor, nn
from torch.nn import functional as F

from latentwalk.generators.layers.mapping import SLOPE
from latentwalk.training.critics import PlainCritic


class LabelCritic(PlainCritic):
    """A `PlainCritic` that is told the label as well. widths, colors: as there. labels: numbers of a label."""

    def __init__(self, widths: tuple[int, ...], labels: int, colors: int = 3) -> None:
        super().__init__(widths, colors)
        self.labels = labels

    def judge(self, features: Float[Tensor, "n c 4 4"], labels: Float[Tensor, "n l"]) -> Float[Tensor, "n 1"]:
        """The score of features with a label."""
        raise NotImplementedError

    def forward(  # pyright: ignore[reportIncompatibleMethodOverride] - a scene tells them apart
        self, images: Float[Tensor, "n c h w"], labels: Float[Tensor, "n l"]
    ) -> Float[Tensor, "n 1"]:
        return self.judge(self.features(images), labels)


class ConcatenatedCritic(LabelCritic):
    """The label beside the features of every pixel of the last map, and one more layer (Mirza and Osindero, 2014; Reed
    et al., 2016, section 4.1)."""

    def __init__(self, widths: tuple[int, ...], labels: int, colors: int = 3) -> None:
        super().__init__(widths, labels, colors)
        self.joint = nn.Conv2d(widths[0] + labels, widths[0], 1)
        nn.init.normal_(self.joint.weight, 0, 0.02)

    def judge(self, features: Float[Tensor, "n c 4 4"], labels: Float[Tensor, "n l"]) -> Float[Tensor, "n 1"]:
        planes = labels[:, :, None, None].expand(-1, -1, *features.shape[2:])
        joint = F.leaky_relu(self.joint(torch.cat((features, planes.to(features.dtype)), 1)), SLOPE)
        return self.score(joint).flatten(1)


class ProjectionCritic(LabelCritic):
    """How real a picture is, plus how well the label agrees with its features (Miyato and Koyama, 2018, equation 5).

    The label is centred, so that a condition that does not hold says as much as one that does.
    """

    def __init__(self, widths: tuple[int, ...], labels: int, colors: int = 3) -> None:
        super().__init__(widths, labels, colors)
        self.embedding = nn.Conv2d(widths[0], labels, 4)
        nn.init.normal_(self.embedding.weight, 0, 0.02)

    def judge(self, features: Float[Tensor, "n c 4 4"], labels: Float[Tensor, "n l"]) -> Float[Tensor, "n 1"]:
        agreement = (self.embedding(features).flatten(1) * (2 * labels - 1)).sum(1, keepdim=True)
        return self.score(features).flatten(1) + agreement
