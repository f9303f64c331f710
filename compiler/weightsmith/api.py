"""The public face: compile a script to a network, save it, load it, run it, verify it.

>>> import weightsmith.api as ws
>>> network = ws.compile("examples/newton_inverse.alg", settings={"mu": "1/10", "L": 2})
>>> network.run({"A": A})["X"]
>>> network.save("newton"); ws.verify("newton").accepted
True
"""

from __future__ import annotations

import html
import tempfile
from collections.abc import Callable, Mapping
from fractions import Fraction
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, cast

import numpy as np

from weightsmith.backends import measure as data_measure
from weightsmith.backends.errors import DirectoryError
from weightsmith.backends.files import (
    CERTIFICATE,
    MODEL,
    NETWORK,
    SCRIPT,
    TEMPLATE,
    read_directory,
    write_directory,
)
from weightsmith.backends.given import float_inputs
from weightsmith.backends.graphs import GraphMatrices, graph_matrices
from weightsmith.backends.measure import AssumptionError, AssumptionWarning, DataReport
from weightsmith.backends.regression import regression_data
from weightsmith.backends.safetensors_file import weights_from_bytes
from weightsmith.backends.template_json import parse_json
from weightsmith.backends.template_reader import template_from_json
from weightsmith.backends.unroll import MAX_LAYERS
from weightsmith.compiler.bound import AGAINST, Bound, bound_line, bound_of, upward
from weightsmith.compiler.certificate_form import check_certificate
from weightsmith.compiler.emit import STAGES
from weightsmith.compiler.hinge_rounding import rounding_text
from weightsmith.compiler.ir.normal import NormalProgram
from weightsmith.compiler.ir.template import Template
from weightsmith.compiler.pipeline import Compilation, compile_program, front
from weightsmith.compiler.report import Report, report, with_degree_of
from weightsmith.compiler.show import show_template
from weightsmith.compiler.table_text import table_lines
from weightsmith.dsl import bundle, core, load_source, resolve_bindings
from weightsmith.dsl import check as check_source
from weightsmith.dsl.diagnostics import DiagnosticError
from weightsmith.dsl.shown import shown
from weightsmith.dsl.source import Source
from weightsmith.network_files import are_intact, proven_files

if TYPE_CHECKING:
    from weightsmith.backends.layout import Answer, Inputs
    from weightsmith.backends.measure import DataCheck
    from weightsmith.backends.torch.module import Transformer
    from weightsmith.checker.verdicts import Report as VerificationReport

Setting = int | float | str | Fraction

__all__ = [
    "AssumptionError",
    "AssumptionWarning",
    "Bound",
    "DataReport",
    "GraphMatrices",
    "Network",
    "approximate",
    "check",
    "compile",
    "emit",
    "graph_matrices",
    "load",
    "measure",
    "regression_data",
    "upward",
    "verify",
]


class Network:
    """A compiled algorithm: its script, weight template, weights and certificate.

    ``notes`` say what was synthesised, and if the fewest layers were asked for, what became of
    every loop.  ``details`` say of what is open, by kind of claim and output, what a proof misses;
    a network that was loaded knows only the reasons in its certificate.
    """

    def __init__(self, files: Mapping[str, bytes]) -> None:
        self._files = dict(files)
        self.source = Source(SCRIPT, files[SCRIPT].decode())
        self.template: Template = template_from_json(files[TEMPLATE])
        self.certificate: dict[str, object] = check_certificate(parse_json(files[CERTIFICATE]))
        self.notes: tuple[str, ...] = ()
        self.details: Mapping[tuple[str, str], str] = {}

    def __reduce__(self) -> tuple[Callable[..., Network], tuple[object, ...]]:
        """A copy or a pickle takes the files along; all else follows from them."""
        return _with_notes, (self._files, self.notes, self.details)

    @cached_property
    def program(self) -> core.Program:
        return check_source(self.source, read=_no_other_script)

    @cached_property
    def bindings(self) -> dict[str, Fraction]:
        return {name: Fraction(text) for name, text in self.template.bindings}

    @property
    def missing(self) -> tuple[str, ...]:
        """The symbols that need a value before there are weights."""
        parameters = (p for p in self.program.parameters if p.default is None)
        return tuple(p.name for p in parameters if p.name not in self.bindings)

    @cached_property
    def compilation(self) -> Compilation:
        """Every stage of the compiler, run anew on the script (on network.alg, if there is one)."""
        if NETWORK in self._files:
            return compile_program(self._written, self.bindings, search=False)
        return compile_program(self.program, self.bindings, gated="gated" in self._functions)

    @cached_property
    def _written(self) -> core.Program:
        """The program that the network computes: that of network.alg, if there is one."""
        if NETWORK not in self._files:
            return self.program
        return check_source(Source(NETWORK, self._files[NETWORK].decode()), read=_no_other_script)

    @property
    def _functions(self) -> frozenset[str]:
        """Of the tables: names or formulas, ``product`` and ``gated``."""
        tables = self.certificate["tables"]
        return frozenset(t["function"] for t in tables) if isinstance(tables, list) else frozenset()

    @cached_property
    def report(self) -> Report:
        found = report(self._normal(self._written), self.template, self.bindings)
        if NETWORK not in self._files:
            return found
        return with_degree_of(found, self._normal(self.program), self.bindings)

    def _normal(self, program: core.Program) -> NormalProgram | None:
        """The normal form, which has a degree; None if there is none, or it is too long."""
        if self._functions - {"gated"}:
            return None  # tables are no polynomials
        try:
            return front(program, self.bindings, gated="gated" in self._functions).normal
        except DiagnosticError:
            return None

    @property
    def claims(self) -> list[dict[str, object]]:
        claims = self.certificate["claims"]
        return claims if isinstance(claims, list) else []

    @property
    def bounds(self) -> tuple[Bound, ...]:
        return tuple(
            bound_of(claim, self.details) for claim in self.claims if claim["kind"] in AGAINST
        )

    @property
    def rounding(self) -> str:
        """What rounding adds to its functions of entries, in the dtype of its weights; "" if none.

        That is known if every symbol has a value.
        """
        if self.missing or not self.certificate.get("tables"):
            return ""
        return rounding_text(self.template, _dtype_of(self.certificate))

    def files(self) -> dict[str, bytes]:
        """The files of the compiled directory, by name."""
        return dict(self._files)

    def save(self, directory: str | Path) -> None:
        """Write the directory, all or nothing."""
        write_directory(directory, self._files)

    def verify(self) -> VerificationReport:
        """Let the independent checker read the files and re-derive every claim."""
        with tempfile.TemporaryDirectory() as place:
            self.save(Path(place) / "network")
            return verify(Path(place) / "network")

    def module(
        self, dtype: str | None = None, *, dims: Mapping[str, int] | None = None
    ) -> Transformer:
        """Return the PyTorch module.

        With no arguments the one of the saved weights, bit for bit; with ``dtype`` from the
        template, rounded to it; with ``dims`` the dense one of those sizes.
        """
        from weightsmith.backends.torch.load import build, module_from_template

        saved = weights_from_bytes(self._files[MODEL]) if MODEL in self._files else None
        if saved is not None and dims is None and dtype in (None, saved.dtype):
            return build(self.template, saved)
        return module_from_template(self.template, dims=dims, dtype=dtype or "float64")  # type: ignore[arg-type]

    def run(self, inputs: Inputs, dtype: str | None = None, check: DataCheck = "refuse") -> Answer:
        """Run the module on a user's data: {name: matrix}, or {name: {group: matrix}} per token.

        Data that break a hypothesis of the certificate are refused (AssumptionError), or with
        ``check`` "warn" are run with an AssumptionWarning; "off" measures nothing.  The warning
        also comes where ``intact`` is false: then the certificate says nothing of any data.
        """
        from weightsmith.backends.torch.run import run

        inputs = float_inputs(inputs)
        if check != "off":
            data_measure.apply_check(self.check(inputs), check)
        return run(self.module(dtype), self.template, self.used(inputs))

    def check(self, inputs: Inputs) -> DataReport:
        """Measure every hypothesis of the certificate on a user's data; the report is a table."""
        from weightsmith.backends.layout import layout

        inputs = float_inputs(inputs)
        layout(self.template, self.used(inputs))
        return data_measure.check_data(
            self.program, self.bindings, inputs, self.template, intact=self.intact
        )

    @cached_property
    def intact(self) -> bool:
        """Are the files those that the certificate speaks of?  If not, nothing is certified."""
        return are_intact(self._files, self.certificate)

    def used(self, inputs: Inputs) -> Inputs:
        """Leave out the script's inputs that its result does not depend on."""
        used = {source.of for source in self.template.sources if source.kind != "identity"}
        unused = {given.name for given in self.program.inputs} - used
        return {name: value for name, value in inputs.items() if name not in unused}

    def dims_of(self, inputs: Inputs) -> dict[str, int]:
        """Return the sizes that a user's data gives the dimensions of the residual stream."""
        from weightsmith.backends.layout import layout

        found = layout(self.template, self.used(float_inputs(inputs))).dims
        rows = {block.rows for block in self.template.blocks}
        return {axis: found[axis] for axis in sorted(rows) if not axis.isdigit()}

    def interpret(self, inputs: Inputs, *, tables: bool = False) -> dict[str, object]:
        """Execute the script directly in NumPy, with no network.

        Its functions are exact, or with ``tables`` the piecewise-linear ones of the network.
        """
        from weightsmith.dsl import interpreter

        program = self.compilation.lowered.program if tables else self.program
        given = cast("Mapping[str, interpreter.GivenInput]", float_inputs(inputs))
        return dict(interpreter.run(program, given, self.bindings))

    def target(self, inputs: Inputs) -> dict[str, object]:
        """Compute what each returned value approximates, with NumPy's decompositions."""
        from weightsmith.dsl import interpreter

        given = cast("Mapping[str, interpreter.GivenInput]", float_inputs(inputs))
        return dict(interpreter.target(self.program, given, self.bindings))

    def show(self) -> str:
        """The network as a person wants to see it."""
        headline = self.report.headline(self.template.algorithm)
        lines = [headline, *self.notes, "", show_template(self.template)]
        lines += table_lines(self.certificate.get("tables"))
        lines += [f"round   {self.rounding}"] * bool(self.rounding)
        lines += [bound_line(bound) for bound in self.bounds]
        return "\n".join(lines)

    def depth(self) -> str:
        """Where each layer went, the lower bound by degree, and what keeps the network above it."""
        from weightsmith.compiler.depth import depth_text
        from weightsmith.compiler.target_depth import target_text

        lines = depth_text(self.template, self.report, self.bindings)
        return lines + target_text(self.program, self.bindings, self.bounds, self.report.layers)

    def __repr__(self) -> str:
        return self.show()

    def _repr_html_(self) -> str:
        return f"<pre>{html.escape(self.show())}</pre>"


def _with_notes(
    files: Mapping[str, bytes],
    notes: tuple[str, ...],
    details: Mapping[tuple[str, str], str],
) -> Network:
    network = Network(files)
    network.notes, network.details = notes, details
    return network


def check(script: str | Path) -> core.Program:
    """Check a script.  Raises DiagnosticError with everything that is wrong with it."""
    return check_source(_source(script))


def compile(
    script: str | Path,
    *,
    settings: Mapping[str, Setting] | None = None,
    dtype: str = "float64",
    dims: Mapping[str, int] | None = None,
    gated: bool = False,
    fewest: str | None = None,
) -> Network:
    """Compile a script (a path, or its text) to a network with its certificate.

    ``settings`` gives parameters their values, exactly (``"0.1"`` is 1/10); those without a value
    stay symbols, and there are no weights.  ``dims`` makes the weights the full matrices.
    ``gated`` lets the MLPs multiply entries by gated hidden units, exactly, in place of tables.
    ``fewest`` "layers" restructures loops, which costs width and heads;
    "operations" saves multiply-adds, if need be with more layers (and synthesises signs and roots
    by cubics, which are narrow).  With neither the layers are the
    steps of the script, as few as they allow.

    Raises DiagnosticError on a mistake in the script, BindingError on one in the settings.
    """
    from weightsmith.compiler.choices import resolve_choices
    from weightsmith.compiler.promises import check_promises
    from weightsmith.compiler.restructure.restructure import restructured

    source = _source(script)
    given, text = check_source(source), bundle(source)
    narrow = fewest == "operations"
    chosen = resolve_choices(
        given, _bindings(given, settings), text, gated=gated, dtype=dtype, narrow=narrow
    )
    program, bindings = chosen.program, chosen.bindings
    found = restructured(program, bindings, fewest, most=MAX_LAYERS, gated=gated)
    text_bytes = chosen.text.encode()
    proven = proven_files(
        program, bindings, found, text_bytes, dtype=dtype, dims=dims, gated=gated, fewest=fewest
    )
    network = Network(proven.files)
    check_promises(given, program, bindings, network.claims)
    network.__dict__["compilation"] = proven.compilation
    network.notes = (*chosen.notes, *proven.found.notes)
    network.details = proven.details
    return network


def measure(
    script: str | Path, inputs: Inputs, *, settings: Mapping[str, Setting] | None = None
) -> dict[str, str]:
    """Measure data: values of the parameters under which they meet the script's assumptions.

    >>> ws.compile(script, settings=ws.measure(script, {"A": A}))

    They are exact short decimals, rounded outward.  Those in ``settings`` keep their values.
    Raises UnsolvableError with what no value can meet.
    """
    program = check_source(_source(script))
    resolved = _bindings(program, settings)
    given = {name: resolved[name] for name in settings or {}}
    found = data_measure.fitting_settings(program, inputs, given)
    return {**{name: str(value) for name, value in given.items()}, **found}


def approximate(
    expression: object, *, within: Setting, gated: bool = False, **box: tuple[Setting, Setting]
) -> Network:
    """Compile a function of one or two variables on a box to a network within a tolerance of it.

    >>> network = ws.approximate("exp(-s)*sin(3*t)", within="1e-3", s=(0, 1), t=(0, 2))
    >>> network.run({"s": s, "t": t})["output"]["query"]  # rows of numbers, one a token

    ``expression`` is a sympy expression, or a text in the language of formulas, which is parsed
    and never run.  The tolerances of the tables are halved until the certificate's bound is at
    most ``within``.  Raises ExpressionError, DiagnosticError.
    """
    from weightsmith.compiler.from_sympy import script_of
    from weightsmith.compiler.from_text import ends_of, expression_of, tolerance_of

    wanted = tolerance_of(within)
    ends = {name: ends_of(name, interval) for name, interval in box.items()}
    parsed = expression_of(expression)
    share = wanted / 2
    while True:
        network = compile(script_of(parsed, ends, share), gated=gated)
        (bound,) = network.bounds or (None,)
        if bound is None or (bound.value is not None and bound.value <= wanted):
            return network
        if bound.value is None or share < wanted / 2**20:
            reason = bound.unproven or "its errors add up to more"
            raise ValueError(f"no network is proven within {within} of the function: {reason}.")
        share /= 2


def load(directory: str | Path) -> Network:
    """Load a compiled directory.  Raises DirectoryError or TemplateError if it is none.

    Loading reads the files and proves nothing: that is ``verify``.
    """
    files = read_directory(directory)
    for name in (SCRIPT, TEMPLATE, CERTIFICATE):
        if name not in files:
            raise DirectoryError(f"'{directory}' has no '{name}': it is no compiled directory.")
    try:
        return Network(files)
    except ValueError as problem:  # text that is no UTF-8, no JSON, or no certificate
        reason = shown(str(problem))
        raise DirectoryError(f"a file of '{directory}' is damaged: {reason}.") from None


def _no_other_script(path: str) -> Source:
    raise OSError("a compiled script is self-contained")


def verify(directory: str | Path) -> VerificationReport:
    """Check every claim of a directory's certificate; trusts nothing the compiler did."""
    from weightsmith.checker.verify import verify_directory

    return verify_directory(Path(directory))


def emit(
    script: str | Path,
    stage: str,
    *,
    settings: Mapping[str, Setting] | None = None,
    gated: bool = False,
) -> str:
    """Print a stage of the compiler: tree, graph, normal, schedule or weights."""
    from weightsmith.compiler.choices import resolve_choices

    program = check_source(_source(script))
    chosen = resolve_choices(program, _bindings(program, settings), gated=gated)
    if stage not in STAGES:
        raise ValueError(f"there is no stage '{stage}'; the stages are {', '.join(STAGES)}.")
    return STAGES[stage](compile_program(chosen.program, chosen.bindings, gated=gated))


def _bindings(program: core.Program, settings: Mapping[str, Setting] | None) -> dict[str, Fraction]:
    """Resolve the settings; NumPy's numbers count as Python's."""
    given = settings or {}
    plain = {n: v.item() if isinstance(v, np.generic) else v for n, v in given.items()}
    return resolve_bindings(program, plain)


def _source(script: str | Path) -> Source:
    if isinstance(script, Path) or "\n" not in script:
        return load_source(Path(script))
    return Source("<script>", script)


def _dtype_of(certificate: Mapping[str, object]) -> str:
    """The dtype that the weights were rounded to."""
    claims = certificate["claims"]
    found = claims if isinstance(claims, list) else []
    weights = next((claim for claim in found if claim["kind"] == "weights"), None)
    return "float64" if weights is None else str(weights["steps"][0]["dtype"])


def _object(value: object) -> dict[str, object]:
    return value if isinstance(value, dict) else {"claims": []}
