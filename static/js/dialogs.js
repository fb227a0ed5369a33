// Dialogs: links marked data-opens="<id>" load their content by htmx into that dialog and show it; if that fails,
// the link is followed. Buttons with commandfor/command work in browsers that do not know them yet.
// A <dialog open data-modal>, readable without JavaScript, becomes modal.
(() => {
  const upgrade = (root) => {
    for (const dialog of root.querySelectorAll("dialog[open][data-modal]")) {
      if (dialog.matches(":modal")) continue;
      dialog.close();
      dialog.showModal();
    }
  };

  document.addEventListener("htmx:afterSwap", (event) => {
    const dialog = event.detail.target.closest("dialog.sheet");
    if (dialog && !dialog.open) dialog.showModal();
    upgrade(document);
  });

  for (const failure of ["htmx:responseError", "htmx:sendError", "htmx:timeout"]) {
    document.addEventListener(failure, (event) => {
      const link = event.detail.elt;
      if (link.matches("a[data-opens]")) window.location.assign(link.href);
    });
  }

  document.addEventListener("click", (event) => {
    if (event.target.matches("dialog.sheet")) event.target.close();
    const button = event.target.closest("button[commandfor]");
    if (!button || "commandForElement" in HTMLButtonElement.prototype) return;
    const dialog = document.getElementById(button.getAttribute("commandfor"));
    const command = button.getAttribute("command");
    if (command === "show-modal") dialog?.showModal();
    if (command === "close") dialog?.close();
  });

  upgrade(document);
})();
