"""The version of the package; pyproject.toml reads it from here.

Reading it from the installed metadata takes a third of the time of ``weightsmith --version``.
"""

VERSION = "0.1.0"
