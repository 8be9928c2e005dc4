"""How near inverters come, and after how many evaluations (a picture with the gradient of its code).

    python benchmarks/inversion.py faces mask noise adam
    python benchmarks/inversion.py families --fixtures ../shared/fixtures

prints a Markdown table per part. faces: pictures of faces64 from seeds that nothing was learned from, by the optimiser
with the features of the scorer for what is stuck, and by the other inverters. mask: a hole of a sixteenth or a quarter
of the picture, in its middle. noise: normal noise of .2 on every number. adam: what a random code and Adam take.
sets: directions from pictures with and without an attribute (40 of each, by the scorer) against those from true codes
of the same pictures; the effect is the mean change of the judge's logit two units along, on other codes.
families: random networks of every family; the residual is a share of the variance of their pictures. Mean squared
differences are on [-1, 1]. Seconds are those of batches of 32, without what is learned once: by the clock, and those
that the processor worked.
"""

import argparse
import time
from pathlib import Path

import torch
from torch import Tensor

import latentwalk as lw
from latentwalk.images import to_pictures
from latentwalk.inversion.encoder import Encoder
from latentwalk.inversion.image2stylegan import Image2StyleGAN
from latentwalk.inversion.optimize import Optimize
from latentwalk.inversion.ridge import Ridge
from latentwalk.inverter import Inversion, Inverter, Perception, mean_square
from latentwalk.jobs.contrast_photos import contrast_photos
from latentwalk.jobs.features import features_of
from latentwalk.jobs.invert import Framing
from latentwalk.methods.contrast import Contrast, contrasted

SEEDS_FROM = 7 * 10**9
"""Far from the seeds that guesses are learned from."""

NEVER = 10**6

SLOW = 8
"""Images that are inverted by what takes a thousand evaluations."""

FAMILIES = (
    ("dcgan_family/tutorial64/netG.pth", ("z",)),
    ("dcgan_family/wgangp_bn32/generator.pkl", ("z",)),
    ("genforce/pggan32/pggan_zoo.pth", ("z",)),
    ("genforce/stylegan32/stylegan_zoo.pth", ("w",)),
    ("nvidia_stylegan2ada/uncond32/gema_nosrc.pkl", ("w", "w+")),
    ("rosinality_stylegan2/g32/converted.pt", ("w", "w+")),
    ("nvidia_stylegan3/t32/gema_nosrc.pkl", ("w",)),
    ("ajbrock_biggan/hier32/G_ema.pth", ("z",)),
    ("huggingface_biggan_deep/deep32", ("z",)),
)
"""A file of every family that is kept beside the repository, and where its pictures are inverted."""


def pictures(generator: lw.Generator, count: int) -> tuple[lw.Latents, Tensor]:
    """Unseen codes, with every class in turn, and their pictures."""
    labels = [i % generator.classes for i in range(count)] if generator.classes else None
    codes = generator.sample(range(SEEDS_FROM, SEEDS_FROM + count), labels)
    return codes, generator.render(codes)


def first_below(losses: Tensor, level: float) -> Tensor:
    """Evaluations of each image until it was as near, `NEVER` for those that never were."""
    below = losses.nan_to_num(NEVER) <= level
    return torch.where(below.any(0), below.float().argmax(0) + 1, NEVER)


def middle(evaluations: Tensor) -> str:
    value = int(evaluations.median())
    return "never" if value == NEVER else str(value)


def in_batches(inverter: Inverter, generator: lw.Generator, targets: Tensor, mask: Tensor | None = None) -> Inversion:
    inverter.invert(generator, targets[:1], mask=mask)  # what is learned once is learned here
    return Inversion.concatenate([inverter.invert(generator, part, mask=mask) for part in targets.split(32)])


def row(*cells: object) -> None:
    print("| " + " | ".join(str(cell) for cell in cells) + " |", flush=True)


def header(*cells: str) -> None:
    print()
    row(*cells)
    row(*["---"] * len(cells))


def faces(generator: lw.Generator, images: int, features: Perception, only: list[str] | None = None) -> None:
    header(
        "inverter", "images", "within 1e-2", "1e-3", "evaluations to 1e-2", "to 1e-3", "all, mean", "seconds an image",
        "of a processor",
        "MSE, median", "PSNR, median", "cosine to the true code, median", "stragglers: seed, MSE",
    )  # fmt: skip
    kinds: tuple[tuple[str, Inverter, int], ...] = (
        ("optimize to 1e-3", Optimize(features=features, enough=1e-3), images),
        ("optimize", Optimize(features=features), images),
        ("ridge", Ridge(), images),
        ("encoder", Encoder(), images),
        ("image2stylegan", Image2StyleGAN(features=features), min(images, SLOW)),
    )
    for name, inverter, count in kinds:
        if only is not None and name not in only:
            continue
        codes, targets = pictures(generator, count)
        inverter.invert(generator, targets[:1])  # what is learned once is learned here
        since = time.process_time()
        found = in_batches(inverter, generator, targets)
        worked = time.process_time() - since
        late = [f"{SEEDS_FROM + i}: {float(found.mse[i]):.4f}" for i in range(count) if found.mse[i] > 1e-3]
        ends = [int((found.mse <= level).sum()) for level in (1e-2, 1e-3)]
        steps = [middle(first_below(found.losses, level)) for level in (1e-2, 1e-3)]
        alike = torch.cosine_similarity(found.latents.values, codes.values).median()
        row(
            name, count, *ends, *steps, f"{found.evaluations.float().mean():.1f}", f"{found.seconds / count:.3f}",
            f"{worked / count:.3f}",
            f"{found.mse.median():.5f}", f"{found.psnr.median():.1f}", f"{alike:.3f}",
            "; ".join(late) if len(late) <= 8 else len(late),
        )  # fmt: skip


def mask(generator: lw.Generator, count: int, features: Perception) -> None:
    header("hole", "images", "MSE in the hole, median", "mean", "MSE outside, median", "without a mask, in the hole")
    _, targets = pictures(generator, count)
    _, height, width = generator.image_shape
    for share, parts in (("1/16", 4), ("1/4", 2)):
        known, (tall, wide) = torch.ones(height, width), (height // parts, width // parts)
        top, left = (height - tall) // 2, (width - wide) // 2
        known[top : top + tall, left : left + wide] = 0
        hole = (1 - known).expand(count, 1, height, width)
        occluded = torch.where(known > 0, targets, -1.0)
        inverter = Optimize(features=features)
        with_mask, without = (in_batches(inverter, generator, occluded, m) for m in (known, None))
        inside, blind = (mean_square(found.images - targets, hole) for found in (with_mask, without))
        row(
            share,
            count,
            f"{inside.median():.5f}",
            f"{inside.mean():.5f}",
            f"{with_mask.mse.median():.5f}",
            f"{blind.median():.4f}",
        )


def noise(generator: lw.Generator, count: int, features: Perception) -> None:
    header(
        "prior", "images", "MSE to the clean picture, median", "mean", "largest", "|z|", "true |z|", "evaluations, mean"
    )
    codes, targets = pictures(generator, count)
    noisy = targets + 0.2 * torch.randn(targets.shape, generator=torch.Generator().manual_seed(0))
    for prior in (0.01, 0.0):
        found = in_batches(Optimize(prior=prior, features=features), generator, noisy)
        clean = mean_square(found.images - targets)
        row(
            prior, count, *(f"{value:.5f}" for value in (clean.median(), clean.mean(), clean.max())),
            f"{found.norms.mean():.2f}", f"{codes.values.norm(dim=1).mean():.2f}",
            f"{found.evaluations.float().mean():.1f}",
        )  # fmt: skip


def adam(generator: lw.Generator, count: int, limit: int = 600) -> None:
    """From a random code of its own for each picture, the way that is tried first everywhere."""
    header("rate", "images", f"within 1e-2 after {limit}", "evaluations to 1e-2, median")
    _, targets = pictures(generator, count)
    for rate in (0.05, 0.1):
        values = generator.sample(range(SEEDS_FROM + 10**6, SEEDS_FROM + 10**6 + count)).values.requires_grad_()
        optimizer, losses = torch.optim.Adam([values], rate), []
        for _ in range(limit):
            loss = mean_square(generator.synthesize(values) - targets)
            losses.append(loss.detach())
            (values.grad,) = torch.autograd.grad(loss.sum(), values)
            optimizer.step()
        steps = first_below(torch.stack(losses), 1e-2)
        row(rate, count, int((steps < NEVER).sum()), middle(steps))


def families(fixtures: Path, most: int) -> None:
    header(
        "file", "space", "images", "within .1% of the variance", "evaluations, median", "most",
        "residual, median", "largest", "classes right", "seconds",
    )  # fmt: skip
    for name, spaces in FAMILIES:
        generator = lw.load(fixtures / name)
        count = min(most, 6) if generator.classes else most
        codes, targets = pictures(generator, count)
        variance = float(targets.var(0).mean())
        for space in spaces:
            since = time.perf_counter()
            found = Optimize(space=space, enough=1e-3 * variance, budget=60).invert(generator, targets)
            steps, residual = first_below(found.losses, 1e-3 * variance), found.mse / variance
            right = "" if codes.labels is None else f"{int((found.latents.labels == codes.labels).sum())} of {count}"
            row(
                name, space, count, int(found.reached.sum()), middle(steps), middle(steps.max()[None]),
                f"{residual.median():.5f}", f"{residual.max():.5f}", right, f"{time.perf_counter() - since:.0f}",
            )  # fmt: skip


def sets(generator: lw.Generator, each: int = 40) -> None:
    header("attribute", "pictures", "effect, from pictures", "from true codes", "share", "cosine of the two")
    scorer, judge = lw.load_scorer("faces64"), lw.load_scorer("faces64-judge")
    codes = generator.sample(range(SEEDS_FROM, SEEDS_FROM + 1500))
    logits = lw.score(generator, scorer, codes)
    others = generator.sample(range(SEEDS_FROM + 5000, SEEDS_FROM + 5200))
    before = lw.score(generator, judge, others)
    for name in ("eyeglasses", "smiling", "hat", "mouth_open"):
        order = logits[:, scorer.attributes.index(name)].argsort()
        have = codes[order[logits[order, scorer.attributes.index(name)] > 2][:each]]
        lack = codes[order[logits[order, scorer.attributes.index(name)] < -2][-each:]]
        photos = [to_pictures(generator.render(some)) for some in (have, lack)]
        seen = contrast_photos(generator, *photos, name, framing=Framing("none"))[0]
        true = Contrast().fit(generator, contrasted(have, lack, name))[0]
        column = judge.attributes.index(name)
        effects = [
            float((lw.score(generator, judge, way.shift(others, 2)) - before)[:, column].mean()) for way in (seen, true)
        ]
        row(
            name,
            f"{len(have)} + {len(lack)}",
            *(f"{effect:.2f}" for effect in effects),
            f"{effects[0] / effects[1]:.2f}",
            f"{float(seen.vector @ true.vector):.2f}",
        )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("parts", nargs="+", choices=["faces", "mask", "noise", "adam", "sets", "families"])
    parser.add_argument("--images", type=int, default=128)
    parser.add_argument("--inverters", nargs="+", metavar="NAME", help="rows of faces, such as 'optimize to 1e-3'")
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--fixtures", type=Path, default=Path("../shared/fixtures"))
    options = parser.parse_args()
    torch.set_num_threads(options.threads)
    generator = lw.load("faces64")
    features = features_of(lw.load_scorer("faces64"))
    for part in options.parts:
        if part == "families":
            families(options.fixtures, min(options.images, 16))
        elif part == "sets":
            sets(generator)
        elif part == "adam":
            adam(generator, min(options.images, 16))
        elif part == "faces":
            faces(generator, options.images, features, options.inverters)
        else:
            {"mask": mask, "noise": noise}[part](generator, options.images, features)


if __name__ == "__main__":
    main()
