"""What a certificate owes as a whole: a claim for everything, and what the script promises."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import partial
from typing import TYPE_CHECKING

from weightsmith.checker.claims.read_files import WEIGHTS, ReadFiles
from weightsmith.checker.reading.certificate import NETWORK, SCRIPT, Certificate, is_unproven
from weightsmith.checker.reading.verdicts import Verdict, judge, reason_of, refused, told

if TYPE_CHECKING:
    from weightsmith.checker.claims.promises import Bounds
    from weightsmith.checker.semantics.tables import Table


def proven_targets(certificate: Certificate) -> set[str | None]:
    """The values of which a claim bounds the distance to their target."""
    return {
        claim.subject
        for claim in certificate.claims
        if claim.kind == "truncation" and not is_unproven(claim)
    }


def needs_domain(tables: Mapping[str, Table]) -> bool:
    """True if a table is applied to entries that must lie in its interval."""
    return any(not table.exact for table in tables.values())


def needs_propagation(tables: Mapping[str, Table], *, to_target: bool) -> bool:
    """True if anything is replaced by a table, and no claim bounds the distance to a target."""
    return bool(tables) and not to_target


def kept(read: ReadFiles, bounds: Bounds) -> Iterator[Verdict]:
    """What the script says of errors, compared with what is proven."""
    try:
        program, bindings = read.program(), read.template().bindings
        tables = read.tables()
    except Exception:
        return  # the claims say what is wrong with the files
    if program.ensure is None and not program.untils and not needs_domain(tables):
        return
    from weightsmith.checker.claims import promises  # loaded where there are any

    for promise in promises.promises(program):
        statement = f"The script's line '{promise.text}' is kept."
        keeps = partial(promises.check_promise, promise, bindings, bounds)
        yield judge(0, "promise", statement, partial(told, keeps))
    if needs_domain(tables):
        near = partial(promises.check_tables, program, bindings, tables)
        statement = "The tolerances of the script are kept."
        yield judge(0, "promise", statement, partial(told, near))


def missing(
    read: ReadFiles, certificate: Certificate, seen: set[tuple[str, str | None]]
) -> Iterator[Verdict]:
    """What the certificate owes and does not claim."""
    if ("exactness", None) not in seen:
        yield refused(0, "exactness", "The certificate has no exactness claim.")
    if read.restructured and ("restructuring", None) not in seen:
        yield refused(0, "restructuring", f"Nothing says that {NETWORK} is {SCRIPT}.")
    if certificate.hashes[WEIGHTS] is not None and ("weights", None) not in seen:
        yield refused(0, "weights", "There are weights, but no claim about them.")
    try:
        program = read.program()
    except Exception as error:
        yield refused(0, "script", reason_of(error))
        return
    for returned in program.returns:
        if returned.target is not None and ("truncation", returned.name) not in seen:
            reason = f"'{returned.name}' has a target, but no claim speaks of it."
            yield refused(0, "truncation", reason)
    try:
        tables = read.tables()
    except Exception as error:
        yield refused(0, "tables", reason_of(error))
        return
    if needs_domain(tables) and ("domain", None) not in seen:
        yield refused(0, "domain", "No claim says where the arguments of the tables lie.")
    proven = proven_targets(certificate)
    for returned in program.returns:
        owed = needs_propagation(tables, to_target=returned.name in proven)
        if owed and ("propagation", returned.name) not in seen:
            reason = f"No claim says how far the tables move '{returned.name}'."
            yield refused(0, "propagation", reason)
    for site, table in tables.items():
        if not table.exact and ("approximation", site) not in seen:
            yield refused(0, "approximation", f"No claim speaks of the table of site {site}.")
