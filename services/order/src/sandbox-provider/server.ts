import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Stop, Timers } from '@vouchsafe/runtime';
import { z } from 'zod';
import { type PspOptions, SandboxPsp, type SentNotice } from './psp.js';

export type SandboxPaymentServer = {
  /** `http://127.0.0.1:<port>`, to configure the adapter with. */
  readonly baseUrl: string;
  readonly psp: SandboxPsp;
  stop(): Promise<void>;
};

const HOST = '127.0.0.1';
const BODY_MAX = 16 * 1024;
const TICK_MS = 100;
const NOTICE_TIMEOUT_MS = 5000;
const sum = z.object({ minor: z.string().regex(/^\d{1,18}$/), currency: z.string().regex(/^[A-Z]{3}$/) });
const asked = z.object({ paymentId: z.string().min(5).max(200), reference: z.string().max(200), amount: sum, expiresAt: z.int() });
const refund = z.object({ amount: sum });

/** A payment provider that does as the order's number tells it (see `behaviour.ts`). Its own HTTP server, on loopback; memory only. */
export const startSandboxPaymentServer = async ({ port = 0, timers, ...options }: PspOptions & { readonly port?: number; readonly timers: Timers }): Promise<SandboxPaymentServer> => {
  const psp = new SandboxPsp(options);
  const server = createServer((request, response) => {
    serve(psp, request, response).catch(() => response.destroy());
  });
  await new Promise<void>((resolve, reject) => server.once('error', reject).listen(port, HOST, resolve));
  const { port: bound } = server.address() as AddressInfo;
  const stopTicking: Stop = timers.every(TICK_MS, async () => psp.tick(), (error) => options.log.error({ error }, 'the sandbox payment provider stumbled'));
  return {
    baseUrl: `http://${HOST}:${bound}`, psp,
    stop: async () => {
      await stopTicking();
      await new Promise<void>((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      });
    },
  };
};

/** Delivers notices as the platform's HTTP interface takes them; rejects where they were not taken. */
export const postNotices = (url: string) => async ({ body, timestamp, signature }: SentNotice): Promise<void> => {
  const answer = await fetch(url, {
    method: 'POST', headers: { 'content-type': 'application/json' }, signal: AbortSignal.timeout(NOTICE_TIMEOUT_MS),
    body: JSON.stringify({ body: Buffer.from(body).toString('base64'), timestamp, signature }),
  });
  await answer.arrayBuffer();
  if (!answer.ok) throw new Error(`the notice was answered with ${answer.status}`);
};

const serve = async (psp: SandboxPsp, request: IncomingMessage, response: ServerResponse): Promise<void> => {
  const { method = 'GET' } = request;
  const { pathname } = new URL(request.url ?? '/', `http://${HOST}`);
  const body = method === 'POST' ? await bodyOf(request) : undefined;
  const parsed = method === 'POST' && pathname === '/payments' ? asked.safeParse(body) : pathname.includes('/refunds/') && method === 'POST' ? refund.safeParse(body) : undefined;
  const { status, body: answer } = parsed && !parsed.success ? { status: 400, body: { error: 'malformed' } } : psp.handle(method, pathname, parsed?.data);
  response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(answer));
};

const bodyOf = async (request: IncomingMessage): Promise<unknown> => {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of request as AsyncIterable<Buffer>) {
    size += chunk.length;
    if (size > BODY_MAX) return undefined;
    chunks.push(chunk);
  }
  try {
    return JSON.parse(Buffer.concat(chunks).toString('utf8') || 'null');
  } catch {
    return undefined;
  }
};
