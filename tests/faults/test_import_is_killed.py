"""An import killed in the middle: whole batches are there, and the next run goes on."""

import json
import os
import signal
import subprocess
from pathlib import Path

import pytest

from tests.faults.system import System, await_that

pytestmark = pytest.mark.fault
CONTACTS = 5000  # three batches
BATCH = 2000
# Somebody else is about to write the id of a line of the second batch: that batch waits.
BLOCKER = """
INSERT INTO crm_contact (id, key, name, relationship, organization, occurred_at)
VALUES (gen_random_uuid(), 'killed-2500', '', 'other', '', now())
"""
WAITS = "SELECT count(*) FROM pg_locks WHERE NOT granted AND locktype = 'transactionid'"
THERE = "SELECT count(*) FROM crm_contact WHERE key LIKE 'killed-%%'"
HALF_WRITTEN = """
SELECT count(*) FROM crm_contact c WHERE key LIKE 'killed-%%'
    AND NOT EXISTS (SELECT FROM crm_identity i WHERE i.contact_id = c.id)
"""


def history(file: Path) -> Path:
    lines = [
        {
            "type": "contact",
            "id": f"killed-{number}",
            "at": "2025-03-03T09:00:00Z",
            "name": "Ana",
            "relationship": "customer",
            "identities": [{"kind": "email", "handle": f"killed-{number}@client.example"}],
        }
        for number in range(CONTACTS)
    ]
    file.write_text("\n".join(json.dumps(line) for line in lines))
    return file


def test_an_import_killed_between_its_batches_is_taken_up_again(
    system: System, tmp_path: Path
) -> None:
    file = history(tmp_path / "killed.jsonl")
    command = [system.python, "manage.py", "import_history", str(file)]
    with system.database() as outside:
        outside.execute(BLOCKER)
        importing = subprocess.Popen(
            command, cwd=system.base, env=system.environment, stderr=subprocess.DEVNULL
        )
        await_that(lambda: system.value(WAITS), "the second batch waits for us", within=60)
        os.kill(importing.pid, signal.SIGKILL)
        importing.wait()
        outside.rollback()
    assert system.value(THERE) == BATCH
    assert system.value(HALF_WRITTEN) == 0
    again = subprocess.run(
        command, cwd=system.base, env=system.environment, check=True, capture_output=True, text=True
    )
    assert f"{'contact':16}{CONTACTS - BATCH:9}{BATCH:9}{0:10}" in again.stdout
    assert system.value(THERE) == CONTACTS
    assert system.value(HALF_WRITTEN) == 0
