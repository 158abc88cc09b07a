"""The dialect `openai-chat`: POST /v1/chat/completions, streamed and whole, and its requests.

Tables of fields; how they are read is in `walk`, how an answer ends early in `openai_endings`.
"""

from __future__ import annotations

from detectors.types import ChannelKind
from proxy.wire.fields import (
    BAG,
    ID,
    NUMBER,
    OPAQUE,
    OPAQUE_TOKENS,
    PARAMETER,
    Each,
    Either,
    Logprobs,
    Node,
    Numbering,
    Obj,
    Within,
    constant,
    enum,
    numbers,
    signature,
    signed_text,
    text,
)
from proxy.wire.openai_dialect import OpenAiDialect
from proxy.wire.openai_endings import CHAT_SHAPE
from proxy.wire.openai_fields import ANNOTATION, CHOICE_COMMON, CHOICE_ENDS, TOP_COMMON
from proxy.wire.openai_mending import mended
from proxy.wire.types import Route

_TEXT = text()
_REASONING = text(ChannelKind.REASONING)
_NAME = text(ChannelKind.TOOL_NAME)
_ARGUMENTS = text(ChannelKind.TOOL_ARGUMENTS)

_ROLE = enum("developer", "system", "user", "assistant", "tool", "function")

_THOUGHT_PART = Obj({"type": enum("text"), "text": _REASONING})

_FILE = Obj({"file_id": ID, "filename": constant(), "file_data": OPAQUE})

_PART = Obj(
    {
        "type": enum("text", "refusal", "thinking", "reference", "image_url", "input_audio", "file", "output_text"),
        "text": _TEXT,
        "refusal": text(ChannelKind.REFUSAL, "part"),  # A message can have a refusal of its own beside its parts.
        "thinking": Either(text=_REASONING, items=Each(_THOUGHT_PART)),
        "reference_ids": BAG,
        "closed": NUMBER,
        "signature": OPAQUE,
        "image_url": Either(text=OPAQUE, members=Obj({"url": OPAQUE, "detail": PARAMETER})),
        "input_audio": Obj({"data": OPAQUE, "format": PARAMETER}),
        "file": _FILE,
    }
)
"""A piece of a content given as a list: requests, and the answers of Mistral."""

_CONTENT = Either(text=_TEXT, items=Each(_PART), members=_PART)

_TOOL_CALL = Obj(
    {
        "index": NUMBER,
        "id": ID,
        "type": enum("function", "custom"),
        "function": Obj({"name": _NAME, "arguments": _ARGUMENTS}),
        "custom": Obj({"name": _NAME, "input": _ARGUMENTS}),
    }
)

_FUNCTION_CALL = Obj(
    {
        "name": text(ChannelKind.TOOL_NAME, "function_call"),
        "arguments": text(ChannelKind.TOOL_ARGUMENTS, "function_call"),
    }
)

_DETAILS = "reasoning_details"
_REASONING_DETAIL = Obj(
    {
        "type": enum("reasoning.text", "reasoning.summary", "reasoning.encrypted"),
        "text": signed_text(ChannelKind.REASONING, _DETAILS),
        "summary": text(ChannelKind.REASONING, _DETAILS),
        "data": OPAQUE,
        "signature": signature(ChannelKind.REASONING, _DETAILS),
        "format": ID,
        "id": ID,
        "index": NUMBER,
    }
)
"""Of OpenRouter. Whether its text is signed shows only at its end, so it is treated as if it were."""

_ANNOTATION = Obj(
    {
        "type": enum("url_citation", "file_citation", "file"),
        "url_citation": Obj(
            {
                "title": ANNOTATION,
                "url": ANNOTATION,
                "content": ANNOTATION,
                "start_index": NUMBER,
                "end_index": NUMBER,
            }
        ),
        "file": Obj(
            {
                "hash": ID,
                "name": ANNOTATION,
                "content": Each(
                    Obj(
                        {
                            "type": enum("text", "image_url"),
                            "text": ANNOTATION,
                            "image_url": Obj({"url": OPAQUE}),
                        }
                    )
                ),
            }
        ),
    }
)

_DOCUMENT = Obj(
    {
        **numbers("filter_reason_code", "original_search_score", "rerank_score", "data_source_index"),
        "content": ANNOTATION,
        "title": ANNOTATION,
        "url": ANNOTATION,
        "filepath": ANNOTATION,
        "chunk_id": ID,
        "search_queries": Each(ANNOTATION),
        "filter_reason": enum("score", "rerank"),
    }
)

_CONTEXT = Obj(
    {"citations": Each(_DOCUMENT), "all_retrieved_documents": Each(_DOCUMENT), "intent": constant()},
)
"""What Azure found in the client's own data."""

_MESSAGE: dict[str, Node] = {
    "role": _ROLE,
    "content": _CONTENT,
    "refusal": text(ChannelKind.REFUSAL),
    "reasoning_content": _REASONING,
    "reasoning": text(ChannelKind.REASONING, "reasoning"),
    "reasoning_details": Each(_REASONING_DETAIL, Numbering.PART),
    "tool_calls": Each(_TOOL_CALL, Numbering.PART),
    "function_call": _FUNCTION_CALL,
    "audio": Obj({"id": ID, "data": OPAQUE, "transcript": text(name="audio", twin="audio"), "expires_at": NUMBER}),
    "annotations": Each(_ANNOTATION),
    "context": _CONTEXT,
    "end_turn": NUMBER,
    "images": Each(Obj({"type": enum("image_url"), "index": NUMBER, "image_url": Obj({"url": OPAQUE})})),
}
"""Of a message and of a delta, in a response."""

RESPONSE = Obj(
    {
        **TOP_COMMON,
        "object": enum("chat.completion", "chat.completion.chunk", ""),
        "choices": Each(
            Obj(
                {
                    **CHOICE_COMMON,
                    "delta": Obj(_MESSAGE, Within.DELTA),
                    "message": Obj(_MESSAGE, Within.MESSAGE),
                    "logprobs": Logprobs(),
                }
            ),
            Numbering.CHOICE,
        ),
    }
)

STREAM = Obj(
    {
        **RESPONSE.members,
        "choices": Each(
            Obj(
                {
                    **CHOICE_COMMON,
                    "delta": Obj(_MESSAGE, Within.DELTA),
                    "message": Obj(_MESSAGE, Within.SNAPSHOT),
                    "logprobs": Logprobs(),
                },
                ends=CHOICE_ENDS,
            ),
            Numbering.CHOICE,
        ),
    }
)

_FUNCTION: dict[str, Node] = {
    "name": constant(ChannelKind.TOOL_NAME),
    "description": constant(),
    "parameters": BAG,
    "strict": NUMBER,
}

_NAMED = Obj({"name": constant(ChannelKind.TOOL_NAME)})

_TOOL = Obj(
    {
        "type": enum("function", "custom"),
        "function": Obj(_FUNCTION),
        "custom": Obj({"name": constant(ChannelKind.TOOL_NAME), "description": constant(), "format": BAG}),
    }
)

_TOOL_CHOICE = Obj({"type": PARAMETER, "function": _NAMED, "custom": _NAMED, "allowed_tools": BAG})

REQUEST_COMMON: dict[str, Node] = {
    **numbers(
        "best_of",
        "echo",
        "frequency_penalty",
        "logprobs",
        "max_completion_tokens",
        "max_tokens",
        "min_p",
        "n",
        "parallel_tool_calls",
        "random_seed",
        "safe_prompt",
        "presence_penalty",
        "repetition_penalty",
        "seed",
        "store",
        "stream",
        "temperature",
        "top_k",
        "top_logprobs",
        "top_p",
    ),
    "model": PARAMETER,
    "service_tier": PARAMETER,
    "stop": Either(text=constant(), items=Each(constant())),
    "stop_token_ids": OPAQUE_TOKENS,
    "allowed_token_ids": OPAQUE_TOKENS,
    "stream_options": Obj(numbers("include_usage", "include_obfuscation", "continuous_usage_stats")),
    "user": constant(),
    "logit_bias": BAG,
}
"""Settings that the chat and the completions API share."""

REQUEST = Obj(
    {
        **REQUEST_COMMON,
        "messages": Each(
            Obj({**_MESSAGE, "name": constant(), "tool_call_id": ID, "prefix": NUMBER}, Within.MESSAGE),
            Numbering.CHOICE,
        ),
        "tools": Each(_TOOL),
        "functions": Each(Obj(_FUNCTION)),
        "tool_choice": Either(text=PARAMETER, members=_TOOL_CHOICE),
        "function_call": Either(text=PARAMETER, members=_NAMED),
        "response_format": Obj(
            {
                "type": PARAMETER,
                "json_schema": Obj({"name": PARAMETER, "description": constant(), "schema": BAG, "strict": NUMBER}),
            }
        ),
        "prediction": Obj({"type": PARAMETER, "content": Either(text=constant(), items=Each(_PART))}),
        "audio": Obj({"voice": PARAMETER, "format": PARAMETER}),
        "modalities": Each(PARAMETER),
        "reasoning_effort": PARAMETER,
        "verbosity": PARAMETER,
        "metadata": BAG,
        "prompt_cache_key": PARAMETER,
        "safety_identifier": PARAMETER,
    }
)

CHAT = OpenAiDialect(
    name="openai-chat",
    routes=(
        Route("POST", "/v1/chat/completions"),
        Route("POST", "/chat/completions"),
        Route("POST", "/openai/v1/chat/completions"),
        Route("POST", "/openai/deployments/{deployment}/chat/completions"),
    ),
    request_table=REQUEST,
    stream_table=STREAM,
    body_table=RESPONSE,
    shape=CHAT_SHAPE,
    mend=mended,
)
