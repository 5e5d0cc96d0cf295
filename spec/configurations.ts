import { breaks, type Configuration, holds } from './configuration.ts';
import { modules } from './modules.ts';

const off = '= FALSE';
const long = { quick: false };
const twoFaults = { F: '= 2' };
const { invariants } = modules.Dispatch;

/** Two tasks, and one of the agents may be killed. */
const killable = { Tasks: '= {t1, t2}', Deps: '<- Pair', Nodes: '= {}', Kills: '= {a2}' };

/** Every run, in the order of the README's table. Those that must hold come first. */
export const configurations: readonly Configuration[] = [
  holds('Dispatch', 'f1', 'a join of two tasks, two agents of one slot, one fault'),
  holds('Dispatch', 'f1-slots', 'one agent of two slots', { Agents: '= {a1}', Cap: '= 2' }),
  holds(
    'Dispatch',
    'f1-pulse-only',
    'no hint is ever sent: queues buy latency, not completion',
    { SendsHints: off },
    long,
  ),
  holds('Dispatch', 'f1-two-slots', 'two agents of two slots', { Cap: '= 2' }, long),
  holds(
    'Dispatch',
    'f1-chain',
    'a chain of two beside an independent task',
    { Deps: '<- Chain', Nodes: '= {t1, t3}' },
    long,
  ),
  holds('Dispatch', 'f1-wide', 'a fan-out wider than the transaction: an attention row and inserts', {
    Deps: '<- Fan',
    Wide: '= {t1}',
  }),
  holds(
    'Dispatch',
    'f1-cancel',
    'cancellation of a root and of the join at any moment',
    { Cancels: '= {t1, t3}' },
    {
      ...long,
      expect: {
        kind: 'holds',
        invariants,
        properties: ['AttemptMonotone', 'FinalIsFinal', 'EventuallySettled', 'EventuallyNoHolds'],
      },
    },
  ),
  holds('Dispatch', 'f1-kill', 'an agent that may be killed and revived at any moment, by the one fault', killable),
  holds('Dispatch', 'f2-kill', 'the same beside another fault', { ...killable, F: '= 2', MaxAttempts: '= 3' }, long),
  holds('Dispatch', 'f1-preempt', 'a task may have to make way, its agent may be killed', {
    ...killable,
    Preempts: '= {t1}',
  }),
  holds('Dispatch', 'f2', 'the join with two faults and three attempts', { F: '= 2', MaxAttempts: '= 3' }, long),
  holds(
    'Dispatch',
    'f3',
    'two tasks, three faults: invariants only, agents interchangeable',
    { Deps: '<- Pair', Tasks: '= {t1, t2}', Nodes: '= {t1, t2}', F: '= 3', MaxAttempts: '= 3' },
    { ...long, symmetric: true, expect: { kind: 'holds', invariants, properties: [] } },
  ),
  holds('Wanted', 'wanted', 'three tasks, one agent of one slot, no pulse'),
  holds('Wanted', 'wanted-slots', 'three tasks, one agent of two slots, no pulse', { Cap: '= 2' }),
  holds('Wanted', 'wanted-shared', 'others hand out what a round decides', { Shares: '= TRUE' }),
  holds('Wanted', 'wanted-shared-slots', 'the same with two slots', { Cap: '= 2', Shares: '= TRUE' }, long),
  holds('Limits', 'limits', 'two tasks of a key that one may run of at a time, two dispatchers at once'),
  holds(
    'Limits',
    'limits-two',
    'two of them may run at a time',
    { Limit: '= 2', Tasks: '= {t1, t2, t3}', MaxAttempts: '= 1' },
    long,
  ),
  holds('Budget', 'budget', 'two tasks, money for one attempt, two dispatchers at once'),
  holds('Order', 'order', 'an endless stream of critical tasks that overloads the slot, one low one'),
  holds('Batch', 'batch', 'four tasks in batches of two, two slots, two dispatchers at once'),
  holds('Share', 'share', 'three tasks, two slots, what one dispatcher decides others hand out; one fault'),
  holds('Share', 'share-faults', 'three faults', { F: '= 3' }, long),
  holds('Reserve', 'reserve', 'two classes that keep a slot of three each, attempts of two ticks'),
  holds('Reserve', 'reserve-all', 'two classes keep all of four slots', { Slots: '= 4', Keep: '= 2' }, long),
  holds('Hedge', 'hedge', 'two agents, two attempts, one fault', { Agents: '= {a1, a2}' }),
  holds('Hedge', 'hedge-three', 'three agents', {}, long),
  holds('Callback', 'callback', 'a workflow, two executions, a redrive, two faults'),
  holds('Correlation', 'correlation', 'two events, two nodes that wait one after the other', {
    Advancers: '= {a1}',
    Deliverers: '= {d1}',
  }),
  holds('Correlation', 'correlation-deliver', 'two who deliver at once', { Advancers: '= {a1}' }, long),
  holds(
    'Correlation',
    'correlation-advance',
    'two who advance the workflow at once, one event',
    { Events: '= {e1}', Rounds: '= 1', Others: '= 2' },
    long,
  ),
  holds('Commit', 'commit', 'two participants, two faults, cancellation at any moment'),
  holds('Commit', 'commit-three', 'three participants', { Participants: '= {p1, p2, p3}' }),
  holds('Saga', 'saga', 'a diamond of which three nodes can be undone, one failed compensation'),
  holds('Saga', 'saga-pair', 'two nodes side by side before two others, two failed compensations', {
    Deps: '<- Join',
    Undoable: '= {n1, n2, n3, n4}',
    F: '= 2',
  }),

  breaks('Dispatch', 'no-fence', 'a settle asks only for Processing', 'NoZombieWin', { Fenced: off }),
  breaks('Dispatch', 'split-advance', 'successors are inserted after the settle, from memory', 'AdvanceExact', {
    AtomicAdvance: off,
  }),
  breaks('Dispatch', 'no-reconciler', 'the pulse re-creates no hint', 'EventuallySettled', { PulseHints: off }),
  breaks('Dispatch', 'no-hint-no-reconciler', 'nobody tells the dispatcher anything', 'EventuallySettled', {
    SendsHints: off,
    PulseHints: off,
    F: '= 0',
  }),
  breaks('Dispatch', 'no-expiry', 'the pulse settles no lost hold', 'EventuallySettled', { PulseExpires: off }),
  breaks('Dispatch', 'no-orphan-release', 'the pulse removes no useless hold', 'EventuallyNoHolds', {
    PulseReleases: off,
  }),
  breaks('Dispatch', 'release-before-settle', 'the slot is freed first', 'ProcessingIsHeld', { SettleFirst: off }),
  breaks('Dispatch', 'claim-before-reserve', 'the slot is taken last', 'ProcessingIsHeld', { ReserveFirst: off }),
  breaks('Dispatch', 'no-slot-condition', 'room is read but not asked for in the write', 'SlotsNeverExceeded', {
    SlotCondition: off,
  }),
  breaks('Dispatch', 'orphan-unfenced', 'the pulse drops a reservation without fencing it off', 'ProcessingIsHeld', {
    FencesOrphans: off,
  }),
  breaks('Dispatch', 'blind-abandon', 'a refused claim always drops its reservation', 'ProcessingIsHeld', {
    LooksBeforeAbandon: off,
  }),
  breaks('Dispatch', 'kill-unconditional', 'a reservation trusts that its agent was not killed', 'KilledGetsNothing', {
    Kills: '= {a2}',
    KillCondition: off,
  }),
  breaks('Dispatch', 'revoke-unfenced', 'a revocation looks at the hold only', 'CompletedHasEffect', {
    Kills: '= {a2}',
    RevokesFenced: off,
  }),
  breaks('Dispatch', 'preempt-by-force', 'the slot is taken from who has to make way', 'ProcessingIsHeld', {
    Preempts: '= {t1}',
    PreemptAsks: off,
    F: '= 0',
  }),
  breaks('Limits', 'no-gate', 'a round looks out for no other one', 'LimitKept', { GateCondition: off }),
  breaks('Limits', 'gate-read-late', 'the gate is read after the agents', 'LimitKept', { GateReadFirst: off }),
  breaks('Limits', 'gate-first', 'a round passes the gate before it reserves', 'LimitKept', { GateLast: off }),
  breaks('Limits', 'given-up-unfenced', 'what is given up is not fenced off', 'RunningIsHeld', { FencesGivenUp: off }),
  breaks('Budget', 'budget-no-gate', 'a round looks out for no other one', 'BudgetKept', { GateCondition: off }),
  breaks('Budget', 'spent-read-first', 'what is spent is read before the holds', 'BudgetKept', { SpentReadLast: off }),
  breaks('Budget', 'charge-after', 'the charge is a write of its own after the end', 'BudgetKept', {
    SettlesTogether: off,
  }),
  breaks('Budget', 'lost-for-free', 'an attempt that was lost costs nothing', 'BudgetKept', { ChargesLost: off }),
  breaks('Budget', 'charge-repeated', 'a repeated result is charged again', 'NoDrift', { ChargesOnce: off }),
  breaks('Order', 'by-deadline', 'a page is ordered by what is due first, whatever its level', 'StrictLevels', {
    ByLevel: off,
  }),
  breaks('Order', 'no-ageing', 'what is due stays in its level', 'BoundedWaiting', { Ages: off }),
  breaks('Order', 'head-only', 'behind a cut head nobody looks for what is due', 'BoundedWaiting', { ReadsDue: off }),
  breaks('Order', 'look-blind', 'a look does not ask what comes due before the next one', 'QuietIsHonest', {
    LooksAhead: off,
  }),
  breaks('Batch', 'batch-by-size', 'the number of holds alone guards the slots', 'SlotsNeverExceeded', { Fenced: off }),
  breaks('Share', 'share-forgotten', 'what was given away does not count as held', 'RoomIsKept', { Remembers: off }),
  breaks('Share', 'promise-short', 'what may still be handed out is decided again', 'DecidedOnce', { Outlives: off }),
  breaks('Share', 'promise-for-ever', 'what came to nothing is never decided again', 'EventuallyDone', { Ends: off }),
  breaks('Share', 'share-unasked', 'whoever hands out takes the room for granted', 'SlotsNeverExceeded', {
    SlotCondition: off,
  }),
  breaks('Reserve', 'reserve-last', 'a class that is short stands among the others', 'ReclaimedInTime', {
    ComesFirst: off,
  }),
  breaks('Reserve', 'reserve-idle', 'what nobody of its class needs is not lent', 'NothingIdles', { Lends: off }),
  breaks('Reserve', 'reserve-uncounted', 'only what came first counts as kept', 'NoMoreThanKept', { CountsAll: off }),
  breaks('Hedge', 'hedge-unfenced', 'a write about a running task does not look at its hedges', 'LeaseIsHeld', {
    HedgesFenced: off,
    ...twoFaults,
  }),
  breaks('Hedge', 'hedge-blind-abandon', 'a refused claim always drops its reservation', 'LeaseIsHeld', {
    LooksBeforeAbandon: off,
    ...twoFaults,
  }),
  breaks('Hedge', 'hedge-token-again', 'a task that is queued again forgets the tokens of its hedges', 'TokenOnce', {
    SkipsTokens: off,
    ...twoFaults,
  }),
  breaks('Hedge', 'hedge-counts-each', 'the first end counts although another run goes on', 'CountedAlone', {
    LeavesToOther: off,
  }),
  breaks('Wanted', 'want-unconditional', 'the mark is written although a slot came free', 'NoLostWakeUp', {
    ConditionalWant: off,
  }),
  breaks('Wanted', 'want-last', 'the mark is written after the round has handed out', 'NoLostWakeUp', {
    MarksFirst: off,
  }),
  breaks(
    'Wanted',
    'want-uncounted-promise',
    'the mark does not ask for what was given to others before',
    'NoLostWakeUp',
    { CountsPromised: off, Cap: '= 2', Shares: '= TRUE' },
  ),
  breaks('Wanted', 'want-refused-ignored', 'a refused mark leads to no other pass', 'NoLostWakeUp', {
    LooksAgain: off,
  }),
  breaks('Wanted', 'want-lagging-index', 'a limit, not a mutant: the index lags behind the hint', 'NoLostWakeUp', {
    FreshIndex: off,
  }),
  breaks(
    'Wanted',
    'want-two-dispatchers',
    'a limit, not a mutant: two passes of a pool at once',
    'NoLostWakeUp',
    { Dispatchers: '= {d1, d2}' },
    long,
  ),
  breaks('Callback', 'no-second-look', 'a late beginning does not look at the head again', 'EventuallyNoneWaits', {
    LooksAgain: off,
  }),
  breaks('Callback', 'token-overwritten', 'an advance puts back the token that it read', 'EventuallyNoneWaits', {
    KeepsToken: off,
  }),
  breaks('Callback', 'end-unmarked', 'the last advance leaves no mark', 'EndIsOwed', { Marks: off }),
  breaks('Callback', 'mark-first', 'the mark is taken back before the end is published', 'EndIsOwed', {
    PublishesFirst: off,
  }),
  breaks('Callback', 'answer-first', 'the token is answered before the commit', 'AnsweredAtTheEnd', {
    CommitsFirst: off,
  }),
  breaks('Callback', 'callback-zombie', 'a frozen beginning puts its token over a newer one', 'EventuallyNoneWaits', {
    FencesTokens: off,
  }),
  breaks(
    'Callback',
    'execution-unowed',
    'a beginning takes the mark before an execution was started',
    'ExecutionIsOwed',
    {
      OwesExecution: off,
    },
  ),
  breaks('Callback', 'redrive-unseen', 'the pulse takes the execution of a former opening for one', 'ExecutionIsOwed', {
    ShowsRedrives: off,
  }),
  breaks('Callback', 'mark-of-another', "a submission takes back the mark of the workflow's end", 'EndIsOwed', {
    ClearsOwn: off,
  }),
  breaks('Correlation', 'looks-first', 'what was published is read before the wait is told', 'NothingForgotten', {
    DeclaresFirst: off,
  }),
  breaks('Correlation', 'uncommitted-dropped', 'a wait that is not committed yet counts as over', 'NothingForgotten', {
    KeepsUncommitted: off,
  }),
  breaks('Correlation', 'removed-blindly', 'a wait is removed that was told again since', 'NothingForgotten', {
    RemovesOnSeq: off,
    Advancers: '= {a1}',
  }),
  breaks('Correlation', 'settled-first', 'an event is not due any more before it is delivered', 'NothingForgotten', {
    SettlesLast: off,
  }),
  breaks('Commit', 'decision-in-memory', 'participants are told before the decision is stored', 'Atomic', {
    Durable: off,
  }),
  breaks('Commit', 'some-votes', 'one yes is enough', 'CommitNeedsAll', { AllVotes: off }),
  breaks('Commit', 'cancel-decided', 'a cancellation stops what is decided', 'EventuallyLearned', {
    Unstoppable: off,
  }),
  breaks('Commit', 'tell-once', 'a decision is told once', 'EventuallyLearned', { TellsAgain: off }),
  breaks('Commit', 'presume-alone', 'who hears nothing gives up without asking', 'Atomic', { Asks: off }),
  breaks('Commit', 'stop-silent', 'a cancellation before the decision tells nobody', 'EventuallyLearned', {
    StopAborts: off,
  }),
  breaks('Commit', 'late-is-yes', 'who has not voted in time counts as a yes', 'CommitNeedsAll', {
    LateMeansNo: off,
  }),
  breaks('Saga', 'goes-on-starting', 'nodes start although one asked for undoing', 'NothingRunsBeside', {
    StopsStarting: off,
  }),
  breaks('Saga', 'undo-beside', 'undoing begins while something runs', 'UndoneExactly', { WaitsForAll: off }),
  breaks('Saga', 'list-early', 'what is to be undone is listed when it is asked for', 'UndoneExactly', {
    ListsLate: off,
  }),
  breaks('Saga', 'undo-forward', 'undone in any order', 'InReverse', { Reverse: off }),
];
