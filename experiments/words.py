"""Texts that the site shows in both of its languages."""

from __future__ import annotations

from collections.abc import Mapping

Words = Mapping[str, str]  # "en" and "zh"


def words(en: str, zh: str | None = None) -> Words:
    """Puts a text in both languages together.

    Args:
        en: the English text.
        zh: the Chinese text, None for a name that is the same in both (default: None).

    Returns:
        The text by language.

    Raises:
        ValueError: a text is empty.

    Example:
        >>> words("one run", "一次运行")
        {'en': 'one run', 'zh': '一次运行'}
        >>> words("DeepFM")["zh"]
        'DeepFM'
    """
    if not en or zh == "":
        raise ValueError(f"en and zh must not be empty, received {en!r} and {zh!r}")
    return {"en": en, "zh": en if zh is None else zh}


def joined(*parts: Words) -> Words:
    """Puts notes one behind another.

    Args:
        *parts: the notes, at least one.

    Returns:
        All of them as one text.

    Raises:
        ValueError: there is none.

    Example:
        >>> joined(words("one run", "一次运行"), words("no spread", "没有标准差"))
        {'en': 'one run; no spread', 'zh': '一次运行；没有标准差'}
    """
    if not parts:
        raise ValueError("parts must hold at least one text, received none")
    return {"en": "; ".join(part["en"] for part in parts), "zh": "；".join(part["zh"] for part in parts)}
