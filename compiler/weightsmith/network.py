"""A compiled algorithm as an object: its files, what they say, and what the network computes."""

from __future__ import annotations

import html
import tempfile
from collections.abc import Callable, Mapping, Sequence
from fractions import Fraction
from functools import cached_property
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, cast

from weightsmith.backends import measure as data_measure
from weightsmith.backends.files import (
    CERTIFICATE,
    MODEL,
    NETWORK,
    SCRIPT,
    TEMPLATE,
    write_directory,
)
from weightsmith.backends.given import float_inputs
from weightsmith.backends.lazy_files import LazyFiles
from weightsmith.backends.measure import DataReport
from weightsmith.backends.safetensors_file import announced, check_shapes, weights_from_bytes
from weightsmith.backends.template_json import parse_json
from weightsmith.backends.template_reader import template_from_json
from weightsmith.backends.unroll import network_shape
from weightsmith.compiler.bound import AGAINST, Bound, bound_line, bound_of
from weightsmith.compiler.certificate_form import check_certificate
from weightsmith.compiler.hinge_rounding import rounding_text
from weightsmith.compiler.ir.normal import NormalProgram
from weightsmith.compiler.ir.template import Template
from weightsmith.compiler.pipeline import Compilation, compile_program, front
from weightsmith.compiler.report import Report, report, with_degree_of
from weightsmith.compiler.show import show_template
from weightsmith.compiler.table_text import table_lines
from weightsmith.dsl import check as check_source
from weightsmith.dsl import core
from weightsmith.dsl.diagnostics import DiagnosticError
from weightsmith.dsl.hypotheses import presumptions
from weightsmith.dsl.source import Source
from weightsmith.executions import Execution, Executions
from weightsmith.network_files import are_intact

if TYPE_CHECKING:
    from weightsmith.backends.instantiate import Weights
    from weightsmith.backends.layout import Answer, Inputs
    from weightsmith.backends.measure import DataCheck
    from weightsmith.backends.plan.calling import Given, Returned
    from weightsmith.backends.torch.module import Transformer
    from weightsmith.checker.verdicts import Report as VerificationReport

MOST_LINES = 1000  # of tables, and of bounds, that ``show`` prints


class Network:
    """A compiled algorithm: its script, weight template, weights and certificate.

    ``notes`` say what was synthesised, and if the fewest layers were asked for, what became of
    every loop.  ``details`` say of what is open, by kind of claim and output, what a proof misses;
    a network that was loaded knows only the reasons in its certificate.
    """

    def __init__(self, files: Mapping[str, bytes]) -> None:
        self._files = files if isinstance(files, LazyFiles) else dict(files)
        self.source = Source(SCRIPT, files[SCRIPT].decode())
        self.certificate: dict[str, object] = check_certificate(parse_json(files[CERTIFICATE]))
        self.notes: tuple[str, ...] = ()
        self.details: Mapping[tuple[str, str], str] = {}

    def __reduce__(self) -> tuple[Callable[..., Network], tuple[object, ...]]:
        """A copy or a pickle takes the files along; all else follows from them."""
        return _with_notes, (self._files, self.notes, self.details)

    @cached_property
    def template(self) -> Template:
        return template_from_json(self._files[TEMPLATE])

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

    @cached_property
    def rounding(self) -> str:
        """What rounding adds to its functions of entries, in the dtype of its weights; "" if none.

        That is known if every symbol has a value.
        """
        if self.missing or not self.certificate.get("tables"):
            return ""
        return rounding_text(self.template, _dtype_of(self.certificate))

    def files(self) -> Mapping[str, bytes]:
        """The files of the compiled directory, by name."""
        return MappingProxyType(self._files)

    def save(self, directory: str | Path) -> None:
        """Write the directory, all or nothing."""
        write_directory(directory, self._files)

    def export(
        self,
        path: str | Path,
        *,
        format: str | None = None,
        dtype: str | None = None,
        dims: Mapping[str, int] | None = None,
        numpy: bool = False,
    ) -> None:
        """Write the network in another format, by the suffix of ``path``: docs/exports.md.

        ``dims`` are the sizes of full matrices; ``numpy`` makes a .py that needs no PyTorch.
        Raises ExportError.
        """
        from weightsmith.backends.export import Options, export, subject_of

        lines = [bound_line(bound) for bound in self.bounds]
        lines += [f"presumed: {one.text}" for one in presumptions(self.program)]
        subject = subject_of(self._files, self.template, lines, intact=self.intact, dtype=dtype)
        export(subject, path, Options(numpy, dims or {}), format)

    def verify(self) -> VerificationReport:
        """Let the independent checker read the files and re-derive every claim."""
        from weightsmith.checker.verify import verify_directory

        with tempfile.TemporaryDirectory() as place:
            self.save(Path(place) / "network")
            return verify_directory(Path(place) / "network")

    def module(
        self, dtype: str | None = None, *, dims: Mapping[str, int] | None = None
    ) -> Transformer:
        """Return the PyTorch module.

        With no arguments the one of the saved weights, bit for bit; with ``dtype`` from the
        template, rounded to it; with ``dims`` the dense one of those sizes.
        """
        from weightsmith.backends.torch.load import build, module_from_template

        saved = self._executions.saved
        if saved is not None and dims is None and dtype in (None, saved.dtype):
            return build(self.template, saved)
        return module_from_template(self.template, dims=dims, dtype=dtype or "float64")  # type: ignore[arg-type]

    @cached_property
    def _executions(self) -> Executions:
        return Executions(self.template, self._saved_weights, lambda: self.intact)

    @cached_property
    def _input_names(self) -> tuple[str, ...]:
        return tuple(given.name for given in self.program.inputs)

    def _saved_weights(self) -> Weights | None:
        return weights_from_bytes(self._files[MODEL]) if MODEL in self._files else None

    def __call__(
        self, *args: Given, execution: Execution = "plan", **kwargs: Given | int
    ) -> Returned | dict[str, Returned]:
        """Run the network on tensors, in their dtype and on their device; nothing is checked.

        Arguments are the script's inputs, in its order or by name: rows × columns, after any batch
        dimensions, or {group: tensor} for an input that comes by token.  A whole number for a
        parameter that counts a loop (``steps=40``) runs the same weights that many times.  Returns
        the value, or {name: value} of several; by group where a value has several.  ``execution``:
        "plan" or "gram", see ``run``.

        Gradients, ``torch.func`` and ``torch.compile`` pass through.  Raises LayoutError where an
        input is missing or unknown, InstantiationError on a wrong count.
        """
        names = self._input_names
        counts = {name: v for name, v in kwargs.items() if name not in names}
        caller = self._executions.caller(counts, execution)
        tensors = {name: v for name, v in kwargs.items() if name in names}
        return caller(caller.named(names, args, tensors))  # type: ignore[arg-type]

    def run(
        self,
        inputs: Inputs,
        dtype: str | None = None,
        check: DataCheck = "refuse",
        *,
        execution: Execution | None = None,
    ) -> Answer:
        """Run the network on a user's data: {name: matrix}, or {name: {group: matrix}} per token.

        ``execution``: "plan" (a short list of tensor operations), "gram" (the same, with values at
        tokens as images of the data, for long contexts) or "faithful" (the dense transformer);
        equal within round-off.  Without it the plan, or the full matrices that were compiled.

        Data that break a hypothesis of the certificate are refused (AssumptionError), or with
        ``check`` "warn" are run with an AssumptionWarning; "off" measures nothing.  The warning
        also comes where ``intact`` is false: then the certificate says nothing of any data.
        """
        inputs = float_inputs(inputs)
        if check == "off":
            self._check_sizes(inputs)
        else:
            data_measure.apply_check(self.check(inputs), check)
        return self._executions.run(self.used(inputs), dtype, execution)  # type: ignore[arg-type]

    def check(self, inputs: Inputs) -> DataReport:
        """Measure every hypothesis of the certificate on a user's data; the report is a table."""
        inputs = float_inputs(inputs)
        self._check_sizes(inputs)
        return data_measure.check_data(
            self.program, self.bindings, inputs, self.template, intact=self.intact
        )

    def _check_sizes(self, inputs: Inputs) -> None:
        """Do the data fit the network?  Answered by the header of its weights, however large.

        Raises LayoutError or WeightsError.
        """
        from weightsmith.backends.layout import check_sizes, layout

        sizes = layout(self.template, self.used(inputs)).dims
        if MODEL in self._files:
            weights = announced(self._files, MODEL)
            check_shapes(weights, network_shape(self.template))
            check_sizes(weights.dims, sizes)

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
        lines += _first(table_lines(self.certificate.get("tables")), "tables")
        lines += [f"round   {self.rounding}"] * bool(self.rounding)
        lines += _first([bound_line(bound) for bound in self.bounds], "bounds")
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


def _first(lines: Sequence[str], what: str) -> list[str]:
    """No more lines than a person may read, and how many there are besides."""
    more = [f"… and {len(lines) - MOST_LINES} more {what}"] * (len(lines) > MOST_LINES)
    return [*lines[:MOST_LINES], *more]


def _with_notes(
    files: Mapping[str, bytes],
    notes: tuple[str, ...],
    details: Mapping[tuple[str, str], str],
) -> Network:
    network = Network(files)
    network.notes, network.details = notes, details
    return network


def _no_other_script(path: str) -> Source:
    raise OSError("a compiled script is self-contained")


def _dtype_of(certificate: Mapping[str, object]) -> str:
    """The dtype that the weights were rounded to."""
    claims = certificate["claims"]
    found = claims if isinstance(claims, list) else []
    weights = next((claim for claim in found if claim["kind"] == "weights"), None)
    steps = [] if weights is None else weights["steps"]
    first = steps[0] if isinstance(steps, list) and steps else None
    named = first.get("dtype") if isinstance(first, dict) else None
    return "float32" if named == "float32" else "float64"
