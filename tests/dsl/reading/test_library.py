"""Scripts that use one another, and the one text they can be put into."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from weightsmith.dsl import (
    Checked,
    DiagnosticError,
    Source,
    bundle,
    check,
    diagnose,
    load_source,
    program_text,
)

Look = Callable[..., Checked]
SQUARE = "# Squares.\nalgorithm square(A: [d, d])\nreturn A*A\n"
MAIN = 'use square from "square.alg"\nalgorithm f(A: [d, d])\nX = square(A)\nreturn X\n'


def test_a_path_is_relative_to_the_script_that_uses_it(tmp_path: Path) -> None:
    (tmp_path / "lib" / "deep").mkdir(parents=True)
    (tmp_path / "lib" / "deep" / "square.alg").write_text(SQUARE)
    middle = 'use square from "deep/square.alg"\nalgorithm fourth(A: [d, d])\nX = square(A)\n'
    (tmp_path / "lib" / "fourth.alg").write_text(middle + "return X*X\n")
    main = 'use fourth from "lib/fourth.alg"\nalgorithm f(A: [d, d])\nreturn fourth(A)\n'
    (tmp_path / "main.alg").write_text(main)
    source = load_source(tmp_path / "main.alg")
    program = check(source)
    assert "fourth.square.A" not in program_text(program)
    assert "fourth.X*fourth.X" in program_text(program)
    bundled = bundle(source)
    assert bundled.index("algorithm square") < bundled.index("algorithm fourth")
    assert bundled.index("algorithm fourth") < bundled.index("algorithm f(")
    assert program_text(check(Source("b.alg", bundled))) == program_text(program)


def test_a_bundle_keeps_comments_and_drops_the_uses() -> None:
    text = bundle(Source("m.alg", "# Main.\n" + MAIN), read=lambda path: Source(path, SQUARE))
    assert text == SQUARE + "\n# Main.\n" + MAIN.partition("\n")[2]


def test_what_a_script_uses_is_read_every_time(tmp_path: Path) -> None:
    """A script that uses nothing is checked once; a file may change."""
    source = Source(str(tmp_path / "main.alg"), MAIN)
    (tmp_path / "square.alg").write_text(SQUARE)
    before = program_text(check(source))
    (tmp_path / "square.alg").write_text(SQUARE.replace("A*A", "A*A*A"))
    assert program_text(check(source)) != before
    (tmp_path / "square.alg").unlink()
    assert diagnose(source).program is None
    assert check(Source("s.alg", SQUARE)) is check(Source("s.alg", SQUARE))
    assert check(Source("s.alg", SQUARE)) is not check(Source("t.alg", SQUARE))


def test_a_script_that_uses_nothing_is_its_own_bundle() -> None:
    assert bundle(Source("s.alg", SQUARE + "# end")) == SQUARE + "# end"


def test_a_script_with_errors_has_no_bundle() -> None:
    with pytest.raises(DiagnosticError, match="unknown name 'Q'"):
        bundle(Source("s.alg", "algorithm f(A: [d, d])\nreturn Q*A"))


def test_the_main_algorithm_is_the_last_or_the_named_one(look: Look) -> None:
    text = SQUARE + "algorithm g(A: [d, d])\nreturn square(A)*A\n"
    assert check(Source("s.alg", text)).name == "g"
    assert check(Source("s.alg", text), main="square").name == "square"
    with pytest.raises(DiagnosticError, match="no algorithm 'sqare'") as found:
        check(Source("s.alg", text), main="sqare")
    assert found.value.diagnostics[0].hint == "did you mean 'square'?"


def test_a_file_that_is_not_there(tmp_path: Path) -> None:
    checked = diagnose(Source(str(tmp_path / "main.alg"), MAIN))
    (found,) = checked.diagnostics
    assert (found.line, found.column, found.underlined) == (1, 17, '"square.alg"')
    assert found.message == 'cannot read "square.alg"'
    assert "No such file" in found.notes[0]


def test_an_algorithm_that_the_file_does_not_have(look: Look) -> None:
    (found,) = look(MAIN, square=SQUARE.replace("square", "squares")).diagnostics
    assert found.underlined == "square"
    assert found.message == "\"square.alg\" has no algorithm 'square'"
    assert found.hint == "did you mean 'squares'?"


def test_mistakes_in_a_used_file_are_shown_there(look: Look) -> None:
    (found,) = look(MAIN, square=SQUARE + "algorithm g(A: [d, d])\nreturn A*B\n").diagnostics
    assert found.span.source.name == "square.alg"
    assert (found.line, found.underlined) == (5, "B")
    found = look(MAIN, square="algorithm square(A: [d, d])\nreturn (A").diagnostics[0]
    assert found.render().startswith("square.alg:2:8: error[bracket]: this '(' is never closed")


def test_scripts_that_use_each_other_in_a_circle(look: Look) -> None:
    one = 'use f from "two.alg"\n' + SQUARE
    two = 'use square from "square.alg"\nalgorithm f(A: [d, d])\nreturn A\n'
    checked = look(MAIN, square=one, two=two)
    messages = [diagnostic.message for diagnostic in checked.diagnostics]
    assert messages[0] == '"square.alg" uses this script in turn'
    (found,) = look('use f from "./script.alg"\n' + SQUARE).diagnostics
    assert found.message == '"./script.alg" uses this script in turn'


def test_a_name_twice(look: Look) -> None:
    messages = [
        one.message
        for one in look('use square from "square.alg"\n' + SQUARE, square=SQUARE).diagnostics
    ]
    assert "there is already an algorithm 'square'" in messages
    twice = 'use square from "square.alg"\n' + MAIN
    assert look(twice, square=SQUARE).diagnostics[0].message == messages[0]


def test_two_files_with_algorithms_of_one_name_cannot_be_bundled_and_are_refused(
    look: Look,
) -> None:
    other = "algorithm square(A: [d, d])\nreturn A\nalgorithm cube(A: [d, d])\nreturn A*A*A\n"
    text = 'use cube from "cube.alg"\n' + MAIN
    messages = [one.message for one in look(text, square=SQUARE, cube=other).diagnostics]
    assert messages == ["'square' is also an algorithm of cube.alg"]


def test_a_use_of_a_file_that_is_used_already_is_read_once() -> None:
    reads: list[str] = []

    def read(path: str) -> Source:
        reads.append(path)
        middle = 'use square from "square.alg"\nalgorithm g(A: [d, d])\nreturn square(A)\n'
        return Source(path, SQUARE if path == "square.alg" else middle)

    text = 'use square from "square.alg"\nuse g from "g.alg"\nalgorithm f(A: [d, d])\n'
    check(Source("m.alg", text + "return g(A) + square(A)\n"), read=read)
    assert reads == ["square.alg", "g.alg"]


def test_an_endless_row_of_files_is_an_answer() -> None:
    def read(path: str) -> Source:
        number = int(path.removesuffix(".alg")) + 1
        text = f'use f{number} from "{number}.alg"\nalgorithm f{number - 1}(A: [d, d])\nreturn A\n'
        return Source(path, text)

    text = 'use f0 from "0.alg"\nalgorithm f(A: [d, d])\nreturn A\n'
    checked = diagnose(Source("m.alg", text), read=read)
    assert checked.program is None
    assert "more than 100 scripts" in checked.diagnostics[0].message
