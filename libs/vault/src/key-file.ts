import { closeSync, existsSync, fsyncSync, mkdirSync, openSync, readFileSync, realpathSync, renameSync, statSync, writeSync } from 'node:fs';
import { basename, dirname, join, resolve, sep } from 'node:path';
import { Fault } from '@vouchsafe/kernel';
import type { Log, Namespace, Random } from '@vouchsafe/runtime';
import { eitherKeyWrap, KEK_BYTES, type KeyWrap, localKeyWrap } from './key-wrap.js';

export type KeyFileOptions = { readonly file: string; readonly dataDir: string; readonly namespace: Namespace; readonly random: Random; readonly log: Log };

/**
 * The key-encryption key from a file outside the data directory; made at the first start (0600). Faults, none retryable:
 * `KEY_FILE_INSIDE` (live only: a copy of the directory would carry its key), `KEY_FILE_OPEN` (others may read it), `KEY_FILE_INVALID`.
 */
export const fileKeyWrap = ({ file, dataDir, namespace, random, log }: KeyFileOptions): KeyWrap => {
  if (namespace === 'live' && isInside(file, dataDir))
    throw new Fault('KEY_FILE_INSIDE', `the key file ${file} lies inside the data directory: whoever copies the data has the key. Name a place outside it`, false);
  if (!existsSync(file)) create(file, random, log);
  if ((statSync(file).mode & 0o077) !== 0) throw new Fault('KEY_FILE_OPEN', `the key file ${file} can be read by others: chmod 600 ${file}`, false);
  const current = readKey(file, random);
  // A rotation was interrupted: some keys are under the next one already. It goes on when it is asked for again.
  return existsSync(nextOf(file)) ? eitherKeyWrap(readKey(nextOf(file), random), current) : current;
};
const nextOf = (file: string): string => `${file}.next`;
const readKey = (file: string, random: Random): KeyWrap => localKeyWrap(parseKey(readFileSync(file, 'utf8'), `key file ${file}`), random);

export type KeyRotation = {
  readonly file: string; readonly random: Random; readonly log: Log;
  /** Every vault sealed under this file, each opened with {@link fileKeyWrap} of it. */
  readonly vaults: readonly { rotateKek(next: KeyWrap): Promise<number> }[];
};
/**
 * Makes a new key-encryption key, seals every data key under it and puts it in the old one's place; the old key opens nothing
 * any more (older backups still need it: keep a copy as long as you keep them). Interrupted, the same call goes on. Returns
 * how many keys were sealed anew.
 */
export const rotateKeyFile = async ({ file, random, log, vaults }: KeyRotation): Promise<number> => {
  if (!existsSync(nextOf(file))) create(nextOf(file), random, log);
  const next = readKey(nextOf(file), random);
  let sealed = 0;
  for (const vault of vaults) sealed += await vault.rotateKek(next);
  renameSync(nextOf(file), file);
  syncFolder(dirname(file));
  log.warn({ file, sealed }, 'the key-encryption key was rotated: keep a copy of the new file; backups taken before need the old one / 主密钥已轮换,请备份新文件;旧备份仍需旧密钥');
  return sealed;
};

/** The key-encryption key from a secret of the environment: 64 hexadecimal digits. */
export const secretKeyWrap = (hex: string, random: Random): KeyWrap => localKeyWrap(parseKey(hex, 'key secret'), random);

const parseKey = (text: string, where: string): Buffer => {
  const hex = text.trim();
  if (!/^[0-9a-f]{64}$/i.test(hex)) throw new Fault('KEY_FILE_INVALID', `${where} does not hold ${KEK_BYTES} bytes as 64 hexadecimal digits`, false);
  return Buffer.from(hex, 'hex');
};

const create = (file: string, random: Random, log: Log): void => {
  mkdirSync(dirname(file), { recursive: true, mode: 0o700 });
  const handle = openSync(file, 'wx', 0o600); // never over an existing key
  try {
    writeSync(handle, `${random.bytes(KEK_BYTES).toString('hex')}\n`);
    fsyncSync(handle);
  } finally {
    closeSync(handle);
  }
  syncFolder(dirname(file));
  log.info({ file }, 'made the key-encryption key. Keep a copy of this file in a safe place: whoever loses it loses all codes in stock / 已生成主密钥，请妥善备份：丢失此文件即丢失全部库存卡密');
};

const syncFolder = (path: string): void => {
  const folder = openSync(path, 'r');
  try {
    fsyncSync(folder);
  } finally {
    closeSync(folder);
  }
};

const isInside = (file: string, dir: string): boolean => real(file).startsWith(`${real(dir)}${sep}`);
/** The path with links resolved as far as it exists. */
const real = (path: string): string => {
  const full = resolve(path);
  return existsSync(full) || dirname(full) === full ? realpathSync(full) : join(real(dirname(full)), basename(full));
};
