"""Scores texts with the library Detoxify. Imports torch: only to load a model, in the process that scores.

Nothing is downloaded here: what is missing is an error that names the command which fetches it. A checkpoint is a
pickle, so loading one runs what is in it: use those you trust.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, Any

from detectors.toxicity.detoxify_files import check_installed, check_variant, check_weights
from detectors.toxicity.errors import damaged, first_line, missing
from detectors.toxicity.parts import highest, parts_of
from detectors.types import DetectorConfigError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from detectors.types import Scores

_OFFLINE = {"HF_HUB_OFFLINE": "1", "TRANSFORMERS_OFFLINE": "1", "HF_HUB_DISABLE_PROGRESS_BARS": "1"}
_AGAIN = "Give a checkpoint that Detoxify wrote."


class DetoxifyEngine:
    """A Detoxify model that is loaded."""

    def __init__(self, detoxify: Any, labels: Sequence[str]) -> None:  # noqa: ANN401 - the library has no types
        """`labels` say in which order scores are given."""
        self.labels = tuple(labels)
        self._detoxify = detoxify
        self._max_tokens = max_tokens(detoxify)

    def scores(self, texts: Sequence[str]) -> list[Scores]:
        """Score each text by itself: padding would change the last digits, and saves nothing on one thread.

        Of one with too many tokens, which the library would cut off, the highest score of its parts counts.
        """
        return [highest([self._scored(part) for part in self._parts(text)]) for text in texts]

    def _parts(self, text: str) -> list[str]:
        return parts_of(text.encode("utf-8", "replace").decode(), self._fits)

    def _fits(self, text: str) -> bool:
        return len(self._detoxify.tokenizer(text, verbose=False)["input_ids"]) <= self._max_tokens

    def _scored(self, text: str) -> Scores:
        found = self._detoxify.predict(text)
        return tuple(float(found[label]) for label in self.labels)


def max_tokens(detoxify: Any) -> int:  # noqa: ANN401 - the library has no types
    """Return how many tokens a Detoxify model reads. RoBERTa's positions begin after the one for padding."""
    config = detoxify.model.config
    offset = (config.pad_token_id or 0) + 1 if "roberta" in config.model_type else 0
    return min(int(config.max_position_embeddings) - offset, int(detoxify.tokenizer.model_max_length))


def load_detoxify(variant: str, checkpoint: str, config_path: str, labels: Sequence[str]) -> DetoxifyEngine:
    """Load a published model, or a checkpoint. Raises `DetectorConfigError`."""
    engine = DetoxifyEngine(open_detoxify(variant, checkpoint, config_path), labels)
    lacking = [label for label in labels if label not in engine._detoxify.class_names]  # noqa: SLF001
    if lacking:
        has = ", ".join(engine._detoxify.class_names)  # noqa: SLF001
        raise DetectorConfigError(
            f"the checkpoint does not score {lacking[0]!r}. It scores {has}: say so in 'labels'.", ("labels",)
        )
    return engine


def open_detoxify(variant: str, checkpoint: str, config_path: str) -> Any:  # noqa: ANN401 - the library has no types
    """Return the library's own object. Raises `DetectorConfigError`."""
    check_installed()
    if not checkpoint:
        check_weights(variant)
    elif not Path(checkpoint).is_file():
        raise missing("The checkpoint", checkpoint, _AGAIN)
    os.environ.update(_OFFLINE)
    import huggingface_hub.constants  # noqa: PLC0415
    import torch  # noqa: PLC0415 - seconds, and only this engine needs it
    import transformers  # noqa: PLC0415
    from detoxify import Detoxify  # noqa: PLC0415

    huggingface_hub.constants.HF_HUB_OFFLINE = True  # where it was imported before
    torch.set_num_threads(1)
    transformers.utils.logging.disable_progress_bar()
    transformers.utils.logging.set_verbosity_error()
    try:
        made = Detoxify(variant, checkpoint or None, "cpu", config_path or None)
    except OSError as error:  # what transformers says of files that it may not download
        raise damaged("The model's configuration", first_line(error), _how_to_get(variant, checkpoint)) from None
    except Exception as error:  # noqa: BLE001 - torch and pickle raise what they like
        raise damaged(checkpoint or variant, f"it cannot be loaded ({first_line(error)})", _AGAIN) from None
    made.model.eval()
    return made


def _how_to_get(variant: str, checkpoint: str) -> str:
    if checkpoint:
        return "Give 'huggingface_config_path': a folder with the configuration and tokenizer."
    return f"Fetch it once: `sluicegate models fetch detoxify:{variant}`."


def fetch(variant: str) -> None:
    """Download a published model with all that it needs. Raises `DetectorConfigError`; the network's errors too."""
    check_variant(variant)
    check_installed()
    from detoxify import Detoxify  # noqa: PLC0415 - imports torch

    Detoxify(variant)
