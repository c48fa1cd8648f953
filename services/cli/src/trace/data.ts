import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { gunzipSync } from 'node:zlib';
import { CommandFailure, EXIT } from '../speech.js';

const ROOT = path.resolve(__dirname, '../../../..');

/** Where the real input lies: beside the project, never in it. `VOUCHSAFE_SHARED` names another place. */
export const sharedData = (...parts: readonly string[]): string => path.join(process.env.VOUCHSAFE_SHARED ?? path.resolve(ROOT, '../shared'), 'data', ...parts);

/** The rows of a (gzipped) CSV file without quotes, by column name. */
export const readRows = (file: string): readonly Readonly<Record<string, string>>[] => {
  if (!existsSync(file)) throw new CommandFailure(EXIT.data, `没有数据文件 ${file}（见 VOUCHSAFE_SHARED 或 --file）`, `there is no data file ${file} (see VOUCHSAFE_SHARED or --file)`);
  const bytes = readFileSync(file);
  const text = (file.endsWith('.gz') ? gunzipSync(bytes) : bytes).toString('utf8');
  const [head = '', ...lines] = text.trim().split(/\r?\n/);
  const names = head.split(',');
  return lines.map((line) => {
    const cells = line.split(',');
    return Object.fromEntries(names.map((name, i) => [name, cells[i] ?? '']));
  });
};
