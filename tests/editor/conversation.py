"""A client of the language server, by hand: a child process, and JSON-RPC on its streams."""

from __future__ import annotations

import contextlib
import json
import queue
import subprocess
import sys
import threading
from collections.abc import Iterator
from typing import Any, BinaryIO

Message = dict[str, Any]
PATIENCE = 60  # seconds until an answer that does not come is a failure
RELATED = {"textDocument": {"publishDiagnostics": {"relatedInformation": True}}}


class Client:
    """Sends requests and notifications; keeps what the server says of itself."""

    def __init__(self, process: subprocess.Popen[bytes]) -> None:
        assert process.stdin is not None
        assert process.stdout is not None
        self.process, self._in = process, process.stdin
        self._messages: queue.Queue[Message | None] = queue.Queue()
        self._kept: list[Message] = []
        self._number = 0
        self.greeting: Message = {}
        threading.Thread(target=self._read, args=(process.stdout,), daemon=True).start()

    def _read(self, stream: BinaryIO) -> None:
        while header := stream.readline():
            length = 0
            while header.strip():
                name, _, value = header.partition(b":")
                length = int(value) if name.lower() == b"content-length" else length
                header = stream.readline()
            self._messages.put(json.loads(stream.read(length)))
        self._messages.put(None)

    def _next(self) -> Message:
        message = self._messages.get(timeout=PATIENCE)
        assert message is not None, "the server has ended"
        return message

    def _write(self, message: Message) -> None:
        data = json.dumps({"jsonrpc": "2.0", **message}).encode()
        self._in.write(b"Content-Length: %d\r\n\r\n%s" % (len(data), data))
        self._in.flush()

    def tell(self, method: str, params: object = None) -> None:
        """Send a notification."""
        self._write({"method": method, **({} if params is None else {"params": params})})

    def ask(self, method: str, params: object = None) -> Any:
        """Send a request; return its result, or raise AssertionError on an error."""
        self._number += 1
        number = self._number
        body = {"id": number, "method": method}
        self._write(body if params is None else {**body, "params": params})
        while True:
            message = self._next()
            if message.get("id") == number and "method" not in message:
                assert "error" not in message, message
                return message["result"]
            self._kept.append(message)

    def said(self, method: str) -> Message:
        """The next notification of a kind; its parameters."""
        for index, message in enumerate(self._kept):
            if message.get("method") == method:
                return dict(self._kept.pop(index)["params"])
        while True:
            message = self._next()
            if message.get("method") == method:
                return dict(message["params"])
            self._kept.append(message)

    # -- documents ----------------------------------------------------------------------------

    def open(self, uri: str, text: str) -> list[Message]:
        """Open a document; return its diagnostics."""
        document = {"uri": uri, "languageId": "alg", "version": 1, "text": text}
        self.tell("textDocument/didOpen", {"textDocument": document})
        return self.diagnostics(uri)

    def change(self, uri: str, text: str, version: int) -> None:
        document = {"uri": uri, "version": version}
        changes = {"textDocument": document, "contentChanges": [{"text": text}]}
        self.tell("textDocument/didChange", changes)

    def diagnostics(self, uri: str) -> list[Message]:
        while True:
            found = self.said("textDocument/publishDiagnostics")
            if found["uri"] == uri:
                return list(found["diagnostics"])

    def at(self, method: str, uri: str, line: int, character: int, **more: object) -> Any:
        """Ask about a place."""
        place = {"line": line, "character": character}
        return self.ask(
            f"textDocument/{method}", {"textDocument": {"uri": uri}, "position": place, **more}
        )


@contextlib.contextmanager
def conversation(capabilities: Message | None = None) -> Iterator[Client]:
    """Start a server and greet it; at the end it must go away by itself."""
    command = [sys.executable, "-m", "weightsmith", "language-server"]
    process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    client = Client(process)
    try:
        params = {"processId": None, "rootUri": None, "capabilities": capabilities or RELATED}
        client.greeting = client.ask("initialize", params)
        client.tell("initialized", {})
        yield client
        assert client.ask("shutdown") is None
        client.tell("exit")
        assert process.wait(PATIENCE) == 0
    finally:
        if process.poll() is None:
            process.kill()
        process.wait()
