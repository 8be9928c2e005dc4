"""The version of the installed package."""

from importlib.metadata import PackageNotFoundError, version

try:
    VERSION = version("latentwalk")
except PackageNotFoundError:  # run from a source tree that was not installed
    VERSION = "0"
