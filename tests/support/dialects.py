"""The table of dialects for the properties that hold in every dialect: one row for each sort of answer.

To add a dialect, write `tests/support/<dialect>.py` with a function that makes an answer out of a `Prose`, streamed
and whole, and one that reads what a client is shown; then add its row here.
"""

from __future__ import annotations

from tests.support import anthropic_messages, described, gemini, ollama, responses_reader
from tests.support.dialect_case import DialectCase

CASES: dict[str, DialectCase] = {
    "anthropic-messages": DialectCase(
        "anthropic-messages",
        anthropic_messages.some_answer,
        anthropic_messages.read_stream,
        anthropic_messages.read_whole,
    ),
    "described: TGI": DialectCase(
        "tgi", described.tgi_answer, described.tgi_shown, described.tgi_shown_whole, described.example("tgi", "tgi")
    ),
    "described: an array": DialectCase(
        "tgi",
        described.tgi_array_answer,
        described.tgi_array_shown,
        described.tgi_shown_whole,
        described.tgi_array(),
    ),
    "described: llama.cpp": DialectCase(
        "llama-server",
        described.llama_answer,
        described.llama_shown,
        described.llama_shown_whole,
        described.example("llama-server", "llama-server"),
    ),
    "gemini": DialectCase("gemini", gemini.answer, gemini.shown, gemini.shown),
    "ollama, chat": DialectCase("ollama", ollama.chat_answer, ollama.shown, ollama.shown),
    "ollama, generate": DialectCase("ollama", ollama.generate_answer, ollama.shown, ollama.shown),
    "openai-responses": DialectCase(
        "openai-responses", responses_reader.answer, responses_reader.shown, responses_reader.shown_whole
    ),
}
