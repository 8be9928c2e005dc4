"""What a generator misses and what it makes up: precision and recall of one cloud of embeddings against another."""

import torch
from jaxtyping import Bool, Float
from torch import Tensor

NEIGHBOURS = 3
"""How far a picture reaches: to its third neighbour (Kynkaanniemi et al., 2019, section 3.1)."""

TOGETHER = 1000
"""Rows whose distances are in memory at once."""


def precision(made: Float[Tensor, "n f"], real: Float[Tensor, "m f"], neighbours: int = NEIGHBOURS) -> float:
    """The share of made pictures that lie among the real ones, in [0, 1] (Kynkaanniemi et al., 2019, equation 2).

    made, real: embeddings. A picture lies among others when it is as near to one of them as that one's k-th neighbour.
    The figure depends on how many pictures there are: compare equal numbers.
    Raises ValueError for fewer real pictures than neighbours and one.
    """
    return float(_among(made, real, neighbours).double().mean())


def recall(made: Float[Tensor, "n f"], real: Float[Tensor, "m f"], neighbours: int = NEIGHBOURS) -> float:
    """The share of real pictures that lie among the made ones: what the generator can draw. As `precision`."""
    return precision(real, made, neighbours)


def _among(points: Float[Tensor, "n f"], cloud: Float[Tensor, "m f"], neighbours: int) -> Bool[Tensor, "n"]:
    """Whether each point lies within the reach of one of the cloud."""
    if len(cloud) <= neighbours:
        raise ValueError(f"expected more than {neighbours} pictures, as many neighbours count, got {len(cloud)}")
    # A picture is its own nearest neighbour, so the k-th is the one after.
    reach = torch.cat([torch.cdist(part, cloud).kthvalue(neighbours + 1).values for part in cloud.split(TOGETHER)])
    return torch.cat([(torch.cdist(part, cloud) <= reach).any(1) for part in points.split(TOGETHER)])
