"""`latentwalk info`: what a thing is, a generator or anything that latentwalk wrote."""

from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, NamedTuple

import typer

from latentwalk.choices import Choices
from latentwalk.cli.cards import describe_card, say_card
from latentwalk.cli.console import say, say_facts, say_json, say_table, working
from latentwalk.cli.file_options import FileOptions
from latentwalk.cli.found import say_directions
from latentwalk.cli.inspect import facts_of, say_details
from latentwalk.cli.options import Json
from latentwalk.progress import Progress

if TYPE_CHECKING:
    from latentwalk.origin import Origin


class Description(NamedTuple):
    """What a thing is.

    data: all of it, for machines. title, facts: what a person reads first. more: prints the rest.
    """

    data: dict[str, Any]
    title: str
    facts: dict[str, str]
    more: Callable[[], None] | None = None


def info(
    thing: Annotated[
        str | None,
        typer.Argument(
            metavar="[THING]",
            help="A generator, a scorer, directions, codes, a picture or a receipt. Without it: what is bundled.",
        ),
    ] = None,
    *,
    reading: FileOptions,
    as_json: Json = False,
) -> None:
    """Say what a thing is: a generator, or anything that latentwalk wrote.

    \bExamples:
      latentwalk info
      latentwalk info faces64
      latentwalk info out/eyeglasses/strip.png
    """
    with working(f"reading {thing}", as_json) as progress:
        found = [describe_bundle()] if thing is None else describe(thing, reading.choices, progress)
    if as_json:
        say_json({name: value for each in found for name, value in each.data.items()})
        return
    for i, each in enumerate(found):
        if i:
            say()
        say_facts(each.title, each.facts)
        if each.more:
            say()
            each.more()


def describe(thing: str, choices: Choices, progress: Progress) -> list[Description]:
    """What a thing is, one description for each thing of that name.

    Raises ValueError for one that nothing reads, and for choices of what is no generator.
    """
    from latentwalk.bundled import GENERATORS, SCORERS
    from latentwalk.remote.address import is_remote

    if is_remote(thing):
        return [describe_generator(thing, choices, progress)]
    if thing in GENERATORS or thing in SCORERS:
        found = [describe_generator(thing, choices, progress)] if thing in GENERATORS else []
        return found + ([describe_scorer(thing)] if thing in SCORERS else [])
    path = Path(thing)
    if not path.exists():
        bundled = ", ".join({**GENERATORS, **SCORERS})
        raise ValueError(f"no file {thing}: expected a file, or one of {bundled}")
    tell = KINDS.get(kind_of(path) if path.is_file() else "")
    if tell is None:
        return [describe_generator(thing, choices, progress)]
    if choices:
        raise ValueError(f"{thing} is no generator: leave out {' '.join(choices.words)}")
    return [tell(thing)]


def kind_of(path: Path) -> str:
    """What a file says that it is; by its content, but for .npy and .json, which say nothing."""
    from safetensors import SafetensorError, safe_open

    if path.suffix.lower() in (".npy", ".json"):
        return path.suffix.lower()
    with path.open("rb") as file:
        start = file.read(12)
    if start.startswith((b"\x89PNG\r\n\x1a\n", b"\xff\xd8\xff")) or (start[:4], start[8:]) == (b"RIFF", b"WEBP"):
        return "picture"
    try:
        with safe_open(str(path), framework="pt") as file:
            return (file.metadata() or {}).get("kind", "")
    except (SafetensorError, OSError):
        return ""


def describe_bundle() -> Description:
    from latentwalk.bundled import GENERATORS, MEASUREMENTS, SCORERS
    from latentwalk.methods import METHODS
    from latentwalk.version import VERSION

    scorers = [*SCORERS, *MEASUREMENTS]
    methods = {name: {"needs": entry.needs, "about": entry.about} for name, entry in METHODS.items()}
    data = {"version": VERSION, "generators": list(GENERATORS), "scorers": scorers, "methods": methods}
    facts = {"generators": ", ".join(GENERATORS), "scorers": ", ".join(scorers)}
    rows = [(name, entry["needs"], entry["about"]) for name, entry in methods.items()]
    more = partial(say_table, ("method of discover", "needs", "what it does"), rows)
    return Description(data, f"latentwalk {VERSION}", facts, more)


def describe_generator(thing: str, choices: Choices, progress: Progress) -> Description:
    from latentwalk.jobs.inspect import inspect
    from latentwalk.jobs.load import load

    found = inspect(load(thing, progress=progress, **choices.given), progress)
    title = f"generator {thing}"
    return Description({"generator": found.describe()}, title, facts_of(found), lambda: say_details(found))


def describe_scorer(thing: str) -> Description:
    from latentwalk.jobs.load import load_scorer
    from latentwalk.scorers.classifier import Classifier

    scorer = load_scorer(thing)
    assert isinstance(scorer, Classifier)
    data = describe_card(scorer)
    facts = {
        "attributes": ", ".join(scorer.attributes),
        "network": f"{scorer.architecture}, width {scorer.width}, {data['parameters']:,} parameters",
        "fingerprint": data["fingerprint"],
    }
    return Description({"scorer": {"source": thing, **data}}, f"scorer {thing}", facts, lambda: say_card(scorer))


def describe_directions(thing: str) -> Description:
    from latentwalk.direction import Directions

    found = Directions.load(thing)
    rows = [
        {"id": i, "name": d.name, "space": d.space, "unit": d.unit, "offset": d.offset} for i, d in enumerate(found)
    ]
    origin = found.origin
    facts = {name: str(value) for name, value in origin_facts(origin).items() if value not in (None, "")}
    data = {"source": thing, "directions": rows, "recipe": origin.model_dump(mode="json"), "command": origin.command()}
    return Description(
        {"directions": data},
        f"{len(found)} directions in {thing}",
        facts,
        partial(say_directions, found),
    )


def origin_facts(origin: "Origin") -> dict[str, object]:
    """What a person wants to know first of where directions come from."""
    made_for = origin.generator
    return {
        "method": origin.method,
        "generator": made_for and f"{made_for.source} ({made_for.fingerprint})",
        "scorer": origin.scorer and origin.scorer.source,
        "samples": origin.samples,
        "seed": origin.seed,
        "parameters": ", ".join(f"{name} {value}" for name, value in origin.parameters.items()),
        "command": origin.command(),
    }


def describe_latents(thing: str) -> Description:
    from latentwalk.latents import Latents

    latents = Latents.load(thing)
    return _codes(
        thing, latents.space, list(latents.values.shape), None if latents.seeds is None else latents.seeds.tolist()
    )


def describe_array(thing: str) -> Description:
    import numpy as np

    try:
        values = np.load(thing, mmap_mode="r", allow_pickle=False)
    except (OSError, ValueError) as error:
        raise ValueError(f"cannot read the codes {thing}: {error}") from error
    return _codes(thing, "", list(values.shape), None)


def _codes(thing: str, space: str, shape: list[int], seeds: list[int] | None) -> Description:
    from latentwalk.seeds import format_seeds

    named = None if seeds is None else format_seeds(seeds)
    facts = {"codes": f"{shape[0]:,} of the shape {shape[1:]}" if shape else "none"}
    facts |= ({"space": space} if space else {}) | ({"seeds": named} if named else {})
    return Description(
        {"latents": {"source": thing, "space": space, "shape": shape, "seeds": named}}, f"codes {thing}", facts
    )


def describe_receipt(thing: str) -> Description:
    from latentwalk.receipts import Receipt

    receipt = Receipt.read(thing)
    data = receipt.model_dump(mode="json", exclude_none=True)
    recipe, codes = receipt.recipe, receipt.recipe.codes
    count = len(receipt.codes) or (receipt.picture.show if receipt.picture else 0)
    facts = {
        "made by": f"latentwalk {receipt.latentwalk}, job {recipe.job}",
        "generator": f"{recipe.generator.source} ({recipe.generator.fingerprint})",
        "codes": f"seeds {codes.seeds}" if codes.seeds else f"{len(codes.values or ())} by value",
        "shows": f"{count} of them as {receipt.picture.kind}" if receipt.picture else f"all {count}",
        **_edit_facts(data, receipt),
    }
    return Description({"receipt": data}, f"receipt in {thing}", facts)


def _edit_facts(data: dict[str, Any], receipt: Any) -> dict[str, str]:
    recipe = data["recipe"]
    if recipe["job"] == "interpolate":
        return {"way": f"{recipe['how']}, {recipe['steps']} steps per leg"}
    if recipe["job"] != "edit":
        return {}
    given = recipe["walk"].get("settings", {}).items()
    settings = ", ".join(f"{name} {value:g}" for name, value in given if value is not None)
    reached = sum(code.reached for code in receipt.codes)
    facts = {
        "scorer": f"{recipe['scorer']['source']} ({recipe['scorer'].get('fingerprint') or 'no fingerprint'})",
        "goals": ", ".join(f"{name} {target:g}" for name, target in recipe["goals"].items()),
        "held": ", ".join(recipe.get("hold", [])) or "nothing",
        "walk": f"{recipe['walk']['kind']}: {settings}",
        "reached": f"{reached} of {len(receipt.codes)}",
    }
    if recipe.get("judge"):
        facts["confirmed"] = f"{sum(bool(c.confirmed) for c in receipt.codes)} by {recipe['judge']['source']}"
    return facts


KINDS: dict[str, Callable[[str], Description]] = {
    "latentwalk.classifier": describe_scorer,
    "latentwalk.directions": describe_directions,
    "latentwalk.latents": describe_latents,
    ".npy": describe_array,
    "picture": describe_receipt,
    ".json": describe_receipt,
}
"""Who describes what a file says that it is; everything else is tried as a generator."""
