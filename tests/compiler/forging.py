"""Certificates that are made to be about another script, all else left as it is."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import Any

from weightsmith.dsl import Source, check
from weightsmith.dsl.printing.core_form import core_form


def of_script(certificate: dict[str, Any], script: str) -> dict[str, Any]:
    """The certificate with another script's core form and hash."""
    digest = hashlib.sha256(script.encode()).hexdigest()
    return {
        **certificate,
        "program": core_form(check(Source("script.alg", script))),
        "files": {**certificate["files"], "script.alg": digest},
    }


def put_script(directory: Path, old: str, new: str) -> None:
    """Change the script of a saved network, and its certificate with it."""
    script = directory / "script.alg"
    written = script.read_text(encoding="utf-8")
    changed = written.replace(old, new)
    assert changed != written
    script.write_text(changed, encoding="utf-8")
    path = directory / "certificate.json"
    certificate = json.loads(path.read_text(encoding="utf-8"))
    path.write_text(json.dumps(of_script(certificate, changed)), encoding="utf-8")
