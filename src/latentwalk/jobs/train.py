"""Train a scorer: from a few hand labels on a generator's own samples, or from the photographs of CelebA."""

import shutil
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import torch

from latentwalk.files import check_writable
from latentwalk.generator import Generator
from latentwalk.jobs.load import companion_file, load
from latentwalk.labels import read_labels
from latentwalk.progress import Progress, silent
from latentwalk.scorers.classifier import Classifier
from latentwalk.training.celeba import CelebARecipe, learn_from_celeba
from latentwalk.training.companions import COMPANIONS, companion_recipe
from latentwalk.training.export import export
from latentwalk.training.loop import Interrupted
from latentwalk.training.runs import CHECKPOINT
from latentwalk.training.scorer import ScorerRecipe, learn_from_labels


def train_scorer(
    generator: Generator | str | Path,
    labels: str | Path,
    out: str | Path,
    codes: str | Path | None = None,
    attributes: Sequence[str] = (),
    recipe: ScorerRecipe | None = None,
    run: str | Path | None = None,
    force: bool = False,
    progress: Progress = silent,
    device: torch.device | str = "cpu",
    space: str | None = None,
    companions: Sequence[str] = COMPANIONS,
) -> Classifier:
    """Hand labels -> a calibrated scorer in `out` (.safetensors), whose card says how good it is on unseen labels.

    Beside it come its companions, NAME-second.safetensors and NAME-judge.safetensors (see `training.companions`):
    whoever walks by the scorer finds them there. companions: which; none take a third of the time.

    generator: one that is loaded, or what `load` takes. labels, codes, attributes, space: as in
    `read_labels`.
    run: folder for the checkpoint; `OUT.run` beside `out` when not given, which is removed at the end. The same call
    with the same folder continues where a stopped one was, and ends with the same scorer.
    Raises ValueError for labels or a folder that do not fit, and loop.Interrupted on Ctrl-C.
    """
    out = check_writable(out, force)
    files = {kind: check_writable(companion_file(out, kind), force) for kind in companions}
    if not isinstance(generator, Generator):
        generator = load(generator, device, progress=progress)
    samples, recipe = read_labels(labels, generator, codes, attributes, space), recipe or ScorerRecipe()
    with run_folder(run, out) as folder:
        made = learn_from_labels(generator, samples, recipe, folder, progress)
        beside = {}
        for kind, file in files.items():
            how = companion_recipe(recipe, kind, generator)
            beside[file] = learn_from_labels(generator, samples, how, folder / kind, beginning(kind, progress))
        for file, other in beside.items():  # written together, so that a run which was stopped leaves none of them
            export(other, file)
        return export(made, out).to(device)


def train_celeba(
    folder: str | Path,
    out: str | Path,
    recipe: CelebARecipe | None = None,
    run: str | Path | None = None,
    force: bool = False,
    progress: Progress = silent,
    device: torch.device | str = "cpu",
) -> Classifier:
    """CelebA in torchvision's layout -> a calibrated scorer in `out`; its card holds the test partition's figures.

    run, errors: as in `train_scorer`.
    """
    out = check_writable(out, force)
    with run_folder(run, out) as kept:
        return export(learn_from_celeba(folder, recipe, kept, progress, device), out).to(device)


def beginning(kind: str, progress: Progress) -> Progress:
    """The same progress, whose words begin with who learns."""
    return lambda what, done, total: progress(f"{kind}: {what}", done, total)


@contextmanager
def run_folder(run: str | Path | None, out: Path, removes: bool = True) -> Iterator[Path]:
    """The folder of the checkpoint. One that nobody named goes once the scorer is written.

    A new one without a checkpoint goes too when the run ends early: there is nothing in it to continue from.
    removes: whether this process is the one that removes it at the end.
    """
    folder = Path(run) if run else out.with_name(f"{out.name}.run")
    is_new = not folder.exists()
    try:
        yield folder
    except BaseException as error:
        if is_new and not (folder / CHECKPOINT).exists():
            shutil.rmtree(folder, ignore_errors=True)
        if isinstance(error, KeyboardInterrupt) and not isinstance(error, Interrupted):
            raise Interrupted(folder / CHECKPOINT) from None  # before or after the steps themselves
        raise
    if not run and removes:
        shutil.rmtree(folder)
