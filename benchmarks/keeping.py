"""What does an edit leave as it was? Plain walks, others held, the picture held, and both, on the same codes.

"gradient" is the plain walk along the gradient of one scorer, which the shares in brackets are of; all others are by
"auto" and two scorers, as the command walks.

    .venv/bin/python benchmarks/keeping.py --codes 64 --attributes eyeglasses smiling hat mouth_open

Everything is measured by what took no part: colours and pixels of the pictures before and after, and a second scorer
(other architecture, seed and pseudo-labels) as the judge. Only codes that had to walk are counted, as others stay as
they are. Chunks of codes go through all attributes and ways in turn; a row per chunk, attribute and way is appended to
--log, and a second run goes on after the last one.

colour: distance of the mean colours, red, green and blue from -1 to 1. RMS: root of the mean squared change of a pixel.
skin: distance of the median colours of the central region, where the face is. off/on: mean |delta logit| / sigma of all
other attributes over that of the goal, by the judge.
"""

import argparse
import json
import time
from collections import defaultdict
from itertools import product
from pathlib import Path

import numpy as np
import torch

import latentwalk as lw
from latentwalk.inversion.metric import metric
from latentwalk.jobs.load import second_of
from latentwalk.jobs.usual_targets import usual_targets
from latentwalk.scorers.agreeing import Agreeing
from latentwalk.walk import Goal
from latentwalk.walks.homing import Homing

CODES_FROM = 3 * 10**9
"""Seeds far from those that scorers and boundaries were fitted on."""

FACE = (0.4, 0.72, 0.31, 0.69)
"""The central region: top, bottom, left and right as shares of the sides."""

PLAIN = "gradient"
"""The walk that the others are compared with."""

SHIFTS = ("colour", "RMS", "skin")


def skin(images: torch.Tensor) -> torch.Tensor:
    """The median colour [n, c] of the central region."""
    (height, width), (top, bottom, left, right) = images.shape[2:], FACE
    face = images[:, :, round(top * height) : round(bottom * height), round(left * width) : round(right * width)]
    return face.flatten(2).median(2).values


def figures(generator, judge, walk, attribute: str, sigma) -> dict:
    """What a walk did to each code that had to walk."""
    some = torch.nonzero((walk.latents.values != walk.start.values).flatten(1).any(1))[:, 0]
    before, after = generator.render(walk.start[some]), generator.render(walk.latents[some])
    column = judge.attributes.index(attribute)
    others = [i for i in range(len(judge.attributes)) if i != column]
    with torch.no_grad():
        told = judge(after)
        change = (told - judge(before)).abs() / sigma
    found = {
        "reached": walk.reached[some],
        "confirmed": told[:, column] >= 0,
        "colour": (after - before).mean((2, 3)).norm(dim=1),
        "RMS": (after - before).square().mean((1, 2, 3)).sqrt(),
        "skin": (skin(after) - skin(before)).norm(dim=1),
        "on": change[:, column],
        "off": change[:, others].mean(1),
        "steps": walk.steps[some],
    }
    return {name: values.tolist() for name, values in found.items()}


def measure(generator, scorer, second, judge, chunk: range, attribute: str, hold: str, target: float, space, sigma):
    """A row of a walk that holds the others or nothing, then one of the same walk led home, as hold="picture" does."""
    codes = generator.map(generator.sample(chunk), space)
    held = [name for name in scorer.attributes if hold == "others" and name != attribute]
    how = {} if hold == PLAIN else {"walk": "auto", "second": second, "hold": held}
    clock = time.perf_counter()
    walk = lw.edit(generator, codes, scorer, attribute, target, realism=False, **how).walk
    seconds = time.perf_counter() - clock
    yield hold, {"seconds": seconds, **figures(generator, judge, walk, attribute, sigma)}
    if hold == PLAIN:
        return
    goals = [Goal(attribute, target)]
    looking = scorer if second is None else Agreeing(scorer, second, goals)
    walk = Homing().home(generator, walk, looking, goals, held, metric(generator, space))
    seconds = time.perf_counter() - clock
    yield home(hold), {"seconds": seconds, **figures(generator, judge, walk, attribute, sigma)}


def home(hold: str) -> str:
    return ",".join(filter(None, (hold, "picture")))


def summary(rows: list[dict]) -> str:
    """Markdown: one line per attribute and way, then the means over attributes. "of plain" divides means."""
    pooled: dict = defaultdict(lambda: defaultdict(list))
    for row in rows:
        for name, values in row.items():
            if isinstance(values, list):
                pooled[row["attribute"], row["hold"]][name] += values
        pooled[row["attribute"], row["hold"]]["seconds"].append(row["seconds"])
    ways = (PLAIN, "", "picture", "others", "others,picture")
    lines = [
        "| attribute | hold | codes | reached | confirmed | colour (of plain) | RMS | skin | off/on | steps | s each |",
        "|---|---|---|---|---|---|---|---|---|---|---|",
    ]
    means = defaultdict(list)
    for attribute in dict.fromkeys(row["attribute"] for row in rows):
        for way in ways:
            if not (pool := pooled.get((attribute, way))):
                continue
            plain = pooled[attribute, ways[0]]
            shifts = {name: (np.mean(pool[name]), np.mean(pool[name]) / np.mean(plain[name])) for name in SHIFTS}
            leaks = [np.mean(each["off"]) / np.mean(each["on"]) for each in (pool, plain)]
            shifts["off/on"] = (leaks[0], leaks[0] / leaks[1])
            shares = [np.mean(pool["reached"]), np.mean(pool["confirmed"])]
            means[way].append([*shares, *(share for _, share in shifts.values())])
            count = len(pool["reached"])
            cells = [attribute, way or "nothing", count, *(f"{100 * share:.1f}%" for share in shares)]
            cells += [f"{value:.3f} ({share:.2f})" for value, share in shifts.values()]
            cells += [f"{np.median(pool['steps']):.0f}", f"{np.sum(pool['seconds']) / count:.1f}"]
            lines.append(f"| {' | '.join(map(str, cells))} |")
    for way, figures in means.items():
        reached, confirmed, *shares = np.mean(figures, 0)
        cells = " | ".join(f"({share:.2f})" for share in shares)
        lines.append(f"| mean | {way or 'nothing'} | | {100 * reached:.1f}% | {100 * confirmed:.1f}% | {cells} | | |")
    return "\n".join(lines)


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--generator", default="faces64", help="a bundled one, which has a scorer and a judge")
    options.add_argument("--space", default="z", help="where codes walk; another one needs another --log")
    options.add_argument("--target", type=float, help="default: what is usual, see jobs/usual_targets.py")
    options.add_argument("--codes", type=int, default=64)
    options.add_argument("--chunk", type=int, default=32, help="codes that go through all ways in turn")
    options.add_argument("--attributes", nargs="*")
    options.add_argument("--log", type=Path, default=Path("runs/keeping.jsonl"))
    options.add_argument("--threads", type=int, default=torch.get_num_threads())
    given = options.parse_args()
    torch.set_num_threads(given.threads)
    generator = lw.load(given.generator)
    scorer, judge = lw.load_scorer(given.generator), lw.load_scorer(f"{given.generator}-judge")
    second = lw.load_scorer(name) if (name := second_of(scorer)) else None
    sigma = lw.score(generator, judge, generator.sample(range(2 * 10**9, 2 * 10**9 + 500))).std(0)
    given.log.parent.mkdir(parents=True, exist_ok=True)
    rows = [json.loads(line) for line in given.log.read_text().splitlines()] if given.log.exists() else []
    for start in range(0, given.codes, given.chunk):
        chunk = range(CODES_FROM + start, CODES_FROM + min(start + given.chunk, given.codes))
        for hold, attribute in product((PLAIN, "", "others"), given.attributes or scorer.attributes):
            target = given.target or usual_targets(generator, scorer, [attribute], second)[attribute]
            at = {"attribute": attribute, "first": start, "codes": len(chunk)}
            done = {row["hold"] for row in rows if row.items() >= at.items()}
            if {hold, hold if hold == PLAIN else home(hold)} <= done:
                continue
            for way, found in measure(
                generator, scorer, second, judge, chunk, attribute, hold, target, given.space, sigma
            ):
                if way in done:
                    continue
                rows.append({**at, "hold": way, **found})
                with given.log.open("a") as file:
                    file.write(json.dumps(rows[-1]) + "\n")
                print(attribute, start, way or "nothing", f"{rows[-1]['seconds']:.0f} s", flush=True)
    print(summary(rows))


if __name__ == "__main__":
    main()
