"""What autoencoders learn from: functions of a scene, a scalar each, in nats where that makes sense."""

import torch
from jaxtyping import Float
from torch import Tensor

from latentwalk.training.label_losses import unlikeliness
from latentwalk.training.scene import Scene


def reconstruction(scene: Scene) -> Float[Tensor, ""]:
    """-log p(picture | z, label) up to a constant, of normal pixels with the variance 1; a weight of 1 / sigma^2 makes
    it one of sigma (Sohn et al., 2015, equation 4, second part)."""
    return (scene.pictures("again") - scene.real).square().sum((1, 2, 3)).mean() / 2


def divergence(scene: Scene) -> Float[Tensor, ""]:
    """From the codes of a picture to normal ones: KL(q(z | picture) || N(0, 1)) (Kingma and Welling, 2014, appendix B;
    with a weight above 1, Higgins et al., 2017, equation 4)."""
    mean, log_variance = scene.encoded
    return (mean.square() + log_variance.exp() - 1 - log_variance).sum(1).mean() / 2


def reader_labels(scene: Scene) -> Float[Tensor, ""]:
    """A reader reads labels of real pictures, so that a photograph needs none."""
    return unlikeliness(scene, scene.says("reader", "real"), scene.batch.labels)


def adversary_labels(scene: Scene) -> Float[Tensor, ""]:
    """The adversary reads the label from the code (Lample et al., 2017, equation 2)."""
    return unlikeliness(scene, scene.ask_codes(), scene.batch.labels)


def generator_hides(scene: Scene) -> Float[Tensor, ""]:
    """A code that tells nothing of the label: the adversary can but say how frequent each is.

    For the flipped labels of Lample et al., 2017, equation 3, whose best answer is a code that tells wrong ones.
    """
    usual = scene.mean(scene.batch.labels).expand_as(scene.batch.labels)
    return unlikeliness(scene, scene.ask_codes(), usual)


def generator_means(scene: Scene) -> Float[Tensor, ""]:
    """Painted pictures look like real ones to the critic on average (Bao et al., 2017, equation 5)."""
    real, fake = scene.features("critic", "real"), scene.features("critic", "fake")
    return (scene.mean(fake) - scene.mean(real)).square().sum() / 2


def generator_class_means(scene: Scene) -> Float[Tensor, ""]:
    """The same to the reader, for every condition by itself (Bao et al., 2017, equation 6): pictures that were
    asked to have it and those that have it; and where it is no class of its own, those that have it not."""
    real, fake = scene.features("reader", "real").flatten(1), scene.features("reader", "fake").flatten(1)
    has, asked = scene.batch.labels, scene.wanted
    if not scene.exclusive:
        has, asked = torch.cat((has, 1 - has), 1), torch.cat((asked, 1 - asked), 1)
    (real, many), (fake, wanted) = _means(scene, real, has), _means(scene, fake, asked)
    there, gaps = (many > 0) & (wanted > 0), real - fake
    return (gaps.square().sum(1) * there).mean() / 2


def generator_pairs(scene: Scene) -> Float[Tensor, ""]:
    """A picture and itself painted again look alike to critic and reader (Bao et al., 2017, equation 7, second and
    third part)."""
    gaps = [scene.features(who, "real") - scene.features(who, "again") for who in ("critic", "reader")]
    return torch.stack([gap.square().sum((1, 2, 3)).mean() / 2 for gap in gaps]).sum()


def generator_asked(scene: Scene) -> Float[Tensor, ""]:
    """To paint what the reader reads as the label that was asked for, in samples and in changed pictures alike."""
    return unlikeliness(scene, scene.says("reader", "fake"), scene.wanted)


def _means(
    scene: Scene, features: Float[Tensor, "n f"], weights: Float[Tensor, "n k"]
) -> tuple[Float[Tensor, "k f"], Float[Tensor, "k"]]:
    """Of the pictures of every kind, and how many there are; weights: how much a picture is of it."""
    sums, many = scene.ranks.average(weights.T @ features), scene.ranks.average(weights.sum(0))
    return sums / many.clamp(min=1e-6)[:, None], many
