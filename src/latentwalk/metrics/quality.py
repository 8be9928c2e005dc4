"""Whether edited pictures still look like pictures of the generator: distances between two clouds of embeddings."""

import torch
from jaxtyping import Float
from torch import Tensor

from latentwalk.sweep import Sweep

TOGETHER, BLOCK = 20_000, 5_000
"""Rows whose every pair is looked at, and about how many of more: all pairs of 20,000 take 3 GB."""


def frechet(first: Float[Tensor, "n f"], second: Float[Tensor, "m f"]) -> float:
    """Frechet distance of two normal distributions fitted to embeddings (Heusel et al., 2017, equation 6).

    |m1 - m2|^2 + Tr(C1 + C2 - 2 (C1 C2)^(1/2)), in float64. Only Inception-V3's embeddings give what is called FID.
    It depends on how many pictures there are: compare equal numbers, and with the distance of unedited ones.

    With C1 = A'A and C2 = B'B the trace of the root is the sum of the singular values of AB', which is small where
    there are few pictures.
    """
    (mean, a), (other, b) = _mean_and_factor(first), _mean_and_factor(second)
    cross = torch.linalg.svdvals(a @ b.T).sum()
    return float((mean - other).square().sum() + a.square().sum() + b.square().sum() - 2 * cross)


def _mean_and_factor(rows: Float[Tensor, "n f"]) -> tuple[Float[Tensor, "f"], Float[Tensor, "k f"]]:
    """The mean, and a matrix A of as few rows as possible whose A'A is the covariance. On the CPU, in float64."""
    rows = rows.detach().cpu().double()
    mean = rows.mean(0)
    centred = (rows - mean) / (len(rows) - 1) ** 0.5
    return mean, centred if len(rows) <= rows.shape[1] else torch.linalg.qr(centred, mode="r").R


def kernel_distance(first: Float[Tensor, "n f"], second: Float[Tensor, "m f"]) -> float:
    """Squared maximum mean discrepancy with the kernel (x.y / f + 1)^3, unbiased (KID, Binkowski et al., 2018).

    0 on average for two samples of the same pictures, whatever their number; so it may be slightly negative. Of more
    than 20,000 rows the mean over blocks of them (Zaremba et al., 2013), not biased either, which takes time in
    proportion to the rows.
    """
    if max(len(first), len(second)) > TOGETHER:
        blocks = -(-max(len(first), len(second)) // BLOCK)
        pairs = zip(first.tensor_split(blocks), second.tensor_split(blocks), strict=True)
        return sum(kernel_distance(one, other) for one, other in pairs) / blocks
    a, b = first.double(), second.double()
    n, m, width = len(a), len(b), a.shape[1]

    def kernel(x: Tensor, y: Tensor) -> Tensor:
        return (x @ y.T / width + 1) ** 3

    within = [(k.sum() - k.diagonal().sum()) / (len(k) * (len(k) - 1)) for k in (kernel(a, a), kernel(b, b))]
    return float(within[0] + within[1] - 2 * kernel(a, b).sum() / (n * m))


def frechet_of(sweep: Sweep) -> float:
    """From pictures edited by a usual strength to others that nobody edited; the mean of both ways."""
    return sum(frechet(edited, sweep.reference) for edited in sweep.edited) / len(sweep.edited)


def kernel_of(sweep: Sweep) -> float:
    """The same with `kernel_distance`."""
    return sum(kernel_distance(edited, sweep.reference) for edited in sweep.edited) / len(sweep.edited)
