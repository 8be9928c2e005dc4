"""Does a photograph come into the generator's frame, however it lies? Prints two Markdown tables.

    .venv/bin/python benchmarks/alignment.py

Needs the extra `photos`. The photograph is examples/photos/astronaut.jpg, turned, mirrored, at 200 to 2,000 pixels, and
in the eight ways that EXIF knows. Distances are in pixels of the generator (64 for faces64) and against the photograph
as it is; of the four corners of the frame the farthest counts. A mirrored photograph is compared with the mirrored
frame. Pictures of every crop go into --out.
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

import latentwalk as lw
from latentwalk.framing.align import Aligned, align
from latentwalk.framing.landmarks import Detector
from latentwalk.framing.template import MIRRORED, face_template
from latentwalk.framing.warp import warp
from latentwalk.numerics.similarity import inverse, move, scale_of, similarity
from latentwalk.photos import read_photo
from latentwalk.pictures.framing import framing
from latentwalk.pictures.grid import grid

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


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--generator", default="faces64")
    options.add_argument("--angles", type=float, nargs="*", default=[-30, -20, -10, 0, 10, 20, 30])
    options.add_argument("--sides", type=int, nargs="*", default=[200, 512, 1000, 2000])
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
        points = (straight.corners, straight.landmarks, straight.template, straight.landmarks_in_crop)
        listed = [[(float(x), float(y)) for x, y in ([] if p is None else p)] for p in points]
        framing(photo, straight.crop, *listed, straight.mask, straight.note).save(given.out / "framing.png")


def show(what: str, pixels: str, figures: list[tuple[float, float]], seconds: list[float]) -> None:
    marks, frames = zip(*figures, strict=True)
    cells = [statistics.median(marks), max(marks), statistics.median(frames), max(frames), statistics.median(seconds)]
    print(f"| {what} | {pixels} | {len(figures)} | {' | '.join(f'{cell:.2f}' for cell in cells)} |")


if __name__ == "__main__":
    main()
