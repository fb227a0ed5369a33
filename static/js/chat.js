// Sending a message without leaving the page: the box is emptied only when the message has arrived, and what could
// not be sent is explained beside it. Without this file, the form is an ordinary one.
(() => {
  const form = document.getElementById("send");
  const box = document.getElementById("id_text");
  const list = document.getElementById("exchanges");
  if (!form || !box) return;
  let sent = "";

  for (const hint of form.querySelectorAll("[data-shortcut]")) hint.hidden = false;
  box.addEventListener("keydown", (event) => {
    if (event.key !== "Enter" || !(event.ctrlKey || event.metaKey) || event.isComposing) return;
    event.preventDefault();
    form.requestSubmit();
  });
  if (!list) return;

  const sees = () => list.lastElementChild?.getBoundingClientRect().bottom < window.innerHeight + 80;
  const show = (behavior) => list.lastElementChild?.scrollIntoView({ block: "end", behavior });
  const explain = (sentence) => {
    const notice = document.createElement("div");
    notice.id = "send-refusal";
    notice.className = "notice notice-error";
    notice.setAttribute("role", "alert");
    notice.textContent = sentence;
    document.getElementById("send-problem").replaceChildren(notice);
  };

  form.addEventListener("htmx:beforeRequest", () => { sent = box.value; });

  // A refusal that comes as a fragment says where it belongs; other errors come as whole pages, which do not fit here.
  document.addEventListener("htmx:beforeSwap", (event) => {
    const { xhr } = event.detail;
    if (xhr.status < 400 || !xhr.getResponseHeader("HX-Retarget")) return;
    event.detail.shouldSwap = true;
    event.detail.isError = false;
  });

  form.addEventListener("htmx:afterRequest", (event) => {
    if (event.detail.xhr.status !== 200) return;
    if (box.value === sent) box.value = "";
    box.focus({ preventScroll: true });
  });
  for (const failure of ["htmx:sendError", "htmx:responseError", "htmx:timeout"]) {
    document.addEventListener(failure, (event) => {
      if (event.detail.elt.matches(".chat form")) explain(form.dataset.lost);
    });
  }

  // Said when a reply has come, or a token came back.
  document.body.addEventListener("balance-changed", () => document.querySelector("[data-until-answered]")?.remove());

  // Begin at the newest message, and follow the reply as it grows, unless the reader has scrolled away.
  if (!window.location.hash) show("instant");
  let follows = false;
  document.addEventListener("htmx:beforeSwap", () => { follows = sees(); });
  document.addEventListener("htmx:afterSettle", (event) => {
    const added = event.detail.target === list;
    if (added || (follows && event.detail.elt.closest("#exchanges"))) show("auto");
  });
})();
