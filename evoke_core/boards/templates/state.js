// What a listener changed, as the fragment of the address:
// #energy=0.35&lock=id,id&drop=id. Unknown or broken parts are passed over.

function readState(board, fragment) {
  const state = { setting: {}, locked: [], dropped: [] };
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

function writeState(state) {
  const parts = Object.entries(state.setting)
    .filter(([, value]) => value !== 0)
    .map(([name, value]) => `${encodeURIComponent(name)}=${value}`);
  if (state.locked.length) parts.push(`lock=${writeIds(state.locked)}`);
  if (state.dropped.length) parts.push(`drop=${writeIds(state.dropped)}`);
  return parts.join("&");
}

function writeIds(ids) {
  return ids.map(encodeURIComponent).join(",");
}
