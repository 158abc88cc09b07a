"""The names detector as a policy sees it: what it reports, what waits, and that no name leaves at any cut."""

from __future__ import annotations

from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from detectors.names.detector import NamesDetector, loaded
from detectors.names.params import DEFAULT_MODEL, ENTITIES
from detectors.names.pieces import MAX_HELD_CHARS
from detectors.types import ChannelKind, CostClass, Stability, Window
from policies.loader import load_policy_text
from policies.selftest import run_tests
from proxy.cli.judging import judge_text
from proxy.guard.drive import scan_inline
from proxy.guard.stream import StreamGuard
from tests.support.detectors import built, fed, found_texts, spans
from tests.support.names import names_folder
from tests.support.scale import examples
from tests.support.toy import END, ToyCodec, line, texts

if TYPE_CHECKING:
    from collections.abc import Iterable

    from detectors.types import ScanResult
    from policies.types import Action, Direction, Policy

POLICY = f"""
version: 1
name: names
detectors:
  names: {{type: names, model: "{names_folder()}", entities: [PERSON, LOCATION, ORGANIZATION, DATE_TIME]}}
rules:
  - {{id: names, detector: names, action: redact}}
"""
DOCS = Path(__file__).resolve().parents[3] / "docs"


def made(**params: Any) -> NamesDetector:
    detector = built("names", {"model": str(names_folder()), "entities": list(ENTITIES), **params})
    assert isinstance(detector, NamesDetector)
    return detector


def scanned(context: str, text: str, *, final: bool = False) -> ScanResult:
    return made().scan(Window(ChannelKind.TEXT, context, text, len(context), final))


def said(policy: Policy, parts: Iterable[str]) -> str:
    """What comes out of the guard, which gets the parts one after the other."""
    guard = StreamGuard(ToyCodec(), policy)
    out = b""
    for part in parts:
        guard.receive(line(part))
        scan_inline(guard)
        out += guard.take()
    guard.receive(END)
    scan_inline(guard)
    spoken = texts((out + guard.take()).removesuffix(END)).items()
    return "".join(text for key, text in spoken if key[0] == "text")


def judged(policy: Policy, text: str, direction: Direction, kind: ChannelKind) -> tuple[Action, str]:
    judgement = judge_text(policy, text, direction, kind)
    return judgement.action, judgement.output


def test_what_it_says_of_itself() -> None:
    """It judges windows, beside a model, and its categories are the entities that were asked for."""
    detector = made(entities=["DATE_TIME", "PERSON", "PERSON"])
    assert (detector.stability, detector.cost_class) == (Stability.WINDOW, CostClass.MODEL)
    assert detector.categories == ("DATE_TIME", "PERSON")
    assert ChannelKind.ID not in detector.kinds
    assert len(detector.digest) == 64
    name, _, digest = detector.version.partition("@")
    assert "/" not in name
    assert detector.digest.startswith(digest)
    assert len(digest) == 12


def test_entities_have_presidio_s_names_and_scores() -> None:
    """Labels are mapped as Presidio maps them; those it has no name for are none; others were not asked for."""
    text = "Yesterday Jane Roe of Acme Inc. crossed Quay Bridge to Portland, a Quayish Falcon."
    assert found_texts(made(), text) == [
        ("PERSON", "Jane Roe"),
        ("ORGANIZATION", "Acme Inc."),
        ("LOCATION", "Quay Bridge"),
        ("LOCATION", "Portland"),
        ("NRP", "Quayish"),
    ]
    assert found_texts(made(entities=["PERSON"]), text) == [("PERSON", "Jane Roe")]
    assert {score for *_, score in spans(fed(made(), text).findings)} == {0.85}


def test_a_name_at_the_end_of_a_window_waits() -> None:
    """It belongs to the next window, whose context shows what it was; where the sentence is over none waits."""
    cut = scanned("", "She was told about it and then that Jane ")
    assert (spans(cut.findings), cut.watermark) == ([], 22)
    assert spans(scanned("She was told that ", "Jane Roe went. ").findings) == [(18, 26, "PERSON", 0.85)]
    assert scanned("", "She saw Jane. ").watermark == 14
    assert scanned("", "So then she saw Dr. J. R. ").watermark == 12
    assert scanned("", "So she saw jo lark ").watermark == 19  # the screen passes over what has no capital
    assert scanned("", "She saw Jane Roe", final=True).watermark == 16


def test_a_name_that_began_before_its_window_is_reported_from_there_on() -> None:
    """What has left has left; the rest of it does not."""
    assert spans(scanned("It is New ", "Quay then. ").findings) == [(10, 14, "LOCATION", 0.85)]


def test_no_more_waits_than_a_name_is_long() -> None:
    """A heading in capitals, or a list without an end, is not held for ever."""
    words = "Jane Roe " * 30
    assert scanned("", words).watermark == len(words) - len("Jane Roe Jane Roe ")  # four words, as everywhere
    feed = fed(made(), words * 20, range(0, len(words) * 20, 7))
    assert max(feed.held_chars) <= MAX_HELD_CHARS + 64


def test_without_the_screen_the_model_is_asked_about_everything() -> None:
    """A name in small letters is found in a sentence; with it no ordinary sentence is asked about."""
    window = Window(ChannelKind.TEXT, "", "So I saw jo lark today.", 0, final=True)
    assert made(entities=["PERSON"]).inputs(window) == []
    assert made(entities=["PERSON"], screen=False).inputs(window) == ["So I saw jo lark today."]
    assert [one.category for one in made(entities=["PERSON"], screen=False).scan(window).findings] == ["PERSON"]
    blank = window._replace(text=" \n ")
    assert made(screen=False).inputs(blank) == []


@pytest.mark.parametrize(
    "numbers",
    [(0.0, 0.0, 99.0, 0.85), (0.0, 3.0, 3.0, 0.85), (9.0, 0.0, 1.0, 0.85), (0.0, 1.0), (0.0, -1.0, 2.0, 1.0)],
)
def test_an_answer_that_makes_no_sense_is_an_error(numbers: tuple[float, ...]) -> None:
    """So that `on_error` decides, and no text passes by it."""
    window = Window(ChannelKind.TEXT, "", "Jane Roe", 0, final=True)
    with pytest.raises((ValueError, IndexError)):
        made().read(window, [numbers])
    with pytest.raises(ValueError, match="zip"):
        made().read(window, [])


def test_building_loads_no_model() -> None:
    """It looks at the description; the model is loaded once, where it is asked."""
    loaded.cache_clear()
    detector = made()
    assert loaded.cache_info().currsize == 0
    fed(detector, "One Jane. Two Roe.")
    fed(made(entities=["PERSON"]), "Three Portland.")
    assert loaded.cache_info().currsize == 1


TEXT = (
    "It rained. Yesterday Dr. Jane Roe of the University of Quay met J. R. Roe in New Quay,\nand they took "
    "10 May 1999 for it. \U0001f600 So did Jane\nRoe, of Acme Inc. in Portland"
)
OUT = (
    "It rained. <DATE_TIME> Dr. <PERSON> of the <ORGANIZATION> met <PERSON> in <LOCATION>,\nand they took "
    "<DATE_TIME> for it. \U0001f600 So did <PERSON>\n<PERSON>, of <ORGANIZATION> in <LOCATION>"
)


def test_names_are_taken_out_at_every_cut() -> None:
    """Whole, in two parts at each place, and letter by letter."""
    policy = load_policy_text(POLICY.replace("names, model", "names, screen: false, model"))
    expected = OUT.replace("Yesterday", "<DATE_TIME>")
    lower = TEXT.replace("Yesterday", "yesterday")
    assert said(policy, [lower]) == expected
    assert said(policy, lower) == expected
    for cut in range(0, len(lower) + 1, 3):
        assert said(policy, (lower[:cut], lower[cut:])) == expected


PARTS = st.sampled_from(
    ("Jane", " Roe", " Jane Roe", " J. R.", " Dr.", " Portland", " New", " Quay", " of", " the", " a word",
     " it is so", ". ", "! ", "\n", " University of", " 10 May", " 1999", ",", " \U0001f600", " " + "x" * 40)
)  # fmt: skip


@settings(max_examples=examples(40), deadline=None)
@given(st.lists(PARTS, max_size=40).map("".join), st.data())
def test_what_comes_out_does_not_depend_on_the_cut(text: str, data: st.DataObject) -> None:
    """Through the guard, with its ramp of windows, at random cuts and letter by letter."""
    policy = load_policy_text(POLICY)
    cuts = sorted({0, len(text), *data.draw(st.lists(st.integers(0, len(text)), max_size=8))})
    whole = said(policy, [text])
    assert said(policy, (text[start:end] for start, end in pairwise(cuts))) == whole
    assert said(policy, text) == whole


def test_the_examples_of_the_docs_do_what_they_say(monkeypatch: pytest.MonkeyPatch) -> None:
    """Every policy in docs/names.md loads, with the small pipeline as its model, and its tests pass."""
    monkeypatch.setattr("detectors.names.installed._folder_of_package", lambda _: names_folder())
    blocks = (DOCS / "names.md").read_text(encoding="utf-8").split("```yaml\n")[1:]
    assert blocks
    tested = 0
    for block in blocks:
        policy = load_policy_text(block.partition("```")[0])
        tested += len(policy.tests)
        assert [one.problems for one in run_tests(policy, judged) if not one.passed] == []
    assert tested


@pytest.mark.models
def test_real_names_are_found() -> None:
    """With the model of the extra, where it is installed, letter by letter."""
    pytest.importorskip(DEFAULT_MODEL)
    policy = load_policy_text(POLICY.replace(str(names_folder()), DEFAULT_MODEL))
    text = "Of course! On 10 December 1815 Ada Lovelace was born in London. Later, Dr. Charles Babbage met her."
    expected = "Of course! On <DATE_TIME> <PERSON> was born in <LOCATION>. Later, Dr. <PERSON> met her."
    assert said(policy, text) == said(policy, [text]) == expected
