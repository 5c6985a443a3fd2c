// A Gaussian q on its way up the ELBO, over the true posterior. All steps are here already.
const MILLISECONDS = 90;
const kept = new WeakMap();

export default function ({ parentElement, data }) {
  const root = parentElement.querySelector(".climb");
  let state = kept.get(root);
  if (!state) {
    state = { timer: null, at: 0 };
    kept.set(root, state);
    for (const canvas of root.querySelectorAll("canvas")) redrawWhenNeeded(canvas, () => state.data && show(state));
  }
  const changed = state.data?.version !== data.version;
  Object.assign(state, { root, data });
  if (changed) {
    state.zoom = shade(data.zoom, data.colours.posterior);
    state.plane = shade(data.plane, data.colours.posterior);
    root.querySelector(".low").textContent = `ELBO of the encoder's q: ${nats(data.elbo)}`;
    root.querySelector(".high").textContent = `log p(x): ${nats(data.log_evidence)}`;
    root.querySelector(".mass").textContent =
      `${data.mass} of the true posterior's probability lies inside this window.`;
    root.querySelector(".about").textContent =
      `On a logarithmic scale, from the peak down to ${data.range} nats below it. The frame is what the other picture shows.`;
    root.querySelector(".shade").style.background = data.colours.posterior;
    root.querySelector(".dashed").style.color = data.colours.q;
    root.querySelector(".closed").style.background = data.colours.elbo;
  }

  const stop = clock(state, {
    root,
    last: data.steps.elbo.length - 1,
    milliseconds: MILLISECONDS,
    idle: ["▶ Optimise", "Optimise q for this picture"],
    show,
  });
  if (changed) {
    stop();
    state.at = 0;
  }
  show(state);
}

function nats(value) {
  return `${value.toFixed(2).replace("-", "−")} nats`;
}

function show(state) {
  const { root, data, at } = state;
  const elbo = data.steps.elbo[at];
  const total = data.log_evidence - data.elbo;
  const closed = Math.max(0, Math.min(1, (elbo - data.elbo) / total));
  const [mu, sigma] = [data.steps.mu[at], data.steps.sigma[at]];
  root.querySelector("input").value = at;
  root.querySelector("input").setAttribute("aria-valuetext", `step ${at}`);
  root.querySelector("output").textContent =
    `Step ${at} of ${data.steps.elbo.length - 1}. ELBO of this q: ${nats(elbo)}, ` +
    `${nats(data.log_evidence - elbo)} below log p(x).`;
  root.querySelector(".closed").style.width = `${100 * closed}%`;
  root
    .querySelector(".gap")
    .setAttribute("aria-label", `${Math.round(100 * closed)} percent of the gap of ${nats(total)} is closed`);

  const encoder = { mu: data.encoder.mu, sigma: data.encoder.sigma, ink: data.colours.q, dashed: true };
  const now = { mu, sigma, dashed: false };
  const where = `mean ${mu.map((v) => v.toFixed(3))}, sigma ${sigma.map((v) => v.toFixed(3))}`;
  draw(root.querySelector(".zoom"), state.zoom, data.zoom, [now, encoder], `q at step ${at}: ${where}`);
  draw(root.querySelector(".plane"), state.plane, data.plane, [], "Where in the plane this picture has its codes", data.zoom);
}

// A heat map with ellipses at one and two sigma, and the frame of another one.
function draw(canvas, picture, frame, ellipses, label, inset) {
  canvas.setAttribute("aria-label", label);
  if (!canvas.clientWidth) return;
  const plot = plotOf(canvas, { ...frame, titles: ["z1 to the right, z2 upwards", ""] });
  const { pen, ink } = plot;
  const x = (value) => plot.x((value - frame.low[0]) / (frame.high[0] - frame.low[0]));
  const y = (value) => plot.y((value - frame.low[1]) / (frame.high[1] - frame.low[1]));
  pen.save();
  pen.beginPath();
  pen.rect(plot.x(0), plot.y(1), plot.x(1) - plot.x(0), plot.y(0) - plot.y(1));
  pen.clip();
  pen.drawImage(picture, plot.x(0), plot.y(1), plot.x(1) - plot.x(0), plot.y(0) - plot.y(1));
  pen.lineWidth = 2;
  for (const { mu, sigma, ink: own, dashed } of ellipses) {
    pen.strokeStyle = pen.fillStyle = own || ink.text;
    pen.setLineDash(dashed ? [6, 4] : []);
    for (const k of [1, 2]) {
      pen.beginPath();
      pen.ellipse(x(mu[0]), y(mu[1]), x(k * sigma[0]) - x(0), y(0) - y(k * sigma[1]), 0, 0, 2 * Math.PI);
      pen.stroke();
    }
    pen.beginPath();
    pen.arc(x(mu[0]), y(mu[1]), 3, 0, 2 * Math.PI);
    pen.fill();
  }
  if (inset) {
    pen.setLineDash([]);
    pen.strokeStyle = ink.text;
    // A frame too small to see is drawn around its place.
    const grow = Math.max(0, 12 - (x(inset.high[0]) - x(inset.low[0]))) / 2;
    const [left, top] = [x(inset.low[0]) - grow, y(inset.high[1]) - grow];
    pen.strokeRect(left, top, x(inset.high[0]) + grow - left, y(inset.low[1]) + grow - top);
  }
  pen.restore();
}

// Bytes, row by row from the top left, as the opacity of one colour: right on the light and on the dark page.
function shade({ bytes: text, side }, colour) {
  const picture = document.createElement("canvas");
  picture.width = picture.height = side;
  const pen = picture.getContext("2d");
  const image = pen.createImageData(side, side);
  const rgb = [1, 3, 5].map((i) => parseInt(colour.slice(i, i + 2), 16));
  bytes(text).forEach((value, i) => image.data.set([...rgb, value], 4 * i));
  pen.putImageData(image, 0, 0);
  return picture;
}
