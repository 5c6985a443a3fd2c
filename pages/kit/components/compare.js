// One cursor over one or more planes of latent space; each plane's decoder draws what lies under it, here in the browser.
const kept = new WeakMap();

export default function ({ parentElement, data, setStateValue }) {
  const root = parentElement.querySelector(".planes");
  let state = kept.get(root);
  if (!state) kept.set(root, (state = { root, frame: 0, frames: 0, networks: new Map(), planes: [] }));
  state.report = () => setStateValue("cursor", state.cursor.map((v) => Number(v.toFixed(4))));
  const ids = data.planes.map((plane) => plane.id).join();
  if (state.ids !== ids) adopt(state, data, ids);
  if (state.turn !== data.turn) {
    state.turn = data.turn; // Python has moved the cursor
    state.cursor = data.cursor.slice();
    state.hover = null;
  }
  state.data = data;
  state.planes.forEach((plane, i) => {
    plane.data = data.planes[i]; // where the other dimensions stand may have moved
    plane.canvas.setAttribute("aria-label", plane.data.alt);
    wire(state, plane);
  });
  ask(state);
}

// Other planes: their places on the page, their codes, their networks.
function adopt(state, data, ids) {
  state.ids = ids;
  state.root.classList.toggle("one", data.planes.length === 1);
  state.planes = data.planes.map((given) => {
    const element = document.createElement("article");
    const make = (tag, name) => element.appendChild(Object.assign(document.createElement(tag), { className: name }));
    if (given.title) make("h4", "").textContent = given.title;
    const plane = { canvas: make("canvas", "dots"), out: make("canvas", "out"), said: make("p", "said"), element, data: given };
    Object.assign(plane.canvas, { tabIndex: 0 }).setAttribute("role", "application");
    Object.assign(plane.out, { width: 28, height: 28 }).setAttribute("role", "img");
    plane.said.setAttribute("aria-live", "polite");
    plane.dots = words(given.dots);
    plane.labels = bytes(given.labels);
    if (given.density) plane.density = painted(bytes(given.density), data.colour);
    return plane;
  });
  state.root.replaceChildren(...state.planes.map((plane) => plane.element));
  for (const plane of state.planes) {
    const { version, weights } = plane.data;
    redrawWhenNeeded(plane.canvas, () => {
      plane.backdrop = null;
      ask(state);
    });
    if (!state.networks.has(version)) state.networks.set(version, fetchNetwork(weights));
    state.networks.get(version).then(
      (network) => {
        plane.network = network;
        ask(state);
      },
      () => {
        state.networks.delete(version);
        plane.said.textContent = "The decoder could not be loaded. Reload the page.";
      },
    );
  }
}

// A square of bytes, the top row first, as a picture of one colour that covers more where the byte is larger.
function painted(values, colour) {
  const side = Math.sqrt(values.length);
  const picture = new OffscreenCanvas(side, side);
  const pen = picture.getContext("2d");
  const image = pen.createImageData(side, side);
  const [red, green, blue] = [1, 3, 5].map((at) => parseInt(colour.slice(at, at + 2), 16));
  values.forEach((value, i) => image.data.set([red, green, blue, value], 4 * i));
  pen.putImageData(image, 0, 0);
  return picture;
}

// Hovering moves the cursor for as long as it lasts; dragging, a tap or the arrow keys take it along.
function wire(state, plane) {
  const { canvas } = plane;
  const clamp = (v) => Math.max(-state.data.limit, Math.min(state.data.limit, v));
  const there = (event) => [plane.valueX(event.offsetX), plane.valueY(event.offsetY)].map(clamp);
  canvas.onpointerdown = (event) => {
    if (!plane.valueX) return;
    canvas.setPointerCapture(event.pointerId);
    state.held = true;
    state.cursor = there(event);
    state.hover = null;
    ask(state);
  };
  canvas.onpointermove = (event) => {
    if (!plane.valueX) return;
    if (state.held) state.cursor = there(event);
    else if (event.pointerType === "mouse") state.hover = there(event);
    ask(state);
  };
  canvas.onpointerup = canvas.onpointercancel = () => {
    if (!state.held) return;
    state.held = false;
    state.report();
  };
  canvas.onpointerleave = () => {
    state.hover = null;
    ask(state);
  };
  canvas.onkeydown = (event) => {
    const way = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, 1], ArrowDown: [0, -1] }[event.key];
    if (!way) return;
    event.preventDefault();
    const step = state.data.limit / (event.shiftKey ? 10 : 50);
    state.cursor = state.cursor.map((v, axis) => clamp(v + step * way[axis]));
    ask(state);
  };
  canvas.onkeyup = (event) => event.key.startsWith("Arrow") && state.report();
}

// Draw before the next frame, once however much has moved.
function ask(state) {
  state.frame ||= requestAnimationFrame(() => {
    state.frame = 0;
    const cursor = state.hover ?? state.cursor;
    state.planes.forEach((plane) => show(state, plane, cursor));
    if (!state.planes.every((plane) => plane.network && plane.backdrop)) return;
    state.root.dataset.cursor = JSON.stringify(cursor);
    state.root.dataset.frames = ++state.frames;
  });
}

function show(state, plane, cursor) {
  const { canvas, network, data } = plane;
  if (!canvas.clientWidth) return;
  if (!plane.backdrop) drawBackdrop(state, plane);
  const { pen, ink, x, y } = plane.plot;
  pen.save();
  pen.setTransform(1, 0, 0, 1, 0, 0);
  pen.clearRect(0, 0, canvas.width, canvas.height);
  pen.drawImage(plane.backdrop, 0, 0);
  pen.restore();
  const share = (v) => (v + state.data.limit) / (2 * state.data.limit);
  const [cx, cy] = [x(share(cursor[0])), y(share(cursor[1]))];
  for (const [radius, colour] of [[8, ink.page], [6, state.data.colour]]) {
    pen.fillStyle = colour;
    pen.beginPath();
    pen.arc(cx, cy, radius, 0, 2 * Math.PI);
    pen.fill();
  }
  if (!network) return;
  const z = Float32Array.from(data.origin);
  data.dims.forEach((dim, axis) => (z[dim] = data.centre[axis] + data.scale[axis] * cursor[axis]));
  const logits = runNetwork(network, z, state.data.label);
  // A linear decoder's grey values know no limits; black and white are the limits of what can be shown.
  const grey = network.likelihood === "linear" ? logits.map((v) => Math.min(1, Math.max(0, v))) : pixelMeans(logits, network.likelihood);
  const out = plane.out.getContext("2d");
  const image = (plane.image ??= out.createImageData(28, 28));
  grey.forEach((v, i) => {
    image.data[4 * i] = image.data[4 * i + 1] = image.data[4 * i + 2] = Math.round(255 * v);
    image.data[4 * i + 3] = 255;
  });
  out.putImageData(image, 0, 0);
  const written = data.dims.map((dim) => `${data.symbol}${dim + 1} = ${z[dim].toFixed(2).replace("-", "−")}`).join(", ");
  plane.said.textContent = written;
  plane.out.setAttribute("aria-label", `Decoded from ${written}`);
  plane.element.dataset.z = JSON.stringify(data.dims.map((dim) => z[dim]));
}

// What stays while the cursor moves: axes, density, codes, and the circles of N(0, I) at 1 and 2 standard deviations.
function drawBackdrop(state, plane) {
  const { canvas, data } = plane;
  const { limit } = state.data;
  const plot = plotOf(canvas, { low: [-limit, -limit], high: [limit, limit], titles: data.titles });
  const { pen, ink, x, y } = plot;
  if (plane.density) pen.drawImage(plane.density, x(0), y(1), x(1) - x(0), y(0) - y(1));
  else drawDots(plot, plane.dots, plane.labels, new Set(), plot.side < 280 ? 1.1 : 1.6);
  drawNames(plot, plane.dots, plane.labels, state.data.classes, new Set());
  pen.save();
  pen.beginPath();
  pen.rect(x(0), y(1), x(1) - x(0), y(0) - y(1));
  pen.clip();
  pen.strokeStyle = ink.text;
  pen.setLineDash([4, 3]);
  const unit = (x(1) - x(0)) / (2 * limit);
  for (const k of [1, 2]) {
    pen.beginPath();
    const [cx, cy] = [x(0.5 - data.centre[0] / data.scale[0] / (2 * limit)), y(0.5 - data.centre[1] / data.scale[1] / (2 * limit))];
    pen.ellipse(cx, cy, (k * unit) / data.scale[0], (k * unit) / data.scale[1], 0, 0, 2 * Math.PI);
    pen.stroke();
  }
  pen.restore();
  plane.valueX = (px) => ((px - x(0)) / (x(1) - x(0))) * 2 * limit - limit;
  plane.valueY = (py) => ((py - y(0)) / (y(1) - y(0))) * 2 * limit - limit;
  plane.plot = plot;
  plane.backdrop = new OffscreenCanvas(canvas.width, canvas.height);
  plane.backdrop.getContext("2d").drawImage(canvas, 0, 0);
}
