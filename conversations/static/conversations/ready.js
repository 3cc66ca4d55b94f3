"use strict";
// "/" in an answer offers what lies ready; gaps that nobody could fill are said before it is sent.
(() => {
  const SHOWN = 8;
  const GAP = /\{\{[ \t]*([^{}\n]{1,60}?)[ \t]*\}\}/g;
  const one = (selector, root = document) => root.querySelector(selector);

  class Ready {
    constructor(panel, text) {
      Object.assign(this, { panel, text, form: text.form, answers: null, shown: [], chosen: 0, said: "" });
      this.list = Object.assign(document.createElement("ul"), { id: "ready", className: "ib-ready", hidden: true });
      this.list.setAttribute("role", "listbox");
      this.list.setAttribute("aria-label", panel.dataset.readyLabel);
      text.insertAdjacentElement("afterend", this.list);
      text.setAttribute("aria-controls", "ready");
      text.setAttribute("aria-autocomplete", "list");
      text.addEventListener("input", () => this.look());
      text.addEventListener("blur", () => setTimeout(() => this.close(), 150));
      document.addEventListener("keydown", (event) => this.pressed(event), true);
      document.addEventListener("submit", (event) => { if (event.target === this.form) this.check(event); }, true);
    }

    // What stands between a "/" at the beginning of a line or after a space, and the cursor.
    typed() {
      const before = this.text.value.slice(0, this.text.selectionStart);
      return /(?:^|\s)\/([^\s/]{0,40})$/.exec(before);
    }

    async look() {
      const typed = this.typed();
      if (!typed) { this.close(); return; }
      if (!this.answers) await this.fetch();
      const wanted = typed[1].toLowerCase();
      const named = (answer) => answer.name.toLowerCase();
      this.shown = (this.answers || []).filter((answer) => named(answer).includes(wanted))
        .sort((a, b) => named(b).startsWith(wanted) - named(a).startsWith(wanted)).slice(0, SHOWN);
      this.chosen = 0;
      this.draw();
    }

    async fetch() {
      try {
        const answer = await fetch(this.panel.dataset.ready, { headers: { Accept: "application/json" } });
        this.answers = answer.ok && !answer.redirected ? (await answer.json()).answers : null;
      } catch { this.answers = null; /* the next "/" asks again */ }
    }

    draw() {
      const rows = this.shown.map((answer, index) => {
        const row = document.createElement("li");
        row.id = `ready-${index}`;
        row.setAttribute("role", "option");
        row.setAttribute("aria-selected", index === this.chosen);
        const name = Object.assign(document.createElement("b"), { textContent: `/${answer.name}` });
        const words = Object.assign(document.createElement("span"), { textContent: answer.text.slice(0, 120) });
        row.append(name, words);
        row.addEventListener("mousedown", (event) => { event.preventDefault(); this.take(index); });
        return row;
      });
      if (!rows.length) rows.push(Object.assign(document.createElement("li"), { className: "ib-none", textContent: this.panel.dataset.readyNone }));
      this.list.replaceChildren(...rows);
      this.list.hidden = false;
      this.text.setAttribute("aria-activedescendant", this.shown.length ? `ready-${this.chosen}` : "");
    }

    close() {
      this.list.hidden = true;
      this.text.removeAttribute("aria-activedescendant");
    }

    take(index) {
      const typed = this.typed();
      const answer = this.shown[index];
      if (!typed || !answer) return;
      const end = this.text.selectionStart;
      this.text.setRangeText(answer.text, end - typed[1].length - 1, end, "end");
      this.close();
      this.text.dispatchEvent(new Event("input", { bubbles: true }));
      this.close();
      this.text.focus();
      this.toGap(0);
    }

    toGap(from) {
      GAP.lastIndex = from;
      const gap = GAP.exec(this.text.value);
      if (gap) this.text.setSelectionRange(gap.index, gap.index + gap[0].length);
    }

    pressed(event) {
      if (event.target !== this.text) return;
      if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) { this.check(event); return; }
      if (this.list.hidden) return;
      const moves = { ArrowDown: 1, ArrowUp: -1 };
      if (event.key in moves && this.shown.length) {
        this.chosen = (this.chosen + moves[event.key] + this.shown.length) % this.shown.length;
        this.draw();
      } else if ((event.key === "Enter" || event.key === "Tab") && this.shown.length) this.take(this.chosen);
      else if (event.key === "Escape") this.close();
      else return;
      event.preventDefault();
      event.stopImmediatePropagation();
    }

    // Once: who sends the same text again means it.
    check(event) {
      const gaps = [...new Set([...this.text.value.matchAll(GAP)].map((gap) => gap[1]))];
      if (!gaps.length || this.said === this.text.value) return;
      event.preventDefault();
      event.stopImmediatePropagation();
      this.said = this.text.value;
      const trouble = one("[data-trouble]", this.form);
      trouble.textContent = this.panel.dataset.readyGaps.replace("#", gaps.join(", "));
      trouble.hidden = false;
      this.text.focus();
      this.toGap(0);
    }
  }

  document.addEventListener("DOMContentLoaded", () => {
    const panel = one("[data-ready]");
    const text = one("[data-thread] [data-text]");
    if (panel && text) new Ready(panel, text);
  });
})();
