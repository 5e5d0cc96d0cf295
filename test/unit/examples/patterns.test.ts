import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from '@jest/globals';
import type { Json } from '../../../src/contracts/json.ts';
import { createTestCloud } from '../../../src/sdk/test-cloud/test-cloud.ts';
import { readPage, root } from '../../support/pages.ts';
import { patternCases } from '../../support/pattern-cases.ts';
import { expectStory } from '../../support/workflow-story.ts';

const folder = join(root, 'examples', 'patterns');
const files = readdirSync(folder).sort();
const numberOf = (file: string): string => /^wcp-(?<number>\d\d)-/.exec(file)?.groups?.['number'] ?? file;
const read = (file: string) => JSON.parse(readFileSync(join(folder, file), 'utf8')) as Record<string, Json>;
const cases = files.flatMap((file) =>
  (patternCases[numberOf(file)] ?? []).map(
    (each) => [file, each.input === undefined ? 'its own input' : JSON.stringify(each.input), each] as const,
  ),
);

describe('the example of a control-flow pattern', () => {
  it.each(cases)('%s with %s behaves as the pattern says', async (file, _input, expected) => {
    await expectStory(read(file), expected);
  });

  it('has a case for each file and a file for each case', () => {
    expect(Object.keys(patternCases).sort()).toEqual(files.map(numberOf));
  });
});

interface Row {
  readonly number: string;
  readonly slug: string;
  readonly verdict: string;
  readonly how: string;
  readonly example: string | undefined;
}

const row = /^\| (?<number>\d+) \| (?<name>[^|]+) \| (?<verdict>yes|partly|no) \| (?<how>[^|]+) \|$/gm;
const rows = [...readPage('docs/patterns.md').matchAll(row)].map(({ groups = {} }): Row => {
  const { number = '', name = '', verdict = '', how = '' } = groups;
  const link = /^\[(?<text>[^\]]+)\]\(\.\.\/examples\/patterns\/(?<file>[^)]+)\)$/.exec(name);
  return {
    number,
    slug: (link?.groups?.['text'] ?? name).toLowerCase().replaceAll(' ', '-'),
    verdict,
    how,
    example: link?.groups?.['file'],
  };
});

describe('the table of patterns', () => {
  it('lists the 43 patterns once each, in order', () => {
    expect(rows.map(({ number }) => number)).toEqual(Array.from({ length: 43 }, (_, index) => String(index + 1)));
    expect(new Set(rows.map(({ slug }) => slug)).size).toBe(43);
  });

  it('links the example of each pattern that is there at least in part, and gives a reason for each other', () => {
    const there = rows.filter(({ verdict }) => verdict !== 'no');
    expect(there.map(({ example }) => example)).toEqual(
      there.map(({ number, slug }) => `wcp-${number.padStart(2, '0')}-${slug}.json`),
    );
    expect(there.map(({ example }) => example)).toEqual(files);
    for (const { number, how, example, verdict } of rows) {
      if (verdict === 'no') expect([number, example]).toEqual([number, undefined]);
      // A sentence, not a word.
      expect([number, how.split(' ').length > 3]).toEqual([number, true]);
    }
  });
});

describe('the check of a definition', () => {
  const cloud = createTestCloud();
  const check = async (value: unknown) => {
    const { valid, errors } = await cloud.drive(cloud.client.validateWorkflow(value));
    return { valid, errors: errors.map(({ code, path }) => `${code} ${path ?? ''}`) };
  };
  const nodesOf = (file: string) => (read(file)['definition'] as { nodes: Record<string, unknown>[] }).nodes;

  it.each(files)('finds nothing wrong with %s', async (file) => {
    expect(await check(read(file))).toEqual({ valid: true, errors: [] });
  });

  it('finds a cycle and a name that nobody has, both', async () => {
    const [draft, review, publish] = nodesOf('wcp-01-sequence.json');
    const nodes = [{ ...draft, depends_on: ['publish'] }, { ...review, depends_on: ['draft', 'drfat'] }, publish];
    expect(await check({ name: 'x', nodes })).toEqual({
      valid: false,
      errors: ['unknown-dependency nodes[1].depends_on[1]', 'workflow-cycle nodes[0].depends_on'],
    });
  });

  it('finds a branch that does not depend on its choice, an expression that is none, and one that looks too far', async () => {
    const [amount, manager, clerk, pay] = nodesOf('wcp-05-simple-merge.json');
    const nodes = [
      { ...amount, branches: [{ when: 'input.amount >', then: ['manager', 'pay'] }] },
      manager,
      clerk,
      { ...pay, payload: undefined, input: 'outputs.amount' },
    ];
    expect(await check({ name: 'x', nodes })).toEqual({
      valid: false,
      errors: [
        'invalid-expression nodes[0].branches[0].when',
        'invalid-expression nodes[3].input',
        'unknown-dependency nodes[0].branches[0].then',
      ],
    });
  });

  it('finds faults in bodies, however deep, and more than there is to wait for', async () => {
    const [gather] = nodesOf('wcp-29-cancelling-discriminator.json');
    const join = { kind: 'join', name: 'j', depends_on: ['call-north'], trigger_rule: { at_least: 2 } };
    const body = { nodes: [...(gather?.['body'] as { nodes: object[] }).nodes, join, join] };
    const loop = { kind: 'loop', name: 'again', body: { nodes: [{ ...gather, body }] } };
    const missing = { kind: 'subworkflow', name: 'sub', body: 'nowhere' };
    const { errors } = await check({ name: 'x', nodes: [loop, missing] });
    expect(errors).toEqual([
      'invalid-input nodes[0]',
      'unknown-dependency nodes[1].body',
      'duplicate-node nodes[0].body.nodes[0].body.nodes[5].name',
      'invalid-input nodes[0].body.nodes[0].body.nodes[4].trigger_rule',
      'invalid-input nodes[0].body.nodes[0].body.nodes[5].trigger_rule',
    ]);
  });
});
