"""The rule ``softmax_pairs``: the network is the script's, two softmax heads for each linear one.

Hypotheses: those of the rule ``simulation``.

Witness: ``loops``, as of the rule ``simulation``; ``omega``, a number above 0; ``pairs``, the
places of the pairs: the layer, counted in the order of the template from 0, loops not written out,
and the first head of the pair.

    {"fact": {"is": "pairs", "of": "script.alg", "omega": "1/100"}, "by": "softmax_pairs",
     "with": {"loops": [], "omega": "1/100", "pairs": [[0, 0]]}}

Follows: with a linear head P·S'·Q in place of each pair of softmax heads with the keys ±omega·S and
the outputs ±c·N/(2·omega), the network computes what the script says.  Nothing follows of what the
network itself computes: that is near the network of *centred* heads P·(I − 1·1'/N)·S'·Q, how near
the rule ``centred`` says; and the centred network is the script's where the values or the keys of
each such head sum to zero over its N tokens.

Proof: the linear heads are read off the pairs (``linear_heads.py``), and the rule ``simulation`` is
asked of the network with them.
"""

from __future__ import annotations

from weightsmith.checker.facts.certificate import NETWORK, SCRIPT
from weightsmith.checker.facts.fact import Fact
from weightsmith.checker.facts.read_files import ReadFiles
from weightsmith.checker.facts.rule import Facts, FileRule, Witness
from weightsmith.checker.pairs.linear_heads import Place, read_pairs
from weightsmith.checker.reading.refusal import Budget, quoted, require
from weightsmith.checker.reading.strict_json import as_integer, as_list, as_number
from weightsmith.checker.rules.network.simulation import check_exactness, check_given


def derive_pairs(read: ReadFiles, of: object, premises: Facts, witness: Witness) -> Fact:
    name = NETWORK if read.restructured else SCRIPT
    require(of == name, f"The network is of {name}, not of {quoted(of)}.")
    program, template, tables = read.compiled_program(), read.template(), read.tables()
    omega = as_number(witness["omega"], "omega")
    places = tuple(_place(one) for one in as_list(witness["pairs"], "The pairs"))
    pairs = read_pairs(program, template, omega, places)
    check_given(program, pairs.linear)
    loops = as_list(witness["loops"], "The loops")
    way = check_exactness(program, pairs.linear, loops, Budget(), tables)

    def sentence() -> str:
        many = f"{pairs.count} linear head{'s' * (pairs.count != 1)}"
        return (
            f"The network of template.json has two softmax heads at omega = ±{omega} for each of "
            f"{many} of a network that computes what {name} says, for every size and every input."
        )

    reason = "The linear heads are read off the pairs; proven of them layer by layer."
    parts: dict[str, object] = {"omega": str(omega)}
    return Fact("pairs", name, parts, known=pairs, way=way, sentence=sentence, reason=reason)


def _place(value: object) -> Place:
    numbers = as_list(value, "The place of a pair")
    require(len(numbers) == 2, "The place of a pair is [layer, head].")
    layer, head = (as_integer(one, "The place of a pair") for one in numbers)
    return layer, head


RULE = FileRule("softmax_pairs", "pairs", derive_pairs, keys=("loops", "omega", "pairs"))
