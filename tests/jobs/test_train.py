"""Training from the outside: one call from files to a scorer, that can be stopped and called again."""

from dataclasses import replace
from functools import partial

import pytest
import torch

from latentwalk.jobs.load import companion, load_scorer, second_of
from latentwalk.jobs.train import train_celeba
from latentwalk.jobs.train import train_scorer as train_trio
from latentwalk.scorers.classifier import Classifier
from latentwalk.training import loop
from latentwalk.training.loop import Interrupted
from latentwalk.training.scorer import ScorerRecipe

train_scorer = partial(train_trio, companions=())

RECIPE = ScorerRecipe(samples=96, epochs=2, batch=32, width=8, layers=("layers.1",), seed=2)


@pytest.fixture(autouse=True)
def small_and_quick(monkeypatch):
    """A checkpoint after every step; one thread, because more of them only wait for each other here."""
    monkeypatch.setattr(loop, "EVERY", -1.0)
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


@pytest.fixture
def labels(tiny, tmp_path):
    """Is the picture brighter than most? By seed."""
    brightness = tiny.synthesize(tiny.sample(range(80))).mean((1, 2, 3))
    rows = (brightness > brightness.median()).int().tolist()
    path = tmp_path / "labels.csv"
    path.write_text("seed,bright\n" + "\n".join(f"{seed},{value}" for seed, value in enumerate(rows)))
    return path


def stop_at(step: int, during: str = "training"):
    def progress(what: str, done: int, _total: int) -> None:
        if what == during and done >= step:
            raise KeyboardInterrupt

    return progress


def same(one, two) -> bool:
    """Whether two files hold the same weights, bit for bit, and the same card."""
    a, b = Classifier.load(one), Classifier.load(two)
    return a.fingerprint == b.fingerprint and a.card == b.card


def test_from_files_to_a_scorer(tiny, labels, tmp_path):
    out = tmp_path / "scorers" / "bright.safetensors"
    scorer = train_scorer(tiny, labels, out, recipe=RECIPE)
    assert scorer.attributes == ("bright",) and scorer.source == str(out)
    assert [path.name for path in out.parent.iterdir()] == [out.name], "the checkpoint goes with the work"
    assert Classifier.load(out).card["held_out"][0]["labels"] == 20
    with pytest.raises(ValueError, match="exists already"):
        train_scorer(tiny, labels, out, recipe=RECIPE)


def test_the_same_call_continues_and_ends_with_the_same_weights(tiny, labels, tmp_path):
    out, whole = tmp_path / "one.safetensors", tmp_path / "two.safetensors"
    with pytest.raises(Interrupted) as stopped:
        train_scorer(tiny, labels, out, recipe=RECIPE, progress=stop_at(4))
    assert stopped.value.step == 3
    assert stopped.value.checkpoint == tmp_path / "one.safetensors.run" / "checkpoint.pt"
    assert not out.exists()
    with pytest.raises(ValueError, match="other settings"):
        train_scorer(tiny, labels, out, recipe=replace(RECIPE, rate=1e-3))
    train_scorer(tiny, labels, out, recipe=RECIPE)
    train_scorer(tiny, labels, whole, recipe=RECIPE)
    assert same(out, whole)


def test_beside_a_scorer_come_a_second_and_a_judge_that_share_the_labels_alone(tiny, labels, tmp_path):
    out = tmp_path / "bright.safetensors"
    with pytest.raises(Interrupted):
        train_trio(tiny, labels, out, recipe=RECIPE, progress=stop_at(4, "judge: training"))
    assert not [*tmp_path.glob("*.safetensors")], "all or none"
    train_trio(tiny, labels, out, recipe=RECIPE)
    assert sorted(each.name for each in tmp_path.glob("*.safetensors*")) == [
        "bright-judge.safetensors",
        "bright-second.safetensors",
        "bright.safetensors",
    ]
    trio = [load_scorer(out), load_scorer(second_of(load_scorer(out))), load_scorer(companion(str(out), "judge"))]
    assert all(each.attributes == ("bright",) for each in trio)
    assert len({each.architecture for each in trio}) == 3
    recipes = [each.card["recipe"] for each in trio]
    assert (
        len({recipe["seed"] for recipe in recipes}) == len({str(each.card["probes"]["layers"]) for each in trio}) == 3
    )
    out.unlink()
    with pytest.raises(ValueError, match=r"bright-second\.safetensors exists already"):
        train_trio(tiny, labels, out, recipe=RECIPE)


def test_a_named_run_folder_is_kept(tiny, labels, tmp_path):
    run = tmp_path / "run"
    train_scorer(tiny, labels, tmp_path / "a.safetensors", recipe=RECIPE, run=run)
    assert sorted(path.name for path in run.iterdir()) == ["checkpoint.pt", "run.json"]
    seen: set[str] = set()
    train_scorer(
        tiny,
        labels,
        tmp_path / "b.safetensors",
        recipe=RECIPE,
        run=run,
        progress=lambda what, _done, _total: seen.add(what),
    )
    assert "training" not in seen, "the steps were all there"
    assert same(tmp_path / "a.safetensors", tmp_path / "b.safetensors")


def test_stopped_before_the_first_step(tiny, labels, tmp_path):
    with pytest.raises(Interrupted, match="before the first checkpoint") as stopped:
        train_scorer(tiny, labels, tmp_path / "a.safetensors", recipe=RECIPE, progress=stop_at(1, "labelling samples"))
    assert stopped.value.checkpoint is None and stopped.value.step == 0
    assert [path.name for path in tmp_path.iterdir()] == [labels.name], "nothing to continue from, nothing left"


def test_labels_may_be_mended_after_a_refusal(tiny, labels, tmp_path):
    whole, out, run = labels.read_text(), tmp_path / "a.safetensors", tmp_path / "run"
    run.mkdir()
    labels.write_text("seed,bright\n" + "\n".join(f"{seed},{int(seed < 3)}" for seed in range(40)))
    with pytest.raises(ValueError, match="bright has 3 positive and 27 negative labels"):
        train_scorer(tiny, labels, out, recipe=RECIPE, run=run)
    labels.write_text(whole)
    assert train_scorer(tiny, labels, out, recipe=RECIPE, run=run).attributes == ("bright",)


def test_stopped_while_writing_leaves_no_half_a_file(tiny, labels, tmp_path, monkeypatch):
    def half(_tensors, path, _metadata) -> None:
        path.write_bytes(b"half")
        raise KeyboardInterrupt

    out = tmp_path / "out" / "a.safetensors"
    with monkeypatch.context() as patch:
        patch.setattr("safetensors.torch.save_file", half)
        with pytest.raises(Interrupted) as stopped:
            train_scorer(tiny, labels, out, recipe=RECIPE)
    assert stopped.value.step == 6, "the training itself is not lost"
    assert [path.name for path in out.parent.iterdir()] == ["a.safetensors.run"]
    train_scorer(
        tiny, labels, out, recipe=RECIPE, progress=lambda what, *_: pytest.fail() if what == "training" else None
    )


def test_mistakes_are_told_before_the_work(tiny, labels, tmp_path):
    never = lambda *_: pytest.fail("some work was done")  # noqa: E731
    with pytest.raises(ValueError, match="is a folder"):
        train_scorer(tiny, labels, tmp_path, recipe=RECIPE, progress=never)
    with pytest.raises(ValueError, match="no column 'smiling'"):
        train_scorer(tiny, labels, tmp_path / "a.safetensors", attributes=["smiling"], recipe=RECIPE, progress=never)
    with pytest.raises(ValueError, match="no generator"):
        train_scorer(tmp_path / "none.pt", labels, tmp_path / "a.safetensors", recipe=RECIPE, progress=never)
    with pytest.raises(ValueError, match="torchvision's layout"):
        train_celeba(tmp_path, tmp_path / "a.safetensors", progress=never)
