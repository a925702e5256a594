#!/usr/bin/env bash
# Apply database migrations that are safe while the shop is running.
set -euo pipefail

export PGOPTIONS="-c lock_timeout=3s -c statement_timeout=5min"

for migration in migrations/*.sql; do
  name="$(basename "${migration}" .sql)"
  if psql -tAc "select 1 from applied_migrations where name = '${name}'" | grep -q 1; then
    continue
  fi
  echo "Applying ${name}"
  psql --single-transaction -v ON_ERROR_STOP=1 -f "${migration}"
  psql -c "insert into applied_migrations (name) values ('${name}')"
done
