import { describe, expect, it } from '@jest/globals';
import { approvalForm } from '../../../src/contracts/workflow/approval-form.ts';
import type { Json } from '../../../src/contracts/json.ts';
import { toFault, tryParse } from '../../../src/contracts/parse.ts';
import { workflowDefinition } from '../../../src/contracts/workflow/workflow.ts';
import { formFaults } from '../../../src/workflow/core/approvals/approval-form.ts';
import { checkDefinition } from '../../../src/workflow/core/definition/definition.ts';

/** The faults of an approval, as paths behind its node. */
function faultsOf(approval: object): readonly string[] {
  const node = {
    kind: 'approval',
    name: 'ok',
    title: 'Ok?',
    levels: [{ candidates: { users: ['ann'] } }],
    ...approval,
  };
  const { faults } = checkDefinition(workflowDefinition.parse({ name: 'w', nodes: [node] }));
  for (const { fix } of faults) expect(fix).toBeTruthy();
  return faults.map(({ path = '' }) => path.replace('nodes[0].', ''));
}

const users = (...names: string[]) => ({ candidates: { users: names } });

/** What is wrong with a form, as paths. */
function formFaultsOf(form: object): readonly string[] {
  const parsed = tryParse(approvalForm, { type: 'object', ...form });
  return 'issues' in parsed ? parsed.issues.map((issue) => toFault(issue).path ?? '') : [];
}

describe('the form of an approval', () => {
  it('is a schema of fields, each fault with its place', () => {
    const age = { type: 'integer', minimum: 1 };
    expect(formFaultsOf({ properties: { age }, required: ['age'] })).toEqual([]);
    expect(formFaultsOf({ properties: { age: { type: 'nonsense' } } })).toEqual(['properties.age.type']);
    expect(formFaultsOf({ properties: { age: { ...age, minLength: 1 } } })).toEqual(['properties.age.minLength']);
    expect(formFaultsOf({ properties: { a: { type: 'string', pattern: '(' } } })).toEqual(['properties.a.pattern']);
    expect(formFaultsOf({ properties: { age }, required: ['name'] })).toEqual(['required[0]']);
    const long = Object.fromEntries(Array.from({ length: 9 }, (_, n) => [`f${n}`, { ...age, title: 'x'.repeat(900) }]));
    expect(formFaultsOf({ properties: long })).toEqual(['']);
  });

  it('checks answers as JSON Schema does', () => {
    const form = approvalForm.parse({
      type: 'object',
      properties: {
        day: { type: 'string', format: 'date' },
        code: { type: 'string', pattern: '^[A-Z]\\d$', maxLength: 2 },
        colour: { type: 'string', enum: ['red', 'blue'] },
        count: { type: 'integer', minimum: 1, maximum: 9 },
        share: { type: 'number' },
        sure: { type: 'boolean' },
        tags: { type: 'array', items: { type: 'string' }, minItems: 1, maxItems: 2 },
      },
      required: ['sure'],
    });
    const paths = (answer: Json | undefined) => formFaults(form, answer).map(({ path }) => path);
    const good = {
      day: '2026-11-23',
      code: 'R1',
      colour: 'red',
      count: 9,
      share: 0.5,
      sure: false,
      tags: ['a'],
      more: 1,
    };
    expect([paths(good), paths({ sure: true })]).toEqual([[], []]);
    expect([paths(undefined), paths([])]).toEqual([['answer'], ['answer']]);
    expect(paths({ day: '2026-13-01', code: 'r1', colour: 'green', count: 1.5, share: '1', tags: [] })).toEqual(
      ['day', 'code', 'colour', 'count', 'share', 'sure', 'tags'].map((name) => `answer.${name}`),
    );
  });
});

describe('the check of an approval', () => {
  it('finds nothing wrong with a sound one', () => {
    const levels = [
      { candidates: { users: ['ann', 'ben'] }, needed: 2, assign: 'least_loaded', sla_ms: 9_000, remind_ms: 5_000 },
      { candidates: { groups: ['board'] }, needed: 3, on_overdue: 'approve' },
    ];
    const calendar = { time_zone: 'Europe/Berlin', from: '08:00', until: '24:00', holidays: ['2026-12-25'] };
    const form = {
      type: 'object',
      properties: { cost_center: { type: 'string', enum: ['R1', 'R2'] } },
      required: ['cost_center'],
    };
    expect(faultsOf({ levels, calendar, form, title: { expression: '"Spend " & input.amount' } })).toEqual([]);
  });

  it('names a level that asks nobody, or fewer than it needs, each of them', () => {
    expect(faultsOf({ levels: [{ candidates: {} }, { ...users('ann', 'ann'), needed: 2 }] })).toEqual([
      'levels[0].candidates',
      'levels[1].needed',
    ]);
  });

  it('does not count members of groups, nor people that an expression gives', () => {
    const board = { candidates: { groups: ['board'] } };
    const found = { candidates: { users: { expression: 'input.people' } } };
    expect(
      faultsOf({
        levels: [
          { ...board, needed: 5 },
          { ...found, needed: 5 },
        ],
      }),
    ).toEqual([]);
    expect(faultsOf({ levels: [{ ...board, assign: 'least_loaded' }] })).toEqual(['levels[0].assign']);
  });

  it('refuses a reminder after the end, an escalation to nobody, and more decisions than a row holds', () => {
    expect(faultsOf({ levels: [{ ...users('ann'), sla_ms: 5_000, remind_ms: 5_000 }] })).toEqual([
      'levels[0].remind_ms',
    ]);
    expect(faultsOf({ levels: [{ ...users('ann'), on_overdue: 'escalate' }] })).toEqual(['levels[0].on_overdue']);
    const many = { candidates: { groups: ['all'] }, needed: 13 };
    expect(faultsOf({ levels: [many, many] })).toEqual(['levels']);
  });

  it('refuses a calendar of an unknown zone or without hours', () => {
    expect(faultsOf({ calendar: { time_zone: 'Mars/Olympus', from: '17:00', until: '09:00' } })).toEqual([
      'calendar.time_zone',
      'calendar.until',
    ]);
  });

  it('reads its expressions, wherever they are', () => {
    const levels = [{ candidates: { users: { expression: 'outputs.who' }, groups: { expression: '1 +' } } }];
    expect(faultsOf({ title: { expression: '(' }, input: 'outputs.what', levels })).toEqual([
      'title.expression',
      'input',
      'levels[0].candidates.users.expression',
      'levels[0].candidates.groups.expression',
    ]);
  });
});
