"""What tensors cannot say: sources, groups of tokens, masks, attention, sizes and numbers."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from fractions import Fraction

from weightsmith.compiler.ir.template import LINEAR, Scores
from weightsmith.compiler.nets.net import NetInput


@dataclass(frozen=True, slots=True)
class Reference:
    """A tensor of the file: its name (with ``{i}`` for the number of the pass), a part, a turn.

    ``rows``, ``columns``: a part of the tensor as it is stored; ``transposed``: then transposed.
    """

    tensor: str
    transposed: bool = False
    rows: tuple[int, int] | None = None
    columns: tuple[int, int] | None = None
    identity: int = 0  # instead of a tensor: the identity of so many rows


@dataclass(frozen=True, slots=True)
class GivenSource:
    """Rows of raw data, in the order in which the read-in reads them; ``size`` says how many."""

    name: str
    kind: str
    of: str
    rows: str
    groups: tuple[str, ...]
    size: int

    @property
    def title(self) -> str:
        """Its name in a network."""
        titles = {"transposed": f"{self.of}'", "identity": f"I[{self.of}]"}
        ones = f"1[{self.rows};{','.join(self.groups)}]"
        return titles.get(self.kind, ones if self.kind == "ones" else self.of)


@dataclass(frozen=True, slots=True)
class GivenHead:
    """q, k: (rows of the key) × D; v: V × D; o: D × V, D the rows of the stream."""

    q: Reference
    k: Reference
    v: Reference
    o: Reference
    over: tuple[str, ...]
    at: tuple[str, ...]
    scores: Scores = LINEAR


@dataclass(frozen=True, slots=True)
class GivenMlp:
    """up, gate: H × D; up_bias, gate_bias: H; down: D × H; down_bias: D."""

    up: Reference
    down: Reference
    up_bias: Reference | None = None
    gate: Reference | None = None
    gate_bias: Reference | None = None
    down_bias: Reference | None = None


@dataclass(frozen=True, slots=True)
class GivenLayer:
    heads: tuple[GivenHead, ...]
    mlp: GivenMlp | None = None
    loop: str = ""
    line: str = ""  # how messages name it


@dataclass(frozen=True, slots=True)
class GivenLoop:
    """``times`` passes; ``count`` is how the network calls their number; ``first`` is {i} in the
    first one."""

    times: int
    count: str
    first: int = 0


@dataclass(frozen=True, slots=True)
class GivenBlock:
    name: str
    rows: str
    size: int


@dataclass(frozen=True, slots=True)
class GivenMatrix:
    """A fixed matrix: numbers, or a tensor that holds them."""

    name: str
    rows: str
    columns: str
    entries: Reference | tuple[tuple[Fraction, ...], ...]

    @property
    def axes(self) -> tuple[str, str]:
        return self.rows, self.columns


@dataclass(frozen=True, slots=True)
class GivenOutput:
    name: str
    weight: Reference
    at: tuple[str, ...]
    transposed: bool = False


@dataclass(frozen=True, slots=True)
class Layout:
    """``numbers``: what the floats were made of.  ``forms``: expressions in them that may occur.
    ``params``: each symbol of the network, with its value, ``size(group)`` or nothing.
    ``blocks``: the stream from top to bottom, if it is known."""

    name: str
    groups: tuple[str, ...]
    embed: Reference
    sources: tuple[GivenSource, ...]
    layers: tuple[GivenLayer, ...]
    outputs: tuple[GivenOutput, ...]
    loops: Mapping[str, GivenLoop] = field(default_factory=dict)
    sizes: Mapping[str, int] = field(default_factory=dict)
    numbers: Mapping[str, Fraction] = field(default_factory=dict)
    forms: tuple[str, ...] = ()
    bindings: Mapping[str, Fraction] = field(default_factory=dict)
    counted: Mapping[str, str] = field(default_factory=dict)  # symbol, its group
    blocks: tuple[GivenBlock, ...] = ()
    inputs: tuple[NetInput, ...] = ()
    matrices: tuple[GivenMatrix, ...] = ()
