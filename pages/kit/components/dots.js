// Dots on a canvas with axes: shared by the scatter and by the training player, in front of whose code Python puts it.

// Bytes from base64, as unsigned 16-bit or 8-bit numbers.
function bytes(text) {
  return Uint8Array.from(atob(text), (c) => c.charCodeAt(0));
}
function words(text) {
  return new Uint16Array(bytes(text).buffer);
}

// Colours as the page's theme has them at this moment.
function inks(element) {
  const style = getComputedStyle(element);
  const ink = (name) => style.getPropertyValue(name).trim();
  return {
    text: ink("--st-text-color"),
    page: ink("--st-background-color"),
    line: ink("--st-border-color"),
    primary: ink("--st-primary-color"),
    classes: ink("--st-chart-categorical-colors").split(","),
    sequence: ink("--st-chart-sequential-colors").split(","),
  };
}

// A plot of `frame` = {low: [x, y], high: [x, y], titles: [x, y] or null, equal: same scale on both axes}.
// `dots` = words x, y, x, y, ... as shares of the frame; `labels` = the class of each dot.
function plotOf(canvas, frame) {
  const side = canvas.clientWidth;
  const ratio = window.devicePixelRatio || 1;
  if (canvas.width !== Math.round(side * ratio)) canvas.width = canvas.height = Math.round(side * ratio);
  const pen = canvas.getContext("2d");
  pen.setTransform(ratio, 0, 0, ratio, 0, 0);
  pen.clearRect(0, 0, side, side);
  const em = letters();
  const margin = frame.titles
    ? { left: 40 * em, bottom: 38 * em, top: 6, right: 6 }
    : { left: 4, bottom: 4, top: 4, right: 4 };
  const width = side - margin.left - margin.right;
  const height = side - margin.top - margin.bottom;
  const x = (share) => margin.left + share * width;
  const y = (share) => margin.top + (1 - share) * height;
  const ink = inks(canvas);
  pen.strokeStyle = ink.line;
  pen.strokeRect(margin.left, margin.top, width, height);
  if (frame.titles) {
    pen.fillStyle = ink.text;
    pen.font = `${12.8 * em}px ${getComputedStyle(canvas).fontFamily}`;
    const share = (value, axis) => (value - frame.low[axis]) / (frame.high[axis] - frame.low[axis]);
    for (const axis of [0, 1]) {
      for (const value of ticks(frame.low[axis], frame.high[axis])) {
        const text = String(value).replace("-", "−");
        if (axis === 0) {
          pen.textAlign = "center";
          pen.fillText(text, x(share(value, 0)), side - 22 * em);
        } else {
          pen.textAlign = "right";
          pen.fillText(text, margin.left - 4, y(share(value, 1)) + 4 * em);
        }
      }
    }
    pen.textAlign = "center";
    pen.fillText(frame.titles[0], margin.left + width / 2, side - 5 * em);
    pen.save();
    pen.translate(11 * em, margin.top + height / 2);
    pen.rotate(-Math.PI / 2);
    pen.fillText(frame.titles[1], 0, 0);
    pen.restore();
  }
  return { pen, ink, x, y, side };
}

// How much larger letters are than usual: a presentation enlarges the page's root. Those on axes are 12.8 pixels high, as in
// the player's charts, and so 17 in a lecture hall.
function letters() {
  return parseFloat(getComputedStyle(document.documentElement).fontSize) / 16;
}

function ticks(low, high) {
  const rough = (high - low) / 5;
  const power = 10 ** Math.floor(Math.log10(rough));
  const step = [1, 2, 5, 10].map((m) => m * power).find((s) => s >= rough);
  const values = [];
  for (let v = Math.ceil(low / step) * step; v <= high; v += step) values.push(Number(v.toFixed(6)));
  return values;
}

// Dots of one group have one colour; the groups are the classes if no others are given. The rarest lies on top.
function drawDots({ pen, ink, x, y }, dots, labels, hidden, radius, groups = labels, colours = ink.classes) {
  pen.globalAlpha = 0.75;
  const counts = [];
  for (const group of groups) counts[group] = (counts[group] ?? 0) + 1;
  const order = Object.keys(counts).map(Number);
  if (groups !== labels) order.sort((a, b) => counts[b] - counts[a]);
  for (const group of order) {
    pen.fillStyle = colours[group % colours.length];
    pen.beginPath();
    for (let i = 0; i < labels.length; i++) {
      if (groups[i] !== group || hidden.has(labels[i])) continue;
      const cx = x(dots[2 * i] / 65535);
      const cy = y(dots[2 * i + 1] / 65535);
      pen.moveTo(cx + radius, cy);
      pen.arc(cx, cy, radius, 0, 2 * Math.PI);
    }
    pen.fill();
  }
  pen.globalAlpha = 1;
}

// The name of each class in the middle of its dots, so that nobody needs to tell hues apart.
function drawNames({ pen, ink, x, y }, dots, labels, names, hidden) {
  const middle = (values) => values.sort((a, b) => a - b)[values.length >> 1];
  const size = 14 * letters();
  pen.font = `bold ${size}px ${getComputedStyle(pen.canvas).fontFamily}`;
  pen.textAlign = "center";
  const places = [];
  names.forEach((name, label) => {
    if (hidden.has(label)) return;
    const xs = [];
    const ys = [];
    labels.forEach((l, i) => {
      if (l === label) {
        xs.push(dots[2 * i]);
        ys.push(dots[2 * i + 1]);
      }
    });
    if (!xs.length) return;
    places.push({ name, x: x(middle(xs) / 65535), y: y(middle(ys) / 65535) + 5, half: pen.measureText(name).width / 2 });
  });
  for (const place of apart(places, size)) written({ pen, ink }, place.name, place.x, place.y);
}

// Names at {x, y} pixels, `half` as wide to each side and `height` high, so that none covers another: from above downwards,
// each where it belongs or below those that are there already.
function apart(names, height) {
  const placed = [];
  for (const name of [...names].sort((a, b) => a.y - b.y)) {
    let { y } = name;
    const hits = (other) => Math.abs(other.x - name.x) < other.half + name.half && Math.abs(other.y - y) < height;
    while (placed.some(hits)) y += 0.25 * height;
    placed.push({ ...name, y });
  }
  return placed;
}

// How many times larger a lens of this radius shows what is `size` pixels, so that it still fits.
function magnification(size, radius) {
  return [2, 5, 10, 20, 50, 100, 200, 500, 1000].findLast((times) => size * times <= 0.8 * radius) ?? 1;
}

// Text that stays readable on dots.
function written({ pen, ink }, text, x, y) {
  pen.lineWidth = 4;
  pen.strokeStyle = ink.page;
  pen.strokeText(text, x, y);
  pen.fillStyle = ink.text;
  pen.fillText(text, x, y);
  pen.lineWidth = 1;
}

// A row of buttons that hide and show classes.
function legend(place, names, ink, hidden, changed) {
  const shown = names.join("\n");
  if (place.dataset.names === shown) return;
  place.dataset.names = shown;
  hidden.clear();
  place.replaceChildren();
  names.forEach((name, label) => {
    const button = document.createElement("button");
    button.type = "button";
    button.title = `Hide or show ${name}`;
    const swatch = document.createElement("i");
    swatch.style.background = ink.classes[label % ink.classes.length];
    button.append(swatch, name);
    const show = () => button.setAttribute("aria-pressed", String(!hidden.has(label)));
    button.onclick = () => {
      hidden.has(label) ? hidden.delete(label) : hidden.add(label);
      show();
      changed();
    };
    show();
    place.append(button);
  });
}

// The visible dot closest to a point of the canvas, or null if none is within 25 pixels.
function nearestDot({ plot, dots, labels, hidden }, px, py) {
  let best = null;
  let least = 25 * 25;
  for (let i = 0; i < labels.length; i++) {
    if (hidden.has(labels[i])) continue;
    const x = plot.x(dots[2 * i] / 65535);
    const y = plot.y(dots[2 * i + 1] / 65535);
    const d = (x - px) ** 2 + (y - py) ** 2;
    if (d < least) [best, least] = [i, d];
  }
  return best;
}

// Call `draw` when the canvas changes its size and when the theme changes.
function redrawWhenNeeded(canvas, draw) {
  new ResizeObserver(draw).observe(canvas);
  // Streamlit does not call a component when the theme changes, but its variables do: a transition on one of them tells.
  canvas.style.transition = "border-top-color 1ms";
  canvas.style.borderTopColor = "var(--st-text-color)";
  canvas.ontransitionend = draw;
}
