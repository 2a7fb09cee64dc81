"""Telling people: channels, what is to be told, and the delivery that never holds anybody up."""
