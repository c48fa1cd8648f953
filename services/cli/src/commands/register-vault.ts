import { InventoryService } from '@vouchsafe/proto/inventory/v1/inventory';
import type { Namespace } from '@vouchsafe/runtime';
import { pinoLog } from '@vouchsafe/telemetry';
import type { Command } from 'commander';
import { Connection } from '../client/connection.js';
import { callerEnvironment, callerVariables } from '../environment.js';
import type { Shell } from '../shell.js';
import { EXIT } from '../speech.js';
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

  onStopped(vault.command('reconcile')).description(t('清理日志之外的密文并逐块校验', 'give up what the log never knew, prove every block')).action(async (places: VaultPlaces) => {
    const speech = shell.speech();
    const result = await reconcile(places, log);
    speech.result(result, () => [
      t(`批次 ${result.checked}，放弃 ${result.abandoned.length}，损坏 ${result.damaged.length}`, `${result.checked} batches, ${result.abandoned.length} given up, ${result.damaged.length} damaged`),
      ...result.damaged.map((batchId) => `✘ ${batchId}`),
    ]);
    shell.exit(result.damaged.length > 0 ? EXIT.refused : EXIT.ok);
  });

  vault.command('erase <batch>').description(t('永久销毁一个批次的密钥（平台须在运行；正式环境需两人）', 'destroy the key of a batch for ever; the platform runs; two persons in live'))
    .requiredOption('--reason <text>').option('--approval <id>').option('--yes', t('不仅预览，而是执行', 'do it; without, only what would be lost is told'))
    .option('--key-var <name>', t('存放密钥的变量名', 'variable that holds the key'), 'VOUCHSAFE_ADMIN_KEY')
    .action(async (batchId: string, options: { reason: string; approval?: string; yes?: boolean; keyVar: string }) => {
      const { grpc, key } = callerEnvironment(callerVariables(shell.env, shell.cwd), options.keyVar);
      const connection = new Connection({ grpc, key, ...(options.approval && { approval: options.approval }) });
      try {
        const speech = shell.speech();
        const { hashesDeleted, consequence } = await connection.call(InventoryService.method.eraseBatch, { batchId, reason: options.reason, validateOnly: options.yes !== true, requestId: `erase-${batchId}` });
        speech.result({ batchId, erased: options.yes === true, hashesDeleted: Number(hashesDeleted), consequence }, () => [t(consequence?.zh ?? '', consequence?.en ?? '')]);
      } finally {
        connection.close();
      }
    });
};
