"""Django's management commands, and what they share with the command line."""
