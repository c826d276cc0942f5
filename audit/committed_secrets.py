"""Keys and passwords in files that git has. What only looks like one stands in .secrets.baseline.

Passwords in Python are left to ruff, which goes by names, and whose findings are excused in their line.
"""

import json
import subprocess
from collections.abc import Iterator
from pathlib import Path

from detect_secrets.core import baseline
from detect_secrets.core.secrets_collection import SecretsCollection

BASELINE = ".secrets.baseline"
HOW_TO_ADD = f"if it is no secret: detect-secrets scan --baseline {BASELINE}"


def findings(root: Path) -> Iterator[str]:
    """Yield what looks like a secret and is not in the baseline, wherever its line is by now."""
    command = ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
    listed = subprocess.run(command, cwd=root, capture_output=True, text=True, check=True).stdout
    paths = [path for path in listed.split("\0") if path and (root / path).is_file()]
    # It says too with which plugins to look, and where not: in what our own programs wrote.
    kept = baseline.load(json.loads((root / BASELINE).read_text("utf-8")), BASELINE)
    known = {(path, secret.type, secret.secret_hash) for path, secret in kept}
    found = SecretsCollection(str(root))
    found.scan_files(*paths)
    for path, secret in found:
        if (path, secret.type, secret.secret_hash) not in known:
            yield f"{path}:{secret.line_number}: {secret.type}; {HOW_TO_ADD}"
