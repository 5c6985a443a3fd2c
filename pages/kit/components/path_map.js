// The codes, a path among them, and its ends. A click, tap or arrow key makes a dot the end A or B: Python then sends a new
// path. While the step player runs, a marker shows where on the path it is.
const kept = new WeakMap();

export default function ({ parentElement, data, setTriggerValue }) {
  const canvas = parentElement.querySelector("canvas.dots");
  let state = kept.get(canvas);
  if (!state) {
    state = { hidden: new Set(), end: "A", t: null };
    kept.set(canvas, state);
    redrawWhenNeeded(canvas, () => draw(state));
    const follow = (event) => {
      if (!canvas.isConnected) return window.removeEventListener("vae_classroom.step", follow);
      state.t = event.detail;
      drawPath(state);
    };
    window.addEventListener("vae_classroom.step", follow);
  }
  const fresh = state.source !== data.dots;
  if (fresh) {
    state.source = data.dots;
    state.dots = words(data.dots);
    state.labels = bytes(data.labels);
  }
  Object.assign(state, { canvas, frame: data.frame, names: data.classes, colour: data.colour });
  state.path = words(data.path);
  state.overlay = parentElement.querySelector("canvas.path");
  state.status = parentElement.querySelector(".status");
  canvas.setAttribute("aria-label", data.alt);

  const choose = (index) => {
    if (index !== null) setTriggerValue("chosen", { end: state.end, index });
  };
  canvas.onclick = (event) => choose(nearestDot(state, event.offsetX, event.offsetY));
  canvas.onpointermove = (event) => tell(state, nearestDot(state, event.offsetX, event.offsetY));
  canvas.onpointerleave = () => tell(state, null);
  canvas.onkeydown = (event) => {
    const way = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, 1], ArrowDown: [0, -1] }[event.key];
    if (!way) return;
    event.preventDefault();
    choose(neighbour(state, way));
  };
  const buttons = [...parentElement.querySelectorAll(".ends button")];
  const press = () => buttons.forEach((b) => b.setAttribute("aria-pressed", String(b.dataset.end === state.end)));
  for (const button of buttons)
    button.onclick = () => {
      state.end = button.dataset.end;
      press();
      tell(state, null);
    };
  press();
  legend(parentElement.querySelector(".legend"), state.names, inks(canvas), state.hidden, () => draw(state));
  if (fresh) draw(state);
  else drawPath(state);
  tell(state, null);
}

function draw(state) {
  if (!state.canvas?.clientWidth) return;
  const plot = plotOf(state.canvas, state.frame);
  state.plot = plot;
  drawDots(plot, state.dots, state.labels, state.hidden, plot.side < 400 ? 1.4 : 2);
  drawNames(plot, state.dots, state.labels, state.names, state.hidden);
  drawPath(state);
}

// On a canvas of its own, so that the marker moves without 5,000 dots being drawn again.
function drawPath(state) {
  const { canvas, overlay, plot, path } = state;
  if (!plot) return;
  if (overlay.width !== canvas.width) overlay.width = overlay.height = canvas.width;
  const pen = overlay.getContext("2d");
  const ink = inks(canvas);
  const ratio = canvas.width / canvas.clientWidth;
  pen.setTransform(ratio, 0, 0, ratio, 0, 0);
  pen.clearRect(0, 0, plot.side, plot.side);
  const count = path.length / 2;
  const at = (i) => [plot.x(path[2 * i] / 65535), plot.y(path[2 * i + 1] / 65535)];
  pen.lineJoin = pen.lineCap = "round";
  for (const [width, colour] of [[6, ink.page], [3, ink.text]]) {
    pen.beginPath();
    for (let i = 0; i < count; i++) pen.lineTo(...at(i));
    pen.lineWidth = width;
    pen.strokeStyle = colour;
    pen.stroke();
  }
  const disc = ([x, y], radius, fill, edge) => {
    pen.beginPath();
    pen.arc(x, y, radius, 0, 2 * Math.PI);
    pen.fillStyle = fill;
    pen.fill();
    pen.lineWidth = 2;
    pen.strokeStyle = edge;
    pen.stroke();
  };
  if (state.t !== null) disc(at(Math.round(state.t * (count - 1))), 6, state.colour, ink.page);
  pen.font = `bold ${13 * letters()}px ${getComputedStyle(canvas).fontFamily}`;
  pen.textAlign = "center";
  for (const [name, i] of [["A", 0], ["B", count - 1]]) {
    const [x, y] = at(i);
    disc([x, y], 10 * letters(), ink.page, ink.text);
    pen.fillStyle = ink.text;
    pen.fillText(name, x, y + 5 * letters());
  }
}

function tell(state, index) {
  state.status.textContent =
    index === null
      ? `Click a dot, or walk with the arrow keys: it becomes end ${state.end}.`
      : `${state.names[state.labels[index]]}, number ${index} in the gallery: a click makes it end ${state.end}.`;
}

// The closest visible dot beyond the end that is being chosen, within 45 degrees of a direction.
function neighbour(state, [dx, dy]) {
  let best = null;
  let least = Infinity;
  const end = state.end === "A" ? 0 : state.path.length - 2;
  const [x0, y0] = [state.path[end], state.path[end + 1]];
  for (let i = 0; i < state.labels.length; i++) {
    if (state.hidden.has(state.labels[i])) continue;
    const [x, y] = [state.dots[2 * i] - x0, state.dots[2 * i + 1] - y0];
    const along = x * dx + y * dy;
    const d = x * x + y * y;
    if (along > 0 && 2 * along * along >= d && d < least) [best, least] = [i, d];
  }
  return best;
}
