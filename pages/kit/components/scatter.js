// Codes on a map; click, tap or arrow keys choose one, a drag selects a box. What is chosen is Python's: `data` says it.
const SPRITE = 28; // pixels of a digit
const kept = new WeakMap();

export default function ({ parentElement, data, setTriggerValue }) {
  const find = (name) => parentElement.querySelector(name);
  const canvas = find("canvas.dots");
  let state = kept.get(canvas);
  if (!state) {
    state = { hidden: new Set(), find, canvas };
    kept.set(canvas, state);
    redrawWhenNeeded(canvas, () => drawAnew(state));
  }
  // What lies still behind the chosen picture: drawn again only when this has changed.
  const still = JSON.stringify({ ...data, digit: 0, at: 0, posterior: 0, box: 0, alt: 0 });
  if (state.still !== still) state.backdrop = null;
  state.still = still;
  for (const [name, read] of [["dots", words], ["labels", bytes], ["levels", bytes]]) {
    if (state.data?.[name] !== data[name]) state[name] = read(data[name]);
  }
  state.data = data;
  state.digit = data.digit;
  canvas.setAttribute("aria-label", data.alt);
  fetchAtlas(state);

  const choose = (index) => {
    if (index === null || index === state.digit) return;
    state.digit = index;
    draw(state);
    setTriggerValue("index", index);
  };
  const at = (event) => [event.offsetX, event.offsetY];
  canvas.onclick = (event) => !state.dragged && choose(nearest(state, ...at(event)));
  canvas.onpointerdown = (event) => {
    state.dragged = false;
    if (event.button !== 0 || !(event.shiftKey || state.boxing)) return;
    event.preventDefault();
    canvas.setPointerCapture(event.pointerId);
    state.drag = [...at(event), ...at(event)];
  };
  canvas.onpointermove = (event) => {
    if (state.drag) {
      state.drag.splice(2, 2, ...at(event));
      showBox(state);
    } else if (event.pointerType !== "touch") tell(state, nearest(state, ...at(event)), at(event));
  };
  canvas.onpointerup = canvas.onpointercancel = (event) => {
    const drag = state.drag;
    state.drag = null;
    if (!drag) return;
    state.dragged = event.type === "pointerup" && Math.abs(drag[2] - drag[0]) > 4 && Math.abs(drag[3] - drag[1]) > 4;
    if (!state.dragged) return showBox(state);
    state.data.box = drag.map((p, i) => value(state, p, i % 2));
    showBox(state);
    setTriggerValue("box", state.data.box);
  };
  canvas.onpointerleave = () => tell(state, state.digit);
  canvas.onkeydown = (event) => {
    const way = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, 1], ArrowDown: [0, -1] }[event.key];
    if (!way) return;
    event.preventDefault();
    choose(neighbour(state, way));
  };
  find(".select").onclick = () => {
    state.boxing = !state.boxing;
    find(".select").setAttribute("aria-pressed", String(state.boxing));
    canvas.classList.toggle("boxing", state.boxing);
  };
  find(".clear").onclick = () => {
    state.data.box = null;
    showBox(state);
    setTriggerValue("box", []);
  };
  find(".save").onclick = () => savePng(printed(state), data.file, { ...data.about, description: data.alt });
  legend(find(".legend"), data.classes, inks(canvas), state.hidden, () => drawAnew(state));
  draw(state);
}

// The map as it is on the screen, on the page's colour, and below it what its colours mean where they are no classes.
function printed({ canvas, plot: { side, ink }, data: { bar } }) {
  const scale = (canvas.width / side) * letters();
  const paper = new OffscreenCanvas(canvas.width, canvas.height + (bar ? Math.ceil(30 * scale) : 0));
  const pen = paper.getContext("2d");
  pen.fillStyle = ink.page;
  pen.fillRect(0, 0, paper.width, paper.height);
  pen.drawImage(canvas, 0, 0);
  if (!bar) return paper;
  pen.setTransform(scale, 0, 0, scale, 0, canvas.height);
  pen.font = `12px ${getComputedStyle(canvas).fontFamily}`;
  let x = 8;
  const write = (text) => {
    pen.fillStyle = ink.text;
    pen.fillText(text, x, 19);
    x += pen.measureText(text).width + 6;
  };
  write(`${bar.title} ${bar.low}`);
  for (const colour of levelColours(ink)) {
    pen.fillStyle = colour;
    pen.fillRect(x, 9, 12, 12);
    x += 12;
  }
  x += 6;
  write(bar.high);
  return paper;
}

// From values of the map to pixels, and back.
const share = ({ data: { frame } }, v, axis) => (v - frame.low[axis]) / (frame.high[axis] - frame.low[axis]);
const pixel = (state, [x, y]) => [state.plot.x(share(state, x, 0)), state.plot.y(share(state, y, 1))];
function value({ plot, data: { frame } }, p, axis) {
  const along = axis ? plot.y : plot.x;
  return frame.low[axis] + ((p - along(0)) / (along(1) - along(0))) * (frame.high[axis] - frame.low[axis]);
}

function drawAnew(state) {
  state.backdrop = null;
  draw(state);
}

function draw(state) {
  const { canvas, data } = state;
  if (!canvas.clientWidth) return;
  if (!state.backdrop) {
    drawBackdrop(state);
    state.backdrop = new OffscreenCanvas(canvas.width, canvas.height);
    state.backdrop.getContext("2d").drawImage(canvas, 0, 0);
  }
  const { plot } = state;
  const { pen } = plot;
  pen.save();
  pen.setTransform(1, 0, 0, 1, 0, 0);
  pen.clearRect(0, 0, canvas.width, canvas.height);
  pen.drawImage(state.backdrop, 0, 0);
  pen.restore();
  if (data.posterior && state.digit === data.digit) clipped(plot, () => drawPosterior(state)); // else the former digit's
  ring(plot, place(state, state.digit));
  showBox(state);
  tell(state, state.digit);
}

function drawBackdrop(state) {
  const { canvas, data, hidden, labels, find } = state;
  const plot = (state.plot = plotOf(canvas, data.frame));
  const { ink } = plot;
  const scale = data.bar && levelColours(ink);
  state.colourOf = (i) => (scale ? scale[state.levels[i]] : ink.classes[labels[i] % ink.classes.length]);
  const grouping = scale ? [state.levels, scale] : [];
  drawDots(plot, state.dots, labels, hidden, plot.side < 400 ? 1.4 : 2, ...grouping);
  if (data.sprites) drawSprites(state);
  if (data.prior) clipped(plot, () => drawPrior(state));
  if (!data.sprites) drawNames(plot, state.dots, labels, data.classes, hidden);
  for (const mark of data.marks) drawStar(plot, pixel(state, mark.at), mark.text);
  find(".legend").classList.toggle("plain", Boolean(scale));
  find(".bar").hidden = !scale;
  if (!scale) return;
  const steps = scale.map((colour, i) => `${colour} ${(100 * i) / scale.length}% ${(100 * (i + 1)) / scale.length}%`);
  find(".bar i").style.background = `linear-gradient(to right, ${steps.join(",")})`;
  ["low", "high", "title"].forEach((name) => (find(`.bar .${name}`).textContent = data.bar[name]));
}

// Draw inside of the axes only.
function clipped({ pen, x, y }, draw) {
  pen.save();
  pen.beginPath();
  pen.rect(x(0), y(1), x(1) - x(0), y(0) - y(1));
  pen.clip();
  draw();
  pen.restore();
}

// The theme's sequential palette, its two steps that come closest to the page left out; more is farther from the page.
function levelColours(ink) {
  return luminance(ink.page) > 0.5 ? ink.sequence.slice(2) : ink.sequence.slice(0, -2).reverse();
}

function luminance(colour) {
  const [r, g, b] = colour.match(/^#/) ? [1, 3, 5].map((i) => parseInt(colour.slice(i, i + 2), 16)) : colour.match(/[\d.]+/g);
  return (0.2126 * r + 0.7152 * g + 0.0722 * b) / 255;
}

// The prior N(0, I) at one and two sigma: circles, as long as both axes have one scale.
function drawPrior(state) {
  const { pen, ink } = state.plot;
  const [cx, cy] = pixel(state, state.data.prior);
  const unit = perUnit(state);
  pen.font = `bold ${11 * letters()}px ${getComputedStyle(state.canvas).fontFamily}`;
  pen.textAlign = "center";
  for (const k of [1, 2]) {
    for (const [width, colour] of [[3, ink.page], [1.5, ink.text]]) {
      pen.setLineDash([5, 3]);
      pen.beginPath();
      pen.arc(cx, cy, k * unit, 0, 2 * Math.PI);
      pen.lineWidth = width;
      pen.strokeStyle = colour;
      pen.stroke();
      pen.setLineDash([]);
    }
    written(state.plot, `${k}σ`, cx + k * unit * Math.SQRT1_2 + 8, cy - k * unit * Math.SQRT1_2 - 4);
  }
}

const perUnit = (state) => pixel(state, [1, 0])[0] - pixel(state, [0, 0])[0];

// q(z|x) at one and two sigma, to scale; too small to see, it is shown again under a lens.
function drawPosterior(state) {
  const { at, major } = state.data.posterior;
  const centre = pixel(state, at);
  const unit = perUnit(state);
  drawEllipses(state, centre, unit);
  const largest = 2 * major * unit;
  state.canvas.dataset.lens = largest < 12 ? drawLens(state, centre, largest, unit) : "";
}

// A lens in the corner that is farthest from the ellipses; returns how many times it enlarges them.
function drawLens(state, [px, py], largest, unit) {
  const { plot, canvas } = state;
  const { pen, ink, x, y } = plot;
  const radius = 0.17 * (x(1) - x(0));
  const times = magnification(largest, radius);
  const cx = px < x(0.5) ? x(1) - radius - 3 : x(0) + radius + 3;
  const cy = py < y(0.5) ? y(0) - radius - 3 : y(1) + radius + 3;
  const far = Math.hypot(px - cx, py - cy);
  pen.strokeStyle = ink.text;
  pen.fillStyle = ink.page;
  pen.globalAlpha = 0.5;
  pen.beginPath();
  pen.moveTo(px, py);
  pen.lineTo(cx + ((px - cx) * radius) / far, cy + ((py - cy) * radius) / far);
  pen.stroke();
  pen.globalAlpha = 1;
  pen.beginPath();
  pen.arc(cx, cy, radius, 0, 2 * Math.PI);
  pen.fill();
  pen.stroke();
  drawEllipses(state, [cx, cy], unit * times);
  pen.font = `${11 * letters()}px ${getComputedStyle(canvas).fontFamily}`;
  pen.textAlign = "center";
  written(plot, `× ${times}`, cx, cy + radius - 5);
  return times;
}

function drawEllipses(state, [cx, cy], unit) {
  const { pen, ink } = state.plot;
  const { major, minor, angle } = state.data.posterior;
  for (const [k, width, colour] of [[1, 4, ink.page], [2, 4, ink.page], [1, 2, state.data.colour], [2, 2, state.data.colour]]) {
    pen.beginPath();
    pen.ellipse(cx, cy, k * major * unit, k * minor * unit, -angle, 0, 2 * Math.PI);
    pen.lineWidth = width;
    pen.strokeStyle = colour;
    pen.stroke();
  }
  pen.lineWidth = 1;
}

function ring({ pen, ink }, [cx, cy]) {
  for (const [width, colour] of [[5, ink.page], [2.5, ink.text]]) {
    pen.beginPath();
    pen.arc(cx, cy, 9, 0, 2 * Math.PI);
    for (const [dx, dy] of [[1, 0], [-1, 0], [0, 1], [0, -1]]) {
      pen.moveTo(cx + 9 * dx, cy + 9 * dy);
      pen.lineTo(cx + 16 * dx, cy + 16 * dy);
    }
    pen.lineWidth = width;
    pen.strokeStyle = colour;
    pen.stroke();
  }
  pen.lineWidth = 1;
}

function drawStar(plot, [cx, cy], text) {
  const { pen, ink } = plot;
  pen.beginPath();
  for (let i = 0; i < 10; i++) {
    const radius = i % 2 ? 5 : 12;
    const turn = (i * Math.PI) / 5 - Math.PI / 2;
    pen.lineTo(cx + radius * Math.cos(turn), cy + radius * Math.sin(turn));
  }
  pen.closePath();
  pen.fillStyle = ink.primary;
  pen.strokeStyle = ink.page;
  pen.lineWidth = 2;
  pen.stroke();
  pen.fill();
  pen.lineWidth = 1;
  pen.font = `bold ${12 * letters()}px ${getComputedStyle(pen.canvas).fontFamily}`;
  pen.textAlign = "center";
  written(plot, text, cx + 15, cy - 6);
}

// Digits in place of some dots, as many as fit without covering each other.
function drawSprites(state) {
  const { plot, atlas, labels } = state;
  if (!atlas) return;
  const { pen } = plot;
  pen.imageSmoothingEnabled = false;
  const drawn = [];
  const room = SPRITE + 5;
  for (let i = 0; i < labels.length; i++) {
    if (state.hidden.has(labels[i])) continue;
    const [x, y] = place(state, i);
    if (drawn.some(([u, v]) => Math.abs(u - x) < room && Math.abs(v - y) < room)) continue;
    const [left, top] = [Math.round(x - SPRITE / 2), Math.round(y - SPRITE / 2)];
    if (left < plot.x(0) || left + SPRITE > plot.x(1) || top < plot.y(1) || top + SPRITE > plot.y(0)) continue;
    drawn.push([x, y]);
    pen.fillStyle = state.colourOf(i);
    pen.fillRect(left - 2, top - 2, SPRITE + 4, SPRITE + 4);
    pen.drawImage(atlas, ...tileOf(state, i), SPRITE, SPRITE, left, top, SPRITE, SPRITE);
  }
}

function tileOf({ data: { atlas } }, index) {
  return [(index % atlas.columns) * SPRITE, Math.floor(index / atlas.columns) * SPRITE];
}

// All pictures in one file, fetched once.
function fetchAtlas(state) {
  const { atlas } = state.data;
  if (!atlas?.url || state.atlasUrl === atlas.url) return;
  state.atlasUrl = atlas.url;
  state.atlas = null;
  fetch(atlas.url)
    .then((answer) => (answer.ok ? answer.blob() : Promise.reject(answer.status)))
    .then((file) => createImageBitmap(new Blob([file], { type: "image/png" })))
    .then(
      (image) => {
        if (state.atlasUrl !== atlas.url) return;
        state.atlas = image;
        state.canvas.dataset.atlas = "ready";
        if (state.data.sprites) drawAnew(state);
      },
      () => (state.atlasUrl = null), // without it there are dots and words; the next run asks again
    );
}

function showBox(state) {
  const { data, find, drag } = state;
  find(".clear").hidden = !data.box;
  const box = find(".box");
  box.hidden = !drag && !data.box;
  if (box.hidden || !state.plot) return;
  const [a, b] = drag ? [drag.slice(0, 2), drag.slice(2)] : [pixel(state, data.box), pixel(state, data.box.slice(2))];
  const clamp = (v) => Math.max(0, Math.min(state.plot.side, v));
  const [left, right] = [clamp(Math.min(a[0], b[0])), clamp(Math.max(a[0], b[0]))];
  const [top, bottom] = [clamp(Math.min(a[1], b[1])), clamp(Math.max(a[1], b[1]))];
  Object.assign(box.style, { left: `${left}px`, top: `${top}px`, width: `${right - left}px`, height: `${bottom - top}px` });
}

// Where a picture's dot, star or place is, in pixels.
function place(state, index) {
  const mark = state.data.marks.find((m) => m.index === index);
  if (mark) return pixel(state, mark.at);
  if (index >= state.labels.length) return pixel(state, state.data.at);
  return [state.plot.x(state.dots[2 * index] / 65535), state.plot.y(state.dots[2 * index + 1] / 65535)];
}

function tell(state, index, pointer = null) {
  const { data, find, atlas } = state;
  const peek = find(".peek");
  peek.hidden = !pointer || !atlas || index === null || index >= state.labels.length;
  if (index === null) return;
  const mark = data.marks.find((m) => m.index === index);
  if (mark) find(".status").textContent = mark.name;
  else if (index < state.labels.length) find(".status").textContent = `${data.classes[state.labels[index]]}, number ${index} in the gallery`;
  else find(".status").textContent = `Number ${index} in the gallery, placed where its neighbours are`;
  if (peek.hidden) return;
  const pen = peek.getContext("2d");
  pen.drawImage(atlas, ...tileOf(state, index), SPRITE, SPRITE, 0, 0, SPRITE, SPRITE);
  const [x, y] = pointer;
  peek.style.left = `${x < state.plot.side / 2 ? x + 16 : x - 16 - 3 * SPRITE}px`;
  peek.style.top = `${y < state.plot.side / 2 ? y + 16 : y - 16 - 3 * SPRITE}px`;
}

// The visible dot or star closest to a point of the canvas, or null if none is within 25 pixels.
function nearest(state, px, py) {
  if (!state.plot) return null;
  for (const mark of state.data.marks) {
    const [x, y] = pixel(state, mark.at);
    if ((x - px) ** 2 + (y - py) ** 2 < 10 * 10) return mark.index; // a star lies on top of the dots
  }
  return nearestDot(state, px, py);
}

// The closest visible dot in a direction, within 45 degrees of it.
function neighbour(state, [dx, dy]) {
  let best = null;
  let least = Infinity;
  const [x0, y0] = place(state, state.digit);
  for (let i = 0; i < state.labels.length; i++) {
    if (i === state.digit || state.hidden.has(state.labels[i])) continue;
    const x = state.plot.x(state.dots[2 * i] / 65535) - x0;
    const y = y0 - state.plot.y(state.dots[2 * i + 1] / 65535);
    const along = x * dx + y * dy;
    const d = x * x + y * y;
    if (along > 0 && 2 * along * along >= d && d < least) [best, least] = [i, d];
  }
  return best;
}
