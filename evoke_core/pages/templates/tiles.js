// The tiles as elements: taking over those of the document, moving, adding and removing
// them, sharpening what came as a preview. Which tiles to show is decided elsewhere.

const MOVE_MS = 250;
const FADE_MS = 200;
const LEAN_MS = 600; // one section of the song dissolves into the next
const MOST_LEAVING = 6;

class TileGrid {
  constructor(list, board) {
    this.list = list;
    this.pictures = new Map(board.candidates.map((one) => [one.image_id, one]));
    this.items = new Map(); // image_id -> its element, once there is one
    this.leaving = new Map(); // element -> when it began to fade, oldest first
    this.gone = new Set(); // elements that have faded, taken out when all is at rest
    this.placed = new Map(); // element -> where it was last put
    this.locked = new Set();
    this.shown = board.tiles;
    this.previews = {};
    this.sharp = new Set(board.sharp);
    this.beside = null; // a promise: whether the store lies beside this page
    this.width = 0;
    list.addEventListener("load", (event) => event.target.classList.add("is-loaded"), true);
    // tiles are placed as the parser brings them, long before the last picture arrives
    this.arrivals = new MutationObserver(() => this.adopt());
    this.arrivals.observe(list, { childList: true });
    new ResizeObserver(() => this.list.clientWidth !== this.width && this.lay()).observe(list);
    this.lay();
  }

  // Previews come last in the document; then every tile has at least a soft picture.
  receive(previews) {
    this.previews = previews;
    this.adopt();
    this.arrivals.disconnect(); // from here on tiles come and go by this class alone
    for (const [id, item] of this.items) {
      const image = item.querySelector("img");
      if (!image.hasAttribute("src") && previews[id]) image.src = previews[id];
    }
    this.settle();
  }

  adopt() {
    for (const item of this.list.querySelectorAll(".tile:not(.is-placed)")) {
      const id = item.dataset.id;
      if (this.items.has(id)) continue;
      this.items.set(id, item);
      this.place(item, this.shown.indexOf(id));
    }
  }

  // Asking for the width again would make the browser lay out the page in mid-move.
  lay(width = this.list.clientWidth) {
    this.width = width;
    const pictures = this.shown.map((id) => this.pictures.get(id));
    const { places, height } = masonry(pictures, width);
    this.places = places;
    this.list.style.height = `${height}px`;
    this.shown.forEach((id, index) => {
      if (this.items.has(id)) this.place(this.items.get(id), index);
    });
  }

  place(item, index) {
    const place = this.places[index];
    if (!place) return;
    const last = this.placed.get(item);
    this.placed.set(item, place);
    if (last?.width !== place.width) {
      item.style.width = `${place.width}px`;
      item.style.height = `${place.height}px`;
    }
    if (last?.x !== place.x || last?.y !== place.y) {
      item.style.transform = `translate(${place.x}px, ${place.y}px)`;
    }
    item.classList.add("is-placed");
  }

  // Rearranges to these pictures; slow is the pace of the music, not of a hand.
  show(ids, slow = false) {
    const wanted = new Set(ids);
    this.setPace(slow);
    for (const id of this.shown) {
      if (!wanted.has(id)) this.leave(id);
    }
    this.shown = ids;
    for (const id of ids) this.enter(id);
    this.forgetLeft(slow ? LEAN_MS : FADE_MS);
    this.list.classList.add("is-moving");
    this.lay(this.width);
    clearTimeout(this.rest);
    this.rest = setTimeout(() => this.settle(), (slow ? LEAN_MS : MOVE_MS) + 60);
  }

  // Every tile inherits the pace, so it is written only where it changes.
  setPace(slow) {
    if (slow === this.slow) return;
    this.slow = slow;
    this.list.style.setProperty("--move", `${slow ? LEAN_MS : MOVE_MS}ms`);
    this.list.style.setProperty("--fade", `${slow ? LEAN_MS : FADE_MS}ms`);
  }

  enter(id) {
    const item = this.items.get(id) ?? this.build(id);
    const isBack = this.gone.delete(item);
    if (this.leaving.delete(item) || isBack) item.classList.remove("is-leaving", "is-gone");
    if (item.isConnected && !isBack) return;
    item.classList.add("is-entering");
    this.items.set(id, item);
    if (!item.isConnected) this.list.append(item);
  }

  leave(id) {
    const item = this.items.get(id);
    if (!item) return;
    item.classList.remove("is-entering");
    item.classList.add("is-leaving");
    this.leaving.set(item, performance.now());
  }

  // A hand that goes on moving never lets the board settle: what has faded is hidden at
  // once (taking it out is dearer), and no more fade together than the eye follows.
  forgetLeft(fadeMs) {
    const faded = performance.now() - fadeMs;
    for (const [item, since] of this.leaving) {
      if (since > faded && this.leaving.size <= MOST_LEAVING) break;
      item.classList.add("is-gone");
      this.leaving.delete(item);
      this.gone.add(item);
    }
  }

  build(id) {
    const picture = this.pictures.get(id);
    const item = document.getElementById("tile").content.firstElementChild.cloneNode(true);
    item.dataset.id = id;
    item.querySelector("figure").style.background =
      `linear-gradient(160deg, ${picture.palette[0]}, ${picture.palette.at(-1)})`;
    item.querySelector(".tile-credit").textContent = picture.credit;
    item.querySelector(".tile-why").textContent = picture.why;
    const image = item.querySelector("img");
    image.alt = picture.alt;
    if (this.previews[id]) image.src = this.previews[id];
    return item;
  }

  // When all has come to rest: forget who left, give the keyboard the new order.
  settle() {
    this.list.classList.remove("is-moving");
    this.forgetLeft(0);
    for (const item of this.gone) {
      item.classList.remove("is-leaving", "is-gone");
      item.remove();
    }
    this.gone.clear();
    for (const item of this.list.querySelectorAll(".is-entering")) {
      item.classList.remove("is-entering");
    }
    const focused = document.activeElement;
    this.shown.forEach((id, index) => {
      const item = this.items.get(id);
      const at = this.list.children[index + 1]; // the script stands first
      if (at !== item) this.list.insertBefore(item, at ?? null);
    });
    if (focused !== document.activeElement) focused.focus({ preventScroll: true });
    for (const id of this.shown) this.sharpen(id);
  }

  async sharpen(id) {
    if (this.sharp.has(id)) return;
    this.sharp.add(id);
    const url = await this.larger(id);
    if (url) this.items.get(id).querySelector("img").src = url;
  }

  // A larger picture from the store, or null. A copy that left the store asks for one
  // picture and then no more.
  async larger(id) {
    const url = this.pictures.get(id).thumbnail;
    if (!url) return null;
    const first = this.beside === null;
    const found = first ? loaded(url) : this.beside.then((is) => (is ? loaded(url) : null));
    if (first) this.beside = found.then((image) => image !== null);
    return (await found) && url;
  }

  // The best version of a picture that is here; inline is safe to draw on a canvas.
  source(id, { inline = false } = {}) {
    const current = this.items.get(id)?.querySelector("img").getAttribute("src");
    const usable = current && (!inline || current.startsWith("data:"));
    return usable ? current : this.previews[id];
  }

  // A picture for a small place: the preview, or the tile where only that is inline.
  small(id) {
    return this.previews[id] ?? this.source(id, { inline: true });
  }

  // Writes only what changes: hundreds of tiles pass while a slider moves.
  mark(locked) {
    const kept = new Set(locked);
    for (const id of new Set([...this.locked, ...kept])) {
      const item = this.items.get(id);
      if (!item || kept.has(id) === item.classList.contains("is-locked")) continue;
      item.classList.toggle("is-locked", kept.has(id));
      item.querySelector(".tile-lock")?.setAttribute("aria-pressed", String(kept.has(id)));
    }
    this.locked = kept;
  }

  focus(id, { scroll = false } = {}) {
    const item = this.items.get(id);
    item?.querySelector(".tile-open").focus({ preventScroll: true });
    if (scroll) item?.scrollIntoView({ block: "nearest" });
  }

  // The shown tile that an arrow key leads to: in reading order, or above and below.
  beyond(id, key) {
    const at = this.shown.indexOf(id);
    if (key === "ArrowLeft") return this.shown[at - 1];
    if (key === "ArrowRight") return this.shown[at + 1];
    const from = this.places[at];
    const column = this.shown
      .filter((_, index) => this.places[index].x === from.x)
      .sort((a, b) => this.placeOf(a).y - this.placeOf(b).y);
    return column[column.indexOf(id) + (key === "ArrowUp" ? -1 : 1)];
  }

  placeOf(id) {
    return this.places[this.shown.indexOf(id)];
  }
}
