"""Public texts fetched: gone on with where it broke off, and believed once every byte is the catalogue's."""

from __future__ import annotations

import hashlib
import os
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import quote as url_quote
from urllib.parse import urlsplit

from seqcli.corpora.catalogue import Text
from seqcli.errors import CorpusError, quoted

if TYPE_CHECKING:
    from seqcli.session import Bar, Session

BLOCK = 1 << 16  # bytes read at a time
PIECE = 4_096  # bytes asked of a server at a time: what is left of one that broke off is lost
PATIENCE = 30.0  # seconds without a byte before it counts as broken off
PART = ".part"
LONGEST_PATH = 4_096  # characters shown of one that a person is to write to


def fetch(session: Session, text: Text, mirror: str | None = None) -> Path:
    """Return where a text is kept, fetched if it is not there yet.

    mirror: the address of a copy of all, laid out as NAME/PATH. Raises CorpusError, in a line, for whatever goes wrong.
    """
    place = text.place
    if not text.url or (place.is_file() and difference(place, text) is None):
        return place
    import pooch

    url = text.url if mirror is None else f"{mirror.rstrip('/')}/{text.corpus}/{url_quote(text.path)}"
    place.parent.mkdir(parents=True, exist_ok=True)
    with session.bar(text.bytes, f"fetching {text.name}") as bar:
        downloader = _Continuing(text, bar)
        known = f"sha256:{text.sha256}" if text.sha256 else None
        try:
            pooch.get_logger().setLevel("ERROR")
            place.unlink(missing_ok=True)
            pooch.retrieve(url, known, place.name, place.parent, downloader=downloader)
        except ValueError:
            raise _wrong(text, url) from None
        except OSError as error:
            raise _explained(text, url, error) from error
    if difference(place, text) is not None:
        place.unlink(missing_ok=True)
        raise _wrong(text, url)
    return place


def difference(place: Path, text: Text) -> str | None:
    """Return in a few words how a file differs from what the catalogue says, None where it does not."""
    size = place.stat().st_size
    if text.bytes not in (None, size):
        return f"it has {size:,} bytes, not {text.bytes:,}"
    sha256, blob = hashlib.sha256(), hashlib.sha1(b"blob %d\0" % size)
    with place.open("rb") as file:
        while block := file.read(BLOCK):
            sha256.update(block)
            blob.update(block)
    right = sha256.hexdigest() == text.sha256 if text.sha256 else blob.hexdigest() == text.git_blob
    return None if right else "its bytes are other ones"


class _Continuing:
    """Fetches into a file beside the last one, goes on with what came before, and hands over what is whole."""

    def __init__(self, text: Text, bar: Bar) -> None:
        self._text, self._bar = text, bar

    def __call__(self, url: str, output: Any, pooch: Any, check_only: bool = False) -> None:
        """Fetch an address into the file `output`, as pooch wants it."""
        import requests

        part = self._text.place.with_name(self._text.name + PART)
        begun = part.stat().st_size if part.exists() else 0
        headers = {"Range": f"bytes={begun}-"} if begun else {}
        headers["Accept-Encoding"] = "identity"  # lengths are those of the file itself
        with requests.get(url, headers=headers, stream=True, timeout=PATIENCE) as answer:
            if answer.status_code == 416:  # all of it is there, or more: whoever checks it will tell
                begun = part.stat().st_size
            else:
                answer.raise_for_status()
                begun = begun if answer.status_code == 206 else 0
                self._read(answer, part, begun)
        os.replace(part, output)

    def _read(self, answer: Any, part: Path, begun: int) -> None:
        """Add what comes to what there is."""
        length = answer.headers.get("Content-Length", "")
        total = begun + int(length) if length.isdecimal() else None
        with part.open("ab" if begun else "wb") as file:
            at = begun
            for block in answer.iter_content(PIECE):
                file.write(block)
                at += len(block)
                self._bar.to(at, total)
        if total is not None and at < total:
            raise OSError(f"broke off at {at:,} of {total:,} bytes")


def _wrong(text: Text, url: str) -> CorpusError:
    where = urlsplit(url).hostname
    return CorpusError(
        f"What came from {where} is not {quoted(text.name)} as the catalogue knows it, and was thrown away; try again, "
        "or give another --mirror."
    )


def _explained(text: Text, url: str, error: OSError) -> CorpusError:
    """Return an error of a network or a disk, in a line that says what to do."""
    where = urlsplit(url).hostname
    status = getattr(getattr(error, "response", None), "status_code", None)
    if status is not None:
        return CorpusError(f"{where} answers {status} for {quoted(text.path)}; try again later, or give a --mirror.")
    part = text.place.with_name(text.name + PART)
    if part.exists() and part.stat().st_size:
        return CorpusError(f"{quoted(text.name)} broke off; what came is kept: the same command again goes on with it.")
    if error.filename is not None:
        return CorpusError(
            f"Cannot write {quoted(error.filename)}: {error.strerror}; set SEQCLI_CACHE to another folder."
        )
    return CorpusError(
        f"Cannot reach {where}; behind a proxy set HTTPS_PROXY, or give a --mirror, or fetch {url} elsewhere and put "
        f"it at {quoted(text.place, LONGEST_PATH)}."
    )
