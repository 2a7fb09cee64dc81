"""One module per page or family of pages. Each view names who may use it."""
