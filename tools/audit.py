"""Ask whether a locked dependency is known to be vulnerable; say so plainly where nobody answers.

The lock is audited as it stands, without installing anything. Where the vulnerability service can't
be reached the answer is "NOT AUDITED", and no failure: no change to the code could mend that.
"""

import json
import subprocess
import sys
from pathlib import Path

LOCK = Path("requirements/dev.txt")  # holds those of the server, too
SECONDS = 180
ONE_ANSWER_SECONDS = "5"


def main() -> int:
    """Audit the lock; 1 where something is known to be vulnerable."""
    command = [
        sys.executable, "-m", "pip_audit", "--requirement", str(LOCK), "--require-hashes",
        "--disable-pip", "--format", "json", "--progress-spinner", "off",
        "--timeout", ONE_ANSWER_SECONDS,
    ]  # fmt: skip
    try:
        done = subprocess.run(  # noqa: S603  (our own words)
            command, capture_output=True, text=True, timeout=SECONDS, check=False
        )
    except subprocess.TimeoutExpired:
        return _not_audited(f"no answer within {SECONDS} s")
    return report(done.stdout, done.stderr)


def report(output: str, errors: str) -> int:
    """Say what pip-audit found; return 1 where something is vulnerable."""
    try:
        found = json.loads(output)["dependencies"]
    except (ValueError, KeyError):
        return _not_audited((errors.strip().splitlines() or ["no answer"])[-1])
    skipped = [one for one in found if "skip_reason" in one]
    if len(skipped) == len(found):
        return _not_audited("the service knows none of the packages")
    if skipped:
        _say(f"{LOCK}: not audited: {', '.join(one['name'] for one in skipped)}.")
    guilty = [one for one in found if one.get("vulns")]
    for one in guilty:
        for hole in one["vulns"]:
            fixed = ", ".join(hole["fix_versions"]) or "no version yet"
            _say(f"{LOCK}: {one['name']} {one['version']}: {hole['id']}, fixed in {fixed}.")
    if not guilty:
        _say(f"{LOCK}: {len(found) - len(skipped)} packages audited, none known to be vulnerable.")
    return int(bool(guilty))


def _not_audited(why: str) -> int:
    _say(f"{LOCK}: NOT AUDITED: the vulnerability service doesn't answer ({why[:200]}).")
    return 0


def _say(line: str) -> None:
    sys.stderr.write(f"{line}\n")


if __name__ == "__main__":
    sys.exit(main())
