import { describe, expect, it } from '@jest/globals';
import type { ApprovalRow } from '../../../src/contracts/workflow/rows.ts';
import { claim, decideTime, paid, vote, withdrawn } from '../../../src/workflow/core/approvals/approval.ts';
import { type BackendOf, unique } from './backend.ts';

const startMs = Date.UTC(2026, 0, 1);
const at = (minute: number): string => new Date(startMs + minute * 60_000).toISOString();
const ann = { principal: 'ann', groups: [] };

function approvalIn(pool: string, workflow_id: string, over: Partial<ApprovalRow> = {}): ApprovalRow {
  const level = { users: ['ann', 'ben'], groups: ['board'], needed: 1, assign: 'anyone' as const, sla_ms: 60_000 };
  return {
    ...{ workflow_id, path: 'ok', pool, seq: 1, version: 1, title: 'Ok?', levels: [level], on_reject: 'fail' },
    ...{ status: 'Opening', level: 0, assignees: [], delegations: [], decisions: [], actions: [], owed: [] },
    ...{ created_at: at(0), wake_at: at(0), correlation_id: 'c' },
    ...over,
  };
}

/** What every ApprovalStore promises. Rows come into being with an advance of their workflow. */
export function approvalStoreSuite(backend: BackendOf): void {
  const store = () => backend().adapters.approvals;
  const created = async (pool: string, over: Partial<ApprovalRow> = {}): Promise<ApprovalRow> => {
    const { workflows } = backend().adapters;
    const row = approvalIn(pool, unique('w'), over);
    const { workflow_id } = row;
    const head = {
      ...{ workflow_id, name: 'w', pool, status: 'Not Started' as const, seq: 0, nodes: 'W', body_hash: 'h' },
      ...{ created_at: at(0), submitted_by: 'ann', correlation_id: 'c', warnings: [] },
    };
    await workflows.create(head, { definition: { name: 'w', nodes: [] } });
    await workflows.clearAttention(workflow_id, { from: 0, to: Number.MAX_SAFE_INTEGER });
    const event = { workflow_id, seq: 1, at: at(0), events: [] };
    const lists = { changes: [], started: [], results: [], expansions: [], timers: [], signals: [] };
    expect(await workflows.advance({ head: { ...head, seq: 1 }, event, ...lists, approvals: [row] })).toBeUndefined();
    return row;
  };
  const asked = async (pool: string, over: Partial<ApprovalRow> = {}) => {
    const row = await created(pool, over);
    const open = decideTime(row, startMs, new Map())!;
    expect(await store().save(row, open)).toBe(true);
    return open;
  };
  const inboxOf = async (pool: string, ...owners: string[]) =>
    (await store().inbox(pool, owners, 10)).items.map(({ workflow_id }) => workflow_id);

  describe('an approval store', () => {
    it('keeps what an advance made, due at once and in no inbox', async () => {
      const pool = unique('p');
      const row = await created(pool);
      expect(await store().get(row.workflow_id, 'ok')).toEqual(row);
      expect(await backend().adapters.timers.due(pool, at(0), 10)).toEqual([
        { kind: 'approval', id: `${row.workflow_id}:ok`, due: at(0) },
      ]);
      expect(await inboxOf(pool, 'user:ann', 'group:board')).toEqual([]);
    });

    it('puts it into the inboxes of whom it asks, once for each reader, and takes it out at its end', async () => {
      const pool = unique('p');
      const open = await asked(pool);
      const id = open.workflow_id;
      expect(await inboxOf(pool, 'user:ann', 'group:board')).toEqual([id]);
      expect(await inboxOf(pool, 'user:eve')).toEqual([]);
      const voted = vote(open, ann, { decision: 'approved', level: 1 }, startMs, new Map());
      if (!voted.ok) throw new Error(voted.error.message);
      expect(await store().save(open, voted.value)).toBe(true);
      expect(await inboxOf(pool, 'user:ann', 'user:ben', 'group:board')).toEqual([]);
      const done = paid(voted.value, startMs);
      await store().save(voted.value, done);
      expect(await store().get(id, 'ok')).toEqual(done);
      expect(await backend().adapters.timers.due(pool, at(9), 10)).toEqual([]);
    });

    it('saves the version after the one that was read only, and of the same asking', async () => {
      const open = await asked(unique('p'));
      const next = withdrawn(open, startMs)!;
      expect(await store().save({ ...open, seq: 2 }, next)).toBe(false);
      expect(await store().save(open, next)).toBe(true);
      expect(await store().save(open, next)).toBe(false);
    });

    it('counts what each person has on the desk, and gives nothing on an old count', async () => {
      const pool = unique('p');
      const [one, other] = [await asked(pool), await asked(pool)];
      const taken = claim(one, ann, startMs);
      const second = claim(other, ann, startMs);
      if (!taken.ok || !second.ok) throw new Error('refused');
      const before = await store().loads(pool, ['ann', 'ben']);
      expect([...before]).toEqual([
        ['ann', 0],
        ['ben', 0],
      ]);
      expect(await store().save(one, taken.value, before)).toBe(true);
      expect(await store().save(other, second.value, before)).toBe(false);
      const now = await store().loads(pool, ['ann']);
      expect(now.get('ann')).toBe(1);
      expect(await store().save(other, second.value, now)).toBe(true);
      expect(await store().save(taken.value, withdrawn(taken.value, startMs)!)).toBe(true);
      expect((await store().loads(pool, ['ann'])).get('ann')).toBe(1);
    });

    it('lists an inbox page by page, what is due first, each once', async () => {
      const pool = unique('p');
      const due: string[] = [];
      for (const minutes of [3, 1, 2, 5, 4]) {
        const level = { ...approvalIn(pool, 'w').levels[0]!, sla_ms: minutes * 60_000 };
        due[minutes - 1] = (await asked(pool, { levels: [level] })).workflow_id;
      }
      const listed: string[] = [];
      let cursor: string | undefined;
      do {
        const page = await store().inbox(pool, ['user:ann', 'user:ben', 'group:board'], 2, cursor);
        listed.push(...page.items.map(({ workflow_id }) => workflow_id));
        cursor = page.cursor;
      } while (cursor !== undefined);
      expect(listed).toEqual(due);
    });
  });
}
