"""Every operation of the API shows what is sent and what comes back, as its schemas say."""

from pathlib import Path

import jsonschema
import pytest
import yaml

DOCUMENT = Path(__file__).resolve().parents[2] / "docs" / "openapi.yaml"


@pytest.fixture(scope="module")
def document():
    return yaml.safe_load(DOCUMENT.read_text())


def _contents(document):
    """(operation, side, media type, what the document says of it)."""
    for operations in document["paths"].values():
        for operation in operations.values():
            spoken = {"request": operation.get("requestBody", {})}
            spoken |= {
                status: answer
                for status, answer in operation["responses"].items()
                if status.startswith("2")
            }
            for side, words in spoken.items():
                for kind, content in words.get("content", {}).items():
                    yield operation["operationId"], side, kind, content


def test_every_operation_has_an_example_of_each_body(document):
    bare = [
        f"{name} {side} {kind}"
        for name, side, kind, content in _contents(document)
        if not content.get("examples")
    ]
    assert not bare, f"give an OpenApiExample, or one in config/examples.py, to: {bare}"


def test_every_example_is_what_its_schema_allows(document, subtests):
    for name, side, kind, content in _contents(document):
        if kind != "application/json":
            continue
        schema = {"components": document["components"], **content["schema"]}
        judge = jsonschema.Draft202012Validator(schema)
        for example in content.get("examples", {}).values():
            with subtests.test(f"{name} {side}"):
                said = [error.message for error in judge.iter_errors(example["value"])]
                assert not said, example["value"]
