"""Answers of the Anthropic Messages API, written once: whole, and as the events that a stream makes of them."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from tests.support.dialect_case import Answer

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from tests.support.dialect_case import Prose

    Cut = Callable[[str], list[str]]

JsonObject = dict[str, Any]

SIGNATURE = "EqQBCgIYAhIM" + "1gbcDa9GJwZA2b3hGgxBdjrkzLoky3dl1pkiMOYds" * 3 + "=="
"""Shaped as the API's: base64 of bytes that are no text."""
SEALED = "EmwKAhgBEgy3" + "va3pzix7Lafsn4aGgwlvHbTqLMWzr9hCiDiXNl4Rr" * 2 + "=="
USAGE = {"input_tokens": 25, "cache_creation_input_tokens": 0, "cache_read_input_tokens": 0, "output_tokens": 1}
TOTALS = {"output_tokens": 33}


def sse(payload: JsonObject) -> bytes:
    """Return an event with its name, as the API writes it."""
    data = json.dumps(payload, separators=(",", ":"), ensure_ascii=False)
    return f"event: {payload['type']}\ndata: {data}\n\n".encode()


def stream(events: Iterable[JsonObject]) -> bytes:
    return b"".join(map(sse, events))


def whole(*blocks: JsonObject, stop_reason: str = "end_turn", **more: Any) -> JsonObject:
    """Return a whole answer."""
    return {
        "id": "msg_01XFDUDYJgAACzvnptvVoYEL",
        "type": "message",
        "role": "assistant",
        "model": "claude-opus-5",
        "content": list(blocks),
        "stop_reason": stop_reason,
        "stop_sequence": None,
        "usage": {**USAGE, **TOTALS},
        **more,
    }


def start(**more: Any) -> JsonObject:
    """Return the first event of a stream."""
    message = {**whole(), "stop_reason": None, "usage": USAGE, **more}
    return {"type": "message_start", "message": message}


PING: JsonObject = {"type": "ping"}
STOP: JsonObject = {"type": "message_stop"}


def begin(index: int, **block: Any) -> JsonObject:
    return {"type": "content_block_start", "index": index, "content_block": block}


def delta(index: int, kind: str, **members: Any) -> JsonObject:
    return {"type": "content_block_delta", "index": index, "delta": {"type": kind, **members}}


def say(index: int, text: str) -> JsonObject:
    return delta(index, "text_delta", text=text)


def end(index: int) -> JsonObject:
    return {"type": "content_block_stop", "index": index}


def finish(stop_reason: str = "end_turn", **more: Any) -> JsonObject:
    said = {"stop_reason": stop_reason, "stop_sequence": None, **more}
    return {"type": "message_delta", "delta": said, "usage": TOTALS}


def one_piece(text: str) -> list[str]:
    return [text]


def block_events(index: int, block: JsonObject, cut: Cut = one_piece) -> list[JsonObject]:
    """Return the events of one block: what grows comes in the pieces that `cut` makes, the rest at once."""
    match block["type"]:
        case "text":
            cited = [delta(index, "citations_delta", citation=one) for one in block.get("citations") or ()]
            begun = {**block, "text": ""}
            if cited:
                begun["citations"] = []
            spoken = [say(index, piece) for piece in cut(block["text"])]
            return [begin(index, **begun), *spoken, *cited, end(index)]
        case "thinking":
            thought = [delta(index, "thinking_delta", thinking=piece) for piece in cut(block["thinking"])]
            sealed = delta(index, "signature_delta", signature=block["signature"])
            return [begin(index, type="thinking", thinking="", signature=""), *thought, sealed, end(index)]
        case "tool_use" | "server_tool_use" | "mcp_tool_use":
            written = json.dumps(block["input"], separators=(",", ":"), ensure_ascii=False)
            pieces = [delta(index, "input_json_delta", partial_json=piece) for piece in ["", *cut(written)]]
            return [begin(index, **{**block, "input": {}}), *pieces, end(index)]
        case "compaction":
            summary = {"content": block["content"], "encrypted_content": block["encrypted_content"]}
            return [
                begin(index, type="compaction", content=None),
                delta(index, "compaction_delta", **summary),
                end(index),
            ]
    return [begin(index, **block), end(index)]


def stream_events(answer: JsonObject, cut: Cut = one_piece) -> list[JsonObject]:
    """Return the events that bring a whole answer."""
    late = {name: answer[name] for name in ("stop_details", "container") if name in answer}
    events = [start(id=answer["id"], model=answer["model"]), PING]
    for index, block in enumerate(answer["content"]):
        events += block_events(index, block, cut)
    ended = finish(answer["stop_reason"], **late)
    ended["delta"]["stop_sequence"] = answer["stop_sequence"]
    return [*events, ended, STOP]


def shown(content: Iterable[JsonObject]) -> dict[tuple[int, str], str]:
    """What a reader sees of a whole answer: text by block and member; thinking that is empty is nothing."""
    found: dict[tuple[int, str], str] = {}
    for index, block in enumerate(content):
        for member in ("text", "thinking"):
            if block.get(member):
                found[index, member] = block[member]
        if block.get("input"):
            found[index, "input"] = json.dumps(block["input"], separators=(",", ":"), ensure_ascii=False)
    return found


def shown_in(data: bytes) -> dict[tuple[int, str], str]:
    """The same of a stream; input as it is written."""
    found: dict[tuple[int, str], str] = {}
    for payload in payloads(data):
        said = payload.get("delta", {}) if payload["type"] == "content_block_delta" else {}
        if payload["type"] == "content_block_start":
            said = {name: payload["content_block"].get(name) for name in ("text", "thinking")}
        for member, name in (("text", "text"), ("thinking", "thinking"), ("partial_json", "input")):
            if said.get(member):
                key = (payload["index"], name)
                found[key] = found.get(key, "") + said[member]
    return found


def payloads(data: bytes) -> list[JsonObject]:
    """Read a stream by the simplest means; every event has the name of its payload, or none."""
    found = []
    for block in data.replace(b"\r\n", b"\n").replace(b"\r", b"\n").split(b"\n\n"):
        lines = dict(line.partition(b":")[::2] for line in block.split(b"\n") if line and not line.startswith(b":"))
        if b"data" in lines:
            payload = json.loads(lines[b"data"])
            assert lines.get(b"event", payload["type"].encode()).strip().decode() == payload["type"]
            found.append(payload)
    return found


@dataclass(frozen=True, slots=True)
class Recording:
    """An answer of the API, shaped as it sends it."""

    answer: JsonObject
    events: Sequence[JsonObject] = field(default=())
    """Given where they are not those of the answer."""

    def stream(self, cut: Cut = one_piece) -> bytes:
        return stream(self.events or stream_events(self.answer, cut))

    def whole(self) -> bytes:
        return json.dumps(self.answer, separators=(",", ":"), ensure_ascii=False).encode()


def text(value: str, **more: Any) -> JsonObject:
    return {"type": "text", "text": value, **more}


def thinking(value: str) -> JsonObject:
    return {"type": "thinking", "thinking": value, "signature": SIGNATURE}


def tool(name: str, value: JsonObject, number: int = 1, kind: str = "tool_use") -> JsonObject:
    prefix = "toolu" if kind == "tool_use" else "srvtoolu"
    return {"type": kind, "id": f"{prefix}_{number:02}", "name": name, "input": value}


def result(kind: str, content: Any, number: int = 1) -> JsonObject:
    return {"type": kind, "tool_use_id": f"srvtoolu_{number:02}", "content": content}


_WEB_CITATION = {
    "type": "web_search_result_location",
    "url": "https://tides.example/almanac",
    "title": "Almanac of tides",
    "encrypted_index": SEALED,
    "cited_text": "Spring tides follow the full moon.",
}
_CHAR_CITATION = {
    "type": "char_location",
    "cited_text": "The sea rises twice a day.",
    "document_index": 0,
    "document_title": "Of tides",
    "start_char_index": 0,
    "end_char_index": 26,
    "file_id": None,
}
_DOCUMENT = {
    "type": "document",
    "title": "Of tides",
    "citations": {"enabled": True},
    "source": {"type": "text", "media_type": "text/plain", "data": "The sea rises twice a day."},
}
_PDF = {
    **_DOCUMENT,
    "source": {"type": "base64", "media_type": "application/pdf", "data": "JVBERi0xLjcKJcOkw7zD" * 4},
}


def _fetched(document: JsonObject) -> JsonObject:
    return {
        "type": "web_fetch_result",
        "url": "https://tides.example/of-tides",
        "retrieved_at": "2026-08-01T12:00:00Z",
        "content": document,
    }


_CODE = tool("bash_code_execution", {"command": "date"}, 1, "server_tool_use")
_RAN = {"type": "bash_code_execution_result", "stdout": "Sat\n", "stderr": "", "return_code": 0, "content": []}
_OUT = {"type": "code_execution_result", "stdout": "42\n", "stderr": "none", "return_code": 0, "content": []}
_VIEW = {
    "type": "text_editor_code_execution_view_result",
    "file_type": "text",
    "content": "line one\n",
    "num_lines": 1,
    "start_line": 1,
    "total_lines": 1,
}
_LINES = {
    "type": "text_editor_code_execution_str_replace_result",
    "old_start": 1,
    "old_lines": 1,
    "new_start": 1,
    "new_lines": 1,
    "lines": ["-one", "+two"],
}
_MCP = {**tool("lookup", {"place": "harbour"}, 1, "mcp_tool_use"), "server_name": "harbour master"}
_FOUND_TOOLS = {
    "type": "tool_search_tool_search_result",
    "tool_references": [{"type": "tool_reference", "tool_name": "tide_table"}],
}
_HIT = {
    "type": "web_search_result",
    "url": "https://tides.example/almanac",
    "title": "Almanac of tides",
    "encrypted_content": SEALED,
    "page_age": "March 3, 2026",
}

RECORDINGS: dict[str, Recording] = {
    "text": Recording(whole(text("The tide rises twice a day, nearly everywhere."))),
    "thinking": Recording(whole(thinking("The moon pulls. So the sea rises."), text("Because of the moon."))),
    "redacted thinking": Recording(whole({"type": "redacted_thinking", "data": SEALED}, text("I see."))),
    "thinking that is not shown": Recording(whole(thinking(""), text("I see."))),
    "parallel tools": Recording(
        whole(
            text("Let me look."),
            tool("tide_table", {"place": "Brest", "days": [1, 2], "deep": {"unit": "m"}}, 1),
            tool("no_arguments", {}, 2),
            stop_reason="tool_use",
        )
    ),
    "web search": Recording(
        whole(
            text("I will search."),
            tool("web_search", {"query": "spring tides"}, 1, "server_tool_use"),
            result("web_search_tool_result", [_HIT]),
            text("Spring tides follow the full moon.", citations=[_WEB_CITATION]),
            usage={**USAGE, **TOTALS, "server_tool_use": {"web_search_requests": 1, "web_fetch_requests": 0}},
        )
    ),
    "a search that failed": Recording(
        whole(
            result("web_search_tool_result", {"type": "web_search_tool_result_error", "error_code": "unavailable"}),
            stop_reason="pause_turn",
        )
    ),
    "web fetch": Recording(
        whole(
            tool("web_fetch", {"url": "https://tides.example/of-tides"}, 1, "server_tool_use"),
            result("web_fetch_tool_result", _fetched(_DOCUMENT)),
            result("web_fetch_tool_result", _fetched(_PDF), 2),
            text("The sea rises.", citations=[_CHAR_CITATION]),
            text(" It falls, too."),
        )
    ),
    "code execution": Recording(
        whole(
            _CODE,
            result("bash_code_execution_tool_result", _RAN),
            result("code_execution_tool_result", _OUT, 2),
            result("text_editor_code_execution_tool_result", _VIEW, 3),
            result("text_editor_code_execution_tool_result", _LINES, 4),
            {"type": "container_upload", "file_id": "file_011CNha8iCJcU1wXNR6q4V8w"},
            text("Done."),
            container={"id": "container_011CNha8", "expires_at": "2026-08-01T12:00:00Z"},
        )
    ),
    "tools of servers": Recording(
        whole(
            _MCP,
            {
                "type": "mcp_tool_result",
                "tool_use_id": "srvtoolu_01",
                "is_error": False,
                "content": [{"type": "text", "text": "high water at noon"}],
            },
            result("tool_search_tool_result", _FOUND_TOOLS),
            text("At noon."),
        )
    ),
    "compaction": Recording(
        whole(
            {"type": "compaction", "content": "They spoke of tides.", "encrypted_content": SEALED},
            text("Where were we?"),
            stop_reason="compaction",
        )
    ),
    "stop sequence": Recording(whole(text("one two"), stop_reason="stop_sequence", stop_sequence="three")),
    "refusal": Recording(
        whole(
            text("I"),
            stop_reason="refusal",
            stop_details={"type": "refusal", "category": "cyber", "explanation": "This cannot be answered."},
        )
    ),
}
"""Conversations as the API sends them; each is clean under the policies of the tests."""

FAILED_STREAM = stream(
    [
        start(),
        begin(0, type="text", text=""),
        say(0, "Hello"),
        {"type": "error", "error": {"type": "overloaded_error", "message": "Overloaded"}, "request_id": "req_1"},
    ]
)


# What the properties that hold in every dialect need: tests/support/dialects.py


def some_answer(prose: Prose) -> Answer:
    """Return an answer of one to four blocks: thinking, text with citations, tools, what a server said."""
    chance = prose.chance
    blocks: list[JsonObject] = []
    if chance.random() < 0.5:
        blocks.append(thinking(prose.text()))
    for number in range(chance.randrange(1, 4)):
        match chance.randrange(5):
            case 0:
                value = {"to": prose.text(5), "n": chance.randrange(999), "deep": [{"k": prose.text(4)}]}
                blocks.append(tool("send", value, number))
            case 1:
                inner = [text("high water at noon")]
                blocks.append({"type": "mcp_tool_result", "tool_use_id": "t1", "is_error": False, "content": inner})
            case 2:
                blocks.append(text(prose.text(), citations=[_CHAR_CITATION]))
            case _:
                blocks.append(text(prose.text()))
    answer = Recording(whole(*blocks))
    return Answer(answer.stream(prose.pieces), answer.whole(), prose.planted)


def read_stream(data: bytes) -> dict[str, str]:
    """What a client is shown of a stream: it accumulates blocks as the SDK does."""
    content: list[JsonObject] = []
    for event in payloads(data):
        if event["type"] == "content_block_start":
            content.append(dict(event["content_block"]))
        elif event["type"] == "content_block_delta":
            block, said = content[event["index"]], event["delta"]
            for member in ("text", "thinking"):
                block[member] = block.get(member, "") + said.get(member, "")
            if "partial_json" in said:
                block["written"] = block.get("written", "") + said["partial_json"]
            if "citation" in said:
                block["citations"] = [*(block.get("citations") or ()), said["citation"]]
    return _read(content)


def read_whole(data: bytes) -> dict[str, str]:
    """The same of a whole answer."""
    return _read(json.loads(data)["content"])


def _read(content: Iterable[JsonObject]) -> dict[str, str]:
    """Number the blocks that show something. A stream leaves an empty one where it was stopped, or a cut tool."""
    shown_blocks = [said for block in content if (said := _said(block))]
    return {f"{name}{number}": value for number, said in enumerate(shown_blocks) for name, value in said.items()}


def _said(block: JsonObject) -> dict[str, str]:
    found = {member: block.get(member, "") for member in ("text", "thinking")}
    if block["type"] == "tool_use" and not _is_cut(block):
        value = json.loads(block["written"]) if "written" in block else block["input"]
        found["args"] = json.dumps(value, ensure_ascii=False)
    for at, citation in enumerate(block.get("citations") or ()):
        found[f"cited{at}."] = citation["cited_text"] or ""
    for at, inner in enumerate(block.get("content") or ()):
        found[f"result{at}."] = inner["text"]
    return {name: said for name, said in found.items() if said}


def _is_cut(block: JsonObject) -> bool:
    """Whether a block stopped in its input: nobody runs such a tool, and a whole answer leaves it out."""
    try:
        json.loads(block.get("written", "{}"))
    except ValueError:
        return True
    return False
