"""How much of a direction from 20,000 scored pictures do 10 to 60 labels give, chosen at random or where least sure?

    .venv/bin/python benchmarks/fewshot.py --seeds 3

Labels are the sign of the bundled scorer's logit; the codes without labels are 4,000 of the 20,000. The judge, which is
another network, measures the mean change of its logit at +2 units over held-out codes, as a share of what the direction
from all 20,000 scores gives: mean and range over seeds. Features are read once and remembered by seed.
"""

import argparse
from collections.abc import Sequence

import torch

import latentwalk as lw
from latentwalk.latents import Latents
from latentwalk.methods import METHODS
from latentwalk.methods.fewshot import FEWEST, FewShot, next_to_label
from latentwalk.methods.places import Places
from latentwalk.samples import Samples, score_samples

ATTRIBUTES = ("eyeglasses", "smiling", "mouth_open", "hat")
HELD_OUT = range(3 * 10**9, 3 * 10**9 + 300)
STEP = 10
"""Labels between two looks at what is least sure."""


class Remembered:
    """Reads every code once: features by the seed of a code."""

    def __init__(self) -> None:
        self.read = Places.read
        self.known: dict[object, tuple[int, list[torch.Tensor]]] = {}

    def install(self, every: Latents) -> None:
        def read(places: Places, latents: Latents) -> list[torch.Tensor]:
            if places.basis is not None or not places.layers:
                return self.read(places, latents)
            if places.layers not in self.known:
                self.known[places.layers] = int(every.seeds[0]), self.read(places, every)
            first, features = self.known[places.layers]
            return [place[latents.seeds - first] for place in features]

        Places.read = read


def effect(generator, judge, column: int, direction, codes: Latents, before: torch.Tensor) -> float:
    """Mean change of the judge's logit at +2 units."""
    return float((lw.score(generator, judge, direction.shift(codes, 2.0))[:, column] - before[:, column]).mean())


def masked(samples: Samples, rows: Sequence[Sequence[int]]) -> Samples:
    """The labels of some rows per attribute, and no others."""
    labels = torch.full_like(samples.scores, torch.nan)
    for column, chosen in enumerate(rows):
        labels[chosen, column] = (samples.scores[chosen, column] > 0).float()
    return Samples(samples.latents, labels, samples.attributes)


def at_random(samples: Samples, seed: int, count: int, column: int) -> list[int]:
    """`count` rows, and as many more as it takes to have both kinds: nobody can begin without."""
    order = torch.randperm(len(samples.latents), generator=torch.Generator().manual_seed(seed)).tolist()
    has = samples.scores[:, column] > 0
    while min(int(has[order[:count]].sum()), int((~has[order[:count]]).sum())) < FEWEST:
        count += 1
    return order[:count]


def actively(generator, samples: Samples, how: FewShot, seed: int, counts: Sequence[int], column: int):
    """Per count the rows that were labelled by then."""
    rows, taken = at_random(samples, seed, STEP, column), {}
    name = samples.attributes[column]
    for count in counts:
        while len(rows) < count:
            known = masked(samples.only([name]), [rows])
            rows = rows + next_to_label(generator, known, name, min(STEP, count - len(rows)), how)
        taken[count] = rows[:]
    return taken


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--seeds", type=int, default=3)
    options.add_argument("--counts", type=int, nargs="*", default=[10, 20, 40, 60])
    options.add_argument("--pool", type=int, default=4000)
    options.add_argument("--scored", type=int, default=20_000)
    options.add_argument("--reference", choices=("svm", "logistic", "regression"), default="svm")
    options.add_argument("--prior", default="activations")
    options.add_argument("--layers", nargs="*")
    options.add_argument("--only-random", action="store_true")
    given = options.parse_args()
    given.counts.sort()  # what is chosen next needs what was chosen before
    torch.set_num_threads(1)
    generator, scorer, judge = lw.load("faces64"), lw.load_scorer("faces64"), lw.load_scorer("faces64-judge")
    every = score_samples(generator, scorer, given.scored).only(ATTRIBUTES)
    truth = METHODS[given.reference].make().fit(generator, every)
    pool = Samples(every.latents[: given.pool], every.scores[: given.pool], ATTRIBUTES)
    held = generator.sample(HELD_OUT)
    before = lw.score(generator, judge, held)
    columns = [judge.attributes.index(name) for name in ATTRIBUTES]
    whole = [effect(generator, judge, c, d, held, before) for c, d in zip(columns, truth, strict=True)]
    print("effect of the reference:", {n: round(e, 2) for n, e in zip(ATTRIBUTES, whole, strict=True)}, flush=True)
    how = FewShot(given.prior, tuple(given.layers) if given.layers else None)
    Remembered().install(pool.latents)

    print("| labels | chosen | " + " | ".join(ATTRIBUTES) + " | mean share | mean cosine |")
    print("|---|---|" + "---|" * (len(ATTRIBUTES) + 2))
    picked = {}
    for count in given.counts:
        for way in ("at random",) if given.only_random else ("at random", "least sure"):
            shares, cosines = [], []
            for seed in range(given.seeds):
                if way == "at random":
                    rows = [at_random(pool, seed, count, column) for column in range(len(ATTRIBUTES))]
                else:
                    for column in range(len(ATTRIBUTES)):
                        if (seed, column) not in picked:
                            picked[seed, column] = actively(generator, pool, how, seed, given.counts, column)
                    rows = [picked[seed, column][count] for column in range(len(ATTRIBUTES))]
                found = how.fit(generator, masked(pool, rows))
                effects = [effect(generator, judge, c, d, held, before) for c, d in zip(columns, found, strict=True)]
                shares.append([e / w for e, w in zip(effects, whole, strict=True)])
                cosines.append([float(d.vector @ t.vector) for d, t in zip(found, truth, strict=True)])
            share, cosine = torch.tensor(shares), torch.tensor(cosines)
            cells = [
                f"{s.mean():.2f} ({s.min():.2f} to {s.max():.2f}), cos {c.mean():.2f}"
                for s, c in zip(share.T, cosine.T, strict=True)
            ]
            print(
                f"| {count} | {way} | " + " | ".join(cells) + f" | {share.mean():.3f} | {cosine.mean():.3f} |",
                flush=True,
            )


if __name__ == "__main__":
    main()
