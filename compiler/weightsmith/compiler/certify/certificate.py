"""The certificate as a document: claims with their evidence, tied to the bytes they speak of."""

from __future__ import annotations

import hashlib
from fractions import Fraction

from weightsmith.compiler.certify.exactness import STATEMENT as EXACT
from weightsmith.compiler.certify.exactness import exactness_steps
from weightsmith.compiler.certify.truncation import truncation_claim
from weightsmith.compiler.pipeline import Compilation

Json = dict[str, object]
FORMAT, VERSION = "weightsmith-certificate", 1


def certificate(
    compilation: Compilation,
    bindings: dict[str, Fraction],
    files: dict[str, bytes | None],
    *,
    layers: int | None,
    dtype: str,
) -> Json:
    """Return the certificate; ``layers`` is None if there are no weights to speak of."""
    steps = exactness_steps(compilation.normal, compilation.candidate, compilation.template)
    claims: list[Json] = [{"kind": "exactness", "statement": EXACT, "steps": _numbered(steps)}]
    if layers is not None:
        rounding: Json = {"rule": "rounding", "dtype": dtype, "layers": layers}
        statement = (
            "Each entry of model.safetensors is the coefficient of template.json at its "
            f"bindings, rounded to nearest in {dtype}."
        )
        claims.append({"kind": "weights", "statement": statement, "steps": _numbered([rounding])})
    for position, target in enumerate(compilation.normal.targets):
        if target is not None:
            claims.append(
                truncation_claim(compilation.program, compilation.normal, position, bindings)
            )
    return {
        "format": FORMAT,
        "version": VERSION,
        "bindings": dict(compilation.template.bindings),
        "files": {name: _digest(content) for name, content in files.items()},
        "claims": [{"id": number, **claim} for number, claim in enumerate(claims, 1)],
    }


def _digest(content: bytes | None) -> str | None:
    return None if content is None else hashlib.sha256(content).hexdigest()


def _numbered(steps: list[Json]) -> list[Json]:
    return [{"step": number, **step} for number, step in enumerate(steps, 1)]
