import http from 'node:http';
import type { AddressInfo } from 'node:net';
import { LagWatch } from './lag.js';

/** A server of figures whose log grows by 1,000 events each time it is asked. */
const serving = async (lagOf: (asked: number) => number): Promise<{ readonly url: string; readonly asked: () => number; readonly close: () => void }> => {
  let asked = 0;
  const server = http.createServer((_request, answer) => {
    asked++;
    answer.end([
      '# HELP vouchsafe_log_events Events there are', `vouchsafe_log_events{mode="sandbox"} ${asked * 1_000}`,
      `vouchsafe_projection_lag_events{mode="sandbox",service="order",part="views"} ${lagOf(asked)}`,
      // Nothing of theirs is in the log, so they cannot tell how far they are.
      'vouchsafe_projection_lag_events{mode="sandbox",service="access",part="views"} 123456789',
      `vouchsafe_projection_lag_seconds{mode="sandbox",service="order",part="views"} 99999`,
    ].join('\n'));
  });
  await new Promise<void>((resolve) => { server.listen(0, '127.0.0.1', resolve); });
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, asked: () => asked, close: () => server.close() };
};

const watched = async (lagOf: (asked: number) => number): Promise<LagWatch> => {
  const { url, asked, close } = await serving(lagOf);
  const watch = new LagWatch(url, 1);
  for (let round = 1; round <= 3; round++) {
    await watch.during(async () => {
      while (asked() < round * 20) await new Promise((resolve) => { setTimeout(resolve, 1); });
    });
  }
  close();
  return watch;
};

it('says that views fall behind where their lag grows with the log', async () => {
  expect((await watched((asked) => asked * 200)).growing).toMatch(/^the views fall behind by (19|20|21) % of the events$/);
});

it('minds no lag that stays what it is, however it swings', async () => {
  const watch = await watched((asked) => (asked % 2 === 0 ? 400 : 380));
  expect(watch.growing).toBeUndefined();
  expect(watch.note).toBe('lag at most 400 events');
});
