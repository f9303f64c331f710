"""Files that ``weightsmith run`` cannot use: which file, which line, what was expected."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from click.testing import Result

from weightsmith.cli.inputs.arrays import read_inputs

Call = Callable[..., Result]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Good and bad input files by name."""
    np.save(tmp_path / "good.npy", np.eye(2))
    np.save(tmp_path / "wide.npy", np.ones((2, 3)))
    np.save(tmp_path / "line.npy", np.ones(3))
    np.save(tmp_path / "nan.npy", np.array([[1, np.nan], [0, 1]]))
    np.save(tmp_path / "complex.npy", np.eye(2) * 1j)
    np.save(tmp_path / "words.npy", np.array([["a", "b"], ["c", "d"]]))
    np.save(tmp_path / "objects.npy", np.array([[{}, {}]]), allow_pickle=True)
    np.savez(tmp_path / "two.npz", B=np.eye(2), C=np.eye(2))
    (tmp_path / "broken.npy").write_bytes(b"\x93NUMPY")
    (tmp_path / "broken.npz").write_bytes(b"PK")
    (tmp_path / "ragged.csv").write_text("1,2\n3\n")
    (tmp_path / "words.csv").write_text("1,2\n3,four\n")
    (tmp_path / "empty.csv").write_text("")
    (tmp_path / "binary.csv").write_bytes(b"\xff\xfe\x00")
    (tmp_path / "notes.txt").write_text("1")
    return tmp_path


@pytest.mark.parametrize(
    ("source", "words"),
    [
        ("A={}/missing.npy", ("missing.npy", "No such file")),
        ("A={}/notes.txt", (".npy, .npz or .csv", "notes.txt")),
        ("{}/good.npy", ("--input NAME=",)),
        ("B={}/good.npy", ("'B'", "'A'")),
        ("A.context={}/good.npy", ("'A'",)),
        ("A={}/wide.npy", ("'d'", "2", "3")),
        ("A={}/line.npy", ("'A'", "shape (3,)")),
        ("A={}/nan.npy", ("'A'", "NaN")),
        ("A={}/complex.npy", ("'A'", "complex")),
        ("A={}/words.npy", ("'A'", "numbers")),
        ("A={}/objects.npy", ("objects.npy",)),
        ("A={}/two.npz", ("no array 'A'", "B, C")),
        ("{}/two.npz", ("'B'",)),
        ("A={}/broken.npy", ("broken.npy",)),
        ("A={}/broken.npz", ("broken.npz",)),
        ("A={}/ragged.csv", ("ragged.csv", "line 2", "expected 2 numbers, got 1")),
        ("A={}/words.csv", ("words.csv", "line 2", "3,four")),
        ("A={}/empty.csv", ("empty.csv", "no numbers")),
        ("A={}/binary.csv", ("binary.csv",)),
        ("A={}", ("--input",)),
    ],
)
def test_an_input_that_does_not_fit(
    call: Call, network: Path, folder: Path, source: str, words: tuple[str, ...]
) -> None:
    result = call("run", network, "--input", source.format(folder))
    assert result.exit_code in (2, 4)
    for word in words:
        assert word in result.stderr


def test_no_input_and_an_input_twice(call: Call, network: Path, folder: Path) -> None:
    none = call("run", network)
    assert none.exit_code == 4
    assert "'A' is missing" in none.stderr
    twice = call("run", network, *2 * ("--input", f"A={folder}/good.npy"))
    assert twice.exit_code == 2
    assert "'A' is given twice" in twice.stderr


@pytest.mark.parametrize(
    ("output", "word"),
    [("out.txt", ".npz, .npy or .csv"), ("no/such/out.npy", "does not exist"), ("", "npz")],
)
def test_an_output_that_cannot_be_written(
    call: Call, network: Path, folder: Path, output: str, word: str
) -> None:
    given = ("--input", f"A={folder}/good.npy")
    result = call("run", network, *given, "-o", folder / output)
    assert result.exit_code == 2
    assert word in result.stderr
    assert result.stdout == ""


def test_two_values_need_an_archive(call: Call, examples: Path, folder: Path) -> None:
    script, place = examples / "square_root.alg", folder / "net"
    call("compile", script, "-o", place, "--set", "mu=1/2", "--set", "L=2")
    given = ("--input", f"A={folder}/good.npy")
    refused = call("run", place, *given, "-o", folder / "both.csv")
    assert refused.exit_code == 2
    assert "Y, Z" in refused.stderr
    assert call("run", place, *given, "-o", folder / "both.npz").exit_code == 0
    with np.load(folder / "both.npz") as archive:
        assert archive.files == ["Y", "Z"]


def test_groups_that_are_missing(call: Call, regression: Path, folder: Path) -> None:
    result = call("run", regression, "--input", f"x.context={folder}/good.npy")
    assert result.exit_code == 4
    assert "'y' is missing" in result.stderr
    both = ("--input", f"x={folder}/good.npy", "--input", f"x.query={folder}/good.npy")
    result = call("run", regression, *both)
    assert result.exit_code == 2
    assert "as a whole" in result.stderr


@pytest.mark.parametrize(
    "text", ["1,nan\n1,2\n", "1;2\n3;4\n", "1 2\n3 4\n", "nan\n1\n", "x,\n1,2\n"]
)
def test_a_first_line_of_damaged_numbers_is_no_heading(text: str, tmp_path: Path) -> None:
    """No row of data is lost in silence."""
    from weightsmith.cli.inputs.arrays import _read_csv
    from weightsmith.cli.inputs.mistakes import Mistake

    path = tmp_path / "a.csv"
    path.write_text(text)
    with pytest.raises(Mistake, match="line 1"):
        _read_csv(path)


def test_a_line_of_labels_is_one_row(tmp_path: Path) -> None:
    np.save(tmp_path / "y.npy", np.arange(4.0))
    for rows in (False, True):
        found = read_inputs([f"y.context={tmp_path}/y.npy"], frozenset("y"), rows=rows)
        assert found["y"]["context"].tolist() == [[0, 1, 2, 3]]  # type: ignore[call-overload]
    assert read_inputs([f"A={tmp_path}/y.npy"], frozenset())["A"].shape == (4,)  # type: ignore[union-attr]
