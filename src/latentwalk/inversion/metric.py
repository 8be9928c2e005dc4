"""How much pictures change with each number of a code, on average: where a step should be long, and where short.

M = E[J' J] / D, with J the Jacobian of the picture's D numbers, is half the mean Hessian of the mean squared difference
at a code that makes the target. J' v for random v of the picture [D] costs one picture with its gradient, and the mean
of (J' v)(J' v)' is E[J' J] (Hutchinson, 1989).
"""

from collections.abc import Mapping

import torch
from jaxtyping import Float
from torch import Tensor

from latentwalk.generator import Generator
from latentwalk.inversion.problem import affordable, at_once, by_layers
from latentwalk.inversion.spaces import to_space
from latentwalk.kept import close, kept, kept_as
from latentwalk.progress import Progress, silent
from latentwalk.samples import fresh_seeds

SEED = 78
"""Of the samples, and of the vectors in the space of pictures."""

PROBES = (800, 100)
"""How many are made: for small pictures, and for large ones at least."""

DAMPING = 0.1
"""Of the mean eigenvalue: directions that change the picture least are not trusted farther."""


def metric(
    generator: Generator, space: str, probes: int | None = None, progress: Progress = silent
) -> Float[Tensor, "b d d"]:
    """M of the codes of a space, block by block (one block per layer), on the generator's device.

    probes: how many v; 800 by itself, fewer for pictures of more than 128 pixels a side. It is kept in the cache. What
    one layer changes together with another is left out.
    """
    probes = affordable(generator, *PROBES) if probes is None else probes
    first = _probe(generator, space, 0, 1)

    def fits(old: Mapping[str, Tensor]) -> bool:  # another network might have the same weights
        return set(old) == {"metric", "proof"} and close(old["proof"], first, 0.05, 1e-3)

    def make() -> dict[str, Tensor]:
        total, done = torch.zeros(1), 0
        while done < probes:
            rows = _probe(generator, space, done, min(at_once(generator), probes - done))
            total = total + torch.einsum("nbi,nbj->bij", rows, rows)
            done += len(rows)
            progress("measuring the codes", done, probes)
        size = torch.Size(generator.image_shape).numel()
        return {"metric": total / (probes * size), "proof": first}

    return kept("metric", kept_as(generator, space, probes), make, fits)["metric"].to(generator.device)


def inverse_hessian(m: Float[Tensor, "b d d"], ridge: float = 0.0) -> Float[Tensor, "b d d"]:
    """(M + 0.1 mean eigenvalue + ridge)^-1 / 2 of each block, found in float64 on the CPU."""
    wide = m.cpu().double()
    mean = wide.diagonal(dim1=1, dim2=2).mean(1)
    damped = wide + torch.diag_embed((DAMPING * mean + ridge).clamp(min=1e-12)[:, None].expand(wide.shape[:2]))
    return (torch.linalg.inv(damped) / 2).to(m)


def _probe(generator: Generator, space: str, first: int, count: int) -> Float[Tensor, "n b d"]:
    """J' v of some samples, on the CPU, blocks apart."""
    numbers = range(first, first + count)
    labels = [i % generator.classes for i in numbers] if generator.classes else None
    seeds = fresh_seeds(first + count, SEED)[first:]
    codes = to_space(generator, generator.sample(seeds, labels), space)
    values = codes.values.requires_grad_()
    noise = [torch.randn(generator.image_shape, generator=torch.Generator().manual_seed(SEED + i)) for i in numbers]
    with torch.enable_grad():
        images = generator.synthesize(codes.with_values(values.to(generator.dtype))).float()
        (slope,) = torch.autograd.grad((images * torch.stack(noise).to(images)).sum(), values)
    return by_layers(slope).cpu()
