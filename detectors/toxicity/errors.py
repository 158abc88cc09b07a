"""What is wrong with a model, in words that say what to do. No text that was judged is ever in them."""

from __future__ import annotations

from detectors.types import DetectorConfigError


def missing(what: str, path: object, instead: str) -> DetectorConfigError:
    """Return the error for a file that is not there."""
    return DetectorConfigError(f"{what} {path} is not there. {instead}", ("model",))


def damaged(path: object, why: str, instead: str) -> DetectorConfigError:
    """Return the error for a file that cannot be read as what it should be."""
    return DetectorConfigError(f"{path} cannot be used: {why}. {instead}", ("model",))


def first_line(error: BaseException, limit: int = 200) -> str:
    """Return the beginning of a library's message about a file, on one line."""
    text = " ".join(str(error).split()) or type(error).__name__
    return text if len(text) <= limit else text[: limit - 1] + "\u2026"
