"""The events of a Responses stream, and the response object that the first and the last of them carry.

A table: which texts an event adds to, which it says once more, and which are complete after it.
"""

from __future__ import annotations

from detectors.types import ChannelKind
from proxy.wire.fields import (
    BAG,
    ID,
    NUMBER,
    OPAQUE,
    PADDING,
    TOKENS,
    Dictionary,
    Each,
    Either,
    Ends,
    Logprobs,
    Node,
    Numbering,
    Obj,
    Tagged,
    Within,
    constant,
    enum,
    numbers,
    text,
)
from proxy.wire.responses_fields import (
    CITATION,
    CONTENT_FILTERS,
    ERROR,
    FORMAT,
    MODERATION,
    PART,
    REASONING,
    SUMMARY,
    TOOL,
    TOOL_CHOICE,
    TOOL_USAGE,
    USAGE,
)
from proxy.wire.responses_items import SHELL_DELTA, SHELL_OUTPUTS, STATUS, items

ITEM = items()
_ECHOED_ITEM = items(Within.SNAPSHOT, Within.SNAPSHOT)

PROMPT = Obj(
    {"id": ID, "version": ID, "variables": Dictionary(Either(text=constant(), members=PART))}, Within.SNAPSHOT
)

_HEAD: dict[str, Node] = {
    "id": ID,
    "object": enum("response", "response.input_tokens"),
    "status": STATUS,
    "model": ID,
    **numbers(
        "background",
        "completed_at",
        "created_at",
        "frequency_penalty",
        "input_tokens",
        "max_output_tokens",
        "max_tool_calls",
        "parallel_tool_calls",
        "presence_penalty",
        "store",
        "temperature",
        "top_logprobs",
        "top_p",
    ),
    "error": ERROR,
    "incomplete_details": Obj({"reason": enum("max_output_tokens", "max_messages", "content_filter", "steered")}),
    "instructions": Either(text=constant(), items=Each(_ECHOED_ITEM)),
    "metadata": Dictionary(constant()),
    "prompt": PROMPT,
    "tools": Each(TOOL),
    "tool_choice": TOOL_CHOICE,
    "text": FORMAT,
    "reasoning": REASONING,
    "usage": USAGE,
    "tool_usage": TOOL_USAGE,
    "moderation": MODERATION,
    "content_filters": CONTENT_FILTERS,
    "conversation": Obj({"id": ID}),
    "access_programs": Obj({"cyber": ID}),
    "image": Obj({"context_compression": ID}),
    "input_transformations": Each(Obj({"id": ID, "action": ID, "reason": ID, "type": ID})),
    "prompt_cache_diagnostics": Obj(
        {"type": ID, "reason": ID, **numbers("cache_missed_tokens", "comparison_reusable_tokens")}
    ),
    "prompt_cache_options": Obj({"mode": ID, "ttl": ID, "comparison_response_id": ID}),
    **dict.fromkeys(
        (
            "previous_response_id",
            "prompt_cache_key",
            "prompt_cache_retention",
            "safety_identifier",
            "service_tier",
            "truncation",
            "billing",
        ),
        ID,
    ),
    "user": constant(),
    "output_text": constant(),
    "kv_transfer_params": BAG,
    "input_messages": BAG,
    "output_messages": BAG,
}
"""Of a response object, without what the model said. The last three are vLLM's."""

ECHOES = frozenset({"input_messages", "instructions", "metadata", "prompt", "text", "tool_choice", "tools", "user"})
"""What a response says once more of its request."""

RESPONSE = Obj({**_HEAD, "output": Each(ITEM, Numbering.CHOICE)}, first=tuple(_HEAD), echoes=ECHOES)
"""Whole, or in an event: there what it echoes of the request comes long before the output, so here too."""

_SNAPSHOT = Obj(
    {**_HEAD, "output": Each(items(Within.REPEAT, Within.REPEAT), Numbering.CHOICE)},
    first=tuple(_HEAD),
    echoes=ECHOES,
)

LIFECYCLE = frozenset(
    f"response.{name}" for name in ("created", "queued", "in_progress", "completed", "incomplete", "failed")
)

_STATES = {
    "code_interpreter_call": ("in_progress", "interpreting", "completed"),
    "compaction": ("compacting",),
    "file_search_call": ("in_progress", "searching", "completed"),
    "image_generation_call": ("in_progress", "generating", "completed"),
    "mcp_call": ("in_progress", "completed", "failed"),
    "mcp_list_tools": ("in_progress", "completed", "failed"),
    "web_search_call": ("in_progress", "searching", "completed"),
}

STATE_EVENTS = frozenset(f"response.{item}.{state}" for item, states in _STATES.items() for state in states)
"""Events that say what is being done with an item, and nothing else."""

_DELTA, _SAME, _REPEAT = Within.DELTA, Within.SAME, Within.REPEAT
_LOGPROBS: dict[str, Node] = {"logprobs": Logprobs(is_flat=True)}
_SUMMARY = text(ChannelKind.REASONING, SUMMARY)
_REASONING = text(ChannelKind.REASONING)
_REFUSAL = text(ChannelKind.REFUSAL)
_INPUT = text(ChannelKind.TOOL_ARGUMENTS)
_TRANSCRIPT = "transcript"

_PART_ENDS = Ends()
_SUMMARY_ENDS = Ends(kind=ChannelKind.REASONING, name=SUMMARY)
_REASONING_ENDS = Ends(kind=ChannelKind.REASONING, name="")

_TEXTS: dict[str, tuple[dict[str, Node], Within, Ends | None]] = {
    "output_text.delta": ({"delta": text(), **_LOGPROBS}, _DELTA, None),
    "output_text.done": ({"text": text(), **_LOGPROBS}, _REPEAT, _PART_ENDS),
    "output_text.annotation.added": ({"annotation": CITATION, "annotation_index": NUMBER}, _SAME, None),
    "refusal.delta": ({"delta": _REFUSAL}, _DELTA, None),
    "refusal.done": ({"refusal": _REFUSAL}, _REPEAT, _PART_ENDS),
    "reasoning_text.delta": ({"delta": _REASONING}, _DELTA, None),
    "reasoning_text.done": ({"text": _REASONING}, _REPEAT, _REASONING_ENDS),
    "reasoning_summary_text.delta": ({"delta": _SUMMARY}, _DELTA, None),
    "reasoning_summary_text.done": ({"text": _SUMMARY}, _REPEAT, _SUMMARY_ENDS),
    "content_part.added": ({"part": PART}, _SAME, None),
    "content_part.done": ({"part": PART}, _REPEAT, None),
    "reasoning_part.added": ({"part": PART}, _SAME, None),
    "reasoning_part.done": ({"part": PART}, _REPEAT, None),
    "reasoning_summary_part.added": ({"part": PART}, _SAME, None),
    "reasoning_summary_part.done": ({"part": PART, "status": STATUS}, _REPEAT, None),
    "output_item.added": (
        {"item": items(Within.MESSAGE, Within.SNAPSHOT)},
        _SAME,
        Ends(whole_choice=True, kind=ChannelKind.TOOL_NAME),
    ),
    "output_item.done": ({"item": items(_REPEAT, _REPEAT)}, _SAME, Ends(whole_choice=True)),
    "function_call_arguments.delta": ({"delta": _INPUT}, _DELTA, None),
    "function_call_arguments.done": (
        {"arguments": _INPUT, "name": text(ChannelKind.TOOL_NAME)},
        _REPEAT,
        _PART_ENDS,
    ),
    "mcp_call_arguments.delta": ({"delta": _INPUT}, _DELTA, None),
    "mcp_call_arguments.done": ({"arguments": _INPUT}, _REPEAT, _PART_ENDS),
    "custom_tool_call_input.delta": ({"delta": _INPUT}, _DELTA, None),
    "custom_tool_call_input.done": ({"input": _INPUT}, _REPEAT, _PART_ENDS),
    "code_interpreter_call_code.delta": ({"delta": _INPUT}, _DELTA, None),
    "code_interpreter_call_code.done": ({"code": _INPUT}, _REPEAT, _PART_ENDS),
    "shell_call_command.added": ({"command": _INPUT}, _SAME, None),
    "shell_call_command.delta": ({"delta": _INPUT}, _DELTA, None),
    "shell_call_command.done": ({"command": _INPUT}, _REPEAT, _PART_ENDS),
    "shell_call_output_content.delta": ({"delta": SHELL_DELTA}, _DELTA, None),
    "shell_call_output_content.done": ({"output": SHELL_OUTPUTS}, _REPEAT, _PART_ENDS),
    "audio.delta": ({"delta": OPAQUE}, _DELTA, None),
    "audio.done": ({}, _SAME, None),
    "audio.transcript.delta": ({"delta": text(name=_TRANSCRIPT)}, _DELTA, None),
    "audio.transcript.done": ({}, _SAME, Ends(kind=ChannelKind.TEXT, name=_TRANSCRIPT)),
    "image_generation_call.partial_image": (
        {
            "partial_image_b64": OPAQUE,
            "partial_image_index": NUMBER,
            **dict.fromkeys(("background", "output_format", "quality", "size"), ID),
        },
        _SAME,
        None,
    ),
}
"""Events with text: their members, how these are read, and what is complete after them."""

KNOWN_EVENTS = LIFECYCLE | STATE_EVENTS | {f"response.{name}" for name in _TEXTS} | {"error"}

_NUMBERS = {
    "output_index": Numbering.CHOICE,
    "content_index": Numbering.PART,
    "summary_index": Numbering.PART,
    "command_index": Numbering.PART,
}


def _event(
    members: dict[str, Node], within: Within = _SAME, ends: Ends | None = None, known: frozenset[str] = frozenset()
) -> Obj:
    common: dict[str, Node] = {
        "type": enum(*known) if known else constant(),
        **numbers("sequence_number", *_NUMBERS),
        "item_id": ID,
        "obfuscation": PADDING,
        "token_ids": TOKENS,
    }
    return Obj({**common, **members}, within, _NUMBERS, ends)


_EVENTS: dict[str | bool, Node] = {
    "error": _event({"code": ID, "message": constant(), "param": ID, "error": ERROR}, known=frozenset({"error"})),
    **dict.fromkeys(LIFECYCLE, _event({"response": _SNAPSHOT}, _REPEAT, known=LIFECYCLE)),
    **dict.fromkeys(STATE_EVENTS, _event({}, known=STATE_EVENTS)),
    **{f"response.{name}": _event(*row, known=frozenset({f"response.{name}"})) for name, row in _TEXTS.items()},
}

STREAM = Tagged("type", _EVENTS, other=_event({"error": ERROR}, _DELTA))
"""An event. One of an unknown type has unlisted members only, which grow from event to event."""
