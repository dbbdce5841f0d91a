"""The settings of a cache, as they are typed: neural:weight=0.1,theta=12."""

from __future__ import annotations

from dataclasses import dataclass, fields

from seqcli.errors import MisuseError, quoted
from seqcli.settings import check, setting

KINDS = ("unigram", "neural")
AUTO = "auto"  # neural where there is a network, unigram where there is none


@dataclass(frozen=True)
class CacheSpec:
    """A cache: what was just read is likelier to come again."""

    kind: str = setting("unigram", "What is compared: nothing but age, or the vectors too.", choices=KINDS)
    weight: float = setting(0.08, "The cache's share of a probability.", low=0.0, high=1.0)
    size: int = setting(500, "Tokens it holds.", low=1, high=100_000)
    half_life: float = setting(75.0, "Tokens after which one counts half.", above=0.0, high=1e9)
    doubt: float = setting(10.0, "What its tokens count where it is heard with half its weight.", above=0.0, high=1e9)
    theta: float = setting(0.0, "How much more a token counts that was read at a similar place.", low=0.0, high=1000.0)

    def __str__(self) -> str:
        names = [f.name for f in fields(self) if f.name != "kind" and (f.name != "theta" or self.kind == "neural")]
        return f"{self.kind}:" + ",".join(f"{name}={getattr(self, name):.6g}" for name in names)


DEFAULTS = {  # the best of those tried on the validation text of the Penn Treebank, for one strong network
    "unigram": CacheSpec("unigram", 0.06, 500, 75.0, 10.0),
    "neural": CacheSpec("neural", 0.3, 1500, 300.0, 1.0, 9.0),
}


def parse(text: str) -> CacheSpec:
    """Return the settings of a cache that was asked for. Raises MisuseError for what is none."""
    kind, _, rest = text.partition(":")
    kind = "neural" if kind == AUTO else kind
    if kind not in DEFAULTS:
        raise MisuseError(f"--cache is {quoted(text, 60)}; give {' or '.join(KINDS)}, or end the line with --cache.")
    values = {f.name: getattr(DEFAULTS[kind], f.name) for f in fields(CacheSpec)}
    for part in filter(None, rest.split(",")):
        name, _, number = part.partition("=")
        if name not in values or name == "kind":
            known = ", ".join(name for name in values if name != "kind")
            raise MisuseError(f"--cache {kind} has no setting {quoted(name, 40)}; it has {known}.")
        try:
            values[name] = int(number) if name == "size" else float(number)
        except ValueError:
            raise MisuseError(f"--cache {kind} has {name}={quoted(number, 40)}, which is no number.") from None
    spec = CacheSpec(**values)
    check(spec)
    return spec
