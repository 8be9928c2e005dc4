"""Whether it still is the same picture: how alike its embedding is, and how far away its features are."""

import torch
from jaxtyping import Float
from torch import Tensor
from torch.nn.functional import cosine_similarity

from latentwalk.sweep import Sweep


def similarity(sweep: Sweep) -> Float[Tensor, "k m"]:
    """Cosine of the embeddings before and after, at every strength, per code that was looked at closely.

    The mean embedding of unedited pictures is subtracted first: activations are positive, so without that two pictures
    of different people would already be alike, and this way they have 0 on average.
    """
    centred = sweep.close.embeddings - sweep.unedited.mean(0)
    return cosine_similarity(centred, centred[sweep.zero].expand_as(centred), dim=-1)


def identity_values(sweep: Sweep) -> Float[Tensor, "m"]:
    """Similarity at a usual strength, the mean of both ways, per code that was looked at closely."""
    return similarity(sweep)[list(sweep.typical)].mean(0)


def perceptual_values(sweep: Sweep) -> Float[Tensor, "m"]:
    """Distance of the features at a usual strength, the mean of both ways, per code that was looked at closely."""
    return sweep.close.perceptual[list(sweep.typical)].mean(0)


def path_values(sweep: Sweep) -> Float[Tensor, "m"]:
    """Perceptual path length of the direction, per code that was looked at closely: E d(G(a), G(a + e)) / e^2
    (Karras et al., 2019, section 4.1), with its units as the length and without the 1% at either end (as NaN)."""
    path = sweep.close.path
    low, high = torch.quantile(path, torch.tensor([0.01, 0.99], dtype=path.dtype))
    return path.masked_fill((path < low) | (path > high), torch.nan)
