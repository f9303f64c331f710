"""template.json: canonical text, and a reader that lets nothing pass."""

from __future__ import annotations

import contextlib
import copy
import json
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.backends import templates
from tests.backends.strategies import repeatable
from tests.backends.strategies import templates as random_templates

from weightsmith.backends import TemplateError, template_from_json, template_to_json
from weightsmith.backends.template.template_json import canonical_json
from weightsmith.compiler.ir.template import Template

EXAMPLE: dict[str, Any] = json.loads(template_to_json(templates.newton_inverse()))
Edit = Callable[[dict[str, Any]], None]


@pytest.mark.parametrize("name", templates.ALL)
def test_round_trip_by_hand(name: str) -> None:
    template = templates.ALL[name]()
    text = template_to_json(template)
    assert template_from_json(text) == template_from_json(text.encode()) == template
    assert template_to_json(template_from_json(text)) == text


@repeatable
@given(random_templates())
def test_round_trip(template: Template) -> None:
    text = template_to_json(template)
    assert template_from_json(text) == template
    assert template_to_json(template_from_json(text)) == text


leaves = st.none() | st.booleans() | st.integers() | st.floats(-2, 2) | st.text()
documents: Any = st.recursive(
    leaves, lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner), max_leaves=12
)


@repeatable
@given(documents)
def test_any_text_is_canonical(document: Any) -> None:
    written = json.dumps(document, sort_keys=True, indent=2, ensure_ascii=False)
    assert canonical_json(document) == f"{written}\n"


def test_no_number_is_written_that_json_does_not_have() -> None:
    with pytest.raises(ValueError, match="not JSON compliant"):
        canonical_json({"a": [float("nan")]})


def test_the_text_is_canonical() -> None:
    text = template_to_json(templates.newton_inverse())
    assert text == json.dumps(json.loads(text), sort_keys=True, indent=2) + "\n"
    assert text.startswith('{\n  "algorithm": "newton_inverse",\n')


def head(value: dict[str, Any]) -> dict[str, Any]:
    found: dict[str, Any] = value["body"][0]["body"][0]["heads"][0]
    return found


def mlp(value: dict[str, Any]) -> dict[str, Any]:
    found: dict[str, Any] = value["body"][0]["body"][0]["mlp"]
    return found


def hidden(value: dict[str, Any]) -> dict[str, Any]:
    found: dict[str, Any] = mlp(value)["hidden"][1]
    return found


def put(place: Callable[[dict[str, Any]], Any], key: Any, new: Any) -> Edit:
    def edit(value: dict[str, Any]) -> None:
        place(value)[key] = new

    return edit


def top(value: dict[str, Any]) -> dict[str, Any]:
    return value


def source(index: int) -> Callable[[dict[str, Any]], Any]:
    return lambda value: value["sources"][index]


ORDERED = {"name": "A", "kind": "input", "of": "A", "rows": "d", "groups": ["d"]}

BROKEN: list[tuple[str, Edit]] = [
    ("at the top: the key 'body' is missing", lambda v: v.pop("body")),
    ("at the top: the key 'bodi' is not known; .*Did you mean 'body'", put(top, "bodi", [])),
    ("at format: expected 'weightsmith-template', got 'onnx'", put(top, "format", "onnx")),
    ("at version: this program reads version 2, got 3", put(top, "version", 3)),
    ("at version: this program reads version 2, got True", put(top, "version", True)),
    ("at version: this program reads version 2, got None", lambda v: v.pop("version")),
    ("at algorithm: expected text, got 3", put(top, "algorithm", 3)),
    ("at algorithm: expected a printable name, got ''", put(top, "algorithm", "")),
    ('at groups: expected a list, got "d"', put(top, "groups", "d")),
    (r"at groups\[0\]: expected text, got null", put(top, "groups", [None])),
    (
        r"at groups\[1\]: expected the name of a dimension .* got '0'",
        put(top, "groups", ["d", "0"]),
    ),
    ("at groups: the name 'd' stands twice", put(top, "groups", ["d", "d"])),
    (r"at sources\[0\].kind: expected one of .* got 'image'", put(source(0), "kind", "image")),
    (r"at sources\[0\].groups: there is no group 'e'", put(source(0), "groups", ["e"])),
    (r"at sources\[0\].groups: expected at least one group", put(source(0), "groups", [])),
    (r"at sources\[0\].groups: expected each group once", put(source(0), "groups", ["d", "d"])),
    (r"at sources\[0\].rows: expected the name of a dimension", put(source(0), "rows", "d d")),
    (r"at sources\[1\]: the identity of axis 'm' has that axis", put(source(1), "of", "m")),
    ("at sources: the name 'A' stands twice", put(source(1), "name", "A")),
    (r"at blocks\[0\]: the key 'kind' is not known", lambda v: v["blocks"][0].update(kind="x")),
    (r"at blocks\[0\]: expected an object, got \[\]", put(lambda v: v["blocks"], 0, [])),
    ("at read_in: expected an object", put(top, "read_in", [])),
    (r"at read_in\['Y'\]: there is no block 'Y'", put(lambda v: v["read_in"], "Y", [])),
    (
        r"at read_in\['X'\]\[0\]: there is no source 'X'; the sources are 'A', 'I\[d\]'",
        put(lambda v: v["read_in"], "X", [["X", "1"]]),
    ),
    (
        r"at read_in\['X'\]\[0\]: expected \[name, coef",
        put(lambda v: v["read_in"], "X", [["A", 1]]),
    ),
    (r"at body\[0\]: the key 'count' is not known", lambda v: v["body"][0].update(count="2")),
    (r"at body\[0\].repeat: '2 \+' is not an exact", lambda v: v["body"][0].update(repeat="2 +")),
    (r"at body\[0\].repeat: expected text, got 2", lambda v: v["body"][0].update(repeat=2)),
    (r"heads\[0\].keys\[0\]\[0\]: there is no block 'Y'", put(head, "keys", [[["Y", "1"]]])),
    (r"heads\[0\].keys: expected as many keys as queries", put(head, "keys", [])),
    (r"heads\[0\].keys\[0\]: expected at least one", put(head, "keys", [[]])),
    (r"heads\[0\].values: expected at least one value", put(head, "values", [])),
    (r"heads\[0\].values\[0\]: expected at least one \[block", put(head, "values", [[]])),
    (r"heads\[0\].outputs\[0\]: there is no value 1; the", put(head, "outputs", [["X", 1, "1"]])),
    (r"heads\[0\].outputs\[0\]: there is no value -1", put(head, "outputs", [["X", -1, "1"]])),
    (r"heads\[0\].outputs\[0\]: expected \[block, whole", put(head, "outputs", [["X", True, "1"]])),
    (r"heads\[0\].outputs\[0\]: expected \[block, whole", put(head, "outputs", [["X", "0", "1"]])),
    (r"heads\[0\].outputs\[0\]: '1/0' is not an exact", put(head, "outputs", [["X", 0, "1/0"]])),
    (r"heads\[0\].key_groups: there is no group 'e'", put(head, "key_groups", ["e"])),
    (r"heads\[0\].query_groups: expected at least one", put(head, "query_groups", [])),
    (r"mlp: the key 'hidden' is missing", lambda v: mlp(v).pop("hidden")),
    (r"mlp: the key 'bias' is missing", lambda v: mlp(v).pop("bias")),
    (r"mlp.hidden: expected a hidden block, or a bias, got neither", put(mlp, "hidden", [])),
    (r"mlp.bias: expected a list, got null", put(mlp, "bias", None)),
    (r"mlp.bias\[0\]: there is no block 'Y'", put(mlp, "bias", [["Y", "1"]])),
    (r"mlp.bias\[0\]: '1/0' is not an exact", put(mlp, "bias", [["X", "1/0"]])),
    (r"mlp.bias\[0\]: expected \[name, coef", put(mlp, "bias", [["X", 0, "1"]])),
    (r"hidden\[1\]: the key 'gate' is missing", lambda v: hidden(v).pop("gate")),
    (r"hidden\[1\]: the key 'gate_bias' is missing", lambda v: hidden(v).pop("gate_bias")),
    (r"hidden\[1\].terms: expected a \[block, coefficient\], or a", put(hidden, "terms", [])),
    (r"hidden\[1\].gate: expected a list", put(hidden, "gate", None)),
    (
        r"hidden\[1\].gate\[0\]: there is no block 'x'; .* mean 'X'",
        put(hidden, "gate", [["x", "1"]]),
    ),
    (r"hidden\[1\].gate\[0\]: '2 \+' is not an exact", put(hidden, "gate", [["X", "2 +"]])),
    (r"hidden\[1\].gate_bias: expected text, got 1", put(hidden, "gate_bias", 1)),
    (r"hidden\[1\].gate_bias: 'inf\)' is not an exact", put(hidden, "gate_bias", "inf)")),
    (
        r"at sources\[1\].of: ones are of nothing: expected '', got 'd'",
        put(source(1), "kind", "ones"),
    ),
    (r"at sources\[0\].of: expected a printable name, got ''", put(source(0), "of", "")),
    (
        r"mlp.outputs\[0\]: there is no hidden 2; the last is 1",
        put(mlp, "outputs", [["X", 2, "1"]]),
    ),
    (
        r"mlp.hidden\[0\].bias: 'nan' is|bias: expected text",
        lambda v: mlp(v)["hidden"][0].update(bias=0),
    ),
    (
        r"mlp.hidden\[0\].terms\[0\]: expected 'm' rows or one row, got the block 'X' of 'd' rows",
        lambda v: mlp(v)["hidden"][0].update(rows="m"),
    ),
    (
        r"at read_out\[0\].transposed: expected true or",
        lambda v: v["read_out"][0].update(transposed=0),
    ),
    (
        r"at read_out\[0\].terms\[0\]: expected 'm' rows",
        lambda v: v["read_out"][0].update(rows="m"),
    ),
    (
        r"at bindings\['L'\]: expected a number p/q in lowest",
        put(lambda v: v["bindings"], "L", "2/4"),
    ),
    (r"at bindings\['L'\]: expected a number p/q", put(lambda v: v["bindings"], "L", "0.5")),
    (r"at bindings\['L'\]: expected text, got 2", put(lambda v: v["bindings"], "L", 2)),
]


@pytest.mark.parametrize(("message", "edit"), BROKEN, ids=range(len(BROKEN)))
def test_a_broken_template_is_refused_with_its_place(message: str, edit: Edit) -> None:
    value = copy.deepcopy(EXAMPLE)
    edit(value)
    with pytest.raises(TemplateError, match=message) as error:
        template_from_json(json.dumps(value))
    assert str(error.value).startswith("template.json, at ")


@pytest.mark.parametrize(
    ("rows", "message"),
    [
        ({"A": "m"}, r"queries\[0\]\[0\]: expected 'm' rows, got the block 'X' of 'd' rows"),
        ({"A": "m", "X": "m"}, r"read_in\['A'\]\[0\]: expected 'm' rows, got the source 'A'"),
    ],
)
def test_rows_must_agree(rows: dict[str, str], message: str) -> None:
    value = copy.deepcopy(EXAMPLE)
    for block in value["blocks"]:
        block["rows"] = rows.get(block["name"], block["rows"])
    if len(rows) == 1:
        value["read_in"].pop("A")
    with pytest.raises(TemplateError, match=message):
        template_from_json(json.dumps(value))


def test_an_output_writes_rows_of_its_own_kind() -> None:
    value = json.loads(template_to_json(templates.two_values()))
    value["body"][0]["heads"][0]["outputs"][0][1] = 1
    message = r"outputs\[0\]: expected 'd' rows for the block 'G', got value 1 of 'k' rows"
    with pytest.raises(TemplateError, match=message):
        template_from_json(json.dumps(value))


@pytest.mark.parametrize(
    ("edit", "message"),
    [
        (("layer", 0, "outputs", 0, 0, "s"), None),
        (("layer", 1, "outputs", 0, 0, "p"), None),
        (("layer", 0, "hidden", 0, "rows", "1"), None),
        (("layer", 1, "hidden", 0, "rows", "1"), None),
        (
            ("layer", 0, "outputs", 0, 0, "m"),
            "'m' rows or one row for .*, got hidden 0 of 'n' rows",
        ),
        (("layer", 2, "hidden", 0, "rows", "m"), "'m' rows or one row, got the block 'z' of 'n'"),
        (("layer", 1, "hidden", 0, "gate", 0, 0, "m"), "'n' rows or one row, got .* 'm' of 'm'"),
        (("read_in", "r", 0, 0, "z"), "expected '1' rows, got the source 'z' of 'n' rows"),
        (("read_out", 0, "terms", 0, 0, "t"), "expected '1' rows, got the block 't' of 'n'"),
    ],
)
def test_an_mlp_joins_one_row_to_any(edit: tuple[Any, ...], message: str | None) -> None:
    value = json.loads(template_to_json(templates.logistic_table()))
    value["blocks"].append({"name": "m", "rows": "m"})
    place = value["body"][edit[1]]["mlp"] if edit[0] == "layer" else value[edit[0]]
    keys = edit[2:] if edit[0] == "layer" else edit[1:]
    for key in keys[:-2]:
        place = place[key]
    place[keys[-2]] = keys[-1]
    with pytest.raises(TemplateError, match=message) if message else contextlib.nullcontext():
        template_from_json(json.dumps(value))


def test_a_head_joins_equal_rows_only() -> None:
    value = json.loads(template_to_json(templates.two_values()))
    value["blocks"].append({"name": "one", "rows": "1"})
    head = value["body"][0]["heads"][0]
    for key, new in (("keys", [[["x", "1"], ["one", "1"]]]), ("outputs", [["one", 0, "1"]])):
        other = copy.deepcopy(value)
        other["body"][0]["heads"][0] = head | {key: new}
        with pytest.raises(TemplateError, match=r"expected '[d1]' rows"):
            template_from_json(json.dumps(other))


@pytest.mark.parametrize("name", ["bias", "gate", "gate_bias", "mlp bias", "rows", "ones"])
def test_a_changed_field_is_another_template(name: str) -> None:
    value = json.loads(template_to_json(templates.logistic_table()))
    table, product, spread = (layer["mlp"] for layer in value["body"])
    match name:
        case "bias":
            table["hidden"][0]["bias"] = "2"
        case "gate":
            product["hidden"][0]["gate"][0][1] = "2"
        case "gate_bias":
            product["hidden"][0]["gate_bias"] = "2"
        case "mlp bias":
            spread["bias"][0][1] = "2"
        case "rows":
            product["hidden"][0]["rows"] = "1"
        case "ones":
            value["sources"][1]["groups"] = ["context", "query"]
    changed = template_from_json(json.dumps(value))
    assert changed != templates.logistic_table()
    assert template_from_json(template_to_json(changed)) == changed


@pytest.mark.parametrize(
    ("kind", "groups", "message"),
    [
        ("transposed", ["context"], "only a matrix can be transposed"),
        ("input", ["context", "d"], "expected one axis, or groups out of 'context', 'query'"),
    ],
)
def test_sources_of_no_sense(kind: str, groups: list[str], message: str) -> None:
    value = json.loads(template_to_json(templates.two_values()))
    value["sources"][0] |= {"kind": kind, "groups": groups}
    with pytest.raises(TemplateError, match=message):
        template_from_json(json.dumps(value))


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "is not JSON text"),
        ('{"a": 1, "a": 2}', "the key 'a' stands twice"),
        ('{"a": 0.0}', "the number '0.0' is not exact"),
        ('{"a": NaN}', "the number 'NaN' is not exact"),
        ("[" * 100_000, "nested too deep|is not JSON"),
        ("[" + "9" * 5000 + "]", "is not JSON text"),
        ("[]", r"at the top: expected an object, got \[\]"),
        (b"\xff\xfe", "is not JSON text"),
    ],
)
def test_text_that_is_no_template(text: str | bytes, message: str) -> None:
    with pytest.raises(TemplateError, match=message):
        template_from_json(text)


def test_loops_nested_too_deep() -> None:
    value = copy.deepcopy(EXAMPLE)
    for _ in range(70):
        value["body"] = [{"repeat": "1", "body": value["body"]}]
    with pytest.raises(TemplateError, match="loops are nested deeper than 64"):
        template_from_json(json.dumps(value))


@repeatable
@given(st.data())
def test_no_edit_of_the_text_leads_to_another_error(data: st.DataObject) -> None:
    text = template_to_json(templates.newton_inverse())
    start = data.draw(st.integers(0, len(text)))
    end = data.draw(st.integers(start, min(len(text), start + 8)))
    edited = text[:start] + data.draw(st.text('"[]{},:01dX/ +*^(', max_size=4)) + text[end:]
    with contextlib.suppress(TemplateError):
        template = template_from_json(edited)
        assert template_from_json(template_to_json(template)) == template
