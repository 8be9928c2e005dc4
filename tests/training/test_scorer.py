"""From hand labels to a scorer, on generators small enough for a test."""

from dataclasses import replace

import pytest
import torch

from latentwalk.samples import Samples
from latentwalk.training import loop
from latentwalk.training.augment import Augmentation
from latentwalk.training.loop import Interrupted
from latentwalk.training.scorer import ScorerRecipe, learn_from_labels, split

STILL = Augmentation(0, 0, 0, 0, 0, noise=0.1, mirror=False)
RECIPE = ScorerRecipe(samples=128, epochs=2, batch=32, width=8, layers=("layers.1",), augmentation=STILL)


def brightness(generator, count: int = 120) -> Samples:
    """Labels that a picture shows: is it brighter, is it redder than most?"""
    latents = generator.sample(range(count))
    images = generator.synthesize(latents).detach()
    values = torch.stack([images.mean((1, 2, 3)), images[:, 0].mean((1, 2)) - images[:, 2].mean((1, 2))], 1)
    labels = (values > values.median(0).values).float()
    labels[::7, 1] = float("nan")
    return Samples(latents, labels, ("bright", "red"))


def test_the_held_out_labels_are_the_last_and_nobody_elses(toy):
    labels = brightness(toy, 40)
    used, unseen = split(labels, 0.25)
    assert (len(used.latents), len(unseen.latents)) == (30, 10)
    torch.testing.assert_close(torch.cat([used.latents.values, unseen.latents.values]), labels.latents.values)


def test_the_held_out_labels_change_nothing_but_the_verdict(tiny):
    labels = brightness(tiny)
    scores = labels.scores.clone()
    scores[90:] = 1 - scores[90:]
    honest, spoilt = (learn_from_labels(tiny, x, RECIPE) for x in (labels, Samples(labels.latents, scores, ("a", "b"))))
    assert all(
        torch.equal(x, y) for x, y in zip(honest.state_dict().values(), spoilt.state_dict().values(), strict=True)
    )
    a, b = (scorer.card["held_out"][0]["auc"] for scorer in (honest, spoilt))
    assert a == pytest.approx(1 - b)


def test_a_scorer_is_learned_from_labels(tiny):
    done: set[tuple[str, int, int]] = set()
    recipe = replace(RECIPE, samples=512, epochs=4, rate=2e-3, layers=())
    labels = brightness(tiny, 240)
    scorer = learn_from_labels(tiny, labels, recipe, progress=lambda *report: done.add(report))
    assert scorer.attributes == ("bright", "red")
    rows = scorer.card["held_out"]
    assert min(row["auc"] for row in rows) > 0.8
    assert [row["labels"] for row in rows] == [60, int((~labels.scores[180:, 1].isnan()).sum())]
    assert scorer.card["generator"] == tiny.fingerprint and scorer.card["recipe"]["samples"] == 512
    assert scorer.card["probes"]["layers"] == ("code", "layers.0", "layers.1")
    assert ("training", 64, 64) in done and ("labelling samples", 512, 512) in done
    assert not any(p.requires_grad for p in scorer.parameters())


def test_resuming_ends_with_the_same_bits(tiny, tmp_path, monkeypatch):
    monkeypatch.setattr(loop, "EVERY", -1.0)
    labels = brightness(tiny)

    def stop(what: str, done: int, _total: int) -> None:
        if what == "training" and done == 5:
            raise KeyboardInterrupt

    with pytest.raises(Interrupted) as stopped:
        learn_from_labels(tiny, labels, RECIPE, tmp_path, stop)
    assert stopped.value.step == 4 and stopped.value.checkpoint == tmp_path / "checkpoint.pt"
    resumed = learn_from_labels(tiny, labels, RECIPE, tmp_path)
    whole = learn_from_labels(tiny, labels, RECIPE)
    assert all(
        torch.equal(x, y) for x, y in zip(resumed.state_dict().values(), whole.state_dict().values(), strict=True)
    )
    assert resumed.card == whole.card

    with pytest.raises(ValueError, match="holds a run with other settings"):
        learn_from_labels(tiny, labels, replace(RECIPE, rate=1e-3), tmp_path)
    other = Samples(labels.latents, 1 - labels.scores, labels.attributes)
    with pytest.raises(ValueError, match="holds a run with other settings"):
        learn_from_labels(tiny, other, RECIPE, tmp_path)


@pytest.mark.parametrize(
    ("settings", "says"),
    [
        ({"holdout": 0.0}, "between 0 and 0.9, got 0.0"),
        ({"samples": 100, "batch": 128}, "at least one epoch and one batch"),
        ({"epochs": 0}, "at least one epoch"),
    ],
)
def test_recipes_that_make_no_sense(settings, says):
    with pytest.raises(ValueError, match=says):
        ScorerRecipe(**settings)
