// Showing one question: two boards side by side, or one picture.

const QUESTIONS = {
  pair: "Which board fits the music better?",
  single: "Does this picture fit the music?",
};

class TrialView {
  constructor(pictures) {
    this.pictures = pictures;
    this.section = document.getElementById("trial");
    this.question = document.getElementById("question");
    this.pair = document.getElementById("pair");
    this.single = document.getElementById("single");
  }

  // All its pictures come in together, so that neither side is seen first.
  async show(trial, answer) {
    this.section.classList.add("is-arriving");
    const isPair = trial.second.length > 0;
    this.question.textContent = isPair ? QUESTIONS.pair : QUESTIONS.single;
    this.pair.hidden = !isPair;
    this.single.hidden = isPair;
    const images = isPair ? this.fill(trial) : [this.fillSingle(trial)];
    this.mark(answer);
    await Promise.allSettled(images.map((image) => image.decode()));
    if (!isPair) this.fit(images[0]);
    this.section.classList.remove("is-arriving");
  }

  fill(trial) {
    return ["first", "second"].flatMap((side) => {
      const images = trial[side].map((number) => {
        const image = new Image();
        image.alt = "";
        image.src = this.pictures[number];
        return image;
      });
      const mosaic = this.pair.querySelector(`[data-side="${side}"]`);
      mosaic.dataset.count = String(images.length);
      mosaic.replaceChildren(...images);
      return images;
    });
  }

  fillSingle(trial) {
    const image = document.getElementById("picture");
    image.src = this.pictures[trial.first[0]];
    return image;
  }

  // As large as there is room, whatever its proportions.
  fit(image) {
    const shape = image.naturalWidth / Math.max(1, image.naturalHeight);
    image.style.setProperty("--shape", String(shape || 1.5));
  }

  mark(answer) {
    for (const button of this.section.querySelectorAll("[data-answer]")) {
      button.classList.toggle("is-chosen", button.dataset.answer === answer);
    }
  }

  setWaiting(waiting) {
    this.section.classList.toggle("is-waiting", waiting);
    for (const button of this.section.querySelectorAll("[data-answer]")) {
      button.setAttribute("aria-disabled", String(waiting));
    }
  }
}
