"""Whether more strength always gives more, and evenly."""

import numpy as np
import torch
from jaxtyping import Float
from scipy.stats import rankdata
from torch import Tensor

from latentwalk.sweep import Sweep


def monotonicity_values(sweep: Sweep) -> Float[Tensor, "n"]:
    """Spearman correlation of strength and target, per code; 0 where the target does not change, NaN without one."""
    if sweep.target is None:
        return torch.full((sweep.logits.shape[1],), torch.nan)
    ranks = rankdata(sweep.logits[..., sweep.target].double().numpy(), axis=0)
    return sweep.sign * _correlation(np.arange(len(ranks), dtype=np.float64), ranks)


def linearity_values(sweep: Sweep) -> Float[Tensor, "n"]:
    """R^2 of the straight line through strength and target, per code; 0 where nothing changes, NaN without a target."""
    if sweep.target is None:
        return torch.full((sweep.logits.shape[1],), torch.nan)
    column = sweep.logits[..., sweep.target].double().numpy()
    return _correlation(sweep.strengths.double().numpy(), column).square()


def _correlation(x: Float[np.ndarray, "k"], y: Float[np.ndarray, "k n"]) -> Float[Tensor, "n"]:
    """Pearson correlation of x with every column; 0 for a column that does not vary."""
    x, y = x - x.mean(), y - y.mean(0)
    size = np.sqrt((x @ x) * (y * y).sum(0))
    return torch.from_numpy(np.divide(x @ y, size, out=np.zeros_like(size), where=size > 0)).float()
