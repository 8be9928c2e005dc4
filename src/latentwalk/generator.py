"""What every generator of every family can do: sample codes, map them between spaces, draw them."""

import copy
import math
import operator
from abc import ABC, abstractmethod
from collections.abc import Iterable, Iterator
from dataclasses import astuple, dataclass, replace
from typing import NamedTuple, SupportsIndex

import torch
from jaxtyping import Float
from torch import Tensor, nn
from torch.nn import functional as F

from latentwalk.latents import Latents, LatentSpace
from latentwalk.stages import Stage
from latentwalk.weights import fingerprint

RENDER_BATCH = 64
"""Codes drawn at once: enough to fill the processor, few enough that the activations of a batch fit in memory."""

RENDER_PIXELS = 64 * 64 * RENDER_BATCH
"""Pixels drawn at once when nobody says how many codes: activations grow with the picture."""


class Reading(NamedTuple):
    """How a checkpoint became a generator.

    format: its name in `checkpoints.formats.FORMATS`. ignored: tensors of the file that have no part in the picture, by
    its names. missing: tensors that it lacked, by ours; usual values stand in for them.
    """

    format: str = ""
    ignored: tuple[str, ...] = ()
    missing: tuple[str, ...] = ()


@dataclass(frozen=True)
class Drawing:
    """Options of drawing, see `Generator`; by themselves neutral."""

    truncation: float = 1.0
    cutoff: int | None = None
    noise: str | int = "const"


class Generator(nn.Module, ABC):
    """A trained generator that stays fixed.

    A family fills in `spaces`, `image_shape` and three methods; everything else is shared. After `freeze`
    (every loader calls it) no weight asks for a gradient, while gradients still reach the codes.

    Options of drawing, the same everywhere; a family names in `options` those that mean something for it, and the
    others only take their neutral value:
    truncation: 1 (neutral) draws codes as they are, smaller ones bring them closer to the average code.
    cutoff: how many per-layer codes, from the first, truncation touches; None (neutral) is all.
    noise: "const" (neutral) uses the stored noise maps, "none" uses none, a seed draws maps, the same for all codes.
    `with_options` gives a generator that draws with others than the neutral ones wherever none are named.

    spaces: the latent spaces by name; the first one is where codes are sampled.
    image_shape: (channels, height, width) of one image.
    classes: how many classes the codes choose between with their labels; 0 for unconditional families.
    clamps: whether its activations are kept below a limit, so that float16 has room for them.
    label_free: spaces whose codes need no labels, because the class already is in the code.
    drawing: the options of pictures for which none are named.
    source: what it was loaded from, for receipts ("faces64" or a path).
    reading: how its checkpoint was read.
    fingerprint: sixteen hex digits that tell this network from others, whatever file or device it came from or is on.
    """

    spaces: dict[str, LatentSpace]
    image_shape: tuple[int, int, int]
    classes: int = 0
    options: frozenset[str] = frozenset()
    label_free: frozenset[str] = frozenset()
    clamps: bool = False
    drawing: Drawing = Drawing()
    source: str = ""
    reading: Reading = Reading()
    fingerprint: str = ""

    @abstractmethod
    def map(self, latents: Latents, to: str, truncation: float = 1.0, cutoff: int | None = None) -> Latents:
        """The same codes in another space of this generator, truncated on the way. Labels stay with the codes."""

    @abstractmethod
    def draw(
        self, latents: Latents, truncation: float, cutoff: int | None, noise: str | int
    ) -> Float[Tensor, "n c h w"]:
        """What `synthesize` gives, for codes and options that it has checked."""

    def cut(self, latents: Latents, truncation: float, cutoff: int | None, noise: str | int) -> list[Stage]:
        """`draw`, cut wherever a part of the code enters; a family that can, cuts."""
        given = (latents.space, latents.values, latents.labels, truncation, cutoff, noise)
        return [Stage(given, lambda _: self.draw(latents, truncation, cutoff, noise))]

    @abstractmethod
    def entry_weights(self, space: str) -> dict[str, Float[Tensor, "out d"]]:
        """The first affine maps that codes of a space meet, by layer name (SeFa's A, one row per output)."""

    @property
    @abstractmethod
    def layer_names(self) -> tuple[str, ...]:
        """Submodules whose activations are worth reading, from the code to the image."""

    @property
    def input_space(self) -> LatentSpace:
        """The space in which codes are sampled."""
        return next(iter(self.spaces.values()))

    @property
    def device(self) -> torch.device:
        return next(self.parameters()).device

    @property
    def dtype(self) -> torch.dtype:
        """The type of the weights: codes are sampled and pictures drawn in it."""
        return next(self.parameters()).dtype

    def with_options(
        self, truncation: float = 1.0, cutoff: int | None = None, noise: str | int = "const"
    ) -> "Generator":
        """The same network, sharing its weights, that draws with these options wherever none are named.

        Whoever is handed it (a walk, a scorer, a sheet) sees the pictures that these options give. Codes and the ways
        between spaces are as before. Raises ValueError for options that this family has not.
        """
        self.check_options(truncation, cutoff, noise)
        view = copy.copy(self)
        view.drawing = Drawing(truncation, cutoff, noise)
        return view

    def freeze(self) -> "Generator":
        """Evaluation mode for good, no gradient for any weight, and the fingerprint of the weights as they are now."""
        self.requires_grad_(False)
        self.train(False)
        self.fingerprint = fingerprint(self.state_dict())
        return self

    def train(self, mode: bool = True) -> "Generator":  # a fixed generator has no training mode
        return super().train(False)

    def sample(self, seeds: Iterable[SupportsIndex], labels: int | Iterable[int] | Tensor | None = None) -> Latents:
        """Standard normal codes, one per seed: a code depends on its seed alone.

        seeds: integers in [0, 2**63). labels: for conditional families one class number for all codes, one for each,
        or class vectors [n, classes]. Returns Latents [n, *input space] on the generator's device.
        Raises ValueError for anything else, and when there are none.
        """
        space, chosen = self.input_space, [check_seed(seed) for seed in seeds]
        if not chosen:
            raise ValueError("expected at least one seed, got none")
        rows = [torch.randn(space.shape, generator=torch.Generator().manual_seed(seed)) for seed in chosen]
        if isinstance(labels, int):
            labels = [labels] * len(chosen)
        if labels is not None and not isinstance(labels, Tensor):
            labels = torch.tensor(list(labels))
        latents = Latents(torch.stack(rows), space.name, labels, torch.tensor(chosen)).to(self.device, self.dtype)
        return latents if labels is None else self.check(latents)

    def check(self, latents: Latents) -> Latents:
        """The codes, once their space, shape and labels are ones this generator has. Raises ValueError."""
        space = self.spaces.get(latents.space)
        if space is None:
            raise ValueError(f"this generator has the spaces {list(self.spaces)}, got codes of {latents.space!r}")
        if tuple(latents.values.shape[1:]) != space.shape:
            raise ValueError(
                f"a {space.name} code of this generator has the shape {list(space.shape)}, "
                f"got {list(latents.values.shape[1:])}"
            )
        if latents.labels is not None:
            self._check_labels(latents.labels)
        elif self.classes and space.name not in self.label_free:
            raise ValueError(
                f"this generator draws one of {self.classes} classes, got {space.name} codes without labels: "
                "give them class numbers with Latents(values, space, labels)"
            )
        return latents

    def _check_labels(self, labels: Tensor) -> None:
        if not self.classes:
            raise ValueError("this generator has no classes, got codes with labels: expected codes without them")
        if labels.ndim == 1:
            if labels.is_floating_point() or labels.dtype == torch.bool:
                raise ValueError(f"class numbers are integers, got {labels.dtype}: use labels.long()")
            if len(labels) and not 0 <= int(labels.min()) <= int(labels.max()) < self.classes:
                raise ValueError(f"class numbers go from 0 to {self.classes - 1}, got {labels.tolist()[:8]}")
        elif tuple(labels.shape[1:]) != (self.classes,):
            raise ValueError(
                f"labels are class numbers [n] or class vectors [n, {self.classes}], got {list(labels.shape)}"
            )

    def class_vectors(self, latents: Latents) -> Float[Tensor, "n classes"]:
        """The labels as class vectors, one-hot where they are numbers; [n, 0] without classes. Raises ValueError."""
        labels = self.check(latents).labels
        if labels is None:
            return latents.values.new_zeros(len(latents), 0)
        if labels.ndim == 1:
            labels = F.one_hot(labels.long(), self.classes)
        return labels.to(latents.values)

    def check_options(self, truncation: float = 1.0, cutoff: int | None = None, noise: str | int = "const") -> None:
        """Raises ValueError for an option that has no meaning for this family, or a value that has none at all."""
        given = {"truncation": truncation != 1, "cutoff": cutoff is not None, "noise": noise != "const"}
        for name, chosen in given.items():
            if chosen and name not in self.options:
                known = ", ".join(sorted(self.options)) or "none"
                raise ValueError(f"{name} means nothing for a {type(self).__name__}: leave it out (options: {known})")
        if not math.isfinite(truncation):
            raise ValueError(f"truncation is a finite number, 1 for none, got {truncation}")
        if cutoff is not None and (isinstance(cutoff, bool) or operator.index(cutoff) < 0):
            raise ValueError(f"cutoff is a number of layers from 0, or None for all, got {cutoff}")
        if noise not in ("const", "none"):
            if isinstance(noise, str | bool):
                raise ValueError(f"noise is 'const', 'none' or a seed, got {noise!r}")
            check_seed(noise)

    def synthesize(
        self,
        latents: Latents,
        truncation: float | None = None,
        cutoff: int | None = None,
        noise: str | int | None = None,
    ) -> Float[Tensor, "n c h w"]:
        """Images NCHW RGB in [-1, 1], of the weights' type: a pure, differentiable function of the codes.

        truncation, cutoff, noise: see the class; those of `drawing` where they are None.
        Raises ValueError for codes or options that this family has not.
        """
        return self.draw(latents, *self._options(latents, truncation, cutoff, noise))

    def stages(
        self,
        latents: Latents,
        truncation: float | None = None,
        cutoff: int | None = None,
        noise: str | int | None = None,
    ) -> list[Stage]:
        """What `synthesize` does, in stages that a `Renderer` can begin at. Arguments and errors as there."""
        return self.cut(latents, *self._options(latents, truncation, cutoff, noise))

    def _options(
        self, latents: Latents, truncation: float | None, cutoff: int | None, noise: str | int | None
    ) -> tuple[float, int | None, str | int]:
        given = {"truncation": truncation, "cutoff": cutoff, "noise": noise}
        chosen = replace(self.drawing, **{name: value for name, value in given.items() if value is not None})
        self.check(latents)
        self.check_options(*astuple(chosen))
        return chosen.truncation, chosen.cutoff, chosen.noise

    @torch.no_grad()  # not inference mode: who draws a picture may ask a scorer for its gradient afterwards
    def render(
        self,
        latents: Latents,
        batch: int | None = None,
        truncation: float | None = None,
        cutoff: int | None = None,
        noise: str | int | None = None,
    ) -> Float[Tensor, "n c h w"]:
        """Images of any number of codes, without gradients, on the generator's device.

        batch: codes drawn at once; by itself as many as `RENDER_PIXELS` allow, `RENDER_BATCH` at most.
        truncation, cutoff, noise, errors: as in `synthesize`.
        """
        self.check(latents)
        images, start = self.canvas(len(latents)), 0
        for part in self.batches(latents, batch):
            images[start : start + len(part)] = self.synthesize(part, truncation, cutoff, noise)
            start += len(part)
        return images

    def batches(self, latents: Latents, batch: int | None = None) -> Iterator[Latents]:
        """The codes as they are drawn: `batch` at once (see `render`), on the generator's device and of its type.

        They are copies: where numbers lie in memory changes the rounding of matrix products, and images depend on
        values alone.
        """
        _, height, width = self.image_shape
        size = max(1, min(RENDER_BATCH, RENDER_PIXELS // (height * width))) if batch is None else batch
        for part in latents.split(size):
            moved = part.to(self.device, self.dtype)
            yield moved.with_values(moved.values.clone(memory_format=torch.contiguous_format))

    def canvas(self, images: int) -> Float[Tensor, "n c h w"]:
        """Room for so many images, with nothing drawn yet."""
        return torch.empty(images, *self.image_shape, device=self.device, dtype=self.dtype)


def check_seed(seed: object) -> int:
    """The seed as an int. Raises ValueError when it is not an integer in [0, 2**63)."""
    try:
        number = operator.index(seed)  # pyright: ignore[reportArgumentType] - that is the question
    except TypeError:
        number = -1
    if not 0 <= number < 2**63:
        raise ValueError(f"a seed is an integer from 0 to 2**63 - 1, got {seed!r}")
    return number
