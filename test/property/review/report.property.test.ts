import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { finding, severities, checks } from '../../../examples/review/finding.ts';
import { maskSource } from '../../../examples/review/masked-source.ts';
import { planReview } from '../../../examples/review/plan.ts';
import { buildReport } from '../../../examples/review/report.ts';
import type { TaskRun } from '../../../examples/review/review-report.ts';
import { collectReview, type ReviewPart } from '../../../examples/review/review.ts';
import type { ScannedFile } from '../../../examples/review/scan.ts';

const path = fc.constantFrom('a.ts', 'b/c.ts', 'b/d.py', 'e|f.md');
const line = fc.integer({ min: 1, max: 9 });
const part: fc.Arbitrary<ReviewPart> = fc.record({
  findings: fc.array(
    fc
      .tuple(fc.constantFrom(...checks), fc.constantFrom(...severities), path, line, fc.string())
      .map((each) => finding(...each)),
  ),
  marks: fc.array(
    fc.record({
      path,
      line,
      word: fc.constant('FIXME'),
      text: fc.constant('x'),
      author: fc.constant('Ann'),
      written_at: fc.constant(null),
    }),
  ),
  functions: fc.array(fc.record({ path, line, name: fc.constant('f'), lines: line, complexity: line })),
});
const task: fc.Arbitrary<TaskRun> = fc.record({
  name: fc.string({ minLength: 1, maxLength: 5 }),
  status: fc.constantFrom('Completed', 'Failed'),
  agent_id: fc.option(fc.constantFrom('one', 'two'), { nil: undefined }),
  attempt: fc.constant(1),
  queued_at: fc.constantFrom('2026-01-01T00:00:00Z', '2026-01-01T00:00:01Z'),
  completed_at: fc.constant('2026-01-01T00:00:03Z'),
});
const tasks = fc.uniqueArray(task, { selector: (each) => each.name });

/** A value with a permutation of it. */
function shuffled<T>(values: fc.Arbitrary<T[]>): fc.Arbitrary<[T[], T[]]> {
  return values.chain((list) => fc.tuple(fc.constant(list), fc.shuffledSubarray(list, { minLength: list.length })));
}

describe('the report', () => {
  it('is the same whatever order the parts and tasks come in', () => {
    fc.assert(
      fc.property(
        shuffled(fc.array(part, { maxLength: 6 })),
        shuffled(tasks),
        ([parts, otherParts], [run, otherRun]) => {
          const now = new Date(0);
          const one = buildReport(collectReview('t', parts, {}, now), run);
          const other = buildReport(collectReview('t', otherParts, {}, now), otherRun);
          expect(other).toEqual(one);
        },
      ),
    );
  });

  it('keeps each row of a table on one line with its columns, whatever the texts hold', () => {
    fc.assert(
      fc.property(fc.string(), (text) => {
        const parts = [{ findings: [finding('links', 'low', 'a.md', 1, text)] }];
        const { markdown } = buildReport(collectReview('t', parts, {}, new Date(0)));
        const row = markdown.split('\n').find((each) => each.startsWith('| low'));
        expect(row?.replaceAll('\\|', '').match(/\|/gu)).toHaveLength(5);
      }),
    );
  });
});

describe('the plan', () => {
  it('does not depend on the order of the files', () => {
    const file = fc.record({
      path: fc.string({ minLength: 1 }),
      language: fc.constant('Go'),
      kind: fc.constantFrom('code', 'docs'),
      family: fc.constant('go'),
      bytes: fc.nat(900_000),
      lines: fc.nat(),
    });
    const files = fc.uniqueArray(file as fc.Arbitrary<ScannedFile>, { selector: (each) => each.path, maxLength: 60 });
    fc.assert(
      fc.property(shuffled(files), ([one, other]) => {
        expect(planReview(other, { root: '/t' })).toEqual(planReview(one, { root: '/t' }));
      }),
    );
  });
});

describe('the scanner', () => {
  it('keeps the length and the lines of any text', () => {
    const marks = fc.constantFrom(
      '"',
      "'",
      '`',
      '/',
      '*',
      '${',
      '{',
      '}',
      '\\',
      '\n',
      '#',
      '<<E',
      'a',
      ' ',
      '"""',
      '<!--',
      '[',
      '😀',
    );
    const families = fc.constantFrom('typescript', 'python', 'go', 'java', 'c-like', 'shell', 'web', 'none');
    fc.assert(
      fc.property(fc.array(marks), families, (pieces, family) => {
        const text = pieces.join('');
        const { code } = maskSource(text, family);
        expect(code).toHaveLength(text.length);
        expect(code.split('\n').length).toBe(text.split('\n').length);
      }),
    );
  });
});
