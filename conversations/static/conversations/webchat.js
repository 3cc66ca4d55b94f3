"use strict";
// The visitor's page: what one writes is shown at once, goes out by itself when the connection is
// back, and under one id however often it is tried. Answers are asked for every two seconds.
(() => {
  const root = document.querySelector("[data-chat]");
  const part = (name) => root.querySelector(`[data-${name}]`);
  const word = (name) => root.getAttribute(`data-w-${name}`);
  const log = part("log"), form = part("form"), text = part("text"), name = part("name"), notice = part("notice");
  const language = document.documentElement.lang;
  const OUTBOX = `relais-chat-outbox ${location.pathname}`;
  const QUICK = 2000, HIDDEN = 15000, SLOW = 30000;
  const BROKEN = new Set([400, 403, 410, 413, 415, 404]); // trying again as it is cannot help

  let known = [], etag = "", state = "open", failures = 0, timer = 0, sending = false, complaint = "";
  let outbox = recall();

  function recall() { try { return JSON.parse(localStorage.getItem(OUTBOX)) || []; } catch { return []; } }
  function remember() { try { localStorage.setItem(OUTBOX, JSON.stringify(outbox)); } catch { /* private window */ } }

  function newId() {
    const bytes = crypto.getRandomValues(new Uint8Array(16));
    return [...bytes].map((byte) => byte.toString(16).padStart(2, "0")).join("");
  }

  // --- what is said ------------------------------------------------------------------------------
  function linked(target, words) {
    let end = 0;
    for (const found of words.matchAll(/https?:\/\/[^\s<>"']+[^\s<>"'.,;:!?)\]}]/g)) {
      target.append(words.slice(end, found.index));
      const link = Object.assign(document.createElement("a"), { href: found[0], textContent: found[0], target: "_blank", rel: "noopener noreferrer nofollow ugc" });
      target.append(link);
      end = found.index + found[0].length;
    }
    target.append(words.slice(end));
  }

  function element(tag, className, words = "") {
    return Object.assign(document.createElement(tag), { className, textContent: words });
  }

  function line(message) {
    const said = element("div", `said${message.mine ? " mine" : ""}${message.failed ? " failed" : ""}`);
    said.dataset.id = message.id;
    const who = element("p", message.mine ? "hidden" : "who", message.mine ? word("you") : message.author);
    const words = element("p", "text");
    words.dir = "auto";
    linked(words, message.text);
    const when = element("p", "when");
    when.append(message.note || new Intl.DateTimeFormat(language, { timeStyle: "short" }).format(new Date(message.at)));
    if (message.failed) {
      const again = Object.assign(element("button", "", word("again")), { type: "button" });
      again.addEventListener("click", () => { message.failed = false; message.note = ""; remember(); show(); flush(); });
      when.append(" ", again);
    }
    said.append(who, words);
    for (const file of message.files || []) {
      const link = Object.assign(document.createElement("a"), { className: "file", href: `files/${file.id}/`, textContent: file.name, download: file.name });
      said.append(link);
    }
    said.append(when);
    return said;
  }

  function day(at) {
    const date = new Date(at);
    if (date.toDateString() === new Date().toDateString()) return word("today");
    return new Intl.DateTimeFormat(language, { weekday: "long", day: "numeric", month: "long" }).format(date);
  }

  let drawn = "";
  function show() {
    const arrived = new Set(known.map((message) => message.client));
    outbox = outbox.filter((message) => !arrived.has(message.client));
    remember();
    const waiting = outbox.map((message) => ({ ...message, ref: message, id: message.client, mine: true }));
    const lines = [...known, ...waiting];
    const shape = JSON.stringify(lines.map(({ id, note, failed }) => [id, note, failed]));
    if (shape === drawn) return;
    drawn = shape;
    const atEnd = log.scrollHeight - log.scrollTop - log.clientHeight < 120;
    part("hello").hidden = lines.length > 0;
    part("name-field").hidden = lines.length > 0;
    sync(lines);
    if (atEnd || waiting.length) log.scrollTop = log.scrollHeight;
  }

  // Only what is new or changed is touched, so that a screen reader is told once.
  function sync(lines) {
    const there = new Map([...log.querySelectorAll("[data-id]")].map((node) => [node.dataset.id, node]));
    const wanted = new Set(lines.map((message) => message.id));
    for (const [id, node] of there) if (!wanted.has(id)) node.remove();
    let lastDay = "";
    for (const node of log.querySelectorAll(".day")) node.remove();
    for (const message of lines) {
      const node = there.get(message.id);
      const fresh = line(message.ref || message);
      fresh.dataset.id = message.id;
      if (message.mine) fresh.classList.add("mine");
      const today = day(message.at);
      if (today !== lastDay) { log.append(element("p", "day", today)); lastDay = today; }
      if (node && node.isEqualNode(fresh)) log.append(node); else { if (node) node.remove(); log.append(fresh); }
    }
  }

  function tell(words) {
    notice.textContent = words;
    notice.hidden = !words;
  }

  function tellState() {
    if (complaint) tell(complaint);
    else if (state === "closed") tell(word("closed"));
    else if (failures > 1) tell(word("offline"));
    else if (state === "paused") tell(word("paused"));
    else tell("");
    form.hidden = state === "closed";
  }

  // --- reading --------------------------------------------------------------------------------------
  async function ask() {
    clearTimeout(timer);
    let wait = document.hidden ? HIDDEN : QUICK;
    try {
      const answer = await fetch(root.dataset.read, { headers: etag ? { "If-None-Match": etag } : {}, cache: "no-store" });
      failures = answer.ok || answer.status === 304 ? 0 : failures + 1;
      if (answer.ok) take(await answer.json(), answer.headers.get("ETag") || "");
      if (answer.status === 429) wait = SLOW;
    } catch {
      failures += 1;
    }
    if (failures) wait = Math.min(wait * 2 ** Math.min(failures, 4), SLOW);
    else if (outbox.length) flush();
    tellState();
    timer = setTimeout(ask, wait);
  }

  function take(said, tag) {
    const before = new Set(known.map((message) => message.id));
    const fresh = said.messages.filter((message) => !message.mine && !before.has(message.id));
    if (etag && fresh.length && document.hidden) document.title = `● ${document.title.replace(/^● /, "")}`;
    etag = tag;
    known = said.messages.map((message) => ({ ...message, id: message.client || message.id }));
    state = said.state;
    show();
  }

  // --- writing ---------------------------------------------------------------------------------------
  async function flush() {
    if (sending) return;
    sending = true;
    try {
      for (const message of outbox.filter((each) => !each.failed && !each.stored)) {
        if (!(await post(message))) break;
      }
    } finally {
      sending = false;
    }
  }

  async function post(message) {
    let answer;
    try {
      answer = await fetch(root.dataset.say, {
        method: "POST", headers: { "Content-Type": "application/json" },
        body: JSON.stringify({ id: message.client, text: message.text, name: message.name }),
      });
    } catch {
      failures = Math.max(failures, 2);
      tellState();
      return false;
    }
    complaint = "";
    if (answer.ok) {
      message.stored = true;
      message.note = word("stored");
    } else {
      refused(message, answer.status, await detail(answer));
    }
    remember(); show(); tellState();
    return answer.ok;
  }

  async function detail(answer) { try { return (await answer.json()).detail; } catch { return ""; } }

  function refused(message, status, words) {
    if (status === 429) { complaint = word("busy"); giveBack(message); return; }
    if (BROKEN.has(status)) { message.failed = true; message.note = word("failed"); complaint = words; return; }
    complaint = word("down"); // the next turn tries again
  }

  function giveBack(message) {
    outbox = outbox.filter((each) => each !== message);
    if (!text.value) text.value = message.text;
    grow();
  }

  function say() {
    const words = text.value.trim();
    if (!words || words.length > Number(root.dataset.longest)) return;
    outbox.push({ client: newId(), text: words, name: name.value.trim(), at: new Date().toISOString(), note: word("sending") });
    text.value = "";
    complaint = "";
    grow(); remember(); show(); tellState(); flush();
    text.focus();
  }

  function grow() {
    text.style.height = "auto";
    text.style.height = `${text.scrollHeight + 2}px`;
    const left = Number(root.dataset.longest) - text.value.length;
    part("left").hidden = left > 400;
    part("left").textContent = word("left").replace("#", left);
  }

  form.addEventListener("submit", (event) => { event.preventDefault(); say(); });
  text.addEventListener("input", grow);
  text.addEventListener("keydown", (event) => {
    if (event.key === "Enter" && !event.shiftKey && !event.isComposing) { event.preventDefault(); say(); }
  });
  document.addEventListener("visibilitychange", () => {
    if (document.hidden) return;
    document.title = document.title.replace(/^● /, "");
    ask();
  });
  window.addEventListener("online", ask);
  window.addEventListener("offline", () => { failures = 2; tellState(); });
  show();
  ask();
})();
