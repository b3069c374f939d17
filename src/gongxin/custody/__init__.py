"""Custody of the node's keys: making them, rotating them, retiring them, each with its leaf in the ledger."""
