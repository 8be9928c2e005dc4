"""Laws of avatars: an index says everything, a factor changes what it is about and tells nothing of the others."""

import warnings
from importlib.metadata import PackageNotFoundError

import numpy as np
import pytest
import torch
from torch import Tensor

from latentwalk.training.avatar_factors import BINARY, CONTINUOUS, FACTORS, KINDS, NUISANCE, factors, options

pytest.importorskip("dicebear", reason="pip install latentwalk[avatars]")
pytest.importorskip("resvg_py", reason="pip install latentwalk[avatars]")

from latentwalk.training import avatar_style
from latentwalk.training.avatar_style import PACKAGES, derive, versions
from latentwalk.training.avatars import PINNED, avatar, avatars, drawing

CENTRED = {"x": 0.5, "size": 0.0, "tilt": 0.5}
"""Where a head stands upright in the middle, so that rows of the picture are heights of the head."""


@pytest.fixture(autouse=True)
def cache(tmp_path, monkeypatch):
    """What is kept goes to a folder of the test's own."""
    monkeypatch.setenv("LATENTWALK_CACHE", str(tmp_path))
    return tmp_path


def changed_rows(index: int, factor: str, **others: float) -> list[int]:
    """Rows of 64 in which the two pictures differ that have the factor and that do not."""
    plain = CENTRED | others
    a, b = (avatar(index, 64, plain | {factor: value}) for value in (0, 1))
    return (a != b).any(0).any(1).nonzero().flatten().tolist()


def test_packages_draw_what_is_pinned():
    assert drawing() == PINNED, f"{versions()} draw otherwise: pin others, or measure again and change PINNED"
    assert [part.split()[0] for part in versions().split(", ")] == list(PACKAGES)


def test_an_index_says_everything():
    pictures = avatars(6, 32, first=10)
    assert torch.equal(pictures.images[3], avatar(13, 32))
    assert torch.equal(pictures.values, torch.from_numpy(factors(range(10, 16))).float())
    assert pictures.attributes == FACTORS and pictures.fingerprint == avatars(6, 32, first=10).fingerprint
    assert avatar(13, 48).shape == (3, 48, 48)
    assert len({each.numpy().tobytes() for each in pictures.images}) == 6


def test_what_was_drawn_is_kept_and_not_drawn_again(cache, monkeypatch):
    first = avatars(3, 16)
    assert len(list(cache.rglob("*.safetensors"))) == 1

    def drawn_again(*_):
        raise AssertionError("drawn again")

    monkeypatch.setattr("latentwalk.training.avatars.draw_all", drawn_again)
    assert torch.equal(avatars(3, 16).images, first.images)


def test_several_workers_draw_the_same(cache):
    alone = avatars(4, 16)
    for file in cache.rglob("*.safetensors"):
        file.unlink()
    assert torch.equal(avatars(4, 16, workers=2).images, alone.images)


def test_other_packages_are_told_in_one_line(monkeypatch):
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        avatars(1, 16)
    monkeypatch.setattr("latentwalk.training.avatars.PINNED", "0" * 16)
    with pytest.warns(UserWarning, match=r"^dicebear-core .* draw avatars otherwise") as told:
        avatars(1, 16)
    assert "\n" not in str(told[0].message)


def test_factors_are_balanced_and_know_nothing_of_each_other():
    count = 6000
    values = factors(range(count))
    binary, continuous = values[:, : len(BINARY)], values[:, len(BINARY) :]
    assert set(np.unique(binary)) == {0, 1} and continuous.min() >= 0 and continuous.max() < 1
    error = 4 / np.sqrt(count)  # four standard errors of a correlation
    assert np.abs(binary.mean(0) - 0.5).max() < error / 2
    assert np.abs(continuous.mean(0) - 0.5).max() < error * 0.29 and np.abs(continuous.std(0) - 0.2887).max() < 0.01
    assert np.abs(np.corrcoef(values.T) - np.eye(len(FACTORS))).max() < error


def test_a_factor_changes_its_own_options_alone():
    own = {
        **{name: {f"{part}Variant"} for name, part in zip(BINARY, KINDS, strict=True)},
        "hair_tone": {"hairColor"},
        "skin_tone": {"skinColor"},
        "background_hue": {"backgroundColor"},
        "clothes_hue": {"shirtColor"},
        "x": {"translateX"},
        "size": {"scale"},
        "tilt": {"rotate"},
    }
    assert own.keys() == set(FACTORS)
    for index in range(20):
        for factor, expected in own.items():
            a, b = (options(index, {factor: value}) for value in (0, 1))
            assert {name for name in a if a[name] != b[name]} == expected
            is_value = factors([index])[0, FACTORS.index(factor)]
            assert options(index, {factor: is_value}) == options(index)


def test_hats_are_above_the_face_and_beards_below_the_eyes():
    for index in range(5):
        assert max(changed_rows(index, "hat")) < 32
        assert min(changed_rows(index, "beard")) > 36
        assert min(changed_rows(index, "smile")) > 36
        rows = changed_rows(index, "glasses")
        assert min(rows) > 24 and max(rows) < 46


def test_long_hair_shows_under_a_hat():
    for index in range(5):
        assert max(changed_rows(index, "long_hair", hat=1)) > 44
        assert changed_rows(index, "hat", long_hair=1) and changed_rows(index, "hat", long_hair=0)


def test_the_background_hue_is_the_colour_of_a_corner():
    def corner(value: float) -> Tensor:
        return avatar(2, 64, CENTRED | {"background_hue": value})[:, 0, 0]

    assert corner(0.0).tolist() == [166, 242, 242]  # a hue of one half, lightness .8, saturation .75
    assert len({tuple(corner(value).tolist()) for value in np.linspace(0, 1, 9)}) == 9


def test_every_variant_is_one_of_the_style():
    import json
    from importlib.resources import files

    published = json.loads(files("dicebear_styles").joinpath("voxel-art.json").read_text("utf-8"))
    before = json.dumps(published)
    components = derive(published)["components"]
    assert json.dumps(published) == before and published["meta"]["license"]["name"] == "CC0 1.0"
    wanted = {part: {*without, *there} for part, (without, there) in KINDS.items()} | {
        part: set(variants) for part, variants in NUISANCE.items()
    }
    assert wanted.keys() == components.keys()
    for part, variants in wanted.items():
        assert variants == components[part]["variants"].keys()
        for variant in variants - {"none"}:
            drawn = published["components"]["top" if part == "hat" else part]["variants"][variant]
            assert components[part]["variants"][variant] == drawn


def test_a_missing_package_is_named_with_the_extra(monkeypatch):
    def nothing(package: str):
        raise PackageNotFoundError(package)

    monkeypatch.setattr(avatar_style, "files", nothing)
    with pytest.raises(
        ValueError, match=r"dicebear-core, which is not installed: use pip install latentwalk\[avatars\]"
    ):
        avatar_style._style.__wrapped__()


def test_what_is_no_factor_is_refused():
    with pytest.raises(ValueError, match="no factor 'moustache': avatars have glasses, smile"):
        avatar(0, 16, {"moustache": 1})
    with pytest.raises(ValueError, match=r"the factor hat is 1 or 0, got 0\.5"):
        avatar(0, 16, {"hat": 0.5})
    with pytest.raises(ValueError, match=r"the factor x is in \[0, 1\], got 2"):
        avatar(0, 16, {"x": 2})
    with pytest.raises(ValueError, match="counted from 0, got -1"):
        avatar(-1)
    with pytest.raises(ValueError, match="sizes, counts and workers of 1 or more"):
        avatars(0)
    assert len(CONTINUOUS) == 7 and factors([]).shape == (0, 12)
