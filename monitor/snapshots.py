"""The engine's state as bytes, and back. Equal states give equal bytes, so that two engines can be compared.

Pickles are code: the bytes must come from a checkpoint whose signature was checked. What is read back may name only
the classes that states are made of, as a second lock on that door.
"""

from __future__ import annotations

import io
import pickle
import zlib
from enum import Enum
from importlib.metadata import version
from typing import Any, Final

FORMAT: Final = 9
"""Changes when a state of before cannot be read any more."""

_ALLOWED: Final = frozenset({
    ("builtins", "float"), ("builtins", "tuple"), ("builtins", "int"),
    ("collections", "Counter"), ("collections", "OrderedDict"), ("collections", "defaultdict"),
    ("collections", "deque"), ("functools", "partial"), ("random", "Random"),
    ("numpy", "dtype"), ("numpy", "ndarray"),
    ("numpy._core.numeric", "_frombuffer"), ("numpy._core.multiarray", "_reconstruct"),
    ("numpy._core.multiarray", "scalar"),
})  # fmt: skip
_PACKAGES: Final = ("monitor.", "river.")


class SnapshotError(ValueError):
    """Bytes that are no snapshot of this version."""


def dump(state: object) -> bytes:
    """Return the bytes of a state. It may hold no cycle."""
    header = (FORMAT, version("river"))
    return zlib.compress(_pickled((header, state)), level=1)


def load(data: bytes) -> Any:  # noqa: ANN401 - whatever was dumped
    """Return the state. Raises `SnapshotError`."""
    try:
        (found, state) = _Reader(io.BytesIO(zlib.decompress(data))).load()
    except SnapshotError:
        raise
    except Exception as error:
        raise SnapshotError(f"is no snapshot: {type(error).__name__}") from error
    if found != (FORMAT, version("river")):
        raise SnapshotError(f"was written by another version: {found!r}")
    return state


def _pickled(value: object) -> bytes:
    """Pickle without a memo: its references tell apart equal strings that are or are not one object."""
    out = io.BytesIO()
    pickler = _Writer(out, protocol=5)
    pickler.fast = True
    pickler.dump(value)
    return out.getvalue()


class _Writer(pickle.Pickler):
    """Writes members of enumerations by class and value, as Python 3.11.3 does itself; before, it names getattr."""

    def reducer_override(self, obj: object) -> Any:  # noqa: ANN401 - as its parent
        return (type(obj), (obj.value,)) if isinstance(obj, Enum) else NotImplemented


class _Reader(pickle.Unpickler):
    """Reads only what states are made of."""

    def find_class(self, module: str, name: str) -> Any:  # noqa: ANN401 - as its parent
        if (module, name) in _ALLOWED:
            return super().find_class(module, name)
        found = super().find_class(module, name) if module.startswith(_PACKAGES) and "." not in name else None
        if not str(getattr(found, "__module__", "")).startswith(_PACKAGES):  # a module has names that it imported
            raise SnapshotError(f"names {module}.{name}, which no state is made of")
        return found
