// Keeps in this browser what a rater answered in one study. Not in localStorage: that is
// written behind, and Chromium on a busy machine has lost it with the page.

const SHELF = "studies";

class Keeper {
  constructor(studyId) {
    this.studyId = studyId;
  }

  // What was kept; null where nothing was, or where this browser keeps nothing.
  async recall() {
    try {
      const kept = await settled((await this.shelf("readonly")).get(this.studyId));
      return kept?.rater && kept?.answers ? kept : null;
    } catch {
      return null;
    }
  }

  // Settles when it is on the disk; rejects where this browser keeps nothing.
  async keep(answered) {
    const shelf = await this.shelf("readwrite");
    shelf.put(answered, this.studyId);
    await new Promise((resolve, reject) => {
      shelf.transaction.oncomplete = resolve;
      shelf.transaction.onabort = () => reject(shelf.transaction.error);
    });
  }

  async shelf(mode) {
    this.opened ??= opened();
    const strict = { durability: "strict" };
    return (await this.opened).transaction(SHELF, mode, strict).objectStore(SHELF);
  }
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
