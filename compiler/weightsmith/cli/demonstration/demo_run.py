"""One case of the demo: compile, save, verify, run in two number formats, measure."""

from __future__ import annotations

import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

from weightsmith import api
from weightsmith.cli.demonstration.demo_cases import Case
from weightsmith.cli.demonstration.demo_errors import Against, observed_errors, promises
from weightsmith.cli.inputs.examples import example

UNIT_ROUNDOFF = {"float64": 2.0**-53, "float32": 2.0**-24}
ALLOWANCE = 1e3


@dataclass(frozen=True)
class Row:
    """What came out for one returned value.

    ``certified`` is the bound of the claim, rounded up, 0 where the network is the script; the
    observed errors are ‖returned − target‖₂ divided by the claim's scale on the data, or
    ``against`` the script the largest entry of the difference; ``condition`` is κ.
    """

    algorithm: str
    output: str
    sole: bool
    data: str
    settings: dict[str, str]
    layers: int
    depth_lower_bound: int | None
    heads: int
    width: str
    hidden: str
    pieces: int
    against: Against
    certified: float | None
    formula: str
    scale: str
    condition: float
    observed_float64: float
    observed_float32: float
    compile_seconds: float
    verify_seconds: float
    verified: bool

    @property
    def name(self) -> str:
        """``ridge``, or ``square_root: Y`` where there are several returned values."""
        return self.algorithm if self.sole else f"{self.algorithm}: {self.output}"

    @property
    def within(self) -> bool:
        """Observed ≤ certified + 1e3·u·κ in both formats."""
        certified = float("inf") if self.certified is None else self.certified
        observed = {"float64": self.observed_float64, "float32": self.observed_float32}
        return all(
            observed[dtype] <= certified + ALLOWANCE * unit * self.condition
            for dtype, unit in UNIT_ROUNDOFF.items()
        )


def warm_up(case: Case) -> None:
    """Compile and verify once, so that no case pays for the loading of libraries."""
    network = api.compile(example(case.script), settings={**case.problem().settings, "steps": 1})
    network.verify()


def measure(case: Case, *, small: bool = False) -> list[Row]:
    """Run one case; one row for each returned value."""
    problem = case.problem()
    settings = case.parameters(problem, small=small)
    start = time.perf_counter()
    network = api.compile(
        example(case.script), settings=settings, fewest=case.fewest, matrices=problem.matrices
    )
    with tempfile.TemporaryDirectory() as place:
        directory = Path(place) / case.script
        network.save(directory)
        compiled = time.perf_counter()
        verified = api.verify(directory).accepted
        seconds = compiled - start, time.perf_counter() - compiled
    errors = {dtype: observed_errors(network, problem, dtype) for dtype in UNIT_ROUNDOFF}
    report, promised = network.report, promises(network)
    return [
        Row(
            algorithm=case.name,
            output=promise.output,
            sole=len(promised) == 1,
            data=case.data,
            settings={name: str(value) for name, value in settings.items()},
            layers=report.layers or 0,
            depth_lower_bound=report.depth_lower_bound,
            heads=report.heads,
            width=report.width_text,
            hidden=report.hidden_text,
            pieces=report.pieces,
            against=promise.against,
            certified=promise.value,
            formula=promise.formula,
            scale=promise.scale,
            condition=problem.condition,
            observed_float64=errors["float64"][promise.output],
            observed_float32=errors["float32"][promise.output],
            compile_seconds=seconds[0],
            verify_seconds=seconds[1],
            verified=verified,
        )
        for promise in promised
    ]
