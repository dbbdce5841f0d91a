"""Every setting once: type, default, range and a line of help. Options, record keys and constructors come from here."""

from seqcli.spec.architectures import ARCHITECTURES, TASKS, Architecture
from seqcli.spec.language import GATES, PAST_KEYS, CountingSpec, LanguageSpec, NgramSpec, RunSpec, TextSpec
from seqcli.spec.settings import GIVEN_UP, check, from_dict, option_name, setting, to_dict, value_type
from seqcli.spec.translation import PairsTextSpec, TranslationRunSpec, TranslationSpec
from seqcli.spec.vectors import TableSpec, VectorsRunSpec, VectorsSpec, VectorsTextSpec

__all__ = [
    "ARCHITECTURES",
    "GATES",
    "GIVEN_UP",
    "PAST_KEYS",
    "TASKS",
    "Architecture",
    "CountingSpec",
    "LanguageSpec",
    "NgramSpec",
    "PairsTextSpec",
    "RunSpec",
    "TableSpec",
    "TextSpec",
    "TranslationRunSpec",
    "TranslationSpec",
    "VectorsRunSpec",
    "VectorsSpec",
    "VectorsTextSpec",
    "check",
    "from_dict",
    "option_name",
    "setting",
    "to_dict",
    "value_type",
]
