import { mkdtempSync, rmSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { type ConfigProblem, parseConfig, type Platform, type PlatformConfig, startPlatform } from '@vouchsafe/all-in-one';
import type { Fault } from '@vouchsafe/kernel';
import type { Log } from '@vouchsafe/runtime';
import { pinoLog } from '@vouchsafe/telemetry';
import { CatalogService } from '@vouchsafe/proto/catalog/v1/catalog';
import { Connection } from '../client/connection.js';
import { freePort } from '../client/free-port.js';
import { furnish } from '../demo/furnish.js';
import { CommandFailure, EXIT, type Speech } from '../speech.js';
import { type PlainKeys, writeEnvFile } from './env-file.js';
import { keyFilesToBeMade, keyMade } from './key-files.js';
import { refuseDirectoriesInUse, whyNotStarted } from './start-failure.js';

/** Orchestrators wait 30 s before they kill. */
const DRAIN_MS = 25_000;

export type UpOptions = {
  /** The sandbox alone, with keys for whoever has this machine. */
  readonly sandbox?: boolean;
  readonly keysFile: string;
  /** On an empty directory: the example catalogue, money on its accounts, codes for sale. */
  readonly furnish?: boolean;
  /** One line `READY` on stdout once it serves, for whoever started it. */
  readonly readyLine?: boolean;
  /** Instead of VOUCHSAFE_ESDB_PORT. */
  readonly esdbPort?: string;
  readonly channels: readonly string[];
  readonly terminals: readonly string[];
};

/** The platform's configuration, or all of its problems as one failure. */
export const configOf = (env: NodeJS.ProcessEnv, overrides: Readonly<Record<string, string>> = {}): PlatformConfig => {
  const parsed = parseConfig({ ...env, ...overrides });
  if (parsed.ok) return parsed.config;
  const told = (by: 'zh' | 'en', after: string): string => parsed.problems.map(({ variable, ...reason }: ConfigProblem) => `${variable}${after}${reason[by]}`).join('; ');
  throw new CommandFailure(EXIT.config, `配置有误：${told('zh', '：')}`, `the configuration is wrong: ${told('en', ': ')}`);
};

/** Runs the platform in the foreground until SIGINT or SIGTERM, then drains. */
export const up = async (speech: Speech, env: NodeJS.ProcessEnv, options: UpOptions): Promise<number> => {
  const wanted = configOf(env, { ...(options.sandbox && { VOUCHSAFE_NAMESPACES: 'sandbox' }), ...(options.esdbPort !== undefined && { VOUCHSAFE_ESDB_PORT: options.esdbPort }) });
  await refuseDirectoriesInUse(wanted);
  const newKeys = keyFilesToBeMade(wanted);
  const config = {
    ...wanted, VOUCHSAFE_HTTP_PORT: await freePort(wanted.VOUCHSAFE_HTTP_PORT, speech), VOUCHSAFE_GRPC_PORT: await freePort(wanted.VOUCHSAFE_GRPC_PORT, speech),
    ...(wanted.VOUCHSAFE_ESDB_PORT !== undefined && { VOUCHSAFE_ESDB_PORT: await freePort(wanted.VOUCHSAFE_ESDB_PORT, speech) }),
  };
  const log: Log = pinoLog({ level: config.VOUCHSAFE_LOG_LEVEL, name: 'vouchsafe' });
  const onFatal = (fault: Fault): never => {
    log.error({ code: fault.code }, `the log failed: ${fault.message}`);
    process.exit(EXIT.bug);
  };
  const platform = await startPlatform({ config, log, onFatal }).catch(async (error: unknown) => { throw await whyNotStarted(error, config); });
  for (const file of newKeys) speech.note(keyMade(file, speech));
  if (options.sandbox) {
    const adminKey = writeEnvFile(options.keysFile, platform, revealed(await platform.sandboxKeys(options.channels, options.terminals)));
    if (options.furnish) await furnishOnce(speech, platform, adminKey);
  }
  if (options.readyLine) speech.say('READY');
  else announce(speech, platform, config, options);
  const signal = await nextSignal();
  speech.note(speech.t(`收到 ${signal}，正在收尾…（再按一次立即结束）`, `${signal}: draining… (once more ends at once)`));
  return drain(speech, platform);
};

export const nextSignal = (): Promise<NodeJS.Signals> =>
  new Promise((resolve) => {
    process.once('SIGINT', resolve);
    process.once('SIGTERM', resolve);
  });

/** Stops in time, whatever hangs: what was acknowledged is on the disk already, so nothing is lost by ending at once. */
const drain = async (speech: Speech, platform: Platform): Promise<number> => {
  const late = setTimeout(() => {
    speech.note(speech.t(`${DRAIN_MS / 1000} 秒内未能收尾，立即结束；已应答的都已落盘`, `not drained in ${DRAIN_MS / 1000} s: ending at once; all that was answered is on the disk`));
    process.exit(EXIT.unavailable);
  }, DRAIN_MS);
  void nextSignal().then(() => process.exit(EXIT.unavailable));
  try {
    await platform.stop();
    return EXIT.ok;
  } finally {
    clearTimeout(late);
  }
};

const SAMPLE = { months: 2_000, seats: 200, coffee: 1_000, tens: 200 };
/** The demo's goods, where there is nothing yet. */
export const furnishOnce = async ({ note, t }: Speech, { grpc }: Pick<Platform, 'grpc'>, key: string): Promise<void> => {
  const connection = new Connection({ grpc, key });
  try {
    const { products } = await connection.call(CatalogService.method.listProducts, { pageSize: 1 });
    if (products.length > 0) return;
    note(t('空目录：放入示例商品、库存与余额…', 'an empty directory: putting in the example goods, stock and money…'));
    const folder = mkdtempSync(path.join(os.tmpdir(), 'vouchsafe-goods-'));
    await furnish(connection, folder, SAMPLE);
    rmSync(folder, { recursive: true });
  } finally {
    connection.close();
  }
};

const announce = ({ note, t }: Speech, { http, grpc, esdb }: Platform, config: PlatformConfig, options: UpOptions): void => {
  note(t(`平台已在前台运行（Ctrl-C 结束，进程号 ${process.pid}）：${http}  gRPC ${grpc}`, `the platform runs in the foreground (Ctrl-C drains; pid ${process.pid}): ${http}  gRPC ${grpc}`));
  note(t(`首页 ${http}/  接口文档 ${http}/docs  数据 ${config.VOUCHSAFE_DATA}`, `page ${http}/  API ${http}/docs  data ${config.VOUCHSAFE_DATA}`));
  if (esdb) note(t(`EventStoreDB 客户端（只读）${esdb}`, `clients of EventStoreDB (reading only) ${esdb}`));
  if (options.sandbox) note(t(`密钥已写入 ${options.keysFile}：在另一个终端执行  . ${options.keysFile}`, `keys are in ${options.keysFile}: in another terminal  . ${options.keysFile}`));
};

const revealed = ({ admin, channels, terminals }: Awaited<ReturnType<Platform['sandboxKeys']>>): PlainKeys => {
  const plain = (keys: typeof channels): PlainKeys['channels'] => Object.fromEntries([...keys].map(([id, { key }]) => [id, key.reveal()]));
  return { admin: admin.key.reveal(), channels: plain(channels), terminals: plain(terminals) };
};
