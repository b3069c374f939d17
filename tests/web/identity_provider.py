"""The government identity service: the provider `oidc-provider-mock` on 127.0.0.1, with a look at what is exchanged."""

from __future__ import annotations

import json
import logging
import threading
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from io import BytesIO
from typing import Any
from urllib.parse import parse_qs

import oidc_provider_mock
from werkzeug.serving import make_server

Answer = dict[str, Any]
# Subjects whose document it has verified.
VERIFIED: dict[str, dict[str, object]] = {
    "verified-person": {"document_type": "护照", "document_number": "CANARY0001"},
    "other-person": {"document_type": "护照", "document_number": "OTHER0002"},
}


@dataclass
class Service:
    """issuer: its address. asked: the forms its token endpoint got. forge: changes what that endpoint answers."""

    issuer: str = ""
    asked: list[dict[str, str]] = field(default_factory=list)
    forge: Callable[[Answer], Answer] = lambda answer: answer


@contextmanager
def running() -> Iterator[Service]:
    """The provider, in a thread of its own, until the block ends."""
    known = [oidc_provider_mock.User(sub=subject, claims=claims) for subject, claims in VERIFIED.items()]
    service, provider = Service(), oidc_provider_mock.app(user_claims=known).wsgi_app
    logging.getLogger("werkzeug").setLevel(logging.ERROR)
    server = make_server("127.0.0.1", 0, _watched(service, provider), threaded=True)
    service.issuer = f"http://127.0.0.1:{server.server_port}"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    try:
        yield service
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def _watched(service: Service, provider: Any) -> Any:
    def application(environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
        if environ["PATH_INFO"] != "/oauth2/token":
            return provider(environ, start_response)  # type: ignore[no-any-return]  # Flask's application
        body = environ["wsgi.input"].read(int(environ["CONTENT_LENGTH"]))
        service.asked.append({name: values[0] for name, values in parse_qs(body.decode()).items()})
        begun: list[Any] = []
        given = provider(environ | {"wsgi.input": BytesIO(body)}, lambda *answer: begun.extend(answer))
        answered = json.dumps(service.forge(json.loads(b"".join(given)))).encode()
        headers = [pair for pair in begun[1] if pair[0].lower() != "content-length"]
        start_response(begun[0], [*headers, ("Content-Length", str(len(answered)))])
        return [answered]

    return application
