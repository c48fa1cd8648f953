import { accessSync, constants, createReadStream, statSync } from 'node:fs';
import { FileEncoding, type Import, ImportState } from '@vouchsafe/proto/inventory/v1/imports';
import { InventoryService } from '@vouchsafe/proto/inventory/v1/inventory';
import { CommandFailure, EXIT } from '../speech.js';
import type { Connection } from './connection.js';

export type ImportOptions = {
  readonly product: string; readonly supplier: string; readonly unitCost: string; readonly encoding?: string;
  /** Go on with this import where it stopped. */
  readonly resume?: string;
  readonly note?: (line: string) => void;
  /** How often it is asked how far it is; 100 ms unless said. */
  readonly pollMs?: number;
};
export type ImportDone = { readonly importId: string; readonly batchId: string; readonly accepted: number; readonly refused: number; readonly refusals: readonly string[] };

const CHUNK = 256 * 1024;
const UPLOAD_MS = 3_600_000;
const POLL_MS = 100;
const REFUSALS_SHOWN = 10;

/** Uploads a file of codes from where the platform has it, waits until it is read, and completes it. */
export const importFile = async (connection: Pick<Connection, 'call' | 'upload'>, file: string, options: ImportOptions): Promise<ImportDone> => {
  mustBeReadable(file);
  const { importId, nextOffset } = options.resume
    ? await connection.call(InventoryService.method.getImport, { importId: options.resume })
    : await connection.call(InventoryService.method.startImport, {
        productId: options.product, supplierId: options.supplier, unitCost: options.unitCost,
        format: { encoding: options.encoding === 'gb18030' ? FileEncoding.GB18030 : FileEncoding.UTF8 },
      });
  options.note?.(`${importId} @${nextOffset}`);
  await connection.upload(InventoryService.method.importCodes, chunksOf(file, importId, Number(nextOffset)), UPLOAD_MS);
  const ready = await settled(connection, importId, [ImportState.READY, ImportState.COMPLETED], options.pollMs);
  await connection.call(InventoryService.method.completeImport, { importId });
  const done = await settled(connection, importId, [ImportState.COMPLETED], options.pollMs);
  const { lines } = ready.refused > 0n ? await connection.call(InventoryService.method.listRefusedLines, { importId, pageSize: REFUSALS_SHOWN }) : { lines: [] };
  return {
    importId, batchId: done.batchId, accepted: Number(done.accepted), refused: Number(done.refused),
    refusals: lines.map(({ line, reason, meaning }) => `  #${line} ${reason} ${meaning?.zh ?? ''} / ${meaning?.en ?? ''}`),
  };
};

/** Before anything is begun at the platform. */
const mustBeReadable = (file: string): void => {
  try {
    accessSync(file, constants.R_OK);
    if (statSync(file).isFile()) return;
  } catch (error) {
    const { message } = error as Error;
    throw new CommandFailure(EXIT.data, `无法读取 ${file}：${message}`, `cannot read ${file}: ${message}`);
  }
  throw new CommandFailure(EXIT.data, `${file} 不是文件`, `${file} is no file`);
};

async function* chunksOf(file: string, importId: string, from: number) {
  const size = statSync(file).size;
  let offset = from;
  for await (const chunk of createReadStream(file, { start: from, highWaterMark: CHUNK })) {
    const content = chunk as Buffer;
    yield { importId, offset: BigInt(offset), content, last: offset + content.length >= size };
    offset += content.length;
  }
  if (offset === from) yield { importId, offset: BigInt(offset), content: Buffer.alloc(0), last: true };
}

const settled = async (connection: Pick<Connection, 'call'>, importId: string, states: readonly ImportState[], pollMs = POLL_MS): Promise<Import> => {
  for (;;) {
    const now = await connection.call(InventoryService.method.getImport, { importId });
    if (states.includes(now.state)) return now;
    if (now.state === ImportState.ABORTED) throw new CommandFailure(EXIT.data, `导入已中止：${now.reason}`, `the import was aborted: ${now.reason}`);
    await new Promise((resolve) => setTimeout(resolve, pollMs));
  }
};
