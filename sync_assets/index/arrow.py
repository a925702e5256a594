"""Arrow values as Python's and numpy's, with types that pyarrow's stubs leave open."""

from typing import TYPE_CHECKING, Any, cast

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    import pyarrow as pa

Vectors = NDArray[np.float32]


def column(table: "pa.Table | pa.RecordBatch", name: str) -> list[Any]:
    """One column's values."""
    return cast("list[Any]", table.column(name).to_pylist())


def tuples(table: "pa.Table") -> list[tuple[Any, ...]]:
    """The rows, values in the order of the columns."""
    return list(zip(*(column(table, name) for name in table.column_names), strict=True))


def fields(schema: "pa.Schema") -> "list[pa.Field[Any]]":
    """The fields, in order."""
    return list(schema)


def dimensions(schema: "pa.Schema") -> int:
    """The width of the column `vector`."""
    return cast("pa.FixedSizeListType[Any, Any]", schema.field("vector").type).list_size


def vectors(table: "pa.Table | pa.RecordBatch") -> Vectors:
    """The column `vector` as an array of shape (rows, dimensions)."""
    import pyarrow as pa

    whole = pa.Table.from_batches([table]) if isinstance(table, pa.RecordBatch) else table
    parts = cast("list[pa.FixedSizeListArray[Any, Any]]", whole.column("vector").chunks)
    flat = [part.flatten().to_numpy(zero_copy_only=False) for part in parts]
    joined = np.concatenate([np.empty(0, np.float32), *flat], dtype=np.float32)
    return joined.reshape(-1, dimensions(whole.schema))


def vector_array(values: Vectors, count: int, width: int) -> "pa.Array[Any]":
    """A column of `count` vectors; ValueError where the shape differs or a value is not finite."""
    import pyarrow as pa

    if values.shape != (count, width):
        raise ValueError(f"Vectors of shape {values.shape}, expected {(count, width)}")
    if not np.isfinite(values).all():
        raise ValueError("A vector holds what is not a finite number")
    flat = np.ascontiguousarray(values, dtype=np.float32)
    # By its memory: an array made of numpy's would first import numpy.ma, a tenth of a small sync.
    floats = pa.Array.from_buffers(pa.float32(), flat.size, [None, pa.py_buffer(flat.data)])
    return cast("pa.Array[Any]", pa.FixedSizeListArray.from_arrays(floats, width))
