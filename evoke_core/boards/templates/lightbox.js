// One picture, large: its credit, why it is here, its colours, what is near it.

const NEIGHBOURS = 6;

class Lightbox {
  // page: what the lightbox asks for and reports to (see board.js)
  constructor(page) {
    this.page = page;
    this.dialog = document.getElementById("lightbox");
    this.origin = 0; // where on the board the walk goes on from
    const on = (id, act) => document.getElementById(id).addEventListener("click", act);
    on("light-close", () => this.dialog.close());
    on("light-left", () => this.step(-1));
    on("light-right", () => this.step(1));
    on("light-lock", () => this.page.toggleLock(this.id));
    on("light-drop", () => this.page.toggleDrop(this.id));
    this.dialog.addEventListener("click", (event) => {
      if (event.target === this.dialog) this.dialog.close();
    });
    this.dialog.addEventListener("keydown", (event) => this.onKey(event));
    this.dialog.addEventListener("close", () => this.page.grid.focus(this.id));
  }

  onKey(event) {
    const act = {
      ArrowLeft: () => this.step(-1),
      ArrowRight: () => this.step(1),
      l: () => this.page.toggleLock(this.id),
      d: () => this.page.toggleDrop(this.id),
    }[event.key];
    if (!act || event.ctrlKey || event.metaKey || event.altKey) return;
    event.preventDefault();
    act();
  }

  open(id) {
    this.id = id;
    const shown = this.page.grid.shown;
    if (shown.includes(id)) this.origin = shown.indexOf(id);
    this.fill(this.page.grid.pictures.get(id));
    if (!this.dialog.open) this.dialog.showModal();
    this.dialog.querySelector(".light-words").scrollTop = 0;
  }

  step(by) {
    const shown = this.page.grid.shown;
    if (!shown.length) return;
    const onBoard = shown[this.origin] === this.id;
    const next = onBoard || by < 0 ? this.origin + by : this.origin;
    this.open(shown.at(next % shown.length));
  }

  fill(picture) {
    this.showPicture(picture);
    document.getElementById("light-name").textContent = picture.name;
    document.getElementById("light-why").textContent = picture.reason;
    const credit = document.getElementById("light-credit");
    credit.replaceChildren(`${picture.credit} · `, licenceOf(picture));
    const source = document.getElementById("light-source");
    source.hidden = !picture.url;
    if (picture.url) source.href = picture.url;
    const palette = document.getElementById("light-palette");
    palette.replaceChildren(...picture.palette.map(swatch));
    this.showNeighbours(picture.image_id);
    this.refresh();
  }

  showPicture(picture) {
    const { grid } = this.page;
    const image = document.getElementById("light-picture");
    const id = picture.image_id;
    image.alt = picture.alt;
    image.src = grid.source(id);
    image.classList.toggle("is-soft", image.src === grid.previews[id]);
    if (!picture.thumbnail || !image.src.startsWith("data:")) return;
    const sharp = new Image();
    sharp.src = picture.thumbnail;
    sharp.decode().then(
      () => {
        if (this.id !== id) return;
        image.src = sharp.src;
        image.classList.remove("is-soft");
      },
      () => {}, // no store beside this copy: the inline picture stays
    );
  }

  showNeighbours(id) {
    const near = this.page.nearest(id, NEIGHBOURS).map((picture) => {
      const button = document.createElement("button");
      button.type = "button";
      const image = new Image();
      image.src = this.page.grid.previews[picture.image_id] ?? "";
      image.alt = picture.alt;
      button.append(image);
      button.addEventListener("click", () => this.open(picture.image_id));
      const item = document.createElement("li");
      item.append(button);
      return item;
    });
    document.getElementById("light-near").replaceChildren(...near);
  }

  // Says on the buttons what they would do now.
  refresh() {
    if (!this.id) return;
    const { locked, dropped } = this.page.state;
    const isLocked = locked.includes(this.id);
    const isDropped = dropped.includes(this.id);
    const onBoard = this.page.grid.shown.includes(this.id);
    const lock = document.getElementById("light-lock");
    lock.setAttribute("aria-pressed", String(isLocked));
    lock.hidden = isDropped;
    const action = onBoard ? "Keep" : "Add to the board";
    lock.querySelector("span").textContent = isLocked ? "Kept" : action;
    const drop = document.getElementById("light-drop");
    drop.hidden = !onBoard && !isDropped;
    drop.querySelector("span").textContent = isDropped ? "Bring back" : "Drop";
  }
}

function licenceOf(picture) {
  if (!picture.licence_url) return document.createTextNode(picture.licence);
  return link(picture.licence_url, picture.licence);
}

function link(address, text) {
  const anchor = document.createElement("a");
  anchor.href = address;
  anchor.rel = "noopener noreferrer";
  anchor.target = "_blank";
  anchor.textContent = text;
  return anchor;
}

function swatch(hex) {
  const button = document.createElement("button");
  button.type = "button";
  button.className = "swatch";
  button.dataset.hex = hex;
  button.title = hex;
  button.setAttribute("aria-label", `Copy ${hex}`);
  button.style.background = hex;
  return button;
}
