"""A template as a person wants to see it: tokens, blocks, layers with heads as formulas."""

from __future__ import annotations

import re
from fractions import Fraction

from weightsmith.compiler.costs.report import breakpoint_of, nonlinear
from weightsmith.compiler.ir.template import Head, Item, Layer, Mlp, Repeat, Template, Terms
from weightsmith.dsl.text.shown import number_text

TRANSPOSE = "ᵀ"
RATIONAL = re.compile(r"-?[0-9]+(/[0-9]+)?")
MAX_LINES = 5000  # of a network
MAX_UNITS = 200  # hidden units of one MLP that are written out, and how near halves of a pair are
FLOATS = 10**300  # numbers from here on may be too large for a float
MANY = 8  # breakpoints of a function that is not written out


def show_template(template: Template) -> str:
    lines = ["tokens  " + ", ".join(_group(group) for group in template.groups)]
    wide = max((len(block.name) for block in template.blocks), default=0)
    start = dict(template.read_in)
    for number, block in enumerate(template.blocks):
        head = "stream  " if number == 0 else "        "
        initial = combination(start[block.name]) if block.name in start else "0"
        lines.append(f"{head}{block.name:<{wide}}  {block.rows} rows, starts as {initial}")
    lines += _items(template.body, "", template)
    for output in template.read_out:
        mark = TRANSPOSE if output.transposed else ""
        at = ", ".join(output.groups)
        lines.append(f"return  {output.name}{mark} = {combination(output.terms)} at {at} tokens")
    if len(lines) > MAX_LINES:
        lines = [*lines[:MAX_LINES], f"… and {len(lines) - MAX_LINES} lines more"]
    return "\n".join(lines) + "\n"


def layer_lines(layer: Layer, template: Template) -> list[str]:
    """What one layer adds to which blocks: each head and each function as a formula."""
    return [line[len("layer   ") :] for line in _layer(layer, "", template)]


def _group(group: str) -> str:
    return group if group in ("context", "query") else f"{group} scratch"


def _items(items: tuple[Item, ...], indent: str, template: Template) -> list[str]:
    lines = []
    for item in items:
        if isinstance(item, Layer):
            lines += _layer(item, indent, template)
            continue
        lines.append(f"{indent}{loop_title(item, template)}:")
        lines += _items(item.body, indent + "    ", template)
    return lines


def loop_title(item: Repeat, template: Template) -> str:
    """``repeat steps = 12``, or ``for g in 1.5, 2`` with the numbers shortened."""
    if item.schedule:
        names = ", ".join(name for name, _ in item.schedule)
        rows = [
            ", ".join(_short(value) for value in row)
            for row in zip(*(values for _, values in item.schedule), strict=True)
        ]
        many = len(item.schedule) > 1
        return f"for {names} in {', '.join(f'({row})' if many else row for row in rows)}"
    value = template.binding(item.count)
    times = item.count if value in (None, item.count) else f"{item.count} = {value}"
    return f"repeat {times}"


def _short(coefficient: str) -> str:
    """A number of many digits as a person reads it; the template has it exactly."""
    if len(coefficient) <= 4 or not RATIONAL.fullmatch(coefficient):
        return coefficient
    number = Fraction(coefficient)
    if abs(number) >= FLOATS:
        return number_text(number)
    decimal = f"{float(number):.6g}"
    return decimal if len(coefficient) > 9 or Fraction(decimal) == number else coefficient


def _layer(layer: Layer, indent: str, template: Template) -> list[str]:
    lines = [line for head in layer.heads for line in _head(head, template)]
    if layer.mlp is not None:
        lines += _mlp(layer.mlp)
    lines = lines or ["(nothing)"]
    return [f"{indent}layer   {lines[0]}", *(f"{indent}        {line}" for line in lines[1:])]


def _head(head: Head, template: Template) -> list[str]:
    where = ""
    everywhere = set(template.groups)
    if not everywhere == set(head.key_groups) == set(head.query_groups):
        where = f"   sum over {', '.join(head.key_groups)}; at {', '.join(head.query_groups)}"
    lines = []
    for position, (block, index, coefficient) in enumerate(head.outputs):
        product = f"{factor(head.values[index])}·{scores_text(head)}"
        label = "head  " if position == 0 else "      "
        lines.append(f"{label}{block} += {_scaled(coefficient, product)}{where}")
    return lines


def scores_text(head: Head) -> str:
    """``Kᵀ·Q``, or what the head makes of it: ``relu(Kᵀ·Q + …)``."""
    pairs = zip(head.keys, head.queries, strict=True)
    text = " + ".join(f"{factor(keys)}{TRANSPOSE}·{factor(queries)}" for keys, queries in pairs)
    scores = head.scores
    if scores.normalised and scores.function == "exp":
        text = f"softmax({text})"
    elif scores.normalised:
        text = f"normalised({scores.function or 'id'}({text}))"
    elif scores.function:
        text = f"{scores.function}({text})"
    elif len(head.keys) > 1:
        text = f"({text})"
    return text


def _mlp(mlp: Mlp) -> list[str]:
    """One line for each thing that is added to a block: a function, a linear part, a constant."""
    lines = [f"{name} += {constant}" for name, constant in mlp.bias]
    lines = [*_tables(mlp), *_units(mlp), *lines]
    return [f"{'      ' if i else 'mlp   '}{line}" for i, line in enumerate(lines)]


def _families(mlp: Mlp) -> dict[tuple[str, Terms], list[int]]:
    """Outputs of one block whose hidden blocks differ in bias and sign: pieces of one function."""
    found: dict[tuple[str, Terms], list[int]] = {}
    bent = set(nonlinear(mlp))
    for i, (block, index, _) in enumerate(mlp.outputs):
        if index in bent and not mlp.hidden[index].is_gated:
            found.setdefault((block, breakpoint_of(mlp.hidden[index])[0]), []).append(i)
    return {key: rows for key, rows in found.items() if len(rows) > MANY}


def _tables(mlp: Mlp) -> list[str]:
    """A function of many breakpoints is not written out."""
    lines = []
    for (block, terms), rows in _families(mlp).items():
        many = len({breakpoint_of(mlp.hidden[mlp.outputs[i][1]]) for i in rows})
        lines.append(
            f"{block} += f({combination(terms)}), piecewise linear with {many} breakpoints"
        )
    return lines


def _units(mlp: Mlp) -> list[str]:
    """Pairs relu(s), relu(−s) with opposite coefficients are shown as the s they add up to."""
    lines: list[str] = []
    done = {i for rows in _families(mlp).values() for i in rows}
    for i, (block, index, coefficient) in enumerate(mlp.outputs):
        if i in done:
            continue
        if len(lines) >= MAX_UNITS:
            lines.append(f"… and {len(mlp.outputs) - len(done) - len(lines)} outputs more")
            break
        hidden = mlp.hidden[index]
        if hidden.is_gated:
            first = _with_bias(hidden.terms, hidden.bias)
            second = _with_bias(hidden.gate, hidden.gate_bias)
            lines.append(f"{block} += {_scaled(coefficient, f'({first}) .* ({second})')}")
            continue
        pair = next(
            (
                j
                for j, (b, other, c) in enumerate(mlp.outputs[i + 1 : i + 1 + MAX_UNITS], i + 1)
                if b == block
                and _opposite(c, coefficient)
                and hidden.bias == mlp.hidden[other].bias == "0"
                and _negated(mlp.hidden[other].terms, hidden.terms)
            ),
            None,
        )
        if pair is None:
            text = f"relu({_with_bias(hidden.terms, hidden.bias)})"
        else:
            done.add(pair)
            text = factor(hidden.terms)
        lines.append(f"{block} += {_scaled(coefficient, text)}")
    return lines


def _with_bias(terms: Terms, bias: str) -> str:
    if bias == "0":
        return combination(terms)
    return f"{combination(terms)} + {bias}".replace("+ -", "- ") if terms else bias


def _opposite(first: str, second: str) -> bool:
    return first == f"-{second}" or second == f"-{first}"


def _negated(first: Terms, second: Terms) -> bool:
    from weightsmith.compiler.ir.coefficients import CoefficientField
    from weightsmith.dsl import parse_scalar

    pairs = zip(first, second, strict=False)
    parsed = [(parse_scalar(a), parse_scalar(b)) for (_, a), (_, b) in pairs]
    field = CoefficientField(scalar for pair in parsed for scalar in pair)
    same = [name for name, _ in first] == [name for name, _ in second]
    return same and all(field.of(a) + field.of(b) == 0 for a, b in parsed)


def combination(terms: Terms) -> str:
    """Write Σ coefficient · block."""
    text = " + ".join(_scaled(coefficient, _name(name)) for name, coefficient in terms)
    return text.replace("+ -", "- ") or "0"


def factor(terms: Terms) -> str:
    """The same, in brackets where it stands in a product."""
    plain = len(terms) == 1 and terms[0][1] == "1"
    return _name(terms[0][0]) if plain else f"({combination(terms)})"


def _name(block: str) -> str:
    simple = all(character not in block for character in "+-* |")
    return block if simple else f"[{block}]"


def _scaled(coefficient: str, text: str) -> str:
    if coefficient in ("1", "-1"):
        return text if coefficient == "1" else f"-{text}"
    simple = " " not in coefficient
    return f"{coefficient} {text}" if simple else f"({coefficient}) {text}"
