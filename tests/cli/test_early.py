"""What can be known from the arguments alone is said at once: before torch is imported."""

import json
import subprocess
import sys

PROGRAM = """
import json, sys
from latentwalk.cli.main import main

said = []
for arguments in json.loads(sys.argv[1]):
    try:
        main(arguments)
    except SystemExit as ended:
        said.append(ended.code)
    assert "torch" not in sys.modules, arguments
print(json.dumps(said))
"""

CASES = {
    ("sample", "faces64", "--out", "there.png"): "exists already: replace it with --force or write elsewhere, such as "
    "--out there-2.png",
    ("sample", "faces64", "--seeds", "9-3"): "runs backwards",
    ("sample", "faces64", "--out", "a.bmp"): "ends in .png",
    ("sample", "nowhere.pt"): "no generator 'nowhere.pt'",
    ("sample", "faces64", "--codes", "nowhere.npy"): "no file nowhere.npy",
    ("edit", "faces64", "--set", "hat", "--show", "painting"): "no kind 'painting'",
    ("edit", "faces64", "--set", "hat", "--out", "strip.png"): "expected a folder",
    ("edit", "faces64", "--set", "hat", "--out", "."): "--force or write elsewhere",
    ("edit", "faces64", "--set", "hat", "--judge", "nobody"): "no scorer 'nobody'",
    ("edit", "faces64", "--direction", "nowhere.npy:a"): "no file nowhere.npy",
    ("edit", "faces64", "--direction", "there.png", "--strength", "far"): "--strength far",
    ("edit", "there.png", "--set", "hat"): "no scorer comes with there.png",
    ("interpolate", "faces64", "--out", "there.png"): "exists already",
    ("discover", "faces64", "--out", "found.safetensors"): "exists already",
    ("evaluate", "nowhere.npy"): "no file nowhere.npy",
    ("report", "there.png", "--out", "a.pdf"): "ends in .html",
    ("replay", "nowhere.png"): "no file nowhere.png",
    ("convert", "faces64", "found.safetensors"): "exists already",
    ("label", "faces64", "--attribute", "hat", "--seeds", "x"): "cannot read the seeds",
    ("train", "scorer", "faces64", "--labels", "nowhere.csv"): "no file nowhere.csv",
}


def test_bad_arguments_are_known_before_torch_is_imported(tmp_path):
    for name in ("there.png", "found.safetensors", "receipt.json"):
        (tmp_path / name).write_text("old")
    program = [sys.executable, "-c", PROGRAM, json.dumps(list(map(list, CASES)))]
    ended = subprocess.run(program, capture_output=True, text=True, cwd=tmp_path, check=False)
    assert ended.returncode == 0, ended.stderr
    assert json.loads(ended.stdout) == [2] * len(CASES)
    for line, (arguments, expected) in zip(ended.stderr.splitlines(), CASES.items(), strict=True):
        assert line.startswith("error: ") and expected in line, arguments
