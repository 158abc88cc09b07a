"""The dialect `gemini`: generateContent and streamGenerateContent of the Gemini API and of Vertex AI.

Tables of fields, routes and the error envelope; the parts of a content are in `gemini_fields`, how an answer ends
early in `gemini_endings`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from detectors.types import ChannelKind
from proxy.wire.array_framing import ArrayFraming
from proxy.wire.body import BodyCodec
from proxy.wire.fields import (
    BAG,
    ID,
    NUMBER,
    OPAQUE,
    PARAMETER,
    Dictionary,
    Each,
    Either,
    Numbering,
    Obj,
    Within,
    constant,
    numbers,
)
from proxy.wire.framing import SseFraming
from proxy.wire.gemini_endings import GeminiBodyEnding, GeminiStreamEnding, error_object
from proxy.wire.gemini_fields import (
    CANDIDATE,
    HARM_CATEGORY,
    HARM_THRESHOLD,
    RATINGS,
    content,
    obj,
    spelled,
    words,
)
from proxy.wire.jsontext import Json, dumps
from proxy.wire.recurring import RecurringFrames
from proxy.wire.stream import StreamCodec
from proxy.wire.types import DEFAULT_MAX_BODY_BYTES, DEFAULT_MAX_FRAME_BYTES, Codec, Form, Route

if TYPE_CHECKING:
    from proxy.wire.framing import Framing

_MODELS: Final = (
    "/v1beta/models/{model}",
    "/v1/models/{model}",
    "/v1alpha/models/{model}",
    "/v1beta/tunedModels/{model}",
    "/v1/tunedModels/{model}",
)
_VERTEX: Final = (
    "publishers/{publisher}/models/{model}",
    "projects/{project}/locations/{location}/publishers/{publisher}/models/{model}",
    "projects/{project}/locations/{location}/endpoints/{model}",
)
_VERTEX_VERSIONS: Final = ("/v1", "/v1beta1")
_STREAM_METHOD: Final = ":streamGenerateContent"


def _routes() -> tuple[Route, ...]:
    models = [*_MODELS, *(f"{version}/{place}" for version in _VERTEX_VERSIONS for place in _VERTEX)]
    methods = (":generateContent", _STREAM_METHOD)
    return tuple(Route("POST", model + method) for model in models for method in methods)


# --- Responses

_MODALITIES = Each(
    obj({"modality": words("", "MODALITY_UNSPECIFIED TEXT IMAGE VIDEO AUDIO DOCUMENT"), "tokenCount": NUMBER})
)

_USAGE = obj(
    {
        **numbers(
            "promptTokenCount",
            "cachedContentTokenCount",
            "candidatesTokenCount",
            "initialPromptTokenCount",
            "toolUsePromptTokenCount",
            "thoughtsTokenCount",
            "totalTokenCount",
        ),
        "promptTokensDetails": _MODALITIES,
        "cacheTokensDetails": _MODALITIES,
        "candidatesTokensDetails": _MODALITIES,
        "toolUsePromptTokensDetails": _MODALITIES,
        "trafficType": words(
            "",
            "TRAFFIC_TYPE_UNSPECIFIED ON_DEMAND ON_DEMAND_PRIORITY ON_DEMAND_FLEX ON_DEMAND_OFFPEAK"
            " PROVISIONED_THROUGHPUT",
        ),
    }
)

ERROR = Either(
    text=constant(),
    members=Obj({"code": NUMBER, "message": constant(), "status": ID, "details": BAG, "errors": BAG}),
)


def response(within: Within) -> Obj:
    """Return the table of a response, or of one element of a stream."""
    candidate = Obj({**spelled(CANDIDATE), "content": content(within)})
    return obj(
        {
            "candidates": Each(candidate, Numbering.CHOICE),
            "promptFeedback": obj(
                {
                    "blockReason": words(
                        "",
                        "BLOCKED_REASON_UNSPECIFIED BLOCK_REASON_UNSPECIFIED SAFETY OTHER BLOCKLIST"
                        " PROHIBITED_CONTENT IMAGE_SAFETY MODEL_ARMOR JAILBREAK",
                    ),
                    "blockReasonMessage": constant(),
                    "safetyRatings": RATINGS,
                }
            ),
            "usageMetadata": _USAGE,
            "modelVersion": ID,
            "responseId": ID,
            "createTime": ID,
            "modelStatus": obj(
                {
                    "message": constant(),
                    "modelStage": words(
                        "",
                        "MODEL_STAGE_UNSPECIFIED UNSTABLE_EXPERIMENTAL EXPERIMENTAL PREVIEW STABLE LEGACY"
                        " DEPRECATED RETIRED",
                    ),
                    "retirementTime": ID,
                }
            ),
            "error": ERROR,
        }
    )


STREAM = response(Within.DELTA)
_RESPONSE = response(Within.MESSAGE)
BODY = Either(text=constant(), items=Each(_RESPONSE), members=_RESPONSE)
"""An error of a stream without `alt=sse` is a list that holds the error object."""


# --- Requests

_DECLARATION = obj(
    {
        "name": constant(ChannelKind.TOOL_NAME),
        "description": constant(),
        "parameters": BAG,
        "response": BAG,
        "parametersJsonSchema": BAG,
        "responseJsonSchema": BAG,
        "behavior": words("", "UNSPECIFIED BLOCKING NON_BLOCKING"),
    }
)

_TOOL = obj(
    {
        "functionDeclarations": Each(_DECLARATION),
        **dict.fromkeys(
            (
                "googleSearch",
                "googleSearchRetrieval",
                "googleMaps",
                "urlContext",
                "codeExecution",
                "computerUse",
                "enterpriseWebSearch",
                "fileSearch",
                "retrieval",
                "parallelAiSearch",
                "exaAiSearch",
                "mcpServers",
            ),
            BAG,
        ),
    }
)

_GENERATION = obj(
    {
        **numbers(
            "audioTimestamp",
            "candidateCount",
            "enableAffectiveDialog",
            "enableEnhancedCivicAnswers",
            "frequencyPenalty",
            "logprobs",
            "maxOutputTokens",
            "presencePenalty",
            "responseLogprobs",
            "seed",
            "temperature",
            "topK",
            "topP",
        ),
        "stopSequences": Each(constant()),
        "responseMimeType": PARAMETER,
        "responseSchema": BAG,
        "responseJsonSchema": BAG,
        "_responseJsonSchema": BAG,
        "responseModalities": Each(PARAMETER),
        "mediaResolution": PARAMETER,
        "speechConfig": BAG,
        "thinkingConfig": obj({**numbers("includeThoughts", "thinkingBudget"), "thinkingLevel": PARAMETER}),
        "imageConfig": BAG,
        "routingConfig": BAG,
        "modelSelectionConfig": BAG,
        "audioTranscriptionConfig": BAG,
        "outputConfig": BAG,
    }
)

_FUNCTION_CALLING = obj(
    {
        "mode": PARAMETER,
        "allowedFunctionNames": Each(constant(ChannelKind.TOOL_NAME)),
        "streamFunctionCallArguments": NUMBER,
    }
)

_CONTENT = content(Within.MESSAGE)

REQUEST = obj(
    {
        "contents": Either(text=constant(), items=Each(_CONTENT, Numbering.CHOICE), members=_CONTENT),
        "systemInstruction": Either(text=constant(), members=content(Within.MESSAGE, "system")),
        "tools": Either(text=constant(), items=Each(_TOOL), members=_TOOL),
        "toolConfig": obj(
            {
                "functionCallingConfig": _FUNCTION_CALLING,
                "retrievalConfig": BAG,
                "includeServerSideToolInvocations": NUMBER,
            }
        ),
        "safetySettings": Each(
            obj({"category": HARM_CATEGORY, "threshold": HARM_THRESHOLD, "method": PARAMETER}),
        ),
        "generationConfig": _GENERATION,
        "cachedContent": PARAMETER,
        "continuationToken": OPAQUE,
        "labels": Dictionary(constant()),
        "model": PARAMETER,
        "modelArmorConfig": obj({"promptTemplateName": PARAMETER, "responseTemplateName": PARAMETER}),
        "serviceTier": PARAMETER,
        "store": NUMBER,
    }
)


class GeminiDialect:
    """Gemini's dialect."""

    name = "gemini"
    routes = _routes()
    stream_forms = (Form.EVENTS, Form.ARRAY)

    def wants_stream(self, payload: Json, target: str) -> bool:
        """Whether a parsed request asks for a streamed response: the path says it."""
        del payload
        return target.partition("?")[0].endswith(_STREAM_METHOD)

    def request_codec(self, max_body_bytes: int = DEFAULT_MAX_BODY_BYTES) -> Codec:
        """Return a codec for one request body."""
        return BodyCodec(REQUEST, max_body_bytes)

    def stream_codec(self, max_frame_bytes: int = DEFAULT_MAX_FRAME_BYTES, form: Form | None = None) -> Codec:
        """Return a codec for one streamed response: events, or the elements of an array."""
        framing: Framing = SseFraming(max_frame_bytes, terminator=None)
        if form is Form.ARRAY:
            framing = ArrayFraming(max_frame_bytes)
        recurring = _RECURRING[framing.form]
        return StreamCodec(STREAM, GeminiStreamEnding(), framing, max_frame_bytes, recurring=recurring)

    def body_codec(self, max_body_bytes: int = DEFAULT_MAX_BODY_BYTES) -> Codec:
        """Return a codec for one whole response body."""
        return BodyCodec(BODY, max_body_bytes, ending=GeminiBodyEnding(), takes_lists=True)

    def error_body(self, status: int, code: str, message: str) -> bytes:
        """Return the error envelope, so that the SDK raises its `ClientError` or `ServerError` with our message."""
        return dumps(error_object(status, code, message))


_RECURRING = {form: RecurringFrames(STREAM) for form in GeminiDialect.stream_forms}
GEMINI = GeminiDialect()
