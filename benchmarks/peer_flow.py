# Runs in CocoIndex's own environment, which the type checker does not see.
# pyright: basic, reportMissingImports=false
"""CocoIndex's way of the same work: files -> chunks -> the hash embedder -> LanceDB.

COCOINDEX_DISABLE_USAGE_TRACKING=1 python peer_flow.py example|lean FILES_FOLDER STATE_FOLDER

`example` is built as CocoIndex's own example `code_embedding_lancedb`: a function for each chunk,
ids from its `IdGenerator`, overlapping chunks. `lean` is the least work that we could make of it:
one function a file, a chunk's place as its id, no overlap.
"""

import hashlib
import json
import resource
import sys
import time
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import cocoindex
import numpy as np
from cocoindex.connectors import lancedb, localfs
from cocoindex.ops.text import RecursiveSplitter, detect_code_language
from cocoindex.resources.chunk import Chunk
from cocoindex.resources.file import FileLike
from cocoindex.resources.id import IdGenerator
from cocoindex.resources.schema import VectorSchema
from numpy.typing import NDArray

CHUNK_SIZE = 1_000
OVERLAPPING = {"min_chunk_size": 300, "chunk_overlap": 300}
DIMENSIONS = 384
SIGNS = np.array([-1, 1], dtype=np.float32) / np.sqrt(np.float32(DIMENSIONS))
FORM, FILES, STATE = sys.argv[1], Path(sys.argv[2]), Path(sys.argv[3])
DATABASE = cocoindex.ContextKey[lancedb.LanceAsyncConnection]("database")

splitter = RecursiveSplitter()
embedded: list[int] = []


def embed(text: str) -> NDArray[np.float32]:
    """The vector that our hash embedder gives this text."""
    embedded.append(1)
    digest = hashlib.shake_128(text.encode()).digest(DIMENSIONS // 8)
    return SIGNS[np.unpackbits(np.frombuffer(digest, dtype=np.uint8))]


@dataclass
class Row:
    """A chunk."""

    id: str
    path: str
    text: str
    start_line: int
    end_line: int
    vector: Annotated[NDArray, VectorSchema(dtype=np.dtype(np.float32), size=DIMENSIONS)]


def row_of(chunk: Chunk, path: str, name: str) -> Row:
    """A chunk's row, embedded."""
    return Row(
        id=name,
        path=path,
        text=chunk.text,
        start_line=chunk.start.line,
        end_line=chunk.end.line,
        vector=embed(chunk.text),
    )


@cocoindex.fn
async def process_chunk(
    chunk: Chunk, path: str, ids: IdGenerator, table: lancedb.TableTarget[Row]
) -> None:
    """One chunk, as in the example."""
    table.declare_row(row=row_of(chunk, path, str(await ids.next_id(chunk.text))))


@cocoindex.fn(memo=True)
async def process_file_as_example(file: FileLike, table: lancedb.TableTarget[Row]) -> None:
    """One file's chunks, as in the example."""
    text = await file.read_text()
    path = file.file_path.path
    language = detect_code_language(filename=path.name)
    chunks = splitter.split(text, chunk_size=CHUNK_SIZE, language=language, **OVERLAPPING)
    await cocoindex.map(process_chunk, chunks, str(path), IdGenerator(), table)


@cocoindex.fn(memo=True)
async def process_file(file: FileLike, table: lancedb.TableTarget[Row]) -> None:
    """One file's chunks, lean."""
    text = await file.read_text()
    path = file.file_path.path
    language = detect_code_language(filename=path.name)
    for chunk in splitter.split(text, chunk_size=CHUNK_SIZE, language=language):
        name = f"{path}:{chunk.start.char_offset}"
        table.declare_row(row=row_of(chunk, str(path), name))


@cocoindex.fn
async def process_folder(folder: Path) -> None:
    """All files of the folder into one table."""
    schema = await lancedb.TableSchema.from_class(Row, primary_key=["id"])
    table = await lancedb.mount_table_target(DATABASE, table_name="chunks", table_schema=schema)
    files = localfs.walk_dir(folder, recursive=True)
    form = {"example": process_file_as_example, "lean": process_file}[FORM]
    await cocoindex.mount_each(form, files.items(), table)


@cocoindex.lifespan
async def lifespan(builder: cocoindex.EnvironmentBuilder) -> AsyncIterator[None]:
    """Where its own state and the table are kept."""
    builder.settings.db_path = STATE / "cocoindex"
    builder.provide(DATABASE, await lancedb.connect_async(str(STATE / "index")))
    yield


def peak_bytes() -> int:
    """The most memory this process has held (Linux)."""
    lines = Path("/proc/self/status").read_text().splitlines()
    return 1024 * int(next(line.split()[1] for line in lines if line.startswith("VmHWM")))


def cpu_seconds() -> float:
    """User and system time of this process and of its children that have ended."""
    own, theirs = (
        resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)
    )
    return own.ru_utime + own.ru_stime + theirs.ru_utime + theirs.ru_stime


if __name__ == "__main__":
    app = cocoindex.App(cocoindex.AppConfig(name="benchmark"), process_folder, folder=FILES)
    started, cpu_started = time.perf_counter(), cpu_seconds()
    app.update_blocking()
    answer = {
        "seconds": time.perf_counter() - started,
        "cpu_seconds": cpu_seconds() - cpu_started,
        "texts_embedded": len(embedded),
        "peak_bytes": peak_bytes(),
    }
    print(json.dumps(answer))
