"""The network as an ordinary ``torch.nn.Module``.

Raises MissingPackageError where PyTorch is not installed.
"""

from importlib import import_module

from weightsmith.backends.errors import MissingPackageError

try:
    import_module("torch")  # asked here, once for all that is below
except ModuleNotFoundError as problem:
    if problem.name != "torch":
        raise  # a part that PyTorch itself misses
    raise MissingPackageError("PyTorch", "torch") from None

from weightsmith.backends.torch.dense import DenseTransformer
from weightsmith.backends.torch.load import (
    build,
    load_directory,
    module_from_template,
    tensors_of,
)
from weightsmith.backends.torch.module import Transformer
from weightsmith.backends.torch.run import arguments, check_precision, run
from weightsmith.backends.torch.structured import StructuredTransformer
from weightsmith.backends.torch.trace import Trace, trace

__all__ = [
    "DenseTransformer",
    "StructuredTransformer",
    "Trace",
    "Transformer",
    "arguments",
    "build",
    "check_precision",
    "load_directory",
    "module_from_template",
    "run",
    "tensors_of",
    "trace",
]
