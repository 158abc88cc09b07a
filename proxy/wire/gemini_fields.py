"""Fields of Gemini's contents and of what surrounds them, in requests and responses, under both their spellings.

Checked against the types of google-genai 3.6. JSON on Google's wire is camelCase; its readers take snake_case too.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from detectors.types import ChannelKind
from proxy.wire.fields import (
    BAG,
    HTML,
    ID,
    NUMBER,
    OPAQUE,
    Each,
    Either,
    Logprobs,
    Node,
    Numbering,
    Obj,
    Series,
    Tagged,
    Within,
    constant,
    data,
    enum,
    numbers,
    text,
)
from proxy.wire.types import SIGNATURE_MEMBERS

if TYPE_CHECKING:
    from collections.abc import Mapping

ANNOTATION = constant(ChannelKind.ANNOTATION)

_CAPITAL = re.compile(r"(?<=[a-z0-9])[A-Z]")
_GOES_ON = ("willContinue", "will_continue")
_TOOL_NAME = constant(ChannelKind.TOOL_NAME)


def snake(name: str) -> str:
    """Return a camelCase name in snake_case."""
    return _CAPITAL.sub(lambda capital: "_" + capital[0].lower(), name)


def obj(members: Mapping[str, Node]) -> Obj:
    """Return an object whose members have both spellings."""
    return Obj(spelled(members))


def spelled(members: Mapping[str, Node]) -> dict[str, Node]:
    """Return members under both spellings."""
    return {**members, **{snake(name): node for name, node in members.items()}}


def words(prefix: str, names: str) -> Node:
    """Return a place for one of the `names`, which stand with blanks between them, each after `prefix`."""
    return enum(*(prefix + name for name in names.split()))


# --- Parts of a content

_RESOLUTION = words("MEDIA_RESOLUTION_", "UNSPECIFIED LOW MEDIUM HIGH ULTRA_HIGH")
_LAYERS = Each(
    words("", "CONTENT_LAYER_UNSPECIFIED FRAMES AUDIO TRANSCRIPT PAGE_IMAGE PAGE_TEXT DATA FORMULAS VISUAL")
)
_OFFSETS: dict[str, Node] = {"startOffset": ID, "endOffset": ID}

_BLOB = obj({"data": OPAQUE, "mimeType": ID, "displayName": ANNOTATION})
_FILE = obj({"fileUri": ANNOTATION, "mimeType": ID, "displayName": ANNOTATION})

_MEDIA: dict[str, Node] = {
    "inlineData": _BLOB,
    "fileData": _FILE,
    "mediaResolution": Either(text=_RESOLUTION, members=obj({"level": _RESOLUTION, "numTokens": NUMBER})),
    "mediaProcessing": words("", "MEDIA_PROCESSING_UNSPECIFIED STATIC AGENTIC"),
    "videoMetadata": obj({**_OFFSETS, "fps": NUMBER, "contentLayers": _LAYERS}),
    "documentMetadata": obj({**numbers("startPage", "endPage"), "contentLayers": _LAYERS}),
    "spreadsheetMetadata": obj({"visibleCells": constant(), "sheetIndex": NUMBER, "contentLayers": _LAYERS}),
    "audioMetadata": obj(_OFFSETS),
}
"""Of a part, and of a part of a function's response."""

_PARTIAL_ARG = Obj(
    spelled(
        {
            "jsonPath": constant(ChannelKind.TOOL_ARGUMENTS),
            "stringValue": text(ChannelKind.TOOL_ARGUMENTS),
            "numberValue": BAG,
            "boolValue": NUMBER,
            "nullValue": enum("NULL_VALUE"),
            "willContinue": NUMBER,
        }
    ),
    numbers={"json_path": Numbering.NAME, "jsonPath": Numbering.NAME},
)
"""A piece of one value in the arguments of a call: the value is a text of its own, named by its JSON path."""


def _series(text_name: str | None, kind: ChannelKind = ChannelKind.TOOL_ARGUMENTS) -> Series:
    return Series(text_name or "call", kind, text_name, _GOES_ON)


_FUNCTION_CALL = Obj(
    spelled(
        {
            "id": ID,
            "name": _TOOL_NAME,
            "args": data(),
            "partialArgs": Each(_PARTIAL_ARG, Numbering.FLOW),
            "willContinue": NUMBER,
        }
    ),
    series=_series(None),
)

_FUNCTION_RESPONSE = Obj(
    spelled(
        {
            "id": ID,
            "name": _TOOL_NAME,
            "response": data(name="response"),
            "parts": Each(obj(_MEDIA)),
            "scheduling": words("", "SCHEDULING_UNSPECIFIED SILENT WHEN_IDLE INTERRUPT"),
            "willContinue": NUMBER,
        }
    ),
    series=_series("response"),
)

_TOOL_TYPE = words(
    "",
    "TOOL_TYPE_UNSPECIFIED GOOGLE_SEARCH_WEB GOOGLE_SEARCH_IMAGE URL_CONTEXT GOOGLE_MAPS FILE_SEARCH"
    " MEDIA_PROCESSING",
)

_TRANSCRIPTION = Obj(
    spelled(
        {
            **_OFFSETS,
            "text": text(name="transcription"),
            "finished": NUMBER,
            "languageCode": ID,
            "speakerLabel": constant(),
            "words": BAG,
        }
    ),
    vouchers=("words",),
)

_PART: dict[str, Node] = {
    **_MEDIA,
    "thought": NUMBER,
    "thoughtSignature": OPAQUE,
    "functionCall": _FUNCTION_CALL,
    "functionResponse": _FUNCTION_RESPONSE,
    "executableCode": Obj(
        spelled(
            {
                "code": text(ChannelKind.TOOL_ARGUMENTS, "$code"),
                "language": words("", "LANGUAGE_UNSPECIFIED PYTHON"),
                "id": ID,
            }
        ),
        series=_series("$code"),
    ),
    "codeExecutionResult": Obj(
        spelled(
            {
                "output": text(ChannelKind.OTHER, "output"),
                "outcome": words("OUTCOME_", "UNSPECIFIED OK FAILED DEADLINE_EXCEEDED"),
                "id": ID,
            }
        ),
        series=_series("output", ChannelKind.OTHER),
    ),
    "toolCall": Obj(
        spelled({"id": ID, "toolType": _TOOL_TYPE, "args": data(name="tool_call")}), series=_series("tool_call")
    ),
    "toolResponse": Obj(
        spelled({"id": ID, "toolType": _TOOL_TYPE, "response": data(name="tool_response")}),
        series=_series("tool_response"),
    ),
    "partMetadata": BAG,
    "audioTranscription": _TRANSCRIPTION,
    "speechMetadata": obj({"speaker": constant(), "style": constant()}),
}

_THOUGHTS = Series("thoughts", ChannelKind.REASONING, stays_open=True)
_NO_THOUGHT = Series("thoughts", ChannelKind.REASONING, closes=True)


def content(within: Within = Within.SAME, name: str = "") -> Obj:
    """Return a content: a role and parts, whose texts are one text. `name` tells that text from others."""
    part = Tagged(
        "thought",
        {
            True: Obj(
                spelled({"text": text(ChannelKind.REASONING, name), **_PART}),
                series=_THOUGHTS,
                vouchers=SIGNATURE_MEMBERS,
            )
        },
        Obj(spelled({"text": text(name=name), **_PART}), series=_NO_THOUGHT, vouchers=SIGNATURE_MEMBERS),
    )
    parts = Either(text=text(name=name), items=Each(part, Numbering.FLOW), members=part)
    return Obj({"role": words("", "user model function system"), "parts": parts}, within)


# --- What a candidate says about its content

_CITATIONS = Each(
    obj(
        {
            **numbers("startIndex", "endIndex"),
            "uri": ANNOTATION,
            "title": ANNOTATION,
            "license": ANNOTATION,
            "publicationDate": obj(numbers("year", "month", "day")),
        }
    )
)

_REVIEW = obj(
    {
        "authorAttribution": obj({"displayName": ANNOTATION, "photoUri": ANNOTATION, "uri": ANNOTATION}),
        "flagContentUri": ANNOTATION,
        "googleMapsUri": ANNOTATION,
        "relativePublishTimeDescription": ANNOTATION,
        "review": ANNOTATION,
        "reviewId": ID,
        "title": ANNOTATION,
    }
)

_CHUNK = obj(
    {
        "web": obj({"uri": ANNOTATION, "title": ANNOTATION, "domain": ANNOTATION}),
        "image": obj({"sourceUri": ANNOTATION, "imageUri": ANNOTATION, "title": ANNOTATION, "domain": ANNOTATION}),
        "maps": obj(
            {
                "uri": ANNOTATION,
                "title": ANNOTATION,
                "text": ANNOTATION,
                "placeId": ID,
                "placeAnswerSources": obj(
                    {
                        "flagContentUri": ANNOTATION,
                        "reviewSnippet": Each(_REVIEW),
                        "reviewSnippets": Each(_REVIEW),
                    }
                ),
                "route": obj({"distanceMeters": NUMBER, "duration": ID, "encodedPolyline": ANNOTATION}),
            }
        ),
        "retrievedContext": obj(
            {
                "uri": ANNOTATION,
                "title": ANNOTATION,
                "text": ANNOTATION,
                "documentName": ANNOTATION,
                "fileSearchStore": ANNOTATION,
                "mediaId": ID,
                "pageNumber": NUMBER,
                "ragChunk": obj(
                    {
                        "text": ANNOTATION,
                        "chunkId": ID,
                        "fileId": ID,
                        "pageSpan": obj(numbers("firstPage", "lastPage")),
                    }
                ),
                "customMetadata": Each(
                    obj(
                        {
                            "key": ANNOTATION,
                            "stringValue": ANNOTATION,
                            "numericValue": BAG,
                            "stringListValue": obj({"values": Each(ANNOTATION)}),
                        }
                    )
                ),
            }
        ),
    }
)

_SUPPORT = obj(
    {
        "segment": obj({**numbers("startIndex", "endIndex", "partIndex"), "text": ANNOTATION}),
        "groundingChunkIndices": BAG,
        "confidenceScores": BAG,
        "renderedParts": BAG,
    }
)

_GROUNDING = obj(
    {
        "webSearchQueries": Each(ANNOTATION),
        "imageSearchQueries": Each(ANNOTATION),
        "retrievalQueries": Each(ANNOTATION),
        "searchEntryPoint": obj({"renderedContent": HTML, "sdkBlob": OPAQUE}),
        "groundingChunks": Each(_CHUNK),
        "groundingSupports": Each(_SUPPORT),
        "retrievalMetadata": obj(numbers("googleSearchDynamicRetrievalScore")),
        "googleMapsWidgetContextToken": OPAQUE,
        "sourceFlaggingUris": Each(obj({"flagContentUri": ANNOTATION, "sourceId": ID})),
    }
)

HARM_CATEGORY = words(
    "HARM_CATEGORY_",
    "UNSPECIFIED HARASSMENT HATE_SPEECH SEXUALLY_EXPLICIT DANGEROUS_CONTENT CIVIC_INTEGRITY JAILBREAK IMAGE_HATE"
    " IMAGE_DANGEROUS_CONTENT IMAGE_HARASSMENT IMAGE_SEXUALLY_EXPLICIT",
)
HARM_THRESHOLD = words(
    "", "HARM_BLOCK_THRESHOLD_UNSPECIFIED BLOCK_LOW_AND_ABOVE BLOCK_MEDIUM_AND_ABOVE BLOCK_ONLY_HIGH BLOCK_NONE OFF"
)

RATINGS = Each(
    obj(
        {
            "category": HARM_CATEGORY,
            "probability": words("", "HARM_PROBABILITY_UNSPECIFIED NEGLIGIBLE LOW MEDIUM HIGH"),
            "severity": words("HARM_SEVERITY_", "UNSPECIFIED NEGLIGIBLE LOW MEDIUM HIGH"),
            "overwrittenThreshold": HARM_THRESHOLD,
            **numbers("blocked", "probabilityScore", "severityScore"),
        }
    )
)

CANDIDATE: dict[str, Node] = {
    "index": NUMBER,
    "finishReason": words(
        "",
        "FINISH_REASON_UNSPECIFIED STOP MAX_TOKENS SAFETY RECITATION LANGUAGE OTHER BLOCKLIST PROHIBITED_CONTENT"
        " SPII MALFORMED_FUNCTION_CALL IMAGE_SAFETY IMAGE_PROHIBITED_CONTENT IMAGE_OTHER NO_IMAGE IMAGE_RECITATION"
        " UNEXPECTED_TOOL_CALL TOO_MANY_TOOL_CALLS MISSING_THOUGHT_SIGNATURE MALFORMED_RESPONSE ESCALATION"
        " PUP_LIMITED_DISABLED CONTINUATION MODEL_ARMOR",
    ),
    "finishMessage": constant(),
    **numbers("tokenCount", "avgLogprobs"),
    "safetyRatings": RATINGS,
    "citationMetadata": obj({"citations": _CITATIONS, "citationSources": _CITATIONS}),
    "groundingMetadata": _GROUNDING,
    "urlContextMetadata": obj(
        {
            "urlMetadata": Each(
                obj(
                    {
                        "retrievedUrl": ANNOTATION,
                        "urlRetrievalStatus": words(
                            "URL_RETRIEVAL_STATUS_", "UNSPECIFIED SUCCESS ERROR PAYWALL UNSAFE"
                        ),
                    }
                )
            )
        }
    ),
    "logprobsResult": Logprobs(is_chosen=True),
    "continuationToken": OPAQUE,
}
"""Of a candidate, beside its content."""
