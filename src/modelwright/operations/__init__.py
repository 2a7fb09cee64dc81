"""Keeping the server itself in sight: how it is, alerts about it, backups, moving."""
