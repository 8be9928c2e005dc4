"""Sheets of several pictures: not too large, and with a receipt of the code that they are about."""

from jaxtyping import Float
from torch import Tensor
from torch.nn import functional as F

from latentwalk.receipts import Receipt
from latentwalk.studio.recipe import taken
from latentwalk.studio.session import Session
from latentwalk.studio.state import State

PIXELS = 2**24
"""Of a sheet, about: large pictures are drawn smaller."""


def fitted(image: Float[Tensor, "c h w"], count: int) -> Float[Tensor, "c y x"]:
    """The picture, as large as a sheet of so many allows."""
    _, height, width = image.shape
    share = (PIXELS / (count * height * width)) ** 0.5
    if share >= 1:
        return image
    size = max(1, int(share * height)), max(1, int(share * width))
    return F.interpolate(image[None].float(), size, mode="area")[0]


def receipt_of(session: Session, state: State) -> Receipt:
    """What a sheet tells: the code that it is about, and nothing of the sheet, which `replay` cannot make again."""
    return taken(session, state)[1].model_copy(update={"picture": None})
