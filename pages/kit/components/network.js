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
      layer.products = new Float32Array(type === "conv" ? outputs : outputs * kernel ** 2);
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
      multiply(weight, inputs, x, y);
      for (let o = 0; o < outputs; o++) y[o] += bias[o];
      if (column >= 0) for (let o = 0; o < outputs; o++) y[o] += weight[o * inputs + column];
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

// Both kinds walk over the small picture and multiply a matrix with one patch of numbers. A convolution gathers the patch of
// the large picture under its kernel, (inputs, kernel, kernel), and each row gives one pixel of an output. A transposed one
// takes a pixel in all its inputs, and each row gives what one tap of the kernel adds to one pixel of an output.
function convolve({ type, weight, bias, inputs, outputs, kernel, stride, padding, side, grown, result, patch, products }, x) {
  const transposed = type === "deconv";
  const [small, large] = transposed ? [side, grown] : [grown, side];
  const [smallArea, largeArea, taps] = [small * small, large * large, kernel * kernel];
  for (let o = 0; o < outputs; o++) result.fill(bias[o], o * grown * grown, (o + 1) * grown * grown);
  for (let at = 0; at < smallArea; at++) {
    const top = Math.floor(at / small) * stride - padding;
    const left = (at % small) * stride - padding;
    if (transposed) {
      for (let i = 0; i < inputs; i++) patch[i] = x[i * smallArea + at];
      multiply(weight, inputs, patch, products);
    }
    for (let tap = 0; tap < taps; tap++) {
      const row = top + Math.floor(tap / kernel);
      const column = left + (tap % kernel);
      const inside = row >= 0 && row < large && column >= 0 && column < large;
      const there = row * large + column;
      if (!transposed) for (let i = 0; i < inputs; i++) patch[i * taps + tap] = inside ? x[i * largeArea + there] : 0;
      else if (inside) for (let o = 0; o < outputs; o++) result[o * largeArea + there] += products[o * taps + tap];
    }
    if (transposed) continue;
    multiply(weight, inputs * taps, patch, products);
    for (let o = 0; o < outputs; o++) result[o * smallArea + at] += products[o];
  }
  return result;
}

// y[r] = the inner product of row r of a matrix, whose rows lie `step` apart, with x. Four rows at a time, twice as fast as one:
// each number of x is read once for all four, and no sum waits for itself.
function multiply(matrix, step, x, y) {
  const columns = x.length;
  let r = 0;
  for (; r + 3 < y.length; r += 4) {
    const a = r * step;
    const b = a + step;
    const c = b + step;
    const d = c + step;
    let s0 = 0;
    let s1 = 0;
    let s2 = 0;
    let s3 = 0;
    for (let i = 0; i < columns; i++) {
      const value = x[i];
      s0 += matrix[a + i] * value;
      s1 += matrix[b + i] * value;
      s2 += matrix[c + i] * value;
      s3 += matrix[d + i] * value;
    }
    y[r] = s0;
    y[r + 1] = s1;
    y[r + 2] = s2;
    y[r + 3] = s3;
  }
  for (; r < y.length; r++) {
    let sum = 0;
    for (let i = 0; i < columns; i++) sum += matrix[r * step + i] * x[i];
    y[r] = sum;
  }
}

// Grey values from logits, as vae_core.objective.pixel_mean.
function pixelMeans(logits, likelihood) {
  if (likelihood !== "continuous_bernoulli") return logits.map((l) => 1 / (1 + Math.exp(-l)));
  return logits.map((l) => (Math.abs(l) < 0.1 ? 0.5 + l / 12 - l ** 3 / 720 : -1 / Math.expm1(-l) - 1 / l));
}
