/** What a configuration must show: every listed property holds, or exactly this one is broken. */
export type Expectation =
  | { readonly kind: 'holds'; readonly invariants: readonly string[]; readonly properties: readonly string[] }
  | { readonly kind: 'breaks'; readonly property: string; readonly temporal: boolean };

/** One run of the checker. */
export interface Configuration {
  readonly name: string;
  /** The file that TLC is given. MC.tla stands for Dispatch.tla and brings the values a .cfg cannot write down. */
  readonly module: 'MC' | 'Wanted' | 'Order';
  readonly about: string;
  /** Part of `--quick`, the set that runs with every change. */
  readonly quick: boolean;
  /** Constants that differ from the module's ordinary ones. */
  readonly constants: Readonly<Record<string, string>>;
  /** Agents are interchangeable. Sound for invariants only, so never together with temporal properties. */
  readonly symmetric: boolean;
  readonly expect: Expectation;
}

const dispatchConstants: Readonly<Record<string, string>> = {
  t1: '= t1',
  t2: '= t2',
  t3: '= t3',
  a1: '= a1',
  a2: '= a2',
  Tasks: '= {t1, t2, t3}',
  Agents: '= {a1, a2}',
  Deps: '<- Join',
  Nodes: '= {t1, t2, t3}',
  Wide: '= {}',
  Cancels: '= {}',
  Cap: '= 1',
  MaxAttempts: '= 2',
  F: '= 1',
  Survivor: '= a1',
  Fenced: '= TRUE',
  AtomicAdvance: '= TRUE',
  PulseHints: '= TRUE',
  SendsHints: '= TRUE',
  PulseExpires: '= TRUE',
  PulseReleases: '= TRUE',
  SettleFirst: '= TRUE',
  ReserveFirst: '= TRUE',
  SlotCondition: '= TRUE',
  FencesOrphans: '= TRUE',
  LooksBeforeAbandon: '= TRUE',
};

const wantedConstants: Readonly<Record<string, string>> = {
  Tasks: '= {t1, t2, t3}',
  Dispatchers: '= {d1}',
  Cap: '= 1',
  ConditionalWant: '= TRUE',
  FreshIndex: '= TRUE',
  LooksAgain: '= TRUE',
};

const orderConstants: Readonly<Record<string, string>> = {
  Critical: '= {c1, c2}',
  Low: '= {l1}',
  CriticalWindow: '= 1',
  LowWindow: '= 3',
  Service: '= 2',
  Ages: '= TRUE',
  ReadsDue: '= TRUE',
};

const baseConstants = { MC: dispatchConstants, Wanted: wantedConstants, Order: orderConstants };

const invariants = [
  'TypeOK',
  'ProcessingIsHeld',
  'SlotsNeverExceeded',
  'OneEffect',
  'CompletedHasEffect',
  'NoZombieWin',
  'OneHolder',
  'NoFutureToken',
  'DagOrder',
  'AdvanceExact',
  'FinishExact',
  'FailedOnlyAfter',
];
const always = ['AttemptMonotone', 'FinalIsFinal'];
const eventually = ['EventuallySettled', 'EventuallyCompleted', 'EventuallyNoHolds'];

type Change = Readonly<Record<string, string>>;

function holds(name: string, about: string, constants: Change, options: Partial<Configuration> = {}): Configuration {
  const expect: Expectation = { kind: 'holds', invariants, properties: [...always, ...eventually] };
  return { name, module: 'MC', about, quick: false, constants, symmetric: false, expect, ...options };
}

function wantedHolds(name: string, about: string, constants: Change): Configuration {
  const expect: Expectation = {
    kind: 'holds',
    invariants: ['RoomKept', 'NoLostWakeUp'],
    properties: ['EventuallyDone'],
  };
  return { name, module: 'Wanted', about, quick: true, constants, symmetric: false, expect };
}

function orderHolds(name: string, about: string, constants: Change): Configuration {
  const expect: Expectation = {
    kind: 'holds',
    invariants: ['BoundedWaiting', 'StrictLevels'],
    properties: ['EventuallyStarts'],
  };
  return { name, module: 'Order', about, quick: true, constants, symmetric: false, expect };
}

function orderMutant(name: string, about: string, constants: Change): Configuration {
  const expect: Expectation = { kind: 'breaks', property: 'BoundedWaiting', temporal: false };
  return { name, module: 'Order', about, quick: true, constants, symmetric: false, expect };
}

function mutant(name: string, about: string, property: string, constants: Change): Configuration {
  const expect: Expectation = { kind: 'breaks', property, temporal: eventually.includes(property) };
  return { name, module: 'MC', about, quick: true, constants, symmetric: false, expect };
}

function wantedMutant(name: string, about: string, constants: Change, quick = true): Configuration {
  const expect: Expectation = { kind: 'breaks', property: 'NoLostWakeUp', temporal: false };
  return { name, module: 'Wanted', about, quick, constants, symmetric: false, expect };
}

const off = '= FALSE';

/** Every run, in the order of the README's table. Those that must hold come first. */
export const configurations: readonly Configuration[] = [
  holds('f1', 'a join of two tasks, two agents of one slot, one fault', {}, { quick: true }),
  holds('f1-slots', 'one agent of two slots', { Agents: '= {a1}', Cap: '= 2' }, { quick: true }),
  holds('f1-pulse-only', 'no hint is ever sent: queues buy latency, not completion', { SendsHints: off }),
  holds('f1-two-slots', 'two agents of two slots', { Cap: '= 2' }),
  holds('f1-chain', 'a chain of two beside an independent task', { Deps: '<- Chain', Nodes: '= {t1, t3}' }),
  holds(
    'f1-wide',
    'a fan-out wider than the transaction: an attention row and inserts',
    { Deps: '<- Fan', Wide: '= {t1}' },
    { quick: true },
  ),
  holds(
    'f1-cancel',
    'cancellation of a root and of the join at any moment',
    { Cancels: '= {t1, t3}' },
    { expect: { kind: 'holds', invariants, properties: [...always, 'EventuallySettled', 'EventuallyNoHolds'] } },
  ),
  holds('f2', 'the join with two faults and three attempts', { F: '= 2', MaxAttempts: '= 3' }),
  holds(
    'f3',
    'two tasks, three faults: invariants only, agents interchangeable',
    { Deps: '<- Pair', Tasks: '= {t1, t2}', Nodes: '= {t1, t2}', F: '= 3', MaxAttempts: '= 3' },
    { symmetric: true, expect: { kind: 'holds', invariants, properties: [] } },
  ),
  wantedHolds('wanted', 'three tasks, one agent of one slot, no pulse', {}),
  wantedHolds('wanted-slots', 'three tasks, one agent of two slots, no pulse', { Cap: '= 2' }),
  orderHolds('order', 'an endless stream of critical tasks that overloads the slot, one low one', {}),

  mutant('no-fence', 'a settle asks only for Processing', 'NoZombieWin', { Fenced: off }),
  mutant('split-advance', 'successors are inserted after the settle, from memory', 'AdvanceExact', {
    AtomicAdvance: off,
  }),
  mutant('no-reconciler', 'the pulse re-creates no hint', 'EventuallySettled', { PulseHints: off }),
  mutant('no-hint-no-reconciler', 'nobody tells the dispatcher anything', 'EventuallySettled', {
    SendsHints: off,
    PulseHints: off,
    F: '= 0',
  }),
  mutant('no-expiry', 'the pulse settles no lost hold', 'EventuallySettled', { PulseExpires: off }),
  mutant('no-orphan-release', 'the pulse removes no useless hold', 'EventuallyNoHolds', { PulseReleases: off }),
  mutant('release-before-settle', 'the slot is freed first', 'ProcessingIsHeld', { SettleFirst: off }),
  mutant('claim-before-reserve', 'the slot is taken last', 'ProcessingIsHeld', { ReserveFirst: off }),
  mutant('no-slot-condition', 'room is read but not asked for in the write', 'SlotsNeverExceeded', {
    SlotCondition: off,
  }),
  mutant('orphan-unfenced', 'the pulse drops a reservation without fencing it off', 'ProcessingIsHeld', {
    FencesOrphans: off,
  }),
  mutant('blind-abandon', 'a refused claim always drops its reservation', 'ProcessingIsHeld', {
    LooksBeforeAbandon: off,
  }),
  orderMutant('no-ageing', 'what is due stays in its level', { Ages: off }),
  orderMutant('head-only', 'behind a cut head nobody looks for what is due', { ReadsDue: off }),
  wantedMutant('want-unconditional', 'the mark is written although a slot came free', { ConditionalWant: off }),
  wantedMutant('want-refused-ignored', 'a refused mark leads to no other pass', { LooksAgain: off }),
  wantedMutant('want-lagging-index', 'a limit, not a mutant: the index lags behind the hint', { FreshIndex: off }),
  wantedMutant(
    'want-two-dispatchers',
    'a limit, not a mutant: two passes of a pool at once',
    { Dispatchers: '= {d1, d2}' },
    false,
  ),
];

/** The text of the .cfg file. A mutant is asked for its one property, so that nothing else can fail in its place. */
export function renderConfiguration(configuration: Configuration): string {
  const { module, constants, expect, symmetric } = configuration;
  const breaks = expect.kind === 'breaks';
  const checked = breaks
    ? { invariants: expect.temporal ? [] : [expect.property], properties: expect.temporal ? [expect.property] : [] }
    : expect;
  return [
    'CONSTANTS',
    ...Object.entries({ ...baseConstants[module], ...constants }).map(([name, value]) => `  ${name} ${value}`),
    'SPECIFICATION Spec',
    ...(symmetric ? ['SYMMETRY Sym'] : []),
    ...(breaks || module !== 'MC' ? ['CHECK_DEADLOCK FALSE'] : []),
    ...(checked.invariants.length > 0 ? [`INVARIANTS ${checked.invariants.join(' ')}`] : []),
    ...(checked.properties.length > 0 ? [`PROPERTIES ${checked.properties.join(' ')}`] : []),
    '',
  ].join('\n');
}
