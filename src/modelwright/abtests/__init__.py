"""A/B tests between versions of a subject's model."""
