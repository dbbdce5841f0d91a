"""Public texts: fetched from a server of the tests' own that breaks off, lies, is slow, redirects, or has nothing."""

from __future__ import annotations

import hashlib
import threading
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, ClassVar

import pytest
from command_line import TINY, seqcli, story

from seqcli.corpora import catalogue, fetching
from seqcli.corpora.catalogue import Corpus, Text, replaced
from seqcli.errors import CorpusError, MisuseError

SHIPPED = ("stories", "japanese", "pairs", "dialogues")
DATA = story(2_000).encode()
TEXTS = {"data/toy.train.txt": DATA, "data/toy.valid.txt": story(50, seed=2).encode(), "odd name.md": b"Odd.\n"}


class Server(BaseHTTPRequestHandler):
    """Gives TEXTS below /toy/, in the way that the test says."""

    way = "well"
    asked: ClassVar[list[str | None]] = []  # the ranges

    def do_GET(self) -> None:
        way, path = type(self).way, self.path.removeprefix("/there").removeprefix("/toy/").replace("%20", " ")
        type(self).asked.append(self.headers.get("Range"))
        if way == "moved" and not self.path.startswith("/there"):
            self.send_response(302)
            self.send_header("Location", f"/there{self.path}")
            self.end_headers()
            return
        if way == "nothing" or path not in TEXTS:
            self.send_error(404)
            return
        data = TEXTS[path]
        if way == "lies":
            data = data[:-1] + b"?"
        begin = int((self.headers.get("Range") or "bytes=0-").split("=")[1].rstrip("-"))
        if begin >= len(data):
            self.send_error(416)
            return
        self.send_response(206 if begin and way != "no ranges" else 200)
        begin = 0 if way == "no ranges" else begin
        self.send_header("Content-Length", str(len(data) - begin))
        self.end_headers()
        if way == "breaks off":
            self.wfile.write(data[begin : begin + max(len(data) // 3, 1)])
        elif way == "slow":
            for place in range(begin, len(data), len(data) // 4 + 1):
                self.wfile.write(data[place : place + len(data) // 4 + 1])
                time.sleep(0.02)
        else:
            self.wfile.write(data[begin:])

    def log_message(self, *words: Any) -> None:
        """Say nothing."""


@pytest.fixture
def mirror(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """The address of the server; the catalogue has one corpus, the cache is empty."""
    monkeypatch.setenv("SEQCLI_CACHE", str(tmp_path / "cache"))
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    texts = []
    for path, data in TEXTS.items():
        known = "train" in path  # the others are checked as git counts them
        blob = hashlib.sha1(b"blob %d\0" % len(data) + data).hexdigest()
        sha256 = hashlib.sha256(data).hexdigest() if known else None
        texts.append(Text("toy", path, "http://127.0.0.1:9/nowhere", blob, sha256, len(data) if known else None))
    toy = Corpus("toy", "a toy", "anybody's", "https://example.org", tuple(texts))
    monkeypatch.setattr(catalogue, "catalogue", lambda: {"toy": toy})
    Server.way, Server.asked = "well", []
    with ThreadingHTTPServer(("127.0.0.1", 0), Server) as server:
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        yield f"http://127.0.0.1:{server.server_address[1]}/"
        server.shutdown()


def get(mirror: str, way: str = "well") -> Any:
    Server.way = way
    return seqcli("corpora", "get", "toy", "--mirror", mirror, "--jsonl")


def kept(tmp_path: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in (tmp_path / "cache").rglob("*") if path.is_file()}


WHOLE = {path.rsplit("/", 1)[-1]: data for path, data in TEXTS.items()}


@pytest.mark.parametrize("way", ["well", "slow", "moved", "no ranges"])
def test_a_text_is_fetched_once_and_checked(mirror: str, tmp_path: Path, way: str) -> None:
    done = get(mirror, way)
    assert done.code == 0 and "Licence: anybody's" in done.err
    assert [Path(row["path"]).read_bytes() for row in done.records] == list(TEXTS.values())
    assert [row["split"] for row in done.records] == ["train", "valid", None]
    assert kept(tmp_path) == WHOLE
    asked = len(Server.asked)
    assert get(mirror, "nothing").code == 0 and len(Server.asked) == asked, "it is here already"


@pytest.mark.parametrize("then", ["well", "no ranges", "moved"])
def test_what_broke_off_is_gone_on_with(mirror: str, tmp_path: Path, then: str) -> None:
    done = get(mirror, "breaks off")
    assert done.code == 1 and "the same command again goes on" in done.error and not done.out
    assert list(kept(tmp_path)) == ["toy.train.txt.part"]
    Server.asked.clear()
    assert get(mirror, then).code == 0
    assert kept(tmp_path) == WHOLE
    begun = int(str(Server.asked[0]).removeprefix("bytes=").removesuffix("-"))
    assert len(DATA) // 3 - fetching.PIECE < begun <= len(DATA) // 3


@pytest.mark.parametrize(("way", "said"), [("lies", "was thrown away"), ("nothing", "404")])
def test_wrong_bytes_and_nothing_leave_nothing(mirror: str, tmp_path: Path, way: str, said: str) -> None:
    done = get(mirror, way)
    assert done.code == 1 and said in done.error and not kept(tmp_path)
    assert get(mirror).code == 0 and kept(tmp_path) == WHOLE


def test_a_part_that_is_longer_than_the_text_is_not_believed(mirror: str, tmp_path: Path) -> None:
    part = tmp_path / "cache" / "corpora" / "toy" / "toy.train.txt.part"
    part.parent.mkdir(parents=True)
    part.write_bytes(DATA + b"more")
    assert "was thrown away" in get(mirror).error
    assert get(mirror).code == 0 and kept(tmp_path) == WHOLE


def test_a_kept_text_that_was_changed_is_fetched_again(mirror: str, tmp_path: Path) -> None:
    assert get(mirror).code == 0
    for name in WHOLE:
        (tmp_path / "cache" / "corpora" / "toy" / name).write_bytes(b"other")
    assert get(mirror).code == 0 and kept(tmp_path) == WHOLE


def test_where_nobody_answers_it_says_what_to_put_where(mirror: str, tmp_path: Path) -> None:
    done = seqcli("corpora", "get", "toy")
    place = tmp_path / "cache" / "corpora" / "toy" / "toy.train.txt"
    assert done.code == 1 and "HTTPS_PROXY" in done.error and str(place) in done.error
    (tmp_path / "cache" / "corpora" / "toy").chmod(0o500)
    assert seqcli("corpora", "get", "toy", "--mirror", mirror).code in (0, 1)  # root may write anywhere


def test_a_corpus_stands_where_a_text_does(mirror: str, tmp_path: Path) -> None:
    early = seqcli("corpus", "corpus:toy")
    assert early.code == 1 and "seqcli corpora get toy" in early.error
    assert get(mirror).code == 0
    line = ("train-lm", "corpus:toy", "--valid", "corpus:toy/valid", "--name", "toy", *TINY, "--epochs", "0.2")
    done = seqcli("--models-dir", tmp_path / "models", *line)
    assert done.code == 0, done.err
    folder = tmp_path / "cache" / "corpora" / "toy"
    assert replaced(["-k", "corpus:toy/odd name.md", "corpus:toy/test.txt"[:10]]) == [
        "-k", str(folder / "odd name.md"), str(folder / "toy.train.txt")
    ]  # fmt: skip
    for wrong, said in (("corpus:tyo", "did you mean 'toy'"), ("corpus:toy/nosuch", "it has train, valid")):
        with pytest.raises(MisuseError, match=said):
            replaced([wrong])


def test_texts_that_come_along_are_there_without_a_network(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SEQCLI_CACHE", str(tmp_path / "cache"))
    rows = seqcli("corpora", "get", *SHIPPED, "--jsonl").records
    assert sum(len(catalogue.corpus_of(name).texts) for name in SHIPPED) == len(rows)
    for row in rows:
        assert Path(row["path"]).stat().st_size == row["bytes"] and not (tmp_path / "cache").exists()
    (stories, german) = replaced(["corpus:stories", "corpus:pairs/pairs.de"])
    assert stories.endswith("stories.txt") and german.endswith("pairs.de")
    (package := tmp_path / "seqcli" / "corpora" / "texts").mkdir(parents=True)
    monkeypatch.setattr(catalogue, "__file__", str(package.parent / "catalogue.py"))
    assert catalogue.shipped_folder() == package, "a wheel has them in the package"


def test_the_catalogue_is_whole(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SEQCLI_CACHE", str(tmp_path))
    found = seqcli("corpora", "list", "--jsonl").records
    assert {"ptb", "multi30k", "dailydialog"} <= {row["corpus"] for row in found}
    for row in found:
        assert row["licence"] and row["description"] and row["here"] is (row["corpus"] in SHIPPED)
        files = seqcli("corpora", "show", row["corpus"], "--jsonl").records
        assert files and len({f["file"] for f in files}) == len(files), "two files would be kept in one place"
    for corpus in catalogue.catalogue().values():
        for text in corpus.texts if corpus.name not in SHIPPED else ():
            assert text.url.startswith("https://raw.githubusercontent.com/") and len(text.git_blob) == 40
    with pytest.raises(CorpusError, match="corpora get ptb"):
        replaced(["corpus:ptb"])
