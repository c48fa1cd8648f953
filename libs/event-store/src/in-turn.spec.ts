import { InTurn } from './in-turn.js';

describe('work in turn', () => {
  it('of one key runs one after the other, in the order it came, also behind work that failed', async () => {
    const turns = new InTurn();
    const done: string[] = [];
    let fail: (error: Error) => void = () => {};
    const first = turns.run('a', () => new Promise<void>((_resolve, reject) => { fail = reject; }));
    const second = turns.run('a', () => void done.push('second'));
    const third = turns.run('a', async () => void done.push('third'));
    void turns.run('b', () => void done.push('other'));
    expect(done).toEqual(['other']);
    fail(new Error('first'));
    await expect(first).rejects.toThrow('first');
    await Promise.all([second, third]);
    expect(done).toEqual(['other', 'second', 'third']);
  });

  it('that is done at once is answered at once, unless somebody is before it', async () => {
    const turns = new InTurn();
    expect(turns.run('a', () => 1)).toBe(1);
    const slow = turns.run('a', async () => 2);
    expect(turns.run('a', () => 3)).toBeInstanceOf(Promise);
    expect(await slow).toBe(2);
    await new Promise(setImmediate);
    expect(turns.run('a', () => 4)).toBe(4);
  });
});
