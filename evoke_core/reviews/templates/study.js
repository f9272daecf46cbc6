// The sitting: who judges, question after question, and the file at the end. What was
// answered is kept in this browser, so that a closed tab loses nothing.

const KEYS = { 1: "first", 2: "second", y: "match", n: "no_match", 0: "unsure" };
const CHOSEN_MS = 220; // long enough to see what was chosen

class StudyPage {
  constructor(study, keeper, kept) {
    this.study = study;
    this.view = new TrialView(study.pictures);
    this.keeper = keeper;
    this.kept = kept ?? { rater: { name: "", background: "" }, answers: {} };
    this.index = 0;
    this.failed = new Set();
    this.listening = new Listening(study.songs, {
      onHeard: () => this.showWaiting(),
      onFail: (song) => this.onFail(song),
    });
    this.bindWelcome();
    this.bindTrial();
    this.bindEnd();
    this.showProgress();
  }

  trial() {
    return this.study.trials[this.index];
  }

  answered() {
    return Object.keys(this.kept.answers).length;
  }

  firstOpen() {
    return this.study.trials.findIndex((one) => !(one.number in this.kept.answers));
  }

  bindWelcome() {
    const form = document.getElementById("about");
    const { rater } = this.kept;
    if (rater.name) form.elements.rater.value = rater.name;
    if (rater.background) form.elements.background.value = rater.background;
    const invite = () => this.invite(form.elements.rater.value);
    invite();
    form.elements.rater.addEventListener("input", invite);
    if (rater.name) {
      const forget = () => form.elements.background.forEach((one) => { one.checked = false; });
      form.elements.rater.addEventListener("change", forget, { once: true }); // another's, then
    }
    document.getElementById("begin").disabled = false;
    form.addEventListener("submit", async (event) => {
      event.preventDefault();
      const name = form.elements.rater.value.trim();
      if (!name) {
        form.elements.rater.focus();
        say("Please give a name or an alias.");
        return;
      }
      await this.seat({ name, background: form.elements.background.value });
      const open = this.firstOpen();
      if (open < 0) this.finish();
      else this.show(open);
    });
  }

  // Says under whose name one would go on.
  invite(name) {
    const isBack = this.answered() > 0 && alias(name) === alias(this.kept.rater.name);
    document.getElementById("begin").textContent = isBack ? "Continue" : "Begin";
    const resume = document.getElementById("resume");
    resume.hidden = !isBack;
    resume.textContent =
      `${this.answered()} of ${this.study.trials.length} answered so far as ${this.kept.rater.name}`;
  }

  // Whoever comes under another name has answers of their own; those of before are kept.
  async seat(rater) {
    if (alias(rater.name) !== alias(this.kept.rater.name)) {
      this.kept = (await this.keeper.recall(rater.name)) ?? { answers: {} };
    }
    this.kept.rater = rater;
    this.keep();
    this.showProgress();
  }

  bindTrial() {
    const on = (id, name, act) => document.getElementById(id).addEventListener(name, act);
    for (const button of document.querySelectorAll("[data-answer]")) {
      button.addEventListener("click", () => this.answer(button.dataset.answer));
    }
    on("back", "click", () => this.back());
    on("next", "click", () => this.next());
    on("skip", "click", () => this.next());
    on("own-file", "change", (event) => {
      const [file] = event.target.files;
      if (!file) return;
      this.failed.delete(this.trial().song);
      this.listening.useOwn(file);
      this.showState();
      this.listening.toggle();
      event.target.value = "";
    });
    document.addEventListener("keydown", (event) => this.onKey(event));
  }

  bindEnd() {
    const on = (id, act) => document.getElementById(id).addEventListener("click", act);
    on("save", () => this.save());
    on("look-back", () => this.show(this.study.trials.length - 1));
    on("open-left", () => this.show(this.firstOpen()));
  }

  onKey(event) {
    if (document.getElementById("trial").hidden) return;
    if (event.ctrlKey || event.metaKey || event.altKey || event.repeat) return;
    const control = event.target.closest?.("button, input, a, summary");
    if (event.key === " " && control) return; // a control that has the focus is pressed
    const key = event.key.toLowerCase();
    const isPair = this.trial().second.length > 0;
    const answer = KEYS[key];
    const fits = answer === "unsure" || isPair === ["first", "second"].includes(answer);
    if (event.key === " ") this.listening.toggle();
    else if (key === "arrowleft" || key === "backspace") this.back();
    else if (key === "arrowright") this.next();
    else if (answer && fits) this.answer(answer);
    else return;
    event.preventDefault();
  }

  async show(index) {
    clearTimeout(this.later);
    this.later = null;
    this.index = index;
    const trial = this.trial();
    turnTo("trial");
    const songs = this.study.songs.length;
    document.getElementById("song-place").textContent =
      songs > 1 ? `Song ${trial.song + 1} of ${songs}` : "";
    this.listening.use(trial.song);
    this.showState();
    scrollTo(0, 0);
    this.view.question.focus({ preventScroll: true });
    await this.view.show(trial, this.kept.answers[trial.number]?.answer);
  }

  showState() {
    const { song, number } = this.trial();
    const fails = this.failed.has(song);
    document.getElementById("trial").classList.toggle("is-unplayable", fails);
    const notice = document.getElementById("unplayable");
    notice.hidden = !fails;
    notice.querySelector("p").textContent = fails
      ? `“${this.study.songs[song].title}” can’t be played: its file isn’t where this page looks for it.`
      : "";
    document.getElementById("back").disabled = this.index === 0;
    document.getElementById("next").hidden = !(number in this.kept.answers);
    this.showWaiting();
  }

  // What one has not listened to one can't judge.
  missing() {
    const { song } = this.trial();
    const needed = Math.min(this.study.listen_s, this.study.songs[song].duration_s * 0.8);
    return Math.max(0, needed - this.listening.heard[song]);
  }

  showWaiting() {
    const { song, number } = this.trial();
    const waiting = this.missing() > 0 && !(number in this.kept.answers);
    this.view.setWaiting(waiting);
    const hint = document.getElementById("hint");
    const { audio } = this.listening;
    let text = "";
    if (waiting && !this.failed.has(song)) {
      text = audio && !audio.paused ? "Listen for a moment" : "Press play and listen for a moment";
    }
    if (hint.textContent !== text) hint.textContent = text;
  }

  onFail(song) {
    this.failed.add(song);
    if (song === this.trial().song) this.showState();
  }

  answer(answer) {
    if (this.later) return; // the one before is still being shown
    const trial = this.trial();
    if (this.missing() > 0 && !(trial.number in this.kept.answers)) {
      const seconds = Math.ceil(this.missing());
      say(this.failed.has(trial.song)
        ? "Without the song there is nothing to judge. You can skip this question."
        : `Listen for ${seconds} more ${seconds === 1 ? "second" : "seconds"} first.`);
      return;
    }
    this.kept.answers[trial.number] = {
      trial: trial.number,
      answer,
      heard_s: Math.round(this.listening.heard[trial.song] * 10) / 10,
      at: new Date().toISOString(),
    };
    this.keep();
    this.view.mark(answer);
    this.showProgress();
    this.later = setTimeout(() => this.next(), CHOSEN_MS);
  }

  next() {
    const { song, number } = this.trial();
    if (!(number in this.kept.answers) && !this.failed.has(song)) return;
    if (this.index + 1 < this.study.trials.length) this.show(this.index + 1);
    else this.finish();
  }

  back() {
    if (this.index > 0) this.show(this.index - 1);
  }

  finish() {
    clearTimeout(this.later);
    this.later = null;
    this.index = this.study.trials.length - 1;
    this.listening.stop();
    turnTo("end");
    const total = this.study.trials.length;
    const left = total - this.answered();
    document.getElementById("end-title").textContent = `Thank you, ${this.kept.rater.name}.`;
    document.getElementById("end-words").textContent = left
      ? `You answered ${this.answered()} of ${total} questions. Save them as they are, or go on.`
      : `All ${total} questions are answered. The last step: save them as a file.`;
    document.getElementById("save").disabled = this.answered() === 0;
    const openLeft = document.getElementById("open-left");
    openLeft.hidden = left === 0;
    openLeft.textContent = left === 1 ? "Answer the open question" : `Answer the ${left} open ones`;
    document.getElementById("end-title").focus();
    scrollTo(0, 0);
  }

  save() {
    const verdict = {
      schema: this.study.schema,
      kind: "study",
      study_id: this.study.study_id,
      rater: this.kept.rater,
      saved_at: new Date().toISOString(),
      answers: Object.values(this.kept.answers),
    };
    const file = new Blob([`${JSON.stringify(verdict, null, 1)}\n`], { type: "application/json" });
    const anchor = document.createElement("a");
    anchor.href = URL.createObjectURL(file);
    anchor.download = `verdict-${this.study.study_id}-${plain(this.kept.rater.name)}.json`;
    anchor.click();
    setTimeout(() => URL.revokeObjectURL(anchor.href), 10000);
    say(`Saved as ${anchor.download}`);
  }

  keep() {
    this.keeper.keep(this.kept).catch(() => {
      say("This browser keeps nothing, so finish and save before you close the page.");
    });
  }

  showProgress() {
    const bar = document.getElementById("progress");
    bar.setAttribute("aria-valuenow", String(this.answered()));
    bar.querySelector("i").style.transform = `scaleX(${this.answered() / this.study.trials.length})`;
  }
}

function turnTo(wanted) {
  for (const id of ["welcome", "trial", "end"]) {
    document.getElementById(id).hidden = id !== wanted;
  }
}

function plain(name) {
  const words = name.normalize("NFKD").replace(/[^\p{L}\p{N}]+/gu, "-");
  return words.replace(/^-+|-+$/g, "").slice(0, 40).toLowerCase() || "rater";
}

async function begin() {
  const study = JSON.parse(document.getElementById("study-data").textContent);
  const keeper = new Keeper(study.study_id);
  new StudyPage(study, keeper, await keeper.recall());
}

begin();
