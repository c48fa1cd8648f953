import { mkdtempSync, rmSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { parseConfig, type Platform, startPlatform } from '@vouchsafe/all-in-one';
import { silentLog, systemClock } from '@vouchsafe/runtime';
import { doctorOf } from '../commands/doctor.js';
import { createSpeech, EXIT } from '../speech.js';

const GENEROUS_MS = 30_000;

describe('the embedded form seen by the doctor', () => {
  let folder: string;
  let platform: Platform;
  let key: string;
  beforeAll(async () => {
    folder = mkdtempSync(path.join(os.tmpdir(), 'vouchsafe-doctor-'));
    const parsed = parseConfig({
      VOUCHSAFE_DATA: path.join(folder, 'data'), VOUCHSAFE_KEYS: path.join(folder, 'keys'), VOUCHSAFE_JOURNAL: path.join(folder, 'journal'),
      VOUCHSAFE_NAMESPACES: 'sandbox', VOUCHSAFE_HTTP_PORT: '0', VOUCHSAFE_GRPC_PORT: '0',
    });
    if (!parsed.ok) throw new Error(parsed.problems.map(({ en }) => en).join('; '));
    platform = await startPlatform({ config: parsed.config, log: silentLog, onFatal: (fault) => { throw fault; } });
    const keys = await platform.sandboxKeys(['chn_app'], []);
    key = keys.admin.key.reveal();
  }, GENEROUS_MS);
  afterAll(async () => {
    await platform?.stop();
    rmSync(folder, { recursive: true, force: true });
  });

  type Found = readonly { readonly name: string; readonly ok: boolean; readonly zh: string; readonly en: string }[];
  const examine = async (): Promise<{ readonly exit: number; readonly found: Found }> => {
    let out = '';
    const exit = await doctorOf(createSpeech('zh', true, { out: (text) => { out += text; }, err: () => {} }), { url: platform.http, key, probes: [] });
    return { exit, found: JSON.parse(out) as Found };
  };
  /** Figures are looked at now and then. */
  const until = async (exit: number): Promise<Found> => {
    let last = await examine();
    for (const end = Date.now() + GENEROUS_MS; last.exit !== exit && Date.now() < end; last = await examine()) await systemClock().sleep(200);
    expect([last.exit, last.found.filter(({ ok }) => !ok).map(({ en }) => en)]).toEqual([exit, exit === EXIT.ok ? [] : [expect.any(String)]]);
    return last.found;
  };

  it('is well', async () => {
    const found = await until(EXIT.ok);
    expect(found.map(({ name }) => name)).toEqual(['ready gateway', 'clock gateway', 'lag', 'failing', 'halted', 'parked', 'books', 'space', 'event loop', 'key', 'clock access', 'integrity']);
  }, 2 * GENEROUS_MS);

  it('is not, once a message is parked, and the doctor says what to do', async () => {
    const now = systemClock().now();
    const nonsense = { id: 'evt_poison', context: 'access', type: 'access.PrincipalChanged.v1', stream: 'principal-x', pub: 1, data: 'no record', occurredAt: now, recordedAt: now, correlation: '', causation: '', principal: 'pri_x' };
    await platform.namespaces.get('sandbox')!.bus.publish([nonsense]);
    const [wrong] = (await until(EXIT.refused)).filter(({ ok }) => !ok);
    expect(wrong).toMatchObject({ name: 'parked', zh: expect.stringContaining('vouchsafe parked list'), en: expect.stringContaining('docs/runbooks/VouchsafeParkedMessages.md') });
  }, 2 * GENEROUS_MS);
});
