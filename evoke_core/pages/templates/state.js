// What a listener changed, as the fragment of the address:
// #energy=0.35&lock=id,id&drop=id. Only what differs from the stored board is said;
// unknown or broken parts are passed over.

function readState(board, fragment) {
  const state = { setting: { ...board.setting }, locked: [], dropped: [] };
  const known = new Set(board.candidates.map((one) => one.image_id));
  for (const part of fragment.replace(/^#/, "").split("&")) {
    const [name, text = ""] = part.split("=", 2);
    if (board.refinement.axes.some((axis) => axis.name === name)) {
      const value = Number.parseFloat(text);
      if (Number.isFinite(value)) state.setting[name] = Math.min(1, Math.max(-1, value));
    } else if (name === "lock") state.locked = readIds(text, known);
    else if (name === "drop") state.dropped = readIds(text, known);
  }
  const dropped = new Set(state.dropped);
  state.locked = state.locked.filter((id) => !dropped.has(id));
  return state;
}

// Whether a fragment says something of the board; #credits is only a place on the page.
function isState(board, fragment) {
  const names = [...board.refinement.axes.map((axis) => axis.name), "lock", "drop"];
  const parts = fragment.replace(/^#/, "").split("&");
  return !fragment || names.some((name) => parts.some((one) => one.startsWith(`${name}=`)));
}

function readIds(text, known) {
  const ids = text.split(",").map((one) => {
    try {
      return decodeURIComponent(one);
    } catch {
      return ""; // a torn escape, from a link that was cut off
    }
  });
  return [...new Set(ids)].filter((id) => known.has(id));
}

function writeState(board, state) {
  const parts = Object.entries(state.setting)
    .filter(([name, value]) => value !== (board.setting[name] ?? 0))
    .map(([name, value]) => `${encodeURIComponent(name)}=${value}`);
  if (state.locked.length) parts.push(`lock=${writeIds(state.locked)}`);
  if (state.dropped.length) parts.push(`drop=${writeIds(state.dropped)}`);
  return parts.join("&");
}

function isAtRest(setting) {
  return Object.values(setting).every((value) => value === 0);
}

function isAsStored(board, setting) {
  return board.refinement.axes.every(
    ({ name }) => (setting[name] ?? 0) === (board.setting[name] ?? 0),
  );
}

function writeIds(ids) {
  return ids.map(encodeURIComponent).join(",");
}

function settingText({ low, high }, value) {
  if (value === 0) return "as the song";
  return `${Math.round(Math.abs(value) * 100)} % towards ${value < 0 ? low : high}`;
}
