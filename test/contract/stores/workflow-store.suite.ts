import { describe, expect, it } from '@jest/globals';
import type { WorkflowEventRow, WorkflowHead } from '../../../src/contracts/workflow/rows.ts';
import { workflowDefinition } from '../../../src/contracts/workflow/workflow.ts';
import type { Advance } from '../../../src/workflow/ports.ts';
import { iso, startMs } from '../../unit/distributor/rows.ts';
import { type BackendOf, claim, tasksIn, unique } from './backend.ts';

const definition = workflowDefinition.parse({ name: 'two', nodes: [{ name: 'a', task_type: 't' }] });
const everyMark = { from: 0, to: Number.MAX_SAFE_INTEGER };

function headOf(workflow_id: string, over: Partial<WorkflowHead> = {}): WorkflowHead {
  return {
    workflow_id,
    name: 'two',
    pool: 'p',
    status: 'Not Started',
    seq: 0,
    nodes: 'W',
    body_hash: 'h1',
    created_at: iso(startMs),
    submitted_by: 'someone',
    correlation_id: 'story',
    warnings: [],
    ...over,
  };
}

const eventRow = ({ workflow_id, seq }: WorkflowHead): WorkflowEventRow => ({
  workflow_id,
  seq,
  at: iso(startMs + seq),
  events: [{ type: 'NodeStarted', node: 'a' }],
});

/** What every WorkflowStore promises. */
export function workflowStoreSuite(backend: BackendOf): void {
  const store = () => backend().adapters.workflows;
  /** A workflow without marks: the shared clouds have a pulse that would take the steps it seems to owe. */
  const created = async (over: Partial<WorkflowHead> = {}): Promise<WorkflowHead> => {
    const head = headOf(unique('w'), over);
    expect(await store().create(head, { definition })).toEqual({ ok: true, value: head });
    await store().clearAttention(head.workflow_id, everyMark);
    return head;
  };
  const advance = (head: WorkflowHead, over: Partial<Advance> = {}) =>
    store().advance({
      head,
      event: eventRow(head),
      changes: [],
      started: [],
      results: [],
      expansions: [],
      timers: [],
      signals: [],
      approvals: [],
      ...over,
    });
  const next = (head: WorkflowHead, over: Partial<WorkflowHead> = {}): WorkflowHead => ({
    ...head,
    status: 'In Progress',
    nodes: 'S',
    seq: head.seq + 1,
    ...over,
  });
  const isMarked = async (id: string): Promise<boolean> =>
    (await store().attention(1_000)).some(({ workflow_id }) => workflow_id === id);

  describe('a workflow store', () => {
    it('keeps what joins a graph and the results of nodes, and reads only what is new', async () => {
      const head = await created();
      const joins = (node: string) => ({
        event: { type: 'NodeExpanded' as const, node, scope: 'body' as const, from: 0, count: 1 },
        values: { items: [node] },
      });
      const { workflow_id } = head;
      const first = next(head, { expansions: 2 });
      const result = { workflow_id, path: 'a:0:b', output: { text: '1' } };
      expect(await advance(first, { expansions: [joins('a'), joins('b')], results: [result] })).toBeUndefined();
      expect(await store().expansions(workflow_id, 2)).toEqual([joins('a'), joins('b')]);
      expect(await advance(next(first, { expansions: 3 }), { expansions: [joins('c')] })).toBeUndefined();
      expect(await store().expansions(workflow_id, 3)).toEqual([joins('a'), joins('b'), joins('c')]);
      expect(await store().expansions(workflow_id, 1)).toEqual([joins('a')]);
      expect(await store().results(workflow_id, ['none', 'a:0:b'])).toEqual([undefined, { output: { text: '1' } }]);
    });

    it('keeps an event with the advance that received it, and refuses the advance that receives it again', async () => {
      const head = await created();
      const { workflow_id } = head;
      const received = { id: 'e:1', name: 'paid', body_hash: 'h', by: 'shop', received_at: iso(startMs) };
      const signal = { ...received, workflow_id, key: 'order 7', data: { text: '40' } };
      const first = next(head, { signals: [{ id: 'e:1', name: 'paid', key: 'order 7' }] });
      expect(await store().signals(workflow_id, ['e:1'])).toEqual([undefined]);
      expect(await advance(first, { signals: [signal] })).toBeUndefined();
      expect(await store().signals(workflow_id, ['none', 'e:1'])).toEqual([undefined, signal]);
      expect(await advance(next(first), { signals: [signal] })).toMatchObject({ head: true });
      expect(await store().head(workflow_id)).toEqual(first);
      await store().retire({ ...first, completed_at: iso(startMs) });
      expect(await store().signals(workflow_id, ['none', 'e:1'])).toEqual([undefined, signal]);
    });

    it('creates a workflow once: the first body stays', async () => {
      const head = headOf(unique('w'));
      const pinned = { definition, input: { text: '{"x":1}' } };
      expect(await store().create(head, pinned)).toEqual({ ok: true, value: head });
      expect(await isMarked(head.workflow_id)).toBe(true);
      await store().clearAttention(head.workflow_id, everyMark);
      await advance(next(head));
      expect(await store().create(head, pinned)).toMatchObject({ ok: true, value: { seq: 1 } });
      expect(await store().create({ ...head, body_hash: 'other' }, pinned)).toMatchObject({
        ok: false,
        error: { code: 'workflow-conflict' },
      });
      expect(await store().definition(head.workflow_id)).toEqual(pinned);
      expect(await isMarked(head.workflow_id)).toBe(false);
    });

    it('knows nothing of a workflow that was never submitted', async () => {
      const id = unique('w');
      expect(await store().head(id)).toBeUndefined();
      expect(await store().definition(id)).toBeUndefined();
      expect(await store().history(id)).toBeUndefined();
      expect(await store().events(id)).toEqual([]);
    });

    it('commits head, event, changes and successors together', async () => {
      const head = await created();
      const { tasks } = backend().adapters;
      const [done, successor] = tasksIn(unique('p'), 2);
      await tasks.insert([done!]);
      const after = next(head);
      expect(await advance(after, { changes: [claim(done!)], started: [successor!] })).toBeUndefined();
      expect(await store().history(head.workflow_id)).toEqual({ head: after, events: [eventRow(after)] });
      expect(await tasks.get([done!.task_id, successor!.task_id])).toMatchObject([
        { status: 'Processing' },
        { status: 'Queued' },
      ]);
    });

    it('gives the letters of a large graph as they were written, wherever they are read', async () => {
      const letters = 'SCWF'.repeat(2_500);
      const head = await created({ nodes: letters });
      const pool = unique('p');
      const listed = await created({ nodes: letters, pool });
      const after = next(head, { nodes: letters.replaceAll('S', 'C') });
      expect(await advance(after)).toBeUndefined();
      expect(await store().head(head.workflow_id)).toEqual(after);
      expect((await store().history(head.workflow_id))?.head).toEqual(after);
      expect((await store().list(pool, 1)).items).toEqual([listed]);
    });

    it('lets one of two advances happen, and nothing of the other', async () => {
      const head = await created();
      const { tasks } = backend().adapters;
      const rows = tasksIn(unique('p'), 2);
      const outcomes = await Promise.all(rows.map((row) => advance(next(head), { started: [row] })));
      expect(outcomes.filter((outcome) => outcome === undefined)).toHaveLength(1);
      expect(outcomes.filter((outcome) => outcome?.head === true)).toHaveLength(1);
      const stored = await tasks.get(rows.map(({ task_id }) => task_id));
      expect(stored.filter((row) => row !== undefined)).toHaveLength(1);
      expect(await store().events(head.workflow_id)).toHaveLength(1);
    });

    it('tells which task stood in the way, with its row, and changes nothing', async () => {
      const head = await created();
      const { tasks } = backend().adapters;
      const [open, taken] = tasksIn(unique('p'), 2);
      await tasks.insert([open!, taken!]);
      await tasks.change([claim(taken!)]);
      const conflict = await advance(next(head), { changes: [claim(open!), claim(taken!)] });
      expect(conflict).toMatchObject({ head: false, changes: [{ index: 1, current: { status: 'Processing' } }] });
      expect(await store().history(head.workflow_id)).toEqual({ head, events: [] });
      expect((await tasks.get([open!.task_id]))[0]).toMatchObject({ status: 'Queued' });
    });

    it('keeps the newest token, whatever an advance had read', async () => {
      const head = await created();
      await store().setToken(head.workflow_id, 'first', 1);
      const second = { ...head, task_token: 'second', token_order: 2 };
      expect(await store().setToken(head.workflow_id, 'second', 2)).toEqual(second);
      // A beginning that was frozen: it is told the head as it is, and changes nothing.
      expect(await store().setToken(head.workflow_id, 'first', 1)).toEqual(second);
      await advance(next(head, { task_token: 'first' }));
      expect((await store().head(head.workflow_id))?.task_token).toBe('second');
    });

    it("knows the time that a node's timer has now, and takes it away only with that time", async () => {
      const head = await created();
      const { workflow_id, pool } = head;
      const timer = (until: string) => ({ workflow_id, path: 'sub:0:n', pool, until });
      const [first, second] = [timer('2026-01-01T00:00:01.000Z'), timer('2026-01-01T00:00:02.000Z')];
      await advance(next(head), { timers: [first] });
      expect(await store().timers(workflow_id, ['other', first.path])).toEqual([first]);
      await advance(next(next(head)), { timers: [second] });
      await store().clearTimer(first);
      expect(await store().timers(workflow_id, [first.path])).toEqual([second]);
      await store().clearTimer(second);
      await store().clearTimer(second);
      expect(await store().timers(workflow_id, [first.path])).toEqual([]);
    });

    it('makes no row for the token of a workflow that is gone', async () => {
      expect(await store().setToken('gone', 'token', 1)).toBeUndefined();
      expect(await store().head('gone')).toBeUndefined();
    });

    it('reads many heads and definitions asked for together as if each were asked for alone', async () => {
      const heads = [await created(), await created(), await created()];
      const ids = [...heads.map(({ workflow_id }) => workflow_id), 'gone'];
      const [found, definitions] = await Promise.all([
        Promise.all(ids.map((id) => store().head(id))),
        Promise.all(ids.map((id) => store().definition(id))),
      ]);
      expect(found).toEqual([...heads, undefined]);
      expect(definitions.map((each) => each === undefined)).toEqual([false, false, false, true]);
    });

    it('takes back the mark of a step only for who has paid it', async () => {
      const head = await created();
      const [one, two] = [next(head), next(next(head))];
      await advance(one, { attention: true });
      await advance(two, { attention: true });
      for (const owed of [
        { from: 2, to: 2 },
        { from: 0, to: 1 },
      ]) {
        await store().clearAttention(head.workflow_id, owed);
        expect(await isMarked(head.workflow_id)).toBe(true);
      }
      await store().clearAttention(head.workflow_id, { from: 0, to: 2 });
      expect(await isMarked(head.workflow_id)).toBe(false);
      await advance(next(two), { attention: true });
      await advance(next(next(two)), { attention: false });
      expect(await isMarked(head.workflow_id)).toBe(false);
    });

    it('gives the events in their order, however large', async () => {
      let head = await created();
      const large = 'x'.repeat(400_000);
      const rows: WorkflowEventRow[] = [];
      for (let seq = 1; seq <= 11; seq += 1) {
        head = next(head);
        const skipped = { type: 'NodeSkipped' as const, node: 'a', reason: seq === 2 ? large : 'small' };
        rows.push({ ...eventRow(head), events: [skipped] });
        await advance(head, { event: rows.at(-1)! });
      }
      expect(await store().events(head.workflow_id)).toEqual(rows);
    });

    it('pins a definition that is larger than an item', async () => {
      const nodes = Array.from({ length: 2_000 }, (_, at) => ({
        name: `n${at}`,
        task_type: 'x'.repeat(100),
        input: '1',
      }));
      const wide = workflowDefinition.parse({ name: 'wide', nodes });
      const head = headOf(unique('w'));
      await store().create(head, { definition: wide });
      await store().clearAttention(head.workflow_id, everyMark);
      expect(await store().definition(head.workflow_id)).toEqual({ definition: wide });
    });

    it('lists the workflows of a pool, newest first, page by page', async () => {
      const pool = unique('p');
      const ids: string[] = [];
      for (let at = 0; at < 3; at += 1)
        ids.unshift((await created({ pool, created_at: iso(startMs + at) })).workflow_id);
      const first = await store().list(pool, 2);
      const second = await store().list(pool, 2, first.cursor);
      expect([...first.items, ...second.items].map(({ workflow_id }) => workflow_id)).toEqual(ids);
      expect(second.cursor).toBeUndefined();
    });

    it('lets every row of a finished workflow expire, and none of a running one', async () => {
      const head = await created();
      const running = next(head);
      await advance(running);
      const expiries = async () =>
        (await backend().partition(`WORKFLOW#${head.workflow_id}`)).map((row) => row['expires_at']);
      expect(await expiries()).toEqual([undefined, undefined, undefined]);
      await store().retire(running);
      expect(await expiries()).toEqual([undefined, undefined, undefined]);
      const completed_at = iso(startMs);
      const finished = next(running, { status: 'Completed', nodes: 'C', completed_at });
      await advance(finished);
      await store().retire(finished);
      await store().retire(finished);
      const at = startMs / 1_000 + 30 * 24 * 3_600;
      expect(await expiries()).toEqual([at, at, at, at]);
      expect(await store().history(head.workflow_id)).toMatchObject({
        head: finished,
        events: [{ seq: 1 }, { seq: 2 }],
      });
    });
  });
}
