"""Members that both OpenAI text APIs share, and what compatible servers (Azure, vLLM, OpenRouter, llama.cpp) add.

Checked against the types of openai-python 3.54; the servers' additions against their documentation.
"""

from __future__ import annotations

from detectors.types import ChannelKind
from proxy.wire.fields import (
    BAG,
    ID,
    NUMBER,
    PADDING,
    TOKENS,
    Dictionary,
    Each,
    Either,
    Ends,
    Node,
    Obj,
    constant,
    enum,
    numbers,
)

ANNOTATION = constant(ChannelKind.ANNOTATION)

_TOKEN_DETAILS = Obj(
    numbers(
        "accepted_prediction_tokens",
        "audio_tokens",
        "cache_creation_tokens",
        "cache_write_tokens",
        "cached_tokens",
        "image_tokens",
        "reasoning_tokens",
        "rejected_prediction_tokens",
        "text_tokens",
        "video_tokens",
    )
)

USAGE = Obj(
    {
        **numbers(
            "completion_time",
            "completion_tokens",
            "cost",
            "is_byok",
            "prompt_cache_hit_tokens",
            "prompt_cache_miss_tokens",
            "prompt_time",
            "prompt_tokens",
            "queue_time",
            "total_time",
            "total_tokens",
        ),
        "cost_details": Obj(
            numbers(
                "upstream_inference_cost",
                "upstream_inference_completions_cost",
                "upstream_inference_prompt_cost",
            )
        ),
        "completion_tokens_details": _TOKEN_DETAILS,
        "prompt_tokens_details": _TOKEN_DETAILS,
    }
)

_SEVERITY = Obj(
    {
        "severity": enum("safe", "low", "medium", "high"),
        "filtered": NUMBER,
        "detected": NUMBER,
        "citation": Obj({"URL": ANNOTATION, "url": ANNOTATION, "license": ANNOTATION}),
        "details": Each(Obj({"id": ID, "filtered": NUMBER})),
    }
)

FILTER_RESULTS = Obj(
    {
        "hate": _SEVERITY,
        "sexual": _SEVERITY,
        "violence": _SEVERITY,
        "self_harm": _SEVERITY,
        "jailbreak": _SEVERITY,
        "indirect_attack": _SEVERITY,
        "profanity": _SEVERITY,
        "protected_material_text": _SEVERITY,
        "protected_material_code": _SEVERITY,
        "ungrounded_material": _SEVERITY,
        "custom_blocklists": _SEVERITY,
        "error": Obj({"code": ID, "message": constant()}),
    }
)

FILTER_OFFSETS = Obj(numbers("check_offset", "start_offset", "end_offset"))

_PROMPT_FILTER = Each(
    Obj({"prompt_index": NUMBER, "content_filter_results": FILTER_RESULTS, "content_filter_result": FILTER_RESULTS})
)

_MODERATION = Obj(
    {
        "type": enum("moderation_results", "error"),
        "model": ID,
        "code": ID,
        "message": constant(),
        "results": Each(
            Obj(
                {
                    "type": enum("moderation_result"),
                    "model": ID,
                    "flagged": NUMBER,
                    "categories": Dictionary(NUMBER),
                    "category_scores": Dictionary(NUMBER),
                    "category_applied_input_types": Dictionary(Each(enum("text", "image"))),
                }
            )
        ),
    }
)

ERROR = Either(
    text=constant(),
    members=Obj(
        {
            "message": constant(),
            "type": ID,
            "code": ID,
            "param": ID,
            "innererror": Obj(
                {"code": ID, "content_filter_result": FILTER_RESULTS, "content_filter_results": FILTER_RESULTS}
            ),
        }
    ),
)

FINISH_REASON = enum(
    "stop",
    "length",
    "tool_calls",
    "content_filter",
    "function_call",
    "eos",
    "end_turn",
    "eos_token",
    "error",
    "abort",
    "model_length",
    "insufficient_system_resource",
)

CHOICE_ENDS = Ends(whole_choice=True, reason="finish_reason", if_others=True)
"""Of an element of `choices` in a stream: the other choices need not wait for more of it."""

CHOICE_COMMON: dict[str, Node] = {
    "index": NUMBER,
    "finish_reason": FINISH_REASON,
    "native_finish_reason": ID,
    "stop_reason": constant(),
    "matched_stop": constant(),
    "seed": NUMBER,
    "token_ids": TOKENS,
    "prompt_token_ids": TOKENS,
    "prompt_logprobs": TOKENS,
    "content_filter_results": FILTER_RESULTS,
    "content_filter_result": FILTER_RESULTS,
    "content_filter_offsets": FILTER_OFFSETS,
    "error": ERROR,
}
"""Of an element of `choices`. A stop string is the client's own word or the model's last one: text."""

TOP_COMMON: dict[str, Node] = {
    "id": ID,
    "created": NUMBER,
    "model": ID,
    "provider": ID,
    "system_fingerprint": ID,
    "service_tier": enum("auto", "default", "flex", "scale", "priority", "fast", "standard", "on_demand"),
    "usage": USAGE,
    "moderation": Obj({"input": _MODERATION, "output": _MODERATION}),
    "metadata": Dictionary(constant()),
    "obfuscation": PADDING,
    "prompt_filter_results": _PROMPT_FILTER,
    "prompt_annotations": _PROMPT_FILTER,
    "prompt_logprobs": TOKENS,
    "prompt_token_ids": TOKENS,
    "prompt_text": constant(),
    "kv_transfer_params": BAG,
    "citations": Each(ANNOTATION),
    "search_results": Each(
        Obj(
            {
                "title": ANNOTATION,
                "url": ANNOTATION,
                "date": ANNOTATION,
                "last_updated": ANNOTATION,
                "snippet": ANNOTATION,
                "source": ANNOTATION,
            }
        )
    ),
    "x_groq": Obj({"id": ID, "usage": USAGE, "error": ERROR, "seed": NUMBER}),
    "timings": Obj(
        numbers(
            "cache_n",
            "predicted_ms",
            "predicted_n",
            "predicted_per_second",
            "predicted_per_token_ms",
            "prompt_ms",
            "prompt_n",
            "prompt_per_second",
            "prompt_per_token_ms",
        )
    ),
    "prompt_progress": Obj(numbers("cache", "processed", "time_ms", "total")),
    "nvext": BAG,
    "error": ERROR,
}
"""Of the response object and of each chunk."""
