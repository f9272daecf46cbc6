// What the page says in passing.

let quiet = 0;
function say(text) {
  // a modal dialog makes the rest of the page inert, so the line moves into it
  const line = document.getElementById("status");
  const place = document.querySelector("dialog[open]") ?? document.body;
  if (line.parentElement !== place) place.append(line);
  line.textContent = text;
  line.classList.add("is-shown");
  clearTimeout(quiet);
  quiet = setTimeout(() => line.classList.remove("is-shown"), 2600);
}
