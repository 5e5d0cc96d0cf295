import { parseArgs } from 'node:util';
import { availableParallelism } from 'node:os';
import { isMainThread, parentPort, Worker, workerData } from 'node:worker_threads';
import { mutants } from './mutants.ts';
import {
  describeOutcomes,
  type Outcomes,
  outcomesOf,
  successShare,
  successShareMin,
  sumOfOutcomes,
} from './outcomes.ts';
import { runSeed, type SeedReport } from './world.ts';

/**
 * `npm run simulate -- --seeds N [--from N] [--mutant NAME] [--workers N]`: runs seeds of the real handlers on the twin with faults, one JSON line a seed
 * that broke a promise or spoilt a workflow, and one for the whole, which stderr says in words. Exit code 1 when a promise was broken or too many workflows were spoilt, and with --mutant when no promise was broken.
 */
const usage = `Usage: npm run simulate -- [options]

  --seeds N      how many seeds (default 1000)
  --from N       the first seed (default 1)
  --seed N       one seed, with everything that happened in it
  --mutant NAME  plant a mistake: ${mutants.map(({ name }) => name).join(', ')}
  --workers N    processes (default: the machine's cores)

Examples:
  npm run simulate -- --seeds 100000
  npm run simulate -- --seed 4711
  npm run simulate -- --seeds 200 --mutant no-fence
`;

interface Share {
  readonly first: number;
  readonly step: number;
  readonly end: number;
  readonly mutant: string | undefined;
}

/** Seeds between two reports of a worker. */
const reportEvery = 50;
/** Time between two lines of progress where no terminal shows it. */
const lineEveryMs = 30_000;

/** The report on a seed that never ends. */
const unended = (seed: number, cause: unknown): SeedReport => ({
  seed,
  violations: [{ at: 0, promise: 'Ends', detail: String(cause) }],
  faults: 0,
  tasks: 0,
  workflows: outcomesOf([]),
  recoveryMs: 0,
  trace: '',
});

async function work({ first, step, end, mutant }: Share): Promise<void> {
  // Faults are errors by the thousand, and nobody reads where these were made.
  Error.stackTraceLimit = 0;
  const planted = mutants.find(({ name }) => name === mutant);
  let reports: SeedReport[] = [];
  for (let seed = first; seed < end; seed += step) {
    reports.push(await runSeed(seed, planted).catch((cause: unknown) => unended(seed, cause)));
    if (reports.length < reportEvery) continue;
    parentPort?.postMessage(reports);
    reports = [];
  }
  parentPort?.postMessage(reports);
}

async function showOne(seed: number, mutant: string | undefined): Promise<number> {
  let startedAt: number | undefined;
  const show = (line: string, at: number): void => {
    startedAt ??= at;
    console.log(`${((at - startedAt) / 1000).toFixed(3)}  ${line}`);
  };
  const report = await runSeed(
    seed,
    mutants.find(({ name }) => name === mutant),
    { onRecord: show },
  );
  console.log(JSON.stringify(report));
  return report.violations.length === 0 ? 0 : 1;
}

/** What all workers found together. */
interface Tally {
  seeds: number;
  broken: number;
  faults: number;
  tasks: number;
  workflows: Outcomes;
  recoveryMsMax: number;
}

function runAll(first: number, seeds: number, workers: number, mutant: string | undefined): Promise<Tally> {
  const tally: Tally = { seeds: 0, broken: 0, faults: 0, tasks: 0, workflows: outcomesOf([]), recoveryMsMax: 0 };
  let toldAt = performance.now();
  const tell = (): void => {
    const line = `${tally.seeds} of ${seeds} seeds, ${tally.broken} broken`;
    if (process.stderr.isTTY) process.stderr.write(`\r${line} `);
    else if (performance.now() - toldAt >= lineEveryMs) {
      toldAt = performance.now();
      process.stderr.write(`${line}\n`);
    }
  };
  const take = (report: SeedReport): void => {
    tally.seeds += 1;
    tally.faults += report.faults;
    tally.tasks += report.tasks;
    tally.workflows = sumOfOutcomes(tally.workflows, report.workflows);
    tally.recoveryMsMax = Math.max(tally.recoveryMsMax, report.recoveryMs);
    const { seed, trace, violations, workflows } = report;
    if (violations.length > 0) tally.broken += 1;
    if (violations.length > 0 || workflows.spoilt.length > 0)
      console.log(JSON.stringify({ seed, trace, violations, spoilt: workflows.spoilt }));
  };
  const run = (index: number): Promise<void> =>
    new Promise((resolve, reject) => {
      const share: Share = { first: first + index, step: workers, end: first + seeds, mutant };
      const worker = new Worker(new URL(import.meta.url), { workerData: share });
      worker.on('message', (reports: SeedReport[]) => {
        reports.forEach(take);
        tell();
      });
      worker.once('error', reject);
      worker.once('exit', () => resolve());
    });
  return Promise.all(Array.from({ length: workers }, (_, index) => run(index))).then(() => tally);
}

async function main(): Promise<number> {
  const { values } = parseArgs({
    options: {
      seeds: { type: 'string', default: '1000' },
      from: { type: 'string', default: '1' },
      seed: { type: 'string' },
      mutant: { type: 'string' },
      workers: { type: 'string', default: String(availableParallelism()) },
      help: { type: 'boolean', default: false },
    },
  });
  if (values.help) {
    console.log(usage);
    return 0;
  }
  if (values.mutant !== undefined && !mutants.some(({ name }) => name === values.mutant)) {
    console.error(`There is no mutant ${values.mutant}.\n\n${usage}`);
    return 2;
  }
  const numbers = [values.seeds, values.from, values.workers, values.seed ?? '1'].map(Number);
  if (numbers.some((number) => !Number.isInteger(number) || number < 1)) {
    console.error(`Seeds and workers are whole numbers from 1 on.\n\n${usage}`);
    return 2;
  }
  if (values.seed !== undefined) return showOne(Number(values.seed), values.mutant);
  const began = process.cpuUsage();
  const tally = await runAll(Number(values.from), Number(values.seeds), Number(values.workers), values.mutant);
  const { user, system } = process.cpuUsage(began);
  const cpuMinutes = (user + system) / 60_000_000;
  const { spoilt: _told, ...workflows } = tally.workflows;
  const success_share = successShare(tally.workflows);
  const seeds_per_cpu_minute = Math.round(tally.seeds / cpuMinutes);
  console.log(JSON.stringify({ ...tally, workflows, success_share, mutant: values.mutant, seeds_per_cpu_minute }));
  const stoodStill = `Nothing stood still for more than ${(tally.recoveryMsMax / 1_000).toFixed(1)} s after the last fault.`;
  console.error(`${describeOutcomes(tally.workflows)} ${stoodStill}`);
  const isKept = tally.broken === 0 && success_share >= successShareMin;
  const isAsExpected = values.mutant === undefined ? isKept : tally.broken > 0;
  return isAsExpected ? 0 : 1;
}

if (isMainThread) process.exitCode = await main();
else await work(workerData as Share);
