"""Users, roles, tokens, and the audit log of every write."""
