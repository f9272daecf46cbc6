// The page itself: what a listener changes, and what then changes on the board.

const ARROWS = new Set(["ArrowLeft", "ArrowRight", "ArrowUp", "ArrowDown"]);

// A text that stays costs nothing; one that is written again is laid out again.
function write(element, text) {
  if (element.textContent !== text) element.textContent = text;
}

function countText(pictures) {
  return pictures === 1 ? "1 picture" : `${pictures} pictures`;
}

class BoardPage {
  constructor(board, grid) {
    this.board = board;
    this.grid = grid;
    this.lean = null; // index of the query that the board leans to
    this.homes = new Map(); // where a kept picture stood, so that it stays there
    this.state = readState(board, location.hash);
    this.address = location.hash; // as last read or written here
    grid.receive(JSON.parse(document.getElementById("previews").textContent));
    this.vectors = decodeVectors(board.candidates, board.refinement.dimension);
    this.lightbox = new Lightbox(this);
    const moments = new Moments(board);
    this.player = new Player(board, {
      onSection: (section) => this.onSection(section),
      onMoment: (seconds) => moments.onPlayed(seconds),
      say,
    });
    this.bindRefinement();
    this.bindGrid();
    this.bindActions();
    this.bindSections();
    hideMissingCover();
    if (this.isNeutral()) this.showControls(board.tiles);
    else this.apply();
    this.warmUp();
  }

  // Works out in idle moments what the first moves of a slider would wait for.
  warmUp(from = 0) {
    const soon = (act) => setTimeout(act, 50, { timeRemaining: () => 5 });
    const whenIdle = window.requestIdleCallback ?? soon; // Safari has none
    whenIdle((deadline) => {
      let index = from;
      for (; index < this.vectors.count && deadline.timeRemaining() > 2; index += 1) {
        similaritiesTo(this.vectors, index);
      }
      if (index < this.vectors.count) this.warmUp(index);
    });
  }

  isNeutral() {
    const { setting, locked, dropped } = this.state;
    const moved = !isAsStored(this.board, setting);
    return !moved && !locked.length && !dropped.length && this.lean === null;
  }

  // The tiles for the present state. Untouched, they are those of the stored board.
  choose() {
    if (this.isNeutral()) return this.board.tiles;
    const { setting, locked, dropped } = this.state;
    const chosen = chooseTiles(
      this.board, this.vectors, setting, locked, dropped, this.lean,
    ).map((index) => this.board.candidates[index].image_id);
    return this.keepHomes(chosen, locked);
  }

  keepHomes(ids, locked) {
    const rest = ids.filter((id) => !this.homes.has(id) || !locked.includes(id));
    const kept = locked.filter((id) => this.homes.has(id) && ids.includes(id));
    kept.sort((a, b) => this.homes.get(a) - this.homes.get(b));
    for (const id of kept) rest.splice(Math.min(this.homes.get(id), rest.length), 0, id);
    return rest;
  }

  // At most once a frame, however fast a slider moves.
  refine(slow = false) {
    this.slow = slow;
    this.frame ??= requestAnimationFrame(() => {
      this.frame = null;
      this.apply(this.slow);
    });
  }

  apply(slow = false) {
    const ids = this.choose();
    const before = new Set(this.grid.shown);
    this.fresh = (this.fresh ?? 0) + ids.filter((id) => !before.has(id)).length;
    this.grid.show(ids, slow);
    this.grid.mark(this.state.locked);
    this.lightbox.refresh();
    this.showControls(ids);
    clearTimeout(this.later);
    this.later = setTimeout(() => {
      this.writeAddress();
      this.writeCredits(ids);
      this.tellChanges(ids);
    }, 300);
  }

  // For those who don't see the tiles move.
  tellChanges(ids) {
    const line = document.getElementById("changed");
    line.textContent = this.fresh ? `${countText(ids.length)}, ${this.fresh} of them new.` : "";
    this.fresh = 0;
  }

  showControls(ids) {
    for (const slider of document.querySelectorAll("[data-axis]")) {
      const value = this.state.setting[slider.dataset.axis] ?? 0;
      if (slider.valueAsNumber !== value) slider.value = value;
      const said = settingText(slider.dataset, value);
      if (slider.getAttribute("aria-valuetext") === said) continue;
      slider.style.setProperty("--at", `${(value + 1) * 50}%`);
      slider.setAttribute("aria-valuetext", said);
    }
    const reset = document.getElementById("reset");
    reset.hidden = isAtRest(this.state.setting);
    write(reset.querySelector("span"), this.resetsToStored() ? "As refined" : "As the song");
    const { dropped } = this.state;
    const restore = document.getElementById("restore");
    restore.hidden = !dropped.length;
    write(restore.querySelector("span"), `Bring back ${dropped.length}`);
    showJudged(this.state);
    const empty = document.getElementById("empty");
    empty.hidden = ids.length > 0;
    empty.parentElement.classList.toggle("is-empty", !ids.length);
    if (!ids.length && dropped.length) {
      empty.textContent = "Every picture is dropped. Bring them back above.";
    }
  }

  // A refined board is gone back to first, and only from there to the song itself.
  resetsToStored() {
    return !isAtRest(this.board.setting) && !isAsStored(this.board, this.state.setting);
  }

  writeAddress() {
    if (location.hash !== this.address) return; // a newer address waits to be read
    const fragment = writeState(this.board, this.state);
    if (fragment === location.hash.slice(1)) return;
    history.replaceState(null, "", fragment ? `#${fragment}` : location.pathname + location.search);
    this.address = location.hash;
  }

  writeCredits(ids) {
    const items = ids.map((id) => creditItem(this.grid.pictures.get(id)));
    document.getElementById("credit-list").replaceChildren(...items);
    this.writePool();
  }

  writePool() {
    const pool = document.getElementById("pool");
    if (!pool.open) return;
    const shown = new Set(this.grid.shown);
    const rest = this.board.candidates.filter((one) => !shown.has(one.image_id));
    pool.querySelector("ul").replaceChildren(...rest.map(creditItem));
  }

  toggleLock(id) {
    const { locked, dropped } = this.state;
    if (locked.includes(id)) {
      this.state.locked = locked.filter((one) => one !== id);
    } else {
      const home = this.grid.shown.indexOf(id);
      this.homes.set(id, home < 0 ? 0 : home);
      this.state.locked = [...locked, id];
      this.state.dropped = dropped.filter((one) => one !== id);
    }
    this.apply();
  }

  toggleDrop(id) {
    const { locked, dropped } = this.state;
    if (dropped.includes(id)) {
      this.state.dropped = dropped.filter((one) => one !== id);
    } else {
      const place = this.grid.shown.indexOf(id);
      this.state.dropped = [...dropped, id];
      this.state.locked = locked.filter((one) => one !== id);
      say("Dropped. It can be brought back above the pictures.");
      this.apply();
      const next = this.grid.shown[Math.min(place, this.grid.shown.length - 1)];
      if (this.lightbox.dialog.open && next) this.lightbox.open(next);
      else if (next) this.grid.focus(next);
      return;
    }
    this.apply();
  }

  nearest(id, count) {
    const { candidates } = this.board;
    const index = candidates.findIndex((one) => one.image_id === id);
    const found = nearestPictures(this.board, this.vectors, index, count);
    return found.map((other) => candidates[other]);
  }

  onSection(section) {
    for (const button of document.querySelectorAll("[data-section]")) {
      button.classList.toggle("is-now", Number(button.dataset.section) === section);
    }
    if (document.getElementById("follow")?.checked) this.leanTo(section);
  }

  leanTo(section) {
    for (const button of document.querySelectorAll("[data-section]")) {
      const pressed = section !== null && Number(button.dataset.section) === section;
      button.setAttribute("aria-pressed", String(pressed));
    }
    const lean = section === null ? null : this.board.sections[section].query_index;
    if (lean === this.lean) return;
    this.lean = lean;
    this.refine(true);
  }

  bindRefinement() {
    const panel = document.getElementById("panel");
    const toggle = document.getElementById("refine");
    const setOpen = (open) => {
      panel.hidden = !open;
      document.documentElement.classList.toggle("is-refining", open);
      toggle.setAttribute("aria-expanded", String(open));
    };
    toggle.addEventListener("click", () => setOpen(panel.hidden));
    if (!isAtRest(this.state.setting)) setOpen(true);
    for (const slider of panel.querySelectorAll("[data-axis]")) {
      const set = (value) => {
        this.state.setting[slider.dataset.axis] = value;
        this.refine();
      };
      slider.addEventListener("input", () => set(slider.valueAsNumber));
      slider.addEventListener("dblclick", () => set(0));
    }
    document.getElementById("reset").addEventListener("click", () => {
      this.state.setting = this.resetsToStored() ? { ...this.board.setting } : {};
      this.refine();
      panel.querySelector("[data-axis]").focus();
    });
  }

  bindGrid() {
    const idOf = (event) => event.target.closest(".tile")?.dataset.id;
    this.grid.list.addEventListener("click", (event) => {
      const id = idOf(event);
      if (!id) return;
      if (event.target.closest(".tile-lock")) this.toggleLock(id);
      else if (event.target.closest(".tile-drop")) this.toggleDrop(id);
      else if (event.target.closest(".tile-open")) this.lightbox.open(id);
    });
    this.grid.list.addEventListener("keydown", (event) => {
      if (event.ctrlKey || event.metaKey || event.altKey) return;
      const id = idOf(event);
      const key = event.key.toLowerCase();
      if (id && key === "l") this.toggleLock(id);
      if (id && key === "d") this.toggleDrop(id);
      if (!id || !ARROWS.has(event.key)) return;
      event.preventDefault(); // the page would scroll
      const next = this.grid.beyond(id, event.key);
      if (next) this.grid.focus(next, { scroll: true });
    });
  }

  bindActions() {
    const on = (id, act) => document.getElementById(id).addEventListener("click", act);
    on("restore", () => {
      this.state.dropped = [];
      this.apply();
      this.grid.focus(this.grid.shown[0]);
    });
    on("copy-link", () => {
      this.writeAddress();
      copy(location.href, "Link copied, with your sliders, kept and dropped pictures.");
    });
    on("save", () => this.save());
    if (document.getElementById("judged")) {
      on("save-verdict", () => saveVerdict(this.board, this.state));
    }
    document.addEventListener("click", (event) => {
      const hex = event.target.closest(".swatch")?.dataset.hex;
      if (hex) copy(hex, `${hex} copied`);
    });
    document.getElementById("pool").addEventListener("toggle", () => this.writePool());
    addEventListener("hashchange", () => {
      this.address = location.hash;
      if (isState(this.board, this.address)) {
        this.state = readState(this.board, this.address);
        this.apply();
      } else this.writeAddress(); // loaded again, the page is to show the same
    });
  }

  bindSections() {
    const follow = document.getElementById("follow");
    if (!follow) return;
    follow.checked = !matchMedia("(prefers-reduced-motion: reduce)").matches;
    follow.addEventListener("change", () => {
      this.leanTo(follow.checked ? this.player.section : null);
    });
    for (const button of document.querySelectorAll("[data-section]")) {
      button.addEventListener("click", () => {
        const section = Number(button.dataset.section);
        const pressed = button.getAttribute("aria-pressed") === "true";
        this.leanTo(pressed ? null : section);
        if (!pressed) this.player.seek(this.board.sections[section].start_s);
      });
    }
  }

  async save() {
    // a served page may read its own pictures; from a disk only inline ones are safe
    const inline = !location.protocol.startsWith("http");
    const tiles = this.grid.shown.map((id) => ({
      picture: this.grid.pictures.get(id),
      source: this.grid.source(id, { inline }),
    }));
    const anchor = document.createElement("a");
    anchor.href = URL.createObjectURL(await exportPicture(this.board, tiles));
    anchor.download = `${fileName(this.board.track.title)}.png`;
    anchor.click();
    setTimeout(() => URL.revokeObjectURL(anchor.href), 10000);
    say("Picture saved");
  }
}

// A copy of the page may have left its cover behind.
function hideMissingCover() {
  const image = document.querySelector("#cover img");
  if (!image) return;
  const hide = () => image.closest("figure").setAttribute("hidden", "");
  if (image.complete && !image.naturalWidth) hide();
  else image.addEventListener("error", hide);
}

{
  document.documentElement.classList.add("js");
  const wide = innerWidth >= 760;
  document.getElementById("panel").hidden = !wide;
  document.documentElement.classList.toggle("is-refining", wide);
  document.getElementById("refine").setAttribute("aria-expanded", String(wide));
  const board = JSON.parse(document.getElementById("board-data").textContent);
  const grid = new TileGrid(document.getElementById("grid"), board);
  addEventListener("DOMContentLoaded", () => {
    try {
      new BoardPage(board, grid);
    } catch (error) {
      say("This page is damaged: its pictures are shown, but can't be refined.");
      throw error;
    }
  });
}
