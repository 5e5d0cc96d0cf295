const encoder = new TextEncoder();
const decoder = new TextDecoder();

/** Appends numbers and texts to a growing buffer. Integers are unsigned LEB128: seven bits a byte, lowest first. */
export interface ByteWriter {
  readonly length: number;
  integer(value: number): void;
  byte(value: number): void;
  text(value: string): void;
  bytes(value: Uint8Array): void;
  /** What was written; the writer may go on. */
  done(): Uint8Array;
  /** A view of what was written, valid until the next write, which begins anew: for many small parts by one writer. */
  take(): Uint8Array;
}

/** An empty writer. */
export function byteWriter(capacity = 1024): ByteWriter {
  let buffer = new Uint8Array(capacity);
  let length = 0;
  const reserve = (more: number): void => {
    if (length + more <= buffer.length) return;
    const larger = new Uint8Array(Math.max(buffer.length * 2, length + more));
    larger.set(buffer.subarray(0, length));
    buffer = larger;
  };
  const writer: ByteWriter = {
    get length() {
      return length;
    },
    integer(value) {
      reserve(8);
      let rest = value;
      while (rest > 127) {
        buffer[length++] = (rest % 128) + 128;
        rest = Math.floor(rest / 128);
      }
      buffer[length++] = rest;
    },
    byte(value) {
      reserve(1);
      buffer[length++] = value;
    },
    text(value) {
      const bytes = encoder.encode(value);
      writer.integer(bytes.length);
      writer.bytes(bytes);
    },
    bytes(value) {
      reserve(value.length);
      buffer.set(value, length);
      length += value.length;
    },
    done: () => buffer.slice(0, length),
    take() {
      const part = buffer.subarray(0, length);
      length = 0;
      return part;
    },
  };
  return writer;
}

/** Reads what a `ByteWriter` wrote, in its order. */
export interface ByteReader {
  readonly at: number;
  readonly done: boolean;
  integer(): number;
  byte(): number;
  text(): string;
  /** A view of the next bytes, no copy. */
  bytes(length: number): Uint8Array;
}

/** A reader at the start of the bytes. */
export function byteReader(buffer: Uint8Array): ByteReader {
  let at = 0;
  const reader: ByteReader = {
    get at() {
      return at;
    },
    get done() {
      return at >= buffer.length;
    },
    integer() {
      let value = 0;
      for (let scale = 1; ; scale *= 128) {
        const byte = buffer[at++] ?? 0;
        if (byte < 128) return value + byte * scale;
        value += (byte - 128) * scale;
      }
    },
    byte: () => buffer[at++] ?? 0,
    text: () => decoder.decode(reader.bytes(reader.integer())),
    bytes(length) {
      const part = buffer.subarray(at, at + length);
      at += length;
      return part;
    },
  };
  return reader;
}

/** The parts one after the other. */
export function joined(parts: readonly Uint8Array[]): Uint8Array {
  const bytes = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    bytes.set(part, at);
    at += part.length;
  }
  return bytes;
}
