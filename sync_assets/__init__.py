"""One LanceDB index provably equal to a team's sources, kept so by Dagster."""
