#!/bin/sh
# torch 2.13.0: a sparse tensor that was made outside of torch.inference_mode() cannot be transposed
# inside of it (COO, CSR and CSC alike); a dense one can, and so can the sparse one under
# torch.no_grad(), which should differ in speed only.  Exits with 0 while that is so.
set -eu
place=$(mktemp -d)
trap 'rm -rf "$place"' EXIT
python3 -m venv "$place/venv"
"$place/venv/bin/pip" install --quiet torch==2.13.0 numpy
"$place/venv/bin/python" -W ignore - <<'PYTHON'
import torch

print("torch", torch.__version__)
dense = torch.eye(2)
seen = []
for name in ("to_sparse", "to_sparse_csr", "to_sparse_csc"):
    sparse = getattr(dense, name)()
    with torch.no_grad():
        assert torch.equal(sparse.mT.to_dense(), dense)
    with torch.inference_mode():
        assert torch.equal(dense.mT, dense)
        try:
            sparse.mT
        except RuntimeError as problem:
            seen.append(str(problem).splitlines()[0])
            print(name, "in inference mode:", seen[-1])
        else:
            print(name, "in inference mode: transposed")
assert seen == ["Cannot set version_counter for inference tensor"] * 3, "this has changed"
PYTHON
