import { mkdtempSync, rmSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import type { Command } from 'commander';
import { DEMO_CHANNELS, DEMO_TERMINALS } from '../demo/cast.js';
import type { Shell } from '../shell.js';
import { CommandFailure, EXIT, type Speech } from '../speech.js';
import { writeEnvFile } from './env-file.js';
import { furnishOnce, nextSignal } from './up.js';

type T = (zh: string, en: string) => string;
type Options = { readonly keysFile: string; readonly furnish?: boolean; readonly readyLine?: boolean; readonly keep?: boolean };

/** Commands for whoever develops the platform. */
export const registerDev = (program: Command, shell: Shell, t: T): void => {
  const dev = program.command('dev').description(t('开发用', 'for development'));
  dev.command('cluster').description(t('在本机启动分布式形态：Kafka、MongoDB、事件存储与全部服务各为独立进程', 'the distributed form on this machine: Kafka, MongoDB, an event store and every service, each a process'))
    .option('--keys-file <file>', t('试用密钥写到哪里', 'where the keys to play with are written'), path.join('.vouchsafe', 'cluster-env'))
    .option('--furnish', t('放入示例商品、库存与余额', 'with example goods, stock and money'))
    .option('--ready-line', t('就绪后在标准输出打印 READY', 'print READY on stdout once it serves'))
    .option('--keep', t('保留数据与日志目录', 'keep the folder of data and logs'))
    .addHelpText('after', '\n  vouchsafe dev cluster --furnish\n  VOUCHSAFE_TEST_KAFKA=127.0.0.1:9092 vouchsafe dev cluster\n')
    .action(async (options: Options) => shell.exit(await cluster(shell.speech(), options)));
};

/** Runs until SIGINT or SIGTERM, then ends everything it started. */
const cluster = async (speech: Speech, options: Options): Promise<number> => {
  const { note, t } = speech;
  const { startSandboxCluster } = await import('../drive/sandbox-cluster.js'); // no other command needs its drivers
  const folder = mkdtempSync(path.join(os.tmpdir(), 'vouchsafe-cluster-'));
  const signalled = nextSignal();
  const running = await startSandboxCluster({ folder, channels: DEMO_CHANNELS, terminals: DEMO_TERMINALS, note: (zh, en) => note(t(zh, en)) }).catch((error: unknown) => {
    const reason = error instanceof Error ? error.message : String(error);
    throw new CommandFailure(EXIT.unavailable, `集群未能启动（日志在 ${folder}/logs）：${reason}`, `the cluster did not start (logs in ${folder}/logs): ${reason}`);
  });
  try {
    const admin = writeEnvFile(options.keysFile, running, running.keys);
    if (options.furnish) await furnishOnce(speech, running, admin);
    if (options.readyLine) speech.say('READY');
    for (const line of running.behind) note(line);
    note(t(`就绪：${running.http}  gRPC ${running.grpc}  日志 ${folder}/logs（Ctrl-C 结束）`, `ready: ${running.http}  gRPC ${running.grpc}  logs ${folder}/logs (Ctrl-C ends)`));
    note(t(`密钥已写入 ${options.keysFile}：在另一个终端执行  . ${options.keysFile}`, `keys are in ${options.keysFile}: in another terminal  . ${options.keysFile}`));
    note(t(`收到 ${await signalled}，正在收尾…`, `${await signalled}: draining…`));
    return EXIT.ok;
  } finally {
    await running.stop();
    if (!options.keep) rmSync(folder, { recursive: true, force: true });
  }
};
