import { isFault } from '@vouchsafe/kernel';
import type { ImportCodesRequest } from '@vouchsafe/proto/inventory/v1/imports';
import { invalidField } from '@vouchsafe/rpc';
import type { Imports } from '../application/imports.js';
import { batchOfImport } from '../application/streams.js';
import type { InventoryConfig } from '../config.js';
import { failureOf } from './errors.js';
import { idOf, within } from './reading.js';

export type UploadOptions = { readonly imports: Imports; readonly config: InventoryConfig };
/** Chunks of an upload are gathered to this size before they are flushed. */
const GATHER_BYTES = 1024 * 1024;

/** Takes an upload's chunks in; what arrived before it broke off stays. Answers whose they are and whether no more come. */
export const takeIn = async (options: UploadOptions, requests: AsyncIterable<ImportCodesRequest>): Promise<{ readonly batchId: string; readonly last: boolean }> => {
  let batchId: string | undefined;
  let at = 0;
  let parts: Uint8Array[] = [];
  let gathered = 0;
  let last = false;
  for await (const request of requests) {
    if (batchId === undefined) {
      batchId = await begin(options, request);
      at = within('/offset', Number(request.offset), { min: 0, max: options.config.uploadMaxBytes });
    }
    parts.push(request.content);
    gathered += request.content.length;
    ({ last } = request);
    if (gathered >= GATHER_BYTES) {
      at = await append(options, batchId, at, Buffer.concat(parts));
      parts = [];
      gathered = 0;
    }
    if (last) break;
  }
  if (batchId === undefined) throw invalidField('/importId', 'FIELD_REQUIRED', '必填', 'is required');
  if (gathered > 0) await append(options, batchId, at, Buffer.concat(parts));
  return { batchId, last };
};

const begin = async ({ imports }: UploadOptions, { importId }: ImportCodesRequest): Promise<string> => {
  const batchId = batchOfImport(idOf('/importId', 'import', importId));
  const { step } = await imports.load(batchId);
  if (step === 'none') throw failureOf('IMPORT_UNKNOWN');
  if (step === 'aborted') throw failureOf('IMPORT_ABORTED');
  if (step !== 'receiving') throw failureOf('CONTENT_FINISHED');
  return batchId;
};
const append = async ({ imports, config }: UploadOptions, batchId: string, at: number, chunk: Buffer): Promise<number> => {
  if (at + chunk.length > config.uploadMaxBytes) throw failureOf('UPLOAD_TOO_LARGE', { max_bytes: String(config.uploadMaxBytes) });
  try {
    return await imports.append(batchId, at, chunk);
  } catch (error) {
    if (isFault(error) && error.code === 'OFFSET_WRONG') throw failureOf('OFFSET_WRONG', { next_offset: String(await imports.received(batchId)) });
    throw error;
  }
};
