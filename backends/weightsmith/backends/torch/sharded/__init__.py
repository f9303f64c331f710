"""One network run by several processes, each of which holds a share of the tokens.

Raises ShardingError where PyTorch was built without ``torch.distributed``.
"""

from torch import distributed

from weightsmith.backends.errors import ShardingError

if not distributed.is_available():
    raise ShardingError("this build of PyTorch has no torch.distributed.")

from weightsmith.backends.torch.sharded.engine import ShardedEngine, check_axis
from weightsmith.backends.torch.sharded.network import ShardedCaller, ShardedNetwork
from weightsmith.backends.torch.sharded.processes import Group, Processes, Traffic

__all__ = [
    "Group",
    "Processes",
    "ShardedCaller",
    "ShardedEngine",
    "ShardedNetwork",
    "Traffic",
    "check_axis",
]
