import path from 'node:path';
import { parseConfig } from '@vouchsafe/all-in-one';
import type { Command } from 'commander';
import type { Namespace } from '@vouchsafe/runtime';
import { namespaceArgument } from './register-audit.js';
import { DEMO_CHANNELS, DEMO_TERMINALS } from '../demo/cast.js';
import type { Shell } from '../shell.js';
import { EXIT } from '../speech.js';
import { backupNamespace, restoreNamespace } from './backup.js';
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

  const onDirectory = (command: Command): Command =>
    command.option('--data <dir>', t('数据目录', 'data directory'), shell.env.VOUCHSAFE_DATA ?? '.vouchsafe/data')
      .option('--journal <dir>', t('不可撤销日志与标记的目录', 'folder of journal and marker'), shell.env.VOUCHSAFE_JOURNAL ?? '.vouchsafe/journal')
      .option('--namespace <name>', 'live | sandbox', namespaceArgument, 'sandbox' as Namespace);
  type Places = { readonly data: string; readonly journal: string; readonly namespace: Namespace };
  onDirectory(program.command('backup <target>')).description(t('备份（平台可以在运行）；密钥文件须另外保管', 'back up, also while the platform runs; keep the key file apart'))
    .addHelpText('after', '\n  vouchsafe backup /mnt/backup/2026-11-24\n')
    .action(async (target: string, places: Places) => {
      const speech = shell.speech();
      const manifest = await backupNamespace(places, target);
      speech.result(manifest, () => [`${target}: ${manifest.log.files.length + manifest.files.length} ${t('个文件', 'files')}, ${t('位置', 'position')} ${manifest.log.position}`]);
    });
  onDirectory(program.command('restore <from>')).description(t('恢复到新的数据目录；恢复后库存先冻结，对账后放行', 'restore into a new data directory; stock stays held until released against the journal'))
    .addHelpText('after', '\n  vouchsafe restore /mnt/backup/2026-11-24 --data /srv/vouchsafe\n')
    .action(async (from: string, places: Places) => {
      const speech = shell.speech();
      const manifest = await restoreNamespace(places, from);
      speech.result(manifest, () => [t('已恢复。启动后用 InventoryService.ReleasePoolHold 放行库存。', 'restored. After the start release stock with InventoryService.ReleasePoolHold.')]);
    });

  registerKeys(program, shell, t);
  registerParked(program, shell, t);

  registerDoctor(program, shell, t);
};
