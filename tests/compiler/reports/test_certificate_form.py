"""The form of a certificate: every wrong part is named, and nothing else is raised."""

from __future__ import annotations

import copy
from collections.abc import Iterator

import pytest

from weightsmith import api
from weightsmith.backends.errors import BackendError
from weightsmith.compiler.reports.certificate_form import check_certificate
from weightsmith.dsl.text.diagnostics import DiagnosticError

SCRIPT = """\
algorithm decay(s: [1] per query, t: [1] per query)
assume entries(s) in [0, 1]
assume entries(t) in [0, 1]
within 1/20

return exp.(-s) .* t
"""
WRONG = [None, True, 3, -1, "", "x", [], {}, [None], "9" * 5000, "1/0", {"output": {}}]
Path = tuple[str | int, ...]


@pytest.fixture(scope="module")
def network() -> api.Network:
    return api.compile(SCRIPT)


def places(value: object, at: Path = ()) -> Iterator[Path]:
    yield at
    items = value.items() if isinstance(value, dict) else enumerate(value)  # type: ignore[call-overload]
    if isinstance(value, (dict, list)):
        for key, item in items:
            if isinstance(item, (dict, list)):
                yield from places(item, (*at, key))
            else:
                yield (*at, key)


def replaced(document: object, place: Path, value: object) -> object:
    if not place:
        return value
    changed = copy.deepcopy(document)
    inner = changed
    for key in place[:-1]:
        inner = inner[key]  # type: ignore[index]
    inner[place[-1]] = value  # type: ignore[index]
    return changed


def test_a_certificate_of_the_compiler_has_the_form(network: api.Network) -> None:
    assert check_certificate(network.certificate) is network.certificate


def test_a_damaged_certificate_is_shown_or_refused_with_a_sentence(network: api.Network) -> None:
    """Every place of it replaced by everything; the knots are all alike, so two will do."""
    certificate = copy.deepcopy(network.certificate)
    for table in certificate["tables"]:  # type: ignore[attr-defined]
        table["knots"] = table["knots"][:2]
    answers = [
        answer(network, replaced(certificate, place, value))
        for place in places(certificate)
        for value in WRONG
    ]
    refused = sum(one.startswith("refused: ") for one in answers)
    assert refused > 200
    assert len(answers) - refused > 200


def answer(network: api.Network, document: object) -> str:
    """What ``show`` says with this certificate, or why it is refused; anything else is raised."""
    try:
        network.certificate = check_certificate(document)
        return network.show()
    except (ValueError, BackendError, DiagnosticError) as reason:
        return f"refused: {reason}"


@pytest.mark.parametrize(
    ("place", "value", "reason"),
    [
        ((), [], "the certificate is not an object"),
        (("facts",), {}, "the facts should be a list"),
        (("facts", 0), None, "fact 1 is not an object"),
        (("facts", 0, "fact", "is"), [], "the 'is' of fact 1 is not a text"),
        (("facts", 0, "n"), 2, "fact 1 has another number"),
        (("facts", 0, "from"), [1], "fact 1 follows from something that does not stand before it"),
        (("facts", 0, "from"), 1, "what fact 1 follows from should be a list"),
        (("facts", 0, "with"), [], "the witness of fact 1 is not an object"),
        (("facts", -1, "fact", "of"), {}, "the 'of' of fact"),
        (("facts", -1, "fact", "bound"), {}, "the 'formula' of the bound"),
        (("facts", -1, "fact", "hypotheses"), [3], "hypotheses of fact"),
        (("facts", -1, "fact", "hypotheses"), ["norm(x) <= 1"], "hypotheses of fact"),
        (("facts", -1, "fact", "hypotheses"), [["assumption", True]], "hypotheses of fact"),
        (("tables",), 3, "the tables should be a list"),
        (("tables", 0, "error"), "1/0", "the 'error' of table 1 is not a number"),
        (("bindings",), {"a": 1}, "the bindings of the certificate are not all texts"),
    ],
)
def test_what_is_wrong_is_named(
    network: api.Network, place: Path, value: object, reason: str
) -> None:
    document = replaced(api.compile(SCRIPT).certificate, place, value)
    with pytest.raises(ValueError, match=reason):
        check_certificate(document)


def test_a_certificate_of_very_many_claims_is_refused(network: api.Network) -> None:
    document = replaced(network.certificate, ("facts",), [{"n": 1}] * 80_000)
    with pytest.raises(ValueError, match="80000 facts; it may have 4000"):
        check_certificate(document)
