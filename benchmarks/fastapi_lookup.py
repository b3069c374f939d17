"""What a look-up is measured against: a FastAPI service that sends one statement and hands its text on, and nothing
else.
"""

from __future__ import annotations

import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from uuid import UUID

from fastapi import FastAPI, Response
from psycopg import AsyncRawCursor
from psycopg_pool import AsyncConnectionPool

_STATEMENT = Path(os.environ["LOOKUP_STATEMENT"]).read_bytes()
_POOL = AsyncConnectionPool(
    os.environ["LOOKUP_DATABASE"],
    min_size=4,
    max_size=4,
    open=False,
    kwargs={"autocommit": True, "prepare_threshold": 0},
)


@asynccontextmanager
async def _opened(_: FastAPI) -> AsyncIterator[None]:
    async with _POOL:
        yield


app = FastAPI(lifespan=_opened)


@app.get("/api/v1/organisations/{organisation_id}")
async def organisation(organisation_id: UUID) -> Response:
    """The organisation as the database wrote it."""
    async with _POOL.connection() as held:
        cursor = AsyncRawCursor(held)
        row = await (await cursor.execute(_STATEMENT, [100, organisation_id])).fetchone()
    return Response(row[0] if row else None, 200 if row else 404, media_type="application/json")
