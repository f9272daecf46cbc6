// Whose a picture is and under what licence, as elements.

function creditItem(picture) {
  const item = document.createElement("li");
  const first = picture.url ? link(picture.url, picture.name) : isolated(picture.name);
  item.append(first, isolated(picture.after_name), " · ", licenceOf(picture));
  return item;
}

function licenceOf(picture) {
  if (!picture.licence_url) return document.createTextNode(picture.licence);
  return link(picture.licence_url, picture.licence);
}

// Words of any direction that leave those around them in their order.
function isolated(text) {
  const words = document.createElement("bdi");
  words.textContent = text;
  return words;
}

function link(address, text) {
  const anchor = document.createElement("a");
  anchor.href = address;
  anchor.rel = "noopener noreferrer";
  anchor.target = "_blank";
  anchor.textContent = text;
  anchor.dir = "auto";
  return anchor;
}
