"""Locks on files: those of the system, or, where it has none (Windows), an error that says so when one is taken."""

import errno
import os
from typing import Any


class _None:
    """Looks like fcntl, and locks nothing."""

    LOCK_EX = LOCK_SH = LOCK_NB = LOCK_UN = 0

    def lockf(self, *_: object) -> None:
        raise OSError(errno.ENOSYS, os.strerror(errno.ENOSYS))

    flock = lockf


try:
    import fcntl as found
except ImportError:
    found = _None()

fcntl: Any = found
