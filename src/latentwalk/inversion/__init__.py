"""Inverters: ways to find the code of a picture. A new one is a file here and a line in `INVERTERS`."""

from latentwalk.inversion.encoder import Encoder
from latentwalk.inversion.image2stylegan import Image2StyleGAN
from latentwalk.inversion.optimize import Optimize
from latentwalk.inversion.ridge import Ridge
from latentwalk.inversion.trained import Trained
from latentwalk.inverter import Inverter

INVERTERS: dict[str, type[Inverter]] = {
    "optimize": Optimize,
    "ridge": Ridge,
    "encoder": Encoder,
    "image2stylegan": Image2StyleGAN,
    "trained": Trained,
}
"""Inverters by name."""
