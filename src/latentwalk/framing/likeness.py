"""Likeness to a face as a part of the loss: 1 - the cosine of SFace embeddings, which gradients flow through.

What was optimised for likeness is not to be judged by it: another network, or the eye, says whether it helped.
"""

from pathlib import Path

import numpy as np
import torch
from jaxtyping import Float
from torch import Tensor

from latentwalk.framing.landmarks import Detector
from latentwalk.framing.sface import SFace
from latentwalk.framing.template import face_template
from latentwalk.generator import Generator
from latentwalk.progress import Progress, silent


class Likeness:
    """A `Perception` of faces that all have their landmarks [5, 2] at one place, in pixels of the pictures.

    Raises ValueError when the extra `photos` is not installed.
    """

    name = "SFace"

    def __init__(self, landmarks: Float[np.ndarray, "5 2"], device: torch.device | str = "cpu") -> None:
        self._network = SFace(landmarks).to(device).eval().requires_grad_(False)

    def maps(self, images: Float[Tensor, "n c h w"]) -> list[Tensor]:
        """The embedding [n, 128] of norm 1, of grey or coloured pictures."""
        return [self._network(images.expand(-1, 3, -1, -1))]

    def distance(self, first: list[Tensor], second: list[Tensor]) -> Float[Tensor, "n"]:
        """1 - cosine, from 0 (the same) to 2."""
        return 1 - (first[0] * second[0]).sum(1)


def likeness_of(
    generator: Generator, folder: Path | None = None, detector: Detector | None = None, progress: Progress = silent
) -> Likeness:
    """Likeness of faces where the generator draws them. folder: keeps its template, see `face_template`.

    Raises ValueError for a generator that draws none, and when the extra `photos` is not installed.
    """
    template = face_template(generator, folder, detector, progress=progress)
    if not template.points:
        raise ValueError(
            f"identity compares faces, and the generator draws none (found in {template.found} of {template.looked} "
            "samples): leave it out"
        )
    return Likeness(template.array, generator.device)
