// The steps of a path, played forward and back from one sprite: all frames are here already, the server is not asked.
const SIDE = 28;
const kept = new WeakMap();

export default function ({ parentElement, data }) {
  const root = parentElement.querySelector(".walk");
  let state = kept.get(root);
  if (!state) {
    state = { root, at: 0, timer: null, sprite: null };
    kept.set(root, state);
  }
  if (state.data?.sprite !== data.sprite) {
    // Another number of steps: stay at the same place on the path.
    if (state.data) state.at = Math.round((state.at / (state.data.words.length - 1)) * (data.words.length - 1));
    state.sprite = new Image();
    state.sprite.onload = () => show(state);
    state.sprite.src = `data:image/png;base64,${data.sprite}`;
  }
  state.data = data;
  if (root.dataset.rows !== data.rows.join("\n")) {
    root.dataset.rows = data.rows.join("\n");
    root.querySelector(".frames").replaceChildren(...data.rows.map(figure));
  }

  clock(state, {
    root,
    last: data.words.length - 1,
    milliseconds: Math.max(40, Math.min(250, 2500 / data.words.length)),
    thereAndBack: true,
    show,
  });
  show(state);
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

function show({ root, data, at, sprite }) {
  const count = data.words.length;
  const slider = root.querySelector("input");
  slider.value = at;
  slider.setAttribute("aria-valuetext", `step ${at + 1} of ${count}`);
  root.querySelector("output").textContent = `Step ${at + 1} of ${count}: ${data.words[at]}`;
  root.querySelectorAll("canvas").forEach((canvas, row) => {
    canvas.setAttribute("aria-label", `${data.rows[row]}, step ${at + 1} of ${count}`);
    if (sprite.complete && sprite.naturalWidth)
      canvas.getContext("2d").drawImage(sprite, at * SIDE, row * SIDE, SIDE, SIDE, 0, 0, SIDE, SIDE);
  });
  root.dataset.step = at + 1;
  window.dispatchEvent(new CustomEvent("vae_classroom.step", { detail: at / (count - 1) }));
}
