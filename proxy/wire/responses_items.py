"""The items of the Responses API, in an answer and in a prompt: messages, reasoning, and calls of every tool."""

from __future__ import annotations

from typing import NamedTuple

from detectors.types import ChannelKind
from proxy.wire.fields import (
    BAG,
    ID,
    NUMBER,
    OPAQUE,
    Dictionary,
    Each,
    Either,
    Node,
    Numbering,
    Obj,
    Tagged,
    Within,
    constant,
    data,
    enum,
    numbers,
    text,
)
from proxy.wire.responses_fields import (
    ENVIRONMENT,
    ERROR,
    FORMAT,
    PART,
    PARTS,
    REASONING,
    TOOL,
    TOOL_NAME,
    USAGE,
)

_TEXT = text()
_INPUT = text(ChannelKind.TOOL_ARGUMENTS)
"""What a tool is given: arguments, code, commands."""

STATUS = enum(
    "in_progress",
    "completed",
    "incomplete",
    "failed",
    "searching",
    "interpreting",
    "calling",
    "generating",
    "queued",
    "cancelled",
)

_ROLE = enum("user", "assistant", "system", "developer", "tool", "unknown", "critic", "discriminator")

_NAME = text(ChannelKind.TOOL_NAME)
_NAMESPACE = text(ChannelKind.TOOL_NAME, "namespace")

_COMMON: dict[str, Node] = {
    "id": ID,
    "call_id": ID,
    "status": STATUS,
    "created_by": ID,
    "async": NUMBER,
    "caller": Obj({"type": enum("direct", "program"), "caller_id": ID}),
}
"""Of every item."""

_NAMED: dict[str, Node] = {"name": _NAME, "namespace": _NAMESPACE}

_MESSAGE: dict[str, Node] = {
    "role": _ROLE,
    "phase": enum("commentary", "final_answer"),
    "content": Either(text=_TEXT, items=PARTS, members=PART),
}

_OUTPUT = Either(text=_TEXT, items=PARTS, members=PART)
"""What a tool answers."""

_CHECKS = Each(Obj({"id": ID, "code": ID, "message": constant()}))

_ACTION = Obj(
    {
        "type": enum("click", "double_click", "drag", "keypress", "move", "screenshot", "scroll", "type", "wait"),
        "button": enum("left", "right", "wheel", "back", "forward"),
        **numbers("x", "y", "scroll_x", "scroll_y"),
        "path": Each(Obj(numbers("x", "y"))),
        "keys": Each(constant(ChannelKind.TOOL_ARGUMENTS)),
        "text": _INPUT,
    }
)

_SEARCH = Obj(
    {
        "type": enum("search", "open_page", "find_in_page", "find"),
        "query": text(ChannelKind.OTHER, "query"),
        "queries": Each(text(ChannelKind.OTHER, "queries"), Numbering.PART),
        "pattern": text(ChannelKind.OTHER, "pattern"),
        "url": constant(),
        "sources": Each(Obj({"type": enum("url", "api"), "url": constant(), "name": constant()})),
    }
)

_FOUND = Obj(
    {
        "file_id": ID,
        "vector_store_id": ID,
        "filename": constant(),
        "score": NUMBER,
        "text": text(name="result"),
        "attributes": Dictionary(constant()),
    }
)

_SHELL_OUTPUT = Obj(
    {
        "outcome": Obj({"type": enum("timeout", "exit"), "exit_code": NUMBER}),
        "stdout": text(name="stdout"),
        "stderr": text(name="stderr"),
        "created_by": ID,
    }
)

SHELL_DELTA = Obj({"stdout": text(name="stdout"), "stderr": text(name="stderr")})

SHELL_OUTPUTS = Each(_SHELL_OUTPUT)
"""Of one command."""

_EXEC = Obj(
    {
        "type": enum("exec"),
        "command": Each(_INPUT, Numbering.PART),
        "env": Dictionary(constant()),
        "timeout_ms": NUMBER,
        "user": constant(),
        "working_directory": constant(),
    }
)

_SHELL = Obj({"commands": Each(_INPUT, Numbering.PART), **numbers("max_output_length", "timeout_ms")})

_PATCH = Obj({"type": enum("create_file", "delete_file", "update_file"), "diff": _INPUT, "path": constant()})

_MCP_ERROR = Either(
    text=constant(),
    members=Obj(
        {
            "type": enum("mcp_protocol_error", "mcp_tool_execution_error", "http_error"),
            "code": NUMBER,
            "message": constant(),
            "content": BAG,
        }
    ),
)

_LISTED_TOOL = Obj({"name": TOOL_NAME, "description": constant(), "input_schema": BAG, "annotations": BAG})

_IMAGE: dict[str, Node] = {
    "result": OPAQUE,
    "revised_prompt": text(name="revised_prompt"),
    "error": Either(
        text=constant(),
        members=Obj(
            {
                "message": constant(),
                "type": ID,
                "code": ID,
                "param": ID,
                "moderation_details": Obj({"categories": Each(constant()), "moderation_stage": ID}),
            }
        ),
    ),
    "svg_usage": Obj({**USAGE.members, "model": ID, "reasoning_tokens": NUMBER}),
    **dict.fromkeys(("action", "background", "output_format", "quality", "size"), ID),
}


class _Shape(NamedTuple):
    """The members of one type of item, without those of all."""

    members: dict[str, Node]
    first: tuple[str, ...] = ()


_STREAMED = {
    "message": _Shape(_MESSAGE),
    "reasoning": _Shape(
        {
            "summary": PARTS,
            "content": PARTS,
            "encrypted_content": OPAQUE,
            "signature": OPAQUE,
            "format": ID,
        }
    ),
    "function_call": _Shape({**_NAMED, "arguments": _INPUT}, ("namespace", "name")),
    "custom_tool_call": _Shape({**_NAMED, "input": _INPUT}, ("namespace", "name")),
    "mcp_call": _Shape(
        {
            "name": _NAME,
            "server_label": constant(),
            "arguments": _INPUT,
            "output": _TEXT,
            "error": _MCP_ERROR,
            "approval_request_id": ID,
        },
        ("server_label", "name", "arguments"),
    ),
    "code_interpreter_call": _Shape(
        {
            "code": _INPUT,
            "container_id": ID,
            "outputs": Each(
                Obj({"type": enum("logs", "image"), "logs": text(name="logs"), "url": constant()}), Numbering.PART
            ),
        },
        ("code",),
    ),
    "shell_call": _Shape({"action": _SHELL, "environment": ENVIRONMENT}),
    "shell_call_output": _Shape(
        {"output": Each(_SHELL_OUTPUT, Numbering.PART), "max_output_length": NUMBER},
    ),
}
"""Items whose texts grow in events of their own."""

_COMPLETE = {
    "function_call_output": _Shape({**_NAMED, "output": _OUTPUT}),
    "custom_tool_call_output": _Shape({**_NAMED, "output": _OUTPUT}),
    "file_search_call": _Shape(
        {
            "queries": Each(text(ChannelKind.OTHER, "queries"), Numbering.PART),
            "results": Each(_FOUND, Numbering.PART),
        }
    ),
    "web_search_call": _Shape({"action": _SEARCH}),
    "computer_call": _Shape(
        {"action": _ACTION, "actions": Each(_ACTION, Numbering.PART), "pending_safety_checks": _CHECKS}
    ),
    "computer_call_output": _Shape({"output": PART, "acknowledged_safety_checks": _CHECKS}),
    "local_shell_call": _Shape({"action": _EXEC}),
    "local_shell_call_output": _Shape({"output": _TEXT}),
    "apply_patch_call": _Shape({"operation": _PATCH}),
    "apply_patch_call_output": _Shape({"output": _TEXT}),
    "mcp_list_tools": _Shape({"server_label": constant(), "tools": Each(_LISTED_TOOL), "error": ERROR}),
    "mcp_approval_request": _Shape({"name": _NAME, "server_label": constant(), "arguments": _INPUT}),
    "mcp_approval_response": _Shape({"approval_request_id": ID, "approve": NUMBER, "reason": _TEXT}),
    "program": _Shape({"code": _INPUT, "fingerprint": OPAQUE}),
    "program_output": _Shape({"result": _TEXT}),
    "tool_search_call": _Shape({"arguments": data(), "execution": enum("server", "client")}),
    "tool_search_output": _Shape({"tools": Each(TOOL), "execution": enum("server", "client")}),
    "additional_tools": _Shape({"tools": Each(TOOL), "role": _ROLE}),
    "image_generation_call": _Shape(_IMAGE),
    "compaction": _Shape({"encrypted_content": OPAQUE}),
    "compaction_trigger": _Shape({}),
    "configuration_update": _Shape({"reasoning": REASONING, "text": FORMAT}),
    "item_reference": _Shape({}),
}
"""Items that come whole."""


def items(streamed: Within = Within.MESSAGE, complete: Within = Within.MESSAGE) -> Tagged:
    """Return the table of an item, with how the texts of each sort are read. One without a type is a message."""
    variants: dict[str | bool, Node] = {
        tag: Obj({**_COMMON, **shape.members, "type": enum(tag)}, within, first=shape.first)
        for shapes, within in ((_STREAMED, streamed), (_COMPLETE, complete))
        for tag, shape in shapes.items()
    }
    other = Obj({**_COMMON, **_MESSAGE, "type": constant()}, streamed)
    return Tagged("type", variants, other)
