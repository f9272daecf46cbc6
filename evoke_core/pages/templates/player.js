// Playing the song beside its ribbon: the linked file, or the listener's own, which is
// read from their disk by the browser and goes nowhere.

const SAME_LENGTH_S = 2;

class Player {
  // onSection(index or null), onMoment(seconds or null) and say(text) report to the page
  constructor(board, { onSection, onMoment, say }) {
    this.sections = board.sections;
    this.duration = board.track.duration_s;
    this.length = board.track.length;
    this.onSection = onSection;
    this.onMoment = onMoment;
    this.say = say;
    this.section = null;
    this.audio = null;
    for (const id of ["play", "ribbon", "playhead", "clock", "file"]) {
      this[id] = document.getElementById(id);
    }
    this.ownFile = document.getElementById("own-file");
    this.played = document.getElementById("played-width");
    this.file.addEventListener("change", () => this.useOwn(this.file.files[0]));
    this.play.addEventListener("click", () => this.toggle());
    this.ribbon.addEventListener("pointerdown", (event) => this.onPointer(event));
    this.ribbon.addEventListener("keydown", (event) => this.onKey(event));
    if (board.track.audio) this.use(board.track.audio);
  }

  useOwn(file) {
    if (!file) return;
    if (this.address) URL.revokeObjectURL(this.address);
    this.address = URL.createObjectURL(file);
    this.use(this.address, { own: true });
    this.ownFile.hidden = true;
    this.audio.addEventListener("loadedmetadata", () => this.compareLength(), { once: true });
  }

  compareLength() {
    if (Math.abs(this.audio.duration - this.duration) <= SAME_LENGTH_S) this.start();
    else this.say("This file has another length; the sections may not fit it.");
  }

  use(address, { own = false } = {}) {
    this.audio?.pause();
    this.audio = new Audio(address);
    this.audio.preload = own ? "metadata" : "none"; // nothing is asked for until play
    const refresh = () => this.refresh();
    this.ribbon.classList.add("is-fresh");
    for (const name of ["play", "pause", "seeked", "ended"]) {
      this.audio.addEventListener(name, refresh);
    }
    this.audio.addEventListener("ended", () => this.enter(null));
    this.audio.addEventListener("error", () => this.fail());
    this.setReady(true);
    this.refresh();
  }

  fail() {
    this.audio = null;
    this.setReady(false);
    this.ownFile.hidden = false;
    this.say("The song can't be played here. You can choose your own file of it.");
  }

  setReady(ready) {
    const follow = document.getElementById("follow-switch");
    for (const part of [this.play, this.playhead, this.clock, follow]) {
      if (part) part.hidden = !ready;
    }
    this.play.parentElement.classList.remove("is-due"); // known now: it is there or not
    this.play.parentElement.classList.toggle("is-ready", ready);
    this.ribbon.setAttribute("role", ready ? "slider" : "img");
    if (!ready) {
      this.ribbon.removeAttribute("tabindex");
      this.played.setAttribute("width", "1000");
      return;
    }
    this.ribbon.tabIndex = 0;
    this.ribbon.setAttribute("aria-label", "Place in the song");
    this.ribbon.setAttribute("aria-valuemin", "0");
    this.ribbon.setAttribute("aria-valuemax", String(Math.round(this.duration)));
  }

  async start() {
    try {
      await this.audio.play();
    } catch (error) {
      if (error.name !== "AbortError" && error.name !== "NotAllowedError") this.fail();
    }
  }

  toggle() {
    if (this.audio.paused) this.start();
    else this.audio.pause();
  }

  seek(seconds) {
    if (!this.audio) return;
    this.audio.currentTime = Math.min(Math.max(0, seconds), this.duration);
    this.refresh();
  }

  onPointer(event) {
    if (!this.audio || event.button !== 0) return;
    const box = this.ribbon.getBoundingClientRect();
    this.seek(((event.clientX - box.left) / box.width) * this.duration);
  }

  onKey(event) {
    if (!this.audio) return;
    const now = this.audio.currentTime;
    const act = {
      ArrowLeft: () => this.seek(now - STEP_S),
      ArrowRight: () => this.seek(now + STEP_S),
      Home: () => this.seek(0),
      End: () => this.seek(this.duration),
      " ": () => this.toggle(),
    }[event.key];
    if (!act) return;
    event.preventDefault();
    act();
  }

  refresh() {
    if (!this.audio) return;
    const now = this.audio.currentTime;
    const share = this.duration ? Math.min(1, now / this.duration) : 0;
    this.played.setAttribute("width", String(share * 1000));
    this.playhead.style.left = `${share * 100}%`;
    this.clock.textContent = `${clockText(now)} / ${this.length}`;
    this.ribbon.setAttribute("aria-valuenow", String(Math.round(now)));
    this.ribbon.setAttribute("aria-valuetext", `${clockText(now)} of ${this.length}`);
    this.ribbon.classList.toggle("is-fresh", now === 0 && this.audio.paused);
    this.onMoment(now > 0 || !this.audio.paused ? now : null);
    const icon = this.audio.paused ? "play" : "pause";
    this.play.querySelector("use").setAttribute("href", `#icon-${icon}`);
    this.play.setAttribute("aria-label", this.audio.paused ? "Play" : "Pause");
    if (this.audio.paused) return;
    this.enter(this.sectionAt(now));
    cancelAnimationFrame(this.frame);
    this.frame = requestAnimationFrame(() => this.refresh());
  }

  sectionAt(now) {
    const index = this.sections.findIndex((one) => one.start_s <= now && now < one.end_s);
    return index < 0 ? null : index;
  }

  enter(section) {
    if (section === this.section) return;
    this.section = section;
    this.onSection(section);
  }
}
