"""What may stand in a policy file, as pydantic models of its parts. What the parts mean together is in `resolver`.

Nearly everything may be left out, because a policy that extends another one gives only what differs.
"""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import Field

from detectors.types import ChannelKind
from detectors.views.names import DEFAULT_VIEWS, View
from policies.fields import Duration, Fake, Kept, Mask, Message, Name, OutputPattern, StrictModel, Template
from policies.types import Action, Direction, Limits, Mode, OnError, TokenDetails

_DEFAULTS = Limits()


class PolicyFile(StrictModel):
    """The top level. The entries of `detectors`, `rules` and `tests` are checked one by one."""

    version: Literal[1]
    name: Name = ""
    extends: str = ""
    mode: Mode = Mode.ENFORCE
    on_error: OnError = OnError.BLOCK
    token_details: TokenDetails = TokenDetails.WITH_TEXT
    views: list[View] = Field(default_factory=lambda: list(DEFAULT_VIEWS))
    limits: dict[str, Any] = Field(default_factory=dict)
    detectors: dict[str, Any] = Field(default_factory=dict)
    rules: list[Any] = Field(default_factory=list)
    tests: list[Any] = Field(default_factory=list)


class LimitsFile(StrictModel):
    """The mapping under `limits:`."""

    deadline: Annotated[Duration, Field(ge=0.001, le=60)] = _DEFAULTS.deadline_s
    max_hold: Annotated[Duration, Field(ge=0.01, le=600)] = _DEFAULTS.max_hold_s
    max_hold_chars: Annotated[int, Field(ge=1, le=1_000_000)] = _DEFAULTS.max_hold_chars


class DetectorFile(StrictModel):
    """The two keys that every detector has. The others are its type's own parameters."""

    type: str = ""
    enabled: bool = True


class RuleFile(StrictModel):
    """One entry of `rules:`."""

    id: Name
    enabled: bool = True
    detector: str = ""
    categories: Annotated[list[str], Field(min_length=1)] = Field(default_factory=list)
    min_score: Annotated[float, Field(ge=0, le=1)] = 0.0
    direction: Literal["response", "request", "both"] = "response"
    channels: Annotated[list[ChannelKind], Field(min_length=1)] = Field(default_factory=list)
    action: Action = Action.BLOCK
    replacement: Template = ""
    mask: Mask = ""
    keep_first: Kept = 0
    keep_last: Kept = 0
    hash: bool = False
    encrypt: bool = False
    fake: Fake = ""
    restore: bool = False
    allow_echo: bool = False
    message: Annotated[Message, Field(min_length=1)] = ""
    on_error: OnError = OnError.BLOCK


class ExpectFile(StrictModel):
    """What a test expects."""

    action: Action
    output: str | None = None
    output_matches: OutputPattern | None = None


class TestFile(StrictModel):
    """One entry of `tests:`."""

    __test__ = False  # pytest would take the name for a test class

    name: Annotated[str, Field(min_length=1)]
    text: str
    expect: ExpectFile
    direction: Direction = Direction.RESPONSE
    channel: ChannelKind = ChannelKind.TEXT
