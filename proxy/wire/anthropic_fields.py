"""The content blocks of the Anthropic Messages API, in answers and in requests, and what a message has around them.

Checked against the types of anthropic-python 2.14, those of its beta parts too. Tables only.
"""

from __future__ import annotations

from dataclasses import replace

from detectors.types import ChannelKind
from proxy.wire.fields import (
    BAG,
    ID,
    NUMBER,
    OPAQUE,
    PARAMETER,
    Dictionary,
    Each,
    Either,
    Node,
    Obj,
    Series,
    Tagged,
    Within,
    constant,
    data,
    enum,
    numbers,
    signature,
    signed_text,
    text,
)

ANNOTATION = constant(ChannelKind.ANNOTATION)
TOOL_NAME = constant(ChannelKind.TOOL_NAME)
THINKING = signed_text()
SIGNATURE = signature()
SUMMARY = signed_text(ChannelKind.TEXT, "compaction")
"""What stands for a conversation that was shortened; signed like thinking."""
SUMMARY_SEAL = signature(ChannelKind.TEXT, "compaction")

UNKNOWN_BLOCK = Obj({"type": ID}, Within.MESSAGE)
"""A block of a type that no table has: all else in it is text."""

CITATION = Obj(
    {
        **numbers(
            "document_index",
            "end_block_index",
            "end_char_index",
            "end_page_number",
            "search_result_index",
            "start_block_index",
            "start_char_index",
            "start_page_number",
        ),
        "type": ID,
        "cited_text": ANNOTATION,
        "document_title": ANNOTATION,
        "title": ANNOTATION,
        "source": ANNOTATION,
        "url": ANNOTATION,
        "file_id": ID,
        "encrypted_index": OPAQUE,
    }
)

_CALLER = Obj({"type": ID, "tool_id": ID})

_ERROR = Obj({"type": ID, "error_code": ID, "error_message": constant()})
"""What a tool of the provider says when it failed."""

_FILE = Obj({"type": ID, "file_id": ID})

_RAN = Obj(
    {
        "type": ID,
        "stdout": constant(),
        "stderr": constant(),
        "encrypted_stdout": OPAQUE,
        "return_code": NUMBER,
        "content": Each(_FILE),
    }
)
"""What code that ran has printed."""

_EDITED = Obj(
    {
        **numbers(
            "is_file_update",
            "new_lines",
            "new_start",
            "num_lines",
            "old_lines",
            "old_start",
            "start_line",
            "total_lines",
        ),
        "type": ID,
        "content": constant(),
        "file_type": ID,
        "lines": Each(constant()),
    }
)
"""What an editor of the provider shows of a file."""

_SOURCE: dict[str | bool, Node] = {
    "base64": Obj({"type": ID, "media_type": ID, "data": OPAQUE}),
    "text": Obj({"type": ID, "media_type": ID, "data": constant()}),
}

_CITATIONS = Either(text=constant(), items=Each(CITATION), members=Obj({"enabled": NUMBER}))

_DOCUMENT = Obj(
    {
        "type": ID,
        "title": ANNOTATION,
        "citations": _CITATIONS,
        "source": Tagged("type", _SOURCE, other=Obj({"type": ID})),
    }
)

_FOUND = Obj(
    {
        "type": ID,
        "title": ANNOTATION,
        "url": ANNOTATION,
        "page_age": ANNOTATION,
        "encrypted_content": OPAQUE,
    }
)

_FETCHED = Tagged(
    "type",
    {"web_fetch_result": Obj({"type": ID, "url": ANNOTATION, "retrieved_at": ANNOTATION, "content": _DOCUMENT})},
    other=_ERROR,
)

_ADVICE = Obj(
    {
        "type": ID,
        "text": constant(),
        "stop_reason": ID,
        "encrypted_content": OPAQUE,
        "error_code": ID,
        "error_message": constant(),
    }
)

_MODEL = Obj({"model": ID})

_QUOTED = Obj({"type": ID, "text": constant(), "citations": Each(CITATION)})
"""A text block inside the result of a tool: complete when it comes."""


def _used(**more: Node) -> dict[str, Node]:
    return {"id": ID, "name": TOOL_NAME, "input": data(), "caller": _CALLER, "toolset_name": ID, **more}


def _result(content: Node) -> dict[str, Node]:
    return {"tool_use_id": ID, "caller": _CALLER, "content": content}


_BLOCKS: dict[str, dict[str, Node]] = {
    "text": {"text": text(), "citations": Each(CITATION)},
    "thinking": {"thinking": THINKING, "signature": SIGNATURE},
    "redacted_thinking": {"data": OPAQUE},
    "tool_use": _used(),
    "server_tool_use": _used(),
    "mcp_tool_use": _used(server_name=constant()),
    "web_search_tool_result": _result(Either(text=constant(), items=Each(_FOUND), members=_ERROR)),
    "web_fetch_tool_result": _result(_FETCHED),
    "code_execution_tool_result": _result(Tagged("type", {"code_execution_tool_result_error": _ERROR}, other=_RAN)),
    "bash_code_execution_tool_result": _result(
        Tagged("type", {"bash_code_execution_tool_result_error": _ERROR}, other=_RAN)
    ),
    "text_editor_code_execution_tool_result": _result(
        Tagged("type", {"text_editor_code_execution_tool_result_error": _ERROR}, other=_EDITED)
    ),
    "tool_search_tool_result": _result(
        Tagged(
            "type",
            {
                "tool_search_tool_search_result": Obj(
                    {"type": ID, "tool_references": Each(Obj({"type": ID, "tool_name": TOOL_NAME}))}
                )
            },
            other=_ERROR,
        )
    ),
    "mcp_tool_result": {**_result(Either(text=constant(), items=Each(_QUOTED))), "is_error": NUMBER},
    "advisor_tool_result": _result(_ADVICE),
    "container_upload": {"file_id": ID},
    "compaction": {
        "content": SUMMARY,
        "encrypted_content": SUMMARY_SEAL,
        "signature": SUMMARY_SEAL,
        "tool_changes": BAG,
    },
    "fallback": {"from": _MODEL, "to": _MODEL, "trigger": Obj({"type": ID, "category": ID})},
    "mcp_tool_listing": {
        "mcp_server_name": constant(),
        "tools": Each(Obj({"name": TOOL_NAME, "description": constant(), "input_schema": BAG})),
    },
}
"""Of an answer, by type."""


TEXTS = Series("text", ChannelKind.TEXT, "", stays_open=True, of_texts=True)
"""Text blocks that follow one another are shown as one text: with citations, a sentence is cut into several."""
_NO_TEXT = Series("text", ChannelKind.TEXT, "", closes=True)

_FIRST = ("name", "text", "thinking", "content")
"""Members that a stream brings before the others of their block: a citation follows its text."""


def _tagged(blocks: dict[str, dict[str, Node]], more: dict[str, Node]) -> Tagged:
    variants: dict[str | bool, Node] = {
        kind: Obj({"type": enum(kind), **members, **more}, Within.MESSAGE, first=_first_of(members))
        for kind, members in blocks.items()
    }
    return Tagged("type", variants, other=UNKNOWN_BLOCK)


def _in_a_row(blocks: Tagged) -> Tagged:
    """Return the blocks of an answer: the texts of those that follow one another are one text."""
    variants: dict[str | bool, Node] = {
        kind: replace(node, series=TEXTS if kind == "text" else _NO_TEXT)
        for kind, node in blocks.variants.items()
        if isinstance(node, Obj)
    }
    return Tagged("type", variants, other=replace(UNKNOWN_BLOCK, series=_NO_TEXT))


def _first_of(members: dict[str, Node]) -> tuple[str, ...]:
    return tuple(name for name in _FIRST if name in members)


BLOCK = _in_a_row(_tagged(_BLOCKS, {}))
"""A block of a whole answer."""

_STARTED_INPUT: Node = data(name="start")

_STARTED = {
    kind: {**members, "input": _STARTED_INPUT} if "input" in members else members
    for kind, members in _BLOCKS.items()
}
STARTED_BLOCK = _in_a_row(_tagged(_STARTED, {}))
"""A block as a stream begins it. An input that is there already is no part of the JSON that comes in pieces."""

CACHE_CONTROL = Obj({"type": PARAMETER, "ttl": PARAMETER})

_ASKED_SOURCE: dict[str | bool, Node] = {
    **_SOURCE,
    "url": Obj({"type": PARAMETER, "url": constant()}),
    "file": Obj({"type": PARAMETER, "file_id": PARAMETER}),
}


def _asked(leaf: Node, result: Node) -> dict[str, dict[str, Node]]:
    """Return the blocks of a request: `leaf` is for its texts, `result` for pieces of results and documents."""
    content = Either(text=leaf, items=Each(result))
    sources = {**_ASKED_SOURCE, "content": Obj({"type": PARAMETER, "content": content})}
    source = Tagged("type", sources, other=Obj({"type": ID}))
    return {
        **_BLOCKS,
        "text": {"text": leaf, "citations": _CITATIONS},
        "image": {
            "source": source,
            "transformations": Dictionary(PARAMETER),
        },
        "document": {"source": source, "title": constant(), "context": constant(), "citations": _CITATIONS},
        "search_result": {
            "source": constant(),
            "title": constant(),
            "content": Each(result),
            "citations": _CITATIONS,
        },
        "tool_result": {"tool_use_id": ID, "is_error": NUMBER, "toolset_name": ID, "content": content},
        "tool_reference": {"tool_name": TOOL_NAME},
        "tool_addition": {"tool": BAG},
        "tool_removal": {"tool": BAG},
        "browser_state": {"tabs": BAG, "state_changes": BAG},
    }


_MORE: dict[str, Node] = {"cache_control": CACHE_CONTROL}
_INNER = _tagged(_asked(constant(), _QUOTED), _MORE)
_PIECE = _tagged(_asked(constant(), _INNER), _MORE)

ASKED_BLOCK = _tagged(_asked(text(), _PIECE), _MORE)
"""A block of a request's message. Results and documents hold blocks again, two levels deep."""

SYSTEM_BLOCK = Obj(
    {"type": enum("text"), "text": text(name="system"), "citations": _CITATIONS, "cache_control": CACHE_CONTROL},
    Within.MESSAGE,
)

STOP_REASON = enum(
    "end_turn",
    "max_tokens",
    "stop_sequence",
    "tool_use",
    "pause_turn",
    "compaction",
    "refusal",
    "model_context_window_exceeded",
)

_TOKENS = numbers(
    "cache_creation_input_tokens",
    "cache_read_input_tokens",
    "input_tokens",
    "output_tokens",
)

USAGE = Obj(
    {
        **_TOKENS,
        "cache_creation": Obj(numbers("ephemeral_1h_input_tokens", "ephemeral_5m_input_tokens")),
        "output_tokens_details": Obj(numbers("thinking_tokens")),
        "server_tool_use": Obj(numbers("web_fetch_requests", "web_search_requests")),
        "service_tier": ID,
        "inference_geo": ID,
        "speed": ID,
        "fallback_credit": Obj({"status": Obj({"type": ID, "reason": ID, "remove_to_redeem": Each(ID)})}),
        "iterations": Each(
            Obj(
                {
                    **_TOKENS,
                    "type": ID,
                    "model": ID,
                    "cache_creation": Obj(numbers("ephemeral_1h_input_tokens", "ephemeral_5m_input_tokens")),
                }
            )
        ),
    }
)

STOPPED: dict[str, Node] = {
    "stop_reason": STOP_REASON,
    "stop_sequence": constant(),
    "stop_details": Obj(
        {
            "type": ID,
            "category": ID,
            "explanation": constant(),
            "recommended_model": ID,
            "fallback_credit_token": OPAQUE,
            "fallback_has_prefill_claim": NUMBER,
        }
    ),
    "container": Obj(
        {"id": ID, "expires_at": ID, "skills": Each(Obj({"type": ID, "skill_id": ID, "version": ID}))},
    ),
}
"""How and where a message ended."""

MANAGED: dict[str, Node] = {
    "context_management": Obj(
        {
            **numbers("original_input_tokens"),
            "applied_edits": Each(
                Obj(
                    {
                        **numbers("cleared_input_tokens", "cleared_thinking_turns", "cleared_tool_uses"),
                        "type": ID,
                    }
                )
            ),
        }
    ),
    "input_transformations": Each(Obj({"type": ID, "path": constant(), "reason": ID})),
}
"""What the provider did to the request before the model saw it."""

ERROR = Either(
    text=constant(),
    members=Obj({"type": ID, "message": constant(), "code": ID, "details": BAG}),
)
