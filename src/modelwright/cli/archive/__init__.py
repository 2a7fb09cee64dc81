"""Backups: one archive with everything, proved by hashes, brought back whole or not at all."""
