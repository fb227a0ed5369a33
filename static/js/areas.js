// The bar below the form says what the ticked places cost. The server has written the words for every number of them
// on the element marked data-counts="<name of the boxes>"; here the ones that fit are shown, at once.
(() => {
  const bar = document.querySelector("[data-counts]");
  if (!bar) return;
  const boxes = [...bar.closest("form").querySelectorAll(`input[type=checkbox][name="${bar.dataset.counts}"]`)];
  const part = (name) => bar.querySelector(`[data-${name}]`);

  const write = (element, words) => {
    if (element.textContent !== words) element.textContent = words; // unchanged, it is not read out again
  };

  const show = () => {
    const count = boxes.filter((box) => box.checked).length;
    const short = bar.hasAttribute(`data-short-${count}`);
    write(part("count-label"), bar.getAttribute(`data-label-${count}`));
    write(part("count-note"), bar.getAttribute(`data-note-${count}`));
    part("when-short").hidden = !short;
    part("when-enough").hidden = short;
  };

  for (const box of boxes) box.addEventListener("change", show);
  window.addEventListener("pageshow", show); // back from another page, the browser restores what was ticked
})();
