"""One network run by several processes, each of which holds a share of the tokens."""

from weightsmith.backends.torch.sharded.engine import ShardedEngine, check_axis
from weightsmith.backends.torch.sharded.network import ShardedCaller, ShardedNetwork
from weightsmith.backends.torch.sharded.processes import Processes, Traffic

__all__ = ["Processes", "ShardedCaller", "ShardedEngine", "ShardedNetwork", "Traffic", "check_axis"]
