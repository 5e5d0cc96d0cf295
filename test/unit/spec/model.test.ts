import { describe, expect, it } from '@jest/globals';
import { renderConfiguration } from '../../../spec/configuration.ts';
import { configurations } from '../../../spec/configurations.ts';
import { check, findChecker, isAsExpected } from '../../../spec/tlc.ts';

/** The cheapest runs that still show every kind of property; `npm run model -- --quick` runs the rest. */
const chosen = [
  'f1',
  'f1-slots',
  'wanted',
  'order',
  'callback',
  'correlation',
  'commit',
  'saga',
  'no-fence',
  'split-advance',
  'release-before-settle',
  'orphan-unfenced',
  'hedge-unfenced',
  'by-deadline',
  'no-ageing',
  'token-overwritten',
  'uncommitted-dropped',
  'presume-alone',
  'undo-beside',
  'want-unconditional',
];
/** Fetching TLC for the first time, and the checker beside other work on two cores. */
const runMsMax = 240_000;

const checker = findChecker();
if (!checker.ok) console.warn(`SKIPPED: the formal model was NOT checked: ${checker.reason}.`);
const describeModel = checker.ok ? describe : describe.skip;

describeModel(`the formal model${checker.ok ? '' : ` (skipped: ${checker.reason})`}`, () => {
  it.each(configurations.filter(({ name }) => chosen.includes(name)))(
    '$name: $about: is as expected',
    (configuration) => {
      if (!checker.ok) throw new Error(checker.reason);
      const verdict = check(checker.jar, configuration);
      // TLC's output carries the counterexample, so it is what a failure has to show.
      expect(isAsExpected(configuration, verdict) ? '' : verdict.output).toBe('');
    },
    runMsMax,
  );
});

describe('the configurations', () => {
  it('have names of their own', () => {
    expect(new Set(configurations.map(({ name }) => name)).size).toBe(configurations.length);
  });

  it('ask a mutant for the one property that it breaks', () => {
    for (const configuration of configurations) {
      if (configuration.expect.kind === 'holds') continue;
      const asked = renderConfiguration(configuration).match(/^(?:INVARIANTS|PROPERTIES) .*$/gm);
      const section = configuration.expect.temporal ? 'PROPERTIES' : 'INVARIANTS';
      expect(asked).toEqual([`${section} ${configuration.expect.property}`]);
    }
  });

  it('never use symmetry together with temporal properties, which would be unsound', () => {
    for (const configuration of configurations.filter(({ symmetric }) => symmetric)) {
      expect(renderConfiguration(configuration)).not.toMatch(/^PROPERTIES/m);
    }
  });
});
