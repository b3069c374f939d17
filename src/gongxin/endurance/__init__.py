"""Keeping a node alive and getting it back: backup and restore, health, metrics, alarms (docs/operations.md)."""
