import { describe, expect, it } from '@jest/globals';
import { createRandom } from '../../../../src/platform/twin/random.ts';
import { createVirtualClock, epochMs } from '../../../../src/platform/twin/virtual-clock.ts';

describe('the virtual clock', () => {
  it('jumps to each event in order of time and lets promise chains settle in between', async () => {
    const clock = createVirtualClock();
    const seen: string[] = [];
    clock.at(epochMs + 20, () => seen.push(`b ${clock.now() - epochMs}`));
    clock.at(epochMs + 10, () => {
      void Promise.resolve()
        .then(() => undefined)
        .then(() => seen.push(`a ${clock.now() - epochMs}`));
    });
    expect(await clock.run()).toBe('idle');
    expect(seen).toEqual(['a 10', 'b 20']);
  });

  it('keeps the order of scheduling at one instant, or shuffles it by the seed', async () => {
    async function order(seed?: number): Promise<string> {
      const clock = createVirtualClock(seed === undefined ? {} : { shuffle: createRandom(seed) });
      let text = '';
      for (const letter of 'abcdefgh') clock.at(epochMs, () => (text += letter));
      await clock.run();
      return text;
    }
    expect(await order()).toBe('abcdefgh');
    expect(await order(1)).not.toBe('abcdefgh');
    expect(await order(1)).toBe(await order(1));
    expect(await order(1)).not.toBe(await order(2));
  });

  it('does not run cancelled events and is idle when only background events are left', async () => {
    const clock = createVirtualClock();
    const seen: string[] = [];
    clock.at(epochMs + 5, () => seen.push('cancelled')).cancel();
    clock.at(epochMs + 10, () => seen.push('background'), true);
    expect(await clock.run()).toBe('idle');
    expect(seen).toEqual([]);
    expect(clock.now()).toBe(epochMs);
    await clock.advance(10);
    expect(seen).toEqual(['background']);
    expect(clock.now()).toBe(epochMs + 10);
  });

  it('stops at a limit of virtual time, exactly there', async () => {
    const clock = createVirtualClock();
    clock.at(epochMs + 1_000, () => undefined);
    expect(await clock.run(() => false, 999)).toBe('limit');
    expect(clock.now()).toBe(epochMs + 999);
    expect(await clock.run(() => false, 1)).toBe('idle');
  });

  it('ends a sleep that is aborted, and drives work to its value', async () => {
    const clock = createVirtualClock();
    const stop = new AbortController();
    clock.at(epochMs + 5, () => stop.abort(new Error('enough')));
    await expect(clock.drive(clock.sleep(1_000, stop.signal))).rejects.toThrow('enough');
    expect(await clock.drive(clock.sleep(7).then(() => 'done'))).toBe('done');
    await expect(clock.drive(new Promise(() => undefined))).rejects.toThrow('stuck (idle)');
  });

  it('says so when time stands still, because something asks for itself again and again', async () => {
    const clock = createVirtualClock();
    const again = () => void clock.at(clock.now(), again);
    clock.at(epochMs + 5, again);
    await expect(clock.run()).rejects.toThrow('2026-01-01T00:00:00.005Z, and time does not move on');
  });
});
