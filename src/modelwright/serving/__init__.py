"""Answers of models: predictions, their log, and the truth that arrives later."""
