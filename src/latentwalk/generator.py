"""What every generator of every family can do: sample codes, map them between spaces, synthesize pictures of them."""

import copy
from abc import ABC, abstractmethod
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from typing import NamedTuple, SupportsIndex

import numpy as np
import torch
from jaxtyping import Float
from torch import Tensor, nn
from torch.nn import functional as F

from latentwalk.choices import UNSAID, Choices
from latentwalk.conditions import UNNAMED, Conditions
from latentwalk.latents import Latents, LatentSpace, in_turn
from latentwalk.options import NEUTRAL, RenderOptions
from latentwalk.seeds import read_seeds
from latentwalk.stages import Stage, run
from latentwalk.weights import fingerprint

RENDER_BATCH = 64
"""Codes rendered at once: enough to fill the processor, few enough that the activations of a batch fit in memory."""

RENDER_PIXELS = 64 * 64 * RENDER_BATCH
"""Pixels rendered at once when nobody says how many codes: activations grow with the picture."""


class Reading(NamedTuple):
    """How a checkpoint became a generator.

    format: its name in `checkpoints.formats.FORMATS`. ignored: tensors of the file that have no part in the picture, by
    its names. missing: tensors that it lacked, by ours; usual values stand in for them. part: the network taken, by its
    place in the file, "" for all of it. others: what else was there. assumed: what no such file says, in words.
    """

    format: str = ""
    ignored: tuple[str, ...] = ()
    missing: tuple[str, ...] = ()
    part: str = ""
    others: tuple[str, ...] = ()
    assumed: tuple[str, ...] = ()


class Generator(nn.Module, ABC):
    """A trained generator that stays fixed.

    A family fills in `spaces`, `image_shape`, `stages`, `entry_weights` and `layer_names`, and `map` where it has other
    spaces than z; everything else is shared. After `freeze` (every loader calls it) no weight asks for a gradient,
    while gradients still reach the codes.

    spaces: the latent spaces by name; the first one is where codes are sampled.
    image_shape: (channels, height, width) of one image.
    classes: how many classes the codes choose between with their labels; 0 for unconditional families.
    conditions: what these are called, and whether several hold at once.
    clamps: whether its activations are kept below a limit, so that float16 has room for them.
    label_free: spaces whose codes need no labels, because the class already is in the code.
    option_names: the fields of `RenderOptions` that mean something for the family; others only take neutral values.
    options: the options of its pictures, wherever none are given; see `with_options`.
    source: what it was loaded from, for receipts ("faces64" or a path).
    choices: what was said of its file, see there.
    reading: how its checkpoint was read.
    delta: the file of what was added to its weights (see `latentwalk.delta`), for receipts; "" for none.
    fingerprint: sixteen hex digits that tell this network from others, whatever file or device it came from or is on.
    """

    spaces: dict[str, LatentSpace]
    image_shape: tuple[int, int, int]
    classes: int = 0
    conditions: Conditions = UNNAMED
    option_names: frozenset[str] = frozenset({"truncation"})
    label_free: frozenset[str] = frozenset()
    clamps: bool = False
    options: RenderOptions = NEUTRAL
    source: str = ""
    choices: Choices = UNSAID
    delta: str = ""
    reading: Reading = Reading()
    fingerprint: str = ""

    @abstractmethod
    def stages(self, latents: Latents, options: RenderOptions) -> list[Stage]:
        """What `synthesize` does, cut wherever a part of the code enters, so that a `Renderer` can begin there.

        Codes and options come checked.
        """

    @abstractmethod
    def entry_weights(self, space: str) -> dict[str, Float[Tensor, "out d"]]:
        """The first affine maps that codes of a space meet, by layer name (SeFa's A, one row per output)."""

    @property
    @abstractmethod
    def layer_names(self) -> tuple[str, ...]:
        """Submodules whose activations are worth reading, from the code to the image."""

    def map(self, latents: Latents, to: str, options: RenderOptions = NEUTRAL) -> Latents:
        """The same codes in another space of this generator, truncated on the way. Labels stay with the codes.

        options: neutral by themselves, whatever the generator's own are: these act once, when a picture is made.
        Here, where z is the only space, truncation shortens the code: z * truncation.
        Raises ValueError for codes, spaces and options that this family has not.
        """
        latents = self.check(latents)
        self.check_options(options)
        self.check_space(to)
        return latents if options.truncation == 1 else latents.with_values(options.truncation * latents.values)

    @property
    def input_space(self) -> LatentSpace:
        """The space in which codes are sampled."""
        return next(iter(self.spaces.values()))

    @property
    def device(self) -> torch.device:
        return next(self.parameters()).device

    @property
    def dtype(self) -> torch.dtype:
        """The type of the weights: codes are sampled and pictures rendered in it."""
        return next(self.parameters()).dtype

    def with_options(
        self, truncation: float = 1.0, cutoff: int | None = None, noise: str | int = "const"
    ) -> "Generator":
        """The same network, sharing its weights, whose pictures have these options wherever none are given.

        Whoever is handed it (a walk, a scorer, a sheet) sees the pictures that these options give. Codes and the ways
        between spaces are as before. truncation, cutoff, noise, errors: see `RenderOptions`; also raises ValueError
        for options that this family has not.
        """
        view = copy.copy(self)
        view.options = RenderOptions(truncation, cutoff, noise)
        view.check_options(view.options)
        return view

    def freeze(self) -> "Generator":
        """Evaluation mode for good, no gradient for any weight, and the fingerprint of the weights as they are now."""
        self.requires_grad_(False)
        self.train(False)
        self.fingerprint = fingerprint(self.state_dict())
        return self

    def train(self, mode: bool = True) -> "Generator":  # a fixed generator has no training mode
        return super().train(False)

    def sample(
        self,
        seeds: int | Iterable[SupportsIndex],
        labels: int | str | Iterable[int] | Tensor | None = None,
        numpy: bool = False,
    ) -> Latents:
        """Standard normal codes, one per seed: a code depends on its seed alone.

        seeds: integers in [0, 2**63), or a number n for the seeds 0 to n - 1. labels: for conditional families one
        class number for all codes, one for each, class vectors [n, classes], or a text that `Conditions.read` takes,
        such as "glasses,hat", which codes get in turn. numpy: seeds below 2**32 of
        numpy.random.RandomState, which is what published seed numbers of the StyleGANs mean.
        Returns Latents [n, *input space] on the generator's device; see there for how it keeps seeds of numpy.
        Raises ValueError for anything else, and when there are none.
        """
        space, chosen = self.input_space, read_seeds(seeds, numpy)
        if isinstance(labels, int):
            labels = [labels] * len(chosen)
        elif isinstance(labels, str):
            labels = in_turn(self.conditions.read(labels, self.classes), len(chosen))
        if labels is not None and not isinstance(labels, Tensor):
            labels = torch.tensor(list(labels))
        values = normal_codes(chosen, space.shape)
        latents = Latents(values, space.name, labels, torch.tensor(chosen)).to(self.device, self.dtype)
        return latents if labels is None else self.check(latents)

    def check(self, latents: Latents | Tensor) -> Latents:
        """The codes, once their space, shape and labels are ones this generator has. Raises ValueError.

        A tensor [n, *input space] stands for codes of the space where codes are sampled.
        """
        if isinstance(latents, Tensor):
            latents = Latents(latents, self.input_space.name)
        if not isinstance(latents, Latents):
            shape = ", ".join(map(str, ("n", *self.input_space.shape)))
            raise ValueError(f"expected Latents or a tensor [{shape}], got {type(latents).__name__}")
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
                f"this generator has {self.classes} classes, got {space.name} codes without labels: "
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

    def check_space(self, name: str) -> None:
        """Raises ValueError for a space that this generator has not."""
        if name not in self.spaces:
            raise ValueError(f"this {type(self).__name__} has the spaces {', '.join(self.spaces)}, got {name!r}")

    def check_options(self, options: RenderOptions) -> None:
        """Raises ValueError for an option that has no meaning for this family."""
        for name in options.chosen:
            if name not in self.option_names:
                known = ", ".join(sorted(self.option_names)) or "none"
                raise ValueError(f"{name} means nothing for a {type(self).__name__}: leave it out (options: {known})")

    def checked(self, latents: Latents | Tensor, options: RenderOptions | None = None) -> tuple[Latents, RenderOptions]:
        """What `stages` takes. options: the generator's own if None. Raises ValueError as `synthesize` does."""
        options = self.options if options is None else options
        self.check_options(options)
        return self.check(latents), options

    def synthesize(self, latents: Latents | Tensor, options: RenderOptions | None = None) -> Float[Tensor, "n c h w"]:
        """Images NCHW RGB in [-1, 1], of the weights' type: a pure, differentiable function of the codes.

        latents: codes, or a tensor of them, see `check`. options: the generator's own if None.
        Raises ValueError for codes or options that this family has not.
        """
        return run(self.stages(*self.checked(latents, options)))

    @torch.no_grad()  # not inference mode: who renders a picture may ask a scorer for its gradient afterwards
    def render(
        self, latents: Latents | Tensor, options: RenderOptions | None = None, batch: int | None = None
    ) -> Float[Tensor, "n c h w"]:
        """Images of any number of codes, without gradients, on the generator's device.

        batch: codes rendered at once; by itself as many as `RENDER_PIXELS` allow, `RENDER_BATCH` at most.
        latents, options, errors: as in `synthesize`.
        """
        latents = self.check(latents)
        images, start = self.canvas(len(latents)), 0
        for part in self.batches(latents, batch):
            images[start : start + len(part)] = self.synthesize(part, options)
            start += len(part)
        return images

    def batches(self, latents: Latents, batch: int | None = None) -> Iterator[Latents]:
        """The codes as they are rendered: `batch` at once (see `render`), on the generator's device and of its type.

        They are copies: where numbers lie in memory changes the rounding of matrix products, and images depend on
        values alone.
        """
        _, height, width = self.image_shape
        size = max(1, min(RENDER_BATCH, RENDER_PIXELS // (height * width))) if batch is None else batch
        for part in latents.split(size):
            moved = part.to(self.device, self.dtype)
            yield replace(moved, values=moved.values.clone(memory_format=torch.contiguous_format))

    def canvas(self, images: int) -> Float[Tensor, "n c h w"]:
        """Room for so many images, with nothing on it yet."""
        return torch.empty(images, *self.image_shape, device=self.device, dtype=self.dtype)

    def __repr__(self) -> str:
        channels, height, width = self.image_shape
        spaces = ", ".join(f"{space.name} {list(space.shape)}" for space in self.spaces.values())
        return (
            f"{type(self).__name__} of {height} x {width} px in {channels} channels, from {self.source or 'memory'}\n"
            f"spaces {spaces}; {self.classes or 'no'} classes\n"
            f"fingerprint {self.fingerprint or 'none before freeze()'}"
        )


def normal_codes(seeds: Sequence[int], shape: tuple[int, ...]) -> Float[Tensor, "n ..."]:
    """Standard normal numbers of each seed, float32; below 0 it is ~s, the seed s of numpy.random.RandomState."""
    return torch.stack(
        [
            torch.randn(shape, generator=torch.Generator().manual_seed(seed))
            if seed >= 0
            else torch.from_numpy(np.random.RandomState(~seed).randn(*shape)).float()
            for seed in seeds
        ]
    )
