-------------------------------- MODULE Order --------------------------------
(* Bounded waiting: which task of a route starts next, in time. One slot; a task that has started may come again, so the stream of
   critical tasks never ends and brings more work than the slot can do. What two dispatchers or crashes do is Dispatch.tla's subject. *)
EXTENDS Integers, FiniteSets
CONSTANTS Critical, Low,            \* tasks of the two levels
          CriticalWindow, LowWindow, \* ticks from arrival until due
          Service,                   \* ticks that the slot is busy with a task
          ByLevel,                   \* the stored order begins with the level
          Ages,                      \* what is due stands in the highest level
          ReadsDue,                  \* behind a cut head, the other levels are asked for what is due
          Look,                      \* ticks that a level is left in peace in which nothing comes due
          LooksAhead                 \* and no longer than until its first task is due
VARIABLES left,  \* ticks until a waiting task is due, negative afterwards; None while it does not wait
          busy,  \* ticks until the slot is free
          quiet, \* ticks until the dispatcher asks the lower level again
          late   \* tasks of the lower level that joined after it was asked
vars == <<left, busy, quiet, late>>

Tasks   == Critical \cup Low
None    == 99
Waiting == {t \in Tasks : left[t] # None}
Level(t) == IF t \in Critical THEN 0 ELSE 1
Window(t) == IF t \in Critical THEN CriticalWindow ELSE LowWindow
(* What was due first when the task came due is served first: at most all others, and the one that runs; and it may be overlooked for one look. *)
Bound == Cardinality(Tasks) * Service + Look
Min(S) == CHOOSE x \in S : \A y \in S : x <= y

(* The ready order as it is stored, and as it counts now. *)
Place(t) == IF Ages /\ left[t] <= 0 THEN 0 ELSE Level(t)
Stored(t, u) == IF ByLevel THEN Level(t) < Level(u) \/ (Level(t) = Level(u) /\ left[t] <= left[u])
                ELSE left[t] <= left[u]
Before(t, u) == Place(t) < Place(u) \/ (Place(t) = Place(u) /\ left[t] <= left[u])
(* A page of one, and what is due first of each level. *)
Page == {t \in Waiting : \A u \in Waiting : Stored(t, u)}
Due  == {t \in Waiting : left[t] <= 0 /\ \A u \in Waiting : Level(u) = Level(t) => left[t] <= left[u]}
(* The lower level is asked only behind a page that does not reach it. *)
Asks == ReadsDue /\ quiet = 0 /\ \E t \in Page : Level(t) = 0
Seen == IF Asks THEN Page \cup Due ELSE Page
(* Nothing due: until when the level is left in peace. *)
Peace == LET soon == {left[u] : u \in Waiting \cap Low}
         IN  IF \E x \in soon : x <= 0 THEN 0
             ELSE IF LooksAhead THEN Min(soon \cup {Look}) ELSE Look

Init == left = [t \in Tasks |-> None] /\ busy = 0 /\ quiet = 0 /\ late = {}

(* A deadline makes a task due sooner than its window does. *)
AcceptTask(t) == /\ left[t] = None /\ \E w \in 1..Window(t) : left' = [left EXCEPT ![t] = w]
                 /\ late' = late \cup (Low \cap {t}) /\ UNCHANGED <<busy, quiet>>
DispatchReserve(t) == /\ busy = 0 /\ t \in Seen /\ \A u \in Seen : Before(t, u)
                      /\ left' = [left EXCEPT ![t] = None] /\ busy' = Service
                      /\ quiet' = IF Asks THEN Peace ELSE quiet
                      /\ late' = IF Asks THEN {} ELSE late \ {t}
(* No time passes while the slot is free and somebody waits. A lateness beyond the bound is kept as it is: it is wrong already. *)
Tick == /\ busy > 0 \/ Waiting = {}
        /\ busy' = IF busy > 0 THEN busy - 1 ELSE 0
        /\ quiet' = IF quiet > 0 THEN quiet - 1 ELSE 0
        /\ UNCHANGED late
        /\ left' = [t \in Tasks |-> IF t \in Waiting /\ left[t] >= -Bound THEN left[t] - 1 ELSE left[t]]

Next == Tick \/ \E t \in Tasks : AcceptTask(t) \/ DispatchReserve(t)
Spec == Init /\ [][Next]_vars /\ WF_vars(Tick) /\ WF_vars(\E t \in Tasks : DispatchReserve(t))

BoundedWaiting == \A t \in Waiting : left[t] >= -Bound
(* Only what joined after a look can be overlooked when it is due. *)
QuietIsHonest == quiet > 0 => \A t \in Waiting \cap Low : left[t] <= 0 => t \in late
(* Until something is due, levels are strict. *)
StrictLevels == \A t \in Critical, u \in Low :
                  (t \in Waiting /\ u \in Waiting /\ left[u] > 0) => ~(u \in Seen /\ \A v \in Seen : Before(u, v))
EventuallyStarts == \A t \in Tasks : (left[t] # None) ~> (left[t] = None)
==============================================================================
