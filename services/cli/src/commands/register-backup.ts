import type { Namespace } from '@vouchsafe/runtime';
import type { Command } from 'commander';
import type { DistributedPlaces } from '../distributed/manifest.js';
import type { Shell } from '../shell.js';
import { CommandFailure, EXIT } from '../speech.js';
import { backupNamespace, restoreNamespace } from './backup.js';
import { namespaceArgument } from './register-audit.js';

type T = (zh: string, en: string) => string;
type Options = {
  readonly data: string; readonly journal: string; readonly namespace: Namespace; readonly eventStore?: string; readonly mongo?: string; readonly database: string; readonly survivors?: string;
};

/** Backup and restore, of the one process and of the distributed form. */
export const registerBackup = (program: Command, shell: Shell, t: T): void => {
  const onDirectory = (command: Command): Command =>
    command.option('--data <dir>', t('数据目录；分布式：各副本数据目录的上级', 'data directory; distributed: the folder above every replica’s'), shell.env.VOUCHSAFE_DATA ?? '.vouchsafe/data')
      .option('--journal <dir>', t('不可撤销日志与标记的目录；分布式：其上级', 'folder of journal and marker; distributed: the folder above every replica’s'), shell.env.VOUCHSAFE_JOURNAL ?? '.vouchsafe/journal')
      .option('--namespace <name>', 'live | sandbox', namespaceArgument, 'sandbox' as Namespace)
      .option('--event-store <dir>', t('分布式：事件存储（本项目的 EventStoreDB 门）的目录', 'distributed: directory of the event store behind our EventStoreDB door'))
      .option('--mongo <uri>', t('分布式：MongoDB 连接串', 'distributed: connection string of MongoDB'), shell.env.VOUCHSAFE_MONGO_URI)
      .option('--database <word>', t('分布式：各数据库名的开头', 'distributed: the word that all databases begin with'), shell.env.VOUCHSAFE_MONGO_DATABASE ?? 'vouchsafe');
  onDirectory(program.command('backup <target>')).description(t('备份（平台可以在运行）；密钥文件须另外保管', 'back up, also while the platform runs; keep the key file apart'))
    .addHelpText('after', '\n  vouchsafe backup /mnt/backup/2026-11-24\n  vouchsafe backup /mnt/backup/2026-11-24 --event-store /srv/events --mongo mongodb://… --data /srv/replicas\n')
    .action(async (target: string, options: Options) => {
      const speech = shell.speech();
      const places = distributedOf(options);
      if (!places) {
        const manifest = await backupNamespace(options, target);
        return speech.result(manifest, () => [`${target}: ${manifest.log.files.length + manifest.files.length} ${t('个文件', 'files')}, ${t('位置', 'position')} ${manifest.log.position}`]);
      }
      const { backupDistributed } = await import('../distributed/backup.js'); // no other command needs its drivers
      const manifest = await backupDistributed(places, target);
      speech.result(manifest, () => [`${target}: ${manifest.replicas.length} ${t('个副本', 'replicas')}, ${t('位置', 'position')} ${manifest.position}`]);
    });
  onDirectory(program.command('restore <from>')).description(t('恢复到新的数据目录；恢复后库存先冻结，对账后放行', 'restore into a new data directory; stock stays held until released against the journal'))
    .option('--survivors <dir>', t('分布式：幸存的各副本日志目录的上级；合并后放入 --journal', 'distributed: folder above the journals that survived; one made of all of them goes into --journal'))
    .addHelpText('after', '\n  vouchsafe restore /mnt/backup/2026-11-24 --data /srv/vouchsafe\n  vouchsafe restore /mnt/backup/2026-11-24 --event-store /srv/events-2 --mongo mongodb://… --data /srv/replicas-2 --journal /srv/journals-2 --survivors /srv/journals\n')
    .action(async (from: string, options: Options) => {
      const speech = shell.speech();
      const places = distributedOf(options);
      const released = t('已恢复。启动后用 InventoryService.ReleasePoolHold 放行库存。', 'restored. After the start release stock with InventoryService.ReleasePoolHold.');
      if (!places) return speech.result(await restoreNamespace(options, from), () => [released]);
      const { restoreDistributed } = await import('../distributed/restore.js');
      const restored = await restoreDistributed(places, from, options.survivors);
      speech.result(restored, () => [released, t(`纪元 ${restored.epoch}；幸存日志 ${restored.entries} 条。Kafka 主题须为新建。`, `Epoch ${restored.epoch}; ${restored.entries} entries of journals survived. Topics of Kafka must be new.`)]);
    });
};

/** The distributed form is meant where its event store is named. */
const distributedOf = ({ eventStore, mongo, database, data, journal, namespace }: Options): DistributedPlaces | undefined => {
  if (eventStore === undefined) return undefined;
  if (mongo === undefined) throw new CommandFailure(EXIT.usage, '分布式备份还需要 --mongo', 'the distributed form needs --mongo as well');
  return { eventStore, mongo, database, data, journal, namespace };
};
