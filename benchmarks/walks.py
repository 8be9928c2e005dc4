"""Do walks arrive, does an independent scorer agree, and what does holding the other attributes save?

    .venv/bin/python benchmarks/walks.py --codes 1000 --held-codes 300
    .venv/bin/python benchmarks/walks.py --generator avatars64 --space w+ --target 0.9999 --codes 64 --held-codes 64 \
        --attributes glasses hat beard smile --log runs/avatars64.jsonl

The same codes are walked twice: plainly, and with hold="others", by the scorer and its second (`--second none`: by
the scorer alone). A judge (other architecture, seed and pseudo-labels) that took no part judges both; of faces64 also
one of another kind (other_judge.py), column "agrees"; "gentle": arrived along a direction; "strange": beyond the 99th
percentile of samples; RMS and mean colour: change of the picture, range 2. Off-target change is the mean of
|delta logit| / sigma over all other attributes, by the judge. Rows are appended to --log as they come, and a second run
goes on after the last one.
"""

import argparse
import json
from pathlib import Path

import numpy as np
import torch

import latentwalk as lw
from latentwalk.jobs.edit import edit_batches
from latentwalk.jobs.load import second_of
from latentwalk.jobs.usual_targets import usual_targets
from latentwalk.jobs.walkers import KINDS, find_walk
from other_judge import OtherJudge

CODES_FROM = 3 * 10**9
"""Seeds far from those that scorers and boundaries were fitted on."""


def measure(
    generator,
    scorer,
    second,
    judge,
    other,
    walk,
    attribute: str,
    count: int,
    hold: str,
    space: str,
    target: float,
    sigma,
) -> dict:
    """One row: walk `count` codes to p >= target and judge them."""
    codes = generator.map(generator.sample(range(CODES_FROM, CODES_FROM + count)), space)
    column = judge.attributes.index(attribute)
    others = [i for i in range(len(judge.attributes)) if i != column]
    before = lw.score(generator, judge, codes)
    rows = {
        "reached": [],
        "confirmed": [],
        "agrees": [],
        "gentle": [],
        "steps": [],
        "distance": [],
        "on": [],
        "off": [],
        "rms": [],
        "colour": [],
        "strange": [],
    }
    done = 0
    for part in edit_batches(generator, codes, scorer, {attribute: target}, hold=hold or (), second=second, walk=walk):
        after = lw.score(generator, judge, part.latents)
        change = (after - before[done : done + len(part)]).abs() / sigma
        done += len(part)
        rows["reached"] += part.reached.tolist()
        rows["confirmed"] += (after[:, column] >= 0).tolist()
        if other:
            rows["agrees"] += (other.read(part.latents)[:, other.attributes.index(attribute)] >= 0).tolist()
        rows["gentle"] += [code == "boundary" for code in part.walk.ways]
        rows["steps"] += part.steps.tolist()
        rows["distance"] += [code.distance for code in part.receipt.codes]
        rows["on"] += change[:, column].tolist()
        rows["off"] += change[:, others].mean(1).tolist()
        gone = part.images - part.images_before
        rows["rms"] += gone.square().mean((1, 2, 3)).sqrt().tolist()
        rows["colour"] += gone.mean((2, 3)).abs().mean(1).tolist()
        rows["strange"] += [code.strange for code in part.receipt.codes]
    return {"attribute": attribute, "hold": hold, "target": target, "codes": count, **rows}


def ratio(plain: dict, held: dict) -> tuple[float, float, float]:
    """Off-target per on-target change, held over plain, on the same codes; with its 95% paired bootstrap interval."""
    n = min(plain["codes"], held["codes"])
    table = np.array([plain["off"][:n], plain["on"][:n], held["off"][:n], held["on"][:n]])

    def quotient(means: np.ndarray) -> np.ndarray:
        return (means[2] / means[3]) / (means[0] / means[1])

    picks = np.random.default_rng(0).integers(0, n, (1000, n))
    low, high = np.quantile(quotient(table[:, picks].mean(2)), [0.025, 0.975])
    return float(quotient(table.mean(1))), float(low), float(high)


def summary(rows: list[dict]) -> str:
    """Markdown: one line per attribute, and the mean."""
    plain = {row["attribute"]: row for row in rows if not row["hold"]}
    held = {row["attribute"]: row for row in rows if row["hold"]}
    lines = [
        "| attribute | target | hold | codes | reached | confirmed | agrees | gentle | steps (median, 95%) | distance "
        "| RMS | colour | strange | off / on | held / plain (95%) |",
        "|---|---|---|---|---|---|---|---|---|---|---|---|---|---|---|",
    ]
    ratios = []
    for name, p in plain.items():
        lines.append(_line(p, ""))
        if name in held:
            middle, low, high = ratio(p, held[name])
            ratios.append(middle)
            lines.append(_line(held[name], f"{middle:.2f} ({low:.2f} to {high:.2f})"))
    if ratios:
        lines.append(f"\nMean over attributes of held / plain: {np.mean(ratios):.3f}")
    return "\n".join(lines)


def _line(row: dict, compared: str) -> str:
    """One line of the table."""
    off = f"{np.mean(row['off']):.3f} / {np.mean(row['on']):.2f} = {np.mean(row['off']) / np.mean(row['on']):.3f}"
    cells = [row["attribute"], row["target"], row["hold"], row["codes"], *_walked(row), off, compared]
    return "| " + " | ".join(str(cell) for cell in cells) + " |"


def _walked(row: dict) -> list[str]:
    steps = np.array(row["steps"])
    return [
        f"{100 * np.mean(row['reached']):.1f}%",
        f"{100 * np.mean(row['confirmed']):.1f}%",
        *(f"{100 * np.mean(row[name]):.1f}%" if row.get(name) else "-" for name in ("agrees", "gentle")),
        f"{np.median(steps):.0f}, {np.quantile(steps, 0.95):.0f}",
        f"{np.mean(row['distance']):.2f}",
        f"{np.mean(row['rms']):.3f}",
        f"{np.mean(row['colour']):.3f}",
        f"{100 * np.mean(row['strange']):.1f}%",
    ]


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--generator", default="faces64", help="a bundled one, which has a scorer and a judge")
    options.add_argument("--walk", default="auto", choices=KINDS, help="another one needs another --log")
    options.add_argument("--second", help="another scorer; none: without. Default: the one that comes with the scorer")
    options.add_argument("--space", default="z", help="where codes walk; another one needs another --log")
    options.add_argument("--target", type=float, help="default: what is usual, see jobs/usual_targets.py")
    options.add_argument("--codes", type=int, default=1000)
    options.add_argument("--held-codes", type=int, default=300)
    options.add_argument("--attributes", nargs="*")
    options.add_argument("--log", type=Path, default=Path("runs/walks.jsonl"))
    options.add_argument("--threads", type=int, default=torch.get_num_threads())
    given = options.parse_args()
    torch.set_num_threads(given.threads)
    generator = lw.load(given.generator)
    scorer, judge = lw.load_scorer(given.generator), lw.load_scorer(f"{given.generator}-judge")
    name = given.second or second_of(scorer)
    second = None if name in (None, "none") else lw.load_scorer(name)
    other = OtherJudge(generator) if given.generator == "faces64" else None
    start = generator.map(generator.sample(1), given.space)
    walk = find_walk(given.walk, generator, scorer, start)
    sigma = lw.score(generator, judge, generator.sample(range(2 * 10**9, 2 * 10**9 + 2000))).std(0)
    given.log.parent.mkdir(parents=True, exist_ok=True)
    rows = [json.loads(line) for line in given.log.read_text().splitlines()] if given.log.exists() else []
    for hold, count in (("", given.codes), ("others", given.held_codes)):
        for attribute in given.attributes or scorer.attributes:
            if any(row["attribute"] == attribute and row["hold"] == hold for row in rows):
                continue
            who = (generator, scorer, second, judge, other, walk)
            target = given.target or usual_targets(generator, scorer, [attribute], second)[attribute]
            rows.append(measure(*who, attribute, count, hold, given.space, target, sigma))
            with given.log.open("a") as file:
                file.write(json.dumps(rows[-1]) + "\n")
            print(attribute, hold or "plain", *_walked(rows[-1]), flush=True)
    print(summary(rows))


if __name__ == "__main__":
    main()
