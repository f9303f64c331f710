"""``weightsmith new``: a script to start from, or a network with the test of it."""

from __future__ import annotations

from pathlib import Path
from string import Template

import click

from weightsmith.cli.inputs.mistakes import Mistake

SCRIPT = Template("""\
# Least squares in context by gradient descent: what this file computes, in a sentence.
#
#     weightsmith check $file
#     weightsmith show $file
#     weightsmith compile $file -o $name --set mu=1/2 --set L=2
#     weightsmith verify $name
#     weightsmith run $name --input x.context=x.csv --input y.context=y.csv --input x.query=q.csv

# Inputs: a matrix is A: [m, n]; these have one column a token.  Sizes such as d stay open.
algorithm $name(x: [d] per token, y: [1] per context)

# What the certificate may rely on; 'run' measures it on the data.
assume spectrum(x*x' over context) in [mu, L]

# Parameters, some with a value; 'compile --set steps=8' gives another.
param eta = 2/(mu + L), steps = 16

# The steps.  x' is the transpose; 'over context' sums over the context tokens.
w = 0
repeat steps:
    w = w - eta*(w*x - y)*x'  over context

# The result, and the target that the certificate bounds its distance from.
return w*x on query  approximates y*x'*inv(x*x')*x over context
""")

CLAIM = Template("""\
# What $net is said to compute: the steps, as one writes them on paper.
#
#     weightsmith verify $net --against $file
algorithm $name(x: [d] per token, y: [1] per context)
param eta, N, steps

w = 0
repeat steps:
    w = w - eta/N*(w*x - y)*x'  over context
return w*x on query
""")

NETWORK = Template("""\
# A network, head by head: a head adds values·keysᵀ·queries to a block of the stream.
#
#     weightsmith show $net
#     weightsmith verify $net --against $file
network $name
input x: [d] per token
input y: [1] per context
param eta, steps, N = size(context)
tokens  context, query
stream  x  d rows, starts as x
        y  1 rows, starts as y
repeat steps:
    layer   head  y += eta/N (-y)·xᵀ·x   sum over context; at context, query
return  output = -y at query tokens
""")

TEST = Template('''\
"""The network of $net is the algorithm of $file: proven for all sizes, inputs and steps."""

from weightsmith.testing import assert_implements


def test_the_network_is_the_algorithm():
    assert_implements("$net", "$file")
''')


@click.command(short_help="Write NAME.alg, a script to start from.")
@click.argument("name", type=click.Path(path_type=Path))
@click.option("--network", is_flag=True, help="A network NAME.net, its script, and a test of it.")
def new(name: Path, network: bool) -> None:
    """Write NAME.alg, a script to start from: it checks, compiles and runs.

    With --network also NAME.net, a network written by hand, and test_NAME.py, which proves that it
    is the algorithm.  No file is replaced.
    """
    from weightsmith.backends.storage.whole_file import replacing

    folder, stem = name.parent, name.name.removesuffix(".alg")
    if not _is_possible(stem):
        raise Mistake(
            "option",
            f"expected a name of letters, digits and '_' that is no word of the language, "
            f"got '{stem}'; for example: weightsmith new my_algorithm",
        )
    if not folder.is_dir():
        raise Mistake("file-unreadable", f"the directory '{folder}' does not exist.")
    texts = files_of(stem, network=network)
    for file in texts:
        if (folder / file).exists():
            raise Mistake("file-exists", f"'{folder / file}' exists; choose another name.")
    for file, text in texts.items():
        with replacing(folder / file) as opened:
            opened.write(text.encode())
        click.echo(folder / file)


def _is_possible(name: str) -> bool:
    """Can an algorithm be called this?"""
    from weightsmith.dsl import Source, diagnose

    text = SCRIPT.substitute(name=name, file="")
    is_word = name.isascii() and name.isidentifier()
    return is_word and diagnose(Source("<new>", text)).program is not None


def files_of(name: str, *, network: bool) -> dict[str, str]:
    """The texts of the files, by name."""
    names = {"name": name, "file": f"{name}.alg", "net": f"{name}.net"}
    if not network:
        return {names["file"]: SCRIPT.substitute(names)}
    return {
        names["net"]: NETWORK.substitute(names),
        names["file"]: CLAIM.substitute(names),
        f"test_{name}.py": TEST.substitute(names),
    }
