"""A network as text for people: what ``show`` and ``show --depth`` print, and its report.

What ``show`` prints is a ``.net`` file, exact: whatever else there is to say stands in comments.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from fractions import Fraction
from typing import TYPE_CHECKING

from weightsmith.backends.export import Subject, subject_of
from weightsmith.backends.measure.report import CHANGED
from weightsmith.backends.trained.moves import table
from weightsmith.checker.networks.at_bindings import loops_run
from weightsmith.compiler.certify.stated import exact_at, stated_in
from weightsmith.compiler.costs.report import Report, report, with_degree_of
from weightsmith.compiler.ir.normal import NormalProgram
from weightsmith.compiler.nets.net import declared_inputs
from weightsmith.compiler.nets.write_net import commented, shown_net
from weightsmith.compiler.pipeline import front
from weightsmith.compiler.reports import depth
from weightsmith.compiler.reports.bound import bound_line
from weightsmith.compiler.reports.hinge_rounding import rounding_text
from weightsmith.compiler.reports.table_text import table_lines
from weightsmith.compiler.reports.target_depth import target_text
from weightsmith.dsl.printing.hypotheses import presumptions
from weightsmith.dsl.program import core
from weightsmith.dsl.text.diagnostics import DiagnosticError

if TYPE_CHECKING:
    from weightsmith.network import Network

MOST_LINES = 1000  # of tables, and of bounds, that are printed


def network_text(network: Network) -> str:
    """The layers, and as comments the tables, what rounding adds to them, and the bounds."""
    headline = network.report.headline(network.template.algorithm)
    above = "\n".join([headline, *network.notes])
    below = _certified_lines(network) if network.intact else [f"changed {CHANGED}"]
    below += ["", *table(network.moved)] if network.moved else []
    net = shown_net(network.template, declared_inputs(network.program))
    shown = [*commented(above), "", *net, "", *commented("\n".join(below))]
    return "\n".join(shown).rstrip("\n")


def exported(network: Network, dtype: str | None) -> Subject:
    """The network on its way to another format.  Raises ExportError."""
    return subject_of(
        network.files(),
        network.template,
        statement_lines(network),
        intact=network.intact,
        dtype=dtype,
        declared=declared_inputs(network.program),
    )


def _certified_lines(network: Network) -> list[str]:
    """The tables, what rounding adds to them, and the bounds."""
    lines = _first(table_lines(network.certificate.get("tables")), "tables")
    lines += [f"round   {network.rounding}"] * bool(network.rounding)
    lines += [f"equal   {one}" for one in _only_at(network)]
    lines += _pairs(network)
    return lines + _first([bound_line(bound) for bound in network.bounds], "bounds")


def _only_at(network: Network) -> list[str]:
    """For which numbers the network is shown to compute its script, if that is not for all."""
    found = exact_at(network.facts)
    if found is None:
        return []
    numbers, passes = found
    said = ", ".join(f"{name} = {value}" for name, value in numbers.items())
    where = [f"with {said}"] * bool(said)
    where += [] if passes is None else [f"where {loops_run(passes)}"]
    return [
        f"the network computes its script {' '.join(where)}; for other numbers nothing is shown"
    ]


def _pairs(network: Network) -> list[str]:
    """What a network of softmax pairs is near: docs/softmax_pairs.md."""
    found = next((one for one in network.facts if one.kind == "pairs"), None)
    if found is None:
        return []
    omega = found.fact.get("omega")
    return [
        f"pairs   softmax heads at omega = ±{omega} in place of linear ones: within",
        "        O(omega^2) of the network of centred heads P*(I - ones/N)*S'*Q, not of the script",
    ]


def depth_text(network: Network) -> str:
    """Where each layer went, the lower bound by degree, and what keeps the network above it."""
    lines = depth.depth_text(network.template, network.report, network.bindings)
    layers = network.report.layers
    return lines + target_text(network.program, network.bindings, network.bounds, layers)


def statement_lines(network: Network) -> list[str]:
    """What is proven, and what is presumed for it."""
    lines = [*_only_at(network), *(bound_line(bound) for bound in network.bounds)]
    return lines + [f"presumed: {one.text}" for one in presumptions(network.program)]


def report_of(network: Network, written: core.Program | None, functions: frozenset[str]) -> Report:
    """Layers, heads, widths and degrees; ``written``: the program of network.alg, if there is one.

    ``functions`` are those of the tables.
    """
    computed = _normal(written or network.program, network.bindings, functions)
    found = report(computed, network.template, network.bindings)
    if written is None:
        return found
    normal = _normal(network.program, network.bindings, functions)
    return with_degree_of(found, normal, network.bindings)


def _normal(
    program: core.Program, bindings: dict[str, Fraction], functions: frozenset[str]
) -> NormalProgram | None:
    """The normal form, which has a degree; None if there is none, or it is too long."""
    if functions - {"gated"}:
        return None  # tables are no polynomials
    try:
        return front(program, bindings, gated="gated" in functions).normal
    except DiagnosticError:
        return None


def rounding_of(network: Network) -> str:
    """What rounding adds to its functions of entries, in the dtype of its weights; "" if none.

    That is known if every symbol has a value.
    """
    if network.missing or not network.certificate.get("tables"):
        return ""
    return rounding_text(network.template, _dtype_of(network.certificate))


def _first(lines: Sequence[str], what: str) -> list[str]:
    """No more lines than a person may read, and how many there are besides."""
    more = [f"… and {len(lines) - MOST_LINES} more {what}"] * (len(lines) > MOST_LINES)
    return [*lines[:MOST_LINES], *more]


def _dtype_of(certificate: Mapping[str, object]) -> str:
    """The dtype that the weights were rounded to."""
    weights = next((one for one in stated_in(certificate) if one.kind == "weights"), None)
    named = None if weights is None else weights.fact.get("dtype")
    return "float32" if named == "float32" else "float64"
