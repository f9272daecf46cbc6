// Keeps in this browser what each rater answered in one study. Not in localStorage: that
// is written behind, and Chromium on a busy machine has lost it with the page.

const SHELF = "studies";

class Keeper {
  constructor(studyId) {
    this.studyId = studyId;
  }

  // What was kept of a rater, or of who sat here last; null where nothing was, or where
  // this browser keeps nothing.
  async recall(name = null) {
    const key = name === null ? this.studyId : this.placeOf(name);
    try {
      const kept = await settled((await this.shelf("readonly")).get(key));
      return kept?.rater && kept?.answers ? kept : null;
    } catch {
      return null;
    }
  }

  // Settles when it is on the disk; rejects where this browser keeps nothing.
  async keep(answered) {
    const shelf = await this.shelf("readwrite");
    shelf.put(answered, this.studyId);
    shelf.put(answered, this.placeOf(answered.rater.name));
    await new Promise((resolve, reject) => {
      shelf.transaction.oncomplete = resolve;
      shelf.transaction.onabort = () => reject(shelf.transaction.error);
    });
  }

  placeOf(name) {
    return [this.studyId, alias(name)];
  }

  async shelf(mode) {
    this.opened ??= opened();
    const strict = { durability: "strict" };
    return (await this.opened).transaction(SHELF, mode, strict).objectStore(SHELF);
  }
}

// What tells raters apart, here as where verdicts are taken.
function alias(name) {
  return name.trim().replace(/\s+/g, " ").toLowerCase();
}

async function opened() {
  const request = indexedDB.open("evoke", 1);
  request.onupgradeneeded = () => request.result.createObjectStore(SHELF);
  return settled(request);
}

function settled(request) {
  return new Promise((resolve, reject) => {
    request.onsuccess = () => resolve(request.result);
    request.onerror = () => reject(request.error);
  });
}
