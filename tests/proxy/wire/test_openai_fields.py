"""The tables name what the SDK names."""

from __future__ import annotations

from openai.types import Completion, CompletionUsage
from openai.types.chat import ChatCompletion, ChatCompletionChunk
from openai.types.chat.completion_create_params import CompletionCreateParamsBase

from proxy.wire.openai_chat import REQUEST
from proxy.wire.openai_fields import TOP_COMMON, USAGE

# Deprecated or rare members of requests that are judged as unlisted text rather than listed.
_UNLISTED = {"web_search_options", "moderation", "prompt_cache_retention", "prompt_cache_options"}


def test_top_level_members() -> None:
    """A new member of an answer has to be classed before the SDK may be raised."""
    known = TOP_COMMON.keys() | {"object", "choices"}
    for kind in (ChatCompletion, ChatCompletionChunk, Completion):
        assert kind.model_fields.keys() <= known
    assert CompletionUsage.model_fields.keys() <= USAGE.members.keys()


def test_request_members() -> None:
    """Likewise a new member of a request."""
    assert CompletionCreateParamsBase.__annotations__.keys() - REQUEST.members.keys() <= _UNLISTED
