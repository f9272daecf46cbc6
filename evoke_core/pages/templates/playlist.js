// Plays the tracks that are linked, one after another; the ribbon of each fills.

class Playlist {
  constructor(tracks, rows) {
    this.tracks = tracks;
    this.rows = rows;
    this.audio = new Audio();
    this.now = null;
    this.following = false; // whether the present track came by itself
    for (const name of ["play", "pause", "seeked"]) {
      this.audio.addEventListener(name, () => this.refresh());
    }
    this.audio.addEventListener("ended", () => this.goOn(this.now));
    this.audio.addEventListener("error", () => this.fail());
    rows.forEach((row, index) => this.bind(row, index));
  }

  bind(row, index) {
    const button = row.querySelector(".track-play");
    if (!button) return;
    button.hidden = false;
    button.addEventListener("click", () => {
      this.following = false;
      this.toggle(index);
    });
    row.querySelector(".ribbon").addEventListener("pointerdown", (event) => {
      if (event.button !== 0 || index !== this.now) return;
      const box = event.currentTarget.getBoundingClientRect();
      this.seek((event.clientX - box.left) / box.width);
    });
    row.querySelector(".ribbon").addEventListener("keydown", (event) => {
      const step = { ArrowLeft: -STEP_S, ArrowRight: STEP_S }[event.key];
      if (!step || index !== this.now) return;
      event.preventDefault();
      this.audio.currentTime = Math.max(0, this.audio.currentTime + step);
    });
  }

  toggle(index) {
    if (index === this.now && !this.audio.paused) {
      this.audio.pause();
      return;
    }
    if (index !== this.now) {
      this.leave();
      this.now = index;
      this.audio.src = this.tracks[index].audio;
      this.enter();
    }
    // a refusal to play arrives as an "error" event too, an interruption is none
    this.audio.play().catch(() => this.refresh());
  }

  enter() {
    const ribbon = this.rows[this.now].querySelector(".ribbon");
    ribbon.tabIndex = 0;
    ribbon.setAttribute("role", "slider");
    ribbon.setAttribute("aria-valuemin", "0");
    ribbon.setAttribute("aria-valuemax", String(Math.round(this.tracks[this.now].duration_s)));
  }

  leave() {
    if (this.now === null) return;
    const row = this.rows[this.now];
    const ribbon = row.querySelector(".ribbon");
    ribbon.setAttribute("role", "img");
    for (const name of ["tabindex", "aria-valuemin", "aria-valuemax", "aria-valuenow", "aria-valuetext"]) {
      ribbon.removeAttribute(name);
    }
    row.querySelector(".played").setAttribute("width", "1000");
    row.querySelector(".track-clock").textContent = this.tracks[this.now].length;
    this.mark(row, false);
    this.now = null;
  }

  goOn(from) {
    this.leave();
    const after = this.tracks.findIndex((one, index) => index > from && one.audio);
    this.following = true;
    if (after >= 0) this.toggle(after);
  }

  fail() {
    if (this.now === null) return;
    const failed = this.now;
    this.leave();
    this.rows[failed].querySelector(".track-play").hidden = true;
    say(`${this.tracks[failed].title} can't be played from here.`);
    if (this.following) this.goOn(failed);
  }

  seek(share) {
    this.audio.currentTime = Math.min(1, Math.max(0, share)) * this.tracks[this.now].duration_s;
    this.refresh();
  }

  refresh() {
    if (this.now === null) return;
    const { duration_s: length, length: total } = this.tracks[this.now];
    const row = this.rows[this.now];
    const now = this.audio.currentTime;
    row.querySelector(".played").setAttribute("width", String(Math.min(1, now / length) * 1000));
    row.querySelector(".track-clock").textContent = `${clockText(now)} / ${total}`;
    const ribbon = row.querySelector(".ribbon");
    ribbon.setAttribute("aria-valuenow", String(Math.round(now)));
    ribbon.setAttribute("aria-valuetext", `${clockText(now)} of ${total}`);
    this.mark(row, !this.audio.paused);
    cancelAnimationFrame(this.frame);
    if (!this.audio.paused) this.frame = requestAnimationFrame(() => this.refresh());
  }

  mark(row, playing) {
    row.classList.toggle("is-playing", playing);
    const button = row.querySelector(".track-play");
    const title = this.tracks[Number(row.dataset.track)].title;
    button.querySelector("use").setAttribute("href", playing ? "#icon-pause" : "#icon-play");
    button.setAttribute("aria-label", `${playing ? "Pause" : "Play"} ${title}`);
  }
}

document.documentElement.classList.add("js");
new Playlist(
  JSON.parse(document.getElementById("tracks-data").textContent),
  [...document.querySelectorAll("[data-track]")],
);
