"""The bundled avatars: a StyleGAN2 whose pictures two independent readers of the true factors understand alike."""

import re

import pytest
import torch

from latentwalk.bundled import ASSETS
from latentwalk.generator import Generator
from latentwalk.jobs.load import judge_of, load, load_scorer, scorer_of
from latentwalk.scorers.classifier import Classifier
from latentwalk.training.avatar_factors import BINARY, FACTORS, factors
from latentwalk.training.supervise import from_bytes

FOLDER = ASSETS / "avatars64"
FINGERPRINT = "492559bd96889f03"
"""Of the generator: recorded edits of it mean these weights."""


@pytest.fixture(scope="module")
def avatars64() -> Generator:
    return load("avatars64")


@pytest.fixture(scope="module")
def readers() -> list[Classifier]:
    """The scorer and the judge."""
    found = [load_scorer(name) for name in ("avatars64", "avatars64-judge")]
    return [each for each in found if isinstance(each, Classifier)]


def test_they_are_small_and_found_by_name(avatars64, readers):
    assert sum(file.stat().st_size for file in FOLDER.iterdir()) <= 6_000_000
    assert avatars64.fingerprint == FINGERPRINT and list(avatars64.spaces) == ["z", "w", "w+", "s"]
    assert scorer_of(avatars64) == "avatars64" and judge_of(avatars64, readers[0]) == "avatars64-judge"
    assert all(reader.attributes == FACTORS for reader in readers)


def test_the_judge_shares_nothing_with_the_scorer_but_the_drawings_style(readers):
    scorer, judge = readers
    assert scorer.architecture != judge.architecture
    assert scorer.card["recipe"]["seed"] != judge.card["recipe"]["seed"]
    assert scorer.card["data"] != judge.card["data"], "and learned from other drawings"


def test_they_tell_drawings_that_neither_saw_and_the_written_card_says_so(readers):
    text = (FOLDER / "README.md").read_text(encoding="utf-8")
    for name in (FINGERPRINT, *(reader.fingerprint for reader in readers)):
        assert name in text, "the card speaks of other files"
    for reader in readers:
        rows = {row["attribute"]: row for row in reader.card["held_out"]}
        assert all(rows[name]["accuracy"] >= 0.98 for name in BINARY)
        assert all(rows[name]["r2"] >= 0.9 for name in FACTORS if name not in BINARY)
    for place, name in enumerate(FACTORS):
        figure = "accuracy" if name in BINARY else "r2"
        cells = " | ".join(f"{reader.card['held_out'][place][figure]:.4f}" for reader in readers)
        assert re.search(rf"^\| {name} \|.*\| {re.escape(cells)} \|", text, re.MULTILINE), f"{name}: {cells}"


def test_they_read_drawings_as_their_cards_say(readers):
    """On few drawings that neither saw, where the package that draws is installed."""
    pytest.importorskip("dicebear")
    from latentwalk.training.avatars import avatar

    rows = range(23_900, 23_930)
    pictures, truth = from_bytes(torch.stack([avatar(row) for row in rows])), torch.from_numpy(factors(rows))
    for reader in readers:
        read = reader(pictures).sigmoid()
        assert ((read > 0.5) == (truth > 0.5))[:, : len(BINARY)].float().mean() > 0.97
        assert (read - truth)[:, len(BINARY) :].abs().mean() < 0.06


def test_both_see_the_same_in_the_generators_pictures(avatars64, readers):
    pictures = avatars64.render(avatars64.sample(range(200)))
    one, two = (reader(pictures)[:, : len(BINARY)] > 0 for reader in readers)
    assert (one == two).float().mean() > 0.9
    share = one.float().mean(0)
    assert bool(((share > 0.15) & (share < 0.85)).all()), "the generator draws every thing with and without"


def test_gradients_reach_the_code_and_stay_out_of_the_weights(avatars64, readers):
    codes = avatars64.map(avatars64.sample(range(2)), "w")
    codes.values.requires_grad_()
    readers[0](avatars64.synthesize(codes))[:, 0].sum().backward()
    assert codes.values.grad is not None and bool((codes.values.grad.abs().sum(1) > 0).all())
    assert all(parameter.grad is None for parameter in (*avatars64.parameters(), *readers[0].parameters()))
