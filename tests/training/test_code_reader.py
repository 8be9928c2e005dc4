"""An encoder of codes: it learns what pictures tell of them, whatever their size."""

import pytest
import torch

from latentwalk.training.code_reader import CodeRecipe, learn_codes

QUICK = CodeRecipe(epochs=12, batch=16, width=8, side=16, noise=0.0, rate=1e-2)


def painted(count: int, side: int = 32, seed: int = 0) -> tuple[torch.Tensor, torch.Tensor]:
    """Pictures of two stripes whose brightness is the code; a third number is seen nowhere."""
    codes = torch.rand(count, 3, generator=torch.Generator().manual_seed(seed))
    images = torch.zeros(count, 3, side, side)
    images[:, :, : side // 2] = codes[:, 0, None, None, None]
    images[:, :, side // 2 :] = codes[:, 1, None, None, None]
    return (images * 255).byte(), codes * torch.tensor([1.0, 10.0, 1.0]) + 5


def test_it_reads_what_is_seen_and_guesses_the_middle_of_the_rest() -> None:
    pictures, codes = painted(240, 16)
    reader = learn_codes(pictures, codes, QUICK)
    for side in (16, 48):  # larger pictures are averaged
        asked, truth = painted(100, side, seed=1)
        said = reader.read(asked)
        left = (said - truth).var(0) / truth.var(0)
        assert left[:2].max() < 0.35
        assert left[2] > 0.8 and said[:, 2].mean() == pytest.approx(5.5, abs=0.1)


def test_it_depends_on_its_arguments_alone() -> None:
    pictures, codes = painted(32)
    recipe = CodeRecipe(epochs=1, batch=16, width=8)
    first = learn_codes(pictures, codes, recipe).read(pictures)
    before = torch.get_rng_state()
    assert torch.equal(first, learn_codes(pictures, codes, recipe).read(pictures))
    assert torch.equal(before, torch.get_rng_state())
    other = learn_codes(pictures, codes, CodeRecipe(epochs=1, batch=16, width=8, seed=1))
    assert not torch.equal(first, other.read(pictures))


def test_what_cannot_be_learned_is_refused() -> None:
    pictures, codes = painted(20)
    with pytest.raises(ValueError, match="expected a code per picture, 32 or more, got 20 pictures and 20 codes"):
        learn_codes(pictures, codes)
    with pytest.raises(ValueError, match="1 or more"):
        CodeRecipe(epochs=0)
