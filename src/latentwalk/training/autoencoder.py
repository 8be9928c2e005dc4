"""A variational autoencoder while it learns: an encoder and a decoder that are one player, and who reads its codes."""

import copy
from dataclasses import replace
from typing import NamedTuple, cast

import torch
from jaxtyping import Float
from torch import Tensor, nn

from latentwalk.conditions import Conditions
from latentwalk.generator import Generator
from latentwalk.generators.dcgan import Paint
from latentwalk.generators.vae import VAE, Expand, VAESizes
from latentwalk.image_encoder import ImageEncoder, ImageEncoderSizes, PictureReader
from latentwalk.training.critics import SLOPE
from latentwalk.training.players import asked_for, is_exclusive, lay_out

TOGETHER = 250
"""Pictures that are encoded at once."""

WIDEST = 10.0
"""Logarithms of a variance go from minus this to this."""

HIDDEN = 256
"""Numbers of a layer of the network that reads codes."""


class Encoded(NamedTuple):
    """What an encoder says of pictures: a normal distribution of codes for each."""

    mean: Float[Tensor, "n z"]
    log_variance: Float[Tensor, "n z"]


class Autoencoder(nn.Module):
    """A decoder, which paints what is asked for like any player, and an encoder, which finds codes of real pictures.

    widths: of the maps of 4, 8, 16 ... pixels, in both. labels, names: as in `LabelledPlayer`.
    """

    names: tuple[str, ...] = ()

    def __init__(self, z: int, widths: tuple[int, ...], labels: Float[Tensor, "rows l"], colors: int = 3) -> None:
        super().__init__()
        self.labels, self.exclusive = labels, is_exclusive(labels)
        self.decoder = VAE(VAESizes(z, labels.shape[1], widths, colors))
        self.encoder = PictureReader(self.decoder.image_shape, widths[::-1], 2 * z, self.decoder.sizes.groups)
        for layer in self.decoder.modules():
            if isinstance(layer, Paint):
                nn.init.normal_(layer.weight, 0, 0.02)
                nn.init.zeros_(layer.bias)
        # Where the codes of real pictures lie, see `look_at`: their mean, and L of their covariance L L'.
        self.middle, self.spread = torch.zeros(z), torch.eye(z)

    def draw(self, n: int) -> tuple[Tensor, ...]:
        """Noise [n, z], for samples and for codes of pictures alike, and labels [n, l]."""
        return torch.randn(n, self.decoder.sizes.z), asked_for(self.labels, n)

    def forward(self, z: Float[Tensor, "n z"], labels: Float[Tensor, "n l"]) -> Float[Tensor, "n c h w"]:
        return self.decoder.layers(torch.cat((z, labels), 1))

    def encode(self, images: Float[Tensor, "n c h w"]) -> Encoded:
        mean, log_variance = self.encoder(images).float().chunk(2, 1)
        return Encoded(mean, log_variance.clamp(-WIDEST, WIDEST))

    @torch.no_grad()
    def look_at(self, images: Float[Tensor, "n c h w"]) -> None:
        """See where the codes of real pictures lie. They should be normal ones, and never quite are.

        What is fixed afterwards takes normal codes there, so that samples are nearly as good as pictures painted again
        (Ghosh et al., 2020, section 4).
        """
        parts = [self.encode(part) for part in images.split(TOGETHER)]
        means, variances = (torch.cat(part).cpu().double() for part in zip(*parts, strict=True))
        covariance = torch.cov(means.T, correction=0) + variances.exp().mean(0).diag()
        self.middle, self.spread = means.mean(0).float(), torch.linalg.cholesky(covariance).float()

    def fixed(self) -> Generator:
        made = VAE(replace(self.decoder.sizes, conditions=Conditions(self.names, self.exclusive)))
        made.load_state_dict(self.decoder.state_dict())
        first = cast(Expand, made.layers[0]).linear
        with torch.no_grad():
            of_z = first.weight[:, : len(self.middle)]
            first.bias.add_(of_z @ self.middle)
            of_z.copy_(of_z @ self.spread)
        return lay_out(made, torch.contiguous_format).freeze()

    def fixed_encoder(self, base: str, reader: PictureReader) -> ImageEncoder:
        """Frozen copies of the encoder and of who reads labels, on the CPU. base: the fingerprint of the decoder."""
        of = self.decoder.sizes
        sizes = ImageEncoderSizes(
            self.decoder.image_shape, of.widths[::-1], of.z, of.classes, self.exclusive, of.groups
        )
        copies = (copy.deepcopy(network).to("cpu", torch.float32) for network in (self.encoder, reader))
        coder, reader = (lay_out(each, torch.contiguous_format) for each in copies)
        # The way back of what `fixed` does; variances stay here, nobody asks a fixed encoder for them.
        whole = cast(nn.Linear, coder.score[-1])
        coder.score[-1] = mean = nn.Linear(whole.in_features, of.z)
        with torch.no_grad():
            rows = torch.cat((whole.weight, whole.bias[:, None]), 1)[: of.z]
            rows[:, -1] -= self.middle
            rows = torch.linalg.solve_triangular(self.spread, rows, upper=False)
            mean.weight.copy_(rows[:, :-1])
            mean.bias.copy_(rows[:, -1])
        return ImageEncoder(sizes, base, coder, reader).requires_grad_(False).eval()


class Adversary(nn.Module):
    """Codes -> logits of labels (Lample et al., 2017, "Fader Networks", whose discriminator this is)."""

    def __init__(self, z: int, labels: int) -> None:
        super().__init__()
        self.layers = nn.Sequential(
            nn.Linear(z, HIDDEN), nn.LeakyReLU(SLOPE), nn.Linear(HIDDEN, HIDDEN), nn.LeakyReLU(SLOPE),
            nn.Linear(HIDDEN, labels),
        )  # fmt: skip

    def forward(self, z: Float[Tensor, "n z"]) -> Float[Tensor, "n l"]:
        return self.layers(z)
