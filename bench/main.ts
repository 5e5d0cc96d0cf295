/**
 * `npm run bench [NAME...] [SIZE...]`: figures on stdout, one JSON object a line; everything else on stderr. A bench that fails says why and fails
 * the command, after the others have run.
 */
import { bundleBench } from './bundle.ts';
import { callsBench, dollarsBench } from './calls.ts';
import { contextBench } from './context.ts';
import { cpuBench } from './cpu.ts';
import { decideBench } from './decide.ts';
import type { Bench } from './figure.ts';
import { hopsBench } from './hops.ts';
import { localBench } from './local.ts';
import { localContextBench } from './local-context.ts';
import { makespanBench } from './makespan.ts';
import { orderBench } from './order.ts';
import { recoveryBench } from './recovery.ts';
import { schedulerBench } from './scheduler.ts';
import { simulatorBench } from './simulator.ts';
import { searchBench } from './search.ts';
import { workflowBench } from './workflow.ts';

const benches: Readonly<Record<string, Bench>> = {
  calls: callsBench,
  dollars: dollarsBench,
  cpu: cpuBench,
  decide: decideBench,
  local: localBench,
  makespan: makespanBench,
  hops: hopsBench,
  bundle: bundleBench,
  recovery: recoveryBench,
  simulator: simulatorBench,
  scheduler: schedulerBench,
  order: orderBench,
  search: searchBench,
  context: contextBench,
  'local-context': localContextBench,
  workflow: workflowBench,
};

const say = (line: string): void => void process.stderr.write(`${line}\n`);

function usage(): string {
  const width = Math.max(...Object.keys(benches).map((name) => name.length));
  const list = Object.entries(benches).map(([name, { about }]) => `  ${name.padEnd(width)}  ${about}`);
  return [
    'Usage: npm run bench [NAME...] [SIZE...]',
    '',
    'Figures as JSON lines { bench, metric, value, unit, detail }:',
    ...list,
  ].join('\n');
}

async function main(args: readonly string[]): Promise<number> {
  const names = args.filter((arg) => !/^\d+$/.test(arg));
  const sizes = args.filter((arg) => !names.includes(arg)).map(Number);
  if (names.includes('--help')) {
    process.stdout.write(`${usage()}\n`);
    return 0;
  }
  const unknown = names.filter((name) => !(name in benches));
  if (unknown.length > 0) {
    say(`There is no bench called ${unknown.join(', ')}.\n${usage()}`);
    return 2;
  }
  let failures = 0;
  for (const [name, bench] of Object.entries(benches)) {
    if (names.length > 0 && !names.includes(name)) continue;
    try {
      for await (const figure of bench.run(say, sizes)) process.stdout.write(`${JSON.stringify(figure)}\n`);
    } catch (error) {
      failures += 1;
      say(`${name} failed: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}`);
    }
  }
  return failures === 0 ? 0 : 1;
}

process.exitCode = await main(process.argv.slice(2));
