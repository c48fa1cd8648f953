import { accessSync, constants, existsSync, mkdirSync, statfsSync } from 'node:fs';
import { createServer } from 'node:net';
import path from 'node:path';
import { EXIT, type Speech } from '../speech.js';

type Finding = { readonly name: string; readonly ok: boolean; readonly zh: string; readonly en: string };

const NODE_MAJOR = 24;
const FREE_BYTES = 2 * 2 ** 30;
/** A clock before the release of this version is wrong. */
const EARLIEST_MS = Date.UTC(2026, 0, 1);

const nodeVersion = (): Finding => {
  const [major = 0] = process.versions.node.split('.').map(Number);
  return { name: 'node', ok: major >= NODE_MAJOR, zh: `Node ${process.versions.node}（需要 ≥ ${NODE_MAJOR}；npx 或 make 会用自带的）`, en: `Node ${process.versions.node} (≥ ${NODE_MAJOR} needed; npx and make bring it)` };
};
const disk = (folder: string): Finding => {
  const { bavail, bsize } = statfsSync(folder);
  const free = bavail * bsize;
  const gib = (free / 2 ** 30).toFixed(1);
  return { name: 'disk', ok: free >= FREE_BYTES, zh: `剩余磁盘 ${gib} GiB（建议 ≥ 2 GiB）`, en: `${gib} GiB of disk free (2 GiB advised)` };
};
const writable = (folder: string): Finding => {
  try {
    mkdirSync(folder, { recursive: true });
    accessSync(folder, constants.W_OK);
    return { name: 'directory', ok: true, zh: `数据目录可写：${folder}`, en: `data directory is writable: ${folder}` };
  } catch (error) {
    const why = (error as NodeJS.ErrnoException).code ?? 'unknown';
    return { name: 'directory', ok: false, zh: `数据目录不可写（${why}）：${folder}；请更换 --data 或修改权限`, en: `data directory is not writable (${why}): ${folder}; pass another --data or mend its permissions` };
  }
};
const port = (number: number): Promise<Finding> =>
  new Promise((resolve) => {
    const server = createServer();
    server.once('error', () => resolve({ name: `port ${number}`, ok: true, zh: `端口 ${number} 被占用：启动时会换一个`, en: `port ${number} is taken: another one will be used` }));
    server.listen(number, '127.0.0.1', () => server.close(() => resolve({ name: `port ${number}`, ok: true, zh: `端口 ${number} 可用`, en: `port ${number} is free` })));
  });
const clock = (): Finding => {
  const now = Date.now();
  return { name: 'clock', ok: now >= EARLIEST_MS, zh: `系统时间 ${new Date(now).toISOString()}（请用 NTP 校时）`, en: `the clock says ${new Date(now).toISOString()} (keep it right by NTP)` };
};
const keys = (folder: string, data: string): Finding => {
  const inside = !path.relative(data, folder).startsWith('..');
  return { name: 'keys', ok: !inside, zh: inside ? `密钥目录不能在数据目录内：${folder}` : `密钥目录在数据目录之外：${folder}${existsSync(folder) ? '' : '（首次启动时创建）'}`, en: inside ? `keys must lie outside the data directory: ${folder}` : `keys lie outside the data directory: ${folder}${existsSync(folder) ? '' : ' (made at first start)'}` };
};

export type DoctorOptions = { readonly data: string; readonly keys: string; readonly ports: readonly number[] };

/** Looks at what a start needs and says what to do about what is missing. Exit 1 if something would not work. */
export const doctor = async (speech: Speech, options: DoctorOptions): Promise<number> => {
  const findings = [nodeVersion(), writable(options.data), disk(existsSync(options.data) ? options.data : '.'), keys(options.keys, options.data), ...(await Promise.all(options.ports.map(port))), clock()];
  speech.result(findings.map(({ name, ok, zh, en }) => ({ name, ok, zh, en })), () => findings.map(({ ok, zh, en }) => `${ok ? '✔' : '✘'} ${speech.t(zh, en)}`));
  return findings.every(({ ok }) => ok) ? EXIT.ok : EXIT.refused;
};
