"use strict";
// Choosing a board's tiles from its pool. The same arithmetic as refine.py, number for
// number: integer sums are exact, and every other operation is one IEEE double in the
// same order. Nothing here touches the page.

const QUERY_STEPS = 32767;
const EXACT_BLOCK = 256; // 256 x 32767 x 128 < 2^31, so a block sums in int32

function decodeVectors(candidates, dimension) {
  const count = candidates.length;
  const rows = new Int32Array(count * dimension); // one type in `dot` is twice as fast
  const norms = new Float64Array(count);
  candidates.forEach((candidate, index) => {
    const bytes = atob(candidate.vector);
    if (bytes.length !== dimension) {
      throw new RangeError(`${candidate.image_id}: ${bytes.length} of ${dimension} bytes`);
    }
    const start = index * dimension;
    for (let j = 0; j < dimension; j += 1) {
      rows[start + j] = (bytes.charCodeAt(j) << 24) >> 24; // a byte, signed
    }
    norms[index] = Math.sqrt(dot(rows, start, rows, start, dimension));
  });
  return {
    count, dimension, rows, norms,
    // what the sliders don't change is worked out once
    similarities: new Array(count).fill(null),
    places: new Map(candidates.map((one, index) => [one.image_id, index])),
    clusters: numbered(candidates.map((one) => one.cluster_id)),
    artists: numbered(candidates.map((one) => one.artist)),
    sources: numbered(candidates.map((one) => one.source)),
  };
}

// Names as whole numbers from 0, in order of appearance; -1 where there is none.
function numbered(names) {
  const numbers = new Map();
  return Int32Array.from(names, (name) => {
    if (name === null) return -1;
    if (!numbers.has(name)) numbers.set(name, numbers.size);
    return numbers.get(name);
  });
}

// setting: {axis name: -1..1}; locked and dropped: image ids; section: a query's index
// that takes the place of the best section, or null. Returns candidate indices.
function chooseTiles(board, vectors, setting, locked = [], dropped = [], section = null) {
  const { refinement } = board;
  const { count, places } = vectors;
  const weighted = relevanceOf(refinement, vectors, setting, section);
  for (let i = 0; i < count; i += 1) weighted[i] *= refinement.balance;
  const quota = new Quota(vectors, refinement);
  const open = new Uint8Array(count).fill(1);
  for (const id of dropped) if (places.has(id)) open[places.get(id)] = 0;
  const chosen = [];
  const nearest = new Float64Array(count).fill(-Infinity);
  const take = (index) => {
    chosen.push(index);
    open[index] = 0;
    quota.count(index);
    const row = similaritiesTo(vectors, index);
    for (let i = 0; i < count; i += 1) if (row[i] > nearest[i]) nearest[i] = row[i];
  };
  for (const id of locked) {
    const index = places.get(id);
    if (index !== undefined && open[index] && chosen.length < refinement.board_size) {
      take(index);
    }
  }
  while (chosen.length < refinement.board_size) {
    const repeated = chosen.length ? nearest : new Float64Array(count);
    const index = bestOpen(weighted, repeated, 1 - refinement.balance, open, quota);
    if (index < 0) break;
    take(index);
  }
  return chosen;
}

// The quota is asked of those alone that would lead, and what it refuses stays closed:
// it only ever fills.
function bestOpen(weighted, repeated, variety, open, quota) {
  let best = -1;
  let bestValue = -Infinity;
  for (let i = 0; i < open.length; i += 1) {
    if (!open[i]) continue;
    const value = weighted[i] - variety * repeated[i];
    if (!(value > bestValue)) continue;
    if (!quota.allows(i)) {
      open[i] = 0;
      continue;
    }
    bestValue = value;
    best = i;
  }
  return best;
}

function relevanceOf(refinement, vectors, setting, section) {
  const scores = refinement.queries.map((query) =>
    scoresOf(shiftedQuery(query.vector, refinement, setting), vectors),
  );
  const whole = scores[0];
  const parts = section === null ? scores.slice(1) : [scores[section]];
  if (!parts.length) return whole;
  const share = refinement.queries[0].weight;
  return whole.map((score, i) => {
    let best = -Infinity;
    for (const part of parts) if (part[i] > best) best = part[i];
    return share * score + (1 - share) * best;
  });
}

function shiftedQuery(vector, refinement, setting) {
  const shifted = Float64Array.from(vector);
  for (const axis of refinement.axes) {
    const step = (setting[axis.name] ?? 0) * refinement.reach;
    for (let j = 0; j < shifted.length; j += 1) shifted[j] += step * axis.direction[j];
  }
  let largest = 0;
  for (const value of shifted) largest = Math.max(largest, Math.abs(value));
  if (largest === 0) return new Int32Array(shifted.length);
  const scale = QUERY_STEPS / largest;
  return Int32Array.from(shifted, (value) => Math.floor(value * scale + 0.5));
}

function scoresOf(query, vectors) {
  const { count, dimension, rows, norms } = vectors;
  let squares = 0;
  for (const value of query) squares += value * value;
  const norm = Math.sqrt(squares);
  const scores = new Float64Array(count);
  for (let i = 0; i < count; i += 1) {
    const length = norm * norms[i];
    if (length > 0) scores[i] = dot(query, 0, rows, i * dimension, dimension) / length;
  }
  return scores;
}

function similaritiesTo(vectors, index) {
  const { count, dimension, rows, norms, similarities } = vectors;
  if (similarities[index]) return similarities[index];
  const row = new Float64Array(count);
  const start = index * dimension;
  for (let i = 0; i < count; i += 1) {
    const length = norms[i] * norms[index];
    if (length > 0) row[i] = dot(rows, start, rows, i * dimension, dimension) / length;
  }
  similarities[index] = row;
  return row;
}

function dot(left, leftStart, right, rightStart, dimension) {
  let total = 0;
  for (let from = 0; from < dimension; from += EXACT_BLOCK) {
    const until = Math.min(from + EXACT_BLOCK, dimension);
    let sum = 0;
    let other = 0; // two sums, so that neither waits for the other
    let j = from;
    for (; j + 1 < until; j += 2) {
      sum = (sum + Math.imul(left[leftStart + j], right[rightStart + j])) | 0;
      other = (other + Math.imul(left[leftStart + j + 1], right[rightStart + j + 1])) | 0;
    }
    if (j < until) sum = (sum + Math.imul(left[leftStart + j], right[rightStart + j])) | 0;
    total += sum + other;
  }
  return total;
}

// The pool's pictures that look most like one, one of each near-duplicate cluster.
function nearestPictures(board, vectors, index, count) {
  const row = similaritiesTo(vectors, index);
  const seen = new Set([board.candidates[index].cluster_id]);
  const order = Array.from(row.keys()).sort((a, b) => row[b] - row[a] || a - b);
  const found = [];
  for (const other of order) {
    const cluster = board.candidates[other].cluster_id;
    if (seen.has(cluster)) continue;
    seen.add(cluster);
    found.push(other);
    if (found.length === count) break;
  }
  return found;
}

// What is already on the board: one picture a cluster, so many an artist and a source.
class Quota {
  constructor({ count, clusters, artists, sources }, { max_per_artist, max_per_source }) {
    Object.assign(this, { clusters, artists, sources });
    this.perArtist = max_per_artist;
    this.perSource = max_per_source ?? count;
    this.ofCluster = new Int32Array(count);
    this.ofArtist = new Int32Array(count);
    this.ofSource = new Int32Array(count);
  }

  allows(index) {
    const artist = this.artists[index];
    if (this.ofCluster[this.clusters[index]] > 0) return false;
    if (artist >= 0 && this.ofArtist[artist] >= this.perArtist) return false;
    return this.ofSource[this.sources[index]] < this.perSource;
  }

  count(index) {
    this.ofCluster[this.clusters[index]] += 1;
    if (this.artists[index] >= 0) this.ofArtist[this.artists[index]] += 1;
    this.ofSource[this.sources[index]] += 1;
  }
}
