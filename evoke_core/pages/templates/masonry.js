// Where tiles go: columns of even width, each next tile under the shortest column.
// Pure arithmetic on sizes; the elements are moved in tiles.js.

const COLUMN_PX = 236;
const SLIMMEST = 1 / 3; // as in rules.py, so that no tile is a thread

function masonry(pictures, width, { columns, gap } = gridOf(width)) {
  const columnWidth = (width - gap * (columns - 1)) / columns;
  const bottoms = new Array(columns).fill(0);
  const places = pictures.map((picture) => {
    const column = bottoms.indexOf(Math.min(...bottoms));
    const place = {
      x: column * (columnWidth + gap),
      y: bottoms[column],
      width: columnWidth,
      height: columnWidth / shapeOf(picture),
    };
    bottoms[column] = place.y + place.height + gap;
    return place;
  });
  const height = pictures.length ? Math.max(...bottoms) - gap : 0;
  return { places, height };
}

function gridOf(width) {
  const gap = width < 600 ? 10 : 16;
  return { columns: Math.max(2, Math.round((width + gap) / (COLUMN_PX + gap))), gap };
}

function shapeOf(picture) {
  const ratio = picture.width_px / Math.max(1, picture.height_px);
  return Math.min(1 / SLIMMEST, Math.max(SLIMMEST, ratio));
}
