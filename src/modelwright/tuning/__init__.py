"""Searches for the best hyperparameters of a model run, and their trials."""
