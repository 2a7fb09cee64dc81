"""What people may SELECT from."""


def active_ab_tests(_vendor: str) -> str:
    """Return the SELECT of the tests that are on, with their machines' names."""
    return """
        SELECT t.id, t.test_name, t.model_type, t.machine_id, m.name AS machine_name,
               t.model_a_id, t.model_b_id, t.mode, t.traffic_split, t.started_at, t.ends_at
        FROM model_ab_tests t LEFT JOIN machines m ON m.id = t.machine_id
        WHERE t.status = 'active'
    """
