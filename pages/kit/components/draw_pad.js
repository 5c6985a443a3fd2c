// A square to draw a digit on; what was drawn, and what MNIST's preparation makes of it, go to Python when the pen is lifted.
export default function ({ parentElement, data, setStateValue }) {
  const find = (name) => parentElement.querySelector(name);
  const report = () =>
    setStateValue("drawing", { drawn: text(pad.pixels()), prepared: text(pad.prepared()), strokes: pad.drawing(), turn: data.turn });
  const pad = drawPad(find("canvas"), { onRelease: report });
  find(".undo").onclick = () => {
    pad.undo();
    report();
  };
  find(".clear").onclick = () => {
    pad.clear();
    report();
  };
  const root = find(".draw-pad");
  if (String(data.turn) !== root.dataset.turn) {
    if (root.dataset.turn !== undefined) {
      pad.load(null); // the digit was kept: the next one
      setStateValue("drawing", null);
    } else if (data.strokes) pad.resume(data.strokes); // the reader is back from another page
    root.dataset.turn = data.turn;
  }
}

const text = (pixels) => btoa(String.fromCharCode(...pixels));
