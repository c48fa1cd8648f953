import path from 'node:path';
import { parseEnvironment, type ParsedEnvironment } from '@vouchsafe/process';
import { NAMESPACES, type Namespace } from '@vouchsafe/runtime';
import { z } from 'zod';
import { parseDyingPoint } from './dying-disk.js';

/** Reasons of our own, by what is written into the schema; all others are the parser's, which knows both languages. */
const REASONS = {
  PORT: { zh: '须为端口：0 到 65535 的整数（0 表示任一空闲端口）', en: 'must be a port: a whole number from 0 to 65535 (0: any free one)' },
  POINT: { zh: '须形如 点:次数，例如 before-sync:17', en: 'is no point:count, e.g. before-sync:17' },
  TLS_PAIR: { zh: '证书与私钥须同时给出', en: 'certificate and key go together' },
  TLS_NEEDED: { zh: '不限于本机时须用 TLS：请设置 VOUCHSAFE_TLS_CERT 与 VOUCHSAFE_TLS_KEY', en: 'beyond loopback TLS is needed: set VOUCHSAFE_TLS_CERT and VOUCHSAFE_TLS_KEY' },
  PORTS_EQUAL: { zh: '每个监听须各用一个端口', en: 'every listener needs a port of its own' },
  ESDB_WHICH: { zh: '一个端口只对应一个环境：请设为 live 或 sandbox，且须在 VOUCHSAFE_NAMESPACES 之内', en: 'a port shows one namespace: set it to live or sandbox, one of VOUCHSAFE_NAMESPACES' },
  ESDB_TLS: { zh: '官方客户端只在 TLS 之上发送凭证；live 与 production 因此须先设置 VOUCHSAFE_TLS_CERT 与 VOUCHSAFE_TLS_KEY', en: 'official clients send credentials over TLS only: for live, and in production, set VOUCHSAFE_TLS_CERT and VOUCHSAFE_TLS_KEY first' },
  SANDBOX_ONLY: { zh: '仅用于沙箱的崩溃测试', en: 'is for crash tests of the sandbox' },
  KEYS_INSIDE: { zh: '须在数据目录之外', en: 'must lie outside the data directory' },
} as const;
type Reason = keyof typeof REASONS;
const because = (reason: Reason): Reason => reason;

const PORT = because('PORT');
const port = z.coerce.number(PORT).int(PORT).min(0, PORT).max(65_535, PORT);
const namespaces = z.string().transform((text) => text.split(',').map((name) => name.trim()).filter(Boolean))
  .pipe(z.array(z.enum(NAMESPACES)).min(1).transform((names) => [...new Set(names)] as readonly Namespace[]));
const folder = z.string().min(1).transform((text) => path.resolve(text));

/** Every variable of the all-in-one platform. Refuses instead of clamping; fields are checked against each other. */
export const platformConfig = z.strictObject({
  VOUCHSAFE_DATA: folder.default(path.resolve('.vouchsafe/data')),
  /** The key-encryption keys. Losing them loses the stock. */
  VOUCHSAFE_KEYS: folder.default(path.resolve('.vouchsafe/keys')),
  /** The journal of the irrevocable and the epoch marker: better on another disk. */
  VOUCHSAFE_JOURNAL: folder.default(path.resolve('.vouchsafe/journal')),
  VOUCHSAFE_NAMESPACES: namespaces.prefault('live,sandbox'),
  VOUCHSAFE_HOST: z.string().min(1).default('127.0.0.1'),
  VOUCHSAFE_HTTP_PORT: port.default(8080),
  VOUCHSAFE_GRPC_PORT: port.default(9090),
  /** Where a namespace's streams are read with EventStoreDB's clients; not set: nowhere. */
  VOUCHSAFE_ESDB_PORT: port.optional(),
  /** Which namespace; may be left out where one alone is served. */
  VOUCHSAFE_ESDB_NAMESPACE: z.enum(NAMESPACES).optional(),
  VOUCHSAFE_TLS_CERT: z.string().optional(),
  VOUCHSAFE_TLS_KEY: z.string().optional(),
  /** production: no reflection, no defaults for convenience. */
  VOUCHSAFE_PROFILE: z.enum(['development', 'production']).default('development'),
  VOUCHSAFE_LOG_LEVEL: z.enum(['debug', 'info', 'warn', 'error']).default('warn'),
  /** Where spans are sent, over OTLP/HTTP, e.g. `http://127.0.0.1:4318`; none are made where it is not set. OpenTelemetry's own names. */
  OTEL_EXPORTER_OTLP_ENDPOINT: z.union([z.literal(''), z.url({ protocol: /^https?$/ })]).optional(),
  /** Share of new traces that are recorded, 0 to 1. */
  OTEL_TRACES_SAMPLER_ARG: z.coerce.number().min(0).max(1).default(1),
  /** Crash tests: the process kills itself at a named point of the log's disk, e.g. `before-sync:17`. Refused with live. */
  VOUCHSAFE_DIE_AT: z.string().refine((text) => parseDyingPoint(text) !== undefined, { message: because('POINT') }).optional(),
  /** Folder of IP lists (`x4bnet_*`, `tor_*`), read at start where it is set. */
  VOUCHSAFE_IP_LISTS: z.string().optional(),
}).superRefine((config, context) => {
  const problem = (name: keyof typeof config, reason: Reason): void => context.addIssue({ code: 'custom', path: [name], message: reason });
  const tls = [config.VOUCHSAFE_TLS_CERT, config.VOUCHSAFE_TLS_KEY].filter(Boolean).length;
  if (tls === 1) problem('VOUCHSAFE_TLS_CERT', 'TLS_PAIR');
  if (!isLoopback(config.VOUCHSAFE_HOST) && tls !== 2) {
    problem('VOUCHSAFE_HOST', 'TLS_NEEDED');
  }
  if (config.VOUCHSAFE_HTTP_PORT !== 0 && config.VOUCHSAFE_HTTP_PORT === config.VOUCHSAFE_GRPC_PORT) problem('VOUCHSAFE_GRPC_PORT', 'PORTS_EQUAL');
  for (const [name, reason] of esdbProblems(config, tls === 2)) problem(name, reason);
  if (config.VOUCHSAFE_DIE_AT && config.VOUCHSAFE_NAMESPACES.includes('live')) problem('VOUCHSAFE_DIE_AT', 'SANDBOX_ONLY');
  if (config.VOUCHSAFE_NAMESPACES.includes('live') && inside(config.VOUCHSAFE_KEYS, config.VOUCHSAFE_DATA)) problem('VOUCHSAFE_KEYS', 'KEYS_INSIDE');
});
export type PlatformConfig = z.output<typeof platformConfig>;

type EsdbSettings = { readonly [K in 'HTTP_PORT' | 'GRPC_PORT' as `VOUCHSAFE_${K}`]: number } & {
  readonly VOUCHSAFE_NAMESPACES: readonly Namespace[]; readonly VOUCHSAFE_PROFILE: string;
  readonly VOUCHSAFE_ESDB_PORT?: number | undefined; readonly VOUCHSAFE_ESDB_NAMESPACE?: Namespace | undefined;
};
/** Whose streams the EventStoreDB port shows; undefined where nobody said which of several, or one that is not served. */
export const esdbNamespace = ({ VOUCHSAFE_ESDB_NAMESPACE: said, VOUCHSAFE_NAMESPACES: served }: EsdbSettings): Namespace | undefined =>
  served.length === 1 ? served.find((one) => said === undefined || said === one) : served.find((one) => one === said);

const esdbProblems = (config: EsdbSettings, tls: boolean): readonly (readonly ['VOUCHSAFE_ESDB_PORT' | 'VOUCHSAFE_ESDB_NAMESPACE', Reason])[] => {
  const { VOUCHSAFE_ESDB_PORT: wanted, VOUCHSAFE_HTTP_PORT: http, VOUCHSAFE_GRPC_PORT: grpc } = config;
  if (wanted === undefined) return [];
  const namespace = esdbNamespace(config);
  return [
    ...(wanted !== 0 && [http, grpc].includes(wanted) ? [['VOUCHSAFE_ESDB_PORT', 'PORTS_EQUAL'] as const] : []),
    ...(namespace === undefined ? [['VOUCHSAFE_ESDB_NAMESPACE', 'ESDB_WHICH'] as const] : []),
    ...(!tls && (namespace === 'live' || config.VOUCHSAFE_PROFILE === 'production') ? [['VOUCHSAFE_ESDB_PORT', 'ESDB_TLS'] as const] : []),
  ];
};

export const isLoopback = (host: string): boolean => host === 'localhost' || host === '::1' || /^127(\.\d{1,3}){3}$/.test(host);
const inside = (file: string, of: string): boolean => {
  const relative = path.relative(of, file);
  return relative === '' || (!relative.startsWith('..') && !path.isAbsolute(relative));
};

/** Parses the platform's variables out of an environment; all problems at once. */
export const parseConfig = (env: Readonly<Record<string, string | undefined>>): ParsedEnvironment<PlatformConfig> => parseEnvironment(platformConfig, REASONS, env);
