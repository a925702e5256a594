"""Measure ourselves and others side by side: START HERE.

python -m benchmarks            all of them; writes docs/benchmarks.md
python -m benchmarks NAME ...   some of them; prints, and writes the page where all were measured
python -m benchmarks --quick    short forms, to see that they run; prints
"""

import argparse
import os
import sys
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime

from benchmarks import (
    chunking,
    embedding,
    fetch,
    figures,
    index,
    main_job,
    memory,
    receiver,
    redaction,
    strategies,
    tracker,
    webhooks,
    workspaces,
)
from benchmarks.claims import Result, Section, claims_table, section_text
from benchmarks.kept import keep, kept
from benchmarks.machine import description
from benchmarks.measure import ROOT, BenchmarkFailed

PAGE = ROOT / "docs" / "benchmarks.md"
INTRODUCTION = """\
`make bench` measures everything here in one run and rewrites this page; `python -m benchmarks \
NAME` repeats one benchmark and rewrites its section, `--quick` runs short forms. Nothing is \
needed but what `make` installs, and pip's package index for the peer, which gets a virtual \
environment of its own below `.bench/` and is told not to call home. Both sides of a ratio are \
measured in turns in the same run, on the same input: text files of the installed packages and of \
Python's own library, chosen by a hash of their paths. [What is not met](performance.md), and the \
next step."""

BENCHMARKS: Mapping[str, tuple[str, Callable[[bool], Result]]] = {
    "fetch": (fetch.SUMMARY, lambda quick: fetch.run(quick=quick)),
    "strategies": (strategies.SUMMARY, lambda quick: strategies.run(quick=quick)),
    "tracker": (tracker.SUMMARY, lambda quick: tracker.run(quick=quick)),
    "workspaces": (workspaces.SUMMARY, lambda quick: workspaces.run(quick=quick)),
    "index": (index.SUMMARY, lambda quick: index.run(quick=quick)),
    "memory": (memory.SUMMARY, lambda quick: memory.run(quick=quick)),
    "webhooks": (webhooks.SUMMARY, lambda quick: webhooks.run(quick=quick)),
    "main job": (main_job.SUMMARY, lambda quick: main_job.run(quick=quick)),
    "receiver": (
        receiver.SUMMARY,
        lambda quick: figures.Figures(receiver.run(quick=quick), figures.RECEIVER),
    ),
    "chunking": (
        "One thread, processor time, the best of some rounds; 1 MB is a million characters.",
        lambda _: figures.Figures(chunking.run(), figures.CHUNKING),
    ),
    "redaction": (
        "One thread, processor time, the best of some rounds; 1 MB is a million characters.",
        lambda _: figures.Figures(redaction.run(), figures.REDACTION),
    ),
    "embedding": (
        "300 real texts through reuse, slices and an empty cache, against one call of the model.",
        lambda _: figures.Figures(embedding.run(), figures.EMBEDDING),
    ),
}


def main() -> int:
    """0 if every claim is met, 3 if one is not, 1 if a benchmark could not run."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.formatter_class = argparse.RawDescriptionHelpFormatter
    parser.add_argument("names", nargs="*", metavar="NAME", help=", ".join(BENCHMARKS))
    parser.add_argument("--quick", action="store_true", help="short forms; they prove little")
    options = parser.parse_args()
    names: list[str] = [name.replace("_", " ") for name in options.names]
    unknown = [name for name in names if name not in BENCHMARKS]
    if unknown:
        parser.error(f"no benchmark {unknown[0]!r}: there are {', '.join(BENCHMARKS)}")
    sections = [_section(name, quick=options.quick) for name in names or BENCHMARKS]
    print(claims_table(sections))
    if not options.quick:
        _write_page()
    if any(section.failure for section in sections):
        return 1
    return 0 if all(claim.met for section in sections for claim in section.claims) else 3


def _write_page() -> None:
    sections = kept(BENCHMARKS)
    missing = BENCHMARKS.keys() - {section.name for section in sections}
    if missing:
        print(f"The page is not written: not measured here yet are {', '.join(sorted(missing))}.")
        return
    PAGE.write_text(_page(sections), encoding="utf-8")
    print(f"{PAGE.relative_to(ROOT)} is written.")


def _section(name: str, *, quick: bool) -> Section:
    summary, run = BENCHMARKS[name]
    print(f"{name} ...", file=sys.stderr, flush=True)
    load, began = os.getloadavg()[0], datetime.now(UTC)
    measured = f"(Measured on {began:%Y-%m-%d %H:%M} UTC, load average before it {load:.1f}.)"
    try:
        result = run(quick)
    except BenchmarkFailed as failure:
        reason = " ".join(str(failure).split())
        section = Section(name, summary, failure=reason, measured=measured)
    else:
        section = Section(name, summary, result.claims(), result.tables(), measured=measured)
    print(section_text(section), file=sys.stderr, flush=True)
    if not quick:
        keep(section)
    return section


def _page(sections: Sequence[Section]) -> str:
    met = sum(claim.met for section in sections for claim in section.claims)
    count = sum(len(section.claims) for section in sections)
    parts = [
        "# Benchmarks",
        INTRODUCTION,
        f"The machine: {description()}",
        f"**{met} of {count} claims are met.**",
        claims_table(sections),
        *(section_text(section) for section in sections),
    ]
    return "\n\n".join(parts) + "\n"


if __name__ == "__main__":
    sys.exit(main())
