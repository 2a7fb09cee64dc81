"""Schedules, and what follows from what is found."""
