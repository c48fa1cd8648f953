import { Fault, Secret } from '@vouchsafe/kernel';
import { withinTrace } from './current-trace.js';
import { pinoLog } from './pino-log.js';

const lines: string[] = [];
beforeEach(() => void (lines.length = 0));
const log = (level?: 'debug') => pinoLog({ name: 'test', ...(level && { level }), to: { write: (line: string) => void lines.push(line) } });
const written = (): Record<string, unknown>[] => lines.map((line) => JSON.parse(line) as Record<string, unknown>);

it('is quiet by default: warnings and errors only', () => {
  const quiet = log();
  quiet.debug({}, 'a');
  quiet.info({}, 'b');
  quiet.warn({ order: 'ord_1' }, 'c');
  quiet.child({ service: 'order' }).error({}, 'd');
  expect(written()).toMatchObject([{ msg: 'c', order: 'ord_1', name: 'test' }, { msg: 'd', service: 'order' }]);
});

it('never writes secrets or personal data, however deep they lie', () => {
  const values = ['AB12-CD34', '13800138000', 'a@b.cn', '203.0.113.9', 'dev-77', 'Bearer vs_live_x', 'vs_live_1_abc', 'hunter2'];
  const [code, phone, email, ip, device, authorization, token, password] = values;
  const fields = {
    code, phone, email, ip, device, authorization, buyer_phone: phone, apiToken: token, deep: [{ Password: password, 'set-cookie': token, list: [{ voucherCode: code }] }],
    secret: new Secret('plain'), nested: { hidden: new Secret('plain') },
  };
  log('debug').child({ buyerIp: ip, kept: 'yes' }).info(fields, 'x');
  for (const value of [...values, 'plain']) expect(lines.join()).not.toContain(value);
  expect(written()[0]).toMatchObject({ kept: 'yes', buyerIp: '***', nested: { hidden: '***' } });
});

it('tells of which trace what is written comes, also after a wait, and of none outside', async () => {
  const parent = '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01';
  log().warn({}, 'before');
  await withinTrace(parent, async () => {
    await Promise.resolve();
    log().child({ service: 'order' }).warn({}, 'within');
  });
  log().warn({ trace: parent }, 'about a message');
  log().warn({ trace: undefined }, 'about one without');
  withinTrace('nonsense', () => log().warn({}, 'of no trace'));
  expect(written().map(({ msg, trace_id, span_id }) => [msg, trace_id, span_id])).toEqual([
    ['before', undefined, undefined], ['within', '0af7651916cd43dd8448eb211c80319c', 'b7ad6b7169203331'], ['about a message', '0af7651916cd43dd8448eb211c80319c', 'b7ad6b7169203331'], ['about one without', undefined, undefined], ['of no trace', undefined, undefined],
  ]);
});

it('writes what helps: error codes, amounts, causes', () => {
  const error = new Fault('STORE_READ_ONLY', 'disk full', true, { cause: Object.assign(new Error('write'), { code: 'ENOSPC' }) });
  log().error({ error, code: 'OUT_OF_STOCK', amount: 12n, bytes: new Uint8Array(3), many: new Map([[1, 2]]) }, 'x');
  expect(written()[0]).toMatchObject({
    code: 'OUT_OF_STOCK', amount: '12', bytes: '3 bytes', many: '1 members',
    error: { name: 'Fault', code: 'STORE_READ_ONLY', message: 'disk full', cause: { code: 'ENOSPC' }, stack: expect.stringContaining('pino-log.spec') },
  });
});

it('is bounded: a deep, wide or cyclic thing does not hold it up', () => {
  const cyclic: Record<string, unknown> = { text: 'x'.repeat(100_000), wide: Array.from({ length: 10_000 }, (_, i) => i) };
  cyclic['self'] = cyclic;
  log().warn({ cyclic }, 'x');
  expect(lines[0]!.length).toBeLessThan(60_000);
});
