/** A module as it is ordinarily checked. */
export interface Module {
  /** The file that TLC is given, where it is not the module itself: it brings the values that a .cfg cannot write down. */
  readonly file?: string;
  /** TLC takes the end of all work for a deadlock unless the module says `Stop`. */
  readonly stops?: true;
  readonly constants: Readonly<Record<string, string>>;
  readonly invariants: readonly string[];
  /** Temporal ones. */
  readonly properties: readonly string[];
}

/** The modules, by the name of their file. */
export const modules = {
  Dispatch: {
    file: 'MC',
    stops: true,
    constants: {
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
      Kills: '= {}',
      Preempts: '= {}',
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
      KillCondition: '= TRUE',
      RevokesFenced: '= TRUE',
      PreemptAsks: '= TRUE',
    },
    invariants: [
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
    ],
    properties: [
      'AttemptMonotone',
      'FinalIsFinal',
      'KilledGetsNothing',
      'EventuallySettled',
      'EventuallyCompleted',
      'EventuallyNoHolds',
    ],
  },
  Wanted: {
    constants: {
      Tasks: '= {t1, t2, t3}',
      Dispatchers: '= {d1}',
      Cap: '= 1',
      ConditionalWant: '= TRUE',
      FreshIndex: '= TRUE',
      LooksAgain: '= TRUE',
    },
    invariants: ['RoomKept', 'NoLostWakeUp'],
    properties: ['EventuallyDone'],
  },
  Order: {
    constants: {
      Critical: '= {c1, c2}',
      Low: '= {l1}',
      CriticalWindow: '= 1',
      LowWindow: '= 3',
      Service: '= 2',
      Ages: '= TRUE',
      ReadsDue: '= TRUE',
      Look: '= 2',
      LooksAhead: '= TRUE',
    },
    invariants: ['BoundedWaiting', 'QuietIsHonest', 'StrictLevels'],
    properties: ['EventuallyStarts'],
  },
  Callback: {
    constants: {
      Executions: '= {1, 2}',
      Redrives: '= 1',
      F: '= 2',
      LooksAgain: '= TRUE',
      KeepsToken: '= TRUE',
      Marks: '= TRUE',
      PublishesFirst: '= TRUE',
      CommitsFirst: '= TRUE',
      NoZombies: '= TRUE',
    },
    invariants: ['EndIsOwed', 'AnsweredAtTheEnd'],
    properties: ['EventuallyPublished', 'EventuallyNoneWaits'],
  },
  Commit: {
    constants: {
      Participants: '= {p1, p2}',
      F: '= 2',
      Cancels: '= TRUE',
      Durable: '= TRUE',
      AllVotes: '= TRUE',
      Unstoppable: '= TRUE',
      TellsAgain: '= TRUE',
      Asks: '= TRUE',
    },
    invariants: ['Atomic', 'CommitNeedsAll'],
    properties: ['DecisionIsStable', 'EventuallyLearned', 'EventuallyEnded'],
  },
  Saga: {
    file: 'MCSaga',
    constants: {
      n1: '= n1',
      n2: '= n2',
      n3: '= n3',
      n4: '= n4',
      Nodes: '= {n1, n2, n3, n4}',
      Deps: '<- Diamond',
      Undoable: '= {n1, n2, n3}',
      F: '= 1',
      StopsStarting: '= TRUE',
      WaitsForAll: '= TRUE',
      ListsLate: '= TRUE',
      Reverse: '= TRUE',
    },
    invariants: ['UndoneExactly', 'NothingElse', 'InReverse', 'NothingRunsBeside'],
    properties: ['EventuallyOver'],
  },
} satisfies Readonly<Record<string, Module>>;
