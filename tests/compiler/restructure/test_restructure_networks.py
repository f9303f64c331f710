"""A proof holds of the network.alg that it was made for, and of no other."""

from __future__ import annotations

import pytest
from tests.compiler.block_examples import AROUND, BILINEAR, FUNCTIONS, NESTED, NEWTON, SADDLE, STEIN

from weightsmith.checker.prove import prove_restructuring
from weightsmith.checker.reading.refusal import RefusedError
from weightsmith.compiler.restructure import attempt
from weightsmith.compiler.restructure.restructure import restructure
from weightsmith.dsl import Source, check

OTHER_NETWORKS = (STEIN, SADDLE, FUNCTIONS, NESTED, NEWTON, AROUND, BILINEAR)
FEW = 60  # places of a long network.alg


def signs(text: str) -> list[int]:
    """The places of signs whose change is one of the values."""
    return [at for at, s in enumerate(text) if s in "+-*" and text[at - 1 : at + 2] != "- 1"]


@pytest.mark.parametrize("script", OTHER_NETWORKS)
def test_other_networks_are_refused(script: str) -> None:
    """Signs of network.alg, changed one by one."""
    refuse_other_networks(script, FEW)


@pytest.mark.slow
@pytest.mark.parametrize("script", [SADDLE, NEWTON, BILINEAR])
def test_any_other_network_is_refused(script: str) -> None:
    refuse_other_networks(script, len(script) * 100)


def refuse_other_networks(script: str, most: int) -> None:
    program = check(Source("<script>", script))
    found = restructure(program, {})
    assert found.claim is not None
    tried, places = 0, signs(found.text)
    for at in places[:: 1 + len(places) // most]:
        symbol = found.text[at]
        changed = found.text[:at] + {"+": "-", "-": "+", "*": "+"}[symbol] + found.text[at + 1 :]
        try:
            network = check(Source("network.alg", changed))
        except Exception:  # another text need not be a script
            continue
        tried += 1
        with pytest.raises(RefusedError):
            prove_restructuring(program, network, {}, found.claim)
    assert tried > 5


def test_nothing_is_compiled_twice(monkeypatch: pytest.MonkeyPatch) -> None:
    """Several ways write the same text, of the whole script and of its loop."""
    script = "algorithm half(C: [d, e])\nX = C\nfor g in 1/2:\n    X = 1/2*X\nreturn X\n"
    compiled = []
    compiling = attempt.compile_program

    def counting(*parts: object, **choices: object) -> object:
        if not choices.get("search", True):
            compiled.append(parts[0])
        return compiling(*parts, **choices)

    monkeypatch.setattr(attempt, "compile_program", counting)
    found = restructure(check(Source("<script>", script)), {})
    assert not found.changed
    assert len(compiled) > 2
    assert all(compiled.count(one) == 1 for one in compiled)
