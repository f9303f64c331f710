"""Small builders of templates and certificates, written by hand from docs/, not by the compiler."""

from __future__ import annotations

import copy
import hashlib
import json
from dataclasses import dataclass, field
from fractions import Fraction
from pathlib import Path
from typing import Any

import flint
import numpy as np
from claims_by_hand import lines_of

from weightsmith.dsl import DiagnosticError, Source, check, parse_scalar
from weightsmith.dsl.numbers.scalars import evaluate
from weightsmith.dsl.printing.core_form import core_form
from weightsmith.dsl.program import core

EXAMPLES = Path(__file__).parents[2] / "examples"

Document = dict[str, Any]


@dataclass
class Case:
    """A compiled directory before it is written: everything can be changed by a test."""

    script: str
    template: Document
    claims: list[Document]
    dtype: str = "float64"
    dense: dict[str, int] | None = None
    tensors: dict[str, np.ndarray] | None = field(default=None)
    tables: list[Document] = field(default_factory=list)

    def copy(self) -> Case:
        return copy.deepcopy(self)


def terms(*pairs: Any) -> list[list[str]]:
    """``terms("X", ("A", "1/2"))``: a name alone has the coefficient 1."""
    return [[pair, "1"] if isinstance(pair, str) else list(pair) for pair in pairs]


def head(
    value: list[list[str]],
    keys: list[list[str]],
    queries: list[list[str]],
    out: list[tuple[str, str]],
    *,
    key_groups: list[str],
    query_groups: list[str],
) -> Document:
    """One head with one value: out += coefficient · value · keysᵀ · queries."""
    return {
        "values": [value],
        "keys": [keys],
        "queries": [queries],
        "outputs": [[block, 0, coefficient] for block, coefficient in out],
        "key_groups": key_groups,
        "query_groups": query_groups,
    }


def gain(rows: str, read: list[list[str]], out: list[tuple[str, str]]) -> list[Document]:
    """The pair of hidden blocks and outputs of out += coefficient · read, to be put in an MLP."""
    minus = [[name, negated(coefficient)] for name, coefficient in read]
    return [
        {"rows": rows, "read": read, "out": out},
        {"rows": rows, "read": minus, "out": [(block, negated(c)) for block, c in out]},
    ]


def negated(text: str) -> str:
    if text.startswith("-"):
        return text[1:]
    return f"-{text}" if text.replace("/", "").isalnum() else f"-({text})"


def mlp(*units: list[Document]) -> Document:
    flat = [unit for pair in units for unit in pair]
    return {
        "hidden": [hidden(unit["rows"], unit["read"]) for unit in flat],
        "outputs": [[block, at, c] for at, unit in enumerate(flat) for block, c in unit["out"]],
        "bias": [],
    }


def hidden(
    rows: str,
    read: list[list[str]],
    bias: str = "0",
    gate: list[list[str]] | None = None,
    gate_bias: str = "0",
) -> Document:
    return {
        "rows": rows,
        "terms": read,
        "bias": bias,
        "gate": gate or [],
        "gate_bias": gate_bias,
    }


def layer(*heads: Document, mlp: Document | None = None) -> Document:
    return {"heads": list(heads), "mlp": mlp}


def source(name: str, kind: str, of: str, rows: str, *groups: str) -> Document:
    return {"name": name, "kind": kind, "of": of, "rows": rows, "groups": list(groups)}


def read_out(
    name: str, read: list[list[str]], rows: str, *groups: str, transposed: bool = False
) -> Document:
    return {
        "name": name,
        "terms": read,
        "rows": rows,
        "groups": list(groups),
        "transposed": transposed,
    }


def template(algorithm: str, **parts: Any) -> Document:
    return {
        "format": "weightsmith-template",
        "version": 2,
        "algorithm": algorithm,
        **parts,
        "blocks": [{"name": name, "rows": rows} for name, rows in parts["blocks"].items()],
    }


def exactness(*loops: Document) -> Document:
    """The claim; each loop is given as ``{"symmetric": […], "invariant": {…}}``."""
    steps = [{"rule": "loop", "loop": at, **loop} for at, loop in enumerate(loops)]
    steps.append({"rule": "read_out"})
    return {"kind": "exactness", "steps": steps}


def weights(layers: int, dtype: str = "float64") -> Document:
    step = {"rule": "rounding", "dtype": dtype, "layers": layers}
    return {"kind": "weights", "steps": [step]}


def truncation(
    output: str,
    steps: list[Document],
    *,
    formula: str,
    value: str | None,
    scale: str,
    hypotheses: list[list[Any]],
) -> Document:
    return {
        "kind": "truncation",
        "output": output,
        "steps": steps,
        "bound": {"formula": formula, "value": value},
        "scale": scale,
        "hypotheses": hypotheses,
    }


def rounded_up(value: Fraction, bits: int = 64) -> Fraction:
    """The least p·2^k ≥ value with p of at most ``bits`` bits; for negative values too."""
    if value == 0:
        return value
    shift = bits - (abs(value.numerator).bit_length() - value.denominator.bit_length())
    for more in (shift + 1, shift, shift - 1):
        scaled = value * Fraction(2) ** more
        whole = -((-scaled.numerator) // scaled.denominator)
        if abs(whole).bit_length() <= bits:
            return Fraction(whole) / Fraction(2) ** more
    raise ArithmeticError("no shift fits")


def rounded_down(value: Fraction) -> Fraction:
    return -rounded_up(-value)


def arb_up(ball: flint.arb) -> Fraction:
    """A 64-bit number above a ball."""
    top = ball.upper().fmpq()
    return rounded_up(Fraction(int(top.p), int(top.q)))


def at(text: str, bindings: dict[str, str]) -> Fraction:
    return evaluate(parse_scalar(text), {name: Fraction(v) for name, v in bindings.items()})


def _structured(case: Case) -> dict[str, np.ndarray]:
    """The tensors of the template at its bindings, by plain float() of fractions."""
    document, bindings = case.template, case.template["bindings"]
    blocks = [(b["name"], b["rows"]) for b in document["blocks"]]
    sources = [(s["name"], s["rows"]) for s in document["sources"]]
    tensors: dict[str, np.ndarray] = {}

    def matrix(
        rows: list[tuple[Any, str]], columns: list[tuple[Any, str]], entries: list[list[Any]]
    ) -> np.ndarray:
        one = np.zeros((len(rows), len(columns)))
        for row, column, text in entries:
            r = [name for name, _ in rows].index(row)
            c = [name for name, _ in columns].index(column)
            one[r, c] = float(at(text, bindings))
        return _dense(one, rows, columns, case.dense)

    embed = [[b, s, c] for b, ts in document["read_in"].items() for s, c in ts]
    tensors["embed.weight"] = matrix(blocks, sources, embed)
    for place, one in enumerate(_unrolled(document["body"], bindings)):
        for number, h in enumerate(one["heads"]):
            prefix = f"layers.{place}.attention.{number}"
            key_rows = [(at_, dict(blocks)[part[0][0]]) for at_, part in enumerate(h["keys"])]
            for short, name in (("q", "queries"), ("k", "keys")):
                entries = [[at_, b, c] for at_, part in enumerate(h[name]) for b, c in part]
                tensors[f"{prefix}.{short}.weight"] = matrix(key_rows, blocks, entries)
            rows = [(at_, dict(blocks)[v[0][0]]) for at_, v in enumerate(h["values"])]
            values = [[at_, b, c] for at_, v in enumerate(h["values"]) for b, c in v]
            tensors[f"{prefix}.v.weight"] = matrix(rows, blocks, values)
            tensors[f"{prefix}.o.weight"] = matrix(blocks, rows, h["outputs"])
        if one["mlp"] is not None:
            prefix = f"layers.{place}.mlp"
            hidden = one["mlp"]["hidden"]
            rows = [(at_, unit["rows"]) for at_, unit in enumerate(hidden)]
            up = [[at_, b, c] for at_, unit in enumerate(hidden) for b, c in unit["terms"]]
            tensors[f"{prefix}.up.weight"] = matrix(rows, blocks, up)
            bias = matrix(rows, [(0, "1")], [[n, 0, u["bias"]] for n, u in enumerate(hidden)])
            tensors[f"{prefix}.up.bias"] = bias[:, 0]
            tensors[f"{prefix}.down.weight"] = matrix(blocks, rows, one["mlp"]["outputs"])
            if any(unit["gate"] or unit["gate_bias"] != "0" for unit in hidden):
                gate = [[at_, b, c] for at_, unit in enumerate(hidden) for b, c in unit["gate"]]
                tensors[f"{prefix}.gate.weight"] = matrix(rows, blocks, gate)
                biases = [[n, 0, u["gate_bias"]] for n, u in enumerate(hidden)]
                tensors[f"{prefix}.gate.bias"] = matrix(rows, [(0, "1")], biases)[:, 0]
            if one["mlp"]["bias"]:
                biases = [[b, 0, c] for b, c in one["mlp"]["bias"]]
                tensors[f"{prefix}.down.bias"] = matrix(blocks, [(0, "1")], biases)[:, 0]
    for out in document["read_out"]:
        entries = [[0, b, c] for b, c in out["terms"]]
        tensors[f"unembed.{out['name']}.weight"] = matrix([(0, out["rows"])], blocks, entries)
    return tensors


def _dense(
    one: np.ndarray,
    rows: list[tuple[Any, str]],
    columns: list[tuple[Any, str]],
    dims: dict[str, int] | None,
) -> np.ndarray:
    if dims is None:
        return one
    sizes = {**dims, "1": 1}
    heights, widths = ([sizes[axis] for _, axis in stack] for stack in (rows, columns))
    dense = np.zeros((sum(heights), sum(widths)))
    for r, c in np.argwhere(one):
        top, left = sum(heights[:r]), sum(widths[:c])
        block = one[r, c] * _map(heights[r], widths[c]) + 0.0  # no -0.0
        dense[top : top + heights[r], left : left + widths[c]] = block
    return dense


def _map(height: int, width: int) -> np.ndarray:
    """The identity; between one row and several, ones."""
    return np.ones((height, width)) if 1 in (height, width) else np.eye(height, width)


def _unrolled(items: list[Document], bindings: dict[str, str]) -> list[Document]:
    flat: list[Document] = []
    for item in items:
        if "repeat" in item:
            flat += int(at(item["repeat"], bindings)) * _unrolled(item["body"], bindings)
        else:
            flat.append(item)
    return flat


def safetensors_bytes(tensors: dict[str, np.ndarray], dtype: str, metadata: Document) -> bytes:
    code = {"float64": ("F64", "<f8"), "float32": ("F32", "<f4")}[dtype]
    header: Document = {"__metadata__": {"weightsmith": json.dumps(metadata, sort_keys=True)}}
    chunks, place = [], 0
    for name, tensor in tensors.items():
        data = tensor.astype(code[1]).tobytes()
        span = [place, place + len(data)]
        header[name] = {"dtype": code[0], "shape": list(tensor.shape), "data_offsets": span}
        chunks.append(data)
        place += len(data)
    text = json.dumps(header).encode()
    return len(text).to_bytes(8, "little") + text + b"".join(chunks)


def write(case: Case, directory: Path) -> Path:
    """Write the four files, hashes included; a case without all bindings has no weights."""
    directory.mkdir(parents=True, exist_ok=True)
    files: dict[str, bytes | None] = {
        "script.alg": case.script.encode(),
        "template.json": _json(case.template),
        "model.safetensors": None,
    }
    if any(claim.get("kind") == "weights" for claim in case.claims):
        tensors = case.tensors if case.tensors is not None else _structured(case)
        metadata: Document = {"version": 1, "dense": case.dense is not None}
        if case.dense is not None:
            metadata["dims"] = case.dense
        files["model.safetensors"] = safetensors_bytes(tensors, case.dtype, metadata)
    for name, data in files.items():
        if data is not None:
            (directory / name).write_bytes(data)
        else:
            (directory / name).unlink(missing_ok=True)
    hashes = {
        name: None if data is None else hashlib.sha256(data).hexdigest()
        for name, data in files.items()
    }
    bindings = case.template.get("bindings", {})
    write_certificate(directory, hashes, case, bindings)
    return directory


def tensors_of(case: Case) -> dict[str, np.ndarray]:
    return _structured(case)


def write_certificate(
    directory: Path,
    hashes: dict[str, str | None],
    case: Case,
    bindings: dict[str, str],
) -> None:
    program = program_of(case.script)
    try:
        numbers = {name: Fraction(value) for name, value in bindings.items()}
    except ValueError:  # the test is about what is wrong with them
        numbers = {}
    document = {
        "format": "weightsmith-certificate",
        "version": 3,
        "bindings": bindings,
        "files": hashes,
        "program": {} if program is None else core_form(program),
        "network": None,
        "tables": case.tables,
        "facts": lines_of(case.claims, program, numbers),
    }
    (directory / "certificate.json").write_bytes(_json(document))


def program_of(script: str) -> core.Program | None:
    """None, if the script has a mistake."""
    try:
        return check(Source("script.alg", script))
    except DiagnosticError:
        return None


def _json(document: Document) -> bytes:
    text = json.dumps(document, sort_keys=True, indent=2, ensure_ascii=False)
    return f"{text}\n".encode()
