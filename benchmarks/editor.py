"""How soon an editor has its answer: the language server on a script of 300 lines.

    python benchmarks/editor.py [--small]

starts the server as an editor does, opens a script of 300 lines, and types in it: every change is a
line that is broken, or whole again.  Printed is the time from the change to the diagnostics that
answer it (the server waits 30 ms for more typing), and to a hover, a completion and a layout; and,
where Linux tells it, the time on a processor that the server took meanwhile, which other programs
on the machine change less.  It ends with status 1 if the median of the diagnostics is above 200 ms;
in small it looks at the answers, and not at the clock.
"""

from __future__ import annotations

import json
import statistics
import subprocess
import sys
import time
from pathlib import Path
from typing import BinaryIO

BAR = 0.2  # seconds
LINES = 300
URI = "file:///benchmark.alg"
HEAD = """\
# One long algorithm: Newton's inverses of matrices that grow, and a regression beside them.
algorithm long(A: symmetric[d, d], x: [d] per token, y: [1] per context)
assume spectrum(A) in [mu, L]
assume norm(x) <= 1
assume entries(y) in [0, 1]
param mu, L, eta = 1/3, steps = 5
within 1e-3

w = 0
X0 = 2/(mu + L) * I
"""
BODY = """\
# pass {after}
repeat steps:
    X{n} = 2*X{n} - X{n}*A*X{n}
    w = w - eta * (sigmoid(w*x) - y) * x'  over context
z{n} = soft(w*x, eta/2)*x'  over context
X{after} = X{n} + eta*A
"""
LAST = "return w*x*1 on query, X{n}\n"
Message = dict[str, object]


def script(lines: int) -> str:
    """A sound script of about so many lines."""
    text, number = HEAD, 0
    while text.count("\n") + 7 <= lines:
        text += BODY.format(n=number, after=number + 1)
        number += 1
    text += LAST.format(n=number)
    return "# filled up\n" * (lines - text.count("\n")) + text


class Server:
    """The server's process and its streams."""

    def __init__(self) -> None:
        command = [sys.executable, "-m", "weightsmith", "language-server"]
        self.process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        assert self.process.stdin is not None
        assert self.process.stdout is not None
        self._in: BinaryIO = self.process.stdin  # type: ignore[assignment]
        self._out: BinaryIO = self.process.stdout  # type: ignore[assignment]
        self._number = 0

    def tell(self, method: str, params: Message, number: int | None = None) -> None:
        body: Message = {"jsonrpc": "2.0", "method": method, "params": params}
        data = json.dumps(body if number is None else {**body, "id": number}).encode()
        self._in.write(b"Content-Length: %d\r\n\r\n%s" % (len(data), data))
        self._in.flush()

    def ask(self, method: str, params: Message) -> Message:
        self._number += 1
        self.tell(method, params, self._number)
        while True:
            message = self._read()
            if message.get("id") == self._number:
                return message

    def diagnostics(self, version: int) -> int:
        """Wait for those of a version; how many there are."""
        while True:
            message = self._read()
            found = message.get("params")
            if isinstance(found, dict) and found.get("version") == version:
                return len(found["diagnostics"])

    def _read(self) -> Message:
        length = 0
        while (line := self._out.readline()).strip():
            if line.lower().startswith(b"content-length:"):
                length = int(line.split(b":")[1])
        found: Message = json.loads(self._out.read(length))
        return found

    def on_processor(self) -> float:
        """Seconds that its threads have run; 0 where the system does not tell."""
        threads = Path(f"/proc/{self.process.pid}/task")
        told = (one / "schedstat" for one in threads.glob("*"))
        return sum(int(one.read_text().split()[0]) for one in told if one.exists()) / 1e9

    def end(self) -> None:
        self.ask("shutdown", {})
        self.tell("exit", {})
        self.process.wait(60)


def main(small: bool) -> int:
    text = script(LINES)
    print(f"a script of {len(text.splitlines())} lines, {len(text):,} characters")
    server = Server()
    start = time.perf_counter()
    server.ask("initialize", {"processId": None, "rootUri": None, "capabilities": {}})
    server.tell("initialized", {})
    print(f"started in {time.perf_counter() - start:.2f} s")
    document: Message = {"uri": URI, "languageId": "alg", "version": 1, "text": text}
    opened, running, _ = _timed(server, "textDocument/didOpen", {"textDocument": document}, 1)
    print(f"opened: diagnostics after {_both(opened, running)}")
    broken = text.replace("w*x*1 on", "w*(x*1 on"), text.replace("w*x*1 on", "w*q*1 on")
    taken, ran = [], []
    for change in range(6 if small else 40):
        one = (broken[0], broken[1], text)[change % 3] + f"# {change}\n"
        version = change + 2
        params: Message = {
            "textDocument": {"uri": URI, "version": version},
            "contentChanges": [{"text": one}],
        }
        seconds, running, many = _timed(server, "textDocument/didChange", params, version)
        assert (many > 0) == (change % 3 < 2), many
        taken.append(seconds)
        ran.append(running)
    middle = statistics.median(taken)
    print(f"changed {len(taken)} times, diagnostics after")
    print(f"  median {_both(middle, statistics.median(ran))}")
    print(f"  worst {_both(max(taken), max(ran))}")
    line = len(text.splitlines()) - 1
    place: Message = {
        "textDocument": {"uri": URI},
        "position": {"line": line, "character": 7},
        "options": {"tabSize": 4, "insertSpaces": True},
    }
    for name in ("hover", "completion", "definition", "formatting"):
        before, start = server.on_processor(), time.perf_counter()
        server.ask(f"textDocument/{name}", place)
        seconds = time.perf_counter() - start
        print(f"{name}: {_both(seconds, server.on_processor() - before)}")
    server.end()
    print(f"the median is {'within' if middle <= BAR else 'above'} {BAR * 1000:.0f} ms")
    return 0 if small or middle <= BAR else 1


def _both(seconds: float, running: float) -> str:
    on_processor = f", {running * 1000:.0f} ms on a processor" if running else ""
    return f"{seconds * 1000:.0f} ms{on_processor}"


def _timed(server: Server, method: str, params: Message, version: int) -> tuple[float, float, int]:
    """Seconds, those on a processor, and how many diagnostics."""
    before, start = server.on_processor(), time.perf_counter()
    server.tell(method, params)
    many = server.diagnostics(version)
    seconds = time.perf_counter() - start
    return seconds, server.on_processor() - before, many


if __name__ == "__main__":
    sys.exit(main("--small" in sys.argv[1:]))
