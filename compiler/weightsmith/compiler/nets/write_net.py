"""A template as the text of a ``.net`` file, which ``read_net`` reads back to the same template.

Nothing is shortened.  A template has no inputs, only what becomes of them: who knows them gives
them along, and else they are made up from its sources.
"""

from __future__ import annotations

import textwrap
from collections.abc import Sequence

from weightsmith.compiler.ir.template import Source, Template, Terms
from weightsmith.compiler.nets.heading import is_symbol
from weightsmith.compiler.nets.net import Net, NetInput
from weightsmith.compiler.nets.symbols import parameters_of, scheduled
from weightsmith.compiler.nets.tables import table_lines
from weightsmith.compiler.nets.tokens import quoted_name
from weightsmith.compiler.nets.write_layers import (
    RESERVED,
    TRANSPOSE,
    LayerWriter,
    joined,
    scaled,
    written_names,
)
from weightsmith.dsl.program.core import CONTEXT, GROUPS, QUERY

WIDTH = 100
PER = {GROUPS: "token", (CONTEXT,): "context", (QUERY,): "query"}


def net_text(template: Template, inputs: Sequence[NetInput] = ()) -> str:
    """The whole text.  Raises ValueError on a template that has none, for its names or sources."""
    return "\n".join(net_lines(template, inputs)) + "\n"


def shown_net(template: Template, inputs: Sequence[NetInput] = ()) -> list[str]:
    """The lines of the text; where a template has none, a comment says why."""
    try:
        return net_lines(template, inputs)
    except ValueError as problem:
        return [f"# this network has no text: {problem}"]


def commented(text: str) -> list[str]:
    """The lines of a text as comments."""
    return [f"# {line}".rstrip() for line in text.splitlines()]


def net_of(net: Net) -> str:
    """A network that was read, written anew."""
    return net_text(net.template, net.inputs)


def net_lines(template: Template, inputs: Sequence[NetInput] = ()) -> list[str]:
    """The lines of the text: what stands above, tokens, stream, layers, what is returned, tables.

    Raises ValueError.
    """
    known = {one.name: one for one in inputs or _inputs_of(template)}
    parameters = parameters_of(template)
    _check_names([*known, *(one.name for one in template.matrices), *parameters])
    writer = _writer(template)
    wide = max((len(writer.names[block.name]) for block in template.blocks), default=0)
    lines = [f"network {quoted_name(template.algorithm)}"]
    lines += [f"input {one.name}: {_shape(one)}" for one in known.values()]
    lines += _matrices(template)
    lines += _parameters(template, parameters)
    lines.append("tokens  " + ", ".join(_group(group) for group in template.groups))
    start = dict(template.read_in)
    sources = {one.name: _source(one, known, template) for one in template.sources}
    for number, block in enumerate(template.blocks):
        label = "        " if number else "stream  "
        name = f"{writer.names[block.name]:<{wide}}"
        initial = _initial(start.get(block.name, ()), sources)
        lines.append(f"{label}{name}  {block.rows} rows, starts as {initial}")
    lines += writer.items(template.body)
    for output in template.read_out:
        mark = TRANSPOSE if output.transposed else ""
        at = ", ".join(output.groups)
        found = writer.combination(output.terms) if output.terms else f"0 of {output.rows} rows"
        lines.append(f"return  {quoted_name(output.name)}{mark} = {found} at {at} tokens")
    for hinges, name in writer.tables.items():
        lines += table_lines(name, hinges)
    return lines


def layer_writer(template: Template) -> LayerWriter:
    """A writer of its layers that names the tables as the text does."""
    writer = _writer(template)
    writer.items(template.body)
    return writer


def _writer(template: Template) -> LayerWriter:
    matrices = (one.name for one in template.matrices)
    taken = RESERVED | {*parameters_of(template), *matrices, *scheduled(template.body)}
    inputs = {one.of for one in template.sources}
    tabled = taken | inputs | {block.name for block in template.blocks}
    return LayerWriter(template, written_names(template, taken), tabled)


# -- what stands above ---------------------------------------------------------------------------


def _check_names(names: Sequence[str]) -> None:
    for name in names:
        if not is_symbol(name):
            raise ValueError(f"'{name}' is no name that a .net file can declare")
        if names.count(name) > 1:
            raise ValueError(f"'{name}' is the name of two things")


def _inputs_of(template: Template) -> list[NetInput]:
    """The inputs that the sources are made of, as far as those say."""
    found: dict[str, NetInput] = {}
    for source in template.sources:
        if source.kind in ("identity", "ones"):
            continue
        groups = tuple(group for group in source.groups if group in GROUPS)
        if groups:
            known = found.get(source.of)
            wanted = {*groups, *(known.groups if known else ())}
            groups = tuple(group for group in GROUPS if group in wanted)
            given = NetInput(source.of, source.rows, "", groups)
        elif source.kind == "transposed":
            given = NetInput(source.of, source.groups[0], source.rows, ())
        else:
            given = NetInput(source.of, source.rows, source.groups[0], ())
        found[source.of] = given
    return list(found.values())


def _shape(given: NetInput) -> str:
    if given.groups:
        return f"[{given.rows}] per {PER[given.groups]}"
    return f"{'symmetric' * given.symmetric}[{given.rows}, {given.columns}]"


def _matrices(template: Template) -> list[str]:
    lines = []
    for one in template.matrices:
        entries = ""
        if one.entries is not None:
            rows = ", ".join(f"[{', '.join(row)}]" for row in one.entries)
            entries = f" = [{rows}]"
        lines.append(f"matrix {one.name}: [{one.rows}, {one.columns}]{entries}")
    return lines


def _parameters(template: Template, names: list[str]) -> list[str]:
    bindings, sizes = dict(template.bindings), dict(template.sizes)
    entries = []
    for name in names:
        value = f"size({sizes[name]})" if name in sizes else bindings.get(name)
        entries.append(name if value is None else f"{name} = {value}")
    wrapped = textwrap.wrap(
        ", ".join(entry.replace(" ", "\0") for entry in entries),
        WIDTH - len("param "),
        break_long_words=False,
        break_on_hyphens=False,
    )
    return [f"param {line.rstrip(',')}".replace("\0", " ") for line in wrapped]


def _group(group: str) -> str:
    return group if group in GROUPS else f"{group} scratch"


def _source(source: Source, inputs: dict[str, NetInput], template: Template) -> str:
    """A source as the stream names it.  Raises ValueError where the inputs do not make it."""
    listed = ",".join(source.groups)
    if source.kind == "identity":
        return f"I[{source.rows}]"
    if source.kind == "ones":
        is_plain = source.groups == template.groups and "ones" not in inputs
        return "ones" if is_plain else f"ones[{listed}]"
    given = inputs.get(source.of)
    if given is not None and source.kind == "transposed":
        if (given.rows, given.columns) == (*source.groups, source.rows):
            return f"{source.of}{TRANSPOSE}"
    elif given is not None and given.rows == source.rows:
        if not given.groups and source.groups == (given.columns,):
            return source.of
        present = tuple(group for group in given.groups if group in template.groups)
        if source.groups == present:
            return source.of
        if {*source.groups} <= {*present} and source.of not in ("I", "ones"):
            return f"{source.of}[{listed}]"
    raise ValueError(f"the source '{source.name}' is not made of an input")


def _initial(terms: Terms, sources: dict[str, str]) -> str:
    return joined([scaled(one, sources[name]) for name, one in terms if one != "0"])
