"use strict";
// The plan in the browser: a card is dragged to another day, or moved by Alt and an arrow.
(() => {
  const all = (selector, root = document) => [...root.querySelectorAll(selector)];
  const form = document.querySelector("[data-move]");
  const STEPS = { ArrowLeft: -1, ArrowRight: 1, ArrowUp: -7, ArrowDown: 7 };
  if (location.hash.startsWith("#p-")) document.getElementById(location.hash.slice(1))?.focus();
  if (!form) return;

  function move(card, day) {
    const from = card.closest("[data-day]").dataset.day;
    if (!day || day === from || card.draggable !== true) return;
    form.elements.day.value = day;
    form.action = `${form.dataset.address}${card.dataset.card}/do/move/`;
    form.requestSubmit();
  }

  function shifted(day, days) {
    const at = new Date(`${day}T12:00:00Z`);
    at.setUTCDate(at.getUTCDate() + days);
    return at.toISOString().slice(0, 10);
  }

  document.addEventListener("keydown", (event) => {
    const card = event.target.closest?.("[data-card]");
    const days = STEPS[event.key];
    if (!card || !days || !event.altKey) return;
    event.preventDefault();
    move(card, shifted(card.closest("[data-day]").dataset.day, days));
  });

  let dragged = null;
  for (const card of all("[data-card]")) {
    card.addEventListener("dragstart", (event) => {
      dragged = card;
      card.classList.add("dragged");
      event.dataTransfer.effectAllowed = "move";
      event.dataTransfer.setData("text/plain", card.dataset.card);
    });
    card.addEventListener("dragend", () => { card.classList.remove("dragged"); dragged = null; });
  }
  for (const day of all("[data-day]")) {
    day.addEventListener("dragover", (event) => {
      if (!dragged) return;
      event.preventDefault();
      day.classList.add("over");
    });
    day.addEventListener("dragleave", () => day.classList.remove("over"));
    day.addEventListener("drop", (event) => {
      event.preventDefault();
      day.classList.remove("over");
      if (dragged) move(dragged, day.dataset.day);
    });
  }
})();
