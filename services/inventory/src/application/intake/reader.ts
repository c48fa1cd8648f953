import type { ColumnName, FileFormat } from '../../domain/batch.js';
import type { PlainRow, RowRefusal } from '@vouchsafe/vault';
import { splitCells } from './cells.js';
import { expiryReader } from './dates.js';
import { detectFormat, type FileProblem, type KnownFormat, SAMPLE_BYTES } from './format.js';
import { decodeLines, LineCutter, type LineText, type Piece } from './lines.js';

/** Why a line is not taken. Beside these the vault refuses duplicates. */
export type LineRefusal =
  | 'LINE_TOO_LONG' | 'BROKEN_ENCODING' | 'CONTROL_CHARACTER' | 'UNCLOSED_QUOTE' | 'COLUMN_MISSING' | 'CODE_EMPTY' | 'CODE_TOO_SHORT' | 'CODE_TOO_LONG'
  | 'NUMBER_TOO_LONG' | 'EXPIRY_INVALID' | 'EXPIRED';
export type Read = { readonly rows: readonly PlainRow[]; readonly refusals: readonly RowRefusal[]; /** Last line looked at. */ readonly line: number };
export type ReadOptions = { readonly format: FileFormat; readonly zone: string; /** Codes that end before are refused as expired. */ readonly now: number; readonly validUntil?: number };

export const CODE_MIN = 4;
export const CODE_MAX = 512;
const NUMBER_MAX = 128;
// biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what is looked for
const CONTROL = /[\u0000-\u0008\u000b-\u001f\u007f\u0085\u2028\u2029\ufeff]/;

/** A file that is no list of codes. */
export class UnreadableFile extends Error {
  override readonly name = 'UnreadableFile';
  constructor(readonly problem: FileProblem) {
    super(problem);
  }
}

/** Reads a file of codes piece by piece; memory does not grow with it. Throws {@link UnreadableFile} at the start of what is none. */
export async function* readCodes(content: AsyncIterable<Buffer>, options: ReadOptions): AsyncGenerator<Read> {
  const expiry = expiryReader(options.zone);
  const lines = new LineCutter();
  let format: KnownFormat | undefined;
  for await (const chunk of gathered(content)) {
    const start = format === undefined;
    format ??= settle(chunk, options.format, (text) => expiry(text) !== undefined);
    for (const piece of lines.push(start ? chunk.subarray(format.bomBytes) : chunk)) yield readPiece(piece, format, expiry, options);
  }
  if (format) for (const piece of lines.end()) yield readPiece(piece, format, expiry, options);
}
const settle = (sample: Buffer, given: FileFormat, isDate: (text: string) => boolean): KnownFormat => {
  const format = detectFormat(sample.subarray(0, SAMPLE_BYTES), given, isDate);
  if (typeof format === 'string') throw new UnreadableFile(format);
  return format;
};
/** The stream with a first chunk large enough to learn from. */
async function* gathered(content: AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
  let first: Buffer | undefined = Buffer.alloc(0);
  for await (const chunk of content) {
    if (!first) yield chunk;
    else {
      first = Buffer.concat([first, chunk]);
      if (first.length < SAMPLE_BYTES) continue;
      yield first;
      first = undefined;
    }
  }
  if (first && first.length > 0) yield first;
}

const readPiece = (piece: Piece, format: KnownFormat, expiry: Expiry, options: ReadOptions): Read => {
  if ('tooLong' in piece) return { rows: [], refusals: [{ line: piece.firstLine, reason: 'LINE_TOO_LONG' }], line: piece.firstLine };
  const rows: PlainRow[] = [];
  const refusals: RowRefusal[] = [];
  const texts = decodeLines(piece.bytes, format.encoding);
  texts.forEach((text, i) => {
    const line = piece.firstLine + i;
    if (line === 1 && format.header) return;
    const read = readLine(text, format, expiry, options);
    if (typeof read === 'string') refusals.push({ line, reason: read });
    else if (read) rows.push({ line, ...read });
  });
  return { rows, refusals, line: piece.firstLine + texts.length - 1 };
};

type Line = Omit<PlainRow, 'line'>;
type Expiry = (text: string) => number | undefined;
const readLine = (raw: LineText, format: KnownFormat, expiry: Expiry, options: ReadOptions): Line | LineRefusal | undefined => {
  if (raw === undefined) return 'BROKEN_ENCODING';
  const text = raw.endsWith('\r') ? raw.slice(0, -1) : raw;
  if (text.trim() === '') return undefined;
  if (CONTROL.test(text)) return 'CONTROL_CHARACTER';
  const cells = splitCells(text, format.delimiter);
  if (!cells) return 'UNCLOSED_QUOTE';
  const cell = (column: ColumnName): string | undefined => {
    const at = format.columns.indexOf(column);
    return at < 0 ? undefined : cells[at]?.trim();
  };
  const code = cell('code');
  return codeProblem(code) ?? lineOf(code!, { number: cell('number') || undefined, until: cell('expiry') || undefined }, expiry, options);
};
const lineOf = (code: string, { number, until }: { number?: string; until?: string }, expiry: Expiry, { now, validUntil }: ReadOptions): Line | LineRefusal => {
  if (number !== undefined && number.length > NUMBER_MAX) return 'NUMBER_TOO_LONG';
  const expiresAt = until === undefined ? validUntil : expiry(until);
  if (until !== undefined && expiresAt === undefined) return 'EXPIRY_INVALID';
  if (expiresAt !== undefined && expiresAt <= now) return 'EXPIRED';
  return { code, ...(number !== undefined && { number }), ...(expiresAt !== undefined && { expiresAt }) };
};
const codeProblem = (code: string | undefined): LineRefusal | undefined => {
  if (code === undefined) return 'COLUMN_MISSING';
  if (code === '') return 'CODE_EMPTY';
  if (code.length < CODE_MIN) return 'CODE_TOO_SHORT';
  return code.length > CODE_MAX ? 'CODE_TOO_LONG' : undefined;
};
