import { describe, expect, it } from '@jest/globals';
import { settle } from '../../../src/distributor/core/tasks/settle.ts';
import { iso, startMs } from '../../unit/distributor/rows.ts';
import { type BackendOf, claim, tasksIn, unique } from './backend.ts';

function deadLetters(backend: BackendOf): void {
  const store = () => backend().adapters.deadLetters;
  const letter = (pool: string, over: object = {}) => ({
    id: unique('m'),
    pool,
    source: 'heartbeats',
    at: iso(startMs),
    code: 'invalid-input',
    message: 'tasks[0].priority: wrong',
    path: 'tasks[0].priority',
    body: { text: '{"hello":1}' },
    ...over,
  });

  describe('a dead letter store', () => {
    it('keeps a letter once, however often it is buried', async () => {
      const row = letter(unique('p'));
      await store().bury([row]);
      await store().bury([{ ...row, message: 'again' }]);
      expect(await store().get(row.id)).toEqual(row);
      expect((await store().list(row.pool, 10)).items).toEqual([{ kind: 'message', id: row.id, at: row.at }]);
      await store().remove(row.id);
      await store().remove(row.id);
      expect(await store().get(row.id)).toBeUndefined();
    });

    it('lists letters and failed tasks together, newest first, page by page', async () => {
      const pool = unique('p');
      const [row] = tasksIn(pool, 1, { max_attempts: 1 });
      const { tasks } = backend().adapters;
      await tasks.insert([row!]);
      await tasks.change([claim(row!)]);
      const ended = { outcome: 'failed' as const, attempt: 1, agent_id: 'a1', principal: 'p1' };
      await tasks.change([settle(row!, ended, { now: startMs + 1_000, random: 0 }).change]);
      const letters = [letter(pool), letter(pool, { at: iso(startMs + 2_000) })];
      await store().bury(letters);
      const first = await store().list(pool, 2);
      expect(first.items.map(({ kind, id }) => [kind, id])).toEqual([
        ['message', letters[1]!.id],
        ['task', row!.task_id],
      ]);
      const second = await store().list(pool, 2, first.cursor);
      expect(second.items.map(({ id }) => id)).toEqual([letters[0]!.id]);
    });

    it('buries more letters than one call carries', async () => {
      const pool = unique('p');
      await store().bury(Array.from({ length: 30 }, () => letter(pool)));
      expect((await store().list(pool, 100)).items).toHaveLength(30);
    });

    it('refuses to resend to a queue that is not there', async () => {
      await expect(store().resend(letter('p', { source: 'nowhere' }))).rejects.toThrow('nowhere');
    });
  });
}

function blobs(backend: BackendOf): void {
  const store = () => backend().adapters.blobs;

  describe('a blob store', () => {
    it('gives back what was stored, and counts its bytes', async () => {
      const text = `{"é":"${'😀'.repeat(1_000)}"}`;
      const ref = await store().put(unique('t'), text);
      expect(ref.bytes).toBe(Buffer.byteLength(text));
      expect(await store().get(ref.key)).toBe(text);
    });

    it('names the same text of the same owner the same, and another one differently', async () => {
      const owner = `${unique('w')}:node`;
      const [one, same, other] = [
        await store().put(owner, 'a'),
        await store().put(owner, 'a'),
        await store().put(owner, 'b'),
      ];
      expect(same).toEqual(one);
      expect(other.key).not.toBe(one.key);
    });

    it('fails for what was never stored', async () => {
      await expect(store().get(`blobs/${unique('ghost')}`)).rejects.toThrow();
    });
  });
}

function inboxes(backend: BackendOf): void {
  const store = () => backend().adapters.inboxes;

  describe('inboxes', () => {
    it('are made once and removed once, and take messages in between', async () => {
      const name = unique('a');
      const url = await store().create(name);
      expect(await store().create(name)).toBe(url);
      const message = { kind: 'cancel' as const, task_id: 't1', attempt: 1, reason: 'é\uffff\ufffe\ud800' };
      await backend().adapters.messenger.send([{ inbox_url: url, message }]);
      const [body] = await backend().bodies(url);
      expect(JSON.parse(body!)).toEqual(message);
      await store().remove(url);
      await store().remove(url);
    });

    it('take more messages at once than one call carries', async () => {
      const url = await store().create(unique('a'));
      const messages = Array.from({ length: 25 }, (_, at) => ({
        inbox_url: url,
        message: { kind: 'cancel' as const, task_id: `t${at}`, attempt: 1, reason: 'x'.repeat(60_000) },
      }));
      await backend().adapters.messenger.send(messages);
      const bodies = await backend().bodies(url);
      const sent = bodies.map((body) => (JSON.parse(body) as { task_id: string }).task_id);
      expect(sent.sort()).toEqual(messages.map(({ message }) => message.task_id).sort());
      await store().remove(url);
    });

    it('give a message once, and again at once when it was put back', async () => {
      const url = await store().create(unique('a'));
      const message = { kind: 'cancel' as const, task_id: 't1', attempt: 1, reason: '' };
      await backend().adapters.messenger.send([{ inbox_url: url, message }]);
      const receive = () => store().receive(url, { max: 10, wait_seconds: 0 });
      const [received] = await receive();
      expect(await receive()).toEqual([]);
      await store().putBack(url, [received!.receipt]);
      expect((await receive()).map(({ body }) => JSON.parse(body) as unknown)).toEqual([message]);
      await store().remove(url);
    });

    it('that are gone lose only hints: sending to them is no fault', async () => {
      const url = await store().create(unique('a'));
      await store().remove(url);
      const message = { kind: 'cancel' as const, task_id: 't1', attempt: 1, reason: '' };
      await expect(backend().adapters.messenger.send([{ inbox_url: url, message }])).resolves.toBeUndefined();
    });
  });
}

/** What every DeadLetterStore, BlobStore, Inboxes and Messenger promises. */
export function messagingSuite(backend: BackendOf): void {
  deadLetters(backend);
  blobs(backend);
  inboxes(backend);
}
