"""The pages: they translate, nothing more."""
