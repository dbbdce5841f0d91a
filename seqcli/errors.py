"""What can go wrong, said once: each error is one line with what, where, and what to do next."""

from collections.abc import Iterable

from seqcli.extras import installs

SHOWN_LIMIT = 80  # characters of foreign text inside a message: enough to recognise it, never a flood


def escape(text: str) -> str:
    """Return text with every character a terminal could obey (control, bidi, surrogate, format) made visible.

    Format characters are escaped too: U+202E turns a name around as surely as ESC clears a screen.
    """
    if text.isascii() and text.isprintable():
        return text
    return "".join(c if c.isprintable() else c.encode("unicode_escape", "surrogatepass").decode() for c in text)


def quoted(text: object, limit: int = SHOWN_LIMIT) -> str:
    """Return foreign text as it may stand inside a message: escaped, cut, in single quotes.

    Of a path that is too long the middle is left out: its end is what tells a file from others.
    """
    raw = str(text)
    shown = escape(raw[: limit + 1])
    if len(shown) <= limit:
        return f"'{shown}'"
    if raw.startswith("/"):
        end = escape(raw[-(limit // 2) :])[-(limit // 2) :]
        return f"'{shown[: limit - len(end)]}…{end}'"
    return f"'{shown[:limit]}…'"


def missing_package(error: ModuleNotFoundError) -> str | None:
    """Return the line that says what to install, None for a module of our own, which is a defect."""
    package = (error.name or "").split(".")[0]
    if not package or package == "seqcli":
        return None
    return f"The package {quoted(package)} is not installed; install it: pip install '{installs(package)}'"


def meant(name: str, names: Iterable[str], otherwise: str, alike: float = 0.6) -> str:
    """Return what to do about a name that is not there: take the one that is spelled nearly so, or else something.

    alike: how much of two names must be the same, 0 to 1.
    """
    import difflib  # here: an answer does without it

    near = difflib.get_close_matches(name, list(names), 1, alike)
    return f"did you mean {quoted(near[0])}?" if near else otherwise


class SeqcliError(Exception):
    """Could not do it: data, model or disk. Exit code 1."""

    exit_code = 1


class MisuseError(SeqcliError):
    """The command line itself is wrong. Exit code 2."""

    exit_code = 2


class CorpusError(SeqcliError):
    """A text that cannot be read or learned from."""


class ModelError(SeqcliError):
    """A model that is missing, in use, or not what the command needs."""


class DamagedError(ModelError):
    """A model whose bytes are not the bytes that were saved."""


class DivergedError(SeqcliError):
    """A training whose loss or gradient stopped being a number, or that learns nothing."""


def check_installed(module: str, need: str) -> None:
    """Raise ModelError where a module that not everybody needs is not installed; it is not loaded.

    need: what needs it, and its name, as the line begins.
    """
    from importlib.util import find_spec  # here: most commands need none of these

    if find_spec(module) is None:
        raise ModelError(f"{need}; install it: pip install '{installs(module)}'")


class LostError(SeqcliError):
    """Another process that shares a training, and no longer answers."""

    def __init__(self, ranks: Iterable[int], count: int) -> None:
        """ranks: of those that are lost, as far as it is known. count: of all."""
        self.ranks = set(ranks)
        who = ", ".join(map(str, sorted(self.ranks)))
        lost = f"rank {who} no longer answers" if self.ranks else "another process no longer answers"
        super().__init__(
            f"Of the {count} processes that share this training {lost}: killed, hanging, or without its network. The "
            "last checkpoint stands; go on with --resume (torchrun --max-restarts does so by itself)."
        )
