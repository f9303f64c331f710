"""``layout.toml`` to a ``Layout``.  docs/lift.md says what stands in it; nothing else may."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterable
from fractions import Fraction
from typing import cast

from weightsmith.backends.errors import LiftError, listed, shown_name, suggestion
from weightsmith.backends.lift.given.layout import (
    GivenBlock,
    GivenHead,
    GivenLayer,
    GivenLoop,
    GivenMatrix,
    GivenMlp,
    GivenOutput,
    GivenSource,
    Layout,
    Reference,
)
from weightsmith.compiler.ir.template import Scores
from weightsmith.compiler.nets.net import NetInput
from weightsmith.dsl import parse_scalar
from weightsmith.dsl.elementary import NAMES
from weightsmith.dsl.heads import ALL, JSON_VALUES, MASKS, WORDS, from_json, read, to_json
from weightsmith.dsl.numbers.scalars import ScalarError
from weightsmith.dsl.program.core import CONTEXT, GROUPS, QUERY
from weightsmith.dsl.text.diagnostics import one_of

PER = {"token": GROUPS, "context": (CONTEXT,), "query": (QUERY,)}
KINDS = ("input", "transposed", "identity", "ones")
OF_EXP = tuple(word for word in WORDS if read(word)[0])  # softmax
ATTENTION = ("linear", "relu", *OF_EXP, *NAMES)
REFERENCE = re.compile(
    r"(?P<name>[^\[\]]+?)(\[(?P<rows>\d*:\d*)(,\s*(?P<columns>\d*:\d*))?\])?(?P<turn>\.T)?"
)
COUNTED = re.compile(r"size\((\w+)\)")
LONG_EXPONENT = re.compile(r"[eE][+-]?\d{4}")
LONGEST = 100  # characters of a number
MOST = 1_000_000  # of a size or a number of passes
Table = dict[str, object]


def read_layout(text: str, where: str = "layout.toml") -> Layout:
    """Read a layout.  Raises LiftError with the key that is wrong and what to write."""
    try:
        found: Table = tomllib.loads(text, parse_float=_exact)
    except (tomllib.TOMLDecodeError, ValueError, RecursionError) as error:
        raise LiftError(f"{where}: this is not TOML: {error}.") from error
    return _Reader(where).layout(found)


def _exact(text: str) -> Fraction:
    """Raises ValueError on what is no short number."""
    if len(text) > LONGEST or LONG_EXPONENT.search(text):
        raise ValueError(f"the number {text[:LONGEST]} is too long")
    return Fraction(text.replace("_", ""))


class _Reader:
    """Reads tables strictly: every key is known, every value has its type."""

    def __init__(self, where: str) -> None:
        self.where = where
        self.groups: tuple[str, ...] = ()
        self.sizes: dict[str, int] = {}

    def fail(self, key: str, message: str) -> LiftError:
        return LiftError(f"{self.where}: {key}: {message}")

    def layout(self, whole: Table) -> Layout:
        needed = ("name", "tokens", "sources", "read_out")
        others = ("embed", "inputs", "numbers", "forms", "params", "layer", "loops", "sizes")
        self.keys("the layout", whole, needed, (*others, "stream", "matrices"))
        self.groups = self.texts("tokens", whole["tokens"])
        self.sizes = {
            axis: self.whole(f"sizes.{axis}", size)
            for axis, size in self.table("sizes", whole.get("sizes", {})).items()
        }
        inputs = self.table("inputs", whole.get("inputs", {}))
        sources = self.sources(self.table("sources", whole["sources"]), inputs)
        numbers = {
            name: self.number(f"numbers.{name}", value)
            for name, value in self.table("numbers", whole.get("numbers", {})).items()
        }
        loops = {
            name: self.loop(f"loops.{name}", value)
            for name, value in self.table("loops", whole.get("loops", {})).items()
        }
        layers = self.layers(whole.get("layer", []), loops)
        bindings, counted = self.params(self.table("params", whole.get("params", {})))
        return Layout(
            name=self.text("name", whole["name"]),
            groups=self.groups,
            embed=self.embed(whole.get("embed", "embed.weight")),
            sources=sources,
            layers=layers,
            outputs=self.outputs(self.table("read_out", whole["read_out"])),
            loops=loops,
            sizes=self.sizes,
            numbers=numbers,
            forms=self.forms(whole.get("forms", []), numbers),
            bindings=bindings,
            counted=counted,
            blocks=self.blocks(whole.get("stream", [])),
            inputs=self.inputs(inputs, sources),
            matrices=self.matrices(self.table("matrices", whole.get("matrices", {}))),
        )

    # -- the parts ------------------------------------------------------------------------------

    def sources(self, table: Table, inputs: Table) -> tuple[GivenSource, ...]:
        found = []
        for name, value in table.items():
            key = f"sources.{name}"
            one = self.table(key, value)
            self.keys(key, one, ("kind", "rows", "groups"), ("of", "size"))
            kind = self.among(f"{key}.kind", one["kind"], KINDS)
            rows = self.text(f"{key}.rows", one["rows"])
            default = {"identity": rows, "ones": ""}.get(kind, name)
            of = self.text(f"{key}.of", one.get("of", default))
            if kind in KINDS[:2] and inputs and of not in inputs:
                raise self.fail(
                    key,
                    f"there is no input '{of}' in [inputs]: add {of} = {{ rows = \"{rows}\", "
                    'per = "…" }, or leave [inputs] out, which says again what the sources say.',
                )
            size = self.size(key, rows, one.get("size"))
            found.append(
                GivenSource(name, kind, of, rows, self.places(f"{key}.groups", one["groups"]), size)
            )
        if not found:
            raise self.fail("sources", "a network has a source.")
        if len({one.title for one in found}) < len(found):
            raise self.fail("sources", "two of them are the same.")
        return tuple(found)

    def inputs(self, inputs: Table, sources: tuple[GivenSource, ...]) -> tuple[NetInput, ...]:
        """Inputs say again what the sources do: they must agree."""
        used = {one.of: one for one in sources if one.kind in KINDS[:2]}
        read = []
        for name, value in inputs.items():
            key = f"inputs.{name}"
            one = self.table(key, value)
            self.keys(key, one, ("rows",), ("per", "columns", "symmetric"))
            if ("per" in one) == ("columns" in one):
                raise self.fail(key, "write per = a group of tokens, or columns = a dimension.")
            rows = self.text(f"{key}.rows", one["rows"])
            source = used.get(name)
            if source is not None and source.kind == "input" and source.rows != rows:
                raise self.fail(key, f"it has {rows} rows here, its source {source.rows}.")
            columns, groups = "", cast("tuple[str, ...]", ())
            if "per" in one:
                groups = PER[self.among(f"{key}.per", one["per"], tuple(PER))]
            else:
                columns = self.text(f"{key}.columns", one["columns"])
            symmetric = one.get("symmetric", False)
            if not isinstance(symmetric, bool) or (symmetric and columns != rows):
                raise self.fail(f"{key}.symmetric", "write true, for a square matrix, or false.")
            read.append(NetInput(name, rows, columns, groups, symmetric))
        return tuple(read)

    def layers(self, value: object, loops: dict[str, GivenLoop]) -> tuple[GivenLayer, ...]:
        found: list[GivenLayer] = []
        ended: set[str] = set()
        for number, item in enumerate(self.list("layer", value)):
            key = f"layer {number + 1}"
            one = self.table(key, item)
            self.keys(key, one, (), ("heads", "mlp", "times", "count", "first", "loop"))
            loop = self.text(f"{key}.loop", one.get("loop", ""))
            if loop and loop not in loops:
                raise self.fail(f"{key}.loop", f"there is no [loops.{loop}].")
            if "times" in one:
                if loop:
                    raise self.fail(key, "the loop says how often, not 'times'.")
                loop = f"#{number}"
                loops[loop] = self.loop(
                    key, {name: one[name] for name in ("times", "count", "first") if name in one}
                )
            elif "count" in one or "first" in one:
                raise self.fail(key, "'count' and 'first' belong to 'times'.")
            if loop in ended:
                raise self.fail(f"{key}.loop", f"the layers of '{loop}' do not follow each other.")
            if found and found[-1].loop and found[-1].loop != loop:
                ended.add(found[-1].loop)
            heads = tuple(
                self.head(f"{key}, head {at + 1}", head)
                for at, head in enumerate(self.list(f"{key}.heads", one.get("heads", [])))
            )
            mlp = self.mlp(f"{key}, mlp", one["mlp"]) if "mlp" in one else None
            if not heads and mlp is None:
                raise self.fail(key, "a layer has heads, or an mlp.")
            found.append(GivenLayer(heads, mlp, loop, key))
        return tuple(found)

    def loop(self, key: str, value: object) -> GivenLoop:
        one = self.table(key, value)
        self.keys(key, one, ("times",), ("count", "first"))
        times = self.whole(f"{key}.times", one["times"])
        first = self.whole(f"{key}.first", one.get("first", 0), least=0)
        return GivenLoop(times, self.text(f"{key}.count", one.get("count", str(times))), first)

    def head(self, key: str, value: object) -> GivenHead:
        one = self.table(key, value)
        optional = ("over", "at", "attention", "mask", "normalised")
        self.keys(key, one, ("q", "k", "v", "o"), optional)
        over = self.places(f"{key}.over", one.get("over", list(self.groups)))
        at = self.places(f"{key}.at", one.get("at", list(self.groups)))
        kind = self.among(f"{key}.attention", one.get("attention", "linear"), ATTENTION)
        mask = self.among(f"{key}.mask", one.get("mask", ALL), (ALL, *MASKS))
        if mask != ALL and not (len(over) == 1 and over == at):
            raise self.fail(f"{key}.mask", "a masked head has one group, over and at it.")
        function, own = read(kind) if kind in OF_EXP else (kind if kind != "linear" else "", "")
        normalised = from_json(one.get("normalised", to_json(own)))
        if normalised is None or (own and normalised != own):
            words = f"write {one_of(JSON_VALUES)} (softmax is normalised)."
            raise self.fail(f"{key}.normalised", words)
        q, k, v, o = (self.reference(f"{key}.{name}", one[name]) for name in "qkvo")
        return GivenHead(q, k, v, o, over, at, Scores(function, mask, normalised))

    def mlp(self, key: str, value: object) -> GivenMlp:
        one = self.table(key, value)
        optional = ("up_bias", "gate", "gate_bias", "down_bias")
        self.keys(key, one, ("up", "down"), optional)
        given = {name: self.reference(f"{key}.{name}", one[name]) for name in one}
        if "gate_bias" in one and "gate" not in one:
            raise self.fail(key, "'gate_bias' belongs to a 'gate'.")
        return GivenMlp(**given)

    def outputs(self, table: Table) -> tuple[GivenOutput, ...]:
        found = []
        for name, value in table.items():
            key = f"read_out.{name}"
            one = self.table(key, value)
            self.keys(key, one, ("weight", "at"), ("transposed",))
            turned = one.get("transposed", False)
            if not isinstance(turned, bool):
                raise self.fail(f"{key}.transposed", "write true or false.")
            weight = self.reference(f"{key}.weight", one["weight"])
            found.append(GivenOutput(name, weight, self.places(f"{key}.at", one["at"]), turned))
        if not found:
            raise self.fail("read_out", "a network returns a value.")
        return tuple(found)

    def blocks(self, value: object) -> tuple[GivenBlock, ...]:
        found = []
        for number, item in enumerate(self.list("stream", value)):
            key = f"stream {number + 1}"
            one = self.table(key, item)
            self.keys(key, one, ("name", "rows"), ("size",))
            rows = self.text(f"{key}.rows", one["rows"])
            name = self.text(f"{key}.name", one["name"])
            found.append(GivenBlock(name, rows, self.size(key, rows, one.get("size"))))
        if len({one.name for one in found}) < len(found):
            raise self.fail("stream", "two blocks have one name.")
        return tuple(found)

    def matrices(self, table: Table) -> tuple[GivenMatrix, ...]:
        found = []
        for name, value in table.items():
            key = f"matrices.{name}"
            one = self.table(key, value)
            self.keys(key, one, ("rows", "columns", "entries"), ())
            rows, columns = (self.text(f"{key}.{side}", one[side]) for side in ("rows", "columns"))
            given, entries = f"{key}.entries", one["entries"]
            if isinstance(entries, str):
                found.append(GivenMatrix(name, rows, columns, self.reference(given, entries)))
                continue
            lines = [self.list(given, line) for line in self.list(given, entries)]
            numbers = tuple(tuple(self.number(given, entry) for entry in line) for line in lines)
            if not numbers or not numbers[0] or len({len(line) for line in numbers}) > 1:
                raise self.fail(given, "write rows of equal length: [[1, 2], [0, 1]].")
            found.append(GivenMatrix(name, rows, columns, numbers))
        return tuple(found)

    def params(self, table: Table) -> tuple[dict[str, Fraction], dict[str, str]]:
        bindings, counted = {}, {}
        for name, value in table.items():
            key = f"params.{name}"
            of = COUNTED.fullmatch(value) if isinstance(value, str) else None
            if of is not None:
                counted[name] = self.places(key, [of[1]])[0]
            elif value != "":
                bindings[name] = self.number(key, value)
        return bindings, counted

    def forms(self, value: object, numbers: dict[str, Fraction]) -> tuple[str, ...]:
        found = self.texts("forms", value) if value else ()
        for text in found:
            try:
                parse_scalar(text)
            except ScalarError as error:
                raise self.fail("forms", f"'{shown_name(text)}' is no number: {error}.") from error
        return found

    def embed(self, value: object) -> Reference:
        if isinstance(value, dict):
            self.keys("embed", value, ("identity",), ())
            return Reference("", identity=self.whole("embed.identity", value["identity"]))
        return self.reference("embed", value)

    def reference(self, key: str, value: object) -> Reference:
        match = REFERENCE.fullmatch(self.text(key, value))
        if match is None:
            raise self.fail(key, "write a tensor: 'name', 'name.T', 'name[0:8]', 'name[:, 0:8].T'.")
        return Reference(
            match["name"], bool(match["turn"]), _range(match["rows"]), _range(match["columns"])
        )

    # -- the types ------------------------------------------------------------------------------

    def keys(self, key: str, one: Table, needed: Iterable[str], optional: Iterable[str]) -> None:
        known = (*needed, *optional)
        for name in one:
            if name not in known:
                hint = suggestion(name, known) or f" The keys are {listed(known)}."
                raise self.fail(key, f"there is no key '{shown_name(name)}'.{hint}")
        for name in needed:
            if name not in one:
                raise self.fail(key, f"'{name}' is missing.")

    def table(self, key: str, value: object) -> Table:
        if not isinstance(value, dict):
            raise self.fail(key, "expected a table.")
        return cast(Table, value)

    def list(self, key: str, value: object) -> list[object]:
        if not isinstance(value, list):
            raise self.fail(key, "expected a list.")
        return cast("list[object]", value)

    def text(self, key: str, value: object) -> str:
        if not isinstance(value, str) or "\n" in value:
            raise self.fail(key, "expected text in quotes.")
        return value

    def texts(self, key: str, value: object) -> tuple[str, ...]:
        found = tuple(self.text(key, one) for one in self.list(key, value))
        if not found or len(set(found)) < len(found):
            raise self.fail(key, "expected names, each once.")
        return found

    def places(self, key: str, value: object) -> tuple[str, ...]:
        """Groups of tokens, in the order of the network."""
        found = self.texts(key, value)
        for group in found:
            if group not in self.groups:
                raise self.fail(
                    key, f"there are no tokens '{group}'; the groups are {listed(self.groups)}."
                )
        return tuple(group for group in self.groups if group in found)

    def among(self, key: str, value: object, known: tuple[str, ...]) -> str:
        found = self.text(key, value)
        if found not in known:
            hint = suggestion(found, known) or f" Write one of {listed(known)}."
            raise self.fail(key, f"'{shown_name(found)}' is not known.{hint}")
        return found

    def whole(self, key: str, value: object, least: int = 1) -> int:
        if type(value) is not int or not least <= value <= MOST:
            raise self.fail(key, f"expected a whole number, at least {least}.")
        return value

    def number(self, key: str, value: object) -> Fraction:
        if isinstance(value, str):
            try:
                return _exact(value)
            except (ValueError, ZeroDivisionError):
                pass
        elif isinstance(value, (int, Fraction)) and not isinstance(value, bool):
            return Fraction(value)
        raise self.fail(key, "expected a number, such as 0.37 or '1/13'.")

    def size(self, key: str, rows: str, value: object) -> int:
        """How many rows: said here, or in [sizes], or by the dimension itself."""
        known = int(rows) if rows.isdigit() else self.sizes.get(rows)
        said = known if value is None else self.whole(f"{key}.size", value)
        if said is None:
            raise self.fail(key, f"say the size of '{rows}': size = 5, or {rows} = 5 in [sizes].")
        if known is not None and known != said:
            raise self.fail(key, f"'{rows}' is {known} elsewhere, {said} here.")
        self.sizes |= {} if rows.isdigit() else {rows: said}
        return said


def _range(text: str | None) -> tuple[int, int] | None:
    if text is None or text == ":":
        return None
    first, last = text.split(":")
    return int(first or 0), int(last) if last else MOST
