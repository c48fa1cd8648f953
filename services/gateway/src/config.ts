import { z } from 'zod';

const port = z.number().int().min(0).max(65_535);
const tls = z.strictObject({ certFile: z.string().min(1), keyFile: z.string().min(1) });
const listener = z.strictObject({ host: z.string().min(1).default('127.0.0.1'), port, tls: tls.optional() });
const admission = z.strictObject({
  inFlight: z.number().int().min(1).default(512), waiting: z.number().int().min(0).default(2_048),
  inFlightPerKey: z.number().int().min(1).default(256), waitingPerKey: z.number().int().min(0).default(1_024),
  streams: z.number().int().min(1).default(1_000), streamsPerKey: z.number().int().min(1).default(100),
});
/** The sandbox shares the process with live and gets a quarter of its room. */
const SANDBOX_ADMISSION = { inFlight: 128, waiting: 512, inFlightPerKey: 64, waitingPerKey: 256, streams: 250, streamsPerKey: 50 };

const isLoopback = (host: string): boolean => host === 'localhost' || host === '::1' || /^127(\.\d{1,3}){3}$/.test(host);

/** The gateway's settings. Limits are refused, not clamped, where they contradict each other. */
export const gatewayConfig = z
  .strictObject({
    http: listener.prefault({ port: 8080 }),
    grpc: listener.prefault({ port: 9090 }),
    /** Deadline of a call that brings none, and the longest one may bring. */
    defaultDeadlineMs: z.number().int().min(100).default(30_000),
    maxDeadlineMs: z.number().int().min(100).default(60_000),
    admission: z.strictObject({ live: admission.prefault({}), sandbox: admission.prefault(SANDBOX_ADMISSION) }).prefault({}),
    /** Of credentials that have no limits of their own. */
    ratePerSecond: z.number().min(1).default(100_000),
    concurrency: z.number().int().min(1).default(1_000),
    /** Failed authentications of one address in a minute before it is told to wait. */
    authFailuresPerMinute: z.number().int().min(1).default(300),
    bodyMaxBytes: z.number().int().min(1_024).max(64 * 1024 * 1024).default(4 * 1024 * 1024),
    uploadChunkBytes: z.number().int().min(1_024).max(4 * 1024 * 1024).default(256 * 1024),
    keepAliveMs: z.number().int().min(100).default(15_000),
    /** How long open calls may take to end when the process stops. */
    drainMs: z.number().int().min(0).default(10_000),
    /** Tells anybody the contract over gRPC; off in production. */
    reflection: z.boolean().default(false),
    /** Proxies whose X-Forwarded-For counts (addresses or networks); none: the peer is the caller. */
    trustedProxies: z.array(z.string()).default([]),
  })
  .superRefine((config, context) => {
    for (const name of ['http', 'grpc'] as const) {
      const { host, tls: files } = config[name];
      if (!isLoopback(host) && !files) context.addIssue({ code: 'custom', path: [name, 'tls'], message: `a listener beyond loopback (${host}) needs TLS: keys would travel in plain` });
    }
    if (config.defaultDeadlineMs > config.maxDeadlineMs) context.addIssue({ code: 'custom', path: ['defaultDeadlineMs'], message: 'is longer than maxDeadlineMs' });
  });
export type GatewayConfig = z.infer<typeof gatewayConfig>;
