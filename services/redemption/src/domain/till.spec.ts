import { specification } from '@vouchsafe/testing';
import { after, T0 } from '../testing/samples.js';
import { guessDecider, type GuessEvent, type GuessLimits, mayPresent } from './guess.js';
import { terminalDecider, type TerminalEvent } from './terminal.js';

const terminal = specification(terminalDecider);
const claim = { key: '7', fingerprint: 'f', redemptionId: 'rdm_1', grant: 'grant-1', place: 0 };
const claimed: TerminalEvent = { type: 'SequenceClaimed', ...claim, at: T0 };

describe('the numbers of a till', () => {
  it('belong to the first who used them', () => {
    terminal.given().when({ type: 'Claim', ...claim, at: T0 }).then(claimed);
    terminal.given(claimed).when({ type: 'Claim', ...claim, at: after(9) }).then();
    terminal.given(claimed).when({ type: 'Claim', ...claim, fingerprint: 'g', at: after(9) }).rejected('SEQUENCE_REUSED');
  });
  it('remember the first refusal', () => {
    const refused: TerminalEvent = { type: 'SequenceRefused', key: '7', code: 'VOUCHER_FROZEN', details: {}, at: T0 };
    terminal.given(claimed).when({ ...refused, type: 'RecordRefusal' }).then(refused);
    terminal.given(claimed, refused).when({ type: 'RecordRefusal', key: '7', code: 'OTHER', details: {}, at: T0 }).then();
    expect(terminal.given(claimed, refused).state().claims.get('7')?.refusal).toEqual({ code: 'VOUCHER_FROZEN', details: {} });
    terminal.given().when({ ...refused, type: 'RecordRefusal' }).rejected('SEQUENCE_UNKNOWN');
  });
});

const limits: GuessLimits = { free: 2, lockAt: 5, windowMs: 60_000, pauseMs: 1_000, pauseMaxMs: 3_000 };
const guess = specification(guessDecider);
const wrong = (ms: number, pauseMs = 0): GuessEvent =>
  ({ type: 'WrongCodePresented', ...(pauseMs > 0 && { pausedUntil: after(ms + pauseMs) }), forgetBefore: after(ms - 60_000), at: after(ms) });
const note = (ms: number) => ({ type: 'NoteWrongCode', limits, at: after(ms) }) as const;

describe('guessing at a till', () => {
  it('costs nothing at first, then longer and longer pauses, then the till', () => {
    guess.given().when(note(0)).then(wrong(0));
    guess.given(wrong(0), wrong(1)).when(note(2)).then(wrong(2, 1_000));
    guess.given(wrong(0), wrong(1), wrong(2)).when(note(3)).then(wrong(3, 2_000));
    guess.given(wrong(0), wrong(1), wrong(2), wrong(3)).when(note(4)).then(wrong(4, 3_000), { type: 'TerminalLocked', at: after(4) });
    guess.given(wrong(0), { type: 'TerminalLocked', at: T0 }).when(note(5)).rejected('TERMINAL_LOCKED');
  });
  it('is forgotten with time', () => guess.given(wrong(0), wrong(1)).when(note(60_002)).then(wrong(60_002)));
  it('lets nobody present a code while paused or locked', () => {
    const paused = guess.given(wrong(0, 1_000)).state();
    expect([mayPresent(paused, after(999)), mayPresent(paused, after(1_000))]).toEqual([{ ok: false, until: after(1_000) }, { ok: true }]);
    const locked = guess.given({ type: 'TerminalLocked', at: T0 });
    expect(mayPresent(locked.state(), after(9_999_999))).toEqual({ ok: false, until: undefined });
    locked.when({ type: 'Unlock', reason: 'seen the clerk', at: T0 }).then({ type: 'TerminalUnlocked', reason: 'seen the clerk', at: T0 });
    guess.given().when({ type: 'Unlock', reason: 'x', at: T0 }).then();
  });
});
