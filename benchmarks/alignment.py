"""Does a photograph come into the generator's frame, however it lies? Prints three Markdown tables.

    .venv/bin/python benchmarks/alignment.py

Needs the extra `photos`. The photograph is examples/photos/astronaut.jpg, turned, mirrored, at 200 to 2,000 pixels, and
in the eight ways that EXIF knows. Distances are in pixels of the generator (64 for faces64) and against the photograph
as it is; of the four corners of the frame the farthest counts. A mirrored photograph is compared with the mirrored
frame. The third table knows no faces: what was learned of the frame of the generator's samples is followed, in the
same photograph, against the frame of the landmarks, and in photographs of other things, into which unseen samples were
put at random places, sizes (90 to 300 of 480 pixels) and angles (up to 25 degrees). Pictures of every crop go into
--out.
"""

import argparse
import itertools
import statistics
import tempfile
import time
from pathlib import Path

import numpy as np
import torch
from PIL import ExifTags, Image, ImageOps
from sklearn.datasets import load_sample_images

import latentwalk as lw
from latentwalk.framing.align import Aligned, align
from latentwalk.framing.landmarks import Detector
from latentwalk.framing.learned import learn_frame
from latentwalk.framing.search import find_place
from latentwalk.framing.template import MIRRORED, face_template
from latentwalk.framing.warp import warp
from latentwalk.images import to_pictures
from latentwalk.numerics.similarity import inverse, move, scale_of, similarity
from latentwalk.photos import read_photo
from latentwalk.pictures.framing import framing
from latentwalk.pictures.grid import grid
from latentwalk.pictures.layout import table

PHOTO = Path(__file__).parents[1] / "examples" / "photos" / "astronaut.jpg"
ORIENTATIONS = {1: (0, False), 2: (0, True), 3: (180, False), 4: (180, True), 5: (270, True), 6: (90, False)}
ORIENTATIONS |= {7: (90, True), 8: (270, False)}
"""Degrees clockwise, then whether it is mirrored, that make the stored picture upright."""


def distances(found: Aligned, straight: Aligned, placed: np.ndarray, mirrored: bool, width: int) -> tuple[float, float]:
    """How far the landmarks (the farthest of five) and the frame are from those of the photograph as it is."""
    assert found.landmarks is not None and straight.landmarks is not None
    points, corners = move(inverse(placed), found.landmarks), move(inverse(placed), found.corners)
    truth = straight.corners
    if mirrored:  # the frame of the mirrored photograph begins at the other corner
        points = np.column_stack([width - points[:, 0], points[:, 1]])[MIRRORED]
        corners = np.column_stack([width - corners[:, 0], corners[:, 1]])[[1, 0, 3, 2]]
    scale = scale_of(straight.transform)
    apart = np.linalg.norm(points - straight.landmarks, axis=1).max() * scale
    return float(apart), float(np.linalg.norm(corners - truth, axis=1).max() * scale)


def stored_as(photo: Image.Image, orientation: int, path: Path) -> None:
    """A JPEG that looks like the photograph only to who respects its EXIF orientation."""
    degrees, mirrored = ORIENTATIONS[orientation]
    picture = ImageOps.mirror(photo) if mirrored else photo
    exif = Image.Exif()
    exif[ExifTags.Base.Orientation] = orientation
    picture.rotate(degrees if not mirrored else -degrees, expand=True).save(path, exif=exif, quality=95)


def planted(generator: lw.Generator, seed: int) -> tuple[Image.Image, np.ndarray]:
    """A photograph of something else with an unseen sample in it, and the way from it to the generator's pixels."""
    random = np.random.default_rng(seed)
    ground = Image.fromarray(load_sample_images().images[seed % 2]).resize((480, 320))
    (sample,) = to_pictures(generator.render(generator.sample([900_000 + seed])))
    width, angle = np.exp(random.uniform(np.log(90), np.log(300))), random.uniform(-25, 25)
    low = min(width, 300)
    middle = (random.uniform(width / 2, 480 - width / 2), random.uniform(low / 2, 320 - low / 2))
    transform = similarity(sample.width / width, -angle, middle, (sample.width / 2, sample.height / 2))
    rows, columns = np.indices((sample.height, sample.width)) + 1
    edge = np.minimum(np.minimum(columns, sample.width + 1 - columns), np.minimum(rows, sample.height + 1 - rows))
    soft = Image.fromarray((255 * (edge / (0.1 * sample.width)).clip(0, 1)).astype(np.uint8))
    placed, mask = (
        picture.transform(ground.size, Image.Transform.AFFINE, transform.ravel().tolist(), Image.Resampling.BICUBIC)
        for picture in (sample, soft)
    )
    return Image.composite(placed, ground, mask), transform


def learned_table(
    generator: lw.Generator, cases: "list[tuple[str, list[tuple[Image.Image, np.ndarray]]]]", out: Path
) -> None:
    """How far frames are from the true ones, where they are surely right and where they are not."""
    size = (generator.image_shape[2], generator.image_shape[1])
    start = time.process_time()
    learned = learn_frame(generator)
    print(
        f"\nlearned from samples in {time.process_time() - start:.0f} s; {float(learned.error):.1f} px on unseen ones\n"
    )
    print("| photographs | number | sure | of these wrong | frame, median | within 5 px | within 10 px | seconds |")
    print("|---|---|---|---|---|---|---|---|")
    corners = np.array([[0, 0], [size[0], 0], [size[0], size[1]], [0, size[1]]], dtype=np.float64)
    crops = []
    for what, photos in cases:
        apart, sure, seconds = [], [], []
        for photo, truth in photos:
            start = time.process_time()
            place = find_place(photo, learned, size)
            seconds.append(time.process_time() - start)
            moved = move(place.transform, move(inverse(truth), corners)) - corners
            apart.append(float(np.linalg.norm(moved, axis=1).max()))
            sure.append(place.sure)
            crops.append(warp(photo, place.transform, size))
        right = np.array(apart) * 64 / max(size)
        wrong = int((right[sure] > 16).sum())
        print(
            f"| {what} | {len(photos)} | {sum(sure)} | {wrong} | {np.median(right):.1f} | {(right < 5).sum()} | "
            f"{(right < 10).sum()} | {statistics.median(seconds):.1f} |",
            flush=True,
        )
    table(crops, 8).save(out / "learned.png")


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--generator", default="faces64")
    options.add_argument("--angles", type=float, nargs="*", default=[-30, -20, -10, 0, 10, 20, 30])
    options.add_argument("--sides", type=int, nargs="*", default=[200, 512, 1000, 2000])
    options.add_argument("--turns", type=float, nargs="*", default=[-30, 0, 30], help="of the third table")
    options.add_argument("--planted", type=int, default=24)
    options.add_argument("--out", type=Path, default=Path("out"))
    given = options.parse_args()
    torch.set_num_threads(1)
    given.out.mkdir(parents=True, exist_ok=True)
    generator, detector, photo = lw.load(given.generator), Detector(), read_photo(PHOTO)
    detector.search(photo)  # the network is read when it is first used
    print("| template from 100 samples | seconds | with a face | farthest landmark from the others' |")
    print("|---|---|---|---|")
    templates, rows = [], []
    for first in range(0, 400, 100):
        start = time.process_time()
        templates.append(face_template(generator, detector=detector, seeds=range(first, first + 100)))
        rows.append((first, time.process_time() - start))
    for (first, seconds), template in zip(rows, templates, strict=True):
        others = [np.linalg.norm(template.array - other.array, axis=1).max() for other in templates]
        print(f"| seeds {first}-{first + 99} | {seconds:.1f} | {template.found} | {max(others):.2f} |")
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        face_template(generator, folder, detector)
        straight = align(photo, generator, folder=folder, detector=detector)
        print("\n| photograph | pixels | crops | landmarks, median | worst | frame, median | worst | seconds |")
        print("|---|---|---|---|---|---|---|---|")
        crops = [straight.crop]
        for mirrored, side in itertools.product((False, True), given.sides):
            figures, seconds = [], []
            for angle in given.angles:
                scale = side / photo.width
                placed = similarity(scale, angle, (photo.width / 2, photo.height / 2), (side / 2, side / 2))
                picture = warp(ImageOps.mirror(photo) if mirrored else photo, placed, (side, side), mirror=False)
                start = time.process_time()
                found = align(picture, generator, folder=folder, detector=detector)
                seconds.append(time.process_time() - start)
                figures.append(distances(found, straight, placed, mirrored, photo.width))
                crops.append(found.crop)
            what = f"{'mirrored, ' if mirrored else ''}turned by {min(given.angles):g} to {max(given.angles):g}°"
            show(what, str(side), figures, seconds)
        figures, seconds = [], []
        for orientation in ORIENTATIONS:
            stored_as(photo, orientation, folder / "stored.jpg")
            start = time.process_time()
            found = align(folder / "stored.jpg", generator, folder=folder, detector=detector)
            seconds.append(time.process_time() - start)
            figures.append(distances(found, straight, np.eye(2, 3), False, photo.width))
            crops.append(found.crop)
        show("EXIF orientation 1 to 8", str(photo.width), figures, seconds)
        grid(torch.stack(crops)).save(given.out / "crops.png")
        turned = []
        for mirrored, side, angle in itertools.product((False, True), given.sides, given.turns):
            placed = similarity(side / photo.width, angle, (photo.width / 2, photo.height / 2), (side / 2, side / 2))
            picture = warp(ImageOps.mirror(photo) if mirrored else photo, placed, (side, side), mirror=False)
            turned.append((picture, align(picture, generator, folder=folder, detector=detector).transform))
        own = [planted(generator, seed) for seed in range(given.planted)]
        what = f"the photograph at {min(given.sides)} to {max(given.sides)} px, turned, mirrored"
        learned_table(generator, [(what, turned), ("unseen samples in photographs of other things", own)], given.out)
        points = (straight.corners, straight.landmarks, straight.template, straight.landmarks_in_crop)
        listed = [[(float(x), float(y)) for x, y in ([] if p is None else p)] for p in points]
        framing(photo, straight.crop, *listed, straight.mask, straight.note).save(given.out / "framing.png")


def show(what: str, pixels: str, figures: list[tuple[float, float]], seconds: list[float]) -> None:
    marks, frames = zip(*figures, strict=True)
    cells = [statistics.median(marks), max(marks), statistics.median(frames), max(frames), statistics.median(seconds)]
    print(f"| {what} | {pixels} | {len(figures)} | {' | '.join(f'{cell:.2f}' for cell in cells)} |")


if __name__ == "__main__":
    main()
