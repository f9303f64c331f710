"""``.onnx``: the plan as an ONNX graph, whose loops are ``Loop`` nodes; same network, same bytes.

Written with onnx-ir.  Every array is batch × rows × columns, all three of any size.  The operator
set is that of 2022, which every runtime since has; all is MatMul and arithmetic, in the dtype.
"""

from __future__ import annotations

from weightsmith.backends.export.base.format import Format, Options
from weightsmith.backends.export.base.subject import Subject

IR_VERSION = 8  # of opset 17: onnx 1.12, onnxruntime 1.12


def write(subject: Subject, options: Options) -> bytes:
    """Return the bytes of the model."""
    import onnx_ir as ir

    from weightsmith.backends.export.onnx_graph import graph_of

    subject = subject.with_counts_open() if options.counts else subject
    model = ir.Model(
        graph_of(subject),
        ir_version=IR_VERSION,
        producer_name="weightsmith",
        producer_version=subject.producer,
        metadata_props={
            "algorithm": subject.algorithm,
            "certificate_sha256": subject.certificate,
            "statement": subject.statement,
        },
    )
    content: bytes = ir.to_proto(model).SerializeToString(deterministic=True)
    return content


FORMAT = Format(
    name="onnx",
    suffix=".onnx",
    what="an ONNX model",
    write=write,
    needs=("onnx_ir",),
    extra="onnx",
    options=frozenset({"counts"}),
)
