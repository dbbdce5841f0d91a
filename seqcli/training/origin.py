"""The model whose weights a training begins with (--from): what must be as in it, and what a record says of it."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import TYPE_CHECKING, Any

from seqcli.errors import MisuseError, quoted
from seqcli.settings import decided, given, option_name

if TYPE_CHECKING:
    from seqcli.store import Record


def check_fits(record: Record, settings: Any, free: Collection[str], params: Mapping[str, Any]) -> None:
    """Raise MisuseError for settings that were given and do not fit a model's weights.

    settings: one of the model's groups of them. free: those that its weights do not depend on.
    """
    for key, value in decided(settings, given(type(settings), params)).items():
        if key not in free and value != getattr(settings, key):
            raise MisuseError(
                f"{option_name(key)} is {getattr(settings, key)} in {quoted(record.name)}, and its weights fit no "
                "other; leave it out, or train anew without --from."
            )


def origin_entry(origin: Record | None, record: Record | None) -> dict[str, Any]:
    """Return what a record says of the model that its training began from; record: the training that goes on."""
    if origin is not None:
        return {"from": origin.name, "from_sha256": origin.files["weights"].sha256}
    return {key: value for key, value in (record.corpus if record else {}).items() if key in ("from", "from_sha256")}
