"""What a format is: a suffix, what it needs installed, which options it takes, and how to write."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from importlib.util import find_spec
from pathlib import Path

from weightsmith.backends.errors import ExportError
from weightsmith.backends.export.base.subject import Subject


@dataclass(frozen=True, slots=True)
class Options:
    """``numpy``: for NumPy in place of PyTorch.  ``dims``: the sizes of full matrices.

    ``counts``: how often loops run becomes an input.
    """

    numpy: bool = False
    dims: Mapping[str, int] = field(default_factory=dict)
    counts: bool = False

    @property
    def given(self) -> frozenset[str]:
        chosen = {"numpy": self.numpy, "dims": bool(self.dims), "counts": self.counts}
        return frozenset(name for name, is_given in chosen.items() if is_given)


Write = Callable[[Subject, Options], bytes]
WriteFolder = Callable[[Subject, Options], Mapping[str, bytes]]


@dataclass(frozen=True, slots=True)
class Format:
    """One format.  ``needs``: modules, which ``pip install 'weightsmith[extra]'`` brings.

    ``write`` gives the bytes of a file; a format that is a folder has ``write_folder``.  A
    ``symbolic`` one needs no values of symbols.
    """

    name: str
    suffix: str
    what: str
    write: Write | None = None
    write_folder: WriteFolder | None = None
    needs: tuple[str, ...] = ()
    extra: str = ""
    options: frozenset[str] = frozenset()
    symbolic: bool = False

    def check(self, options: Options) -> None:
        """Raise ExportError on an option that the format lacks, or a package that is missing."""
        for name in sorted(options.given - self.options):
            raise ExportError(f"{FLAGS[name]} does not go with {self.suffix}, {self.what}.")
        for module in self.needs:
            if find_spec(module) is None:
                raise ExportError(
                    f"writing {self.suffix} needs {module.replace('_', '-')}, which is not "
                    f"installed; install it with\n\n    pip install 'weightsmith[{self.extra}]'\n"
                )


FLAGS = {"numpy": "--numpy", "dims": "--dim", "counts": "--counts"}


def reason_of(error: OSError, path: Path) -> ExportError:
    """What the file system refused, as a sentence."""
    return ExportError(f"cannot write '{path}': {error.strerror or error}.")
