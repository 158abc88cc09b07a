"""The training itself: a pretrained encoder, one logit a label, on two cores or an accelerator.

The averaged weights are what is kept, so that a run that is cut short leaves a model too. A checkpoint is written
as it goes, and a run goes on from one.
"""

from __future__ import annotations

import logging
from collections.abc import Sequence
from contextlib import nullcontext
from pathlib import Path
from random import Random
from typing import Any

import torch
from transformers import AutoModelForSequenceClassification

from detectors.toxicity.card import LABELS
from detectors.toxicity.training.reading import encoded, padded, tokenizer_of
from detectors.toxicity.training.schedule import Settings, batches, rate
from detectors.toxicity.training.targets import Targets

_log = logging.getLogger(__name__)

AVERAGE_DECAY = 0.998


class Trainer:
    """A model in training."""

    def __init__(self, settings: Settings) -> None:
        torch.manual_seed(settings.seed)
        torch.set_num_threads(settings.threads)
        self._settings = settings
        self._device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
        self.model: Any = AutoModelForSequenceClassification.from_pretrained(
            settings.base,
            num_labels=len(LABELS),
            num_hidden_layers=settings.layers,
            problem_type="multi_label_classification",
            id2label=dict(enumerate(LABELS)),
            label2id={label: place for place, label in enumerate(LABELS)},
            dtype=torch.float32,
        ).to(self._device)
        # The table of words is half of the weights and most of an optimiser's step; it stays as it was pretrained.
        self.model.base_model.embeddings.requires_grad_(requires_grad=False)
        self._learned = [value for value in self.model.parameters() if value.requires_grad]
        self._optimiser = torch.optim.AdamW(
            self._learned, lr=settings.learning_rate, weight_decay=settings.weight_decay, fused=True
        )
        self._average = [value.detach().clone() for value in self._learned]
        self.step = 0

    @property
    def checkpoint(self) -> Path:
        """The file that a run goes on from."""
        return self._settings.out / "checkpoint.pt"

    def save(self) -> None:
        """Write the checkpoint; the old one stays whole until the new one is."""
        state = {
            "step": self.step,
            "model": self.model.state_dict(),
            "average": self._average,
            "optimiser": self._optimiser.state_dict(),
        }
        part = self.checkpoint.with_suffix(".part")
        torch.save(state, part)
        part.replace(self.checkpoint)

    def resume(self) -> None:
        """Go on from the checkpoint, if there is one."""
        if self.checkpoint.is_file():
            state = torch.load(self.checkpoint, map_location=self._device, weights_only=True)
            self.step = state["step"]
            self.model.load_state_dict(state["model"])
            self._average = state["average"]
            self._optimiser.load_state_dict(state["optimiser"])
            _log.info("resumed at step %d", self.step)

    def learn(self, rows: Sequence[list[int]], degrees: torch.Tensor, weights: torch.Tensor) -> float:
        """Take one step on one batch; return its loss."""
        for group in self._optimiser.param_groups:
            group["lr"] = self._settings.learning_rate * rate(self.step, self._settings)
        numbers, mask = map(torch.from_numpy, padded(rows))
        half = torch.autocast(self._device.type, torch.bfloat16) if self._settings.half else nullcontext()
        with half:
            logits = self.model(input_ids=numbers.to(self._device), attention_mask=mask.to(self._device)).logits
        losses = torch.nn.functional.binary_cross_entropy_with_logits(
            logits.float(), degrees.to(self._device), reduction="none"
        )
        known = weights.to(self._device)
        loss = (losses * known).sum() / known.sum().clamp(min=1.0)
        loss.backward()
        torch.nn.utils.clip_grad_norm_(self._learned, 1.0)
        self._optimiser.step()
        self._optimiser.zero_grad()
        self.step += 1
        self._keep_average()
        return float(loss.detach())

    def _keep_average(self) -> None:
        decay = min(AVERAGE_DECAY, self.step / (self.step + 10))
        with torch.no_grad():
            torch._foreach_lerp_(self._average, self._learned, 1.0 - decay)

    def finished(self) -> Path:
        """Write the model with the averaged weights, as `transformers` reads it; return its folder."""
        folder = self._settings.out / "model"
        with torch.no_grad():
            for value, average in zip(self._learned, self._average, strict=True):
                value.copy_(average)
        self.model.eval()
        self.model.save_pretrained(folder)
        return folder


def train(texts: Sequence[str], targets: Targets, settings: Settings) -> Path:
    """Train on the texts; return the folder of the model."""
    settings.out.mkdir(parents=True, exist_ok=True)
    rows = encoded(texts, tokenizer_of(settings.base, settings.max_tokens))
    lengths = [len(row) for row in rows]
    trainer = Trainer(settings)
    trainer.resume()
    degrees, weights = torch.from_numpy(targets.degrees), torch.from_numpy(targets.weights)
    last = min(settings.steps, settings.stop_after or settings.steps)
    recent: list[float] = []
    for number, places in enumerate(batches(lengths, settings.batch, Random(settings.seed))):  # noqa: S311
        if number < trainer.step:
            continue  # a resumed run sees the batches that the whole one would have seen
        if trainer.step >= last:
            break
        recent.append(trainer.learn([rows[place] for place in places], degrees[places], weights[places]))
        if trainer.step % settings.checkpoint_every == 0:
            trainer.save()
        if len(recent) == 20:  # noqa: PLR2004
            _log.info("step %d of %d, loss %.4f", trainer.step, settings.steps, sum(recent) / len(recent))
            recent.clear()
    trainer.save()
    return trainer.finished()
