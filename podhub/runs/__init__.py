"""The driver: requests wait in a queue, one writer per cluster plays them and the time between, and appends what came of it."""
