import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { DatabaseSync } from 'node:sqlite';

type Form = { readonly name: string; readonly bytes: Buffer };
type Canary = { readonly kind: string; readonly forms: readonly Form[] };
const BASE64_BITS = 6;

/** Values that must be nowhere but in the vault, and a look for them in whatever form they could have taken. */
export class Canaries {
  readonly #canaries: Canary[] = [];

  /** Looks for `value` from now on: as it is, hex, base64 wherever in a text it begins, and escaped for URLs. The value itself. */
  plant(kind: string, value: string): string {
    this.#canaries.push({ kind, forms: formsOf(value) });
    return value;
  }

  /** One line per canary and form that is in there. */
  in(where: string, content: string | Uint8Array): readonly string[] {
    const bytes = typeof content === 'string' ? Buffer.from(content) : Buffer.from(content.buffer, content.byteOffset, content.byteLength);
    return this.#canaries.flatMap(({ kind, forms }) => forms.filter((form) => bytes.includes(form.bytes)).map(({ name }) => `${kind} as ${name} in ${where}`));
  }

  /** Every file below a folder as it lies there, and every value of every row of its SQLite files, whole. */
  below(folder: string): readonly string[] {
    const files = readdirSync(folder, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile()).map((entry) => path.join(entry.parentPath, entry.name));
    return files.flatMap((file) => {
      const where = path.relative(folder, file);
      return [...this.in(where, readFileSync(file)), ...(file.endsWith('.sqlite') ? this.#inRows(file, where) : [])];
    });
  }

  #inRows(file: string, where: string): readonly string[] {
    const db = new DatabaseSync(file, { readOnly: true });
    try {
      const tables = db.prepare("SELECT name FROM sqlite_schema WHERE type = 'table'").all().map(({ name }) => String(name));
      return tables.flatMap((table) => {
        const values = db.prepare(`SELECT * FROM "${table}"`).all().flatMap((row) => Object.values(row)).map((value) => (value instanceof Uint8Array ? value : Buffer.from(String(value))));
        return this.in(`${where} ${table}`, Buffer.concat(values.flatMap((value) => [value, SEPARATOR])));
      });
    } finally {
      db.close();
    }
  }
}
const SEPARATOR = Buffer.from([0]);

const formsOf = (value: string): readonly Form[] => {
  const plain = Buffer.from(value);
  const forms: Form[] = [
    { name: 'plain text', bytes: plain }, { name: 'hex', bytes: Buffer.from(plain.toString('hex')) }, { name: 'HEX', bytes: Buffer.from(plain.toString('hex').toUpperCase()) },
    { name: 'UTF-16', bytes: Buffer.from(value, 'utf16le') },
  ];
  for (const encoding of ['base64', 'base64url'] as const) {
    for (const before of [0, 1, 2]) forms.push({ name: `${encoding} at ${before}`, bytes: Buffer.from(inside(plain, before, encoding)) });
  }
  if (encodeURIComponent(value) !== value) forms.push({ name: 'URL', bytes: Buffer.from(encodeURIComponent(value)) });
  return forms;
};
/** The characters of a base64 text that follow from `plain` alone, whatever stands before (so many bytes, modulo three) and after it. */
const inside = (plain: Buffer, before: number, encoding: 'base64' | 'base64url'): string =>
  Buffer.concat([Buffer.alloc(before), plain]).toString(encoding).slice(Math.ceil((before * 8) / BASE64_BITS), Math.floor(((before + plain.length) * 8) / BASE64_BITS));
