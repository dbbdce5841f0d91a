"""The text of documents: Word, OpenDocument, EPUB, PDF, web pages, subtitles, mail, Wikipedia. Markup is left out."""
