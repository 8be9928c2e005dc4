"""What the names of the parts of a checkpoint say: which one draws, and which ones were only there to train."""

import re
from enum import IntEnum


class Role(IntEnum):
    """Of a part of a file; the lower, the sooner it is tried."""

    AVERAGED = 0
    GENERATOR = 1
    UNKNOWN = 2
    ASIDE = 3


WORDS = {
    Role.ASIDE: "d disc discriminator discriminators dis critic encoder enc optim optimizer optimizers opt optimiser "
    "sched scheduler schedulers scaler grads augment lpips vgg inception arcface loss losses criterion",
    Role.AVERAGED: "ema avg average averaged smooth smoothed running shadow swa gs",
    Role.GENERATOR: "g gen generator generators decoder",
}
"""In the order in which they are looked for: the average of a discriminator is a discriminator."""

ROLES = {word: role for role, words in reversed(WORDS.items()) for word in words.split()}


def role_of(name: str) -> Role:
    """The role of a part: "G_ema", "netG", "optimizerD" and "model" are averaged, a generator, aside and unknown."""
    words = [word.lower() for word in re.findall(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|\d+", name)]
    roles = {ROLES[word] for word in words if word in ROLES}
    return next((role for role in WORDS if role in roles), Role.UNKNOWN)
