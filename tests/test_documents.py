"""What is read of documents: what a person reads in them, and nothing of their markup."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest
from command_line import seqcli
from sample_documents import book, pdf, word_document, zipped

from seqcli.errors import CorpusError
from seqcli.text.form import Form
from seqcli.text.reading import read_blocks

PAGE = """<!DOCTYPE html><html><head><title>Nobody</title><style>p {}</style>
<body><nav>Menu<ul><li>Home</nav><h1>A head</h1>
<p>Gr&uuml;&szlig;e &amp; <b>more</b>,<br>a line.<p hidden>no</p>
<script>var x = '<p>no</p>'</script><ruby>漢字<rt>かんじ</rt></ruby><pre>one
two</pre><footer>Imprint"""
TITLES = """1\r
00:00:01,000 --> 00:00:02,000\r
<i>I think that</i>\r
\r
2\r
00:00:02,000 --> 00:00:03,000\r
we’re late. [A door slams]\r
\r
3\r
00:00:04,000 --> 00:00:05,000\r
- ANN: Yes.\r
- No.\r
"""
MAILBOX = """From ann@example.org Mon Jan  1 10:00:00 2024
From: Ann <ann@example.org>
To: bob@example.org
Subject: Words of the head
Content-Type: text/plain; charset=iso-8859-1
Content-Transfer-Encoding: quoted-printable

Sch=F6n, dich zu h=F6ren.
>From here on.

On Monday, Bob wrote:
> Hello,
> you.

Me too.
--\x20
Ann, in her signature

From bob@example.org Mon Jan  1 11:00:00 2024
From: Bob <bob@example.org>
To: ann@example.org
Subject: x
Content-Type: text/html; charset=utf-8

<html><body><p>Yes, <b>of course</b>.</p><blockquote>Me too.</blockquote></body></html>
"""
DUMP = """<mediawiki xmlns="http://www.mediawiki.org/xml/export-0.11/"><siteinfo><namespaces>
<namespace key="6">Datei</namespace></namespaces></siteinfo><page><title>A</title><ns>0</ns><revision>
<text xml:space="preserve">'''A''' ({{IPA|x{{y}}}}) is a [[letter (alphabet)|letter]].&lt;ref name="x"&gt;B&lt;/ref&gt;
See [http://example.org the site] of {{lang|fr|lettres}}.
{| class="wikitable"
| cell
|}
[[Datei:A.png|thumb|A [[picture]] of it]]
== References ==
* An&amp;nbsp;item
[[Category:Letters]]</text></revision></page>
<page><title>B</title><ns>0</ns><redirect title="A"/><revision><text>#REDIRECT [[A]]</text></revision></page>
<page><title>Talk:A</title><ns>1</ns><revision><text>Talk of it.</text></revision></page></mediawiki>"""
OPEN_DOCUMENT = {
    "mimetype": "application/vnd.oasis.opendocument.text",
    "content.xml": '<o:d xmlns:o="o" xmlns:text="t"><text:h>Head</text:h><text:p>One<text:s/>two<text:note>'
    "<text:note-citation>1</text:note-citation><text:note-body><text:p>A note.</text:p></text:note-body></text:note>"
    " three.</text:p></o:d>",
}
BEGINNINGS = ("Whereas this page begins with a line of its own,", "It was the best of all pages, if not of all of it,")
PRINTED = [
    [
        "The running head 1",
        line,
        "it goes on with another line of words that is hyphen-",
        "ated.",
        f"End {line[:2]}",
        f"- {i} -",
    ]
    for i, line in enumerate((*BEGINNINGS, "There was once a page that was set in a type area"), 1)
]
DOCUMENTS: dict[str, tuple[bytes, str]] = {
    "a.docx": (
        word_document(["The cat sat.", "夜が\nあけた。"], ["a cell", "b"]),
        "The cat sat.|夜が|あけた。|a cell|b",
    ),
    "a.odt": (zipped(OPEN_DOCUMENT), "Head|A note.|One two three."),
    "a.epub": (
        book(["<h1>One</h1><p>It was <i>na&iuml;ve</i>.</p>", "<p>Next.</p><aside>Note</aside>"]),
        "One|It was naïve.|Next.",
    ),
    "a.pdf": (
        pdf(PRINTED),
        "|".join(f"{p[1]} it goes on with another line of words that is hyphenated.|{p[4]}" for p in PRINTED),
    ),
    "a.html": (PAGE.encode(), "A head|Grüße & more,|a line.|漢字|one|two"),
    "part.htm": (b"<p>One</p><p>two</p>", "One|two"),
    "cp1252.html": ("<html><meta charset=iso-8859-1><p>“Süß”".encode("cp1252"), "“Süß”"),
    "main.html": (b"<html><body><div>Menu</div><main><p>Text.</p></main><div>More</div>", "Text."),
    "a.srt": (TITLES.encode("cp1252"), "I think that we’re late.|Yes.|No."),
    "a.vtt": (b"WEBVTT\n\nNOTE no\n\n00:01.000 --> 00:02.000\n<v Ann>Yes.</v>\n", "Yes."),
    "a.mbox": (MAILBOX.encode(), "Schön, dich zu hören.|From here on.|Me too.|Yes, of course."),
    "a.eml": (MAILBOX.split("\n", 1)[1].split("From bob@")[0].encode(), "Schön, dich zu hören.|From here on.|Me too."),
    "a.xml": (DUMP.encode(), "A is a letter.|See the site of lettres.|An item"),
}


def read(path: Path, **form: object) -> tuple[str, list[str]]:
    """Return the lines of a file that are not blank, | between them, and what was noted."""
    notes: list[str] = []
    text = b"".join(read_blocks([str(path)], Form(note=notes.append, **form))).decode()  # type: ignore[arg-type]
    return "|".join(filter(None, text.split("\n"))), notes


@pytest.mark.parametrize("name", DOCUMENTS)
def test_of_a_document_there_is_what_a_person_reads(tmp_path: Path, name: str) -> None:
    data, expected = DOCUMENTS[name]
    (tmp_path / name).write_bytes(data)
    text, notes = read(tmp_path / name)
    assert text == expected
    assert len(notes) == 1 and "without its markup: 1 × " in notes[0] and "--plain" in notes[0]


def test_a_document_is_told_by_what_is_in_it_and_not_by_its_name(tmp_path: Path) -> None:
    for name in ("a.docx", "a.epub", "a.html", "a.srt", "a.mbox", "a.xml"):
        data, expected = DOCUMENTS[name]
        (tmp_path / "text").write_bytes(data)
        assert read(tmp_path / "text")[0] == expected
    (tmp_path / "plain.html").write_text("Nothing but words.")
    assert read(tmp_path / "plain.html") == ("Nothing but words.", [])
    assert read(tmp_path / "text", plain=True)[0].startswith("<mediawiki")


def test_a_pdf_without_its_reader_is_a_line_that_says_what_to_install(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "pypdf", None)
    (tmp_path / "a.pdf").write_bytes(DOCUMENTS["a.pdf"][0])
    with pytest.raises(CorpusError, match=r"is a PDF .*pip install 'seqcli\[documents\]'"):
        read(tmp_path / "a.pdf")
    (tmp_path / "b.txt").write_text("one")
    text, notes = read(tmp_path)
    assert text == "one" and "seqcli[documents]" in notes[0]


@pytest.mark.parametrize(
    ("name", "data", "words"),
    [
        ("no.pdf", b"%PDF-1.7\nnothing", "cannot be read"),
        ("scan.pdf", pdf([[]]), "no text in it; it may be pictures of pages: ocrmypdf"),
        ("cut.docx", DOCUMENTS["a.docx"][0][:900], "is damaged"),
        ("not.docx", zipped({"word/other.xml": ""}), "'word/document.xml' is missing"),
        ("bad.odt", zipped(OPEN_DOCUMENT | {"content.xml": "<a"}), "is damaged"),
        ("cut.xml", DUMP[:500].encode(), "damaged dump"),
        (
            "bomb.odt",
            zipped(OPEN_DOCUMENT | {"content.xml": "<!DOCTYPE a [<!ENTITY a '" + "x" * 10_000 + "'>"
            "<!ENTITY b '" + "&a;" * 1_000 + "'><!ENTITY c '" + "&b;" * 1_000 + "'>]><p>&c;</p>"}),
            "is damaged",
        ),
        ("locked.epub", zipped({
            "mimetype": "application/epub+zip",
            "META-INF/container.xml": '<c><rootfile full-path="b.opf"/></c>',
            "META-INF/encryption.xml": '<e><CipherReference URI="p.html"/></e>',
            "b.opf": '<p><item id="p" href="p.html"/><itemref idref="p"/></p>',
            "p.html": "x",
        }), "locked (DRM)"),
    ],
)  # fmt: skip
def test_a_document_that_cannot_be_read_is_one_line(tmp_path: Path, name: str, data: bytes, words: str) -> None:
    (tmp_path / name).write_bytes(data)
    with pytest.raises(CorpusError) as caught:
        read(tmp_path / name)
    assert words in str(caught.value) and "\n" not in str(caught.value) and len(str(caught.value)) < 400
    (tmp_path / "b.txt").write_text("one")
    assert "1 × " in read(tmp_path)[1][0]  # in a folder it is passed over, and said


def test_a_part_that_unpacks_to_too_much_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from seqcli.text.documents import zip_members

    monkeypatch.setattr(zip_members, "LARGEST", 1000)
    (tmp_path / "a.odt").write_bytes(zipped(OPEN_DOCUMENT | {"content.xml": " " * 5000}))
    with pytest.raises(CorpusError, match="unpacks to over"):
        read(tmp_path / "a.odt")


ENCODED = {
    "cp1252": "He said “don’t” – twice; the café was naïve.\n",
    "cp932": "吾輩は猫である。名前はまだ無い。①\n",
    "euc_jp": "吾輩は猫である。名前はまだ無い。\n",
    "iso-2022-jp": "吾輩は猫である。名前はまだ無い。\n",
    "utf-16": "Grüße – one\n",
    "utf-16-be": "Grüße – one\n",
    "gb18030": "我们在这个国家的时候，他们都说不了中国话。\n",
    "cp949": "나는 학교에 갔다. 그리고 친구를 만났다.\n",
    "koi8_r": "Все счастливые семьи похожи друг на друга.\n",
    "cp1250": "Zażółć gęślą jaźń. Książka leży na stole.\n",
    "iso8859_2": "Zażółć gęślą jaźń. Książka leży na stole.\n",
    "cp1254": "Ağaçların altında oturduğumuz gün, şu köşe.\n",
    "cp1255": "כל בני האדם נולדו בני חורין ושווים בערכם.\n",
    "cp1256": "يولد جميع الناس أحرارا متساوين في الكرامة والحقوق.\n",
}


@pytest.mark.parametrize("encoding", ENCODED)
def test_an_encoding_is_recognised_and_said_and_one_that_is_named_counts_more(tmp_path: Path, encoding: str) -> None:
    text = ENCODED[encoding] * 20
    (tmp_path / "a.txt").write_bytes(text.encode(encoding))
    found, notes = read(tmp_path / "a.txt")
    assert found.split("|") == text.splitlines()
    assert len(notes) == 1 and f"read as {encoding}" in notes[0] and "--encoding" in notes[0]
    assert read(tmp_path / "a.txt", encoding=encoding) == (found, [])
    if not encoding.startswith(("utf-16", "iso-2022")):
        other, notes = read(tmp_path / "a.txt", encoding="latin-1")
        assert other != found and not notes


def test_the_few_letters_of_an_english_text_are_no_reason_to_take_it_for_another_script(tmp_path: Path) -> None:
    for text in ("It isn’t.\n", "A café.\n", "“Well,” he said.\n"):
        (tmp_path / "a.txt").write_bytes(b"Some words of a text.\n" * 9 + text.encode("cp1252"))
        assert read(tmp_path / "a.txt")[0].endswith(text.strip())


def test_what_windows_adds_to_an_encoding_may_stand_far_behind(tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_bytes(
        "A café.\n".encode("cp1252") + b"Some words.\n" * 10_000 + "“Yes”\n".encode("cp1252")
    )
    assert read(tmp_path / "a.txt")[0].endswith("“Yes”")


def test_headings_and_items_of_a_printed_page_are_paragraphs_of_their_own() -> None:
    from seqcli.text.documents.printed_lines import joined_paragraphs

    page = [
        "2.1. The files",
        "Each program has one of these files, which it keeps for",
        "itself:",
        "• one of them",
        "• two",
    ]
    assert list(joined_paragraphs(page)) == [
        "2.1. The files",
        "Each program has one of these files, which it keeps for itself:",
        "• one of them",
        "• two",
    ]


def test_the_table_of_contents_of_a_book_is_no_text(tmp_path: Path) -> None:
    members = {
        "mimetype": "application/epub+zip",
        "META-INF/container.xml": '<c><rootfile full-path="in/b.opf"/></c>',
        "in/b.opf": '<p><item id="n" href="n.html" properties="nav"/><item id="p" href="a%20b.html"/>'
        '<itemref idref="n"/><itemref idref="p"/></p>',
        "in/n.html": "<html><h1>Contents</h1><nav>One</nav></html>",
        "in/a b.html": "<html><p>Text.</p></html>",
    }
    (tmp_path / "b.epub").write_bytes(zipped(members))
    assert read(tmp_path / "b.epub")[0] == "Text."


def test_damaged_utf8_and_noise_are_not_taken_for_another_encoding(tmp_path: Path) -> None:
    for data in ("Größe und Äpfel\n".encode() * 9 + b"caf\xe9\n", bytes(range(128, 256)) * 9):
        (tmp_path / "a.txt").write_bytes(data)
        with pytest.raises(CorpusError, match="not utf-8 text"):
            read(tmp_path / "a.txt")


def test_commands_read_documents_wherever_a_text_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "a.docx").write_bytes(word_document(["The cat sat on the mat. It was late."] * 40))
    (tmp_path / "a.srt").write_bytes(TITLES.encode("cp1252"))
    done = seqcli("corpus", "a.docx", "--json")
    assert done.code == 0 and '"lines": 40' in done.out and "1 × Word document" in done.err, done.err
    assert seqcli("tokenize", "--file", "a.srt", "--tokenizer", "whitespace").out.split("\n")[1] == "Yes."


def test_subtitles_are_a_dialogue(tmp_path: Path) -> None:
    from seqcli.dialogue.reading import read_dialogues

    (tmp_path / "a.srt").write_bytes(TITLES.encode("cp1252"))
    [dialogue] = read_dialogues([str(tmp_path / "a.srt")])
    assert list(dialogue.utterances) == ["I think that we’re late.", "Yes.", "No."]


def test_documents_are_not_proofread_for_their_letters_have_no_line(tmp_path: Path) -> None:
    from seqcli.fill.proofreading.texts import text_files

    (tmp_path / "a.docx").write_bytes(DOCUMENTS["a.docx"][0])
    (tmp_path / "b.txt").write_text("one")
    assert text_files([str(tmp_path)], Form()) == [str(tmp_path / "b.txt")]
