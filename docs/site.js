// What scrolls sideways, long commands and wide tables, can be reached and scrolled by keyboard; every part has a name.
window.addEventListener("load", () => {
  for (const element of document.querySelectorAll(".md-typeset__scrollwrap, .md-typeset pre > code")) {
    element.tabIndex = 0;
  }
  document.querySelector(".md-search[role=dialog]")?.setAttribute("aria-label", "Search");
  for (const nav of document.querySelectorAll("nav.md-nav[aria-labelledby]")) {  // the theme leaves some without a name
    const label = document.getElementById(nav.getAttribute("aria-labelledby"));
    if (!label?.innerText.trim()) {
      nav.removeAttribute("aria-labelledby");
      nav.ariaLabel = label?.textContent.trim() || nav.closest("li")?.querySelector("a")?.textContent.trim() || nav.id;
    }
  }
  const named = () => document.querySelectorAll("nav.md-code__nav").forEach((nav, i) => { nav.ariaLabel = `Block ${i + 1}`; });
  new MutationObserver(named).observe(document.body, {childList: true, subtree: true});  // buttons to copy come late
  named();
});
