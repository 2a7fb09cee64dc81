"""The process in which models are loaded and answer: `python -m modelwright.serving.host SOCKET`.

A model is code; the web server therefore never loads one. It starts this process, which ends with
it, and talks to it in lines of JSON over a Unix socket of its own (a request's own body follows its
line as it came, and so does the answer to it: see `quick_answer`). Here is no database and no
secret but the key that artifacts are signed with, which comes over standard input.
"""

import json
import os
import signal
import socketserver
import sys
import threading
from collections import OrderedDict
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from modelwright.engine.artifacts import load_artifact
from modelwright.engine.errors import ArtifactError, ModelTrainerError
from modelwright.engine.results import plain
from modelwright.engine.serving.bodies import quick_table
from modelwright.engine.serving.predictor import Predictor
from modelwright.engine.serving.quick import quick_body
from modelwright.engine.serving.rows import RowsError

MAX_MODELS = 64


@dataclass
class Cache:
    """Loaded models, the longest unused leaving first once they are too many or too large.

    Parameters
    ----------
    key : bytes
        What artifacts are signed with.
    max_bytes : int
        Of artifacts' files together; one always fits.
    """

    key: bytes
    max_bytes: int
    _loaded: "OrderedDict[str, tuple[Predictor, int]]" = field(default_factory=OrderedDict)
    _lock: threading.Lock = field(default_factory=threading.Lock)
    _loading: dict[str, threading.Lock] = field(default_factory=dict)

    def get(self, path: str, sha256: str, signature: str) -> Predictor:
        """Return the model with this hash; it is loaded once, after its bytes were proved.

        Raises
        ------
        ArtifactError
            The file isn't the one that was recorded, or gone.
        """
        with self._lock:
            if sha256 in self._loaded:
                self._loaded.move_to_end(sha256)
                return self._loaded[sha256][0]
            loading = self._loading.setdefault(sha256, threading.Lock())
        with loading:
            with self._lock:
                if sha256 in self._loaded:
                    return self._loaded[sha256][0]
            model = load_artifact(path, sha256=sha256, signature=signature, key=self.key)
            predictor = Predictor(model)
            self._keep(sha256, predictor, Path(path).stat().st_size)
        return predictor

    def _keep(self, sha256: str, predictor: Predictor, size: int) -> None:
        with self._lock:
            self._loaded[sha256] = (predictor, size)
            self._loading.pop(sha256, None)
            while len(self._loaded) > 1 and (
                len(self._loaded) > MAX_MODELS
                or sum(size for _, size in self._loaded.values()) > self.max_bytes
            ):
                self._loaded.popitem(last=False)


def answer(cache: Cache, request: Mapping[str, Any]) -> dict[str, Any]:
    """Return the answer to one request; whatever goes wrong is part of it."""
    try:
        predictor = cache.get(request["path"], request["sha256"], request["signature"])
        if request.get("only_load"):
            return {"fast": predictor.is_fast, "columns": [asdict(c) for c in predictor.columns]}
        found = predictor.answer(
            request["table"], written=request["written"], explain=request["explain"]
        )
        return {"answer": plain(found)}
    except RowsError as error:
        return {"error": error.code, "message": error.message, "faults": error.faults}
    except ArtifactError as error:
        return {"error": error.code, "message": error.message}
    except ModelTrainerError as error:
        return {"error": error.code, "message": error.message}
    except Exception as error:  # noqa: BLE001  (the edge: a model's own code may raise anything)
        return {"error": "model_failed", "message": f"{type(error).__name__}: {error}"[:500]}


def quick_answer(cache: Cache, request: Mapping[str, Any], body: bytes) -> tuple[int, bytes]:
    """Return how many rows a body has and the predictions as JSON; 0 rows: go the long way.

    The long way words whatever is wrong, so that this needs no words.
    """
    try:
        table = quick_table(body)
        if table is None:
            return 0, b""
        predictor = cache.get(request["path"], request["sha256"], request["signature"])
        found = quick_body(predictor, table, seed=request["seed"], version=request["version"])
    except Exception:  # noqa: BLE001  (the edge: a model's own code may raise anything)
        return 0, b""
    return (0, b"") if found is None else (table.size, found)


class _Server(socketserver.ThreadingUnixStreamServer):
    daemon_threads = True
    request_queue_size = 128

    def __init__(self, address: str, cache: Cache) -> None:
        super().__init__(address, _Handler)
        self.cache = cache


class _Handler(socketserver.StreamRequestHandler):
    server: _Server

    def handle(self) -> None:
        """Answer line by line until the other side hangs up."""
        for line in self.rfile:
            request = json.loads(line)
            if (size := request.get("size")) is not None:
                rows, body = quick_answer(self.server.cache, request, self.rfile.read(size))
                self.wfile.write(b"%d %d\n%b" % (rows, len(body), body))
            else:
                found = answer(self.server.cache, request)
                self.wfile.write(json.dumps(found, allow_nan=False).encode() + b"\n")


def main() -> None:
    """Read the key and the limit, say that all is ready, answer until the parent ends."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is the parent's to hear
    os.umask(0o077)
    first = json.loads(sys.stdin.readline())
    cache = Cache(bytes.fromhex(first["key"]), first["max_bytes"])
    with _Server(sys.argv[1], cache) as server:
        sys.stdout.write("ready\n")
        sys.stdout.flush()
        sys.stdout = sys.stderr  # nobody reads on
        threading.Thread(target=_end_with_parent, daemon=True).start()
        server.serve_forever(poll_interval=0.5)


def _end_with_parent() -> None:
    """End when standard input is closed: the parent is gone, however it went."""
    sys.stdin.read()
    os._exit(0)


if __name__ == "__main__":
    main()
