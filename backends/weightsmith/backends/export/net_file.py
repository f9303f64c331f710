"""``.net``: the network as text, exact, symbolic in every size: docs/net.md."""

from __future__ import annotations

from weightsmith.backends.errors import ExportError
from weightsmith.backends.export.base.format import Format, Options
from weightsmith.backends.export.base.subject import Subject
from weightsmith.compiler.nets.write_net import commented, net_text


def write(subject: Subject, options: Options) -> bytes:
    """Return the file.  Raises ExportError on weights that are not the template's."""
    del options
    if not subject.intact and subject.saved is not None:
        raise ExportError(
            "the files were changed after the network was compiled; a .net file has the numbers of "
            "the template, which may not be those of the weights."
        )
    try:
        text = net_text(subject.template, subject.declared)
    except ValueError as problem:
        raise ExportError(f"this network has no text: {problem}.") from problem
    said = [
        "What its certificate says:",
        subject.statement,
        f"SHA-256 of the certificate: {subject.certificate}",
        f"Written by weightsmith {subject.producer}.",
    ]
    return "\n".join([*commented("\n".join(said)), "", text]).encode()


FORMAT = Format(
    name="net",
    suffix=".net",
    what="the network as text, exact",
    write=write,
    symbolic=True,
)
