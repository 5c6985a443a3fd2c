// Training, replayed: one epoch control moves pictures, samples, dots and curves together. All frames are here already.
const SVG = "http://www.w3.org/2000/svg";
const MILLISECONDS = 800;
const kept = new WeakMap();

export default function ({ parentElement, data, setStateValue }) {
  const root = parentElement.querySelector(".player");
  let state = kept.get(root);
  if (!state) {
    state = { hidden: new Set(), timer: null, at: null };
    kept.set(root, state);
    const redraw = () => state.data && show(state);
    redrawWhenNeeded(root.querySelector("canvas"), redraw);
    new ResizeObserver(() => state.data && fitPictures(root)).observe(root.querySelector(".pictures"));
  }
  const changed = state.data?.version !== data.version;
  Object.assign(state, { root, data });
  if (changed || state.at === null) {
    stop(state);
    state.at = Math.max(0, data.epochs.indexOf(data.start));
    state.labels = bytes(data.labels);
    state.dots = data.frames.map((frame) => words(frame.dots));
    drawCurves(root.querySelector(".curves"), data);
    root.querySelector(".scatter-title").textContent = data.scatter_title;
    root.querySelector(".pictures p").textContent = data.paired
      ? "Each original stands above what the decoder makes of its mean at this epoch."
      : "What the decoder makes of their means at this epoch. The originals are not on this machine.";
  }

  const slider = root.querySelector("input");
  slider.max = data.epochs.length - 1;
  const report = () => setStateValue("epoch", data.epochs[state.at]);
  const go = (at) => {
    state.at = Math.max(0, Math.min(data.epochs.length - 1, at));
    show(state);
  };
  const play = root.querySelector(".play");
  play.onclick = () => {
    if (state.timer) {
      stop(state);
      return report();
    }
    if (state.at === data.epochs.length - 1) go(0);
    play.textContent = "❚❚ Pause";
    play.setAttribute("aria-label", "Pause");
    state.timer = setInterval(() => {
      if (!root.isConnected) return stop(state); // the reader has left the page
      go(state.at + 1);
      if (state.at === data.epochs.length - 1) {
        stop(state);
        report();
      }
    }, MILLISECONDS);
  };
  const step = (by) => () => {
    stop(state);
    go(state.at + by);
    report();
  };
  root.querySelector(".back").onclick = step(-1);
  root.querySelector(".on").onclick = step(1);
  slider.oninput = () => {
    stop(state);
    go(Number(slider.value));
  };
  slider.onchange = report;
  legend(root.querySelector(".legend"), data.classes, inks(root), state.hidden, () => show(state));
  show(state);
}

function stop(state) {
  clearInterval(state.timer);
  state.timer = null;
  const play = state.root.querySelector(".play");
  play.textContent = "▶ Play";
  play.setAttribute("aria-label", "Play");
}

function show(state) {
  const { root, data, at } = state;
  const frame = data.frames[at];
  const epoch = data.epochs[at];
  root.querySelector("input").value = at;
  root.querySelector("input").setAttribute("aria-valuetext", `epoch ${epoch}`);
  const terms = data.curves.map((curve) => `${curve.name} ${curve.held_out[epoch].toFixed(1)}`);
  root.querySelector("output").textContent =
    `Epoch ${epoch}${epoch === 0 ? ", before training" : ""}. On held-out pictures, nats: ${terms.join(", ")}`;
  const picture = (name, source, alt) => {
    const image = root.querySelector(`.${name}`);
    if (image.dataset.source !== source) {
      image.dataset.source = source;
      image.src = `data:image/png;base64,${source}`;
    }
    image.alt = alt;
  };
  picture("reconstruction", frame.reconstruction, `The same pictures decoded at epoch ${epoch}`);
  picture("samples", frame.samples, `Samples from the same noise at epoch ${epoch}`);
  fitPictures(root);

  const canvas = root.querySelector("canvas");
  canvas.setAttribute("aria-label", `Codes of ${state.labels.length} pictures at epoch ${epoch}, coloured by class`);
  if (canvas.clientWidth) {
    const plot = plotOf(canvas, data.frame);
    drawDots(plot, state.dots[at], state.labels, state.hidden, plot.side < 400 ? 1.4 : 2);
    if (at > 0) drawNames(plot, state.dots[at], state.labels, data.classes, state.hidden);
  }
  root.querySelectorAll(".now").forEach((line) => {
    const x = across(epoch, data);
    line.setAttribute("x1", x);
    line.setAttribute("x2", x);
  });
  root.querySelectorAll("circle.at").forEach((dot, i) => {
    const curve = data.curves[i];
    dot.setAttribute("cx", across(epoch, data));
    dot.setAttribute("cy", curve.y(curve.held_out[epoch]));
  });
}

// Enlarge every picture by whole pixels, as far as the column allows.
function fitPictures(root) {
  const room = root.querySelector(".pictures").clientWidth;
  for (const image of root.querySelectorAll("img")) {
    const fit = () => {
      if (image.naturalWidth) image.style.width = `${image.naturalWidth * Math.max(1, Math.floor(room / image.naturalWidth))}px`;
    };
    image.onload = fit;
    fit();
  }
}

// The early epochs matter most, so the axis of epochs is logarithmic: epoch 0 lies at the left end.
function across(epoch, data) {
  return 34 + (250 * Math.log1p(epoch)) / Math.log1p(data.last);
}

function drawCurves(place, data) {
  place.replaceChildren();
  for (const curve of data.curves) {
    const later = [...curve.held_out.slice(1), ...curve.train.slice(1)];
    let [low, high] = [Math.min(...later), Math.max(...later)];
    if (curve.from_zero) low = 0;
    const pad = 0.06 * (high - low) || 1;
    curve.y = (v) => 130 - (118 * (Math.min(v, high + pad) - (low - pad))) / (high - low + 2 * pad);
    const figure = document.createElement("figure");
    const caption = document.createElement("figcaption");
    const name = document.createElement("b");
    name.textContent = curve.name;
    name.style.color = curve.colour;
    caption.append(name, ", nats an image");
    const svg = document.createElementNS(SVG, "svg");
    svg.setAttribute("viewBox", "0 0 290 165");
    svg.setAttribute("role", "img");
    const ends = [curve.held_out[0], curve.held_out.at(-1)].map((v) => v.toFixed(1));
    svg.setAttribute("aria-label", `${curve.name} on held-out pictures, from ${ends[0]} before training to ${ends[1]} at the end`);
    const add = (tag, attributes, text) => {
      const element = document.createElementNS(SVG, tag);
      for (const [key, value] of Object.entries(attributes)) element.setAttribute(key, value);
      if (text !== undefined) element.textContent = text;
      svg.append(element);
    };
    if (data.warmup) {
      add("rect", { x: 34, y: 8, width: across(data.warmup, data) - 34, height: 122, class: "warmup" });
      add("text", { x: 38, y: 18 }, "KL weight rises");
    }
    for (const v of ticks(low, high)) {
      add("line", { x1: 34, x2: 284, y1: curve.y(v), y2: curve.y(v), class: "grid" });
      add("text", { x: 30, y: curve.y(v) + 3, "text-anchor": "end" }, v);
    }
    for (const epoch of [0, 1, 3, 10, 30, 100, 300].filter((e) => e <= data.last))
      add("text", { x: across(epoch, data), y: 144, "text-anchor": "middle" }, epoch);
    add("text", { x: 159, y: 159, "text-anchor": "middle" }, "epoch (logarithmic)");
    for (const kind of ["train", "held_out"]) {
      const d = curve[kind].map((v, epoch) => `${epoch ? "L" : "M"}${across(epoch, data).toFixed(1)} ${curve.y(v).toFixed(1)}`);
      add("path", { d: d.join(""), stroke: curve.colour, class: kind });
    }
    add("line", { x1: 0, x2: 0, y1: 8, y2: 130, class: "now" });
    add("circle", { r: 4, fill: curve.colour, class: "at" });
    figure.append(caption, svg);
    place.append(figure);
  }
}
