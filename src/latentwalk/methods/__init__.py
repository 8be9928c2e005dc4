"""Methods: ways to find directions in samples. A new one is a file here and a line in `METHODS`."""

from collections.abc import Callable
from functools import partial
from typing import Literal, NamedTuple, Protocol, runtime_checkable

from latentwalk.direction import Directions
from latentwalk.generator import Generator
from latentwalk.methods.boundary import Boundary
from latentwalk.methods.channels import Channels
from latentwalk.methods.contrast import Contrast
from latentwalk.methods.fewshot import FewShot
from latentwalk.methods.ganspace import GANSpace
from latentwalk.methods.gradient import Gradient
from latentwalk.methods.ica import ICA
from latentwalk.methods.learned import Learned
from latentwalk.methods.regression import Regression
from latentwalk.methods.sefa import SeFa
from latentwalk.methods.sparse_pca import SparsePCA
from latentwalk.progress import Progress, silent
from latentwalk.samples import Samples


@runtime_checkable
class Method(Protocol):
    """Hyperparameters are given to the constructor, data to `fit`. `fit` changes nothing and returns directions.

    samples: codes of the space in which directions are wanted; `origin` of what is returned names the method, its
    parameters and the generator. progress: is told how far a long fit is; it changes nothing.
    """

    def fit(self, generator: Generator, samples: Samples, progress: Progress = silent) -> Directions: ...


Needs = Literal["scores", "labels", "scorer", "codes", "nothing"]


class Entry(NamedTuple):
    """A method as it is offered.

    make: its constructor, hyperparameters by keyword. needs: "scores" of all samples, "labels" (a few scores, NaN for
    the others), a differentiable "scorer" (the keyword of the constructor), "codes" alone, or "nothing" but the space.
    about: one line for people. usual: run when nobody chooses.
    spaces: those where it has a meaning, None for all.
    """

    make: Callable[..., Method]
    needs: Needs
    about: str
    usual: bool = False
    spaces: tuple[str, ...] | None = None


METHODS: dict[str, Entry] = {
    "svm": Entry(partial(Boundary, kind="svm"), "scores", "support vector machine on the tails of the scores"),
    "logistic": Entry(partial(Boundary, kind="logistic"), "scores", "logistic regression on the tails of the scores"),
    "interfacegan": Entry(
        partial(Boundary, kind="hinge", share=0.02), "scores", "the boundary as InterFaceGAN has it", usual=True
    ),
    "regression": Entry(Regression, "scores", "least squares on every score: a quarter of the images do", usual=True),
    "contrast": Entry(Contrast, "scores", "codes with against codes without, from a handful of each"),
    "gradient": Entry(Gradient, "scorer", "the mean gradient of a scorer's logit"),
    "jacobian": Entry(partial(Gradient, apart=True), "scorer", "what raises one logit and leaves the others alone"),
    "channels": Entry(Channels, "scores", "single style channels of StyleGAN2 (StyleSpace)", spaces=("s",)),
    "sefa": Entry(SeFa, "nothing", "closed-form factorisation of the first weights that a code meets", usual=True),
    "ganspace": Entry(GANSpace, "codes", "principal components of codes or of a layer's activations", usual=True),
    "ica": Entry(ICA, "codes", "independent components of codes or of a layer's activations"),
    "sparse-pca": Entry(SparsePCA, "codes", "principal components that weigh few values of a layer"),
    "fewshot": Entry(FewShot, "labels", "10 to 60 labels, with what the generator's activations know"),
    "learned": Entry(Learned, "nothing", "directions that a network tells apart by their pictures"),
}
"""Methods by name."""
