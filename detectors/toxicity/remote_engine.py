"""Scores texts with a service that speaks the Open Inference Protocol, version 2: KServe, Triton, MLServer.

One HTTP request for a batch, from the thread that asks; urllib3 keeps the connection, retries and counts the time.
The only module of the detectors that looks at a clock: a service that fails is left alone for a while.
"""

from __future__ import annotations

import json
import math
import time
from typing import TYPE_CHECKING, Any, Final, Self

import urllib3
from urllib3.exceptions import HTTPError, ReadTimeoutError

from detectors.toxicity.breaker import Breaker
from detectors.toxicity.parts import highest, most_tokens, parts_of
from detectors.types import ModelUnavailableError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from detectors.toxicity.sources import RemoteSource
    from detectors.types import Scores

MAX_ANSWER_BYTES: Final = 4 << 20
"""Scores of a batch are some kilobytes; a service that sends more is another one."""

MARKS: Final = 2
"""Tokens that a model puts before and after a text."""

MAX_VERSION_CHARS: Final = 256
"""Names of models and versions are short; it is kept for every text that is remembered of a batch."""

_AGAIN = frozenset({429, 502, 503, 504})
"""Answers of a service, or of what stands before it, that another try may not get."""

_FLOATS = frozenset({"FP16", "FP32", "FP64"})


class _Retry(urllib3.Retry):
    """Sends again what was refused or cut off, not what took too long: the answer would come too late."""

    def increment(self, *args: Any, **more: Any) -> Self:  # noqa: ANN401 - the library's own
        """See `urllib3.Retry`."""
        error = more.get("error")
        if isinstance(error, ReadTimeoutError):
            raise error
        return super().increment(*args, **more)


class RemoteEngine:
    """A model in a service."""

    def __init__(self, source: RemoteSource) -> None:
        self.labels = source.labels
        self.version = ""
        """What the service called its model in the last answer, `name:version`; what it left out is empty."""
        self._source = source
        version = f"/versions/{source.version}" if source.version else ""
        self._url = f"{source.url.rstrip('/')}/v2/models/{source.model}{version}/infer"
        self._breaker = Breaker(source.max_failures, source.pause_s)
        retry = _Retry(
            total=source.retries,
            status_forcelist=_AGAIN,
            allowed_methods=None,
            raise_on_status=False,
            redirect=False,
        )
        timeout = urllib3.Timeout(total=source.timeout_s)
        self._pool = urllib3.PoolManager(num_pools=1, maxsize=1, retries=retry, timeout=timeout)

    def scores(self, texts: Sequence[str]) -> list[Scores]:
        """Have texts scored there. Raises `ModelUnavailableError`.

        Of one with too many tokens, which the service would cut off, the highest score of its parts counts.
        """
        if not self._breaker.allows(time.monotonic()):
            raise ModelUnavailableError(f"{self._source.model}: the service failed and is left alone for a while")
        parts = [parts_of(text, self._fits) for text in texts]
        asked = [part for of_text in parts for part in of_text]
        try:
            rows = iter(self._read(self._asked(asked), len(asked)))
        except ModelUnavailableError:
            self._breaker.failed(time.monotonic())
            raise
        self._breaker.succeeded()
        return [highest([next(rows) for _ in of_text]) for of_text in parts]

    def _fits(self, text: str) -> bool:
        return most_tokens(text) <= self._source.max_tokens - MARKS

    def _asked(self, texts: Sequence[str]) -> bytes:
        given = [text.encode("utf-8", "replace").decode() for text in texts]
        question = {
            "inputs": [
                {"name": self._source.input, "shape": [len(given), 1], "datatype": "BYTES", "data": given},
            ],
            "outputs": [{"name": self._source.output}],
        }
        try:
            answer = self._pool.request(
                "POST",
                self._url,
                body=json.dumps(question, ensure_ascii=False).encode(),
                headers={"Content-Type": "application/json"},
                preload_content=False,
            )
            body = answer.read(MAX_ANSWER_BYTES + 1)
            if len(body) > MAX_ANSWER_BYTES:
                answer.close()
            answer.release_conn()
        except HTTPError as error:
            reason = getattr(error, "reason", None) or error
            raise ModelUnavailableError(f"{self._source.model}: {type(reason).__name__}") from None
        if answer.status != 200:  # noqa: PLR2004
            raise ModelUnavailableError(f"{self._source.model}: the service answered with status {answer.status}")
        return body

    def _read(self, body: bytes, texts: int) -> list[Scores]:
        """Return the rows of an answer. Raises `ModelUnavailableError` for one that is not what was asked."""
        width = len(self.labels)
        try:
            answer = json.loads(body)
            outputs = answer["outputs"]
            (output,) = [one for one in outputs if one["name"] == self._source.output]
            values = [float(value) for value in _flat(output["data"])]
            is_right = list(output["shape"]) == [texts, width] and output["datatype"] in _FLOATS
        except (ValueError, KeyError, TypeError, OverflowError, RecursionError):
            is_right, values = False, []
        if not is_right or len(values) != texts * width:
            wanted = f"{self._source.output!r}, floats in {texts} rows of {width}"
            raise ModelUnavailableError(f"{self._source.model}: the answer has no output {wanted}")
        if not all(math.isfinite(value) and 0.0 <= value <= 1.0 for value in values):
            raise ModelUnavailableError(f"{self._source.model}: its scores are not between 0 and 1")
        self.version = _version(answer)
        return [tuple(values[at : at + width]) for at in range(0, len(values), width)]


def _version(answer: dict[str, Any]) -> str:
    """Return what an answer calls its model; the protocol lets a service leave the version out."""
    said = [answer.get(name) for name in ("model_name", "model_version")]
    return ":".join("" if one is None else str(one) for one in said)[:MAX_VERSION_CHARS]


def _flat(data: Any) -> list[Any]:  # noqa: ANN401 - JSON
    """Return a tensor's values in order: the protocol allows rows, or all in one list."""
    return [value for row in data for value in (row if isinstance(row, list) else (row,))]
