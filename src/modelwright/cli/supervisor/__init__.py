"""`modelwright up`: the parts of a server as children of one light process."""
