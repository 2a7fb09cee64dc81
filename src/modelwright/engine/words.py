"""How numbers stand in sentences."""

POWERS_FROM = 1e15


def short_number(value: float) -> str:
    """Write a number with four digits, a large one whole: no powers of ten where people read.

    Examples
    --------
    >>> short_number(0.0123456), short_number(10684.06), short_number(-2_500_000)
    ('0.01235', '10,684', '-2,500,000')
    """
    if 1e4 <= abs(value) < POWERS_FROM:
        return f"{value:,.0f}"
    return f"{value:.4g}"


def label_of_number(value: float) -> str:
    """Return what a class is called that came as a number, as a training calls it.

    Examples
    --------
    >>> label_of_number(1.0), label_of_number(0.5)
    ('1', '0.5')
    """
    return str(int(value) if float(value).is_integer() else value)
