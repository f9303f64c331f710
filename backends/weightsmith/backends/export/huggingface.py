"""A Hugging Face folder: config.json, model.safetensors, and the file that computes with them.

The tensors are those of a compiled network, by the same names; ``trust_remote_code`` runs the file.
"""

from __future__ import annotations

import keyword
import re
from collections import OrderedDict
from collections.abc import Iterator, Mapping

from weightsmith.backends.errors import ExportError
from weightsmith.backends.export.base.format import Format, Options
from weightsmith.backends.export.base.subject import Port, Subject
from weightsmith.backends.export.base.tensors import layout_of, tensors_of
from weightsmith.backends.export.huggingface_text import TEXT
from weightsmith.backends.export.python.python_file import about, quoted
from weightsmith.backends.plan.layers.scored import described
from weightsmith.backends.plan.operations.nodes import Input
from weightsmith.backends.storage.safetensors_file import tensors_to_bytes
from weightsmith.backends.template.template_json import Json, canonical_json
from weightsmith.backends.template.unroll import network_shape

INDENT = "    "


def write(subject: Subject, options: Options) -> Mapping[str, bytes]:
    """Return the files by name.  Raises ExportError."""
    _refuse_scores(subject)
    stem = f"modeling_{_type(subject)}"
    return {
        "config.json": _config(subject, stem).encode(),
        "model.safetensors": tensors_to_bytes(tensors_of(subject, {}), "pt", key="format"),
        f"{stem}.py": _model(subject).encode(),
        "certificate.json": subject.certificate_file,
    }


def _config(subject: Subject, stem: str) -> str:
    name = _name(subject)
    content: dict[str, Json] = {
        "architectures": [f"{name}Model"],
        "auto_map": {"AutoConfig": f"{stem}.{name}Config", "AutoModel": f"{stem}.{name}Model"},
        "certificate_sha256": subject.certificate,
        "dtype": subject.dtype,
        "model_type": _type(subject),
        "network": layout_of(subject.template),
        "statement": subject.statement,
    }
    return canonical_json(content)


def _model(subject: Subject) -> str:
    """The text of the file, for this network."""
    inputs = [port.name for port in subject.inputs]
    _refuse_keywords([*inputs, *(port.name for port in subject.outputs)])
    returned = [_field(port.name) for port in subject.outputs]
    fields = "\n".join(f"{INDENT}{name}: Tensor | None = None" for name in returned)
    given = ", ".join(f"{key!r}: {name}" for key, name in zip(_keys(subject), inputs, strict=True))
    names = dict(zip(_returned(subject), returned, strict=True))
    words = {
        "ABOUT": quoted(about(subject, "PyTorch and transformers")),
        "ARGUMENTS": ", ".join(f"{name}: Tensor" for name in inputs),
        "FIELDS": fields,
        "GIVEN": given,
        "MAIN": inputs[0],
        "NAMES": repr(names),
        "NAME": _name(subject),
        "SHAPES": "\n".join(_shapes(subject.inputs)),
        "TYPE": _type(subject),
    }
    return re.sub("@([A-Z]+)@", lambda match: words[match[1]], TEXT)


def _keys(subject: Subject) -> Iterator[tuple[str, str]]:
    """The input and group of each array; no group of a matrix."""
    for ref in subject.plan.inputs:
        node = subject.plan.graph.nodes[ref.node]
        if isinstance(node, Input):
            yield node.name, node.group or ""


def _returned(subject: Subject) -> Iterator[tuple[str, str]]:
    for output in subject.plan.outputs:
        for group in output.pieces:
            yield output.name, group


def _field(name: str) -> str:
    """The name of a returned value where what is returned is a dictionary, too."""
    return f"{name}_" if hasattr(OrderedDict, name) or name == "to_tuple" else name


def _shapes(ports: tuple[Port, ...]) -> Iterator[str]:
    for port in ports:
        yield quoted(f"{INDENT * 3}{port.name}  {port.rows} × {port.columns}")


def _type(subject: Subject) -> str:
    """The name of the module's file, of ASCII letters."""
    return f"weightsmith_{subject.function_name}".lower()


def _name(subject: Subject) -> str:
    return "".join(part.capitalize() for part in subject.function_name.split("_"))


def _refuse_scores(subject: Subject) -> None:
    """The file of the folder knows products of three alone."""
    shape = network_shape(subject.template)
    heads = [head for layer in shape.layers for head in layer.heads]
    said = [f"a head {described(head.scores)}" for head in heads if not head.scores.is_linear]
    said += ["a head has stacked keys"] * any(len(head.key_rows) > 1 for head in heads)
    said += ["heads or MLPs read fixed matrices"] * bool(shape.views)
    if said:
        raise ExportError(f"{said[0]}, which a Hugging Face folder does not; export .py or .onnx.")


def _refuse_keywords(names: list[str]) -> None:
    for name in names:
        if keyword.iskeyword(name) or name in ("self", "return_dict"):
            raise ExportError(f"'{name}' cannot be an argument in Python; rename it in the script.")


FORMAT = Format(
    name="huggingface",
    suffix="/",
    what="a Hugging Face folder",
    write_folder=write,
)
