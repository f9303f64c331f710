"""When are two expressions the same?  A canonical form, up to the laws that always hold.

Sums are flattened and sorted, coefficients are taken out of products, transposes are pushed to
the names, a symmetric input is its own transpose, and names that were assigned once are replaced
by what they stand for.  Sums inside products are not multiplied out.  Equal forms mean equal
values; unequal forms say nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

from weightsmith.dsl.heads import NORMALISATIONS
from weightsmith.dsl.numbers import scalar_algebra as algebra
from weightsmith.dsl.numbers import scalars as q
from weightsmith.dsl.numbers.scalars import Scalar
from weightsmith.dsl.program import core
from weightsmith.dsl.program.ones import repeated_row
from weightsmith.dsl.program.scope import Definition

Atom = tuple[object, ...]
Form = dict[Atom, Scalar]  # Σ coefficient · atom
IDENTITY: Atom = ("I",)
MAX_STEPS = 3_000
MAX_LEVELS = 60


class TooLongError(Exception):
    """The expression, written out, is too long to compare."""


class Canonical:
    """Computes forms, within a budget of steps; ``find`` resolves an axis."""

    def __init__(self, find: Callable[[str], str]) -> None:
        self._find = find
        self._steps = 0

    def form(
        self,
        node: core.Node,
        names: Mapping[str, Definition],
        *,
        transposed: bool = False,
        level: int = 0,
    ) -> Form:
        """Return the canonical form.  Raises TooLongError."""
        self._steps += 1
        if self._steps > MAX_STEPS or level > MAX_LEVELS:
            raise TooLongError
        match node:
            case core.Zero():
                return {}
            case core.Identity():
                return {IDENTITY: q.ONE}
            case core.Ones(shape=shape):
                axes = [self._find(shape.rows), self._find(shape.columns)]
                return {("ones", *(reversed(axes) if transposed else axes)): q.ONE}
            case core.Name():
                return self._name(node, names, transposed, level)
            case core.Transpose(of=of):
                return self.form(of, names, transposed=not transposed, level=level + 1)
            case core.Combination(terms=terms):
                return self._sum(terms, names, transposed, level)
            case core.Product():
                return self._product(node, names, transposed, level)
            case core.Function():
                inner = self.form(node.of, names, transposed=transposed, level=level + 1)
                which = (node.function, node.exponent, repr(node.formula))
                return {("function", which, _frozen(inner)): q.ONE}
            case core.Entrywise(function=function):
                inner = self.form(node.of, names, transposed=transposed, level=level + 1)
                return {
                    (
                        "entrywise",
                        repr(function),
                        node.site * (node.site in NORMALISATIONS),
                        _frozen(inner),
                    ): q.ONE
                }
            case core.Hadamard():
                return self._hadamard(node, names, transposed, level)
            case core.Attention():
                what = (node.function, node.mask, node.normalised, node.over)
                parts = (
                    self.form(one, names, level=level + 1) for one in (node.value, node.scores)
                )
                return {("attention", what, transposed, *map(_frozen, parts)): q.ONE}
            case core.Root():
                raise TooLongError  # stands alone in a target: nothing to compare it with

    def _name(
        self, node: core.Name, names: Mapping[str, Definition], transposed: bool, level: int
    ) -> Form:
        definition = names.get(node.name)
        restricted = node.shape.row_groups + node.shape.column_groups
        if definition is None or definition.is_input:
            flip = transposed and not (definition is not None and definition.is_symmetric)
            return {("input", node.name, flip, restricted): q.ONE}
        if definition.node is None:
            return {("opaque", id(definition), transposed, restricted): q.ONE}
        return self.form(definition.node, definition.names, transposed=transposed, level=level + 1)

    def _sum(
        self,
        terms: tuple[tuple[Scalar, core.Node], ...],
        names: Mapping[str, Definition],
        transposed: bool,
        level: int,
    ) -> Form:
        total: Form = {}
        for coefficient, term in terms:
            part = self.form(term, names, transposed=transposed, level=level + 1)
            for atom, own in part.items():
                scale = algebra.times((coefficient, own))
                total[atom] = algebra.plus((total[atom], scale)) if atom in total else scale
        return {atom: scale for atom, scale in total.items() if scale != q.ZERO}

    def _product(
        self, node: core.Product, names: Mapping[str, Definition], transposed: bool, level: int
    ) -> Form:
        coefficient: Scalar = q.ONE
        atoms: list[Atom] = []
        over: Atom = ("over", *node.over)
        factors = list(reversed(node.factors)) if transposed else list(node.factors)
        for index, factor in enumerate(factors):
            form = self.form(factor, names, transposed=transposed, level=level + 1)
            if not form:
                return {}
            if len(form) == 1:
                ((atom, own),) = form.items()
                coefficient = algebra.times((coefficient, own))
            else:
                atom = ("sum", _frozen(form))
            start = factor.shape.columns if transposed else factor.shape.rows
            if index and self._find(start) == core.TOKEN:
                place = len(atoms)
                while place and atoms[place - 1][0] == "diag":  # a diagonal keeps the groups
                    place -= 1
                atoms.insert(place, over)
            atoms.extend(_spliced(atom))
        if len(atoms) < 2:
            return {atoms[0] if atoms else IDENTITY: coefficient}
        return {("product", *atoms): coefficient}

    def _hadamard(
        self, node: core.Hadamard, names: Mapping[str, Definition], transposed: bool, level: int
    ) -> Form:
        """``E .* F``; where F is one row r, repeated, it is E·diag(r)."""
        for part, other in ((node.right, node.left), (node.left, node.right)):
            if (found := repeated_row(part, self._find)) is not None:
                coefficient, row = found
                diagonal: Atom = ("diag", _frozen(self.form(row, names, level=level + 1)))
                form = self.form(other, names, transposed=transposed, level=level + 1)
                return {
                    _diagonal_product(atom, diagonal, transposed): algebra.times((coefficient, own))
                    for atom, own in form.items()
                }
        forms = [
            _frozen(self.form(part, names, transposed=transposed, level=level + 1))
            for part in (node.left, node.right)
        ]
        return {("hadamard", *sorted(forms, key=repr)): q.ONE}


def _diagonal_product(atom: Atom, diagonal: Atom, transposed: bool) -> Atom:
    parts = _spliced(atom)
    return ("product", *((diagonal, *parts) if transposed else (*parts, diagonal)))


def is_symmetric(
    node: core.Node, names: Mapping[str, Definition], find: Callable[[str], str]
) -> bool:
    """True if the value is its own transpose whatever the inputs are."""
    canonical = Canonical(find)
    try:
        upright = canonical.form(node, names)
        return _frozen(upright) == _frozen(canonical.form(node, names, transposed=True))
    except TooLongError:
        return False


def form_key(
    node: core.Node, names: Mapping[str, Definition], find: Callable[[str], str]
) -> tuple[object, ...] | None:
    """Return what is equal for expressions of one form; None if it is too long to compare."""
    try:
        return _frozen(Canonical(find).form(node, names))
    except (TooLongError, q.ScalarError):
        return None


def same_form(left: Form, right: Form) -> bool:
    return _frozen(left) == _frozen(right)


def _frozen(form: Form) -> tuple[tuple[str, Atom], ...]:
    parts = [(algebra.sorted_text(scale), atom) for atom, scale in form.items()]
    return tuple(sorted(parts, key=repr))


def _spliced(atom: Atom) -> tuple[Atom, ...]:
    """A product within a product is one product; the identity is none."""
    if atom[0] == "product":
        return tuple(part for part in atom[1:] if isinstance(part, tuple))
    return () if atom == IDENTITY else (atom,)
