"""Methods: ways to find directions in samples. A new one is a file here and a line in `METHODS`."""

from collections.abc import Callable
from functools import partial
from typing import Literal, NamedTuple, Protocol, runtime_checkable

from latentwalk.directions import Directions
from latentwalk.generator import Generator
from latentwalk.methods.boundary import Boundary
from latentwalk.methods.fewshot import FewShot
from latentwalk.methods.learned import Learned
from latentwalk.methods.sefa import SeFa
from latentwalk.samples import Samples


@runtime_checkable
class Method(Protocol):
    """Hyperparameters are given to the constructor, data to `fit`. `fit` changes nothing and returns directions.

    samples: codes of the space in which directions are wanted; `source` of what is returned names the method, its
    parameters and the generator's fingerprint.
    """

    def fit(self, generator: Generator, samples: Samples) -> Directions: ...


Needs = Literal["scores", "labels", "scorer", "codes", "nothing"]


class Entry(NamedTuple):
    """A method as it is offered.

    make: its constructor, hyperparameters by keyword. needs: "scores" of all samples, "labels" (a few scores, NaN for
    the others), a differentiable "scorer" (the keyword of the constructor), "codes" alone, or "nothing" but the space.
    about: one line for people.
    """

    make: Callable[..., Method]
    needs: Needs
    about: str


METHODS: dict[str, Entry] = {
    "svm": Entry(partial(Boundary, kind="svm"), "scores", "support vector machine on the tails of the scores"),
    "logistic": Entry(partial(Boundary, kind="logistic"), "scores", "logistic regression on the tails of the scores"),
    "sefa": Entry(SeFa, "nothing", "closed-form factorisation of the first weights that a code meets"),
    "fewshot": Entry(FewShot, "labels", "10 to 60 labels, with what the generator's activations know"),
    "learned": Entry(Learned, "nothing", "directions that a network tells apart by their pictures"),
}
"""Methods by name."""
