"""A small pipeline of spaCy's, made here: rules in place of a trained model, so that its answers can be told by
reading, and everything around it (files, process, Presidio, offsets) is the real thing.
"""

from __future__ import annotations

import atexit
import functools
import shutil
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from tests.support.models import Trouble, TroubleSource

if TYPE_CHECKING:
    from collections.abc import Sequence

    from detectors.types import Scores

NAMES = {
    "PERSON": ("Jane Roe", "Jane", "Roe", "J. R. Roe", "Wacława", "jo lark"),
    "GPE": ("Portland", "New Quay", "ヴェール"),
    "FAC": ("Quay Bridge",),
    "ORG": ("Acme Inc.", "University of Quay", "Acme"),
    "NORP": ("Quayish",),
    "DATE": ("10 May 1999", "May 1999", "yesterday"),
    "PRODUCT": ("Falcon",),
}
"""Label -> what the rules find; of two the longer one wins, as everywhere in spaCy."""


def write_pipeline(folder: Path, language: str = "en", *, is_parsed: bool = False) -> Path:
    """Write the pipeline into a folder. `is_parsed`: with a component that has no part in finding names."""
    import spacy  # noqa: PLC0415 - only where a pipeline is made

    nlp = spacy.blank(language)
    if is_parsed:
        nlp.add_pipe("sentencizer")
    ruler = nlp.add_pipe("entity_ruler")
    ruler.add_patterns(  # type: ignore[attr-defined]
        [{"label": label, "pattern": name} for label, names in NAMES.items() for name in names]
    )
    nlp.to_disk(folder)
    return folder


LEARNT = (
    ("Jane Roe went to Portland.", [(0, 8, "PERSON"), (17, 25, "GPE")]),
    ("Yesterday Jane Roe of Acme Inc. came.", [(10, 18, "PERSON"), (22, 31, "ORG")]),
    ("Nothing here.", []),
)
STEPS = 25


def write_trained(folder: Path) -> Path:
    """Write a pipeline with a statistical `ner` that learnt a few names, and components that it does not use."""
    import spacy  # noqa: PLC0415 - as above
    from spacy.training import Example  # noqa: PLC0415
    from spacy.util import fix_random_seed  # noqa: PLC0415

    fix_random_seed(7)
    nlp = spacy.blank("en")
    nlp.add_pipe("sentencizer")
    nlp.add_pipe("tagger").add_label("NN")  # type: ignore[attr-defined]
    ner = nlp.add_pipe("ner")
    for label in ("PERSON", "GPE", "ORG"):
        ner.add_label(label)  # type: ignore[attr-defined]
    examples = [Example.from_dict(nlp.make_doc(text), {"entities": names}) for text, names in LEARNT]
    optimizer = nlp.initialize()
    with nlp.select_pipes(enable="ner"):
        for _ in range(STEPS):
            nlp.update(examples, sgd=optimizer)
    nlp.to_disk(folder)
    return folder


@functools.cache
def names_folder() -> Path:
    """The folder of a pipeline that all tests of this process share. It goes when the process ends."""
    folder = Path(tempfile.mkdtemp(prefix="sluicegate-names-"))
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    return write_pipeline(folder)


class NamesTrouble(Trouble):
    """Finds nothing, and does what it is told when it reads a word."""

    labels = ()

    def scores(self, texts: Sequence[str]) -> list[Scores]:
        return [() for _ in super().scores(texts)]


@dataclass(frozen=True)
class NamesTroubleSource(TroubleSource):
    """Where a `NamesTrouble` comes from."""

    def load(self) -> NamesTrouble:
        return NamesTrouble(self.folder)
