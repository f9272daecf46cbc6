// One picture, large: its credit, why it is here, its colours, what is near it.

const NEIGHBOURS = 9;

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
    this.dialog.addEventListener("close", () => this.page.grid.focus(this.id, { scroll: true }));
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
    credit.replaceChildren(isolated(picture.credit), " · ", licenceOf(picture));
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
    const here = grid.source(id);
    if (here) image.src = here;
    else image.removeAttribute("src");
    image.classList.toggle("is-soft", here === grid.previews[id]);
    image.parentElement.style.setProperty("--tint", picture.palette[0]);
    if (here && !here.startsWith("data:")) return;
    grid.larger(id).then((url) => {
      if (!url || this.id !== id) return;
      image.src = url;
      image.classList.remove("is-soft");
    });
  }

  showNeighbours(id) {
    const near = this.page.nearest(id, NEIGHBOURS).map((picture) => {
      const button = document.createElement("button");
      button.type = "button";
      const image = new Image();
      const small = this.page.grid.small(picture.image_id);
      if (small) image.src = small;
      button.style.background = picture.palette[0];
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
