import { accessSync, constants, existsSync, statfsSync } from 'node:fs';
import { createServer } from 'node:net';
import path from 'node:path';
import { type ConfigProblem, parseConfig, type PlatformConfig } from '@vouchsafe/all-in-one';
import { type Deployment, examine } from '../doctor/examine.js';
import type { Finding } from '../doctor/finding.js';
import { EXIT, type Speech } from '../speech.js';

const NODE_MAJOR = 24;
const FREE_BYTES = 2 * 2 ** 30;
const READY_MS = 3_000;
/** A clock before the release of this version is wrong. */
const EARLIEST_MS = Date.UTC(2026, 0, 1);

const nodeVersion = (): Finding => {
  const [major = 0] = process.versions.node.split('.').map(Number);
  return { name: 'node', ok: major >= NODE_MAJOR, zh: `Node ${process.versions.node}（需要 ≥ ${NODE_MAJOR}；npx 或 make 会用自带的）`, en: `Node ${process.versions.node} (≥ ${NODE_MAJOR} needed; npx and make bring it)` };
};
/** The folder itself, or the nearest one above it: where it would be made. */
const nearest = (folder: string): string => (existsSync(folder) || path.dirname(folder) === folder ? folder : nearest(path.dirname(folder)));
const disk = (folder: string): Finding => {
  const { bavail, bsize } = statfsSync(nearest(folder));
  const free = bavail * bsize;
  const gib = (free / 2 ** 30).toFixed(1);
  return { name: 'disk', ok: free >= FREE_BYTES, zh: `剩余磁盘 ${gib} GiB（建议 ≥ 2 GiB）`, en: `${gib} GiB of disk free (2 GiB advised)` };
};
const writable = (folder: string): Finding => {
  try {
    accessSync(nearest(folder), constants.W_OK);
    return { name: 'directory', ok: true, zh: `数据目录可写：${folder}${existsSync(folder) ? '' : '（首次启动时创建）'}`, en: `data directory is writable: ${folder}${existsSync(folder) ? '' : ' (made at first start)'}` };
  } catch (error) {
    const why = (error as NodeJS.ErrnoException).code ?? 'unknown';
    return { name: 'directory', ok: false, zh: `数据目录不可写（${why}）：${folder}；请更换 VOUCHSAFE_DATA 或修改权限`, en: `data directory is not writable (${why}): ${folder}; name another VOUCHSAFE_DATA or mend its permissions` };
  }
};
const port = (number: number): Promise<Finding> =>
  new Promise((resolve) => {
    const server = createServer();
    server.once('error', () => resolve({ name: `port ${number}`, ok: true, zh: `端口 ${number} 被占用（已运行的平台或其他程序）：再启动的会换一个`, en: `port ${number} is taken, by a platform that runs already or by another program: a new start takes another one` }));
    server.listen(number, '127.0.0.1', () => server.close(() => resolve({ name: `port ${number}`, ok: true, zh: `端口 ${number} 可用`, en: `port ${number} is free` })));
  });
const clock = (): Finding => {
  const now = Date.now();
  return { name: 'clock', ok: now >= EARLIEST_MS, zh: `系统时间 ${new Date(now).toISOString()}（请用 NTP 校时）`, en: `the clock says ${new Date(now).toISOString()} (keep it right by NTP)` };
};
const keys = ({ VOUCHSAFE_KEYS: folder }: PlatformConfig): Finding => {
  const made = existsSync(folder);
  return { name: 'keys', ok: true, zh: `密钥目录：${folder}${made ? '（请另存副本：遗失即丢失库存）' : '（首次启动时创建）'}`, en: `keys: ${folder}${made ? ' (keep a copy elsewhere: losing them loses the stock)' : ' (made at first start)'}` };
};
const problem = ({ variable, zh, en }: ConfigProblem): Finding => ({ name: variable, ok: false, zh: `${variable}：${zh}`, en: `${variable}: ${en}` });

/** Whether a running platform says it may be given traffic, and if not, why. */
const running = async (url: string): Promise<Finding> => {
  try {
    const response = await fetch(new URL('/readyz', url), { signal: AbortSignal.timeout(READY_MS) });
    const { reasons, status } = readyOf(await response.json());
    if (response.ok && status === 'ready') return { name: 'platform', ok: true, zh: `平台就绪：${url}`, en: `the platform is ready: ${url}` };
    return { name: 'platform', ok: false, zh: `平台未就绪（${response.status}）：${reasons}`, en: `the platform is not ready (${response.status}): ${reasons}` };
  } catch (error) {
    const { message, cause } = error as Error;
    if ((error as Error).name === 'SyntaxError') return { name: 'platform', ok: false, zh: `${url} 上应答的不是平台，而是其他程序；重新启动（make up）后再执行 . .vouchsafe/env`, en: `what answers at ${url} is another program, not the platform; after a start (make up) run . .vouchsafe/env again` };
    const why = cause instanceof Error ? cause.message : message;
    return { name: 'platform', ok: false, zh: `连不上平台 ${url}：${why}；它在运行吗？（make up）`, en: `the platform at ${url} cannot be reached: ${why}; is it running? (make up)` };
  }
};
const readyOf = (body: unknown): { readonly status: string; readonly reasons: string } => {
  const { status = '', detail = '', details } = body as { readonly status?: string | number; readonly detail?: string; readonly details?: { readonly reasons?: string } };
  return { status: String(status), reasons: details?.reasons ?? (detail || JSON.stringify(body)) };
};

const ofConfig = async (config: PlatformConfig): Promise<readonly Finding[]> => [
  writable(config.VOUCHSAFE_DATA), disk(config.VOUCHSAFE_DATA), keys(config),
  ...(await Promise.all([config.VOUCHSAFE_HTTP_PORT, config.VOUCHSAFE_GRPC_PORT].map(port))),
];

/** Looks at what a start needs and says what to do about what is missing; with `VOUCHSAFE_URL` also at what runs there. Exit 1 if something would not work. */
export const doctor = async (speech: Speech, env: NodeJS.ProcessEnv): Promise<number> => {
  const parsed = parseConfig(env);
  const findings = [
    nodeVersion(), ...(parsed.ok ? await ofConfig(parsed.config) : parsed.problems.map(problem)), clock(), ...(env.VOUCHSAFE_URL ? [await running(env.VOUCHSAFE_URL)] : []),
  ];
  return tell(speech, findings) ? EXIT.ok : EXIT.refused;
};

/** Looks at a running deployment from outside, whatever its form. Exit 1 if something is not well, 69 if its gateway cannot be reached. */
export const doctorOf = async (speech: Speech, deployment: Deployment): Promise<number> => {
  const { reachable, findings } = await examine(deployment);
  const isWell = tell(speech, findings);
  return reachable ? (isWell ? EXIT.ok : EXIT.refused) : EXIT.unavailable;
};

/** Whether all is well. */
const tell = (speech: Speech, findings: readonly Finding[]): boolean => {
  speech.result(findings.map(({ name, ok, zh, en }) => ({ name, ok, zh, en })), () => findings.map(({ ok, zh, en }) => `${ok ? '✔' : '✘'} ${speech.t(zh, en)}`));
  return findings.every(({ ok }) => ok);
};
