// One picture's way through the model, drawn from numbers that Python computed. Nothing is kept between calls.
const SVG = "http://www.w3.org/2000/svg";
const RANGE = 4; // both plots show latent values from -4 to 4

export default function ({ parentElement, data }) {
  const root = parentElement.querySelector(".flow");
  const { colours, digit, latent } = data;
  for (const [name, colour] of Object.entries(colours)) root.style.setProperty(`--${name}`, colour);
  root.setAttribute("aria-label", data.alt);

  paint(root.querySelector(".x canvas"), digit.x);
  paint(root.querySelector(".x-hat canvas"), digit.x_hat);
  root.querySelector(".x figcaption span").textContent = digit.name;

  const plot = root.querySelector(".latent svg");
  const caption = root.querySelector(".latent figcaption span");
  plot.replaceChildren();
  if (latent.mu.length === 2) {
    plot.setAttribute("viewBox", "0 0 240 240");
    drawPlane(plot, latent, data.cloud, root);
    caption.textContent = "the posterior q(z|x) in the plane: ellipses at one and two sigma, circles for the prior";
  } else {
    plot.setAttribute("viewBox", `0 0 ${Math.max(240, 30 + 20 * latent.mu.length)} 240`);
    drawBars(plot, latent);
    caption.textContent = "the posterior q(z|x), a bar of mu ± sigma for each dimension; grey band: the prior";
  }
  fillTable(root.querySelector("tbody"), latent);
}

function paint(canvas, pixels) {
  canvas.hidden = !pixels;
  if (!pixels) return;
  const context = canvas.getContext("2d");
  const image = context.createImageData(28, 28);
  pixels.forEach((grey, i) => image.data.set([grey, grey, grey, 255], 4 * i));
  context.putImageData(image, 0, 0);
}

function add(parent, name, attributes, text) {
  const element = document.createElementNS(SVG, name);
  for (const [key, value] of Object.entries(attributes)) element.setAttribute(key, value);
  if (text !== undefined) element.textContent = text;
  parent.append(element);
  return element;
}

function drawPlane(plot, { mu, sigma, z }, cloud, root) {
  const unit = 210 / (2 * RANGE);
  const px = (v) => 125 + v * unit;
  const py = (v) => 110 - v * unit;
  const palette = getComputedStyle(root).getPropertyValue("--st-chart-categorical-colors").split(",");
  add(plot, "rect", { x: 20, y: 5, width: 210, height: 210, class: "frame" });
  for (const [z1, z2, label] of cloud) {
    if (Math.abs(z1) < RANGE && Math.abs(z2) < RANGE)
      add(plot, "circle", { cx: px(z1), cy: py(z2), r: 1.3, fill: palette[label % palette.length], class: "code" });
  }
  for (const k of [1, 2]) add(plot, "circle", { cx: px(0), cy: py(0), r: k * unit, class: "prior" });
  for (const k of [1, 2])
    add(plot, "ellipse", { cx: px(mu[0]), cy: py(mu[1]), rx: k * sigma[0] * unit, ry: k * sigma[1] * unit, class: "sigma" });
  add(plot, "line", { x1: px(mu[0]), y1: py(mu[1]), x2: px(z[0]), y2: py(z[1]), class: "noise" });
  add(plot, "circle", { cx: px(mu[0]), cy: py(mu[1]), r: 3, class: "mu" });
  add(plot, "circle", { cx: px(z[0]), cy: py(z[1]), r: 4, class: "z" });
  for (const v of [-4, -2, 0, 2, 4]) {
    add(plot, "text", { x: px(v), y: 226, "text-anchor": "middle" }, v);
    add(plot, "text", { x: 16, y: py(v) + 3, "text-anchor": "end" }, v);
  }
  add(plot, "text", { x: 125, y: 238, "text-anchor": "middle", class: "axis" }, "z1");
  add(plot, "text", { x: 0, y: 0, "text-anchor": "middle", class: "axis", transform: "translate(7 62) rotate(-90)" }, "z2");
}

function drawBars(plot, { mu, sigma, z }) {
  const unit = 200 / (2 * RANGE);
  const py = (v) => 108 - Math.max(-RANGE, Math.min(RANGE, v)) * unit;
  const width = 20 * mu.length;
  add(plot, "rect", { x: 25, y: py(1), width, height: 2 * unit, class: "band" });
  for (const v of [-4, -2, 0, 2, 4]) {
    add(plot, "line", { x1: 25, x2: 25 + width, y1: py(v), y2: py(v), class: "grid" });
    add(plot, "text", { x: 21, y: py(v) + 3, "text-anchor": "end" }, v);
  }
  mu.forEach((_, i) => {
    const x = 25 + 20 * (i + 0.5);
    add(plot, "line", { x1: x, x2: x, y1: py(mu[i] - sigma[i]), y2: py(mu[i] + sigma[i]), class: "bar" });
    add(plot, "line", { x1: x - 6, x2: x + 6, y1: py(mu[i]), y2: py(mu[i]), class: "tick" });
    add(plot, "circle", { cx: x, cy: py(z[i]), r: 4, class: "z" });
    add(plot, "text", { x, y: 222, "text-anchor": "middle" }, i + 1);
  });
  add(plot, "text", { x: 25 + width / 2, y: 237, "text-anchor": "middle", class: "axis" }, "latent dimension");
}

function fillTable(body, { mu, sigma, epsilon, z }) {
  const rows = [
    ["mu", "μ", "the encoder's mean", mu],
    ["sigma", "σ", "exp(½ log σ²), its width", sigma],
    ["epsilon", "ε", "noise from N(0, I)", epsilon],
    ["z", "z", "= μ + σ · ε", z],
  ];
  body.replaceChildren();
  for (const [name, symbol, meaning, values] of rows) {
    const row = body.insertRow();
    row.className = name;
    const head = document.createElement("th");
    head.scope = "row";
    head.append(Object.assign(document.createElement("b"), { textContent: symbol }), ` ${meaning}`);
    row.append(head);
    for (const value of values) row.insertCell().textContent = value.toFixed(2).replace("-", "−");
  }
}
