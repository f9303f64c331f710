"""What ``network.show()`` prints of a certificate, however long that is."""

from __future__ import annotations

import json

from weightsmith import api
from weightsmith.network import Network
from weightsmith.network_text import MOST_LINES


def test_thousands_of_tables_are_counted_and_not_printed() -> None:
    network = api.compile(
        "algorithm f(x: [d] per token)\nassume entries(x) in [0, 1]\nwithin 1e-2\nreturn tanh(x)\n"
    )
    files = dict(network.files())
    document = json.loads(files["certificate.json"])
    document["tables"] *= MOST_LINES + 7
    files["certificate.json"] = json.dumps(document).encode()
    text = Network(files).show()
    assert "… and 7 more tables" in text
    assert text.count("table   site") == MOST_LINES
