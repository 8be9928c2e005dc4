"""How logits change with codes: gradients through the scorer and the generator, over several views of a picture.

A walk along the slope of the picture alone soon finds details that nobody sees and one classifier falls for.
"""

from collections.abc import Callable, Iterator, Sequence

import torch
from jaxtyping import Bool, Float, Int
from torch import Tensor
from torch.nn import functional as F

from latentwalk.generator import Generator
from latentwalk.latents import Latents
from latentwalk.scores import Scorer

SHIFT, NOISE, PALE = 2, 0.15, 0.3
"""How unlike each other the views of a picture are: pixels of shift, standard deviation of noise, and the share of its
colour that a copy keeps: in colour a walk could turn whole pictures green, which one classifier may take for a hat."""


class NoSlope(ValueError):
    """A generator or a scorer whose outputs have no gradient."""


def slopes(
    generator: Generator,
    scorer: Scorer,
    latents: Latents,
    goal_columns: Sequence[int],
    held_columns: Sequence[int],
    views: int,
    steps: Int[Tensor, "n"],
    done: Callable[[Float[Tensor, "n a"]], Bool[Tensor, "n"]] | None = None,
) -> tuple[Float[Tensor, "n a"], Float[Tensor, "n k d"]]:
    """Logits of the pictures, and the gradients [n, k, d] of the goals' logits, then of the held ones.

    done: which codes need no gradient, given the logits; theirs are not worth reading, and not all of the work for
    them is done.

    Goals are averaged over the views. Held logits need no such care: nobody climbs along them. The scorer is followed
    back to the pictures one view at a time, which needs the memory of one, and the generator once for all views.
    """
    values = latents.values.detach().requires_grad_()
    with torch.enable_grad():
        images = generator.synthesize(latents.with_values(values))
        if not images.requires_grad:
            raise NoSlope("this generator gives no gradient: walk along a boundary (--along) instead")
        seen = images.detach().requires_grad_()
        logits = scorer(seen)
        if not logits.requires_grad:
            raise NoSlope("this scorer gives no gradient: walk along a boundary (--along) instead")
        finished = done(logits.detach()) if done else torch.zeros_like(logits[:, 0], dtype=torch.bool)
        going = torch.nonzero(~finished)[:, 0]
        if len(going) == 0:
            width = len(goal_columns) + len(held_columns)
            return logits.detach(), values.new_zeros(len(latents), width, values[0].numel())
        uphill = image_slopes(logits, [*goal_columns, *held_columns], seen)
        some = seen.detach()[going].requires_grad_()
        for copy in look(some, views - 1, steps[going]):
            for total, slope in zip(uphill, image_slopes(scorer(copy), goal_columns, some), strict=False):
                total[going] += slope
        for total in uphill[: len(goal_columns)]:
            total /= views
        rows = [
            torch.autograd.grad(images, values, slope, retain_graph=i < len(uphill) - 1)[0].flatten(1)
            for i, slope in enumerate(uphill)
        ]
    return logits.detach(), torch.stack(rows, 1)


def image_slopes(
    logits: Float[Tensor, "n a"], columns: Sequence[int], images: Float[Tensor, "n c h w"]
) -> list[Float[Tensor, "n c h w"]]:
    """The gradient of each column's logits with respect to the images."""
    last = len(columns) - 1
    return [
        torch.autograd.grad(logits[:, column].sum(), images, retain_graph=i < last)[0]
        for i, column in enumerate(columns)
    ]


def look(images: Float[Tensor, "n c h w"], copies: int, steps: Int[Tensor, "n"]) -> Iterator[Float[Tensor, "n c h w"]]:
    """Copies of the pictures, each paler, shifted by a pixel or two, and with a little noise.

    The shifts and the noise depend on the step alone that a code is at, so that no code sees who walks beside it.
    """
    _, c, h, w = images.shape
    groups = {step: torch.nonzero(steps == step)[:, 0] for step in steps.unique().tolist()}
    randoms = {step: torch.Generator().manual_seed(step) for step in groups}
    shifts = {step: torch.randint(0, 2 * SHIFT + 1, (copies, 2), generator=each) for step, each in randoms.items()}
    order = torch.cat(list(groups.values())).argsort()
    for copy in range(copies):
        padded = F.pad(images, (SHIFT,) * 4, mode="replicate")
        grey = padded.mean(1, keepdim=True)
        pale, parts = grey + PALE * (padded - grey), list[Tensor]()
        for step, rows in groups.items():
            dy, dx = shifts[step][copy].tolist()
            noise = NOISE * torch.randn(1, c, h, w, generator=randoms[step]).to(images)
            parts.append(pale[rows, :, dy : dy + h, dx : dx + w] + noise)
        yield torch.cat(parts)[order]
