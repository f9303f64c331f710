"""Whether a lower bound for polynomials p(E) in place of f(E) holds for a whole target.

A network's result is any polynomial of its degree in the inputs, so the argument must bring it to
p(E).  Let all matrices be numbers, E = c·w + b with w a product of powers of letters.

*One letter.*  The result is a polynomial in it, and nothing more is needed.  (Of any matrix, with
singular values: A → −A leaves the target or its negative, so that the odd part serves as well.)

*Several.*  What keeps w keeps the target: the letters may be scaled against each other without
end, so all terms but those of powers of w must vanish; and if every letter stands in w twice,
A → −A leaves even powers.  Powers w^(1/3) would remain where a letter stands in w three times.

So there is one assumption about these letters, which is kept by all this; beside f(E) stands at
most one of them, which is scaled with the result, and none if E is one letter: A·inv(A) is I.  Sums
may add terms of degree one, which are taken off the result.
"""

from __future__ import annotations

from collections import Counter
from math import gcd

from weightsmith.dsl.program import core
from weightsmith.dsl.program.parts import parts_of


def is_bounded(target: core.Node, function: core.Function, program: core.Program) -> bool:
    """True only if the argument above applies."""
    word = _word(function.of)
    if not word or gcd(*word.values()) > 2:
        return False
    speak = [one for one in program.assumptions if names_of_assumption(one) & word.keys()]
    if len(speak) != 1 or not isinstance(speak[0], core.SpectrumAssumption):
        return False
    return _stands_alone(target, function, word)


def names_of_assumption(assumption: core.Assumption) -> set[str]:
    """The inputs whose values it restricts (a range says where another value lies)."""
    match assumption:
        case core.SpectrumAssumption(of=of):
            return _names(of)
        case core.NormAssumption(of=name) | core.EntryAssumption(of=name):
            return {name}
    return set()


def _word(node: core.Node) -> Counter[str]:
    """How often each letter stands in w of c·w + b·I; nothing if the node is of another kind."""
    match node:
        case core.Name(name=name):
            return Counter([name])
        case core.Transpose(of=of):
            return _word(of)
        case core.Product(factors=factors):
            words = [_word(of) for of in factors if not isinstance(of, core.Identity)]
            return sum(words, Counter()) if all(words) else Counter()
        case core.Combination(terms=terms):
            others = [of for _, of in terms if not isinstance(of, core.Identity)]
            return _word(others[0]) if len(others) == 1 else Counter()
    return Counter()


def _stands_alone(target: core.Node, function: core.Function, word: Counter[str]) -> bool:
    if target is function:
        return True
    if isinstance(target, core.Product) and function in target.factors:
        place = target.factors.index(function)
        beside = (*target.factors[:place], *target.factors[place + 1 :])
        words = [_word(one) for one in beside if _names(one) & word.keys()]
        most = 0 if word.total() == 1 else 1
        return all(words) and sum(one[name] for one in words for name in word) <= most
    if isinstance(target, core.Combination):
        holding = [part for _, part in target.terms if _holds(part, function)]
        rest = [part for _, part in target.terms if not _holds(part, function)]
        small = all(_degree(part) <= 1 for part in rest)
        return small and len(holding) == 1 and _stands_alone(holding[0], function, word)
    return False


def _holds(node: core.Node, function: core.Function) -> bool:
    return node is function or any(_holds(part, function) for part in parts_of(node))


def _names(node: core.Node) -> set[str]:
    if isinstance(node, core.Name):
        return {node.name}
    return set().union(*(_names(part) for part in parts_of(node)))


def _degree(node: core.Node) -> int:
    if isinstance(node, core.Name):
        return 1
    parts = [_degree(part) for part in parts_of(node)]
    return sum(parts) if isinstance(node, core.Product) else max(parts, default=0)
