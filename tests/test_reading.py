"""What the reader makes of every kind of file."""

from __future__ import annotations

import bz2
import gzip
import io
import json
import lzma
import os
import socket
import sys
import threading
import zipfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from seqcli.errors import CorpusError, MisuseError
from seqcli.text import compressed, reading, sources
from seqcli.text.corpus import read_pieces
from seqcli.text.files import files_of, total_size
from seqcli.text.form import Form
from seqcli.text.reading import read_blocks, read_lines

TEXT = "The cat sat.\nIt was – naïve.\n\nNo newline at the end"


def written(folder: Path, data: bytes, name: str = "text.txt") -> str:
    path = folder / name
    path.write_bytes(data)
    return str(path)


def text_of(*paths: str, encoding: str = "utf-8", form: Form | None = None) -> str:
    return b"".join(read_blocks(paths, form or Form(encoding))).decode()


def zipped(*names: str, content: str = "text") -> bytes:
    """Return a zip archive."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        for name in names:
            archive.writestr(name, content)
    return out.getvalue()


def refused(path: str, *words: str, encoding: str = "utf-8") -> str:
    """Assert that a file is refused with a message of one line that holds the words."""
    with pytest.raises(CorpusError) as caught:
        read_pieces([path], Form(encoding))
    message = str(caught.value)
    assert "\n" not in message and len(message) < 400
    for word in words:
        assert word in message
    return message


@pytest.fixture
def small_blocks(monkeypatch: pytest.MonkeyPatch) -> None:
    """Make the reader read seven bytes at a time, so that every seam is met."""
    monkeypatch.setattr(reading, "BLOCK", 7)


def test_a_text_is_read_as_it_is_but_for_its_last_newline(tmp_path: Path) -> None:
    assert text_of(written(tmp_path, TEXT.encode())) == TEXT + "\n"


def test_a1_empty_file(tmp_path: Path) -> None:
    refused(written(tmp_path, b""), "is empty", "text.txt")


@pytest.mark.parametrize("data", [b"\n\n\n", b"   ", b" \t\v\f\r\n \n", b"\xef\xbb\xbf", b"\xef\xbb\xbf\n"])
def test_a2_no_words(tmp_path: Path, data: bytes) -> None:
    refused(written(tmp_path, data), "no words", "text.txt")


def test_a4_byte_order_mark_is_no_part_of_the_text(tmp_path: Path) -> None:
    with_mark, without = written(tmp_path, b"\xef\xbb\xbfThe cat\n", "a"), written(tmp_path, b"The cat\n", "b")
    assert text_of(with_mark) == "The cat\n"
    assert read_pieces([with_mark]).sha256 == read_pieces([without]).sha256
    assert text_of(with_mark, with_mark) == "The cat\nThe cat\n"  # at the head of every file


def test_a5_line_ends(tmp_path: Path) -> None:
    dos, unix = written(tmp_path, b"one two\r\nthree\r\n", "dos"), written(tmp_path, b"one two\nthree\n", "unix")
    assert read_pieces([dos]).sha256 == read_pieces([unix]).sha256
    mixed = read_pieces([written(tmp_path, b"one\rtwo\nthree\r\nfour\r", "mixed")])
    assert mixed.lines == 3
    assert list(mixed.texts())[1:] == ["one", "two", "three", "four"]


@pytest.mark.usefixtures("small_blocks")
@pytest.mark.parametrize("data", [b"abcdef\r\nx\r\n", b"abcde\r\nx", b"aaa\rbbb\r\n\r\nc", b"\r\r\n\rx"])
def test_a5_a_line_end_at_a_seam_is_one_line_end(tmp_path: Path, data: bytes) -> None:
    expected = data.replace(b"\r\n", b"\n").replace(b"\r", b" ").decode()
    assert text_of(written(tmp_path, data)) == expected + "\n" * (not expected.endswith("\n"))


def test_a6_invalid_utf8_names_line_and_byte(tmp_path: Path) -> None:
    path = written(tmp_path, b"one\ntwo\nthr\xe9e\n")
    refused(path, "line 3", "byte 11", "--encoding", "iconv")
    assert text_of(path, encoding="latin-1") == "one\ntwo\nthrée\n"


@pytest.mark.usefixtures("small_blocks")
def test_a6_line_and_byte_are_right_behind_any_seam(tmp_path: Path) -> None:
    head = b"\xef\xbb\xbfone two\r\nthree four five\nsix\r\n"
    refused(written(tmp_path, head + b"seven \xff\n"), "line 4", f"byte {len(head) + 6}")


def test_a6_a_character_cut_off_at_the_end(tmp_path: Path) -> None:
    refused(written(tmp_path, "one né".encode()[:-1]), "line 1", "byte 5")
    refused(written(tmp_path, "one".encode("utf-16")[:-1]), "not utf-16 text", encoding="utf-16")


@pytest.mark.parametrize("encoding", ["hex", "rot13", "nonsense", "", "x" * 5000, "utf\0-8"])
def test_an_unknown_encoding_is_misuse(tmp_path: Path, encoding: str) -> None:
    with pytest.raises(MisuseError, match="--encoding"):
        text_of(written(tmp_path, b"word\n"), encoding=encoding)


@pytest.mark.parametrize("encoding", ["utf-16", "utf-16-le", "utf-16-be"])
def test_a7_utf16_is_recognised(tmp_path: Path, encoding: str) -> None:
    path = written(tmp_path, TEXT.encode(encoding))
    refused(path, "looks like UTF-16", "--encoding utf-16")
    assert text_of(path, encoding=encoding) == TEXT + "\n"


def test_a7_utf8_with_signature_as_an_encoding(tmp_path: Path) -> None:
    assert text_of(written(tmp_path, b"\xef\xbb\xbfword\n"), encoding="utf-8-sig") == "word\n"


@pytest.mark.parametrize(
    ("data", "what"),
    [
        (b"\x7fELF\x02\x01", "ELF"),
        (b"\x89PNG\r\n\x1a\n", "PNG"),
        (gzip.compress(b"text", mtime=0), "gzip"),
        (b"PK\x03\x04", "zip"),
        (b"\x80\x04\x95", "pickle"),
        ((200).to_bytes(8, "little") + b'{"a":{"dtype":"F32"}}' + bytes(99), "NUL"),  # as safetensors begins
        (b"some text\nand a \0 byte\n", "NUL"),
        (b"x\n" * 5000 + b"late \0\n", "line 5001"),
    ],
)
def test_a8_binary_files(tmp_path: Path, data: bytes, what: str) -> None:
    refused(written(tmp_path, data), "looks binary", what)


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (zipped("xl/workbook.xml"), ("Excel", "--column")),
        (zipped("a.txt"), ("zip archive", "unzip book.x")),
        (b"a.txt".ljust(257, b"\0") + b"ustar", ("tar archive", "tar xf book.x")),
        (b"{\\rtf1 text}", ("RTF", "pandoc book.x")),
    ],
)
def test_a_document_is_named_and_how_to_get_its_text(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, data: bytes, words: tuple[str, ...]
) -> None:
    monkeypatch.chdir(tmp_path)
    written(tmp_path, data, "book.x")
    refused("book.x", *words)


LINES = [f"Sentence number {i} of the book, which goes on and on." for i in range(30)]
MARKED = {
    "comma-separated": "id,text\n" + "".join(f'{i},"{line}"\n' for i, line in enumerate(LINES)),
    "TAB-separated": "id\ttext\n" + "".join(f"{i}\t{line}\n" for i, line in enumerate(LINES)),
    "JSON lines": "".join(json.dumps({"id": i, "text": line}) + "\n" for i, line in enumerate(LINES)),
    "a JSON document": json.dumps([{"id": i, "text": line} for i, line in enumerate(LINES)], indent=1),
    "an XML document": "<?xml version='1.0'?>\n<text>" + "\n".join(LINES) + "</text>",
}


@pytest.mark.parametrize("kind", MARKED)
def test_markup_and_tables_are_never_learned_as_words_unless_asked_for(tmp_path: Path, kind: str) -> None:
    path = written(tmp_path, MARKED[kind].encode(), "book")  # told by content: nothing in the name says it
    message = refused(path, kind, "--plain")
    assert "--column" in message or "learned as words" in message
    assert text_of(path, form=Form(plain=True)).rstrip("\n") == MARKED[kind].rstrip("\n")


@pytest.mark.parametrize(
    "text",
    [
        "\n".join(LINES),
        "Yes, sir\nNo, sir\nWell, then\nSo, yes\nOh, no\nAh, well\n",
        "<unk> of the <unk> is <s> here </s>\n" * 30,
        '"Quoted," he said.\n' * 9,
        "From here it went on: to the end.\nNote: this is a book\nSubject: none\n\nText\n" * 9,
        "[ laughter ] he said { softly }\n" * 9,
        "1, 2, 3, 4\n5, 6, 7, 8\n" * 9,
        "word\tnote\nanother\n" * 9,
    ],
)
def test_prose_is_taken_for_nothing_else(tmp_path: Path, text: str) -> None:
    assert text_of(written(tmp_path, text.encode())).rstrip("\n") == text.rstrip("\n")


def test_tags_within_a_text_are_told(tmp_path: Path) -> None:
    notes: list[str] = []
    path = written(tmp_path, "".join(f"<p>{line}</p>\n" for line in LINES).encode())
    text_of(path, form=Form(note=notes.append))
    assert len(notes) == 1 and "60 HTML tags" in notes[0] and ".html" in notes[0]


@pytest.mark.parametrize("kind", ["comma-separated", "TAB-separated", "JSON lines"])
def test_a_column_is_a_text(tmp_path: Path, kind: str) -> None:
    path = written(tmp_path, MARKED[kind].encode())
    assert text_of(path, form=Form(columns=("text",))) == "\n".join(LINES) + "\n"
    with pytest.raises(CorpusError, match="no column 'nope'; it has 'id', 'text'"):
        text_of(path, form=Form(columns=("nope",)))


def test_columns_as_they_come(tmp_path: Path) -> None:
    quotes = written(tmp_path, b'a;b\r\n"one; ""two""";x\r\n"three\nfour";y\r\n;z\r\n', "q.csv")
    notes: list[str] = []
    form = Form(columns=("a",), note=notes.append)
    assert text_of(quotes, form=form) == 'one; "two"\nthree\nfour\n' and "1 of 3 rows" in notes[0]
    assert text_of(quotes, form=Form(columns=("2",))) == "b\nx\ny\nz\n"  # a number: there is no header
    letters = written(tmp_path, b'n\ttext\n1\t"He said\n2\tno"\n', "q.tsv")
    assert text_of(letters, form=Form(columns=("text",))) == '"He said\nno"\n'  # in TSV a quote is a letter
    deep = written(tmp_path, b'{"t": {"en": "yes\\ud800"}}\n\n{"t": {"en": null}}\n{"t": {"en": 3}}\n', "q.jsonl")
    assert text_of(deep, form=Form(columns=("t.en",))) == "yes?\n3\n"
    with pytest.raises(CorpusError, match=r"'t' is no text; name what is in it, as in t\.KEY"):
        text_of(deep, form=Form(columns=("t",)))
    for data, words in (
        (b"a,b\n1,2\n3\n", "line 3: 1 columns"),
        (b"b\nx, y\n", "line 2: 2 columns"),
        (b'a,b\n1,"2\n3', "line"),
        (b'{"b": 1}\nx\n', "line 2"),
    ):
        with pytest.raises(CorpusError, match=words):
            text_of(written(tmp_path, data, "bad.csv"), form=Form(columns=("b",)))
    with pytest.raises(CorpusError, match="NUL"):
        text_of(written(tmp_path, b'{"b": "x\\u0000"}\n', "nul"), form=Form(columns=("b",)))


def test_what_is_no_text_in_a_folder_is_passed_over_and_counted(tmp_path: Path) -> None:
    folder = tmp_path / "books"
    folder.mkdir()
    (folder / "a.txt").write_text("one\n")
    (folder / "b.txt.gz").write_bytes(gzip.compress(b"two\n"))
    for name in ("x.png", "y.png"):
        (folder / name).write_bytes(b"\x89PNG\r\n\x1a\n\0\0")
    (folder / "z.pdf").write_bytes(b"%PDF-1.7\n\xff")
    (folder / "data").write_bytes(bytes(range(256)))
    (folder / "page.xml").write_text(MARKED["an XML document"])
    notes: list[str] = []
    assert text_of(str(folder), form=Form(note=notes.append)) == "one\ntwo\n"
    assert len(notes) == 1 and "5 files" in notes[0] and "2 × a PNG picture" in notes[0]
    for kind in ("1 × PDF that cannot be read", "1 × unknown binary", "1 × an XML document"):
        assert kind in notes[0]
    for name in ("a.txt", "b.txt.gz", "z.pdf"):
        (folder / name).unlink()
    (folder / "w.png").write_bytes(b"\x89PNG\r\n\x1a\n\0\0")
    refused(str(folder), "None of the 5 files", "is text")


def test_an_address_of_the_web_is_to_be_fetched_first() -> None:
    for address in ("https://example.org/a.txt", "http://example.org/a"):
        refused(address, "web address", f"curl -LO {address}")


@pytest.mark.parametrize(
    ("text", "encoding"),
    [
        ("Le château était fermé; la fenêtre restait ouverte.\n", "latin-1"),
        ("He said “don’t” – twice.\n", "cp1252"),
        ("吾輩は猫である。名前はまだ無い。\n", "shift_jis"),
        ("吾輩は猫である。名前はまだ無い。\n", "euc_jp"),
        ("吾輩は猫である。名前はまだ無い。\n", "iso-2022-jp"),
        ("我们在这个国家的时候，他们都说不了中国话。\n", "gb18030"),
        ("Все счастливые семьи похожи друг на друга.\n", "koi8_r"),
        ("Все счастливые семьи похожи друг на друга.\n", "cp1251"),
        ("Zażółć gęślą jaźń. Książka leży na stole.\n", "cp1250"),
    ],
)
def test_the_likely_encoding_is_named(tmp_path: Path, text: str, encoding: str) -> None:
    path = written(tmp_path, (text * 20).encode(encoding))
    refused(path, f"--encoding {encoding}")
    assert text_of(path, encoding=encoding) == text * 20


def test_no_encoding_is_guessed_for_utf8_with_a_bad_byte_or_for_noise(tmp_path: Path) -> None:
    for data in ("Größe und Äpfel\n".encode() * 9 + b"caf\xe9\n", bytes(range(128, 256)) * 9):
        assert "reads well" not in refused(written(tmp_path, data), "--encoding", "iconv")


def test_a8_a_binary_file_is_refused_by_its_head(tmp_path: Path) -> None:
    path = tmp_path / "large"
    with path.open("wb") as out:
        out.write(b"\x7fELF")
        out.truncate(1 << 40)  # a terabyte: nobody could read it to the end
    refused(str(path), "looks binary")


def test_a9_one_long_line_is_never_held_whole(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reading, "BLOCK", 1 << 10)
    path = written(tmp_path, b"word " * 100_000)
    assert max(map(len, read_blocks([path]))) < 2 << 10
    assert text_of(path) == "word " * 100_000 + "\n"


def test_a9_lines_are_limited_where_they_are_read_one_by_one(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reading, "BLOCK", 64)
    monkeypatch.setattr(reading, "LONGEST_LINE", 1000)
    path = written(tmp_path, b"short\n" + b"word " * 1000)
    with pytest.raises(CorpusError, match="line 2: longer than"):
        list(read_lines([path]))


def test_a10_one_enormous_word(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reading, "BLOCK", 1 << 10)
    monkeypatch.setattr(reading, "LONGEST_WORD", 1 << 14)
    refused(written(tmp_path, b"one\n" + b"x" * (1 << 15)), "line 2", "without a space")
    almost = "x" * (1 << 13)
    assert list(read_pieces([written(tmp_path, almost.encode())]).texts())[1:] == [almost]


def test_a12_lines_end_at_a_newline_only(tmp_path: Path) -> None:
    odd = "a\u2028b\u0085c\vd\fe\x1cf\x1dg\x1eh"
    assert list(read_lines([written(tmp_path, f"{odd}\nlast".encode())])) == [odd, "last"]


@pytest.mark.usefixtures("small_blocks")
def test_lines_over_seams(tmp_path: Path) -> None:
    lines = ["", "a", "bb cc dd ee ff gg hh", "", "", "日本語 と 漢字", "last"]
    assert list(read_lines([written(tmp_path, "\n".join(lines).encode())])) == lines
    assert list(read_lines([written(tmp_path, ("\n".join(lines) + "\n").encode())])) == lines


def test_files_are_joined_as_if_each_ended_its_last_line(tmp_path: Path) -> None:
    a, b = written(tmp_path, b"one", "a"), written(tmp_path, b"two\n", "b")
    assert text_of(a, b, a) == "one\ntwo\none\n"


def test_a_folder_is_its_files_in_order(tmp_path: Path) -> None:
    (tmp_path / "sub").mkdir()
    (tmp_path / ".hidden").mkdir()
    for name in ("b.txt", "a.txt", "sub/c.txt", ".skipped", ".hidden/d.txt"):
        (tmp_path / name).write_bytes(name.encode())
    assert text_of(str(tmp_path)) == "a.txt\nb.txt\nsub/c.txt\n"


@pytest.mark.parametrize(("suffix", "pack"), [(".gz", gzip.compress), (".bz2", bz2.compress), (".xz", lzma.compress)])
def test_compressed_files(tmp_path: Path, suffix: str, pack: object) -> None:
    assert callable(pack)
    path = written(tmp_path, pack(TEXT.encode()), "text" + suffix)
    assert text_of(path) == TEXT + "\n"
    refused(written(tmp_path, pack(TEXT.encode() * 99)[:-9], "cut" + suffix), "damaged compressed file")
    refused(written(tmp_path, b"plain text", "plain" + suffix), "damaged compressed file")
    assert total_size([path]) is None


def test_files_packed_by_zstd(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    zstandard = pytest.importorskip("zstandard")
    pack = zstandard.ZstdCompressor().compress
    path = written(tmp_path, pack(TEXT.encode() + b"\n") + pack(b"another frame\n" * 9_999), "text.zst")
    assert text_of(path) == TEXT + "\n" + "another frame\n" * 9_999
    refused(written(tmp_path, pack(TEXT.encode() * 99)[:-9], "cut.zst"), "damaged compressed file")
    refused(written(tmp_path, b"plain text", "plain.zst"), "damaged compressed file")
    refused(written(tmp_path, Path(path).read_bytes(), "packed.txt"), "name it .zst")
    monkeypatch.setitem(sys.modules, "zstandard", None)
    refused(path, "seqcli[zstd]")


def test_a_pattern_and_a_list_name_files(tmp_path: Path) -> None:
    for name in ("b.txt", "a.txt", "c.md"):
        written(tmp_path, name.encode(), name)
    (tmp_path / "shards").write_text(f"{tmp_path / 'c.md'}\n\n{tmp_path / 'a.txt'}\n", "utf-8")
    assert text_of(str(tmp_path / "*.txt")) == "a.txt\nb.txt\n"
    assert text_of(f"@{tmp_path / 'shards'}") == "c.md\na.txt\n"
    assert text_of(written(tmp_path, b"a star", "*[1].txt")) == "a star\n", "a file of that name is that file"
    refused(str(tmp_path / "*.no"), "No file fits the pattern")
    refused(f"@{tmp_path / 'nosuch'}", "Cannot read the list")
    refused(f"@{written(tmp_path, b'', 'empty')}", "names no file")


def test_a19_a_bomb_is_stopped(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(compressed, "BOMB_BYTES", 1 << 20)
    monkeypatch.setattr(reading, "BLOCK", 1 << 18)
    seen = 0

    def report(done: int) -> None:
        nonlocal seen
        seen = done

    path = written(tmp_path, gzip.compress(b"a " * (8 << 20)), "bomb.gz")
    with pytest.raises(CorpusError, match="times its size"):
        list(read_blocks([path], report=report))
    assert seen <= 6 << 20  # of 16 MB


def test_report_and_size_agree(tmp_path: Path) -> None:
    path, seen = written(tmp_path, TEXT.encode() + b"\n"), list[int]()
    list(read_blocks([path, path], report=seen.append))
    assert seen[-1] == total_size([path, path])


@pytest.mark.parametrize(
    ("path", "word"),
    [("/dev/zero", "device"), ("/dev/full", "device"), ("/proc/self/mem", ""), ("missing", "No such file")],
)
def test_a16_what_is_no_file(path: str, word: str) -> None:
    refused(path, "'", word)


def test_a16_links_pipes_and_sockets(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "dangling").symlink_to("nowhere")
    (tmp_path / "loop").symlink_to("loop")
    refused(str(tmp_path / "dangling"), "No such file")
    refused(str(tmp_path / "loop"), "symbolic links")
    monkeypatch.chdir(tmp_path)  # the path of a socket must be short
    with socket.socket(socket.AF_UNIX) as server:
        server.bind("socket")
        refused("socket", "Cannot read")
    monkeypatch.setattr(sources, "WRITER_SECONDS", 0.05)
    os.mkfifo("pipe")
    refused("pipe", "Nobody writes")
    (tmp_path / "empty").mkdir()
    refused("empty", "holds no files")


def test_a16_a_pipe_with_a_writer_is_read(tmp_path: Path) -> None:
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    writer = threading.Thread(target=lambda: pipe.write_bytes(TEXT.encode() * 9999))
    writer.start()
    assert text_of(str(pipe)) == TEXT * 9999 + "\n"
    writer.join()


@pytest.mark.parametrize("path", ["a\0b", "x" * 5000, "\x1b[31mred", "\udcff"])
def test_impossible_paths_are_escaped(path: str) -> None:
    assert refused(path).isprintable()


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read every file")
def test_a17_a_file_that_may_not_be_read(tmp_path: Path) -> None:
    path = written(tmp_path, b"word\n")
    os.chmod(path, 0)
    refused(path, "Permission denied")


@pytest.mark.parametrize("grow", [True, False])
def test_a17_a_file_that_changes_while_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, grow: bool) -> None:
    monkeypatch.setattr(reading, "BLOCK", 1 << 10)
    path = written(tmp_path, b"word " * 1000)
    with pytest.raises(CorpusError, match="changed while reading"):
        for i, _ in enumerate(read_blocks([path])):
            if i == 2:
                os.truncate(path, 9000 if grow else 4000)
                if grow:
                    Path(path).write_bytes(b"word " * 1001)


def standard_input(monkeypatch: pytest.MonkeyPatch, data: bytes, terminal: bool = False) -> None:
    class Stream(io.BytesIO):
        @property
        def buffer(self) -> Stream:
            return self

        def isatty(self) -> bool:
            return terminal

    monkeypatch.setattr(sys, "stdin", Stream(data))


def test_a18_standard_input(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    standard_input(monkeypatch, b"piped text\n")
    assert text_of("-", written(tmp_path, b"and a file")) == "piped text\nand a file\n"
    standard_input(monkeypatch, b"")
    refused("-", "Standard input is empty")
    standard_input(monkeypatch, b"x\xff\n")
    refused("-", "Standard input, line 1")
    standard_input(monkeypatch, b"", terminal=True)
    with pytest.raises(MisuseError, match="terminal"):
        text_of("-")
    with pytest.raises(MisuseError, match="only once"):
        files_of(["-", "x", "-"])
    sys.stdin.close()
    refused("-", "closed")
    monkeypatch.setattr(sys, "stdin", None)
    refused("-", "closed")


def test_a18_a_pipe_that_has_nothing_yet_is_waited_for(monkeypatch: pytest.MonkeyPatch) -> None:
    answers: Iterator[bytes | None] = iter([None, b"slow ", None, b"words\n", b""])

    class Slow:
        closed = False

        def isatty(self) -> bool:
            return False

        @property
        def buffer(self) -> Slow:
            return self

        def read(self, size: int) -> bytes | None:
            return next(answers)

    monkeypatch.setattr(sys, "stdin", Slow())
    assert text_of("-") == "slow words\n"


@pytest.mark.parametrize("bad", [b"\xed\xa0\x80", b"\xed\xa0\xbd\xed\xb8\x80", b"\xc0\x80", b"\xf4\x90\x80\x80"])
def test_a21_surrogates_and_overlong_forms_are_no_utf8(tmp_path: Path, bad: bytes) -> None:
    refused(written(tmp_path, b"one\n" + bad + b"\n"), "line 2", "byte 4")


def test_a23_the_digest_is_of_the_text_alone(tmp_path: Path) -> None:
    data = TEXT.encode() * 50
    paths = [
        written(tmp_path, data, "a.txt"),
        written(tmp_path, gzip.compress(data), "b.gz"),
        written(tmp_path, b"\xef\xbb\xbf" + data.replace(b"\n", b"\r\n"), "c"),
    ]
    os.utime(paths[0], (1, 1))
    assert len({read_pieces([path]).sha256 for path in paths}) == 1


def test_the_digest_and_pieces_do_not_depend_on_the_blocks(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path, results = written(tmp_path, TEXT.encode() * 50), set()
    for block in (7, 64, 1000, 1 << 22):
        monkeypatch.setattr(reading, "BLOCK", block)
        pieces = read_pieces([path])
        results.add((pieces.sha256, pieces.ids.tobytes(), tuple(pieces.texts()), pieces.lines, pieces.bytes))
    assert len(results) == 1
