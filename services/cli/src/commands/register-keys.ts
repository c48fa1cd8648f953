import path from 'node:path';
import { pinoLog } from '@vouchsafe/telemetry';
import type { Command } from 'commander';
import type { Shell } from '../shell.js';
import { keyFilesToBeMade, keyMade } from './key-files.js';
import { bootstrapKey } from './keys.js';
import { type PlaceOptions, placeVariables, withPlaces } from './places.js';
import { configOf } from './up.js';

type T = (zh: string, en: string) => string;
type Options = PlaceOptions & { readonly again?: boolean; readonly file?: string };

/** Keys made by whoever has the machine; all others are made by administrators over the API. */
export const registerKeys = (program: Command, shell: Shell, t: T): void => {
  const keys = program.command('keys').description(t('密钥：首个管理员密钥（其余用 AccessService 管理）', 'keys: the first administrator; all others by AccessService'));
  withPlaces(keys.command('bootstrap'), t, 'live')
    .description(t('生成首个管理员密钥，仅一次，24 小时有效，写入 0600 文件；平台须已停止', "the first administrator's key, once, good for 24 hours, into a file only you can read; the platform must be stopped"))
    .option('--again', t('密钥已过期或遗失：再生成一把（事件流会记录）', 'it expired or was lost: make another one, which the log tells'))
    .option('--file <file>', t('写到哪里（默认 .vouchsafe/<环境>-admin.env）', 'where it goes (default: .vouchsafe/<namespace>-admin.env)'))
    .addHelpText('after', '\n  vouchsafe keys bootstrap --namespace live\n  vouchsafe up &\n  . .vouchsafe/live-admin.env && vouchsafe call GetCaller --key-var VOUCHSAFE_ADMIN_KEY\n')
    .action(async ({ again = false, file, ...places }: Options) => {
      const speech = shell.speech();
      const { namespace } = places;
      const config = configOf(shell.env, placeVariables(places));
      const newKeys = keyFilesToBeMade(config);
      const made = await bootstrapKey(
        config,
        { namespace, again, file: file ?? path.join('.vouchsafe', `${namespace}-admin.env`) },
        pinoLog({ level: 'warn', name: 'keys' }),
      );
      for (const newKey of newKeys) speech.note(keyMade(newKey, speech));
      speech.result(made, () => [
        t(`✔ ${namespace} 的首个管理员密钥已写入 ${made.file}（有效至 ${made.expiresAt}）`, `✔ the first administrator's key of ${namespace} is in ${made.file} (until ${made.expiresAt})`),
        t('请尽快为自己和复核人建立长期主体与密钥，然后删除此文件', 'use it to make principals and keys for yourself and an approver, then delete the file'),
      ]);
    });
};
