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
    }
  };
  header.layers.forEach(prepare);
  return header;
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
        let sum = bias[o];
        for (let i = 0; i < given; i++) sum += weight[row + i] * x[i];
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

// A convolution walks over the small picture (what comes out of it) and reads from the large one; a transposed one walks
// over the small picture (what goes in) and writes into the large one. Weights: (outputs, inputs, kernel, kernel), or
// (inputs, outputs, kernel, kernel) if transposed.
function convolve({ type, weight, bias, inputs, outputs, kernel, stride, padding, side, grown, result }, x) {
  const transposed = type === "deconv";
  const [small, large] = transposed ? [side, grown] : [grown, side];
  const [readStep, writeStep] = transposed ? [1, stride] : [stride, 1];
  for (let o = 0; o < outputs; o++) {
    const out = o * grown * grown;
    result.fill(bias[o], out, out + grown * grown);
    for (let i = 0; i < inputs; i++) {
      const picture = i * side * side;
      const kernels = (transposed ? i * outputs + o : o * inputs + i) * kernel * kernel;
      for (let ky = 0; ky < kernel; ky++) {
        for (let kx = 0; kx < kernel; kx++) {
          const w = weight[kernels + ky * kernel + kx];
          const from = Math.max(0, Math.ceil((padding - kx) / stride));
          const to = Math.min(small, Math.floor((large - 1 + padding - kx) / stride) + 1);
          for (let v = 0; v < small; v++) {
            const row = v * stride + ky - padding;
            if (row < 0 || row >= large) continue;
            const inSmall = v * small;
            const inLarge = row * large + kx - padding;
            const read = picture + (transposed ? inSmall : inLarge);
            const write = out + (transposed ? inLarge : inSmall);
            for (let u = from; u < to; u++) result[write + u * writeStep] += w * x[read + u * readStep];
          }
        }
      }
    }
  }
  return result;
}

// Grey values from logits, as vae_core.objective.pixel_mean.
function pixelMeans(logits, likelihood) {
  if (likelihood !== "continuous_bernoulli") return logits.map((l) => 1 / (1 + Math.exp(-l)));
  return logits.map((l) => (Math.abs(l) < 0.1 ? 0.5 + l / 12 - l ** 3 / 720 : -1 / Math.expm1(-l) - 1 / l));
}
