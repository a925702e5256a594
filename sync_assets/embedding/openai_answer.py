"""Pure: what an embeddings endpoint answered -> vectors in the order of the texts, all checked."""

from typing import Annotated

import numpy as np
from pydantic import BaseModel, Field, ValidationError

from sync_assets.embedding.base import Vectors
from sync_assets.errors import EmbedderFailed

SHORTEST = 1e-6
"""A vector shorter than this says nothing, and has no direction."""


class _Embedding(BaseModel):
    index: int
    embedding: list[float]


class _Usage(BaseModel):
    prompt_tokens: Annotated[int, Field(ge=0)] = 0


class _Answer(BaseModel):
    data: list[_Embedding]
    usage: _Usage = _Usage()


def read_answer(body: bytes, count: int) -> tuple[Vectors, int]:
    """The vectors of `count` texts, normalised, and the tokens that the server counted.

    EmbedderFailed where one is missing, comes twice, or is not a direction.
    """
    try:
        answer = _Answer.model_validate_json(body)
    except ValidationError as error:
        first = error.errors(include_input=False, include_url=False, include_context=False)[0]
        place = ".".join(str(part) for part in first["loc"])
        raise EmbedderFailed(
            f"The embedding server's answer cannot be read ({place}: {first['msg']})"
        ) from None
    if sorted(each.index for each in answer.data) != list(range(count)):
        raise EmbedderFailed(
            f"The embedding server was given {count} texts and answered with {len(answer.data)}"
            " vectors, or with other indexes: nothing of it was used"
        )
    lengths = {len(each.embedding) for each in answer.data}
    if len(lengths) != 1 or lengths == {0}:
        raise EmbedderFailed(
            f"The embedding server answered with vectors of {sorted(lengths)} dimensions at once"
        )
    vectors = np.empty((count, *lengths), dtype=np.float64)
    for each in answer.data:
        vectors[each.index] = each.embedding
    return unit(vectors), answer.usage.prompt_tokens


def unit(vectors: np.typing.NDArray[np.float64]) -> Vectors:
    """The rows at length one; EmbedderFailed for what has no direction."""
    norms = np.linalg.norm(vectors, axis=1, keepdims=True)
    if not np.isfinite(norms).all() or (norms < SHORTEST).any():
        raise EmbedderFailed(
            "The embedding server answered with a vector of zeros, NaN or infinity"
        )
    return (vectors / norms).astype(np.float32)
