"""Attribute classifiers: small image networks that give one calibrated logit per attribute."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch
from jaxtyping import Float
from safetensors import SafetensorError, safe_open
from torch import Tensor, nn

from latentwalk.files import write_tensors
from latentwalk.weights import check_finite, fingerprint


class Residual(nn.Module):
    """Two 3x3 convolutions around a shortcut (ResNet, He et al., 2015, figure 2)."""

    def __init__(self, inside: int, outside: int, stride: int) -> None:
        super().__init__()
        self.first = nn.Conv2d(inside, outside, 3, stride, 1, bias=False)
        self.norm1 = nn.BatchNorm2d(outside)
        self.second = nn.Conv2d(outside, outside, 3, 1, 1, bias=False)
        self.norm2 = nn.BatchNorm2d(outside)
        same = stride == 1 and inside == outside
        self.shortcut = (
            nn.Identity()
            if same
            else nn.Sequential(nn.Conv2d(inside, outside, 1, stride, bias=False), nn.BatchNorm2d(outside))
        )

    def forward(self, x: Tensor) -> Tensor:
        out = self.norm2(self.second(self.norm1(self.first(x)).relu()))
        return (out + self.shortcut(x)).relu()


def resnet18(width: int, outputs: int, channels: int = 3) -> nn.Sequential:
    """ResNet-18's four stages of two blocks for 64x64 pictures: `width` channels first (64 in the paper)."""
    layers: list[nn.Module] = [
        nn.Conv2d(channels, width, 3, 2, 1, bias=False),
        nn.BatchNorm2d(width),
        nn.ReLU(),
    ]
    inside = width
    for stage in range(4):
        outside = width * 2**stage
        layers += [Residual(inside, outside, 1 if stage == 0 else 2), Residual(outside, outside, 1)]
        inside = outside
    return nn.Sequential(*layers, nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(inside, outputs))


def plain_cnn(width: int, outputs: int, channels: int = 3) -> nn.Sequential:
    """No shortcuts, group norm, smooth activations, 5x5 first: as unlike `resnet18` as a small network can be.

    Raises ValueError for a width that is no multiple of 8, the number of groups.
    """
    if width < 1 or width % 8:
        raise ValueError(f"the width of a plain network is a multiple of 8, got {width}")
    layers: list[nn.Module] = []
    inside = channels
    for stage, kernel in enumerate((5, 3, 3, 3)):
        outside = width * 2**stage
        layers += [nn.Conv2d(inside, outside, kernel, 1, kernel // 2), nn.GroupNorm(8, outside), nn.GELU()]
        layers += [nn.AvgPool2d(2)]
        inside = outside
    layers += [nn.Conv2d(inside, inside, 3, 1, 1), nn.GroupNorm(8, inside), nn.GELU()]
    flat = nn.Sequential(nn.AdaptiveAvgPool2d(4), nn.Flatten())  # other sizes than 64x64 become 4x4 here too
    return nn.Sequential(*layers, flat, nn.Dropout(0.2), nn.Linear(inside * 16, outputs))


class Smooth(nn.Module):
    """A residual block without a sharp edge: smooth activations, and what is halved is averaged (Zhang, 2019)."""

    def __init__(self, inside: int, outside: int, halve: bool) -> None:
        super().__init__()
        self.inner = nn.Sequential(
            nn.GroupNorm(8, inside),
            nn.SiLU(),
            nn.Conv2d(inside, outside, 3, 1, 1, bias=False),
            nn.GroupNorm(8, outside),
            nn.SiLU(),
            nn.Conv2d(outside, outside, 3, 1, 1, bias=False),
        )
        self.outer = nn.Conv2d(inside, outside, 1, bias=False) if inside != outside else nn.Identity()
        self.pool = nn.AvgPool2d(2, ceil_mode=True) if halve else nn.Identity()

    def forward(self, x: Tensor) -> Tensor:
        return self.pool(self.inner(x) + self.outer(x))


def smooth_cnn(width: int, outputs: int, channels: int = 3) -> nn.Sequential:
    """Shortcuts, but norms of single pictures before every convolution, smooth activations and averages for strides: it
    sees details that `resnet18` steps over, and cannot be told anything by where its strides fall.

    Raises ValueError for a width that is no multiple of 8, the number of groups.
    """
    if width < 1 or width % 8:
        raise ValueError(f"the width of a smooth network is a multiple of 8, got {width}")
    layers: list[nn.Module] = [nn.Conv2d(channels, width, 5, 1, 2), nn.AvgPool2d(2, ceil_mode=True)]
    for inside, outside in ((width, width), (width, 2 * width), (2 * width, 4 * width), (4 * width, 8 * width)):
        layers += [Smooth(inside, outside, halve=True)]
    return nn.Sequential(*layers, nn.SiLU(), nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(width * 8, outputs))


ARCHITECTURES = {"resnet18": resnet18, "plain": plain_cnn, "smooth": smooth_cnn}

KIND = "latentwalk.classifier"
"""What a file says it is."""


class Classifier(nn.Module):
    """A scorer with weights of its own: images [n, c, 64, 64] in [-1, 1] -> logits [n, a].

    attributes: names of the columns.
    temperature: [a], the logits are divided by it so that sigmoid(logit) is a probability (Guo et al., 2017).
    card: how it was trained and how good it is, as plain data.
    """

    temperature: Tensor

    def __init__(
        self,
        attributes: tuple[str, ...],
        architecture: str = "resnet18",
        width: int = 24,
        channels: int = 3,
        card: Mapping[str, Any] | None = None,
    ) -> None:
        super().__init__()
        if architecture not in ARCHITECTURES:
            raise ValueError(f"no architecture {architecture!r}: there are {', '.join(ARCHITECTURES)}")
        self.attributes = attributes
        self.architecture, self.width, self.channels = architecture, width, channels
        self.card: dict[str, Any] = dict(card or {})
        self.network = ARCHITECTURES[architecture](width, len(attributes), channels)
        self.register_buffer("temperature", torch.ones(len(attributes)))
        self.source = ""

    @staticmethod
    def fresh(attributes: tuple[str, ...], architecture: str, width: int, channels: int, seed: int) -> "Classifier":
        """An untrained classifier whose first weights depend on the seed alone; the caller's random state stays."""
        with torch.random.fork_rng():
            torch.manual_seed(seed)
            scorer = Classifier(attributes, architecture, width, channels)
        return scorer.to(memory_format=torch.channels_last)

    def forward(self, images: Float[Tensor, "n c h w"], /) -> Float[Tensor, "n a"]:
        if images.shape[1] != self.channels:
            raise ValueError(f"this scorer looks at {self.channels} channels, got images {list(images.shape)}")
        return self.network(images.contiguous(memory_format=torch.channels_last)) / self.temperature

    def freeze(self) -> "Classifier":
        """Evaluation mode, no gradient for the weights, and the layout in which convolutions are fast."""
        self.eval().requires_grad_(False)
        return self.to(memory_format=torch.channels_last)

    @property
    def fingerprint(self) -> str:
        return fingerprint(self.state_dict())

    @property
    def layer_names(self) -> tuple[str, ...]:
        """Submodules where a stage of the network ends, from the picture to the answer; each gives [n, c, h, w]."""
        before = next(i for i, layer in enumerate(self.network) if isinstance(layer, nn.Linear | nn.Dropout))
        kinds = {"resnet18": Residual, "plain": nn.AvgPool2d, "smooth": Smooth}
        ends = [i for i, layer in enumerate(self.network[:before]) if isinstance(layer, kinds[self.architecture])]
        if self.architecture == "resnet18":
            ends = ends[1::2]  # two blocks a stage
        elif self.architecture == "plain":
            ends.append(before - 2)  # the last stage has no pooling of its own
        return tuple(f"network.{i}" for i in ends)

    def save(self, path: str | Path) -> None:
        """One safetensors file; weights as float16, which halves it and moves no logit by more than a few 1e-3."""
        tensors = {
            name: tensor.half() if tensor.is_floating_point() and tensor.ndim > 1 else tensor
            for name, tensor in self.state_dict().items()
        }
        description = {
            "attributes": self.attributes,
            "architecture": self.architecture,
            "width": self.width,
            "channels": self.channels,
        }
        metadata = {
            "kind": KIND,
            "description": json.dumps(description),
            "card": json.dumps(self.card),
        }
        write_tensors(path, tensors, metadata)

    @staticmethod
    def load(path: str | Path) -> "Classifier":
        """Read a file written by `save`, frozen. Raises ValueError on any other file."""
        try:
            with safe_open(str(path), framework="pt") as file:
                metadata = file.metadata() or {}
                tensors = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118 - not iterable
        except (OSError, SafetensorError) as error:
            raise ValueError(f"{path} is not a readable scorer: {error}") from error
        if metadata.get("kind") != KIND:
            raise ValueError(f"{path} is no scorer: expected a file that `latentwalk train scorer` wrote")
        check_finite(tensors, path)
        try:
            scorer = _described(metadata)
            wide = {name: tensor.float() if tensor.is_floating_point() else tensor for name, tensor in tensors.items()}
            scorer.load_state_dict(wide, assign=True)
        except (KeyError, TypeError, ValueError, RuntimeError) as error:
            raise ValueError(f"{path} is not a readable scorer, its parts do not fit: {error}") from error
        scorer.source = str(path)
        return scorer.freeze()


def _described(metadata: Mapping[str, str]) -> Classifier:
    """The network that a file speaks of, without values: a wrong size costs no memory and is seen when they come."""
    description = json.loads(metadata["description"])
    with torch.device("meta"):
        return Classifier(
            tuple(description["attributes"]),
            description["architecture"],
            description["width"],
            description["channels"],
            json.loads(metadata["card"]),
        )
