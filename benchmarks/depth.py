"""Layers, heads and width of every example beside what papers publish for the same algorithm.

python benchmarks/depth.py
"""

from __future__ import annotations

from settings import EXAMPLES, NAMES

from weightsmith import api
from weightsmith.cli.outputs.table import print_table

# algorithm: source, layers, heads, width
PUBLISHED = {
    "newton_inverse": ("Giannou et al. 2024, Lemma 4.1", "steps", "2", "4d"),
    "newton_inverse_general": ("Giannou et al. 2024, Lemma 4.1", "2*steps", "2", "4d"),
    "ridge": ("Giannou et al. 2024, Theorem 4.2", "steps + 3", "2", "4d + 3"),
    "gradient_descent": ("von Oswald et al. 2022", "steps", "1", "Nx + Ny"),
    "gd_plus_plus": ("von Oswald et al. 2022", "steps", "1", "Nx + Ny"),
    "preconditioned_gradient_descent": ("Ahn et al. 2023", "steps", "1", "d + 1"),
    "polar": ("Lutz et al. 2025 (same iteration)", "steps", "1", "n + n'"),
}
NONE = ("none found", "", "", "")


def main() -> None:
    rows = []
    for name in NAMES:
        report = api.compile(EXAMPLES / f"{name}.alg").report
        ours = (report.layers_text, str(report.heads), str(report.blocks), report.width_text)
        rows.append((name, *ours, *PUBLISHED.get(name, NONE)))
    headers = (
        "algorithm",
        "layers",
        "heads",
        "blocks",
        "width",
        "published by",
        "layers",
        "heads",
        "width",
    )
    print_table(headers, rows)


if __name__ == "__main__":
    main()
