import { describe, expect, it } from '@jest/globals';
import { contextStage } from './stage.ts';

const dayMs = 24 * 3_600_000;
const admin = { to: ['alice'], actions: ['read' as const, 'write' as const, 'delete' as const, 'admin' as const] };

/** A refusal on each of some days, at noon. */
async function auditStage(days: readonly number[]) {
  const stage = contextStage();
  const { call, as, clock } = stage;
  await call('guard', { policy: { rules: [admin] }, expected_revision: 0 });
  const start = Date.parse('2026-01-01T12:00:00.000Z');
  const at = (day: number) => new Date(start + day * dayMs).toISOString();
  for (const day of days) {
    clock.now = start + day * dayMs;
    await as('bob')('get', { context_id: `d/${String(day)}` }).catch(() => undefined);
  }
  /** All pages of a range. */
  const listed = async (request: Parameters<typeof call<'audit'>>[1]) => {
    const ids: (string | undefined)[] = [];
    let pages = 0;
    let cursor: string | undefined;
    do {
      const page = await call('audit', { ...request, ...(cursor === undefined ? {} : { cursor }) });
      ids.push(...page.items.map(({ context_id }) => context_id));
      ({ cursor } = page);
      pages += 1;
      clock.now += dayMs;
    } while (cursor !== undefined);
    return { ids, pages };
  };
  return { ...stage, at, listed };
}

describe('the audit of a range of time', () => {
  it('is listed newest first, both ends included, over days and pages', async () => {
    const { at, listed } = await auditStage([0, 1, 1.25, 2, 3]);
    const range = { from: at(1), to: at(2) };
    expect((await listed(range)).ids).toEqual(['d/2', 'd/1.25', 'd/1']);
    expect(await listed({ ...range, limit: 1 })).toMatchObject({ ids: ['d/2', 'd/1.25', 'd/1'] });
    expect((await listed({ ...range, under: 'd/1.25' })).ids).toEqual(['d/1.25']);
    expect((await listed({ ...range, principal: 'carol' })).ids).toEqual([]);
  });

  it('is that of the last day when nothing is said, whatever time passes between its pages', async () => {
    const { listed } = await auditStage([0, 9.5, 9.75, 10]);
    expect((await listed({ limit: 1 })).ids).toEqual(['d/10', 'd/9.75', 'd/9.5']);
  });

  it('goes through a year without entries in a few calls', async () => {
    const { at, listed } = await auditStage([0, 365]);
    const { ids, pages } = await listed({ from: at(0), to: at(365) });
    expect(ids).toEqual(['d/365', 'd/0']);
    expect(pages).toBeLessThan(20);
  });

  it('refuses a range that ends before it begins, and cursors of others', async () => {
    const { call, at } = await auditStage([]);
    await expect(call('audit', { from: at(1), to: at(0) })).rejects.toMatchObject({ path: 'from' });
    await expect(call('audit', { cursor: 'xyz' })).rejects.toMatchObject({ path: 'cursor' });
  });
});
