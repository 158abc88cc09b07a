"""What the user said, and nobody else, in the requests of every dialect."""

from __future__ import annotations

from typing import Any

import pytest

from proxy.wire.speakers import goes_on_from_elsewhere, typed_texts

CASES: dict[str, Any] = {
    "openai-chat": {
        "messages": [
            {"role": "system", "content": "no"},
            {"role": "user", "content": "one"},
            {"role": "assistant", "content": "no", "tool_calls": [{"function": {"arguments": "no"}}]},
            {"role": "tool", "content": "no"},
            {"role": "user", "content": [{"type": "text", "text": "two"}, {"type": "image_url", "text": "no"}]},
        ],
        "tools": [{"function": {"description": "no"}}],
    },
    "openai-completions": {"prompt": "one", "suffix": "no"},
    "openai-completions, several": {"prompt": ["one", "two", 3], "user": "no"},
    "openai-responses, a text": {"input": "one", "instructions": "no", "prompt": {"id": "no"}},
    "openai-responses": {
        "input": [
            {"role": "developer", "content": "no"},
            {"type": "message", "role": "user", "content": [{"type": "input_text", "text": "one"}]},
            {"type": "function_call_output", "call_id": "c", "output": "no"},
            {"role": "user", "content": "two"},
            {"content": "no"},
        ]
    },
    "anthropic-messages": {
        "system": "no",
        "messages": [
            {"role": "user", "content": "one"},
            {"role": "assistant", "content": [{"type": "text", "text": "no"}]},
            {
                "role": "user",
                "content": [
                    {"type": "tool_result", "tool_use_id": "t", "content": [{"type": "text", "text": "no"}]},
                    {"type": "document", "source": {"type": "text", "data": "no"}},
                    {"type": "text", "text": "two"},
                ],
            },
        ],
    },
    "gemini": {
        "systemInstruction": {"parts": [{"text": "no"}]},
        "contents": [
            {"parts": [{"text": "one"}]},
            {"role": "model", "parts": [{"text": "no"}]},
            {"role": "user", "parts": [{"functionResponse": {"name": "f", "response": {"text": "no"}}}]},
            {"role": "function", "parts": [{"text": "no"}]},
            {"role": "user", "parts": [{"text": "two"}]},
        ],
    },
    "gemini, one content": {"contents": {"role": "user", "parts": [{"text": "one"}]}},
    "ollama, generate": {"prompt": "one", "system": "no", "template": "no", "context": [1, 2]},
    "described: TGI": {"inputs": "one", "parameters": {"stop": ["no"]}},
    "nothing that is known": {"question": "no", "messages": "no", "contents": [1, None], "input": 7},
}


@pytest.mark.parametrize("name", CASES)
def test_only_the_user_is_heard(name: str) -> None:
    """In the order of the request."""
    said = list(typed_texts(CASES[name]))
    assert said in ([], ["one"], ["one", "two"])
    assert bool(said) is (name != "nothing that is known")
    assert ("two" in said) is ("'two'" in repr(CASES[name]))


def test_what_is_not_as_it_should_be_is_not_heard() -> None:
    """Upstream will say what it thinks of it."""
    for wrong in ([], {}, ["text"], 7, None):
        part = {"type": wrong, "text": "no"}
        asked = {"messages": [{"role": wrong, "content": "no"}, {"role": "user", "content": [part, "one"]}]}
        assert list(typed_texts(asked)) == (["one", "no"] if wrong is None else ["one"])


def test_what_a_provider_remembers() -> None:
    """A request that says all itself goes on from nowhere."""
    assert not any(goes_on_from_elsewhere(payload) for payload in CASES.values() if "context" not in payload)
    for member, value in {"previous_response_id": "r", "conversation": {"id": "c"}, "context": [1]}.items():
        assert goes_on_from_elsewhere({"input": "x", member: value})
        assert not goes_on_from_elsewhere({"input": "x", member: None})
