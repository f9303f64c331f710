"""What people write in Python, NumPy, PyTorch and MATLAB, and what a script says instead.

Names are looked up as they are written: ``diag``, ``np.linalg.inv``, ``A.T``, ``while``.
"""

from __future__ import annotations

from weightsmith.dsl.elementary import LACKING

PACKAGES = {"np", "numpy", "jnp", "jax", "torch", "scipy", "sp", "linalg", "nn", "F", "math", "tf"}

_NO_SHAPES = "a shape follows from the sums and products around a value; sizes stay symbolic"
_NO_PARTS = "values are whole matrices: give what selects the entries as an input, and multiply"
_TARGET = "after 'approximates'; elsewhere write the iteration, or call an algorithm"
_INPUT = "give it as an input: M: [d, d]"
_POLYNOMIAL = "is not computed in one step: write the iteration that computes it"

# name of a function: what to write
FUNCTIONS: dict[str, str] = {
    "diagonal": "write diag(A)",
    **dict.fromkeys(("inner", "vdot"), "write dot(x, y)"),
    "tr": "write trace(A)",
    **dict.fromkeys(
        ("tril", "triu", "tri", "mask", "masked_fill", "where"),
        "the mask is an input of zeros and ones, M: [d, d]: write A .* M",
    ),
    **dict.fromkeys(("transpose", "t", "permute", "swapaxes", "ctranspose"), "write A'"),
    **dict.fromkeys(("matmul", "mm", "bmm", "mv", "multi_dot", "addmm"), "write A*B"),
    "outer": "write x*y'",
    **dict.fromkeys(
        ("einsum", "tensordot", "kron"), "write products A*B, transposes A' and sum(E)"
    ),
    **dict.fromkeys(("hadamard", "multiply", "mul"), "write E .* F"),
    **dict.fromkeys(("divide", "div", "true_divide"), "write E ./ F"),
    **dict.fromkeys(("add", "plus"), "write E + F"),
    **dict.fromkeys(("subtract", "sub", "minus"), "write E - F"),
    **dict.fromkeys(("negative", "neg"), "write -E"),
    **dict.fromkeys(("eye", "identity", "Identity", "eyes"), f"write I; {_NO_SHAPES}"),
    **dict.fromkeys(
        ("zeros", "zeros_like", "empty", "empty_like"), f"write 0, or 0*A; {_NO_SHAPES}"
    ),
    **dict.fromkeys(("ones", "ones_like", "full", "full_like"), f"write c*ones; {_NO_SHAPES}"),
    **dict.fromkeys(
        ("rand", "randn", "random", "normal", "uniform"), "give it as an input: G: [d, k]"
    ),
    **dict.fromkeys(
        ("array", "tensor", "asarray", "Tensor", "matrix", "load"), f"data are inputs: {_INPUT}"
    ),
    **dict.fromkeys(
        ("copy", "clone", "detach", "list", "float", "double", "half", "contiguous", "to", "numpy"),
        "leave it out: X = A gives the value another name",
    ),
    **dict.fromkeys(
        ("reshape", "view", "flatten", "ravel", "vec", "squeeze", "unsqueeze", "expand"),
        f"values keep their shapes; {_NO_SHAPES}",
    ),
    **dict.fromkeys(
        (
            "concat",
            "cat",
            "concatenate",
            "hstack",
            "vstack",
            "stack",
            "block",
            "horzcat",
            "vertcat",
        ),
        "keep the parts as variables of their own, and return them: return X, Y",
    ),
    **dict.fromkeys(
        ("gather", "take", "index_select", "topk", "sort", "argsort", "unique"), _NO_PARTS
    ),
    **dict.fromkeys(("len", "shape", "numel", "ndim"), _NO_SHAPES),
    **dict.fromkeys(
        ("det", "logdet", "slogdet", "rank", "matrix_rank", "cond"),
        "it has no iteration of products: compute it outside, and pass it as a param",
    ),
    **dict.fromkeys(
        (
            "eig",
            "eigh",
            "eigvals",
            "eigvalsh",
            "svd",
            "svdvals",
            "qr",
            "cholesky",
            "chol",
            "lu",
            "schur",
        ),
        "write an iteration for what it is used for: return … approximates sqrt(A), polar(A), …",
    ),
    **dict.fromkeys(
        ("solve", "lstsq", "mldivide", "linsolve", "cg", "gmres"),
        "write the iteration: return X approximates inv(A)*b",
    ),
    **dict.fromkeys(
        ("inverse", "Inverse"), f"of every entry: reciprocal(E); of a matrix: inv(A) {_TARGET}"
    ),
    **dict.fromkeys(("pinverse", "pseudoinverse"), f"write pinv(A) {_TARGET}"),
    **dict.fromkeys(("sqrtm", "msqrt"), f"write sqrt(A) {_TARGET}"),
    **dict.fromkeys(("expm", "matrix_exp"), f"write exp(A) {_TARGET}"),
    **dict.fromkeys(("signm", "matrix_sign"), f"write sign(A) {_TARGET}"),
    **dict.fromkeys(
        ("msign", "orthogonalize", "orthogonalise", "newtonschulz", "zeropower"),
        f"write polar(G) {_TARGET}",
    ),
    **dict.fromkeys(
        ("grad", "gradient", "jacobian", "backward"),
        "write the gradient out: of least squares (w*x - y)*x' over context",
    ),
    "logm": f"declare function f(t) = log(t) and write spectral(f, A) {_TARGET}",
    **dict.fromkeys(("matrix_power", "mpower"), "write A^3"),
    **dict.fromkeys(("power", "float_power"), "write square(E), or declare: function f(t) = t^3"),
    **dict.fromkeys(("maximum", "fmax", "amax"), "write max(E, F) or max(E, c)"),
    **dict.fromkeys(("minimum", "fmin", "amin"), "write min(E, F) or min(E, c)"),
    **dict.fromkeys(("clamp", "clamp_", "hardtanh"), "write clip(E, low, high)"),
    **dict.fromkeys(("absolute", "fabs"), "write abs(E)"),
    **dict.fromkeys(("softshrink", "soft_threshold", "shrink", "prox"), "write soft(E, tau)"),
    **dict.fromkeys(("leaky_relu", "LeakyReLU", "prelu"), "write relu(E) - c*relu(-E)"),
    **LACKING,
    "expit": "write sigmoid(E)",
    **dict.fromkeys(("arctan", "atan2"), "write atan(E)"),
    **dict.fromkeys(("var", "std", "cov"), "write it with sum(E) and a param n: sum(E .* E)/n"),
    **dict.fromkeys(
        ("layernorm", "layer_norm", "LayerNorm", "batch_norm"),
        "write the sums and rsqrt(E) that it is made of",
    ),
    **dict.fromkeys(
        ("normalize", "normalise"), "divide by a norm that you pass as a param, or see rsqrt(E)"
    ),
    **dict.fromkeys(("cumsum", "cumprod", "prod"), "sums are over all rows: sum(E)"),
    **dict.fromkeys(
        ("arange", "linspace", "enumerate", "zip"), "the numbers are written out: 1, 2, 3"
    ),
    **dict.fromkeys(
        ("attention", "scaled_dot_product_attention"),
        "linear attention is a product over tokens: (v*k' over context)*q",
    ),
    **dict.fromkeys(("conj", "real", "imag", "hermitian"), "all numbers are real: leave it out"),
    **dict.fromkeys(("int", "bool", "str"), "all numbers are exact fractions: leave it out"),
}
# name of a function of the language that is another in a package
OTHERWISE: dict[str, str] = {"dot": "write A*B; of two columns dot(x, y)"}
# a name that stands for a value
NAMES: dict[str, str] = {
    "pi": "numbers are exact: param pi = 3.14159265358979",
    "e": "numbers are exact: param e = 2.71828182845905",
    **dict.fromkeys(("inf", "Inf", "nan", "NaN"), "numbers are finite"),
    **dict.fromkeys(
        ("None", "True", "False", "true", "false"), "there are numbers and matrices only"
    ),
    "eps": "write the number: 1e-6",
    "T": "write the transpose as A'",
    "H": "write the transpose as A'",
}
# what stands after a dot
ATTRIBUTES: dict[str, str] = {
    **dict.fromkeys(("T", "mT", "H"), "write {0}'"),
    **dict.fromkeys(("shape", "size", "ndim", "dtype", "device"), _NO_SHAPES),
}
# a word at the start of a line
STATEMENTS: dict[str, str] = {
    "while": "write 'repeat steps:' or 'repeat until error <= 1e-6:'",
    **dict.fromkeys(("loop", "do"), "write 'repeat steps:'"),
    **dict.fromkeys(
        ("def", "fn", "func", "lambda"),
        "write 'algorithm NAME(…)', or for entries 'function f(t) = …'",
    ),
    **dict.fromkeys(("let", "var", "const", "set"), "write NAME = EXPR"),
    **dict.fromkeys(
        ("if", "elif", "else", "elseif", "switch", "case", "try", "except"),
        "there are no conditions: every input takes the same steps",
    ),
    **dict.fromkeys(
        ("break", "continue"),
        "every input takes the same steps: write 'repeat until error <= 1e-6:'",
    ),
    "pass": "leave it out",
    **dict.fromkeys(
        ("end", "endfor", "endwhile", "endif", "endfunction", "begin"),
        "a block ends where its indentation ends",
    ),
    **dict.fromkeys(("import", "include"), 'write: use NAME from "file.alg"'),
    **dict.fromkeys(("print", "disp", "printf", "output"), "write 'return EXPR' as the last line"),
    **dict.fromkeys(
        ("input", "data"),
        "inputs stand in the first line: algorithm NAME(A: [m, n], x: [d] per token)",
    ),
    **dict.fromkeys(("class", "struct"), "write 'algorithm NAME(…)'"),
    **dict.fromkeys(("assert", "require", "given"), "write: assume spectrum(A) in [mu, L]"),
    **dict.fromkeys(("parameter", "params", "parameters"), "write: param eta, steps = 12"),
}
# a word between two values
BETWEEN: dict[str, str] = {
    **dict.fromkeys(("if", "else", "and", "not", "is"), STATEMENTS["if"]),
    "lambda": "declare it: function f(t) = …",
    "times": "write a '*' for a product; to count passes 'repeat steps:'",
    "as": "a returned variable keeps its name: assign it to the name first",
}


def function_hint(name: str, known: tuple[str, ...], targets: tuple[str, ...]) -> str | None:
    """Return what to write for a call of ``name``; ``known`` and ``targets`` are the language's.

    >>> function_hint("np.linalg.inv", (), ("inv",))[:12]
    'write inv(A)'
    """
    before, _, last = name.rpartition(".")
    if last in FUNCTIONS:
        return FUNCTIONS[last].replace("A'", f"{before}'") if is_method(name) else FUNCTIONS[last]
    if not before:
        return None
    of = before if is_method(name) else "A"
    if last in targets:
        entries = f", of every entry {last}.(E)" if last in known else ""
        return f"write {last}({of}) {_TARGET}{entries}"
    if last in OTHERWISE and before in PACKAGES:
        return OTHERWISE[last]
    if last in known:
        return f"write {last}({of})"
    return None if is_method(name) else "there are no packages: write products A*B, A' and sum(E)"


def is_method(name: str) -> bool:
    """True of ``A.sum``, False of ``np.sum``."""
    return "." in name and name.partition(".")[0] not in PACKAGES


def name_hint(name: str) -> str | None:
    """Return what to write for a name that has no meaning here: ``A.T``, ``np.pi``."""
    before, _, last = name.rpartition(".")
    if before and last in ATTRIBUTES:
        return ATTRIBUTES[last].format(before)
    return NAMES.get(last if before in PACKAGES else name)
