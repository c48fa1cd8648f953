import { ImportState, type Job } from '@vouchsafe/proto/inventory/v1/imports';
import { InventoryService } from '@vouchsafe/proto/inventory/v1/inventory';
import { CommandFailure, EXIT } from '../speech.js';
import type { Connection } from './connection.js';

const POLL_MS = 100;

/** Mints own vouchers of a product and waits until they are for sale. */
export const mintVouchers = async (connection: Connection, productId: string, quantity: number, pollMs = POLL_MS): Promise<Job> => {
  let job = await connection.call(InventoryService.method.mintVouchers, { productId, quantity });
  while (job.state !== ImportState.COMPLETED) {
    if (job.state === ImportState.ABORTED) throw new CommandFailure(EXIT.refused, `生成失败：${job.reason}`, `minting failed: ${job.reason}`);
    await new Promise((resolve) => setTimeout(resolve, pollMs));
    job = await connection.call(InventoryService.method.getJob, { jobId: job.jobId });
  }
  return job;
};
