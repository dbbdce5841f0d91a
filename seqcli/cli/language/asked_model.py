"""The language model that a command asks, with what its options mix in."""

from __future__ import annotations

from typing import TYPE_CHECKING

from seqcli.errors import quoted

if TYPE_CHECKING:
    from seqcli.cli.session import Session
    from seqcli.language.answers import LanguageModel


def asked_model(session: Session, name: str | None) -> LanguageModel:
    """Return a model of the shelf; what it answers with is read when it is first asked."""
    from seqcli.language.answers import LanguageModel
    from seqcli.language.load import language_record

    return LanguageModel(session, language_record(session, name), session.mixing)


def note_unknown(session: Session, model: LanguageModel, text: str) -> None:
    """Say which words of a prompt the model never learned: they are all the same to it."""
    if unknown := model.unknown(text):
        words = ", ".join(map(quoted, unknown))
        session.note(f"Note: the model does not know {words[:200]}; to it, every unknown word is the same.")
