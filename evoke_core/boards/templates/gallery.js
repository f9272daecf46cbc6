"use strict";
// Search and mood filter over the cards; all of it works without the network.
(() => {
  const search = document.getElementById("search");
  if (!search) return;
  const cards = [...document.querySelectorAll(".card")];
  const chips = [...document.querySelectorAll(".chip")];
  const count = document.getElementById("count");
  const nothing = document.getElementById("nothing");

  function show() {
    const pressed = chips.find((chip) => chip.getAttribute("aria-pressed") === "true");
    const wanted = search.value.toLowerCase().split(/\s+/).filter(Boolean);
    if (pressed) wanted.push(pressed.dataset.mood);
    let shown = 0;
    for (const card of cards) {
      const fits = wanted.every((word) => card.dataset.words.includes(word));
      card.hidden = !fits;
      shown += fits;
    }
    count.textContent =
      shown === cards.length
        ? `${shown === 1 ? "one board" : `${shown} boards`}`
        : `${shown} of ${cards.length} boards`;
    nothing.hidden = shown > 0;
  }

  search.addEventListener("input", show);
  search.form.addEventListener("submit", (event) => event.preventDefault());
  for (const chip of chips) {
    chip.addEventListener("click", () => {
      const on = chip.getAttribute("aria-pressed") !== "true";
      for (const other of chips) other.setAttribute("aria-pressed", "false");
      chip.setAttribute("aria-pressed", String(on));
      show();
    });
  }
})();
