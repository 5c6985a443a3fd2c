// A point of latent space under the reader's hand, decoded here: pad, sliders and picture move as one, without the server.
const REACH = 3; // sliders and keys go from -3 to 3 under the prior; without one, as far as the plane
const kept = new WeakMap();

export default function ({ parentElement, data, setStateValue }) {
  const root = parentElement.querySelector(".live");
  let state = kept.get(root);
  if (!state) {
    state = { root, find: (name) => root.querySelector(name), pad: root.querySelector("canvas.dots"), hidden: new Set() };
    Object.assign(state, { frame: 0, frames: 0, resting: 0 });
    kept.set(root, state);
    redrawWhenNeeded(state.pad, () => {
      repaint(state);
    });
  }
  const { find } = state;
  state.report = () => {
    setStateValue("z", Array.from(state.z, (v) => Number(v.toFixed(4))));
    if (data.conditional) setStateValue("label", state.label);
    setStateValue("view", { dims: state.dims, probability: find(".probability").checked });
  };
  if (state.version !== data.version) adopt(state, data);
  wire(state);
  ask(state);
}

// Another model: its network, its codes on the pad, its sliders.
function adopt(state, data) {
  state.version = data.version;
  state.data = data;
  load(state);
  state.codes = bytes(data.codes);
  state.labels = bytes(data.labels);
  state.z = Float32Array.from(data.start);
  state.label = data.label;
  state.pressed = null;
  state.hover = null;
  state.dims = data.dims.slice();
  state.backdrop = null;
  const { find } = state;
  state.reach = data.prior ? REACH : data.limit;
  find(".label").hidden = !data.conditional;
  find(".of-prior").hidden = !data.prior;
  find(".probability").checked = data.probability;
  find(".axes").hidden = data.latent_dim === 2;
  for (const [name, at] of [[".right", 0], [".up", 1]]) {
    find(name).replaceChildren(...data.order.map((i) => new Option(`z${i + 1}`, i, false, i === state.dims[at])));
  }
  find(".sliders").replaceChildren(
    ...state.z.keys().map((i) => {
      const row = document.createElement("label");
      row.classList.toggle("unused", !data.active[i]);
      row.title = data.active[i] ? "" : "The model hardly uses this dimension.";
      const slider = Object.assign(document.createElement("input"), { type: "range" });
      slider.setAttribute("aria-label", `z${i + 1}`);
      row.append(`z${i + 1}`, slider, document.createElement("output"));
      return row;
    }),
  );
  state.rows = Array.from(find(".sliders").children, (row) => ({ slider: row.children[0], output: row.children[1] }));
  find(".labels").replaceChildren(
    ...(data.conditional ? data.classes : []).map((name) => {
      const button = Object.assign(document.createElement("button"), { type: "button", textContent: name });
      button.setAttribute("role", "radio");
      return button;
    }),
  );
  setScale(state);
}

// Fetch the network; say what is going on until it is there, and what to do if it never comes.
function load(state) {
  const { find, data, root } = state;
  state.network = null;
  root.setAttribute("aria-busy", "true");
  find(".again").hidden = true;
  find(".said").textContent = `Loading the decoder, ${Math.ceil(data.size / 1000)} kB…`;
  fetchNetwork(data.weights).then(
    (network) => {
      if (state.data !== data) return; // another model came meanwhile
      root.removeAttribute("aria-busy");
      state.network = network;
      ask(state);
    },
    () => {
      if (state.data !== data) return;
      root.removeAttribute("aria-busy");
      find(".again").hidden = false;
      find(".said").textContent =
        "The decoder did not arrive: the server is out of reach, or was restarted. Try again, or reload the page.";
    },
  );
}

// The sliders' scale: values of z, or probabilities of the standard normal.
function setScale(state) {
  state.asProbability = state.find(".probability").checked;
  for (const row of state.rows) {
    const [low, high, step] = state.asProbability ? [0.05, 0.95, 0.005] : [-state.reach, state.reach, state.reach / 150];
    Object.assign(row.slider, { min: low, max: high, step });
    row.value = null; // to be written again
  }
}

function wire(state) {
  const { find, pad } = state;
  find(".again").onclick = () => load(state);
  find(".probability").onchange = () => {
    setScale(state);
    ask(state);
    state.report();
  };
  find(".centre").onclick = () => {
    state.z.fill(0);
    ask(state);
    state.report();
  };
  for (const [name, at] of [[".right", 0], [".up", 1]]) {
    find(name).onchange = (event) => {
      const chosen = Number(event.target.value);
      if (state.dims[1 - at] === chosen) state.dims[1 - at] = state.dims[at]; // the two change places
      state.dims[at] = chosen;
      [find(".right").value, find(".up").value] = state.dims;
      repaint(state);
      state.report();
    };
  }
  state.rows.forEach(({ slider }, i) => {
    slider.oninput = () => {
      state.z[i] = state.asProbability ? quantile(Number(slider.value)) : Number(slider.value);
      ask(state);
    };
    slider.onchange = state.report;
    slider.onkeydown = (event) => {
      const way = { ArrowLeft: -1, ArrowDown: -1, ArrowRight: 1, ArrowUp: 1 }[event.key];
      if (!way || !event.shiftKey) return; // the browser's own small step
      event.preventDefault();
      state.z[i] = Math.max(-state.reach, Math.min(state.reach, state.z[i] + (state.reach / 6) * way));
      ask(state);
      state.report();
    };
  });
  find(".labels").querySelectorAll("button").forEach((button, label) => {
    button.onclick = () => {
      state.label = label;
      ask(state);
      state.report();
    };
  });
  // The pad: hovering decodes what lies under the pointer, dragging or tapping takes the point there.
  const there = (event) => {
    const { plot } = state;
    const z = state.z.slice();
    z[state.dims[0]] = clampTo(state, plot.valueX(event.offsetX));
    z[state.dims[1]] = clampTo(state, plot.valueY(event.offsetY));
    return z;
  };
  pad.onpointerdown = (event) => {
    pad.setPointerCapture(event.pointerId);
    state.held = true;
    state.z = there(event);
    state.hover = null;
    ask(state);
  };
  pad.onpointermove = (event) => {
    if (state.held) state.z = there(event);
    else if (event.pointerType === "mouse") state.hover = there(event);
    ask(state);
  };
  pad.onpointerup = pad.onpointercancel = () => {
    if (!state.held) return;
    state.held = false;
    state.report();
  };
  pad.onpointerleave = () => {
    state.hover = null;
    ask(state);
  };
  pad.onkeydown = (event) => {
    const way = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, 1], ArrowDown: [0, -1] }[event.key];
    if (!way) return;
    event.preventDefault();
    const step = state.reach / (event.shiftKey ? 6 : 30);
    state.dims.forEach((dim, axis) => (state.z[dim] = clampTo(state, state.z[dim] + step * way[axis])));
    ask(state);
  };
  pad.onkeyup = (event) => event.key.startsWith("Arrow") && state.report();
}

const clampTo = ({ data }, v) => Math.max(-data.limit, Math.min(data.limit, v));

// Draw before the next frame, once however much has moved.
function ask(state) {
  state.frame ||= requestAnimationFrame(() => {
    state.frame = 0;
    show(state);
  });
}

// The same with all that lies behind the point: other axes, other classes, another size or theme.
function repaint(state) {
  state.backdrop = null;
  ask(state);
}

// A frame writes only what has changed: every needless write costs the browser a layout, and the hand feels it.
function show(state) {
  const { root, find, data } = state;
  const z = state.hover ?? state.z;
  drawPad(state, z);
  if (!state.network || !state.plot) return;
  const point = `${state.label}: ${Array.from(z)}`;
  if (point !== state.point || state.drawn !== state.network) {
    state.point = point;
    state.drawn = state.network;
    const started = performance.now();
    const grey = pixelMeans(runNetwork(state.network, z, state.label), state.network.likelihood);
    root.dataset.decodeMs = (performance.now() - started).toFixed(3);
    root.dataset.z = JSON.stringify(Array.from(z));
    const pen = (state.pen ??= find("canvas.out").getContext("2d"));
    const image = (state.image ??= pen.createImageData(28, 28));
    for (let i = 0; i < grey.length; i++) {
      const byte = Math.round(255 * grey[i]);
      image.data.set([byte, byte, byte, 255], 4 * i);
    }
    pen.putImageData(image, 0, 0);
  }
  root.dataset.frames = ++state.frames;
  if (state.pressed !== state.label) {
    state.pressed = state.label;
    find(".labels").querySelectorAll("button").forEach((b, i) => b.setAttribute("aria-checked", String(i === state.label)));
  }
  const focused = root.getRootNode().activeElement;
  state.rows.forEach((row, i) => {
    const value = state.asProbability ? cumulative(z[i]) : z[i];
    if (value === row.value) return;
    row.value = value;
    // The hand on a slider is ahead of what is drawn.
    if (row.slider !== focused || Math.abs(row.slider.value - value) > Number(row.slider.step)) row.slider.value = value;
    row.output.textContent = value.toFixed(state.asProbability ? 3 : 2).replace("-", "−");
  });
  clearTimeout(state.resting);
  state.resting = setTimeout(() => tell(state, z), 60);
}

// Words follow once the hand rests for a moment: nobody reads them while they move, and screen readers would stumble.
function tell(state, z) {
  const { find, data, pad, dims } = state;
  if (!state.network) return;
  const label = data.conditional ? `, label ${data.classes[state.label]}` : "";
  const listed = Array.from(z, (v) => v.toFixed(2).replace("-", "−")).join(", ");
  const norm = Math.sqrt(z.reduce((sum, v) => sum + v * v, 0));
  const far = data.prior
    ? `Distance from the prior's mean: ${norm.toFixed(2)}; typical of its samples: √${z.length} = ${Math.sqrt(z.length).toFixed(2)}.`
    : `Distance from 0: ${norm.toFixed(2)}.`;
  find("canvas.out").setAttribute("aria-label", `x-hat decoded from z = (${listed})${label}`);
  find(".said").textContent = (state.hover ? "Under the pointer. " : "x̂, decoded from z. ") + far;
  pad.setAttribute("aria-label", `The plane of z${dims[0] + 1} and z${dims[1] + 1}; arrow keys move z, with shift further`);
}

// Codes and prior lie still behind the moving point: drawn once, then copied to where the point was.
function drawPad(state, z) {
  const { pad, data, dims } = state;
  if (!state.backdrop) {
    if (!pad.clientWidth) return;
    const frame = { low: [-data.limit, -data.limit], high: [data.limit, data.limit], titles: dims.map((i) => `z${i + 1}`) };
    const plot = plotOf(pad, frame);
    const { length } = state.labels;
    const dots = new Uint16Array(2 * length);
    for (let i = 0; i < length; i++) {
      dims.forEach((dim, axis) => (dots[2 * i + axis] = state.codes[i * data.latent_dim + dim] * 257));
    }
    drawDots(plot, dots, state.labels, state.hidden, 1.6);
    if (data.latent_dim === 2) drawNames(plot, dots, state.labels, data.classes, state.hidden); // elsewhere classes overlap
    legend(state.find(".legend"), data.classes, plot.ink, state.hidden, () => repaint(state));
    const share = (v) => (v + data.limit) / (2 * data.limit);
    const { pen, ink, x, y } = plot;
    pen.strokeStyle = ink.text;
    pen.setLineDash([4, 3]);
    for (const k of data.prior ? [1, 2] : []) {
      pen.beginPath();
      pen.arc(x(share(0)), y(share(0)), x(share(k)) - x(share(0)), 0, 2 * Math.PI);
      pen.stroke();
    }
    pen.setLineDash([]);
    plot.valueX = (px) => ((px - x(0)) / (x(1) - x(0))) * 2 * data.limit - data.limit;
    plot.valueY = (py) => ((py - y(0)) / (y(1) - y(0))) * 2 * data.limit - data.limit;
    plot.share = share;
    state.plot = plot;
    state.backdrop = new OffscreenCanvas(pad.width, pad.height);
    state.backdrop.getContext("2d").drawImage(pad, 0, 0);
    state.spot = null;
  }
  const { pen, ink, x, y, share } = state.plot;
  const [cx, cy] = [x(share(z[dims[0]])), y(share(z[dims[1]]))];
  if (state.spot) {
    const ratio = pad.width / state.plot.side;
    const [left, top] = state.spot.map((v) => Math.max(0, Math.floor((v - 10) * ratio)));
    const side = Math.ceil(20 * ratio);
    pen.save();
    pen.setTransform(1, 0, 0, 1, 0, 0);
    pen.clearRect(left, top, side, side);
    pen.drawImage(state.backdrop, left, top, side, side, left, top, side, side);
    pen.restore();
  }
  state.spot = [cx, cy];
  for (const [radius, colour] of [[8, ink.page], [6, data.colour]]) {
    pen.fillStyle = colour;
    pen.beginPath();
    pen.arc(cx, cy, radius, 0, 2 * Math.PI);
    pen.fill();
  }
}

// The standard normal's distribution function: Abramowitz and Stegun (1964), 26.2.17, off by at most 7.5e-8.
function cumulative(v) {
  const t = 1 / (1 + 0.2316419 * Math.abs(v));
  const poly = t * (0.31938153 + t * (-0.356563782 + t * (1.781477937 + t * (-1.821255978 + t * 1.330274429))));
  const tail = (Math.exp(-0.5 * v * v) / Math.sqrt(2 * Math.PI)) * poly;
  return v < 0 ? tail : 1 - tail;
}

// Its inverse, by halving: exact to 1e-6 between -4 and 4.
function quantile(p) {
  let [low, high] = [-4, 4];
  for (let i = 0; i < 23; i++) {
    const middle = (low + high) / 2;
    if (cumulative(middle) < p) low = middle;
    else high = middle;
  }
  return (low + high) / 2;
}
