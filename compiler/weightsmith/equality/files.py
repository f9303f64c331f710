"""The files of a network that was not compiled, and is equal to a script."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction
from functools import cached_property
from typing import TYPE_CHECKING

from weightsmith.backends.storage.files import CERTIFICATE, MODEL, SCRIPT, TEMPLATE
from weightsmith.backends.template.template_json import canonical_json, template_to_json
from weightsmith.backends.template.unroll import unroll
from weightsmith.checker.reading.refusal import SHARE, Budget
from weightsmith.compiler.certify.certificate import certificate_of_equality
from weightsmith.compiler.certify.stated import Details, Stated
from weightsmith.compiler.ir.template import Template
from weightsmith.dsl.program import core
from weightsmith.network_files import Opened, weights_of

if TYPE_CHECKING:
    from weightsmith.checker.facts.table_proof import TableProof


@dataclass(frozen=True)
class EqualityFiles:
    """What the files are made of where a network was not compiled, and is equal to a script.

    ``exactness`` is the fact that says so; ``script`` the text of the program.
    """

    program: core.Program
    script: bytes
    template: Template
    exactness: Stated
    dtype: str
    dims: Mapping[str, int] | None
    proofs: tuple[TableProof, ...] = ()

    def files(self, opened: Opened | None = None) -> tuple[dict[str, bytes], Details]:
        """As of ``NetworkFiles``."""
        with Budget(SHARE).active():
            document, details = certificate_of_equality(
                self.program,
                self.exactness,
                {name: Fraction(text) for name, text in self.template.bindings},
                {**self._named, MODEL: self._named.get(MODEL)},
                layers=len(unroll(self.template)) if MODEL in self._named else None,
                dtype=self.dtype,
                refused=opened or {},
            )
        written = canonical_json(document).encode()  # type: ignore[arg-type]
        return {**self._named, CERTIFICATE: written}, details

    @cached_property
    def _named(self) -> dict[str, bytes]:
        files = {SCRIPT: self.script, TEMPLATE: template_to_json(self.template).encode()}
        return {**files, **weights_of(self.template, self.dtype, self.dims)}
