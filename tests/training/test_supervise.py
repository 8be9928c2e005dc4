"""Pictures as bytes, batches by seed, and mirrored labels."""

import torch
from torch import nn

from latentwalk.training.augment import Augmentation
from latentwalk.training.supervise import from_bytes, supervision, to_bytes

STILL = Augmentation(0, 0, 0, 0, 0, 0, mirror=False)


class Recorder(nn.Module):
    """Keeps the images it is shown."""

    def __init__(self, outputs: int = 1) -> None:
        super().__init__()
        self.scale = nn.Parameter(torch.zeros(outputs))
        self.seen: list[torch.Tensor] = []

    def forward(self, images: torch.Tensor) -> torch.Tensor:
        self.seen.append(images.detach())
        return images.mean((1, 2, 3))[:, None] + self.scale


def test_bytes_there_and_back():
    every = torch.arange(256, dtype=torch.uint8).view(1, 1, 16, 16)
    assert from_bytes(every).min() == -1 and from_bytes(every).max() == 1
    assert torch.equal(to_bytes(from_bytes(every)), every)
    assert to_bytes(torch.full((1, 1, 2, 2), 1.7)).max() == 255


def test_an_epoch_shows_every_picture_once_and_the_next_in_another_order():
    pictures = (torch.arange(24, dtype=torch.uint8) * 10).view(24, 1, 1, 1).expand(24, 3, 4, 4)
    targets = torch.zeros(24, 1)
    loss = supervision(pictures.__getitem__, targets, ["a"], batch=8, augmentation=STILL, seed=1)
    net = Recorder()
    for step in range(6):
        loss(net, step)
    order = [to_bytes(images)[:, 0, 0, 0] // 10 for images in net.seen]
    first, second = torch.cat(order[:3]).tolist(), torch.cat(order[3:]).tolist()
    assert sorted(first) == sorted(second) == list(range(24)) and first != second
    loss(net, 4)
    torch.testing.assert_close(net.seen[-1], net.seen[4])


def test_left_and_right_change_places_in_mirrored_pictures():
    targets = torch.tensor([[1.0, 0.0]]).repeat(64, 1)
    pictures = torch.zeros(64, 3, 4, 4, dtype=torch.uint8)
    pictures[:, :, :, :2] = 255
    flip = Augmentation(0, 0, 0, 0, 0, 0, mirror=True)

    class Side(Recorder):
        """Logit: how much brighter the left, the right."""

        def forward(self, images: torch.Tensor) -> torch.Tensor:
            left = 20 * (images[..., :2].mean((1, 2, 3)) - images[..., 2:].mean((1, 2, 3)))
            return torch.stack([left, -left], 1) + self.scale

    loss = supervision(pictures.__getitem__, targets, ["to_left", "to_right"], 64, flip)
    assert loss(Side(2), 0) < 1e-3
