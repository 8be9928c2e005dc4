"""Who plays in a recipe: fresh networks for pictures of a side in pixels, of so many colours, with such labels."""

import torch
from torch import Tensor, nn

from latentwalk.generators.stylegan2 import StyleGAN2Sizes
from latentwalk.image_encoder import PictureReader
from latentwalk.training.autoencoder import Adversary, Autoencoder
from latentwalk.training.conditioned import ConditionedPlayer
from latentwalk.training.critics import PlainCritic, ResidualCritic
from latentwalk.training.label_critics import (
    Classifier,
    CoarseReader,
    ConcatenatedCritic,
    ProjectionCritic,
    StyleProjectionCritic,
)
from latentwalk.training.players import ConditionalPlayer, DCGANPlayer, StyleGAN2Player
from latentwalk.training.recipe import Recipe

Networks = dict[str, nn.Module]

STYLE_WIDTHS, W, LAYERS = (128, 128, 64, 32, 16, 16, 16), 128, 4
"""Channels of the maps of 4, 8, 16 ... pixels; numbers of w; layers of the mapping."""

CONDITIONED_WIDTHS = (128, 128, 128, 64, 32, 16, 16)
"""The same of one that is told labels: details such as glasses want more channels at 16 to 64 pixels."""

PLAIN_WIDTH = 64
"""Channels of the largest map of a DCGAN, twice as many in each smaller one (Radford et al., 2015, figure 1)."""

LABELLED_WIDTH = 32
"""The same where labels are learned too: half as wide sees more than twice as many pictures in the time."""

INFORMED_CLASSES, INFORMED_NUMBERS = 10, 2
"""Codes of an InfoGAN: one of ten classes, and the first two numbers of z (Chen et al., 2016, section 7.2)."""


def style_networks(recipe: Recipe, side: int, colors: int, _labels: Tensor) -> Networks:
    widths = STYLE_WIDTHS[: side.bit_length() - 2]
    sizes = StyleGAN2Sizes((recipe.z, *[W] * LAYERS), widths, colors, noise=False)
    return {"generator": StyleGAN2Player(sizes, recipe.mixing), "critic": ResidualCritic(widths, colors)}


def conditioned_networks(recipe: Recipe, side: int, colors: int, labels: Tensor) -> Networks:
    """The same, whose w begins with the labels; the critic is told them."""
    widths = CONDITIONED_WIDTHS[: side.bit_length() - 2]
    sizes = StyleGAN2Sizes((recipe.z, *[W] * LAYERS), widths, colors, noise=False)
    player = ConditionedPlayer(sizes, recipe.mixing, labels)
    return {"generator": player, "critic": StyleProjectionCritic(widths, labels.shape[1], colors)}


def plain_networks(recipe: Recipe, side: int, colors: int, _labels: Tensor) -> Networks:
    widths = plain_widths(side)
    return {"generator": DCGANPlayer(recipe.z, widths, colors), "critic": PlainCritic(widths, colors)}


def bare_networks(recipe: Recipe, side: int, colors: int, _labels: Tensor) -> Networks:
    """Without BatchNorm in the critic: a penalty looks at the gradient of every picture by itself."""
    widths = plain_widths(side)
    return {"generator": DCGANPlayer(recipe.z, widths, colors), "critic": PlainCritic(widths, colors, "none")}


def concatenated_networks(recipe: Recipe, side: int, colors: int, labels: Tensor) -> Networks:
    widths, conditions = plain_widths(side, LABELLED_WIDTH), labels.shape[1]
    player = ConditionalPlayer(recipe.z, widths, labels, colors)
    return {"generator": player, "critic": ConcatenatedCritic(widths, conditions, colors)}


def projection_networks(recipe: Recipe, side: int, colors: int, labels: Tensor) -> Networks:
    widths, conditions = plain_widths(side, LABELLED_WIDTH), labels.shape[1]
    player = ConditionalPlayer(recipe.z, widths, labels, colors)
    return {"generator": player, "critic": ProjectionCritic(widths, conditions, colors)}


def auxiliary_networks(recipe: Recipe, side: int, colors: int, labels: Tensor) -> Networks:
    """A critic that gives a score, and a logit for every condition."""
    widths, conditions = plain_widths(side, LABELLED_WIDTH), labels.shape[1]
    player = ConditionalPlayer(recipe.z, widths, labels, colors)
    return {"generator": player, "critic": PlainCritic(widths, colors, outputs=1 + conditions)}


def controlled_networks(recipe: Recipe, side: int, colors: int, labels: Tensor) -> Networks:
    widths, conditions = plain_widths(side, LABELLED_WIDTH), labels.shape[1]
    player = ConditionalPlayer(recipe.z, widths, labels, colors)
    return {
        "generator": player,
        "critic": PlainCritic(widths, colors),
        "classifier": Classifier(widths, conditions, colors),
    }


def informed_networks(recipe: Recipe, side: int, colors: int, _labels: Tensor) -> Networks:
    """The generator is asked for classes that mean nothing yet; a reader finds them, and some numbers of z."""
    widths = plain_widths(side, LABELLED_WIDTH)
    player = ConditionalPlayer(recipe.z, widths, torch.eye(INFORMED_CLASSES), colors)
    reader = CoarseReader(widths, colors, outputs=INFORMED_CLASSES + INFORMED_NUMBERS)
    return {"generator": player, "critic": PlainCritic(widths, colors), "reader": reader}


def coding_networks(recipe: Recipe, side: int, colors: int, labels: Tensor) -> Networks:
    """An autoencoder, who reads labels of pictures, and who reads them in codes."""
    widths, conditions = plain_widths(side, LABELLED_WIDTH), labels.shape[1]
    player = Autoencoder(recipe.z, widths, labels, colors)
    reader = PictureReader((colors, side, side), widths[::-1], conditions, player.decoder.sizes.groups)
    return {"generator": player, "reader": reader, "adversary": Adversary(recipe.z, conditions)}


def judged_coding_networks(recipe: Recipe, side: int, colors: int, labels: Tensor) -> Networks:
    """The same, and a critic of pictures."""
    critic = PlainCritic(plain_widths(side, LABELLED_WIDTH), colors)
    return {**coding_networks(recipe, side, colors, labels), "critic": critic}


def plain_widths(side: int, width: int = PLAIN_WIDTH) -> tuple[int, ...]:
    """Of a DCGAN and its critic, for pictures of a side."""
    return tuple(width * 2**i for i in reversed(range(side.bit_length() - 3)))
