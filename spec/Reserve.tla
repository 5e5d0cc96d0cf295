------------------------------- MODULE Reserve -------------------------------
(* Reservations: a class of tasks that has work waiting and holds fewer slots than it keeps gets each slot that comes free, before every level; else others have it.
   Any class may start when none is short, in whatever order. What dispatchers, crashes and the table do is Dispatch.tla's subject. *)
EXTENDS Naturals, FiniteSets
CONSTANTS Slots, Classes, None,  \* None: the tasks that belong to no reservation
          Keep,                  \* slots that each class keeps
          Longest,               \* ticks that an attempt takes at most
          ComesFirst,            \* a short class stands before the others
          Lends,                 \* what is kept may be used by others while nobody of the class waits
          CountsAll              \* an attempt counts for its class whatever let it start
VARIABLES slot,    \* by slot: whose attempt, ticks left (0: the slot is free), and whether it counts
          waiting, \* classes of which tasks wait
          short,   \* by class: for how many ticks it has been short
          idled    \* time has passed while a slot was free and somebody waited
vars == <<slot, waiting, short, idled>>

Owners == Classes \cup {None}
Free   == [of |-> None, left |-> 0, counts |-> FALSE]
IsFree(s)  == slot[s].left = 0
FreeSlots  == {s \in 1..Slots : IsFree(s)}
Running(c) == {s \in 1..Slots : slot[s].of = c /\ ~IsFree(s)}
Counted(c) == Cardinality({s \in Running(c) : slot[s].counts})
Short(c)   == c \in waiting /\ c \in Classes /\ Counted(c) < Keep
AnyShort   == \E c \in Classes : Short(c)
(* One slot for each class that has nobody waiting and nothing running: enough for a mutant. *)
KeptIdle == IF Lends THEN 0 ELSE Cardinality({c \in Classes : c \notin waiting /\ Running(c) = {}})
MayStart(c) == c \in waiting /\ (Short(c) \/ ((AnyShort => ~ComesFirst) /\ Cardinality(FreeSlots) > KeptIdle))

Init == slot = [s \in 1..Slots |-> Free] /\ waiting = {} /\ short = [c \in Classes |-> 0] /\ idled = FALSE

AcceptTask(c) == c \notin waiting /\ waiting' = waiting \cup {c} /\ UNCHANGED <<slot, short, idled>>
(* More may wait behind the one that starts, or not; which of the free slots it is changes nothing. *)
DispatchReserve(c) == \E t \in 1..Longest : \E more \in BOOLEAN :
  /\ FreeSlots # {} /\ MayStart(c)
  /\ slot' = [slot EXCEPT ![CHOOSE s \in FreeSlots : TRUE] = [of |-> c, left |-> t, counts |-> CountsAll \/ Short(c)]]
  /\ waiting' = IF more THEN waiting ELSE waiting \ {c}
  /\ short' = [x \in Classes |-> IF Short(x)' THEN short[x] ELSE 0]
  /\ UNCHANGED idled
(* No time passes while a slot is free and somebody may start. *)
Tick == /\ FreeSlots = {} \/ ~(\E c \in Owners : MayStart(c))
        /\ slot' = [s \in 1..Slots |-> IF slot[s].left > 1 THEN [slot[s] EXCEPT !.left = @ - 1] ELSE Free]
        /\ short' = [c \in Classes |-> IF ~Short(c) THEN 0 ELSE IF short[c] > Longest THEN short[c] ELSE short[c] + 1]
        /\ idled' = (idled \/ (FreeSlots # {} /\ waiting # {}))
        /\ UNCHANGED waiting

Next == Tick \/ \E c \in Owners : AcceptTask(c) \/ DispatchReserve(c)
Spec == Init /\ [][Next]_vars

(* A class with work waiting has what it keeps within the longest attempt. *)
ReclaimedInTime == \A c \in Classes : short[c] <= Longest
NothingIdles == ~idled
(* It comes first only for what it keeps. *)
NoMoreThanKept == \A c \in Classes : Short(c) => Cardinality(Running(c)) < Keep
===============================================================================
