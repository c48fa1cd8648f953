import type { Position, RecordedEvent } from '@vouchsafe/event-store';
import { instant } from '@vouchsafe/kernel';
import { Auditor, type Recorders } from './auditor.js';

const event = (stream: string, revision: number, at: number): RecordedEvent => ({
  id: `${stream}/${revision}`, type: 'catalog.Noted.v1', data: {}, stream, revision, position: at as Position, recordedAt: instant(at), occurredAt: instant(at), epoch: 1, leaf: new Uint8Array(), canonical: new Uint8Array(),
  correlation: 'c', causation: 'c', principal: 'p',
});
const integrityOf = (recorders: Recorders | undefined, ...events: readonly RecordedEvent[]): readonly string[] => {
  const auditor = new Auditor(recorders);
  for (const one of events) auditor.see(one);
  return auditor.findings().violations.integrity;
};

it('finds what was recorded before its predecessor: anywhere in the log of one recorder, within a stream where there are several', () => {
  const across = [event('note-1', 0, 2), event('note-2', 0, 1)];
  expect(integrityOf(undefined, ...across)).toEqual(['note-2 0: recorded before its predecessor']);
  expect(integrityOf('several', ...across)).toEqual([]);
  expect(integrityOf('several', event('note-1', 0, 2), event('note-2', 0, 3), event('note-1', 1, 1))).toEqual(['note-1 1: recorded before its predecessor']);
});
