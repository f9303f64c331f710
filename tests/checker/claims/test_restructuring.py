"""The claim that network.alg returns what script.alg says: accepted, and refused when corrupted."""

from __future__ import annotations

import copy
import hashlib
import json
from collections.abc import Callable
from fractions import Fraction
from pathlib import Path

import pytest
from claims_by_hand import claims_in, put

from weightsmith import api
from weightsmith.checker.reading.refusal import Budget, RefusedError
from weightsmith.checker.rules.network.rewriting import check_restructuring
from weightsmith.checker.verify import verify_directory
from weightsmith.dsl import Source, check
from weightsmith.dsl.printing.core_form import core_form

SCRIPT = """algorithm descent(x: [d] per token, y: [k] per context)
param eta
w = 0
repeat 2:
    w = w - eta*(w*x - y)*x' over context
return w*x on query
"""
NETWORK = """algorithm descent(x: [d] per token, y: [k] per context)
param eta
R = 0
repeat 1:
    R = y*x'*x over context
return 2*eta*R - eta^2*R*x'*x on query over context
"""
Json = dict[str, object]
LEFT = ["y@context", "x@context'"]


def form(left: list[str], right: list[str], *, turned: bool = False) -> list[Json]:
    return [{"left": left, "right": right, "turned": turned}]


STEPS: list[Json] = [
    {"rule": "operator", "word": ["x@context", "x@context'"], "offset": "0", "slope": "1/eta"},
    {"rule": "forms", "script": "script.alg", "loop": 0, "forms": {"w#0": form(LEFT, [])}},
    {
        "rule": "forms",
        "script": "network.alg",
        "loop": 0,
        "forms": {
            "R#0@context": form(LEFT, ["x@context"]),
            "R#0@query": form(LEFT, ["x@query"]),
        },
    },
    {"rule": "equal"},
]


def run(
    script: str = SCRIPT,
    network: str = NETWORK,
    change: Callable[[list[Json]], object] = lambda steps: None,
    bindings: dict[str, Fraction] | None = None,
) -> None:
    steps = copy.deepcopy(STEPS)
    change(steps)
    numbered: list[object] = [{"step": number, **step} for number, step in enumerate(steps, 1)]
    programs = (check(Source("s", text)) for text in (script, network))
    check_restructuring(*programs, bindings or {}, numbered, Budget())


def test_a_correct_claim_is_accepted() -> None:
    run()
    run(bindings={"eta": Fraction(1, 3)})
    run(change=lambda steps: steps[0].update(offset="1/eta", slope="-1/eta"))


SCHEDULE = SCRIPT.replace("repeat 2", "for g in eta, 2*eta").replace("- eta*", "- g*")
SCHEDULED = NETWORK.replace("2*eta*R - eta^2*R", "3*eta*R - 2*eta^2*R")


def test_the_numbers_of_passes_are_followed() -> None:
    run(SCHEDULE, SCHEDULED)
    run(SCHEDULE, SCHEDULED, bindings={"eta": Fraction(1, 3)})
    run(SCRIPT, NETWORK.replace("repeat 1", "for g in 3, 1").replace("= y", "= g*y"))
    both = SCHEDULED.replace("repeat 1", "for g in 1, 1").replace("= y", "= g*y")
    run(SCHEDULE, both)


def test_two_loops_are_followed() -> None:
    step = "    w = w - {}*eta*(w*x - y)*x' over context\n"
    loops = "".join(f"repeat 1:\n{step.format(number)}" for number in (1, 2))
    script = SCRIPT.replace("repeat 2:\n" + step.format(1).replace("1*", ""), loops)
    assert script.count("repeat") == 2

    def change(steps: list[Json]) -> None:
        steps.insert(2, {**steps[1], "loop": 1, "forms": {"w#1": form(LEFT, [])}})

    run(script, SCHEDULED, change)
    with pytest.raises(RefusedError, match="different values"):
        run(script, NETWORK, change)
    with pytest.raises(RefusedError, match="every loop"):
        run(script, SCHEDULED)


WRONG_SCRIPTS = [
    (SCHEDULE, NETWORK, "different values"),
    (SCHEDULE.replace("eta, 2*eta", "eta, 3*eta"), SCHEDULED, "different values"),
    (SCHEDULE.replace("eta, 2*eta", "eta, eta, 2*eta"), SCHEDULED, "different values"),
    (
        SCHEDULE,
        SCHEDULED.replace("repeat 1", "for eta2 in 1, 2").replace("= y", "= eta2*y"),
        "diff",
    ),
    (
        SCRIPT.replace("param eta", "param eta, g"),
        NETWORK.replace("repeat 1", "for g in 3, 1").replace("= y", "= g*y"),
        "two different symbols",
    ),
    (SCRIPT.replace("repeat 2", "repeat 3"), NETWORK, "different values"),
    (SCRIPT.replace("repeat 2", "repeat 1"), NETWORK, "different values"),
    (SCRIPT.replace("- eta*", "- 2*eta*"), NETWORK, "different values"),
    (SCRIPT, NETWORK.replace("eta^2*R", "eta*R"), "different values"),
    (SCRIPT, NETWORK.replace("2*eta*R", "3*eta*R"), "different values"),
    (SCRIPT, NETWORK.replace("repeat 1", "repeat 0"), "different values"),
    (SCRIPT, NETWORK.replace("R = y*x'*x", "R = 2*y*x'*x"), "different values"),
    (SCRIPT, NETWORK.replace("R = y*x'*x", "R = R + y*x'*x + x"), "shape"),
    (SCRIPT, NETWORK.replace("on query", "on context"), "return different values"),
    (SCRIPT, NETWORK.replace("y: [k] per context", "y: [k] per token"), "different inputs"),
    (
        SCRIPT,
        NETWORK.replace("repeat 1", "for g in 1, 2").replace("y*x'*x over", "g*y*x'*x over"),
        "different values",
    ),
]


@pytest.mark.parametrize(("script", "network", "reason"), WRONG_SCRIPTS)
def test_other_scripts_are_refused(script: str, network: str, reason: str) -> None:
    if reason == "shape":
        with pytest.raises(Exception, match="shape"):
            run(script, network)
        return
    with pytest.raises(RefusedError, match=reason):
        run(script, network)


def forms_of(steps: list[Json], place: int) -> dict[str, list[Json]]:
    forms = steps[place]["forms"]
    assert isinstance(forms, dict)
    return forms


WRONG_STEPS: list[tuple[Callable[[list[Json]], object], str]] = [
    (lambda s: s[0].update(slope="0"), "slope is zero"),
    (lambda s: s[0].update(word=["x@context"]), "not a square product"),
    (lambda s: s[0].update(word=["x@query", "x@query'"]), "no form covers"),
    (lambda s: s[0].update(word=["z"]), "not a letter"),
    (lambda s: s[0].update(rule="forms"), "rule is not operator"),
    (lambda s: s[3].update(rule="equals"), "last step's rule"),
    (lambda s: s.pop(), "last step"),
    (lambda s: s.pop(1), "every loop"),
    (lambda s: s[1].update(loop=1), "loop 1, not 0"),
    (lambda s: s[1].update(script="other.alg"), "no script"),
    (lambda s: s[1].update(forms=[]), "'forms' is not an object"),
    (lambda s: s[1].update(forms=form(LEFT, [])), "'forms' is not an object"),
    (lambda s: forms_of(s, 1).clear(), "has no form"),
    (lambda s: forms_of(s, 1).update({"v#0": form(LEFT, [])}), "not a letter of loop"),
    (lambda s: forms_of(s, 1).update({"w#0": form(LEFT[:1], [])}), "shape"),
    (lambda s: forms_of(s, 1).update({"w#0": form(LEFT, [], turned=True)}), "T' is T"),
    (lambda s: forms_of(s, 1).update({"w#0": 2 * form(LEFT, [])}), "cannot be told apart"),
    (lambda s: forms_of(s, 2).update({"R#0@query": form(LEFT, ["x@context"])}), "shape"),
    (
        lambda s: forms_of(s, 2).update({"R#0@context": form(["y@context"], [])}),
        "allows no function|no form covers",
    ),
]


@pytest.mark.parametrize(("change", "reason"), WRONG_STEPS)
def test_wrong_steps_are_refused(change: Callable[[list[Json]], object], reason: str) -> None:
    with pytest.raises(RefusedError, match=reason):
        run(change=change)


def test_a_value_on_fewer_tokens_is_another_value() -> None:
    """x' + 0*y' has no rows of the query; a segment may assign it, though no script returns it."""
    operator = {"rule": "operator", "word": ["x@context", "x@context'"]}
    within = [{"step": 1, **operator, "offset": "0", "slope": "1"}, {"step": 2, "rule": "equal"}]
    segment = {"step": 1, "rule": "segment", "script": [0, 1], "network": [0, 1], "steps": within}
    few, many = (
        check(
            Source(
                "script.alg",
                "algorithm t(x: [d] per token, y: [d] per context)\n"
                f"R = {value}\nreturn y*R over context\n",
            )
        )
        for value in ("x' + 0*y'", "x'")
    )
    check_restructuring(few, few, {}, [segment], Budget())
    for pair in ((few, many), (many, few)):
        with pytest.raises(RefusedError, match="'R' is defined on different tokens"):
            check_restructuring(*pair, {}, [segment], Budget())


def test_an_operator_that_is_not_symmetric_is_not_taken_as_symmetric() -> None:
    """C·f(A)' is no function of A; with forms of A' it is."""
    script = "algorithm a(A: [d, d])\nX = I\nrepeat 2:\n    X = A*X\nreturn X'\n"
    steps: list[Json] = [
        {"rule": "operator", "word": ["A"], "offset": "0", "slope": "1"},
        {"rule": "forms", "script": "script.alg", "loop": 0, "forms": {"X#0": form([], [])}},
        {"rule": "forms", "script": "network.alg", "loop": 0, "forms": {"X#0": form([], [])}},
        {"rule": "equal"},
    ]
    numbered: list[object] = [{"step": number, **step} for number, step in enumerate(steps, 1)]
    program = check(Source("s", script))
    wrong = check(Source("n", script.replace("return X'", "return 1*X")))
    with pytest.raises(RefusedError, match="different values"):
        check_restructuring(program, wrong, {}, numbered, Budget())
    turned = check(Source("n", script.replace("A*X", "A'*X").replace("return X'", "return 1*X")))
    steps[2]["forms"] = {"X#0": form([], [], turned=True)}
    numbered = [{"step": number, **step} for number, step in enumerate(steps, 1)]
    check_restructuring(program, turned, {}, numbered, Budget())


# -- a saved network ------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def saved() -> dict[str, bytes]:
    script = Path(__file__).parents[3] / "examples" / "gradient_descent.alg"
    settings = {"mu": "1/2", "L": 3, "steps": 30}
    return api.compile(script, settings=settings, fewest="layers").files()


def _core(script: str) -> Json:
    return core_form(check(Source("script.alg", script)))


def verdict(files: dict[str, bytes], place: Path, kind: str) -> tuple[bool, str]:
    """Write the files, the certificate's hashes and programs made right again, and verify."""
    certificate = json.loads(files["certificate.json"])
    for name in certificate["files"]:
        if name in files:
            certificate["files"][name] = hashlib.sha256(files[name]).hexdigest()
    for key, name in (("program", "script.alg"), ("network", "network.alg")):
        spoken_of = name in certificate["files"]
        certificate[key] = _core(files[name].decode()) if spoken_of else None
    place.mkdir()
    for name, content in {**files, "certificate.json": json.dumps(certificate).encode()}.items():
        (place / name).write_bytes(content)
    found = verify_directory(place)
    one = next(v for v in found.verdicts if v.kind == kind)
    assert one.accepted or not found.accepted
    return one.accepted, one.reason


def test_a_saved_network_holds(saved: dict[str, bytes], tmp_path: Path) -> None:
    assert verdict(saved, tmp_path / "net", "restructuring")[0]


@pytest.mark.parametrize(
    ("file", "old", "new", "kind"),
    [
        ("network.alg", b"+ R*M'", b"+ 2*R*M'", "restructuring"),
        ("network.alg", b"+ R*M'", b"+ 2*R*M'", "exactness"),
        ("script.alg", b"(w*x - y)", b"(w*x - 2*y)", "restructuring"),
        ("template.json", b'"count": "1"', b'"count": "2"', "exactness"),
        ("certificate.json", b'"steps": "30"', b'"steps": "31"', "integrity"),
    ],
)
def test_a_changed_file_is_refused(
    file: str, old: bytes, new: bytes, kind: str, saved: dict[str, bytes], tmp_path: Path
) -> None:
    content = saved[file].replace(b'"repeat": "1"', b'"repeat": "2"', 1)
    changed = content if file == "template.json" else saved[file].replace(old, new, 1)
    assert changed != saved[file]
    assert not verdict({**saved, file: changed}, tmp_path / "net", kind)[0]


def test_the_claim_is_owed(saved: dict[str, bytes], tmp_path: Path) -> None:
    certificate = json.loads(saved["certificate.json"])
    kept = [claim for claim in claims_in(certificate) if claim["kind"] != "restructuring"]
    put(certificate, kept)
    files = {**saved, "certificate.json": json.dumps(certificate).encode()}
    accepted, reason = verdict(files, tmp_path / "net", "restructuring")
    assert not accepted
    assert reason == "Nothing says that network.alg is the script."


def test_a_second_script_must_be_spoken_of(saved: dict[str, bytes], tmp_path: Path) -> None:
    certificate = json.loads(saved["certificate.json"])
    del certificate["files"]["network.alg"]
    files = {**saved, "certificate.json": json.dumps(certificate).encode()}
    accepted, reason = verdict(files, tmp_path / "net", "integrity")
    assert not accepted
    assert "network.alg is there" in reason
