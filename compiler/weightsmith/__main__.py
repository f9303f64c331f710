"""``weightsmith`` and ``python -m weightsmith``: the command line."""

from __future__ import annotations

from weightsmith.cli.main import commands


def main() -> None:
    """Run the command line and leave with its exit status."""
    commands(prog_name="weightsmith")


if __name__ == "__main__":
    main()
