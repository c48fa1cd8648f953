import { type MessagePort, parentPort, receiveMessageOnPort, workerData } from 'node:worker_threads';
import { Database } from './database.js';
import { type SealedRequest, unsealed } from './sealed-rows.js';
import { WriteEngine } from './write-engine.js';

/** A request with the number its answer names. */
export type Numbered = { readonly number: number; readonly request: SealedRequest | undefined };
/** Answers of a group, in one message. */
export type Answered = readonly { readonly number: number; readonly error?: { readonly message: string; readonly stack?: string } }[];

const GROUP_MAX = 64;

/** Entry point of the writer's thread: its commits and the file's checkpoints do not hold up those who take orders. */
const serve = (port: MessagePort): void => {
  const engine = new WriteEngine(new Database((workerData as { file: string }).file));
  port.on('message', (first: Numbered) => {
    const group = [first];
    while (group.length < GROUP_MAX) {
      const waiting = receiveMessageOnPort(port);
      if (!waiting) break;
      group.push(waiting.message as Numbered);
    }
    const last = group[group.length - 1]!;
    const work = group.filter((item): item is Numbered & { readonly request: SealedRequest } => item.request !== undefined);
    const errors = engine.runAll(work.map(({ request }) => unsealed(request)));
    port.postMessage(work.map(({ number }, i) => ({ number, ...(errors[i] !== undefined && { error: describe(errors[i]) }) })));
    if (last.request !== undefined) return;
    engine.close();
    port.close();
  });
};

const describe = (error: unknown): { message: string; stack?: string } =>
  error instanceof Error ? { message: error.message, ...(error.stack !== undefined && { stack: error.stack }) } : { message: String(error) };

if (parentPort) serve(parentPort);
