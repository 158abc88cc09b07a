"""The toxicity detector as a policy sees it: what it reports, over which span, and what it is told of mistakes."""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from detectors.toxicity import detector as module
from detectors.toxicity import sources
from detectors.toxicity.card import Tiers
from detectors.toxicity.detector import in_tiers, loaded
from detectors.types import ChannelKind, CostClass, DetectorConfigError, Stability, Window
from policies.loader import load_policy_text
from policies.types import Action
from proxy.guard.drive import scan_inline
from proxy.guard.stream import StreamGuard
from tests.support.detectors import built, fed, spans
from tests.support.models import LABELS, WORDS, card_of, model_folder, score, write_model
from tests.support.scale import examples
from tests.support.toy import END, ToyCodec, line, texts

if TYPE_CHECKING:
    from pathlib import Path

    from detectors.types import Detector

MODEL = f"onnx:{model_folder()}"

POLICY = f"""
version: 1
name: words
detectors:
  tox: {{type: toxicity, model: "{MODEL}"}}
rules:
  - {{id: severe, detector: tox, categories: [severe_toxicity], min_score: 0.8, action: block}}
  - {{id: mild, detector: tox, min_score: 0.8, action: rewrite}}
"""


def made(**params: Any) -> Detector:
    return built("toxicity", {"model": MODEL, **params})


def test_what_it_says_of_itself() -> None:
    """It judges windows, beside a model, and its categories are the model's labels."""
    detector = made()
    assert (detector.stability, detector.cost_class) == (Stability.WINDOW, CostClass.MODEL)
    assert detector.categories == LABELS
    assert ChannelKind.ID not in detector.kinds


def test_a_finding_has_the_window_s_text_without_white_space() -> None:
    """Not its context, whatever that holds of the sentence."""
    window = Window(ChannelKind.TEXT, "All is well. You are a ", " real nitwit. ", 100, final=False)
    assert spans(made().scan(window).findings) == [
        (101, 113, "insult", score(WORDS["nitwit"]["insult"])),
        (101, 113, "toxicity", score(WORDS["nitwit"]["toxicity"])),
    ]


def test_context_counts_only_within_the_sentence() -> None:
    """An insult in the sentence before is not found again; the rest of an insulting sentence is part of it."""
    over = Window(ChannelKind.TEXT, "You are a nitwit. ", "See you soon.", 18, final=True)
    same = Window(ChannelKind.TEXT, "You are a nitwit ", "and a fool.", 17, final=True)
    assert made().scan(over).findings == []
    assert {one.start for one in made().scan(same).findings} == {17}


def test_labels_and_thresholds_choose_what_is_reported() -> None:
    """Scores below a label's threshold are not, nor are labels that were not asked for."""
    window = Window(ChannelKind.TEXT, "", "nitwit", 0, final=True)
    few = made(labels=["insult", "toxicity"], thresholds={"toxicity": 0.9})
    assert few.categories == ("toxicity", "insult")
    assert [one.category for one in few.scan(window).findings] == ["insult"]
    assert made(thresholds=dict.fromkeys(LABELS, 1.0)).scan(window).findings == []


@given(st.floats(0, 1), st.floats(0, 1), st.tuples(st.floats(0.01, 1), st.floats(0.01, 1)))
def test_tiers_are_a_scale_that_rises(one: float, other: float, ends: tuple[float, float]) -> None:
    """0.5 and 0.75 are the shipped thresholds, whatever they are; a higher score never becomes a lower one."""
    tiers = Tiers(rewrite=min(ends), block=max(ends))
    low, high = sorted((one, other))
    assert 0.0 <= in_tiers(low, tiers) <= in_tiers(high, tiers) <= 1.0
    assert (in_tiers(one, tiers) >= 0.5) is (one >= tiers.rewrite)
    assert (in_tiers(one, tiers) >= 0.75) is (one >= tiers.block)


def test_tiers_come_from_the_card(tmp_path: Path) -> None:
    """A model without a card has none."""
    with pytest.raises(DetectorConfigError, match="the model has no card") as caught:
        made(scores="tiers")
    assert caught.value.loc == ("scores",)
    folder = write_model(tmp_path / "model")
    (folder / "card.json").write_text(card_of(LABELS, Tiers(rewrite=0.8, block=0.9)).to_json())
    detector = built("toxicity", {"model": f"onnx:{folder}", "scores": "tiers"})
    (nitwit, *_) = detector.scan(Window(ChannelKind.TEXT, "", "nitwit", 0, final=True)).findings
    assert nitwit.score == pytest.approx(0.5 + 0.25 * (score(1.5) - 0.8) / 0.1)


@pytest.mark.parametrize(
    ("params", "loc", "told"),
    [
        ({"labels": ["insult", "spite"]}, ("labels", 1), "no label 'spite'. It has: toxicity, severe_toxicity"),
        ({"thresholds": {"spite": 0.5}}, ("thresholds", "spite"), "no label 'spite'"),
        ({"model": "onyx:x"}, ("model",), "A model is one of: bundled, onnx:PATH"),
        ({"model": "onnx:"}, ("model",), "there is no model 'onnx:'"),
        ({"model": "onnx:/nowhere"}, ("model",), "The model /nowhere is not there."),
    ],
)
def test_mistakes_are_told_with_their_place(params: dict[str, Any], loc: tuple[str | int, ...], told: str) -> None:
    """The policy points at the line; the message says what there is."""
    with pytest.raises(DetectorConfigError) as caught:
        made(**params)
    assert caught.value.loc == loc
    assert told in str(caught.value)


def test_building_keeps_no_model() -> None:
    """It is checked and let go, and loaded once where it scores."""
    loaded.cache_clear()
    detector = made()
    assert loaded.cache_info().currsize == 0
    fed(detector, "one. two. three.")
    fed(made(), "four.")
    assert loaded.cache_info().currsize == 1


@settings(max_examples=examples(40))
@given(st.lists(st.sampled_from((" nitwit", " blockhead", " calm", ". ", "\n", " x" * 30)), max_size=20), st.data())
def test_a_mild_insult_never_leaves_whatever_the_cut(parts: list[str], data: st.DataObject) -> None:
    """Through the guard, at random cuts: what comes out is the same, and no word above the threshold is in it."""
    text = "".join(parts)
    cuts = sorted({0, len(text), *data.draw(st.lists(st.integers(0, len(text)), max_size=8))})
    policy = load_policy_text(POLICY)
    outputs = []
    for borders in ([0, len(text)], cuts, range(len(text) + 1)):
        guard = StreamGuard(ToyCodec(), policy)
        out = b""
        for start, end in pairwise(borders):
            guard.receive(line(text[start:end]))
            scan_inline(guard)
            out += guard.take()
        guard.receive(END)
        scan_inline(guard)
        outputs.append("".join(t for key, t in texts_before_end(out + guard.take()).items() if key[0] == "text"))
    assert outputs[0] == outputs[1] == outputs[2]
    assert not {"nitwit", "blockhead"} & set(outputs[0].split())


def texts_before_end(data: bytes) -> dict[tuple[str, int, int], str]:
    return texts(data.removesuffix(END))


def test_every_cut_of_an_answer_with_an_insult_in_its_middle() -> None:
    """The sentence with the insult is replaced, wherever the answer was cut; the severe one ends it."""
    policy = load_policy_text(POLICY)
    text = "The tide is low today. You are such a nitwit, you know. What a scoundrel. Bye."
    for cut in range(len(text) + 1):
        guard = StreamGuard(ToyCodec(), policy)
        for part in (text[:cut], text[cut:]):
            guard.receive(line(part))
            scan_inline(guard)
        guard.receive(END)
        scan_inline(guard)
        said = texts_before_end(guard.take())
        assert said["text", 0, 0].rstrip() == "The tide is low today. [removed]"
        assert guard.decision is Action.BLOCK


def test_without_a_bundled_model_the_error_says_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """An installation that lost it."""
    monkeypatch.setattr(sources, "BUNDLED", tmp_path)
    with pytest.raises(DetectorConfigError, match=r"The bundled model .* is not there"):
        built("toxicity")
    assert module.TYPE.params().model == "bundled"
