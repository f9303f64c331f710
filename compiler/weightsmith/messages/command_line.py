"""How a command is given, its data, and the machine."""

from __future__ import annotations

from weightsmith.messages.message import Message

MESSAGES = (
    Message(
        code="comparison",
        title="two things cannot be compared",
        why="The network and the script have the same inputs, and values of the same names.",
        wrong="$ weightsmith verify newton --against polar.alg",
        mended="""\
$ weightsmith verify newton --against newton_inverse.alg \\
    --set mu=1/2 --set L=3 --set steps=8
""",
        kind="commands",
    ),
    Message(
        code="export",
        title="the network cannot be written in this format",
        why="The suffix says the format: docs/exports.md has the list.",
        wrong="$ weightsmith export newton -o newton.xyz",
        mended="$ weightsmith export newton -o newton.npz",
        kind="commands",
    ),
    Message(
        code="option",
        title="an option or argument is none, or does not fit the others",
        why="weightsmith COMMAND --help lists the options.",
        wrong="$ weightsmith show newton --set mu=1",
        mended="$ weightsmith show newton",
        kind="commands",
    ),
    Message(
        code="setting",
        title="a parameter cannot have this value",
        why="Values are exact numbers, of parameters that the script has.",
        wrong="$ weightsmith show newton_inverse.alg --set step=8",
        mended="$ weightsmith show newton_inverse.alg --set steps=8",
        kind="commands",
    ),
    Message(
        code="value-missing",
        title="a parameter needs a value",
        why="Weights, tables and synthesised polynomials are made of numbers.",
        wrong="$ weightsmith compile newton_inverse.alg -o full --dense --dim d=2",
        mended="""\
$ weightsmith compile newton_inverse.alg -o full --dense --dim d=2 \\
    --set mu=1/2 --set L=3
""",
        kind="commands",
    ),
    Message(
        code="data-assumption",
        title="the data break an assumption of the certificate",
        why="Then the certificate says nothing of them; measure finds parameters that fit.",
        wrong="$ weightsmith run newton --input A=large.csv",
        mended="$ weightsmith run newton --input A=a.csv",
        kind="commands",
    ),
    Message(
        code="data-file",
        title="a file of data does not hold numbers as it should",
        why="A .csv file has rows of equally many numbers, a .npy file an array.",
        wrong="$ weightsmith run newton --input A=words.csv",
        mended="$ weightsmith run newton --input A=a.csv",
        kind="commands",
    ),
    Message(
        code="data-fit",
        title="no values of the parameters fit the data",
        why="measure looks for ends of intervals between which the data lie.",
        wrong="$ weightsmith measure newton_inverse.alg --input A=large.csv --set L=2",
        mended="$ weightsmith measure newton_inverse.alg --input A=large.csv",
        kind="commands",
    ),
    Message(
        code="data-given",
        title="the data do not fit the inputs",
        why="Every input is given once, in its shape.",
        wrong="$ weightsmith run newton --input A=wide.csv",
        mended="$ weightsmith run newton --input A=a.csv",
        kind="commands",
    ),
    Message(
        code="not-finite",
        title="the numbers left the range of the floats",
        why="An iteration that diverges on these data ends in infinities. Nothing is written.",
        wrong="$ weightsmith run newton --input A=huge.csv --unchecked",
        mended="$ weightsmith run newton --input A=a.csv",
        kind="commands",
    ),
    Message(
        code="machine",
        title="the machine cannot",
        why="Memory or disk is full, or another process does not answer.",
        wrong="",
        mended="Free some, or try smaller sizes.",
        kind="none",
    ),
    Message(
        code="package-missing",
        title="a package is not installed",
        why="PyTorch, ONNX and scikit-learn come with extras.",
        wrong="",
        mended="Install the extra that the message names: pip install 'weightsmith[torch]'.",
        kind="none",
    ),
)
