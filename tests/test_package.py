"""What `import latentwalk as lw` gives."""

import subprocess
import sys

import pytest

import latentwalk as lw


@pytest.mark.parametrize("name", lw.__all__)
def test_every_public_name_is_there(name):
    assert getattr(lw, name) is not None


def test_other_names_are_not():
    with pytest.raises(AttributeError, match="glasses"):
        lw.glasses  # noqa: B018  # pyright: ignore[reportAttributeAccessIssue]


def test_importing_the_package_alone_does_not_wait_for_torch():
    code = "import sys, latentwalk; sys.exit('torch' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
