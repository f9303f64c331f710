"""Every form of a network: executions here, and exports that are written, loaded and run.

Each gives the returned matrices in the order of the script, by group.
"""

from __future__ import annotations

import ast
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import onnxruntime
import torch

sys.path.insert(0, str(Path(__file__).parents[2]))

from tests.backends.export.tensor_reader import compute, read

from weightsmith import api
from weightsmith.backends.export import subject_of
from weightsmith.backends.plan.build import Form as PlanForm
from weightsmith.backends.reference import run_files
from weightsmith.backends.storage.safetensors_file import weights_from_bytes
from weightsmith.backends.template.instantiate import Weights
from weightsmith.backends.template.layout import Answer, Inputs
from weightsmith.backends.template.wellformed import TOKEN_GROUPS
from weightsmith.backends.torch import run as run_module
from weightsmith.backends.torch.plans.engine import Engine
from weightsmith.backends.torch.plans.module import input_keys

Matrices = list[np.ndarray]


class UnfitError(Exception):
    """This form does not go with this network."""


@dataclass(frozen=True)
class Run:
    """A network on data; ``place`` is an empty folder for its files."""

    network: api.Network
    inputs: Inputs
    place: Path

    @property
    def weights(self) -> Weights:
        return weights_from_bytes(self.network.files()["model.safetensors"])

    @property
    def arguments(self) -> Matrices:
        """The arrays that an export takes, in its order."""
        template = self.network.template
        subject = subject_of(self.network.files(), template, (), intact=True, dtype=None)
        return [self._array(name, group) for name, group in input_keys(subject.plan)]

    def _array(self, name: str, group: str | None) -> np.ndarray:
        value = self.inputs[name]
        piece = value if group is None or not isinstance(value, Mapping) else value[group]
        return np.ascontiguousarray(piece, np.float64)

    @property
    def by_name(self) -> dict[str, np.ndarray]:
        """The data by the names of an export: ``A``, ``x_context``."""
        found = {}
        for name, value in self.inputs.items():
            if not isinstance(value, Mapping):
                found[name] = np.asarray(value, np.float64)
                continue
            found |= {f"{name}_{g}": np.asarray(a, np.float64) for g, a in value.items()}
        return found


def interpreter(run: Run) -> Matrices:
    files = run.network.files()
    return flat(run_files(files["template.json"], files["model.safetensors"], run.inputs))


def plan(form: PlanForm) -> Callable[[Run], Matrices]:
    """The execution plan with values at tokens in this form."""

    def planned(run: Run) -> Matrices:
        template = run.network.template
        if form != "direct" and not any(group in TOKEN_GROUPS for group in template.groups):
            raise UnfitError("it has no values per token")
        return flat(Engine(template, run.weights, None, (form,)).run(run.inputs))

    return planned


def faithful(run: Run) -> Matrices:
    return flat(run.network.run(run.inputs, check="off", execution="faithful"))


def structured(run: Run) -> Matrices:
    return flat(run_module(run.network.module(), run.network.template, run.inputs))


def python(run: Run) -> Matrices:
    function = python_function(run, numpy=False)
    return matrices(function(*map(torch.from_numpy, run.arguments)))


def python_numpy(run: Run) -> Matrices:
    return matrices(python_function(run, numpy=True)(*run.arguments))


def python_function(run: Run, *, numpy: bool) -> Callable[..., object]:
    """The function of an exported Python file, its last one."""
    path = run.place / "net.py"
    run.network.export(path, numpy=numpy)
    text = path.read_text(encoding="utf-8")
    names: dict[str, Callable[..., object]] = {}
    exec(compile(text, str(path), "exec"), names)
    *_, last = (node.name for node in ast.parse(text).body if isinstance(node, ast.FunctionDef))
    return names[last]


def onnx(run: Run) -> Matrices:
    path = run.place / "net.onnx"
    run.network.export(path)
    session = onnxruntime.InferenceSession(path)
    names = (one.name for one in session.get_inputs())
    feed = {name: array[None] for name, array in zip(names, run.arguments, strict=True)}
    return [one[0] for one in session.run(None, feed)]


def pt2(run: Run) -> Matrices:
    path = run.place / "net.pt2"
    run.network.export(path)
    module = torch.export.load(path).module()
    return [one[0] for one in matrices(module(*batched(run)))]


def batched(run: Run) -> list[torch.Tensor]:
    return [torch.from_numpy(array[None]) for array in run.arguments]


def hugging_face(run: Run) -> Matrices:
    from transformers import AutoModel
    from transformers.utils.logging import disable_progress_bar

    disable_progress_bar()  # type: ignore[no-untyped-call]
    folder = run.place / run.place.name  # a name of its own: modules are known by their folder's
    run.network.export(f"{folder}/")
    model = AutoModel.from_pretrained(folder, trust_remote_code=True)
    with torch.no_grad():
        return matrices(model(*map(torch.from_numpy, run.arguments), return_dict=False))


def tensors(suffix: str) -> Callable[[Run], Matrices]:
    """Full matrices and metadata, read by NumPy alone."""

    def dense(run: Run) -> Matrices:
        path = run.place / f"net{suffix}"
        run.network.export(path, dims=run.network.dims_of(run.inputs))
        return list(compute(*read(path), run.by_name).values())

    return dense


def flat(answer: Answer) -> Matrices:
    """The matrices of an answer, one after the other."""
    pieces = (one.values() if isinstance(one, Mapping) else [one] for one in answer.values())
    return [np.asarray(piece) for some in pieces for piece in some]


def matrices(found: object) -> Matrices:
    """What a function returned: one array or tensor, or several."""
    return [np.asarray(one) for one in (found if isinstance(found, tuple) else (found,))]


FORMS: Mapping[str, Callable[[Run], Matrices]] = {
    "interpreter": interpreter,
    "plan, direct": plan("direct"),
    "plan, images": plan("images"),
    "gram": plan("gram"),
    "faithful": faithful,
    "structured module": structured,
    ".py": python,
    ".py --numpy": python_numpy,
    ".onnx": onnx,
    ".pt2": pt2,
    "Hugging Face": hugging_face,
    ".npz, full matrices": tensors(".npz"),
    ".safetensors, full matrices": tensors(".safetensors"),
}
