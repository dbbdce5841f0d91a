"""The command that looks at this machine and at what is installed on it: doctor."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from seqcli.cli.options import command, option
from seqcli.cli.session import Session
from seqcli.errors import ModelError, SeqcliError
from seqcli.quantities import size

if TYPE_CHECKING:
    from seqcli.machine import Product

LITTLE_SPACE = 1 << 30  # bytes: some models, with what a save needs beside them


@command(epilog="Examples: seqcli doctor;  seqcli doctor --json")
@option("--json", "as_json", is_flag=True, help="Print one JSON object, for a report: no texts, names or paths.")
@click.pass_obj
def doctor(session: Session, /, as_json: bool) -> None:
    """Look at this machine: versions, processor, speed beside known machines, space, models, extras.

    What is wrong is said on stderr, each with what to do, and the exit code is 1.
    """
    found = findings(session)
    if as_json:
        session.terminal.document(found)
    elif session.terminal.table:
        session.terminal.facts(_in_words(found))
    else:
        session.terminal.facts(list(_flat("", found)), "check", "value")
    problems = list(_problems(found))
    for line in problems:
        session.note(f"Problem: {line}")
    if problems:
        raise SeqcliError(f"{len(problems)} {'thing is' if len(problems) == 1 else 'things are'} wrong: see above.")
    session.note("Nothing is wrong.")


def findings(session: Session) -> dict[str, Any]:
    """Return all that is looked at, under the names of --json; sizes in bytes, speeds in GFLOP/s."""
    from seqcli import machine
    from seqcli.corpora.catalogue import cache_folder
    from seqcli.threads import processors

    memory = machine.memory()
    speed = machine.speed()
    return {
        **machine.system(),
        "processor": machine.processor(),
        "instructions": machine.instructions(),
        "processors": processors(),
        "free_processors": session.spare.count(),
        "memory": memory[0] if memory else None,
        "free_memory": memory[1] if memory else None,
        "blas": machine.blas(),
        "gflops": {"one_thread": round(speed.one_thread, 1), "all_threads": round(speed.all_threads, 1)},
        "free_space": {
            "models": machine.free_space(session.shelf.root),
            "corpora": machine.free_space(cache_folder()),
            "temporary": machine.free_space(Path("/tmp")),
        },
        "models": _models(session),
        "packages": machine.packages(),
        "extras": machine.extras(),
    }


def _models(session: Session) -> dict[str, int]:
    """Return how many models there are, how many are damaged, and their bytes."""
    from seqcli.cli.summary import total
    from seqcli.store import Damaged

    try:
        entries = list(session.shelf.entries())
    except ModelError:
        return {"count": 0, "damaged": 0, "bytes": 0}
    whole = [entry for entry in entries if not isinstance(entry, Damaged)]
    return {"count": len(entries), "damaged": len(entries) - len(whole), "bytes": sum(map(total, whole))}


def _in_words(found: dict[str, Any]) -> list[tuple[str, Any]]:
    """Return what a person reads."""
    from seqcli.extras import EXTRAS

    space, models = found["free_space"], found["models"]
    facts: list[tuple[str, Any]] = [
        ("seqcli", f"{found['seqcli']}, Python {found['python']}, {found['system']}"),
        ("packages", ", ".join(f"{name} {have or 'missing'}" for name, have in found["packages"].items())),
        ("processor", f"{found['processor']}: {', '.join(found['instructions']) or 'instructions unknown'}"),
        ("processors", f"{found['processors']}, of which {found['free_processors']} free just now"),
    ]
    if found["memory"] is not None:
        facts.append(("memory", f"{size(found['memory'])}, {size(found['free_memory'])} free"))
    facts += [("BLAS", "; ".join(found["blas"]) or "not recognised"), ("speed", _speed(found))]
    facts.append(("free space", ", ".join(f"{size(n)} ({name})" for name, n in space.items() if n is not None)))
    damaged = f", {models['damaged']} damaged" if models["damaged"] else ", none damaged"
    facts.append(("models", f"{models['count']} ({size(models['bytes'])}){damaged if models['count'] else ''}"))
    for name, (_, brings) in EXTRAS.items():
        have = "installed" if found["extras"][name] else f"pip install 'seqcli[{name}]'"
        facts.append((f"extra {name}", f"{brings}: {have}"))
    return facts


def _speed(found: dict[str, Any]) -> str:
    """Return the speed of products beside that of known machines."""
    from seqcli.machine import KNOWN

    here: Product | dict[str, float] = found["gflops"]
    assert isinstance(here, dict)
    said = f"{here['one_thread']:.0f} GFLOP/s with one thread, {here['all_threads']:.0f} with all"
    others = (f"{name}: {one:.0f} and {several:.0f}" for name, (one, several) in KNOWN.items())
    return "; ".join((said, *others))


def _flat(prefix: str, value: Any) -> list[tuple[str, Any]]:
    if not isinstance(value, dict):
        return [(prefix, ", ".join(value) if isinstance(value, list) else value)]
    return [row for key, inner in value.items() for row in _flat(f"{prefix}.{key}" if prefix else key, inner)]


def _problems(found: dict[str, Any]) -> list[str]:
    """Return what is wrong, each with what to do."""
    said = []
    missing = [name for name, have in found["packages"].items() if have is None]
    if missing:
        said.append(f"{', '.join(missing)} not installed; install seqcli again: pip install seqcli")
    if found["models"]["damaged"]:
        said.append(f"{found['models']['damaged']} of the models cannot be used; seqcli models check says why")
    low = [name for name, n in found["free_space"].items() if n is not None and n < LITTLE_SPACE]
    if low:
        said.append(f"less than {size(LITTLE_SPACE)} free for {', '.join(low)}; make room")
    return said
