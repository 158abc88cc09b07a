"""An inference service that speaks the Open Inference Protocol, version 2, strictly: for tests of who asks it.

It refuses what the protocol does not allow, so that a client which passes here speaks the protocol; and it can
misbehave. Scores are those of the words in `tests.support.models`.
"""

from __future__ import annotations

import json
import threading
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING, Any

from tests.support.models import CALM, LABELS, WORDS, score

if TYPE_CHECKING:
    from collections.abc import Iterator

MODEL = "words"


@dataclass
class Service:
    """A service that runs."""

    url: str = ""
    asked: list[list[str]] = field(default_factory=list)
    """The texts of each question that was answered."""
    connections: int = 0
    version: str = ""
    """What it calls its model; empty for a service that does not say."""
    faults: list[str] = field(default_factory=list)
    """What goes wrong with the next questions: a status, `cut`, `hang`, `html`, `nan`, `short`, `huge`, `name`,
    `large`."""
    go: threading.Event = field(default_factory=threading.Event)

    def infer(self, question: Any) -> dict[str, Any]:
        """Answer a question, or raise ValueError for one that the protocol does not allow."""
        (given,) = question["inputs"]
        texts = given["data"]
        _require(set(given) == {"name", "shape", "datatype", "data"}, "members of the input")
        _require(given["name"] == "text", "name of the input")
        _require(given["datatype"] == "BYTES", "datatype")
        _require(given["shape"] == [len(texts), 1], "shape")
        _require(all(isinstance(text, str) for text in texts), "data")
        _require(question.get("outputs", [{"name": "scores"}]) == [{"name": "scores"}], "outputs")
        self.asked.append(texts)
        rows = [scores_of(text) for text in texts]
        data = [one for row in rows for one in row]
        output = {"name": "scores", "datatype": "FP32", "shape": [len(rows), len(LABELS)], "data": data}
        version = {"model_version": self.version} if self.version else {}
        return {"model_name": MODEL, **version, "id": "", "outputs": [output]}


def scores_of(text: str) -> list[float]:
    """The scores of a text: for each label the highest of its words'."""
    words = text.lower().split()
    return [score(max((WORDS.get(word, {}).get(label, CALM) for word in words), default=CALM)) for label in LABELS]


def _require(is_right: bool, what: str) -> None:
    if not is_right:
        raise ValueError(what)


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    service: Service

    def setup(self) -> None:
        super().setup()
        self.service.connections += 1

    def do_GET(self) -> None:
        known = {"/v2/health/live": {"live": True}, "/v2/health/ready": {"ready": True}}
        self._answer(200 if self.path in known else 404, known.get(self.path, {"error": "not found"}))

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        fault = self.service.faults.pop(0) if self.service.faults else ""
        if fault == "cut":
            self.close_connection = True
            return
        if fault == "hang":
            self.service.go.wait(20)
            self.close_connection = True
            return
        if fault.isdigit():
            self._answer(int(fault), {"error": "as the test wants it"})
            return
        if self.path not in {f"/v2/models/{MODEL}/infer", f"/v2/models/{MODEL}/versions/2/infer"}:
            self._answer(404, {"error": "no such model"})
            return
        try:
            answer = self.service.infer(json.loads(body))
        except (ValueError, KeyError, TypeError) as error:
            self._answer(400, {"error": str(error)})
            return
        self._send(200, _spoilt(answer, fault))

    def _answer(self, status: int, value: Any) -> None:
        self._send(status, json.dumps(value).encode())

    def _send(self, status: int, body: bytes) -> None:
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        """Say nothing."""


class _Quiet(ThreadingHTTPServer):
    def handle_error(self, *_: object) -> None:
        """Clients that go away are part of the tests."""


def _spoilt(answer: dict[str, Any], fault: str) -> bytes:
    output = answer["outputs"][0]
    if fault == "rows":  # allowed: a list of rows
        width = output["shape"][1]
        output["data"] = [output["data"][at : at + width] for at in range(0, len(output["data"]), width)]
    elif fault == "nan":
        output["data"][0] = float("nan")
    elif fault == "large":  # JSON, and larger than a float
        output["data"][0] = 10**400
    elif fault == "short":
        output["data"] = output["data"][:-1]
    elif fault == "name":
        output["name"] = "other"
    elif fault == "html":
        return b"<html>welcome</html>"
    elif fault == "huge":
        return b" " * (5 << 20)
    return json.dumps(answer).encode()


@contextmanager
def serving() -> Iterator[Service]:
    """Run a service on a free port of this machine."""
    service = Service()
    handler = type("Handler", (_Handler,), {"service": service})
    server = _Quiet(("127.0.0.1", 0), handler)
    server.daemon_threads = True
    service.url = f"http://127.0.0.1:{server.server_address[1]}"
    thread = threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True)
    thread.start()
    try:
        yield service
    finally:
        service.go.set()
        server.shutdown()
        server.server_close()
        thread.join()
