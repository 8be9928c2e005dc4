"""What autoencoders reach on avatars of 32 pixels. Prints Markdown for docs/results.md.

    python benchmarks/autoencoders.py cvae cvae-gan --kimg 100

Data, classifier and clock are those of training.py. Samples: how often a condition is what was asked for (obeys).
Held-out pictures: how near they come when they are painted again (PSNR in dB); and when one condition is turned round
in between, how often it is read as turned (arrives), and the others as they are (stay). The encoder reads the
conditions of held-out pictures by itself.
"""

import argparse
from pathlib import Path

import torch
from PIL.Image import Image
from torch import Tensor

from avatar_reader import HELD, pictures, read, reader
from latentwalk.checkpoints import own
from latentwalk.generator import Generator
from latentwalk.image_encoder import ImageEncoder
from latentwalk.images import save_image
from latentwalk.latents import Latents
from latentwalk.pictures.grid import grid
from latentwalk.scorers.classifier import Classifier
from latentwalk.training.avatar_factors import BINARY
from latentwalk.training.data import Pictures
from training import CODES, alone, trained

NAMES = ("cvae", "cvae-gan")
SHOWN = 10
"""Held-out pictures of a sheet."""


@torch.no_grad()
def encoded(encoder: ImageEncoder, images: Tensor) -> tuple[Tensor, Tensor]:
    """The middle of the codes of pictures, and their conditions as the encoder reads them."""
    parts = images.split(250)
    return torch.cat([encoder.codes(part) for part in parts]), torch.cat([encoder.labels(part) for part in parts])


def judged(generator: Generator, encoder: ImageEncoder, judge: Classifier, held: Pictures) -> dict[str, list[float]]:
    """Every figure, for every condition; the PSNR once."""
    images, labels = held.images.float() / 127.5 - 1, held.values
    obeys = read(judge, generator.render(generator.sample(len(held), labels))) == labels.bool()
    z, says = encoded(encoder, images)
    again = generator.render(Latents(z, "z", says))
    psnr = 10 * torch.log10(4 / (again - images).square().mean((1, 2, 3)))
    kept = read(judge, again) == labels.bool()
    figures: dict[str, list[float]] = {
        "PSNR": [float(psnr.mean())],
        "the encoder reads": ((says > 0.5) == labels.bool()).float().mean(0).tolist(),
        "obeys": obeys.float().mean(0).tolist(),
        "kept": kept.float().mean(0).tolist(),
        "arrives": [],
        "stay": [],
    }
    for one in range(len(BINARY)):
        turned = says.clone()
        turned[:, one] = 1 - labels[:, one]
        after = read(judge, generator.render(Latents(z, "z", turned)))
        others = [other for other in range(len(BINARY)) if other != one]
        figures["arrives"].append(float((after[:, one] != labels[:, one].bool()).float().mean()))
        figures["stay"].append(float((after[:, others] == labels[:, others].bool()).float().mean()))
    return figures


def flips(generator: Generator, encoder: ImageEncoder, held: Pictures) -> Image:
    """A row per held-out picture: itself, painted again, and with each condition turned round."""
    images = held.images[:SHOWN].float() / 127.5 - 1
    z, says = encoded(encoder, images)
    columns = [images, generator.render(Latents(z, "z", says))]
    for one in range(len(BINARY)):
        turned = says.clone()
        turned[:, one] = 1 - held.values[:SHOWN, one]
        columns.append(generator.render(Latents(z, "z", turned)))
    return grid(torch.stack(columns, 1).flatten(0, 1), len(columns))


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("recipes", nargs="+", choices=NAMES)
    parser.add_argument("--kimg", type=float, default=100, help="thousands of pictures: 10 minutes of cvae")
    parser.add_argument("--looks", type=int, default=2, help="how often it is judged")
    parser.add_argument("--count", type=int, default=24_000)
    parser.add_argument("--out", type=Path, default=Path("out/training"))
    asked = parser.parse_args()
    torch.set_num_threads(1)
    asked.out.mkdir(parents=True, exist_ok=True)

    data = pictures(asked.count).only(BINARY)
    fit, held = data[:-HELD], data[-HELD:][:CODES]
    judge = reader(fit, asked.out / "reader.safetensors")
    for name in asked.recipes:
        print(f"| {name} | min | kimg | load | {' | '.join(BINARY)} | mean |\n|{'---|' * (len(BINARY) + 5)}")
        for when, trainer in trained(name, fit, asked.kimg, asked.looks):
            generator = trainer.generator()
            encoder = trainer.encoder(generator)
            own.write(generator, asked.out / f"{name}.safetensors")
            save_image(asked.out / f"{name}.png", alone(generator))
            save_image(asked.out / f"{name}-flips.png", flips(generator, encoder, held))
            for figure, shares in judged(generator, encoder, judge, held).items():
                each = "".join(f" {s:.3f} |" for s in shares) if len(shares) > 1 else " |" * len(BINARY)
                print(f"| {figure} | {when} |{each} {sum(shares) / len(shares):.3f} |")
            print(end="", flush=True)
        print(flush=True)


if __name__ == "__main__":
    main()
