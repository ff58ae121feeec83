// Paper is white and cannot be clicked: for a print the page becomes light and what is folded away
// opens; afterwards everything is as before. Hints and solutions stay folded, and the style leaves
// them out: a printed exercise is for solving.
(() => {
  const root = document.documentElement;
  let undo = null;

  const prepare = () => {
    if (undo) return;
    const { theme } = root.dataset;
    const folded = [...document.querySelectorAll("details:not([open])")]
      .filter((details) => !details.matches(".tag_hide-cell *, .cnn-numbers"));
    root.dataset.theme = "light";
    for (const details of folded) details.open = true;
    undo = () => {
      root.dataset.theme = theme;
      for (const details of folded) details.open = false;
    };
  };
  const restore = () => {
    undo?.();
    undo = null;
  };

  const paper = matchMedia("print"); // some browsers tell of a print in this way only
  paper.addEventListener("change", () => (paper.matches ? prepare() : restore()));
  addEventListener("beforeprint", prepare);
  addEventListener("afterprint", restore);
})();

// A frame takes the focus only while it hides something that the arrow keys can bring into view.
(() => {
  const look = (frames) => {
    for (const frame of frames) {
      frame.tabIndex = frame.scrollWidth > frame.clientWidth ? 0 : -1;
    }
  };
  const frames = [...document.querySelectorAll(".site-scroll")];
  const observer = new ResizeObserver((entries) => look(entries.map((entry) => entry.target)));
  for (const frame of frames) observer.observe(frame);
  // Wide formulas scroll too, as soon as they are drawn.
  window.MathJax?.startup?.promise?.then(() => {
    for (const formula of document.querySelectorAll("mjx-container[display]")) {
      observer.observe(formula);
    }
  });
})();

// The button of the theme that prints; the policy of the page lets no attribute run a script.
document.querySelector("button.btn-download-pdf-button")?.addEventListener("click", () => print());
