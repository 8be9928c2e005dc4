"""Closed-form factorisation of the first weights that a code meets (SeFa, Shen and Zhou, 2021, equation 4).

The first affine map is y = A z + b, so a step n changes what follows by |A n|, whatever the code. The directions that
change most are the eigenvectors of A'A, of the chosen layers' maps stacked. The paper states this objective as it is;
the program that its authors released scales every row of A to norm 1 first, which counts channels instead of their
strength. Both are here: `normalize`.
"""

from dataclasses import asdict, dataclass

import torch
from jaxtyping import Float
from torch import Tensor

from latentwalk.direction import PER_LAYER, Direction, Directions
from latentwalk.generator import Generator
from latentwalk.hooks import nearest
from latentwalk.numerics.moments import principal
from latentwalk.origin import Origin, Source
from latentwalk.progress import Progress, silent
from latentwalk.samples import Samples


@dataclass(frozen=True)
class SeFa:
    """Settings of SeFa.

    components: directions to keep, at most as many as a code has numbers.
    layers: names of the layers whose maps are stacked, see `entry_weights`; None for all of the space.
    normalize: scale every row of the maps to norm 1 first, as the authors' program does; by itself not, as the paper's
    equation says.
    """

    components: int = 10
    layers: tuple[str, ...] | None = None
    normalize: bool = False

    def __post_init__(self) -> None:
        if self.components < 1:
            raise ValueError(f"the components to keep are 1 or more, got {self.components}")

    def fit(self, generator: Generator, samples: Samples, progress: Progress = silent) -> Directions:
        """Directions in the space of the samples, those that change most first; scores are not looked at.

        For codes per layer (w+, z+) the directions are of one code (w, z); `on_layers` chooses where they act.
        The unit is the standard deviation of the samples along the vector. `origin.figures` has the gain of each:
        |A n|, what one step of norm 1 changes.
        Raises ValueError for a layer that does not exist, and for more components than a code has numbers.
        """
        latents = generator.check(samples.latents)
        space = latents.space.removesuffix(PER_LAYER)
        alone = space not in generator.spaces  # codes per layer that come from no single code
        maps = chosen(generator.entry_weights(latents.space if alone else space), self.layers)
        rows = torch.cat([weight.detach().cpu().double() for weight in maps.values()])
        if self.normalize:
            rows = torch.nn.functional.normalize(rows, dim=1)
        size = rows.shape[1]
        if self.components > size:
            raise ValueError(f"a code has {size} numbers, so there are {size} directions, got {self.components}")
        values, vectors = principal(rows.T @ rows, self.components)
        flat = latents.values.reshape(-1, size).cpu().double()
        units = (flat @ vectors.T).std(0)
        layers = (0, latents.values.shape[1]) if alone else None
        items = tuple(
            Direction(f"sefa {i + 1}", vector.float(), space, float(unit), layers=layers)
            for i, (vector, unit) in enumerate(zip(vectors, units, strict=True))
        )
        figures = {
            item.name: {"gain": float(value.clamp(min=0).sqrt())} for item, value in zip(items, values, strict=True)
        }
        origin = Origin(
            method="sefa",
            parameters={**asdict(self), "layers": list(maps)},
            generator=Source.of(generator),
            figures=figures,
        )
        return Directions(items, origin)


def chosen(weights: dict[str, Float[Tensor, "_ d"]], layers: tuple[str, ...] | None) -> dict[str, Float[Tensor, "_ d"]]:
    """The maps of some layers, all for None. Raises ValueError for one that does not exist and lists the nearest."""
    if layers is None:
        return weights
    for name in layers:
        if name not in weights:
            raise ValueError(f"no entry layer {name!r}: the nearest are {', '.join(nearest(name, list(weights)))}")
    return {name: weights[name] for name in layers}
