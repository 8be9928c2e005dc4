"""A renderer renders what the generator renders, bit for bit, however little of it is run again."""

import pytest
import torch
from torch import Tensor

from latentwalk.generator import Generator
from latentwalk.generators.stylegan2 import StyleGAN2
from latentwalk.latents import Latents
from latentwalk.options import RenderOptions
from latentwalk.renderer import LIMIT, Renderer
from latentwalk.stages import Stage
from random_networks import DEEP, codes, random_biggan, random_stylegan, random_stylegan2, random_stylegan3

LAYERED = {
    "stylegan": (random_stylegan, "w+"),
    "stylegan2": (random_stylegan2, "w+"),
    "stylegan3": (random_stylegan3, "w+"),
    "biggan": (random_biggan, "z+"),
    "biggan-deep": (lambda: random_biggan(DEEP), "z+"),
}
"""Families that can resume, and their space with a code per layer."""


def with_layer(latents: Latents, layer: int, seed: int) -> Latents:
    """Other codes from a layer on, for all of the batch."""
    values, random = latents.values.clone(), torch.Generator().manual_seed(seed)
    values[:, layer:] += torch.randn(values[:, layer:].shape, generator=random)
    return latents.with_values(values)


def run_stages(generator: Generator, monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """The numbers of the stages that are run, as they are run from now on."""
    ran, real = [], generator.stages

    def stages(*given: object) -> list[Stage]:
        return [
            Stage(stage.given, lambda state, i=i, stage=stage: ran.append(i) or stage.advance(state))
            for i, stage in enumerate(real(*given))
        ]

    monkeypatch.setattr(generator, "stages", stages)
    return ran


def check_every_change(generator: Generator, batch: int | None, limit: int) -> None:
    """Other codes from every layer on, forth and back, in any order and in every space."""
    renderer = Renderer(generator, limit)
    for space in generator.spaces:
        base = codes(generator, range(3 if batch else 2), space)
        expected = generator.render(base, batch=batch)
        layers = base.values.shape[1] if base.values.ndim > 2 else 1
        for layer in torch.randperm(layers, generator=torch.Generator().manual_seed(layers)).tolist():
            assert torch.equal(renderer.render(base, batch=batch), expected) and renderer.held <= limit
            changed = with_layer(base, layer, layer)
            assert torch.equal(renderer.render(changed, batch=batch), generator.render(changed, batch=batch))
            assert renderer.held <= limit


def test_every_change_is_rendered_bit_for_bit(generator: Generator) -> None:
    check_every_change(generator, None, LIMIT)


def test_every_change_in_batches_and_little_room_is_rendered_bit_for_bit(network: Generator) -> None:
    check_every_change(network, 2, 10_000)


def test_a_style_of_any_layer_is_rendered_bit_for_bit() -> None:
    generator = random_stylegan2()
    renderer, base = Renderer(generator), codes(generator, [0, 1], "s")
    for channel in range(base.values.shape[1]):
        values = base.values.clone()
        values[:, channel] += 1
        latents = base.with_values(values)
        assert torch.equal(renderer.render(latents), generator.render(latents))


def test_stages_end_in_the_image(generator: Generator) -> None:
    latents, state = codes(generator, range(2)), None
    for stage in generator.stages(*generator.checked(latents)):
        state = stage.advance(state)
    assert isinstance(state, Tensor) and torch.equal(state, generator.synthesize(latents))


@pytest.mark.parametrize("name", LAYERED)
def test_only_what_changed_is_ran(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    generator = LAYERED[name][0]()
    base = codes(generator, range(2), LAYERED[name][1])
    count = base.values.shape[1]
    told = [step.code for step in generator.synthesis.steps] if isinstance(generator, StyleGAN2) else list(range(count))
    everything = list(range(len(told) + 1))  # one more for the colours
    ran, renderer = run_stages(generator, monkeypatch), Renderer(generator)
    renderer.render(base)
    assert ran == everything
    for layer in range(count):
        renderer.render(base)
        for again in (False, True):
            ran.clear()
            renderer.render(with_layer(base, layer, 0))
            first = next(i for i, code in enumerate(told) if code >= layer)
            assert ran == ([] if again else everything[first:])


@pytest.mark.parametrize("name", LAYERED)
def test_options_labels_and_batches_may_change(name: str) -> None:
    generator, space = LAYERED[name][0](), LAYERED[name][1]
    renderer, every, one = Renderer(generator), codes(generator, range(3), space), codes(generator, [2], space)
    calls = [(every, {}), (one, {}), (every, {"truncation": 0.5}), (every, {})]
    if "cutoff" in generator.option_names:
        calls += [(every, {"truncation": 0.5, "cutoff": cutoff}) for cutoff in (3, 1, 2, 0)]
    if "noise" in generator.option_names:
        calls += [(every, {"noise": noise}) for noise in ("none", 5, 5, 6, "const")]
    if generator.classes:
        calls += [(Latents(every.values, space, torch.tensor(labels)), {}) for labels in ([0, 0, 0], [0, 1, 0])]
        calls += [(Latents(every.values, space, torch.full((3, generator.classes), 0.3)), {})]
    calls += [(every[:0], {}), (every[[2, 1, 0]], {}), (every, {})]
    for latents, given in calls:
        options = RenderOptions(**given)
        assert torch.equal(renderer.render(latents, options), generator.render(latents, options))
    for batch in (2, 1, None):
        assert torch.equal(renderer.render(every, batch=batch), generator.render(every, batch=batch))


def test_codes_may_be_changed_in_place_and_images_too() -> None:
    generator = random_stylegan2()
    for space in generator.spaces:
        renderer, latents = Renderer(generator), codes(generator, range(2), space)
        latents = latents.with_values(latents.values.clone())
        renderer.render(latents).zero_()
        assert torch.equal(renderer.render(latents), generator.render(latents))
        latents.values[:] += 1
        assert torch.equal(renderer.render(latents), generator.render(latents))


def test_where_codes_lie_in_memory_does_not_matter(generator: Generator) -> None:
    for space in generator.spaces:
        latents, renderer = codes(generator, range(2), space), Renderer(generator)
        expected = renderer.render(latents)
        for shift in range(1, 4):
            room = torch.empty(latents.values.numel() + shift)
            moved = latents.with_values(room[shift:].view(latents.values.shape).copy_(latents.values))
            assert torch.equal(generator.render(moved), expected) and torch.equal(renderer.render(moved), expected)


def test_the_type_of_the_network_may_change() -> None:
    generator = random_stylegan2()
    renderer, latents = Renderer(generator), codes(generator, range(2), "w+")
    renderer.render(latents)
    generator.to(torch.float64)
    assert torch.equal(renderer.render(latents), generator.render(latents))


def test_what_is_kept_stays_in_its_room(monkeypatch: pytest.MonkeyPatch) -> None:
    """The state before the last change, then the first ones; a later change starts from the last kept."""
    generator = random_stylegan2()
    base, whole = codes(generator, [0], "w+"), Renderer(generator)
    whole.render(base)
    assert whole.held < 2**20
    limit, ran = whole.held // 3, run_stages(generator, monkeypatch)
    renderer, last = Renderer(generator, limit), base.values.shape[1] - 1
    renderer.render(base)
    assert 0 < renderer.held <= limit
    ran.clear()
    renderer.render(with_layer(base, last - 1, 0))
    far = len(ran)
    ran.clear()
    renderer.render(with_layer(base, last - 1, 1))
    assert len(ran) < far and renderer.held <= limit  # now the state before the change is the one that is kept
    alone = Renderer(generator, 0)
    expected = alone.render(base)
    ran.clear()
    assert torch.equal(alone.render(base), expected) and alone.held == 0 and not ran
    renderer.render(base[:0])
    assert renderer.held == 0


def test_a_pass_that_fails_leaves_nothing_wrong(monkeypatch: pytest.MonkeyPatch) -> None:
    generator = random_stylegan()
    base, renderer = codes(generator, range(2), "w+"), Renderer(generator)
    renderer.render(base)
    real = generator.layers[4].forward
    monkeypatch.setattr(generator.layers[4], "forward", lambda *_: (_ for _ in ()).throw(MemoryError()))
    with pytest.raises(MemoryError):
        renderer.render(with_layer(base, 2, 0))
    monkeypatch.setattr(generator.layers[4], "forward", real)
    for latents in (base, with_layer(base, 2, 0), base):
        assert torch.equal(renderer.render(latents), generator.render(latents))


def test_mistakes_are_told(tiny: Generator) -> None:
    with pytest.raises(ValueError, match="bytes from 0, got -1"):
        Renderer(tiny, -1)
    renderer = Renderer(tiny)
    for call in (
        lambda: renderer.render(Latents(torch.zeros(1, 8), "w")),
        lambda: renderer.render(tiny.sample([0]), RenderOptions(noise="none")),
        lambda: renderer.render(tiny.sample([0]), batch=0),
    ):
        with pytest.raises(ValueError, match=r"has the spaces|means nothing|at least 1"):
            call()
