"""Every dialect there is, by name. To add one: write its module, add a line here, add its row to the tests."""

from __future__ import annotations

from typing import TYPE_CHECKING

from proxy.wire.anthropic_messages import MESSAGES
from proxy.wire.gemini import GEMINI
from proxy.wire.ollama import OLLAMA
from proxy.wire.openai_chat import CHAT
from proxy.wire.openai_completions import COMPLETIONS
from proxy.wire.openai_responses import RESPONSES

if TYPE_CHECKING:
    from proxy.wire.types import Dialect

DIALECTS: dict[str, Dialect] = {
    dialect.name: dialect for dialect in (CHAT, COMPLETIONS, RESPONSES, MESSAGES, GEMINI, OLLAMA)
}
