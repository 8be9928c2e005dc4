"""With known factors: all figures of coordinates against them, and which coordinate knows of which factor."""

import numpy as np
from jaxtyping import Float

from latentwalk.disentanglement import Disentanglement
from latentwalk.metrics.importance import dci
from latentwalk.metrics.mutual import information, mig, modularity
from latentwalk.metrics.separation import sap

HELD_OUT = 0.5
"""Share of the rows that only judge how well trees predict."""


def disentanglement(
    coordinates: Float[np.ndarray, "n k"], factors: Float[np.ndarray, "n m"], seed: int = 0
) -> Disentanglement:
    """All figures. coordinates: one column per direction. factors: 1 or 0, or degrees; every column must vary.

    Raises ValueError as the figures do: for rows that do not match, and for fewer than two directions or factors.
    """
    told = dci(coordinates, factors, HELD_OUT)
    return Disentanglement(
        mig=mig(coordinates, factors),
        disentanglement=told.disentanglement,
        completeness=told.completeness,
        informativeness=told.informativeness,
        sap=sap(coordinates, factors, seed),
        modularity=modularity(coordinates, factors),
    )


def knowledge(coordinates: Float[np.ndarray, "n k"], factors: Float[np.ndarray, "n m"]) -> Float[np.ndarray, "k m"]:
    """The mutual information of every coordinate with every factor, over the entropy of the factor."""
    table, entropies = information(coordinates, factors)
    return table / entropies
