import { TextEncoder } from 'node:util';
import * as fc from 'fast-check';
import type { FileFormat } from '../../domain/batch.js';
import { readCodes, UnreadableFile } from './reader.js';

const now = Date.UTC(2026, 0, 1);
const read = async (content: Buffer | string, options: { format?: FileFormat; cut?: number; validUntil?: number } = {}) => {
  const bytes = Buffer.from(content as string);
  const cut = options.cut ?? 7;
  async function* chunks(): AsyncGenerator<Buffer> {
    for (let at = 0; at < bytes.length; at += cut) yield bytes.subarray(at, at + cut);
  }
  const rows: { line: number }[] = [];
  const refusals: { line: number; reason: string }[] = [];
  let line = 0;
  for await (const part of readCodes(chunks(), { format: options.format ?? {}, zone: 'Asia/Shanghai', now, validUntil: options.validUntil })) {
    rows.push(...part.rows);
    refusals.push(...part.refusals);
    line = part.line;
  }
  return { rows, refusals, line };
};
const endOf2026 = Date.UTC(2026, 11, 31, 16) - 1;

it('reads one code a line, with or without a newline at the end, blank lines passed over', async () => {
  expect(await read('AAAA1\r\n\r\nBBBB2\nCCCC3')).toEqual({ rows: [{ line: 1, code: 'AAAA1' }, { line: 3, code: 'BBBB2' }, { line: 4, code: 'CCCC3' }], refusals: [], line: 4 });
});
it('finds a Chinese header in GB18030, with number, password and the last day it may be used', async () => {
  const gbk = Buffer.from('bfa8bac52cc3dcc2eb2cd3d0d0a7c6dad6c10a', 'hex'); // 卡号,密码,有效期至
  expect(await read(Buffer.concat([gbk, Buffer.from('N001,pass1,2026-12-31\nN002,pass2,2026/12/31 08:00\n')]))).toEqual({
    rows: [
      { line: 2, number: 'N001', code: 'pass1', expiresAt: endOf2026 },
      { line: 3, number: 'N002', code: 'pass2', expiresAt: Date.UTC(2026, 11, 31, 0) },
    ],
    refusals: [], line: 3,
  });
});
it('takes a byte order mark, quotes, tabs, semicolons and the dealers’ four dashes', async () => {
  expect((await read('\ufeffcode,expiry\n"AA,A1",2026年12月31日\n')).rows).toEqual([{ line: 2, code: 'AA,A1', expiresAt: endOf2026 }]);
  for (const delimiter of ['\t', ';', '|', '----', ' ']) expect((await read(`N001${delimiter}pass1\nN002${delimiter}pass2`)).rows).toEqual([
    { line: 1, number: 'N001', code: 'pass1' }, { line: 2, number: 'N002', code: 'pass2' },
  ]);
  expect((await read('AAAA1,20261231\nBBBB2,20261231')).rows).toMatchObject([{ code: 'AAAA1', expiresAt: endOf2026 }, { code: 'BBBB2' }]);
});
it('refuses each bad line by number and reason, never with its code, and takes the others', async () => {
  const bytes = Buffer.concat([
    Buffer.from('code,expiry\nGOOD-1,\n,2026-12-31\nab,\nGOOD-2,31st of May\nGOOD-3,2025-01-01\n"open,\nBAD\u0000NUL,\n'),
    Buffer.from([0xff, 0xfe, 0x41, 0x42, 0x2c, 0x0a]), Buffer.from(`${'x'.repeat(600)},\nGOOD-4,2027-01-01\n`),
  ]);
  const { rows, refusals } = await read(bytes, { format: { encoding: 'UTF8' } });
  expect(rows.map(({ line }) => line)).toEqual([2, 11]);
  expect(refusals).toEqual([
    { line: 3, reason: 'CODE_EMPTY' }, { line: 4, reason: 'CODE_TOO_SHORT' }, { line: 5, reason: 'EXPIRY_INVALID' }, { line: 6, reason: 'EXPIRED' },
    { line: 7, reason: 'UNCLOSED_QUOTE' }, { line: 8, reason: 'CONTROL_CHARACTER' }, { line: 9, reason: 'BROKEN_ENCODING' }, { line: 10, reason: 'CODE_TOO_LONG' },
  ]);
});
it('refuses a line of hundreds of megabytes without holding it', async () => {
  async function* huge(): AsyncGenerator<Buffer> {
    yield Buffer.from('AAAA1\n');
    const piece = Buffer.alloc(1024 * 1024, 0x41);
    for (let i = 0; i < 300; i++) yield piece;
    yield Buffer.from('\nBBBB2\n');
  }
  const before = process.memoryUsage().rss;
  const found: object[] = [];
  for await (const { rows, refusals } of readCodes(huge(), { format: {}, zone: 'UTC', now })) found.push(...rows, ...refusals);
  expect(found).toEqual([{ line: 1, code: 'AAAA1' }, { line: 2, reason: 'LINE_TOO_LONG' }, { line: 3, code: 'BBBB2' }]);
  expect(process.memoryUsage().rss - before).toBeLessThan(150 * 1024 * 1024);
});
it('says of a spreadsheet, a picture or UTF-16 that it is no list of codes', async () => {
  await expect(read('PK\u0003\u0004xxxx')).rejects.toThrow(UnreadableFile);
  await expect(read(Buffer.from([0x89, 0x50, 0x4e, 0x47, 1, 2]))).rejects.toMatchObject({ problem: 'FILE_NOT_TEXT' });
  await expect(read(Buffer.from('\ufeffcode', 'utf16le'))).rejects.toMatchObject({ problem: 'ENCODING_UNSUPPORTED' });
  await expect(read('a1111,b2222,c3333,d4444\n')).rejects.toMatchObject({ problem: 'COLUMNS_UNCLEAR' });
});
it('reads the same wherever the stream is cut', async () => {
  const text = `\ufeff卡号,密码\r\n${Array.from({ length: 50 }, (_, i) => `N${i},密pass${i}`).join('\r\n')}`;
  const whole = await read(text, { cut: 1_000_000 });
  expect(whole.rows).toHaveLength(50);
  await fc.assert(fc.asyncProperty(fc.integer({ min: 1, max: 40 }), async (cut) => expect(await read(text, { cut })).toEqual(whole)), { numRuns: 20 });
});
it('never throws on a line, whatever the bytes', async () => {
  await fc.assert(fc.asyncProperty(fc.uint8Array({ maxLength: 200 }), async (bytes) => {
    const head = new TextEncoder().encode('code\nAAAA1\n');
    const { rows, refusals } = await read(Buffer.concat([head, bytes]));
    expect(rows.length + refusals.length).toBeGreaterThan(0);
  }), { numRuns: 200 });
});
