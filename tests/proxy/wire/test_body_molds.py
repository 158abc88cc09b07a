"""What fits a mold says what the body itself says, or the mold is silent."""

from __future__ import annotations

import json
import random
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from detectors.types import ChannelKind
from proxy.wire.body import BodyCodec
from proxy.wire.body_molds import MAX_FIXED_BYTES, MAX_MOLDS, BodyMolds, molds_of
from proxy.wire.jsontext import loads
from proxy.wire.registry import DIALECTS
from proxy.wire.skim import Skimmed, skim
from proxy.wire.types import Channel, WireError
from tests.support.tabled import Maker
from tests.support.wire import body, message

SIDES = {"request_codec": True, "body_codec": False}
CONTENTS = (
    "plain",
    "",
    'a \\"quoted\\" word',
    "\\n\\u00fc\\\\",
    "\u4f60\U0001f600",
    '","role":"user',
    "\\",
    '"',
    "\x01",
    "\\ud800",
    "\t",
)
TEXT = Channel(ChannelKind.TEXT)
ASKED = {"model": "m-1", "messages": [{"role": "user", "content": "hello"}], "max_tokens": 100}


def table_of(name: str, side: str) -> Any:
    codec = getattr(DIALECTS[name], side)()
    assert isinstance(codec, BodyCodec)
    return codec.table


def said(table: Any, raw: bytes, *, is_request: bool) -> Skimmed | None:
    """What a body says, parsed and skimmed; None where it has no meaning, or two, or needs the walk."""
    try:
        parsed = loads(raw)
    except WireError:
        return None
    return None if parsed.is_ambiguous else skim(table, parsed.value, is_request=is_request)


def learned(table: Any, raw: bytes, *, is_request: bool) -> BodyMolds:
    molds = BodyMolds(table, is_request=is_request)
    skimmed = said(table, raw, is_request=is_request)
    if skimmed is not None:
        molds.learn(raw, json.loads(raw), skimmed)
    return molds


def check(molds: BodyMolds, table: Any, raw: bytes, *, is_request: bool) -> bool:
    """Read a body with the molds, hold it against what it says, and return whether one fitted."""
    found = molds.read(raw)
    if found is None:
        return False
    really = said(table, raw, is_request=is_request)
    assert found == really
    assert list(found.pieces) == list(really.pieces)
    return True


def changed(chance: random.Random, raw: bytes) -> bytes:
    """A body like another one: with another string or number in some place, or with some bytes from elsewhere."""
    if chance.random() < 0.3:
        at, start = chance.randrange(len(raw) + 1), chance.randrange(len(raw) + 1)
        return raw[:at] + raw[start : start + chance.randrange(12)] + raw[at + chance.randrange(6) :]
    ends = [at for at, byte in enumerate(raw) if byte == ord('"')]
    if len(ends) < 4 or chance.random() < 0.3:
        digits = [at for at, byte in enumerate(raw) if chr(byte).isdigit()] or [0]
        at = chance.choice(digits)
        return raw[:at] + chance.choice([b"0", b"12", b"-1", b"1e3", b"9" * 12, b"00", b""]) + raw[at + 1 :]
    number = chance.randrange(len(ends) - 1)
    content = chance.choice(CONTENTS).encode()
    return raw[: ends[number] + 1] + content + raw[ends[number + 1] :]


@pytest.mark.parametrize("side", SIDES)
@pytest.mark.parametrize("name", DIALECTS)
@given(seed=st.integers(0, 2**48), oddity=st.sampled_from([0.0, 0.02]))
def test_any_body(name: str, side: str, seed: int, oddity: float) -> None:
    """A mold of a body made from the dialect's own table, and bodies that differ from it somewhere, anyhow."""
    chance, table = random.Random(seed), table_of(name, side)
    maker = Maker(chance, oddity)
    raw = maker.written(maker.body(table))
    molds = learned(table, raw, is_request=SIDES[side])
    for _ in range(12):
        check(molds, table, raw, is_request=SIDES[side])
        check(molds, table, changed(chance, raw), is_request=SIDES[side])


@given(seed=st.integers(0, 2**48))
def test_usual_bodies(seed: int) -> None:
    """The same with a request and an answer as they are."""
    chance = random.Random(seed)
    answer = body(message(content="hello", refusal=None), created=1754000000, usage={"total_tokens": 12})
    answer["choices"].append({"index": 1, "message": {"role": "assistant", "content": "again"}})
    for side, value in (("body_codec", answer), ("request_codec", ASKED)):
        table = table_of("openai-chat", side)
        raw = json.dumps(
            value, indent=chance.choice([None, 2]), separators=chance.choice([None, (",", ":")])
        ).encode()
        molds = learned(table, raw, is_request=SIDES[side])
        for _ in range(8):
            check(molds, table, changed(chance, changed(chance, raw)), is_request=SIDES[side])


@pytest.mark.parametrize("write", [{"separators": (",", ":")}, {}, {"indent": 2}])
@pytest.mark.parametrize("content", ["other", "", 'a "quoted"\n\\ \u00fc\u4f60'])
@pytest.mark.parametrize("is_ascii", [True, False])
def test_the_next_body_fits(write: dict[str, Any], content: str, is_ascii: bool) -> None:
    """Another text, id and count, however servers write them, in several choices."""
    table = table_of("openai-chat", "body_codec")
    first = body(message(content="hello"), created=1754000000)
    first["choices"].append({**first["choices"][0], "index": 1})
    molds = learned(table, json.dumps(first, ensure_ascii=is_ascii, **write).encode(), is_request=False)
    again = json.loads(json.dumps(first))
    again.update(created=5, id="chatcmpl-other")
    again["choices"][1]["message"]["content"] = content
    raw = json.dumps(again, ensure_ascii=is_ascii, **write).encode()
    assert check(molds, table, raw, is_request=False)
    found = molds.read(raw)
    assert found is not None
    assert found.pieces.get(Channel(ChannelKind.TEXT, 1), [""]) == [content]
    assert found.pieces[TEXT] == ["hello"]


@pytest.mark.parametrize(
    "change",
    [
        {"id": "no id at all"},
        {"created": -1},
        {"created": 0.5},
        {"created": 10**13},
        {"object": "other.object"},
        {"surprise": "text"},
        {"model": "two words"},
    ],
)
def test_what_is_read_in_another_way_does_not_fit(change: dict[str, Any]) -> None:
    """Strings that no longer look like ids, large numbers, other words, other members."""
    table = table_of("openai-chat", "body_codec")
    first = body(message(content="hello"), created=1754000000)
    molds = learned(table, json.dumps(first).encode(), is_request=False)
    assert molds.read(json.dumps({**first, "created": 7}).encode()) is not None
    assert molds.read(json.dumps({**first, **change}).encode()) is None


@pytest.mark.parametrize(
    "value",
    [
        {**ASKED, "user": "somebody"},
        {**ASKED, "metadata": {"key": "value"}},
        {**ASKED, "surprise": "text"},
        {**ASKED, "stop": "word"},
        {**ASKED, "messages": [{"role": "tool", "content": "x", "tool_call_id": "call_1"}]},
        {**ASKED, "modalities": ["x" * MAX_FIXED_BYTES]},
    ],
)
def test_nothing_that_a_person_wrote_is_kept(value: dict[str, Any]) -> None:
    """A body with a text that is no hole makes no mold, and neither does one with too much around its holes."""
    table, raw = table_of("openai-chat", "request_codec"), json.dumps(value).encode()
    assert learned(table, raw, is_request=True).read(raw) is None


def test_parts_of_one_text_come_in_order() -> None:
    """Pieces of one channel are its pieces in the next body, too."""
    parts = [{"type": "text", "text": word} for word in ("one ", "two ", "three")]
    table = table_of("openai-chat", "request_codec")
    raw = json.dumps({"model": "m", "messages": [{"role": "user", "content": parts}]}).encode()
    molds = learned(table, raw, is_request=True)
    found = molds.read(raw.replace(b"two ", b"2 "))
    assert found is not None
    assert found.pieces[TEXT] == ["one ", "2 ", "three"]


def test_the_latest_are_kept_and_learning_gets_rare() -> None:
    """Where no body is like another, a mold is tried ever more seldom; those in use stay."""
    table = table_of("openai-chat", "request_codec")
    molds = BodyMolds(table, is_request=True)
    used = json.dumps(ASKED).encode()
    tried = 0
    for count in range(200):
        raw = json.dumps({**ASKED, "messages": [{"role": "user", "content": "x"}] * (2 + count % 40)}).encode()
        before = list(molds._molds)
        skimmed = said(table, raw, is_request=True)
        assert skimmed is not None
        molds.learn(raw, json.loads(raw), skimmed)
        tried += before != molds._molds
    assert MAX_MOLDS < tried < 40
    assert len(molds._molds) == MAX_MOLDS
    assert learned(table, used, is_request=True).read(used) is not None


def test_one_for_each_table_and_side() -> None:
    """All codecs of a process share them."""
    table = table_of("openai-chat", "request_codec")
    assert molds_of(table, is_request=True) is molds_of(table, is_request=True)
    assert molds_of(table, is_request=True) is not molds_of(table, is_request=False)


def test_codecs_use_them() -> None:
    """The second body of a sort is read by the mold of the first: the same comes out."""
    codec = DIALECTS["openai-chat"].body_codec()
    assert isinstance(codec, BodyCodec)
    for word in ("one", "two"):
        skimmed = codec.skim(json.dumps(body(message(content=word), object="chat.completion")).encode())
        assert skimmed is not None
        assert skimmed.pieces[TEXT] == [word]
