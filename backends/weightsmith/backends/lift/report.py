"""What was lifted, in lines for people."""

from __future__ import annotations

from collections.abc import Iterator

from weightsmith.backends.lift.coefficients import LIMIT
from weightsmith.backends.lift.lift import Lifted
from weightsmith.backends.lift.verify import ELSEWHERE, Agreement

SHOWN = 12


def report_lines(found: Lifted, dtype: str) -> list[str]:
    """How the blocks were found, what was rounded to what, and how near the weights are."""
    return list(_lines(found, dtype))


def _lines(found: Lifted, dtype: str) -> Iterator[str]:
    yield f"found: {found.way}"
    if found.unreached:
        yield f"  {found.unreached} rows of the stream are left out: nothing reaches them"
    by_text = {one.text: one for one in reversed(found.claims) if one.claimed}
    rounded = [one for text, one in reversed(by_text.items()) if text not in ("1", "-1")]
    for one in rounded[:SHOWN]:
        yield f"rounded: {' and '.join(f'{value:.9g}' for value in one.was)} to {one.text}"
    if len(rounded) > SHOWN:
        yield f"  and {len(rounded) - SHOWN} more"
    odd = [one for one in found.claims if not one.claimed]
    if odd:
        values = ", ".join(f"{one.was[0]:.9g}" for one in odd[:SHOWN])
        more = f" and {len(odd) - SHOWN} more" if len(odd) > SHOWN else ""
        kind = "" if found.noise else f" (no fraction up to /{LIMIT} that {dtype} can tell)"
        yield f"kept as decimals: {values}{more}{kind}"
    for near in found.agreements:
        yield from _trained(found, near) if found.noise else _exact(near, dtype)


def _exact(one: Agreement, dtype: str) -> Iterator[str]:
    yield (
        f"checked: {one.entries} entries of the network's matrices are those of the weights, "
        f"each within rounding of {dtype}; largest difference {one.largest:.3g}"
    )


def _trained(found: Lifted, one: Agreement) -> Iterator[str]:
    yield "trained weights: the nearest network of this kind, no certificate"
    for where, (off, size) in one.distances.items():
        yield f"  {where}: ||W - W0|| = {off:.3g} (||W0|| = {size:.3g})"
        blocks = sorted(one.blocks.get(where, {}).items(), key=lambda block: block[0] == ELSEWHERE)
        for name, (part, own) in blocks:
            yield f"    {name}: {part:.3g}" + (f" ({own:.3g})" if own else "")
    yield f"  largest difference {one.largest:.3g}"
    if found.defects:
        yield f"  beyond the noise: {'; '.join(map(str, found.defects[:3]))}"
