"""What networks learn from when pictures have labels: functions of a scene, a scalar each."""

from typing import cast

from jaxtyping import Float
from torch import Tensor
from torch.nn import functional as F

from latentwalk.training.players import ConditionalPlayer
from latentwalk.training.scene import Scene


def critic_labels(scene: Scene) -> Float[Tensor, ""]:
    """The critic reads labels of real pictures (Odena et al., 2017, equation 3, first part).

    Not of made ones: then it would agree with the generator on signs of a label that nobody else sees.
    """
    return unlikeliness(scene, scene.says("critic", "real")[:, 1:], scene.batch.labels)


def generator_labels(scene: Scene) -> Float[Tensor, ""]:
    """To paint what the critic reads as the label that was asked for (Odena et al., 2017, equation 3, second part)."""
    return unlikeliness(scene, scene.says("critic", "fake")[:, 1:], scene.wanted)


def critic_mismatch(scene: Scene) -> Float[Tensor, ""]:
    """A real picture with another one's label is no true pair (Reed et al., 2016, algorithm 1)."""
    return F.softplus(scene.scores("mismatched")).mean()


def unlikeliness(scene: Scene, logits: Float[Tensor, "n l"], labels: Float[Tensor, "n l"]) -> Float[Tensor, ""]:
    """-log P(labels): of one class where every label is one, otherwise of every condition by itself."""
    if cast(ConditionalPlayer, scene.networks["generator"]).exclusive:
        return F.cross_entropy(logits, labels)
    return F.binary_cross_entropy_with_logits(logits, labels, reduction="none").sum(1).mean()
