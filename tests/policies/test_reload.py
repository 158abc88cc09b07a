"""Reloading: whole or not at all, the last good one stays, and each broken content is reported once."""

from __future__ import annotations

from pathlib import Path

import pytest

from policies.problems import PolicyError
from policies.reload import Reloadable, ReloadReport, ReloadResult, first, reload

GOOD = """version: 1
detectors:
  words: {type: keywords, file: words.txt}
rules:
  - {id: w, detector: words, action: flag}
"""


class Disk:
    """Files in memory."""

    def __init__(self) -> None:
        self.files = {"p.yaml": "version: 1\nextends: base.yaml\n", "base.yaml": GOOD, "words.txt": "falcon\n"}
        self.reads = 0

    def read(self, path: Path, limit: int) -> bytes:
        self.reads += 1
        if path.name not in self.files:
            raise FileNotFoundError(2, "No such file or directory")
        return self.files[path.name].encode()[: limit + 1]


@pytest.fixture
def disk(tmp_path: Path) -> Disk:
    # The word list is read by its detector, from the real disk.
    (tmp_path / "words.txt").write_text("falcon\n", encoding="utf-8")
    return Disk()


def start(disk: Disk, folder: Path) -> Reloadable:
    return first(folder / "p.yaml", hash_key=b"k", read=disk.read)


def look(current: Reloadable, disk: Disk) -> tuple[Reloadable, ReloadReport]:
    return reload(current, read=disk.read)


def test_nothing_changed(disk: Disk, tmp_path: Path) -> None:
    """The same content is the same policy, and is not loaded again."""
    current = start(disk, tmp_path)
    reads = disk.reads
    after, report = look(current, disk)
    assert after is current
    assert report.result is ReloadResult.UNCHANGED
    assert disk.reads - reads == 3


@pytest.mark.parametrize(
    ("name", "old", "new"),
    [("p.yaml", "version: 1\n", "version: 1\nmode: shadow\n"), ("base.yaml", "flag", "redact")],
)
def test_a_change_of_any_file_is_taken(disk: Disk, tmp_path: Path, name: str, old: str, new: str) -> None:
    """The policy itself and a parent are watched; the old policy is as it was."""
    current = start(disk, tmp_path)
    before = current.loaded.policy
    disk.files[name] = disk.files[name].replace(old, new)
    after, report = look(current, disk)
    assert report == ReloadReport(ReloadResult.APPLIED, before.revision, after.loaded.policy.revision)
    assert after.loaded.policy.revision != before.revision
    assert after.loaded.policy.hash_key == b"k"
    assert current.loaded.policy is before
    assert look(after, disk)[1].result is ReloadResult.UNCHANGED


def test_a_change_of_a_word_list_is_taken(disk: Disk, tmp_path: Path) -> None:
    """Files that detectors name are watched too."""
    current = start(disk, tmp_path)
    disk.files["words.txt"] = "eagle\n"
    (tmp_path / "words.txt").write_text("eagle\n", encoding="utf-8")
    assert look(current, disk)[1].result is ReloadResult.APPLIED


def test_a_comment_changes_no_revision(disk: Disk, tmp_path: Path) -> None:
    """It is loaded, and says that nothing that decides has changed."""
    current = start(disk, tmp_path)
    disk.files["base.yaml"] += "# comment\n"
    report = look(current, disk)[1]
    assert (report.result, report.new_revision) == (ReloadResult.APPLIED, report.old_revision)


def test_a_broken_file_keeps_the_last_good_policy_and_is_reported_once(disk: Disk, tmp_path: Path) -> None:
    """Rejected with every problem, silent until the content changes again, applied when it is mended."""
    current = start(disk, tmp_path)
    disk.files["base.yaml"] = GOOD.replace("flag", "flog").replace("id: w", "id: 3")
    broken, report = look(current, disk)
    assert broken.loaded is current.loaded
    assert report.result is ReloadResult.REJECTED
    assert [str(p).split(" ", 1)[1] for p in report.problems] == [
        "rule number 1: id: 3 is not a text. Put quotes around it.",
        "rule number 1: action: 'flog' is not one of allow, flag, redact, rewrite, block. Did you mean 'flag'?",
    ]
    assert look(broken, disk)[1].result is ReloadResult.UNCHANGED
    disk.files["base.yaml"] = GOOD.replace("flag", "block")
    mended, report = look(broken, disk)
    assert report.result is ReloadResult.APPLIED
    assert mended.loaded.policy.rules[0].action == "block"


def test_a_file_that_goes_away_and_comes_back(disk: Disk, tmp_path: Path) -> None:
    """An editor that replaces the file never costs the policy, and the same content back is taken up again."""
    current = start(disk, tmp_path)
    base = disk.files.pop("base.yaml")
    gone, report = look(current, disk)
    assert report.result is ReloadResult.REJECTED
    assert gone.loaded is current.loaded
    disk.files["base.yaml"] = base
    back, report = look(gone, disk)
    assert (report.result, report.new_revision) == (ReloadResult.APPLIED, report.old_revision)
    assert back.loaded.policy.revision == current.loaded.policy.revision


def test_a_missing_new_parent_is_watched(disk: Disk, tmp_path: Path) -> None:
    """The file whose arrival would cure the error is looked for."""
    current = start(disk, tmp_path)
    disk.files["p.yaml"] = "version: 1\nextends: other.yaml\n"
    waiting, report = look(current, disk)
    assert report.result is ReloadResult.REJECTED
    disk.files["other.yaml"] = GOOD
    assert look(waiting, disk)[1].result is ReloadResult.APPLIED


def test_force_loads_again(disk: Disk, tmp_path: Path) -> None:
    """A signal asks for a load whatever the files say."""
    current = start(disk, tmp_path)
    after, report = reload(current, read=disk.read, force=True)
    assert report.result is ReloadResult.APPLIED
    assert after.loaded is not current.loaded


def test_the_first_load_raises(disk: Disk, tmp_path: Path) -> None:
    """Without a good one there is nothing to keep."""
    disk.files["base.yaml"] = "version: 1\n"
    with pytest.raises(PolicyError):
        start(disk, tmp_path)
