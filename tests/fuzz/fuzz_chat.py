"""Fuzzes the target `chat`; libFuzzer's options apply (see `harness`)."""

from __future__ import annotations

from tests.fuzz.harness import main

if __name__ == "__main__":
    main("chat")
