"use strict";
// The queue in the browser: keys decide about the row that j and k came to; x chooses it.
(() => {
  const all = (selector, root = document) => [...root.querySelectorAll(selector)];
  const queue = document.querySelector("[data-mentions]");
  if (!queue) return;
  const AT = "relais-mentions-at";
  const rows = all("[data-row]", queue);

  function choose(row) {
    rows.forEach((each) => each.classList.toggle("chosen", each === row));
    const link = row.querySelector("[data-open]");
    link.focus({ preventScroll: true });
    row.scrollIntoView({ block: "nearest" });
  }

  // After a decision the page comes back without that row: the one that stood behind it is next.
  const at = Number(sessionStorage.getItem(AT));
  sessionStorage.removeItem(AT);
  if (at > 0 && rows.length) choose(rows[Math.min(at - 1, rows.length - 1)]);

  function remember(row) { sessionStorage.setItem(AT, String(rows.indexOf(row) + 1)); }
  for (const form of all(".mn-acts form", queue)) form.addEventListener("submit", () => remember(form.closest("[data-row]")));

  document.addEventListener("keydown", (event) => {
    if (event.target.closest?.("input:not([type=checkbox]), textarea, select, dialog[open]")) return;
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    const row = queue.querySelector("[data-row].chosen");
    if (!row) return;
    if (event.key === "x") {
      event.preventDefault();
      row.querySelector("[data-pick]")?.click();
      return;
    }
    const target = row.querySelector(`[data-do="${CSS.escape(event.key)}"]`);
    if (!target || target.disabled) return;
    event.preventDefault();
    target.click();
  });

  // --- several together -------------------------------------------------------------------------
  const picks = all("[data-pick]", queue);
  const every = queue.querySelector("[data-all]");
  const chosen = queue.querySelector("[data-chosen]");
  function count() {
    const number = picks.filter((pick) => pick.checked).length;
    if (!chosen) return;
    chosen.hidden = number === 0;
    chosen.querySelector("[data-number]").textContent = String(number);
    every.checked = number === picks.length && number > 0;
    every.indeterminate = number > 0 && number < picks.length;
  }
  for (const pick of picks) pick.addEventListener("change", count);
  every?.addEventListener("change", () => { for (const pick of picks) pick.checked = every.checked; count(); });
  count();
})();
