"""Attacks by what a file is, and by its bytes before they are text."""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Iterator

from hostile_base import Attack, Directory

NAMES = ("certificate.json", "template.json", "script.alg", "model.safetensors")
GIGABYTES = 8 << 30
MEGABYTES = 32 << 20


def file_attacks() -> Iterator[Attack]:
    for name in NAMES:
        for label, kind in KINDS.items():
            yield Attack(f"{name} is {label}", "newton", _on(kind, name), rehash=False)
    for name in NAMES[:2]:
        for label, content in DOCUMENTS.items():
            yield Attack(f"{name}: {label}", "newton", _write(name, content))
    for label, header in HEADERS.items():
        yield Attack(f"weights: {label}", "newton", _header(header))
    for label, change in WEIGHTS.items():
        yield Attack(f"weights: {label}", "newton", change)


def _on(change: Callable[[Directory, str], None], name: str) -> Callable[[Directory], None]:
    return lambda directory: change(directory, name)


def _write(name: str, content: Callable[[], bytes]) -> Callable[[Directory], None]:
    return lambda directory: directory.write(name, content())


def _absent(directory: Directory, name: str) -> None:
    (directory.path / name).unlink()


def _folder(directory: Directory, name: str) -> None:
    _absent(directory, name)
    (directory.path / name).mkdir()


def _pipe(directory: Directory, name: str) -> None:
    _absent(directory, name)
    os.mkfifo(directory.path / name)


def _link(target: str) -> Callable[[Directory, str], None]:
    def change(directory: Directory, name: str) -> None:
        _absent(directory, name)
        (directory.path / name).symlink_to(target)

    return change


def _sparse(directory: Directory, name: str) -> None:
    os.truncate(directory.path / name, GIGABYTES)


def _half(directory: Directory, name: str) -> None:
    content = directory.content(name)
    directory.write(name, content[: len(content) // 2])


def _bytes(change: Callable[[bytes], bytes]) -> Callable[[Directory, str], None]:
    return lambda directory, name: directory.write(name, change(directory.content(name)))


KINDS: dict[str, Callable[[Directory, str], None]] = {
    "absent": _absent,
    "empty": _bytes(lambda content: b""),
    "cut in half": _half,
    "a directory": _folder,
    "a named pipe": _pipe,
    "a link to nothing": _link("nowhere"),
    "a link to itself": _link("certificate.json"),
    "a link to /dev/zero": _link("/dev/zero"),
    "a link to /dev/tty": _link("/dev/tty"),
    "a link to /proc/kmsg": _link("/proc/kmsg"),
    "8 GB of nothing": _sparse,
    "not UTF-8": _bytes(lambda content: content + b"\xff\xfe"),
    "marked by a byte order mark": _bytes(lambda content: b"\xef\xbb\xbf" + content),
    "UTF-16": _bytes(lambda content: content.decode("latin-1").encode("utf-16")),
    "zeros": _bytes(lambda content: b"\0" * len(content)),
    "32 MB of spaces": _bytes(lambda content: b" " * MEGABYTES),
    "32 MB of zeros": _bytes(lambda content: b"\0" * MEGABYTES),
    "32 MB of brackets": _bytes(lambda content: b"[" * MEGABYTES),
    "32 MB of letters": _bytes(lambda content: b"a" * MEGABYTES),
    "32 MB of lines": _bytes(lambda content: b"\n" * MEGABYTES),
    "32 MB of a text": _bytes(lambda content: b'"' + b"a" * (MEGABYTES - 2) + b'"'),
}

DOCUMENTS: dict[str, Callable[[], bytes]] = {
    "many empty lists": lambda: b"[" + b"[]," * (MEGABYTES // 3 - 2) + b"[]]",
    "many empty objects": lambda: b"[" + b"{}," * (MEGABYTES // 3 - 2) + b"{}]",
    "many small objects": lambda: b"[" + b'{"":0},' * (MEGABYTES // 7 - 2) + b"0]",
    "many numbers": lambda: b"[" + b"1," * (MEGABYTES // 2 - 2) + b"1]",
    "many long numbers": lambda: b"[" + b"123456789012345678," * 1_500_000 + b"1]",
    "one key, many times": lambda: b"{" + b'"a":1,' * (MEGABYTES // 6 - 2) + b'"a":1}',
    "many keys": lambda: json.dumps({f"{key:x}": 0 for key in range(1_500_000)}).encode(),
    "deep lists": lambda: b"[" * 900 + b"]" * 900,
    "very deep lists": lambda: b"[" * 10**6 + b"]" * 10**6,
    "very deep objects": lambda: b'{"a":' * 10**6 + b"1" + b"}" * 10**6,
    "not a number": lambda: b'{"format": NaN}',
    "infinity": lambda: b'{"version": -Infinity}',
    "a float": lambda: b'{"version": 1e400}',
    "a number of 30 million digits": lambda: b'{"version": ' + b"9" * 30_000_000 + b"}",
    "a wide text": lambda: json.dumps("\U0001f600" * 7_000_000, ensure_ascii=False).encode(),
    "escaped surrogates": lambda: b'{"format": "\\ud800\\udfff\\ud800"}',
    "null": lambda: b"null",
    "a list": lambda: b"[]",
    "an empty object": lambda: b"{}",
    "a number": lambda: b"3",
}

HEADERS: dict[str, Callable[[], bytes]] = {
    "overlapping tensors": lambda: _tensors([0, 32], [16, 48]),
    "a gap": lambda: _tensors([0, 32], [40, 72]),
    "offsets out of range": lambda: _tensors([0, 32], [32, 10**17]),
    "negative offsets": lambda: _tensors([-32, 0], [0, 32]),
    "offsets the wrong way round": lambda: _tensors([32, 0], [0, 32]),
    "a wrong type": lambda: b'{"a": {"dtype": 3, "shape": {}, "data_offsets": null}}',
    "10^9 numbers": lambda: _one([10**9], [0, 8 * 10**9]),
    "no number, 10^17 columns": lambda: _one([0, 10**17], [0, 0]),
    "a shape of 10^5 ones": lambda: _one([1] * 10**5, [0, 8]),
    "10^5 empty tensors": lambda: _many(10**5),
    "a name twice": lambda: b'{"a":1,"a":1}',
    "a name that moves the cursor": lambda: _one([4], [0, 32], name="\x1b[2Jevery claim holds."),
    "a name of a million letters": lambda: _one([4], [0, 32], name="a" * 10**6),
    "deep metadata": lambda: b'{"__metadata__": ' + b"[" * 10**5 + b"]" * 10**5 + b"}",
    "deep text in the metadata": lambda: json.dumps(
        {"__metadata__": {"weightsmith": "[" * 10**6}}
    ).encode(),
    "no object": lambda: b"[]",
    "NaN": lambda: b'{"a": NaN}',
}


def _entry(shape: list[int], offsets: list[int]) -> dict[str, object]:
    return {"dtype": "F64", "shape": shape, "data_offsets": offsets}


def _one(shape: list[int], offsets: list[int], name: str = "embed.weight") -> bytes:
    return json.dumps({name: _entry(shape, offsets)}).encode()


def _tensors(first: list[int], second: list[int]) -> bytes:
    return json.dumps({"a": _entry([4], first), "embed.weight": _entry([4], second)}).encode()


def _many(count: int) -> bytes:
    return json.dumps({f"{number}": _entry([0], [0, 0]) for number in range(count)}).encode()


def _header(header: Callable[[], bytes]) -> Callable[[Directory], None]:
    def change(directory: Directory) -> None:
        text = header()
        content = len(text).to_bytes(8, "little") + text + b"\0" * 64
        directory.write("model.safetensors", content)

    return change


def _length(length: int) -> Callable[[Directory], None]:
    def change(directory: Directory) -> None:
        content = directory.content("model.safetensors")
        directory.write("model.safetensors", length.to_bytes(8, "little") + content[8:])

    return change


def _dense(size: int, *, whole: bool) -> Callable[[Directory], None]:
    """A header that says that the matrices are full, d × d; the file has their length, or not."""

    def change(directory: Directory) -> None:
        old = directory.content("model.safetensors")
        header = json.loads(old[8 : 8 + int.from_bytes(old[:8], "little")])
        metadata = {"version": 1, "dense": True, "dims": {"d": size}}
        header["__metadata__"] = {"weightsmith": json.dumps(metadata, sort_keys=True)}
        place = 0
        for entry in (value for name, value in header.items() if name != "__metadata__"):
            entry["shape"] = [size * extent for extent in entry["shape"]]
            count = 8
            for extent in entry["shape"]:
                count *= extent
            entry["data_offsets"] = [place, place + count]
            place += count
        text = json.dumps(header).encode()
        directory.write("model.safetensors", len(text).to_bytes(8, "little") + text)
        os.truncate(
            directory.path / "model.safetensors", 8 + len(text) + (place if whole else 1 << 20)
        )

    return change


WEIGHTS: dict[str, Callable[[Directory], None]] = {
    "a header of 2^63 bytes": _length(2**63),
    "a header of 2^64 - 1 bytes": _length(2**64 - 1),
    "a header of 0 bytes": _length(0),
    "full matrices of 6000 rows, 2 GB": _dense(1200, whole=True),
    "full matrices of 10^6 rows, cut": _dense(10**6, whole=False),
    "full matrices of 2 x 4000 rows, 9 GB": _dense(4000, whole=True),
}
