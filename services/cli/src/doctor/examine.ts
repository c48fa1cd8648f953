import { type Finding, unwell, well } from './finding.js';
import { judged, type Told } from './figures.js';
import { samplesOf } from './samples.js';

/** A running deployment, as it can be seen from outside. */
export type Deployment = {
  /** The gateway, over HTTP. */
  readonly url: string;
  /** Of whoever may read the audit; without one integrity is not looked at. */
  readonly key?: string;
  /** Probes of the services, where each is a process of its own. */
  readonly probes: readonly string[];
};
type Answer = { readonly status: number; readonly body: string; readonly date: number; readonly askedAt: number; readonly tookMs: number };

const PATIENCE_MS = 5_000;
/** Signatures and tokens bear some seconds; a `date` header tells whole ones. */
const SKEW_MS = 2_000;
const DATE_STEP_MS = 1_000;

/** Looks at a deployment from outside and changes nothing. `reachable`: whether its gateway answered at all. */
export const examine = async ({ url, key, probes }: Deployment): Promise<{ readonly reachable: boolean; readonly findings: readonly Finding[] }> => {
  const places = [{ where: 'gateway', url }, ...probes.map((probe) => ({ where: probe, url: probe }))];
  const seen = await Promise.all(places.map(async (place) => ({ ...place, ready: await ask(place.url, '/readyz'), metrics: await ask(place.url, '/metrics') })));
  const told: Told[] = seen.flatMap(({ where, metrics }) => (isAnswer(metrics) && metrics.status === 200 ? [{ where, samples: samplesOf(metrics.body) }] : []));
  const isReached = isAnswer(seen[0]!.ready);
  return {
    reachable: isReached,
    findings: [
      ...seen.map(({ where, url: at, ready }) => readiness(where, at, ready)),
      ...seen.flatMap(({ where, ready }) => (isAnswer(ready) ? [skewOf(where, ready.date - DATE_STEP_MS / 2, ready, DATE_STEP_MS / 2)] : [])),
      ...seen.flatMap(({ where, metrics }) => (isAnswer(metrics) && metrics.status !== 200 ? [unwell(`figures ${where}`, `${where} 未给出 /metrics（${metrics.status}）`, `${where} does not tell /metrics (${metrics.status})`)] : [])),
      ...(told.length > 0 ? judged(told) : []),
      ...(isReached ? await integrity(url, key) : []),
    ],
  };
};

const ask = async (base: string, path: string, key?: string): Promise<Answer | Error> => {
  const [askedAt, from] = [Date.now(), performance.now()];
  try {
    const response = await fetch(new URL(path, base), { signal: AbortSignal.timeout(PATIENCE_MS), headers: key === undefined ? {} : { authorization: `Bearer ${key}` } });
    const tookMs = performance.now() - from;
    return { status: response.status, body: await response.text(), date: Date.parse(response.headers.get('date') ?? ''), askedAt, tookMs };
  } catch (error) {
    const { message, cause } = error as Error;
    return new Error(cause instanceof Error ? cause.message : message);
  }
};
const isAnswer = (answer: Answer | Error): answer is Answer => !(answer instanceof Error);

/** What a process says it lacks: Kafka, MongoDB, its event store, views that catch up. */
const readiness = (where: string, url: string, ready: Answer | Error): Finding => {
  const name = `ready ${where}`;
  if (!isAnswer(ready)) return unwell(name, `连不上 ${url}：${ready.message}；进程在运行吗？网络与防火墙放行吗？`, `${url} cannot be reached: ${ready.message}; does the process run, do network and firewall let you through?`);
  if (ready.status === 200) return well(name, `${where} 就绪：所依赖的都在`, `${where} is ready: all it depends on is there`);
  const reasons = reasonsOf(ready.body);
  return unwell(name, `${where} 未就绪（${ready.status}）：${reasons}；先恢复所列的依赖`, `${where} is not ready (${ready.status}): ${reasons}; bring back what it names first`);
};
const reasonsOf = (body: string): string => {
  const parsed = jsonOf(body) as { readonly reasons?: unknown; readonly details?: { readonly reasons?: unknown } } | undefined;
  const reasons = parsed?.reasons ?? parsed?.details?.reasons;
  return Array.isArray(reasons) ? reasons.join('; ') : typeof reasons === 'string' ? reasons : body.slice(0, 200);
};
const jsonOf = (text: string): unknown => {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
};

/** How far another clock is from this one, at best: what the way there takes may be on either side. */
const skewOf = (where: string, theirs: number, { askedAt, tookMs }: Answer, slackMs: number): Finding => {
  const name = `clock ${where}`;
  if (!Number.isFinite(theirs)) return unwell(name, `${where} 未说明其时间`, `${where} does not tell its time`);
  const offMs = Math.round(theirs - (askedAt + tookMs / 2));
  const atLeastMs = Math.max(0, Math.abs(offMs) - tookMs / 2 - slackMs);
  return atLeastMs <= SKEW_MS
    ? well(name, `${where} 的时钟与本机一致`, `the clock of ${where} agrees with this machine's`)
    : unwell(name, `${where} 的时钟与本机相差约 ${offMs} 毫秒；两边都用 NTP 校时`, `the clock of ${where} is some ${offMs} ms from this machine's; keep both right by NTP`);
};

/** Whether the key is good, and what the audit says of log and views. */
const integrity = async (url: string, key: string | undefined): Promise<readonly Finding[]> => {
  if (key === undefined) return [unwell('integrity', '未检查完整性：请用 --key-var 指出审计员密钥所在的变量', 'integrity was not looked at: name the variable that holds an auditor\'s key with --key-var')];
  const caller = await ask(url, '/v1/caller', key);
  if (!isAnswer(caller) || caller.status !== 200) return [unwell('key', `密钥不可用（${why(caller)}）；见 vouchsafe keys --help`, `the key is no good (${why(caller)}); see vouchsafe keys --help`)];
  const { time, principalId = '' } = (jsonOf(caller.body) ?? {}) as { readonly time?: string; readonly principalId?: string };
  const answer = await ask(url, '/v1/integrity', key);
  return [well('key', `密钥有效：${principalId}`, `the key is good: ${principalId}`), skewOf('access', Date.parse(time ?? ''), caller, 0), whole(answer)];
};
const why = (answer: Answer | Error): string => (isAnswer(answer) ? `${answer.status} ${(jsonOf(answer.body) as { readonly code?: string } | undefined)?.code ?? ''}`.trim() : answer.message);

const whole = (answer: Answer | Error): Finding => {
  if (isAnswer(answer) && answer.status === 403) return unwell('integrity', '此密钥无 audit:read 权限；请换审计员的密钥', 'this key may not read the audit (audit:read); use an auditor\'s');
  if (!isAnswer(answer) || answer.status !== 200) return unwell('integrity', `完整性未知（${why(answer)}）；查看 insight 的日志`, `integrity is unknown (${why(answer)}); read the log of insight`);
  const { events = '0', viewsBehindEvents: behind = '0', epoch = '0', viewsCaughtUp } = (jsonOf(answer.body) ?? {}) as { readonly events?: string; readonly viewsBehindEvents?: string; readonly epoch?: string; readonly viewsCaughtUp?: boolean };
  return viewsCaughtUp === true || behind === '0'
    ? well('integrity', `审计视图与日志一致：${events} 条事件，纪元 ${epoch}；逐字节的证明用 vouchsafe audit verify`, `the audit's views are where the log is: ${events} events, epoch ${epoch}; vouchsafe audit verify proves it byte by byte`)
    : unwell('integrity', `审计视图落后约 ${behind} 条事件；稍候再查，见 docs/runbooks/VouchsafeViewsBehind.md`, `the audit's views are some ${behind} events behind; look again in a moment, see docs/runbooks/VouchsafeViewsBehind.md`);
};
