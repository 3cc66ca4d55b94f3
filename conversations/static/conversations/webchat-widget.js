"use strict";
// A button on the company's own site that opens the chat in a frame. Everything in the frame is ours:
// this script reads nothing of the page around it, needs no inline style or script, and works under
// a policy that names our origin in script-src and frame-src.
(() => {
  const own = document.currentScript;
  const chat = new URL("./", own.src);
  if (window[`relais ${chat}`]) return; // the snippet stands on the page twice
  window[`relais ${chat}`] = true;
  const words = { open: own.dataset.open || WORDS.open, close: own.dataset.close || WORDS.close, title: own.dataset.title || WORDS.title };
  const colour = /^#[0-9a-f]{3,8}$/i.test(own.dataset.colour || "") ? own.dataset.colour : "#1f4f46";
  const narrow = window.matchMedia("(max-width: 480px)");

  const dress = (element, styles) => { for (const [name, value] of Object.entries(styles)) element.style.setProperty(name, value, "important"); };

  const button = document.createElement("button");
  button.type = "button";
  button.id = `relais-chat-${chat.pathname.split("/").at(-2).slice(0, 8)}`;
  dress(button, {
    all: "initial", position: "fixed", right: "20px", bottom: "20px", "z-index": "2147483646", padding: "14px 20px",
    "border-radius": "999px", background: colour, color: "#fff", font: "600 16px/1.2 system-ui, sans-serif", cursor: "pointer",
    "box-shadow": "0 4px 14px rgb(0 0 0 / .25)",
  });
  button.addEventListener("focus", () => dress(button, { outline: "3px solid #fff", "outline-offset": "-6px" }));
  button.addEventListener("blur", () => dress(button, { outline: "none" }));

  let frame = null;
  function place() {
    if (!frame) return;
    const size = narrow.matches
      ? { width: "100%", height: "calc(100% - 84px)", right: "0", bottom: "84px", "border-radius": "0" }
      : { width: "380px", height: "min(600px, calc(100% - 110px))", right: "20px", bottom: "84px", "border-radius": "14px" };
    dress(frame, { ...size, position: "fixed", border: "0", "z-index": "2147483646", background: "#fff", "box-shadow": "0 8px 30px rgb(0 0 0 / .3)" });
  }

  function build() {
    frame = document.createElement("iframe"); // only now: who never asks is never counted
    frame.title = words.title;
    frame.src = chat.href;
    frame.referrerPolicy = "origin";
    place();
    button.before(frame);
    narrow.addEventListener("change", place);
  }

  function show(open) {
    if (open && !frame) build();
    if (frame) dress(frame, { display: open ? "block" : "none" });
    button.textContent = open ? words.close : words.open;
    button.setAttribute("aria-expanded", String(open));
    if (open) frame.focus();
  }

  button.addEventListener("click", () => show(button.getAttribute("aria-expanded") !== "true"));
  document.addEventListener("keydown", (event) => {
    if (event.key !== "Escape" || button.getAttribute("aria-expanded") !== "true") return;
    show(false);
    button.focus();
  });
  const begin = () => { document.body.append(button); show(false); };
  if (document.body) begin(); else document.addEventListener("DOMContentLoaded", begin);
})();
