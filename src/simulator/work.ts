import { capabilityList, userId } from '../contracts/ids.ts';
import { submitterCharactersMax } from '../contracts/limits.ts';
import { type Escalation, escalation, type Priority, priority } from '../contracts/distributor/task.ts';
import { CadreError, type Fault } from '../contracts/errors.ts';
import { parse } from '../contracts/parse.ts';
import * as z from 'zod';

/** A task of a simulation. Times are milliseconds; `at` counts from the beginning of the run. */
export interface Work {
  readonly at: number;
  /** Working time on an agent of speed 1. */
  readonly duration_ms: number;
  readonly priority: Priority;
  /** Time from the submission until the task should have ended. */
  readonly deadline_ms?: number;
  /** How its level rises as the deadline comes nearer. */
  readonly escalation?: readonly Escalation[];
  readonly capabilities: readonly string[];
  readonly namespace?: string;
  /** Who submits it, as a policy's shares name them. */
  readonly submitter?: string;
  /** Bytes of its payload: what batches are limited by. @default 0 */
  readonly payload_bytes?: number;
}

/** How fast a model reads and writes, tokens a second: the service time of a trace line that gives tokens. */
export interface TokenRates {
  readonly input: number;
  readonly output: number;
}

/** Typical of a hosted large model: reading is some two hundred times faster than writing. */
export const defaultTokenRates: TokenRates = { input: 10_000, output: 50 };

const milliseconds = z.number().nonnegative();
const common = {
  timestamp_ms: milliseconds,
  priority: priority.optional(),
  deadline_ms: milliseconds.optional(),
  escalation: escalation.optional(),
  capabilities: capabilityList.optional(),
  namespace: userId.optional(),
  submitter: z.string().min(1).max(submitterCharactersMax).optional(),
  payload_bytes: z.int().nonnegative().optional(),
};

/**
 * One line of a trace: when a task came (on the trace's own clock), how long it works or how many tokens it reads and writes, and what the scheduler may
 * look at. `deadline_ms` counts from the submission, like `duration_ms` from the start.
 */
export const traceLine = z
  .strictObject({
    ...common,
    duration_ms: milliseconds.optional(),
    input_tokens: z.int().nonnegative().optional(),
    output_tokens: z.int().nonnegative().optional(),
  })
  .superRefine(({ duration_ms, input_tokens, output_tokens }, context) => {
    const hasTokens = input_tokens !== undefined && output_tokens !== undefined;
    const hasSome = input_tokens !== undefined || output_tokens !== undefined;
    if ((duration_ms === undefined && hasTokens) || (duration_ms !== undefined && !hasSome)) return;
    context.addIssue({ code: 'custom', message: 'give either duration_ms, or input_tokens and output_tokens' });
  });
export type TraceLine = z.infer<typeof traceLine>;

/** Faults that are collected before reading on makes no sense. */
const faultsMax = 100;

function workOf(line: TraceLine, origin: number, rates: TokenRates, levels: () => Priority): Work {
  const { timestamp_ms, duration_ms, input_tokens = 0, output_tokens = 0, capabilities } = line;
  const { deadline_ms, escalation: steps, namespace, submitter, payload_bytes } = line;
  return {
    at: timestamp_ms - origin,
    duration_ms: duration_ms ?? (input_tokens / rates.input + output_tokens / rates.output) * 1000,
    priority: line.priority ?? levels(),
    capabilities: capabilities ?? [],
    ...(deadline_ms === undefined ? {} : { deadline_ms }),
    ...(steps === undefined ? {} : { escalation: steps }),
    ...(namespace === undefined ? {} : { namespace }),
    ...(submitter === undefined ? {} : { submitter }),
    ...(payload_bytes === undefined ? {} : { payload_bytes }),
  };
}

function readLine(text: string, number: number, source: string): { line?: TraceLine; faults: readonly Fault[] } {
  const path = `${source}:${number}`;
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (cause) {
    const why = cause instanceof Error ? cause.message : 'no JSON';
    return { faults: [{ code: 'invalid-json', message: `line ${number}: ${why}`, path }] };
  }
  try {
    return { line: parse(traceLine, value), faults: [] };
  } catch (error) {
    if (!(error instanceof CadreError)) throw error;
    const faults = error.faults.map(({ code, message, path: inner = '' }) => ({
      code,
      message: `line ${number}: ${message}`,
      path: inner === '' ? path : `${path}.${inner}`,
    }));
    return { faults };
  }
}

/**
 * The tasks of a trace (JSON lines; empty lines are skipped), in the order of their times, counted from the first. `levels` gives the priority of a line that
 * names none. Throws CadreError that names every bad line by its number.
 */
export function parseTrace(
  text: string,
  source: string,
  rates: TokenRates = defaultTokenRates,
  levels: () => Priority = () => 'medium',
): readonly Work[] {
  const lines: TraceLine[] = [];
  const faults: Fault[] = [];
  for (const [index, each] of text.split('\n').entries()) {
    if (each.trim() === '') continue;
    const read = readLine(each, index + 1, source);
    if (read.line !== undefined) lines.push(read.line);
    faults.push(...read.faults);
    if (faults.length >= faultsMax) break;
  }
  if (faults.length === 0 && lines.length === 0) {
    faults.push({ code: 'invalid-input', message: 'the trace has no tasks', path: source });
  }
  const [first] = faults;
  if (first !== undefined) {
    throw new CadreError(first.code, `${source}: ${first.message}`, {
      faults,
      ...(first.path === undefined ? {} : { path: first.path }),
    });
  }
  lines.sort((one, other) => one.timestamp_ms - other.timestamp_ms);
  const origin = lines[0]?.timestamp_ms ?? 0;
  return lines.map((line) => workOf(line, origin, rates, levels));
}
