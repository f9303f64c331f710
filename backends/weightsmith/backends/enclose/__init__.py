"""After a run: a proven bound on the distance between what came out and the target.

It looks at the inputs, the answer and the script, and trusts neither the network, the compiler nor
the certificate.
"""

from __future__ import annotations

from weightsmith.backends.enclose.enclose import enclose
from weightsmith.backends.enclose.report import NORM, Enclosed, Enclosures

__all__ = ["NORM", "Enclosed", "Enclosures", "enclose"]
