"""The languages of everything that people read."""

from typing import Final, Literal, NamedTuple, TypeAlias

Language: TypeAlias = Literal["en", "es"]
LANGUAGES: Final[tuple[Language, ...]] = ("en", "es")


class Words(NamedTuple):
    """One text in every language."""

    en: str
    es: str

    def of(self, language: Language) -> str:
        """The text in a language."""
        return self.es if language == "es" else self.en


def language_named(name: str) -> Language | None:
    """The language of that name, None where there is none."""
    return next((language for language in LANGUAGES if language == name), None)
