"""Report: an evaluation as a page with pictures, as Markdown, and as JSON."""

from collections.abc import Sequence
from pathlib import Path

import torch

from latentwalk.direction import Direction
from latentwalk.edits import codes_for
from latentwalk.evaluation import Evaluation
from latentwalk.files import write_text
from latentwalk.generator import Generator
from latentwalk.images import data_uri
from latentwalk.jobs.evaluate import Given, name_all
from latentwalk.latents import Latents, concatenate
from latentwalk.pages.html import html, strip_picture
from latentwalk.pages.markdown import markdown
from latentwalk.progress import Progress, silent

STRIP_CODES, STRIP_STRENGTHS = 2, 5
"""Rows and columns of the pictures of one direction."""


def save_report(
    evaluation: Evaluation,
    generator: Generator,
    found: Sequence[Given],
    codes: Latents,
    path: str | Path,
    commands: Sequence[str] = (),
    progress: Progress = silent,
) -> list[Path]:
    """Write the page, and beside it the same as Markdown and as JSON; each file whole or not at all.

    evaluation: what `evaluate` measured of `found`. codes: whose pictures are shown, the first
    few. path: of the page, .html. commands: what a person types to get all this again. Returns the three paths.
    """
    path = Path(path)
    strips = {}
    directions = {named.key: named.direction for named in name_all(found)}
    for done, result in enumerate(evaluation.directions):
        shown = codes[:STRIP_CODES]
        strips[result.key] = render_strip(generator, directions[result.key], shown, evaluation.strengths)
        progress("rendering strips", done + 1, len(evaluation.directions))
    written = [path, path.with_suffix(".md"), path.with_suffix(".json")]
    write_text(written[0], html(evaluation, strips, commands))
    write_text(written[1], markdown(evaluation, commands))
    evaluation.save(written[2])
    return written


@torch.no_grad()
def render_strip(generator: Generator, direction: Direction, codes: Latents, strengths: Sequence[float]) -> str:
    """Every code at a few strengths from the least to the largest, as a picture inside a text."""
    shown = torch.linspace(strengths[0], strengths[-1], STRIP_STRENGTHS).tolist()
    start = codes_for(generator, codes, direction)
    edited = [direction.shift(start[row], strength) for row in range(len(start)) for strength in shown]
    return data_uri(strip_picture(generator.render(concatenate(edited)).cpu(), STRIP_STRENGTHS))
