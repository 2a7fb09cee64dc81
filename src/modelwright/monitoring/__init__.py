"""Watching models: performance records, drift, alerts, anomalies and key figures of machines."""
