// Two masonries of one width that show all, the shared or the other pictures in step.

// Why a side shows nothing.
const NOTHING = {
  all: "This board has no pictures.",
  shared: "None of its pictures is on the other board.",
  own: "All of its pictures are on both boards.",
};

class Pair {
  constructor(grids, sizes) {
    this.grids = grids;
    this.sizes = sizes;
    this.show = "all";
    this.leftOrder = [...grids[0].children].map((tile) => tile.dataset.id);
    for (const button of document.querySelectorAll("[data-show]")) {
      button.addEventListener("click", () => this.choose(button.dataset.show));
    }
    for (const grid of grids) {
      grid.addEventListener("pointerover", (event) => {
        this.point(event.target.closest(".is-shared")?.dataset.id);
      });
      grid.addEventListener("pointerleave", () => this.point(null));
    }
    this.place();
    addEventListener("resize", () => this.place());
  }

  choose(show) {
    this.show = show;
    for (const button of document.querySelectorAll("[data-show]")) {
      button.setAttribute("aria-pressed", String(button.dataset.show === show));
    }
    this.place(true);
  }

  place(moving = false) {
    this.grids.forEach((grid, side) => {
      grid.classList.toggle("is-moving", moving);
      const tiles = this.wanted(grid);
      for (const tile of grid.children) tile.hidden = !tiles.includes(tile);
      const pictures = tiles.map((tile) => this.sizes[side][tile.dataset.id]);
      const { places, height } = masonry(pictures, grid.clientWidth);
      places.forEach((at, index) => {
        const { style } = tiles[index];
        style.width = `${at.width}px`;
        style.height = `${at.height}px`;
        style.transform = `translate(${at.x}px, ${at.y}px)`;
      });
      grid.style.height = `${height}px`;
      const empty = grid.parentElement.querySelector(".empty");
      empty.hidden = tiles.length > 0;
      empty.querySelector("span").textContent =
        NOTHING[grid.children.length ? this.show : "all"];
    });
  }

  // Shared pictures alone stand in one order, so that both sides look the same.
  wanted(grid) {
    const tiles = [...grid.children];
    if (this.show === "all") return tiles;
    const shared = this.show === "shared";
    const kept = tiles.filter((tile) => tile.classList.contains("is-shared") === shared);
    if (shared) {
      const order = new Map(this.leftOrder.map((id, index) => [id, index]));
      kept.sort((a, b) => order.get(a.dataset.id) - order.get(b.dataset.id));
    }
    return kept;
  }

  // Shows where the other board has the picture under the pointer.
  point(id) {
    for (const grid of this.grids) {
      grid.classList.toggle("is-asked", Boolean(id));
      for (const tile of grid.children) {
        tile.classList.toggle("is-twin", Boolean(id) && tile.dataset.id === id);
      }
    }
  }
}

document.documentElement.classList.add("js");
new Pair(
  [...document.querySelectorAll("[data-side]")],
  JSON.parse(document.getElementById("sizes").textContent),
);
