"""One module per command; each is loaded only when it is called (modelwright.cli.entry)."""
