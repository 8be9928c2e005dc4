"""SFace (Zhong et al., 2021) as a differentiable function of images: whose face it is, for a loss.

What was optimised for likeness is not to be judged by it: then `identity.Identity` says nothing any more.
"""

from collections.abc import Callable
from typing import Any

import numpy as np
import torch
from jaxtyping import Float
from torch import Tensor, nn
from torch.nn import functional as F

from latentwalk.framing.identity import SFACE, SFACE_SHA256
from latentwalk.framing.landmarks import EXTRA, PACKAGE
from latentwalk.numerics.similarity import fit_similarity, inverse
from latentwalk.packaged import packaged_bytes
from latentwalk.safeload.onnx import Node, read_onnx

SIDE = 112
"""Pixels of a side of the faces that the network takes."""

PLACES = np.array([[38.2946, 51.6963], [73.5318, 51.5014], [56.0252, 71.7366], [41.5493, 92.3655], [70.7299, 92.2041]])
"""Where those faces have their landmarks."""


class SFace(nn.Module):
    """Images [n, 3, h, w] in [-1, 1], all with their landmarks at one place, -> embeddings [n, 128] of norm 1.

    landmarks: [5, 2] in pixels of the images, such as those of a template.
    Raises ValueError when the extra `photos` is not installed.
    """

    def __init__(self, landmarks: Float[np.ndarray, "5 2"]) -> None:
        super().__init__()
        nodes, tensors = read_onnx(packaged_bytes(PACKAGE, SFACE, SFACE_SHA256, EXTRA))
        known = {name: torch.from_numpy(value.copy()) for name, value in tensors.items()}
        # What depends on weights alone is worked out once.
        for node in nodes:
            if node.inputs and all(name in known for name in node.inputs):
                known[node.outputs[0]] = _run(node, known)
        # A constant is but the rate of a dropout, which does nothing here.
        self.nodes = [node for node in nodes if node.outputs[0] not in known and node.operator != "Constant"]
        self.names = {name for node in self.nodes for name in node.inputs if name in known}
        for name in self.names:
            self.register_buffer(_buffer(name), known[name])
        self.landmarks = landmarks

    def forward(self, images: Float[Tensor, "n 3 h w"]) -> Float[Tensor, "n 128"]:
        """The embeddings."""
        known = {name: getattr(self, _buffer(name)) for name in self.names}
        known["data"] = (self.faces(images) + 1) * 127.5
        for node in self.nodes:
            known[node.outputs[0]] = _run(node, known)
        return F.normalize(known[self.nodes[-1].outputs[0]].flatten(1), dim=1)

    def faces(self, images: Float[Tensor, "n 3 h w"]) -> Float[Tensor, "n 3 112 112"]:
        """The faces as the network takes them, interpolated between pixels."""
        height, width = images.shape[2:]
        back = inverse(fit_similarity(self.landmarks, PLACES))
        # From [-1, 1] across the face to [-1, 1] across the image, which is how torch counts.
        half = SIDE / 2
        turn = back[:, :2] * half
        shift = back[:, :2] @ np.array([half, half]) + back[:, 2]
        size = np.array([width / 2, height / 2])
        theta = np.column_stack([turn / size[:, None], shift / size - 1])
        matrix = torch.from_numpy(theta).to(torch.float32).to(images.device, images.dtype).expand(len(images), -1, -1)
        grid = F.affine_grid(matrix, [len(images), 3, SIDE, SIDE], align_corners=False)
        return F.grid_sample(images, grid, mode="bilinear", padding_mode="border", align_corners=False)


def _buffer(name: str) -> str:
    return name.replace(".", "_")


def _run(node: Node, known: dict[str, Tensor]) -> Tensor:
    """What an operator gives. Raises ValueError for one that this network has not."""
    if node.operator not in OPERATORS:
        raise ValueError(f"the network has an operator {node.operator}, which is not known here")
    return OPERATORS[node.operator](node.settings, *(known.get(name) for name in node.inputs))


def _dequantize(settings: dict[str, Any], x: Tensor, scale: Tensor, zero: Tensor) -> Tensor:
    """Numbers of 8 bits, each block along an axis with a scale of its own."""
    axis, block = settings.get("axis", 1), settings["block_size"]
    spread = [part.repeat_interleave(block, axis).narrow(axis, 0, x.shape[axis]) for part in (scale, zero.to(scale))]
    return (x.to(scale) - spread[1]) * spread[0]


def _convolve(settings: dict[str, Any], x: Tensor, weight: Tensor, bias: Tensor | None = None) -> Tensor:
    pads = settings.get("pads", [0, 0, 0, 0])
    x = F.pad(x, [pads[1], pads[3], pads[0], pads[2]])
    return F.conv2d(x, weight, bias, settings.get("strides", 1), 0, settings.get("dilations", 1), settings["group"])


def _norm(settings: dict[str, Any], x: Tensor, weight: Tensor, bias: Tensor, mean: Tensor, variance: Tensor) -> Tensor:
    return F.batch_norm(x, mean, variance, weight, bias, eps=float(settings["epsilon"]))


def _affine(settings: dict[str, Any], x: Tensor, weight: Tensor, bias: Tensor) -> Tensor:
    return F.linear(x, weight if settings.get("transB", 0) else weight.T, bias)


OPERATORS: dict[str, Callable[..., Tensor]] = {
    "BatchNormalization": _norm,
    "Conv": _convolve,
    "DequantizeLinear": _dequantize,
    "Dropout": lambda _settings, x, *_others: x,
    "Flatten": lambda _settings, x: x.flatten(1),
    "Gemm": _affine,
    "Mul": lambda _settings, x, y: x * y,
    "PRelu": lambda _settings, x, slope: torch.where(x >= 0, x, slope * x),
    "Reshape": lambda _settings, x, shape: x.reshape(shape.tolist()),
    "Sub": lambda _settings, x, y: x - y,
}
"""Those of the network, as ONNX defines them."""
