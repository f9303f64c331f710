"""``weightsmith examples``: the scripts that come with the package; list, show and copy them."""

from __future__ import annotations

from pathlib import Path

import click

from weightsmith.cli.inputs.examples import about, all_examples, example, with_used
from weightsmith.cli.inputs.mistakes import Mistake
from weightsmith.cli.inputs.options import json_option
from weightsmith.cli.outputs.result import Result


def names(ctx: click.Context, parameter: click.Parameter, begun: str) -> list[str]:
    """The names that begin so, for completion."""
    return [script.stem for script in all_examples() if script.stem.startswith(begun)]


@click.group(invoke_without_command=True, short_help="List the examples; show one, or copy it.")
@json_option
@click.pass_context
def examples(ctx: click.Context) -> None:
    """List the examples: what each computes, and the paper that it is from.

    'examples show NAME' prints one, 'examples copy NAME' writes it to a directory.
    """
    if ctx.invoked_subcommand is None:
        ctx.invoke(list_examples)


@examples.command("list")
@json_option
@click.pass_obj
def list_examples(result: Result) -> None:
    """List them, one a line: the name, what it computes, its source."""
    scripts = all_examples()
    if result.is_json:
        result.fields |= {"outcome": "listed", "examples": [_described(one) for one in scripts]}
        return
    width = max(len(script.stem) for script in scripts)
    for script in scripts:
        text, source = about(script.read_text(encoding="utf-8"))
        click.echo(f"{script.stem:{width}}  {text}" + (f" ({source})" if source else ""))


def _described(script: Path) -> dict[str, object]:
    text = script.read_text(encoding="utf-8")
    said, source = about(text)
    return {"name": script.stem, "about": said, "source": source or None, "file": str(script)}


@examples.command("show")
@click.argument("name", shell_complete=names)
@json_option
@click.pass_obj
def show_example(result: Result, name: str) -> None:
    """Print the script NAME."""
    script = example(name)
    text = script.read_text(encoding="utf-8").rstrip("\n")
    if result.is_json:
        result.fields |= {"outcome": "shown", **_described(script), "text": text}
    else:
        click.echo(text)


@examples.command("copy")
@click.argument("name", shell_complete=names)
@click.option(
    "-o",
    "--output",
    type=click.Path(path_type=Path),
    default=".",
    metavar="DIR",
    help="Where to write it.  [default: here]",
)
@json_option
@click.pass_obj
def copy_example(result: Result, name: str, output: Path) -> None:
    """Copy the script NAME, and the scripts that it uses.

    A file of that name is not replaced.
    """
    from weightsmith.backends.storage.whole_file import replacing

    scripts = with_used(example(name))
    places = [output / script.name for script in scripts]
    for place in places:
        if place.exists():
            raise Mistake("file-exists", f"'{place}' exists; choose another directory: -o DIR.")
    if output.exists() and not output.is_dir():
        raise Mistake("file-exists", f"'{output}' is no directory.")
    output.mkdir(parents=True, exist_ok=True)
    for script, place in zip(scripts, places, strict=True):
        with replacing(place) as file:
            file.write(script.read_bytes())
        if not result.is_json:
            click.echo(place)
    result.fields |= {"outcome": "copied", "files": [str(place) for place in places]}
