"""The sample data: a made-up HR table of job roles, skills and how much they will be needed.

Each of 17 job roles meets each of 21 skills: 357 rows. A row's class is drawn first, in fixed
numbers (119 HIGH, 133 MEDIUM, 105 LOW); its figures are then drawn around what is usual for the
class, with an overlap, so that a model can learn the table well but not by heart. Where skill and
role suit each other and the skill is on the rise, the class tends to be higher.
"""

import csv
import io
import os
import random
from collections.abc import Mapping
from pathlib import Path
from typing import TypeAlias

from modelwright.engine.files import write_atomic

Row: TypeAlias = Mapping[str, str | int | float]

SEED = 11
COLUMNS = (
    "job_role_name",
    "skill_name",
    "skill_category",
    "job_department",
    "trend_score",
    "internal_usage",
    "scarcity_index",
    "hiring_difficulty",
    "economic_indicator",
    "training_requests",
    "avg_salary_k",
    "future_need_level",
)
CLASS_ROWS = {"HIGH": 119, "MEDIUM": 133, "LOW": 105}

# role -> (department, usual salary in thousands)
_ROLES: dict[str, tuple[str, float]] = {
    "Data Analyst": ("Data", 46),
    "Data Engineer": ("Data", 56),
    "Backend Developer": ("IT", 52),
    "Frontend Developer": ("IT", 48),
    "Systems Administrator": ("IT", 44),
    "Security Officer": ("IT", 60),
    "HR Business Partner": ("Human Resources", 47),
    "Recruiter": ("Human Resources", 39),
    "Training Coordinator": ("Human Resources", 37),
    "Financial Controller": ("Finance", 58),
    "Accountant": ("Finance", 41),
    "Account Manager": ("Sales", 45),
    "Sales Engineer": ("Sales", 54),
    "Marketing Manager": ("Marketing", 51),
    "Production Planner": ("Operations", 43),
    "Maintenance Technician": ("Operations", 36),
    "Quality Engineer": ("Operations", 49),
}

# skill -> (category, how much it is on the rise, departments it suits)
_SKILLS: dict[str, tuple[str, float, tuple[str, ...]]] = {
    "Machine Learning": ("Data and AI", 0.9, ("Data", "IT")),
    "Generative AI Tools": ("Data and AI", 1.0, ("Data", "IT", "Marketing", "Human Resources")),
    "Data Visualisation": ("Data and AI", 0.5, ("Data", "Finance", "Marketing", "Operations")),
    "SQL": ("Data and AI", 0.2, ("Data", "IT", "Finance")),
    "Statistics": ("Data and AI", 0.4, ("Data", "Operations")),
    "Python": ("Software", 0.6, ("Data", "IT")),
    "Cloud Platforms": ("Software", 0.7, ("IT", "Data")),
    "Test Automation": ("Software", 0.3, ("IT", "Operations")),
    "Legacy COBOL": ("Software", -0.9, ("IT", "Finance")),
    "Cybersecurity": ("Security and Law", 0.9, ("IT", "Finance")),
    "Data Protection Law": ("Security and Law", 0.4, ("Human Resources", "IT", "Marketing")),
    "Labour Law": ("Security and Law", -0.2, ("Human Resources",)),
    "Project Management": ("Management", 0.1, ("IT", "Operations", "Marketing", "Sales")),
    "Change Management": ("Management", 0.3, ("Human Resources", "Operations")),
    "Negotiation": ("Management", -0.1, ("Sales", "Human Resources")),
    "Customer Relations": ("Communication", -0.1, ("Sales", "Marketing")),
    "Technical Writing": ("Communication", -0.5, ("IT", "Operations")),
    "Fax and Paper Archives": ("Communication", -1.0, ("Finance", "Human Resources")),
    "Energy Management": ("Sustainability", 0.7, ("Operations", "Finance")),
    "Carbon Accounting": ("Sustainability", 0.8, ("Finance", "Operations")),
    "Manual Bookkeeping": ("Management", -0.9, ("Finance",)),
}

# column -> (usual value for LOW, MEDIUM, HIGH; spread)
_USUAL: dict[str, tuple[tuple[float, float, float], float]] = {
    "trend_score": ((0.27, 0.52, 0.79), 0.1105),
    "internal_usage": ((0.25, 0.45, 0.62), 0.169),
    "training_requests": ((6.0, 17.0, 32.0), 6.5),
    "scarcity_index": ((0.24, 0.48, 0.74), 0.13),
    "hiring_difficulty": ((0.28, 0.49, 0.72), 0.143),
    "economic_indicator": ((0.45, 0.54, 0.62), 0.156),
}


def future_skills_table(seed: int = SEED) -> list[Row]:
    """Make the future-skills sample table.

    Parameters
    ----------
    seed : int
        The same seed gives the same table, on every machine.

    Returns
    -------
    list of mapping
        357 rows; the keys are `COLUMNS`, in this order.

    Examples
    --------
    >>> rows = future_skills_table()
    >>> len(rows), sum(row["future_need_level"] == "HIGH" for row in rows)
    (357, 119)
    """
    draw = random.Random(seed)  # noqa: S311  (a sample, no secret)
    pairs = [(role, skill) for role in _ROLES for skill in _SKILLS]
    leaning = {pair: _leaning(*pair) + draw.gauss(0, 0.35) for pair in pairs}
    ranked = sorted(pairs, key=lambda pair: (-leaning[pair], pair))
    labels = [label for label, rows in CLASS_ROWS.items() for _ in range(rows)]
    classes = dict(zip(ranked, labels, strict=True))
    rows = [_row(draw, role, skill, classes[role, skill]) for role, skill in pairs]
    draw.shuffle(rows)
    return rows


def _leaning(role: str, skill: str) -> float:
    _, rise, suits = _SKILLS[skill]
    return rise + (0.5 if _ROLES[role][0] in suits else 0.0)


def _row(draw: random.Random, role: str, skill: str, label: str) -> Row:
    department, salary = _ROLES[role]
    category = _SKILLS[skill][0]
    level = ("LOW", "MEDIUM", "HIGH").index(label)
    drawn = {name: draw.gauss(usual[level], spread) for name, (usual, spread) in _USUAL.items()}
    figures: dict[str, float | int] = {
        name: round(min(max(value, 0.0), 1.0), 2) for name, value in drawn.items()
    }
    figures["training_requests"] = max(0, round(drawn["training_requests"]))
    figures["avg_salary_k"] = round(salary * draw.uniform(0.9, 1.1) + 2.0 * level, 1)
    row: dict[str, str | int | float] = {
        "job_role_name": role,
        "skill_name": skill,
        "skill_category": category,
        "job_department": department,
        **figures,
        "future_need_level": label,
    }
    return {name: row[name] for name in COLUMNS}


def future_skills_csv(seed: int = SEED) -> bytes:
    """Return the sample table as CSV (UTF-8, comma, line feed)."""
    text = io.StringIO()
    writer = csv.DictWriter(text, COLUMNS, lineterminator="\n")
    writer.writeheader()
    writer.writerows(future_skills_table(seed))
    return text.getvalue().encode("utf-8")


def write_future_skills_csv(path: str | os.PathLike[str], seed: int = SEED) -> Path:
    """Write the sample table; the file is whole or not there.

    Parameters
    ----------
    path : path-like
        Its folder is made where missing; a file there is replaced.
    seed : int
        The same seed gives the same bytes.

    Returns
    -------
    Path
        `path`.
    """
    target = Path(path)
    target.parent.mkdir(parents=True, exist_ok=True)
    write_atomic(target, future_skills_csv(seed))
    return target
