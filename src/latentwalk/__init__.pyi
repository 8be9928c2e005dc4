# What `import latentwalk as lw` gives, and where each name lives.
from .code_files import load_codes
from .direction import Direction, Directions
from .disentanglement import Benchmark
from .evaluation import Evaluation
from .generator import Generator
from .generators.wrapped import wrap
from .inverter import Inversion
from .jobs.benchmark import benchmark
from .jobs.benchmark_page import save_benchmark
from .jobs.convert import convert
from .jobs.directions import read_directions
from .jobs.discover import discover, fit_boundary
from .jobs.edit import Edited, edit
from .jobs.evaluate import evaluate
from .jobs.inspect import inspect
from .jobs.invert import invert
from .jobs.inverted import Inverted
from .jobs.load import load, load_scorer
from .jobs.replay import replay
from .jobs.report import save_report
from .jobs.score_many import score_many
from .jobs.shard_scores import read_scores
from .jobs.train import train_celeba, train_scorer
from .latents import Latents
from .pictures.grid import grid, save_image
from .receipts import Receipt
from .renderer import Renderer
from .samples import Samples
from .scores import Scorer, score
from .walk import Walk
from .walks.boundary import BoundaryWalk
from .walks.fixed import FixedWalk
from .walks.gradient import GradientWalk
from .walks.homing import Homing
from .walks.interpolate import interpolate

__version__: str
__all__ = [
    "Benchmark",
    "BoundaryWalk",
    "Direction",
    "Directions",
    "Edited",
    "Evaluation",
    "FixedWalk",
    "Generator",
    "GradientWalk",
    "Homing",
    "Inversion",
    "Inverted",
    "Latents",
    "Receipt",
    "Renderer",
    "Samples",
    "Scorer",
    "Walk",
    "__version__",
    "benchmark",
    "convert",
    "discover",
    "edit",
    "evaluate",
    "fit_boundary",
    "grid",
    "inspect",
    "interpolate",
    "invert",
    "load",
    "load_codes",
    "load_scorer",
    "read_directions",
    "read_scores",
    "replay",
    "save_benchmark",
    "save_image",
    "save_report",
    "score",
    "score_many",
    "train_celeba",
    "train_scorer",
    "wrap",
]
