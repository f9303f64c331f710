"""The network as an ordinary ``torch.nn.Module``."""

from weightsmith.backends.torch.dense import DenseTransformer
from weightsmith.backends.torch.load import (
    build,
    load_directory,
    module_from_template,
    tensors_of,
)
from weightsmith.backends.torch.module import Transformer
from weightsmith.backends.torch.run import check_precision, run
from weightsmith.backends.torch.structured import StructuredTransformer

__all__ = [
    "DenseTransformer",
    "StructuredTransformer",
    "Transformer",
    "build",
    "check_precision",
    "load_directory",
    "module_from_template",
    "run",
    "tensors_of",
]
