"""Classifier gradients: every code follows the slope of its own logits until they are where they should be.

One step solves `J delta = r` for the smallest delta: a row of J is the gradient of one logit with respect to the code.
Rows of goals ask for what is missing; rows of held attributes ask for zero, or for their drift to be undone. So a plain
walk, a walk that holds others still and a walk to several goals are the same few lines.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from jaxtyping import Float
from torch import Tensor
from torch.nn import functional as F

from latentwalk.generator import Generator
from latentwalk.latents import Latents
from latentwalk.scores import Scorer, attribute_index
from latentwalk.walk import Goal, Walk, all_reached


MARGIN = 0.1


@dataclass(frozen=True)
class Ascent:
    """How to walk.

    max_steps: a code that has not arrived by then is given back as not reached.
    reach: longest first step, as a share of the length of the code.
    shell: how strongly a z code is pulled back to the sphere of radius sqrt(d) where normal codes live, per step.
    views: shifted and noisy copies that a gradient is averaged over; 1 means the picture alone. Averaging keeps the
    walk from changing invisible details that only fool one classifier.
    drift: share of a held attribute's drift that is undone per step.
    ridge: relative damping of the linear system; it keeps nearly parallel rows from asking for huge steps.
    batch: codes that walk at once; their number does not change where they come to beyond rounding.
    """

    max_steps: int = 60
    reach: float = 0.08
    shell: float = 0.1
    views: int = 4
    drift: float = 0.5
    ridge: float = 0.02
    batch: int = 64
    memory: float = 0.5
    margin: float = 1.0
    grow: float = 1.5
    floor: float = 0.0

    def walk(
        self,
        generator: Generator,
        latents: Latents,
        scorer: Scorer,
        goals: Sequence[Goal],
        held: Sequence[str] = (),
        keep_paths: bool = False,
    ) -> Walk:
        """Walk every code on its own; finished codes leave the batch.

        Returns the codes with what was reached, judged on the unchanged picture. Raises ValueError when the scorer
        gives no gradient.
        """
        parts = [
            self._walk_batch(generator, part.to(generator.device), scorer, goals, held, keep_paths)
            for part in generator.check(latents).split(self.batch)
        ]
        return Walk(
            latents.with_values(torch.cat([part.latents.values for part in parts])),
            torch.cat([part.reached for part in parts]),
            torch.cat([part.steps for part in parts]),
            [path for part in parts for path in part.paths or ()] if keep_paths else None,
        )

    def _walk_batch(
        self,
        generator: Generator,
        latents: Latents,
        scorer: Scorer,
        goals: Sequence[Goal],
        held: Sequence[str],
        keep_paths: bool,
    ) -> Walk:
        columns = [attribute_index(scorer, name) for name in (*(goal.attribute for goal in goals), *held)]
        n, device = len(latents), latents.values.device
        end = latents.values.clone()
        steps = torch.zeros(n, dtype=torch.long, device=device)
        radius = self.reach * end.flatten(1).norm(dim=1)
        logits, rows = slopes(generator, scorer, latents, columns, self.views, 0)
        start = logits.clone()
        paths = [[value] for value in end.clone()] if keep_paths else []
        reached = all_reached(goals, logits, scorer)

        for step in range(1, self.max_steps + 1):
            active = torch.nonzero(~reached)[:, 0]
            if len(active) == 0:
                break
            missing = self._missing(goals, logits[active], columns)
            drift = self.drift * (start - logits)[active][:, columns[len(goals) :]]
            delta = self._step(rows[active], missing, drift, radius[active])
            tried = latents[active].with_values(
                self._pull(end[active] + delta.view_as(end[active]), latents.space)
            )
            tried_logits, tried_rows = slopes(generator, scorer, tried, columns, self.views, step)
            steps[active] += 1
            better = self._missing(goals, tried_logits, columns).abs().sum(1) < missing.abs().sum(1)
            to, failed = active[better], active[~better]
            end[to], logits[to] = tried.values[better], tried_logits[better]
            rows[to] = self.memory * rows[to] + (1 - self.memory) * tried_rows[better]
            radius[to] *= self.grow
            # A step that led away jumped over a ridge: go less far, along the mean of the slopes on both sides.
            radius[failed] = (radius[failed] * 0.5).clamp(min=self.floor)
            rows[failed] = (rows[failed] + tried_rows[~better]) / 2
            reached[to] = all_reached(goals, logits[to], scorer)
            if keep_paths:
                for i in to.tolist():
                    paths[i].append(end[i].clone())
        return Walk(latents.with_values(end), reached, steps, [torch.stack(path) for path in paths] or None)

    def _missing(self, goals, logits, columns):
        return torch.stack([goal.missing(logits[:, c]) + self.margin * goal.sign for goal, c in zip(goals, columns, strict=False)], 1)

    def _step(self, rows: Tensor, missing: Tensor, drift: Tensor, radius: Tensor) -> Tensor:
        """The smallest delta [n, d] with `rows @ delta = (missing, drift)`, each part no longer than the radius."""
        gram = rows @ rows.mT
        damping = self.ridge * gram.diagonal(dim1=1, dim2=2).mean(1)[:, None, None]
        gram = gram + damping * torch.eye(gram.shape[1], device=gram.device)
        zeros = torch.zeros_like
        wanted = torch.stack([torch.cat([missing, zeros(drift)], 1), torch.cat([zeros(missing), drift], 1)], 2)
        parts = rows.mT @ torch.linalg.solve(gram, wanted)
        lengths = parts.norm(dim=1, keepdim=True)
        return (parts * (radius[:, None, None] / lengths.clamp(min=1e-12)).clamp(max=1)).sum(2)

    def _pull(self, values: Tensor, space: str) -> Tensor:
        if space != "z" or self.shell == 0:
            return values
        flat = values.flatten(1)
        scale = flat.shape[1] ** 0.5 / flat.norm(dim=1, keepdim=True)
        return (flat * (1 + self.shell * (scale - 1))).view_as(values)


def slopes(
    generator: Generator, scorer: Scorer, latents: Latents, columns: Sequence[int], views: int, step: int
) -> tuple[Float[Tensor, "n a"], Float[Tensor, "n k d"]]:
    """Logits of the pictures, logits averaged over views, and the gradients of the averaged ones in some columns."""
    values = latents.values.detach().requires_grad_()
    with torch.enable_grad():
        images = generator.synthesize(latents.with_values(values))
        every = scorer(look(images, views, step)).unflatten(0, (views, len(values)))
        logits = every.mean(0)
        if not logits.requires_grad:
            raise ValueError("this scorer gives no gradient: use a boundary (a hyperplane walk) instead")
        rows = [
            torch.autograd.grad(logits[:, column].sum(), values, retain_graph=i < len(columns) - 1)[0].flatten(1)
            for i, column in enumerate(columns)
        ]
    return every[0].detach(), torch.stack(rows, 1)


def look(images: Float[Tensor, "n c h w"], views: int, step: int) -> Float[Tensor, "m c h w"]:
    """The pictures themselves, then copies shifted by a pixel or two with a little noise: [views * n, c, h, w].

    The shifts and the noise depend on the step alone, so that no code sees who walks beside it.
    """
    if views == 1:
        return images
    random = torch.Generator().manual_seed(step)
    _, c, h, w = images.shape
    padded = F.pad(images, (2, 2, 2, 2), mode="replicate")
    copies = [images]
    for dy, dx in torch.randint(0, 5, (views - 1, 2), generator=random).tolist():
        noise = 0.05 * torch.randn(1, c, h, w, generator=random).to(images)
        copies.append(padded[:, :, dy : dy + h, dx : dx + w] + noise)
    return torch.cat(copies)
