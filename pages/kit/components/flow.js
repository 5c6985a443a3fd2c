// One picture's way through the model: encoder and decoder run here, so that x, mu, sigma, z and x-hat move as one while the
// reader draws. Python gives the picture, its shipped posterior and the noise; it hears of a drawing when the pen is lifted.
const SVG = "http://www.w3.org/2000/svg";
const SAYS = {
  "": "Point at a part, or go to it with the Tab key: its symbol, its numbers and its line of code light up.",
  x: "x: the picture, 28 × 28 grey values. Draw on it.",
  encoder: "The encoder: a network that reads x and answers with two vectors, μ and log σ².",
  mu: "μ: the middle of the cloud of codes that stands for this picture, q(z|x).",
  sigma: "σ: how wide the cloud is in each dimension. The network gives log σ², and σ = exp(½ log σ²).",
  epsilon: "ε: noise from N(0, I), and the only chance in all of this. The seed draws it; the picture has no say.",
  z: "z: one point of the cloud, the code.",
  decoder: "The decoder: a network that gets z and nothing else of x.",
  "x-hat": "x̂: what the decoder makes of z, the mean of p(x|z) at each pixel.",
  point: "z under your hand: only z and x̂ move. Leave, and the sampled z is back.",
};
const COLUMNS = [
  ["mu", "μ", ""],
  ["sigma", "log σ²", "detail"],
  ["sigma", "σ", ""],
  ["epsilon", "ε", ""],
  ["epsilon", "σ · ε", "detail"],
  ["z", "z", ""],
];
const kept = new WeakMap();

export default function ({ parentElement, data, setStateValue }) {
  const root = parentElement.querySelector(".flow");
  const state = kept.get(root) ?? begin(root);
  const before = state.data;
  state.data = data;
  state.report = () => setStateValue("left", leftBehind(state));
  if (before?.version !== data.version) adopt(state);
  if (before?.picture.id !== data.picture.id) {
    state.pad.load(data.picture.x && bytes(data.picture.x));
    state.label = data.picture.label;
    state.hover = null;
    if (data.left?.picture === data.picture.id) resume(state, data.left);
  }
  encode(state);
  redraw(state);
}

// ---- what happens once ----

function begin(root) {
  const find = (name) => root.querySelector(name);
  const state = { root, find, frame: 0, frames: 0, hover: null, dim: 0, pointed: null, focused: null };
  kept.set(root, state);
  const drawn = () => {
    encode(state);
    redraw(state);
  };
  const done = () => {
    drawn();
    state.report();
  };
  state.pad = drawPad(find(".x canvas"), {
    onStroke() {
      if (state.pointed || state.focused) point(state, (state.focused = null)); // nothing steps back while one draws
      drawn();
    },
    onRelease: done,
  });
  const press = (name, act) => {
    find(name).onclick = () => {
      act();
      done();
    };
  };
  press(".clear", () => state.pad.clear());
  press(".undo", () => state.pad.undo());
  press(".back", () => {
    state.pad.load(state.data.picture.x && bytes(state.data.picture.x));
    state.label = state.data.picture.label;
  });
  find(".prepare input").onchange = done;
  find(".arithmetic").onclick = () => {
    const open = find("table").classList.toggle("open");
    root.classList.toggle("wide", open);
    find(".arithmetic").setAttribute("aria-expanded", String(open));
    find(".arithmetic").textContent = open ? "Hide the arithmetic" : "Show the arithmetic";
    redraw(state);
  };
  lightWhatIsPointedAt(state);
  moveByHand(state);
  const again = () => {
    if (!state.data) return;
    layOut(state);
    redraw(state);
  };
  redrawWhenNeeded(find("canvas.dots"), again); // another theme
  new ResizeObserver(() => find(".latent").clientWidth !== state.room && again()).observe(find(".latent"));
  return state;
}

function lightWhatIsPointedAt(state) {
  const { root } = state;
  const part = (event) => event.target.closest("[data-light]")?.dataset.light ?? null;
  root.onpointerover = (event) => event.buttons || point(state, part(event)); // while drawing or dragging all stays lit
  root.onpointerleave = () => point(state, null);
  const focus = (event) => {
    state.focused = event.type === "focusin" ? part(event) : null;
    light(state);
  };
  root.addEventListener("focusin", focus); // there is no onfocusin; `begin` runs once
  root.addEventListener("focusout", focus);
}

function point(state, part) {
  state.pointed = part;
  light(state);
}

function light(state) {
  const { root, find, data } = state;
  const part = state.pointed ?? state.focused ?? "";
  if (part) root.dataset.lit = part;
  else delete root.dataset.lit;
  for (const element of root.querySelectorAll("[data-part]")) {
    element.classList.toggle("lit", part !== "" && element.dataset.part.split(" ").includes(part));
  }
  find(".says").textContent = part === "decoder" && data.classes.length ? SAYS.decoder.replace("z and", "z, the label y, and") : SAYS[part];
}

// The pointer over the plot, and the arrow keys on it, move z; without them the sampled z is back.
function moveByHand(state) {
  const plot = state.find(".plot");
  const release = () => {
    state.hover = null;
    ask(state);
  };
  plot.onpointerdown = (event) => {
    event.preventDefault(); // a click is no focus: what is focused stays lit
    plot.setPointerCapture(event.pointerId);
    plot.onpointermove(event);
  };
  plot.onpointermove = (event) => {
    if (!state.sample || !state.scale) return;
    const box = plot.getBoundingClientRect();
    const { limit, valueX, valueY, step } = state.scale;
    const inside = (v) => Math.max(-limit, Math.min(limit, v));
    const [x, y] = [event.clientX - box.left, event.clientY - box.top];
    if (state.data.epsilon.length === 2) {
      state.hover = Float32Array.of(inside(valueX(x)), inside(valueY(y)));
    } else {
      state.dim = Math.max(0, Math.min(state.sample.length - 1, Math.floor((x - state.scale.left) / step)));
      state.hover = state.sample.slice();
      state.hover[state.dim] = inside(valueY(y));
    }
    ask(state);
  };
  plot.onpointerup = (event) => {
    if (event.pointerType !== "mouse") release();
  };
  plot.onpointerleave = plot.onpointercancel = release;
  plot.onblur = release;
  plot.onkeydown = (event) => {
    const way = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, 1], ArrowDown: [0, -1] }[event.key];
    if (event.key === "Escape") return release();
    if (!way || !state.sample) return;
    event.preventDefault();
    const [right, up] = way;
    const length = (event.shiftKey ? 5 : 1) * 0.1;
    const z = state.hover ?? state.sample.slice();
    const move = (dim, by) => (z[dim] = Math.max(-state.scale.limit, Math.min(state.scale.limit, z[dim] + by * length)));
    if (z.length === 2) {
      move(0, right);
      move(1, up);
    } else {
      state.dim = (state.dim + right + z.length) % z.length;
      move(state.dim, up);
    }
    state.hover = z;
    ask(state);
  };
}

// ---- another model ----

function adopt(state) {
  const { root, find, data } = state;
  for (const [name, colour] of Object.entries(data.colours)) root.style.setProperty(`--${name}`, colour);
  const { version } = data;
  state.encoder = state.decoder = null;
  state.failed = false;
  for (const part of ["decoder", "encoder"]) {
    fetchNetwork(data[part]).then(
      (network) => {
        if (state.data.version !== version) return; // another model came meanwhile
        state[part] = network;
        encode(state);
        redraw(state);
      },
      () => {
        state.failed = true;
        redraw(state);
      },
    );
  }
  state.codes = words(data.cloud.dots);
  state.labels = bytes(data.cloud.labels);
  state.hover = null;
  state.dim = data.order[0];
  find(".prepare").hidden = !data.preparation;
  find(".prepare span").textContent = data.preparation?.says ?? "";
  find(".back").textContent = `Back to the ${data.noun}`;
  find(".label").hidden = !data.classes.length;
  find(".labels").replaceChildren(
    ...data.classes.map((name, label) => {
      const button = Object.assign(document.createElement("button"), { type: "button", textContent: name });
      button.setAttribute("role", "radio");
      button.onclick = () => {
        state.label = label;
        encode(state);
        redraw(state);
        state.report();
      };
      return button;
    }),
  );
  fillCode(find(".code div"), data.code);
  makeTable(state);
  layOut(state);
  light(state);
}

function fillCode(place, lines) {
  place.replaceChildren();
  let list;
  for (const [i, { where, line, parts }] of lines.entries()) {
    if (where !== lines[i - 1]?.where) {
      place.append(Object.assign(document.createElement("h4"), { textContent: where }), (list = document.createElement("ul")));
    }
    const item = Object.assign(document.createElement("li"), { textContent: line });
    item.dataset.part = parts;
    item.dataset.light = parts.split(" ")[0];
    list.append(item);
  }
}

// A row for each dimension; until the reader asks for all of it, the two that are used most.
function makeTable({ find, data }) {
  const head = document.createElement("tr");
  const corner = head.appendChild(document.createElement("th"));
  corner.textContent = "dimension";
  corner.scope = "col";
  for (const [part, text, detail] of COLUMNS) {
    const cell = head.appendChild(Object.assign(document.createElement("th"), { textContent: text, scope: "col", className: detail }));
    cell.dataset.part = part === "z" ? "z point" : part;
    cell.dataset.light = part;
  }
  find("thead").replaceChildren(head);
  const first = data.order.slice(0, 2);
  find("tbody").replaceChildren(
    ...data.epsilon.map((_, i) => {
      const row = document.createElement("tr");
      if (!first.includes(i)) row.className = "detail";
      row.append(Object.assign(document.createElement("th"), { textContent: i + 1, scope: "row" }));
      for (const [part, , detail] of COLUMNS) {
        const cell = row.appendChild(Object.assign(document.createElement("td"), { className: detail }));
        cell.dataset.part = part === "z" ? "z point" : part;
        cell.dataset.light = part;
      }
      return row;
    }),
  );
}

// ---- another picture ----

// The posterior of what is in x: the shipped one of a chosen picture, the encoder's own of a drawing or of another label.
function encode(state) {
  const { pad, data, label, find } = state;
  const { picture, preparation } = data;
  const prepare = preparation && find(".prepare input").checked;
  state.pixels = pad.drawn && prepare ? pad.prepared(preparation) : pad.pixels();
  state.empty = pad.drawn && pad.empty;
  if (!pad.drawn && (label === picture.label || !picture.x)) {
    state.posterior = { mu: Float32Array.from(data.mu), logvar: Float32Array.from(data.logvar) };
  } else if (!state.encoder || state.empty) {
    state.posterior = null;
  } else {
    const given = runNetwork(state.encoder, Float32Array.from(state.pixels, (grey) => grey / 255), label);
    const half = given.length / 2;
    state.posterior = { mu: given.slice(0, half), logvar: given.slice(half) };
  }
  state.sample = state.posterior && state.posterior.mu.map((m, i) => m + sigmaOf(state.posterior, i) * data.epsilon[i]);
}

function sigmaOf({ logvar }, i) {
  return Math.exp(0.5 * logvar[i]);
}

// What Python is told: of a drawing what the encoder sees, 784 bytes in base64, and the strokes, to go on with them when the
// reader is back; null while the chosen picture is shown.
function leftBehind({ pad, pixels, label, data, find }) {
  const drawn = pad.drawn ? { pixels: btoa(String.fromCharCode(...pixels)), drawing: pad.drawing() } : { pixels: null, drawing: null };
  return { picture: data.picture.id, label, prepare: find(".prepare input").checked, ...drawn };
}

function resume(state, { label, prepare, drawing }) {
  state.label = label;
  state.find(".prepare input").checked = prepare;
  if (drawing) state.pad.resume(drawing);
}

// ---- each frame ----

function ask(state) {
  state.frame ||= requestAnimationFrame(() => {
    state.frame = 0;
    redraw(state);
  });
}

function redraw(state) {
  const { root, find, data, pad, posterior, decoder, label } = state;
  const z = state.hover && state.sample ? state.hover : state.sample;
  root.classList.toggle("nothing", !posterior);
  find(".x figcaption span").textContent = pad.drawn ? (state.empty ? "is empty" : "is your drawing") : data.picture.name;
  find(".x canvas").setAttribute("aria-label", pad.drawn ? "x, your drawing" : `x, ${data.picture.name}. Draw here`);
  const seen = find(".seen");
  seen.hidden = state.empty || !pad.drawn || pad.pixels().every((grey, i) => grey === state.pixels[i]);
  if (!seen.hidden) {
    paintPixels(seen.querySelector("canvas"), state.pixels);
    seen.querySelector("canvas").setAttribute("aria-label", "The drawing as the encoder sees it");
  }
  find(".undo").disabled = find(".back").disabled = !pad.drawn;
  find(".labels").querySelectorAll("button").forEach((b, i) => b.setAttribute("aria-checked", String(i === label)));
  const [note, urgent] = noteOf(state);
  find(".note").textContent = note;
  find(".note").classList.toggle("urgent", urgent);
  if (!posterior || !decoder) {
    find(".x-hat figcaption span").textContent = "";
    if (state.empty) root.setAttribute("aria-label", "Nothing drawn yet: no posterior, no code and no decoded picture");
    fillTable(state, null);
    return;
  }
  const grey = pixelMeans(runNetwork(decoder, z, label), decoder.likelihood);
  paintPixels(find(".x-hat canvas"), Uint8Array.from(grey, (v) => Math.round(255 * v)));
  const listed = (values) => `(${Array.from(values, (v) => digits(v, 2)).join(", ")})`;
  find(".x-hat canvas").setAttribute("aria-label", `x-hat, decoded from z = ${listed(z)}`);
  find(".x-hat figcaption span").textContent = state.hover ? "from z by hand" : "decoded from z";
  data.epsilon.length === 2 ? movePlane(state, z) : moveBars(state, z);
  fillTable(state, z);
  const sigma = posterior.mu.map((_, i) => sigmaOf(posterior, i));
  root.setAttribute(
    "aria-label",
    `${pad.drawn ? "Your drawing" : data.picture.name} flows through the model: mu = ${listed(posterior.mu)}; sigma = ${listed(sigma)};` +
      ` epsilon = ${listed(data.epsilon)}; z = ${listed(z)}`,
  );
  find(".plot").setAttribute("aria-label", `Latent space, z = ${listed(z)}. Arrow keys move z, Escape brings the sampled z back`);
  root.dataset.mu = JSON.stringify(Array.from(posterior.mu));
  root.dataset.z = JSON.stringify(Array.from(z));
  root.dataset.frames = ++state.frames;
}

function digits(value, places = 3) {
  return value.toFixed(places).replace("-", "−");
}

// What to know about the picture at this moment, and whether it is urgent.
function noteOf(state) {
  const { data, pad, find } = state;
  if (state.failed) return ["The model could not be loaded. Reload the page.", true];
  if (state.empty) return [`Nothing drawn yet: draw on the black square, or go back to the ${data.noun}.`, true];
  if (!pad.drawn && !data.picture.x) return ["The pixels of this picture are not on this machine. You can draw one instead.", false];
  if (!pad.drawn) return ["Draw on x with mouse or finger: everything follows while you draw.", false];
  if (!state.encoder) return ["The encoder is on its way.", false];
  if (data.preparation && !find(".prepare input").checked && isMisplaced(state)) {
    return [
      `Your drawing is smaller or lies elsewhere than ${data.preparation.than}. The encoder has never seen such a picture and may` +
        " misread it: let it be prepared, or draw it large and in the middle.",
      true,
    ];
  }
  const label = data.classes.length ? " Choose the label y that it shows." : "";
  if (find(".seen").hidden) return [`Everything follows while you draw.${label}`, false];
  return [`The small picture at the encoder is what it sees: your drawing, prepared as its training pictures were.${label}`, false];
}

// Whether the drawing differs much from its prepared self: a fifth smaller or larger, or three pixels off.
function isMisplaced({ pad, data }) {
  const [drawn, prepared] = [pad.pixels(), pad.prepared(data.preparation)].map(extentOf);
  const [size, should] = [drawn, prepared].map(({ low, high }) => Math.max(high[0] - low[0], high[1] - low[1]));
  const off = (axis) => Math.abs(drawn.low[axis] + drawn.high[axis] - prepared.low[axis] - prepared.high[axis]) / 2;
  return Math.abs(size / should - 1) > 0.2 || off(0) > 3 || off(1) > 3;
}

function extentOf(pixels) {
  const [low, high] = [[28, 28], [0, 0]];
  pixels.forEach((grey, i) => {
    if (grey < 40) return;
    [i % 28, Math.floor(i / 28)].forEach((v, axis) => {
      low[axis] = Math.min(low[axis], v);
      high[axis] = Math.max(high[axis], v + 1);
    });
  });
  return { low, high };
}

function fillTable({ find, data, posterior, hover }, z) {
  const table = find("table");
  const open = table.classList.contains("open");
  table.querySelectorAll("tbody tr").forEach((row, i) => {
    if (!open && row.className === "detail") return;
    const sigma = z && sigmaOf(posterior, i);
    const values = z
      ? [posterior.mu[i], posterior.logvar[i], sigma, data.epsilon[i], sigma * data.epsilon[i], z[i]]
      : COLUMNS.map(() => null);
    values.forEach((value, column) => (row.cells[column + 1].textContent = value === null ? "–" : digits(value)));
  });
  // By hand, z is no longer the sum.
  table.querySelector("thead").rows[0].cells[6].textContent = hover ? "z by hand" : open ? "z = μ + σ · ε" : "z";
}

// ---- the plot: what lies still is drawn here, what moves only gets its place ----

function add(parent, name, attributes, text) {
  const element = document.createElementNS(SVG, name);
  for (const [key, value] of Object.entries(attributes)) element.setAttribute(key, value);
  if (text !== undefined) element.textContent = text;
  parent.append(element);
  return element;
}

function put(element, attributes) {
  for (const [key, value] of Object.entries(attributes)) element.setAttribute(key, value);
}

function layOut(state) {
  const { find, data } = state;
  const plot = find(".plot");
  const svg = plot.querySelector("svg");
  const canvas = plot.querySelector("canvas");
  const rem = parseFloat(getComputedStyle(document.documentElement).fontSize);
  const room = (state.room = plot.parentElement.clientWidth);
  if (!room) return;
  state.root.style.setProperty("--side", `${28 * Math.round(0.36 * rem) + 4}px`); // whole pixels of the screen, and a border
  const plane = data.epsilon.length === 2;
  const width = plane ? Math.min(room, 19 * rem) : room;
  const height = plane ? width : 16 * rem;
  Object.assign(plot.style, { width: `${width}px`, height: `${height}px` });
  const ratio = window.devicePixelRatio || 1;
  canvas.width = Math.round(width * ratio);
  canvas.height = Math.round(height * ratio);
  svg.replaceChildren();
  const frame = { left: 2.4 * rem, right: width - 0.3 * rem, top: 0.3 * rem, bottom: height - 2.4 * rem, width, height, rem };
  (plane ? layOutPlane : layOutBars)(state, svg, frame);
  find(".latent figcaption").textContent = plane
    ? `q(z|x${data.classes.length ? ", y" : ""}): the ellipses are 1σ and 2σ; the dashed circles the prior at 1 and 2. Dots: codes of other pictures.`
    : `q(z|x${data.classes.length ? ", y" : ""}): a bar of μ ± σ for each dimension, the dot is z. Grey band: the prior, 0 ± 1.`;
}

function layOutPlane(state, svg, { left, right, top, bottom, width, height, rem }) {
  const { data, codes, labels } = state;
  const { limit } = data.cloud;
  const x = (v) => left + ((v + limit) / (2 * limit)) * (right - left);
  const y = (v) => bottom - ((v + limit) / (2 * limit)) * (bottom - top);
  const canvas = state.find("canvas.dots");
  const pen = canvas.getContext("2d");
  pen.setTransform(window.devicePixelRatio || 1, 0, 0, window.devicePixelRatio || 1, 0, 0);
  const share = (low, high) => (s) => low + s * (high - low);
  drawDots({ pen, ink: inks(canvas), x: share(left, right), y: share(bottom, top) }, codes, labels, new Set(), 1.4);

  const still = add(svg, "g", { "data-part": "codes point" });
  add(still, "rect", { x: left, y: top, width: right - left, height: bottom - top, class: "frame" });
  for (const k of [1, 2]) add(still, "circle", { cx: x(0), cy: y(0), r: x(k) - x(0), class: "prior" });
  for (const v of evenMarks(limit)) {
    add(still, "text", { x: x(v), y: bottom + rem, "text-anchor": "middle" }, digits(v, 0));
    add(still, "text", { x: left - 0.3 * rem, y: y(v) + 0.25 * rem, "text-anchor": "end" }, digits(v, 0));
  }
  add(still, "text", { x: (left + right) / 2, y: height - 0.2 * rem, "text-anchor": "middle" }, "z1");
  add(still, "text", { "text-anchor": "middle", transform: `translate(${0.8 * rem} ${(top + bottom) / 2}) rotate(-90)` }, "z2");
  nameClasses(still, data.cloud.names, x, y, rem);

  const moves = add(svg, "g", { class: "moves" });
  const marks = (parent) => ({
    ellipses: [2, 1].map(() => add(parent, "ellipse", { "data-part": "sigma" })),
    noise: add(parent, "line", { class: "noise", "data-part": "epsilon" }),
    mu: add(parent, "circle", { class: "dot-mu", r: 4, "data-part": "mu" }),
    z: add(parent, "circle", { class: "dot-z", r: 5, "data-part": "z point" }),
  });
  const any = "mu sigma epsilon z";
  const ray = add(moves, "line", { class: "ray", "data-part": any });
  const here = marks(moves);
  const lens = add(moves, "g", { class: "magnified" });
  const radius = (right - left) * 0.17;
  const clip = add(add(lens, "clipPath", { id: "glass" }), "circle", { r: radius });
  const glass = add(lens, "circle", { class: "lens", r: radius, "data-part": any });
  const inside = add(lens, "g", { "clip-path": "url(#glass)" });
  state.scale = {
    limit,
    x,
    y,
    unit: (right - left) / (2 * limit),
    valueX: (px) => ((px - left) / (right - left)) * 2 * limit - limit,
    valueY: (py) => ((bottom - py) / (bottom - top)) * 2 * limit - limit,
    here,
    lens: { group: lens, glass, clip, radius, marks: marks(inside), ray, text: add(lens, "text", { "text-anchor": "middle", "data-part": any }), left, right, top, bottom },
  };
}

// Each class's name in the middle of its codes, or below the names that are there already.
function nameClasses(place, names, x, y, rem) {
  const texts = names.map(([z1, z2, name]) => {
    const text = add(place, "text", { x: x(z1), "text-anchor": "middle", class: "class" }, name);
    return { text, x: x(z1), y: y(z2) + 0.25 * rem, half: text.getComputedTextLength() / 2 };
  });
  for (const { text, y } of apart(texts, 0.72 * rem)) text.setAttribute("y", y);
}

function evenMarks(limit) {
  const marks = [];
  for (let v = -2 * Math.floor(limit / 2); v <= limit; v += 2) marks.push(v);
  return marks;
}

function movePlane({ scale, posterior, sample, hover }, z) {
  if (!scale?.lens) return;
  const { x, y, unit, here, lens, limit } = scale;
  const sigma = [sigmaOf(posterior, 0), sigmaOf(posterior, 1)];
  const inside = (v) => Math.max(-limit, Math.min(limit, v)); // what lies outside stands at the rim
  const place = (marks, px, py, unit) => {
    const [cx, cy] = [px(posterior.mu[0]), py(posterior.mu[1])];
    marks.ellipses.forEach((e, i) => put(e, { cx, cy, rx: (2 - i) * sigma[0] * unit, ry: (2 - i) * sigma[1] * unit }));
    put(marks.noise, { x1: cx, y1: cy, x2: px(sample[0]), y2: py(sample[1]) });
    put(marks.mu, { cx, cy });
    put(marks.z, { cx: px(z[0]), cy: py(z[1]) });
  };
  place(here, (v) => x(inside(v)), (v) => y(inside(v)), unit);

  // A cloud too small to see is shown under a lens, in the corner that is farthest from it.
  const largest = 2 * Math.max(...sigma) * unit;
  lens.group.style.display = lens.ray.style.display = largest < 12 ? "" : "none";
  if (largest >= 12) return;
  const times = magnification(largest, lens.radius);
  const [mx, my] = [x(inside(posterior.mu[0])), y(inside(posterior.mu[1]))];
  const cx = mx < x(0) ? lens.right - lens.radius - 3 : lens.left + lens.radius + 3;
  const cy = my < y(0) ? lens.bottom - lens.radius - 3 : lens.top + lens.radius + 3;
  put(lens.glass, { cx, cy });
  put(lens.clip, { cx, cy });
  put(lens.text, { x: cx, y: cy + lens.radius - 5 });
  lens.text.textContent = `× ${times}`;
  const far = Math.hypot(mx - cx, my - cy);
  put(lens.ray, { x1: mx, y1: my, x2: cx + ((mx - cx) * lens.radius) / far, y2: cy + ((my - cy) * lens.radius) / far });
  const bigger = unit * times;
  place(lens.marks, (v) => cx + (v - posterior.mu[0]) * bigger, (v) => cy - (v - posterior.mu[1]) * bigger, bigger);
}

function layOutBars(state, svg, { left, right, top, bottom, height, rem }) {
  const { data } = state;
  const { limit } = data.cloud;
  const y = (v) => bottom - ((Math.max(-limit, Math.min(limit, v)) + limit) / (2 * limit)) * (bottom - top);
  const step = (right - left) / data.epsilon.length;
  const still = add(svg, "g", { "data-part": "codes point" });
  add(still, "rect", { x: left, y: y(1), width: right - left, height: y(-1) - y(1), class: "band" });
  for (const v of evenMarks(limit)) {
    add(still, "line", { x1: left, x2: right, y1: y(v), y2: y(v), class: "grid" });
    add(still, "text", { x: left - 0.3 * rem, y: y(v) + 0.25 * rem, "text-anchor": "end" }, digits(v, 0));
  }
  const every = [1, 2, 5].find((n) => n * step > 1.3 * rem) ?? 5;
  const moves = add(svg, "g", { class: "moves" });
  const bars = data.epsilon.map((_, i) => {
    const x = left + step * (i + 0.5);
    const reach = Math.min(14, 0.35 * step); // wider than the dot, which would hide a small sigma
    const named = (i + 1) % every === 0;
    const number = add(still, "text", { x, y: bottom + rem, "text-anchor": "middle" }, named ? i + 1 : "");
    return {
      number,
      named,
      sigma: add(moves, "line", { x1: x, x2: x, class: "bar", "stroke-width": 1.3 * reach, "data-part": "sigma" }),
      noise: add(moves, "line", { x1: x, x2: x, class: "noise", "data-part": "epsilon" }),
      mu: add(moves, "line", { x1: x - reach, x2: x + reach, class: "tick", "data-part": "mu" }),
      z: add(moves, "circle", { cx: x, r: Math.min(5, 0.42 * step), class: "dot-z", "data-part": "z point" }),
    };
  });
  add(still, "text", { x: (left + right) / 2, y: height - 0.2 * rem, "text-anchor": "middle" }, "latent dimension");
  state.scale = { limit, left, step, y, bars, valueX: null, valueY: (py) => ((bottom - py) / (bottom - top)) * 2 * limit - limit };
}

function moveBars({ scale, posterior, sample, hover, dim }, z) {
  if (!scale?.bars) return;
  const { y, bars } = scale;
  bars.forEach(({ number, named, sigma, noise, mu, z: dot }, i) => {
    const [m, s] = [posterior.mu[i], sigmaOf(posterior, i)];
    put(sigma, { y1: y(m - s), y2: y(m + s) });
    put(noise, { y1: y(m), y2: y(sample[i]) });
    put(mu, { y1: y(m), y2: y(m) });
    put(dot, { cy: y(z[i]) });
    const chosen = Boolean(hover) && i === dim;
    number.textContent = named || chosen ? i + 1 : "";
    number.classList.toggle("chosen", chosen);
  });
}
