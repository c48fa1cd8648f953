import path from 'node:path';
import { type Namespace, NAMESPACES } from '@vouchsafe/runtime';
import { z } from 'zod';
import { databaseName } from '../database-name.js';
import { mishaps } from './mishaps.js';
import { parseTargets } from './targets.js';

/** Reasons of our own, by what is written into the schema as message. */
export const REASONS = {
  PORT: { zh: '须为端口：0 到 65535 的整数（0 表示任一空闲端口）', en: 'must be a port: a whole number from 0 to 65535 (0: any free one)' },
  NEEDED: { zh: '必须设置', en: 'must be set' },
  TARGETS: { zh: '须形如 服务=地址，逗号分隔，例如 *=dns:///vouchsafe-*:7000', en: 'must be service=address, separated by commas, e.g. *=dns:///vouchsafe-*:7000' },
  BROKERS: { zh: '须为 主机:端口，逗号分隔', en: 'must be host:port, separated by commas' },
  EVENT_STORE: { zh: '须为 esdb:// 或 esdb+discover:// 连接串', en: 'must be a connection string that begins with esdb:// or esdb+discover://' },
  MONGO: { zh: '须为 mongodb:// 或 mongodb+srv:// 连接串', en: 'must be a connection string that begins with mongodb:// or mongodb+srv://' },
  DATABASE: { zh: '须由小写字母、数字、下划线组成，最多 24 个字符', en: 'must be of small letters, digits and underscores, at most 24' },
  MISHAPS: { zh: '须为 JSON（见 libs/process 的 README），且不可用于 live', en: 'must be JSON as the README of libs/process says, and never in live' },
  SETTINGS: { zh: '须为 JSON 对象', en: 'must be a JSON object' },
  TLS_TRIPLE: { zh: 'CA、证书与私钥须同时给出', en: 'authority, certificate and key go together' },
  TLS_NEEDED: { zh: '不限于本机时须用双向 TLS：请设置 VOUCHSAFE_RPC_TLS_CA、_CERT 与 _KEY', en: 'beyond loopback mutual TLS is needed: set VOUCHSAFE_RPC_TLS_CA, _CERT and _KEY' },
  SASL: { zh: '机制、用户与密码须同时给出', en: 'mechanism, user and password go together' },
  VAULT_SECRET: { zh: '须为 64 个十六进制字符', en: 'must be 64 hexadecimal digits' },
  KMS: { zh: '地址、密钥名与令牌文件须同时给出', en: 'address, key and the file of the token go together' },
  KMS_ADDRESS: { zh: '须为 https:// 地址（http:// 仅限本机代理）', en: 'must be an https:// address (http:// for an agent on loopback only)' },
  KMS_OR_SECRET: { zh: '与 VOUCHSAFE_KMS_ADDRESS 只能给出一个', en: 'only one of it and VOUCHSAFE_KMS_ADDRESS may be given' },
  KEY_INSIDE: { zh: '须在数据目录之外', en: 'must lie outside the data directory' },
} as const;
type Reason = keyof typeof REASONS;
const because = (reason: Reason): Reason => reason;

const PORT = because('PORT');
const port = z.coerce.number(PORT).int(PORT).min(0, PORT).max(65_535, PORT);
const folder = z.string().min(1).transform((text) => path.resolve(text));
const needed = z.string({ error: (issue) => (issue.input === undefined ? because('NEEDED') : undefined) }).min(1, because('NEEDED'));
const BROKER = /^[A-Za-z0-9.-]+:\d{1,5}$|^\[[0-9a-fA-F:]+\]:\d{1,5}$/;
const brokers = needed.transform((text) => text.split(',').map((one) => one.trim()).filter((one) => one !== '')).refine((list) => list.length > 0 && list.every((one) => BROKER.test(one)), because('BROKERS'));
const settings = z.string().transform((text, context): Readonly<Record<string, unknown>> => {
  const value = jsonOf(text);
  if (value !== null && typeof value === 'object' && !Array.isArray(value)) return value as Readonly<Record<string, unknown>>;
  context.addIssue({ code: 'custom', message: because('SETTINGS') });
  return z.NEVER;
});
const jsonOf = (text: string): unknown => {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return undefined; // said by the schema, with the variable's name
  }
};

/** What every process needs, the gateway included. */
const everybody = {
  VOUCHSAFE_NAMESPACE: z.enum(NAMESPACES, { error: (issue) => (issue.input === undefined ? because('NEEDED') : undefined) }),
  VOUCHSAFE_PROFILE: z.enum(['development', 'production']).default('development'),
  VOUCHSAFE_LOG_LEVEL: z.enum(['debug', 'info', 'warn', 'error']).default('warn'),
  /** Where calls of other services are taken. */
  VOUCHSAFE_RPC_HOST: z.string().min(1).default('127.0.0.1'),
  VOUCHSAFE_RPC_PORT: port.default(7000),
  /** Where other services are; `*` stands for the name of any that is not named. */
  VOUCHSAFE_RPC_TARGETS: needed.transform((text, context) => {
    const targets = parseTargets(text);
    if (targets) return targets;
    context.addIssue({ code: 'custom', message: because('TARGETS') });
    return z.NEVER;
  }),
  /** Files: this process's private key, everybody's public keys. For tokens and signed commands. */
  VOUCHSAFE_SIGNING_KEY: needed,
  VOUCHSAFE_TRUSTED_KEYS: needed,
  VOUCHSAFE_RPC_TLS_CA: z.string().optional(),
  VOUCHSAFE_RPC_TLS_CERT: z.string().optional(),
  VOUCHSAFE_RPC_TLS_KEY: z.string().optional(),
  VOUCHSAFE_PROBE_HOST: z.string().min(1).default('127.0.0.1'),
  VOUCHSAFE_PROBE_PORT: port.default(8081),
  VOUCHSAFE_KAFKA_BROKERS: brokers,
  VOUCHSAFE_KAFKA_PREFIX: z.string().regex(/^[a-z0-9-]{1,40}$/).optional(),
  /** Authority's certificate of the brokers, a file; `system` for the machine's own. Plain where it is not set. */
  VOUCHSAFE_KAFKA_TLS_CA: z.string().optional(),
  VOUCHSAFE_KAFKA_SASL_MECHANISM: z.enum(['plain', 'scram-sha-256', 'scram-sha-512']).optional(),
  VOUCHSAFE_KAFKA_SASL_USER: z.string().optional(),
  VOUCHSAFE_KAFKA_SASL_PASSWORD: z.string().optional(),
  /** Between "not ready" and "takes no calls", so that balancers have noticed. */
  VOUCHSAFE_DRAIN_DELAY_MS: z.coerce.number().int().min(0).max(15_000).default(0),
  /** The service's own settings, as JSON. */
  VOUCHSAFE_SETTINGS: settings.prefault('{}'),
  OTEL_EXPORTER_OTLP_ENDPOINT: z.union([z.literal(''), z.url({ protocol: /^https?$/ })]).optional(),
  OTEL_TRACES_SAMPLER_ARG: z.coerce.number().min(0).max(1).default(1),
};
type Everybody = z.output<z.ZodObject<typeof everybody>>;

const check = (config: Everybody, problem: (name: keyof Everybody, reason: Reason) => void): void => {
  const tls = [config.VOUCHSAFE_RPC_TLS_CA, config.VOUCHSAFE_RPC_TLS_CERT, config.VOUCHSAFE_RPC_TLS_KEY].filter(Boolean).length;
  if (tls !== 0 && tls !== 3) problem('VOUCHSAFE_RPC_TLS_CERT', 'TLS_TRIPLE');
  if (!isLoopback(config.VOUCHSAFE_RPC_HOST) && tls !== 3) problem('VOUCHSAFE_RPC_HOST', 'TLS_NEEDED');
  const sasl = [config.VOUCHSAFE_KAFKA_SASL_MECHANISM, config.VOUCHSAFE_KAFKA_SASL_USER, config.VOUCHSAFE_KAFKA_SASL_PASSWORD].filter(Boolean).length;
  if (sasl !== 0 && sasl !== 3) problem('VOUCHSAFE_KAFKA_SASL_MECHANISM', 'SASL');
};
const isLoopback = (host: string): boolean => ['localhost', '::1', '[::1]'].includes(host) || /^127(\.\d{1,3}){3}$/.test(host);
const isInside = (file: string, of: string): boolean => {
  const relative = path.relative(of, path.resolve(file));
  return relative === '' || (!relative.startsWith('..') && !path.isAbsolute(relative));
};

/** An address that keys may travel to. */
const kmsAddress = z.string().refine((text) => {
  const url = URL.parse(text);
  return url?.protocol === 'https:' || (url?.protocol === 'http:' && isLoopback(url.hostname));
}, because('KMS_ADDRESS'));
const mongoPlace = {
  VOUCHSAFE_MONGO_URI: needed.regex(/^mongodb(\+srv)?:\/\//, because('MONGO')),
  /** Databases are `<this>_<namespace>_<service>`, `…_parked` and, for its owner, `…_vault`: each service has its own, and a user that sees no other. */
  VOUCHSAFE_MONGO_DATABASE: z.string().regex(/^[a-z0-9_]{1,24}$/, because('DATABASE')).default('vouchsafe'),
};
/** {@link databaseName} as the configuration says. */
export const databaseOf = (config: { readonly VOUCHSAFE_MONGO_DATABASE: string; readonly VOUCHSAFE_NAMESPACE: Namespace }, service: string, of?: 'parked' | 'vault'): string =>
  databaseName(config.VOUCHSAFE_MONGO_DATABASE, config.VOUCHSAFE_NAMESPACE, service, of);
/** What `node main.js indexes` needs: it starts nothing. */
export const indexesConfig = z.strictObject({ VOUCHSAFE_NAMESPACE: everybody.VOUCHSAFE_NAMESPACE, VOUCHSAFE_LOG_LEVEL: everybody.VOUCHSAFE_LOG_LEVEL, ...mongoPlace });
export type IndexesConfig = z.output<typeof indexesConfig>;

/** Every variable of a service's process. Refuses instead of clamping. */
export const serviceConfig = z.strictObject({
  ...everybody,
  VOUCHSAFE_EVENT_STORE: needed.regex(/^(esdb|kurrentdb)(\+discover)?:\/\//, because('EVENT_STORE')),
  /** Where several deployments share a server. */
  VOUCHSAFE_EVENT_STORE_PREFIX: z.string().regex(/^[a-z0-9.-]{1,40}$/).optional(),
  ...mongoPlace,
  /** Whether indexes that lack are made at the start. In production a command makes them before. */
  VOUCHSAFE_MONGO_INDEXES: z.enum(['apply', 'check']).optional(),
  /** This replica's own disk: deployment marker, spool, lists. Where it is not set, both lie under `.vouchsafe` by the service's name. */
  VOUCHSAFE_DATA: folder.optional(),
  /** The journal of the irrevocable: better on another disk. */
  VOUCHSAFE_JOURNAL: folder.optional(),
  /** File of the key-encryption key, for the owners of a vault. Losing it loses what the vault holds. */
  VOUCHSAFE_VAULT_KEY: z.string().min(1).default('.vouchsafe/keys/vault.key'),
  /** Instead of the file: 64 hexadecimal digits, as an orchestrator's secret (`VOUCHSAFE_VAULT_SECRET_FILE`). */
  VOUCHSAFE_VAULT_SECRET: z.string().regex(/^\s*[0-9a-fA-F]{64}\s*$/, because('VAULT_SECRET')).optional(),
  /** Instead of either: a KMS with a transit API of HashiCorp Vault's form, whose key never leaves it. The token's file is read before each call, for agents renew it. */
  VOUCHSAFE_KMS_ADDRESS: kmsAddress.optional(),
  VOUCHSAFE_KMS_MOUNT: z.string().min(1).default('transit'),
  VOUCHSAFE_KMS_KEY: z.string().min(1).optional(),
  VOUCHSAFE_KMS_TOKEN_FILE: z.string().min(1).optional(),
  VOUCHSAFE_KMS_NAMESPACE: z.string().min(1).optional(),
  /** What is to befall messages of this process, as JSON: for tests, never in live. */
  VOUCHSAFE_BUS_MISHAPS: z.string().transform((text, context) => {
    const parsed = mishaps.safeParse(jsonOf(text));
    if (parsed.success) return parsed.data;
    context.addIssue({ code: 'custom', message: because('MISHAPS') });
    return z.NEVER;
  }).optional(),
  /** Folder from which a person may import IP lists by name (risk). */
  VOUCHSAFE_IP_LISTS: z.string().optional(),
}).superRefine((config, context) => {
  const problem = (name: string, reason: Reason): void => context.addIssue({ code: 'custom', path: [name], message: reason });
  check(config, problem);
  const kms = [config.VOUCHSAFE_KMS_ADDRESS, config.VOUCHSAFE_KMS_KEY, config.VOUCHSAFE_KMS_TOKEN_FILE].filter(Boolean).length;
  if (kms !== 0 && kms !== 3) problem('VOUCHSAFE_KMS_ADDRESS', 'KMS');
  if (kms !== 0 && config.VOUCHSAFE_VAULT_SECRET !== undefined) problem('VOUCHSAFE_VAULT_SECRET', 'KMS_OR_SECRET');
  if (config.VOUCHSAFE_NAMESPACE === 'live' && config.VOUCHSAFE_BUS_MISHAPS) problem('VOUCHSAFE_BUS_MISHAPS', 'MISHAPS');
  if (config.VOUCHSAFE_NAMESPACE === 'live' && config.VOUCHSAFE_DATA !== undefined && isInside(config.VOUCHSAFE_VAULT_KEY, config.VOUCHSAFE_DATA)) problem('VOUCHSAFE_VAULT_KEY', 'KEY_INSIDE');
});
export type ServiceConfig = z.output<typeof serviceConfig>;
/** Where a replica of the service keeps what is its own. */
export const foldersOf = (name: string, { VOUCHSAFE_DATA: data, VOUCHSAFE_JOURNAL: journal }: ServiceConfig): { readonly data: string; readonly journal: string } =>
  ({ data: data ?? path.resolve('.vouchsafe/process', name), journal: journal ?? path.resolve('.vouchsafe/process-journal', name) });

/** Every variable of the gateway's process. */
export const gatewayProcessConfig = z.strictObject({
  ...everybody,
  VOUCHSAFE_HOST: z.string().min(1).default('127.0.0.1'),
  VOUCHSAFE_HTTP_PORT: port.default(8080),
  VOUCHSAFE_GRPC_PORT: port.default(9090),
  VOUCHSAFE_TLS_CERT: z.string().optional(),
  VOUCHSAFE_TLS_KEY: z.string().optional(),
}).superRefine((config, context) => check(config, (name, reason) => context.addIssue({ code: 'custom', path: [name], message: reason })));
export type GatewayProcessConfig = z.output<typeof gatewayProcessConfig>;
export type ProcessConfig = ServiceConfig | GatewayProcessConfig;
