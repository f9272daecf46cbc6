// One moment of the song: the window of the arc around it is marked on the ribbon, and
// the emotion profile shows that window's values instead of the song's.

class Moments {
  constructor(board) {
    this.windows = board.windows; // [start_s, end_s, a value for each measure]
    this.duration = board.track.duration_s;
    this.shown = null; // index of the window
    this.played = null; // seconds, where the song stands
    this.pointed = null; // seconds under the pointer
    this.band = document.getElementById("window");
    this.emotions = document.getElementById("emotions");
    this.values = this.emotions.querySelectorAll(".live");
    const ribbon = document.getElementById("ribbon");
    ribbon.addEventListener("pointermove", (event) => {
      const box = ribbon.getBoundingClientRect();
      this.pointed = ((event.clientX - box.left) / box.width) * this.duration;
      this.show(this.pointed);
    });
    ribbon.addEventListener("pointerleave", () => {
      this.pointed = null;
      this.show(this.played);
    });
  }

  onPlayed(seconds) {
    this.played = seconds;
    if (this.pointed === null) this.show(seconds);
  }

  show(seconds) {
    const index = seconds === null ? -1 : this.windowAt(seconds);
    this.band.hidden = index < 0;
    this.emotions.classList.toggle("is-live", index >= 0);
    if (index < 0) {
      this.shown = null;
      return;
    }
    this.emotions.style.setProperty("--now", Math.min(1, Math.max(0, seconds / this.duration)));
    if (index === this.shown) return;
    this.shown = index;
    const [start, end, ...values] = this.windows[index];
    const share = (place) => Math.min(1, place / this.duration) * 100;
    this.band.style.left = `${share(start)}%`;
    this.band.style.width = `${share(end) - share(start)}%`;
    this.band.classList.toggle("is-late", share(start) > 80);
    this.band.firstElementChild.textContent = `${clockText(start)}–${clockText(end)}`;
    values.forEach((value, row) => {
      this.values[row].textContent = value.toFixed(2);
    });
  }

  // Windows overlap; the one whose middle is nearest speaks for a moment.
  windowAt(seconds) {
    let best = -1;
    let nearest = Infinity;
    this.windows.forEach(([start, end], index) => {
      const away = Math.abs((start + end) / 2 - seconds);
      if (away < nearest) [best, nearest] = [index, away];
    });
    return best;
  }
}
