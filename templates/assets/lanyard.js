// Small comforts; every page works without them.
"use strict";

// A button beside each password that shows what was typed.
for (const input of document.querySelectorAll("input[data-show]")) {
  const button = document.createElement("button");
  button.type = "button";
  button.className = "reveal";
  button.setAttribute("aria-controls", input.id);
  const label = (text) => { button.textContent = text; };
  label(input.dataset.show);
  button.addEventListener("click", () => {
    const hidden = input.type === "password";
    input.type = hidden ? "text" : "password";
    label(hidden ? input.dataset.hide : input.dataset.show);
    input.focus();
  });
  input.form.addEventListener("submit", () => { input.type = "password"; });
  input.after(button); // the style sheet shows it beside the label; Tab goes first to the input
}

// A second click on the way sends nothing twice.
for (const form of document.forms) {
  let sent = false;
  form.addEventListener("submit", (event) => {
    if (sent) event.preventDefault();
    sent = true;
  });
}
addEventListener("pageshow", (event) => { if (event.persisted) location.reload(); });
