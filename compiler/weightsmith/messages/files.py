"""Files and directories."""

from __future__ import annotations

from weightsmith.messages.message import Message

MESSAGES = (
    Message(
        code="lift",
        title="weights, or their layout, are not read as a network",
        why="docs/lift.md says what a layout is.",
        wrong="$ weightsmith lift a.npz --layout absent.toml",
        mended="$ weightsmith show newton",
        kind="commands",
    ),
    Message(
        code="network-damaged",
        title="the files of a network are not as they were written",
        why="They have been changed or cut off. Compile the script again.",
        wrong="$ weightsmith show damaged",
        mended="$ weightsmith show newton",
        kind="commands",
    ),
    Message(
        code="file-exists",
        title="something else stands where a file is to be written",
        why="Nothing is replaced but what Weightsmith wrote itself.",
        wrong="$ weightsmith new newton_inverse",
        mended="$ weightsmith new mine",
        kind="commands",
    ),
    Message(
        code="file-kind",
        title="a file has a suffix that says no kind of data",
        why="Arrays are .npy, .npz or .csv files.",
        wrong="$ weightsmith run newton --input A=a.txt",
        mended="$ weightsmith run newton --input A=a.csv",
        kind="commands",
    ),
    Message(
        code="file-unreadable",
        title="a file cannot be read or written",
        why="It is not there, is no UTF-8 text, or belongs to somebody else.",
        wrong="$ weightsmith check absent.alg",
        mended="$ weightsmith check newton_inverse.alg",
        kind="commands",
    ),
    Message(
        code="no-network-there",
        title="there is no compiled network",
        why="A network is a directory that compile wrote.",
        wrong="$ weightsmith verify newton_inverse.alg",
        mended="$ weightsmith verify newton",
        kind="commands",
    ),
)
