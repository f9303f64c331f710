"""The files of a compiled directory, each read once, and compared with their hashes."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, TypeVar, cast

from weightsmith.checker.facts.certificate import NETWORK, SCRIPT, Certificate
from weightsmith.checker.reading.compiled_files import Files
from weightsmith.checker.reading.core_form import read_core
from weightsmith.checker.reading.directory import Content
from weightsmith.checker.reading.read_template import read_template
from weightsmith.checker.reading.refusal import RefusedError, require
from weightsmith.checker.reading.strict_json import read_json
from weightsmith.checker.reading.template import Template
from weightsmith.checker.reading.well_formed import check_program
from weightsmith.dsl.program import core
from weightsmith.dsl.program.parts import applies_functions

if TYPE_CHECKING:
    from weightsmith.checker.facts.table_proof import TableProof
    from weightsmith.checker.semantics.tables import Table

PIECE = 1 << 22  # bytes that are hashed at once
LARGE = 64 << 20  # bytes of weights that are not hashed before their numbers are compared
TEMPLATE, WEIGHTS = "template.json", "model.safetensors"
Read = TypeVar("Read")


class ReadFiles:
    """Files by what is in them; an unreadable one refuses every claim that needs it."""

    def __init__(
        self, files: Files, certificate: Certificate, known_tables: Sequence[TableProof] = ()
    ) -> None:
        """``known_tables``: tables that the checker has just proven."""
        self._files = files
        self.known_tables = known_tables
        self._certificate = certificate
        self._read: dict[str, object] = {}  # what was read, or why it could not be

    def _once(self, what: str, read: Callable[[], Read]) -> Read:
        """Read something once; what cannot be read is not tried again."""
        if what not in self._read:
            try:
                self._read[what] = read()
            except Exception as error:
                self._read[what] = error
        found = self._read[what]
        if isinstance(found, Exception):
            raise found.with_traceback(None)
        return cast("Read", found)

    def text(self, name: str) -> bytes:
        return self._once(name, lambda: self._files.text(name))

    def weights(self) -> Content:
        """The weights, read where they are looked at: they may be large."""
        return self._once(WEIGHTS, lambda: self._files.weights(WEIGHTS))

    def program(self, name: str = SCRIPT) -> core.Program:
        """What the certificate says that the script is."""
        return self._once(f"program of {name}", lambda: self._core(name))

    def _core(self, name: str) -> core.Program:
        program = read_core(self._certificate.programs[name], f"The program of {name}")
        check_program(program)
        return program

    def check_scripts(self) -> str:
        """The front end of the language reads the scripts as the certificate says."""
        from weightsmith.checker.reading.round_trip import (
            check_script,  # the front end is loaded here
        )

        names = [name for name, form in self._certificate.programs.items() if form is not None]
        for name in names:
            check_script(name, self.text(name), self._certificate.programs[name])
        return f"Read anew by the front end of the language: {' and '.join(names)}."

    @property
    def restructured(self) -> bool:
        """Is the network that of network.alg, and not of the user's script?"""
        return self._certificate.hashes[NETWORK] is not None

    def compiled_program(self) -> core.Program:
        """The program of which the network is."""
        return self.program(NETWORK if self.restructured else SCRIPT)

    def template(self) -> Template:
        return self._once(
            "template", lambda: read_template(read_json(self.text(TEMPLATE), "The template"))
        )

    def tables(self) -> Mapping[str, Table]:
        return self._once("tables", self._listed_tables)

    def _listed_tables(self) -> Mapping[str, Table]:
        program, template = self.compiled_program(), self.template()
        if not self._certificate.tables and not applies_functions(program):
            return {}
        from weightsmith.checker.semantics.tables import read_tables  # loaded where there are any

        return read_tables(self._certificate.tables, program, template.bindings)

    @property
    def has_weights(self) -> bool:
        """Does the certificate state the hash of weights?"""
        return self._certificate.hashes[WEIGHTS] is not None

    def check_hashes(self, check_weights: Callable[[], object]) -> str:
        """``check_weights`` is called for weights that are large, before they are hashed."""
        for name, claimed in self._certificate.hashes.items():
            if claimed is None:
                absent = not self._files.has(name)
                require(absent, f"{name} is there, but the certificate knows of no such file.")
                continue
            content = self.weights() if name == WEIGHTS else self.text(name)
            if len(content) > LARGE:
                check_weights()
            same = _hash(content) == claimed
            require(same, f"{name} is not the file that the certificate is about.")
        return f"The hashes agree{self._bindings_agree()}."

    def _bindings_agree(self) -> str:
        try:
            template = self.template()
        except RefusedError:
            return ""  # exactness says what is wrong with it
        spoken_of = {name: str(value) for name, value in template.bindings.items()}
        same = spoken_of == dict(self._certificate.bindings)
        require(same, "The template's bindings are not those that the certificate states.")
        return ", and the bindings"


def _hash(content: Content) -> str:
    """The SHA-256, piece by piece."""
    found = hashlib.sha256()
    for begin in range(0, len(content), PIECE):
        found.update(content[begin : begin + PIECE])
    return found.hexdigest()
