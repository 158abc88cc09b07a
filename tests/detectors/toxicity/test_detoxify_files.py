"""Which Detoxify models there are: the library's own table, without importing it."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from detectors.toxicity import detoxify_files as module
from detectors.toxicity.card import LABELS
from detectors.toxicity.detoxify_files import VARIANTS, weights_path
from detectors.types import DetectorConfigError
from tests.support.detectors import built

if TYPE_CHECKING:
    from collections.abc import Callable


@pytest.mark.models
def test_the_table_is_the_library_s() -> None:
    """Names and files."""
    pytest.importorskip("detoxify", reason="make test-models installs torch and Detoxify")
    from detoxify.detoxify import MODEL_URLS  # noqa: PLC0415

    assert {name: url.rpartition("/")[2] for name, url in MODEL_URLS.items()} == {
        name: one.weights for name, one in VARIANTS.items()
    }


def test_labels_have_our_names() -> None:
    """A rule for `insult` means the same whichever model is asked."""
    for variant in VARIANTS.values():
        assert set(variant.labels) <= set(LABELS)


def test_where_torch_keeps_weights(monkeypatch: pytest.MonkeyPatch) -> None:
    """The variables that torch reads."""
    monkeypatch.delenv("TORCH_HOME", raising=False)
    monkeypatch.setenv("XDG_CACHE_HOME", "/cache")
    name = VARIANTS["original"].weights
    assert weights_path("original") == Path("/cache/torch/hub/checkpoints") / name
    monkeypatch.setenv("TORCH_HOME", "/torch")
    assert weights_path("original") == Path("/torch/hub/checkpoints") / name


@pytest.mark.parametrize(
    ("params", "installed", "loc", "told"),
    [
        ({"model": "detoxify:huge"}, True, ("model",), "It has: original, unbiased, multilingual"),
        ({"model": "detoxify:original"}, False, ("model",), "pip install 'sluicegate[detoxify]'"),
        ({"model": "detoxify:original"}, True, ("model",), "sluicegate models fetch detoxify:original"),
        ({"model": "detoxify:original", "checkpoint": "/nowhere"}, True, ("checkpoint",), "no file /nowhere"),
        (
            {"model": "detoxify:original", "checkpoint": __file__, "huggingface_config_path": "/nowhere"},
            True,
            ("huggingface_config_path",),
            "no folder /nowhere",
        ),
    ],
)
def test_a_policy_hears_what_is_missing(
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
    params: dict[str, Any],
    installed: bool,
    loc: tuple[str, ...],
    told: str,
) -> None:
    """Before a port is opened, and without importing torch."""
    find: Callable[[str], object] = lambda _name: object() if installed else None  # noqa: E731
    monkeypatch.setattr(module, "find_spec", find)
    monkeypatch.setenv("TORCH_HOME", str(tmp_path))
    with pytest.raises(DetectorConfigError) as caught:
        built("toxicity", params)
    assert caught.value.loc == loc
    assert told in str(caught.value)


def test_a_checkpoint_with_its_own_labels(monkeypatch: pytest.MonkeyPatch) -> None:
    """What it scores is known when it is loaded; until then the policy says it."""
    monkeypatch.setattr(module, "find_spec", lambda _name: object())
    params = {"model": "detoxify:original", "checkpoint": __file__}
    assert built("toxicity", params).categories == VARIANTS["original"].labels
    assert built("toxicity", {**params, "labels": ["spite"]}).categories == ("spite",)
