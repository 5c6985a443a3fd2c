// Play, pause, a step back, a step on, and scrub: what every player has. All frames are here already.
const PAUSE = ["❚❚ Pause", "Pause"];

// Connect the controls below `root`. `state` keeps `at`, `way` and `timer` from one run to the next; `show(state)` draws the
// frame `state.at`, 0 to `last`; `rest()` is called where the reader stops. Returns what stops the clock.
function clock(state, { root, last, milliseconds, idle = ["▶ Play", "Play"], thereAndBack = false, show, rest = () => {} }) {
  const [button, slider] = [root.querySelector(".play"), root.querySelector("input")];
  const face = ([text, label]) => {
    button.textContent = text;
    button.setAttribute("aria-label", label);
  };
  const go = (at) => {
    state.at = Math.max(0, Math.min(last, at));
    show(state);
  };
  const stop = () => {
    clearInterval(state.timer);
    state.timer = null;
    face(idle);
  };
  const tick = () => {
    if (!root.isConnected) return stop(); // the reader has left the page
    if (thereAndBack && (state.at + state.way < 0 || state.at + state.way > last)) state.way = -state.way;
    go(state.at + state.way);
    if (thereAndBack || state.at < last) return;
    stop();
    rest();
  };
  const play = () => {
    clearInterval(state.timer);
    if (!thereAndBack && state.at === last) go(0);
    face(PAUSE);
    state.timer = setInterval(tick, milliseconds);
  };
  const toggle = () => {
    if (!state.timer) return play();
    stop();
    rest();
  };
  const step = (by) => () => {
    stop();
    go(state.at + by);
    rest();
  };
  state.way ??= 1;
  slider.max = last;
  button.onclick = toggle;
  root.querySelector(".back").onclick = step(-1);
  root.querySelector(".on").onclick = step(1);
  slider.oninput = () => {
    stop();
    go(Number(slider.value));
  };
  slider.onchange = rest;
  slider.onkeydown = (event) => {
    if (event.key !== " ") return;
    event.preventDefault();
    toggle();
  };
  if (state.timer) play(); // new data while it plays: at their own pace
  else face(idle);
  return stop;
}
