// The model in the browser: reads the bytes that vae_core/wire.py packs and computes what torch computes, in float32.
// Shared by the components that decode or encode live, in front of whose code Python puts it.

const EPSILON = 1e-5; // of torch's layer normalisation

// The network that Python serves at `address`, below the app's own address; a page lies one level below it.
async function fetchNetwork(address) {
  for (const way of ["", "../"]) {
    const response = await fetch(new URL(way + address.replace(/^\//, ""), document.baseURI));
    if (response.ok && response.headers.get("content-type") === "application/octet-stream") {
      return readNetwork(await response.arrayBuffer());
    }
  }
  throw new Error(`no network at ${address}`);
}

// A network from its bytes: its header, with each layer's weights in place and a buffer for its result.
function readNetwork(buffer) {
  const length = new DataView(buffer).getUint32(0, true);
  const header = JSON.parse(new TextDecoder().decode(new Uint8Array(buffer, 4, length)));
  const halves = new Uint16Array(buffer, 4 + length);
  let at = 0;
  const take = (count) => Float32Array.from(halves.subarray(at, (at += count)), half);
  const prepare = (layer) => {
    const { type, inputs, outputs, kernel, side } = layer;
    if (type === "residual") {
      layer.layers.forEach(prepare);
    } else if (type === "linear") {
      layer.weight = take(inputs * outputs);
      layer.bias = take(outputs);
      layer.result = new Float32Array(outputs);
    } else if (type === "norm") {
      layer.weight = take(layer.size);
      layer.bias = take(layer.size);
      layer.result = new Float32Array(layer.size);
    } else if (type === "scale") {
      layer.weight = take(layer.channels);
      layer.bias = take(layer.channels);
      layer.result = new Float32Array(layer.channels * side * side);
    } else if (type === "conv" || type === "deconv") {
      layer.weight = take(inputs * outputs * kernel * kernel);
      layer.bias = take(outputs);
      const { stride, padding } = layer;
      layer.grown =
        type === "conv" ? Math.floor((side + 2 * padding - kernel) / stride) + 1 : (side - 1) * stride - 2 * padding + kernel;
      layer.result = new Float32Array(outputs * layer.grown ** 2);
      layer.patch = new Float32Array(type === "conv" ? inputs * kernel ** 2 : inputs);
      if (type === "deconv") layer.weight = transposed(layer.weight, inputs);
    }
  };
  header.layers.forEach(prepare);
  return header;
}

// A matrix of so many rows, transposed: torch keeps (inputs, outputs, kernel, kernel), `convolve` reads inputs last.
function transposed(matrix, rows) {
  const columns = matrix.length / rows;
  return matrix.map((_, i) => matrix[(i % rows) * columns + Math.floor(i / rows)]);
}

function half(bits) {
  const sign = bits & 0x8000 ? -1 : 1;
  const exponent = (bits >> 10) & 31;
  const fraction = bits & 1023;
  if (exponent === 0) return sign * fraction * 2 ** -24;
  if (exponent === 31) return fraction ? NaN : sign * Infinity;
  return sign * (1 + fraction / 1024) * 2 ** (exponent - 15);
}

// What the network gives for `input`, a Float32Array of header.inputs numbers; `label` for conditional models only.
// The result is valid until the next call.
function runNetwork(network, input, label) {
  let values = input;
  let labelled = network.classes > 0;
  for (const layer of network.layers) {
    // The one-hot label joins what enters the first linear layer: it adds one column of its weights.
    const column = labelled && layer.type === "linear" ? layer.inputs - network.classes + label : -1;
    if (layer.type === "linear") labelled = false;
    values = runLayer(layer, values, column);
  }
  return values;
}

function runLayer(layer, x, column) {
  const y = layer.result;
  switch (layer.type) {
    case "linear": {
      const { weight, bias, inputs, outputs } = layer;
      const given = x.length;
      for (let o = 0, row = 0; o < outputs; o++, row += inputs) {
        const sum = bias[o] + dot(weight, row, x, given);
        y[o] = column < 0 ? sum : sum + weight[row + column];
      }
      return y;
    }
    case "silu": {
      const result = (layer.result ??= new Float32Array(x.length));
      for (let i = 0; i < x.length; i++) result[i] = x[i] / (1 + Math.exp(-x[i]));
      return result;
    }
    case "norm": {
      const { weight, bias, size } = layer;
      let mean = 0;
      for (let i = 0; i < size; i++) mean += x[i];
      mean /= size;
      let variance = 0;
      for (let i = 0; i < size; i++) variance += (x[i] - mean) ** 2;
      const factor = 1 / Math.sqrt(variance / size + EPSILON);
      for (let i = 0; i < size; i++) y[i] = (x[i] - mean) * factor * weight[i] + bias[i];
      return y;
    }
    case "scale": {
      const area = layer.side ** 2;
      for (let i = 0; i < y.length; i++) {
        const c = Math.floor(i / area);
        y[i] = x[i] * layer.weight[c] + layer.bias[c];
      }
      return y;
    }
    case "residual": {
      let values = x;
      for (const inner of layer.layers) values = runLayer(inner, values, -1);
      const result = (layer.result ??= new Float32Array(x.length));
      for (let i = 0; i < x.length; i++) result[i] = x[i] + values[i];
      return result;
    }
    case "conv":
    case "deconv":
      return convolve(layer, x);
  }
}

// Both kinds walk over the small picture and multiply rows of weights with one patch of numbers. A convolution gathers the
// patch of the large picture under its kernel, (inputs, kernel, kernel), and each row gives one pixel of an output. A transposed
// one takes a pixel in all its inputs, and each row gives what one tap of the kernel adds to one pixel of the large picture.
function convolve({ type, weight, bias, inputs, outputs, kernel, stride, padding, side, grown, result, patch }, x) {
  const transposed = type === "deconv";
  const [small, large] = transposed ? [side, grown] : [grown, side];
  const [smallArea, largeArea, taps] = [small * small, large * large, kernel * kernel];
  for (let o = 0; o < outputs; o++) result.fill(bias[o], o * grown * grown, (o + 1) * grown * grown);
  for (let at = 0; at < smallArea; at++) {
    const top = Math.floor(at / small) * stride - padding;
    const left = (at % small) * stride - padding;
    if (transposed) for (let i = 0; i < inputs; i++) patch[i] = x[i * smallArea + at];
    for (let tap = 0; tap < taps; tap++) {
      const row = top + Math.floor(tap / kernel);
      const column = left + (tap % kernel);
      const inside = row >= 0 && row < large && column >= 0 && column < large;
      const there = row * large + column;
      if (!transposed) for (let i = 0; i < inputs; i++) patch[i * taps + tap] = inside ? x[i * largeArea + there] : 0;
      else if (inside) {
        for (let o = 0; o < outputs; o++) result[o * largeArea + there] += dot(weight, (o * taps + tap) * inputs, patch, inputs);
      }
    }
    if (transposed) continue;
    for (let o = 0; o < outputs; o++) result[o * smallArea + at] += dot(weight, o * inputs * taps, patch, inputs * taps);
  }
  return result;
}

// The inner product of `count` numbers of a, from `from` on, with the first of b. Four sums at a time: one alone would wait for
// itself at every step.
function dot(a, from, b, count) {
  let i = 0;
  let s0 = 0;
  let s1 = 0;
  let s2 = 0;
  let s3 = 0;
  for (; i + 3 < count; i += 4) {
    s0 += a[from + i] * b[i];
    s1 += a[from + i + 1] * b[i + 1];
    s2 += a[from + i + 2] * b[i + 2];
    s3 += a[from + i + 3] * b[i + 3];
  }
  for (; i < count; i++) s0 += a[from + i] * b[i];
  return s0 + s1 + (s2 + s3);
}

// Grey values from logits, as vae_core.objective.pixel_mean.
function pixelMeans(logits, likelihood) {
  if (likelihood !== "continuous_bernoulli") return logits.map((l) => 1 / (1 + Math.exp(-l)));
  return logits.map((l) => (Math.abs(l) < 0.1 ? 0.5 + l / 12 - l ** 3 / 720 : -1 / Math.expm1(-l) - 1 / l));
}
