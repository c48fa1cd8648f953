import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { doctorOf } from '../commands/doctor.js';
import { createSpeech, EXIT } from '../speech.js';
import { samplesOf } from './samples.js';

type Page = { readonly status?: number; readonly body: string; readonly date?: Date };
const WELL = `vouchsafe_projection_lag_seconds{mode="live",service="order",part="views"} 0
vouchsafe_parked_messages{mode="live"} 0
vouchsafe_unbalanced_books{mode="live"} 0
`;
const READY: Page = { body: '{"ready":true,"reasons":[]}' };

describe('a deployment seen from outside', () => {
  const servers: Server[] = [];
  const serve = async (pages: Readonly<Record<string, Page>>): Promise<string> => {
    const server = createServer((request, response) => {
      const { status = 200, body, date } = pages[request.url ?? ''] ?? { status: 404, body: 'not found' };
      response.writeHead(status, { 'content-type': 'application/json', ...(date && { date: date.toUTCString() }) }).end(body);
    });
    servers.push(server);
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  };
  afterEach(() => {
    for (const server of servers.splice(0)) {
      server.closeAllConnections();
      server.close();
    }
  });
  const audit = (): Readonly<Record<string, Page>> => ({
    '/v1/caller': { body: JSON.stringify({ principalId: 'pri_auditor', time: new Date().toISOString() }) }, '/v1/integrity': { body: '{"events":"7","viewsCaughtUp":true,"epoch":"1"}' },
  });
  const examine = async (pages: Readonly<Record<string, Page>>, { probes = [], key = 'k' }: { readonly probes?: readonly string[]; readonly key?: string } = {}) => {
    let out = '';
    const exit = await doctorOf(createSpeech('en', true, { out: (text) => { out += text; }, err: () => {} }), { url: await serve(pages), probes, ...(key !== '' && { key }) });
    const findings = JSON.parse(out) as readonly { readonly name: string; readonly ok: boolean; readonly zh: string; readonly en: string }[];
    return { exit, findings, wrong: findings.filter(({ ok }) => !ok), of: (name: string) => findings.find((finding) => finding.name === name) };
  };

  it('is well where all is well', async () => {
    const { exit, wrong, findings } = await examine({ '/readyz': READY, '/metrics': { body: WELL }, ...audit() });
    expect([exit, wrong]).toEqual([EXIT.ok, []]);
    expect(findings.map(({ name }) => name)).toEqual(['ready gateway', 'clock gateway', 'lag', 'parked', 'books', 'key', 'clock access', 'integrity']);
  });

  it.each([
    ['lag', 'vouchsafe_projection_lag_seconds{mode="live",service="order",part="views"} 90', 'live order views 90'],
    ['failing', 'vouchsafe_projection_failing{mode="live",service="order",part="views"} 1', 'VouchsafeViewsFailing'],
    ['halted', 'vouchsafe_projection_documents_halted{mode="live",service="order",part="views"} 2', 'audit rebuild'],
    ['parked', 'vouchsafe_parked_messages{mode="live"} 3', 'parked list'],
    ['books', 'vouchsafe_unbalanced_books{mode="live"} 1', 'stop moving money'],
    ['consumers', 'vouchsafe_consumer_lag_messages{mode="live",group="ledger-inventory"} 5000', 'ledger-inventory 5000'],
    ['bus', 'vouchsafe_bus_problems{mode="live",code="TOPIC_TOO_SMALL"} 1', 'topics apply'],
    ['forged', 'vouchsafe_forged_messages_total 1', 'nobody trusted had signed'],
    ['calls', 'vouchsafe_rpc_silent{service="ledger"} 1', 'ledger 1'],
    ['space', 'vouchsafe_log_short_of_space{mode="live"} 1', 'make room'],
    ['event loop', 'nodejs_eventloop_delay_seconds{quantile="0.99"} 2', 'held up'],
  ])('tells of %s, where, and what to do', async (name, line, told) => {
    const probe = await serve({ '/readyz': READY, '/metrics': { body: `${line}\n` } });
    const { exit, wrong } = await examine({ '/readyz': READY, '/metrics': { body: WELL }, ...audit() }, { probes: [probe] });
    expect([exit, wrong.map((finding) => finding.name)]).toEqual([EXIT.refused, [name]]);
    expect(wrong[0]!.en).toContain(told);
    expect(wrong[0]!.en).toContain(`${probe}: `);
    expect(wrong[0]!.zh).toMatch(/[\u4e00-\u9fff]/);
  });

  it('passes on what a process lacks', async () => {
    const probe = await serve({ '/readyz': { status: 503, body: '{"ready":false,"reasons":["MongoDB: no primary"]}' }, '/metrics': { body: '' } });
    const { wrong } = await examine({ '/readyz': { status: 503, body: '{"code":"NOT_READY","details":{"reasons":"stopping"}}' }, '/metrics': { body: WELL }, ...audit() }, { probes: [probe] });
    expect(wrong.map(({ en }) => en)).toEqual([expect.stringContaining('stopping'), expect.stringContaining('MongoDB: no primary')]);
  });

  it('says which clock is wrong', async () => {
    const probe = await serve({ '/readyz': { ...READY, date: new Date(Date.now() - 60_000) }, '/metrics': { body: '' } });
    const { wrong } = await examine({ '/readyz': READY, '/metrics': { body: WELL }, ...audit() }, { probes: [probe] });
    expect(wrong.map(({ name }) => name)).toEqual([`clock ${probe}`]);
    expect(wrong[0]!.en).toContain('NTP');
  });

  it('does not take what it was not told for well', async () => {
    const { exit, wrong } = await examine({ '/readyz': READY, '/metrics': { body: 'up 1\n' }, ...audit() });
    expect([exit, wrong.map(({ name }) => name)]).toEqual([EXIT.refused, ['lag', 'parked', 'books']]);
    expect(wrong[0]!.en).toContain('--probe');
  });

  it('says what a key may not, or that there is none', async () => {
    const pages = { '/readyz': READY, '/metrics': { body: WELL } };
    expect((await examine(pages, { key: '' })).of('integrity')).toMatchObject({ ok: false, en: expect.stringContaining('--key-var') });
    expect((await examine({ ...pages, '/v1/caller': { status: 401, body: '{"code":"CREDENTIAL_INVALID"}' } })).of('key')).toMatchObject({ ok: false, en: expect.stringContaining('CREDENTIAL_INVALID') });
    expect((await examine({ ...pages, ...audit(), '/v1/integrity': { status: 403, body: '{"code":"PERMISSION_MISSING"}' } })).of('integrity')).toMatchObject({ ok: false, en: expect.stringContaining('audit:read') });
    expect((await examine({ ...pages, ...audit(), '/v1/integrity': { body: '{"events":"7","viewsBehindEvents":"4"}' } })).of('integrity')).toMatchObject({ ok: false, en: expect.stringContaining('4 events behind') });
  });

  it('cannot tell anything of what it cannot reach', async () => {
    let out = '';
    const exit = await doctorOf(createSpeech('zh', false, { out: (text) => { out += text; }, err: () => {} }), { url: 'http://127.0.0.1:9', probes: [], key: 'k' });
    expect(exit).toBe(EXIT.unavailable);
    expect(out).toContain('✘ 连不上 http://127.0.0.1:9');
  });

  it('reads labels with anything in them', () => {
    expect(samplesOf('# HELP x y\nx{a="b,c}",d="say \\"no\\"\\n"} 1.5\nbare +Inf\n\n')).toEqual([{ name: 'x', labels: { a: 'b,c}', d: 'say "no"\n' }, value: 1.5 }, { name: 'bare', labels: {}, value: Infinity }]);
  });
});
