"use strict";
// Search and mood filter over the cards; all of it works without the network.
(() => {
  const search = document.getElementById("search");
  if (!search) return;
  const chips = [...document.querySelectorAll(".chip")];
  const count = document.getElementById("count");
  const nothing = document.getElementById("nothing");
  const list = document.querySelector(".shelf");
  const whole = count.textContent;
  const cards = [...document.querySelectorAll(".card")].map((item) => ({
    item,
    moods: JSON.parse(item.dataset.moods),
    words: plain(item.querySelector("a").textContent),
  }));

  // as people type it: no capitals, no accents
  function plain(text) {
    return text.normalize("NFKD").replace(/\p{M}/gu, "").toLowerCase();
  }

  function show() {
    const pressed = chips.find((chip) => chip.getAttribute("aria-pressed") === "true");
    const wanted = plain(search.value).split(/\s+/).filter(Boolean);
    const fitting = cards.filter(
      ({ moods, words }) =>
        wanted.every((word) => words.includes(word)) &&
        (!pressed || moods.includes(pressed.dataset.mood)),
    );
    const all = fitting.length === cards.length;
    // taken out, not hidden: a browser minds each hidden card for each of the others
    if (!all || list.children.length !== cards.length) {
      list.replaceChildren(...fitting.map((card) => card.item));
    }
    count.textContent = all ? whole : `${fitting.length} of ${whole}`;
    nothing.hidden = fitting.length > 0;
  }

  function press(wanted) {
    for (const chip of chips) chip.setAttribute("aria-pressed", String(chip === wanted));
    show();
  }

  search.addEventListener("input", show);
  search.form.addEventListener("submit", (event) => event.preventDefault());
  for (const chip of chips) {
    chip.addEventListener("click", () => {
      press(chip.getAttribute("aria-pressed") === "true" ? null : chip);
    });
  }
  document.getElementById("clear").addEventListener("click", () => {
    search.value = "";
    press(null);
    search.focus();
  });
  show(); // a browser may bring the search back with the page
})();
