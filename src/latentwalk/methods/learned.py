"""Directions that a network can tell apart by their pictures (Voynov and Babenko, 2020, section 3).

A code moves along one of K orthonormal directions, and a small network, the reconstructor, sees the picture before and
after: it says which direction it was and how far the code moved. Directions and reconstructor learn together, so that
the directions become those whose changes are most easily told apart. Nobody needs to say what they should change.

Only the span of directions is certain: where the picture is a linear function of the code, turned directions inside of
it are told apart just as well.
"""

from collections.abc import Iterator
from dataclasses import asdict, dataclass
from typing import NamedTuple

import torch
from jaxtyping import Float, Int
from torch import Tensor, nn
from torch.nn import functional as F

from latentwalk.direction import Direction, Directions
from latentwalk.generator import Generator
from latentwalk.latents import Latents
from latentwalk.numerics.moments import Moments, sign_of
from latentwalk.origin import Origin, Source
from latentwalk.progress import Progress, silent
from latentwalk.samples import Samples
from latentwalk.seeds import check_seed

WEIGHT = 0.25
"""Of the error in how far, beside that in which (section 4.1 of the paper)."""

CHECKS = 16
"""Batches of fresh shifts that measure the reconstructor at the end."""


@dataclass(frozen=True)
class Learned:
    """Settings of learned directions.

    components: directions, at most as many as a code has numbers. steps: of training; batch: pairs in each. They, not
    a clock, decide when it ends. weakest, strongest: strengths of the shifts in units, to either side.
    side: height and width in pixels to which pictures are made smaller for the reconstructor; smaller ones stay.
    noise: standard deviation of the noise that is then added to them, so that changes count by how well they are seen;
    none by itself, as in the paper.
    width: channels of its first layer. rate: of Adam, falling to 0 along half a cosine. seed: of everything drawn.
    """

    components: int = 16
    steps: int = 3000
    batch: int = 16
    weakest: float = 0.5
    strongest: float = 6.0
    side: int = 32
    noise: float = 0.0
    width: int = 24
    rate: float = 2e-3
    seed: int = 0

    def __post_init__(self) -> None:
        for name, least in (("components", 2), ("steps", 1), ("batch", 2), ("side", 4), ("width", 1)):
            if getattr(self, name) < least:
                raise ValueError(f"{name} of learned directions: {least} or more, got {getattr(self, name)}")
        if not 0 < self.weakest < self.strongest < float("inf"):
            raise ValueError(
                f"strengths go from above 0 to a larger finite one, got {self.weakest} to {self.strongest}"
            )
        if not self.noise >= 0:
            raise ValueError(f"the noise of pictures is 0 or more, got {self.noise}")
        if not self.rate > 0:
            raise ValueError(f"the rate of learning is above 0, got {self.rate}")
        check_seed(self.seed)

    def fit(self, generator: Generator, samples: Samples, progress: Progress = silent) -> Directions:
        """Orthogonal directions in the space of the samples, those told apart best first; scores are not looked at.

        The unit is the standard deviation of the samples along the vector. `origin.figures` has for every direction
        the share of fresh shifts along it that the reconstructor recognises, `origin.summary` the share of
        all and the mean error of their strength in units.
        Raises ValueError for more components than a code has numbers, and for fewer codes than those and one.
        """
        latents = generator.check(samples.latents)
        flat = latents.values.flatten(1)
        check_size(self.components, flat)
        covariance = Moments.of(flat).covariance
        lesson = _Lesson(self, generator, latents, covariance.to(flat))
        lesson.learn(progress)
        vectors, seen = lesson.vectors().detach(), lesson.check()
        vectors = (vectors * sign_of(vectors)).cpu()
        order = sorted(range(self.components), key=lambda k: (-seen.recognised[k], k))
        exact = vectors.double()
        units = (exact @ covariance * exact).sum(1).sqrt()
        items = tuple(
            Direction(f"learned {rank + 1}", F.normalize(vectors[k].float(), dim=0), latents.space, float(units[k]))
            for rank, k in enumerate(order)
        )
        origin = Origin(
            method="learned",
            parameters=asdict(self),
            generator=Source.of(generator),
            figures={item.name: {"accuracy": seen.recognised[k]} for item, k in zip(items, order, strict=True)},
            summary={"accuracy": seen.accuracy, "error": seen.error, "steps": self.steps},
        )
        return Directions(items, origin)


def check_size(components: int, codes: Float[Tensor, "n d"]) -> None:
    """Raises ValueError when so many directions cannot be learned from these codes."""
    count, size = codes.shape
    if components > size:
        raise ValueError(f"a code has {size} numbers, so there are {size} directions, got {components}")
    if count <= components:
        raise ValueError(f"{components} directions need more than {components} codes to learn from, got {count}")


class Shifts(NamedTuple):
    """Codes before and after, the direction [n] that each went, and its strength [n] in units with its sign."""

    before: Latents
    after: Latents
    which: Int[Tensor, "n"]
    strength: Float[Tensor, "n"]


class Seen(NamedTuple):
    """What the reconstructor says of shifts it has not learned from.

    recognised: per direction the share whose direction it names; accuracy: the share of all; error: mean distance of
    the strengths that it says from the true ones, in units.
    """

    recognised: tuple[float, ...]
    accuracy: float
    error: float


class Reconstructor(nn.Module):
    """Pictures before and after -> logits of the directions [n, k] and the strength [n], in `scale`.

    It is shown the picture before and the change, which is the same to know and quicker to learn from.
    """

    def __init__(self, channels: int, directions: int, width: int) -> None:
        super().__init__()
        layers: list[nn.Module] = []
        inside = 2 * channels
        for outside in (width, 2 * width, 4 * width):
            layers += [nn.Conv2d(inside, outside, 3, 2, 1, bias=False), nn.BatchNorm2d(outside), nn.ReLU()]
            inside = outside
        self.trunk = nn.Sequential(*layers, nn.AdaptiveAvgPool2d(4), nn.Flatten())
        self.which = nn.Linear(inside * 16, directions)
        self.strength = nn.Linear(inside * 16, 1)

    def forward(self, before: Tensor, after: Tensor) -> tuple[Float[Tensor, "n k"], Float[Tensor, "n"]]:
        pair = torch.cat([before, after - before], 1)
        features = self.trunk(pair.contiguous(memory_format=torch.channels_last))
        return self.which(features), self.strength(features).squeeze(1)


class _Lesson:
    """Directions and reconstructor while they learn."""

    def __init__(self, how: Learned, generator: Generator, latents: Latents, covariance: Float[Tensor, "d d"]) -> None:
        self.how, self.generator, self.latents, self.covariance = how, generator, latents, covariance
        self.random = torch.Generator().manual_seed(how.seed)
        with torch.random.fork_rng(devices=[]):  # the caller's random state stays as it is
            torch.manual_seed(how.seed)
            network = Reconstructor(generator.image_shape[0], how.components, how.width)
        self.network = network.to(latents.values.device).to(memory_format=torch.channels_last)
        free = torch.randn(covariance.shape[0], how.components, generator=self.random)
        self.free = nn.Parameter(torch.linalg.qr(free)[0].to(latents.values.device))

    def vectors(self) -> Float[Tensor, "k d"]:
        """Orthonormal rows, of any matrix by QR; the signs of R make it the same function everywhere."""
        q, r = torch.linalg.qr(self.free)
        return (q * r.diagonal().sign()).T

    def learn(self, progress: Progress) -> None:
        how = self.how
        optimiser = torch.optim.Adam([self.free, *self.network.parameters()], lr=how.rate)
        schedule = torch.optim.lr_scheduler.CosineAnnealingLR(optimiser, how.steps)
        batches = self.batches()
        for step in range(how.steps):
            loss = self.loss(self.shifts(next(batches)))
            optimiser.zero_grad()
            loss.backward()
            optimiser.step()
            schedule.step()
            progress("learning directions", step + 1, how.steps)

    def batches(self) -> Iterator[Latents]:
        """Batches of codes without end, each time round in another order."""
        while True:
            order = torch.randperm(len(self.latents), generator=self.random)
            for part in order.split(self.how.batch):
                if len(part) > 1:  # batch normalisation needs two
                    yield self.latents[part.to(self.latents.values.device)]

    def shifts(self, before: Latents) -> Shifts:
        how, device, vectors = self.how, before.values.device, self.vectors()
        which = torch.randint(how.components, (len(before),), generator=self.random)
        strength = 2 * how.strongest * torch.rand(len(before), generator=self.random) - how.strongest
        strength = torch.where(strength < 0, -1.0, 1.0) * strength.abs().clamp(min=how.weakest)
        which, strength = which.to(device), strength.to(device)
        with torch.no_grad():
            units = (vectors @ self.covariance * vectors).sum(1).sqrt()
        steps = (strength * units[which])[:, None] * vectors[which]
        after = before.with_values(before.values + steps.view_as(before.values))
        return Shifts(before, after, which, strength)

    def loss(self, shifts: Shifts) -> Float[Tensor, ""]:
        logits, strength = self.look(shifts)
        return F.cross_entropy(logits, shifts.which) + WEIGHT * (strength - shifts.strength).abs().mean()

    def look(self, shifts: Shifts) -> tuple[Float[Tensor, "n k"], Float[Tensor, "n"]]:
        with torch.no_grad():
            before = self.show(shifts.before)
        return self.network(before, self.show(shifts.after))

    def show(self, codes: Latents) -> Float[Tensor, "n c h w"]:
        """Pictures as the reconstructor sees them: small, and with noise."""
        images = self.generator.synthesize(codes).float()
        if max(images.shape[2:]) > self.how.side:
            images = F.interpolate(images, size=(self.how.side, self.how.side), mode="area")
        if self.how.noise == 0:
            return images
        return images + self.how.noise * torch.randn(images.shape, generator=self.random).to(images)

    @torch.no_grad()
    def check(self) -> Seen:
        self.network.eval()
        batches, hits, whiches, errors = self.batches(), [], [], []
        for _ in range(CHECKS):
            shifts = self.shifts(next(batches))
            logits, strength = self.look(shifts)
            hits.append((logits.argmax(1) == shifts.which).float())
            whiches.append(shifts.which)
            errors.append((strength - shifts.strength).abs())
        hit, which = torch.cat(hits), torch.cat(whiches)
        chosen = F.one_hot(which, self.how.components).to(hit)
        recognised = (hit @ chosen) / chosen.sum(0).clamp(min=1)
        return Seen(tuple(recognised.tolist()), float(hit.mean()), float(torch.cat(errors).mean()))
