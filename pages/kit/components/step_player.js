// The steps of a path, played forward and back from one sprite: all frames are here already, the server is not asked.
const SIDE = 28;
const kept = new WeakMap();

export default function ({ parentElement, data }) {
  const root = parentElement.querySelector(".walk");
  let state = kept.get(root);
  if (!state) {
    state = { root, at: 0, way: 1, timer: null, sprite: null };
    kept.set(root, state);
  }
  if (state.data?.sprite !== data.sprite) {
    // Another number of steps: stay at the same place on the path.
    if (state.data) state.at = Math.round((state.at / (state.data.words.length - 1)) * (data.words.length - 1));
    state.sprite = new Image();
    state.sprite.onload = () => show(state);
    state.sprite.src = `data:image/png;base64,${data.sprite}`;
    if (state.timer) play(state, data.words.length);
  }
  state.data = data;
  if (root.dataset.rows !== data.rows.join("\n")) {
    root.dataset.rows = data.rows.join("\n");
    root.querySelector(".frames").replaceChildren(...data.rows.map(figure));
  }

  const slider = root.querySelector("input");
  slider.max = data.words.length - 1;
  const go = (at) => {
    stop(state);
    state.at = Math.max(0, Math.min(data.words.length - 1, at));
    show(state);
  };
  const toggle = () => (state.timer ? stop(state) : play(state, data.words.length));
  root.querySelector(".play").onclick = toggle;
  root.querySelector(".back").onclick = () => go(state.at - 1);
  root.querySelector(".on").onclick = () => go(state.at + 1);
  slider.oninput = () => go(Number(slider.value));
  slider.onkeydown = (event) => {
    if (event.key !== " ") return;
    event.preventDefault();
    toggle();
  };
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

function play(state, count) {
  clearInterval(state.timer);
  label(state, "❚❚ Pause", "Pause");
  state.timer = setInterval(
    () => {
      if (!state.root.isConnected) return clearInterval(state.timer); // the reader has left the page
      if (state.at + state.way < 0 || state.at + state.way >= state.data.words.length) state.way = -state.way;
      state.at += state.way;
      show(state);
    },
    Math.max(40, Math.min(250, 2500 / count)),
  );
}

function stop(state) {
  clearInterval(state.timer);
  state.timer = null;
  label(state, "▶ Play", "Play");
}

function label(state, text, name) {
  const button = state.root.querySelector(".play");
  button.textContent = text;
  button.setAttribute("aria-label", name);
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
