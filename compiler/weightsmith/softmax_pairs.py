"""A compiled network with two softmax heads in place of each linear one, and what is proven of it.

The files are those of the linear network, but the template and the weights are those of the pairs,
and the certificate says of them: with linear heads for the pairs they compute the script (rule
``softmax_pairs``), and, where the script's assumptions bound it, how far each returned value is
from that of the network of centred heads (rule ``centred``).  What was proven of the distance from
a target was proven of linear heads: it is open.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping
from dataclasses import replace
from fractions import Fraction
from pathlib import Path
from typing import TYPE_CHECKING

from weightsmith.backends.storage.files import CERTIFICATE, MODEL, NETWORK, TEMPLATE
from weightsmith.backends.storage.safetensors_file import weights_to_bytes
from weightsmith.backends.template.instantiate import structured_weights
from weightsmith.backends.template.template_json import canonical_json, template_to_json
from weightsmith.backends.template.unroll import missing_symbols, unroll
from weightsmith.checker.prove import prove_centred
from weightsmith.checker.reading.open_claims import NO_RULE
from weightsmith.checker.reading.refusal import OverBudgetError, RefusedError
from weightsmith.compiler.certify.stated import Stated, details_of, listed, open_fact
from weightsmith.compiler.pairs.softmax_pairs import (
    PairNetwork,
    PairsError,
    centred,
    linear_heads,
    softmax_pairs,
)
from weightsmith.dsl import BindingError
from weightsmith.dsl.program import core
from weightsmith.dsl.program.parts import nodes_in
from weightsmith.dsl.text.diagnostics import mistake
from weightsmith.network import Network

if TYPE_CHECKING:
    from weightsmith.api import Setting
    from weightsmith.backends.enclose import Enclosures
    from weightsmith.backends.template.layout import Inputs
    from weightsmith.compiler.ir.template import Template
    from weightsmith.dsl.text.source import Source, Span

OPEN = "softmax heads in pairs: what is proven of linear heads is not proven of them"
Json = dict[str, object]


def paired(
    network: Network,
    omega: Fraction,
    *,
    dtype: str = "float64",
    tokens: Mapping[str, int] | None = None,
) -> Network:
    """The network with softmax heads at ±omega in place of each unmasked linear head.

    ``tokens``: how many a group has, for weights in a file; without it the data say it at each run.
    Raises DiagnosticError where there is no linear head, or where the script promises an error.
    """
    program = network.program
    _check_script(program, _inexact(network))
    try:
        made = softmax_pairs(network.template, omega)
    except PairsError as problem:
        message, _, hint = str(problem).partition(": ")
        raise mistake("no-use", program.returns[0].span, message, hint or None) from None
    made = replace(made, template=_counted(made, tokens or {}, program))
    files = {name: one for name, one in network.files().items() if name not in (CERTIFICATE, MODEL)}
    files[TEMPLATE] = template_to_json(made.template).encode()
    filled = all(matrix.entries for matrix in made.template.matrices)
    if filled and not missing_symbols(made.template):
        weights = structured_weights(made.template, dtype=dtype)  # type: ignore[arg-type]
        files[MODEL] = weights_to_bytes(weights)
    written = network.written
    facts = list(_facts(network, made, written, files, dtype))
    near, unbounded = _distances(facts[0], made, written, files[TEMPLATE])
    facts += near
    document = {
        **network.certificate,
        "bindings": dict(made.template.bindings),
        "files": {**dict.fromkeys(network.certificate["files"]), **_hashes(files)},  # type: ignore[call-overload]
        "facts": listed(facts),
    }
    files[CERTIFICATE] = canonical_json(document).encode()  # type: ignore[arg-type]
    _check_files(files, program.returns[0].span)
    found = Network(files)
    found.details = details_of(facts)
    found.notes = (*network.notes, made.statement, *made.kept, *unbounded)
    return found


def compiled_pairs(
    script: str | Path | Source,
    omega: Setting,
    *,
    settings: Mapping[str, Setting] | None,
    dtype: str,
    tokens: Mapping[str, int] | None,
    gated: bool,
    fewest: str | None,
    matrices: Mapping[str, object] | None,
) -> Network:
    """Compile a script, and make pairs of its linear heads.

    Raises DiagnosticError, BindingError.
    """
    from weightsmith.api import compile

    try:
        number = Fraction(str(omega))
    except (ValueError, ZeroDivisionError):
        raise BindingError(f"expected a number above 0 for omega, got '{omega}'.") from None
    network = compile(
        script, settings=settings, dtype=dtype, gated=gated, fewest=fewest, matrices=matrices
    )
    return paired(network, number, dtype=dtype, tokens=tokens)


def omega_of(network: Network) -> Fraction | None:
    """The omega of a network of pairs; None of any other."""
    fact = _pairs_fact(network)
    return None if fact is None else Fraction(str(fact.fact["omega"]))


def centred_template(network: Network) -> Template:
    """The template of the centred network that a network of pairs is near."""
    return centred(_linear(network))


def enclose_pairs(
    network: Network, inputs: Inputs, answer: Mapping[str, object] | None = None
) -> Enclosures:
    """Bound, for this input, how far a network of pairs is from the centred network, proven.

    Both are followed in balls from the inputs, taken as exact.  Without an ``answer`` the network
    of pairs is followed in exact arithmetic too; with one, numbers that came out, its round-off is
    in the bound.  Raises ValueError of a network without pairs.
    """
    from weightsmith.backends.enclose.forward import enclose_networks

    return enclose_networks(
        network.template, centred_template(network), network.used(inputs), answer
    )


def _pairs_fact(network: Network) -> Stated | None:
    return next((one for one in network.facts if one.kind == "pairs"), None)


def _linear(network: Network) -> Template:
    fact = _pairs_fact(network)
    if fact is None:
        raise ValueError("the network has no softmax pairs: compile it with softmax_pairs=….")
    places = fact.witness["pairs"]
    known = {(layer, head) for layer, head in places} if isinstance(places, list) else set()
    return linear_heads(network.template, Fraction(str(fact.fact["omega"])), known)


def _inexact(network: Network) -> frozenset[str]:
    """The sites of functions that are computed by tables; gated units are exact."""
    tables = network.certificate["tables"]
    found = tables if isinstance(tables, list) else []
    return frozenset(str(one["site"]) for one in found if one["function"] != "gated")


def _check_script(program: core.Program, inexact: frozenset[str]) -> None:
    """Refuse what is promised, or proven, of the linear network only."""
    promised = [one.span for one in (program.ensure, *program.untils) if one is not None]
    if promised:
        message = "softmax pairs do not keep a promised error: it is proven of linear heads"
        raise mistake("no-use", promised[0], message, "compile without --softmax-pairs")
    for node in nodes_in(program.body):
        if isinstance(node, core.Entrywise | core.Hadamard) and node.site in inexact:
            message = "softmax pairs do not go with functions that are computed by tables"
            hint = "relu, clip and soft are exact, and products of entries with --gated"
            raise mistake("no-use", node.span, message, hint)


def _counted(made: PairNetwork, tokens: Mapping[str, int], program: core.Program) -> Template:
    template = made.template
    symbols = {group: symbol for symbol, group in template.sizes}
    for group in tokens:
        if group not in made.sizes:
            known = ", ".join(made.sizes) or "none"
            message = f"the pairs need no number of '{group}' tokens; those they need: {known}"
            raise mistake("no-use", program.span, message, "leave it out")
    found = {symbols[group]: str(count) for group, count in tokens.items()}
    return replace(template, bindings=tuple(sorted({**dict(template.bindings), **found}.items())))


def _facts(
    network: Network,
    made: PairNetwork,
    program: core.Program,
    files: Mapping[str, bytes],
    dtype: str,
) -> Iterator[Stated]:
    """What the certificate states."""
    script = NETWORK if NETWORK in files else "script.alg"
    shown = next(one for one in network.facts if one.kind == "exactness")
    omega = str(made.omega)
    fact: Json = {"is": "pairs", "of": script, "omega": omega}
    places = [list(place) for place in made.places]
    witness: Json = {**shown.witness, "omega": omega, "pairs": places}
    pairs = Stated(fact, "softmax_pairs", witness)
    yield pairs
    yield from (one for one in network.facts if one.kind == "restructuring")
    if MODEL in files:
        weights: Json = {"is": "weights", "of": MODEL, "dtype": dtype}
        yield Stated({**weights, "layers": len(unroll(made.template))}, "rounding")
    for returned in program.returns:
        if returned.target is not None:
            yield open_fact("truncation", returned.name, NO_RULE, OPEN)
        if network.certificate["tables"]:
            yield open_fact("propagation", returned.name, NO_RULE, OPEN)


def _distances(
    pairs: Stated, made: PairNetwork, program: core.Program, template: bytes
) -> tuple[list[Stated], list[str]]:
    """How far each output is from the centred network's: facts, and why there is none."""
    facts: list[Stated] = []
    unbounded: list[str] = []
    for one in program.returns:
        try:
            fact = prove_centred(program, template, made.omega, made.places, one.name)
            facts.append(Stated(fact, "centred", premises=(pairs,)))
        except (RefusedError, OverBudgetError) as reason:
            said = f"how far {one.name} is from the centred network is not proven: {reason}"
            unbounded.append(said)
    return facts, unbounded


def _hashes(files: Mapping[str, bytes]) -> dict[str, str]:
    return {name: hashlib.sha256(content).hexdigest() for name, content in files.items()}


def _check_files(files: Mapping[str, bytes], span: Span) -> None:
    """Raise DiagnosticError unless the checker accepts every claim."""
    from weightsmith.checker.verify import verify_files

    for verdict in verify_files(files):
        if not verdict.accepted:
            message = f"the softmax pairs are not proven: {verdict.reason}"
            raise mistake("not-proven", span, message)
