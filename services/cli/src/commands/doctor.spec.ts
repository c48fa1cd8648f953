import { createServer, type Server } from 'node:http';
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import type { AddressInfo } from 'node:net';
import os from 'node:os';
import path from 'node:path';
import { createSpeech, EXIT } from '../speech.js';
import { doctor } from './doctor.js';

describe('doctor', () => {
  let root: string;
  let server: Server;
  let answer = { status: 200, body: { status: 'ready' } as object };
  beforeAll(async () => {
    root = mkdtempSync(path.join(os.tmpdir(), 'vouchsafe-doctor-'));
    server = createServer((_request, response) => response.writeHead(answer.status, { 'content-type': 'application/json' }).end(JSON.stringify(answer.body)));
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  });
  afterAll(async () => {
    rmSync(root, { recursive: true });
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  });

  const url = (): string => `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const examine = async (env: Readonly<Record<string, string>> = {}) => {
    let out = '';
    const exit = await doctor(createSpeech('en', true, { out: (text) => { out += text; }, err: () => {} }), {
      VOUCHSAFE_DATA: path.join(root, 'data'), VOUCHSAFE_KEYS: path.join(root, 'keys'), ...env,
    });
    const findings = JSON.parse(out) as readonly { name: string; ok: boolean; zh: string; en: string }[];
    return { exit, of: (name: string) => findings.find((finding) => finding.name === name), findings };
  };

  it('looks and changes nothing', async () => {
    const { of } = await examine();
    expect(of('directory')).toMatchObject({ ok: true, en: expect.stringContaining('made at first start') });
    expect(existsSync(path.join(root, 'data'))).toBe(false);
    expect(of('platform')).toBeUndefined();
  });

  it('tells every problem of the configuration by name', async () => {
    const { exit, findings } = await examine({ VOUCHSAFE_HTTP_PORT: 'eighty', VOUCHSAFE_PROFILE: 'x' });
    expect(exit).toBe(EXIT.refused);
    expect(findings.filter(({ ok }) => !ok).map(({ name }) => name)).toEqual(['VOUCHSAFE_HTTP_PORT', 'VOUCHSAFE_PROFILE']);
    expect(findings[1]).toMatchObject({ zh: expect.stringContaining('须为端口'), en: expect.stringContaining('must be a port') });
  });

  it('asks a running platform whether it is ready, and passes on why not', async () => {
    expect((await examine({ VOUCHSAFE_URL: url() })).of('platform')).toMatchObject({ ok: true });
    answer = { status: 503, body: { type: '/docs/errors#NOT_READY', status: 503, detail: 'Wait', code: 'NOT_READY', details: { reasons: 'live: the views of order catch up' } } };
    const unready = await examine({ VOUCHSAFE_URL: url() });
    expect(unready.of('platform')).toMatchObject({ ok: false, en: expect.stringContaining('the views of order catch up') });
    expect(unready.exit).toBe(EXIT.refused);
    const other = createServer((_request, response) => response.end('other'));
    await new Promise<void>((resolve) => other.listen(0, '127.0.0.1', resolve));
    const elsewhere = await examine({ VOUCHSAFE_URL: `http://127.0.0.1:${(other.address() as AddressInfo).port}` });
    other.closeAllConnections();
    other.close();
    expect(elsewhere.of('platform')).toMatchObject({ ok: false, zh: expect.stringContaining('不是平台'), en: expect.stringContaining('another program') });
    expect((await examine({ VOUCHSAFE_URL: 'http://127.0.0.1:9' })).of('platform')).toMatchObject({ ok: false, zh: expect.stringContaining('连不上') });
  });
});
