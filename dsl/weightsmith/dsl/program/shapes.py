"""Shapes while they are being found: axes with unknowns, and unification.

``I`` and ``0`` are written without a size.  They get unknown axes (``?7``), and the sums and
products they stand in tell what these are.  Declared dimensions never unify with one another.
"""

from __future__ import annotations

from weightsmith.dsl.program.core import TOKEN, Axis, Shape


class Axes:
    """A union-find structure over axes."""

    def __init__(self) -> None:
        self._parent: dict[Axis, Axis] = {}

    def unknown(self) -> Axis:
        name = f"?{len(self._parent)}"
        self._parent[name] = name
        return name

    def find(self, axis: Axis) -> Axis:
        """Return the known axis, or the unknown that stands for its class."""
        if axis not in self._parent:
            return axis
        root = axis
        while (above := self._parent.get(root, root)) != root:
            root = above
        while axis != root and axis in self._parent:
            self._parent[axis], axis = root, self._parent[axis]
        return root

    def unify(self, left: Axis, right: Axis) -> bool:
        """Make the two the same.  False if they are different known axes."""
        if left == right:
            return True
        left, right = self.find(left), self.find(right)
        if is_unknown(left):
            self._parent[left] = right
        elif is_unknown(right):
            self._parent[right] = left
        return self.find(left) == self.find(right)

    def unify_shapes(self, left: Shape, right: Shape) -> bool:
        if left == right:
            return True
        before = self.resolve(left), self.resolve(right)
        if _clash(before[0].rows, before[1].rows) or _clash(before[0].columns, before[1].columns):
            return False
        return self.unify(left.rows, right.rows) and self.unify(left.columns, right.columns)

    def resolve(self, shape: Shape) -> Shape:
        """Return the shape with all that is known; the groups are kept."""
        rows, columns = self.find(shape.rows), self.find(shape.columns)
        if rows == shape.rows and columns == shape.columns:
            return shape
        return Shape(rows, columns, shape.row_groups, shape.column_groups)

    def text(self, shape: Shape) -> str:
        """``[d, token]``; what is not known is shown as ``?``."""
        names = (self.find(axis) for axis in (shape.rows, shape.columns))
        return f"[{', '.join('?' if is_unknown(name) else name for name in names)}]"


def is_unknown(axis: Axis) -> bool:
    return axis.startswith("?")


def _clash(left: Axis, right: Axis) -> bool:
    return left != right and not is_unknown(left) and not is_unknown(right)


def shape_text(shape: Shape) -> str:
    """``[d, token]``, with the groups where they are not both: ``[d, token of context]``."""
    sides = ((shape.rows, shape.row_groups), (shape.columns, shape.column_groups))
    return f"[{', '.join(_axis_text(axis, groups) for axis, groups in sides)}]"


def _axis_text(axis: Axis, groups: tuple[str, ...]) -> str:
    return f"{axis} of {groups[0]}" if axis == TOKEN and len(groups) == 1 else axis
