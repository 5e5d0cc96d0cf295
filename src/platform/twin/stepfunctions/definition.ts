/** A retrier of a Task state. */
export interface Retrier {
  readonly ErrorEquals: readonly string[];
  readonly IntervalSeconds?: number;
  readonly MaxAttempts?: number;
  readonly BackoffRate?: number;
  readonly MaxDelaySeconds?: number;
}

/** A catcher of a Task state. */
export interface Catcher {
  readonly ErrorEquals: readonly string[];
  readonly Next: string;
  readonly Assign?: Readonly<Record<string, unknown>>;
  readonly Output?: unknown;
}

/** A state of the subset that the twin interprets, in JSONata mode. */
export interface StateDefinition {
  readonly Type: 'Task' | 'Choice' | 'Pass' | 'Wait' | 'Succeed' | 'Fail';
  readonly Next?: string;
  readonly End?: boolean;
  readonly Assign?: Readonly<Record<string, unknown>>;
  readonly Output?: unknown;
  readonly Resource?: string;
  readonly Arguments?: unknown;
  readonly TimeoutSeconds?: number | string;
  readonly HeartbeatSeconds?: number | string;
  readonly Retry?: readonly Retrier[];
  readonly Catch?: readonly Catcher[];
  readonly Choices?: readonly {
    readonly Condition: string | boolean;
    readonly Next: string;
    readonly Assign?: Readonly<Record<string, unknown>>;
    readonly Output?: unknown;
  }[];
  readonly Default?: string;
  readonly Seconds?: number | string;
  readonly Timestamp?: string;
  readonly Error?: string;
  readonly Cause?: string;
}

/** A state machine in Amazon States Language. */
export interface MachineDefinition {
  readonly QueryLanguage?: string;
  readonly StartAt: string;
  readonly TimeoutSeconds?: number;
  readonly States: Readonly<Record<string, StateDefinition>>;
}

const supported = new Set(['Task', 'Choice', 'Pass', 'Wait', 'Succeed', 'Fail']);

/** Reads a definition, with `${Name}` replaced; refuses what the twin would misinterpret. */
export function readDefinition(
  source: string | object,
  substitutions: Readonly<Record<string, string>> = {},
): MachineDefinition {
  const text = (typeof source === 'string' ? source : JSON.stringify(source)).replaceAll(
    /\$\{(\w+)\}/g,
    (whole, name: string) => substitutions[name] ?? whole,
  );
  const definition = JSON.parse(text) as MachineDefinition;
  if (definition.QueryLanguage !== 'JSONata')
    throw new Error('The twin interprets state machines in JSONata mode only');
  if (definition.States[definition.StartAt] === undefined)
    throw new Error(`StartAt names no state: ${definition.StartAt}`);
  for (const [name, state] of Object.entries(definition.States)) {
    if (!supported.has(state.Type)) throw new Error(`The twin does not interpret ${state.Type} (state ${name})`);
    const next = [
      state.Next,
      state.Default,
      ...(state.Choices ?? []).map((choice) => choice.Next),
      ...(state.Catch ?? []).map((catcher) => catcher.Next),
    ];
    for (const target of next) {
      if (target !== undefined && definition.States[target] === undefined)
        throw new Error(`State ${name} leads to no state: ${target}`);
    }
  }
  return definition;
}
