import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Clock } from '@vouchsafe/runtime';
import { z } from 'zod';
import { type Register, register, type Reply } from './register.js';

export type SandboxProvider = {
  /** `http://127.0.0.1:<port>` to configure fulfillment with. */
  readonly baseUrl: string;
  /** How often a request number reached an account; for tests and audits. */
  carriedOut(requestNumber: string): number;
  stop(): Promise<void>;
};
export type SandboxProviderOptions = { readonly clock: Clock; readonly port?: number; /** How long "late" takes. */ readonly lateMs?: number };

const HOST = '127.0.0.1';
const LATE_MS = 3_000;
const BODY_MAX = 16 * 1024;
const submission = z.object({
  requestNumber: z.string().min(1).max(200), account: z.string().min(1).max(200), quantity: z.int().min(1).max(1_000_000),
  face: z.object({ minor: z.string().regex(/^\d{1,15}$/), currency: z.string().regex(/^[A-Z]{3}$/) }), sku: z.string().max(200).optional(),
});

/** A provider of top-ups that does as the account number tells it (see `behaviour.ts`). Its own HTTP server, on loopback; memory only. */
export const startSandboxProvider = async ({ clock, port = 0, lateMs = LATE_MS }: SandboxProviderOptions): Promise<SandboxProvider> => {
  const books = register(clock, lateMs);
  const server = createServer((request, response) => {
    serve(books, request, response).catch(() => response.destroy());
  });
  await new Promise<void>((resolve, reject) => server.once('error', reject).listen(port, HOST, resolve));
  const { port: bound } = server.address() as AddressInfo;
  return {
    baseUrl: `http://${HOST}:${bound}`,
    carriedOut: books.carriedOut,
    stop: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections(); // hanging ones are part of the play
      }),
  };
};

const serve = async (books: Register, request: IncomingMessage, response: ServerResponse): Promise<void> => {
  const path = new URL(request.url ?? '/', `http://${HOST}`).pathname;
  if (request.method === 'POST' && path === '/topups') return send(response, submitted(books, await bodyOf(request)));
  const asked = /^\/topups\/([^/]+)$/.exec(path)?.[1];
  if (request.method === 'GET' && asked !== undefined) return send(response, books.query(decodeURIComponent(asked)));
  send(response, { status: 405, body: { error: 'POST /topups or GET /topups/<request number>' } });
};
const submitted = (books: Register, text: string | undefined): Reply => {
  const parsed = submission.safeParse(text === undefined ? undefined : jsonOf(text));
  return parsed.success ? books.submit(parsed.data) : { status: 400, body: { error: 'malformed' } };
};
const jsonOf = (text: string): unknown => {
  try {
    return JSON.parse(text);
  } catch {
    return undefined; // the schema says no
  }
};
const bodyOf = async (request: IncomingMessage): Promise<string | undefined> => {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of request as AsyncIterable<Buffer>) {
    size += chunk.length;
    if (size > BODY_MAX) return undefined;
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString('utf8');
};
const send = (response: ServerResponse, reply: Reply): void => {
  if (reply === 'hang') return; // the connection stays open until one of us gives up
  if (reply === 'drop') return void response.destroy();
  const json = typeof reply.body !== 'string';
  response.writeHead(reply.status, { 'content-type': json ? 'application/json' : 'text/html' });
  response.end(json ? JSON.stringify(reply.body) : reply.body);
};
