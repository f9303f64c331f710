"""``weightsmith`` and ``python -m weightsmith``: the command line."""

from __future__ import annotations

import sys

INTERRUPTED = 130
BUG = 70  # EX_SOFTWARE of sysexits.h


def main() -> None:
    """Run the command line and leave with its exit status.

    A bug of Weightsmith leaves with status 70 and its traceback, which belongs into a report.
    """
    try:
        from weightsmith.cli.main import commands

        commands.main(prog_name="weightsmith")
    except KeyboardInterrupt:
        print("interrupted", file=sys.stderr)
        sys.exit(INTERRUPTED)
    except Exception:
        import traceback

        traceback.print_exc()
        print("\nThis is a bug in Weightsmith, not a mistake of yours.", file=sys.stderr)
        sys.exit(BUG)


if __name__ == "__main__":
    main()
