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
from collections.abc import Mapping
from fractions import Fraction
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, cast

import numpy as np

from weightsmith.backends.errors import DirectoryError, LayoutError
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
from weightsmith.backends.regression import regression_data
from weightsmith.backends.safetensors_file import weights_from_bytes
from weightsmith.backends.template_json import parse_json
from weightsmith.backends.template_reader import template_from_json
from weightsmith.backends.unroll import MAX_LAYERS
from weightsmith.compiler.bound import AGAINST, Bound, bound_line, bound_of, upward
from weightsmith.compiler.emit import STAGES
from weightsmith.compiler.ir.template import Template
from weightsmith.compiler.pipeline import Compilation, compile_program, front
from weightsmith.compiler.report import Report, report, with_degree_of
from weightsmith.compiler.show import show_template
from weightsmith.compiler.table_text import table_lines
from weightsmith.dsl import bundle, core, load_source, resolve_bindings
from weightsmith.dsl import check as check_source
from weightsmith.dsl.source import Source
from weightsmith.network_files import proven_files

if TYPE_CHECKING:
    from weightsmith.backends.layout import Answer, Inputs
    from weightsmith.backends.torch.module import Transformer
    from weightsmith.checker.verify import Report as VerificationReport

Setting = int | float | str | Fraction
SYMMETRIC = 1e-5  # a matrix is symmetric if it is, relative to its largest entry, to this

__all__ = [
    "Bound",
    "GraphMatrices",
    "Network",
    "approximate",
    "check",
    "compile",
    "emit",
    "graph_matrices",
    "load",
    "regression_data",
    "upward",
    "verify",
]


class Network:
    """A compiled algorithm: its script, weight template, weights and certificate.

    ``notes`` say what was synthesised, and if the fewest layers were asked for, what became of
    every loop.
    """

    def __init__(self, files: Mapping[str, bytes]) -> None:
        self._files = dict(files)
        self.source = Source(SCRIPT, files[SCRIPT].decode())
        self.template: Template = template_from_json(files[TEMPLATE])
        self.certificate: dict[str, object] = _object(parse_json(files[CERTIFICATE]))
        self.notes: tuple[str, ...] = ()

    @cached_property
    def program(self) -> core.Program:
        return check_source(self.source)

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
            program = check_source(Source(NETWORK, self._files[NETWORK].decode()))
            return compile_program(program, self.bindings, search=False)
        tables = self.certificate.get("tables")
        gated = isinstance(tables, list) and any(t["function"] == "gated" for t in tables)
        return compile_program(self.program, self.bindings, gated=gated)

    @cached_property
    def report(self) -> Report:
        found = report(self.compilation.normal, self.template, self.bindings)
        if NETWORK not in self._files:
            return found
        return with_degree_of(found, front(self.program, self.bindings).normal, self.bindings)

    @property
    def bounds(self) -> tuple[Bound, ...]:
        claims = self.certificate["claims"]
        found = claims if isinstance(claims, list) else []
        return tuple(bound_of(claim) for claim in found if claim["kind"] in AGAINST)

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

    def run(self, inputs: Inputs, dtype: str | None = None) -> Answer:
        """Run the module on a user's data: {name: matrix}, or {name: {group: matrix}} per token."""
        from weightsmith.backends.torch.run import run

        inputs = float_inputs(inputs)
        self._check_symmetric(inputs)
        return run(self.module(dtype), self.template, self.used(inputs))

    def _check_symmetric(self, inputs: Inputs) -> None:
        """Refuse a matrix that is declared symmetric and is not, beyond float32's round-off."""
        for given in self.program.inputs:
            if given.symmetric and given.name in inputs:
                matrix = np.asarray(inputs[given.name])
                square = matrix.ndim >= 2 and matrix.shape[-1] == matrix.shape[-2]
                if not square or matrix.dtype.kind not in "iuf":
                    continue  # the layout says what is wrong with it
                difference = np.abs(matrix - np.swapaxes(matrix, -1, -2)).max(initial=0)
                if difference > SYMMETRIC * np.abs(matrix).max(initial=0):
                    raise LayoutError(
                        f"'{given.name}' is declared symmetric, and the matrix given is not."
                    )

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
        found = self.report
        layers = found.layers_text if found.layers is None else str(found.layers)
        degree = "" if found.degree is None else f"; depth ≥ {found.depth_lower_bound} by degree"
        kind = "" if found.pieces else "attention "
        hidden = f", {found.hidden_text} hidden units" if found.pieces else ""
        lines = [
            f"{self.template.algorithm}: {layers} {kind}layer{'s' * (layers != '1')}, "
            f"{found.heads} head{'s' * (found.heads != 1)} a layer, "
            f"width {found.width_text}{hidden}{degree}",
            *self.notes,
            "",
            show_template(self.template),
        ]
        lines += table_lines(self.certificate.get("tables"))
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
    compilation, found, files = proven_files(
        program, bindings, found, text_bytes, dtype=dtype, dims=dims, gated=gated, fewest=fewest
    )
    network = Network(files)
    network.__dict__["compilation"] = compilation
    network.notes = (*chosen.notes, *found.notes)
    return network


def approximate(
    expression: object, *, within: Setting, gated: bool = False, **box: tuple[Setting, Setting]
) -> Network:
    """Compile a function of one or two variables on a box to a network within a tolerance of it.

    >>> network = ws.approximate("exp(-s)*sin(3*t)", within="1e-3", s=(0, 1), t=(0, 2))
    >>> network.run({"s": s, "t": t})["output"]["query"]  # rows of numbers, one a token

    ``expression`` is a sympy expression, or its text.  The tolerances of the tables are halved
    until the certificate's bound is at most ``within``.  Raises ExpressionError, DiagnosticError.
    """
    import sympy

    from weightsmith.compiler.from_sympy import script_of

    wanted = Fraction(within)
    ends = {name: (Fraction(low), Fraction(high)) for name, (low, high) in box.items()}
    parsed = sympy.sympify(expression, rational=True)
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
    except ValueError as problem:  # text that is no UTF-8, or no JSON
        raise DirectoryError(f"a file of '{directory}' is damaged: {problem}.") from None


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


def _object(value: object) -> dict[str, object]:
    return value if isinstance(value, dict) else {"claims": []}
