"""A network as a module, for training, and the network back of trained weights."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping
from copy import copy
from dataclasses import replace
from fractions import Fraction
from typing import TYPE_CHECKING, Literal, Self, overload

from weightsmith.backends.errors import BackendError, InstantiationError, WeightsError, listed
from weightsmith.backends.storage.files import MODEL, NETWORK, SCRIPT
from weightsmith.backends.storage.safetensors_file import weights_to_bytes
from weightsmith.backends.template.instantiate import Weights, structured_weights
from weightsmith.backends.template.unroll import network_shape, refuse_open
from weightsmith.backends.trained.given import (
    State,
    coefficients_of,
    is_of_coefficients,
    weights_of_state,
)
from weightsmith.backends.trained.live import trainable_symbols
from weightsmith.backends.trained.moves import Move, moved_parameters, moved_weights
from weightsmith.backends.trained.parameters import parameters_of, same_weights, structured_form
from weightsmith.backends.trained.resized import resized
from weightsmith.compiler.ir.template import Template
from weightsmith.dsl.program import core
from weightsmith.dsl.running.bindings import BindingError
from weightsmith.dsl.text.diagnostics import DiagnosticError
from weightsmith.executions import Executions

if TYPE_CHECKING:
    from weightsmith.backends.torch.module import Transformer
    from weightsmith.backends.torch.training.coefficients import CoefficientModule

Full = Literal["blocks", "dense"]
KINDS = ("coefficients", "blocks", "dense")
DROPPED = "trained weights: nothing is certified of them"


class Trainable(ABC):
    """What a network has for training."""

    notes: tuple[str, ...]
    moved: tuple[Move, ...]  # of with_weights: what is not as in the script that was trained

    @property
    @abstractmethod
    def template(self) -> Template: ...

    @property
    @abstractmethod
    def program(self) -> core.Program: ...

    @property
    @abstractmethod
    def intact(self) -> bool: ...

    @property
    @abstractmethod
    def _executions(self) -> Executions: ...

    @property
    @abstractmethod
    def _functions(self) -> frozenset[str]: ...

    @abstractmethod
    def files(self) -> Mapping[str, bytes]: ...

    @overload
    def module(
        self,
        dtype: str | None = None,
        *,
        dims: Mapping[str, int] | None = None,
        trainable: Full | None = None,
    ) -> Transformer: ...

    @overload
    def module(
        self,
        dtype: str | None = None,
        *,
        dims: Mapping[str, int] | None = None,
        trainable: Literal["coefficients"],
    ) -> CoefficientModule: ...

    def module(
        self,
        dtype: str | None = None,
        *,
        dims: Mapping[str, int] | None = None,
        trainable: Full | Literal["coefficients"] | None = None,
    ) -> Transformer | CoefficientModule:
        """Return the PyTorch module.

        With no arguments the one of the saved weights, bit for bit; with ``dtype`` from the
        template, rounded to it; with ``dims`` the dense one of those sizes.  Every entry of its
        weights is a parameter.  ``trainable``: "coefficients" (the parameters of the script that
        stand in coefficients, one number each), "blocks" (full matrices, in which the blocks that
        the script uses are trained and the others stay zero) or "dense" (every entry of full
        matrices).  Raises InstantiationError, WeightsError.
        """
        _check_kind(trainable, dims)
        if trainable == "coefficients":
            return self._coefficient_module(dtype)
        weights = self._executions.weights(dtype, dims)  # type: ignore[arg-type]
        if trainable == "blocks":
            from weightsmith.backends.torch.training.blocks import module_of_blocks

            return module_of_blocks(self.template, weights)
        from weightsmith.backends.torch.load import build

        return build(self.template, weights)

    def _coefficient_module(self, dtype: str | None) -> CoefficientModule:
        from weightsmith.backends.torch.training.coefficients import CoefficientModule

        refuse_open(self.template)
        if not self.intact:
            raise WeightsError(
                "the weights are not those of the script, so its parameters do not give them; "
                "train 'module()', or trainable='blocks'."
            )
        order = tuple(given.name for given in self.program.inputs if not given.fixed)
        kind = dtype or self._executions.weights(None).dtype
        return CoefficientModule(self.template, order, kind)  # type: ignore[arg-type]

    def with_weights(self, state: State, *, dims: Mapping[str, int] | None = None) -> Self:
        """Return the network with the weights of a ``state_dict``, of any module of this network.

        Those of full matrices come with their sizes, ``dims``, where they are not those of this
        network.  ``moved`` says which coefficients have another value.  Where the weights are
        those of the script with other values of its parameters, the floats taken as exact, the
        network is compiled with these and has their certificate.  Else it has none: ``intact`` is
        false.

        Raises WeightsError where names, shapes, sizes or numbers are not this network's.
        """
        refuse_open(self.template)
        if not isinstance(state, Mapping):
            kind = type(state).__name__
            made = "; pass its .state_dict()" if hasattr(state, "state_dict") else ""
            raise WeightsError(f"expected a state_dict, names with tensors, got {kind}{made}.")
        weights, parameters = self._read(state, dims)
        if not parameters and self._is_own(weights):
            return self._unmoved()
        if parameters is None:
            return self._edited(weights, "")
        try:
            return self._compiled(weights, parameters)
        except (BackendError, BindingError, DiagnosticError, ValueError) as problem:
            own = self._is_own(weights)  # a parameter moved by less than rounding shows
            return self._unmoved() if own else self._edited(weights, str(problem))

    def _unmoved(self) -> Self:
        found = copy(self)
        found.moved = () if self.intact else self.moved
        return found

    def _read(
        self, state: State, dims: Mapping[str, int] | None
    ) -> tuple[Weights, dict[str, Fraction] | None]:
        """The weights, and the parameters of the script that give them, if there are any."""
        template = self.template
        if is_of_coefficients(state):
            return self._of_coefficients(state, dims)
        weights = weights_of_state(state, network_shape(template), dims or self._own_dims(state))
        form = structured_form(template, weights)
        if form is None or not self.intact:
            return weights, None
        return weights, parameters_of(template, form)

    def _own_dims(self, state: State) -> Mapping[str, int] | None:
        """The sizes of this network's full matrices, if a state has them too."""
        own, first = self._executions.weights(None), "embed.weight"
        shape = getattr(state.get(first), "shape", None)
        return own.dims if own.dense and shape == own.tensors[first].shape else None

    def _of_coefficients(
        self, state: State, dims: Mapping[str, int] | None
    ) -> tuple[Weights, dict[str, Fraction]]:
        template, own = self.template, self._executions.weights(None)
        found = coefficients_of(state, trainable_symbols(template))
        try:
            weights = structured_weights(template, found, dtype=own.dtype)
        except InstantiationError as problem:
            raise WeightsError(f"these parameters give no weights: {problem}") from None
        sizes = dims or (own.dims if own.dense else None)
        return resized(weights, template, sizes, None), found

    def _is_own(self, weights: Weights) -> bool:
        own = self._executions.weights(None)
        return (
            own.dense == weights.dense and own.dims == weights.dims and same_weights(own, weights)
        )

    def _compiled(self, weights: Weights, parameters: Mapping[str, Fraction]) -> Self:
        """The script compiled with these parameters, or found equal to this network with them.

        Raises ValueError where it is another.
        """
        from weightsmith import api

        bound = {name: Fraction(text) for name, text in self.template.bindings}
        known = {parameter.name for parameter in self.program.parameters}
        settings = {n: v for n, v in {**bound, **parameters}.items() if n in known}
        script = self.files()[SCRIPT].decode()
        sizes = weights.dims if weights.dense else None
        gated = "gated" in self._functions
        for fewest in ("layers" if NETWORK in self.files() else None, "operations"):
            found = api.compile(
                script,
                settings=settings,
                dtype=weights.dtype,
                dims=sizes,
                gated=gated,
                fewest=fewest,
            )
            same = _symbolic(found.template) == _symbolic(self.template)
            if same and same_weights(found._executions.weights(None), weights):
                found.moved = moved_parameters(bound, parameters)
                return found  # type: ignore[return-value]
        saved = self._equal(script, settings, weights, sizes)
        if saved is not None:
            saved.moved = moved_parameters(bound, parameters)
            return saved
        raise ValueError(
            f"with these values of {listed(parameters)} the script compiles to another network; "
            "compile it with them for one that is certified"
        )

    def _equal(
        self,
        script: str,
        settings: Mapping[str, Fraction],
        weights: Weights,
        dims: Mapping[str, int] | None,
    ) -> Self | None:
        """This network with these numbers, as it is saved where it was not compiled.

        None where it is not found equal to its script with them.
        """
        from weightsmith import api

        try:
            found = api.compare(self, script, settings=settings)  # type: ignore[arg-type]
            saved = found.network(dtype=weights.dtype, dims=dims)
        except (BackendError, ValueError):
            return None
        same = _symbolic(saved.template) == _symbolic(self.template)
        own = saved._executions.weights(None)
        return saved if same and same_weights(own, weights) else None  # type: ignore[return-value]

    def _edited(self, weights: Weights, reason: str) -> Self:
        """The files with these weights; the certificate is about others."""
        network = type(self)({**self.files(), MODEL: weights_to_bytes(weights)})  # type: ignore[call-arg]
        because = f" ({reason.splitlines()[0].rstrip('.')})" if reason else ""
        network.notes = (*self.notes, f"{DROPPED}{because}")
        network.moved = moved_weights(self.template, weights)
        return network


def _symbolic(template: Template) -> Template:
    """The template without the values of its symbols."""
    return replace(template, bindings=())


def _check_kind(trainable: str | None, dims: Mapping[str, int] | None) -> None:
    """Raise InstantiationError on an unknown kind, or one that misses sizes, or has them."""
    if trainable not in (None, *KINDS):
        raise InstantiationError(f"expected trainable out of {listed(KINDS)}, got {trainable!r}.")
    if trainable in ("blocks", "dense") and dims is None:
        raise InstantiationError(
            f"trainable='{trainable}' trains full matrices: say their sizes, as dims={{'d': 3}}."
        )
    if trainable == "coefficients" and dims is not None:
        raise InstantiationError(
            "trainable='coefficients' trains numbers that have no sizes: leave dims out."
        )
