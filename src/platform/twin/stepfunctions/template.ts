import { hash } from 'node:crypto';
import jsonata from 'jsonata';
import type { Random } from '../random.ts';

/** A failure inside a state machine, with the name that Retry and Catch look for. */
export class StatesError extends Error {
  readonly error: string;
  override readonly cause: string;
  constructor(error: string, cause: string) {
    super(`${error}: ${cause}`);
    this.name = error;
    this.error = error;
    this.cause = cause;
  }
}

/** What expressions see besides the variables. */
export interface TemplateScope {
  readonly states: {
    readonly input: unknown;
    readonly context: unknown;
    readonly result?: unknown;
    readonly errorOutput?: unknown;
  };
  readonly variables: Readonly<Record<string, unknown>>;
}

/** Evaluates JSON with `{% … %}` expressions in it, as the fields of a JSONata state. */
export type Template = (value: unknown, scope: TemplateScope) => Promise<unknown>;

const compiled = new Map<string, jsonata.Expression>();

/** Templates whose time and randomness come from the twin. */
export function createTemplate(now: () => number, random: Random): Template {
  function functions(): Record<string, unknown> {
    return {
      parse: (text: string): unknown => JSON.parse(text),
      uuid: () => random.hex(32).replace(/^(.{8})(.{4})(.{4})(.{4})/, '$1-$2-$3-$4-'),
      random: () => random.next(),
      hash: (text: string, algorithm = 'SHA-256') => hash(algorithm.replace('-', '').toLowerCase(), text),
      range: (first: number, last: number, step = 1) =>
        Array.from({ length: Math.floor((last - first) / step) + 1 }, (_, index) => first + index * step),
      millis: () => now(),
      now: () => new Date(now()).toISOString(),
    };
  }

  async function evaluate(source: string, scope: TemplateScope): Promise<unknown> {
    let expression = compiled.get(source);
    if (expression === undefined) {
      expression = jsonata(source);
      compiled.set(source, expression);
    }
    const bindings = { ...functions(), ...scope.variables, states: scope.states };
    let result: unknown;
    try {
      result = await expression.evaluate(undefined, bindings);
    } catch (error) {
      throw new StatesError(
        'States.QueryEvaluationError',
        error instanceof Error ? error.message : JSON.stringify(error),
      );
    }
    if (result === undefined) {
      throw new StatesError(
        'States.QueryEvaluationError',
        `The JSONata expression '${source}' returned nothing (undefined)`,
      );
    }
    // Results carry the evaluator's hidden marks; JSON has none.
    return JSON.parse(JSON.stringify(result));
  }

  async function render(value: unknown, scope: TemplateScope): Promise<unknown> {
    if (typeof value === 'string') {
      const match = /^\{%([\s\S]*)%\}$/.exec(value.trim());
      return match?.[1] === undefined ? value : evaluate(match[1].trim(), scope);
    }
    if (Array.isArray(value)) {
      const entries: unknown[] = [];
      for (const entry of value as readonly unknown[]) entries.push(await render(entry, scope));
      return entries;
    }
    if (typeof value !== 'object' || value === null) return value;
    const entries: [string, unknown][] = [];
    for (const [key, entry] of Object.entries(value)) entries.push([key, await render(entry, scope)]);
    return Object.fromEntries(entries);
  }

  return render;
}
