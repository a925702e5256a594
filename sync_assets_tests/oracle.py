"""An oracle of equality that imports nothing of sync_assets: git says what a repository holds,
LanceDB what the index holds, and the rules of what is searchable are written down here again.
"""

import shutil
import subprocess
import tempfile
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

import lancedb

LFS = b"version https://git-lfs.github.com/spec/v1"


def git(repository: Path, *arguments: str, stdin: bytes = b"") -> bytes:
    return subprocess.run(
        ["git", "-C", str(repository), *arguments], input=stdin, capture_output=True, check=True
    ).stdout


def ignored(paths: Iterable[str], patterns: Sequence[str]) -> set[str]:
    """Which paths git itself would ignore under these patterns."""
    with tempfile.TemporaryDirectory() as scratch:
        git(Path(scratch), "init", "--quiet")
        (Path(scratch) / ".git" / "info" / "exclude").write_text("\n".join(patterns) + "\n")
        done = subprocess.run(
            ["git", "-C", scratch, "check-ignore", "--no-index", "-z", "--stdin"],
            input=b"".join(path.encode() + b"\0" for path in paths),
            capture_output=True,
            check=False,
        )
        return {name.decode() for name in done.stdout.split(b"\0") if name}


def searchable_files(
    repository: Path,
    commit: str,
    *,
    include: Sequence[str] = (),
    exclude: Sequence[str] = (),
    max_bytes: int = 1_048_576,
) -> dict[str, tuple[str, str]]:
    """path -> (`mode:blob`, text) of every file that must be found, by git's own account."""
    found: dict[str, tuple[str, str]] = {}
    for line in git(repository, "ls-tree", "-r", "-z", "-l", commit).split(b"\0")[:-1]:
        facts, name = line.split(b"\t", 1)
        mode, _, blob, size = facts.decode().split()
        try:
            path = name.decode()
        except UnicodeDecodeError:
            continue
        if mode in {"120000", "160000"} or int(size) > max_bytes:
            continue
        found[path] = mode, blob
    contents = blobs(repository, {blob for _, blob in found.values()})
    files: dict[str, tuple[str, str]] = {}
    for path, (mode, blob) in found.items():
        content = contents[blob]
        if b"\0" in content[:8000] or content.startswith(LFS):
            continue
        try:
            files[path] = (f"{mode}:{blob}", content.decode())
        except UnicodeDecodeError:
            continue
    if include:
        wanted = ignored(files, include)
        files = {path: file for path, file in files.items() if path in wanted}
    dropped = ignored(files, exclude) if exclude else set[str]()
    return {path: file for path, file in files.items() if path not in dropped}


def blobs(repository: Path, ids: Iterable[str]) -> dict[str, bytes]:
    """Their contents, by one process."""
    told = git(repository, "cat-file", "--batch", stdin="\n".join(ids).encode())
    at, contents = 0, dict[str, bytes]()
    while at < len(told):
        line_end = told.index(b"\n", at)
        blob, _, size = told[at:line_end].decode().split()
        contents[blob] = told[line_end + 1 : line_end + 1 + int(size)]
        at = line_end + 1 + int(size) + 1
    return contents


def table_versions(index_uri: str) -> dict[str, int]:
    """The newest version of every table: equal before and after means nothing was written."""
    database = lancedb.connect(index_uri)
    return {name: database.open_table(name).version for name in database.list_tables().tables}


def everything(index_uri: str) -> str:
    """All rows of all tables as one text, for scans."""
    database = lancedb.connect(index_uri)
    names = database.list_tables().tables
    return "\n".join(str(database.open_table(name).to_arrow().to_pylist()) for name in names)


def remove_index(index_uri: str) -> None:
    """What an operator's slip of the hand would do."""
    shutil.rmtree(index_uri)


def rows(index_uri: str, table: str, source_id: str) -> list[dict[str, Any]]:
    """Every row of a source; no rows where the table was never made."""
    database = lancedb.connect(index_uri)
    if table not in database.list_tables().tables:
        return []
    found = database.open_table(table).to_arrow().to_pylist()
    return [row for row in found if row["source_id"] == source_id]


def chunk_faults(path: str, text: str, version: str, chunks: list[dict[str, Any]]) -> list[str]:
    """What is wrong with one document's chunks."""
    faults: list[str] = []
    if not chunks:
        return [f"{path}: no chunks"]
    if {chunk["document_version"] for chunk in chunks} != {version}:
        faults.append(f"{path}: chunks of another version")
    if max(Counter(chunk["chunk_id"] for chunk in chunks).values()) > 1:
        faults.append(f"{path}: a chunk twice")
    chunks.sort(key=lambda chunk: chunk["position"])
    if [chunk["position"] for chunk in chunks] != list(range(len(chunks))):
        faults.append(f"{path}: positions are not 0, 1, 2, ...")
    at = 0
    for chunk in chunks:
        start, end = chunk["start_char"], chunk["end_char"]
        if start < at or text[at:start].strip():
            faults.append(f"{path}: text between chunks is lost or double")
        if chunk["text"] != text[start:end]:
            faults.append(f"{path}: a chunk's text is not the document's")
        if chunk["start_line"] != text.count("\n", 0, start) + 1:
            faults.append(f"{path}: a chunk's first line is wrong")
        at = end
    if text[at:].strip():
        faults.append(f"{path}: the end of the text is in no chunk")
    return faults


def differences(index_uri: str, source_id: str, files: Mapping[str, tuple[str, str]]) -> list[str]:
    """Every way in which the index is not `files`; an empty list is equality."""
    faults: list[str] = []
    documents = rows(index_uri, "documents", source_id)
    paths = Counter(row["path"] for row in documents)
    faults += [f"{path}: missing" for path in files.keys() - paths.keys()]
    faults += [f"{path}: extra" for path in paths.keys() - files.keys()]
    faults += [f"{path}: {count} rows" for path, count in paths.items() if count > 1]
    chunks: dict[str, list[dict[str, Any]]] = defaultdict(list)
    for chunk in rows(index_uri, "chunks", source_id):
        chunks[chunk["document_id"]].append(chunk)
    for row in documents:
        version, text = files.get(row["path"], (row["version"], row["text"]))
        if row["version"] != version:
            faults.append(f"{row['path']}: stale")
        if row["text"] != text:
            faults.append(f"{row['path']}: another text")
        faults += chunk_faults(row["path"], text, version, chunks.pop(row["document_id"], []))
    faults += [f"orphan chunks of {document}" for document in chunks]
    return sorted(faults)
