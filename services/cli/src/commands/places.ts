import type { Command } from 'commander';
import type { Namespace } from '@vouchsafe/runtime';
import { namespaceArgument } from './register-audit.js';
import type { Shell } from '../shell.js';

/** Where a stopped platform lies, as the command line says; what is not given is read from the environment. */
export type PlaceOptions = { readonly data?: string; readonly keys?: string; readonly journal?: string; readonly namespace: Namespace };

/** Options naming the directories of one namespace. */
export const withPlaces = (command: Command, t: (zh: string, en: string) => string, namespace: Namespace): Command =>
  command.option('--data <dir>', t('数据目录（默认 VOUCHSAFE_DATA）', 'data directory (default: VOUCHSAFE_DATA)'))
    .option('--keys <dir>', t('密钥文件目录（默认 VOUCHSAFE_KEYS）', 'folder of the key files (default: VOUCHSAFE_KEYS)'))
    .option('--journal <dir>', t('不可撤销日志与标记的目录（默认 VOUCHSAFE_JOURNAL）', 'folder of journal and marker (default: VOUCHSAFE_JOURNAL)'))
    .option('--namespace <name>', 'live | sandbox', namespaceArgument, namespace);

/** The same as variables, to be laid over those of the environment. */
export const placeVariables = ({ data, keys, journal, namespace }: PlaceOptions): Record<string, string> => ({
  VOUCHSAFE_NAMESPACES: namespace, ...(data && { VOUCHSAFE_DATA: data }), ...(keys && { VOUCHSAFE_KEYS: keys }), ...(journal && { VOUCHSAFE_JOURNAL: journal }),
});

export const dataOf = ({ data }: PlaceOptions, { env }: Shell): string => data ?? env.VOUCHSAFE_DATA ?? '.vouchsafe/data';
