// What the page says in passing, and what it puts on the clipboard.

let quiet = 0;
function say(text) {
  // a modal dialog makes the rest of the page inert, so the line moves into it
  const line = document.getElementById("status");
  (document.querySelector("dialog[open]") ?? document.body).append(line);
  line.textContent = text;
  line.classList.add("is-shown");
  clearTimeout(quiet);
  quiet = setTimeout(() => line.classList.remove("is-shown"), 2600);
}

async function copy(text, done) {
  try {
    await navigator.clipboard.writeText(text);
    say(done);
  } catch {
    // closed on plain http: the older way, or the text to be read
    say(copyBySelection(text) ? done : text);
  }
}

function copyBySelection(text) {
  const focused = document.activeElement;
  const field = document.createElement("textarea");
  field.value = text;
  field.className = "unseen";
  // a modal dialog makes the rest of the page inert
  (document.querySelector("dialog[open]") ?? document.body).append(field);
  field.select();
  const copied = document.execCommand("copy");
  field.remove();
  focused?.focus({ preventScroll: true });
  return copied;
}
