"""What a function of one number knows of itself."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum
from typing import TYPE_CHECKING, Any, NamedTuple, TypeAlias

import flint

from weightsmith.dsl.elementary.enclosure import Enclosure

if TYPE_CHECKING:
    from numpy.typing import NDArray

Array: TypeAlias = "NDArray[Any]"
Ball = flint.arb
ComplexBall = flint.acb
Derivatives = tuple[Ball, Ball, Ball]
Enclosures = tuple[Enclosure, Enclosure, Enclosure]


class Numbers(Enum):
    """A set of real numbers."""

    ALL = "all"
    NONNEGATIVE = "at least 0"
    POSITIVE = "above 0"


class Jet(NamedTuple):
    """f, f′ and f″ over a ball; of a constant, only the value."""

    value: Ball
    first: Ball
    second: Ball
    constant: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Elementary:
    """A function f of one real number.

    The checker trusts ``derivatives``, ``analytic``, ``domain``, ``image`` and ``along``.

    floats: the values at an array of floats, by NumPy; inf or nan where there are none.
    value: f over a ball, tight if that is nearly a point; f at ±inf too if it grows.
    derivatives: f, f′ and f″ over any ball; not finite where they do not exist, but f″ where f′ has
        a breakpoint: there it holds what f″ is on both sides.
    enclosed: the same over an interval in the domain; f′ and f″ at its inner points only.
    analytic: f at complex balls, as an analytic function; nan where it is none.
    domain: where f is real and finite.
    image: a set that holds all its values.
    grows: is f increasing on its domain?
    along: the jet of f(u) from that of u, in place of the chain rule, where f has a breakpoint.
    """

    floats: Callable[[Array], Array]
    value: Callable[[Ball], Ball]
    derivatives: Callable[[Ball], Derivatives]
    enclosed: Callable[[Enclosure], Enclosures]
    analytic: Callable[[ComplexBall], ComplexBall]
    domain: Numbers = Numbers.ALL
    image: Numbers = Numbers.ALL
    grows: bool = False
    along: Callable[[Jet], Jet] | None = None


def by_numpy(name: str) -> Callable[[Array], Array]:
    """Return NumPy's function of this name, which is loaded when it is called."""

    def values(t: Array) -> Array:
        import numpy as np

        found: Array = getattr(np, name)(t)
        return found

    return values


def nowhere() -> ComplexBall:
    """Return what stands for no complex number."""
    return ComplexBall(Ball.nan())
