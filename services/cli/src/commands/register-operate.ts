import path from 'node:path';
import { parseConfig } from '@vouchsafe/all-in-one';
import type { Command } from 'commander';
import { DEMO_CHANNELS, DEMO_TERMINALS } from '../demo/cast.js';
import type { Shell } from '../shell.js';
import { EXIT } from '../speech.js';
import { registerBackup } from './register-backup.js';
import { registerDoctor } from './register-doctor.js';
import { registerKeys } from './register-keys.js';
import { registerParked } from './register-parked.js';
import { up } from './up.js';

type T = (zh: string, en: string) => string;

/** Commands for whoever runs a platform. */
export const registerOperate = (program: Command, shell: Shell, t: T): void => {
  program.command('up').description(t('在前台运行整个平台', 'run the whole platform in the foreground'))
    .option('--sandbox', t('只运行沙箱，并写出试用密钥', 'the sandbox alone, with keys to play with'))
    .option('--keys-file <file>', t('试用密钥写到哪里', 'where the keys to play with are written'), path.join('.vouchsafe', 'env'))
    .option('--furnish', t('空目录时放入示例商品、库存与余额', 'on an empty directory: example goods, stock and money'))
    .option('--ready-line', t('就绪后在标准输出打印 READY', 'print READY on stdout once it serves'))
    .option('--esdb-port <port>', t('用官方 EventStoreDB 客户端只读审计事件流的端口（等同 VOUCHSAFE_ESDB_PORT）', 'port for reading the streams with EventStoreDB’s official clients (as VOUCHSAFE_ESDB_PORT)'))
    .addHelpText('after', '\n  vouchsafe up --sandbox\n  VOUCHSAFE_DATA=/srv/vouchsafe vouchsafe up\n')
    .action(async (options: { sandbox?: boolean; keysFile: string; furnish?: boolean; readyLine?: boolean; esdbPort?: string }) => {
      shell.exit(await up(shell.speech(), shell.env, { ...options, channels: DEMO_CHANNELS, terminals: DEMO_TERMINALS }));
    });

  program.command('check-config').description(t('检查配置（环境变量），不启动', 'check the configuration (environment variables) without starting')).addHelpText('after', '\n  VOUCHSAFE_HTTP_PORT=8081 vouchsafe check-config\n').action(() => {
    const speech = shell.speech();
    const parsed = parseConfig(shell.env);
    if (parsed.ok) speech.result({ ok: true }, () => [t('✔ 配置正确', '✔ the configuration is right')]);
    else speech.result({ ok: false, problems: parsed.problems }, () => parsed.problems.map(({ variable, zh, en }) => t(`✘ ${variable}：${zh}`, `✘ ${variable}: ${en}`)));
    shell.exit(parsed.ok ? EXIT.ok : EXIT.config);
  });

  registerBackup(program, shell, t);
  registerKeys(program, shell, t);
  registerParked(program, shell, t);

  registerDoctor(program, shell, t);
};
