"""A wrong, foreign, newer or broken index is one clear line that says what to do."""

import resource
import subprocess
import sys
from pathlib import Path

import pytest

from sync_assets.errors import FingerprintMismatch, NewerSchema, StoreUnavailable
from sync_assets.index.open import Index
from sync_assets.index.reader import IndexReader
from sync_assets.index.schema import SCHEMA
from sync_assets_tests.index.rows import DIMENSIONS, FINGERPRINT, OWNER, document, put, writer

FULL_DISK = """
import random, resource, string, sys
from pathlib import Path
from sync_assets.errors import StoreUnavailable
from sync_assets_tests.index.rows import document, put, writer
place = Path(sys.argv[1])
resource.setrlimit(resource.RLIMIT_FSIZE, (65536, resource.RLIM_INFINITY))
text = "".join(random.Random(0).choices(string.printable, k=300_000))
try:
    put(writer(place), [document("a", "2"), document("b", text=text)])
except StoreUnavailable as error:
    print(error)
"""


@pytest.fixture
def place(tmp_path: Path) -> Path:
    put(writer(tmp_path / "index"), [document("a")])
    return tmp_path / "index"


def one_line(error: pytest.ExceptionInfo[Exception], *words: str) -> None:
    text = str(error.value)
    assert "\n" not in text
    assert ".rs:" not in text
    for word in words:
        assert word in text


def test_an_index_of_another_control_database_is_refused(place: Path):
    with pytest.raises(StoreUnavailable) as error:
        writer(place, owner="instance-2")
    one_line(error, str(place), OWNER, "instance-2", "SYNC_ASSETS_INDEX_URI")
    with pytest.raises(StoreUnavailable):
        IndexReader(str(place), owner="instance-2").documents_stored("github:owner/name", "files")


def test_vectors_of_another_model_are_refused(place: Path):
    with pytest.raises(FingerprintMismatch) as error:
        writer(place, fingerprint="other:8")
    one_line(error, FINGERPRINT, "other:8", "switch back")
    with pytest.raises(FingerprintMismatch) as error:
        writer(place, dimensions=16)
    one_line(error, "8 dimensions", "16")


def test_a_newer_schema_asks_for_an_upgrade(place: Path):
    dataset = Index(str(place)).open("documents")
    assert dataset is not None
    dataset.update_schema_metadata({SCHEMA: "2"})
    with pytest.raises(NewerSchema) as error:
        writer(place)
    one_line(error, "upgrade sync_assets")


def test_a_table_of_somebody_else_is_refused(tmp_path: Path):
    import lance
    import pyarrow as pa

    lance.write_dataset(pa.table({"id": ["a"]}), str(tmp_path / "documents.lance"))
    with pytest.raises(StoreUnavailable) as error:
        writer(tmp_path)
    one_line(error, "did not write", "SYNC_ASSETS_INDEX_URI")


def test_a_damaged_table_is_one_clear_line(place: Path):
    for manifest in (place / "documents.lance" / "_versions").iterdir():
        manifest.write_bytes(b"damaged")
    with pytest.raises(StoreUnavailable) as error:
        writer(place)
    one_line(error, f"The index at {place}: ")


def test_a_data_file_that_is_gone_is_one_clear_line(place: Path):
    for file in (place / "documents.lance" / "data").iterdir():
        file.unlink()
    with pytest.raises(StoreUnavailable) as error:
        list(IndexReader(str(place)).documents([document("a").document_id]))
    one_line(error, f"The index at {place}: ")


def test_a_file_where_the_index_should_be_is_one_clear_line(tmp_path: Path):
    place = tmp_path / "index"
    place.write_text("not a folder")
    with pytest.raises(StoreUnavailable) as error:
        put(writer(place), [document("a")])
    one_line(error, f"The index at {place}: ")


@pytest.mark.skipif(not hasattr(resource, "RLIMIT_FSIZE"), reason="no limit on file sizes here")
def test_a_disk_that_takes_no_more_is_one_clear_line_and_loses_nothing(place: Path):
    run = subprocess.run(
        [sys.executable, "-c", FULL_DISK, str(place)], capture_output=True, text=True, check=True
    )
    assert run.stdout.startswith(f"The index at {place}: ")
    assert run.stdout.count("\n") == 1
    reader = IndexReader(str(place), owner=OWNER, fingerprint=FINGERPRINT)
    kept = reader.documents_stored("github:owner/name", "files")
    assert {key: row.version for key, row in kept.items()} == {document("a").document_id: "1"}
    put(writer(place), [document("a", "2")])
    assert [each.version for found in reader.documents(list(kept)) for each in found] == ["2"]


def test_the_tables_are_lancedb_tables(place: Path):
    import lancedb

    table = lancedb.connect(place).open_table("chunks")
    assert table.count_rows() == 2
    found = table.search([0.5] * DIMENSIONS, vector_column_name="vector").limit(1).to_arrow()
    assert found["path"].to_pylist() == ["a"]
    told = table.schema.field("chunk_id").metadata or {}
    assert told.get(b"lance-schema:unenforced-primary-key") == b"true"
    assert not table.schema.field("chunk_id").nullable


def test_opening_an_index_leaves_pandas_out_until_someone_wants_it(place: Path):
    program = (
        "import sys; from sync_assets.index.reader import IndexReader;"
        f"reader = IndexReader({str(place)!r}, owner={OWNER!r});"
        "reader.documents_stored('github:owner/name', 'files');"
        "assert 'pandas' not in sys.modules;"
        "import pyarrow as pa; assert len(pa.table({'a': [1, 2]}).to_pandas()) == 2"
    )
    subprocess.run([sys.executable, "-c", program], check=True)


def test_making_a_column_of_vectors_imports_no_masked_arrays():
    program = (
        "import sys; import numpy as np; from sync_assets.index.arrow import vector_array;"
        "made = vector_array(np.array([[1, 2], [3, 4]], np.float32), 2, 2);"
        "assert made.to_pylist() == [[1, 2], [3, 4]], made;"
        "assert 'numpy.ma' not in sys.modules"
    )
    subprocess.run([sys.executable, "-c", program], check=True)
