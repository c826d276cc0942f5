"""How PostgreSQL runs a statement: its time, the pages it touches, and what reads much of a table."""

import statistics
from collections import Counter
from collections.abc import Iterable, Iterator
from typing import Any

from benchmarks.postgres import Postgres
from benchmarks.statements import Message, as_planned, prepared_in

PLANNED = ("SELECT", "WITH", "INSERT", "UPDATE", "DELETE")
REPEATS = 3
MANY_ROWS = 2000  # an access that reads more of a table that grows, grows with it


def explain(postgres: Postgres, database: str, messages: Iterable[Message]) -> list[dict[str, Any]]:
    """Run the statements again, in one transaction that is rolled back, and return what each does."""
    found, messages = [], list(messages)
    prepared = prepared_in(messages)
    postgres.rows(database, "BEGIN")
    try:
        for name, plan in prepared.items():
            postgres.rows(database, f"PREPARE {name} AS {plan}")
        for statement in (each for message in messages for each in message.statements):
            planned = as_planned(statement, prepared)
            if planned.split(None, 1)[0].upper() in PLANNED:
                found.append(_explain(postgres, database, statement, planned))
    finally:
        postgres.rows(database, "ROLLBACK")
        postgres.rows(database, "DEALLOCATE ALL")
    return found


def _explain(postgres: Postgres, database: str, statement: str, planned: str) -> dict[str, Any]:
    times, plan = [], {}
    for _ in range(REPEATS if planned.upper().startswith("SELECT") else 1):
        rows = postgres.rows(database, f"EXPLAIN (ANALYZE, BUFFERS, FORMAT JSON) {statement}")
        (plan,) = rows[0][0]
        times.append(plan["Execution Time"] + plan["Planning Time"])
    nodes = list(walk(plan["Plan"]))
    return {
        "statement": " ".join(planned.split())[:4000],
        "ms": round(statistics.median(times), 3),
        "buffers": plan["Plan"].get("Shared Hit Blocks", 0) + plan["Plan"].get("Shared Read Blocks", 0),
        "accesses": dict(Counter(filter(None, map(access, nodes)))),
        "grows": sorted({access(node) for node in nodes if reads_much(node)}),
        "plan": slim(plan["Plan"]),
    }


def walk(node: dict[str, Any]) -> Iterator[dict[str, Any]]:
    yield node
    for child in node.get("Plans", ()):
        yield from walk(child)


def access(node: dict[str, Any]) -> str:
    """How a node of a plan reaches a table, such as "Index Scan booking_by_user"; else an empty string."""
    name = node.get("Index Name") or node.get("Relation Name")
    return f"{node['Node Type']} {name}" if name and "Scan" in node["Node Type"] else ""


def reads_much(node: dict[str, Any]) -> bool:
    """Whether it reads so many rows that their number must follow from the size of the table."""
    rows = node.get("Actual Rows", 0) + node.get("Rows Removed by Filter", 0)
    return bool(access(node)) and rows * node.get("Actual Loops", 1) > MANY_ROWS


def slim(node: dict[str, Any]) -> dict[str, Any]:
    """What of a plan is worth keeping."""
    kept = (
        "Node Type",
        "Index Name",
        "Relation Name",
        "Actual Rows",
        "Actual Loops",
        "Rows Removed by Filter",
    )
    kept += ("Shared Hit Blocks", "Shared Read Blocks", "Actual Total Time")
    found = {name: node[name] for name in kept if name in node}
    if "Plans" in node:
        found["Plans"] = [slim(child) for child in node["Plans"]]
    return found
