import http2 from 'node:http2';

/** What a load run measured. Latencies in milliseconds. */
export type LoadResult = {
  readonly calls: number;
  readonly failed: number;
  readonly seconds: number;
  readonly perSecond: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
  /** gRPC status, or what was wrong with an answer → count, of calls that failed. */
  readonly statuses: Readonly<Record<string, number>>;
};
export type LoadPlan = {
  /** host:port of a plain-text gRPC server. */
  readonly target: string;
  /** `/package.Service/Method`. */
  readonly path: string;
  readonly key: string;
  readonly sessions: number;
  /** Calls in flight, over all sessions. */
  readonly inFlight: number;
  readonly seconds: number;
  /** Ends after so many calls, if sooner. */
  readonly calls?: number;
  /** Bytes of the `n`th request's message. */
  readonly request: (n: number) => Uint8Array;
  /** Looks at an answer's message: undefined where it is as it should be, else a word for what is wrong. */
  readonly wrong?: (answer: Buffer) => string | undefined;
};

const GRPC_HEAD = 5;
const framed = (message: Uint8Array): Buffer => {
  const frame = Buffer.allocUnsafe(GRPC_HEAD + message.length);
  frame[0] = 0;
  frame.writeUInt32BE(message.length, 1);
  frame.set(message, GRPC_HEAD);
  return frame;
};

/** What has been counted so far; latencies in milliseconds, of calls that were answered as they should be: a refusal is quick, and no order. */
export type Tally = { calls: number; failed: number; latencies: number[]; statuses: Record<string, number> };
export const newTally = (): Tally => ({ calls: 0, failed: 0, latencies: [], statuses: {} });
/** The latency that a share of all calls kept; 0 where there were none. */
export const quantileOf = (latencies: readonly number[]): ((share: number) => number) => {
  const sorted = [...latencies].sort((a, b) => a - b);
  return (share) => sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? 0;
};

/**
 * Closed-loop load over bare HTTP/2: much cheaper than a grpc-js client, so that it measures the server. Stops by itself after
 * `seconds`, then waits for what is in flight.
 */
export const runLoad = async (plan: LoadPlan): Promise<LoadResult> => {
  const sessions = await Promise.all(Array.from({ length: plan.sessions }, () => connected(plan.target)));
  const tally = newTally();
  const from = performance.now();
  const until = from + plan.seconds * 1000;
  let next = 0;
  const lane = async (session: http2.ClientHttp2Session): Promise<void> => {
    while (performance.now() < until && next < (plan.calls ?? Number.POSITIVE_INFINITY)) await oneCall(session, plan, next++, tally);
  };
  await Promise.all(Array.from({ length: plan.inFlight }, (_, i) => lane(sessions[i % sessions.length]!)));
  const seconds = (performance.now() - from) / 1000;
  for (const session of sessions) session.close();
  const at = quantileOf(tally.latencies);
  return { calls: tally.calls, failed: tally.failed, seconds, perSecond: tally.calls / seconds, p50Ms: at(0.5), p99Ms: at(0.99), statuses: tally.statuses };
};

/** A connection for calls in plain text. */
export const connected = (target: string): Promise<http2.ClientHttp2Session> =>
  new Promise((resolve, reject) => {
    const session = http2.connect(`http://${target}`, { settings: { initialWindowSize: 1 << 20 } });
    session.once('connect', () => resolve(session));
    session.once('error', reject);
  });

/** Makes one call and counts it; never rejects. Its time runs from `from` on. */
export const oneCall = (session: http2.ClientHttp2Session, plan: Pick<LoadPlan, 'path' | 'key' | 'request' | 'wrong'>, n: number, tally: Tally, from = performance.now()): Promise<void> =>
  new Promise((resolve) => {
    const stream = session.request({
      ':method': 'POST', ':path': plan.path, 'content-type': 'application/grpc', te: 'trailers', 'grpc-timeout': '30S',
      ...(plan.key && { authorization: `Bearer ${plan.key}` }),
    });
    let status: string | undefined;
    const chunks: Buffer[] = [];
    stream.on('response', (headers) => { status = headers['grpc-status'] as string | undefined; });
    stream.on('data', (chunk: Buffer) => chunks.push(chunk));
    stream.on('trailers', (headers) => { status = headers['grpc-status'] as string | undefined; });
    stream.on('error', () => { status ??= 'BROKEN'; });
    stream.on('close', () => {
      tally.calls++;
      const answer = chunks.length === 1 ? chunks[0]! : Buffer.concat(chunks);
      const word = status === '0' ? plan.wrong?.(answer.subarray(GRPC_HEAD)) : (status ?? 'NO_STATUS');
      if (word !== undefined) {
        tally.failed++;
        tally.statuses[word] = (tally.statuses[word] ?? 0) + 1;
      } else tally.latencies.push(performance.now() - from);
      resolve();
    });
    stream.end(framed(plan.request(n)));
  });
