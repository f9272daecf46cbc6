// What a listener kept and dropped, as a verdict file for the store's reviews/inbox. A
// shared copy takes none: no store knows it by its public name.

function showJudged({ locked, dropped }) {
  const line = document.getElementById("judged");
  if (!line) return;
  line.hidden = !locked.length && !dropped.length;
  const said = `You kept ${locked.length} and dropped ${dropped.length} of these pictures.`;
  write(line.querySelector("span"), said);
}

function saveVerdict(board, { locked, dropped }) {
  const verdict = {
    schema: "evoke.verdict/1",
    kind: "board",
    board_id: board.board_id,
    rater: { name: listenerName(), background: "unstated" },
    saved_at: new Date().toISOString(),
    locked,
    dropped,
  };
  const text = `${JSON.stringify(verdict, null, 1)}\n`;
  const anchor = document.createElement("a");
  anchor.href = URL.createObjectURL(new Blob([text], { type: "application/json" }));
  anchor.download = `verdict-${board.board_id}.json`;
  anchor.click();
  setTimeout(() => URL.revokeObjectURL(anchor.href), 10000);
  say("Saved. It belongs into the folder reviews/inbox of the store.");
}

// The same listener on the same device, so that a later verdict replaces this one.
function listenerName() {
  const place = "evoke.listener";
  const digits = crypto.getRandomValues(new Uint32Array(1))[0].toString(16);
  const fresh = `listener ${digits.padStart(8, "0")}`;
  try {
    const known = localStorage.getItem(place);
    if (!known) localStorage.setItem(place, fresh);
    return known || fresh;
  } catch {
    return fresh; // this browser keeps nothing
  }
}
