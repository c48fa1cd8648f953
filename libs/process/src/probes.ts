import { createServer, type ServerResponse } from 'node:http';
import { isIPv6 } from 'node:net';
import { Fault } from '@vouchsafe/kernel';

/** What a process tells about itself. */
export type ProbeFacts = {
  readonly isStarted: () => boolean;
  /** None: ready. */
  readonly reasons: () => readonly string[];
  /** What is wrong without being a reason to get no traffic. */
  readonly remarks?: () => readonly string[];
  /** Figures, in the format that a scraper says it takes. */
  readonly metrics: (accept: string | undefined) => { readonly type: string; readonly body: string };
};
export type Probes = { readonly address: string; close(): Promise<void> };

const TEXT = 'text/plain; charset=utf-8';
const JSON_TYPE = 'application/json; charset=utf-8';
const answer = (response: ServerResponse, status: number, type: string, body: string): void => void response.writeHead(status, { 'content-type': type, 'cache-control': 'no-store' }).end(body);

const readinessText = (reasons: readonly string[], remarks: readonly string[]): string => JSON.stringify({ ready: reasons.length === 0, reasons, ...(remarks.length > 0 && { remarks }) });

/**
 * Probes over HTTP, on a port of their own, without TLS or token: they tell nothing but names of parts and numbers. `/healthz`: the
 * event loop turns; `/startupz`: it has started once; `/readyz`: with the reasons why not; `/metrics`.
 */
export const startProbes = async ({ isStarted, reasons, remarks = () => [], metrics }: ProbeFacts, { host, port }: { readonly host: string; readonly port: number }): Promise<Probes> => {
  const server = createServer((request, response) => {
    const not = reasons();
    switch (request.method === 'GET' ? request.url?.split('?')[0] : '') {
      case '/healthz': return answer(response, 200, TEXT, 'ok\n');
      case '/startupz': return isStarted() ? answer(response, 200, TEXT, 'started\n') : answer(response, 503, TEXT, `${not.join('\n')}\n`);
      case '/readyz': return answer(response, not.length === 0 ? 200 : 503, JSON_TYPE, `${readinessText(not, remarks())}\n`);
      case '/metrics': {
        const { type, body } = metrics(request.headers.accept);
        return answer(response, 200, type, body);
      }
      default: return answer(response, 404, TEXT, 'not found\n');
    }
  });
  server.requestTimeout = 5_000;
  await new Promise<void>((resolve, reject) => {
    server.once('error', (error) => reject(new Fault('PROBES_UNAVAILABLE', `${host}:${port}: ${error.message}`, false, { cause: error })));
    server.listen(port, host, resolve);
  });
  const bound = server.address();
  const at = typeof bound === 'object' && bound ? bound.port : port;
  return {
    address: `http://${isIPv6(host) ? `[${host}]` : host}:${at}`,
    close: () => new Promise((resolve) => {
      server.close(() => resolve());
      server.closeAllConnections();
    }),
  };
};
