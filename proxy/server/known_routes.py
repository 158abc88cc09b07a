"""What is known of paths that no dialect speaks: the few that pass, and those that are refused for a reason.

A path that is in neither list is refused too. The lists exist so that a refusal can say why, and how to open it.
`docs/routes.md` shows them.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from proxy.server.paths import PathPattern, path_pattern
from proxy.wire.types import Route

if TYPE_CHECKING:
    from collections.abc import Container

SAFE_ROUTES: Final = (
    Route("GET", "/v1/models"),
    Route("GET", "/v1/models/{model}"),
    Route("GET", "/models"),
    Route("GET", "/openai/v1/models"),
    Route("GET", "/openai/models"),
    Route("GET", "/v1beta/models"),
    Route("GET", "/v1beta/models/{model}"),
    Route("GET", "/api/tags"),
    Route("GET", "/api/version"),
    Route("GET", "/api/ps"),
)
"""Routes that generate nothing and pass: their JSON is checked for form and size only.

They name models, sizes and dates. Not among them: Ollama's `/api/show`, which shows a model's system prompt."""

OPEN_METHODS: Final = ("GET", "POST", "DELETE")
"""What a path answers that the configuration passes unread."""


@dataclass(frozen=True, slots=True)
class Refusal:
    """A path that is refused, and why."""

    path: str
    why: str
    dialect: str = ""
    """The dialect that can guard it, where one can."""

    def opening_lines(self, dialects: Container[str]) -> list[str]:
        """Return the lines of configuration that open it, the safer one first. `dialects`: those there are."""
        lines = []
        if self.dialect in dialects:
            route_id = self.path.strip("/*").replace("/", "-").replace("{", "").replace("}", "").replace(":", "-")
            lines.append(f'routes: [{{id: {route_id}, path: "{self.path}", dialect: {self.dialect}}}]')
        return [*lines, f'passed_paths: ["{self.path}"]']


_STORED = "stored answers and messages"
_FILES = "files, among them results of batches and code"
_SOUND = "speech, or text made from it"
_PICTURES = "pictures, and prompts that a model rewrote"
_VECTORS = "vectors from which text can be computed"
_ADMIN = "keys, members and bills of an account"
_TOKENS = "text as token ids"

_OPENAI: Final = (
    Refusal("/v1/responses/compact", "a conversation that a model shortened", "openai-responses"),
    Refusal("/v1/responses/input_tokens", "a count of tokens; takes a whole prompt", "openai-responses"),
    Refusal("/v1/responses/{id}", _STORED, "openai-responses"),
    Refusal("/v1/responses/*", _STORED),
    Refusal("/v1/chat/completions/{id}", _STORED, "openai-chat"),
    Refusal("/v1/chat/completions/*", _STORED),
    Refusal("/v1/conversations", _STORED),
    Refusal("/v1/conversations/*", _STORED),
    Refusal("/v1/threads", _STORED),
    Refusal("/v1/threads/*", _STORED),
    Refusal("/v1/assistants", "instructions"),
    Refusal("/v1/assistants/*", "instructions"),
    Refusal("/v1/batches", "answers that are made later"),
    Refusal("/v1/batches/*", "answers that are made later"),
    Refusal("/v1/files", _FILES),
    Refusal("/v1/files/*", _FILES),
    Refusal("/v1/uploads", _FILES),
    Refusal("/v1/uploads/*", _FILES),
    Refusal("/v1/containers", _FILES),
    Refusal("/v1/containers/*", _FILES),
    Refusal("/v1/skills", _FILES),
    Refusal("/v1/skills/*", _FILES),
    Refusal("/v1/vector_stores", "documents and parts of them"),
    Refusal("/v1/vector_stores/*", "documents and parts of them"),
    Refusal("/v1/evals", "answers of tested models"),
    Refusal("/v1/evals/*", "answers of tested models"),
    Refusal("/v1/fine_tuning/*", "training events, and examples in them"),
    Refusal("/v1/audio/*", _SOUND),
    Refusal("/v1/images/*", _PICTURES),
    Refusal("/v1/videos", _PICTURES),
    Refusal("/v1/videos/*", _PICTURES),
    Refusal("/v1/moderations", "judgements of a model", "openai-chat"),
    Refusal("/v1/embeddings", _VECTORS),
    Refusal("/v1/realtime", "a conversation over a WebSocket"),
    Refusal("/v1/realtime/*", "keys for conversations that go past this proxy"),
    Refusal("/v1/chatkit/*", _STORED),
    Refusal("/v1/organization/*", _ADMIN),
    Refusal("/openai/deployments/{deployment}/embeddings", _VECTORS),
    Refusal("/openai/*", "other parts of Azure's API"),
)

_ANTHROPIC: Final = (
    Refusal("/v1/messages/batches", "answers that are made later"),
    Refusal("/v1/messages/batches/*", "answers that are made later"),
    Refusal("/v1/complete", "text of an API that is no longer offered"),
    Refusal("/v1/agents", "instructions"),
    Refusal("/v1/agents/*", "instructions"),
    Refusal("/v1/sessions", _STORED),
    Refusal("/v1/sessions/*", _STORED),
    Refusal("/v1/environments", "instructions"),
    Refusal("/v1/environments/*", "instructions"),
    Refusal("/v1/memory_stores", _STORED),
    Refusal("/v1/memory_stores/*", _STORED),
    Refusal("/v1/organizations/*", _ADMIN),
)

_GEMINI_VERBS: Final = (
    ("countTokens", "a count of tokens; takes a whole prompt", "gemini"),
    ("embedContent", _VECTORS, ""),
    ("batchEmbedContents", _VECTORS, ""),
    ("batchGenerateContent", "answers that are made later", ""),
    ("predict", _PICTURES, ""),
    ("predictLongRunning", _PICTURES, ""),
)

_GEMINI: Final = (
    *(
        Refusal(f"/{version}/models/{{model}}:{verb}", why, dialect)
        for version in ("v1beta", "v1")
        for verb, why, dialect in _GEMINI_VERBS
    ),
    Refusal("/v1/cachedContents", _STORED),
    Refusal("/v1/cachedContents/*", _STORED),
    Refusal("/v1beta/openai/chat/completions", "answers in OpenAI's format", "openai-chat"),
    Refusal("/v1beta/cachedContents", _STORED),
    Refusal("/v1beta/cachedContents/*", _STORED),
    Refusal("/v1beta/files", _FILES),
    Refusal("/v1beta/files/*", _FILES),
    Refusal("/upload/v1beta/*", _FILES),
    Refusal("/v1beta/batches", "answers that are made later"),
    Refusal("/v1beta/batches/*", "answers that are made later"),
    Refusal("/v1beta/fileSearchStores", "documents and parts of them"),
    Refusal("/v1beta/fileSearchStores/*", "documents and parts of them"),
    Refusal("/v1beta/interactions", _STORED),
    Refusal("/v1beta/interactions/*", _STORED),
    Refusal("/v1beta/tunedModels", "examples of training"),
    Refusal("/v1beta/tunedModels/*", "examples of training"),
    Refusal("/ws/*", "a conversation over a WebSocket"),
)

_OLLAMA: Final = (
    Refusal("/api/show", "the system prompt and template of a model"),
    Refusal("/api/embed", _VECTORS),
    Refusal("/api/embeddings", _VECTORS),
    Refusal("/api/create", "changes the models of the server"),
    Refusal("/api/copy", "changes the models of the server"),
    Refusal("/api/delete", "changes the models of the server"),
    Refusal("/api/pull", "changes the models of the server"),
    Refusal("/api/push", "sends models of the server elsewhere"),
    Refusal("/api/blobs/*", "changes the models of the server"),
)

_SERVERS: Final = (
    Refusal("/tokenize", _TOKENS),
    Refusal("/detokenize", "text made from token ids"),
    Refusal("/v1/tokenize", _TOKENS),
    Refusal("/v1/detokenize", "text made from token ids"),
    Refusal("/pooling", _VECTORS),
    Refusal("/embedding", _VECTORS),
    Refusal("/rerank", "documents of the request"),
    Refusal("/v1/rerank", "documents of the request"),
    Refusal("/score", "judgements of a model"),
    Refusal("/completion", "answers in llama.cpp's own format"),
    Refusal("/infill", "answers in llama.cpp's own format"),
    Refusal("/apply-template", "the prompt as the model sees it"),
    Refusal("/slots", "prompts and answers of other clients"),
    Refusal("/props", "the template and settings of a model"),
    Refusal("/metrics", "what goes on in the model server"),
)

REFUSALS: Final = {
    "OpenAI and Azure": _OPENAI,
    "Anthropic": _ANTHROPIC,
    "Gemini": _GEMINI,
    "Ollama": _OLLAMA,
    "vLLM, llama.cpp and others": _SERVERS,
}
"""By the API they belong to. The first that matches a path is meant."""

_PATTERNS: Final[tuple[tuple[PathPattern, Refusal], ...]] = tuple(
    (path_pattern(one.path), one) for group in REFUSALS.values() for one in group
)


def refusal_of(path: str) -> Refusal | None:
    """Return what is known of a refused path."""
    return next((one for pattern, one in _PATTERNS if pattern.match(path) is not None), None)
