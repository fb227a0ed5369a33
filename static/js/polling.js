// Elements marked data-pause-hidden ask nothing while their tab is hidden; the balance is refreshed on return.
document.addEventListener("htmx:beforeRequest", (event) => {
  if (document.hidden && event.detail.elt.matches("[data-pause-hidden]")) event.preventDefault();
});
document.addEventListener("visibilitychange", () => {
  if (!document.hidden && window.htmx) window.htmx.trigger(document.body, "balance-changed");
});
