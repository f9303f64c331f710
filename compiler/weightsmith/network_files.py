"""The files of a compiled directory: script, template, weights, certificate."""

from __future__ import annotations

from collections.abc import Mapping
from fractions import Fraction
from typing import TYPE_CHECKING

from weightsmith.backends.files import CERTIFICATE, MODEL, NETWORK, SCRIPT, TEMPLATE
from weightsmith.backends.instantiate import dense_weights, structured_weights
from weightsmith.backends.safetensors_file import weights_to_bytes
from weightsmith.backends.template_json import canonical_json, template_to_json
from weightsmith.backends.unroll import missing_symbols, unroll
from weightsmith.compiler.pipeline import Compilation

if TYPE_CHECKING:
    from weightsmith.compiler.restructure.attempt import Restructured


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
