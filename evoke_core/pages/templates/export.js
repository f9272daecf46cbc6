// The shown board as one PNG, drawn on a canvas from inline pictures only: a picture
// from a second file would make the browser refuse to hand the canvas out.

const EXPORT_WIDTH = 1920;
const EXPORT_EDGE = 64;
const EXPORT_TOP = 250; // where the pictures begin
const EXPORT_GRID = { columns: 6, gap: 20 };

async function exportPicture(board, tiles) {
  const images = await Promise.all(tiles.map(({ source }) => loaded(source)));
  const width = EXPORT_WIDTH - 2 * EXPORT_EDGE;
  const { places, height } = masonry(tiles.map((one) => one.picture), width, EXPORT_GRID);
  const canvas = document.createElement("canvas");
  const top = EXPORT_TOP;
  const pen = canvas.getContext("2d");
  pen.font = `15px ${fontOfPage()}`;
  const credits = creditLines(pen, tiles.map((one) => one.picture), width);
  canvas.width = EXPORT_WIDTH;
  canvas.height = Math.ceil(top + height + 110 + credits.length * 24 + 40);
  const style = getComputedStyle(document.documentElement);
  const colour = (name) => style.getPropertyValue(name).trim();
  pen.fillStyle = colour("--paper");
  pen.fillRect(0, 0, canvas.width, canvas.height);
  drawHead(pen, board, colour);
  places.forEach((place, index) => {
    const box = { ...place, x: place.x + EXPORT_EDGE, y: place.y + top };
    drawTile(pen, images[index], box, tiles[index].picture.palette[0]);
  });
  pen.font = `15px ${fontOfPage()}`;
  pen.fillStyle = colour("--soft");
  credits.forEach((line, index) => {
    pen.fillText(line, EXPORT_EDGE, top + height + 80 + index * 24);
  });
  return new Promise((resolve) => canvas.toBlob(resolve, "image/png"));
}

function drawHead(pen, board, colour) {
  const room = EXPORT_WIDTH - 2 * EXPORT_EDGE - 300;
  pen.textBaseline = "alphabetic";
  pen.fillStyle = colour("--ink");
  const title = board.track.title;
  const sizes = [68, 56, 46, 38, 32];
  pen.font = `600 ${sizes.at(-1)}px ${fontOfPage()}`;
  for (const size of sizes) {
    pen.font = `600 ${size}px ${fontOfPage()}`;
    if (pen.measureText(title).width <= room) break;
  }
  pen.fillText(shortened(pen, title, room), EXPORT_EDGE, 128);
  pen.fillStyle = colour("--accent");
  pen.font = `32px ${fontOfPage()}`;
  pen.fillText(shortened(pen, board.moods.join(", "), room), EXPORT_EDGE, 184);
  board.palette.forEach((hex, index) => {
    pen.beginPath();
    const right = EXPORT_WIDTH - EXPORT_EDGE - 26;
    pen.arc(right - (board.palette.length - 1 - index) * 46, 112, 26, 0, 2 * Math.PI);
    pen.fillStyle = hex;
    pen.fill();
  });
}

function drawTile(pen, image, box, fallback) {
  pen.save();
  pen.beginPath();
  pen.roundRect(box.x, box.y, box.width, box.height, 20);
  pen.clip();
  pen.fillStyle = fallback;
  pen.fillRect(box.x, box.y, box.width, box.height);
  if (image) {
    const scale = Math.max(box.width / image.width, box.height / image.height);
    const width = image.width * scale;
    const height = image.height * scale;
    const left = box.x + (box.width - width) / 2;
    pen.drawImage(image, left, box.y + (box.height - height) / 2, width, height);
  }
  pen.restore();
}

// The credits as lines that fit; a word that is longer than a line is broken.
function creditLines(pen, pictures, width) {
  const credits = [...new Set(pictures.map((one) => `${one.credit} (${one.licence})`))];
  const lines = [""];
  for (const word of credits.join(" · ").split(/\s+/)) {
    const longer = lines.at(-1) ? `${lines.at(-1)} ${word}` : word;
    if (pen.measureText(longer).width <= width) lines[lines.length - 1] = longer;
    else lines.push(...broken(pen, word, width));
  }
  return lines;
}

function broken(pen, word, width) {
  const pieces = [""];
  for (const sign of word) {
    if (pen.measureText(pieces.at(-1) + sign).width > width) pieces.push("");
    pieces[pieces.length - 1] += sign;
  }
  return pieces;
}

function shortened(pen, text, width) {
  if (pen.measureText(text).width <= width) return text;
  const signs = Array.from(text);
  while (signs.length && pen.measureText(`${signs.join("")}…`).width > width) signs.pop();
  return `${signs.join("").trimEnd()}…`;
}

async function loaded(source) {
  if (!source) return null;
  const image = new Image();
  image.src = source;
  try {
    await image.decode();
    return image;
  } catch {
    return null;
  }
}

function fontOfPage() {
  return getComputedStyle(document.body).fontFamily;
}

function fileName(title) {
  const plain = title.normalize("NFKD").replace(/[^\p{L}\p{N}]+/gu, "-");
  return plain.replace(/^-+|-+$/g, "").slice(0, 60).toLowerCase() || "board";
}
