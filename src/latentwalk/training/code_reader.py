"""An encoder that reads codes from pictures: what is known of drawings can then be compared with what directions say.

Nobody knows the code of a drawing, and nobody knows the true factors of a sample. DisCo (Ren et al., 2021, section 4.1)
closes the gap with an encoder that learns from the generator's pictures what its directions do, and is then asked about
pictures whose factors are known exactly. There the encoder learns together with the directions, by contrast. Here
directions are given, so it learns to say the coordinates of a picture along them, by least squares. The best guess of
a coordinate v.w is v times the best guess of w, whatever v is: one encoder of codes serves all directions of a space.
"""

from dataclasses import dataclass

import torch
from jaxtyping import Float, UInt8
from torch import Tensor, nn
from torch.nn import functional as F

from latentwalk.progress import Progress, silent
from latentwalk.scorers.classifier import plain_cnn
from latentwalk.seeds import check_seed
from latentwalk.training.loop import train
from latentwalk.training.one_cycle import OneCycle, Schedule
from latentwalk.training.supervise import from_bytes

BATCH = 50
"""Pictures that are read at once."""


@dataclass(frozen=True)
class CodeRecipe:
    """Settings of the encoder.

    side: pixels of what it sees; larger pictures are averaged. width: channels of its first layer, a multiple of 8.
    noise: standard deviation of what is added to the pictures it learns from, which drawings and samples differ by.
    """

    epochs: int = 6
    batch: int = 32
    side: int = 32
    width: int = 16
    rate: float = 4e-3
    noise: float = 0.1
    seed: int = 0

    def __post_init__(self) -> None:
        if min(self.epochs, self.batch, self.side) < 1:
            raise ValueError(f"epochs, batch and side are 1 or more, got {self.epochs}, {self.batch} and {self.side}")
        check_seed(self.seed)


class CodeReader(nn.Module):
    """Pictures that are bytes [n, c, h, w] -> codes [n, d].

    middle, spread: [d], mean and standard deviation of the codes that were learned from.
    """

    middle: Tensor
    spread: Tensor

    def __init__(self, size: int, channels: int, recipe: CodeRecipe) -> None:
        super().__init__()
        self.side = recipe.side
        self.network = plain_cnn(recipe.width, size, channels)
        self.register_buffer("middle", torch.zeros(size))
        self.register_buffer("spread", torch.ones(size))

    def seen(self, pictures: UInt8[Tensor, "n c h w"]) -> Float[Tensor, "n c s s"]:
        """What the network looks at."""
        images = from_bytes(pictures.to(self.middle.device))
        small = F.adaptive_avg_pool2d(images, self.side) if min(images.shape[2:]) > self.side else images
        return small.contiguous(memory_format=torch.channels_last)

    @torch.no_grad()
    def read(self, pictures: UInt8[Tensor, "n c h w"]) -> Float[Tensor, "n d"]:
        """The codes, on the CPU."""
        parts = [self.network(self.seen(part)) * self.spread + self.middle for part in pictures.split(BATCH)]
        return torch.cat(parts).cpu()


def learn_codes(
    pictures: UInt8[Tensor, "n c h w"],
    codes: Float[Tensor, "n d"],
    recipe: CodeRecipe | None = None,
    progress: Progress = silent,
    device: torch.device | str = "cpu",
) -> CodeReader:
    """Pictures of codes -> what reads the code of a picture. It depends on its arguments alone.

    Raises ValueError for rows that do not match, and for fewer pictures than a batch.
    """
    recipe = recipe or CodeRecipe()
    if len(pictures) != len(codes) or len(codes) < recipe.batch:
        raise ValueError(
            f"expected a code per picture, {recipe.batch} or more, got {len(pictures)} pictures and {len(codes)} codes"
        )
    with torch.random.fork_rng():
        torch.manual_seed(recipe.seed)
        reader = CodeReader(codes.shape[1], pictures.shape[1], recipe).to(memory_format=torch.channels_last)
    reader.middle.copy_(codes.mean(0))
    reader.spread.copy_(codes.std(0).clamp(min=1e-6 * float(codes.std())))
    targets, per_epoch = (codes.cpu() - reader.middle) / reader.spread, len(codes) // recipe.batch

    def loss(network: nn.Module, step: int) -> Tensor:
        epoch, place = divmod(step, per_epoch)
        order = torch.randperm(len(codes), generator=torch.Generator().manual_seed(recipe.seed * 1000 + epoch))
        rows = order[place * recipe.batch : (place + 1) * recipe.batch]
        images = reader.seen(pictures[rows])
        said = network(images + recipe.noise * torch.randn_like(images))
        return F.mse_loss(said, targets[rows].to(said))

    reader.to(device)
    learner = OneCycle(reader.network, loss, Schedule(recipe.epochs * per_epoch, recipe.rate), device)
    train(learner, recipe.epochs * per_epoch, recipe.seed, progress=progress)
    return reader.eval().requires_grad_(False)
