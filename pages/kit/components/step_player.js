// The steps of a path from one sprite: all at once as a strip, and played forward and back. The server is not asked.
const SIDE = 28;
const CELL = SIDE + 1; // a picture and the gap before it
const BETWEEN = 5; // lines of a strip that is too long for one
const MOST = 14; // pictures in a line
const kept = new WeakMap();

export default function ({ parentElement, data }) {
  const root = parentElement.querySelector(".walk");
  let state = kept.get(root);
  if (!state) {
    state = { root, at: 0, timer: null, sprite: null, strip: document.createElement("canvas") };
    kept.set(root, state);
    new ResizeObserver(() => root.clientWidth !== state.width && lay(state)).observe(root);
  }
  const anew = state.data?.sprite !== data.sprite;
  if (anew) {
    // Another number of steps: stay at the same place on the path.
    if (state.data) state.at = Math.round((state.at / (state.data.words.length - 1)) * (data.words.length - 1));
    state.sprite = new Image();
    state.sprite.onload = () => lay(state);
    state.sprite.src = `data:image/png;base64,${data.sprite}`;
  }
  state.data = data;
  if (root.dataset.rows !== data.rows.join("\n")) {
    root.dataset.rows = data.rows.join("\n");
    root.querySelector(".frames").replaceChildren(...data.rows.map(figure));
  }

  const stop = clock(state, {
    root,
    last: data.words.length - 1,
    milliseconds: Math.max(40, Math.min(250, 2500 / data.words.length)),
    thereAndBack: true,
    show,
  });
  const seek = (event) => {
    const at = stepAt(state, event);
    if (!(event.buttons & 1) || at === null) return;
    stop();
    state.at = at;
    show(state);
  };
  root.querySelector(".strip").onpointerdown = root.querySelector(".strip").onpointermove = seek;
  if (!anew) show(state); // else as soon as the new pictures are there
}

// Draw the strip, read as a text is: lines as wide as the page allows, and as few places as possible left over in the last.
function lay(state) {
  const { root, data, sprite, strip } = state;
  const width = (state.width = root.clientWidth);
  if (!width || !sprite.naturalWidth) return;
  const [count, rows] = [data.words.length, data.rows.length];
  const most = Math.max(1, Math.min(MOST, count, Math.floor((width - 1) / CELL)));
  state.columns = most;
  if (count > most) {
    const left = (columns) => (columns - (count % columns)) % columns;
    for (let columns = most; columns > most / 2; columns--) if (left(columns) < left(state.columns)) state.columns = columns;
  }
  state.line = rows * CELL + 1 + BETWEEN;
  const shown = root.querySelector(".strip");
  strip.width = shown.width = state.columns * CELL + 1;
  strip.height = shown.height = Math.ceil(count / state.columns) * state.line - BETWEEN;
  const pen = strip.getContext("2d");
  for (let step = 0; step < count; step++) {
    const [x, y] = corner(state, step);
    pen.fillStyle = "rgb(96 96 96)";
    pen.fillRect(x, y, CELL + 1, rows * CELL + 1);
    for (let row = 0; row < rows; row++) {
      pen.drawImage(sprite, step * SIDE, row * SIDE, SIDE, SIDE, x + 1, y + 1 + row * CELL, SIDE, SIDE);
    }
  }
  const room = Math.min(width, 52.5 * parseFloat(getComputedStyle(document.documentElement).fontSize));
  shown.style.width = `${shown.width * Math.max(1, Math.floor(room / shown.width))}px`;
  shown.setAttribute("aria-label", data.alt);
  root.querySelector("p").textContent = data.says;
  show(state);
}

// Where a step's pictures begin on the strip.
function corner({ columns, line }, step) {
  return [(step % columns) * CELL, Math.floor(step / columns) * line];
}

// The step under the pointer, null beyond the last.
function stepAt({ columns, line, data }, event) {
  const box = event.currentTarget.getBoundingClientRect();
  const scale = event.currentTarget.width / box.width;
  const column = Math.floor(((event.clientX - box.left) * scale) / CELL);
  const step = Math.floor(((event.clientY - box.top) * scale) / line) * columns + Math.min(column, columns - 1);
  return step >= 0 && step < data.words.length ? step : null;
}

// The step that is played, framed on the strip.
function mark(state) {
  const { root, data, strip, at } = state;
  if (!state.columns) return;
  const shown = root.querySelector(".strip");
  const pen = shown.getContext("2d");
  pen.clearRect(0, 0, shown.width, shown.height);
  pen.drawImage(strip, 0, 0);
  const [x, y] = corner(state, at);
  pen.strokeStyle = getComputedStyle(root).getPropertyValue("--st-primary-color");
  pen.strokeRect(x + 0.5, y + 0.5, CELL, data.rows.length * CELL);
}

function figure(name) {
  const canvas = document.createElement("canvas");
  canvas.width = canvas.height = SIDE;
  canvas.setAttribute("role", "img");
  const caption = document.createElement("figcaption");
  caption.textContent = name;
  const whole = document.createElement("figure");
  whole.append(canvas, caption);
  return whole;
}

function show(state) {
  const { root, data, at, sprite } = state;
  const count = data.words.length;
  const slider = root.querySelector("input");
  slider.value = at;
  slider.setAttribute("aria-valuetext", `step ${at + 1} of ${count}`);
  root.querySelector("output").textContent = `Step ${at + 1} of ${count}: ${data.words[at]}`;
  root.querySelectorAll(".frames canvas").forEach((canvas, row) => {
    canvas.setAttribute("aria-label", `${data.rows[row]}, step ${at + 1} of ${count}`);
    if (sprite.complete && sprite.naturalWidth)
      canvas.getContext("2d").drawImage(sprite, at * SIDE, row * SIDE, SIDE, SIDE, 0, 0, SIDE, SIDE);
  });
  mark(state);
  root.dataset.step = at + 1;
  window.dispatchEvent(new CustomEvent("vae_classroom.step", { detail: at / (count - 1) }));
}
