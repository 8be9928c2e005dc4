"""Directions from 10 to 60 labels.

So few labels cannot tell a hundred numbers of a code apart. Two things make up for it. The generator itself knows more
about pictures than the code does: a classifier on its activations learns from few labels, the more so when it looks
only where the attribute is seen. That is what kernel alignment tells (Cristianini et al., 2001, section 3): a place
matters by how well its likeness of codes agrees with the likeness of their labels. And codes without labels cost
nothing: the classifier guesses for thousands of them, and least squares from code to guess is the direction. By Stein's
lemma (1981) this is the mean gradient of the classifier with respect to a normal code.
"""

from dataclasses import asdict, dataclass

import numpy as np
import torch
from jaxtyping import Float
from sklearn.model_selection import StratifiedKFold
from torch import Tensor

from latentwalk.direction import Direction, Directions
from latentwalk.generator import Generator
from latentwalk.latents import Latents
from latentwalk.methods.offsets import boundary_offset
from latentwalk.methods.places import PRIORS, Features, Places, check_layers, places
from latentwalk.origin import Origin, Source
from latentwalk.progress import Progress, silent
from latentwalk.samples import Samples
from latentwalk.seeds import check_seed

FEWEST = 2
"""Labels of each kind below which nothing can be learned and checked."""

MOST = 1000
"""Labels beyond which the first so many are used: there are better methods for more."""

WEIGHED = 150
"""Labels of each kind that say which places matter and how to learn; all others are learned from too."""

TINY = 1e-12
"""Stands for a mean square of 0: such a place says nothing."""

REFERENCE = 512
"""Codes that show how features are spread."""

SHARPNESS = (4.0, 2.0, 1.0)
PENALTIES = (0.1, 1.0, 0.01)
"""What cross-validation chooses from, the preferred ones first."""

FOLDS = 5


@dataclass(frozen=True)
class FewShot:
    """Settings of learning from few labels.

    prior: what a classifier sees of a code. "activations": those of layers, place by place; "pcs": their principal
    components; "sefa": the code along the directions that the entry weights amplify; "code": the code itself.
    layers: whose activations; None for all before the picture. components: of "pcs" and "sefa".
    seed: of the folds.
    """

    prior: str = "activations"
    layers: tuple[str, ...] | None = None
    components: int = 32
    seed: int = 0

    def __post_init__(self) -> None:
        if self.prior not in PRIORS:
            raise ValueError(f"no prior {self.prior!r}: there are {', '.join(PRIORS)}")
        if self.components < 1:
            raise ValueError(f"the components of a prior are 1 or more, got {self.components}")
        check_seed(self.seed)

    def fit(self, generator: Generator, samples: Samples, progress: Progress = silent) -> Directions:
        """One direction per attribute, in the space of the samples.

        samples.scores: above 0 for yes, others for no, NaN where a code has no label. Codes without labels tell how
        codes and pictures go together: a few thousand are worth having, ten per number of a code at least.
        The unit is the standard deviation of all codes along the vector. `origin.figures` has per attribute the
        labels of each kind, what cross-validation chose, and `error`: its squared error, where 1 is that of a guess.
        Raises ValueError for too few labels of one kind, too few codes, or a layer that does not exist.
        """
        latents = generator.check(samples.latents)
        labels = [known_labels(name, samples.column(name)) for name in samples.attributes]
        flat = latents.values.flatten(1).cpu().double()
        check_enough(flat)
        check_layers(generator, self.layers)
        eyes = Eyes.of(generator, self, latents)
        classifiers = [eyes.learn(latents[rows], has, self.seed) for rows, has in labels]
        guesses = eyes.guess(latents, classifiers)
        items, figures = [], {}
        for name, (rows, has), classifier, guess in zip(
            samples.attributes, labels, classifiers, guesses.T, strict=True
        ):
            vector = least_squares(flat, guess)
            along = (flat @ vector).numpy()
            says = (guess > 0).numpy()
            says[rows.cpu().numpy()] = has
            offset = boundary_offset(name, along, says)
            unit = float(along.std(ddof=1))
            items.append(Direction(name, vector.float(), latents.space, unit, offset))
            figures[name] = {"yes": int(has.sum()), "no": int((~has).sum()), **classifier.figures}
        origin = Origin(
            method="fewshot",
            parameters={**asdict(self), "layers": list(eyes.places.layers)},
            generator=Source.of(generator),
            figures=figures,
        )
        return Directions(tuple(items), origin)


@dataclass(frozen=True, eq=False)
class Classifier:
    """A linear classifier of features: per place the weights [f]; above 0 is yes."""

    weights: list[Float[Tensor, "_"]]
    bias: float
    figures: dict[str, float]

    def __call__(self, features: Features) -> Float[Tensor, "n"]:
        parts = [place @ weight for place, weight in zip(features, self.weights, strict=True)]
        return torch.stack(parts).sum(0) + self.bias


@dataclass(frozen=True, eq=False)
class Eyes:
    """How codes are seen: their places, the mean of each, and its mean square about that."""

    places: Places
    means: list[Float[Tensor, "_"]]
    energies: list[float]

    @staticmethod
    def of(generator: Generator, how: FewShot, latents: Latents) -> "Eyes":
        step = max(1, len(latents) // REFERENCE)
        some = latents[torch.arange(0, len(latents), step, device=latents.values.device)[:REFERENCE]]
        read = places(generator, how.prior, how.layers, how.components, some)
        features = read.read(some)
        means = [place.mean(0) for place in features]
        energies = [float((p - m).square().sum(1).mean()) for p, m in zip(features, means, strict=True)]
        return Eyes(read, means, energies)

    def learn(self, latents: Latents, has: np.ndarray, seed: int) -> Classifier:
        """The classifier of labelled codes."""
        return self.learn_seen(self.places.read(latents), has, seed)

    def learn_seen(
        self, features: Features, has: np.ndarray, seed: int, how: tuple[float, float] | None = None
    ) -> Classifier:
        """The same from features that were read, in its dual form: one number per label. how: sharpness and penalty;
        without them those that cross-validation chooses."""
        centred = [x - m for x, m in zip(features, self.means, strict=True)]
        scales = [max(energy, TINY) for energy in self.energies]
        some, target = of_each(has), torch.from_numpy(np.where(has, 1.0, -1.0))
        kernels = torch.stack([likeness(x[some]) / e for x, e in zip(centred, scales, strict=True)])
        sharpness, penalty, *error = how or choose(kernels, target[some], seed)
        shares = alignment(kernels, target[some], sharpness)
        kernel = sum((s / e * likeness(x) for x, s, e in zip(centred, shares, scales, strict=True)), torch.zeros(()))
        dual, bias = ridge(kernel, target, penalty)
        weights, shift = [], bias
        for x, share, scale, mean in zip(centred, shares.tolist(), scales, self.means, strict=True):
            weight = share / scale * (x.T @ dual.to(x))
            weights.append(weight)
            shift -= float(mean @ weight)
        figures = {"sharpness": sharpness, "penalty": penalty}
        return Classifier(weights, shift, figures | dict(zip(("error",), error, strict=False)))

    @torch.no_grad()
    def guess(self, latents: Latents, classifiers: list[Classifier]) -> Float[Tensor, "n k"]:
        """What classifiers say of any number of codes, batch by batch."""
        parts = []
        for part in latents.split(256):
            features = self.places.read(part)
            parts.append(torch.stack([classifier(features) for classifier in classifiers], 1).cpu().double())
        return torch.cat(parts)


def likeness(features: Float[Tensor, "n f"]) -> Float[Tensor, "n n"]:
    return (features @ features.T).cpu().double()


def of_each(has: np.ndarray) -> list[int]:
    """Positions of at most `WEIGHED` labels of each kind."""
    return sorted([*np.flatnonzero(has)[:WEIGHED].tolist(), *np.flatnonzero(~has)[:WEIGHED].tolist()])


def choose(kernels: Float[Tensor, "s n n"], target: Float[Tensor, "n"], seed: int) -> tuple[float, float, float]:
    """(sharpness, penalty, error) with the least squared error on labels that were left out in turn."""
    folds = min(FOLDS, int((target > 0).sum()), int((target < 0).sum()))
    split = StratifiedKFold(folds, shuffle=True, random_state=seed).split(target[:, None], target)
    errors = torch.zeros(len(SHARPNESS), len(PENALTIES), dtype=torch.float64)
    for fit, rest in split:
        inside, across = kernels[:, fit][:, :, fit], kernels[:, rest][:, :, fit]
        for i, sharpness in enumerate(SHARPNESS):
            shares = alignment(inside, target[fit], sharpness)
            taught, asked = (torch.einsum("s,sij->ij", shares, k) for k in (inside, across))
            for j, penalty in enumerate(PENALTIES):
                dual, bias = ridge(taught, target[fit], penalty)
                errors[i, j] += (asked @ dual + bias - target[rest]).square().sum()
    best = int(errors.argmin())
    spread = (target - target.mean()).square().sum()
    i, j = divmod(best, len(PENALTIES))
    return SHARPNESS[i], PENALTIES[j], float(errors[i, j] / spread)


def alignment(kernels: Float[Tensor, "s n n"], target: Float[Tensor, "n"], sharpness: float) -> Float[Tensor, "s"]:
    """The share of every place: its centred alignment with the labels (Cortes et al., 2012, definition 4), sharpened.

    The likeness of a code with itself is left out: it says nothing about labels, and would flatter every place.
    """
    t = target - target.mean()
    centred = kernels - kernels.mean(1, keepdim=True) - kernels.mean(2, keepdim=True) + kernels.mean((1, 2), True)
    apart = centred * (1 - torch.eye(len(t), dtype=t.dtype))
    agree = torch.einsum("i,sij,j->s", t, apart, t) / apart.flatten(1).norm(dim=1).clamp(min=TINY)
    if float(agree.max()) <= 0:  # nothing agrees: every place is as good as any other
        return torch.full_like(agree, 1 / len(agree))
    sharp = (agree.clamp(min=0) / agree.max()) ** sharpness
    return sharp / sharp.sum()


def ridge(kernel: Float[Tensor, "n n"], target: Float[Tensor, "n"], penalty: float) -> tuple[Float[Tensor, "n"], float]:
    """(dual weights, bias) of kernel ridge regression; the penalty is in units of the kernel's mean diagonal."""
    bias = float(target.mean())
    scale = kernel.diagonal().mean().clamp(min=TINY)
    dual = torch.linalg.solve(kernel + penalty * scale * torch.eye(len(target), dtype=kernel.dtype), target - bias)
    return dual, bias


def least_squares(codes: Float[Tensor, "n d"], values: Float[Tensor, "n"]) -> Float[Tensor, "d"]:
    """The unit vector of the best linear guess of values from codes, with intercept.

    A hair of a penalty keeps codes that do not vary in some direction from moving there.
    """
    centred = codes - codes.mean(0)
    scatter = centred.T @ centred
    scatter.diagonal().add_(1e-6 * scatter.diagonal().mean())
    slope = torch.linalg.solve(scatter, centred.T @ (values - values.mean()))
    return slope / slope.norm()


def known_labels(name: str, scores: Float[Tensor, "n"]) -> tuple[Tensor, np.ndarray]:
    """(rows, whether they have it) of the labelled codes. Raises ValueError for too few of one kind."""
    rows = (~scores.isnan()).nonzero()[:, 0][:MOST]
    has = (scores[rows] > 0).cpu().numpy()
    yes, no = int(has.sum()), int((~has).sum())
    if min(yes, no) < FEWEST:
        raise ValueError(
            f"{name!r} has {yes} labels for yes (above 0) and {no} for no: "
            f"expected at least {FEWEST} of each, label more"
        )
    return rows, has


def check_enough(codes: Float[Tensor, "n d"]) -> None:
    """Raises ValueError when there are fewer codes than numbers in one, so that a slope means nothing."""
    count, size = codes.shape
    if count <= size:
        raise ValueError(
            f"a code has {size} numbers, and a direction needs more codes than that, labelled or not, got {count}: "
            f"add codes without labels, {10 * size} or more"
        )


def next_to_label(
    generator: Generator, samples: Samples, attribute: str, count: int = 10, method: FewShot | None = None
) -> list[int]:
    """Rows of the samples to label next: those without a label where the classifier is least sure, the least sure first
    (uncertainty sampling, Lewis and Gale, 1994, section 3).

    The guess is measured against even chances, so that rare attributes get labels of both kinds. Ask for few at a time,
    about ten: each answer changes what is unsure. Raises ValueError for fewer such codes than `count`, and as in `fit`.
    """
    how = method or FewShot()
    latents = generator.check(samples.latents)
    scores = samples.column(attribute)
    free = scores.isnan().nonzero()[:, 0]
    if not 1 <= count <= len(free):
        raise ValueError(f"{len(free)} codes have no label: expected to choose 1 to {len(free)} of them, got {count}")
    check_layers(generator, how.layers)
    rows, has = known_labels(attribute, scores)
    eyes = Eyes.of(generator, how, latents)
    guess = eyes.guess(latents[free], [eyes.learn(latents[rows], has, how.seed)])[:, 0]
    return free[guess.abs().argsort(stable=True)[:count].to(free.device)].tolist()
