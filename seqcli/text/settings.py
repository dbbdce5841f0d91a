"""The settings of text: how it becomes token ids."""

from __future__ import annotations

from dataclasses import dataclass

from seqcli.settings import setting


@dataclass(frozen=True)
class TextSpec:
    """How text becomes token ids."""

    tokenizer: str = setting(
        "auto",
        "How text is cut into tokens; auto: as fits its script and its spaces.",
        choices=("auto", "words", "whitespace", "characters", "subwords", "japanese", "mecab"),
        undecided=("auto",),
        panel="Text",
    )
    lowercase: bool = setting(False, "Fold case: 'The' and 'the' are one token.", panel="Text")
    unit: str = setting(
        "auto",
        "What <eos> ends: a line, or a paragraph between blank lines; auto looks for blank lines.",
        choices=("auto", "line", "paragraph"),
        panel="Text",
    )
    min_count: int | None = setting(
        None,
        "A token seen less often in the training part is unknown (default: 2; 1 where the text itself marks its "
        "unknown words with <unk>).",
        low=1,
        high=10**9,
        panel="Text",
    )
    vocabulary_size: int = setting(
        30_000, "At most this many tokens, special symbols included.", low=3, high=10**7, panel="Text"
    )
    subwords: int = setting(
        8_000, "Subwords to learn, where --tokenizer is subwords.", low=50, high=10**6, panel="Text"
    )
    held_out: float = setting(
        0.05, "Share of the text held out where no --valid is given.", above=0.0, high=0.5, panel="Text"
    )
