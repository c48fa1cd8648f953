import { isId } from '@vouchsafe/kernel';
import type { Namespace } from '@vouchsafe/runtime';
import type { Command } from 'commander';
import { compareViews } from '../audit/compare-views.js';
import { type Moment, timelineOfLog, timelineOfVoucher } from '../audit/timeline.js';
import { Connection } from '../client/connection.js';
import { callerEnvironment, callerVariables } from '../environment.js';
import type { Shell } from '../shell.js';
import { CommandFailure, EXIT } from '../speech.js';

type T = (zh: string, en: string) => string;
type DirectoryOptions = { readonly data: string; readonly namespace: Namespace };
const DIFFERENCES_SHOWN = 10;

/** Audits of what is derived from the log: views, and lives of orders and vouchers. */
export const registerViews = (audit: Command, onDirectory: (command: Command) => Command, shell: Shell, t: T): void => {
  onDirectory(audit.command('rebuild')).requiredOption('--compare', t('与现有视图逐一比较（不改动目录）', 'compare with the views there are; the directory is not changed'))
    .description(t('从日志重建全部视图并与现有的比较；在停机目录上运行', 'build every view afresh from the log and compare; on a stopped directory'))
    .addHelpText('after', '\n  vouchsafe audit rebuild --compare --data .vouchsafe/data\n')
    .action(async ({ data, namespace }: DirectoryOptions) => {
      const speech = shell.speech();
      const compared = await compareViews(data, namespace);
      const differ = compared.filter(({ differences }) => differences.length > 0);
      speech.result({ ok: differ.length === 0, collections: compared }, () => [
        ...compared.map(({ collection, documents, differences }) => `${differences.length === 0 ? '✔' : '✘'} ${collection}  ${documents}`),
        ...differ.flatMap(({ collection, differences }) => differences.slice(0, DIFFERENCES_SHOWN).map((difference) => `    ${collection} ${difference}`)),
        differ.length === 0 ? t('✔ 重建的视图与现有的完全一致', '✔ views rebuilt = live') : t('✘ 有视图与日志不符：停机后删除 views.sqlite，下次启动会重建', '✘ some views differ from the log: delete views.sqlite while stopped, the next start rebuilds it'),
      ]);
      shell.exit(differ.length === 0 ? EXIT.ok : EXIT.refused);
    });

  onDirectory(audit.command('timeline <id>'))
    .description(t('一个订单、关联标识或卡券的全部事件；订单直接读日志，卡券须平台在运行', 'all events of an order, a correlation id or a voucher; orders are read from the log, vouchers are asked of a running platform'))
    .option('--key-var <name>', t('查卡券时存放密钥的变量名', 'variable that holds the key, for vouchers'), 'VOUCHSAFE_ADMIN_KEY')
    .addHelpText('after', `\n  vouchsafe audit timeline ord_…\n  vouchsafe audit timeline vch_…   ${t('# 需要 VOUCHSAFE_URL、VOUCHSAFE_GRPC 与密钥：. .vouchsafe/env', '# needs VOUCHSAFE_URL, VOUCHSAFE_GRPC and a key: . .vouchsafe/env')}\n`)
    .action(async (id: string, { data, namespace, keyVar }: DirectoryOptions & { readonly keyVar: string }) => {
      const speech = shell.speech();
      const moments = isId('voucher', id) ? await ofVoucher(shell, id, keyVar) : await timelineOfLog(data, namespace, id, speech);
      if (moments.length === 0) throw new CommandFailure(EXIT.refused, `没有关于 ${id} 的事件`, `there is no event about ${id}`);
      speech.result(moments.map(({ json }) => json), () => moments.map(({ line }) => line));
    });
};

const ofVoucher = async (shell: Shell, id: string, keyVar: string): Promise<readonly Moment[]> => {
  const { grpc, key } = callerEnvironment(callerVariables(shell.env, shell.cwd), keyVar);
  const connection = new Connection({ grpc, key });
  try {
    return await timelineOfVoucher(connection, id, shell.speech());
  } finally {
    connection.close();
  }
};
