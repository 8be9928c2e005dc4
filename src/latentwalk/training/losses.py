"""What networks learn from: functions of a scene, a scalar each. `LOSSES` knows them by the name a recipe has."""

from collections.abc import Callable
from typing import cast

import torch
from jaxtyping import Float
from torch import Tensor
from torch.nn import functional as F

from latentwalk.training.autoencoder_losses import (
    adversary_labels,
    divergence,
    generator_asked,
    generator_class_means,
    generator_hides,
    generator_means,
    generator_pairs,
    reader_labels,
    reconstruction,
)
from latentwalk.training.label_losses import (
    classifier_labels,
    critic_labels,
    critic_mismatch,
    generator_codes,
    generator_controlled,
    generator_labels,
    reader_codes,
)
from latentwalk.training.players import StyleGAN2Player
from latentwalk.training.scene import Scene

Loss = Callable[[Scene], Tensor]
"""A mean over the pictures of the scene. What it draws has a row for each picture."""

PATH_RATE = 0.01
"""How fast the mean path length follows."""


def critic_logistic(scene: Scene) -> Float[Tensor, ""]:
    """Real or made (Goodfellow et al., 2014, equation 1): the cross-entropy of both."""
    return F.softplus(-scene.scores("real")).mean() + F.softplus(scene.scores("fake")).mean()


def generator_logistic(scene: Scene) -> Float[Tensor, ""]:
    """To be taken for real; the form that does not saturate (Goodfellow et al., 2014, section 3)."""
    return F.softplus(-scene.scores("fake")).mean()


def critic_wasserstein(scene: Scene) -> Float[Tensor, ""]:
    """How far made pictures score above real ones (Arjovsky et al., 2017, equation 3, its sign changed)."""
    return scene.scores("fake").mean() - scene.scores("real").mean()


def generator_wasserstein(scene: Scene) -> Float[Tensor, ""]:
    """To score high."""
    return -scene.scores("fake").mean()


def critic_relativistic(scene: Scene) -> Float[Tensor, ""]:
    """A real picture is more real than the one it is paired with (Jolicoeur-Martineau, 2018, section 4.1)."""
    return F.softplus(scene.scores("fake") - scene.scores("real")).mean()


def generator_relativistic(scene: Scene) -> Float[Tensor, ""]:
    """The other way round. Real pictures are scored too, although nothing learns from them by themselves."""
    return F.softplus(scene.scores("real") - scene.scores("fake")).mean()


def gradient_penalty(scene: Scene) -> Float[Tensor, ""]:
    """(norm of the critic's gradient - 1)^2, between real and made pictures (Gulrajani et al., 2017, equation 3)."""
    between = torch.lerp(scene.real, scene.fake, scene.batch.between)
    return (_gradient(scene, between, scene.batch.labels).flatten(1).norm(dim=1) - 1).square().mean()


def r1(scene: Scene) -> Float[Tensor, ""]:
    """Half the squared norm of the critic's gradient at real pictures (Mescheder et al., 2018, equation 9)."""
    return _gradient(scene, scene.real, scene.batch.labels).square().sum((1, 2, 3)).mean() / 2


def r2(scene: Scene) -> Float[Tensor, ""]:
    """The same at made pictures (Mescheder et al., 2018, equation 10)."""
    return _gradient(scene, scene.fake, scene.batch.drawn[-1]).square().sum((1, 2, 3)).mean() / 2


def path_length(scene: Scene) -> Float[Tensor, ""]:
    """How much the length of a step in the picture differs from its mean, for a step of one in w+ and a random
    direction in pictures (Karras et al., 2020, equation 4). Half of the batch is enough."""
    player = cast(StyleGAN2Player, scene.networks["generator"])
    half = tuple(part[: (len(part) + 1) // 2] for part in scene.batch.drawn)
    ws = player.codes(*half)
    images = player.paint(ws)
    noise = torch.randn_like(images) / (images.shape[2] * images.shape[3]) ** 0.5
    (slopes,) = torch.autograd.grad((images * noise).sum(), ws, create_graph=True)
    lengths = slopes.square().sum(2).mean(1).sqrt()
    mean = player.path_length.lerp_(scene.mean(lengths.detach()), PATH_RATE)
    return (lengths - mean).square().mean()


def _gradient(scene: Scene, images: Float[Tensor, "n c h w"], labels: Tensor) -> Float[Tensor, "n c h w"]:
    """Of the critic's scores, by the picture; the penalty on it is learned from in turn."""
    images = images.detach().requires_grad_()
    (gradient,) = torch.autograd.grad(scene.ask("critic", images, labels)[:, 0].sum(), images, create_graph=True)
    return gradient


LOSSES: dict[str, Loss] = {
    loss.__name__: loss
    for loss in (
        critic_logistic,
        generator_logistic,
        critic_wasserstein,
        generator_wasserstein,
        critic_relativistic,
        generator_relativistic,
        gradient_penalty,
        r1,
        r2,
        path_length,
        critic_labels,
        generator_labels,
        critic_mismatch,
        classifier_labels,
        generator_controlled,
        reader_codes,
        generator_codes,
        reconstruction,
        divergence,
        reader_labels,
        adversary_labels,
        generator_hides,
        generator_means,
        generator_class_means,
        generator_pairs,
        generator_asked,
    )
}
