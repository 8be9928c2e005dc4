"""Open a generator or a scorer by its bundled name, its path, or its import name."""

from pathlib import Path

import torch

from latentwalk.bundled import GENERATORS, MEASUREMENTS, SCORERS, check_scorer, find_generator
from latentwalk.checkpoints.formats import open_generator
from latentwalk.choices import Choices
from latentwalk.generator import Generator
from latentwalk.latents import in_turn
from latentwalk.progress import Progress, silent
from latentwalk.remote.address import is_remote
from latentwalk.samples import fresh_seeds
from latentwalk.scorers.callable import from_callable
from latentwalk.scorers.classifier import Classifier
from latentwalk.scorers.measurements import Measurements
from latentwalk.scores import Scorer
from latentwalk.weights import check_finite

STANDARD, STANDARD_SEED = 128, 999
"""Pictures that measurements are standardised on, and the seed of their codes."""


def load(
    source: str | Path,
    device: torch.device | str = "cpu",
    dtype: torch.dtype = torch.float32,
    progress: Progress = silent,
    classes: int | None = None,
    part: str | None = None,
    activation: str | None = None,
    bgr: bool = False,
    side: int | None = None,
) -> Generator:
    """A fixed generator.

    source: "faces64" or "avatars64" (bundled), or the path of a checkpoint file or folder in one of
    `checkpoints.formats.FORMATS`: the content decides what it is, not the name. Nothing in the file is executed. Or an
    address, which is fetched once and kept, see `jobs.fetch`: https://..., hf://owner/repository[/file], with
    #sha256=... to be sure of a file.
    device, dtype: where its weights go and what floating point type they get; codes and pictures follow them. Only
    networks that clamp their activations take float16.
    progress: of fetching.
    classes: how many it was trained with, for a PGGAN of genforce that was trained with labels: its file cannot tell.
    What `convert` writes can, as with what follows.
    part: which network of a file with several, by its place in it, such as "G_ema"; by itself the averaged one.
    activation: "relu" or "leaky_relu:0.2", for the state dict of a DCGAN or an MLP, which does not say what stood
    between its layers. bgr: whether blue comes first, for networks that learned from pictures in that order.
    side: of the pictures, for a StyleGAN of rosinality's, which is built for 1024 px whatever it was trained for; by
    itself that of the last scale that was trained.
    Raises ValueError when there is no such file, or it is damaged or of an unknown format, or the device is not there.
    """
    device = check_device(device)
    if not dtype.is_floating_point:
        raise ValueError(f"weights are floating point numbers, got {dtype}: expected torch.float32")
    path = locate(source, progress)
    choices = Choices(part, classes, activation, bgr, side)
    generator = open_generator(path, choices)
    check_finite(generator.state_dict(), path)
    if dtype == torch.float16 and not generator.clamps:
        raise ValueError(
            f"this {type(generator).__name__} puts no limit on its activations, float16 may have no room for them: "
            "use torch.bfloat16 or torch.float32"
        )
    generator.source = str(source)
    generator.choices = choices
    return generator.to(device, dtype)


def locate(source: str | Path, progress: Progress = silent) -> Path:
    """The file or folder that a generator is read from; an address is fetched. Arguments and errors: as in `load`."""
    if is_remote(source):
        from latentwalk.jobs.fetch import fetch_source  # whoever loads a file needs nothing of a network

        return fetch_source(str(source), progress)
    return find_generator(source)


def load_scorer(source: str | Path, device: torch.device | str = "cpu", generator: Generator | None = None) -> Scorer:
    """A scorer.

    source: "faces64", "faces64-second", "faces64-judge", "avatars64" or "avatars64-judge" (bundled; trained
    independently), the path of a scorer that `latentwalk train scorer` wrote, "package.module:function" for any Python
    callable from images [n, c, h, w] in [-1, 1] to logits [n, a] (the function may carry `attributes`, a tuple of
    names), or "measurements" and "measurements-judge": brightness, colour, sharpness and the like, on any generator.
    generator: what measurements are standardised on; others do not need it.
    Raises ValueError when there is no such scorer, or the device is not there.
    """
    check_scorer(source)
    name = str(source)
    path = SCORERS.get(name, Path(source))
    if name in MEASUREMENTS:
        if generator is None:
            raise ValueError(f"{name} are relative to a generator: load_scorer({name!r}, generator=generator)")
        return measurements_of(generator, robust=name != MEASUREMENTS[0])
    if path.is_file():
        scorer = Classifier.load(path).to(check_device(device))
        scorer.source = name
        return scorer
    return from_callable(name)


def find_source(name: str, beside: Path) -> str:
    """What a receipt names, as `load` or `load_scorer` take it now.

    name: bundled, an address, or a path. A relative path that does not lead anywhere from here is looked for in the
    folder `beside`, where the file with the receipt lies, and in the folders above it.
    Raises ValueError that says where was looked.
    """
    if name in (*GENERATORS, *SCORERS, *MEASUREMENTS) or is_remote(name) or (name and Path(name).exists()):
        return name
    home = beside.resolve()
    found = [folder / name for folder in (home, *home.parents) if name and (folder / name).exists()]
    if found:
        return str(found[0])
    where = "" if Path(name).is_absolute() else f", looked for from {Path.cwd()}, and from {home} and the folders above"
    raise ValueError(f"there is no file {name!r}{where}")


def scorer_of(generator: Generator, name: str | None = None) -> str | None:
    """The name of the scorer to use: the one that was named, else the one that comes with the generator, else None."""
    return name or (generator.source if generator.source in SCORERS else None)


def judge_of(generator: Generator, scorer: Scorer) -> str | None:
    """The name of the scorer that is independent of this one, if one comes with it or with the generator."""
    own = getattr(scorer, "source", "")
    return companion(own, "judge") or (
        companion(generator.source, "judge") if own != f"{generator.source}-judge" else None
    )


def second_of(scorer: Scorer) -> str | None:
    """The name of the scorer that walks together with this one, if one comes with it."""
    return companion(getattr(scorer, "source", ""), "second")


def companion(name: str, kind: str) -> str | None:
    """What was trained together with a scorer: NAME-judge of a bundled one, scorer-judge.safetensors of a file."""
    if Path(name).suffix and companion_file(name, kind).is_file():
        return str(companion_file(name, kind))
    return f"{name}-{kind}" if f"{name}-{kind}" in (*SCORERS, *MEASUREMENTS) else None


def companion_file(path: str | Path, kind: str) -> Path:
    """Where it lies: scorer.safetensors -> scorer-judge.safetensors."""
    return Path(path).with_stem(f"{Path(path).stem}-{kind}")


def measurements_of(generator: Generator, robust: bool = False) -> Measurements:
    """Measurements that are standardised on pictures of this generator, always the same ones."""
    seeds = fresh_seeds(STANDARD, seed=STANDARD_SEED)
    labels = in_turn(torch.arange(generator.classes), STANDARD) if generator.classes else None
    return Measurements(generator.render(generator.sample(seeds, labels)), robust)


def check_device(device: torch.device | str) -> torch.device:
    """The device. Raises ValueError when nothing can be computed on it."""
    try:
        return torch.empty(0, device=device).device
    except (RuntimeError, AssertionError, NotImplementedError) as error:
        raise ValueError(
            f"cannot compute on the device {str(device)!r}: expected cpu, or cuda or mps on a machine that has it"
        ) from error
