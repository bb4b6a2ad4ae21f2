"""The append-only record: append, read, tail, fold, import, export, verify. CONTRACTS.md says what others may call."""
