"""The dialect `openai-completions`: POST /v1/completions, the older API, streamed and whole, and its requests."""

from __future__ import annotations

from proxy.wire.fields import OPAQUE_TOKENS, Each, Either, Logprobs, Numbering, Obj, Within, enum, text
from proxy.wire.openai_chat import REQUEST_COMMON
from proxy.wire.openai_dialect import OpenAiDialect
from proxy.wire.openai_endings import COMPLETIONS_SHAPE
from proxy.wire.openai_fields import CHOICE_COMMON, CHOICE_ENDS, TOP_COMMON
from proxy.wire.types import Route

_CHOICE = {**CHOICE_COMMON, "text": text(), "logprobs": Logprobs(is_legacy=True)}

_OBJECT = enum("text_completion", "text_completion.chunk", "")

BODY = Obj({**TOP_COMMON, "object": _OBJECT, "choices": Each(Obj(_CHOICE, Within.MESSAGE), Numbering.CHOICE)})

_STREAMED = Obj(_CHOICE, Within.DELTA, ends=CHOICE_ENDS)
STREAM = Obj({**TOP_COMMON, "object": _OBJECT, "choices": Each(_STREAMED, Numbering.CHOICE)})

# A prompt is a string, a list of strings, a list of token ids, or a list of lists of token ids.
_PROMPTS = Each(Either(text=text(), items=OPAQUE_TOKENS), Numbering.CHOICE, has_tokens=True)
_PROMPT = Either(text=text(), items=_PROMPTS)

REQUEST = Obj(
    {
        **REQUEST_COMMON,
        "prompt": _PROMPT,
        "suffix": text(name="suffix"),
    }
)

COMPLETIONS = OpenAiDialect(
    name="openai-completions",
    routes=(
        Route("POST", "/v1/completions"),
        Route("POST", "/completions"),
        Route("POST", "/openai/v1/completions"),
        Route("POST", "/openai/deployments/{deployment}/completions"),
    ),
    request_table=REQUEST,
    stream_table=STREAM,
    body_table=BODY,
    shape=COMPLETIONS_SHAPE,
)
