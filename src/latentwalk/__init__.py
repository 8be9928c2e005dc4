"""Control over a generator that is already trained and stays fixed."""

from latentwalk.directions import Direction, Directions
from latentwalk.edits import Across, Place, Shift, compose
from latentwalk.generator import Generator
from latentwalk.jobs.discover import fit_boundaries, fit_boundary
from latentwalk.jobs.edit import Edited, edit, edit_batches
from latentwalk.jobs.load import load, load_scorer
from latentwalk.jobs.replay import replay
from latentwalk.jobs.train import train_celeba, train_scorer
from latentwalk.latents import Latents, LatentSpace
from latentwalk.receipts import Receipt
from latentwalk.samples import Samples
from latentwalk.scores import Scorer, score
from latentwalk.version import VERSION as __version__
from latentwalk.walk import Goal
from latentwalk.walks.along import Along
from latentwalk.walks.ascend import Ascent
from latentwalk.walks.interpolate import interpolate, through

__all__ = [
    "Across",
    "Along",
    "Ascent",
    "Direction",
    "Directions",
    "Edited",
    "Generator",
    "Goal",
    "LatentSpace",
    "Latents",
    "Place",
    "Receipt",
    "Samples",
    "Scorer",
    "Shift",
    "__version__",
    "compose",
    "edit",
    "edit_batches",
    "fit_boundaries",
    "fit_boundary",
    "interpolate",
    "load",
    "load_scorer",
    "replay",
    "score",
    "through",
    "train_celeba",
    "train_scorer",
]
