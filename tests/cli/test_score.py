"""`latentwalk score` in processes of its own: stopped, gone on with, refused."""

import os
import signal
import subprocess
import sys
import time
from functools import partial
from pathlib import Path

import pytest
from safetensors.torch import load_file

LINE = ["--scorer", "measurements", "--samples", "40000", "--shard-size", "10", "--batch", "5", "--workers", "2"]


def started(generator: Path, out: Path) -> "subprocess.Popen[bytes]":
    environment = os.environ | {"PYTHONPATH": os.pathsep.join(sys.path)}
    command = [sys.executable, "-m", "latentwalk", "score", str(generator), *LINE, "--out", str(out)]
    # a shell that runs the tests in the background has turned Ctrl-C off for all that it starts
    listening = partial(signal.signal, signal.SIGINT, signal.SIG_DFL)
    return subprocess.Popen(
        command, env=environment, stderr=subprocess.PIPE, start_new_session=True, preexec_fn=listening
    )


def test_ctrl_c_says_how_to_go_on_and_leaves_nobody(small, run, tmp_path):
    """SIGINT for the whole group, as a terminal sends it; the folder is free at once."""
    out = tmp_path / "run"
    process = started(small, out)
    while not (out / "manifest.jsonl").exists() and process.poll() is None:
        time.sleep(0.05)
    second = run("score", small, *LINE, "--out", out)
    assert second.code == 2 and f"is being worked on by process {process.pid} on" in second.err
    os.killpg(process.pid, signal.SIGINT)
    _, said = process.communicate(timeout=60)
    assert process.returncode == 130
    assert said.decode().splitlines()[-1] == (
        f"stopped: what is done is kept in {out}, the same line again goes on with it"
    )
    assert not (out / "claims").exists() or not list((out / "claims").iterdir())
    found = run("status", out)
    assert found.code == 0 and "at work    nobody" in found.out
    other = run("score", small, *LINE, "--out", out, "--seed", 1)
    assert (other.code, other.err.count("error: ")) == (2, 1) and "seed is 0 there, 1 here" in other.err


def test_more_workers_than_cores_are_said(small, run, tmp_path, monkeypatch):
    monkeypatch.setattr(os, "sched_getaffinity", lambda _: {0}, raising=False)
    few = [*LINE[:2], "--samples", "10", "--workers", "2"]
    found = run("score", small, *few, "--out", tmp_path / "run")
    assert found.code == 0 and "note: 2 workers share 1 cores" in found.err
    assert run("compact", tmp_path / "run").code == 0
    assert load_file(tmp_path / "run.safetensors")["scores"].shape[0] == 10


@pytest.mark.parametrize(
    ("words", "text"),
    [
        (["--shards", "0:5000"], "this job has 4,000 shards, expected a part of 0:4000"),
        (["--shards", "five"], "expected FIRST:END, such as 0:100"),
        (["--engine", "slurm"], "no engine 'slurm': expected local, ray, or ray://host:port"),
        (["--workers", "0"], "greater than or equal to 1"),
    ],
)
def test_bad_input_is_one_line_and_nothing_is_made(words, text, small, run, tmp_path):
    found = run("score", small, *LINE, *words, "--out", tmp_path / "run")
    assert found.code == 2 and text in " ".join(found.err.replace("│", " ").split())
    assert not (tmp_path / "run").exists()


@pytest.mark.parametrize("command", ["status", "verify", "compact"])
def test_a_folder_that_is_no_job_is_said(command, run, tmp_path):
    found = run(command, tmp_path)
    assert (
        found.code == 2
        and found.err == f"error: {tmp_path} holds no job: expected one of latentwalk score or the like\n"
    )
