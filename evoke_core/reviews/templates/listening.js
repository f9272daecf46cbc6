// Playing the song of a question, and knowing how much of it was listened to.

class Listening {
  // onHeard() is called while a song plays, onFail(song) where it can't be played
  constructor(songs, { onHeard, onFail }) {
    this.songs = songs;
    this.onHeard = onHeard;
    this.onFail = onFail;
    this.heard = songs.map(() => 0); // seconds listened to, by song
    this.own = new Map(); // a rater's own file, by song
    this.song = null;
    for (const id of ["play", "ribbon", "clock", "played-width", "wave-rest", "wave-played"]) {
      this[id] = document.getElementById(id);
    }
    this.play.addEventListener("click", () => this.toggle());
    this.ribbon.addEventListener("pointerdown", (event) => this.onPointer(event));
    this.ribbon.addEventListener("keydown", (event) => this.onKey(event));
  }

  // Another song stops the one before; the same song plays on.
  use(song) {
    if (song === this.song) return;
    this.stop();
    this.song = song;
    const { audio, wave, duration_s: length } = this.songs[song];
    this["wave-rest"].setAttribute("d", wave);
    this["wave-played"].setAttribute("d", wave);
    this.ribbon.setAttribute("aria-valuemax", String(Math.round(length)));
    this.refresh();
    const address = this.own.get(song) ?? audio;
    if (address) this.open(address);
    else this.onFail(song);
  }

  useOwn(file) {
    this.own.set(this.song, URL.createObjectURL(file));
    this.open(this.own.get(this.song));
  }

  open(address) {
    const audio = new Audio();
    const song = this.song;
    audio.preload = "auto";
    audio.addEventListener("loadedmetadata", () => {
      const start = this.songs[song].start_s;
      if (start < audio.duration) audio.currentTime = start;
    });
    for (const name of ["play", "pause", "seeked", "ended"]) {
      audio.addEventListener(name, () => this.refresh());
    }
    audio.addEventListener("error", () => {
      if (this.audio !== audio) return;
      this.audio = null;
      this.onFail(song);
    });
    audio.src = address;
    this.audio = audio;
    this.last = null;
    this.refresh();
  }

  stop() {
    this.audio?.pause();
    this.audio = null;
    this.song = null;
    this.last = null;
  }

  toggle() {
    if (!this.audio) return;
    if (!this.audio.paused) this.audio.pause();
    else this.audio.play().catch(() => {}); // what can't be played says so by its error
  }

  seek(seconds) {
    if (!this.audio) return;
    this.audio.currentTime = Math.min(Math.max(0, seconds), this.length());
    this.refresh();
  }

  length() {
    return this.songs[this.song].duration_s;
  }

  onPointer(event) {
    if (event.button !== 0) return;
    const box = this.ribbon.getBoundingClientRect();
    this.seek(((event.clientX - box.left) / box.width) * this.length());
  }

  onKey(event) {
    const step = { ArrowLeft: -STEP_S, ArrowRight: STEP_S }[event.key];
    if (!step || !this.audio) return;
    event.preventDefault();
    event.stopPropagation();
    this.seek(this.audio.currentTime + step);
  }

  refresh() {
    if (this.song === null) return;
    const now = this.audio?.currentTime ?? this.songs[this.song].start_s;
    const isPlaying = Boolean(this.audio && !this.audio.paused && !this.audio.ended);
    const share = Math.min(1, now / Math.max(this.length(), 0.01));
    this["played-width"].setAttribute("width", String(share * 1000));
    this.clock.textContent = `${clockText(now)} / ${clockText(this.length())}`;
    this.ribbon.setAttribute("aria-valuenow", String(Math.round(now)));
    this.ribbon.setAttribute("aria-valuetext", `${clockText(now)} of ${clockText(this.length())}`);
    this.play.querySelector("use").setAttribute("href", isPlaying ? "#icon-pause" : "#icon-play");
    this.play.setAttribute("aria-label", isPlaying ? "Pause" : "Play");
    this.count(now, isPlaying);
    cancelAnimationFrame(this.frame);
    if (isPlaying) this.frame = requestAnimationFrame(() => this.refresh());
  }

  // Only what passed while playing counts; a jump does not.
  count(now, isPlaying) {
    const passed = this.last === null ? 0 : now - this.last;
    if (isPlaying && passed > 0 && passed < 1.5) this.heard[this.song] += passed;
    this.last = isPlaying ? now : null;
    if (isPlaying) this.onHeard();
  }
}
