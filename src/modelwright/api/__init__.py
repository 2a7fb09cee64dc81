"""The REST contracts: they translate, nothing more."""
