"""What a certificate owes: which of its claims count as a distance from the target."""

from __future__ import annotations

from weightsmith.checker.facts.certificate import Certificate, Claim
from weightsmith.checker.facts.owed import proven_targets


def test_only_a_truncation_that_is_proven_bounds_the_distance_from_a_target() -> None:
    claims: list[dict[str, object]] = [
        {"kind": "truncation", "output": "near", "steps": []},
        {"kind": "truncation", "output": "open", "unproven": "no-rule"},
        {"kind": "propagation", "output": "moved", "steps": []},
        {"kind": "approximation", "site": "1", "steps": []},
        {"kind": "exactness", "steps": []},
    ]
    numbered = (Claim(at, str(one["kind"]), one) for at, one in enumerate(claims, 1))
    certificate = Certificate({}, {}, {}, (), tuple(numbered))
    assert proven_targets(certificate) == {"near"}
