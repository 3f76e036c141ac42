"""What a write can find instead of an active run."""

from lakeward.kit.errors import InvalidParameter, NotFound


def unknown(run_id: str) -> NotFound:
    return NotFound(f"Run with id={run_id} not found.")


def trashed(run_id: str) -> InvalidParameter:
    return InvalidParameter(f"The run {run_id} must be in the 'active' state. Current state is 'deleted'.")


def check_state(state: str, run_id: str) -> None:
    """Raise unless a write found its run: `state` is 'ok', 'missing' or 'deleted'."""
    if state == "missing":
        raise unknown(run_id)
    if state == "deleted":
        raise trashed(run_id)
