"""The text of the file with which a Hugging Face folder computes: PyTorch and transformers only."""

from __future__ import annotations

TEXT = '''"""@ABOUT@
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor, nn
from transformers import PretrainedConfig, PreTrainedModel
from transformers.utils import ModelOutput


class @NAME@Config(PretrainedConfig):
    """``network``: groups of tokens, sources, blocks, the masks of each head, returned values."""

    model_type = "@TYPE@"

    def __init__(self, network: dict | None = None, **others: object) -> None:
        self.network = network or {}
        super().__init__(**others)


@dataclass
class @NAME@Output(ModelOutput):
    """The returned values."""

@FIELDS@


class Coefficients(nn.Module):
    """One number for each pair of blocks: times the identity of their rows it is the weight."""

    def __init__(self, *shape: int, bias: bool = False) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.zeros(*shape))
        if bias:
            self.bias = nn.Parameter(torch.zeros(shape[0]))


class Head(nn.Module):
    """Adds V · (K restricted to its key tokens)ᵀ · Q at its query tokens."""

    def __init__(self, head: dict, rows: list[str]) -> None:
        super().__init__()
        self.head, self.rows = head, rows
        values, blocks = len(head["value_rows"]), len(rows)
        self.q, self.k = Coefficients(1, blocks), Coefficients(1, blocks)
        self.v, self.o = Coefficients(values, blocks), Coefficients(blocks, values)

    def forward(self, state: dict[str, list[Tensor]]) -> dict[str, list[Tensor | None]]:
        key_rows, values = self.head["key_rows"], self.head["value_rows"]
        memory: list[Tensor | None] = [None] * len(values)
        for group in self.head["key_groups"]:
            (keys,) = mixed(self.k.weight, state[group], self.rows, key_rows)
            for n, value in enumerate(mixed(self.v.weight, state[group], self.rows, values)):
                memory[n] = plus(memory[n], value @ keys.mT)
        found = {}
        for group in self.head["query_groups"]:
            (queries,) = mixed(self.q.weight, state[group], self.rows, key_rows)
            added = [one @ queries for one in memory]
            found[group] = mixed(self.o.weight, added, values, self.rows)
        return found


class Mlp(nn.Module):
    """Adds down · act(up · blocks + bias); act is relu, or the product with the gate."""

    def __init__(self, mlp: dict, rows: list[str]) -> None:
        super().__init__()
        self.mlp, self.rows = mlp, rows
        hidden, blocks = len(mlp["hidden_rows"]), len(rows)
        self.up = Coefficients(hidden, blocks, bias=True)
        if any(mlp["gated"]):
            self.gate = Coefficients(hidden, blocks, bias=True)
        self.down = Coefficients(blocks, hidden, bias=mlp["has_bias"])

    def forward(self, blocks: list[Tensor], sizes: dict[str, int]) -> list[Tensor | None]:
        active = self.affine(self.up, blocks, sizes)
        gates = self.affine(self.gate, blocks, sizes) if any(self.mlp["gated"]) else active
        active = [
            one * gate if gated else torch.relu(one)
            for one, gate, gated in zip(active, gates, self.mlp["gated"])
        ]
        down = mixed(self.down.weight, active, self.mlp["hidden_rows"], self.rows, spreads=True)
        if self.mlp["has_bias"]:
            down = [
                self.down.bias[n] + (torch.zeros_like(block) if one is None else one)
                for n, (one, block) in enumerate(zip(down, blocks))
            ]
        return down

    def affine(
        self, part: Coefficients, blocks: list[Tensor], sizes: dict[str, int]
    ) -> list[Tensor]:
        rows = self.mlp["hidden_rows"]
        found = mixed(part.weight, blocks, self.rows, rows, spreads=True)
        batch, tokens = blocks[0].shape[:-2], blocks[0].shape[-1]
        return [
            torch.broadcast_to(part.bias[n] if one is None else one + part.bias[n],
                               (*batch, size_of(rows[n], sizes), tokens))
            for n, one in enumerate(found)
        ]


class Layer(nn.Module):
    """The heads read the stream before the layer, the MLP reads it after them."""

    def __init__(self, layer: dict, rows: list[str]) -> None:
        super().__init__()
        self.attention = nn.ModuleList(Head(head, rows) for head in layer["heads"])
        if layer["mlp"] is not None:
            self.mlp = Mlp(layer["mlp"], rows)

    def forward(
        self, state: dict[str, list[Tensor]], sizes: dict[str, int]
    ) -> dict[str, list[Tensor]]:
        updates = [head(state) for head in self.attention]
        state = dict(state)
        for update in updates:
            for group, added in update.items():
                state[group] = [plus(one, block) for one, block in zip(added, state[group])]
        if hasattr(self, "mlp"):
            for group, blocks in state.items():
                added = self.mlp(blocks, sizes)
                state[group] = [plus(one, block) for one, block in zip(added, blocks)]
        return state


class @NAME@Model(PreTrainedModel):
    """The network, its blocks kept apart: any batch, any number of tokens, any size."""

    config_class = @NAME@Config
    base_model_prefix = "network"
    main_input_name = "@MAIN@"

    def __init__(self, config: @NAME@Config) -> None:
        super().__init__(config)
        network = config.network
        self.network_rows = [block["rows"] for block in network["blocks"]]
        blocks, sources = len(self.network_rows), len(network["sources"])
        self.embed = Coefficients(blocks, sources)
        self.layers = nn.ModuleList(Layer(one, self.network_rows) for one in network["layers"])
        self.unembed = nn.Module()
        for output in network["outputs"]:  # whatever it is called, "items" or "half", too
            self.unembed._modules[output["name"]] = Coefficients(1, blocks)
        self.post_init()

    def _init_weights(self, module: nn.Module) -> None:
        """All weights are in the file; what is not there is zero."""

    def forward(self, @ARGUMENTS@, return_dict: bool = True) -> @NAME@Output | tuple:
        """Any batch dimensions may stand before the axes:

@SHAPES@
        """
        given = {@GIVEN@}
        return self.run(given, return_dict)

    def run(self, given: dict[tuple[str, str], Tensor], return_dict: bool) -> @NAME@Output | tuple:
        network = self.config.network
        sizes = self.sizes(given)
        first = next(iter(given.values()))
        state = {group: self.start(group, given, sizes, first) for group in network["groups"]}
        for layer in self.layers:
            state = layer(state, sizes)
        found = {}
        for output in network["outputs"]:
            weight = self.unembed._modules[output["name"]].weight
            for group in output["groups"]:
                (value,) = mixed(weight, state[group], self.network_rows, [output["rows"]])
                called = output["name"], group
                found[NAMES[called]] = value.mT if output["transposed"] else value
        return @NAME@Output(**found) if return_dict else tuple(found.values())

    def sizes(self, given: dict[tuple[str, str], Tensor]) -> dict[str, int]:
        found: dict[str, int] = {}
        for source in self.config.network["sources"]:
            for group in source["groups"]:
                array = given.get((source["of"], group), given.get((source["of"], "")))
                if array is not None and source["kind"] not in ("identity", "ones"):
                    rows, columns = array.shape[-2:]
                    if source["kind"] == "transposed":
                        rows, columns = columns, rows
                    found |= {source["rows"]: rows, group: columns}
        return found

    def start(
        self,
        group: str,
        given: dict[tuple[str, str], Tensor],
        sizes: dict[str, int],
        first: Tensor,
    ) -> list[Tensor]:
        """The blocks at the tokens of a group, before the first layer."""
        batch, tokens = first.shape[:-2], size_of(group, sizes)
        sources = self.config.network["sources"]
        planes = []
        for source in sources:
            rows = size_of(source["rows"], sizes)
            if group not in source["groups"]:
                plane = first.new_zeros(rows, tokens)
            elif source["kind"] == "identity":
                plane = torch.eye(rows, dtype=first.dtype, device=first.device)
            elif source["kind"] == "ones":
                plane = first.new_ones(rows, tokens)
            else:
                plane = given.get((source["of"], group), given.get((source["of"], "")))
                plane = plane.mT if source["kind"] == "transposed" else plane
            planes.append(torch.broadcast_to(plane, (*batch, rows, tokens)))
        kinds = [source["rows"] for source in sources]
        found = mixed(self.embed.weight, planes, kinds, self.network_rows)
        return [
            first.new_zeros(*batch, size_of(self.network_rows[n], sizes), tokens)
            if one is None
            else one
            for n, one in enumerate(found)
        ]


NAMES = @NAMES@


def mixed(
    weight: Tensor, blocks: list[Tensor], rows: list[str], wanted: list[str], spreads: bool = False
) -> list[Tensor | None]:
    """Σ weight[n, m] · blocks[m] for each n, over the blocks of the same rows.

    With ``spreads`` one row also meets many: summed, or the same in each of them.
    """
    found: list[Tensor | None] = [None] * len(wanted)
    for kind in dict.fromkeys(rows):
        own = [m for m, one in enumerate(rows) if one == kind]
        stack = torch.stack([blocks[m] for m in own], -3)
        for to in dict.fromkeys(wanted):
            if not (kind == to or (spreads and "1" in (kind, to))):
                continue
            places = [n for n, one in enumerate(wanted) if one == to]
            part = torch.einsum("nm,...mrt->...nrt", weight[places][:, own], stack)
            part = part.sum(-2, keepdim=True) if to == "1" != kind else part
            for n, one in zip(places, part.unbind(-3)):
                found[n] = plus(found[n], one)
    return found


def plus(one: Tensor | None, other: Tensor) -> Tensor:
    return other if one is None else one + other


def size_of(axis: str, sizes: dict[str, int]) -> int:
    return int(axis) if axis.isdigit() else sizes[axis]


@NAME@Config.register_for_auto_class()
@NAME@Model.register_for_auto_class("AutoModel")
'''
