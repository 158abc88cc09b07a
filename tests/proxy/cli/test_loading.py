from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from proxy.cli.errors import CommandError
from proxy.cli.loading import load, resolve

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path


@pytest.mark.parametrize("function", [load, resolve])
def test_a_policy_that_cannot_be_used_is_one_line_for_each_problem(
    function: Callable[[str], object], tmp_path: Path
) -> None:
    path = tmp_path / "bad.yaml"
    path.write_text("version: 1\nfoo: 1\nbar: 2\nrules: []\n")
    with pytest.raises(CommandError) as caught:
        function(str(path))
    assert [line.split(" ")[0] for line in caught.value.lines] == [f"{path}:2:1", f"{path}:3:1"]


def test_loading_and_resolving_agree(policy_file: Path) -> None:
    assert load(str(policy_file)).revision == resolve(str(policy_file)).revision
