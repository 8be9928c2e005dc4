"""Pivotal tuning: the last layers learn a photograph whose code is held (Roich et al., 2021, "PTI")."""

from collections.abc import Callable
from dataclasses import dataclass

import torch
from jaxtyping import Float, Int
from torch import Tensor

from latentwalk.delta import Delta, loosened
from latentwalk.generator import Generator
from latentwalk.inverter import mean_square
from latentwalk.latents import Latents
from latentwalk.progress import Progress, silent
from latentwalk.samples import map_codes

MOST = 64
"""Photographs that are learned together: all of them are looked at in every step."""

FRESH = 5
"""Steps after which other neighbours are looked at."""

UPSET = 4
"""How many times as much error as at best says that steps are too long, and by how much they get shorter."""

BETAS = (0.9, 0.9)
"""Of Adam: with so few steps the mean of the squares has to forget as fast as that of the slopes."""


@dataclass(frozen=True)
class Tuning:
    """Settings of tuning.

    layers: how many of the last layers learn. Two give a photograph its own look and leave what directions do;
    with all of them the picture is as near, and edits no longer work.
    steps: of Adam. rate: length of the first ones, as a share of the mean size of a layer's weights.
    neighbours: codes around the pivot that are looked at in each step. reach: how far from it, in lengths of the pivot
    (from the mean code). weight: of their error beside that of the photograph.
    """

    layers: int = 2
    steps: int = 150
    rate: float = 0.06
    neighbours: int = 8
    reach: float = 0.6
    weight: float = 2.0

    def __post_init__(self) -> None:
        if min(self.layers, self.steps) < 1 or self.neighbours < 0 or min(self.rate, self.reach) <= 0:
            raise ValueError(f"expected layers and steps of at least 1, a rate and a reach above 0, got {self}")

    def tune(
        self,
        generator: Generator,
        pivots: Latents,
        targets: Float[Tensor, "n c h w"],
        mask: Float[Tensor, "n 1 h w"] | None = None,
        progress: Progress = silent,
        watch: Callable[[Float[Tensor, "n c h w"]], None] = lambda _images: None,
    ) -> Delta:
        """The change of the last layers with which the pivots give the targets.

        targets: in [-1, 1]. mask: how much each pixel counts, in [0, 1]. The generator itself stays as it is.
        watch: sees the pictures of the pivots before every step.
        Raises ValueError for more than `MOST` photographs.

        Codes around a pivot should change as they did before, or edits of the photograph fall apart: their pictures
        are asked to be those of the fixed generator and what the photograph has beside the picture of its pivot.
        (Roich et al., section 3.3, ask for the pictures of the fixed generator alone, and so for an edit that loses the
        photograph as it leaves the pivot.)
        """
        check_count(len(pivots))
        names = last_parameters(generator, self.layers)
        learning = loosened(generator, names)
        parameters = [learning.get_parameter(name) for name in names]
        # The length of a step is relative to the weights, so that one rate does for every family.
        sizes = [float(p.detach().abs().mean()) for p in parameters]
        rates = [self.rate * (size or max(sizes)) for size in sizes]
        optimizer = torch.optim.Adam([{"params": [p]} for p in parameters], betas=BETAS)
        pivots, targets = pivots.to(generator.device, generator.dtype), targets.to(generator.device, generator.dtype)
        mask = None if mask is None else mask.to(generator.device)
        left = targets - generator.render(pivots)
        chance, beside = torch.Generator().manual_seed(0), None
        best, kept = float("inf"), [parameter.detach().clone() for parameter in parameters]
        for step in range(self.steps):
            # 1. Long steps to find the look, short ones to settle.
            for group, rate in zip(optimizer.param_groups, rates, strict=True):
                group["lr"] = rate * (1 - step / self.steps) ** 0.5
            # 2. New neighbours every few steps: to render them costs as much as to learn from them.
            if self.neighbours and step % FRESH == 0:
                turn = step // FRESH * self.neighbours
                codes, of = neighbours(generator, pivots, self.neighbours, self.reach, chance, turn)
                beside = codes, generator.render(codes) + left[of], None if mask is None else mask[of]
            # 3. The photographs, and their neighbours.
            optimizer.zero_grad()
            with torch.enable_grad():
                made = learning.synthesize(pivots)
                error = mean_square(made - targets, mask).mean()
                if beside is not None:
                    codes, wanted, known = beside
                    error = error + self.weight * mean_square(learning.synthesize(codes) - wanted, known).mean()
                error.backward()
            watch(made.detach())
            # 4. What was best is kept. A network that such steps upset goes back there, and on with shorter ones.
            found = float(error.detach())
            if found < best:
                best, kept = found, [parameter.detach().clone() for parameter in parameters]
            if not found <= UPSET * best:
                for parameter, value in zip(parameters, kept, strict=True):
                    parameter.data.copy_(value)
                rates = [rate / UPSET for rate in rates]
            else:
                optimizer.step()
            progress("tuning", step + 1, self.steps)
        changes = {
            name: (new - generator.get_parameter(name).detach()).cpu() for name, new in zip(names, kept, strict=True)
        }
        return Delta(generator.fingerprint, changes, pivots.to("cpu", torch.float32))


def check_count(photographs: int) -> None:
    """Raises ValueError for more than can be learned together."""
    if photographs > MOST:
        raise ValueError(
            f"tuning learns at most {MOST} photographs together, got {photographs}: put them into several folders, or "
            "leave tuning out"
        )


def neighbours(
    generator: Generator, pivots: Latents, count: int, reach: float, chance: torch.Generator, first: int = 0
) -> tuple[Latents, Int[Tensor, "k"]]:
    """Codes around pivots, which take turns, and whose they are.

    reach: how far, in lengths of the pivot from the mean code, in a random direction of sampled codes.
    first: the pivot that begins.
    """
    of = torch.arange(first, first + count) % len(pivots)
    seeds = torch.randint(2**40, (2 * count,), generator=chance).tolist()
    labels = None if pivots.labels is None else pivots.labels[of].repeat(2, *[1] * (pivots.labels.ndim - 1))
    some = map_codes(generator, generator.sample(seeds, labels), pivots.space).values
    away = (some[:count] - some[count:]).flatten(1)
    start = pivots[of]
    flat = start.values.flatten(1)
    length = reach * (flat - some.flatten(1).mean(0)).norm(dim=1, keepdim=True)
    moved = flat + length * away / away.norm(dim=1, keepdim=True).clamp(min=1e-6)
    return start.with_values(moved.view_as(start.values)), of


def last_parameters(generator: Generator, layers: int) -> list[str]:
    """Names of the parameters of the last layers that have any."""
    held: list[list[str]] = []
    for layer in generator.layer_names:
        module = generator.get_submodule(layer)
        names = [f"{layer}.{name}" for name, _ in module.named_parameters()]
        if names:
            held.append(names)
    return [name for names in held[-layers:] for name in names]
