import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { faultsOf, type HistoryEntry } from './check.ts';
import { historyMutants, runHistory } from './run.ts';

/**
 * `npm run history -- --clients 50 --operations 50000 --seed N`: the history of concurrent writers on the twin with faults, one JSON line an operation
 * on stdout for any outside checker; what the check found is on stderr. Exit code 1 when a history is not linearizable, and with --mutant when it is.
 */
const { values } = parseArgs({
  options: {
    clients: { type: 'string', default: '50' },
    operations: { type: 'string', default: '50000' },
    seed: { type: 'string', default: '1' },
    mutant: { type: 'string' },
    quiet: { type: 'boolean', default: false },
  },
});
const mutant = historyMutants.find((name) => name === values.mutant);
if (values.mutant !== mutant) {
  process.stderr.write(`There is no mutant ${String(values.mutant)}: ${historyMutants.join(', ')}\n`);
  process.exit(2);
}

/** Porcupine's verdict where Go and its module are at hand; undefined, with the reason on stderr, where they are not. */
function porcupine(history: readonly HistoryEntry[]): boolean | undefined {
  const folder = mkdtempSync(join(tmpdir(), 'cadre-history-'));
  try {
    const file = join(folder, 'history.jsonl');
    writeFileSync(file, history.map((entry) => JSON.stringify(entry)).join('\n'));
    const source = join(import.meta.dirname, 'porcupine');
    const run = spawnSync('go', ['run', '.', file], { cwd: source, encoding: 'utf8' });
    if (run.status === 0) return true;
    if (run.status === 1 && run.stdout.includes('not linearizable')) return false;
    // Go adds a line of its own about the exit status.
    const said = () => run.stderr.split('\n').filter((line) => line !== '' && !line.startsWith('exit status'));
    process.stderr.write(`SKIPPED porcupine: ${run.error?.message ?? said().at(-1) ?? 'go failed'}\n`);
    return undefined;
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

const history: HistoryEntry[] = [];
await runHistory(
  { clients: Number(values.clients), operations: Number(values.operations), seed: values.seed, mutant },
  (entry) => {
    history.push(entry);
    if (!values.quiet) process.stdout.write(`${JSON.stringify(entry)}\n`);
  },
);
const faults = faultsOf(history);
const second = porcupine(history);
for (const fault of faults.slice(0, 20)) process.stderr.write(`${fault}\n`);
const writes = history.filter(({ op }) => op === 'write');
process.stderr.write(
  `${JSON.stringify({
    operations: history.length,
    written: writes.filter(({ ok }) => ok === true).length,
    refused: writes.filter(({ ok }) => ok === false).length,
    unknown: history.filter(({ ok }) => ok === null).length,
    faults: faults.length,
    linearizable: faults.length === 0,
    porcupine: second ?? 'skipped',
  })}\n`,
);
const isBroken = faults.length > 0 || second === false;
process.exitCode = isBroken === (mutant !== undefined) ? 0 : 1;
