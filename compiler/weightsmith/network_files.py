"""The files of a compiled directory: script, template, weights, certificate."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping
from dataclasses import replace
from fractions import Fraction
from typing import TYPE_CHECKING

from weightsmith.backends.files import CERTIFICATE, MODEL, NETWORK, SCRIPT, TEMPLATE
from weightsmith.backends.instantiate import dense_weights, structured_weights
from weightsmith.backends.safetensors_file import weights_to_bytes
from weightsmith.backends.template_json import canonical_json, template_to_json
from weightsmith.backends.unroll import missing_symbols, unroll
from weightsmith.compiler.pipeline import Compilation, compile_program
from weightsmith.dsl import core
from weightsmith.dsl.diagnostics import DiagnosticError, error

if TYPE_CHECKING:
    from weightsmith.compiler.restructure.attempt import Restructured


Bindings = dict[str, Fraction]


def proven_files(
    program: core.Program,
    bindings: Bindings,
    found: Restructured,
    script: bytes,
    *,
    dtype: str,
    dims: Mapping[str, int] | None,
    gated: bool,
    fewest: str | None,
) -> tuple[Compilation, Restructured, dict[str, bytes]]:
    """The first network that the checker accepts as the script's; a wrong one is not written.

    Tried are the restructured one, then the one of the script, then that without a search for
    values that are cheaper to hold.  Raises DiagnosticError.
    """
    from weightsmith.checker.prove import prove_exactness
    from weightsmith.checker.refusal import OverBudgetError, RefusedError

    reason, given_up = "", ""
    for compilation, kept in _networks(program, bindings, found, gated, fewest):
        files = network_files(compilation, kept, bindings, script, dtype, dims)
        document = json.loads(files[CERTIFICATE])
        steps, tables = document["claims"][0]["steps"], document["tables"]
        try:
            prove_exactness(compilation.program, files[TEMPLATE], steps, tables)
        except RefusedError as refusal:
            reason = reason or str(refusal)
            continue
        except OverBudgetError as over:
            reason = given_up = str(over)
            continue
        if given_up:
            note = f"another network was given up. {given_up}"
            kept = replace(kept, notes=(*kept.notes, note))
        return compilation, kept, files
    message = f"no network is proven to hold the values of '{program.name}': {reason}"
    hint = "rewrite the step so that every product stands between values held on tokens"
    raise DiagnosticError([error(program.returns[0].span, message, hint)])


def _networks(
    program: core.Program,
    bindings: Bindings,
    found: Restructured,
    gated: bool,
    fewest: str | None,
) -> Iterator[tuple[Compilation, Restructured]]:
    if found.compilation is not None:
        yield found.compilation, found
        note = "as written: the restructured network is not proven"
        found = replace(found, changed=False, notes=(note,), claim=None, written=None, text="")
    for search in (True, False):
        compiled = compile_program(program, bindings, gated=gated, fewest=fewest, search=search)
        yield compiled, found


def are_intact(files: Mapping[str, bytes], certificate: Mapping[str, object]) -> bool:
    """Are these the files that the certificate speaks of, all of them, bit for bit?"""
    named = certificate.get("files")
    known = {} if not isinstance(named, dict) else named
    present = {
        name: hashlib.sha256(content).hexdigest()
        for name, content in files.items()
        if name != CERTIFICATE
    }
    return present == {name: digest for name, digest in known.items() if digest is not None}


def network_files(
    compilation: Compilation,
    found: Restructured,
    bindings: dict[str, Fraction],
    script: bytes,
    dtype: str,
    dims: Mapping[str, int] | None,
) -> dict[str, bytes]:
    """The files by name; weights only if every symbol has a value.

    ``script`` is the user's; ``found`` says whether its loops were restructured; ``dims`` makes the
    weights the full matrices.
    """
    from weightsmith.compiler.certify.certificate import certificate as make_certificate

    template = compilation.template
    files: dict[str, bytes] = {SCRIPT: script, TEMPLATE: template_to_json(template).encode()}
    if found.changed:
        files[NETWORK] = found.text.encode()
    layers = None
    if not missing_symbols(template):
        layers = len(unroll(template))
        weights = (
            structured_weights(template, dtype=dtype)  # type: ignore[arg-type]
            if dims is None
            else dense_weights(template, dims, dtype=dtype)  # type: ignore[arg-type]
        )
        files[MODEL] = weights_to_bytes(weights)
    spoken_of = {**files, MODEL: files.get(MODEL)}
    document = make_certificate(
        compilation,
        bindings,
        spoken_of,
        layers=layers,
        dtype=dtype,
        written=found.written,
        restructuring=found.claim,
    )
    files[CERTIFICATE] = canonical_json(document).encode()  # type: ignore[arg-type]
    return files
