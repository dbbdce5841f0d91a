"""What mkdocs asks while it builds the site: the page of commands, the language of a page, links that leave docs/."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING

from commands import reference

if TYPE_CHECKING:
    from mkdocs.config.defaults import MkDocsConfig
    from mkdocs.structure.files import Files
    from mkdocs.structure.pages import Page

HERE = Path(__file__).resolve().parent
ELSEWHERE = r"""=["']?(?:\w+:)?//"""
FETCHED = re.compile(rf"<(?:script|img|iframe|source|video)\b[^>]*\bsrc{ELSEWHERE}|<link\b[^>]*\bhref{ELSEWHERE}")
FENCE = re.compile(r"(^```.*?^```$)", re.DOTALL | re.MULTILINE)
JAPANESE = r"[\u3000-\u30ff\u4e00-\u9fff\uff00-\uffef]"
BROKEN = re.compile(rf"(?<={JAPANESE})\n(?={JAPANESE}|[\[`(])|(?<=[\])`])\n(?={JAPANESE})")
LINK = re.compile(r"\[([^]]+)\]\(([^):#]+)(#[^)]*)?\)")


def on_files(files: Files, config: MkDocsConfig) -> Files:
    """Add the page that is made from the program."""
    from mkdocs.structure.files import File

    files.append(File.generated(config, "reference/commands.md", content=reference()))
    return files


def on_page_markdown(markdown: str, page: Page, config: MkDocsConfig, files: Files) -> str:
    """Name files outside of docs/, such as sources, instead of linking them; join lines of Japanese without a space."""

    def inside(link: re.Match[str]) -> str:
        target = (HERE / page.file.src_uri).parent.joinpath(link[2]).resolve()
        return link[0] if target.is_relative_to(HERE) else f"`{target.relative_to(HERE.parent)}`"

    parts = FENCE.split(LINK.sub(inside, markdown))
    return "".join(part if part.startswith("```") else BROKEN.sub("", part) for part in parts)


def on_post_page(output: str, page: Page, config: MkDocsConfig) -> str:
    """Say in which language a page is, for those who read aloud; refuse one that would fetch from elsewhere."""
    from mkdocs.exceptions import PluginError

    if found := FETCHED.search(output):
        raise PluginError(f"{page.file.src_uri} would fetch from elsewhere: {found[0]}")
    japanese = page.file.src_uri.endswith(".ja.md") or page.file.src_uri.startswith("lab/ja/")
    return output.replace('<html lang="en"', '<html lang="ja"', 1) if japanese else output
