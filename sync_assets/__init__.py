"""One LanceDB index provably equal to a team's sources, kept so by Dagster."""

import os

# numpy's linear algebra, unused here, would start a thread a core that spins while it waits.
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
