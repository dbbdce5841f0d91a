"""A map of words as one HTML page that opens without a network: drag, zoom, search, and the nearest words of each."""

from __future__ import annotations

import html
import json
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from seqcli.plots.page import head


def map_page(
    title: str, words: Sequence[str], places: NDArray[np.float64], near: Sequence[Sequence[tuple[int, float]]]
) -> str:
    """Return the page: words at places [N, 2], and of each word its nearest ones on the map, with similarities."""
    low, high = places.min(axis=0), places.max(axis=0)
    scaled = (places - (low + high) / 2) / (float((high - low).max()) / 2 or 1.0)
    data = {
        "words": list(words),
        "places": [[round(float(x), 5), round(float(y), 5)] for x, y in scaled],
        "near": [[[at, round(similarity, 3)] for at, similarity in some] for some in near],
    }
    text = json.dumps(data, ensure_ascii=True, separators=(",", ":")).replace("<", "\\u003c")
    return head(title, _STYLE, scripts=True) + _PAGE.replace("@TITLE@", html.escape(title)).replace("@DATA@", text)


_STYLE = """
  html, body { margin: 0; height: 100%; font: 14px/1.4 system-ui, sans-serif; color: #222; background: #fff; }
  canvas { display: block; width: 100vw; height: 100vh; cursor: grab; }
  header { position: fixed; top: 10px; left: 12px; background: #ffffffdd; padding: 4px 8px; border-radius: 4px; }
  h1 { font-size: 15px; margin: 0 0 4px; }
  input { font: inherit; width: 15em; padding: 2px 6px; }
  #near { position: fixed; top: 10px; right: 12px; background: #ffffffdd; padding: 4px 10px; border-radius: 4px;
          min-width: 10em; }
  #near:empty { display: none; }
  #near ol { margin: 2px 0 0; padding-left: 1.6em; }
  #near li { cursor: pointer; }
  small { color: #666; }
"""

_PAGE = """<main>
<canvas id="map" tabindex="0" aria-label="Map of words"></canvas>
<header>
  <h1>@TITLE@</h1>
  <input id="search" type="search" placeholder="find a word" aria-label="find a word" list="all">
  <datalist id="all"></datalist><br>
  <small>Drag to move, turn the wheel to zoom, click a word for its nearest ones.</small>
</header>
<div id="near" aria-live="polite"></div>
</main>
<script type="application/json" id="data">@DATA@</script>
<script>
"use strict";
const data = JSON.parse(document.getElementById("data").textContent);
const canvas = document.getElementById("map"), pen = canvas.getContext("2d");
const search = document.getElementById("search"), panel = document.getElementById("near");
const font = "12px system-ui, sans-serif";
let zoom = 1, shiftX = 0, shiftY = 0, chosen = -1, hovered = -1, drag = null;

for (const word of data.words) {
  const item = document.createElement("option");
  item.value = word;
  document.getElementById("all").append(item);
}

const reach = [0, 1].map((axis) => Math.max(1e-9, ...data.places.map((one) => Math.abs(one[axis]))));

function place(at) {
  const wide = (canvas.clientWidth - 140) / 2 / reach[0], high = (canvas.clientHeight - 130) / 2 / reach[1];
  const scale = Math.min(wide, high) * zoom, [x, y] = data.places[at];
  return [canvas.clientWidth / 2 + shiftX + x * scale, canvas.clientHeight / 2 + 35 + shiftY - y * scale];
}

function visible(x, y) {
  return x > -50 && y > -20 && x < canvas.clientWidth + 50 && y < canvas.clientHeight + 20;
}

function draw() {
  const ratio = window.devicePixelRatio || 1;
  canvas.width = canvas.clientWidth * ratio;
  canvas.height = canvas.clientHeight * ratio;
  pen.setTransform(ratio, 0, 0, ratio, 0, 0);
  pen.font = font;
  pen.textBaseline = "middle";
  const close = new Set(chosen < 0 ? [] : data.near[chosen].map(([at]) => at));
  const order = [chosen, hovered, ...close].filter((at) => at >= 0);
  const rest = data.words.keys();
  const boxes = [...data.words.keys()].map(place).map(([x, y]) => [x - 2, y - 2, x + 2, y + 2]), done = new Set();
  for (const at of [...order, ...rest]) {
    if (done.has(at)) continue;
    done.add(at);
    const [x, y] = place(at);
    if (!visible(x, y)) continue;
    const strong = at === chosen || at === hovered;
    pen.fillStyle = strong ? "#c0392b" : close.has(at) ? "#d68910" : "#3366aa";
    pen.beginPath();
    pen.arc(x, y, strong ? 4 : 2.5, 0, 2 * Math.PI);
    pen.fill();
    label(at, x, y, strong, strong || close.has(at) ? "#111" : "#555", boxes);
  }
}

function label(at, x, y, must, color, boxes) {
  const width = pen.measureText(data.words[at]).width, height = 14;
  const spots = [[x + 5, y], [x - 5 - width, y], [x - width / 2, y - 11], [x - width / 2, y + 11]];
  const clear = ([left, middle]) => boxes.every((b) =>
    left > b[2] || left + width < b[0] || middle - height / 2 > b[3] || middle + height / 2 < b[1]);
  const spot = spots.find(clear) || (must ? spots[0] : null);
  if (!spot) return;
  boxes.push([spot[0], spot[1] - height / 2, spot[0] + width, spot[1] + height / 2]);
  pen.fillStyle = color;
  pen.fillText(data.words[at], spot[0], spot[1]);
}

function nearest(event) {
  let best = -1, least = 18 * 18;
  for (const at of data.words.keys()) {
    const [x, y] = place(at), distance = (x - event.clientX) ** 2 + (y - event.clientY) ** 2;
    if (distance < least) [best, least] = [at, distance];
  }
  return best;
}

function choose(at) {
  chosen = at;
  panel.replaceChildren();
  if (at >= 0) {
    const name = document.createElement("b"), list = document.createElement("ol");
    name.textContent = data.words[at];
    for (const [other, similarity] of data.near[at]) {
      const row = document.createElement("li");
      row.textContent = `${data.words[other]}  ${similarity.toFixed(3)}`;
      row.addEventListener("click", () => choose(other));
      list.append(row);
    }
    panel.append(name, list);
  }
  draw();
}

canvas.addEventListener("wheel", (event) => {
  event.preventDefault();
  const factor = Math.exp(-event.deltaY * 0.0015), wanted = Math.min(Math.max(zoom * factor, 0.5), 60);
  const x = event.clientX - canvas.clientWidth / 2, y = event.clientY - canvas.clientHeight / 2;
  shiftX = x - (x - shiftX) * wanted / zoom;
  shiftY = y - (y - shiftY) * wanted / zoom;
  zoom = wanted;
  draw();
}, { passive: false });
canvas.addEventListener("pointerdown", (event) => {
  drag = { x: event.clientX, y: event.clientY, moved: false };
  canvas.setPointerCapture(event.pointerId);
});
canvas.addEventListener("pointermove", (event) => {
  if (drag) {
    const x = event.clientX - drag.x, y = event.clientY - drag.y;
    if (drag.moved || Math.hypot(x, y) > 3) {
      [shiftX, shiftY] = [shiftX + x, shiftY + y];
      drag = { x: event.clientX, y: event.clientY, moved: true };
    }
  } else {
    hovered = nearest(event);
  }
  draw();
});
canvas.addEventListener("pointerup", (event) => {
  if (drag && !drag.moved) choose(nearest(event));
  drag = null;
});
search.addEventListener("input", () => {
  const at = data.words.indexOf(search.value.trim());
  if (at < 0) return;
  const [x, y] = place(at);
  shiftX += canvas.clientWidth / 2 - x;
  shiftY += canvas.clientHeight / 2 - y;
  choose(at);
});
window.addEventListener("resize", draw);
if (location.hash.length > 1) choose(data.words.indexOf(decodeURIComponent(location.hash.slice(1))));
draw();
</script>
</html>
"""
