// What scrolls sideways, long commands and wide tables, can be reached and scrolled by keyboard.
window.addEventListener("load", () => {
  for (const element of document.querySelectorAll(".md-typeset__scrollwrap, .md-typeset pre > code")) {
    element.tabIndex = 0;
  }
});
