"""What a refusal says."""

from typing import Any


def problem_of(response: Any) -> dict[str, Any]:
    """Return the problem of a response, without the id of the request, which is another each time."""
    problem: dict[str, Any] = response.json()
    assert problem.pop("request_id") == response.headers["X-Request-ID"]
    return problem
