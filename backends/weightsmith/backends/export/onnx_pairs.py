"""The pairs of keys and queries that a mask lets through, by the operators of ONNX."""

from __future__ import annotations

import ast

import onnx_ir as ir

from weightsmith.backends.errors import ExportError
from weightsmith.backends.export.onnx_parts import Parts, Scope

BINARY: dict[type[ast.operator], str] = {
    ast.Add: "Add",
    ast.Sub: "Sub",
    ast.Mult: "Mul",
    ast.Mod: "Mod",
    ast.BitAnd: "And",
    ast.BitOr: "Or",
}
COMPARED: dict[type[ast.cmpop], tuple[str, bool]] = {  # the operator, and is its opposite meant?
    ast.Lt: ("Less", False),
    ast.LtE: ("LessOrEqual", False),
    ast.Gt: ("Greater", False),
    ast.GtE: ("GreaterOrEqual", False),
    ast.Eq: ("Equal", False),
    ast.NotEq: ("Equal", True),
}


def pairs_of(scope: Scope, parts: Parts, pairs: str, shape: ir.Value) -> ir.Value:
    """Booleans, keys × queries, of scores of this shape (batch × keys × queries).

    ``pairs`` is that of a ``Mask``.  Raises ExportError where it has what ONNX does not.
    """
    zero, one = parts.integer(0), parts.integer(1)

    def places(axis: int) -> ir.Value:
        size = scope.add("Gather", shape, parts.integer(axis))
        return scope.add("Range", zero, size, one)

    named = {"q": places(2), "k": scope.add("Unsqueeze", places(1), parts.integers([1]))}

    def value(of: ast.expr) -> ir.Value:
        match of:
            case ast.Name(name) if name in named:
                return named[name]
            case ast.Constant(int(number)):
                return parts.integer(number)
            case ast.BinOp(left, operator, right) if type(operator) in BINARY:
                return scope.add(BINARY[type(operator)], value(left), value(right))
            case ast.Compare(left, [operator], [right]) if type(operator) in COMPARED:
                name, opposite = COMPARED[type(operator)]
                found = scope.add(name, value(left), value(right))
                return scope.add("Not", found) if opposite else found
            case ast.Call(ast.Name("abs"), [inner]):
                return scope.add("Abs", value(inner))
            case ast.UnaryOp(ast.Invert(), inner):
                return scope.add("Not", value(inner))
        raise ExportError(
            f"the mask '{pairs}' has '{ast.unparse(of)}', which has no operator in this file; "
            "export a Python file."
        )

    return value(ast.parse(pairs, mode="eval").body)
