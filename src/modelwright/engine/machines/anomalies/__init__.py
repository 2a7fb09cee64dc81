"""What the anomaly type is made of: what is usual, how far readings are from it, and alarms."""
