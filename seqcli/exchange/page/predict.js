// A language model in plain JavaScript: the arrays of model.js, read token by token. Nothing is fetched or sent.
"use strict";

const JOINER = "￭", SPACE = "▁", UNKNOWN = 0, END = 1;
const SHORT = new Set(["mr", "mrs", "ms", "dr", "st", "prof", "rev", "gen", "col", "capt", "lt", "sgt", "messrs", "mme", "mlle", "vs"]);
const WORD = new RegExp(
  "(?:https?:\\/\\/|www\\.)[^\\s<>\"“”]*[\\p{L}\\p{N}_\\/]" +
  "|[\\p{L}\\p{N}_.+-]{1,64}@[\\p{L}\\p{N}_-]{1,63}(?:\\.[\\p{L}\\p{N}_-]{1,63})+" +
  "|\\p{L}(?:\\.\\p{L})+\\.?(?![\\p{L}\\p{N}\\p{M}])" +
  "|\\p{N}+(?:[.,]+\\p{N}+)*\\p{L}*" +
  "|[\\p{L}\\p{M}][\\p{L}\\p{N}\\p{M}]*(?:(?:['’-]|_+)[\\p{L}\\p{N}][\\p{L}\\p{N}\\p{M}]*)*" +
  "|(?<mark>(.)\\2*)", "gsu");
const CLITIC = /(?<=[\p{L}\p{N}_])['’](?:s|re|ve|ll|d|m)$/iu;

function bytesOf(text) {
  const found = atob(text), out = new Uint8Array(found.length);
  for (let i = 0; i < found.length; i++) out[i] = found.charCodeAt(i);
  return out;
}

// Rows of bytes, each with the number that makes them what they were.
class Matrix {
  constructor(stored) {
    [this.rows, this.columns] = stored.shape;
    this.values = new Int8Array(bytesOf(stored.int8).buffer);
    this.scales = new Float32Array(bytesOf(stored.scales).buffer);
  }

  row(i) {
    const out = new Float64Array(this.columns);
    for (let c = 0, at = i * this.columns; c < this.columns; c++) out[c] = this.values[at + c] * this.scales[i];
    return out;
  }

  // this [R, C] times x [C] -> [R]
  times(x) {
    const out = new Float64Array(this.rows), {values, columns} = this;
    for (let r = 0, at = 0; r < this.rows; r++) {
      let sum = 0;
      for (let c = 0; c < columns; c++, at++) sum += values[at] * x[c];
      out[r] = sum * this.scales[r];
    }
    return out;
  }
}

class Model {
  constructor(stored) {
    this.about = stored;
    this.tokens = stored.tokens;
    this.ids = new Map(stored.tokens.map((token, i) => [token, i]));
    this.arrays = {};
    for (const [name, one] of Object.entries(stored.arrays))
      this.arrays[name] = one.int8 === undefined ? new Float32Array(bytesOf(one.float32).buffer) : new Matrix(one);
    this.read = [];  // ids that were read, and the state behind each: a text that grows is not read anew
  }

  start() {
    const zeros = () => new Float64Array(this.about.hidden_size);
    return {layers: Array.from({length: this.about.layers}, () => [zeros(), zeros()]), past: [], x: null};
  }

  // One token more: id, state -> the state behind it; its x is what the output layer reads.
  step(id, state) {
    let x = this.arrays["embedding.weight"].row(id);
    const layers = state.layers.map((before, i) => {
      const layer = `recurrent.layers.${i}.`, a = this.arrays;
      const input = a[layer + "weight_ih_l0"].times(x), own = a[layer + "weight_hh_l0"].times(before[0]);
      const bias = a[layer + "bias_ih_l0"], ownBias = a[layer + "bias_hh_l0"];
      for (let j = 0; j < input.length; j++) { input[j] += bias[j]; own[j] += ownBias[j]; }
      const after = this.cell(input, own, before);
      x = after[0];
      return after;
    });
    let past = state.past;
    if (this.about.attention) {
      const seen = this.lookBack(x, past);
      past = [...past, x].slice(-this.about.attention);
      x = seen;
    }
    const projection = this.arrays["projection.weight"];
    if (projection) x = projection.times(x).map((value, i) => value + this.arrays["projection.bias"][i]);
    return {layers, past, x};
  }

  cell(input, own, [h, c]) {
    const size = h.length, out = new Float64Array(size), sigmoid = (x) => 0.5 * Math.tanh(0.5 * x) + 0.5;
    if (this.about.architecture === "rnn") {
      const f = this.about.activation === "tanh" ? Math.tanh : (x) => Math.max(x, 0);
      for (let i = 0; i < size; i++) out[i] = f(input[i] + own[i]);
      return [out, c];
    }
    if (this.about.architecture === "gru") {
      for (let i = 0; i < size; i++) {
        const reset = sigmoid(input[i] + own[i]), update = sigmoid(input[size + i] + own[size + i]);
        const fresh = Math.tanh(input[2 * size + i] + reset * own[2 * size + i]);
        out[i] = fresh + update * (h[i] - fresh);
      }
      return [out, c];
    }
    const cell = new Float64Array(size);
    for (let i = 0; i < size; i++) {
      const gate = (k) => input[k * size + i] + own[k * size + i];
      cell[i] = sigmoid(gate(1)) * c[i] + sigmoid(gate(0)) * Math.tanh(gate(2));
      out[i] = sigmoid(gate(3)) * Math.tanh(cell[i]);
    }
    return [out, cell];
  }

  // x [H] with what it sees of the states before it; nothing, which may be looked at too, has the score 0.
  lookBack(x, past) {
    const query = this.arrays["attention.query.weight"].times(x), keys = this.arrays["attention.key.weight"];
    const scores = past.map((state) => {
      const key = keys.times(state);
      let sum = 0;
      for (let i = 0; i < key.length; i++) sum += key[i] * query[i];
      return sum / Math.sqrt(key.length);
    });
    const top = Math.max(0, ...scores), context = new Float64Array(x.length);
    const total = scores.reduce((sum, score) => sum + Math.exp(score - top), Math.exp(-top));
    past.forEach((state, k) => {
      const weight = Math.exp(scores[k] - top) / total;
      for (let i = 0; i < x.length; i++) context[i] += weight * state[i];
    });
    const added = this.arrays["attention.output.weight"].times(context);
    return x.map((value, i) => value + added[i]);
  }

  // Natural logs of every token's probability to come behind ids.
  logProbabilities(ids) {
    let same = 0;
    while (same < this.read.length && same < ids.length && this.read[same].id === ids[same]) same++;
    this.read.length = same;
    for (const id of ids.slice(same)) {
      const before = this.read.length ? this.read[this.read.length - 1].state : this.start();
      this.read.push({id, state: this.step(id, before)});
    }
    const x = this.read[this.read.length - 1].state.x;
    const scores = (this.arrays["output.weight"] || this.arrays["embedding.weight"]).times(x);
    const bias = this.arrays["output_bias"];
    let top = -Infinity;
    for (let i = 0; i < scores.length; i++) top = Math.max(top, scores[i] += bias[i]);
    let total = 0;
    for (const score of scores) total += Math.exp(score - top);
    const log = top + Math.log(total);
    return scores.map((score) => score - log);
  }

  idsOf(tokens) {
    return [END, ...tokens.map((token) => token === "<eos>" ? UNKNOWN : this.ids.get(token) ?? UNKNOWN)];
  }

  // The tokens of a text, as the model met them.
  cut(text) {
    text = text.normalize("NFC");
    if (this.about.lowercase) text = text.toLowerCase();
    const pieces = text.split(/[\s\u00a0]+/u).filter(Boolean), kind = this.about.tokenizer;
    if (kind === "whitespace") return pieces;
    if (kind === "characters") return pieces.flatMap((piece) => [SPACE, ...piece.replaceAll(SPACE, "_")]);
    return pieces.flatMap((piece) => kind === "words" ? wordsOf(piece) : this.longest(piece));
  }

  // Without the rules or the dictionary that cut Japanese: the longest token that is known, again and again.
  longest(piece) {
    const letters = [...piece], found = [];
    this.width ??= Math.max(...this.tokens.map((token) => token.length));
    for (let at = 0; at < letters.length;) {
      let size = Math.min(this.width, letters.length - at);
      while (size > 1 && !this.ids.has(letters.slice(at, at + size).join(""))) size--;
      found.push(letters.slice(at, at + size).join(""));
      at += size;
    }
    return found;
  }

  get spaces() { return this.about.tokenizer === "words" || this.about.tokenizer === "whitespace"; }

  // What may come next: [{word, token, rest, probability}], of a word that has begun those that begin so, if any do.
  suggest(text, count) {
    const begun = this.about.tokenizer === "words" ? /[\p{L}\p{N}\p{M}'’-]*$/u.exec(text)[0]
      : this.spaces ? /\S*$/u.exec(text)[0] : "";
    if (begun) {
      const before = text.slice(0, text.length - begun.length);
      const tokens = /\S$/u.test(before) ? this.cut(before + "x").slice(0, -1) : this.cut(before);
      const found = this.likeliest(tokens, this.about.lowercase ? begun.toLowerCase() : begun, count);
      if (found.length) return found;
    }
    return this.likeliest(this.cut(text), "", count);
  }

  likeliest(tokens, begun, count) {
    const logs = this.logProbabilities(this.idsOf(tokens)), found = [];
    for (const id of [...logs.keys()].sort((a, b) => logs[b] - logs[a])) {
      if (id === UNKNOWN || id === END) continue;
      const word = this.tokens[id].replaceAll(JOINER, "").replaceAll(SPACE, " ");
      if (begun && !(word.startsWith(begun) && word.length > begun.length)) continue;
      found.push({word, token: this.tokens[id], rest: word.slice(begun.length), begun, probability: Math.exp(logs[id])});
      if (found.length === count) break;
    }
    return found;
  }

  // A text with a suggestion behind it.
  added(text, one) {
    if (!this.spaces) return text + one.word;
    const behind = one.token.endsWith(JOINER) ? "" : " ";
    if (one.begun) return text + one.rest + behind;
    if (one.token.startsWith(JOINER)) return text.replace(/\s+$/u, "") + one.word + behind;
    return text + (/(?:^|[\s“‘(\[])$/u.test(text) ? "" : " ") + one.word + behind;
  }
}

// The words of a piece between spaces; where two touch, the mark of punctuation says so.
function wordsOf(piece) {
  if (piece === "<unk>") return [piece];
  const spans = [];
  for (const match of piece.replaceAll(JOINER, "■").matchAll(WORD)) {
    const mark = match.groups.mark !== undefined, last = spans[spans.length - 1];
    if (mark && match[0][0] === "." && last && !last.mark && last.text.length < 6 && SHORT.has(last.text.toLowerCase())) {
      last.text += ".";
      if (match[0].length > 1) spans.push({text: match[0].slice(1), mark});
      continue;
    }
    const clitic = mark ? null : CLITIC.exec(match[0]);
    if (clitic) spans.push({text: match[0].slice(0, clitic.index), mark: false}, {text: clitic[0], mark: true});
    else spans.push({text: match[0], mark});
  }
  let word = false;
  const out = spans.map((span) => span.text);
  for (let i = 0; i + 1 < spans.length; i++) {
    word ||= !spans[i].mark;
    if (spans[i].mark && !(spans[i + 1].mark && word)) out[i] += JOINER;
    else out[i + 1] = JOINER + out[i + 1];
  }
  return out;
}

if (typeof module !== "undefined") module.exports = {Model, wordsOf};
