"""The encoder that was trained along with the generator answers at once, and reads the labels of the picture too.

Autoencoders have one (Kingma and Welling, 2014): it lies in a file beside the generator's. What is unknown of a picture
is taken from that of the guess, as the ridge does.
"""

from dataclasses import dataclass
from pathlib import Path

import torch
from jaxtyping import Float, Shaped
from torch import Tensor

from latentwalk.generator import Generator
from latentwalk.image_encoder import ImageEncoder, beside
from latentwalk.inversion.guess import invert_by_guess
from latentwalk.inversion.spaces import chosen_space, to_space
from latentwalk.inverter import ENOUGH, Inversion
from latentwalk.latents import Latents
from latentwalk.progress import Progress, silent


@dataclass(frozen=True)
class Trained:
    """Settings of the answer.

    space: where codes are wanted; by itself one that has labels inside (zy) where there is one, so that these can be
    edited like all else, or else the usual one. encoder: its file; the one beside the generator's by itself.
    fills: how often what is unknown of a picture is taken from that of the guess before.
    enough: mean squared difference at which a picture counts as reached.
    """

    space: str | None = None
    encoder: str | None = None
    fills: int = 3
    enough: float = ENOUGH

    def __post_init__(self) -> None:
        if self.fills < 0:
            raise ValueError(f"expected no negative fills, got {self.fills}")

    def invert(
        self,
        generator: Generator,
        images: Float[Tensor, "n c h w"],
        start: Latents | None = None,
        mask: Shaped[Tensor, "..."] | None = None,
        progress: Progress = silent,
    ) -> Inversion:
        """The answer alone. start: only its labels are used. Else as `Inverter.invert` says.

        Also raises ValueError when there is no encoder, or it is another generator's.
        """
        return invert_by_guess(self, generator, images, start, mask, progress)

    def looks(self, masked: bool) -> int:
        """How often a picture is made for one answer, its own included."""
        return 1 + self.fills if masked else 1

    def guess(
        self,
        generator: Generator,
        images: Float[Tensor, "n c h w"],
        labels: Shaped[Tensor, "n ..."] | None = None,
        mask: Float[Tensor, "n 1 h w"] | None = None,
        progress: Progress = silent,
    ) -> Latents:
        """Codes of pictures, float32. labels: of the pictures, where they are known better than the encoder does."""
        inside = sorted(generator.label_free) if self.space is None else []
        space = chosen_space(generator, inside[0] if inside else self.space)
        encoder = encoder_of(generator, self.encoder)
        codes = answer(encoder, generator, images if mask is None else torch.where(mask > 0, images, 0) * mask, labels)
        for _ in range(self.fills if mask is not None else 0):
            assert mask is not None
            filled = torch.lerp(generator.render(codes).float(), torch.where(mask > 0, images, 0), mask)
            codes = answer(encoder, generator, filled, labels)
        found = to_space(generator, codes, space)
        return Latents(found.values, space, None if space in generator.label_free else found.labels)


@torch.no_grad()
def answer(
    encoder: ImageEncoder, generator: Generator, images: Float[Tensor, "n c h w"], labels: Tensor | None
) -> Latents:
    """The middle of what the encoder says, with labels where the generator has some."""
    if generator.classes and labels is None:
        labels = encoder.labels(images)
    return Latents(encoder.codes(images), generator.input_space.name, labels)


def encoder_of(generator: Generator, path: str | Path | None = None) -> ImageEncoder:
    """The encoder that was trained along with a generator, on its device. path: of its file, if it is not beside it.

    Raises ValueError when there is none, or it belongs to another generator.
    """
    file = Path(path) if path is not None else beside(generator.source)
    if path is None and not (generator.source and file.is_file()):
        raise ValueError(
            f"no encoder was trained along with {generator.source or 'this generator'} (there is no {file.name} beside "
            "it): use another inverter, or train one with cvae or cvae-gan"
        )
    encoder = ImageEncoder.load(file)
    if encoder.base != generator.fingerprint:
        raise ValueError(
            f"{file} belongs to the generator {encoder.base or 'without a name'}, this one is "
            f"{generator.fingerprint or 'not fixed'}: expected the encoder that was trained along with it"
        )
    sizes, (code, *more) = encoder.sizes, generator.input_space.shape
    if more or (sizes.picture, sizes.z, sizes.labels) != (generator.image_shape, code, generator.classes):
        raise ValueError(f"{file} does not fit the generator: it has {sizes}")
    return encoder.to(generator.device)
