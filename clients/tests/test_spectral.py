"""Both documents by the rules of spectral, the linter of OpenAPI: see clients/typescript/.spectral.yaml."""

import json
import re
import subprocess

import pytest

from clients.tests.tools import TYPESCRIPT, command, node_modules


@pytest.fixture
def spectral():
    """Return a function that lints documents: the names of the rules that they break."""
    command("node", "apt-get install nodejs npm")
    program = node_modules() / ".bin" / "spectral"

    def spectral(*documents):
        rules = ("--ruleset", TYPESCRIPT / ".spectral.yaml", "--fail-severity", "warn", "--format", "text")
        done = subprocess.run(
            [program, "lint", *documents, *rules], capture_output=True, text=True, check=False
        )
        broken = re.findall(r"^\S+:\d+:\d+ \w+ ([\w-]+)", done.stdout, re.M)
        assert (done.returncode == 0) == (broken == []), done.stdout + done.stderr
        return broken

    return spectral


def test_both_documents_keep_the_rules(spectral, documents):
    assert spectral(*documents.values()) == []


def test_what_breaks_a_rule_is_noticed(spectral, documents, tmp_path):
    document = json.loads(documents["3.1"].read_text())
    book = document["paths"]["/api/shows/{id}/book/"]["post"]
    del book["summary"]
    book["operationId"] = "holdSeats"
    book["responses"]["201"]["content"]["application/json"]["schema"]["$ref"] += "s"
    (tmp_path / "openapi.json").write_text(json.dumps(document))

    broken = spectral(tmp_path / "openapi.json")

    assert {*broken} == {"operation-summary", "operation-operationId-unique", "invalid-ref"}
