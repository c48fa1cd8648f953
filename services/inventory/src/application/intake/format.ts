import type { ColumnName, FileFormat } from '../../domain/batch.js';
import { decodeLines, type Encoding } from './lines.js';
import { splitCells } from './cells.js';

/** How a file is read, settled: given by whoever sends it, or found out from its first bytes. */
export type KnownFormat = { readonly encoding: Encoding; readonly delimiter: string | undefined; readonly header: boolean; readonly columns: readonly ColumnName[]; readonly bomBytes: number };

/** First bytes looked at. */
export const SAMPLE_BYTES = 64 * 1024;
const SAMPLE_LINES = 200;
/** Tried in this order; four dashes is how dealers of card numbers write. */
const DELIMITERS = ['\t', ',', ';', '|', '----', '，', ' '];
const BOM = Buffer.from([0xef, 0xbb, 0xbf]);

const NAMES: Readonly<Record<Exclude<ColumnName, 'ignore'>, readonly string[]>> = {
  code: ['code', 'codes', 'pin', 'password', 'passwd', 'secret', 'cdkey', 'key', 'activationcode', 'redeemcode', 'vouchercode', 'link', 'url',
    '卡密', '密码', '卡密码', '兑换码', '激活码', '券码', '串码', '链接', '提取码', '充值码', '卡券密码'],
  number: ['number', 'no', 'cardno', 'cardnumber', 'card', 'serial', 'serialno', 'serialnumber', 'sn', 'account', '卡号', '序列号', '编号', '账号', '卡券号', '券号'],
  expiry: ['expiry', 'expires', 'expiresat', 'expirydate', 'expirationdate', 'validuntil', 'validto', 'enddate', '有效期', '有效期至', '到期时间', '到期日', '到期日期', '过期时间', '失效时间', '失效日期', '截止日期'],
};
const nameOf = (cell: string): ColumnName | undefined => {
  const plain = cell.trim().toLowerCase().replace(/[\s_\-()（）]/g, '');
  return (Object.keys(NAMES) as (keyof typeof NAMES)[]).find((column) => NAMES[column].includes(plain));
};

/** Why a file cannot be read at all. */
export type FileProblem = 'FILE_NOT_TEXT' | 'ENCODING_UNSUPPORTED' | 'COLUMNS_UNCLEAR';
const MAGICS = [Buffer.from('PK\u0003\u0004'), Buffer.from([0xd0, 0xcf, 0x11, 0xe0]), Buffer.from('%PDF'), Buffer.from([0x89, 0x50, 0x4e, 0x47]), Buffer.from([0x1f, 0x8b])];

/** Settles how to read a file from its first bytes (`sample`: whole lines where possible). */
export const detectFormat = (sample: Buffer, given: FileFormat, isDate: (text: string) => boolean): KnownFormat | FileProblem => {
  if (startsWith(sample, MAGICS)) return 'FILE_NOT_TEXT';
  if (startsWith(sample, UTF16)) return 'ENCODING_UNSUPPORTED';
  const bomBytes = startsWith(sample, [BOM]) ? BOM.length : 0;
  const encoding = given.encoding ?? (bomBytes > 0 || isUtf8(sample) ? 'UTF8' : 'GB18030');
  const lines = decodeLines(wholeLines(sample.subarray(bomBytes)), encoding)
    .flatMap((line) => (line === undefined || line.trim() === '' ? [] : [line.replace(/\r$/, '')])).slice(0, SAMPLE_LINES);
  const delimiter = given.delimiter ?? delimiterOf(lines);
  const table = tableOf(lines.map((line) => splitCells(line, delimiter) ?? []), given, isDate);
  return table.columns?.includes('code') ? { encoding, delimiter, header: table.header, columns: table.columns, bomBytes } : 'COLUMNS_UNCLEAR';
};
const startsWith = (sample: Buffer, heads: readonly Buffer[]): boolean => heads.some((head) => sample.subarray(0, head.length).equals(head));
const UTF16 = [Buffer.from([0xff, 0xfe]), Buffer.from([0xfe, 0xff])];

const tableOf = (rows: readonly (readonly string[])[], given: FileFormat, isDate: (text: string) => boolean): { header: boolean; columns: readonly ColumnName[] | undefined } => {
  const names = (rows[0] ?? []).map(nameOf);
  const header = given.header ?? names.some((name) => name !== undefined);
  return { header, columns: given.columns ?? (header ? named(names) : guessed(rows, isDate)) };
};

const wholeLines = (sample: Buffer): Buffer => (sample.length < SAMPLE_BYTES ? sample : sample.subarray(0, sample.lastIndexOf(0x0a) + 1 || sample.length));
/** Whether the sample is UTF-8; its last few bytes may be the beginning of a character. */
const isUtf8 = (sample: Buffer): boolean => {
  const text = sample.toString('utf8');
  const broken = text.indexOf('\ufffd');
  return broken < 0 || (sample.length >= SAMPLE_BYTES && broken >= text.length - 3);
};
/** The delimiter that cuts all lines of the sample into the same number of cells, two to six of them. */
const delimiterOf = (lines: readonly string[]): string | undefined =>
  DELIMITERS.find((delimiter) => {
    const counts = new Set(lines.map((line) => splitCells(line, delimiter)?.length ?? 0));
    const [count] = counts;
    return counts.size === 1 && count! >= 2 && count! <= 6;
  }) ?? DELIMITERS.find((delimiter) => delimiter !== ' ' && mostly(lines, delimiter));
/** A file with a few broken lines still has its delimiter in nine of ten. */
const mostly = (lines: readonly string[], delimiter: string): boolean => {
  const cut = lines.filter((line) => line.includes(delimiter)).length;
  return cut > 0 && cut >= lines.length * 0.9;
};
/** Columns by their header; a number alone, without a code, is the code. */
const named = (names: readonly (ColumnName | undefined)[]): readonly ColumnName[] => {
  const columns = names.map((name) => name ?? 'ignore');
  return columns.includes('code') ? columns : columns.map((name) => (name === 'number' ? 'code' : name));
};
const guessed = (rows: readonly (readonly string[])[], isDate: (text: string) => boolean): readonly ColumnName[] | undefined => {
  const width = rows.reduce((most, row) => Math.max(most, row.length), 0);
  const dated = (column: number): boolean => rows.length > 0 && rows.every((row) => row[column] === undefined || row[column] === '' || isDate(row[column].trim()));
  if (width <= 1) return ['code'];
  if (width === 2) return dated(1) ? ['code', 'expiry'] : ['number', 'code'];
  return width === 3 && dated(2) ? ['number', 'code', 'expiry'] : undefined;
};
