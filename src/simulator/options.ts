import { CadreError, type Fault } from '../contracts/errors.ts';
import { parse } from '../contracts/parse.ts';
import { escalation, priorities, type Priority } from '../contracts/distributor/task.ts';
import * as z from 'zod';
import { defaultMix, durationShapes, type Mix } from './generator.ts';
import { policyNames } from './policies.ts';
import { defaultTokenRates } from './work.ts';

/** A number as people type it. */
const number = z.coerce.number<string | number>({ error: 'give a number' });
const positive = number.refine((value) => value > 0 && Number.isFinite(value), 'give a number above 0');
const count = number.refine((value) => Number.isInteger(value) && value > 0, 'give a whole number above 0');

const mix = z.string().transform((text, context): Mix => {
  const shares = new Map<string, number>(
    text.split(',').map((part) => {
      const [level = '', share = ''] = part.split('=');
      return [level.trim(), share.trim() === '' ? Number.NaN : Number(share)];
    }),
  );
  for (const [level, share] of shares) {
    if (!priorities.some((known) => known === level)) {
      context.addIssue({ code: 'custom', message: `"${level}" is no level: use ${priorities.join(', ')}` });
    } else if (!(share >= 0 && Number.isFinite(share))) {
      context.addIssue({ code: 'custom', message: `the share of ${level} is no number of 0 or more` });
    }
  }
  const given = Object.fromEntries(priorities.map((level) => [level, shares.get(level) ?? 0])) as Record<
    Priority,
    number
  >;
  if (priorities.every((level) => !(given[level] > 0))) {
    context.addIssue({ code: 'custom', message: 'one level must have a share above 0' });
  }
  return given;
});

/** Levels with how long before the deadline a task rises to them. */
const steps = z
  .string()
  .transform((text) =>
    text.split(',').map((part) => {
      const [level = '', within = ''] = part.split('=');
      return { priority: level.trim(), within_ms: Number(within) };
    }),
  )
  .pipe(escalation);

const tokenRates = z.string().transform((text, context) => {
  const [input = Number.NaN, output = Number.NaN, ...more] = text.split(',').map(Number);
  if (!(input > 0 && output > 0) || more.length > 0) {
    context.addIssue({ code: 'custom', message: 'give two numbers above 0: INPUT,OUTPUT tokens a second' });
  }
  return { input, output };
});

/** How many agents: a number, so many more or fewer than that, or a file that describes them. */
export type AgentsChoice =
  | { readonly kind: 'count'; readonly count: number }
  | { readonly kind: 'more'; readonly more: number }
  | { readonly kind: 'file'; readonly file: string };

const agents = z.string().transform((text, context): AgentsChoice => {
  if (/^[+-]\d+$/.test(text)) return { kind: 'more', more: Number(text) };
  if (!/^[\d.]+$/.test(text)) return { kind: 'file', file: text };
  const given = Number(text);
  if (!Number.isInteger(given) || given < 1)
    context.addIssue({ code: 'custom', message: 'give a whole number above 0' });
  return { kind: 'count', count: given };
});

/** A name that is known, or a file: those have a dot or a slash. */
const isPolicy = (text: string): boolean => policyNames.includes(text) || /[./]/.test(text);

/** The options of `cadre simulate`, as they are typed. */
export const simulateOptions = z.object({
  policy: z
    .array(z.string().refine(isPolicy, `no such policy: use a JSON file, or ${policyNames.join(', ')}`))
    .min(1)
    .default([policyNames[0] ?? '']),
  agents: z
    .array(agents)
    .refine((all) => all.filter(({ kind }) => kind !== 'more').length <= 1, {
      error: 'give one number or file; the others are +N or -N',
    })
    .default([]),
  slots: count.default(1),
  trace: z.string().optional(),
  tokenRates: tokenRates.default(defaultTokenRates),
  tasks: count.default(10_000),
  rate: positive.optional(),
  load: positive.default(0.8),
  mix: mix.optional(),
  durationMs: positive.default(10_000),
  durations: z.enum(durationShapes, { error: `use ${durationShapes.join(', ')}` }).default('lognormal'),
  deadlineMs: positive.optional(),
  escalate: steps.optional(),
  seed: number.refine(Number.isInteger, 'give a whole number').default(1),
  hedge: z.boolean().default(false),
  cloud: z.enum(['aws', 'instant'], { error: 'use aws or instant' }).default('aws'),
  plot: z.string().optional(),
});
export type SimulateOptions = z.infer<typeof simulateOptions>;

/** The mix that `--mix` leaves open: generated tasks get the usual one. */
export const generatedMix = (options: SimulateOptions): Mix => options.mix ?? defaultMix;

/** Reads parts of an input one after the other and refuses them together, so that all faults are seen at once. */
export function faultCollector() {
  const faults: Fault[] = [];
  return {
    /** The part, or undefined when it is refused. */
    part: async <T>(read: () => T | Promise<T>): Promise<T | undefined> => {
      try {
        return await read();
      } catch (error) {
        if (!(error instanceof CadreError)) throw error;
        faults.push(...error.faults);
        return undefined;
      }
    },
    /** Throws when anything was refused. */
    refuse: (): void => {
      const [first] = faults;
      if (first === undefined) return;
      const path = first.path === undefined ? {} : { path: first.path };
      const named = first.path === undefined ? first.message : `${first.path}: ${first.message}`;
      throw new CadreError(first.code, named, { faults, ...path });
    },
  };
}

/** The options, or all that is wrong with them. */
export const parseOptions = (given: unknown): SimulateOptions => parse(simulateOptions, given);
