"""A plan as the text of a Python function on PyTorch tensors: one line an operation.

The function takes the arrays of the plan in order, then the scalars that are trained, then its
constants, and returns the values in order.  ``mm``, ``addmm`` are those of matrices, or of batches
of matrices; ``all_reduce`` gives the sums of matrices over all processes, and ``running`` those up
to each token.
"""

from __future__ import annotations

import keyword
import re
from collections import Counter
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, replace
from math import inf

from weightsmith.backends.plan.build import Plan
from weightsmith.backends.plan.live import Live, fused, live, loop_of
from weightsmith.backends.plan.operations.graph import TOP
from weightsmith.backends.plan.operations.nodes import (
    AllReduced,
    Bucket,
    Carried,
    Clamp,
    Combination,
    Entrywise,
    Fixed,
    Input,
    Linear,
    Product,
    Ref,
    Repeat,
    Result,
    RowSum,
    Scaled,
    Table,
)
from weightsmith.backends.plan.orientation import oriented
from weightsmith.backends.plan.torch_lines import Line, told, with_deletes
from weightsmith.backends.plan.torch_scores import scores_text
from weightsmith.backends.template.wellformed import TOKEN_GROUPS

INDENT = "    "
OWN = re.compile(
    r"(t|v|c|s|eye)\d+(_\d+)?|.*_T|torch|mm|addmm|all_reduce|running|like|range|_"
)  # not for inputs


@dataclass(frozen=True, slots=True)
class Text:
    """A function on the arrays of the plan, its constants, and multiples of identities.

    ``eyes``: the size of each, itself or (argument, dimension), and its number.
    """

    source: str
    eyes: tuple[tuple[int | tuple[int, int], float], ...]


def torch_text(
    plan: Plan,
    name: str = "forward",
    *,
    sizes: Mapping[str, int] | None = None,
    scalars: int = 0,
) -> Text:
    """Return the text of the function; ``sizes`` are those of axes that no input has.

    Same plan, same text.  Without an input the function takes an empty tensor, ``like``, for its
    dtype and device.
    """
    plan = oriented(plan)
    first = _Writer(plan, name, sizes or {}, scalars)
    first.text()
    writer = _Writer(plan, name, sizes or {}, scalars, *first.worth_names())
    return Text(writer.text(), tuple(writer.eyes()))


class _Writer:
    """``named``: the nodes whose transpose has a name, so that it is taken once; ``looped``: those
    whose transpose is read in a loop that they are not of."""

    def __init__(
        self,
        plan: Plan,
        name: str,
        sizes: Mapping[str, int],
        scalars: int = 0,
        named: Collection[int] = (),
        looped: Collection[int] = (),
    ) -> None:
        self._plan = plan
        self._graph = plan.graph
        self._name = name
        self._scalars = scalars
        self._live: Live = live(plan)
        self._fused = set(fused(self._graph, self._live))
        self._named = named
        self._looped = looped
        self._flips: list[tuple[int, int]] = []  # node whose transpose is read, and in which scope
        self._here = TOP
        self._names: dict[int, str] = {}
        self._reads: set[str] = set()  # of the statement that is being written
        self._eyes: dict[tuple[str, float], str] = {}
        self._sizes: dict[str, str] = {}
        self._places: dict[str, tuple[int, int]] = {}  # of the sizes, in the arguments
        self._arguments = [self._input(*one) for one in enumerate(plan.inputs)] or ["like"]
        self._sizes = {axis: str(size) for axis, size in sizes.items()} | self._sizes

    def text(self) -> str:
        body = [line for ref in self._plan.inputs for line in self._flipped(ref.node)]
        body += self._scope(TOP)
        result = ", ".join(
            self._ref(ref) for output in self._plan.outputs for ref in output.pieces.values()
        )
        body.append(Line([f"return ({result},)"], self._taken()))
        constants = [f"c{number}" for number in range(len(self._graph.constants))]
        scalars = [f"s{number}" for number in range(self._scalars)]
        arguments = [*self._arguments, *scalars, *constants, *self._eyes.values()]
        head = f"def {self._name}({', '.join(arguments)}):"
        lines = with_deletes(body, set(self._arguments))
        return "\n".join([head, *(INDENT + line for line in lines)]) + "\n"

    def eyes(self) -> Iterator[tuple[int | tuple[int, int], float]]:
        for axis, number in self._eyes:
            told = self._places.get(axis)
            yield told if told is not None else int(self._size(axis)), number

    # names

    def _input(self, number: int, ref: Ref) -> str:
        node = self._graph.nodes[ref.node]
        if not isinstance(node, Input):
            raise TypeError(f"no input: {node}")
        name = node.name if node.group is None else f"{node.name}_{node.group}"
        name = re.sub(r"[^A-Za-z0-9_]|^(?=[0-9])", "_", name)
        while name in self._names.values() or keyword.iskeyword(name) or OWN.fullmatch(name):
            name += "_"
        self._names[ref.node] = name
        for place, axis in zip((-2, -1), self._graph.shapes[ref.node], strict=True):
            if not axis.isdigit():
                self._sizes.setdefault(axis, f"{name}.shape[{place}]")
                self._places.setdefault(axis, (number, place))
        return name

    def _ref(self, ref: Ref) -> str:
        name = self._names[ref.node]
        if ref.transposed:
            self._flips.append((ref.node, self._here))
            if ref.node in self._named:
                name = f"{name}_T"
        self._reads.add(name)
        return name if not ref.transposed or ref.node in self._named else f"{name}.mT"

    def worth_names(self) -> tuple[set[int], set[int]]:
        """``named`` and ``looped``."""
        often = Counter(node for node, _ in self._flips)
        deeper = {node for node, scope in self._flips if scope != self._graph.scopes[node]}
        return deeper | {node for node, count in often.items() if count > 1}, deeper

    def _flipped(self, number: int) -> list[Line]:
        """The name of a transpose, if it has one; copied for a loop, where it is small enough."""
        if number not in self._named:
            return []
        name = self._names[number]
        large = set(self._graph.shapes[number]) & set(TOKEN_GROUPS)
        copied = ".contiguous()" if number in self._looped and not large else ""
        return [Line([f"{name}_T = {name}.mT{copied}"], {name}, (f"{name}_T",))]

    def _taken(self) -> set[str]:
        reads, self._reads = self._reads, set()
        return reads

    def _size(self, axis: str) -> str:
        if "+" in axis:
            return f"({' + '.join(map(self._size, axis.split('+')))})"
        return axis if axis.isdigit() else self._sizes[axis]

    def _like(self) -> str:
        return self._arguments[0]

    def _eye(self, of: Combination) -> str:
        """The name of a number times an identity."""
        return self._eyes.setdefault((of.shape[0], of.eye), f"eye{len(self._eyes)}")

    # statements

    def _scope(self, scope: int) -> list[Line]:
        lines: list[Line] = []
        done: set[int] = set()
        outside, self._here = self._here, scope
        for number in self._live.order.get(scope, ()):
            node = self._graph.nodes[number]
            if isinstance(node, Result):
                if node.loop not in done:
                    done.add(node.loop)
                    lines.append(self._loop(node.loop))
                lines += self._flipped(number)
            elif isinstance(node, AllReduced):
                if number not in self._names:
                    lines.append(self._all_reduced(node.call, scope))
                lines += self._flipped(number)
            elif isinstance(node, Carried):
                lines += self._flipped(number)
            elif not isinstance(node, Input) and number not in self._fused:
                lines += self._node(number)
                lines += self._flipped(number)
        self._here = outside
        return lines

    def _loop(self, loop: int) -> Line:
        found = loop_of(self._graph, loop)
        places = self._live.places[loop]
        numbers = {
            node.place: number
            for number in self._live.order.get(loop, ())
            if isinstance(node := self._graph.nodes[number], Carried) and node.loop == loop
        }
        names = [f"v{numbers.get(place, f'{loop}_{place}')}" for place in places]
        entries = [self._ref(found.entries[place]) for place in places]
        reads = self._taken()
        for place, name in zip(places, names, strict=True):
            if place in numbers:
                self._names[numbers[place]] = name
        body = self._scope(loop)
        nexts = [self._ref(found.nexts[place]) for place in places]
        body.append(Line([f"{', '.join(names)} = {', '.join(nexts)}"], self._taken(), tuple(names)))
        inner = set().union(*(line.reads for line in body))
        made = {name for line in body for name in line.writes} | set(names)
        for place, name in zip(places, names, strict=True):
            for number in self._live.order.get(found.parent, ()):
                node = self._graph.nodes[number]
                if isinstance(node, Result) and (node.loop, node.place) == (loop, place):
                    self._names[number] = name
        free = inner - made
        text = [
            f"{', '.join(names)} = {', '.join(entries)}",
            f"for _ in range({found.count}):",
            *(INDENT + line for line in with_deletes(body, free | set(names))),
        ]
        return Line(text, reads | (free - set(names)), tuple(names))

    def _all_reduced(self, call: int, scope: int) -> Line:
        """All sums over the processes that are sent together."""
        sums = {
            number: node.of
            for number in self._live.order[scope]
            if isinstance(node := self._graph.nodes[number], AllReduced) and node.call == call
        }
        parts = ", ".join(self._ref(part) for part in sums.values())
        names = tuple(f"t{number}" for number in sums)
        self._names.update(zip(sums, names, strict=True))
        return Line([f"[{', '.join(names)}] = all_reduce({parts})"], self._taken(), names)

    def _node(self, number: int) -> Iterator[Line]:
        node = self._graph.nodes[number]
        name = self._names[number] = f"t{number}"
        if isinstance(node, Linear):
            yield from self._linear(name, node.of)
            return
        match node:
            case Product(left, right):
                text = f"mm({self._ref(left)}, {self._ref(right)})"
            case Scaled(of, scalar):
                text = f"s{scalar} * {self._ref(of)}"
            case Entrywise(left, right):
                text = f"{self._ref(left)} * {self._ref(right)}"
            case Clamp(of, low, high):
                text = self._clamp(of, low, high)
            case Bucket(of, knots):
                text = f"torch.bucketize({self._ref(of)}.contiguous(), c{knots}, right=True)"
            case Table(of, bucket, anchors, values, slopes):
                place = self._ref(bucket)
                moved = f"{self._ref(of)} - c{anchors}[{place}]"
                text = f"torch.addcmul(c{values}[{place}], c{slopes}[{place}], {moved})"
            case RowSum(of):
                text = f"{self._ref(of)}.sum(-2, keepdim=True)"
            case Repeat(of):
                rows = self._size(self._graph.shapes[number][0])
                given = self._ref(of)
                text = f"{given}.expand(*{given}.shape[:-2], {rows}, {given}.shape[-1])"
            case Fixed(constant, rows, columns):
                text = self._filled(f"c{constant}.view({rows}, {columns})")
            case _:
                text = scores_text(node, self._ref)
        yield self._assigned(name, text)

    def _clamp(self, of: Ref, low: float, high: float) -> str:
        if (low, high) == (0.0, inf):
            return f"torch.relu({self._ref(of)})"
        ends = [f"{k}={v!r}" for k, v in (("min", low), ("max", high)) if abs(v) != inf]
        return f"torch.clamp({', '.join([self._ref(of), *ends])})"

    def _assigned(self, name: str, text: str) -> Line:
        return Line([f"{name} = {text}"], self._taken(), (name,))

    def _linear(self, name: str, of: Combination) -> Iterator[Line]:
        """A combination: matrices, then products by ``addmm``, then identity and ones."""
        products = [(ref, c) for ref, c in of.terms if ref.node in self._fused]
        others = [(ref, c) for ref, c in of.terms if ref.node not in self._fused]
        others.sort(key=lambda term: term[1] != 1.0)
        total = ""
        if of.eye and others and not products:
            (ref, number), others = others[0], others[1:]
            total, of = self._plus(self._eye(of), ref, number), replace(of, eye=0.0)
        elif of.eye and not others:
            total = self._eye(of)
            if products:
                total = self._added(total, 1.0, *products.pop(0))
            of = replace(of, eye=0.0)
        elif others and products:
            (ref, number), others = others[0], others[1:]
            total = self._added(self._ref(ref), number, *products.pop(0))
        elif others:
            (ref, number), others = others[0], others[1:]
            total = self._scaled(self._ref(ref), number)
            if others and number == 1.0:
                (ref, number), others = others[0], others[1:]
                total = self._plus(total, ref, number)
        elif products:
            ref, number = products.pop(0)
            left, right = self._sides(ref)
            total = self._scaled(f"mm({left}, {right})", number)
        for ref, number in others:
            yield self._assigned(name, total)
            total = self._plus(self._again(name), ref, number)
        for ref, number in products:
            yield self._assigned(name, total)
            total = self._added(self._again(name), 1.0, ref, number)
        if of.eye and total:
            yield self._assigned(name, total)
            total = f"{self._again(name)} + {self._eye(of)}"
        if of.ones or not total:
            if total:
                total = f"{total} + {of.ones!r}"
            else:
                rows, columns = (self._size(axis) for axis in of.shape)
                like = self._like()
                kind = f"dtype={like}.dtype, device={like}.device"
                total = self._filled(f"torch.full(({rows}, {columns}), {of.ones!r}, {kind})")
        yield self._assigned(name, total)

    def _filled(self, text: str) -> str:
        """A matrix that does not depend on the data, one for each of a batch."""
        return f"{text}.expand(*{self._like()}.shape[:-2], -1, -1)"

    def _again(self, name: str) -> str:
        self._reads.add(name)
        return name

    def _sides(self, ref: Ref) -> tuple[str, str]:
        node = self._graph.nodes[ref.node]
        if not isinstance(node, Product):
            raise TypeError(f"no product: {node}")
        sides = (node.right.mT, node.left.mT) if ref.transposed else (node.left, node.right)
        return self._ref(sides[0]), self._ref(sides[1])

    def _added(self, base: str, beta: float, ref: Ref, alpha: float) -> str:
        left, right = self._sides(ref)
        numbers = [f"{k}={told(v)}" for k, v in (("beta", beta), ("alpha", alpha)) if v != 1.0]
        return f"addmm({', '.join([base, left, right, *numbers])})"

    def _scaled(self, text: str, number: float) -> str:
        if number == 1.0:
            return text
        return f"-{text}" if number == -1.0 else f"{told(number)} * {text}"

    def _plus(self, text: str, ref: Ref, number: float) -> str:
        if number == 1.0:
            return f"{text} + {self._ref(ref)}"
        if number == -1.0:
            return f"{text} - {self._ref(ref)}"
        return f"torch.add({text}, {self._ref(ref)}, alpha={told(number)})"
