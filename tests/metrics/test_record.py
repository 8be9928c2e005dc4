"""A sweep holds what the pictures show, and every picture is drawn once."""

from dataclasses import replace

import pytest
import torch

from latentwalk.direction import Direction
from latentwalk.edits import codes_for
from latentwalk.features.network import PixelFeatures
from latentwalk.metrics.record import Recorder
from latentwalk.sweep import Sweep, even_strengths
from random_networks import NETWORKS, codes
from toys import ATTRIBUTES, GAIN, ToyScorer

TRUTH = ToyScorer()
PIXELS = PixelFeatures()
STEPS = even_strengths(5)


def recorder(generator, judge=TRUTH, steps=STEPS, **rest) -> Recorder:
    return Recorder(generator, judge, PIXELS, steps, **rest)


@pytest.fixture(scope="module")
def held(toy):
    return toy.sample(range(100, 230))


@pytest.fixture(scope="module")
def sweeps(toy, held):
    return recorder(toy).record(list(TRUTH.directions), held, toy.sample(range(500, 600)), close=70)


class Bright:
    """A judge of any picture."""

    attributes = ("bright", "left")

    def __call__(self, images, /):
        return torch.stack([images.mean((1, 2, 3)), images[..., :4].mean((1, 2, 3))], 1)


def test_logits_are_those_of_the_moved_codes(toy, held, sweeps) -> None:
    assert len(sweeps) == 3
    for sweep, direction in zip(sweeps, TRUTH.directions, strict=True):
        assert sweep.logits.shape == (5, len(held), 3)
        assert sweep.attributes == ATTRIBUTES
        for row, strength in enumerate(STEPS.tolist()):
            expected = TRUTH(toy.synthesize(direction.shift(held, strength)))
            assert torch.allclose(sweep.logits[row], expected, atol=1e-4)


def test_directions_share_the_unedited_row(sweeps) -> None:
    for sweep in sweeps[1:]:
        assert torch.equal(sweep.logits[sweep.zero], sweeps[0].logits[sweeps[0].zero])


def test_the_planted_effect_is_recorded(sweeps) -> None:
    change = sweeps[0].logits - sweeps[0].logits[2]
    assert torch.allclose(change[..., 0], (GAIN * STEPS)[:, None].expand(5, 130), atol=1e-3)
    assert change[..., 1:].abs().max() < 1e-3


def test_the_closer_look_is_at_the_first_codes(toy, held, sweeps) -> None:
    direction, close = TRUTH.directions["two"], sweeps[1].close
    first = held[:70]
    before = toy.synthesize(first)
    for row, strength in enumerate(STEPS.tolist()):
        after = toy.synthesize(direction.shift(first, strength))
        gap = (after - before).abs()
        assert torch.allclose(close.pixels[row], gap.mean((1, 2, 3)), atol=1e-6)
        assert torch.allclose(close.changes[row], gap.mean((0, 1)), atol=1e-6)
        assert torch.allclose(close.embeddings[row], after.flatten(1), atol=1e-6)
        assert torch.allclose(close.perceptual[row], (after - before).square().mean((1, 2, 3)), atol=1e-6)


def test_embeddings_for_the_quality(toy, held, sweeps) -> None:
    sweep = sweeps[2]
    assert torch.allclose(sweep.unedited, toy.synthesize(held).flatten(1), atol=1e-6)
    assert torch.allclose(sweep.reference, toy.synthesize(toy.sample(range(500, 600))).flatten(1), atol=1e-6)
    for edited, row in zip(sweep.edited, sweep.typical, strict=True):
        edited_codes = TRUTH.directions["three"].shift(held, float(STEPS[row]))
        assert torch.allclose(edited, toy.synthesize(edited_codes).flatten(1), atol=1e-6)
    assert [float(STEPS[row]) for row in sweep.typical] == [-1.5, 1.5]


def test_a_path_has_the_speed_of_its_pictures(toy, sweeps) -> None:
    """A linear generator is as fast everywhere: the mean square of what one unit changes."""
    for sweep, direction in zip(sweeps, TRUTH.directions, strict=True):
        step = toy.synthesize(direction.shift(toy.sample([0]), 1.0)) - toy.synthesize(toy.sample([0]))
        assert torch.allclose(sweep.close.path, step.square().mean().expand(70), rtol=0.02)


def test_every_picture_is_drawn_once_and_judged_once(toy, held, monkeypatch) -> None:
    drawn, judged = [], []
    stages = toy.stages
    monkeypatch.setattr(toy, "stages", lambda latents, options: drawn.append(len(latents)) or stages(latents, options))

    class Counting(ToyScorer):
        def __call__(self, images, /):
            judged.append(len(images))
            return super().__call__(images)

    recorder(toy, Counting()).record(list(TRUTH.directions), held, close=10)
    assert sum(judged) == 130 * (1 + 3 * 4)
    assert sum(drawn) == sum(judged) + 3 * 2 * 10, "paths have pictures of their own, two a code"
    assert max(drawn) <= 64


def test_progress_ends_where_it_said(toy, held) -> None:
    heard = []
    recorder(toy, progress=lambda *now: heard.append(now)).record(list(TRUTH.directions), held)
    assert heard[-1] == ("rendering edits", 130 * 13, 130 * 13)


@pytest.mark.parametrize("cut", [2, 65, 100])
def test_codes_recorded_in_parts_and_concatenated_are_those_recorded_at_once(toy, held, sweeps, cut) -> None:
    """Whether the closer look, at the first 70 codes, ends in the first part or in the second."""
    good, directions = toy.sample(range(500, 600)), list(TRUTH.directions)
    parts = [
        recorder(toy).record(directions, held[:cut], good[:30], close=70),
        recorder(toy).record(directions, held[cut:], good[30:], close=70, first=cut),
    ]
    for whole, halves in zip(sweeps, zip(*parts, strict=True), strict=True):
        joined = Sweep.concatenate(halves)
        for field in ("logits", "edited", "unedited", "reference"):
            assert torch.allclose(getattr(joined, field), getattr(whole, field), atol=1e-4), field
        for field in ("embeddings", "perceptual", "pixels", "changes"):
            assert torch.allclose(getattr(joined.close, field), getattr(whole.close, field), atol=1e-6), field
        assert torch.allclose(joined.close.path, whole.close.path, rtol=0.02)


def test_paths_are_measured_at_the_same_strengths_in_parts(toy, held) -> None:
    """Where the pictures are faster further out, the strength of each code shows."""
    direction = Direction("one", TRUTH.directions["one"].vector)

    class Squares(PixelFeatures):
        def distance(self, first, second):
            return super().distance([first[0] ** 3], [second[0] ** 3])

    bent = Recorder(toy, TRUTH, Squares(), STEPS)
    whole = bent.record([direction], held[:40], close=30)[0]
    parts = [bent.record([direction], held[:20], close=30), bent.record([direction], held[20:40], close=30, first=20)]
    joined = Sweep.concatenate([part[0] for part in parts])
    assert whole.close.path.std() > 0.1 * whole.close.path.mean()
    assert torch.allclose(joined.close.path, whole.close.path, rtol=0.05, atol=1e-3 * float(whole.close.path.max()))


def test_only_parts_of_one_sweep_are_concatenated(sweeps) -> None:
    for other in (sweeps[1], sweeps[0].toward(1)):
        with pytest.raises(ValueError, match="only sweeps of one direction, with the same strengths"):
            Sweep.concatenate([sweeps[0], other])
    with pytest.raises(ValueError, match="at least one sweep"):
        Sweep.concatenate([])


def test_company_does_not_matter(toy, held, sweeps) -> None:
    alone = recorder(toy).record([TRUTH.directions["two"]], held[:40], close=40)[0]
    assert torch.allclose(alone.logits, sweeps[1].logits[:, :40], atol=1e-4)
    assert torch.allclose(alone.close.perceptual, sweeps[1].close.perceptual[:, :40], atol=1e-6)


@pytest.mark.parametrize("name", NETWORKS)
def test_every_family_in_every_space_of_flat_codes(name) -> None:
    generator = NETWORKS[name]()
    held = codes(generator, range(3))
    random = torch.Generator().manual_seed(0)
    directions = []
    for space in generator.spaces.values():
        layered = space.name.endswith("+")
        if layered or space.name in generator.label_free - {"w"}:
            continue
        vector = torch.nn.functional.normalize(torch.randn(space.size, generator=random), dim=0)
        directions.append(Direction("any", vector, space.name))
        if space.name + "+" in generator.spaces:
            directions.append(directions[-1].on_layers(0, 1))
    found = recorder(generator, Bright(), even_strengths(3)).record(directions, held, close=2)
    for sweep, direction in zip(found, directions, strict=True):
        moved = direction.shift(codes_for(generator, held, direction), 3.0)
        assert torch.allclose(sweep.logits[2], Bright()(generator.synthesize(moved)), atol=1e-4)


def test_a_judge_that_says_nothing_is_refused(toy, held) -> None:
    class Mute(ToyScorer):
        def __call__(self, images, /):
            return super().__call__(images) * torch.nan

    with pytest.raises(ValueError, match="the judge's logits are not finite along 'one': use another judge"):
        recorder(toy, Mute()).record(list(TRUTH.directions), held)


@pytest.mark.parametrize(
    "steps", [torch.tensor([-1.0, 1.0]), torch.tensor([0.0, 1.0]), torch.tensor([-1.0, 1.0, 0.0]), torch.zeros(3)]
)
def test_strengths_go_both_ways_from_0(toy, steps) -> None:
    with pytest.raises(ValueError, match="increase from below 0 over 0 to above it"):
        recorder(toy, steps=steps)


@pytest.mark.parametrize("count", [1, 4])
def test_an_even_number_of_strengths_is_refused(count) -> None:
    with pytest.raises(
        ValueError, match=f"an odd number of strengths, 3 or more, so that 0 is one of them, got {count}"
    ):
        even_strengths(count)


def test_too_few_codes_are_refused(toy, held) -> None:
    with pytest.raises(ValueError, match="expected 2 codes or more and a close look at 1 or more, got 1 and 96"):
        recorder(toy).record(list(TRUTH.directions), held[:1])


def test_a_direction_of_another_size_is_refused(toy, held) -> None:
    wrong = replace(TRUTH.directions["one"], vector=torch.eye(3)[0])
    with pytest.raises(ValueError, match="moves z codes by 3 numbers"):
        recorder(toy).record([wrong], held)
