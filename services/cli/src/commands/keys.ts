import { chmodSync, closeSync, existsSync, fsyncSync, mkdirSync, openSync, readFileSync, renameSync, rmSync, writeSync } from 'node:fs';
import path from 'node:path';
import { bootstrapAdmin, placesOf, type PlatformConfig } from '@vouchsafe/all-in-one';
import type { Log, Namespace } from '@vouchsafe/runtime';
import { parseEnvFile } from '../environment.js';
import { CommandFailure, EXIT } from '../speech.js';

export type BootstrapOptions = { readonly namespace: Namespace; readonly again: boolean; /** Where the key goes; readable by this user only. */ readonly file: string };
/** What may be told of the key; the key itself is in the file and nowhere else. */
export type Bootstrapped = { readonly principalId: string; readonly credentialId: string; readonly expiresAt: string; readonly file: string };

const VARIABLE = 'VOUCHSAFE_ADMIN_KEY';

/** Makes the first administrator's key of a stopped namespace and puts it into a file. Nothing is made where the file cannot be. */
export const bootstrapKey = async (config: PlatformConfig, { namespace, again, file }: BootstrapOptions, log: Log): Promise<Bootstrapped> => {
  const place = reserve(file, namespace, again);
  try {
    const made = await bootstrapAdmin({ ...placesOf(config, namespace), log, onFatal: (fault) => { throw fault; } }, again);
    if (!made.ok) {
      throw new CommandFailure(EXIT.refused, `首个管理员密钥已生成过（${made.code}）；已过期或遗失时请加 --again，事件流会记录`, `the first administrator's key was made before (${made.code}); where it expired or was lost, pass --again: the log tells of it`);
    }
    const { key, principalId, credentialId, expiresAt } = made.key;
    place.keep(`export ${VARIABLE}=${key.reveal()}\n`);
    return { principalId, credentialId, expiresAt: new Date(expiresAt).toISOString(), file };
  } finally {
    place.giveUp();
  }
};

/** A file beside the wanted one, made before the key is, and put in its place when it holds it. */
const reserve = (file: string, namespace: Namespace, again: boolean) => {
  if (existsSync(file) && !(again && holdsKey(file, namespace))) {
    throw new CommandFailure(EXIT.config, `文件已存在：${file}；请移走，或用 --file 另指定`, `${file} is there already; move it away, or name another place with --file`);
  }
  const beside = `${file}.new`;
  const folder = path.dirname(file);
  let handle: number;
  try {
    mkdirSync(folder, { recursive: true, mode: 0o700 });
    rmSync(beside, { force: true }); // of a command that was killed
    handle = openSync(beside, 'wx', 0o600);
    chmodSync(beside, 0o600);
  } catch (error) {
    throw new CommandFailure(EXIT.config, `无法写入 ${file}：${(error as Error).message}；未生成任何密钥`, `cannot write ${file}: ${(error as Error).message}; no key was made`);
  }
  return {
    keep: (text: string): void => {
      writeSync(handle, text);
      fsyncSync(handle);
      renameSync(beside, file);
      const entry = openSync(folder, 'r');
      fsyncSync(entry);
      closeSync(entry);
    },
    giveUp: (): void => {
      closeSync(handle);
      rmSync(beside, { force: true });
    },
  };
};

/** Only a key of the same mode, made by this command, is ever written over. */
const holdsKey = (file: string, namespace: Namespace): boolean => parseEnvFile(readFileSync(file, 'utf8'))[VARIABLE]?.startsWith(`vs_${namespace}_`) === true;
