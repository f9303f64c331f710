"""Networks from weight templates: files, numbers, a reference interpreter, data as tokens.

Nothing here imports torch; ``weightsmith.backends.torch`` holds the PyTorch module.
"""

from weightsmith.backends.data.graphs import GraphMatrices, graph_matrices
from weightsmith.backends.data.regression import regression_data
from weightsmith.backends.errors import (
    BackendError,
    DirectoryError,
    InstantiationError,
    LayoutError,
    PrecisionError,
    TemplateError,
    WeightsError,
)
from weightsmith.backends.reference import run_files
from weightsmith.backends.storage.files import read_directory, write_directory
from weightsmith.backends.storage.safetensors_file import (
    check_weights,
    weights_from_bytes,
    weights_to_bytes,
)
from weightsmith.backends.template.architecture import Architecture
from weightsmith.backends.template.instantiate import (
    Weights,
    dense_weights,
    exact_weights,
    structured_weights,
)
from weightsmith.backends.template.layout import Stream, layout, read_back
from weightsmith.backends.template.template_json import template_to_json
from weightsmith.backends.template.template_reader import template_from_json
from weightsmith.backends.template.unroll import missing_symbols, network_shape, unroll
from weightsmith.backends.template.wellformed import check_template

__all__ = [
    "Architecture",
    "BackendError",
    "DirectoryError",
    "GraphMatrices",
    "InstantiationError",
    "LayoutError",
    "PrecisionError",
    "Stream",
    "TemplateError",
    "Weights",
    "WeightsError",
    "check_template",
    "check_weights",
    "dense_weights",
    "exact_weights",
    "graph_matrices",
    "layout",
    "missing_symbols",
    "network_shape",
    "read_back",
    "read_directory",
    "regression_data",
    "run_files",
    "structured_weights",
    "template_from_json",
    "template_to_json",
    "unroll",
    "weights_from_bytes",
    "weights_to_bytes",
    "write_directory",
]
