import { parseArgs } from 'node:util';
import fc from 'fast-check';
import type * as z from 'zod';
import { CadreError } from '../../src/contracts/errors.ts';
import { contextOperations, type ContextOperationName } from '../../src/contracts/context/operations.ts';
import { contextStage } from '../unit/context/stage.ts';
import { agentRow } from '../unit/distributor/rows.ts';

/** Values that break careless readers. */
const nasty = fc.constantFrom<unknown>(
  ...[
    '__proto__',
    'constructor',
    'a#b',
    'a//b',
    '../x',
    '',
    '~',
    '/a~2',
    '\ud800',
    'x'.repeat(300),
    'p/q',
    'p/r',
    'register',
  ],
  ...[-1, 0, 1, 2, 1.5, 1e308, Number.MAX_SAFE_INTEGER, true, null],
  ...[[], {}, [[]], { toString: 1 }, { length: 1e9 }],
);
/** Mostly the first. */
const often = (good: fc.Arbitrary<unknown>, bad: fc.Arbitrary<unknown>) =>
  fc.oneof({ weight: 9, arbitrary: good }, { weight: 1, arbitrary: bad });
const id = fc.oneof(
  { weight: 20, arbitrary: fc.constantFrom('p/q', 'p/r', 'p/gone', 'p', 'p/new', 'p/other', 'new') },
  { weight: 1, arbitrary: nasty },
);
const number = fc.oneof({ weight: 15, arbitrary: fc.integer({ min: 1, max: 4 }) }, { weight: 1, arbitrary: nasty });
const value = fc.oneof({ weight: 4, arbitrary: fc.jsonValue({ maxDepth: 4 }) }, { weight: 1, arbitrary: nasty });
const place = often(
  fc.constantFrom('', '/list', '/a', '/a/b', '/list/0', '/list/-', '/__proto__/x', '/constructor/prototype/x'),
  nasty,
);
const patch = fc.array(
  fc.record(
    {
      op: fc.constantFrom('add', 'remove', 'replace', 'move', 'copy', 'test', 'eval'),
      path: place,
      from: place,
      value,
    },
    { requiredKeys: ['op', 'path'] },
  ),
  { maxLength: 4 },
);
const time = often(fc.constantFrom('2026-11-20T00:00:00Z', '2026-11-24T10:00:00+02:00', '0001-01-01T00:00:00Z'), nasty);
const word = often(fc.constantFrom('t1', 't2', 'role:x', '*'), nasty);
/** What the keys of requests are given, well and badly. */
const fields: Readonly<Record<string, fc.Arbitrary<unknown>>> = {
  context_id: id,
  namespace: often(fc.constantFrom('default', 'other'), nasty),
  context_type: often(fc.constantFrom('knowledge', 'agent_interaction', 'novel'), nasty),
  data: often(fc.dictionary(fc.constantFrom('a', 'b', 'list', 'title'), value, { maxKeys: 3 }), value),
  tags: often(fc.array(word, { maxLength: 3 }), nasty),
  relations: often(
    fc.array(fc.record({ type: fc.oneof(word, fc.constant('part_of')), to: id }), { maxLength: 2 }),
    nasty,
  ),
  access_policy: often(fc.constant({ rules: [{ to: ['*'], actions: ['read', 'write', 'delete', 'admin'] }] }), value),
  merge: fc.oneof(
    fc.constantFrom(
      [{ path: '', policy: 'last_writer' }],
      [{ path: '/a', policy: 'sum' }],
      [{ path: '/a', policy: 'custom', expression: '$eval(' }],
    ),
    value,
  ),
  ttl_ms: often(fc.constantFrom(1_000, 60_000), number),
  subject: often(fc.constantFrom('alice', 'bob'), nasty),
  reason: often(fc.constant('why'), nasty),
  retention: often(fc.constantFrom({ keep_days: 1 }, { versions_max: 1 }, { archive_after_days: 1 }), value),
  expected_version: fc.oneof(number, fc.constant(0)),
  version: number,
  known_version: number,
  from: fc.oneof(number, time),
  pointer: place,
  on_conflict: often(fc.constantFrom('refuse', 'merge'), nasty),
  operation_id: often(fc.constantFrom('op1', 'op2'), nasty),
  patch: fc.oneof(patch, value),
  merge_patch: value,
  items: often(fc.array(value, { maxLength: 3 }), nasty),
  to: fc.oneof(fc.record({ context_id: id }), number, time),
  context_ids: often(fc.array(id, { maxLength: 4 }), nasty),
  under: fc.oneof(id, fc.array(id, { maxLength: 3 })),
  direction: often(fc.constantFrom('in', 'out', 'both'), nasty),
  depth: number,
  limit: number,
  cursor: often(fc.base64String(), nasty),
  operations: often(
    fc.array(
      fc.record(
        {
          operation: fc.constantFrom('create', 'put', 'patch', 'delete', 'check'),
          context_id: id,
          context_type: fc.constant('knowledge'),
          expected_version: number,
          data: value,
          merge_patch: value,
        },
        { requiredKeys: ['operation', 'context_id'] },
      ),
      { maxLength: 4 },
    ),
    nasty,
  ),
  policy: often(fc.constant({ rules: [{ to: ['*'], actions: ['read', 'write', 'delete', 'admin'] }] }), value),
  expected_revision: fc.oneof(number, fc.constant(0)),
  slots: often(fc.constantFrom(1, 2), nasty),
  token: fc.oneof(number, fc.constant(Date.parse('2026-11-23T10:00:00.000Z'))),
  schema: often(fc.constantFrom({ type: 'object' }, { type: 'string' }, { $ref: '#' }, { required: ['a'] }), value),
  migration: often(fc.constantFrom('$', '{ "a": 1 }', '$eval('), nasty),
  reads: often(fc.array(fc.record({ context_id: id, version: number }), { maxLength: 3 }), nasty),
  task_id: often(fc.constantFrom('t1', 'w:n'), nasty),
  text: often(fc.constantFrom('words', 'two words'), nasty),
  name: often(fc.constantFrom('s', 's2', 'p/q'), nasty),
  newer: often(fc.constantFrom('keep', 'delete'), nasty),
  dry_run: often(fc.boolean(), nasty),
  origin: often(fc.constantFrom({ task_id: 't1' }, { task_id: 'w:n', workflow_id: 'w' }), value),
  budget_tokens: often(fc.constantFrom(100, 8_000), number),
  pinned: often(fc.array(id, { maxLength: 3 }), nasty),
  workflow_id: often(fc.constant('w'), nasty),
  agent_id: often(fc.constant('bob'), nasty),
  mode: often(fc.constantFrom('text', 'vector', 'hybrid'), nasty),
  types: often(fc.array(fc.constantFrom('knowledge', 'novel'), { minLength: 1, maxLength: 2 }), nasty),
  changed_since: time,
  changed_before: time,
  type: word,
  principal: word,
  keep_days: number,
  writer: often(fc.constantFrom('w1', 'w2'), nasty),
  base_version: number,
  edits: often(
    fc.array(
      fc.record(
        {
          operation_id: fc.constantFrom('op1', 'op2', 'op3'),
          vector: often(fc.dictionary(fc.constantFrom('w1', 'w2'), number, { maxKeys: 2 }), nasty),
          base: value,
          data: value,
        },
        { requiredKeys: ['operation_id', 'vector', 'data'] },
      ),
      { maxLength: 3 },
    ),
    nasty,
  ),
};
/** Requests with what the operation needs, some with what else it takes, and a few with keys that it does not know. */
function requestsOf(operation: ContextOperationName): fc.Arbitrary<Record<string, unknown>> {
  const { shape } = contextOperations[operation].body as unknown as {
    readonly shape: Readonly<Record<string, z.ZodType>>;
  };
  const needed = Object.keys(shape).filter((key) => !shape[key]?.safeParse(undefined).success);
  const arbitraries = (keys: readonly string[]) => Object.fromEntries(keys.map((key) => [key, fields[key] ?? value]));
  const known = fc.record(arbitraries(Object.keys(shape)), { requiredKeys: needed });
  const other = fc.record(arbitraries(Object.keys(fields)), { requiredKeys: [] });
  const either = operation === 'patch' ? ['patch', 'merge_patch'] : [];
  const plain =
    either.length === 0
      ? fc.record(arbitraries(needed))
      : fc.oneof(...either.map((key) => fc.record(arbitraries([...needed, key]))));
  return fc.oneof({ weight: 6, arbitrary: plain }, { weight: 3, arbitrary: known }, { weight: 1, arbitrary: other });
}

/** What went wrong with one input. */
export interface FuzzFault {
  readonly operation: string;
  readonly text: string;
  readonly what: string;
}

type Stage = ReturnType<typeof contextStage>;

/** Heads and versions must agree: the head is the newest version, and no number is left out. */
function isWhole(stage: Stage): boolean {
  const items = stage.cloud.dynamodb.items('contexts');
  const heads = items.filter(({ sk }) => sk === 'HEAD');
  return heads.every(({ pk, version }) => {
    const numbers = items.filter((item) => item['pk'] === pk && String(item['sk']).startsWith('V#')).length;
    return numbers === Number(version);
  });
}

/** Documents of several kinds, and a count of what is written to their table. */
async function freshStage(): Promise<Stage & { readonly writes: () => number }> {
  const stage = contextStage();
  for (const context_id of ['p/q', 'p/r']) {
    await stage.call('create', {
      context_id,
      context_type: 'knowledge',
      data: { a: { b: 1 }, list: [1] },
      operation_id: 'made',
    });
  }
  await stage.call('create', { context_id: 'p', context_type: 'knowledge', data: {}, subject: 'bob' });
  await stage.call('hold', { context_id: 'p', reason: 'why' });
  await stage.call('define', { context_type: 'novel', schema: { type: 'object' }, expected_version: 0 });
  await stage.deps.agents.register(agentRow({ agent_id: 'bob', principal: 'alice' }));
  await stage.call('lock', { name: 'p/q', ttl_ms: 3_600_000 });
  await stage.call('snapshot', { name: 's' });
  stage.clock.now += 60_000;
  await stage.call('append', { context_id: 'p/q', pointer: '/list', items: [2] });
  stage.clock.now += 60_000;
  let writes = 0;
  stage.cloud.dynamodb.onCommit(({ changes }) => {
    if (changes.some(({ table }) => table === 'contexts')) writes += 1;
  });
  return { ...stage, writes: () => writes };
}

/** Sends inputs to one operation: each is answered, or refused with a typed error; a refusal leaves the table as it was. */
export async function fuzz(
  operation: ContextOperationName,
  inputs: number,
  seed: number,
): Promise<{ readonly faults: FuzzFault[]; readonly answered: number }> {
  const faults: FuzzFault[] = [];
  const stageInputsMax = 200;
  let stage = await freshStage();
  let answered = 0;
  const samples = fc.sample(requestsOf(operation), { numRuns: inputs, seed });
  for (const [index, given] of samples.entries()) {
    if (index % stageInputsMax === 0) stage = await freshStage();
    const text = JSON.stringify(given);
    const before = stage.writes();
    const report = (what: string) => void faults.push({ operation, text: text.slice(0, 500), what });
    try {
      await stage.send('alice', operation, text);
      answered += 1;
      if (!isWhole(stage)) report('head and versions do not agree');
    } catch (error) {
      if (!(error instanceof CadreError)) report(`no typed error: ${String(error)}`);
      else if (error.code === 'internal') report(`internal: ${error.message}`);
      else if (error.code !== 'forbidden' && stage.writes() !== before)
        report(`${error.code}, and something was written`);
    }
  }
  if (Object.getOwnPropertyNames(Object.prototype).includes('x'))
    faults.push({ operation, text: '', what: 'the prototype of objects was changed' });
  return { faults, answered };
}

/** All operations. */
export const fuzzed = Object.keys(contextOperations) as ContextOperationName[];

if (import.meta.main) {
  const { values } = parseArgs({
    options: {
      inputs: { type: 'string', default: '50000' },
      seed: { type: 'string', default: '1' },
      operation: { type: 'string' },
    },
  });
  let broken = 0;
  for (const operation of fuzzed.filter((name) => values.operation === undefined || name === values.operation)) {
    const { faults, answered } = await fuzz(operation, Number(values.inputs), Number(values.seed));
    for (const fault of faults.slice(0, 10)) process.stdout.write(`${JSON.stringify(fault)}\n`);
    process.stdout.write(
      `${JSON.stringify({ operation, inputs: Number(values.inputs), answered, faults: faults.length })}\n`,
    );
    broken += faults.length;
  }
  process.exitCode = broken === 0 ? 0 : 1;
}
