"""What is added to a generator is a new generator; the old one stays, bit for bit."""

import pytest
import torch
from safetensors.torch import save_file

from latentwalk.delta import Delta, loosened, with_delta
from latentwalk.generator import Generator
from latentwalk.inversion.tune import last_parameters
from latentwalk.latents import Latents, in_turn


def some(generator: Generator, count: int = 2) -> Latents:
    labels = in_turn(torch.arange(generator.classes), count) if generator.classes else None
    return generator.sample(count, labels)


def change(generator: Generator, size: float = 0.01) -> Delta:
    """The last layer's weights, all a little larger."""
    names = last_parameters(generator, 1)
    return Delta(
        generator.fingerprint,
        {name: torch.full_like(generator.get_parameter(name), size).contiguous() for name in names},
    )


def test_a_delta_makes_another_fixed_generator_of_every_family(generator) -> None:
    codes, before = some(generator), generator.fingerprint
    weights = {name: tensor.clone() for name, tensor in generator.state_dict().items()}
    picture = generator.render(codes)
    delta = change(generator)
    tuned = with_delta(generator, delta)
    assert tuned.fingerprint not in ("", before) and generator.fingerprint == before
    assert all(torch.equal(tensor, weights[name]) for name, tensor in generator.state_dict().items())
    assert torch.equal(generator.render(codes), picture) and not torch.equal(tuned.render(codes), picture)
    assert not any(parameter.requires_grad for parameter in tuned.parameters())
    values = codes.values.clone().requires_grad_()
    tuned.synthesize(codes.with_values(values)).sum().backward()
    assert values.grad is not None and bool(values.grad.abs().sum() > 0)


def test_what_is_not_changed_is_shared(tiny) -> None:
    delta = change(tiny)
    tuned, own = with_delta(tiny, delta), set(delta.changes)
    for name, parameter in tiny.named_parameters():
        shared = parameter.data_ptr() == tuned.get_parameter(name).data_ptr()
        assert shared == (name not in own) or parameter.numel() == 0


def test_no_change_is_the_same_network_and_the_opposite_leads_back(tiny) -> None:
    nothing = Delta(tiny.fingerprint, {name: 0 * value for name, value in change(tiny).changes.items()})
    assert with_delta(tiny, nothing).fingerprint == tiny.fingerprint
    there = with_delta(tiny, change(tiny, 0.25))
    back = Delta(there.fingerprint, {name: -value for name, value in change(tiny, 0.25).changes.items()})
    codes = some(tiny)
    torch.testing.assert_close(with_delta(there, back).render(codes), tiny.render(codes), rtol=0, atol=1e-5)


def test_a_file_keeps_it(tiny, tmp_path) -> None:
    delta = Delta(tiny.fingerprint, change(tiny).changes, some(tiny))
    delta.save(tmp_path / "d.safetensors")
    again = Delta.load(tmp_path / "d.safetensors")
    assert again.base == delta.base and again.changes.keys() == delta.changes.keys()
    assert again.pivots is not None and delta.pivots is not None
    assert torch.equal(again.pivots.values, delta.pivots.values) and again.pivots.space == "z"
    assert with_delta(tiny, again).fingerprint == with_delta(tiny, delta).fingerprint


def test_what_does_not_fit_is_refused(tiny, toy, tmp_path) -> None:
    delta = change(tiny)
    name = next(iter(delta.changes))
    with pytest.raises(ValueError, match="was made for the generator"):
        with_delta(toy, delta)
    for changes, says in (
        ({"layers.9.weight": torch.zeros(1)}, "which this DCGAN has not"),
        ({name: torch.zeros(1)}, "does not fit"),
        ({name: delta.changes[name] * torch.nan}, "does not fit"),
    ):
        with pytest.raises(ValueError, match=says):
            with_delta(tiny, Delta(tiny.fingerprint, changes))
    with pytest.raises(ValueError, match="not a readable delta"):
        Delta.load(tmp_path / "nothing.safetensors")
    save_file({"a": torch.zeros(1)}, tmp_path / "other.safetensors")
    with pytest.raises(ValueError, match="holds no delta"):
        Delta.load(tmp_path / "other.safetensors")


def test_only_what_is_named_may_learn(tiny) -> None:
    names = last_parameters(tiny, 1)
    learning = loosened(tiny, names)
    assert {name for name, p in learning.named_parameters() if p.requires_grad} == set(names)
    assert not any(p.requires_grad for p in tiny.parameters())
