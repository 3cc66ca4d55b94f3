// The page of one's questions says when something new came; a composer keeps a draft on this device.
(() => {
  const head = document.querySelector("[data-pulse]");
  const news = document.querySelector("[data-news]");
  const known = head ? new Set(head.dataset.offers.split(" ").filter(Boolean)) : new Set();

  const look = async () => {
    if (document.hidden) return;
    try {
      const answer = await fetch(head.dataset.pulse, { headers: { Accept: "application/json" } });
      if (!answer.ok || answer.redirected) return;
      const now = await answer.json();
      const fresh = now.offers.some((id) => !known.has(id));
      if (fresh || now.waiting > head.dataset.waiting.length) news.hidden = false;
    } catch { /* no connection: the next look may have one */ }
  };
  if (head && news) setInterval(look, 20_000);

  const composer = document.querySelector("[data-composer]");
  if (!composer) return;
  const text = composer.querySelector("textarea");
  const key = `relais-desk-draft:${composer.dataset.composer}`;
  const sent = document.querySelector(".note.success");
  if (sent) localStorage.removeItem(key);
  else if (!text.value) text.value = localStorage.getItem(key) || "";
  text.addEventListener("input", () => {
    if (text.value.trim()) localStorage.setItem(key, text.value);
    else localStorage.removeItem(key);
  });
  composer.addEventListener("keydown", (event) => {
    if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) {
      event.preventDefault();
      composer.requestSubmit();
    }
  });
})();
