"""Answers of Gemini as its servers write them: chunks, whole bodies, and recordings of every kind of answer."""

from __future__ import annotations

import base64
import json
from typing import TYPE_CHECKING, Any

from tests.support.dialect_case import Answer
from tests.support.model import Script

if TYPE_CHECKING:
    from collections.abc import Iterable

    from tests.support.dialect_case import Prose

JsonObject = dict[str, Any]

SIGNATURE = base64.b64encode(bytes(range(128, 200))).decode()
"""Base64 of bytes that are no text, as thought signatures are."""

USAGE = {
    "promptTokenCount": 8,
    "candidatesTokenCount": 6,
    "totalTokenCount": 14,
    "promptTokensDetails": [{"modality": "TEXT", "tokenCount": 8}],
    "thoughtsTokenCount": 21,
}


def chunk(*parts: JsonObject, index: int = 0, finish: str | None = None, **more: Any) -> JsonObject:
    """Return one element of a stream, or a whole answer, with one candidate."""
    said: JsonObject = {"content": {"parts": list(parts), "role": "model"}} if parts else {}
    reason = {} if finish is None else {"finishReason": finish}
    return around({**said, **reason, "index": index, **more})


def around(*candidates: JsonObject) -> JsonObject:
    """Return an element with these candidates."""
    names = {"modelVersion": "gemini-2.5-flash", "responseId": "mAIkaZ6RMY2Knvg"}
    return {"candidates": list(candidates), "usageMetadata": USAGE, **names}


def text(said: str) -> JsonObject:
    """Return a part that says something."""
    return {"text": said}


def thought(said: str) -> JsonObject:
    """Return a part of the summary of thoughts."""
    return {"text": said, "thought": True}


def call(name: str, args: JsonObject, **more: Any) -> JsonObject:
    """Return a part that calls a function."""
    return {"functionCall": {"name": name, "args": args}, **more}


def code(source: str) -> JsonObject:
    """Return a part with code that the model runs."""
    return {"executableCode": {"language": "PYTHON", "code": source}}


def ran(output: str) -> JsonObject:
    """Return a part with what the code printed."""
    return {"codeExecutionResult": {"outcome": "OUTCOME_OK", "output": output}}


def partial(value: str | None = None, path: str = "$.to", *, more: bool = True, **call: Any) -> JsonObject:
    """Return a part of a call whose arguments are streamed (Vertex AI)."""
    piece = (
        {} if value is None else {"partialArgs": [{"jsonPath": path, "stringValue": value, "willContinue": more}]}
    )
    return {"functionCall": {**call, **piece, **({"willContinue": True} if more else {})}}


def says(pieces: Iterable[str], *, index: int = 0, finish: str = "STOP") -> list[JsonObject]:
    """Return the elements of a candidate that says the pieces; the last one finishes."""
    elements = [chunk(text(piece), index=index) for piece in pieces]
    return [*elements[:-1], finished(elements[-1], finish)]


def finished(element: JsonObject, reason: str = "STOP", **more: Any) -> JsonObject:
    """Return an element as the last one of its candidate."""
    candidate = element["candidates"][0]
    return {**element, "candidates": [{**candidate, "finishReason": reason, **more}]}


def events(elements: Iterable[JsonObject]) -> bytes:
    """Return a stream of `alt=sse`, as Google writes it."""
    return b"".join(b"data: " + json.dumps(one, ensure_ascii=False).encode() + b"\r\n\r\n" for one in elements)


def array(elements: Iterable[JsonObject], indent: int | None = 2, between: str = "\n,\r\n") -> bytes:
    """Return a stream without `alt=sse`, as Google writes it."""
    return f"[{between.join(json.dumps(one, ensure_ascii=False, indent=indent) for one in elements)}\n]\n".encode()


def read(data: bytes) -> list[JsonObject]:
    """Read a stream of either layout, or a whole answer, by the simplest means."""
    if data.lstrip()[:1] in {b"[", b"{"}:
        value = json.loads(data)
        return value if isinstance(value, list) else [value]
    lines = data.replace(b"\r\n", b"\n").replace(b"\r", b"\n").split(b"\n")
    return [json.loads(line[5:]) for line in lines if line.startswith(b"data:")]


def script(elements: list[Any], *, as_array: bool = False) -> Script:
    """Return the script that streams the elements, or sends what they add up to."""
    objects = [one for one in elements if isinstance(one, dict)]
    whole = whole_of(objects)
    if as_array:
        return Script((array(objects),), whole, ends_with_done=False, media_type="application/json")
    sent = tuple(events([one]) if isinstance(one, dict) else one for one in elements)
    return Script(sent, whole, ends_with_done=False)


def whole_of(elements: list[JsonObject]) -> JsonObject:
    """Return the whole answer that the elements of a stream add up to."""
    candidates: dict[int, JsonObject] = {}
    whole: JsonObject = {}
    for element in elements:
        whole.update({key: value for key, value in element.items() if key != "candidates"})
        for position, one in enumerate(element.get("candidates", ())):
            index = one.get("index", position)
            known = candidates.setdefault(index, {})
            parts = known.get("content", {}).get("parts", [])
            known.update({key: _more(known, key, value) for key, value in one.items() if key != "content"})
            parts = _joined([*parts, *one.get("content", {}).get("parts", [])])
            if parts:
                candidates[index] = {"content": {"parts": parts, "role": "model"}, **known}
                candidates[index]["content"] = {"parts": parts, "role": "model"}
    return {"candidates": [candidates[index] for index in sorted(candidates)], **whole} if candidates else whole


def _more(known: JsonObject, key: str, value: Any) -> Any:
    """Return a member of a candidate together with what was known of it: log-probabilities add up."""
    if key != "logprobsResult":
        return value
    before = known.get(key, {})
    return {name: before[name] + added if name in before else added for name, added in value.items()}


def _joined(parts: list[JsonObject]) -> list[JsonObject]:
    """Return parts with texts that follow one another as one."""
    joined: list[JsonObject] = []
    for part in parts:
        plain = part.keys() <= {"text", "thought"}
        if joined and plain and joined[-1].keys() == part.keys():
            joined[-1] = {**part, "text": joined[-1]["text"] + part["text"]}
        else:
            joined.append(part)
    return joined


def shown(data: bytes) -> dict[str, str]:
    """Return what a client reads, of a stream or of a whole answer: no empty texts."""
    found: dict[str, str] = {}
    for element in read(data):
        for position, candidate in enumerate(element.get("candidates", ())):
            index = candidate.get("index", position)
            for part in candidate.get("content", {}).get("parts", ()):
                _show(part, str(index), found)
    return {name: value for name, value in found.items() if value}


def _show(part: JsonObject, index: str, found: dict[str, str]) -> None:
    if "text" in part:
        name = f"{'thought' if part.get('thought') else 'text'}{index}"
        found[name] = found.get(name, "") + part["text"]
    if "functionCall" in part:
        number = sum(name.startswith(f"args{index}.") for name in found)
        found[f"name{index}.{number}"] = part["functionCall"]["name"]
        found[f"args{index}.{number}"] = json.dumps(part["functionCall"]["args"])
    for kind, member in (("executableCode", "code"), ("codeExecutionResult", "output")):
        if kind in part:
            number = sum(name.startswith(f"{kind}{index}.") for name in found)
            found[f"{kind}{index}.{number}"] = part[kind][member]


def answer(prose: Prose) -> Answer:
    """Make an answer: thoughts, texts, calls and code in any order, of one candidate or two."""
    chance = prose.chance
    elements: list[JsonObject] = []
    for index in range(chance.choice([1, 1, 2])):
        parts: list[JsonObject] = []
        for _ in range(chance.randrange(1, 5)):
            parts += _some_parts(prose)
        parts.append(text(""))
        while parts:
            size = chance.choice([1, 1, 1, 2, 3])
            elements.append(chunk(*parts[:size], index=index))
            parts = parts[size:]
        elements[-1] = finished(elements[-1])
    whole = json.dumps(whole_of(elements), indent=chance.choice([None, 2])).encode()
    return Answer(_stream(prose, elements), whole, prose.planted)


def _some_parts(prose: Prose) -> list[JsonObject]:
    chance = prose.chance
    kind = chance.choice(["text", "text", "thought", "call", "code"])
    if kind in {"text", "thought"}:
        make = text if kind == "text" else thought
        return [make(piece) for piece in prose.pieces(prose.text())]
    if kind == "call":
        return [
            call("send", {"to": prose.text(5), "n": chance.randrange(99), "more": [{"k": prose.text(3)}, None]})
        ]
    return [code(f"print('{prose.text(3)}')"), ran(prose.text(3))]


def _stream(prose: Prose, elements: list[JsonObject]) -> bytes:
    chance = prose.chance
    if chance.random() < 0.5:
        return array(elements, chance.choice([None, 2]), chance.choice(["\n,\r\n", ",", ",\n"]))
    end = chance.choice(["\n", "\r\n"])
    is_ascii = chance.random() < 0.5
    return "".join(f"data: {json.dumps(one, ensure_ascii=is_ascii)}{end}{end}" for one in elements).encode()


_GROUNDING = {
    "searchEntryPoint": {"renderedContent": '<style>.c{color:#fff}</style>\n<a class="c">tides &amp; moon</a>'},
    "webSearchQueries": ["why are there tides"],
    "groundingChunks": [
        {"web": {"uri": "https://a.example/r/AUZIYQ", "title": "a.example", "domain": "a.example"}}
    ],
    "groundingSupports": [
        {
            "segment": {"startIndex": 0, "endIndex": 9, "text": "The moon."},
            "groundingChunkIndices": [0, 2],
            "confidenceScores": [0.9, 0.25],
        }
    ],
    "retrievalMetadata": {"googleSearchDynamicRetrievalScore": 0.5},
}


def probable(token: str, other: str) -> JsonObject:
    """Return an element that says a token, with its log-probability and that of another."""
    result = {
        "chosenCandidates": [{"token": token, "tokenId": 651, "logProbability": -0.1}],
        "topCandidates": [{"candidates": [{"token": other, "tokenId": 235, "logProbability": -2.5}]}],
    }
    return chunk(text(token), logprobsResult=result, avgLogprobs=-0.1)


RECORDINGS: dict[str, list[JsonObject]] = {
    "text": says(["The", " sky is", " blue", "."]),
    "finish reason in every chunk": [finished(one) for one in says(["The ", "sky."])],
    "thoughts": [
        chunk(thought("**Why blue**\n\n")),
        chunk(thought("Light scatters.")),
        chunk(text("Because ")),
        chunk(text("of Rayleigh."), finish="STOP"),
    ],
    "signed text": [
        chunk(text("Light scatters.")),
        chunk({"text": "", "thoughtSignature": SIGNATURE}, finish="STOP"),
    ],
    "calls": [
        chunk(text("I look.")),
        chunk(call("get_weather", {"city": "Tōkyō", "days": 2}, thoughtSignature=SIGNATURE), call("get_time", {})),
        chunk(text(""), finish="STOP"),
    ],
    "code": [
        chunk(text("I compute. ")),
        chunk(code("print(6 * 7)\n")),
        chunk(ran("42\n")),
        chunk(text("It is 42."), finish="STOP"),
    ],
    "two candidates": [
        around(
            {"content": {"parts": [text("One ")], "role": "model"}}, chunk(text("Two "), index=1)["candidates"][0]
        ),
        chunk(text("a"), index=1, finish="STOP"),
        chunk(text("b"), finish="STOP"),
    ],
    "grounding": [chunk(text("The moon.")), chunk(text(""), finish="STOP", groundingMetadata=_GROUNDING)],
    "citations": [
        chunk(
            text("To be"),
            finish="STOP",
            citationMetadata={
                "citationSources": [
                    {"startIndex": 0, "endIndex": 5, "uri": "https://b.example/h", "license": "mit"}
                ]
            },
        )
    ],
    "url context": [
        chunk(
            text("Read."),
            finish="STOP",
            urlContextMetadata={
                "urlMetadata": [
                    {
                        "retrievedUrl": "https://c.example/",
                        "urlRetrievalStatus": "URL_RETRIEVAL_STATUS_SUCCESS",
                    }
                ]
            },
        )
    ],
    "log-probabilities": [probable("The ", "A "), finished(probable("sky", "sea"))],
    "picture": [
        chunk({"inlineData": {"mimeType": "image/png", "data": SIGNATURE}}),
        chunk(text(""), finish="STOP"),
    ],
    "filtered": [
        chunk(text("No")),
        chunk(
            finish="SAFETY",
            safetyRatings=[{"category": "HARM_CATEGORY_HARASSMENT", "probability": "HIGH", "blocked": True}],
        ),
    ],
    "prompt refused": [{"promptFeedback": {"blockReason": "PROHIBITED_CONTENT"}, "usageMetadata": USAGE}],
}
"""Whole conversations, element by element."""
