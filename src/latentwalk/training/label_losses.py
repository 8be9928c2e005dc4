"""What networks learn from when pictures have labels: functions of a scene, a scalar each."""

from typing import cast

from jaxtyping import Float
from torch import Tensor
from torch.nn import functional as F

from latentwalk.training.label_critics import Classifier
from latentwalk.training.scene import Scene

NUMBERS = 0.1
"""Weight of the numbers beside the class, so that both are of one size (Chen et al., 2016, section 6)."""


def critic_labels(scene: Scene) -> Float[Tensor, ""]:
    """The critic reads labels of real pictures (Odena et al., 2017, equation 3, first part).

    Not of made ones: then it would agree with the generator on signs of a label that nobody else sees.
    """
    return unlikeliness(scene, scene.says("critic", "real")[:, 1:], scene.batch.labels)


def generator_labels(scene: Scene) -> Float[Tensor, ""]:
    """To paint what the critic reads as the label that was asked for (Odena et al., 2017, equation 3, second part)."""
    return unlikeliness(scene, scene.says("critic", "fake")[:, 1:], scene.wanted)


def critic_mismatch(scene: Scene) -> Float[Tensor, ""]:
    """A real picture with a wrong label is no true pair (Reed et al., 2016, algorithm 1)."""
    return F.softplus(scene.scores("mismatched")).mean()


def classifier_labels(scene: Scene) -> Float[Tensor, ""]:
    """A classifier reads labels of real pictures (Lee and Seok, 2017), and remembers how well."""
    loss = unlikeliness(scene, scene.says("classifier", "real"), scene.batch.labels)
    cast(Classifier, scene.networks["classifier"]).known.copy_(loss.detach())
    return loss


def generator_controlled(scene: Scene) -> Float[Tensor, ""]:
    """To paint what the classifier reads as what was asked for, times gamma, which grows while the classifier reads
    made pictures worse than real ones (Lee and Seok, 2017)."""
    loss = unlikeliness(scene, scene.says("classifier", "fake"), scene.wanted)
    return cast(Classifier, scene.networks["classifier"]).steer(loss.detach()) * loss


def reader_codes(scene: Scene) -> Float[Tensor, ""]:
    """A reader finds the codes in made pictures: the class, and the first numbers of z (Chen et al., 2016, equation 5).

    -log Q(c | x), of numbers up to a constant: then the mutual information with the class is ln(classes) minus this.
    """
    return codes_unlikeliness(scene)


def generator_codes(scene: Scene) -> Float[Tensor, ""]:
    """To paint what the reader can tell the codes from (Chen et al., 2016, equation 6)."""
    return codes_unlikeliness(scene)


def codes_unlikeliness(scene: Scene) -> Float[Tensor, ""]:
    """-log Q of the class, and of each number of z that the reader answers too: a normal one, of variance 1."""
    said, (z, wanted) = scene.says("reader", "fake"), scene.batch.drawn
    classes, numbers = said.split((wanted.shape[1], said.shape[1] - wanted.shape[1]), 1)
    gap = numbers - z[:, : numbers.shape[1]]
    return unlikeliness(scene, classes, wanted) + NUMBERS * gap.square().sum(1).mean() / 2


def unlikeliness(scene: Scene, logits: Float[Tensor, "n l"], labels: Float[Tensor, "n l"]) -> Float[Tensor, ""]:
    """-log P(labels): of one class where every label is one, otherwise of every condition by itself."""
    if scene.exclusive:
        return F.cross_entropy(logits, labels)
    return F.binary_cross_entropy_with_logits(logits, labels, reduction="none").sum(1).mean()
