"""Computes with an exported ``.npz`` or ``.safetensors`` file of full matrices, NumPy alone."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from safetensors import safe_open
from safetensors.numpy import load_file

Arrays = Mapping[str, np.ndarray]


def read(path: Path) -> tuple[dict[str, np.ndarray], dict[str, Any]]:
    if path.suffix == ".npz":
        arrays = dict(np.load(path, allow_pickle=False))
        return arrays, json.loads(str(arrays.pop("metadata")))
    with safe_open(path, "np") as file:
        (text,) = file.metadata().values()
    return load_file(path), json.loads(text)


def sizes_of(metadata: Mapping[str, Any], data: Arrays) -> dict[str, int]:
    """The size of every axis, from the data."""
    found: dict[str, int] = {}
    for source in metadata["sources"]:
        for group in source["groups"] if source["kind"] in ("input", "transposed") else ():
            array = _given(source, group, data)
            found |= {source["rows"]: array.shape[0], group: array.shape[1]}
    return found


def _plane(
    source: Mapping[str, Any], group: str, data: Arrays, sizes: Mapping[str, int]
) -> np.ndarray:
    """What a source holds at the tokens of a group; nothing where it is not read in."""
    rows = int(source["rows"]) if source["rows"].isdigit() else sizes.get(source["rows"], 1)
    if group not in source["groups"]:
        return np.zeros((rows, sizes.get(group, 1)))
    if source["kind"] == "identity":
        return np.eye(rows)
    if source["kind"] == "ones":
        return np.ones((rows, sizes.get(group, 1)))
    return _given(source, group, data)


def _given(source: Mapping[str, Any], group: str, data: Arrays) -> np.ndarray:
    array = data[source["of"]] if source["of"] in data else data[f"{source['of']}_{group}"]
    return array.T if source["kind"] == "transposed" else array


def compute(tensors: Arrays, metadata: Mapping[str, Any], data: Arrays) -> dict[str, np.ndarray]:
    """The network of full matrices, by what the metadata say of groups and masks."""
    sizes = sizes_of(metadata, data)
    tokens = [group for group in metadata["groups"] for _ in range(sizes.get(group, 1))]
    raw = np.block(
        [
            [_plane(source, group, data, sizes) for group in metadata["groups"]]
            for source in metadata["sources"]
        ]
    )
    state = tensors["embed.weight"] @ raw
    for number, layer in enumerate(metadata["layers"]):
        added = 0
        for place, head in enumerate(layer["heads"]):
            q, k, v, o = (tensors[f"layers.{number}.attention.{place}.{m}.weight"] for m in "qkvo")
            keys = (k @ state) * [group in head["key_groups"] for group in tokens]
            queries = (q @ state) * [group in head["query_groups"] for group in tokens]
            added = added + o @ (v @ state) @ (keys.T @ queries)
        state = state + added
        if layer["mlp"] is not None:
            part = {
                name.split(".mlp.")[1]: tensor
                for name, tensor in tensors.items()
                if name.startswith(f"layers.{number}.mlp.")
            }
            hidden = _hidden(part, layer["mlp"], state, sizes)
            state = state + part["down.weight"] @ hidden
            state = state + part.get("down.bias", np.zeros(len(state)))[:, None]
    found = {}
    for output in metadata["outputs"]:
        value = tensors[f"unembed.{output['name']}.weight"] @ state
        for group in output["groups"]:
            piece = value[:, [one == group for one in tokens]]
            name = f"{output['name']}_{group}" if group in ("context", "query") else output["name"]
            found[name] = piece.T if output["transposed"] else piece
    return found


def _hidden(
    part: Arrays, mlp: Mapping[str, Any], state: np.ndarray, sizes: Mapping[str, int]
) -> np.ndarray:
    hidden: np.ndarray = part["up.weight"] @ state + part["up.bias"][:, None]
    active = np.maximum(hidden, 0)
    if not any(mlp["gated"]):
        return np.asarray(active)
    counts = [int(rows) if rows.isdigit() else sizes[rows] for rows in mlp["hidden_rows"]]
    gate = part["gate.weight"] @ state + part["gate.bias"][:, None]
    return np.asarray(np.where(np.repeat(mlp["gated"], counts)[:, None], hidden * gate, active))
