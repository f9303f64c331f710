"""The plugin as pytest finds it: a module of its own, not one in the namespace weightsmith.

pytest looks in the distribution for the modules whose assertions it rewrites.  Where there is
neither a module nor a package with an ``__init__.py`` at the top, it takes off the first folder,
comes upon ``__main__``, and warns of it in every run: an error under ``-W error``.
"""

from __future__ import annotations

from weightsmith.pytest_plugin import implements, lift

__all__ = ["implements", "lift"]
