/** Longest line that is read; a longer one is refused without ever being held in memory. */
export const LINE_MAX_BYTES = 8 * 1024;
const NEWLINE = 0x0a;

/** Whole lines of a chunk as one piece, with the number of the first; or one line that is too long. */
export type Piece = { readonly firstLine: number; readonly bytes: Buffer } | { readonly firstLine: number; readonly tooLong: true };

/**
 * Cuts a byte stream at newlines (safe in UTF-8 and GB18030, whose trail bytes never are 0x0A). Holds at most one unfinished
 * line of {@link LINE_MAX_BYTES}.
 */
export class LineCutter {
  #rest: Buffer = Buffer.alloc(0);
  #line = 1;
  #skipping = false;

  *push(chunk: Buffer): Generator<Piece> {
    let bytes = chunk;
    if (this.#skipping) {
      const end = bytes.indexOf(NEWLINE);
      if (end < 0) return;
      this.#skipping = false;
      this.#line++;
      bytes = bytes.subarray(end + 1);
    }
    const last = bytes.lastIndexOf(NEWLINE);
    if (last >= 0) {
      yield* this.#whole(this.#rest.length > 0 ? Buffer.concat([this.#rest, bytes.subarray(0, last + 1)]) : bytes.subarray(0, last + 1));
      this.#rest = Buffer.from(bytes.subarray(last + 1));
    } else this.#rest = Buffer.concat([this.#rest, bytes]);
    if (this.#rest.length > LINE_MAX_BYTES) {
      yield { firstLine: this.#line, tooLong: true };
      this.#rest = Buffer.alloc(0);
      this.#skipping = true;
    }
  }

  /** The last line, if the file does not end with a newline. */
  *end(): Generator<Piece> {
    if (!this.#skipping && this.#rest.length > 0) yield { firstLine: this.#line, bytes: this.#rest };
  }

  *#whole(bytes: Buffer): Generator<Piece> {
    let from = 0;
    let firstLine = this.#line;
    for (let at = 0; at < bytes.length; ) {
      const end = bytes.indexOf(NEWLINE, at);
      if (end - at > LINE_MAX_BYTES) {
        if (at > from) yield { firstLine, bytes: bytes.subarray(from, at) };
        yield { firstLine: this.#line, tooLong: true };
        from = end + 1;
        firstLine = this.#line + 1;
      }
      this.#line++;
      at = end + 1;
    }
    if (from < bytes.length) yield { firstLine, bytes: bytes.subarray(from) };
  }
}

export type Encoding = 'UTF8' | 'GB18030';
/** The text of one line, or undefined where its bytes are none in that encoding. */
export type LineText = string | undefined;
const strict = { UTF8: new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }), GB18030: new TextDecoder('gb18030', { fatal: true }) };
const lenient = new TextDecoder('gb18030');
const REPLACEMENT = '\ufffd';

/** Decodes whole lines at once; only where something in them is broken, each by itself. */
export const decodeLines = (bytes: Buffer, encoding: Encoding): readonly LineText[] => {
  const text = encoding === 'UTF8' ? bytes.toString('utf8') : lenient.decode(bytes);
  const lines = text.includes(REPLACEMENT) ? splitBytes(bytes).map((line) => decodeLine(line, encoding)) : text.split('\n');
  if (lines[lines.length - 1] === '') lines.pop();
  return lines;
};
const decodeLine = (line: Buffer, encoding: Encoding): LineText => {
  try {
    return strict[encoding].decode(line);
  } catch {
    return undefined; // these bytes are no text in that encoding
  }
};
const splitBytes = (bytes: Buffer): Buffer[] => {
  const lines: Buffer[] = [];
  let at = 0;
  for (let end = bytes.indexOf(NEWLINE); end >= 0; end = bytes.indexOf(NEWLINE, at)) {
    lines.push(bytes.subarray(at, end));
    at = end + 1;
  }
  lines.push(bytes.subarray(at));
  return lines;
};
