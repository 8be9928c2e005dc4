"""A scorer for any generator: what can be measured in the pixels, without training and without labels.

It names what a direction does to brightness, colour, sharpness or the place of the light when nobody has taught a
classifier. "measurements" takes means and is differentiable; "measurements-judge" measures the same things in other
ways (medians, quantiles, other filters), so that it can say whether a direction moved the thing or only the first
formula. Every logit is standardised on pictures of the generator: 0 is its median picture, 1 is one standard deviation.
"""

from collections.abc import Callable, Sequence

import torch
from jaxtyping import Float
from torch import Tensor

LUMA = (0.2126, 0.7152, 0.0722)
"""Shares of red, green and blue in brightness (ITU-R BT.709)."""

ATTRIBUTES = ("brightness", "contrast", "sharpness", "lit_left", "lit_top", "lit_centre", "symmetry")
COLOUR_ATTRIBUTES = ("saturation", "warmth", "greenness")

SAME = 1e-6
"""Standard deviation below which a measurement is the same in all pictures."""


class Measurements:
    """Images [n, c, h, w] in [-1, 1] -> logits [n, a].

    attributes: brightness (mean), contrast (spread of the brightness), sharpness (strength of edges), lit_left, lit_top
    and lit_centre (how much brighter that half is than the other), symmetry (how like its mirror image it is); with
    colour saturation, warmth (red against blue) and greenness (green against both). What is the same in all pictures
    that it was standardised on is left out.
    """

    def __init__(self, pictures: Float[Tensor, "n c h w"], robust: bool = False) -> None:
        """Standardise on pictures of one generator; robust: the judge's formulas. Raises ValueError for less than 2."""
        if len(pictures) < 2:
            raise ValueError(f"measurements are standardised on at least 2 pictures, got {len(pictures)}")
        self.robust = robust
        names = (*ATTRIBUTES, *(COLOUR_ATTRIBUTES if pictures.shape[1] == 3 else ()))
        raw = measure(pictures, names, robust)
        spread = raw.std(0)
        kept = torch.nonzero(spread > SAME)[:, 0].tolist()
        if not kept:
            raise ValueError("all pictures of this generator measure the same: name a scorer that sees what differs")
        self.attributes: tuple[str, ...] = tuple(names[i] for i in kept)
        self.centre, self.spread = raw.median(0).values[kept], spread[kept]
        self.source = "measurements-judge" if robust else "measurements"

    def __call__(self, images: Float[Tensor, "n c h w"], /) -> Float[Tensor, "n a"]:
        raw = measure(images, self.attributes, self.robust)
        return (raw - self.centre.to(raw)) / self.spread.to(raw)


def measure(images: Float[Tensor, "n c h w"], names: Sequence[str], robust: bool) -> Float[Tensor, "n a"]:
    """The named measurements of pictures, in units of their own."""
    grey = (images * images.new_tensor(LUMA)[:, None, None]).sum(1) if images.shape[1] == 3 else images.mean(1)
    formulas = ROBUST if robust else PLAIN
    return torch.stack([formulas[name](grey, images) for name in names], 1)


def middle(parts: Tensor) -> Tensor:
    """The median of each row, whatever its shape."""
    return parts.flatten(1).median(1).values


def average(parts: Tensor) -> Tensor:
    return parts.flatten(1).mean(1)


def inner(grey: Tensor) -> Tensor:
    """The middle half of the picture in both directions."""
    height, width = grey.shape[1:]
    return grey[:, height // 4 : height - height // 4, width // 4 : width - width // 4]


def rim(grey: Tensor) -> Tensor:
    """The outermost eighth of the rows at the top and at the bottom."""
    edge = max(1, grey.shape[1] // 8)
    return torch.cat([grey[:, :edge], grey[:, -edge:]], 1)


def edges(grey: Tensor) -> Tensor:
    """Mean square of the steps between neighbours, as a logarithm."""
    steps = (grey[:, 1:] - grey[:, :-1]).square().mean((1, 2)) + (grey[:, :, 1:] - grey[:, :, :-1]).square().mean(
        (1, 2)
    )
    return (steps + 1e-8).log()


def curves(grey: Tensor) -> Tensor:
    """Mean size of the second differences, as a logarithm."""
    down, right = (
        (grey[:, 2:] - 2 * grey[:, 1:-1] + grey[:, :-2]),
        (grey[:, :, 2:] - 2 * grey[:, :, 1:-1] + grey[:, :, :-2]),
    )
    return (average(down.abs()) + average(right.abs()) + 1e-4).log()


def halves(grey: Tensor) -> tuple[Tensor, Tensor]:
    width = grey.shape[2] // 2
    return grey[:, :, :width], grey[:, :, -width:]


def likeness(one: Tensor, other: Tensor) -> Tensor:
    """The correlation of two pictures of each row."""
    a, b = ((part.flatten(1) - average(part)[:, None]) for part in (one, other))
    return (a * b).sum(1) / ((a.square().sum(1) * b.square().sum(1)).sqrt() + 1e-6)


def quantile_range(grey: Tensor) -> Tensor:
    low, high = grey.flatten(1).quantile(grey.new_tensor([0.1, 0.9]), dim=1)
    return high - low


Formula = Callable[[Tensor, Tensor], Tensor]

PLAIN: dict[str, Formula] = {
    "brightness": lambda grey, _: average(grey),
    "contrast": lambda grey, _: grey.flatten(1).std(1),
    "sharpness": lambda grey, _: edges(grey),
    "lit_left": lambda grey, _: average(halves(grey)[0]) - average(halves(grey)[1]),
    "lit_top": lambda grey, _: average(halves(grey.mT)[0]) - average(halves(grey.mT)[1]),
    "lit_centre": lambda grey, _: average(inner(grey)) - average(grey),
    "symmetry": lambda grey, _: likeness(grey, grey.flip(2)),
    "saturation": lambda _, rgb: average(rgb.amax(1) - rgb.amin(1)),
    "warmth": lambda _, rgb: average(rgb[:, 0] - rgb[:, 2]),
    "greenness": lambda _, rgb: average(rgb[:, 1] - (rgb[:, 0] + rgb[:, 2]) / 2),
}
"""From grey [n, h, w] and colour [n, 3, h, w] to one number per picture."""

ROBUST: dict[str, Formula] = {
    "brightness": lambda grey, _: middle(grey),
    "contrast": lambda grey, _: quantile_range(grey),
    "sharpness": lambda grey, _: curves(grey),
    "lit_left": lambda grey, _: middle(halves(grey)[0]) - middle(halves(grey)[1]),
    "lit_top": lambda grey, _: middle(halves(grey.mT)[0]) - middle(halves(grey.mT)[1]),
    "lit_centre": lambda grey, _: middle(inner(grey)) - middle(rim(grey)),
    "symmetry": lambda grey, _: -average((grey - grey.flip(2)).abs()) / (grey.flatten(1).std(1) + 1e-4),
    "saturation": lambda _, rgb: average(rgb.std(1)),
    "warmth": lambda _, rgb: middle(rgb[:, 0]) - middle(rgb[:, 2]),
    "greenness": lambda _, rgb: middle(rgb[:, 1]) - (middle(rgb[:, 0]) + middle(rgb[:, 2])) / 2,
}
"""The same things, measured in other ways."""
