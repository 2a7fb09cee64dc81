"""Model versions and their artifacts."""
