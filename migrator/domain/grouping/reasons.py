"""Why a person is where it is, in words."""


def stays(name: str, used: int, granted: int, prior: str | None) -> str:
    """It gets a set that somebody has already; `used` and `granted` count actions."""
    verb = "stays in" if prior == name else "joins"
    return f"{verb} {name}: grants all that is needed; {_of(used, granted)}{_moved(name, prior)}"


def exists(name: str, used: int, granted: int) -> str:
    """It gets a set that others made."""
    return f"{name} exists and grants all that is needed; {_of(used, granted)}"


def shares(name: str, others: int, used: int, granted: int, bound: float, prior: str | None) -> str:
    """It gets a set made for it and `others` more."""
    if others:
        text = f"shares {name} with {others} {'other' if others == 1 else 'others'}: {_of(used, granted)}"
    else:
        unused = f"more than {bound:g} % would be unused"
        text = f"has {name} alone: with anybody it may share with, {unused} or a way to more access open"
    return text + _moved(name, prior)


def _moved(name: str, prior: str | None) -> str:
    return "" if prior in {None, name} else f"; before: {prior}, which does not fit all of its users any more"


def _of(used: int, granted: int) -> str:
    return f"used {used} of its {granted} actions"
