// A canvas as a PNG file with texts inside: what the picture is about, like the files that Python makes. In front of a
// component's script Python puts it.

const CRC = Uint32Array.from({ length: 256 }, (_, n) => {
  for (let k = 0; k < 8; k++) n = n & 1 ? 0xedb88320 ^ (n >>> 1) : n >>> 1;
  return n;
});

// Save `canvas` as the file `name`; `about` has a text for each name.
async function savePng(canvas, name, about) {
  const blob = await canvas.convertToBlob({ type: "image/png" });
  const start = 33; // the signature and the header, which comes first
  const texts = Object.entries(about).map(([key, value]) => pngText(key, String(value)));
  const link = document.createElement("a");
  link.href = URL.createObjectURL(new Blob([blob.slice(0, start), ...texts, blob.slice(start)], { type: "image/png" }));
  link.download = name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 60_000);
}

// One iTXt chunk of the PNG specification: length, type, keyword, no compression, no language, the text in UTF-8, checksum.
function pngText(key, value) {
  const content = new TextEncoder().encode(`iTXt${key}\0\0\0\0\0${value}`);
  const chunk = new Uint8Array(content.length + 8);
  const view = new DataView(chunk.buffer);
  view.setUint32(0, content.length - 4);
  chunk.set(content, 4);
  view.setUint32(content.length + 4, ~content.reduce((crc, byte) => CRC[(crc ^ byte) & 255] ^ (crc >>> 8), -1));
  return chunk;
}
