"""What a certificate owes: a fact for everything, and what the script promises."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from functools import partial
from typing import TYPE_CHECKING

from weightsmith.checker.facts.certificate import NETWORK
from weightsmith.checker.facts.read_files import WEIGHTS, ReadFiles
from weightsmith.checker.reading.refusal import quoted, require
from weightsmith.checker.reading.verdicts import Verdict, judge, reason_of, refused, told

if TYPE_CHECKING:
    from weightsmith.checker.facts.fact import Fact
    from weightsmith.checker.facts.promises import Bounds
    from weightsmith.checker.semantics.tables import Table

OF_SCRIPT = ("truncation", "propagation")  # facts of the script: of the network by exactness
Seen = Mapping[tuple[str, str], bool]  # what is stated, kind and subject; False: it is said open


def needs_domain(tables: Mapping[str, Table]) -> bool:
    """True if a table is applied to entries that must lie in its interval."""
    return any(not table.exact for table in tables.values())


def check_tables_proven(read: ReadFiles, premises: Sequence[Fact], *, inside: bool) -> None:
    """Refuse unless the premises say of every table that it is near its function.

    ``inside``: and that the arguments of all stay where it is.
    """
    tables = read.tables()
    near = [one.of for one in premises if one.kind == "approximation"]
    wanted = [site for site, table in tables.items() if not table.exact]
    require(near == wanted, f"It must follow from the facts of the tables of sites {wanted}.")
    there = any(one.kind == "domain" for one in premises)
    needed = inside and needs_domain(tables)
    require(there or not needed, "It must follow from the domain of the tables.")


def check_owed(read: ReadFiles, kind: str, output: str) -> None:
    """Refuse unless a fact of this kind is owed of the output."""
    found = [one for one in read.program().returns if one.name == output]
    to_target = kind == "truncation"
    owed = bool(found) and (found[0].target is not None or not to_target)
    with_one = " with a target" if to_target else ""
    require(owed, f"The script returns no {quoted(output)}{with_one}.")
    require(to_target or bool(read.tables()), "Nothing is moved by tables.")


def kept(read: ReadFiles, bounds: Bounds) -> Iterator[Verdict]:
    """What the script says of errors, compared with what is proven."""
    try:
        program, bindings = read.program(), read.template().bindings
        tables = read.tables()
    except Exception:
        return  # the facts say what is wrong with the files
    if program.ensure is None and not program.untils and not needs_domain(tables):
        return
    from weightsmith.checker.facts import promises  # loaded where there are any

    for promise in promises.promises(program):
        statement = f"The script's line '{promise.text}' is kept."
        keeps = partial(promises.check_promise, promise, bindings, bounds)
        yield judge(0, "promise", statement, partial(told, keeps))
    if needs_domain(tables):
        near = partial(promises.check_tables, program, bindings, tables)
        statement = "The tolerances of the script are kept."
        yield judge(0, "promise", statement, partial(told, near))


def missing(read: ReadFiles, seen: Seen) -> Iterator[Verdict]:
    """What the certificate owes and does not state."""
    kinds = {kind for kind, _ in seen}
    if not {"exactness", "pairs"} & kinds:
        yield refused(0, "exactness", "Nothing says that the network computes the script.")
    elif "exactness" not in kinds:
        for kind, name in (key for key, proven in seen.items() if proven and key[0] in OF_SCRIPT):
            reason = f"The {kind} of '{name}' is proven of the script, not of softmax pairs."
            yield refused(0, kind, reason)
    if read.restructured and "restructuring" not in kinds:
        yield refused(0, "restructuring", f"Nothing says that {NETWORK} is the script.")
    if read.has_weights and ("weights", WEIGHTS) not in seen:
        yield refused(0, "weights", "There are weights, but no fact about them.")
    try:
        program, tables = read.program(), read.tables()
    except Exception as error:
        yield refused(0, "script", reason_of(error))
        return
    if needs_domain(tables) and "domain" not in kinds:
        yield refused(0, "domain", "Nothing says where the arguments of the tables lie.")
    for returned in program.returns:
        name = returned.name
        if returned.target is not None and ("truncation", name) not in seen:
            yield refused(
                0, "truncation", f"'{name}' has a target, but no fact states its distance."
            )
        proven = seen.get(("truncation", name), False)
        moved = seen.get(("propagation", name))
        if tables and not proven and moved is None:
            yield refused(0, "propagation", f"Nothing says how far the tables move '{name}'.")
        if proven and moved is False:
            reason = f"The distance of '{name}' from its target is proven: nothing else is open."
            yield refused(0, "propagation", reason)
    for site, table in tables.items():
        if not table.exact and ("approximation", site) not in seen:
            yield refused(
                0, "approximation", f"No fact states the error of the table of site {site}."
            )
