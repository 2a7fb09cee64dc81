"""What the profile of a model's answers calls its columns. Light: the web server loads it."""

PREDICTION = "prediction"
CONFIDENCE = "confidence"
LEAST_PROBABILITY = 1e-15  # a smaller one counts as this in a log loss
