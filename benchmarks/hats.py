"""Which hats of faces64 are none, and how the bundled scorers learned it.

    python benchmarks/hats.py [faces64 faces64-second faces64-judge ...]
    python benchmarks/hats.py --teach scorer before.safetensors after.safetensors

The first measures scorers on the labels of hats.csv that no step of their training saw. The second is how a scorer,
second or judge was taught: it keeps what it says of the other attributes, and learns from its own walks.

1. Probes learn hats from the 720 labels and the first part of hats.csv: pictures that scored high, and walked ones.
2. Codes walk to a hat along the gradient of the very network that learns. What fools it is found there and hardly ever
   among samples, so the ends of these walks and two points before each join fresh samples.
3. The probes say how much of a hat those are, the network itself says everything else, and it learns from that for a
   few epochs. The pictures that a person looked at are in it several times, with what the person said.
"""

import sys
from dataclasses import dataclass

import numpy as np
import torch
from jaxtyping import Float
from torch import Tensor, nn

from latentwalk import GradientWalk, edit
from latentwalk.generator import Generator
from latentwalk.jobs.load import load, load_scorer
from latentwalk.labels import LabelTable, read_labels
from latentwalk.latents import Latents
from latentwalk.samples import Samples
from latentwalk.scorers.classifier import Classifier
from latentwalk.scores import score
from latentwalk.training.augment import Augmentation
from latentwalk.training.companions import STRONG, companion_recipe
from latentwalk.training.judge import calibrate, report
from latentwalk.training.loop import train
from latentwalk.training.one_cycle import OneCycle, Schedule
from latentwalk.training.probes import Probes, fit_probes, readable
from latentwalk.training.scorer import ScorerRecipe
from latentwalk.training.supervise import from_bytes, steps_per_epoch, supervision, to_bytes
from scorer import FACES, hand_labels

LEARN = 210
"""Rows of hats.csv that teach; the others judge."""

BATCH = 128


@dataclass(frozen=True)
class Lesson:
    """How one network is taught. order: decides its seeds. fresh, walked: numbers of codes. rate: the highest one."""

    order: int
    fresh: int
    walked: int
    epochs: int
    rate: float
    augmentation: Augmentation

    def codes(self, generator: Generator, count: int, first: int) -> Latents:
        start = first + self.order * 10**8
        return generator.sample(range(start, start + count))


LESSONS = {
    "scorer": Lesson(0, 8000, 1000, 3, 1e-3, Augmentation()),
    "judge": Lesson(1, 6000, 800, 3, 6e-4, Augmentation()),
    "second": Lesson(2, 6000, 600, 2, 8e-4, STRONG),
}


def hats(generator: Generator) -> Samples:
    """Labels of hats.csv, the teaching rows first."""
    return read_labels(FACES / "hats.csv", generator, FACES / "hats.npy", ["hat"])


def teach(kind: str, before: str, after: str) -> None:
    generator, lesson, network = load("faces64"), LESSONS[kind], load_scorer(before)
    assert isinstance(network, Classifier)
    hat = network.attributes.index("hat")
    used, _ = hand_labels(generator)
    more = hats(generator)
    looked, seen = more.latents.values[:LEARN], more.scores[:LEARN]
    layers = readable(generator) if kind == "scorer" else companion_recipe(ScorerRecipe(), kind, generator).layers
    every = torch.cat([used.latents.values, looked]), torch.cat([used.scores[:, [hat]], seen])
    probes = fit_probes(generator, Samples(Latents(every[0]), every[1], ("hat",)), layers, lesson.order)

    start = lesson.codes(generator, lesson.walked, 9 * 10**9)
    walks = (edit(generator, part, network, "hat", walk=GradientWalk(), realism=False) for part in start.split(100))
    end = torch.cat([walked.latents.values for walked in walks])
    fresh = lesson.codes(generator, lesson.fresh, 8 * 10**9).values
    pool = torch.cat([fresh, end, between(start.values, end, 0.85), between(start.values, end, 0.7)])
    known = ~torch.isnan(used.scores[:, hat])
    parts = [pictures_of(generator, network, probes, pool)]
    parts += [pictures_of(generator, network, probes, looked, seen[:, 0])] * 8
    parts += [pictures_of(generator, network, probes, used.latents.values[known], used.scores[known, hat])] * 2
    pictures, targets = (torch.cat(column) for column in zip(*parts, strict=True))

    # What it says of the other attributes is a target, so its logits have to be those that the targets came from.
    last = network.network[-1]
    assert isinstance(last, nn.Linear)
    with torch.no_grad():
        last.weight.div_(network.temperature[:, None])
        last.bias.div_(network.temperature)
        network.temperature.fill_(1.0)
    network.requires_grad_(True)
    schedule, seed = Schedule(lesson.epochs * steps_per_epoch(len(pictures), BATCH), lesson.rate), 100 + lesson.order
    loss = supervision(pictures.__getitem__, targets, network.attributes, BATCH, lesson.augmentation, seed)
    train(OneCycle(network, loss, schedule, generator.device), schedule.steps, seed)
    network.freeze()
    finish(generator, network, probes, after)


def finish(generator: Generator, network: Classifier, probes: Probes, after: str) -> None:
    """The temperatures from the 720 labels, the card, and the file."""
    used, unseen = hand_labels(generator)
    calibrate(network, score(generator, network, used.latents), used.scores)
    taught = {"labels": LEARN, "layers": probes.layers, "cross_validated_auc": probes.auc}
    held_out = report(score(generator, network, unseen.latents), unseen.scores, network.attributes)
    network.card = {**network.card, "hats": taught, "held_out": held_out}
    network.save(after)


def between(start: Float[Tensor, "n d"], end: Float[Tensor, "n d"], share: float) -> Float[Tensor, "n d"]:
    """Codes on the way, as long as codes there are."""
    middle = torch.lerp(start, end, share)
    length = torch.lerp(start.norm(dim=1), end.norm(dim=1), share)
    return middle * (length / middle.norm(dim=1))[:, None]


@torch.no_grad()
def pictures_of(
    generator: Generator, network: Classifier, probes: Probes, codes: Tensor, hat: Tensor | None = None
) -> tuple[Tensor, Tensor]:
    """Pictures as bytes and their targets: hats by the person or else the probes, everything else by the network."""
    pictures, targets = [], []
    for rows in torch.arange(len(codes)).split(250):
        images, logits = probes.read(generator, Latents(codes[rows]))
        pictures.append(to_bytes(images))
        targets.append(network(from_bytes(pictures[-1])).sigmoid())
        found = logits[:, 0].sigmoid() if hat is None else 0.01 + 0.98 * hat[rows]
        targets[-1][:, network.attributes.index("hat")] = found
    return torch.cat(pictures), torch.cat(targets)


def table(name: str, generator: Generator) -> str:
    """Markdown: how a scorer ranks the rows that judge, and how sure it is of those that are no hats."""
    more, network = hats(generator), load_scorer(name)
    kinds = np.array([row["picture"] for row in LabelTable.read(FACES / "hats.csv").rows.values()])[LEARN:]
    logits = score(generator, network, more.latents[list(range(LEARN, len(more.latents)))])
    x, y = logits[:, network.attributes.index("hat")], more.scores[LEARN:, 0]
    lines = [f"| {name} | hats | none | AUC | 95% interval | none at p > .5 | at p > .995 | hats at p > .5 |"]
    lines += ["| --- | ---: | ---: | ---: | ---: | ---: | ---: | ---: |"]
    for kind in (*dict.fromkeys(kinds), "all"):
        rows = torch.from_numpy((kinds == kind) | (kind == "all"))
        (row,) = report(x[rows, None], y[rows, None], ["hat"])
        p, none = x[rows].sigmoid(), y[rows] == 0
        shares = [(p[none] > 0.5).float().mean(), (p[none] > 0.995).float().mean(), (p[~none] > 0.5).float().mean()]
        figures = [f"{row['auc']:.3f}", f"{row['auc_low']:.3f} to {row['auc_high']:.3f}", *(f"{s:.2f}" for s in shares)]
        lines.append(f"| {' | '.join([kind, str(row['positive']), str(int(none.sum())), *figures])} |")
    return "\n".join(lines)


def main(arguments: list[str]) -> None:
    if arguments[:1] == ["--teach"]:
        return teach(*arguments[1:])
    generator = load("faces64")
    for name in arguments or ["faces64", "faces64-second", "faces64-judge"]:
        print(table(name, generator), end="\n\n")


if __name__ == "__main__":
    main(sys.argv[1:])
