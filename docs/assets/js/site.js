// What a static page cannot say: where the reader is when the language is switched, and which blocks scroll.
(() => {
  "use strict";

  // The switch keeps the heading: both languages carry the same ids.
  const headings = () => [...document.querySelectorAll("article :is(h1,h2,h3,h4)[id]")];
  const current = () => {
    if (scrollY < 8) return "";
    const seen = headings().filter((heading) => heading.getBoundingClientRect().top < 0.35 * innerHeight);
    const heading = seen.at(-1);
    return heading && heading.tagName !== "H1" ? `#${heading.id}` : "";
  };
  for (const link of document.querySelectorAll("a.md-select__link[hreflang]")) {
    const base = link.href;
    for (const event of ["pointerdown", "focus", "click"]) {
      link.addEventListener(event, () => { link.href = base + current(); });
    }
  }

  // What scrolls sideways can be reached and scrolled with the keyboard.
  const scrollers = ".rn-math, .rn-diagram, .rn-plot, .md-typeset pre > code, .md-typeset__scrollwrap, .md-typeset__table";
  const mark = () => {
    for (const element of document.querySelectorAll(scrollers)) {
      if (element.scrollWidth > element.clientWidth + 1) element.setAttribute("tabindex", "0");
      else element.removeAttribute("tabindex");
    }
  };
  mark();
  addEventListener("load", mark);
  addEventListener("resize", mark);
  document.addEventListener("toggle", mark, true);
  document.addEventListener("change", mark);
})();
