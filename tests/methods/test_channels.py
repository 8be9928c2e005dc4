import pytest
import torch

from latentwalk.latents import Latents
from latentwalk.methods.channels import Channels, names
from latentwalk.samples import Samples
from random_networks import random_pggan, random_stylegan2

COUNT = 1500


@pytest.fixture(scope="module")
def generator():
    return random_stylegan2()


@pytest.fixture(scope="module")
def styles(generator):
    """Styles that vary each on its own and by different amounts, so that a channel can be told from its neighbours."""
    random = torch.Generator().manual_seed(0)
    size = generator.spaces["s"].size
    values = torch.randn(COUNT, size, generator=random) * (0.2 + torch.rand(size, generator=random))
    return Latents(1 + values, "s")


def planted(styles: Latents, channel: int, sign: float = 1.0, noise: float = 0.2) -> Samples:
    """Scores that read one channel."""
    read = styles.values[:, channel]
    read = (read - read.mean()) / read.std()
    extra = noise * torch.randn(len(styles), generator=torch.Generator().manual_seed(1))
    return Samples(styles, (sign * read + extra)[:, None], ("smiling",))


@pytest.mark.parametrize("rank", ["theta", "correlation"])
@pytest.mark.parametrize("sign", [1.0, -1.0])
@pytest.mark.parametrize("layer", ["b4.conv1", "b16.conv0"])
def test_the_planted_channel_comes_first_and_with_its_sign(generator, styles, rank, sign, layer) -> None:
    channel = names(generator).index(f"{layer} #2")
    found = Channels(top=2, rank=rank).fit(generator, planted(styles, channel, sign))
    assert found[0].name == f"smiling: {layer} #2"
    assert found[0].vector[channel] == sign
    assert found[0].vector.abs().sum() == 1
    assert found[0].unit == pytest.approx(float(styles.values[:, channel].std()), rel=1e-4)
    figures = found.origin.figures
    assert figures[found[0].name]["channel"] == channel
    assert figures[found[0].name]["correlation"] > 0.9 > figures[found[1].name]["correlation"]
    assert figures[found[0].name]["theta"] > 2 * figures[found[1].name]["theta"]


def test_a_step_along_a_channel_changes_the_picture_through_its_layer_alone(generator, styles) -> None:
    channel = names(generator).index("b16.conv0 #2")
    direction = Channels(top=1).fit(generator, planted(styles, channel))[0]
    moved = direction.shift(styles, 2.0).values - styles.values
    assert (moved.abs().sum(0) > 0).nonzero().flatten().tolist() == [channel]
    assert not torch.equal(generator.render(direction.shift(styles[:2], 2.0)), generator.render(styles[:2]))


def test_channels_are_numbered_as_the_codes_of_s_are(generator) -> None:
    """The first channels of b8.conv1 move, and with them the styles that this layer is told."""
    named = names(generator)
    assert len(named) == generator.spaces["s"].size
    maps = generator.entry_weights("w")
    w = generator.map(generator.sample([0, 1]), "w")
    change = (w.values[1] - w.values[0]) @ torch.cat(list(maps.values())).T
    s = generator.map(w, "s").values
    assert torch.allclose(s[1] - s[0], change, atol=1e-4)


def test_channels_that_only_mix_colours_are_left_out_unless_asked_for(generator, styles) -> None:
    samples = planted(styles, names(generator).index("b8.torgb #1"))
    every = Channels(top=10**6).fit(generator, samples)
    assert every
    assert not [direction.name for direction in every if "torgb" in direction.name]
    assert Channels(top=1, colors=True).fit(generator, samples)[0].name == "smiling: b8.torgb #1"


def test_channels_that_do_not_vary_are_left_out(generator, styles) -> None:
    values = styles.values.clone()
    values[:, 3] = 1.0
    samples = planted(styles, 2)
    found = Channels(top=10**6).fit(generator, Samples(Latents(values, "s"), samples.scores, ("smiling",)))
    assert 3 not in [found.origin.figures[direction.name]["channel"] for direction in found]


def test_codes_without_a_score_teach_nothing(generator, styles) -> None:
    samples = planted(styles, 2)
    blank = samples.scores.clone()
    blank[::2] = torch.nan
    found = Channels().fit(generator, Samples(styles, blank, ("smiling",)))
    kept = torch.arange(COUNT) % 2 == 1
    again = Channels().fit(generator, Samples(styles[kept], samples.scores[kept], ("smiling",)))
    assert [(d.name, d.offset) for d in found] == [(d.name, d.offset) for d in again]


def test_generators_without_styles_are_refused() -> None:
    generator = random_pggan()
    codes = generator.sample(range(8))
    with pytest.raises(ValueError, match="are those of the space 's', this generator has z: take another method"):
        Channels().fit(generator, Samples(codes, torch.randn(8, 1), ("smiling",)))


def test_samples_of_another_space_are_refused(generator) -> None:
    with pytest.raises(ValueError, match="channels are found in 's', got samples in 'z': map their codes first"):
        Channels().fit(generator, Samples(generator.sample(range(8)), torch.randn(8, 1), ("smiling",)))


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda s: s.abs() + 1, "got 1500 and 0"),
        (lambda s: 0 * s - 1, r"every score is -1"),
        (lambda s: s * torch.inf, "1500 infinite ones: clip them"),
        (
            lambda s: torch.where(torch.arange(COUNT)[:, None] < 20, s, torch.nan),
            "are 1 exemplars, 4 are needed",
        ),
    ],
)
def test_scores_that_say_nothing_are_refused(generator, styles, change, message) -> None:
    samples = planted(styles, 2)
    with pytest.raises(ValueError, match=message):
        Channels().fit(generator, Samples(styles, change(samples.scores), ("smiling",)))


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ({"top": 0}, "the channels to keep per attribute are 1 or more, got 0"),
        ({"share": 0.0}, "the share of exemplars is above 0 and at most 0.5, got 0.0"),
        ({"rank": "size"}, "no rank 'size': there are theta, correlation"),
    ],
)
def test_hyperparameters_out_of_range_are_refused(wrong, message) -> None:
    with pytest.raises(ValueError, match=message):
        Channels(**wrong)
