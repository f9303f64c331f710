"""How a network is run: by a plan, on Gram matrices, or as the dense transformer of a paper."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from datetime import timedelta
from fractions import Fraction
from functools import cached_property
from typing import TYPE_CHECKING, Literal, TypeVar, get_args

from weightsmith.backends.errors import (
    InstantiationError,
    LayoutError,
    MissingPackageError,
    PlanError,
    WeightsError,
    listed,
    shown_name,
)
from weightsmith.backends.reference import run_weights
from weightsmith.backends.storage.files import MODEL
from weightsmith.backends.storage.safetensors_file import (
    announced,
    check_shapes,
    check_weights,
    weights_from_bytes,
)
from weightsmith.backends.template.architecture import row_axes
from weightsmith.backends.template.coefficients import DType
from weightsmith.backends.template.instantiate import Weights, structured_weights, weights_of
from weightsmith.backends.template.layout import fit, input_groups
from weightsmith.backends.template.schedules import written_out
from weightsmith.backends.template.token_counts import counted, open_sizes
from weightsmith.backends.template.unroll import count_symbols, network_shape
from weightsmith.backends.trained.resized import resized
from weightsmith.compiler.ir.template import Template

if TYPE_CHECKING:
    from weightsmith.backends.template.layout import Answer, Inputs
    from weightsmith.backends.torch.plans.calling import Caller
    from weightsmith.backends.torch.plans.engine import Engine
    from weightsmith.backends.torch.plans.sized import SizedEngine
    from weightsmith.backends.torch.sharded import Group, Processes, ShardedCaller, ShardedNetwork

Execution = Literal["plan", "gram", "faithful"]
PLANNED = ("plan", "gram")
Counts = tuple[tuple[str, Fraction], ...]
Told = tuple[tuple[str, object], ...]  # counts as a caller says them


Function = TypeVar("Function", bound=Callable[..., object])


def known_when_traced(function: Function) -> Function:
    """A method of constants: torch.compile calls it in place of tracing it.

    As torch.compiler.assume_constant_result, without PyTorch.
    """
    function._dynamo_marked_constant = True  # type: ignore[attr-defined]
    return function


def mask_groups(masks: object) -> tuple[str, ...]:
    """The groups of tokens that come with a mask.  Raises LayoutError."""
    if not isinstance(masks, Mapping):
        raise LayoutError(f"expected masks as {{group: mask}}, got {type(masks).__name__}.")
    return tuple(masks)


def call_parts(
    named: Mapping[str, object], inputs: Collection[str], masks: object
) -> tuple[Told, dict[str, object], tuple[str, ...]]:
    """Of a call the counts of loops, the inputs by name, and the groups that have masks."""
    groups = () if masks is None else mask_groups(masks)
    if not named:
        return (), {}, groups
    counts = tuple([(name, value) for name, value in named.items() if name not in inputs])
    return counts, {name: value for name, value in named.items() if name in inputs}, groups


class Executions:
    """The executions of one network; what they make of its weights is kept.

    ``files``: those of the network; ``intact``: whether they are the template's.
    """

    def __init__(
        self,
        template: Template,
        files: Mapping[str, bytes],
        intact: Callable[[], bool],
    ) -> None:
        self._template = template
        self._files = files
        self._intact = intact
        self._engines: dict[tuple[DType, bool, Counts, tuple[str, ...]], Engine] = {}
        self._by_counts: dict[Template, Executions] = {}  # the last one

    @cached_property
    def saved(self) -> Weights | None:
        """The weights of the file, if there is one."""
        return weights_from_bytes(self._files[MODEL]) if MODEL in self._files else None

    @cached_property
    def dense_sizes(self) -> Mapping[str, int]:
        """The sizes of full matrices, by the header of the weights alone.  Raises WeightsError."""
        if MODEL not in self._files:
            return {}
        weights = announced(self._files, MODEL)
        check_shapes(weights, network_shape(self._template))
        return weights.dims

    @cached_property
    def _changed(self) -> Weights | None:
        """The saved weights where they are not known to be the template's."""
        return None if self.saved is None or self._intact() else self.saved

    def run(self, inputs: Inputs, dtype: DType | None, execution: Execution | None) -> Answer:
        """Return what the script returns.  Raises BackendError where that cannot be.

        Without PyTorch the plain interpreter runs, unless an execution is named.
        """
        if open_sizes(self._template):
            counts = dict(fit(self._template, inputs).groups)
            return self._counted(counted(self._template, counts)).run(inputs, dtype, execution)
        is_dense = self.saved is not None and self.saved.dense
        if execution not in (None, *get_args(Execution)):
            raise InstantiationError(
                f"expected an execution out of {listed(get_args(Execution))}, got {execution!r}."
            )
        try:
            if execution == "faithful" or (execution is None and is_dense):
                return self._faithful(inputs, dtype)
            return self.engine(dtype, gram=execution == "gram").run(inputs, dtype)
        except PlanError:
            if execution is not None:
                raise
            return self._structured_module(inputs, dtype)
        except MissingPackageError:
            if execution is not None:
                raise
            return run_weights(self._template, self.weights(dtype), inputs)

    def _counted(self, template: Template) -> Executions:
        """Those of the template with the numbers of tokens of some data."""
        if template not in self._by_counts:
            self._by_counts = {template: Executions(template, self._files, self._intact)}
        return self._by_counts[template]

    def weights(self, dtype: DType | None, dims: Mapping[str, int] | None = None) -> Weights:
        """The saved weights, or those of the template in another dtype, or of other sizes."""
        saved = self.saved
        if saved is not None and dims is None and dtype in (None, saved.dtype):
            return saved
        if (changed := self._changed) is not None:
            return resized(changed, self._template, dims, dtype)
        return weights_of(self._template, dims=dims, dtype=dtype or "float64")

    def engine(
        self,
        dtype: DType | None = None,
        *,
        gram: bool = False,
        counts: Counts = (),
        masked: tuple[str, ...] = (),
    ) -> Engine:
        """The plans of the saved weights, or of others of this dtype or with these counts."""
        from weightsmith.backends.torch.plans.engine import GRAM, PLAN, Engine

        saved = self.saved
        kind = dtype or ("float64" if saved is None else saved.dtype)
        key = kind, gram, counts, masked
        if key not in self._engines:
            given = dict(counts)
            weights = self._structured(kind, given)
            forms = GRAM if gram else PLAN
            self._engines[key] = Engine(self._template, weights, given, forms, masked=masked)
        return self._engines[key]

    def caller(
        self,
        counts: Told,
        execution: str,
        names: tuple[str, ...],
        masked: tuple[str, ...] = (),
    ) -> Caller:
        """The network as a function of tensors, with other counts of its loops.

        ``names`` are those of the script's inputs, in its order; ``masked`` the groups of tokens
        that come with a mask.
        """
        from weightsmith.backends.torch.plans.calling import Caller

        exact = self._planned(counts, execution)
        groups = [group for some in input_groups(self._template).values() for group in some]
        unknown = [group for group in masked if group not in groups]
        if unknown:
            told = f"has masks for {listed(dict.fromkeys(groups))}" if groups else "takes no masks"
            raise LayoutError(f"the network {told}, not for '{shown_name(unknown[0])}'.")
        engine: Engine | SizedEngine
        if open_sizes(self._template):
            from weightsmith.backends.torch.plans.sized import SizedEngine

            def make(template: Template) -> Engine:
                return self._counted(template).engine(
                    gram=execution == "gram", counts=exact, masked=masked
                )

            engine = SizedEngine(self._template, make, masked)
        else:
            engine = self.engine(gram=execution == "gram", counts=exact, masked=masked)
        return Caller(self._template, engine, names)

    def sharded(
        self,
        names: tuple[str, ...],
        group: Group | None,
        timeout: float | timedelta | None,
        over: str,
    ) -> ShardedNetwork:
        """The network as a function of this process's part of an axis.  Raises ShardingError."""
        from weightsmith.backends.torch.sharded import Processes, ShardedNetwork, check_axis

        check_axis(self._template, over)

        def make(counts: Told, execution: str) -> ShardedCaller:
            return self._sharded_caller(counts, execution, names, processes, over)

        processes = Processes(group, timeout)
        return ShardedNetwork(make, names, processes)

    def _sharded_caller(
        self,
        counts: Told,
        execution: str,
        names: tuple[str, ...],
        processes: Processes,
        over: str,
    ) -> ShardedCaller:
        from weightsmith.backends.torch.plans.engine import GRAM, PLAN
        from weightsmith.backends.torch.sharded import ShardedCaller, ShardedEngine

        given = dict(self._planned(counts, execution))
        weights = self._structured("float64" if self.saved is None else self.saved.dtype, given)
        forms = GRAM if execution == "gram" else PLAN
        engine = ShardedEngine(self._template, weights, given, forms, over, processes)
        return ShardedCaller(self._template, engine, names, processes)

    def _planned(self, counts: Told, execution: str) -> Counts:
        """The counts as exact numbers.  Raises InstantiationError."""
        if execution not in PLANNED:
            raise InstantiationError(
                f"expected an execution out of {listed(PLANNED)}, got {execution!r}; of the dense "
                "transformer there is 'module(dims=…)'."
            )
        return tuple((name, self._count(name, value)) for name, value in counts)

    def _count(self, name: str, value: object) -> Fraction:
        known = sorted(count_symbols(written_out(self._template.body)))
        if name not in known:
            loops = f"those are {listed(known)}" if known else "there is none"
            raise InstantiationError(
                f"'{name}' is neither an input nor the count of a loop of this network; {loops}."
            )
        if isinstance(value, bool) or not isinstance(value, int) or value < 0:
            raise InstantiationError(f"expected a whole number for '{name}', got {value!r}.")
        return Fraction(value)

    def _structured(self, dtype: DType, counts: Mapping[str, Fraction]) -> Weights:
        """The saved weights where they are these, else the template's, rounded to ``dtype``."""
        saved = self.saved
        if saved is not None and not counts and dtype == saved.dtype and not saved.dense:
            check_weights(saved, network_shape(self._template))
            return saved
        if saved is not None and saved.dense and not self._intact():
            raise WeightsError(
                "the full matrices in model.safetensors are not those of the script, and are run "
                "as they are, with execution='faithful'."
            )
        if (changed := self._changed) is not None:
            if counts:
                raise InstantiationError(
                    "the weights are not those of the script, and run the passes that they have."
                )
            return resized(changed, self._template, None, dtype)
        return structured_weights(self._template, counts, dtype=dtype)

    def _structured_module(self, inputs: Inputs, dtype: DType | None) -> Answer:
        """Run layer after layer, without a plan."""
        from weightsmith.backends.torch.load import build
        from weightsmith.backends.torch.run import run

        return run(build(self._template, self.weights(dtype)), self._template, inputs)

    def _faithful(self, inputs: Inputs, dtype: DType | None) -> Answer:
        """Run the dense transformer: that of the file, or the template's for these data."""
        from weightsmith.backends.torch.load import build
        from weightsmith.backends.torch.run import run

        saved = self.saved
        if saved is not None and saved.dense and dtype in (None, saved.dtype):
            return run(build(self._template, saved), self._template, inputs)
        kind = dtype or ("float64" if saved is None else saved.dtype)
        found = fit(self._template, inputs).dims
        dims = {axis: found[axis] for axis in row_axes(network_shape(self._template))}
        module = build(self._template, self.weights(kind, dims))
        return run(module, self._template, inputs)
