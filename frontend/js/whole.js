// What a cell of a list has no room for is told by the pointer that rests on it.

addEventListener("pointerover", ({ target }) => {
  const cell = target instanceof Element && target.closest(".grid-row > .grid-cell");
  if (!cell || target.closest("[title]:not(.grid-cell)")) return;
  const cut = [cell, ...cell.querySelectorAll("*")].some((e) => e.scrollWidth > e.clientWidth && getComputedStyle(e).overflowX !== "visible");
  const text = cut ? cell.textContent.trim() : "";
  if (cell.title !== text) cell.title = text;
}, { passive: true });
