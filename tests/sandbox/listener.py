"""A shop that only listens: an HTTP server that remembers every webhook it gets."""

import json
import threading
import time
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any


@dataclass(frozen=True)
class Heard:
    """One request as it came in, and when."""

    body: bytes
    signature: str
    content_type: str
    at: float

    @property
    def event(self) -> dict[str, Any]:
        event: dict[str, Any] = json.loads(self.body)
        return event


class Listener:
    """`answers` are the statuses to give to the next requests; afterwards every answer is 200. Answers wait while
    `may_answer` is cleared, at most 20 seconds."""

    def __init__(self) -> None:
        self.heard: list[Heard] = []
        self.answers: list[int] = []
        self.may_answer = threading.Event()
        self.may_answer.set()
        listener = self

        class Ear(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                listener.heard.append(
                    Heard(body, self.headers["Stripe-Signature"], self.headers["Content-Type"], time.time())
                )
                if not listener.may_answer.wait(20):
                    return
                status = listener.answers.pop(0) if listener.answers else 200
                self.send_response(status)
                self.end_headers()
                self.wfile.write(f"answered {status}".encode())

            def log_message(self, format: str, *args: object) -> None:
                """Silent."""

        class Door(ThreadingHTTPServer):
            request_queue_size = 256
            daemon_threads = True

        self.server = Door(("127.0.0.1", 0), Ear)
        self.thread = threading.Thread(target=self.server.serve_forever, daemon=True)
        self.thread.start()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server.server_port}/webhooks/stripe/"

    def types(self) -> list[str]:
        return [heard.event["type"] for heard in self.heard]

    def wait_for(self, kind: str, *, count: int = 1, seconds: float = 10) -> list[Heard]:
        """Return all deliveries of this type once there are `count`. Raises TimeoutError."""
        deadline = time.monotonic() + seconds
        while True:
            found = [heard for heard in list(self.heard) if heard.event["type"] == kind]
            if len(found) >= count:
                return found
            if time.monotonic() > deadline:
                raise TimeoutError(f"{len(found)} of {count} {kind}; heard {self.types()}")
            time.sleep(0.02)

    def forget(self) -> None:
        self.heard.clear()
        self.answers.clear()
        self.may_answer.set()

    def close(self) -> None:
        self.server.shutdown()
        self.server.server_close()
