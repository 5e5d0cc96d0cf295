import { type Module, modules } from './modules.ts';

/** What a configuration must show: every listed property holds, or exactly this one is broken. */
export type Expectation =
  | { readonly kind: 'holds'; readonly invariants: readonly string[]; readonly properties: readonly string[] }
  | { readonly kind: 'breaks'; readonly property: string; readonly temporal: boolean };

/** One run of the checker. */
export interface Configuration {
  readonly name: string;
  readonly module: keyof typeof modules;
  readonly about: string;
  /** Part of `--quick`, the set that runs with every change. */
  readonly quick: boolean;
  /** Constants that differ from the module's ordinary ones. */
  readonly constants: Readonly<Record<string, string>>;
  /** Agents are interchangeable. Sound for invariants only, so never together with temporal properties. */
  readonly symmetric: boolean;
  readonly expect: Expectation;
}

/** Constants that differ from the ordinary ones. */
type Change = Readonly<Record<string, string>>;

/** All that the module promises, unless the options say otherwise. */
export function holds(
  module: Configuration['module'],
  name: string,
  about: string,
  constants: Change = {},
  options: Partial<Configuration> = {},
): Configuration {
  const { invariants, properties } = modules[module];
  const expect: Expectation = { kind: 'holds', invariants, properties };
  return { name, module, about, quick: true, constants, symmetric: false, expect, ...options };
}

/** A mutant, or a limit: exactly this property is broken. */
export function breaks(
  module: Configuration['module'],
  name: string,
  about: string,
  property: string,
  constants: Change,
  options: Partial<Configuration> = {},
): Configuration {
  const { properties }: Module = modules[module];
  const expect: Expectation = { kind: 'breaks', property, temporal: properties.includes(property) };
  return { name, module, about, quick: true, constants, symmetric: false, expect, ...options };
}

/** The file that TLC is given, beside this one. */
export function fileOf({ module }: Configuration): string {
  const { file = module }: Module = modules[module];
  return `${file}.tla`;
}

/** The text of the .cfg file. A mutant is asked for its one property, so that nothing else can fail in its place. */
export function renderConfiguration(configuration: Configuration): string {
  const { module, constants, expect, symmetric } = configuration;
  const base: Module = modules[module];
  const isBroken = expect.kind === 'breaks';
  const checked = isBroken
    ? { invariants: expect.temporal ? [] : [expect.property], properties: expect.temporal ? [expect.property] : [] }
    : expect;
  return [
    'CONSTANTS',
    ...Object.entries({ ...base.constants, ...constants }).map(([name, value]) => `  ${name} ${value}`),
    'SPECIFICATION Spec',
    ...(symmetric ? ['SYMMETRY Sym'] : []),
    ...(isBroken || base.stops !== true ? ['CHECK_DEADLOCK FALSE'] : []),
    ...(checked.invariants.length > 0 ? [`INVARIANTS ${checked.invariants.join(' ')}`] : []),
    ...(checked.properties.length > 0 ? [`PROPERTIES ${checked.properties.join(' ')}`] : []),
    '',
  ].join('\n');
}
