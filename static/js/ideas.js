// A list marked data-ideas="<id of a text field>" becomes buttons that add their words to that field.
(() => {
  for (const list of document.querySelectorAll("[data-ideas]")) {
    const field = document.getElementById(list.dataset.ideas);
    if (!field) continue;
    for (const item of list.children) {
      const button = document.createElement("button");
      button.type = "button";
      button.className = "idea";
      button.textContent = item.textContent;
      button.addEventListener("click", () => {
        const words = [field.value.trim(), button.textContent].filter(Boolean).join(". ");
        if (words.length <= field.maxLength) field.value = words;
        field.focus();
      });
      item.replaceChildren(button);
    }
  }
})();
