"use strict";
// While an article is written: what says the same already is shown beside it.
(() => {
  const PAUSE = 600;
  const one = (selector, root = document) => root.querySelector(selector);

  function watch(form) {
    const place = one("[data-likely]", form);
    let timer = 0;
    let asked = 0;
    async function ask() {
      const number = ++asked;
      const said = new FormData();
      for (const name of ["title", "text", "article", "csrfmiddlewaretoken"]) {
        const field = one(`[name=${name}]`, form);
        if (field) said.append(name, field.value);
      }
      try {
        const answer = await fetch(form.dataset.similar, { method: "POST", body: said });
        if (!answer.ok || answer.redirected || number !== asked) return;
        show((await answer.json()).found);
      } catch { /* the next key asks again */ }
    }
    function show(found) {
      const list = one("ul", place);
      list.replaceChildren(...found.map((each) => {
        const item = document.createElement("li");
        const link = Object.assign(document.createElement("a"), { href: each.address, textContent: each.title, className: "ib-link", target: "_blank", rel: "noopener" });
        const more = Object.assign(document.createElement("span"), { className: "ib-none", textContent: ` ${each.percent} % · ${each.state}` });
        item.append(link, more);
        return item;
      }));
      place.hidden = !found.length;
    }
    form.addEventListener("input", () => { clearTimeout(timer); timer = setTimeout(ask, PAUSE); });
    if (one("[name=title]", form).value) ask();
  }

  document.addEventListener("DOMContentLoaded", () => {
    const form = one("[data-write]");
    if (form) watch(form);
  });
})();
