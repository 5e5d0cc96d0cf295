import { readFile, writeFile } from 'node:fs/promises';
import { text } from 'node:stream/consumers';
import { CadreError } from '../contracts/errors.ts';
import { parse } from '../contracts/parse.ts';
import type { PolicyDocument } from '../contracts/distributor/policy.ts';
import { priorities } from '../contracts/distributor/task.ts';
import { awsLatencies, noLatencies } from '../simulator/aws-model.ts';
import { agentsFor, type Comparison } from '../simulator/compare.ts';
import { equalAgents, type Fleet, fleet, strengthOf } from '../simulator/fleet.ts';
import { generate, levelsOf } from '../simulator/generator.ts';
import { faultCollector, generatedMix, parseOptions, type SimulateOptions } from '../simulator/options.ts';
import { policyNames, readPolicy, unsimulated } from '../simulator/policies.ts';
import type { Report } from '../simulator/report.ts';
import { parseTrace, type Work } from '../simulator/work.ts';
import { showDuration, table } from './output.ts';
import { readJsonFile } from './read-input.ts';

/** The text of a trace, or of stdin for `-`. */
async function readTrace(path: string): Promise<string> {
  if (path === '-') return text(process.stdin);
  return readFile(path, 'utf8').catch((cause: unknown) => {
    throw new CadreError('unreadable-file', `${path}: this trace cannot be read`, { cause, path: 'trace' });
  });
}

/** The work with this escalation for every task that has a deadline and no own, as far as it rises by that. */
function escalating(work: readonly Work[], steps: SimulateOptions['escalate']): readonly Work[] {
  if (steps === undefined) return work;
  return work.map((each) => (each.deadline_ms === undefined ? each : { escalation: steps, ...each }));
}

async function workOf(options: SimulateOptions, strength: number): Promise<readonly Work[]> {
  const { trace, tokenRates, mix, seed, load } = options;
  if (trace !== undefined) {
    const levels = mix === undefined ? undefined : levelsOf(mix, seed);
    return parseTrace(await readTrace(trace), trace === '-' ? 'standard input' : trace, tokenRates, levels);
  }
  const { tasks, durationMs, durations, deadlineMs } = options;
  return generate({
    ...{ seed, tasks, mix: generatedMix(options), duration_ms: durationMs, shape: durations },
    rate: options.rate ?? (load * strength) / (durationMs / 1000),
    ...(deadlineMs === undefined ? {} : { deadline_ms: deadlineMs }),
  });
}

async function fleetOf({ agents, slots }: SimulateOptions): Promise<Fleet | undefined> {
  const base = agents.find(({ kind }) => kind !== 'more');
  if (base?.kind === 'file') return parse(fleet, await readJsonFile(base.file), [base.file]);
  return base?.kind === 'count' ? equalAgents(base.count, slots) : undefined;
}

/** Agents for generated work when nobody says how many. */
const defaultAgents = 10;

/** Reads everything that a comparison is made of. Throws CadreError that lists all faults of options, trace and fleet. */
export async function readComparison(given: unknown): Promise<Comparison & { readonly plot: string | undefined }> {
  const options = parseOptions(given);
  const { part, refuse } = faultCollector();
  const chosen = await part(() => fleetOf(options));
  const known = chosen ?? equalAgents(defaultAgents, options.slots);
  const work = escalating((await part(() => workOf(options, strengthOf(known)))) ?? [], options.escalate);
  const documents = new Map<string, PolicyDocument>();
  for (const file of options.policy.filter((name) => !policyNames.includes(name))) {
    const document = await part(async () => readPolicy(await readJsonFile(file)));
    if (document !== undefined) documents.set(file, document);
  }
  refuse();
  const forTrace =
    options.trace === undefined ? known : equalAgents(agentsFor(work, options.load, options.slots), options.slots);
  return {
    ...{ work, fleet: chosen ?? forTrace, policies: options.policy, documents, seed: options.seed, plot: options.plot },
    more: options.agents.flatMap((choice) => (choice.kind === 'more' ? [choice.more] : [])),
    latencies: options.cloud === 'aws' ? awsLatencies : noLatencies,
    hedged: options.hedge,
  };
}

/** What of the policies a simulation leaves out, a warning for each file. */
export function warningsOf({ documents }: Pick<Comparison, 'documents'>): readonly string[] {
  return [...(documents ?? [])].flatMap(([file, document]) => {
    const parts = unsimulated(document);
    return parts.length === 0 ? [] : [`Warning: ${file}: not simulated, and without effect here: ${parts.join(', ')}.`];
  });
}

/** Writes the picture of a comparison. Throws CadreError `unreadable-file` when it cannot be written. */
export async function writePlot(path: string, svg: string): Promise<void> {
  await writeFile(path, svg).catch((cause: unknown) => {
    throw new CadreError('unreadable-file', `${path}: the plot cannot be written`, { cause, path: 'plot' });
  });
}

const percent = (share: number): string => `${(share * 100).toFixed(1)} %`;

/** The reports as two tables: what each run was like, and the waits by level. */
export function showReports(reports: readonly Report[]): string {
  const runs = reports.map((report) => [
    ...[report.policy, String(report.agents), percent(report.utilisation), percent(report.overhead)],
    ...[percent(report.load_variance), percent(report.deadlines_met), String(report.order_violations)],
    ...[String(report.preemptions), String(report.hedges), `$${report.cost_usd.toFixed(4)}`],
  ]);
  const head = ['POLICY', 'AGENTS', 'UTILISATION', 'OVERHEAD', 'LOAD VARIANCE', 'DEADLINES', 'VIOLATIONS'];
  const waits = reports.flatMap((report) =>
    priorities
      .filter((level) => report.wait_ms[level].max > 0)
      .map((level) => {
        const { p50, p95, p99, max } = report.wait_ms[level];
        return [report.policy, String(report.agents), level, ...[p50, p95, p99, max].map(showDuration)];
      }),
  );
  const sharers = (['namespaces', 'submitters'] as const).flatMap((by) => {
    const rows = reports.flatMap((report) =>
      Object.entries(report[by] ?? {}).map(([name, { tasks, share, wait_ms }]) => [
        ...[report.policy, String(report.agents), name, String(tasks), percent(share)],
        ...[wait_ms.p50, wait_ms.p95].map(showDuration),
      ]),
    );
    const name = by === 'namespaces' ? 'NAMESPACE' : 'SUBMITTER';
    return rows.length === 0 ? [] : [table(['POLICY', 'AGENTS', name, 'TASKS', 'SHARE', 'WAIT P50', 'P95'], rows)];
  });
  return [
    table([...head, 'PREEMPTIONS', 'HEDGES', 'COST'], runs),
    table(['POLICY', 'AGENTS', 'LEVEL', 'WAIT P50', 'P95', 'P99', 'MAX'], waits),
    ...sharers,
  ].join('\n\n');
}
