"""What messages of the Responses API are made of in both directions: parts of content, tools, settings, counts.

Checked against the types of openai-python 3.54; additions of Azure and vLLM against their documentation.
"""

from __future__ import annotations

from detectors.types import ChannelKind
from proxy.wire.fields import (
    BAG,
    CREDENTIAL,
    ID,
    NUMBER,
    OPAQUE,
    TOKENS,
    Dictionary,
    Each,
    Either,
    Logprobs,
    Node,
    Numbering,
    Obj,
    Tagged,
    constant,
    enum,
    numbers,
    text,
)
from proxy.wire.openai_fields import ANNOTATION, FILTER_OFFSETS, FILTER_RESULTS

SUMMARY = "summary"
"""Name of the channels of reasoning summaries: an item of reasoning can have parts of reasoning, too."""

TOOL_NAME = constant(ChannelKind.TOOL_NAME)

_TEXT = text()

CITATION = Obj(
    {
        "type": enum("file_citation", "url_citation", "container_file_citation", "file_path"),
        "file_id": ID,
        "container_id": ID,
        "filename": ANNOTATION,
        "title": ANNOTATION,
        "url": ANNOTATION,
        **numbers("index", "start_index", "end_index"),
    }
)

_IMAGE = Either(text=OPAQUE, members=Obj({"url": OPAQUE, "detail": ID}))

_INPUT_PART = Obj(
    {
        "type": enum("input_text", "input_image", "input_file", "input_audio", "computer_screenshot", "text"),
        "text": _TEXT,
        "image_url": _IMAGE,
        "detail": ID,
        "file_id": ID,
        "file_data": OPAQUE,
        "file_url": constant(),
        "filename": constant(),
        "input_audio": Obj({"data": OPAQUE, "format": ID}),
        "prompt_cache_breakpoint": Obj({"mode": ID, "ttl": ID}),
    }
)

PART = Tagged(
    "type",
    {
        "output_text": Obj(
            {
                "type": enum("output_text"),
                "text": _TEXT,
                "annotations": Each(CITATION),
                "logprobs": Logprobs(is_flat=True),
            },
            first=("text",),
        ),
        "refusal": Obj({"type": enum("refusal"), "refusal": text(ChannelKind.REFUSAL)}),
        "reasoning_text": Obj({"type": enum("reasoning_text"), "text": text(ChannelKind.REASONING)}),
        "summary_text": Obj({"type": enum("summary_text"), "text": text(ChannelKind.REASONING, SUMMARY)}),
    },
    other=_INPUT_PART,
)
"""A piece of a content."""

PARTS = Each(PART, Numbering.PART)

_NAMES = Each(TOOL_NAME)

_TOOL_FILTER = Obj({"read_only": NUMBER, "tool_names": _NAMES})

_NETWORK = Obj(
    {
        "type": enum("disabled", "allowlist"),
        "allowed_domains": Each(constant()),
        "domain_secrets": CREDENTIAL,
    }
)

_SKILL = Obj(
    {
        "type": enum("skill_reference", "inline"),
        "skill_id": ID,
        "version": ID,
        "name": constant(),
        "description": constant(),
        "path": constant(),
        "source": Obj({"type": enum("base64"), "media_type": ID, "data": OPAQUE}),
    }
)

ENVIRONMENT = Obj(
    {
        "type": enum("auto", "container_auto", "local", "container_reference"),
        "container_id": ID,
        "file_ids": Each(ID),
        "memory_limit": ID,
        "network_policy": _NETWORK,
        "skills": Each(_SKILL),
    }
)
"""Where a shell or an interpreter runs."""

_PLACE = Obj(
    {
        "type": enum("approximate"),
        "city": constant(),
        "country": constant(),
        "region": constant(),
        "timezone": constant(),
    }
)

_TOOL_MEMBERS: dict[str, Node] = {
    "type": ID,
    "name": TOOL_NAME,
    "description": constant(),
    "parameters": BAG,
    "output_schema": BAG,
    "format": BAG,
    "filters": BAG,
    "ranking_options": BAG,
    "allowed_callers": Each(enum("direct", "programmatic")),
    "allowed_tools": Either(text=constant(), items=_NAMES, members=_TOOL_FILTER),
    "authorization": CREDENTIAL,
    "headers": CREDENTIAL,
    "require_approval": Either(text=ID, members=Obj({"always": _TOOL_FILTER, "never": _TOOL_FILTER})),
    "server_label": constant(),
    "server_url": constant(),
    "server_description": constant(),
    "connector_id": ID,
    "tunnel_id": ID,
    "vector_store_ids": Each(ID),
    "container": Either(text=ID, members=ENVIRONMENT),
    "environment": Either(text=ID, members=ENVIRONMENT),
    "user_location": _PLACE,
    "search_context_size": ID,
    "search_content_types": Each(ID),
    "execution": ID,
    "input_image_mask": Obj({"file_id": ID, "image_url": _IMAGE}),
    "svg": Obj({"model": ID, "reasoning": Obj({"effort": ID})}),
    **dict.fromkeys(
        ("action", "background", "complexity", "input_fidelity", "model", "moderation", "output_format", "quality"),
        ID,
    ),
    "size": ID,
    **numbers(
        "async",
        "defer_loading",
        "display_height",
        "display_width",
        "external_web_access",
        "frame_count",
        "frame_duration_ms",
        "max_num_results",
        "output_compression",
        "partial_images",
        "strict",
    ),
}

TOOL = Obj({**_TOOL_MEMBERS, "tools": Each(Obj(_TOOL_MEMBERS))})
"""The definition of a tool of any type. It may hold what an MCP server says of itself; keys never come back."""

TOOL_CHOICE = Either(
    text=ID,
    members=Obj({"type": ID, "mode": ID, "name": TOOL_NAME, "server_label": constant(), "tools": BAG}),
)

FORMAT = Obj(
    {
        "format": Obj({"type": ID, "name": constant(), "description": constant(), "schema": BAG, "strict": NUMBER}),
        "verbosity": ID,
    }
)
"""The setting `text`: how the text of an answer is to look."""

REASONING = Obj(dict.fromkeys(("context", "effort", "generate_summary", "mode", "summary"), ID))

_INPUT_DETAILS = Obj(
    {
        **numbers("cache_write_tokens", "cached_tokens", "image_tokens", "text_tokens", "audio_tokens"),
        "cache_write_tokens_details": Obj(numbers("ttl_12h_tokens", "ttl_30m_tokens")),
        "input_tokens_per_turn": TOKENS,
        "cached_tokens_per_turn": TOKENS,
    }
)

_OUTPUT_DETAILS = Obj(
    {
        **numbers("reasoning_tokens", "tool_output_tokens", "image_tokens", "text_tokens", "audio_tokens"),
        "output_tokens_per_turn": TOKENS,
        "tool_output_tokens_per_turn": TOKENS,
    }
)

USAGE = Obj(
    {
        **numbers("input_tokens", "output_tokens", "total_tokens", "cached_tokens", "cost", "is_byok"),
        "input_tokens_details": _INPUT_DETAILS,
        "output_tokens_details": _OUTPUT_DETAILS,
        "cached_tokens_details": Obj(numbers("cached_image_tokens", "cached_text_tokens")),
    }
)

TOOL_USAGE = Obj({"image_gen": USAGE, "web_search": Obj(numbers("num_requests"))})

_MODERATED = Obj(
    {
        "type": enum("moderation_result", "error"),
        "model": ID,
        "code": ID,
        "message": constant(),
        "flagged": NUMBER,
        "categories": Dictionary(NUMBER),
        "category_scores": Dictionary(NUMBER),
        "category_applied_input_types": Dictionary(Each(enum("text", "image"))),
    }
)

MODERATION = Obj({"input": _MODERATED, "output": _MODERATED, "model": ID, "policy": BAG})

CONTENT_FILTERS = Each(
    Obj(
        {
            "blocked": NUMBER,
            "source_type": ID,
            "content_filter_results": FILTER_RESULTS,
            "content_filter_offsets": FILTER_OFFSETS,
            "content_filter_raw": BAG,
        }
    )
)
"""What Azure adds to an answer."""

ERROR = Either(
    text=constant(),
    members=Obj(
        {
            "message": constant(),
            "type": ID,
            "code": ID,
            "param": ID,
            "misalignment": Obj(
                {
                    "detailed_explanation": constant(),
                    "error_type": ID,
                    "review_target": constant(),
                    "steer": Obj({"message": constant()}),
                }
            ),
            "innererror": Obj(
                {"code": ID, "content_filter_result": FILTER_RESULTS, "content_filter_results": FILTER_RESULTS}
            ),
            "content_filters": CONTENT_FILTERS,
        }
    ),
)
