"""Networks that know labels: critics of pairs (is this picture real, and of this label?), and a classifier."""

import torch
from jaxtyping import Float
from torch import Tensor, nn
from torch.nn import functional as F

from latentwalk.generators.layers.mapping import FullyConnected
from latentwalk.training.augment import Augmentation, augment
from latentwalk.training.critics import PlainCritic, ResidualCritic

AUGMENTATION = Augmentation(mirror=False)
"""What a classifier learns from: no label may change with it, and left and right would."""

BALANCE, RATE, MOST = 0.25, 0.01, 10.0
"""Of gamma: the loss of made pictures that is as good as one of real ones; its steps; and how large it may become."""

AFAR, GRAIN = 4, 0.3
"""What a reader of codes looks through: squares of so many pixels, and noise of this standard deviation on each."""


class LabelCritic(nn.Module):
    """A critic that is told the labels [n, l] as well: how real are the pictures, as pictures of these labels?"""


class ConcatenatedCritic(PlainCritic, LabelCritic):
    """The label beside the colours of every pixel: each number is a plane of its own (Mirza and Osindero, 2014)."""

    def __init__(self, widths: tuple[int, ...], labels: int, colors: int = 3) -> None:
        super().__init__(widths, colors + labels)

    def forward(  # pyright: ignore[reportIncompatibleMethodOverride] - a scene tells them apart
        self, images: Float[Tensor, "n c h w"], labels: Float[Tensor, "n l"]
    ) -> Float[Tensor, "n 1"]:
        planes = (2 * labels - 1)[:, :, None, None].expand(-1, -1, *images.shape[2:])
        both = torch.cat((images, planes), 1).contiguous(memory_format=torch.channels_last)
        return PlainCritic.forward(self, both)


class ProjectionCritic(PlainCritic, LabelCritic):
    """How real a picture is, plus how well the label agrees with its features (Miyato and Koyama, 2018, section 3).

    The label is centred, so that a condition that does not hold says as much as one that does.
    """

    def __init__(self, widths: tuple[int, ...], labels: int, colors: int = 3) -> None:
        super().__init__(widths, colors)
        self.embedding = nn.Conv2d(widths[0], labels, 4)
        nn.init.normal_(self.embedding.weight, 0, 0.02)

    def forward(  # pyright: ignore[reportIncompatibleMethodOverride] - a scene tells them apart
        self, images: Float[Tensor, "n c h w"], labels: Float[Tensor, "n l"]
    ) -> Float[Tensor, "n 1"]:
        features = self.features(images)
        agreement = (self.embedding(features).flatten(1) * (2 * labels - 1)).sum(1, keepdim=True)
        return self.score(features).flatten(1) + agreement


class StyleProjectionCritic(ResidualCritic, LabelCritic):
    """The same with the critic of StyleGAN2."""

    def __init__(self, widths: tuple[int, ...], labels: int, colors: int = 3) -> None:
        super().__init__(widths, colors)
        self.embedding = FullyConnected(widths[0], labels, linear=True)
        nn.init.normal_(self.embedding.weight)
        nn.init.zeros_(self.embedding.bias)

    def forward(  # pyright: ignore[reportIncompatibleMethodOverride] - a scene tells them apart
        self, images: Float[Tensor, "n c h w"], labels: Float[Tensor, "n l"]
    ) -> Float[Tensor, "n 1"]:
        features = self.features(images)
        return self.score(features) + (self.embedding(features) * (2 * labels - 1)).sum(1, keepdim=True)


class Classifier(PlainCritic):
    """Logits of labels; pictures are changed a little while it learns from them (Lee and Seok, 2017).

    known: its last loss of real pictures. gamma: the weight that it has for the generator.
    """

    known: Tensor
    gamma: Tensor

    def __init__(self, widths: tuple[int, ...], labels: int, colors: int = 3) -> None:
        super().__init__(widths, colors, outputs=labels)
        self.register_buffer("known", torch.zeros(()))
        self.register_buffer("gamma", torch.zeros(()))

    def forward(self, images: Float[Tensor, "n c h w"]) -> Float[Tensor, "n l"]:
        learns = self.score.weight.requires_grad
        return super().forward(augment(images, AUGMENTATION)[0] if learns else images)

    def steer(self, loss: Float[Tensor, ""]) -> Float[Tensor, ""]:
        """Gamma, after a step towards a loss of made pictures that is `BALANCE` times that of real ones."""
        step = (RATE * (loss - BALANCE * self.known)).nan_to_num(0, 0, 0)
        return self.gamma.add_(step).clamp_(0, MOST).clone()


class CoarseReader(PlainCritic):
    """A `PlainCritic` of few squares, with much noise while it trains: codes that it can tell apart can be seen.

    Otherwise generator and reader agree on a faint pattern, and classes look alike.
    """

    def forward(self, images: Float[Tensor, "n c h w"]) -> Float[Tensor, "n outputs"]:
        squares = F.avg_pool2d(images, AFAR)
        if self.training:
            squares = squares + GRAIN * torch.randn_like(squares)
        return super().forward(F.interpolate(squares, scale_factor=AFAR))
