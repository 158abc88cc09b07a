"""Each reader turns its folder's own format into labels; made folders stand for the published ones."""

from __future__ import annotations

import gzip
import json

import pytest

from detectors.toxicity.card import LABELS
from detectors.toxicity.training.example import CIVIL, Example
from detectors.toxicity.training.sources import LICENCES, READERS, last_answer, read_all

FILES = {
    "edos-sexism/data/edos_labelled_aggregated.csv": (
        "rewire_id,text,label_sexist,label_category,label_vector,split\n"
        'a,"[USER] a civil post",not sexist,none,none,train\n'
        "b,a sexist post,sexist,2. derogation,x,train\n"
        'c,a threatening post,sexist,"1. threats, plans to harm and incitement",x,dev\n'
    ),
    "surge-toxicity/toxicity_en.csv": "text,is_toxic\nrude,Toxic\npolite,Not Toxic\n",
    "wikipedia-context-toxicity/data/CAT_LARGE/gc.csv": "id,text,parent,label,api\n1,thanks,hello,0,0.1\n",
    "wikipedia-context-toxicity/data/CAT_LARGE/gn.csv": "id,text,parent,label,api\n2,rude,hello,1,0.9\n",
    "davidson-hate-offensive/labeled_data.csv": (
        ",count,hate_speech,offensive_language,neither,class,tweet\n"
        "0,3,3,0,0,0,RT @somebody: hateful\n"
        "1,3,0,0,3,2,&amp; a walk\n"
    ),
    "unintended-bias/toxicity_nonfuzzed_testset.csv": "rev_id,comment,toxic\n1,fine edit,False\n2,rude edit,True\n",
    "unintended-bias/bias_madlibs_77k.csv": "Text,Label,Template\n"
    + "".join(f"respect person {number},NOT_BAD,x\n" for number in range(100)),
    "diasafety/train.json": json.dumps(
        [
            {"context": "c", "response": "kind", "category": "Risk Ignorance", "label": "Safe"},
            {"context": "c", "response": "rude reply", "category": "Offending User", "label": "Unsafe"},
            {"context": "c", "response": "bad advice", "category": "Unauthorized Expertise", "label": "Unsafe"},
        ]
    ),
    "diasafety/val.json": "[]",
    "toxic-spans/aggregated.jsonl": json.dumps(
        {
            "text": "what a silly thing",
            "annotators": 3,
            "not_toxic_votes": 1,
            "type_votes": {"Insult": 2, "Threat": 1},
            "majority_spans": [[7, 12]],
        }
    ),
    "toxigen-seeds/unique_seed_statements.jsonl": json.dumps(
        {"text": "they cook well", "label": "neutral", "group": "mexican", "uses": 1}
    ),
}


@pytest.fixture(scope="module")
def examples(tmp_path_factory: pytest.TempPathFactory) -> list[Example]:
    root = tmp_path_factory.mktemp("train")
    for name, text in FILES.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    folder = root / "hh-rlhf/harmless-base"
    folder.mkdir(parents=True)
    dialogue = "\n\nHuman: hi\n\nAssistant: "
    with gzip.open(folder / "test.jsonl.gz", "wt") as file:
        file.write(json.dumps({"chosen": dialogue + "a good answer", "rejected": dialogue + "a worse one"}))
    return read_all(root)


def of(examples: list[Example], source: str) -> dict[str, Example]:
    return {example.text: example for example in examples if example.source == source}


def degree(example: Example, label: str) -> float | None:
    return example.known[LABELS.index(label)]


def test_every_source_is_read_and_has_a_licence(examples: list[Example]) -> None:
    assert {example.source for example in examples} == set(READERS)
    assert set(READERS) == set(LICENCES)


def test_votes_become_degrees_and_spans_stay(examples: list[Example]) -> None:
    (example,) = of(examples, "toxic-spans").values()
    assert degree(example, "insult") == pytest.approx(2 / 3)
    assert degree(example, "sexual_explicit") is None
    assert example.spans == ((7, 12),)


def test_what_a_source_does_not_judge_is_unknown(examples: list[Example]) -> None:
    posts = of(examples, "edos-sexism")
    assert degree(posts["a civil post"], "toxicity") is None
    assert degree(posts["a sexist post"], "threat") is None
    threat = degree(posts["a threatening post"], "threat")
    assert threat is not None
    assert threat > 0.5


def test_harm_that_a_reply_does_not_show_is_left_out(examples: list[Example]) -> None:
    assert set(of(examples, "diasafety")) == {"kind", "rude reply"}


def test_names_of_people_are_cut_from_tweets(examples: list[Example]) -> None:
    assert set(of(examples, "davidson-hate-offensive")) == {"hateful", "a walk"}


def test_civil_comments_have_no_label(examples: list[Example]) -> None:
    assert of(examples, "wikipedia-context-toxicity")["thanks"].known == CIVIL


@pytest.mark.parametrize(
    ("dialogue", "answer"),
    [
        ("\n\nHuman: a\n\nAssistant: b\n\nHuman: c\n\nAssistant: d ", "d"),
        ("\n\nHuman: a", ""),
        ("no turns", ""),
    ],
)
def test_the_last_answer_is_the_assistant_s(dialogue: str, answer: str) -> None:
    assert last_answer(dialogue) == answer
