"""The main job on the bundled face generator, start to end: `make demo`.

Twelve faces get glasses, twice: plainly, and with everything else held. Six stop smiling and put on a hat. Everything
that a person may want to see of it goes to out/, with a page that shows it all.
"""

import html
import sys
import time
from pathlib import Path

import numpy as np

import latentwalk as lw
from latentwalk.files import write_text
from latentwalk.images import save_png
from latentwalk.jobs.figures import save_film, save_picture
from latentwalk.pictures.charts import bars
from latentwalk.receipts import PictureRecipe

SEEDS = [22, 33, 38, 41, 47, 57, 65, 66, 74, 77, 90, 91]
OUT = Path(sys.argv[1] if len(sys.argv) > 1 else "out")

STYLE = """
:root { color-scheme: light dark; font: 16px/1.5 system-ui, sans-serif }
body { max-width: 68rem; margin: 2rem auto; padding: 0 1rem }
img { max-width: 100%; background: white; border-radius: 6px }
table { border-collapse: collapse } td, th { padding: .2rem .9rem .2rem 0; text-align: left }
code { overflow-wrap: anywhere }
"""


def main() -> None:
    start = time.perf_counter()
    OUT.mkdir(parents=True, exist_ok=True)
    generator = lw.load("faces64")
    scorer, second, judge = (lw.load_scorer(name) for name in ("faces64", "faces64-second", "faces64-judge"))
    codes = generator.sample(SEEDS)

    say("Glasses for twelve faces: plainly ...")
    plain = lw.edit(generator, codes, scorer, "eyeglasses", walk="auto", second=second, judge=judge)
    say("... and with everything else held")
    clean = lw.edit(
        generator, codes, scorer, "eyeglasses", hold="others", walk="auto", second=second, judge=judge, frames=True
    )
    say("No smile, but a hat")
    hat = lw.edit(
        generator, codes[:6], scorer, goals={"smiling": 0.1, "hat": 0.995}, walk="auto", second=second, judge=judge
    )

    show = PictureRecipe
    save_picture(plain, OUT / "glasses-plain.png", show(kind="before-after", show=12))
    save_picture(clean, OUT / "glasses-held.png", show(kind="before-after", show=12))
    save_picture(clean, OUT / "strip.png", show(kind="strip", show=6))
    save_picture(clean, OUT / "heat.png", show(kind="heat", show=6))
    save_picture(clean, OUT / "plane.png", show(kind="plane", show=8))
    save_picture(hat, OUT / "hat-no-smile.png", show(kind="before-after", show=6))
    save_film(clean, OUT / "glasses.gif", "gif", show=6, scale=2)
    save_film(clean, OUT / "glasses.mp4", "mp4", show=12)
    save_png(OUT / "price.png", price(plain, clean))
    for name, edited in (("glasses-plain", plain), ("glasses-held", clean), ("hat-no-smile", hat)):
        edited.receipt.save(OUT / f"{name}.json")
    write_text(OUT / "report.html", page(plain, clean, hat))
    say(f"Done in {time.perf_counter() - start:.0f} seconds. Open {OUT / 'report.html'}; the pictures lie beside it.")
    say("The same live, in a browser: .venv/bin/latentwalk studio")


def say(text: str) -> None:
    print(text, flush=True)


def price(plain: lw.Edited, clean: lw.Edited):
    """What each walk changed besides the glasses: mean change of probability per attribute."""
    names = [name for name in plain.scorer.attributes if name != "eyeglasses"]
    columns = [plain.scorer.attributes.index(name) for name in names]
    changes = [
        (edited.after.sigmoid() - edited.before.sigmoid()).abs().mean(0)[columns].double().numpy()
        for edited in (plain, clean)
    ]
    return bars(names, np.asarray(changes[0]), np.asarray(changes[1]), "mean change of probability besides the goal")


def row(what: str, edited: lw.Edited) -> str:
    codes = edited.receipt.codes
    cells = [
        what,
        f"{sum(code.reached for code in codes)} of {len(codes)}",
        f"{sum(bool(code.confirmed) for code in codes)} of {len(codes)}",
        f"{np.median([code.steps for code in codes]):.0f}",
        f"{np.mean([code.distance for code in codes]):.1f}",
    ]
    return "<tr>" + "".join(f"<td>{html.escape(cell)}</td>" for cell in cells) + "</tr>"


def page(plain: lw.Edited, clean: lw.Edited, hat: lw.Edited) -> str:
    pictures = [
        ("Glasses, plainly", "glasses-plain.png"),
        ("Glasses, everything else held", "glasses-held.png"),
        ("What else changed", "price.png"),
        ("Step by step", "strip.png"),
        ("Where the pictures changed", "heat.png"),
        ("The same walks seen from above", "plane.png"),
        ("In motion", "glasses.gif"),
        ("No smile, but a hat", "hat-no-smile.png"),
    ]
    figures = "\n".join(
        f'<h2>{html.escape(title)}</h2><img src="{name}" alt="{html.escape(title)}">' for title, name in pictures
    )
    rows = row("glasses, plainly", plain) + row("glasses, others held", clean) + row("hat, no smile", hat)
    return f"""<!doctype html><html lang="en"><meta charset="utf-8"><title>latentwalk demo</title><style>{STYLE}</style>
<h1>A fixed generator, walked to attributes</h1>
<p>The generator never learned what glasses are. A scorer trained from a few hundred hand labels on its samples did, and
every code moved along a direction learned from its scores until p &ge; 0.995, and along the gradient of its own score
where that was not enough. A second scorer had to be convinced as well, and a judge that took no part says whether it
agrees. Distance is in standard deviations of
the latent code.</p>
<table><tr><th>edit</th><th>reached</th><th>confirmed</th><th>median steps</th><th>distance</th></tr>{rows}</table>
{figures}
<p>Every PNG carries its receipt: <code>latentwalk replay {OUT}/glasses-held.png</code> makes it again.</p></html>
"""


if __name__ == "__main__":
    main()
