"""A compiled algorithm as an object: its files, what they say, and what the network computes."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Mapping
from fractions import Fraction
from functools import cached_property
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, Literal, cast, overload

from weightsmith.backends.data.given import Array, FloatInputs, float_inputs
from weightsmith.backends.measure import DataMeter, DataReport, apply_check
from weightsmith.backends.measure.data import fixed_sizes, reads_of
from weightsmith.backends.storage.files import (
    CERTIFICATE,
    NETWORK,
    SCRIPT,
    TEMPLATE,
    are_intact,
    write_directory,
)
from weightsmith.backends.storage.lazy_files import LazyFiles
from weightsmith.backends.template.fixed_inputs import fixed_arrays, with_fixed
from weightsmith.backends.template.template_json import parse_json
from weightsmith.backends.template.template_reader import template_from_json
from weightsmith.backends.template.unroll import LayerPlace, layer_places
from weightsmith.backends.trained.moves import Move
from weightsmith.compiler.ir.template import Template
from weightsmith.compiler.reports.bound import AGAINST, Bound, bound_of
from weightsmith.compiler.reports.certificate_form import check_certificate
from weightsmith.dsl import check as check_source
from weightsmith.dsl.program import core
from weightsmith.dsl.text.source import Source
from weightsmith.executions import Execution, Executions, Told, call_parts, known_when_traced
from weightsmith.presentable import Presentable
from weightsmith.trainable import Trainable

if TYPE_CHECKING:
    from torch import Tensor

    from weightsmith.backends.enclose import Enclosures
    from weightsmith.backends.measure import DataCheck
    from weightsmith.backends.template.layout import Answer, Inputs
    from weightsmith.backends.torch.plans.calling import Caller, Given, Returned
    from weightsmith.backends.torch.sharded import Group, ShardedNetwork
    from weightsmith.backends.torch.trace import Trace
    from weightsmith.checker.reading.verdicts import Report as VerificationReport
    from weightsmith.compiler.certify.stated import Stated
    from weightsmith.compiler.costs.report import Report
    from weightsmith.compiler.pipeline import Compilation


class Network(Trainable, Presentable):
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
        self.moved: tuple[Move, ...] = ()
        self._callers: dict[tuple[object, ...], Caller] = {}
        self.details: Mapping[tuple[str, str], str] = {}

    def __reduce__(self) -> tuple[Callable[..., Network], tuple[object, ...]]:
        """A copy or a pickle takes the files along; all else follows from them."""
        return _with_notes, (self._files, self.notes, self.details, self.moved)

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
        sized = dict(self.program.sizes)  # the data have these
        names = (one.name for one in self.program.parameters if one.default is None)
        return tuple(n for n in names if n not in self.bindings and n not in sized)

    @cached_property
    def compilation(self) -> Compilation:
        """Every stage of the compiler, run anew on the script (on network.alg, if there is one)."""
        from weightsmith.compiler.pipeline import compile_program

        if NETWORK in self._files:
            return compile_program(self.written, self.bindings, search=False)
        return compile_program(self.program, self.bindings, gated="gated" in self._functions)

    @cached_property
    def written(self) -> core.Program:
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
        from weightsmith.network_text import report_of

        written = None if NETWORK not in self._files else self.written
        return report_of(self, written, self._functions)

    @property
    def facts(self) -> list[Stated]:
        """What the certificate states, in its order."""
        from weightsmith.compiler.certify.stated import stated_in

        return stated_in(self.certificate)

    @property
    def bounds(self) -> tuple[Bound, ...]:
        """What the certificate says of errors; nothing where it is not of these files."""
        facts = [one for one in self.facts if one.kind in AGAINST] if self.intact else []
        return tuple(bound_of(one, self.program, self.details) for one in facts)

    @cached_property
    def rounding(self) -> str:
        """What rounding adds to its functions of entries, if every symbol has a value; or ""."""
        from weightsmith.network_text import rounding_of

        return rounding_of(self)

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
        counts: bool = False,
    ) -> None:
        """Write the network in another format, by the suffix of ``path``: docs/exports.md.

        ``dims`` are the sizes of full matrices; ``numpy`` makes a .py that needs no PyTorch; with
        ``counts`` how often loops run becomes an input.  Raises ExportError.
        """
        from weightsmith.backends.export import Options, export
        from weightsmith.network_text import exported

        export(exported(self, dtype), path, Options(numpy, dims or {}, counts), format)

    def verify(self) -> VerificationReport:
        """Let the independent checker read the files and re-derive every claim."""
        from weightsmith.checker.verify import verify_directory

        with tempfile.TemporaryDirectory() as place:
            self.save(Path(place) / "network")
            return verify_directory(Path(place) / "network")

    @cached_property
    def _executions(self) -> Executions:
        return Executions(self.template, self._files, lambda: self.intact)

    @known_when_traced
    def _input_names(self) -> tuple[str, ...]:
        return self._names

    @cached_property
    def _names(self) -> tuple[str, ...]:
        return tuple(given.name for given in self.program.inputs if not given.fixed)

    @known_when_traced
    def _make_caller(self, counts: Told, execution: str, masks: tuple[str, ...]) -> None:
        if (key := (counts, execution, masks)) not in self._callers:
            self._callers[key] = self._executions.caller(counts, execution, self._names, masks)

    def __call__(
        self,
        *args: Given,
        execution: Execution = "plan",
        masks: Mapping[str, Tensor] | None = None,
        **kwargs: Given | int,
    ) -> Returned | dict[str, Returned]:
        """Run the network on tensors, in their dtype and on their device; no number is checked.

        Arguments are the script's inputs, in its order or by name: rows × columns, after any batch
        dimensions, or {group: tensor} for an input that comes by token.  A whole number for a
        parameter that counts a loop (``steps=40``) runs the same weights that many times.  Returns
        the value, or {name: value} of several; by group where a value has several.  ``execution``:
        "plan" or "gram", see ``run``.  ``masks``: by group which tokens count, batch × tokens, for
        groups that were filled up to one size; values at the others are zero.

        Gradients, ``torch.func`` and ``torch.compile`` pass through.  Raises LayoutError where an
        input is missing or unknown or of a wrong shape, InstantiationError on a wrong count.
        """
        counts, tensors, groups = call_parts(kwargs, self._input_names(), masks)
        self._make_caller(counts, execution, groups)
        return self._callers[counts, execution, groups](args, tensors, masks)  # type: ignore[arg-type]

    def sharded(
        self, group: Group | None = None, *, timeout: float | None = None, over: str = "context"
    ) -> ShardedNetwork:
        """Run on tokens of which each process of a group has a part: docs/pytorch.md."""
        return self._executions.sharded(self._names, group, timeout, over)

    @overload
    def run(
        self,
        inputs: Inputs,
        dtype: str | None = None,
        check: DataCheck = "refuse",
        *,
        execution: Execution | None = None,
        certify: Literal[False] = False,
    ) -> Answer: ...

    @overload
    def run(
        self,
        inputs: Inputs,
        dtype: str | None = None,
        check: DataCheck = "refuse",
        *,
        execution: Execution | None = None,
        certify: Literal[True],
    ) -> tuple[Answer, Enclosures]: ...

    def run(
        self,
        inputs: Inputs,
        dtype: str | None = None,
        check: DataCheck = "refuse",
        *,
        execution: Execution | None = None,
        certify: bool = False,
    ) -> Answer | tuple[Answer, Enclosures]:
        """Run the network on a user's data: {name: matrix}, or {name: {group: matrix}} per token.

        ``execution``: "plan" (a short list of tensor operations), "gram" (the same, with values at
        tokens as images of the data, for long contexts) or "faithful" (the dense transformer);
        equal within round-off.  Without it the plan, or the full matrices that were compiled.

        Data that break a hypothesis of the certificate are refused (AssumptionError), or with
        ``check`` "warn" are run with an AssumptionWarning; "off" measures nothing.  The warning
        also comes where ``intact`` is false: then the certificate says nothing of any data.

        Without PyTorch the plain interpreter runs the same weights in NumPy: slower, with full
        matrices, and equal within round-off.  With ``certify`` the answer comes with proven bounds
        for these inputs, those of ``enclose``.
        """
        given, inputs = inputs, float_inputs(inputs)
        self._check_sizes(inputs)
        if check != "off":
            known = self.script_inputs(inputs)
            apply_check(self._meter.problems(known, intact=self.intact), check)
        answer = self._executions.run(self.used(inputs), dtype, execution)  # type: ignore[arg-type]
        return (answer, self.enclose(given, answer)) if certify else answer

    def enclose(self, inputs: Inputs, answer: Mapping[str, object]) -> Enclosures:
        """Bound the distance of an answer from its target on these inputs, whatever computed it.

        Every bound is proven in the Frobenius norm, for the numbers given, taken as exact; a value
        for whose target there is no test says so.
        """
        from weightsmith.backends.enclose import enclose

        known = self.script_inputs(inputs)
        return enclose(self.program, self.bindings, known, answer, self.template)

    def trace(self, inputs: Inputs, dtype: str | None = None) -> Trace:
        """Run on a user's data and keep every block of the stream after every layer.

        ``trace[layer, block, group]``: a block is named after what it holds, such as ``X``, or
        ``w*x-y``; ``trace.variables`` are the script's variables between passes, ``X`` or ``w*x``;
        ``trace.values`` are what the network would return there; ``trace.after(loop, number)`` is
        the last layer of a pass; printed it is a table.
        """
        from weightsmith.backends.torch.held import held_blocks
        from weightsmith.backends.torch.trace import trace

        inputs = float_inputs(inputs)
        self._check_sizes(inputs)
        held = held_blocks(self.certificate)
        return trace(self.module(dtype), self.template, self.used(inputs), held)

    def layer_places(self) -> tuple[LayerPlace, ...]:
        """In which pass of which loop each layer of the module stands, by its number."""
        return layer_places(self.template)

    def check(self, inputs: Inputs) -> DataReport:
        """Measure every hypothesis of the certificate on a user's data; the report is a table."""
        inputs = float_inputs(inputs)
        self._check_sizes(inputs)
        return self._meter.report(self.script_inputs(inputs), intact=self.intact)

    def script_inputs(self, inputs: Inputs) -> Inputs:
        """The inputs of the script: those of the network, and the fixed matrices.

        Raises LayoutError where a fixed matrix is given that the weights have.
        """
        return with_fixed(inputs, self._fixed)

    @cached_property
    def _fixed(self) -> dict[str, Array]:
        return fixed_arrays(self.template)

    @cached_property
    def _meter(self) -> DataMeter:
        fixed = fixed_sizes(self.template)
        return DataMeter(self.program, self.bindings, reads_of(self.template), fixed)

    def _check_sizes(self, inputs: Inputs) -> None:
        """Do the data fit the network?  Raises LayoutError or WeightsError."""
        from weightsmith.backends.template.layout import check_sizes, fit

        sizes = fit(self.template, self.used(inputs)).dims
        check_sizes(self._executions.dense_sizes, sizes)

    @cached_property
    def intact(self) -> bool:
        """Are the files those that the certificate is about?  If not, nothing is certified."""
        return are_intact(self._files, self.certificate)

    def used(self, inputs: Inputs) -> Inputs:
        """Leave out the script's inputs that its result does not depend on."""
        if isinstance(inputs, FloatInputs):
            return FloatInputs({k: v for k, v in inputs.items() if k not in self._unused})
        return {name: value for name, value in inputs.items() if name not in self._unused}

    @cached_property
    def _unused(self) -> frozenset[str]:
        used = {source.of for source in self.template.sources if source.kind != "identity"}
        return frozenset(self._names) - used

    def dims_of(self, inputs: Inputs) -> dict[str, int]:
        """Return the sizes that a user's data gives the dimensions of the residual stream."""
        from weightsmith.backends.template.layout import fit

        found = fit(self.template, self.used(float_inputs(inputs))).dims
        rows = {block.rows for block in self.template.blocks}
        return {axis: found[axis] for axis in sorted(rows) if not axis.isdigit()}

    def interpret(self, inputs: Inputs, *, tables: bool = False) -> dict[str, object]:
        """Execute the script directly in NumPy, with no network.

        Its functions are exact, or with ``tables`` the piecewise-linear ones of the network.
        """
        from weightsmith.dsl.running import interpreter

        known = self.script_inputs(float_inputs(inputs))
        given = cast("Mapping[str, interpreter.GivenInput]", known)
        program = self.compilation.lowered.program if tables else self.program
        return dict(interpreter.run(program, given, self.bindings))

    def target(self, inputs: Inputs) -> dict[str, object]:
        """Compute what each returned value approximates, with NumPy's decompositions."""
        from weightsmith.dsl.running import interpreter

        known = self.script_inputs(float_inputs(inputs))
        given = cast("Mapping[str, interpreter.GivenInput]", known)
        return dict(interpreter.target(self.program, given, self.bindings))


def _with_notes(
    files: Mapping[str, bytes],
    notes: tuple[str, ...],
    details: Mapping[tuple[str, str], str],
    moved: tuple[Move, ...],
) -> Network:
    network = Network(files)
    network.notes, network.details, network.moved = notes, details, moved
    return network


def _no_other_script(path: str) -> Source:
    raise OSError("a compiled script is self-contained")
