// The wire format of cu_core/stage/wire.py: u32 header length, JSON header, padding, sections.

const SECTION_TYPES = { u8: Uint8Array, u16: Uint16Array, u32: Uint32Array, f32: Float32Array };

/** {header, sections: name -> typed array} of one blob (a Uint8Array). Throws on a cut blob. */
export function parseBlob(bytes) {
  if (bytes.byteOffset % 8) bytes = bytes.slice(); // typed arrays need aligned memory
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const size = view.getUint32(0, true);
  const header = JSON.parse(new TextDecoder().decode(bytes.subarray(4, 4 + size)));
  if (header.v !== 1) throw new Error(`Blob version ${header.v} is not known to this page.`);
  const start = Math.ceil((4 + size) / 8) * 8;
  const sections = {};
  for (const part of header.sections) {
    const Type = SECTION_TYPES[part.dtype];
    const length = part.bytes / Type.BYTES_PER_ELEMENT;
    sections[part.name] = new Type(bytes.buffer, bytes.byteOffset + start + part.offset, length);
  }
  return { header, sections };
}
