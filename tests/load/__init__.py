"""An organisation at work on a server, and what must be true of it afterwards."""
