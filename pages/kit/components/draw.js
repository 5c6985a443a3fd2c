// Drawing a 28 x 28 picture with mouse, pen or finger: shared by the components that let the reader draw, in front of whose
// code Python puts it. Grey values are bytes, 0 black and 255 white, row by row, in a Uint8Array of 784.
//
//   const pad = drawPad(canvas, { onStroke, onRelease, brush });
//
// `canvas` shows the picture, 28 x 28 pixels on any size of screen; give it `touch-action: none`, `image-rendering: pixelated`
// and `cursor: crosshair`. All options may be left out. onStroke(pixels) is called while the pen is down, at most once a
// frame; onRelease(pixels) when it is lifted. `brush` is the pen's width in pixels of the picture: 2.9 leaves as much ink as
// MNIST has. Call it again on the same canvas, as components do, and it returns the same pad with the new options. None of
// load, clear, undo and resume calls back.
//
//   pad.pixels()                  the picture as it is drawn
//   pad.prepared({ box, mass })   the picture as MNIST prepares it (box 20, mass true), see below
//   pad.load(pixels or null)      a picture to begin with: strokes are drawn upon it. Null is a black one. Forgets the strokes
//   pad.clear()                   black
//   pad.undo()                    takes the last stroke (or clear) back
//   pad.drawing()                 what was drawn since: { cleared, strokes }, plain values to be kept
//   pad.resume(drawing)           goes on with that on the loaded picture, each stroke to be undone as before
//   pad.drawn                     whether the picture differs from the loaded one: there are strokes, or it was cleared
//   pad.empty                     whether nothing is on it
//
// Strokes are kept as lines, not as pixels, so that a small drawing is prepared with a pen as thick as MNIST's.

const PICTURE = 28;
const FINE = 6; // each pixel is the mean of 6 x 6 finer ones
const LARGEST = 4; // a drawing is enlarged at most so much: a dot stays a dot
const pads = new WeakMap();

function drawPad(canvas, options = {}) {
  const known = pads.get(canvas);
  if (known) {
    Object.assign(known.options, options);
    return known.pad;
  }
  const own = { options: { brush: 2.9, ...options }, loaded: null, ground: null, strokes: [], former: [], frame: 0, pointer: null };
  canvas.width = canvas.height = PICTURE;

  const show = () => {
    own.pixels = pixelsOf(own.ground, own.strokes, own.options.brush);
    paintPixels(canvas, own.pixels);
  };
  const change = (act) => {
    own.former.push({ ground: own.ground, strokes: own.strokes });
    act();
    show();
  };
  const pad = {
    pixels: () => own.pixels,
    prepared: ({ box = 20, mass = true } = {}) => preparedPixels(own.ground, own.strokes, own.options.brush, box, mass),
    load(pixels) {
      own.loaded = pixels ? Uint8Array.from(pixels) : null;
      Object.assign(own, { ground: own.loaded, strokes: [], former: [], pointer: null });
      show();
    },
    clear: () => change(() => Object.assign(own, { ground: null, strokes: [] })),
    undo() {
      if (own.former.length) Object.assign(own, own.former.pop());
      show();
    },
    drawing: () => ({ cleared: own.ground !== own.loaded, strokes: own.strokes }),
    resume({ cleared, strokes }) {
      const ground = cleared ? null : own.loaded;
      own.former = strokes.map((_, i) => ({ ground, strokes: strokes.slice(0, i) }));
      if (cleared) own.former.unshift({ ground: own.loaded, strokes: [] });
      Object.assign(own, { ground, strokes });
      show();
    },
    get drawn() {
      return own.former.length > 0;
    },
    get empty() {
      return !own.pixels.some((grey) => grey > 0);
    },
  };
  pads.set(canvas, { pad, options: own.options });
  show();

  // Where the pointer is, in pixels of the picture. The border of the canvas is no part of it.
  const place = (event) => {
    const box = canvas.getBoundingClientRect();
    const scale = PICTURE / canvas.clientWidth;
    const inside = [event.clientX - box.left - canvas.clientLeft, event.clientY - box.top - canvas.clientTop];
    return inside.map((v) => Math.round(100 * scale * v) / 100); // finer than the screen, and short where it is kept
  };
  canvas.onpointerdown = (event) => {
    if (own.pointer !== null || event.button !== 0) return;
    event.preventDefault(); // no selection of text
    own.pointer = event.pointerId;
    canvas.setPointerCapture(event.pointerId);
    change(() => (own.strokes = [...own.strokes, [place(event)]]));
    own.options.onStroke?.(own.pixels);
  };
  canvas.onpointermove = (event) => {
    if (event.pointerId !== own.pointer) return;
    const passed = event.getCoalescedEvents?.() ?? [];
    own.strokes.at(-1).push(...(passed.length ? passed : [event]).map(place));
    own.frame ||= requestAnimationFrame(() => {
      own.frame = 0;
      show();
      own.options.onStroke?.(own.pixels);
    });
  };
  canvas.onpointerup = canvas.onpointercancel = (event) => {
    if (event.pointerId !== own.pointer) return;
    own.pointer = null;
    cancelAnimationFrame(own.frame);
    own.frame = 0;
    show();
    own.options.onRelease?.(own.pixels);
  };
  return pad;
}

// Grey bytes on a canvas of 28 x 28.
function paintPixels(canvas, pixels) {
  const pen = canvas.getContext("2d");
  const image = pen.createImageData(PICTURE, PICTURE);
  pixels.forEach((grey, i) => image.data.set([grey, grey, grey, 255], 4 * i));
  pen.putImageData(image, 0, 0);
}

let fine = null;

// The picture of a ground and strokes, with `scale` and then `shift` (x, y in pixels) applied to both; the pen keeps its width.
function pixelsOf(ground, strokes, brush, scale = 1, [right, down] = [0, 0]) {
  if (ground && !strokes.length && scale === 1 && Number.isInteger(right) && Number.isInteger(down)) {
    return moved(ground, right, down); // exactly as it came
  }
  const side = FINE * PICTURE;
  fine ??= new OffscreenCanvas(side, side).getContext("2d", { willReadFrequently: true });
  fine.setTransform(1, 0, 0, 1, 0, 0);
  fine.fillStyle = "#000";
  fine.fillRect(0, 0, side, side);
  fine.setTransform(FINE, 0, 0, FINE, 0, 0);
  if (ground) {
    const small = new OffscreenCanvas(PICTURE, PICTURE);
    paintPixels(small, ground);
    const even = scale === 1 && Number.isInteger(right) && Number.isInteger(down);
    fine.imageSmoothingEnabled = !even;
    fine.drawImage(small, right, down, PICTURE * scale, PICTURE * scale);
  }
  Object.assign(fine, { strokeStyle: "#fff", lineWidth: brush, lineCap: "round", lineJoin: "round" });
  const at = ([x, y]) => [x * scale + right, y * scale + down];
  for (const stroke of strokes) {
    const points = stroke.map(at);
    fine.beginPath();
    fine.moveTo(...points[0]);
    // Through the middles of neighbouring points: a line without corners. A single point becomes a dot.
    for (let i = 1; i < points.length - 1; i++) {
      fine.quadraticCurveTo(...points[i], (points[i][0] + points[i + 1][0]) / 2, (points[i][1] + points[i + 1][1]) / 2);
    }
    fine.lineTo(...points.at(-1));
    fine.stroke();
  }
  const { data } = fine.getImageData(0, 0, side, side);
  const pixels = new Uint8Array(PICTURE * PICTURE);
  for (let y = 0; y < PICTURE; y++) {
    for (let x = 0; x < PICTURE; x++) {
      let sum = 0;
      for (let v = y * FINE; v < (y + 1) * FINE; v++) {
        for (let u = x * FINE; u < (x + 1) * FINE; u++) sum += data[4 * (v * side + u)];
      }
      pixels[y * PICTURE + x] = Math.round(sum / FINE ** 2);
    }
  }
  return pixels;
}

// As MNIST is prepared (LeCun et al. 1998; yann.lecun.com/exdb/mnist): the drawing fits, ink included, a box of 20 x 20 pixels
// and keeps its shape; the box lies so that the centre of mass comes to the pixel (14, 14). Fashion-MNIST fills the frame
// instead: box 28, mass false. A picture that is so already stays exactly as it is. An empty one stays empty.
function preparedPixels(ground, strokes, brush, box, mass) {
  // The box around the pen's middle. Ink of the ground ends half a pen outside of such a middle.
  const [low, high] = [[Infinity, Infinity], [-Infinity, -Infinity]];
  const reach = (place, by = 0) => place.forEach((v, axis) => {
    low[axis] = Math.min(low[axis], v + by);
    high[axis] = Math.max(high[axis], v - by);
  });
  ground?.forEach((grey, i) => {
    const [x, y] = [i % PICTURE, Math.floor(i / PICTURE)];
    if (grey) [[x, y], [x + 1, y + 1]].forEach((corner) => reach(corner, brush / 2));
  });
  for (const stroke of strokes) stroke.forEach((place) => reach(place));
  if (low[0] === Infinity) return new Uint8Array(PICTURE * PICTURE);
  const extent = Math.max(high[0] - low[0], high[1] - low[1]);
  const scale = Math.min(LARGEST, (box - brush) / Math.max(extent, 1e-6));
  const even = Math.abs(scale - 1) < 1e-6;
  // In the middle first, so that all of it is in the frame when it is weighed. Whole pixels keep a picture sharp.
  const middle = low.map((v, axis) => PICTURE / 2 - (scale * (v + high[axis])) / 2);
  const pixels = pixelsOf(ground, strokes, brush, even ? 1 : scale, even ? middle.map(Math.round) : middle);
  return mass ? massCentred(pixels) : pixels;
}

// Moved by whole pixels, so that the centre of mass is in the pixel (14, 14).
function massCentred(pixels) {
  let [total, x, y] = [0, 0, 0];
  pixels.forEach((grey, i) => {
    total += grey;
    x += grey * (i % PICTURE);
    y += grey * Math.floor(i / PICTURE);
  });
  return moved(pixels, Math.round(PICTURE / 2 - x / total), Math.round(PICTURE / 2 - y / total));
}

function moved(pixels, right, down) {
  const result = new Uint8Array(PICTURE * PICTURE);
  pixels.forEach((grey, i) => {
    const [x, y] = [(i % PICTURE) + right, Math.floor(i / PICTURE) + down];
    if (x >= 0 && x < PICTURE && y >= 0 && y < PICTURE) result[y * PICTURE + x] = grey;
  });
  return result;
}
