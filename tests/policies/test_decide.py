"""`policies.decide`: examples of every rule of precedence, and properties over random policies and findings."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from detectors.types import ChannelKind, Finding
from policies.decide import Decision, SpanEdit, decide, render_replacement
from policies.types import Action, Direction, Limits, Mode, Policy, Rule

TEXT = ChannelKind.TEXT


def policy(*rules: Rule, mode: Mode = Mode.ENFORCE) -> Policy:
    return Policy("p", "0" * 64, mode, Limits(), {}, rules, hash_key=b"key")


def rule(name: str, action: Action | str, detector: str = "d", **rest: object) -> Rule:
    return Rule(id=name, detector=detector, action=Action(action), **rest)  # type: ignore[arg-type]


def find(start: int, end: int, score: float = 1.0, category: str = "A", detector: str = "d") -> Finding:
    return Finding(detector, category, start, end, score)


def decided(findings: list[Finding], *rules: Rule, mode: Mode = Mode.ENFORCE) -> Decision:
    return decide(policy(*rules, mode=mode), findings, Direction.RESPONSE, TEXT)


def spans(decision: Decision) -> list[tuple[int, int, str]]:
    return [(e.start, e.end, e.rule.id) for e in decision.edits]


def acted(decision: Decision) -> list[tuple[str, int, int, str]]:
    return [(a.rule.id, a.finding.start, a.finding.end, a.action.value) for a in decision.acted]


def test_nothing_found_is_allowed() -> None:
    """No findings, no action."""
    assert decided([], rule("r", "block")) == Decision(Action.ALLOW, (), None, ())


@pytest.mark.parametrize(
    "unmatched",
    [
        rule("r", "block", detector="other"),
        rule("r", "block", categories=frozenset({"B"})),
        rule("r", "block", min_score=0.81),
        rule("r", "block", directions=frozenset({Direction.REQUEST})),
        rule("r", "block", channels=frozenset({ChannelKind.REASONING})),
    ],
    ids=["detector", "category", "score", "direction", "channel"],
)
def test_a_finding_that_no_rule_matches_is_ignored(unmatched: Rule) -> None:
    """Each of the five conditions of a rule keeps it from acting."""
    assert decided([find(0, 5, score=0.8)], unmatched).acted == ()


def test_a_score_equal_to_the_minimum_counts() -> None:
    """`min_score` is inclusive."""
    assert decided([find(0, 5, score=0.8)], rule("r", "flag", min_score=0.8)).action is Action.FLAG


def test_the_most_severe_rule_acts_and_the_first_of_equals() -> None:
    """Severity before order, order before nothing."""
    rules = [rule("a", "flag"), rule("b", "redact"), rule("c", "redact"), rule("d", "flag")]
    assert acted(decided([find(0, 5)], *rules)) == [("b", 0, 5, "redact")]


def test_an_allow_rule_hides_its_span_from_later_rules_only() -> None:
    """What lies within the allowed span is not looked at by later rules; earlier ones and other spans still act."""
    rules = [
        rule("early", "flag", categories=frozenset({"EARLY"})),
        rule("ours", "allow", detector="names"),
        rule("late", "block"),
    ]
    findings = [find(0, 10, detector="names"), find(2, 8), find(3, 5, category="EARLY"), find(12, 20)]
    decision = decided(findings, *rules)
    assert acted(decision) == [("ours", 0, 10, "allow"), ("early", 3, 5, "flag"), ("late", 12, 20, "block")]


def test_an_allow_rule_does_not_hide_what_reaches_over_its_edge() -> None:
    """Only a finding that lies within the allowed span is an exception."""
    decision = decided(
        [find(0, 10, detector="names"), find(5, 11)], rule("a", "allow", "names"), rule("b", "redact")
    )
    assert spans(decision) == [(5, 11, "b")]


def test_an_allow_rule_after_a_block_changes_nothing() -> None:
    """Rules are read in the order of the file."""
    decision = decided([find(0, 10, detector="names"), find(2, 8)], rule("b", "block"), rule("a", "allow", "names"))
    assert decision.action is Action.BLOCK


def test_contained_findings_of_one_kind_count_once() -> None:
    """A finding within a surer one of the same detector and category is dropped; a surer one within is kept."""
    rules = (rule("r", "flag"),)
    assert acted(decided([find(0, 9), find(2, 5), find(0, 9, 0.5)], *rules)) == [("r", 0, 9, "flag")]
    assert len(decided([find(0, 9, 0.5), find(2, 5, 0.9)], *rules).acted) == 2
    assert len(decided([find(0, 9), find(2, 5, category="B")], *rules).acted) == 2


def test_overlapping_edits_become_one_with_the_winners_replacement() -> None:
    """The union goes, and the most severe, then the longest, then the earliest finding names it."""
    a, b = rule("a", "redact", categories=frozenset({"A"})), rule("b", "rewrite", categories=frozenset({"B"}))
    assert spans(decided([find(0, 10), find(8, 12, category="B")], a, b)) == [(0, 12, "b")]
    c = rule("c", "redact", categories=frozenset({"C"}))
    assert spans(decided([find(0, 4), find(3, 12, category="C")], a, c)) == [(0, 12, "c")]
    assert spans(decided([find(0, 5), find(3, 8, category="C")], a, c)) == [(0, 8, "a")]
    assert spans(decided([find(0, 5), find(0, 5, category="C")], c, a)) == [(0, 5, "c")]


def test_edits_that_only_touch_stay_two() -> None:
    """A span that ends where the next begins does not overlap it."""
    assert spans(decided([find(0, 5), find(5, 9)], rule("r", "redact"))) == [(0, 5, "r"), (5, 9, "r")]


def test_a_block_cuts_edits_at_its_start() -> None:
    """Nothing from the block on leaves, so no edit is needed there."""
    a, b = rule("a", "redact", categories=frozenset({"A"})), rule("b", "block", categories=frozenset({"B"}))
    decision = decided([find(0, 3), find(4, 9), find(7, 12, category="B"), find(13, 15)], a, b)
    assert decision.block is not None
    assert (decision.block.rule.id, decision.block.finding.start) == ("b", 7)
    assert spans(decision) == [(0, 3, "a"), (4, 7, "a")]


def test_the_earliest_block_ends_the_text() -> None:
    """Of two blocks the one that begins first, then the one whose rule comes first."""
    b, c = rule("b", "block", categories=frozenset({"B"})), rule("c", "block", categories=frozenset({"C"}))
    for findings, expected in (
        ([find(5, 9, category="B"), find(3, 9, category="C")], "c"),
        ([find(3, 9, category="C"), find(3, 5, category="B")], "b"),
    ):
        block = decided(findings, b, c).block
        assert block is not None
        assert block.rule.id == expected


def test_shadow_mode_only_flags_and_names_the_rule_that_would_act() -> None:
    """The rule is chosen by what it says, the action is flag, and an allow stays an allow."""
    rules = [rule("f", "flag"), rule("b", "block"), rule("a", "allow", "names")]
    decision = decided([find(0, 5), find(7, 9, detector="names")], *rules, mode=Mode.SHADOW)
    assert acted(decision) == [("b", 0, 5, "flag"), ("a", 7, 9, "allow")]
    assert (decision.action, decision.edits, decision.block) == (Action.FLAG, (), None)


def test_replacements() -> None:
    """Template, default, mask and fingerprint; the fingerprint is of the finding's own text."""
    p, found = policy(), find(2, 6, category="EMAIL")

    def render(one: Rule, start: int = 0, text: str = "x ab@c y") -> str:
        return render_replacement(p, SpanEdit(start, start + len(text), one, found, one.action), text)

    assert render(rule("r", "redact")) == "<EMAIL>"
    assert render(rule("r", "redact", replacement="{{{rule}: {category}}}")) == "{r: EMAIL}"
    assert render(rule("r", "redact", mask="*")) == "********"
    assert render(rule("r", "rewrite")) == "[removed]"
    fingerprint = render(rule("r", "redact", hash=True))
    assert fingerprint == render(rule("r", "redact", hash=True), 2, "ab@c")
    assert fingerprint != render(rule("r", "redact", hash=True), 2, "ab@d")
    assert fingerprint.startswith("<EMAIL:")
    assert "ab@c" not in fingerprint


RULES = st.lists(
    st.builds(
        rule,
        name=st.sampled_from("abcdef"),
        action=st.sampled_from(Action),
        detector=st.sampled_from("de"),
        categories=st.none() | st.frozensets(st.sampled_from("AB"), min_size=1),
        min_score=st.sampled_from([0.0, 0.5, 0.9]),
    ),
    max_size=5,
)
FINDINGS = st.lists(
    st.builds(
        lambda start, length, score, category, detector: find(start, start + length, score, category, detector),
        st.integers(0, 20),
        st.integers(1, 10),
        st.sampled_from([0.3, 0.5, 0.9, 1.0]),
        st.sampled_from("AB"),
        st.sampled_from("de"),
    ),
    max_size=8,
)


@given(RULES, FINDINGS, st.randoms(use_true_random=False))
def test_the_order_of_findings_does_not_matter(rules: list[Rule], findings: list[Finding], random: object) -> None:
    """Same findings, any order, any repeats: the same decision."""
    shuffled = [*findings, *findings[:2]]
    random.shuffle(shuffled)  # type: ignore[attr-defined]
    assert decided(shuffled, *rules) == decided(findings, *rules)


@given(RULES, FINDINGS)
def test_no_character_of_a_redacted_span_survives(rules: list[Rule], findings: list[Finding]) -> None:
    """Every redacted or rewritten finding is covered by edits, or lies behind the block."""
    decision = decided(findings, *rules)
    covered = {i for e in decision.edits for i in range(e.start, e.end)}
    limit = decision.block.finding.start if decision.block else 10**9
    for one in decision.acted:
        if one.action in {Action.REDACT, Action.REWRITE}:
            assert {i for i in range(one.finding.start, one.finding.end) if i < limit} <= covered


@given(RULES, FINDINGS)
def test_edits_are_ordered_and_apart_and_touch_nothing_else(rules: list[Rule], findings: list[Finding]) -> None:
    """Edits never overlap, and every edited character lies in a redacted finding."""
    decision = decided(findings, *rules)
    assert all(a.end <= b.start for a, b in zip(decision.edits, decision.edits[1:], strict=False))
    wanted = {
        i
        for a in decision.acted
        if a.action in {Action.REDACT, Action.REWRITE}
        for i in range(a.finding.start, a.finding.end)
    }
    assert {i for e in decision.edits for i in range(e.start, e.end)} <= wanted


@given(RULES, FINDINGS)
def test_the_action_is_the_most_severe_of_the_incidents(rules: list[Rule], findings: list[Finding]) -> None:
    """The decision's action is that of its worst incident, and a block is there when it is `block`."""
    decision = decided(findings, *rules)
    worst = max((a.action for a in decision.acted), key=lambda action: action.severity, default=Action.ALLOW)
    assert decision.action is worst
    assert (decision.block is not None) == (worst is Action.BLOCK)


@given(RULES, FINDINGS)
def test_shadow_mode_changes_no_text(rules: list[Rule], findings: list[Finding]) -> None:
    """In shadow mode the same findings are told, and nothing is enforced."""
    shadow = decided(findings, *rules, mode=Mode.SHADOW)
    assert (shadow.edits, shadow.block) == ((), None)
    enforced = decided(findings, *rules)
    assert [(a.rule, a.finding) for a in shadow.acted] == [(a.rule, a.finding) for a in enforced.acted]


@given(RULES, FINDINGS, st.sampled_from([find(40, 45), find(50, 60, category="B", detector="e")]))
def test_findings_far_away_do_not_matter(rules: list[Rule], findings: list[Finding], far: Finding) -> None:
    """Clusters are independent: a finding elsewhere changes nothing here but the overall action."""
    near = decided(findings, *rules)
    both = decided([*findings, far], *rules)
    assert [a for a in both.acted if a.finding != far] == list(near.acted)
    if near.block is not None:
        assert (both.block, both.edits) == (near.block, near.edits)


def test_where_a_text_may_not_stop_its_message_a_block_redacts() -> None:
    """With the block's own precedence over milder rules; flags and shadow mode stay what they are."""
    rules = (rule("mild", "redact"), rule("hard", "block"), rule("see", "flag", detector="e"))
    findings = [find(0, 5), find(7, 9, detector="e")]
    found = decide(policy(*rules), findings, Direction.RESPONSE, TEXT, may_block=False)
    assert (found.block, found.action) == (None, Action.REDACT)
    assert [(e.start, e.end) for e in found.edits] == [(0, 5)]
    assert acted(found)[1:] == [("see", 7, 9, "flag")]
    shadow = decide(policy(*rules, mode=Mode.SHADOW), findings, Direction.RESPONSE, TEXT, may_block=False)
    assert (shadow.action, shadow.edits) == (Action.FLAG, ())
