"""What a policy may say about a `toxicity` detector. What it means is in `sources` and `detector`."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

from detectors.toxicity.card import LABELS

FLOOR = 0.05
"""Scores below it are not reported: a rule that wants less than one in twenty wants everything."""

Score = Annotated[float, Field(ge=0.0, le=1.0)]


class RemoteParams(BaseModel):
    """Where an inference service is that speaks the Open Inference Protocol, version 2, over HTTP."""

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True, use_attribute_docstrings=True)

    url: Annotated[str, Field(pattern=r"^https?://[^\s]+$")]
    """Address of the service, for example `http://127.0.0.1:8080`."""
    model: Annotated[str, Field(pattern=r"^[\w.-]{1,128}$")]
    """Name of the model there."""
    version: Annotated[str, Field(pattern=r"^[\w.-]{1,64}$")] | None = None
    """Version of the model; the service chooses when left out."""
    labels: Annotated[list[str], Field(min_length=1)] = Field(default_factory=lambda: list(LABELS))
    """Labels in the order of the scores."""
    input: Annotated[str, Field(min_length=1)] = "text"
    """Name of the input, which takes texts (BYTES)."""
    output: Annotated[str, Field(min_length=1)] = "scores"
    """Name of the output: scores from 0 to 1 (FP32 or FP64), a row for each text."""
    max_tokens: Annotated[int, Field(ge=32, le=100_000)] = 512
    """How many tokens the model there reads of a text. One that may have more (a byte can be one) is asked about in
    parts."""
    timeout_s: Annotated[float, Field(gt=0, le=30)] = 0.4
    """Longest time for one request. Keep it below the policy's `deadline`."""
    retries: Annotated[int, Field(ge=0, le=3)] = 1
    """How often a request is sent again when the service refused or broke the connection."""
    max_failures: Annotated[int, Field(ge=1, le=100)] = 5
    """After so many failed requests in a row the service is left alone for `pause_s`."""
    pause_s: Annotated[float, Field(gt=0, le=600)] = 5.0
    """How long a service that fails is left alone before one request tries it again."""
    remember_s: Annotated[float, Field(ge=0, le=86_400)] = 300.0
    """How long its scores are remembered: another model may stand behind the same address tomorrow."""


class ToxicityParams(BaseModel):
    """What a policy may say about a `toxicity` detector."""

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True, use_attribute_docstrings=True)

    model: Annotated[str, Field(min_length=1)] = "bundled"
    """`bundled`, `onnx:PATH`, `detoxify:VARIANT` (original, unbiased, multilingual, original-small,
    unbiased-small), `remote` or `cascade`."""
    labels: Annotated[list[str], Field(min_length=1)] | None = None
    """Which of the model's labels are reported; all of them when left out."""
    thresholds: dict[str, Score] = Field(default_factory=dict)
    """Lowest score that is reported, by label; 0.05 where none is given. Rules have `min_score` beside it."""
    scores: Literal["probability", "tiers"] = "probability"
    """What a score means. `probability`: as the model is calibrated. `tiers`: 0.5 is the label's shipped threshold
    for replacing a sentence, 0.75 that for stopping, as the model's card has them; so a rule fits every model."""
    checkpoint: str | None = None
    """For `detoxify:VARIANT`: a checkpoint file in place of the published one."""
    huggingface_config_path: str | None = None
    """For `detoxify:VARIANT`: a folder with the configuration and tokenizer, so that nothing is downloaded."""
    larger: str | None = None
    """For `cascade`: the model that is asked where the bundled one is in doubt, written as `model` is."""
    band: Annotated[list[Score], Field(min_length=2, max_length=2)] = Field(default_factory=lambda: [0.1, 0.7])
    """For `cascade`: the bundled model is in doubt when its highest score lies between these two."""
    remote: RemoteParams | None = None
    """For `remote`: where the inference service is."""
