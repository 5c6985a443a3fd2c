// One clock (epochs, or values of beta) moves pictures, samples, dots and charts of one or two models together.
// All frames are here already; charts come as shares of their axes, so that nothing is computed twice.
const SVG = "http://www.w3.org/2000/svg";
const MILLISECONDS = 800;
const UNIT = 0.08; // of the charts' drawing, in rem
const kept = new WeakMap();

export default function ({ parentElement, data, setStateValue }) {
  const root = parentElement.querySelector(".player");
  let state = kept.get(root);
  if (!state) {
    state = { timer: null, at: null };
    kept.set(root, state);
    new ResizeObserver(() => state.data && fit(state)).observe(root.querySelector(".tracks"));
  }
  const { values, name } = data.clock;
  const other = state.data?.version !== data.version;
  const moved = state.data?.start !== data.start;
  Object.assign(state, { root, data });
  if (other) build(state);
  const stop = clock(state, {
    root,
    last: values.length - 1,
    milliseconds: MILLISECONDS,
    show,
    rest: () => setStateValue("value", values[state.at]),
  });
  if (other || moved || state.at === null) {
    stop();
    state.at = Math.max(0, values.indexOf(data.start));
  }
  root.querySelector("input").setAttribute("aria-label", name);
  show(state);
}

// Lay out the tracks of new data: what the clock does not move.
function build(state) {
  const { root, data } = state;
  const place = root.querySelector(".tracks");
  place.replaceChildren();
  place.classList.toggle("two", data.tracks.length > 1);
  state.tracks = data.tracks.map((track) => {
    const element = root.querySelector("template").content.firstElementChild.cloneNode(true);
    place.append(element);
    element.querySelector(".name").textContent = track.name;
    element.querySelector(".scatter-title").textContent = track.scatter_title;
    element.querySelector(".pictures p").textContent = track.note;
    element.querySelector(".panels").classList.toggle("wide", !track.lead.length);
    const figures = [
      ...track.lead.map((chart) => drawChart(element.querySelector(".lead"), chart)),
      ...track.charts.map((chart) => drawChart(element.querySelector(".charts"), chart)),
    ];
    const built = { ...track, element, figures, hidden: new Set(), labels: bytes(track.labels), dots: track.frames.map((f) => words(f.dots)) };
    const redraw = () => showDots(built, built.now);
    legend(element.querySelector(".legend"), track.classes, inks(root), built.hidden, redraw);
    redrawWhenNeeded(element.querySelector("canvas"), redraw);
    return built;
  });
}

function show(state) {
  const { root, data, at } = state;
  root.querySelector("input").value = at;
  root.querySelector("input").setAttribute("aria-valuetext", data.clock.texts[at]);
  root.querySelector("output").textContent = data.clock.said[at];
  for (const track of state.tracks) {
    const now = track.at[at];
    track.now = now;
    const frame = track.frames[now];
    picture(track.element.querySelector(".reconstruction"), frame.reconstruction, `The same pictures decoded at ${frame.text}`);
    picture(track.element.querySelector(".samples"), frame.samples, `Samples from the same noise at ${frame.text}`);
    showDots(track, now);
  }
  fit(state);
}

function picture(image, source, alt) {
  if (image.dataset.source !== source) {
    image.dataset.source = source;
    image.src = `data:image/png;base64,${source}`;
  }
  image.alt = alt;
}

function showDots(track, now) {
  const canvas = track.element.querySelector("canvas");
  canvas.setAttribute("aria-label", `Codes of ${track.labels.length} pictures at ${track.frames[now].text}, coloured by class`);
  if (!canvas.clientWidth) return;
  const plot = plotOf(canvas, track.frame);
  drawDots(plot, track.dots[now], track.labels, track.hidden, plot.side < 400 ? 1.4 : 2);
  if (track.prior) drawPrior(plot, track.frame);
  if (track.frames[now].names) drawNames(plot, track.dots[now], track.labels, track.classes, track.hidden);
}

// Circles at one and two standard deviations of the prior N(0, I), around its mean.
function drawPrior({ pen, ink, x, y }, { low, high }) {
  const share = (value, axis) => (value - low[axis]) / (high[axis] - low[axis]);
  pen.strokeStyle = ink.text;
  pen.setLineDash([4, 4]);
  for (const radius of [1, 2]) {
    pen.beginPath();
    pen.arc(x(share(0, 0)), y(share(0, 1)), x(share(radius, 0)) - x(share(0, 0)), 0, 2 * Math.PI);
    pen.stroke();
  }
  pen.setLineDash([]);
}

// Enlarge every picture by whole pixels, as far as the column allows.
function fitPictures(root) {
  for (const image of root.querySelectorAll("img")) {
    const fit = () => {
      const room = image.parentElement.clientWidth;
      if (image.naturalWidth) image.style.width = `${image.naturalWidth * Math.max(1, Math.floor(room / image.naturalWidth))}px`;
    };
    image.onload = fit;
    fit();
  }
}

// Fit pictures and charts to the room there is now.
function fit(state) {
  fitPictures(state.root);
  for (const track of state.tracks) for (const show of track.figures) show(track.now);
}

// Make a chart's figure and return what shows a frame in it. It is drawn anew only where its room has changed.
function drawChart(place, chart) {
  const figure = document.createElement("figure");
  const caption = document.createElement("figcaption");
  const name = document.createElement("b");
  name.textContent = chart.name;
  name.style.color = chart.colour;
  caption.append(name, chart.unit);
  const svg = document.createElementNS(SVG, "svg");
  svg.setAttribute("role", "img");
  svg.setAttribute("aria-label", chart.alt);
  figure.append(caption, svg);
  place.append(figure);
  let [drawn, move] = ["", null];
  return (now) => {
    // Letters are 10 of the drawing's units, and a unit is a share of the page's rem: they grow with the page's letters,
    // and do not shrink with the room.
    const unit = UNIT * parseFloat(getComputedStyle(document.documentElement).fontSize);
    const width = Math.round(figure.clientWidth / unit);
    const height = Math.round(chart.size[1] * Math.max(1, width / chart.size[0]));
    if (!width) return;
    if (drawn !== `${width} ${height}`) {
      drawn = `${width} ${height}`;
      svg.setAttribute("viewBox", `0 0 ${drawn}`);
      svg.replaceChildren();
      move = drawInside(svg, chart, width, height);
    }
    move(now);
  };
}

// Draw a chart in so many units and return what moves it to a frame.
function drawInside(svg, chart, width, height) {
  const [left, right, top, bottom] = [chart.y.title ? 44 : 34, width - 6, chart.phases.length ? 16 : 8, height - 35];
  const x = (share) => left + share * (right - left);
  const y = (share) => bottom - share * (bottom - top);
  const add = (tag, attributes, text, parent = svg) => {
    const element = document.createElementNS(SVG, tag);
    for (const [key, value] of Object.entries(attributes)) element.setAttribute(key, value);
    if (text !== undefined) element.textContent = text;
    parent.append(element);
    return element;
  };
  chart.phases.forEach(([from, to, text], i) => {
    const shade = add("rect", { x: x(from), y: top, width: x(to) - x(from), height: bottom - top, class: i % 2 ? "phase odd" : "phase" });
    const label = add("text", { x: (x(from) + x(to)) / 2, y: top - 5, "text-anchor": "middle" }, `${i + 1} ${text}`);
    for (const one of [shade, label]) add("title", {}, text, one);
    if (label.getComputedTextLength() > x(to) - x(from)) label.firstChild.data = i + 1; // the page's caption has the words
  });
  for (const [share, text] of chart.y.ticks) {
    add("line", { x1: left, x2: right, y1: y(share), y2: y(share), class: "grid" });
    add("text", { x: left - 4, y: y(share) + 3, "text-anchor": "end" }, text);
  }
  for (const [share, text] of chart.x.ticks) add("text", { x: x(share), y: bottom + 14, "text-anchor": "middle" }, text);
  add("text", { x: (left + right) / 2, y: bottom + 29, "text-anchor": "middle" }, chart.x.title);
  if (chart.y.title) add("text", { transform: `translate(10 ${(top + bottom) / 2}) rotate(-90)`, "text-anchor": "middle" }, chart.y.title);
  for (const line of chart.lines) {
    const d = line.xy.map(([u, v], i) => `${i ? "L" : "M"}${x(u).toFixed(1)} ${y(v).toFixed(1)}`).join("");
    const path = add("path", { d, class: line.kind });
    path.setAttribute("stroke", line.colour ?? chart.colour);
    if (line.text) {
      const [u, v] = line.xy.at(-1);
      add("text", { x: x(u) - 2, y: y(v) - 8, "text-anchor": "end" }, line.text);
    }
  }
  if (chart.beyond) {
    add("path", { d: `M${left - 4} ${top - 5}l4 -7l4 7z`, fill: chart.colour, class: "beyond" });
    add("text", { x: left - 7, y: top - 4, "text-anchor": "end" }, chart.beyond);
  }
  for (const stop of chart.stops) {
    const circle = add("circle", { cx: x(stop.x), cy: y(stop.y), r: 3.5, stroke: chart.colour, class: "stop" });
    add("title", {}, stop.said, circle);
    add("text", { x: x(stop.x) + 6, y: y(stop.y) - 6 }, stop.text);
  }
  if (chart.bars) return bars(chart, x, y, add);
  const line = chart.cursor && add("line", { y1: top, y2: bottom, class: "now" });
  const dot = add("circle", { r: chart.stops.length ? 6 : 4, fill: chart.colour, class: "at" });
  return (now) => {
    const [u, v] = chart.now[now];
    dot.setAttribute("cx", x(u));
    dot.setAttribute("cy", y(v));
    if (line) for (const end of ["x1", "x2"]) line.setAttribute(end, x(u));
  };
}

function bars(chart, x, y, add) {
  const count = chart.bars[0].length;
  const rects = chart.bars[0].map((_, i) => add("rect", { x: x((i + 0.12) / count), width: x(0.76 / count) - x(0), fill: chart.colour, class: "bar" }));
  const titles = rects.map((rect) => add("title", {}, "", rect));
  return (now) =>
    rects.forEach((rect, i) => {
      const share = chart.bars[now][i];
      rect.setAttribute("y", y(share));
      rect.setAttribute("height", y(0) - y(share));
      titles[i].textContent = chart.said[now][i];
    });
}
