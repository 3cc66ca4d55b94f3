"use strict";
// The inbox in the browser: keys, drafts that survive, a thread that renews itself.
(() => {
  const LIVE = 5000;
  const BEAT = 8000;
  const WRITES = 12000; // after the last key somebody still counts as writing
  const all = (selector, root = document) => [...root.querySelectorAll(selector)];
  const one = (selector, root = document) => root.querySelector(selector);
  const language = document.documentElement.lang || undefined;

  // --- times in the reader's own zone ----------------------------------------------------------
  function localise(root) {
    for (const time of all("time[data-local]", root)) {
      const at = new Date(time.dateTime);
      if (Number.isNaN(at.valueOf())) continue;
      const now = new Date();
      const sameDay = at.toDateString() === now.toDateString();
      const sameYear = at.getFullYear() === now.getFullYear();
      const clock = { hour: "2-digit", minute: "2-digit" };
      const day = { day: "numeric", month: "short", ...(sameYear ? {} : { year: "numeric" }) };
      const shape = sameDay ? clock : time.dataset.local === "day" ? day : { ...day, ...clock };
      time.textContent = new Intl.DateTimeFormat(language, shape).format(at);
      time.title = new Intl.DateTimeFormat(language, { dateStyle: "full", timeStyle: "short" }).format(at);
    }
  }

  // --- keys: an element says which key it answers to ---------------------------------------------
  const isTyping = (target) => target.closest && target.closest("input, textarea, select, [contenteditable]");

  function press(event) {
    if (event.key === "Escape" && isTyping(event.target)) { event.target.blur(); return; }
    if (event.key === "Escape") { for (const menu of all("[data-menu][open]")) menu.open = false; return; }
    if (isTyping(event.target) || event.ctrlKey || event.metaKey || event.altKey) return;
    if (one("dialog[open]")) return;
    if (event.key === "?") { event.preventDefault(); help(); return; }
    const rows = all("[data-open]");
    if (rows.length && "jko".includes(event.key)) { event.preventDefault(); move(rows, event.key); return; }
    const target = one(`[data-key="${CSS.escape(event.key)}"]`);
    if (!target) return;
    event.preventDefault();
    target.click();
    if (target.matches("summary")) enter(target.parentElement); // at once: the toggle event is late
  }

  function enter(menu) {
    const first = menu.open && one("button", menu);
    if (first) first.focus();
  }

  function move(rows, key) {
    const at = rows.findIndex((row) => row.closest("[data-row]").classList.contains("chosen"));
    if (key === "o") { if (at >= 0) rows[at].click(); return; }
    const next = Math.min(Math.max(at + (key === "j" ? 1 : -1), 0), rows.length - 1);
    rows.forEach((row, index) => row.closest("[data-row]").classList.toggle("chosen", index === next));
    rows[next].focus({ preventScroll: true });
    rows[next].scrollIntoView({ block: "nearest" });
  }

  function help() { const dialog = one("[data-keys]"); if (dialog) dialog.showModal(); }

  // --- the list: "n changes, refresh" -------------------------------------------------------------
  function watchList(inbox) {
    const news = one("[data-news]", inbox);
    setInterval(async () => {
      if (document.hidden) return;
      try {
        const answer = await fetch(inbox.dataset.live, { headers: { Accept: "application/json" } });
        if (!answer.ok || answer.redirected) return;
        const { changed } = await answer.json();
        news.hidden = changed === 0;
        const words = changed === 1 ? news.dataset.one : news.dataset.many;
        one("[data-news-text]", news).textContent = words.replace("#", changed > 99 ? "99+" : changed);
      } catch { /* the next turn asks again */ }
    }, LIVE);
    for (const select of all("[data-auto] select", inbox)) select.addEventListener("change", () => select.form.requestSubmit());
  }

  // --- the thread -----------------------------------------------------------------------------------
  class Thread {
    constructor(root) {
      this.root = root;
      this.messages = one("[data-messages]", root);
      this.form = one("[data-composer]", root);
      this.text = one("[data-text]", root);
      this.trouble = one("[data-trouble]", root);
      this.mode = one("[data-mode][aria-pressed=true]", root).dataset.mode;
      this.key = `relais-draft-${root.dataset.thread}`;
      this.files = one("[data-files]", this.form);
      this.busy = false;
      this.bind();
      this.restore();
      this.toEnd();
      setInterval(() => { if (!document.hidden && !this.busy) this.renew(); }, LIVE);
      document.addEventListener("visibilitychange", () => { if (!document.hidden) { this.renew(); this.beat(); } });
      this.typedAt = 0;
      this.beat();
      setInterval(() => { if (!document.hidden) this.beat(); }, BEAT);
      window.addEventListener("pagehide", () => this.beat(true));
    }

    bind() {
      for (const button of all("[data-mode]", this.root)) {
        button.addEventListener("click", () => { this.use(button.dataset.mode); this.text.focus(); });
      }
      this.form.addEventListener("submit", (event) => { event.preventDefault(); this.send(); });
      this.text.addEventListener("input", () => { this.keep(); this.grow(); this.typed(); });
      this.text.addEventListener("keydown", (event) => {
        if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) { event.preventDefault(); this.send(); }
      });
      this.root.addEventListener("click", (event) => this.clicked(event));
      if (this.files) {
        this.files.addEventListener("change", (event) => {
          event.stopImmediatePropagation(); // the admin's own script expects a text field beside it
          this.along([...this.chosen || [], ...this.files.files]);
        }, { capture: true });
        this.text.addEventListener("paste", (event) => {
          const pasted = [...event.clipboardData.files];
          if (pasted.length && this.mode === "reply") { event.preventDefault(); this.along([...this.chosen || [], ...pasted]); }
        });
      }
      this.root.addEventListener("toggle", (event) => this.toggled(event), true);
      for (const input of all("[data-until]", this.root)) {
        input.addEventListener("change", () => {
          const go = one("[data-until-go]", input.form);
          const at = new Date(input.value);
          go.hidden = Number.isNaN(at.valueOf());
          if (!go.hidden) go.value = at.toISOString();
        });
      }
    }

    clicked(event) {
      const insert = event.target.closest("[data-insert]");
      if (insert) this.insert(insert);
      const preset = event.target.closest("[data-preset]");
      if (preset) preset.value = until(preset.dataset.preset).toISOString();
      if (event.target.closest("[data-help]")) help();
      const link = event.target.closest(".ib-text a");
      if (link) { link.target = "_blank"; link.rel = "noopener noreferrer nofollow"; }
      const images = event.target.closest("[data-images]");
      if (images) {
        const frame = one("iframe", images.closest("[data-mail]"));
        frame.src = `${images.closest("[data-mail]").dataset.mail}?images=1`;
        images.remove();
      }
    }

    toggled(event) {
      const mail = event.target;
      if (mail.matches("[data-menu]") && mail.open) {
        for (const other of all("[data-menu][open]")) if (other !== mail) other.open = false;
        enter(mail);
      }
      if (!mail.matches("[data-mail]") || !mail.open || one("iframe", mail)) return;
      const frame = document.createElement("iframe");
      frame.setAttribute("sandbox", "allow-popups allow-popups-to-escape-sandbox");
      frame.setAttribute("referrerpolicy", "no-referrer");
      frame.title = mail.dataset.title;
      frame.src = mail.dataset.mail;
      mail.append(frame);
    }

    use(mode) {
      this.mode = mode;
      this.form.action = this.form.dataset[mode];
      this.form.classList.toggle("as-note", mode === "note");
      for (const button of all("[data-mode]", this.root)) button.setAttribute("aria-pressed", button.dataset.mode === mode);
      for (const part of all("[data-only]", this.form)) part.hidden = part.dataset.only !== mode;
      this.keep();
    }

    insert(button) {
      const at = this.text.selectionStart ?? this.text.value.length;
      const before = this.text.value.slice(0, at);
      const gap = before && !before.endsWith("\n") ? "\n\n" : "";
      this.text.setRangeText(gap + button.dataset.insert, at, this.text.selectionEnd ?? at, "end");
      if (button.dataset.article && !one(`[value="${CSS.escape(button.dataset.article)}"]`, one("[data-articles]", this.form))) {
        const field = document.createElement("input");
        Object.assign(field, { type: "hidden", name: "articles", value: button.dataset.article });
        one("[data-articles]", this.form).append(field);
      }
      this.keep(); this.grow(); this.text.focus();
    }

    // What goes along: chosen in several turns, each may be left out again.
    along(files) {
      this.chosen = files;
      const carried = new DataTransfer();
      for (const file of files) carried.items.add(file);
      this.files.files = carried.files;
      const list = one("[data-along]", this.form);
      list.replaceChildren(...files.map((file, at) => {
        const line = document.createElement("li");
        const name = document.createElement("bdi");
        name.textContent = file.name;
        const out = Object.assign(document.createElement("button"), { type: "button", textContent: "×" });
        out.setAttribute("aria-label", `${list.dataset.remove}: ${file.name}`);
        out.addEventListener("click", () => { this.along(files.filter((_, other) => other !== at)); this.text.focus(); });
        line.append(name, out);
        return line;
      }));
    }

    // A draft belongs to its conversation and outlives a closed window.
    keep() {
      try {
        if (this.text.value.trim()) localStorage.setItem(this.key, JSON.stringify({ text: this.text.value, mode: this.mode }));
        else localStorage.removeItem(this.key);
        one("[data-saved]", this.form).hidden = !this.text.value.trim();
      } catch { /* a private window keeps nothing */ }
    }

    restore() {
      try {
        const kept = JSON.parse(localStorage.getItem(this.key) || "null");
        if (kept && !this.text.value) {
          this.text.value = kept.text;
          if (one(`[data-mode="${kept.mode}"]`, this.root)) this.use(kept.mode);
          this.grow();
        }
      } catch { /* as above */ }
    }

    grow() {
      this.text.style.height = "auto";
      this.text.style.height = `${Math.min(this.text.scrollHeight + 2, window.innerHeight * 0.4)}px`;
    }

    complain(words) {
      this.trouble.textContent = words;
      this.trouble.hidden = !words;
    }

    async send() {
      const carries = this.mode === "reply" && this.files && this.files.files.length;
      if (this.busy || !(this.text.value.trim() || carries)) return;
      this.busy = true;
      const button = one("[data-send]", this.form);
      button.disabled = true;
      this.complain("");
      try {
        const answer = await fetch(this.form.action, {
          method: "POST", body: new FormData(this.form), headers: { Accept: "application/json" },
        });
        await this.sent(answer);
      } catch {
        this.complain(one("[data-offline]", this.root).textContent);
      } finally {
        this.busy = false;
        button.disabled = false;
      }
    }

    async sent(answer) {
      const json = (answer.headers.get("Content-Type") || "").includes("json");
      const { said } = json ? await answer.json() : { said: document.title };
      if (!answer.ok || !json) {
        await this.renew(true);
        this.complain(json ? said : `${answer.status}`);
        return;
      }
      this.text.value = "";
      if (this.files && this.mode === "reply") this.along([]);
      this.typedAt = 0;
      one("[data-wrote]", this.root).hidden = true;
      this.beat();
      one("[data-articles]", this.form).replaceChildren();
      this.keep(); this.grow();
      const close = one("[data-close]", this.root);
      if (this.mode === "reply" && close && one("[data-then-close]", this.form).checked) { close.requestSubmit(); return; }
      await this.renew(true);
      this.toEnd();
    }

    // Only the messages and the state are swapped; the composer with its draft stays as it is.
    async renew() {
      const known = one("[data-known]", this.messages);
      const address = `${this.root.dataset.part}?known=${encodeURIComponent(known.dataset.known)}&${window.location.search.slice(1)}`;
      try {
        const answer = await fetch(address);
        one("[data-offline]", this.root).hidden = true;
        if (answer.status !== 200 || answer.redirected) return;
        this.swap(await answer.text());
      } catch {
        one("[data-offline]", this.root).hidden = false;
      }
    }

    swap(html) {
      const wasAtEnd = this.messages.scrollHeight - this.messages.scrollTop - this.messages.clientHeight < 80;
      const open = all("details[open]", this.messages).map((part) => part.closest("article")?.id).filter(Boolean);
      const heard = all(".ib-message.in", this.messages).length;
      this.messages.innerHTML = html;
      for (const id of open) for (const part of all(`#${CSS.escape(id)} details`)) part.open = true;
      one("[data-state-here]", this.root).replaceChildren(one("[data-state]", this.messages).content.cloneNode(true));
      one("[name=seen]", this.form).value = one("[data-known]", this.messages).dataset.seen;
      if (heard < all(".ib-message.in", this.messages).length && this.text.value.trim()) {
        one("[data-wrote]", this.root).hidden = false;
      }
      localise(this.root);
      if (wasAtEnd) this.toEnd();
    }

    // Others see who is here; a page that says nothing is forgotten soon.
    typed() {
      const first = Date.now() - this.typedAt > WRITES;
      this.typedAt = Date.now();
      if (first) this.beat();
    }

    async beat(left = false) {
      const writes = Date.now() - this.typedAt < WRITES && this.mode === "reply";
      const said = new FormData();
      said.append("state", left ? "" : writes ? "writing" : "viewing");
      said.append("csrfmiddlewaretoken", one("[name=csrfmiddlewaretoken]", this.form).value);
      try {
        const answer = await fetch(this.root.dataset.presence, { method: "POST", body: said, keepalive: left });
        if (answer.ok && !left) this.show((await answer.json()).others);
      } catch { /* who is here is a courtesy */ }
    }

    show(others) {
      const there = one("[data-there]", this.root);
      const writers = others.filter((other) => other.state === "writing");
      const names = (writers.length ? writers : others).map((other) => other.name).join(", ");
      const words = writers.length ? there.dataset.writes : others.length > 1 ? there.dataset.view : there.dataset.views;
      there.hidden = !others.length;
      there.classList.toggle("writes", writers.length > 0);
      there.textContent = others.length ? words.replace("#", names) : "";
    }

    toEnd() { this.messages.scrollTop = this.messages.scrollHeight; }
  }

  function until(name) {
    const at = new Date();
    if (name === "hours") { at.setHours(at.getHours() + 3); return at; }
    const days = { tomorrow: 1, week: 7, monday: (8 - at.getDay()) % 7 || 7 };
    at.setDate(at.getDate() + days[name]);
    at.setHours(9, 0, 0, 0);
    return at;
  }

  document.addEventListener("keydown", press);
  document.addEventListener("DOMContentLoaded", () => {
    localise(document);
    const inbox = one("[data-inbox]");
    if (inbox) watchList(inbox);
    const thread = one("[data-thread]");
    if (thread) new Thread(thread);
  });
})();
