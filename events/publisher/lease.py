"""One publisher for one outbox: a lock on a file, which the system takes back when its holder dies."""

from __future__ import annotations

import fcntl
import os
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path


class Lease:
    """The right to publish an outbox, or to do another work that one process does for all."""

    def __init__(self, folder: Path, name: str = "publisher") -> None:
        self._file = os.open(folder / f"{name}.lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)

    def take(self) -> bool:
        """Take it. Returns whether it is ours now; it stays so until `close`."""
        try:
            fcntl.flock(self._file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
        return True

    def close(self) -> None:
        """Give it back."""
        os.close(self._file)
