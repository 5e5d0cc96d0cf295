-------------------------------- MODULE Wanted --------------------------------
(* The `wanted` mark: a waiting task whose only agent was full is dispatched when a slot becomes free, although no pulse and
   no reconciler runs here. One pool, one route, one agent; no message is lost (queues deliver at least once), so the only
   way to wait for ever is a wake-up that nobody sends. Each action is one read or one conditional write.

   The pulse stands behind all of this (PulseHint in Dispatch.tla): what fails here costs time, never a task. *)
EXTENDS Naturals, FiniteSets
CONSTANTS Tasks, Dispatchers, Cap,
          ConditionalWant,  \* the mark is written only while the agent is still full
          FreshIndex,       \* a query of the ready order sees every task inserted before it
          LooksAgain       \* a refused mark leads to another pass
VARIABLES place,   \* outside | waiting | held | done
          unsent,  \* tasks inserted whose hint is still to be sent
          wanted,  \* agent row: the route is wanted
          hint,    \* dispatch.fifo holds a message
          owed,    \* apply-results freed a slot and found the mark: its hint is still to be sent
          pc, full, seen, marked  \* a dispatcher's step and what it has read
vars == <<place, unsent, wanted, hint, owed, pc, full, seen, marked>>
memory == <<full, seen, marked>>

Waiting == {t \in Tasks : place[t] = "waiting"}
IsFull  == Cardinality({t \in Tasks : place[t] = "held"}) >= Cap
Go(d, step) == pc' = [pc EXCEPT ![d] = step]

Init == /\ place = [t \in Tasks |-> "outside"] /\ unsent = {} /\ wanted = FALSE /\ hint = FALSE /\ owed = FALSE
        /\ pc = [d \in Dispatchers |-> "idle"] /\ full = [d \in Dispatchers |-> FALSE]
        /\ seen = [d \in Dispatchers |-> {}] /\ marked = [d \in Dispatchers |-> FALSE]

AcceptTask(t) == /\ place[t] = "outside" /\ place' = [place EXCEPT ![t] = "waiting"] /\ unsent' = unsent \cup {t}
                 /\ UNCHANGED <<wanted, hint, owed, pc, memory>>
AcceptHint(t) == /\ t \in unsent /\ unsent' = unsent \ {t} /\ hint' = TRUE
                 /\ UNCHANGED <<place, wanted, owed, pc, memory>>

DispatchReadPool(d) == /\ pc[d] = "idle" /\ hint /\ hint' = FALSE /\ Go(d, "heads")
                       /\ full' = [full EXCEPT ![d] = IsFull] /\ marked' = [marked EXCEPT ![d] = wanted]
                       /\ UNCHANGED <<place, unsent, wanted, owed, seen>>
DispatchReadHeads(d) ==
  /\ pc[d] = "heads"
  /\ \E heads \in IF FreshIndex THEN {Waiting} ELSE SUBSET Waiting :
       /\ seen' = [seen EXCEPT ![d] = heads]
       /\ Go(d, IF heads = {} THEN IF marked[d] THEN "unwant" ELSE "idle" ELSE IF full[d] THEN "want" ELSE "reserve")
  /\ UNCHANGED <<place, unsent, wanted, hint, owed, full, marked>>
(* Reserve and claim together: what lies between them is Dispatch.tla's subject. *)
DispatchReserve(d) ==
  /\ pc[d] = "reserve"
  /\ IF IsFull THEN Go(d, "want") /\ UNCHANGED <<place, seen>>
     ELSE \E t \in seen[d] :
            /\ place' = IF place[t] = "waiting" THEN [place EXCEPT ![t] = "held"] ELSE place
            /\ seen' = [seen EXCEPT ![d] = @ \ {t}]
            /\ Go(d, IF seen[d] # {t} THEN "reserve" ELSE IF marked[d] THEN "unwant" ELSE "idle")
  /\ UNCHANGED <<unsent, wanted, hint, owed, full, marked>>
(* A pass that read the mark at its start need not write it again: a release in between has seen it too. *)
DispatchWant(d) ==
  /\ pc[d] = "want" /\ Go(d, "idle")
  /\ IF marked[d] THEN UNCHANGED <<wanted, hint>>
     ELSE IF IsFull \/ ~ConditionalWant THEN wanted' = TRUE /\ UNCHANGED hint
     ELSE hint' = (hint \/ LooksAgain) /\ UNCHANGED wanted
  /\ UNCHANGED <<place, unsent, owed, memory>>
(* Unconditional: the route had no waiting task when this pass looked. *)
DispatchUnwant(d) == /\ pc[d] = "unwant" /\ Go(d, "idle") /\ wanted' = FALSE
                     /\ UNCHANGED <<place, unsent, hint, owed, memory>>

(* The write that frees the slot returns the row; a delivery of the same result again finds the same mark. *)
ReleaseHold(t) == /\ place[t] = "held" /\ place' = [place EXCEPT ![t] = "done"] /\ owed' = (owed \/ wanted)
                  /\ UNCHANGED <<unsent, wanted, hint, pc, memory>>
ReleaseHint    == /\ owed /\ owed' = FALSE /\ hint' = TRUE /\ UNCHANGED <<place, unsent, wanted, pc, memory>>

AllDone == \A t \in Tasks : place[t] = "done"
Pass(d) == DispatchReadPool(d) \/ DispatchReadHeads(d) \/ DispatchReserve(d) \/ DispatchWant(d) \/ DispatchUnwant(d)
Next == \/ \E t \in Tasks : AcceptTask(t) \/ AcceptHint(t) \/ ReleaseHold(t)
        \/ ReleaseHint
        \/ \E d \in Dispatchers : Pass(d)
Fair == /\ WF_vars(ReleaseHint)
        /\ \A t \in Tasks : WF_vars(AcceptTask(t)) /\ WF_vars(AcceptHint(t)) /\ WF_vars(ReleaseHold(t))
        /\ \A d \in Dispatchers : WF_vars(Pass(d))
Spec == Init /\ [][Next]_vars /\ Fair

RoomKept == Cardinality({t \in Tasks : place[t] = "held"}) <= Cap
(* A slot is free, a task waits, and nobody is on the way: that would be the lost wake-up. *)
NoLostWakeUp == (Waiting # {} /\ ~IsFull) => \/ hint \/ owed \/ unsent # {} \/ \E d \in Dispatchers : pc[d] # "idle"
EventuallyDone == <>[]AllDone
===============================================================================
