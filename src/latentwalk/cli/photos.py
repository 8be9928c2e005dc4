"""Options of photographs, which `invert` and `edit` share, and how they are said."""

from dataclasses import dataclass
from pathlib import Path
from statistics import median
from typing import TYPE_CHECKING, Annotated, Any

import typer

from latentwalk.cli.console import number, say, say_table
from latentwalk.cli.options import check_file

if TYPE_CHECKING:
    from latentwalk.framing.face import NoFace
    from latentwalk.generator import Generator
    from latentwalk.inverter import Inverter
    from latentwalk.jobs.album import Album
    from latentwalk.jobs.invert import Framing

FRAMING = "Framing"
"""Panel of the help that says how a photograph is brought into the generator's frame."""

WAYS = ("auto", "face", "learned", "none")
"""Those of framing/align.py, which needs torch."""

SHOWN = 6
"""Photographs on the pictures of a folder."""

POINTS = 5

LISTED, FEW = 40, 10
"""Photographs that are all listed; of more than that, so many."""


@dataclass(frozen=True)
class FramingOptions:
    """How photographs are brought into the frame in which the generator draws."""

    align: Annotated[
        str,
        typer.Option(
            metavar="HOW",
            help="auto: by the face where the generator draws faces, else as learned, or the centre where that is "
            "doubtful. face: by the face. learned: as the generator's own samples are framed, whatever they show. "
            "none: the centre.",
            rich_help_panel=FRAMING,
        ),
    ] = "auto"
    face: Annotated[
        int | None,
        typer.Option(
            metavar="N",
            min=1,
            help="Which face of a photograph with several, from 1, the largest.",
            rich_help_panel=FRAMING,
            show_default=False,
        ),
    ] = None
    landmarks: Annotated[
        str | None,
        typer.Option(
            metavar="X,Y,...",
            help="Left eye, right eye, nose and both corners of the mouth, in pixels, instead of those that are found.",
            rich_help_panel=FRAMING,
            show_default=False,
        ),
    ] = None
    crop: Annotated[
        str | None,
        typer.Option(
            metavar="X,Y,SIZE,ANGLE",
            help="The frame itself: its middle, its width in pixels and how far it is turned, in degrees clockwise.",
            rich_help_panel=FRAMING,
            show_default=False,
        ),
    ] = None

    def check(self) -> None:
        """Raises ValueError for settings that cannot be read, before anything is loaded."""
        if self.align not in WAYS:
            raise ValueError(f"--align {self.align}: expected {', '.join(WAYS)}")
        given = [name for name in ("face", "landmarks", "crop") if getattr(self, name) is not None]
        if len(given) > 1:
            raise ValueError(f"expected one way to frame, got --{' and --'.join(given)}: leave one out")
        if self.landmarks is not None:
            numbers_of(self.landmarks, 2 * POINTS, "--landmarks", "ten numbers, x and y of five points")
        if self.crop is not None:
            numbers_of(self.crop, 4, "--crop", "four numbers: x and y of the middle, the width, the angle")

    def read(self, mask: Path | None = None) -> "Framing":
        """mask: a picture of the photograph's size."""
        from latentwalk.jobs.invert import Framing

        flat = None if self.landmarks is None else numbers_of(self.landmarks, 2 * POINTS, "--landmarks", "")
        points = None if flat is None else list(zip(flat[::2], flat[1::2], strict=True))
        crop = None if self.crop is None else numbers_of(self.crop, 4, "--crop", "")
        return Framing(self.align, points, crop, self.face, mask)

    @property
    def plain(self) -> dict[str, Any]:
        """What was chosen, for the record."""
        return {"align": self.align, "face": self.face, "landmarks": self.landmarks, "crop": self.crop}


def numbers_of(text: str, count: int, option: str, expected: str) -> list[float]:
    """Numbers with commas between them. Raises ValueError for others, and for another count."""
    try:
        values = [float(part) for part in text.replace(" ", "").split(",")]
    except ValueError:
        values = []
    if len(values) != count:
        raise ValueError(f"{option} {text}: expected {expected}")
    return values


def check_photos(photos: "list[Path]") -> None:
    """Raises ValueError when there is none. Others that are missing are skipped and named, as those that are bad."""
    if len(photos) == 1:
        check_file(photos[0], "a photograph, such as photos/me.jpg")


def check_some(album: "Album", searched: "list[Path]") -> None:
    """Raises ValueError when no photograph could be used, with why. searched: what `write_searched` wrote."""
    if not len(album):
        seen = f" (what was searched: {searched[0]})" if searched else ""
        reasons, rest = first_few(list(album.record.skipped.values()))
        raise ValueError(
            "no photograph could be used: " + "; ".join(reasons) + (f"; {rest:,} more" if rest else "") + seen
        )


def write_searched(faceless: "list[NoFace]", folder: Path) -> list[Path]:
    """The first photographs that were searched for a face in vain, with what might have been one; nothing without."""
    if not faceless:
        return []
    from latentwalk.images import save_png
    from latentwalk.pictures.layout import stack
    from latentwalk.pictures.searched import searched

    sheets = [
        searched(error.picture, [face.box for face in error.faces], [face.score for face in error.faces], str(error))
        for error in faceless[:SHOWN]
    ]
    path = folder / "no-face.png"
    save_png(path, stack(sheets))
    return [path]


def write_pictures(album: "Album", made: "Generator", folder: Path) -> list[Path]:
    """How the first photographs were framed, and what came of them: photograph, picture, and tuned picture."""
    import torch

    from latentwalk.images import save_image
    from latentwalk.numerics.similarity import move
    from latentwalk.pictures.framing import framing
    from latentwalk.pictures.layout import stack
    from latentwalk.pictures.strip import strips

    assert album.latents is not None
    count = min(len(album), SHOWN)
    tuned = album.generator(made)
    frames, rows, texts = [], [], []
    for i in range(count):
        said = album.record.photos[i]
        seen = album.framed(i, made)
        codes = album.latents[i].to(made.device, made.dtype)
        found = [] if said.landmarks is None else move(said.frame, said.points).tolist()
        frames.append(
            framing(
                album.photo(i),
                seen.crop,
                seen.corners.tolist(),
                said.landmarks or (),
                said.template or (),
                found,
                seen.mask,
                said.note,
            )
        )
        pictures = [seen.crop.to(made.device)[None], made.render(codes).float()]
        names = ["photograph", f"inverted\n{said.psnr:.1f} dB"]
        if album.delta is not None:
            pictures.append(tuned.render(codes).float())
            names.append(f"tuned\n{said.tuned or 0:.1f} dB")
        rows.append(torch.cat(pictures))
        texts.append(names)
    files = [folder / "framing.png", folder / "inverted.png"]
    save_image(files[0], stack(frames))
    save_image(files[1], strips(rows, texts))
    return files


def say_album(album: "Album", folder: Path | None = None) -> None:
    """A line per photograph, and why some were skipped; of many the least like their photographs, and the first.

    folder: where all are listed.
    """
    record = album.record
    tuned = any(photo.tuned is not None for photo in record.photos)
    photos = record.photos
    if many := len(photos) > LISTED:
        photos = sorted(photos, key=lambda photo: photo.psnr)[:FEW]
    rows = [
        (
            Path(photo.photo).name,
            number(photo.psnr, 1),
            *([number(photo.tuned, 1)] if tuned else []),
            number(photo.norm, 1),
            number(photo.identity, 2),
            photo.note or ("by the face" if photo.face else "by the frame"),
        )
        for photo in photos
    ]
    where = "" if folder is None else f", all in {folder / 'photos.json'}"
    if many:
        middle = median(photo.psnr for photo in record.photos)
        say(f"{len(record.photos):,} photographs, half of them nearer than {middle:.1f} dB; the {FEW} farthest{where}:")
    if rows:
        say_table(("photograph", ">dB", *([">tuned dB"] if tuned else []), ">|code|", ">identity", "framing"), rows)
        judged = ", which was optimised for: judge by eye" if record.likeness_optimised else ""
        say(
            f"dB: how near the picture of the code is to the photograph (PSNR); identity: cosine of two faces{judged}",
            "dim",
        )
    shown, rest = first_few(list(record.skipped.values()))
    for why in shown:
        say(f"skipped {why}", "yellow")
    if rest:
        say(f"skipped {rest:,} more{where}", "yellow")


def first_few(reasons: "list[str]") -> "tuple[list[str], int]":
    """What is said of photographs that were skipped, and how many others are not named."""
    shown = reasons if len(reasons) <= LISTED else reasons[:FEW]
    return shown, len(reasons) - len(shown)


def settings_of(inverter: "Inverter", name: str, framing: FramingOptions, mask: Path | None) -> dict[str, Any]:
    """What has to be the same for photographs of one folder."""
    from latentwalk.jobs.photo_records import plain_settings

    return {**plain_settings(inverter, name), **framing.plain, "mask": None if mask is None else str(mask)}
