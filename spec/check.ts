import type { Configuration } from './configuration.ts';
import { configurations } from './configurations.ts';
import { check, findChecker, isAsExpected, type Verdict } from './tlc.ts';

/**
 * `npm run model [-- --quick | names…]`: checks the model and its mutants, one line each on stdout.
 * Exit codes: 0 everything as expected, 1 a property is broken or a mutant survived, 2 unknown name, 3 nothing was checked
 * because Java or TLC cannot be had.
 */
function main(args: readonly string[]): number {
  const names = args.filter((arg) => arg !== '--quick');
  const unknown = names.filter((name) => !configurations.some((configuration) => configuration.name === name));
  if (unknown.length > 0) {
    console.error(`Unknown: ${unknown.join(', ')}. Known: ${configurations.map(({ name }) => name).join(', ')}`);
    return 2;
  }
  const checker = findChecker();
  if (!checker.ok) {
    console.error(`SKIPPED: the formal model was NOT checked: ${checker.reason}.`);
    return 3;
  }
  const chosen = configurations.filter(
    ({ name, quick }) => (names.length === 0 || names.includes(name)) && (quick || !args.includes('--quick')),
  );
  const failures = chosen.filter((configuration) => {
    const verdict = check(checker.jar, configuration);
    const expected = isAsExpected(configuration, verdict);
    console.log(line(configuration, verdict, expected));
    if (!expected) console.error(verdict.output);
    return !expected;
  });
  if (failures.length > 0) console.error(`NOT as expected: ${failures.map(({ name }) => name).join(', ')}`);
  return failures.length > 0 ? 1 : 0;
}

function line({ name, expect }: Configuration, verdict: Verdict, expected: boolean): string {
  const wish = expect.kind === 'holds' ? 'holds' : `breaks ${expect.property}`;
  const told = expected ? wish : `${verdict.outcome} ${verdict.broken.join(' ')}, but expected: ${wish}`;
  const states = verdict.states.toLocaleString('en').padStart(10);
  return `${expected ? 'ok  ' : 'FAIL'} ${name.padEnd(22)} ${told.padEnd(28)} ${states} states ${verdict.seconds.toFixed(1).padStart(6)} s`;
}

process.exitCode = main(process.argv.slice(2));
