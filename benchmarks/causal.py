"""How fast a linear head with a mask runs, beside the same by hand in PyTorch.

    python benchmarks/causal.py [--small]

    out_t = Σ_{s ≤ t} v_s · (k_s · q_t), float64, of d rows each

By hand: chunks of tokens and a running sum of v·kᵀ, one chunk after the other, the fastest of three
sizes of chunks.  Prints the seconds of each, their ratio, the seconds for a token, and through all
scores where these fit.  The others of a row are measured in turns; each is the least of its runs.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable
from functools import partial

import torch
from torch import Tensor

from weightsmith.backends import structured_weights
from weightsmith.backends.torch.plans.calling import Caller
from weightsmith.backends.torch.plans.engine import Engine
from weightsmith.cli.outputs.table import print_table
from weightsmith.compiler.ir.template import (
    Block,
    Head,
    Layer,
    Output,
    Scores,
    Source,
    Template,
)

WIDTHS = (16, 64)
CHUNKS = (64, 128, 256)
MOST_SCORES = 10_000  # tokens
ROUNDS = 15
NAMES = ("v", "k", "q")


def network() -> Template:
    """One head that adds v · scores to a block that starts at zero."""
    tokens = ("context",)
    head = Head(
        keys=((("k", "1"),),),
        queries=((("q", "1"),),),
        values=((("v", "1"),),),
        outputs=(("out", 0, "1"),),
        key_groups=tokens,
        query_groups=tokens,
        scores=Scores(mask="upto"),
    )
    return Template(
        algorithm="causal",
        groups=tokens,
        sources=tuple(Source(name, "input", name, "d", tokens) for name in NAMES),
        blocks=tuple(Block(name, "d") for name in (*NAMES, "out")),
        read_in=tuple((name, ((name, "1"),)) for name in NAMES),
        body=(Layer((head,), None),),
        read_out=(Output("out", (("out", "1"),), "d", tokens, False),),
        bindings=(),
    )


def by_hand(values: Tensor, keys: Tensor, queries: Tensor, chunk: int) -> Tensor:
    """rows × tokens of each, as ``torch`` code is usually written for it."""
    out = torch.empty_like(values)
    memory = values.new_zeros(values.shape[0], keys.shape[0])
    for start in range(0, keys.shape[1], chunk):
        v, k, q = (side[:, start : start + chunk] for side in (values, keys, queries))
        out[:, start : start + chunk] = torch.addmm(memory @ q, v, (k.mT @ q).triu())
        memory = torch.addmm(memory, v, k.mT)
    return out


def through_scores(values: Tensor, keys: Tensor, queries: Tensor) -> Tensor:
    return values @ (keys.mT @ queries).triu()


def least(functions: dict[str, Callable[[], object]], rounds: int) -> dict[str, float]:
    """The least seconds of each, all measured in turns."""
    found = dict.fromkeys(functions, float("inf"))
    for number in range(rounds + 1):  # the first makes the plan
        for name, function in functions.items():
            start = time.perf_counter()
            function()
            if number:
                found[name] = min(found[name], time.perf_counter() - start)
    return found


def row(width: int, tokens: int, rounds: int) -> list[str]:
    random = torch.Generator().manual_seed(tokens)

    def side() -> Tensor:
        return torch.randn(width, tokens, generator=random, dtype=torch.float64)

    sides = side(), side(), side()
    template = network()
    caller = Caller(template, Engine(template, structured_weights(template)), NAMES)

    def plan() -> object:
        return caller((), {n: {"context": one} for n, one in zip(NAMES, sides, strict=True)})

    functions: dict[str, Callable[[], object]] = {"plan": plan}
    for chunk in CHUNKS:
        functions[f"hand {chunk}"] = partial(by_hand, *sides, chunk)
    with torch.inference_mode():
        found = least(functions, rounds)
        if tokens <= MOST_SCORES:  # alone, for they leave nothing in the cache
            found |= least({"scores": lambda: through_scores(*sides)}, min(rounds, 2))
        torch.testing.assert_close(plan(), by_hand(*sides, CHUNKS[0]), rtol=1e-9, atol=1e-9)
    hand = min(seconds for name, seconds in found.items() if name.startswith("hand"))
    scores = f"{found['scores']:.5f}" if "scores" in found else "—"
    ratio, each = found["plan"] / hand, found["plan"] / tokens * 1e6
    seconds = (f"{found['plan']:.5f}", f"{hand:.5f}", f"{ratio:.2f}")
    return [str(width), str(tokens), *seconds, f"{each:.2f} µs", scores]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--small", action="store_true", help="few tokens, once")
    small = parser.parse_args().small
    counts, rounds = ((300, 1000), 2) if small else ((1_000, 10_000, 100_000), ROUNDS)
    print(f"{torch.get_num_threads()} threads")
    heads = ["d", "N", "plan, s", "by hand, s", "ratio", "plan, a token", "all scores, s"]
    print_table(heads, [row(width, tokens, rounds) for width in WIDTHS for tokens in counts])


if __name__ == "__main__":
    main()
