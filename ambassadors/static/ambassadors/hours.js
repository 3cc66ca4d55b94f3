// Hours of a week as fields of time. Each line of text stays what is sent: without this script it
// is typed as 09:00-12:30, 14:00-18:00.
(() => {
  const begin = () => {
    const WORKDAYS = ["monday", "tuesday", "wednesday", "thursday", "friday"];
    const SPAN = /^\s*(\d{1,2}:\d{2})\s*-\s*(\d{1,2}:\d{2})\s*$/;
    const fields = [...document.querySelectorAll("input[data-hours]")];
    const said = (name, usual) => fields[0]?.dataset[name] || usual;
    const editors = new Map();

    const make = (tag, more = {}) => Object.assign(document.createElement(tag), more);
    const padded = (clock) => clock.padStart(5, "0");

    // [[from, to], ...], or null for what is typed otherwise
    const read = (text) => {
      if (!text.trim()) return [];
      const spans = text.split(",").map((part) => SPAN.exec(part));
      return spans.every(Boolean) ? spans.map((span) => [padded(span[1]), padded(span[2])]) : null;
    };

    const after = (clock, hours) => {
      const [hour, minute] = clock.split(":").map(Number);
      const later = Math.min(hour + hours, 23);
      return `${String(later).padStart(2, "0")}:${String(later === 23 ? 59 : minute).padStart(2, "0")}`;
    };

    class Editor {
      constructor(field) {
        this.field = field;
        this.name = field.labels[0]?.textContent.trim() || field.dataset.hours;
        this.box = make("div", { className: "hours", role: "group" });
        this.box.setAttribute("aria-label", this.name);
        field.labels[0]?.removeAttribute("for");
        field.type = "hidden";
        field.after(this.box);
        this.draw(read(field.value));
      }

      draw(spans, focus = -1) {
        this.box.replaceChildren();
        if (!spans.length) this.box.append(make("span", { className: "hours-none", textContent: said("none", "—") }));
        spans.forEach((span, index) => this.box.append(this.period(spans, span, index)));
        const add = make("button", { type: "button", textContent: `+ ${said("add", "+")}` });
        add.setAttribute("aria-label", `${said("add", "+")}, ${this.name}`);
        add.addEventListener("click", () => {
          const last = spans.at(-1);
          const from = last ? after(last[1], 1) : "09:00";
          const next = [...spans, [from, last ? after(from, 3) : "17:00"]];
          this.keep(next);
          this.draw(next, next.length - 1);
        });
        this.box.append(add);
        if (this.field.dataset.hours === "monday") this.box.append(this.copy(spans));
        if (focus >= 0) this.box.querySelectorAll(".hours-period input")[focus * 2]?.focus();
      }

      period(spans, span, index) {
        const box = make("span", { className: "hours-period" });
        const inputs = ["from", "to"].map((word, side) => {
          const input = make("input", { type: "time", value: span[side], required: true });
          input.setAttribute("aria-label", `${this.name}, ${said(word, word)}`);
          input.addEventListener("input", () => {
            span[side] = input.value;
            this.keep(spans);
          });
          return input;
        });
        const gone = make("button", { type: "button", textContent: "×" });
        gone.setAttribute("aria-label", `${said("remove", "×")}: ${this.name} ${span[0]}`);
        gone.addEventListener("click", () => {
          const rest = spans.filter((_, other) => other !== index);
          this.keep(rest);
          this.draw(rest);
          this.box.querySelector("button")?.focus();
        });
        box.append(inputs[0], "–", inputs[1], gone);
        return box;
      }

      copy(spans) {
        const button = make("button", { type: "button", className: "hours-copy", textContent: said("copy", "Mo → Fr") });
        button.addEventListener("click", () => {
          WORKDAYS.slice(1).forEach((day) => {
            const same = spans.map((span) => [...span]);
            editors.get(day)?.keep(same);
            editors.get(day)?.draw(same);
          });
        });
        return button;
      }

      keep(spans) {
        this.field.value = spans.map((span) => span.join("-")).join(", ");
      }
    }

    // What is typed in another way is left to be corrected as text.
    fields.filter((field) => read(field.value) !== null).forEach((field) => {
      editors.set(field.dataset.hours, new Editor(field));
    });
  };

  // the admin loads it before the page's form is there
  if (document.readyState === "loading") document.addEventListener("DOMContentLoaded", begin);
  else begin();
})();
