"""Alembic runs this file; `control.upgrade` hands it the connection and its transaction."""

from alembic import context

from sync_assets.control.schema import VERSION_TABLE, metadata

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=metadata,
    version_table=VERSION_TABLE,
    render_as_batch=True,  # SQLite alters a table by copying it
)
context.run_migrations()
