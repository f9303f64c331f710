"""``weightsmith explain``: what the code of a message means, with an example."""

from __future__ import annotations

import click

from weightsmith.cli.inputs.mistakes import Mistake, suggestion


def codes(ctx: click.Context, parameter: click.Parameter, begun: str) -> list[str]:
    """The codes that begin so, for completion."""
    from weightsmith.messages.registry import messages

    return [code for code in messages() if code.startswith(begun)]


@click.command("explain", short_help="Explain a message by its CODE, with an example.")
@click.argument("code", required=False, shell_complete=codes)
def explain_code(code: str | None) -> None:
    """Explain CODE, as it stands in error[CODE]: why, a wrong example, and the example mended.

    Without CODE all are listed.
    """
    from weightsmith.messages.registry import explanation, messages

    known = messages()
    if code is None:
        width = max(map(len, known))
        for one in known.values():
            click.echo(f"{one.code:{width}}  {one.title}")
        return
    plain = code.strip().removeprefix("error").removeprefix("warning").strip("[]: ").lower()
    if plain not in known:
        advice = suggestion(plain, known) or " 'weightsmith explain' lists them."
        raise Mistake("option", f"there is no message '{code}'.{advice}")
    click.echo(explanation(known[plain]))
