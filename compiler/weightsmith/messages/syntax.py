"""How a script is written."""

from __future__ import annotations

from weightsmith.messages.message import Message

MESSAGES = (
    Message(
        code="bracket",
        title="a bracket is not closed, or closes nothing",
        why="Every bracket has its partner; an open one would swallow the lines below it.",
        wrong="""\
algorithm f(A: symmetric[d, d])
return 2*(A + I
""",
        mended="""\
algorithm f(A: symmetric[d, d])
return 2*(A + I)
""",
    ),
    Message(
        code="character",
        title="a character that has no meaning here",
        why=(
            "Scripts are plain text: characters that other languages use, or that nobody can "
            "see, are refused before they can deceive."
        ),
        wrong="""\
algorithm f(A: symmetric[d, d])
return A @ A
""",
        mended="""\
algorithm f(A: symmetric[d, d])
return A*A
""",
    ),
    Message(
        code="indentation",
        title="a line is indented wrongly",
        why=(
            "Only what a loop repeats is indented, each block by one width, with spaces alone "
            "or tabs alone."
        ),
        wrong="""\
algorithm f(A: symmetric[d, d])
repeat 3:
A = A*A
return A
""",
        mended="""\
algorithm f(A: symmetric[d, d])
X = A
repeat 3:
    X = X*A
return X
""",
    ),
    Message(
        code="misplaced",
        title="a line or clause stands where it cannot, or twice",
        why=("Declarations come first, then statements, one return at the end, outside of loops."),
        wrong="""\
algorithm f(A: symmetric[d, d])
X = A*A
param s = 2
return s*X
""",
        mended="""\
algorithm f(A: symmetric[d, d])
param s = 2
X = A*A
return s*X
""",
    ),
    Message(
        code="misspelt",
        title="a word is none of those that may stand here",
        why="The words of a place are few, and the message names the nearest.",
        wrong="""\
algorithm f(A: symmetric[d, d])
X = A
repaet 3:
    X = X*A
return X
""",
        mended="""\
algorithm f(A: symmetric[d, d])
X = A
repeat 3:
    X = X*A
return X
""",
    ),
    Message(
        code="no-algorithm",
        title="the script has no algorithm",
        why="The last algorithm of a script is what is compiled.",
        wrong="# nothing yet",
        mended="""\
algorithm f(A: symmetric[d, d])
return A*A
""",
    ),
    Message(
        code="no-return",
        title="the algorithm returns nothing",
        why="A network computes what is returned.",
        wrong="""\
algorithm f(A: symmetric[d, d])
X = A*A
""",
        mended="""\
algorithm f(A: symmetric[d, d])
X = A*A
return X
""",
    ),
    Message(
        code="operator",
        title="an operator is missing between two values",
        why="Products are written out with a star.",
        wrong="""\
algorithm f(A: symmetric[d, d])
return 2 A
""",
        mended="""\
algorithm f(A: symmetric[d, d])
return 2*A
""",
    ),
    Message(
        code="reserved-word",
        title="a word of the language is used as a name",
        why="The words of the language keep one meaning: docs/language.md lists them.",
        wrong="""\
algorithm f(A: symmetric[d, d])
repeat = A*A
return repeat
""",
        mended="""\
algorithm f(A: symmetric[d, d])
square = A*A
return square
""",
    ),
    Message(
        code="syntax",
        title="something else was expected here",
        why=(
            "The text does not follow the grammar; the message says what could stand in this place."
        ),
        wrong="""\
algorithm f(A: symmetric[d, d])
X = 
return X
""",
        mended="""\
algorithm f(A: symmetric[d, d])
X = A*A
return X
""",
    ),
    Message(
        code="too-large",
        title="a number, an expression or a text is beyond a limit",
        why=(
            "Limits keep the time and memory of the compiler and the checker bounded; they "
            "are far above what algorithms need."
        ),
        wrong="""\
algorithm f(A: symmetric[d, d])
return 1e2000*A
""",
        mended="""\
algorithm f(A: symmetric[d, d])
return 1e20*A
""",
    ),
    Message(
        code="too-many-errors",
        title="there are more errors than are of use",
        why="The first are said, and the rest would be much the same.",
        wrong="""\
algorithm f(A: symmetric[d, d])
X0 = B0
X1 = B1
X2 = B2
X3 = B3
X4 = B4
X5 = B5
X6 = B6
X7 = B7
X8 = B8
X9 = B9
X10 = B10
X11 = B11
X12 = B12
X13 = B13
X14 = B14
X15 = B15
X16 = B16
X17 = B17
X18 = B18
X19 = B19
X20 = B20
X21 = B21
X22 = B22
X23 = B23
X24 = B24
X25 = B25
X26 = B26
X27 = B27
X28 = B28
X29 = B29
X30 = B30
X31 = B31
X32 = B32
X33 = B33
X34 = B34
X35 = B35
X36 = B36
X37 = B37
X38 = B38
X39 = B39
X40 = B40
X41 = B41
X42 = B42
X43 = B43
X44 = B44
X45 = B45
X46 = B46
X47 = B47
X48 = B48
X49 = B49
X50 = B50
X51 = B51
X52 = B52
X53 = B53
X54 = B54
X55 = B55
X56 = B56
X57 = B57
X58 = B58
X59 = B59
return A
""",
        mended="""\
algorithm f(A: symmetric[d, d])
return A*A
""",
    ),
)
