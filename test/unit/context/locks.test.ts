import { describe, expect, it } from '@jest/globals';
import { contextStage } from './stage.ts';

const key = { name: 'deploy/production' };
const acquire = { ...key, ttl_ms: 1_000 };

describe('a lock', () => {
  it('is held by one until its time is over, is renewed, or is given back', async () => {
    const { as, clock } = contextStage();
    const [alice, bob] = [as('alice'), as('bob')];
    const first = await alice('lock', acquire);
    expect(first).toMatchObject({ outcome: 'acquired', until: '2026-11-23T10:00:01.000Z' });
    const token = first.outcome === 'acquired' ? first.token : 0;
    expect(await bob('lock', acquire)).toEqual({ outcome: 'taken', free_at: '2026-11-23T10:00:01.000Z' });
    await expect(bob('unlock', { ...key, token })).rejects.toMatchObject({ code: 'forbidden', path: 'token' });
    clock.now += 999;
    expect(await alice('renew', { ...acquire, token })).toMatchObject({ until: '2026-11-23T10:00:01.999Z' });
    clock.now += 1_000;
    expect(await bob('lock', acquire)).toMatchObject({ outcome: 'acquired' });
    expect(await alice('renew', { ...acquire, token })).toEqual({ outcome: 'lost' });
    expect(await alice('unlock', { ...key, token })).toEqual({ outcome: 'lost' });
  });

  it('gives the repeat of a lost answer the same slot', async () => {
    const { call } = contextStage();
    const first = await call('lock', { ...acquire, slots: 2, operation_id: 'op' });
    expect(await call('lock', { ...acquire, slots: 2, operation_id: 'op' })).toEqual(first);
    expect((await call('locks', {})).items).toMatchObject([{ ...key, slots: 2, holders: [{ by: 'alice' }] }]);
  });

  it('of many who come at once lets as many in as it has slots', async () => {
    const { as } = contextStage();
    const answers = await Promise.all(
      Array.from({ length: 7 }, (_, n) => as(`client-${n}`)('lock', { ...acquire, slots: 3 })),
    );
    expect(answers.filter(({ outcome }) => outcome === 'acquired')).toHaveLength(3);
  });

  it('keeps its number of slots while somebody holds it', async () => {
    const { call, clock } = contextStage();
    await call('lock', acquire);
    await expect(call('lock', { ...acquire, slots: 2 })).rejects.toMatchObject({
      code: 'invalid-input',
      path: 'slots',
    });
    clock.now += 1_000;
    expect(await call('lock', { ...acquire, slots: 2 })).toMatchObject({ outcome: 'acquired' });
  });

  it('is for those who may write in its place, and shown to those who may read there', async () => {
    const { call, as } = contextStage();
    const rules = [
      { to: ['alice'], actions: ['read' as const, 'write' as const, 'admin' as const] },
      { to: ['bob'], actions: ['read' as const], under: 'other' },
    ];
    await call('guard', { policy: { rules }, expected_revision: 0 });
    await call('lock', acquire);
    await expect(as('bob')('lock', acquire)).rejects.toMatchObject({ code: 'forbidden' });
    expect((await as('bob')('locks', {})).items).toEqual([]);
    expect((await call('locks', { under: 'deploy' })).items).toHaveLength(1);
    expect((await call('locks', { under: 'dep' })).items).toHaveLength(0);
  });
});
