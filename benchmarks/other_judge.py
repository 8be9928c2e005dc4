"""A judge of another kind: linear read-outs of what the generator itself computes, from hand labels alone.

It has no network, no pseudo-labels and no picture in common with the scorers, and takes no part in any walk or
training; so whatever fools image classifiers does not fool it in the same way. It is a weaker judge (the AUCs are
printed), and unsure of codes that left the region of the labelled ones.
"""

import torch
from jaxtyping import Float
from torch import Tensor

from latentwalk.generator import Generator
from latentwalk.labels import read_labels
from latentwalk.latents import Latents
from latentwalk.training.probes import Probes, fit_probes, readable
from scorer import ATTRIBUTES, FACES

SEED = 7


class OtherJudge:
    """Reads codes of faces64. attributes: those of the bundled scorers, in their order."""

    def __init__(self, generator: Generator) -> None:
        samples = read_labels(FACES / "labels.csv", generator, FACES / "latents.npy", ATTRIBUTES)
        self.generator, self.attributes = generator, samples.attributes
        self.probes: Probes = fit_probes(generator, samples, readable(generator), SEED)

    @torch.no_grad()
    def read(self, latents: Latents, batch: int = 64) -> Float[Tensor, "n a"]:
        """Logits of codes [n, ...]."""
        return torch.cat([self.probes.read(self.generator, part)[1] for part in latents.split(batch)])
