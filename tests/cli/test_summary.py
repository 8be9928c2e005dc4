"""What the command says in plain words: who had it before, what was not held, what looks wrong, and who confirms it."""

import json

import pytest
import torch

from latentwalk.cli.summary import LOST, say_summary, summarize
from latentwalk.direction import Directions
from latentwalk.jobs.edit import Edited, edit
from latentwalk.jobs.replay import replay
from latentwalk.realism import STRANGE
from latentwalk.walks.fixed import FixedWalk
from latentwalk.walks.gradient import GradientWalk
from toys import ToyScorer


def far(toy) -> Edited:
    """Slides so long that no sample is there."""
    one = Directions((ToyScorer().directions["one"],))
    return edit(toy, toy.sample(8), ToyScorer(), walk=FixedWalk(one, (12.0,)))


def test_codes_that_had_it_before_are_counted_apart(toy, capsys) -> None:
    edited = edit(toy, toy.sample(16), ToyScorer(), "one", 0.9, walk=GradientWalk())
    summary = summarize(edited)
    before = int((edited.steps == 0).sum())
    assert 0 < summary["had_before"] == before < summary["reached"] == 16
    say_summary(summary)
    said = capsys.readouterr().out
    assert f"{16 - before} reached, {before} had it before" in said
    assert "confirmed by nobody" in said and "not held" not in said


def test_a_judge_who_looked_is_named_and_nobody_complains(toy, capsys) -> None:
    say_summary(summarize(edit(toy, toy.sample(2), ToyScorer(), "one", 0.9, judge=ToyScorer())))
    assert "independently confirmed" in (said := capsys.readouterr().out) and "nobody" not in said


def test_what_was_held_and_moved_is_named(toy, capsys) -> None:
    """A goal that drags what it should hold along: the walk that ignores what is held."""

    class Careless(GradientWalk):
        def walk(self, generator, latents, scorer, goals, held=(), keep_paths=False):
            return super().walk(generator, latents, scorer, goals, (), keep_paths)

    scorer = ToyScorer(entangled=True)
    summaries = [
        summarize(edit(toy, toy.sample(8), scorer, "one", 0.99, hold=["two"], walk=walk))
        for walk in (GradientWalk(), Careless())
    ]
    assert [row["attribute"] for row in summaries[0]["not_held"]] == []
    row = summaries[1]["not_held"][0]
    edited = edit(toy, toy.sample(8), scorer, "one", 0.99, walk=GradientWalk())
    moved = (edited.after.sigmoid() - edited.before.sigmoid())[:, 1].abs()
    assert row["attribute"] == "two" and row["lost"] == int((moved >= LOST).sum())
    say_summary(summaries[1])
    assert f"not held: two {row['before']:.3f} -> {row['after']:.3f}" in " ".join(capsys.readouterr().out.split())


def test_pictures_like_no_sample_are_named(toy, capsys) -> None:
    edited = far(toy)
    summary = summarize(edited)
    assert [row["seed"] for row in summary["like_no_sample"]] == [
        code.seed for code in edited.receipt.codes if code.usual < STRANGE <= code.usual_before
    ]
    assert len(summary["like_no_sample"]) > 4
    say_summary(summary)
    assert "look like no sample of the generator: seeds" in " ".join(capsys.readouterr().out.split())


def test_pictures_like_no_sample_are_marked_and_made_again(toy, tmp_path) -> None:
    from latentwalk.pictures.text import RED

    def red(edited: Edited) -> int:
        return sum(count for count, pixel in edited.picture().getcolors(2**24) if pixel == RED)

    edited = far(toy)
    usual = edit(toy, toy.sample(8), ToyScorer(), walk=FixedWalk(Directions((ToyScorer().directions["one"],)), (0.1,)))
    assert red(edited) > red(usual)
    edited.save(tmp_path / "far.png")
    assert replay(tmp_path / "far.png", toy, ToyScorer()).difference == 0


@pytest.mark.parametrize("share", ["0", "1", "1.5", "-1"])
def test_a_realism_outside_of_zero_and_one_is_one_line(run, share: str) -> None:
    code, out, err = run("edit", "faces64", "--set", "hat", "--stop-at-realism", share)
    assert code == 2 and not out and f"--stop-at-realism {share}: expected a share" in " ".join(err.split())


def test_a_walk_that_is_stopped_says_so_by_its_exit_code(run, tmp_path) -> None:
    arguments = ("--seeds", "0-1", "--direction", "faces64:hat", "--strength", "12", "--show", "none", "--json")
    code, out, _ = run("edit", "faces64", *arguments, "--stop-at-realism", "0.05", "--out", tmp_path / "out")
    told = json.loads(out)
    assert code == 1 and told["reached"] == 0 and told["like_no_sample"] == []
    assert all(row["usual"] >= 0.05 - 0.005 for row in told["results"]) and torch.tensor(told["mean_distance"]) > 0
