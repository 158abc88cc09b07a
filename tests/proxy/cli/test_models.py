"""`sluicegate models`: a model is fetched once, and exported when it says the same."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.support.checkpoints import write_checkpoint

if TYPE_CHECKING:
    from pathlib import Path

    from tests.support.cli import Sluicegate


def test_a_model_that_is_not_known(sluicegate: Sluicegate) -> None:
    """Both commands say which there are."""
    for arguments in (("fetch", "bundled"), ("fetch", "original"), ("export", "detoxify:huge", "--out", "x")):
        ran = sluicegate("models", *arguments)
        assert ran.code == 2
        assert "detoxify:original, detoxify:unbiased, detoxify:multilingual" in ran.err


@pytest.mark.models
def test_export(sluicegate: Sluicegate, tmp_path: Path) -> None:
    """It prints how far the two agree; without a file, or beyond the bound, nothing is written."""
    pytest.importorskip("detoxify", reason="make test-models installs torch and Detoxify")
    checkpoint = write_checkpoint(tmp_path / "tiny")
    out = tmp_path / "exported"
    config = ("--out", str(out), "--config-path", str(checkpoint.parent))
    for arguments, told in [
        ((str(tmp_path / "none.ckpt"), *config), "is not there"),
        ((str(checkpoint), *config, "--bound", "0"), "was not exported: the scores differ by up to"),
    ]:
        ran = sluicegate("models", "export", *arguments)
        assert ran.code == 2
        assert told in ran.err
        assert not out.exists()
    ran = sluicegate("models", "export", str(checkpoint), *config)
    assert ran.code == 0, ran.err
    assert f"use it as model: onnx:{out}" in ran.out
    assert "largest difference of a score over" in ran.out
    assert "  identity_attack: 0.0" in ran.out
