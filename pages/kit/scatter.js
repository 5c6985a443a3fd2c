// 5,000 dots; click, tap or arrow keys choose one. The chosen dot is Python's: `data.digit` says which.
const kept = new WeakMap();

export default function ({ parentElement, data, setStateValue }) {
  const canvas = parentElement.querySelector("canvas");
  let state = kept.get(canvas);
  if (!state) {
    state = { hidden: new Set() };
    kept.set(canvas, state);
    redrawWhenNeeded(canvas, () => draw(state));
  }
  if (state.source !== data.dots) {
    state.source = data.dots;
    state.dots = words(data.dots);
    state.labels = bytes(data.labels);
  }
  state.canvas = canvas;
  state.frame = data.frame;
  state.names = data.classes;
  state.digit = data.digit;
  state.status = parentElement.querySelector(".status");
  canvas.setAttribute("aria-label", data.alt);

  const choose = (index) => {
    if (index === null || index === state.digit) return;
    state.digit = index;
    draw(state);
    setStateValue("index", index);
  };
  canvas.onclick = (event) => choose(nearest(state, event.offsetX, event.offsetY));
  canvas.onpointermove = (event) => tell(state, nearest(state, event.offsetX, event.offsetY));
  canvas.onpointerleave = () => tell(state, state.digit);
  canvas.onkeydown = (event) => {
    const way = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, 1], ArrowDown: [0, -1] }[event.key];
    if (!way) return;
    event.preventDefault();
    choose(neighbour(state, way));
  };
  legend(parentElement.querySelector(".legend"), state.names, inks(canvas), state.hidden, () => draw(state));
  draw(state);
}

function draw(state) {
  if (!state.canvas.clientWidth) return;
  const plot = plotOf(state.canvas, state.frame);
  state.plot = plot;
  drawDots(plot, state.dots, state.labels, state.hidden, plot.side < 400 ? 1.4 : 2);
  drawNames(plot, state.dots, state.labels, state.names, state.hidden);
  const { pen, ink } = plot;
  const [cx, cy] = place(state, state.digit);
  for (const [width, colour] of [[5, ink.page], [2.5, ink.text]]) {
    pen.beginPath();
    pen.arc(cx, cy, 7, 0, 2 * Math.PI);
    pen.lineWidth = width;
    pen.strokeStyle = colour;
    pen.stroke();
  }
  pen.lineWidth = 1;
  tell(state, state.digit);
}

function place(state, index) {
  return [state.plot.x(state.dots[2 * index] / 65535), state.plot.y(state.dots[2 * index + 1] / 65535)];
}

function tell(state, index) {
  if (index !== null) state.status.textContent = `${state.names[state.labels[index]]}, number ${index} in the gallery`;
}

// The visible dot closest to a point of the canvas, or null if none is within 25 pixels.
function nearest(state, px, py) {
  let best = null;
  let least = 25 * 25;
  for (let i = 0; i < state.labels.length; i++) {
    if (state.hidden.has(state.labels[i])) continue;
    const [x, y] = place(state, i);
    const d = (x - px) ** 2 + (y - py) ** 2;
    if (d < least) [best, least] = [i, d];
  }
  return best;
}

// The closest visible dot in a direction, within 45 degrees of it.
function neighbour(state, [dx, dy]) {
  let best = null;
  let least = Infinity;
  const [x0, y0] = [state.dots[2 * state.digit], state.dots[2 * state.digit + 1]];
  for (let i = 0; i < state.labels.length; i++) {
    if (i === state.digit || state.hidden.has(state.labels[i])) continue;
    const [x, y] = [state.dots[2 * i] - x0, state.dots[2 * i + 1] - y0];
    const along = x * dx + y * dy;
    const d = x * x + y * y;
    if (along > 0 && 2 * along * along >= d && d < least) [best, least] = [i, d];
  }
  return best;
}
