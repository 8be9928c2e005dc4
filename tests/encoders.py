"""Encoders that belong to generators of the tests: the exact one of the toy, and random ones."""

import torch

from latentwalk.generator import Generator
from latentwalk.image_encoder import ImageEncoder, ImageEncoderSizes
from toys import ToyGenerator


def planted_encoder(toy: ToyGenerator) -> ImageEncoder:
    """The pseudo-inverse of a linear generator: no encoder is better."""
    encoder = ImageEncoder(ImageEncoderSizes(toy.image_shape, (), toy.spaces["z"].shape[0], 0), toy.fingerprint)
    paints = toy.picture.weight @ toy.entry.weight
    with torch.no_grad():
        matrix = encoder.coder.get_submodule("score.1")
        matrix.weight.zero_()[: paints.shape[1]] = torch.linalg.pinv(paints.double()).float()
        matrix.bias.zero_()
    return encoder.requires_grad_(False)


def untrained_encoder(generator: Generator, exclusive: bool = False) -> ImageEncoder:
    """One whose answers mean nothing, for a generator whose codes have one dimension."""
    (code,) = generator.input_space.shape
    sizes = ImageEncoderSizes(generator.image_shape, (), code, generator.classes, exclusive)
    with torch.random.fork_rng():
        torch.manual_seed(0)
        return ImageEncoder(sizes, generator.fingerprint).requires_grad_(False)
