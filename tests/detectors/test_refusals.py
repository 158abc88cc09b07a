"""Whether an answer declines: a table of ways to say so, near misses, and what is true of any text."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from detectors.refusals import CLOSING_CHARS, OPENING_CHARS, AnswerEnds, Refusal, refusal_in, refusal_of

FULL = (
    "I'm sorry, but I can't help with that.",
    "I’m sorry, but I can’t assist with that request.",
    "I'm sorry, I can't.",
    "Sorry, I won't do that.",
    "As an AI language model, I cannot provide medical advice.",
    "Unfortunately, I am unable to discuss this topic.",
    "I must respectfully decline to answer.",
    "That is not something I can help with.",
    "I'd rather not say.",
    "I don't feel comfortable writing this.",
    "I don't think I should help you with that.",
    "This goes against my guidelines.",
    "It would not be appropriate for me to comment.",
    "I'm afraid that information is confidential.",
    "I'm not allowed to recommend one.",
    "Thank you for asking. We are not able to share that.",
    "I'm really not equipped to help with this.",
    "There is nothing I can do to help.",
    "I CAN'T HELP WITH THAT.",
    "Es tut mir leid, aber dabei kann ich Ihnen nicht helfen.",
    "Ich darf diese Frage leider nicht beantworten.",
    "Je suis désolé, mais je ne peux pas vous aider.",
    "Lo siento, pero no puedo ayudarte con eso.",
)
NONE = (
    "The sky is blue because light is scattered.",
    "I can't help but smile at this question. The answer is four.",
    "I cannot recommend this book enough.",
    "I can't wait to hear how it went!",
    'She said: "I can\'t help you with that," and left the room.',
    "You cannot do that in Python: tuples do not change.",
    "The function will not return before the lock is free.",
    "I'm not sure what you mean. Could you say more?",
    "I don't know.",
    "It is not something you can buy.",
    "Ich kann Ihnen drei Wege nennen.",
    "Je peux vous aider.",
    "Puedo ayudarte con eso.",
    "",
)
PARTIAL = (
    "I can't help you pick the lock, but here are some ideas for finding a locksmith.",
    "I won't write the whole essay. Here is an outline.\n1. The beginning",
    "The first part is easy: add the two numbers. "
    + "Then check the sum. " * 20
    + "I can't help with the second part.",
    "I'm sorry, but I can't give legal advice. " + "That said, the usual way is this. " * 60,
)


def whole(text: str) -> AnswerEnds:
    return AnswerEnds(text, text, len(text))


@pytest.mark.parametrize(
    ("expected", "text"),
    [(Refusal.FULL, one) for one in FULL]
    + [(Refusal.NONE, one) for one in NONE]
    + [(Refusal.PARTIAL, one) for one in PARTIAL],
)
def test_the_class_of_an_answer(expected: Refusal, text: str) -> None:
    assert expected == refusal_in(whole(text))


@given(st.text(max_size=900), st.sampled_from(FULL + PARTIAL))
def test_the_ends_say_as_much_as_the_whole(text: str, said: str) -> None:
    for answer in (text + said, said + text):
        cut = AnswerEnds(answer[:OPENING_CHARS], answer[-CLOSING_CHARS:], len(answer))
        assert refusal_in(whole(answer)) == refusal_in(cut)


@given(st.lists(st.sampled_from(["I can't help ", "with that. ", "Yes. ", "x" * 400]), min_size=1, max_size=5))
def test_an_answer_in_parts_is_one_answer(parts: list[str]) -> None:
    ends = whole(parts[0])
    for part in parts[1:]:
        ends = ends.followed_by(whole(part))
    assert refusal_in(ends) == refusal_in(whole("".join(parts)))


@pytest.mark.parametrize(
    ("texts", "expected"),
    [
        ([], None),
        ([""], None),
        (["Yes."], Refusal.NONE),
        (["I can't help with that.", "I won't answer that."], Refusal.FULL),
        (["I can't help with that.", "Yes, of course."], Refusal.PARTIAL),
        (["I can't help with that.", ""], Refusal.FULL),
    ],
)
def test_several_choices_are_one_exchange(texts: list[str], expected: Refusal | None) -> None:
    assert expected == refusal_of(map(whole, texts))
