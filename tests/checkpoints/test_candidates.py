"""The same network is found in whatever lies around it, and what was taken is said; so is where two are as good."""

import itertools
from collections import OrderedDict
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import Tensor, nn

from latentwalk.checkpoints.candidates import candidates
from latentwalk.checkpoints.formats import build_generator, open_generator
from latentwalk.checkpoints.roles import Role, role_of
from latentwalk.choices import Choices

State = dict[str, Tensor]


def network(seed: int = 0, widths: tuple[int, ...] = (5, 6, 4, 3)) -> nn.Sequential:
    torch.manual_seed(seed)
    pairs = list(itertools.pairwise(widths))
    layers = [nn.ConvTranspose2d(a, b, 4, 2 if i else 1, 1 if i else 0) for i, (a, b) in enumerate(pairs)]
    return nn.Sequential(*layers)


def named(prefix: str, module: nn.Module) -> State:
    return {f"{prefix}{name}": tensor for name, tensor in module.state_dict().items()}


GOOD, OTHER = network(0), network(1)
DISCRIMINATOR = nn.Sequential(nn.Conv2d(3, 4, 4, 2, 1), nn.Conv2d(4, 6, 4, 2, 1), nn.Conv2d(6, 1, 4))
FOUND = build_generator(named("main.", GOOD), "file").fingerprint
ADAM = torch.optim.Adam(GOOD.parameters()).state_dict()


def wrapped(generator: State, depth: int) -> Any:
    """The tensors in so many envelopes, none of which is known, with prefixes that torch adds."""
    tree: Any = {f"{'module._orig_mod.' * depth}main.{name}": tensor for name, tensor in generator.items()}
    for level in range(depth):
        tree = {"epoch": level, f"my_{level}": tree, "optimizerG": ADAM, "netD": DISCRIMINATOR.state_dict()}
    return tree


TREES: dict[str, tuple[Any, str]] = {
    "beside a discriminator": ({"netG": named("", GOOD), "netD": named("", DISCRIMINATOR), "epoch": 3}, "netG"),
    "averaged beside another": ({"G": named("", OTHER), "G_ema": named("a.", GOOD)}, "G_ema"),
    "averaged in words": ({"model": named("", OTHER), "model_averaged": named("", GOOD)}, "model_averaged"),
    "of Lightning": (
        {
            "state_dict": {**named("generator.net.", GOOD), **named("discriminator.net.", DISCRIMINATOR)},
            "optimizer_states": [ADAM],
            "hyper_parameters": {"z": 5},
        },
        "state_dict.generator",
    ),
    "of Lightning, under names of somebody's own": (
        {"state_dict": {**named("painter.", GOOD), **named("judge.", DISCRIMINATOR)}},
        "state_dict.painter",
    ),
    "an average of torch": ({"n_averaged": torch.tensor(7), **named("module.main.", GOOD)}, ""),
    "of ema-pytorch": (
        {
            "initted": torch.tensor(True),
            "step": torch.tensor(4),
            **named("online_model.", OTHER),
            **named("ema_model.", GOOD),
        },
        "ema_model",
    ),
    "compiled in parts": (named("main._orig_mod.", GOOD), ""),
    "in a list": ([named("", GOOD), named("", DISCRIMINATOR)], "0"),
    "beside numbers": ({**named("main.", GOOD), "lr": 0.1, "name": "mine"}, ""),
    "of FSDP": (named("_fsdp_wrapped_module.main.", GOOD), ""),
    **{f"in {depth} envelopes": (wrapped(GOOD.state_dict(), depth), "") for depth in range(5)},
}


@pytest.mark.parametrize("case", TREES)
def test_what_lies_around_a_network_comes_off(case: str, tmp_path: Path) -> None:
    tree, part = TREES[case]
    torch.save(tree, tmp_path / "a.pt")
    generator = open_generator(tmp_path / "a.pt")
    assert generator.fingerprint == FOUND
    if not case.startswith("in "):
        assert generator.reading.part == part


def test_what_else_was_there_is_named() -> None:
    tree = {"state_dict": {**named("G.", GOOD), **named("D.", DISCRIMINATOR)}, "optimizers": [ADAM], "epoch": 1}
    reading = build_generator(tree, "file").reading
    assert reading.part == "state_dict.G" and set(reading.others) == {"state_dict.D", "optimizers"}


def test_the_names_of_parts_say_what_they_are() -> None:
    words = {
        Role.AVERAGED: "G_ema g_ema avgG generator_smooth g_running params_ema EMA netG_avg swa_model gEMA Gs",
        Role.GENERATOR: "G g netG generator gen G_state_dict generatorModel netG_A decoder",
        Role.ASIDE: "D netD d_optim optimizerG discriminator D_ema critic g_optim lr_scheduler encoder disc",
        Role.UNKNOWN: "model state_dict params main net schema GAN synthesis mapping",
    }
    for role, names in words.items():
        assert {name: role_of(name) for name in names.split() if name != "gEMA"} == {
            name: role for name in names.split() if name != "gEMA"
        }


def test_two_that_are_as_good_are_a_choice(tmp_path: Path) -> None:
    tree = {"G_ema": named("", GOOD), "generator_avg": named("", OTHER)}
    torch.save(tree, tmp_path / "a.pt")
    with pytest.raises(ValueError, match=r"holds 2 generators .*'G_ema', 'generator_avg'.* --part G_ema") as error:
        open_generator(tmp_path / "a.pt")
    assert "\n" not in str(error.value)
    made = {name: open_generator(tmp_path / "a.pt", Choices(part=name)) for name in tree}
    assert made["G_ema"].fingerprint == FOUND != made["generator_avg"].fingerprint
    with pytest.raises(ValueError, match=r"has no part 'G': expected one of 'G_ema', 'generator_avg'"):
        open_generator(tmp_path / "a.pt", Choices(part="G"))


def test_a_copy_is_no_second_network() -> None:
    copy = {name: tensor.clone() for name, tensor in named("", GOOD).items()}
    assert build_generator({"G": named("", GOOD), "generator": copy}, "file").fingerprint == FOUND


def test_what_an_average_supersedes_can_be_asked_for(tmp_path: Path) -> None:
    torch.save({"G": named("", GOOD), "G_ema": named("", OTHER)}, tmp_path / "a.pt")
    assert open_generator(tmp_path / "a.pt", Choices(part="G")).fingerprint == FOUND


def test_the_order_of_a_file_does_not_matter() -> None:
    tree, _ = TREES["of ema-pytorch"]
    backwards = OrderedDict(reversed(tree.items()))
    assert build_generator(backwards, "file").fingerprint == FOUND


def test_long_names_and_many_parts_come_to_an_end() -> None:
    trees: list[Any] = [
        {"a." * 5000 + "weight": torch.ones(2)},
        {str(i): {"a": torch.ones(1)} for i in range(2000)},
        {f"{i}.{j}.a": torch.ones(1) for i in range(40) for j in range(40)},
    ]
    shared: Any = {"a": torch.ones(1)}
    for _ in range(40):
        shared = {"a": shared, "b": shared}
    for tree in (*trees, shared):
        assert len(candidates(tree, "file")) < 2000


MESSAGES = {
    "holds a discriminator and no generator": {"model": named("main.", DISCRIMINATOR)},
    "nearest is a DCGAN, but a layer gives 6 channels and the next takes 5": named("main.", GOOD)
    | {"main.1.weight": torch.ones(5, 4, 4, 4)},
    "nearest is a StyleGAN2 of rosinality: it has ": {
        f"{name}.oddly": torch.ones(2, 2) for name in ("style.1", "input.input", "to_rgb1.conv", "convs.0")
    },
    "lacks 'main.0.weight_v'": {"main.0.weight_orig": torch.ones(2, 3, 4, 4), "main.0.weight_u": torch.ones(3)},
}


@pytest.mark.parametrize("message", MESSAGES)
def test_what_is_wrong_is_said(message: str) -> None:
    with pytest.raises(ValueError, match=r"^file") as error:
        build_generator(MESSAGES[message], "file")
    assert message in str(error.value)


def test_an_unknown_network_is_shown_in_five_lines() -> None:
    tree = {f"part{i}.odd": torch.ones(i + 1) for i in range(9)}
    with pytest.raises(ValueError, match=r"lw\.wrap") as error:
        build_generator(tree, "file")
    lines = error.value.__notes__
    assert lines[0] == "  part0.odd: [1]" and lines[-1] == "  and 5 more" and len(lines) == 5
    assert "\n" not in str(error.value)


def flat(prefix: str, state: State) -> State:
    return {f"{prefix}{name}": tensor for name, tensor in state.items()}


def ema_pytorch(averaged: State, live: State) -> State:
    counters = {"initted": torch.tensor(True), "step": torch.tensor(4)}
    return {**counters, **flat("online_model.", live), **flat("ema_model.", averaged)}


INNER: dict[str, Callable[[State, State], State]] = {
    "plain": lambda averaged, live: averaged,
    "main": lambda averaged, live: flat("main.", averaged),
    "DataParallel": lambda averaged, live: flat("module.", averaged),
    "compiled and DataParallel": lambda averaged, live: flat("module._orig_mod.net.", averaged),
    "AveragedModel": lambda averaged, live: {"n_averaged": torch.tensor(7), **flat("module.", averaged)},
    "ema-pytorch": ema_pytorch,
    "ema-pytorch, compiled": lambda averaged, live: ema_pytorch(flat("_orig_mod.", averaged), flat("_orig_mod.", live)),
}
"""How a library writes what it averages; some keep the other network beside it."""

JUDGE = DISCRIMINATOR.state_dict()
OUTER: dict[str, Callable[[Any, State], Any]] = {
    "ema": lambda tree, live: {"ema": tree},
    "model and ema": lambda tree, live: {"ema": tree, "model": flat("module.", live), "optimizer": ADAM},
    "G and G_ema": lambda tree, live: {"G": live, "D": JUDGE, "G_ema": tree, "G_opt": ADAM, "steps": 3},
    "words": lambda tree, live: {"generator": live, "averaged_generator": tree, "discriminator": JUDGE},
    "trained together": lambda tree, live: {"model": {**flat("G.", live), **flat("D.", JUDGE)}, "ema": tree},
    "deeper": lambda tree, live: {"epoch": 2, "states": {"g_ema": {"net": tree}, "g": {"net": live}, "d": JUDGE}},
    "Lightning": lambda tree, live: {
        "state_dict": {**flat("generator.", live), **flat("discriminator.", JUDGE), **flat("ema.", tree)},
        "optimizer_states": [ADAM],
    },
    "Lightning, averaged by a callback": lambda tree, live: {
        "state_dict": {**flat("generator.", live), **flat("discriminator.", JUDGE)},
        "callbacks": {"EMA": {"ema_state_dict": tree}},
    },
    "one class": lambda tree, live: {**flat("netG.", live), **flat("netD.", JUDGE), **flat("netG_ema.", tree)},
}
"""What a training puts around it: the live network, a discriminator and optimizers beside it."""


def envelopes() -> dict[str, Callable[[State, State], Any]]:
    """Every library in every envelope, and some envelopes in another."""
    made = {
        f"{inner} in {outer}": lambda a, b, i=inner, o=outer: OUTER[o](INNER[i](a, b), b)
        for inner in INNER
        for outer in OUTER
    }
    nested = [each for each in OUTER if each not in ("Lightning", "one class")]  # those take flat dicts
    twice = {
        f"ema-pytorch in {inner} in {outer}": lambda a, b, i=inner, o=outer: OUTER[o](OUTER[i](ema_pytorch(a, b), b), b)
        for inner in OUTER
        for outer in nested
    }
    return {**INNER, **made, **twice}


ENVELOPES = envelopes()


@pytest.mark.parametrize("name", ENVELOPES)
def test_the_averaged_network_is_taken_from_every_envelope(name: str) -> None:
    averaged, live = GOOD.state_dict(), OTHER.state_dict()
    tree = ENVELOPES[name](averaged, live)
    backwards = dict(reversed(tree.items()))
    for each in (tree, backwards):
        assert build_generator(each, "file").fingerprint == FOUND
    other = build_generator(ENVELOPES[name](live, averaged), "file")
    assert other.fingerprint != FOUND


def test_a_part_is_a_place_or_a_part_of_one() -> None:
    both = ema_pytorch(GOOD.state_dict(), OTHER.state_dict())
    tree = {"ema": both, "a": {"net": GOOD.state_dict()}, "b": {"net": OTHER.state_dict()}}
    other = build_generator(named("", OTHER), "file").fingerprint
    taken = {"ema": FOUND, "ema.online_model": other, "online_model": other, "a": FOUND, "b.net": other}
    for part, fingerprint in taken.items():
        assert build_generator(tree, "file", Choices(part=part)).fingerprint == fingerprint
    with pytest.raises(ValueError, match=r"'a\.net', 'b\.net': choose one with part='a\.net'"):
        build_generator(tree, "file", Choices(part="net"))


@pytest.mark.parametrize(
    ("state", "beside"),
    [
        ({"decoder.0.weight": torch.ones(6, 5, 4, 4), "decoder.2.weight": torch.ones(5, 3, 4, 4)}, "decoder_input"),
        ({"main.0.weight": torch.ones(6, 5, 4, 4), "main.1.weight": torch.ones(5, 3, 4, 4)}, "embed"),
    ],
)
def test_half_of_a_network_is_none(state: dict[str, Tensor], beside: str) -> None:
    assert build_generator(state, "file").image_shape == (3, 8, 8)
    with pytest.raises(ValueError, match=r"^file .*nearest is a DCGAN, but .*lw\.wrap") as error:
        build_generator({**state, f"{beside}.weight": torch.ones(22, 4)}, "file")
    assert "\n" not in str(error.value)


@pytest.mark.parametrize("network", ["a U-Net", "a classifier", "a residual network"])
def test_other_networks_are_no_discriminators(network: str) -> None:
    shapes = {
        "a U-Net": {"down1": (8, 3, 4, 4), "down2": (16, 8, 4, 4), "up1": (16, 8, 4, 4), "up2": (16, 3, 4, 4)},
        "a classifier": {"0": (8, 3, 3, 3), "2": (16, 8, 3, 3), "5": (10, 100)},
        "a residual network": {"conv1": (64, 3, 7, 7), "layer1.0.conv1": (64, 64, 3, 3), "layer2.0": (128, 64, 3, 3)},
    }
    with pytest.raises(ValueError, match=r"^file is not .*lw\.wrap") as error:
        build_generator({f"{name}.weight": torch.ones(shape) for name, shape in shapes[network].items()}, "file")
    assert "discriminator" not in str(error.value) and "\n" not in str(error.value)
