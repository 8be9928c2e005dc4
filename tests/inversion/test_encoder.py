"""The encoder: nearer than the guess that it corrects, never farther, and learned once."""

from pathlib import Path

import pytest
import torch

from latentwalk.inversion.encoder import Encoder
from latentwalk.inversion.ridge import Ridge
from latentwalk.kept import PLACE

QUICK = Encoder(ridge=Ridge(pairs=60), pairs=160, by_codes=6, by_pictures=3)


def test_it_is_nearer_than_the_guess_that_it_corrects(tiny) -> None:
    """On pictures of codes that nothing was learned from."""
    pictures = tiny.render(tiny.sample(range(64)))
    before, after = (inverter.invert(tiny, pictures) for inverter in (QUICK.ridge, QUICK))
    assert (after.mse <= before.mse + 1e-7).all(), "what does not help is left"
    assert after.mse.median() < 0.8 * before.mse.median()


def test_what_is_like_no_picture_is_not_made_worse(tiny) -> None:
    odd = torch.rand(6, *tiny.image_shape, generator=torch.Generator().manual_seed(0)) * 2 - 1
    mask = torch.ones(tiny.image_shape[1:])
    mask[:, 9:] = 0
    for known in (None, mask):
        before, after = (inverter.invert(tiny, odd, mask=known) for inverter in (QUICK.ridge, QUICK))
        assert (after.mse <= before.mse + 1e-7).all()


def test_it_is_learned_once_and_leaves_the_random_state(tiny, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv(PLACE, str(tmp_path))
    steps: list[str] = []
    how = Encoder(ridge=Ridge(pairs=20), pairs=20)
    state = torch.get_rng_state()
    first = how.learn(tiny, lambda what, done, total: steps.append(what))
    assert "teaching the encoder" in steps and torch.equal(torch.get_rng_state(), state)
    steps.clear()
    again = how.learn(tiny, lambda what, done, total: steps.append(what))
    assert not steps
    assert all(torch.equal(first.state_dict()[name], value) for name, value in again.state_dict().items())
    (tmp_path / "encoder").rename(tmp_path / "gone")
    anew = how.learn(tiny)
    for name, value in anew.state_dict().items():  # where numbers lie in memory changes the rounding of products
        torch.testing.assert_close(first.state_dict()[name], value, rtol=0, atol=1e-3)


def test_its_answer_is_counted(tiny) -> None:
    pictures, mask = tiny.render(tiny.sample(range(2))), torch.ones(tiny.image_shape[1:])
    mask[:3] = 0
    assert QUICK.invert(tiny, pictures).evaluations.tolist() == [1 + QUICK.rounds] * 2
    assert QUICK.invert(tiny, pictures, mask=mask).evaluations.tolist() == [1 + QUICK.ridge.fills + QUICK.rounds] * 2


@pytest.mark.parametrize("settings", [{"pairs": 1}, {"by_codes": 0}, {"by_pictures": 0}, {"rounds": 0}])
def test_settings_that_mean_nothing_are_refused(settings) -> None:
    with pytest.raises(ValueError, match=r"expected \d+ pairs"):
        Encoder(**settings)
