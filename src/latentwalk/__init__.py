"""Control over a generator that is already trained and stays fixed."""

from importlib import import_module
from typing import TYPE_CHECKING, Any

from latentwalk.version import VERSION as __version__

if TYPE_CHECKING:
    from latentwalk.direction import Direction, Directions, Effect
    from latentwalk.edits import Across, Place, Shift, compose
    from latentwalk.evaluation import Evaluation
    from latentwalk.generator import Generator
    from latentwalk.generators.wrapped import wrap
    from latentwalk.jobs.convert import convert
    from latentwalk.jobs.directions import read_directions
    from latentwalk.jobs.discover import discover, fit_boundary
    from latentwalk.jobs.edit import Edited, edit, edit_batches
    from latentwalk.jobs.evaluate import evaluate
    from latentwalk.jobs.inspect import inspect
    from latentwalk.jobs.load import load, load_scorer
    from latentwalk.jobs.replay import replay
    from latentwalk.jobs.report import save_report
    from latentwalk.jobs.train import train_celeba, train_scorer
    from latentwalk.latents import Latents, LatentSpace
    from latentwalk.methods.contrast import contrasted
    from latentwalk.receipts import Receipt
    from latentwalk.renderer import Renderer
    from latentwalk.samples import Samples
    from latentwalk.scores import Scorer, score
    from latentwalk.walk import Goal
    from latentwalk.walks.boundary import BoundaryWalk
    from latentwalk.walks.fixed import FixedWalk
    from latentwalk.walks.gradient import GradientWalk
    from latentwalk.walks.interpolate import interpolate, through

_HOMES = {
    "direction": ("Direction", "Directions", "Effect"),
    "edits": ("Across", "Place", "Shift", "compose"),
    "evaluation": ("Evaluation",),
    "generator": ("Generator",),
    "generators.wrapped": ("wrap",),
    "jobs.convert": ("convert",),
    "jobs.directions": ("read_directions",),
    "jobs.discover": ("discover", "fit_boundary"),
    "jobs.report": ("save_report",),
    "methods.contrast": ("contrasted",),
    "walks.fixed": ("FixedWalk",),
    "jobs.edit": ("Edited", "edit", "edit_batches"),
    "jobs.evaluate": ("evaluate",),
    "jobs.inspect": ("inspect",),
    "jobs.load": ("load", "load_scorer"),
    "jobs.replay": ("replay",),
    "jobs.train": ("train_celeba", "train_scorer"),
    "latents": ("LatentSpace", "Latents"),
    "receipts": ("Receipt",),
    "renderer": ("Renderer",),
    "samples": ("Samples",),
    "scores": ("Scorer", "score"),
    "walk": ("Goal",),
    "walks.boundary": ("BoundaryWalk",),
    "walks.gradient": ("GradientWalk",),
    "walks.interpolate": ("interpolate", "through"),
}
"""Where each public name lives; it is imported when it is first used, so that `latentwalk --help` needs no torch."""


def __getattr__(name: str) -> Any:
    for home, names in _HOMES.items():
        if name in names:
            globals()[name] = getattr(import_module(f"latentwalk.{home}"), name)
            return globals()[name]
    raise AttributeError(f"module 'latentwalk' has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted(__all__)


__all__ = [
    "Across",
    "BoundaryWalk",
    "Direction",
    "Directions",
    "Edited",
    "Effect",
    "Evaluation",
    "FixedWalk",
    "Generator",
    "Goal",
    "GradientWalk",
    "LatentSpace",
    "Latents",
    "Place",
    "Receipt",
    "Renderer",
    "Samples",
    "Scorer",
    "Shift",
    "__version__",
    "compose",
    "contrasted",
    "convert",
    "discover",
    "edit",
    "edit_batches",
    "evaluate",
    "fit_boundary",
    "inspect",
    "interpolate",
    "load",
    "load_scorer",
    "read_directions",
    "replay",
    "save_report",
    "score",
    "through",
    "train_celeba",
    "train_scorer",
    "wrap",
]
