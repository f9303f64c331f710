"""The public face: compile a script to a network, save it, load it, run it, verify it.

>>> import weightsmith.api as ws
>>> network = ws.compile("examples/newton_inverse.alg", settings={"mu": "1/10", "L": 2})
>>> network.run({"A": A})["X"]
>>> network.save("newton"); ws.verify("newton").accepted
True
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from fractions import Fraction
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING

from weightsmith.compiler.collector import collected_rarely
from weightsmith.version import VERSION

if TYPE_CHECKING:
    from weightsmith.against import Comparison
    from weightsmith.backends.data.graphs import GraphMatrices, graph_matrices
    from weightsmith.backends.data.regression import regression_data
    from weightsmith.backends.measure import AssumptionError, AssumptionWarning, DataReport
    from weightsmith.backends.template.layout import Inputs
    from weightsmith.checker.reading.verdicts import Report as VerificationReport
    from weightsmith.compiler.reports.bound import Bound, upward
    from weightsmith.compiler.synthesize.preference import Preference
    from weightsmith.dsl.program import core
    from weightsmith.dsl.text.source import Source
    from weightsmith.lifting import LiftedNetwork, Weights
    from weightsmith.network import Network
    from weightsmith.softmax_pairs import enclose_pairs

Setting = int | float | str | Fraction

__version__ = VERSION
# `weightsmith` has no file of its own: one would hide two of the three source roots.
setattr(import_module("weightsmith"), "__version__", VERSION)  # noqa: B010

__all__ = [
    "AssumptionError",
    "AssumptionWarning",
    "Bound",
    "DataReport",
    "GraphMatrices",
    "Network",
    "__version__",
    "approximate",
    "check",
    "compare",
    "compile",
    "emit",
    "enclose_pairs",
    "graph_matrices",
    "lift",
    "load",
    "measure",
    "regression_data",
    "synthesize",
    "upward",
    "verify",
]

# Where a name comes from that is loaded when somebody first asks for it.  The functions below
# import what they need for the same reason: who loads a network never waits for the compiler.
HOMES = {
    "AssumptionError": "weightsmith.backends.measure",
    "AssumptionWarning": "weightsmith.backends.measure",
    "Bound": "weightsmith.compiler.reports.bound",
    "DataReport": "weightsmith.backends.measure",
    "GraphMatrices": "weightsmith.backends.data.graphs",
    "Network": "weightsmith.network",
    "enclose_pairs": "weightsmith.softmax_pairs",
    "graph_matrices": "weightsmith.backends.data.graphs",
    "regression_data": "weightsmith.backends.data.regression",
    "upward": "weightsmith.compiler.reports.bound",
}

if not TYPE_CHECKING:  # a type checker knows the names from above, and that there are no others

    def __getattr__(name: str) -> object:
        if name not in HOMES:
            raise AttributeError(f"module '{__name__}' has no attribute '{name}'")
        found = globals()[name] = getattr(import_module(HOMES[name]), name)
        return found


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})


def check(script: str | Path | Source) -> core.Program:
    """Check a script.  Raises DiagnosticError with everything that is wrong with it."""
    return _checked(_source(script))


@collected_rarely()
def compile(
    script: str | Path | Source,
    *,
    settings: Mapping[str, Setting] | None = None,
    dtype: str = "float64",
    dims: Mapping[str, int] | None = None,
    gated: bool = False,
    fewest: str | None = None,
    matrices: Mapping[str, object] | None = None,
    softmax_pairs: Setting | None = None,
) -> Network:
    """Compile a script (a path, its text, or a Source) to a network with its certificate.

    ``settings`` gives parameters their values, exactly (``"0.1"`` is 1/10); those without a value
    stay symbols, and there are no weights.  ``dims`` makes the weights the full matrices.
    ``gated`` lets the MLPs multiply entries by gated hidden units, exactly, in place of tables.
    ``fewest`` "layers" restructures loops, which costs width and heads;
    "operations" saves multiply-adds, if need be with more layers (and synthesises signs and roots
    by cubics, which are narrow).  With neither the layers are the
    steps of the script, as few as they allow.
    ``matrices`` gives fixed matrices (``W: fixed[k, d]``) their numbers: rows, or arrays.
    ``softmax_pairs``: omega, as ``"1/100"``.  Each linear head becomes two softmax heads, within
    O(omega²) of the centred head (docs/softmax_pairs.md); ``dims`` may then say how many tokens a
    group has (``{"context": 20}``), so that there are weights.

    Raises DiagnosticError on a mistake in the script, BindingError on one in the settings.
    """
    from weightsmith.compiler.synthesize.preference import Preference

    if softmax_pairs is not None:
        from weightsmith.softmax_pairs import compiled_pairs

        return compiled_pairs(
            script,
            softmax_pairs,
            settings=settings,
            dtype=dtype,
            tokens=dims,
            gated=gated,
            fewest=fewest,
            matrices=matrices,
        )
    preference = Preference(narrow=fewest == "operations")
    return _compiled(_source(script), settings, dtype, dims, gated, fewest, matrices, preference)


def _compiled(
    source: Source,
    settings: Mapping[str, Setting] | None,
    dtype: str,
    dims: Mapping[str, int] | None,
    gated: bool,
    fewest: str | None,
    matrices: Mapping[str, object] | None,
    preference: Preference,
) -> Network:
    from weightsmith.backends.template.unroll import MAX_LAYERS
    from weightsmith.compiler.choosing.choices import resolve_choices
    from weightsmith.compiler.choosing.fixed_matrices import read_matrices
    from weightsmith.compiler.choosing.promises import check_promises
    from weightsmith.compiler.restructure.restructure import restructured
    from weightsmith.dsl import checked_bundle
    from weightsmith.network import Network
    from weightsmith.network_files import proven_files

    given, text = checked_bundle(source)
    numbers = _bindings(given, settings)
    chosen = resolve_choices(given, numbers, text, gated=gated, dtype=dtype, preference=preference)
    program, bindings = chosen.program, chosen.bindings
    found = restructured(program, bindings, fewest, most=MAX_LAYERS, gated=gated)
    text_bytes = chosen.text.encode()
    proven = proven_files(
        program,
        bindings,
        found,
        text_bytes,
        dtype=dtype,
        dims=dims,
        gated=gated,
        fewest=fewest,
        matrices=read_matrices(program, matrices or {}),
    )
    network = Network(proven.files)
    numbers = {**_bindings(given, settings), **bindings}
    check_promises(given, program, numbers, network.facts)
    network.__dict__["compilation"] = proven.compilation
    network.notes = (*chosen.notes, *proven.found.notes)
    network.details = proven.details
    return network


@collected_rarely()
def synthesize(
    target: str,
    *,
    of: str = "A: symmetric[d, d]",
    assume: Sequence[str] = (),
    within: Setting | None = None,
    passes: int | None = None,
    degree: int = 3,
    settings: Mapping[str, Setting] | None = None,
    fewest: str | None = None,
    dtype: str = "float64",
    name: str = "synthesized",
) -> Network:
    """Find the polynomials for a target such as ``inv(A)`` and compile them to a network.

    ``of`` are its inputs as an algorithm declares them, ``assume`` what they satisfy.  Either
    ``within``, how near the network must come: then it has the fewest layers for that (with
    ``fewest="operations"`` the fewest products).  Or ``passes``, for ``polar`` and ``sign``: then
    it has so many passes of the best odd polynomials of ``degree`` 3 or 5 (minimax, composed:
    Amsel, Persson, Musco and Gower, "The Polar Express", 2025), and the certificate says how near
    they come.  ``network.source.text`` is the script that has the steps.

    Raises ValueError on a wrong option, DiagnosticError where nothing can be synthesised.
    """
    from weightsmith.compiler.synthesize.preference import Preference
    from weightsmith.compiler.synthesize.written import script_for

    source = _source(script_for(target, of, assume, within, passes, degree, name))
    preference = Preference(fewest == "operations", passes, degree)
    return _compiled(source, settings, dtype, None, False, fewest, None, preference)


def measure(
    script: str | Path | Source, inputs: Inputs, *, settings: Mapping[str, Setting] | None = None
) -> dict[str, str]:
    """Measure data: values of the parameters under which they meet the script's assumptions.

    >>> ws.compile(script, settings=ws.measure(script, {"A": A}))

    They are exact short decimals, rounded outward.  Those in ``settings`` keep their values.
    Raises UnsolvableError with what no value can meet.
    """
    from weightsmith.backends.measure import fitting_settings

    program = check(script)
    resolved = _bindings(program, settings)
    given = {name: resolved[name] for name in settings or {}}
    found = fitting_settings(program, inputs, given)
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
    from weightsmith.compiler.sources.from_sympy import script_of
    from weightsmith.compiler.sources.from_text import ends_of, expression_of, tolerance_of

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
    from weightsmith.backends.errors import DamagedError
    from weightsmith.backends.storage.files import CERTIFICATE, SCRIPT, TEMPLATE, read_directory
    from weightsmith.dsl.text.shown import shown
    from weightsmith.network import Network

    files = read_directory(directory)
    for name in (SCRIPT, TEMPLATE, CERTIFICATE):
        if name not in files:
            raise DamagedError(f"'{directory}' has no '{name}': it is no compiled directory.")
    try:
        network = Network(files)
        _ = network.template  # read at once: what is damaged is no network
        return network
    except ValueError as problem:  # text that is no UTF-8, no JSON, or no certificate
        reason = shown(str(problem))
        raise DamagedError(f"a file of '{directory}' is damaged: {reason}.") from None


@collected_rarely()
def verify(directory: str | Path) -> VerificationReport:
    """Check every claim of a directory's certificate; trusts nothing the compiler did."""
    from weightsmith.checker.verify import verify_directory

    return verify_directory(Path(directory))


def compare(
    network: str | Path | Network,
    script: str | Path | Source,
    *,
    settings: Mapping[str, Setting] | None = None,
    returns: Mapping[str, str] | None = None,
) -> Comparison:
    """Does a network implement a script?  It needs no certificate.

    >>> ws.compare("gd.net", "gd.alg").is_equal
    >>> ws.compare("gd.net", "gd.alg").save("gd")  # with a certificate, as ``verify`` reads it

    ``network``: a ``.net`` file or its text, a compiled directory, or a network.  ``settings``:
    values of symbols; without them equality is proven for all.  ``returns``: which value of the
    network is which of the script (``{"r": "output"}``), where their names do not say it.
    Raises DiagnosticError on a mistake in one of the texts, MismatchError where the two cannot be
    compared.
    """
    from weightsmith.against import compare, opened
    from weightsmith.dsl import checked_bundle

    program, text = checked_bundle(_source(script))
    return compare(
        opened(network), program, settings=settings or {}, names=returns or {}, text=text
    )


def lift(
    weights: Weights | Sequence[Weights],
    layout: str | Path | Sequence[str | Path],
    *,
    noise: float = 0.0,
) -> LiftedNetwork:
    """Read the network out of weights: safetensors, .npz, or a state_dict, in a file or at hand.

    >>> found = ws.lift("weights.safetensors", "layout.toml")
    >>> ws.compare(found.text, "gradient_descent.alg").is_equal

    ``layout`` says what tensors cannot (docs/lift.md): a file or its text.  With a list of weights
    and of layouts the network is lifted at several sizes, and must be one text.  ``noise``: for
    trained weights, the nearest network and how far it is.  Raises LiftError.
    """
    from weightsmith.lifting import lift_files

    return lift_files(weights, layout, noise=noise)


def emit(
    script: str | Path | Source,
    stage: str,
    *,
    settings: Mapping[str, Setting] | None = None,
    gated: bool = False,
) -> str:
    """Print a stage of the compiler: tree, graph, dot, normal, schedule or weights."""
    from weightsmith.compiler.choosing.choices import resolve_choices
    from weightsmith.compiler.pipeline import compile_program
    from weightsmith.compiler.reports.emit import STAGES

    program = check(script)
    chosen = resolve_choices(program, _bindings(program, settings), gated=gated)
    if stage not in STAGES:
        raise ValueError(f"there is no stage '{stage}'; the stages are {', '.join(STAGES)}.")
    return STAGES[stage](compile_program(chosen.program, chosen.bindings, gated=gated))


def _bindings(program: core.Program, settings: Mapping[str, Setting] | None) -> dict[str, Fraction]:
    """Resolve the settings; NumPy's numbers count as Python's."""
    import numpy as np

    from weightsmith.dsl import resolve_bindings

    given = settings or {}
    plain = {n: v.item() if isinstance(v, np.generic) else v for n, v in given.items()}
    return resolve_bindings(program, plain)


def _source(script: str | Path | Source) -> Source:
    from weightsmith.dsl import Source, load_source

    if isinstance(script, Source):
        return script
    if isinstance(script, Path) or "\n" not in script:
        return load_source(Path(script))
    return Source("<script>", script)


def _checked(source: Source) -> core.Program:
    from weightsmith.dsl import check as check_source

    return check_source(source)
