"""A revision is new once, and again after it was gone for long."""

from __future__ import annotations

from monitor.models.revisions import MAX_POLICIES, MAX_REVISIONS, Revisions


def test_a_rollout_is_news_once() -> None:
    revisions = Revisions(100.0)
    assert not revisions.is_new("acme", "a", 0.0)
    assert revisions.is_new("acme", "b", 1.0)
    for now_s in range(2, 50, 2):
        assert not revisions.is_new("acme", "a", float(now_s))
        assert not revisions.is_new("acme", "b", now_s + 1.0)


def test_a_revision_that_comes_back_after_long_is_new() -> None:
    revisions = Revisions(100.0)
    revisions.is_new("acme", "a", 0.0)
    revisions.is_new("acme", "b", 1.0)
    assert not revisions.is_new("acme", "a", 100.0)
    assert revisions.is_new("acme", "b", 150.0)


def test_it_is_only_the_policys_own_that_counts_and_memory_is_bounded() -> None:
    revisions = Revisions(100.0)
    for number in range(MAX_POLICIES + 50):
        assert not revisions.is_new(f"p{number}", "a", 0.0)
    for number in range(50):
        revisions.is_new("p0", f"r{number}", float(number))
    assert len(revisions._seen_s) == MAX_POLICIES
    assert max(map(len, revisions._seen_s.values())) == MAX_REVISIONS
