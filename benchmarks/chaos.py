"""`make chaos`: the long forms of the tests, and what they counted, into docs/reliability.md."""

import subprocess
import sys
import tempfile
import xml.etree.ElementTree as ET
from datetime import UTC, datetime
from pathlib import Path

ROOT = Path(__file__).parents[1]
PAGE = ROOT / "docs" / "reliability.md"
HEADER = """# Reliability: the long tests

Written by `make chaos` on {day}. Each line is a test under the marker `chaos`; its short form, with
fewer rounds, runs in `make test`. "Counted" is what the test itself counted while it ran.

| claim | outcome | counted | seconds |
|---|---|---|---:|
"""


def main() -> int:
    """Run the long tests and write the page; pytest's exit code."""
    with tempfile.TemporaryDirectory() as folder:
        results = Path(folder) / "results.xml"
        command = [sys.executable, "-m", "pytest", "-m", "chaos", f"--junitxml={results}"]
        code = subprocess.run(
            [*command, "-o", "junit_family=xunit1"], cwd=ROOT, check=False
        ).returncode
        rows = [row(case) for case in ET.parse(results).iter("testcase")]  # noqa: S314 - our own
    PAGE.write_text(HEADER.format(day=f"{datetime.now(UTC):%Y-%m-%d}") + "\n".join(rows) + "\n")
    return code


def row(case: ET.Element) -> str:
    """One test as a line of the table."""
    name = case.get("name", "")
    if name == "runTest":  # hypothesis names its machines by their class alone
        name = case.get("classname", "").rpartition(".")[2]
    claim = name.removeprefix("test_").replace("_", " ")
    failed = case.find("failure") is not None or case.find("error") is not None
    counted = ", ".join(f"{each.get('value')} {each.get('name')}" for each in case.iter("property"))
    outcome = "FAILED" if failed else "held"
    return f"| {claim} | {outcome} | {counted} | {float(case.get('time', 0)):.0f} |"


if __name__ == "__main__":
    sys.exit(main())
