import { AccessService } from '@vouchsafe/proto/access/v1/access';
import { InventoryService } from '@vouchsafe/proto/inventory/v1/inventory';
import type { Namespace } from '@vouchsafe/runtime';
import { pinoLog } from '@vouchsafe/telemetry';
import type { Command } from 'commander';
import { Connection } from '../client/connection.js';
import { callerEnvironment, callerVariables } from '../environment.js';
import type { Shell } from '../shell.js';
import { CommandFailure, EXIT, type Speech } from '../speech.js';
import { namespaceArgument } from './register-audit.js';
import { reconcile, rotateKey, rotateLookups, type VaultPlaces } from './vault.js';

type T = (zh: string, en: string) => string;

/** Commands for the vault of codes: keys, and what lies in it. */
export const registerVault = (program: Command, shell: Shell, t: T): void => {
  const vault = program.command('vault').description(t('密库：密钥轮换、销毁、核对', 'the vault: rotate keys, erase, reconcile'));
  const log = pinoLog({ level: 'warn', name: 'vault' });
  const onStopped = (command: Command): Command =>
    command.option('--data <dir>', t('数据目录（平台须已停止）', 'data directory; the platform must be stopped'), shell.env.VOUCHSAFE_DATA ?? '.vouchsafe/data')
      .option('--keys <dir>', t('密钥目录', 'folder of the key files'), shell.env.VOUCHSAFE_KEYS ?? '.vouchsafe/keys')
      .option('--namespace <name>', 'live | sandbox', namespaceArgument, 'sandbox' as Namespace);

  onStopped(vault.command('rotate')).description(t('更换主密钥，旧密钥随即失效（旧备份仍需旧密钥）', 'a new key file; the old one opens nothing any more, older backups still need it'))
    .option('--lookups', t('改为更换查重密钥', 'rotate the look-up key instead: all codes are hashed anew'))
    .addHelpText('after', '\n  vouchsafe vault rotate --namespace live\n  vouchsafe vault rotate --lookups --namespace live\n')
    .action(async ({ lookups, ...places }: VaultPlaces & { readonly lookups?: boolean }) => {
      const speech = shell.speech();
      if (lookups) {
        const { hashed } = await rotateLookups(places, log);
        speech.result({ hashed }, () => [t(`✔ ${hashed} 个卡密已按新查重密钥登记`, `✔ ${hashed} codes hashed under a new look-up key`)]);
      } else {
        const { sealed } = await rotateKey(places, log);
        speech.result({ sealed }, () => [t(`✔ 已用新主密钥重新封装 ${sealed} 把数据密钥，请备份新的密钥文件`, `✔ ${sealed} data keys sealed anew; keep a copy of the new key file`)]);
      }
    });

  onStopped(vault.command('reconcile')).description(t('清理日志之外的密文并逐块校验', 'give up what the log never knew, prove every block'))
    .addHelpText('after', '\n  vouchsafe vault reconcile --namespace live\n')
    .action(async (places: VaultPlaces) => {
    const speech = shell.speech();
    const result = await reconcile(places, log);
    speech.result(result, () => [
      t(`批次 ${result.checked}，放弃 ${result.abandoned.length}，损坏 ${result.damaged.length}`, `${result.checked} batches, ${result.abandoned.length} given up, ${result.damaged.length} damaged`),
      ...result.damaged.map((batchId) => `✘ ${batchId}`),
    ]);
    shell.exit(result.damaged.length > 0 ? EXIT.refused : EXIT.ok);
  });

  registerErase(vault, shell, t);
};

type EraseOptions = { readonly batch?: string; readonly subject?: string; readonly reason: string; readonly approval?: string; readonly yes?: boolean; readonly keyVar: string };
const registerErase = (vault: Command, shell: Shell, t: T): void => {
  vault.command('erase').description(t('永久销毁一个批次的密钥，或一个人的个人数据（平台须在运行；正式环境需两人）', "destroy the key of a batch, or a person's data, for ever; the platform runs; two persons in live"))
    .option('--batch <id>', t('批次；密钥须有 secret:export 权限（保管员）', 'the batch; its key needs secret:export (a custodian)'))
    .option('--subject <ref>', t('此人的任一 sub_… 引用；密钥须有 access:write 权限', "any sub_… reference of the person; the key needs access:write"))
    .requiredOption('--reason <text>', t('原因，记入事件', 'why, for the record')).option('--approval <id>', t('第二人的批准', "the second person's approval"))
    .option('--yes', t('不仅预览，而是执行', 'do it; without, only what would be lost is told'))
    .option('--key-var <name>', t('存放密钥的变量名', 'variable that holds the key'), 'VOUCHSAFE_ADMIN_KEY')
    .addHelpText('after', '\n  vouchsafe vault erase --batch bat_… --reason "contract ended"\n  vouchsafe vault erase --subject sub_… --reason "asked for it" --yes\n')
    .action(async (options: EraseOptions) => {
      if ((options.batch === undefined) === (options.subject === undefined)) throw new CommandFailure(EXIT.usage, '--batch 与 --subject 须且只须给一个', 'give either --batch or --subject');
      const { grpc, key } = callerEnvironment(callerVariables(shell.env, shell.cwd), options.keyVar);
      const connection = new Connection({ grpc, key, ...(options.approval && { approval: options.approval }) });
      try {
        if (options.batch !== undefined) await eraseBatch(connection, options.batch, options, shell.speech());
        else await eraseSubject(connection, options.subject!, options, shell.speech());
      } finally {
        connection.close();
      }
    });
};

const eraseBatch = async (connection: Connection, batchId: string, { reason, yes = false }: EraseOptions, { t, result }: Speech): Promise<void> => {
  const { hashesDeleted, consequence } = await connection.call(InventoryService.method.eraseBatch, { batchId, reason, validateOnly: !yes, requestId: `erase-${batchId}` });
  result({ batchId, erased: yes, hashesDeleted: Number(hashesDeleted), consequence }, () => [
    ...(consequence ? [t(consequence.zh, consequence.en)] : []), yes ? t('✔ 已销毁', '✔ erased') : t('以上为预览；加 --yes 执行', 'only told; pass --yes to do it'),
  ]);
};

const eraseSubject = async (connection: Connection, subject: string, { reason, yes = false }: EraseOptions, { t, result }: Speech): Promise<void> => {
  const { subjects } = await connection.call(AccessService.method.eraseSubject, { subject, reason, validateOnly: !yes, requestId: `erase-${subject}` });
  result({ subjects, erased: yes }, () => [
    subjects.length === 0 ? t('没有此人的数据（或已销毁）', 'nothing is known of them (any more)') : yes ? t(`✔ 已销毁 ${subjects.join(', ')}`, `✔ erased ${subjects.join(', ')}`)
      : t(`将销毁 ${subjects.join(', ')}；加 --yes 执行`, `would erase ${subjects.join(', ')}; pass --yes to do it`),
  ]);
};
